package authz

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRandomWorlds plays what happens in many small workspaces and holds, after each few events, the map that was kept up against the slow
// rules, against the same contents loaded at once, and every question against the same question asked in another way. What is remembered
// from earlier maps is used all along, so a wrong memory shows.
func TestRandomWorlds(t *testing.T) {
	seeds := uint64(24)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChance(seed)
			if seed%2 == 0 {
				c.w.settings[SettingEnforceView] = "true"
			}
			m := c.w.load(t, 1)
			for step := range int64(70) {
				m = c.happen(t, m, step+2)
				c.questions(t, m)
				if step%10 == 9 {
					c.compareAll(t, m)
				}
			}
		})
	}
}

const steady = FirstFreePrincipal + someGroups

// happen applies an event to the map and to the world; one that the map refuses changes neither. Now and then another future of the same
// map is looked into first: what it leaves in the shared memory must not show.
func (c *chance) happen(t *testing.T, m *Map, version int64) *Map {
	t.Helper()
	if c.IntN(4) == 0 {
		c.otherFuture(t, m, version)
	}
	e := c.event()
	next, err := m.Apply(version, e)
	if err != nil {
		return m
	}
	c.w.fold(e)
	return next
}

func (c *chance) otherFuture(t *testing.T, m *Map, version int64) {
	t.Helper()
	now, id := c.w, c.next
	defer func() { c.w, c.next = now, id }() // ids are given again, as after a rolled-back transaction
	e := c.event()
	other, err := m.Apply(version, e)
	if err != nil {
		return
	}
	c.w = now.clone()
	c.w.fold(e)
	c.questions(t, other)
}

func (c *chance) questions(t *testing.T, m *Map) {
	t.Helper()
	for range 8 {
		who, object := c.anybody(), c.anything()
		c.question(t, m, who, c.ability(object), object)
	}
	c.scope(t, m, c.anybody(), c.ability(c.anything()))
	for _, who := range []int64{steady, steady + 1} { // always the same: what was remembered a moment ago is used
		c.scope(t, m, who, ViewRuns)
		c.question(t, m, who, ListItems, c.folder())
	}
	c.question(t, m, 99_999, ViewItems, Root)
	c.question(t, m, c.anybody(), ViewItems, 99_999_999)
}

// ability is one of the object's kind mostly.
func (c *chance) ability(object int64) Ability {
	if c.IntN(20) == 0 {
		return Ability(1 + c.IntN(int(abilityEnd)-1))
	}
	rows := Rows(c.w.objects[object].Kind)
	return rows[c.IntN(len(rows))].Ability
}

func (c *chance) question(t *testing.T, m *Map, who int64, a Ability, object int64) {
	t.Helper()
	d := Decide(m, Who{Principal: who}, a, object, anyTime)
	want := c.w.decide(who, a, object)
	if d.Allowed != want || d.Known != (want || c.w.may(who, a, object)) {
		t.Fatalf("%d %s on %d: %+v, want allowed %v, known %v\n%+v\n%+v", who, a, object, d, want, c.w.may(who, a, object), c.w.chain(object), c.w.settings)
	}
	if d.Allowed != (d.Rule > RuleNothing && !(d.Rule == RuleAdmins && !d.Allowed)) {
		t.Fatalf("%+v: the rule does not fit", d)
	}
	if steps := Explain(m, d); len(steps) == 0 || slices.ContainsFunc(steps, func(s Step) bool { return s.Text == "" }) {
		t.Fatalf("%+v is not explained: %+v", d, steps)
	}
	if r := Refuse(m, d); !d.Allowed && r.Message == "" {
		t.Fatalf("%+v has no refusal", d)
	}
}

// scope holds ScopeOf against Decide for all objects, and the owners of permissions against a walk upwards.
func (c *chance) scope(t *testing.T, m *Map, who int64, a Ability) {
	t.Helper()
	s := ScopeOf(m, Who{Principal: who}, a, anyTime)
	for id, o := range c.w.objects {
		r, known := row(o.Kind, a)
		if !known || c.w.lost(id) && !r.Trash || id == Root && (a == CreateItems || a == CreateExperiments) || a == ListItems && c.w.hides() {
			continue
		}
		if got, want := s.Admits(m.ACLOwner(id), o.Creator, o.CreatorManages), c.w.decide(who, a, id); got != want {
			t.Fatalf("%d %s on %s %d: in scope %v, decided %v\n%+v\n%+v", who, a, o.Kind, id, got, want, s, c.w.chain(id))
		}
	}
	if !slices.IsSorted(s.ACLs()) || s.All() && len(s.ACLs()) > 0 {
		t.Fatalf("scope %+v", s)
	}
}

// compareAll asks everything in every way.
func (c *chance) compareAll(t *testing.T, m *Map) {
	t.Helper()
	c.scanned(t, m)
	bulk := c.w.load(t, m.Version())
	if diff := cmp.Diff(facts(bulk), facts(m)); diff != "" {
		t.Fatalf("kept up against loaded: %s", diff)
	}
	for who := range c.w.principals {
		var want []Reach
		for _, id := range slices.Sorted(maps.Keys(c.w.objects)) {
			p := c.w.principals[who]
			if l := c.w.level(who, id); l != NoLevel && !c.w.lost(id) && (p.Active || p.Kind == Group) {
				want = append(want, Reach{Object: id, Level: l})
				if LevelOn(m, who, id) != l {
					t.Fatalf("level of %d on %d", who, id)
				}
			}
		}
		if diff := cmp.Diff(want, bare(WhatCan(m, who, anyTime))); diff != "" {
			t.Fatalf("what can %d: %s", who, diff)
		}
	}
}

func bare(all []Reach) (out []Reach) {
	for _, r := range all {
		out = append(out, Reach{Object: r.Object, Level: r.Level})
	}
	return out
}

// scanned holds WhoCan and the permissions that are shown against one question after another.
func (c *chance) scanned(t *testing.T, m *Map) {
	t.Helper()
	for object := range c.w.objects {
		a := c.ability(object)
		var want, got []int64
		for _, who := range slices.Sorted(maps.Keys(c.w.principals)) {
			if c.w.decide(who, a, object) {
				want = append(want, who)
			}
		}
		for _, h := range WhoCan(m, a, object, anyTime) {
			got = append(got, h.Principal)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("who can %s on %d: %v, want %v", a, object, got, want)
		}
		c.shown(t, m, object)
	}
}

// shown: somebody's level is the highest among what is shown for him and his groups.
func (c *chance) shown(t *testing.T, m *Map, object int64) {
	t.Helper()
	shown := Entries(m, object)
	for who := range c.w.principals {
		sp, best := c.w.all(who), NoLevel
		for _, e := range shown {
			for _, l := range e.Levels {
				if sp[e.Principal] {
					best = max(best, l.Level)
				}
				if l.Inherited != (len(l.From) > 0) || slices.Contains(l.From, object) {
					t.Fatalf("%d shows %+v", object, l)
				}
			}
		}
		if want := c.w.level(who, object); best != want {
			t.Fatalf("%d shows %s for %d, who has %s", object, best, who, want)
		}
	}
}

// facts are all that a map's indexes say.
func facts(m *Map) map[string]any {
	out := map[string]any{"owners": slices.Collect(m.ACLOwners()), "objects": m.Objects(), "on": m.AccessControl(), "hidden": m.NamesHidden()}
	for _, o := range m.objects.All() {
		key := fmt.Sprint("object ", o.ID)
		out[key] = []any{*o, m.Path(o.ID), m.ACLOwner(o.ID), m.InTrash(o.ID), m.ChildCount(o.ID), ids(m.Children(o.ID)),
			m.RequiredHere(o.ID), m.Neglected(o)}
		found, ok := m.ChildNamed(o.Parent, o.Kind, o.Name)
		out[key+" by name"] = ok && found.ID == o.ID
		at, ok := m.Resolve(m.Path(o.ID))
		out[key+" by path"] = ok && at.ID == o.ID
	}
	for p := range m.Principals() {
		byName, ok := m.PrincipalByName(namespace(p.Kind), p.Name)
		out[fmt.Sprint("principal ", p.ID)] = []any{*p, ok && byName == p, slices.Collect(idsOf(m.grants.of(p.ID))),
			slices.Collect(idsOf(m.created.of(p.ID))), slices.Collect(idsOf(m.members.of(p.ID)))}
	}
	return out
}

func ids(objects func(func(*Object) bool)) (out []int64) {
	for o := range objects {
		out = append(out, o.ID)
	}
	return out
}

// TestEveryCell decides each ability of each kind with exactly each level, given on the object, and in the tree also on a folder above.
func TestEveryCell(t *testing.T) {
	for _, info := range Kinds() {
		for _, l := range info.Levels {
			for _, at := range []int64{1_001, 1_000} {
				if at == 1_000 && !info.Tree {
					continue
				}
				everyCell(t, info, l.Level, at)
			}
		}
	}
}

func everyCell(t *testing.T, info KindInfo, l Level, at int64) {
	t.Helper()
	w := newWorld()
	w.principals[100] = Principal{ID: 100, Kind: User, Name: "eve", Active: true}
	target := Object{ID: 1_001, Kind: info.Kind, Parent: info.Root, Name: "target"}
	folder := Object{ID: 1_000, Kind: Directory, Parent: Root, Name: "folder"}
	if info.Tree {
		target.Parent = folder.ID
	}
	if info.Kind == Tokens || info.Kind == Passwords {
		target = w.objects[info.Root]
		target.Entries = nil
	}
	if given := (Entry{100, l}); at == 1_001 {
		target.Entries = []Entry{given}
	} else {
		folder.Entries = []Entry{given}
	}
	w.objects[folder.ID], w.objects[target.ID] = folder, target
	m, columns := w.load(t, 1), columnsOf(info.Kind)
	for a := Ability(1); a < abilityEnd; a++ {
		r, known := row(info.Kind, a)
		want := known && r.Cells[slices.Index(columns, l)] == 'x'
		if d := Decide(m, Who{Principal: 100}, a, target.ID, time.Time{}); d.Allowed != want {
			t.Errorf("%s with %s, %s: %v", info.Name, l, a, d.Allowed)
		}
	}
}
