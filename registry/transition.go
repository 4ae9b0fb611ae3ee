package registry

import (
	"bytes"
	"slices"
	"strings"

	"bailiwick/fail"
)

// SettingTwoPersons is the workspace-conf key that asks for two persons for Production ("true") of every model that does not say otherwise.
const SettingTwoPersons = "requireTwoPersonsForProduction"

// Request is a pending request to move a version into a stage. It is unique per version, stage and creator.
type Request struct {
	Key
	ID       string
	Stage    Stage
	Creator  int64
	UserName string // the creator's
	Comment  string
	Created  int64 // ms since 1970
	// Digest and Checks (ChecksText) are what the version had when it was asked for: who approves, approves that.
	Digest [32]byte
	Checks []byte
}

// Move is the move of a version into a stage with all that decides whether it may be made, beside the law of levels.
type Move struct {
	Version *Version
	To      Stage
	// Archive says that the other versions of the stage are to be archived.
	Archive bool
	Comment string
	// TwoPersons says that Production takes two persons for this model.
	TwoPersons bool
	Checks     []Check    // of the version
	Required   []Required // of the model
}

// Check refuses what is wrong with the move itself, whoever makes it.
func (m *Move) Check() error {
	if m.Archive && !m.To.Active() {
		return fail.Invalidf("'archive_existing_versions' is for the stages %s and %s, where versions are in use: it means nothing for '%s'.",
			StageStaging, StageProduction, m.To)
	}
	return CheckComment(m.Comment)
}

// Direct refuses a move that nobody was asked for: into Production where that takes two persons, and where required checks are not met.
func (m *Move) Direct() error {
	if m.To == StageProduction && m.TwoPersons {
		return fail.Statef("%s takes two persons for %s: ask for the transition by a transition request, which somebody else approves.",
			m.Version.Name, StageProduction)
	}
	return m.met()
}

// met refuses a move whose required checks are not met, with the list of them.
func (m *Move) met() error {
	unmet := Unmet(m.Version, m.To, m.Checks, m.Required)
	if len(unmet) == 0 {
		return nil
	}
	return fail.Statef("Version %d of %s may not come into %s before its required checks have passed: %s.", m.Version.Number, m.Version.Name, m.To,
		strings.Join(unmet, "; "))
}

// Approve refuses the move as the answer of a principal to the requests for it: where Production takes two persons he must not be one of
// those who ask, the bytes must be there, at least one request must be for what the version is now, and the required checks must be met.
func (m *Move) Approve(by int64, requests []*Request) error {
	v := m.Version
	if m.Barred(by, requests) {
		return fail.Statef("%s takes two persons for %s: who asks for the transition does not approve it.", v.Name, StageProduction)
	}
	if m.To.Active() && v.Status != Ready {
		return fail.Statef("Version %d of %s is %s: there are no bytes to approve.", v.Number, v.Name, v.Status)
	}
	now := ChecksText(m.Checks)
	if !slices.ContainsFunc(requests, func(r *Request) bool { return r.Digest == v.Digest && bytes.Equal(r.Checks, now) }) {
		return fail.New(fail.Conflict, "%s", changed(v, m.To, requests, m.Checks))
	}
	return m.met()
}

// Barred reports whether a principal may not approve because two persons are asked for and he is one who asks.
func (m *Move) Barred(by int64, requests []*Request) bool {
	return m.TwoPersons && m.To == StageProduction && slices.ContainsFunc(requests, func(r *Request) bool { return r.Creator == by })
}

// changed says what is not as it was when the newest of the requests was made.
func changed(v *Version, to Stage, requests []*Request, checks []Check) string {
	r := slices.MaxFunc(requests, func(a, b *Request) int { return int(a.Created - b.Created) })
	what := "the checks have changed"
	if r.Digest != v.Digest {
		what = "the bytes have changed (its digest is not the one that was asked for)"
	} else if was, is := lines(r.Checks), lines(ChecksText(checks)); true {
		what += difference(was, is)
	}
	return "Version " + number(v) + " of " + v.Name + " is not what the transition to " + to.String() + " was asked for: " + what +
		". Reject or cancel the request, and ask anew."
}
