package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bailiwick/fail"
)

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

// Direct refuses a move that nobody was asked for: into Production where that takes two persons, where the bytes are not there, and where
// required checks are not met.
func (m *Move) Direct() error {
	if err := m.Alone(); err != nil {
		return err
	}
	if err := m.there(); err != nil {
		return err
	}
	return m.met()
}

// there refuses to bring a version into use whose bytes are not there: whoever loads it would fail, or get what nobody has looked at.
func (m *Move) there() error {
	if v := m.Version; m.To.Active() && v.Status != Ready {
		return fail.Statef("Version %d of %s is %s: there are no bytes to bring into %s.", v.Number, v.Name, v.Status, m.To)
	}
	return nil
}

// Alone refuses whoever would bring the version into Production by himself, where that takes two persons.
func (m *Move) Alone() error {
	if m.To != StageProduction || !m.TwoPersons {
		return nil
	}
	return fail.New(fail.Denied, "%s takes two persons for %s: ask for the transition by a transition request, which somebody else approves.",
		m.Version.Name, StageProduction)
}

// Second refuses who asks for the move as the one who approves it, where it takes two persons.
func (m *Move) Second(by int64, requests []*Request) error {
	if !m.TwoPersons || !Barred(by, m.To, requests) {
		return nil
	}
	return fail.New(fail.Denied, "%s takes two persons for %s: who asks for the transition does not approve it.", m.Version.Name, StageProduction)
}

// met refuses a move whose required checks are not met, with the list of them.
func (m *Move) met() error {
	unmet := m.Unmet()
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
	if err := m.Second(by, requests); err != nil {
		return err
	}
	if err := m.there(); err != nil {
		return err
	}
	if !slices.ContainsFunc(requests, m.asAsked) {
		return fail.New(fail.Conflict, "%s", changed(v, m.To, requests, m.Checks))
	}
	return m.met()
}

// Barred reports whether a principal is one of those who ask for a move into Production, so that it takes somebody else to approve it where
// two persons are asked for.
func Barred(by int64, to Stage, requests []*Request) bool {
	return to == StageProduction && slices.ContainsFunc(requests, func(r *Request) bool { return r.Stage == to && r.Creator == by })
}

// changed says what is not as it was when the newest of the requests was made.
func changed(v *Version, to Stage, requests []*Request, checks []Check) string {
	r := slices.MaxFunc(requests, func(a, b *Request) int { return cmp.Compare(a.Created, b.Created) })
	what := "its bytes have changed: the digest is not the one that was asked for"
	if r.Digest == v.Digest {
		what = "its checks have changed: " + strings.Join(difference(string(r.Checks), string(ChecksText(checks))), ", ")
	}
	return fmt.Sprintf("Version %d of %s is not what the transition to %s was asked for: %s. Ask for it anew.",
		v.Number, v.Name, to, what)
}

// difference names the checks that are in one text and not in the other, with what they were and what they are.
func difference(was, is string) (list []string) {
	before, after := checkLines(was), checkLines(is)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if old, ok := before[name]; !ok {
			list = append(list, fmt.Sprintf("%q is new", name))
		} else if old != after[name] {
			list = append(list, fmt.Sprintf("%q was %s and is %s", name, stateIn(old), stateIn(after[name])))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			list = append(list, fmt.Sprintf("%q is gone", name))
		}
	}
	return list
}

// checkLines gives the digest and state of each check in a text, by name.
func checkLines(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3); len(parts) == 3 {
			m[parts[2]] = parts[0] + " " + parts[1]
		}
	}
	return m
}

func stateIn(line string) string {
	_, state, _ := strings.Cut(line, " ")
	return state
}

// NotPending is the error for the decision on a request that is not there: last is what was done with a request for the stage before, nil
// where nobody ever asked. A decided one is fail.Conflict, so that of two who decide at once the second learns who was first.
func NotPending(v *Version, to Stage, last *Activity) error {
	if last == nil || done[last.Kind] == "" {
		return fail.NotFoundf("There is no pending request to move version %d of %s to %s.", v.Number, v.Name, to)
	}
	return fail.New(fail.Conflict, "There is no pending request to move version %d of %s to %s any more: the last one was %s by %s.", v.Number,
		v.Name, to, done[last.Kind], last.UserName)
}
