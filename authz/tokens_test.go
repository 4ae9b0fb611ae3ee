package authz

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLostTokens: tokens go with the right to use them, whichever event takes it.
func TestLostTokens(t *testing.T) {
	m := small(t)
	for i, p := range []int64{ann, bob} {
		hash := make([]byte, hashSize)
		hash[0] = byte(i + 100)
		m = mustApply(t, m, Event{Op: PutCredential, Credential: &Credential{ID: "t" + string('0'+rune(i)), Principal: p, Hash: hash}})
	}
	tokens, _ := m.Object(TokensRoot)
	with := func(entries ...Entry) Event {
		o := *tokens
		o.Entries = tidy(entries)
		return putObject(o)
	}
	person := func(id int64, change func(*Principal)) Event {
		p, _ := m.Principal(id)
		next := *p
		change(&next)
		return Event{Op: PutPrincipal, Principal: &next}
	}
	for name, tt := range map[string]struct {
		before, events []Event
		want           []string
	}{
		"everybody may":  {nil, []Event{with(Entry{GroupUsers, CanUse})}, nil},
		"one may":        {nil, []Event{with(Entry{ann, CanUse})}, []string{"t1"}},
		"nobody may":     {nil, []Event{with()}, []string{"t0", "t1"}},
		"another object": {[]Event{with()}, []Event{{Op: PutSetting, Setting: &Setting{"a", "b"}}}, nil},
		"leaving the group": {[]Event{with(Entry{team, CanUse}, Entry{bob, CanUse})}, []Event{person(ann, func(p *Principal) { p.Parents = nil })},
			[]string{"t0"}},
		"an administrator":       {[]Event{with(Entry{bob, CanUse})}, []Event{person(ann, func(p *Principal) { p.Parents = []int64{GroupAdmins} })}, nil},
		"inactive is not lost":   {[]Event{with(Entry{ann, CanUse}, Entry{bob, CanUse})}, []Event{person(bob, func(p *Principal) { p.Active = false })}, nil},
		"who is gone loses none": {nil, []Event{{Op: DropPrincipal, Principal: &Principal{ID: bob}}, with(Entry{ann, CanUse})}, nil},
	} {
		after := mustApply(t, mustApply(t, m, tt.before...), tt.events...)
		var got []string
		for _, e := range LostTokens(after, tt.events) {
			if strings.HasPrefix(e.Credential.ID, "t") { // the small world has others
				got = append(got, e.Credential.ID)
			}
			after = mustApply(t, after, e)
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
