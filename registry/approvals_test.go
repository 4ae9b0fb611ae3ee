package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

var bytesA, bytesB = sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))

func ready(stage Stage) *Version {
	return &Version{Model: 7, Name: "churn", Number: 3, Stage: stage, Status: Ready, Digest: bytesA}
}

// TestBytesThatAreNotThere: what is not copied yet, or could not be, does not come into use, nor does it take the place of what is in use.
func TestBytesThatAreNotThere(t *testing.T) {
	for _, status := range []Status{Pending, Failed} {
		for _, to := range Stages() {
			v := ready(StageNone)
			v.Status, v.Digest = status, [32]byte{}
			words := ""
			if to.Active() {
				words = "no bytes to bring into " + to.String()
			}
			m := Move{Version: v, To: to}
			says(t, "direct", m.Direct(), fail.State, words)
			says(t, "approved", m.Approve(2, []*Request{request(1, to, v.Digest)}), fail.State, words)
		}
	}
}

func check(name string, state CheckState) Check {
	return Check{Name: name, State: state, Digest: bytesA}
}

func request(by int64, to Stage, digest [32]byte, checks ...Check) *Request {
	return &Request{Stage: to, Creator: by, Digest: digest, Checks: ChecksText(checks), Created: by}
}

// says holds an error against its kind and words; no words = no error.
func says(t *testing.T, what string, err error, kind fail.Kind, words string) {
	t.Helper()
	if words == "" && err != nil || words != "" && (!fail.Is(err, kind) || !strings.Contains(err.Error(), words)) {
		t.Errorf("%s: %v, want %q", what, err, words)
	}
}

func TestDirectMoves(t *testing.T) {
	required := []Required{{StageProduction, "lint"}, {StageProduction, "test"}}
	for _, c := range []struct {
		name  string
		move  Move
		kind  fail.Kind
		words string
	}{
		{"plain", Move{To: StageProduction}, 0, ""},
		{"two persons", Move{To: StageProduction, TwoPersons: true}, fail.Denied, "takes two persons"},
		{"two persons are for Production only", Move{To: StageStaging, TwoPersons: true}, 0, ""},
		{"out of Production", Move{To: StageArchived, TwoPersons: true}, 0, ""},
		{"unmet", Move{To: StageProduction, Required: required, Checks: []Check{check("test", CheckFailure)}}, fail.State,
			`"lint" was not posted; "test" is failure`},
		{"unmet elsewhere", Move{To: StageStaging, Required: required}, 0, ""},
		{"met", Move{To: StageProduction, Required: required, Checks: []Check{check("test", CheckSuccess), check("lint", CheckSuccess)}}, 0, ""},
		{"met by other bytes", Move{To: StageProduction, Required: required[:1], Checks: []Check{{Name: "lint", State: CheckSuccess, Digest: bytesB}}},
			fail.State, `"lint" was of other bytes (3e23e8`},
	} {
		c.move.Version = ready(StageNone)
		says(t, c.name, c.move.Direct(), c.kind, c.words)
	}
}

func TestApprovals(t *testing.T) {
	const ann, ben = 1, 2
	pending := ready(StageNone)
	pending.Status, pending.Digest = Pending, [32]byte{}
	for _, c := range []struct {
		name     string
		v        *Version
		move     Move
		by       int64
		requests []*Request
		kind     fail.Kind
		words    string
	}{
		{"somebody else's", ready(StageNone), Move{To: StageProduction}, ann, []*Request{request(ben, StageProduction, bytesA)}, 0, ""},
		{"one's own", ready(StageNone), Move{To: StageProduction}, ann, []*Request{request(ann, StageProduction, bytesA)}, 0, ""},
		{"one's own where it takes two", ready(StageNone), Move{To: StageProduction, TwoPersons: true}, ann,
			[]*Request{request(ann, StageProduction, bytesA)}, fail.Denied, "who asks for the transition does not approve it"},
		{"one's own among others", ready(StageNone), Move{To: StageProduction, TwoPersons: true}, ann,
			[]*Request{request(ben, StageProduction, bytesA), request(ann, StageProduction, bytesA)}, fail.Denied, "does not approve it"},
		{"somebody else's where it takes two", ready(StageNone), Move{To: StageProduction, TwoPersons: true}, ann,
			[]*Request{request(ben, StageProduction, bytesA)}, 0, ""},
		{"one's own for another stage", ready(StageNone), Move{To: StageStaging, TwoPersons: true}, ann,
			[]*Request{request(ann, StageStaging, bytesA)}, 0, ""},
		{"other bytes", ready(StageNone), Move{To: StageStaging}, ann, []*Request{request(ben, StageStaging, bytesB)}, fail.Conflict,
			"version 3 of churn is not what the transition to Staging was asked for: its bytes have changed"},
		{"one of two is for these bytes", ready(StageNone), Move{To: StageStaging}, ann,
			[]*Request{request(ben, StageStaging, bytesB), request(ann, StageStaging, bytesA)}, 0, ""},
		{"other checks", ready(StageNone), Move{To: StageStaging, Checks: []Check{check("a", CheckError), check("b", CheckPending)}}, ann,
			[]*Request{request(ben, StageStaging, bytesA, check("a", CheckSuccess), check("c", CheckSuccess))}, fail.Conflict,
			`"a" was success and is error, "b" is new, "c" is gone`},
		{"the same checks in another order", ready(StageNone), Move{To: StageStaging, Checks: []Check{check("b", CheckError), check("a", CheckError)}}, ann,
			[]*Request{request(ben, StageStaging, bytesA, check("a", CheckError), check("b", CheckError))}, 0, ""},
		{"no bytes yet", pending, Move{To: StageStaging}, ann, []*Request{request(ben, StageStaging, [32]byte{})}, fail.State, "PENDING_REGISTRATION"},
		{"no bytes are needed to archive", pending, Move{To: StageArchived}, ann, []*Request{request(ben, StageArchived, [32]byte{})}, 0, ""},
		{"unmet", ready(StageNone), Move{To: StageStaging, Required: []Required{{StageStaging, "lint"}}}, ann,
			[]*Request{request(ben, StageStaging, bytesA)}, fail.State, `"lint" was not posted`},
	} {
		c.move.Version = c.v
		err := c.move.Approve(c.by, c.requests)
		if err != nil {
			c.words = strings.Replace(c.words, "version 3", "Version 3", 1)
		}
		says(t, c.name, err, c.kind, c.words)
	}
}

func TestMoveItself(t *testing.T) {
	for _, to := range Stages() {
		err := (&Move{To: to, Archive: true}).Check()
		if (err == nil) != to.Active() {
			t.Errorf("archiving for %s: %v", to, err)
		}
	}
	says(t, "comment", (&Move{Comment: strings.Repeat("x", MaxComment+1)}).Check(), fail.Invalid, "5000")
	says(t, "no comment", CheckNewComment(" \n"), fail.Invalid, "comment")
	says(t, "a comment", CheckNewComment("fine"), 0, "")
}

func TestNewCheck(t *testing.T) {
	digest := hex.EncodeToString(bytesA[:])
	pending := ready(StageNone)
	pending.Digest = [32]byte{}
	for _, c := range []struct {
		v                        *Version
		name, state, url, digest string
		kind                     fail.Kind
		words                    string
	}{
		{ready(StageNone), "lint", "success", "https://ci.example.org/1", digest, 0, ""},
		{ready(StageNone), "lint", "success", "", "sha256:" + strings.ToUpper(digest), 0, ""},
		{ready(StageNone), "lint", "SUCCESS", "", digest, fail.Invalid, "pending, success, failure, error"},
		{ready(StageNone), " ", "success", "", digest, fail.Invalid, "name"},
		{ready(StageNone), "a\nb", "success", "", digest, fail.Invalid, "one line"},
		{ready(StageNone), strings.Repeat("x", 129), "success", "", digest, fail.Invalid, "128"},
		{ready(StageNone), "lint", "success", "javascript:alert(1)", digest, fail.Invalid, "http"},
		{ready(StageNone), "lint", "success", "", "", fail.Invalid, "64 hexadecimal digits"},
		{ready(StageNone), "lint", "success", "", digest[:62], fail.Invalid, "64 hexadecimal digits"},
		{ready(StageNone), "lint", "success", "", hex.EncodeToString(bytesB[:]), fail.State, "other bytes"},
		{pending, "lint", "success", "", digest, fail.State, "no digest"},
	} {
		got, err := NewCheck(c.v, c.name, c.state, c.url, c.digest)
		says(t, c.name+" "+c.state, err, c.kind, c.words)
		if err == nil && (got.Digest != bytesA || got.Key != c.v.Key()) {
			t.Errorf("%+v", got)
		}
	}
}

func TestRequired(t *testing.T) {
	got, err := CheckRequired([]Required{{StageProduction, "b"}, {StageProduction, "a"}, {StageStaging, "z"}})
	if diff := cmp.Diff([]Required{{StageStaging, "z"}, {StageProduction, "a"}, {StageProduction, "b"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = CheckRequired([]Required{{StageStaging, "z"}, {StageStaging, "z"}})
	says(t, "twice", err, fail.Invalid, "twice")
	_, err = CheckRequired(make([]Required, MaxChecks+1))
	says(t, "many", err, fail.Invalid, "at most")
	_, err = CheckRequired([]Required{{StageStaging, ""}})
	says(t, "nameless", err, fail.Invalid, "name")
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		own, decides, cancels, barred bool
		want                          []Action
	}{
		{false, false, false, false, nil},
		{true, false, false, false, []Action{Cancel}},
		{false, true, false, false, []Action{Approve, Reject}},
		{true, true, false, true, []Action{Reject, Cancel}},
		{false, true, true, false, []Action{Approve, Reject, Cancel}},
	} {
		if got := RequestActions(c.own, c.decides, c.cancels, c.barred); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if CommentActions(false) != nil || !slices.Equal(CommentActions(true), []Action{Edit, Delete}) {
		t.Error("only who wrote a comment changes it")
	}
}

func TestNotPending(t *testing.T) {
	v := ready(StageNone)
	says(t, "never", NotPending(v, StageStaging, nil), fail.NotFound, "no pending request to move version 3 of churn to Staging")
	says(t, "asked", NotPending(v, StageStaging, &Activity{Kind: Requested}), fail.NotFound, "no pending request")
	for kind, word := range map[ActivityKind]string{Approved: "approved", Rejected: "rejected", Cancelled: "cancelled"} {
		says(t, word, NotPending(v, StageStaging, &Activity{Kind: kind, UserName: "ben"}), fail.Conflict, "the last one was "+word+" by ben")
	}
}
