package authz

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// says gives what the shifts say of a person on an object; ok is false when they say nothing.
func says(m *Map, shifts []Shift, person, object int64) (s Shift, ok bool) {
	cut := map[int]bool{}
	for at := range m.Chain(object) {
		for i, s := range shifts {
			if s.Credential == "" && s.Object == at.ID && !cut[i] && slices.Contains(s.People, person) {
				return s, true
			}
		}
		for i, s := range shifts {
			if slices.Contains(s.Except, at.ID) && slices.Contains(s.People, person) {
				cut[i] = true
			}
		}
	}
	return s, false
}

// TestTraceIsExact plays what happens in many small workspaces, and holds what Trace says of each event against asking about everybody and
// everything before and after it.
func TestTraceIsExact(t *testing.T) {
	told := 0
	for seed := range uint64(20) {
		c := newChance(seed)
		m := c.w.load(t, 1)
		for step := range int64(80) {
			e := c.event()
			next, err := m.Apply(step+2, e)
			if err != nil {
				continue
			}
			c.w.fold(e)
			told += c.held(t, fmt.Sprintf("seed %d, step %d, %s", seed, step, e.Op), m, next, e)
			m = next
		}
	}
	if told < 500 {
		t.Errorf("only %d shifts were told: the events do not do enough", told)
	}
}

// held compares what is told of one event with what is so.
func (c *chance) held(t *testing.T, name string, before, after *Map, e Event) (told int) {
	t.Helper()
	shifts := Trace(before, after, []Event{e}, anyTime)
	if again := Trace(before, after, []Event{e}, anyTime); !cmp.Equal(shifts, again) {
		t.Fatalf("%s: told in two ways: %s", name, cmp.Diff(shifts, again))
	}
	for o := range after.Subtree(Root) {
		if _, had := before.Object(o.ID); !had || before.InTrash(o.ID) || after.InTrash(o.ID) {
			continue
		}
		for person := range people(before, after) {
			was, is := LevelOn(before, person, o.ID), LevelOn(after, person, o.ID)
			if p, ok := before.Principal(person); !ok || !p.Active {
				was = NoLevel
			}
			s, ok := says(after, shifts, person, o.ID)
			if ok {
				told++
			}
			if was != is && (!ok || s.Before != was || s.After != is) || was == is && ok && s.Before != s.After {
				t.Fatalf("%s: principal %d on %s %d: %s before, %s after; told: %v %+v (all: %+v)", name, person, o.Kind, o.ID, was, is, ok, s, shifts)
			}
		}
	}
	return told
}

func TestTraceTokens(t *testing.T) {
	m := small(t)
	put := func(scopes ...string) Event {
		return Event{Op: PutCredential, Credential: &Credential{ID: "new", Principal: ann, Hash: hashOf(77), Scopes: scopes}}
	}
	session := Event{Op: PutCredential, Credential: &Credential{ID: "s", Principal: ann, Hash: hashOf(78), Session: true}}
	drop := Event{Op: DropCredential, Credential: &Credential{ID: "new"}}
	for _, step := range []struct {
		e    Event
		want []Shift
	}{
		{put("mlflow"), []Shift{{People: []int64{ann}, Credential: "new", Gained: true, Scopes: []string{"mlflow"}}}},
		{put("mlflow", "scim"), []Shift{{People: []int64{ann}, Credential: "new", Gained: true, Scopes: []string{"mlflow", "scim"}}}},
		{put("mlflow"), []Shift{{People: []int64{ann}, Credential: "new", Scopes: []string{"mlflow"}}}},
		{put(), []Shift{{People: []int64{ann}, Credential: "new", Gained: true}}},
		{put(), nil},
		{session, nil},
		{drop, []Shift{{People: []int64{ann}, Credential: "new"}}},
	} {
		next := mustApply(t, m, step.e)
		if diff := cmp.Diff(step.want, Trace(m, next, []Event{step.e}, anyTime)); diff != "" {
			t.Errorf("%s %v: %s", step.e.Op, step.e.Credential.Scopes, diff)
		}
		m = next
	}
}

// BenchmarkTrace is a member of a group of 1,000 who leaves it: it has 200 entries, and everybody else's are not looked at.
func BenchmarkTrace(b *testing.B) {
	build, group := NewBuilder(), int64(500)
	build.AddPrincipal(Principal{ID: group, Kind: Group, Name: "team", Active: true})
	for i := range int64(10_000) {
		p := Principal{ID: 1000 + i, Kind: User, Name: fmt.Sprint("u", i), Active: true}
		if i < 1000 {
			p.Parents = []int64{group}
		}
		build.AddPrincipal(p)
	}
	for i := range int64(20_000) {
		o := Object{ID: 10_000 + i, Kind: Experiment, Parent: FolderShared, Name: fmt.Sprint("e", i)}
		if o.Parent = FolderRepos; i%100 == 0 {
			o.Entries = []Entry{{group, CanRead}}
		}
		build.AddObject(o)
	}
	before, err := NewMap(1, build)
	if err != nil {
		b.Fatal(err)
	}
	leave := Event{Op: PutPrincipal, Principal: &Principal{ID: 1000, Kind: User, Name: "u0", Active: true}}
	widely := Event{Op: DropPrincipal, Principal: &Principal{ID: group}}
	for name, e := range map[string]Event{"member": leave, "group": widely} {
		after, err := before.Apply(2, e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if s := Trace(before, after, []Event{e}, anyTime); len(s) != 200 {
					b.Fatalf("%d shifts", len(s))
				}
			}
		})
	}
}
