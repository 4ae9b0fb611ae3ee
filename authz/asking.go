package authz

import (
	"cmp"
	"slices"
	"time"
)

// Holder is somebody who has an ability, and why.
type Holder struct {
	Principal int64    `json:"principal"`
	Decision  Decision `json:"decision"`
}

// WhoCan gives all active users and service principals who have an ability on an object, groups expanded, ids ascending. It asks Decide of
// each, so it is right whatever Decide does.
func WhoCan(m *Map, ability Ability, object int64, when time.Time) []Holder {
	var out []Holder
	for p := range m.everybody {
		if d := Decide(m, Who{Principal: p.ID}, ability, object, when); d.Allowed {
			out = append(out, Holder{p.ID, d})
		}
	}
	return out
}

// Reach is an object that a principal has a level on, and where the level comes from.
type Reach struct {
	Object         int64 `json:"object"`
	Level          Level `json:"level"`
	Rule           Rule  `json:"rule"`
	EntryObject    int64 `json:"entry_object"`
	EntryPrincipal int64 `json:"entry_principal"`
}

// WhatCan gives each object outside the trash that a principal, also a group, has any level on, ids ascending; what LevelOn says of them.
// It starts from the grants, so it costs no more than what it gives; an administrator reaches everything. Nothing depends on the time until
// policies do.
func WhatCan(m *Map, principal int64, _ time.Time) []Reach {
	w := reaching{m: m, c: m.closureOf(principal)}
	if !w.c.counts() {
		return nil
	}
	for _, id := range w.tops() {
		if o, ok := m.Object(id); ok && !m.InTrash(id) {
			w.descend(o, w.start(o))
		}
	}
	slices.SortFunc(w.out, func(a, b Reach) int { return cmp.Compare(a.Object, b.Object) })
	return w.out
}

type reaching struct {
	m   *Map
	c   *closure
	out []Reach
}

// tops gives the granted objects that lie below no other granted object.
func (w *reaching) tops() []int64 {
	if w.c.admin {
		return []int64{Root, ModelsRoot, TokensRoot, PasswordsRoot, WorkspaceObject}
	}
	points := idSet{}
	for id := range w.m.granted(w.c) {
		points = points.with(uint64(id), struct{}{})
	}
	var tops []int64
	for id := range points.All() {
		if !w.below(int64(id), points) {
			tops = append(tops, int64(id))
		}
	}
	return tops
}

func (w *reaching) below(id int64, points idSet) bool {
	for at := range w.m.Chain(id) {
		if _, ok := points.Get(uint64(at.ID)); ok && at.ID != id {
			return true
		}
	}
	return false
}

// start gives what holds on a top before its own row is looked at.
func (w *reaching) start(o *Object) grant {
	if w.c.admin {
		return grant{kinds[o.Kind].Manage, RuleAdmins, kinds[o.Kind].Root, GroupAdmins}
	}
	return grant{}
}

func (w *reaching) descend(o *Object, above grant) {
	if o.Trashed {
		return
	}
	if w.c.admin {
		above = w.start(o)
	}
	if g := w.m.own(o, w.c); g.level > above.level {
		above = g
	}
	if above.level != NoLevel {
		w.out = append(w.out, Reach{o.ID, above.level, above.rule, above.object, above.principal})
	}
	for child := range w.m.Children(o.ID) {
		w.descend(child, above)
	}
}
