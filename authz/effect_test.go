package authz

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// change applies events to a map that stays as it is.
func changed(t *testing.T, m *Map, events ...Event) *Map {
	t.Helper()
	next, err := m.Apply(m.Version(), events...)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func given(m *Map, object int64, entries ...Entry) Event {
	o, _ := m.Object(object)
	next := *o
	next.Entries = entries
	return Event{Op: PutObject, Object: &next}
}

func TestCompare(t *testing.T) {
	on := small(t)
	hidden := small(t, namesGone)
	off := small(t, controlOff)
	look := []string{"View items in folder", "Clone and export items", "View items in the trash"}
	switched, err := SwitchAccessControl(off, "true")
	if err != nil {
		t.Fatal(err)
	}
	moved := Object{ID: churn, Kind: Experiment, Parent: project, Name: "churn"}
	for name, c := range map[string]struct {
		before *Map
		events []Event
		object int64
		want   Effect
	}{
		"nothing": {on, nil, project, Effect{Before: 2, After: 2}},
		"a group loses": {on, []Event{given(on, project)}, project, Effect{Before: 2, After: 1, Lose: 1, Changes: []Change{
			{Principal: ann, Before: CanRead, Loses: look, Through: []int64{lab}}}}},
		"the same by another way": {on, []Event{given(on, project, Entry{ann, CanRead})}, project, Effect{Before: 2, After: 2}},
		"another level that gives the same": {on, []Event{given(on, project, Entry{team, CanRun})}, project, Effect{Before: 2, After: 2, Changes: []Change{
			{Principal: ann, Before: CanRead, After: CanRun, Through: []int64{lab, team}}}}},
		"inactive people do not count": {on, []Event{given(on, project, Entry{lab, CanRead}, Entry{gone, CanManage})}, project, Effect{Before: 2, After: 2}},
		"somebody gains": {on, []Event{given(on, project, Entry{lab, CanRead}, Entry{bot, CanRead})}, project, Effect{Before: 2, After: 3, Gain: 1,
			Changes: []Change{{Principal: bot, After: CanRead, Gains: look}}}},
		"a hidden name is known": {hidden, []Event{given(hidden, project, Entry{lab, CanRead}, Entry{bot, CanRead})}, project, Effect{Before: 2, After: 3, Gain: 1,
			Changes: []Change{{Principal: bot, After: CanRead, Gains: append([]string{"List items in folder"}, look...)}}}},
		"a hidden name leads no more": {hidden, []Event{{Op: PutObject, Object: &moved}}, annHome, Effect{Before: 2, After: 2}},
		"an unknown object":           {on, nil, 99, Effect{}},
		"control comes on, in the root": {off, switched, Root, Effect{Before: 5, After: 1, Lose: 4, Changes: []Change{
			{Principal: ann, Before: CanEdit, Loses: rootLosses, Through: []int64{GroupUsers}}, {Principal: bob, Before: CanEdit, Loses: rootLosses, Through: []int64{GroupUsers}},
			{Principal: aud, Before: CanEdit, Loses: rootLosses, Through: []int64{GroupUsers}}, {Principal: bot, Before: CanEdit, Loses: rootLosses, Through: []int64{GroupUsers}}}}},
	} {
		got := Compare(c.before, changed(t, c.before, c.events...), c.object)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

var rootLosses = []string{"View items in folder", "Clone and export items", "Create, import, and delete items", "Create and delete experiments",
	"Restore experiments", "View items in the trash"}

// TestCompareSeveral: the first object's people are counted, and what is different on any of them is told once.
func TestCompareSeveral(t *testing.T) {
	m := small(t)
	after := changed(t, m, given(m, project, Entry{lab, CanRead}, Entry{bob, CanRead}), given(m, churn, Entry{bob, CanRead}))
	e := Compare(m, after, project, churn)
	if e.Before != 2 || e.After != 3 || e.Gain != 1 || e.Lose != 0 || len(e.Changes) != 1 {
		t.Fatalf("%+v", e)
	}
	counts := map[string]int{}
	for _, title := range e.Changes[0].Gains {
		counts[title]++
	}
	if counts["View items in folder"] != 1 || counts["View run info, search, compare runs"] != 1 {
		t.Errorf("%v", e.Changes[0])
	}
}

func TestManagers(t *testing.T) {
	m := small(t)
	m = changed(t, m, given(m, project, Entry{lab, CanManage}, Entry{gone, CanManage}, Entry{bob, CanEdit}))
	for object, want := range map[int64]int{churn: 2, project: 2, annHome: 2, FolderShared: 5, secretModel: 2, nightly: 2, WorkspaceObject: 0, 99: 0} {
		if got := Managers(m, object); got != want {
			t.Errorf("%d: %d managers, want %d", object, got, want)
		}
	}
	if n := Below(m, FolderUsers); n != 3 {
		t.Errorf("%d below /Users", n)
	}
	if n := Below(m, project); n != 0 {
		t.Errorf("%d below a folder with nothing but trash", n)
	}
}

// TestRandomEffects holds Compare, AbilitiesOn, Managers and Search against Decide on both maps, for everybody and every ability, in random
// workspaces in which anything happens between the two.
func TestRandomEffects(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChance(seed + 1000)
			if seed%2 == 0 {
				c.w.settings[SettingEnforceView] = "true"
			}
			m := c.w.load(t, 1)
			for step := range int64(40) {
				before := m
				for i := range 1 + c.IntN(3) {
					m = c.happen(t, m, step*4+int64(i)+2)
				}
				if step%4 == 0 {
					c.effects(t, before, m)
					c.searches(t, m)
				}
			}
		})
	}
}

func (c *chance) effects(t *testing.T, before, after *Map) {
	t.Helper()
	for id := range c.w.objects {
		if diff := cmp.Diff(slowEffect(before, after, id), Compare(before, after, id)); diff != "" {
			t.Fatalf("effect on %d: %s", id, diff)
		}
		managers := 0
		for p := range after.everybody {
			managers += one(Decide(after, Who{Principal: p.ID}, ChangePermissions, id, anyTime).Allowed)
			c.abilities(t, after, Who{Principal: p.ID}, id)
			c.abilities(t, after, Who{Principal: p.ID, Scopes: []string{"mlflow"}}, id)
		}
		if got := Managers(after, id); got != managers {
			t.Fatalf("%d managers of %+v, want %d", got, c.w.chain(id), managers)
		}
	}
}

// slowEffect asks Decide for everybody and every ability.
func slowEffect(before, after *Map, object int64) (e Effect) {
	everybody := map[int64]bool{}
	for _, m := range []*Map{before, after} {
		for p := range m.Principals() {
			everybody[p.ID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(everybody)) {
		was, is := slowHad(before, id, object), slowHad(after, id, object)
		e.Before, e.After = e.Before+one(was.level != NoLevel), e.After+one(is.level != NoLevel)
		ch := Change{Principal: id, Before: was.level, After: is.level, Gains: missing(is.titles, was.titles), Loses: missing(was.titles, is.titles)}
		if was.level == is.level && slices.Equal(was.titles, is.titles) {
			continue
		}
		e.Gain, e.Lose = e.Gain+one(len(ch.Gains) > 0), e.Lose+one(len(ch.Loses) > 0)
		for _, side := range []slow{was, is} {
			if side.group != 0 && !slices.Contains(ch.Through, side.group) {
				ch.Through = append(ch.Through, side.group)
			}
		}
		e.Changes = append(e.Changes, ch)
	}
	return e
}

type slow struct {
	level  Level
	titles []string
	group  int64
}

func slowHad(m *Map, principal, object int64) (s slow) {
	o, ok := m.Object(object)
	p, known := m.Principal(principal)
	if !ok || !known || p.Kind == Group {
		return s
	}
	if s.level = LevelOn(m, principal, object); s.level != NoLevel {
		d := Decide(m, Who{Principal: principal}, ReadPermissions, object, anyTime)
		if g, ok := m.Principal(d.EntryPrincipal); ok && g.Kind == Group {
			s.group = g.ID
		}
	}
	for _, row := range Rows(o.Kind) {
		if Decide(m, Who{Principal: principal}, row.Ability, object, anyTime).Allowed {
			s.titles = append(s.titles, row.Title)
		}
	}
	return s
}

// missing gives the titles of a that are not in b, each once. Rows that share a title are had together by whoever has one of them, but for
// those that the root closes.
func missing(a, b []string) (out []string) {
	for _, title := range a {
		if count(a, title) > count(b, title) && !slices.Contains(out, title) {
			out = append(out, title)
		}
	}
	return out
}

func count(list []string, title string) (n int) {
	for _, each := range list {
		n += one(each == title)
	}
	return n
}

func (c *chance) abilities(t *testing.T, m *Map, who Who, object int64) {
	t.Helper()
	var want []Ability
	o, _ := m.Object(object)
	for _, row := range Rows(o.Kind) {
		if Decide(m, who, row.Ability, object, anyTime).Allowed {
			want = append(want, row.Ability)
		}
	}
	if _, got := AbilitiesOn(m, who, object, anyTime); !slices.Equal(got, want) {
		t.Fatalf("%+v on %s %d: %v, want %v", who, o.Kind, object, got, want)
	}
}

// searches: everything that matches and may be looked at is found, and nothing else.
func (c *chance) searches(t *testing.T, m *Map) {
	t.Helper()
	var kinds []Kind
	for _, k := range Kinds() {
		kinds = append(kinds, k.Kind)
	}
	for who := range c.w.principals {
		var want, got []int64
		for id, o := range c.w.objects {
			a := o.Kind.Viewing()
			if o.Parent != id && NewNeedle("O10").Rank(o.Name) != NoMatch && a != 0 && c.w.decide(who, a, id) {
				want = append(want, id)
			}
		}
		for _, found := range Search(m, Who{Principal: who}, NewNeedle("O10"), kinds, 10_000, anyTime) {
			if found.Rank > InPath {
				got = append(got, found.Object.ID)
			} else if !Decide(m, Who{Principal: who}, found.Object.Kind.Viewing(), found.Object.ID, anyTime).Allowed {
				t.Fatalf("%d found %d, which is not his to see", who, found.Object.ID)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%d found %v, want %v", who, got, want)
		}
	}
}

// TestAbilitiesOfEveryLevel: on every kind with every level, with and without a credential, all that Decide allows and nothing else.
func TestAbilitiesOfEveryLevel(t *testing.T) {
	for _, info := range Kinds() {
		for _, l := range append(info.Levels, LevelInfo{}) {
			w := newWorld()
			w.principals[100] = Principal{ID: 100, Kind: User, Name: "eve", Active: true}
			target := Object{ID: 1_001, Kind: info.Kind, Parent: info.Root, Name: "target"}
			if info.Kind >= Tokens {
				target = w.objects[info.Root]
				target.Entries = nil
			}
			if l.Level != NoLevel {
				target.Entries = []Entry{{100, l.Level}}
			}
			w.objects[target.ID] = target
			m, c := w.load(t, 1), chance{w: w}
			for _, who := range []Who{{Principal: 100}, {Principal: 100, Scopes: []string{"workspace"}}, {Principal: 100, Expires: 1},
				{Principal: 100, Method: MethodToken, Credential: "none"}, {Principal: 77}} {
				c.abilities(t, m, who, target.ID)
			}
			if got, _ := AbilitiesOn(m, Who{Principal: 100}, target.ID, anyTime); got != l.Level {
				t.Errorf("%s with %s: level %s", info.Name, l.Level, got)
			}
		}
	}
}
