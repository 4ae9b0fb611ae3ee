package authz

import "slices"

// closure is S(P): a principal, its groups transitively, and `users`.
type closure struct {
	id             int64
	ids            []int64 // ascending
	active, group  bool    // copied from the principal: a decision then touches nothing else of it
	admin, auditor bool
	directory      bool // provisions, and does nothing else
}

func (c *closure) has(id int64) bool {
	_, ok := slices.BinarySearch(c.ids, id)
	return ok
}

// counts says whether anything is to be had by the principal: he is there, and active unless a group.
func (c *closure) counts() bool { return c != nil && (c.active || c.group) }

// closureOf gives S(P), nil for an unknown principal. It is worked out once and carried from map to map until memberships change.
func (m *Map) closureOf(id int64) *closure {
	if c, ok := m.closures.get(uint64(id)); ok {
		return c
	}
	p, ok := m.Principal(id)
	if !ok {
		return nil
	}
	c := &closure{id: p.ID, active: p.Active, group: p.Kind == Group, directory: p.Directory != "", ids: []int64{p.ID}}
	m.climb(p, c)
	if !slices.Contains(c.ids, GroupUsers) {
		c.ids = append(c.ids, GroupUsers)
	}
	slices.Sort(c.ids)
	c.admin, c.auditor = c.has(GroupAdmins), c.has(GroupAuditors)
	m.closures.put(uint64(p.ID), c)
	return c
}

// climb adds the groups above p that are not there yet, so a cycle of groups ends.
func (m *Map) climb(p *Principal, c *closure) {
	for _, id := range p.Parents {
		if slices.Contains(c.ids, id) {
			continue
		}
		c.ids = append(c.ids, id)
		if group, ok := m.Principal(id); ok {
			m.climb(group, c)
		}
	}
}

// generation holds what was worked out from the grants and the places of objects. Maps share one until a grant, a place or a setting
// changes; new objects only add to it.
type generation struct {
	scopes  memo[*cachedScope]
	visible memo[*cachedVisible]
}

// freshOwner is a list of the objects that own permissions and were made within a generation, newest first. Lists are compared by
// address: two maps made from the same one never take what the other added for their own.
type freshOwner struct {
	object int64
	older  *freshOwner
	n      int
}

// since gives the objects added to the list after old; ok is false when old is not a part of it.
func (f *freshOwner) since(old *freshOwner) (added []int64, ok bool) {
	for ; f != nil && f != old; f = f.older {
		added = append(added, f.object)
	}
	return added, f == old
}
