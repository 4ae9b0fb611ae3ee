package identity

import (
	"slices"
	"strings"

	scim "github.com/scim2/filter-parser/v2"
)

// MemberChange says how the members of a group change. With Replace, Add is the whole new list. Nothing is in both lists.
type MemberChange struct {
	Replace     bool
	Add, Remove []int64
	// Unknown are members that a PATCH would add and whose ids nobody can have.
	Unknown []string
}

// Empty tells that nothing was asked for.
func (m MemberChange) Empty() bool { return !m.Replace && len(m.Add)+len(m.Remove)+len(m.Unknown) == 0 }

// Delta gives what really changes for a group with these members: ids that come and ids that go, in order, without doubles.
func (m MemberChange) Delta(current []int64) (added, removed []int64) {
	now := setOf(current)
	for id := range setOf(m.Add) {
		if !now[id] {
			added = append(added, id)
		}
	}
	gone := setOf(m.Remove)
	stay := setOf(m.Add)
	for id := range now {
		if gone[id] || m.Replace && !stay[id] {
			removed = append(removed, id)
		}
	}
	slices.Sort(added)
	slices.Sort(removed)
	return added, removed
}

func setOf(ids []int64) map[int64]bool {
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// memberFold gathers a PATCH's operations on members; the last word on an id counts.
type memberFold struct {
	replace bool
	wanted  map[int64]bool
	order   []int64
	unknown []string
}

func (f *memberFold) apply(t target, op Operation) error {
	switch {
	case t.sub != "":
		return invalid(InvalidPath, "members are added and removed, not changed")
	case t.filter != nil:
		return f.applyFilter(t, op)
	case op.Op == "remove" && op.Value == nil:
		f.reset()
		return nil
	case op.Op == "remove":
		return f.removeListed(op.Value)
	}
	ids, err := f.memberIDs(op.Value)
	if err != nil {
		return err
	}
	if op.Op == "replace" {
		f.reset()
	}
	f.note(true, ids...)
	return nil
}

// memberIDs reads the members that an operation adds, and keeps those whose ids nobody can have.
func (f *memberFold) memberIDs(v any) (ids []int64, err error) {
	members, _ := findAttribute(groupSchema.attributes, "members")
	list, err := normalize(members, true, v)
	if err != nil || list == nil {
		return nil, err
	}
	for _, e := range list.([]any) {
		m, _ := e.(map[string]any)
		id, err := memberID(m)
		if err != nil {
			f.unknown = append(f.unknown, stringOf(m["value"]))
			continue
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (f *memberFold) reset() { *f = memberFold{replace: true} }

func (f *memberFold) note(want bool, ids ...int64) {
	if f.wanted == nil {
		f.wanted = map[int64]bool{}
	}
	for _, id := range ids {
		if _, known := f.wanted[id]; !known {
			f.order = append(f.order, id)
		}
		f.wanted[id] = want
	}
}

// removeListed takes a list of members away; what cannot be an id is nobody's, so it is gone already.
func (f *memberFold) removeListed(v any) error {
	members, _ := findAttribute(groupSchema.attributes, "members")
	list, err := normalizeList(members, v)
	if err != nil {
		return err
	}
	for _, e := range list.([]any) {
		if id, err := memberID(e.(map[string]any)); err == nil {
			f.note(false, id)
		}
	}
	return nil
}

// applyFilter is remove members[value eq "id"], several joined by or.
func (f *memberFold) applyFilter(t target, op Operation) error {
	values, ok := memberValues(t.filter)
	if !ok || op.Op != "remove" {
		return invalid(InvalidPath, `members are chosen by value only, to be removed: members[value eq "id"]`)
	}
	for _, v := range values {
		if id, ok := ParseID(v); ok {
			f.note(false, id)
		}
	}
	return nil
}

func memberValues(e expr) ([]string, bool) {
	switch e := e.(type) {
	case logical:
		left, okL := memberValues(e.left)
		right, okR := memberValues(e.right)
		return append(left, right...), okL && okR && e.or
	case comparison:
		plain := e.path.urn == "" && e.path.sub == "" && strings.EqualFold(e.path.name, "value")
		return []string{e.lit.text}, plain && e.op == scim.EQ && e.lit.kind == wordLit
	}
	return nil, false
}

func (f *memberFold) change() MemberChange {
	out := MemberChange{Replace: f.replace, Unknown: f.unknown}
	for _, id := range f.order {
		switch {
		case f.wanted[id]:
			out.Add = append(out.Add, id)
		case !f.replace:
			out.Remove = append(out.Remove, id)
		}
	}
	return out
}
