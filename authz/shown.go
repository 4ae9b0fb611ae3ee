package authz

import (
	"cmp"
	"iter"
	"slices"
)

// ShownEntry is a principal in an object's permissions as the permissions API shows them.
type ShownEntry struct {
	Principal int64        `json:"principal"`
	Levels    []ShownLevel `json:"levels"` // direct ones first, then what is inherited, nearest first
}

// ShownLevel is one level of a principal on an object.
type ShownLevel struct {
	Level     Level `json:"level"`
	Inherited bool  `json:"inherited"`
	// From names the objects that an inherited level comes from, nearest first. For jobs, endpoints, clusters and secret scopes the
	// administrators' level comes from WorkspaceObject, which stands for the root of the object's own kind ("/jobs/").
	From []int64 `json:"from,omitempty"`
	// Rule says why: RuleEntry, or the default that gives it. Only RuleEntry and RuleCreator can be taken away.
	Rule Rule `json:"rule"`
}

// Entries gives what the permissions API shows of an object: every entry on it and above it, the creator's and the home owner's Manage, the
// defaults of /Shared and of access control that is off, and the administrators. Principals ascend. Nil for an unknown object.
func Entries(m *Map, object int64) []ShownEntry {
	o, ok := m.Object(object)
	if !ok {
		return nil
	}
	shown := map[int64]*ShownEntry{}
	for at := range m.Chain(object) {
		for g := range m.givenBy(at) {
			show(shown, g, at.ID != object)
		}
	}
	root := kinds[o.Kind].Root
	show(shown, grant{kinds[o.Kind].Manage, RuleAdmins, root, GroupAdmins}, root != object)
	out := make([]ShownEntry, 0, len(shown))
	for _, e := range shown {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b ShownEntry) int { return cmp.Compare(a.Principal, b.Principal) })
	return out
}

// show adds a level to what is shown, or only its origin where the level is there already.
func show(shown map[int64]*ShownEntry, g grant, inherited bool) {
	e := shown[g.principal]
	if e == nil {
		e = &ShownEntry{Principal: g.principal}
		shown[g.principal] = e
	}
	i := slices.IndexFunc(e.Levels, func(l ShownLevel) bool { return l.Level == g.level && l.Inherited == inherited })
	if i < 0 {
		i = len(e.Levels)
		e.Levels = append(e.Levels, ShownLevel{Level: g.level, Inherited: inherited, Rule: g.rule})
	}
	if inherited && !slices.Contains(e.Levels[i].From, g.object) {
		e.Levels[i].From = append(e.Levels[i].From, g.object)
	}
}

// givenBy gives all that an object's own row and the defaults about just it give, to anybody.
func (m *Map) givenBy(o *Object) iter.Seq[grant] {
	manage := kinds[o.Kind].Manage
	return func(yield func(grant) bool) {
		for _, e := range o.Entries {
			if !yield(grant{e.Level, RuleEntry, o.ID, e.Principal}) {
				return
			}
		}
		if o.CreatorManages && m.exists(o.Creator) && !yield(grant{manage, RuleCreator, o.ID, o.Creator}) {
			return
		}
		if o.Home != 0 && m.exists(o.Home) && !yield(grant{manage, RuleHome, o.ID, o.Home}) {
			return
		}
		if level, rule := m.forUsers(o.ID); level != NoLevel {
			yield(grant{level, rule, o.ID, GroupUsers})
		}
	}
}

// exists keeps principals that were removed, or the server itself, out of what is shown.
func (m *Map) exists(principal int64) bool {
	_, ok := m.Principal(principal)
	return ok
}
