package authz

import "iter"

// Home gives the home folder of a user or service principal, wherever it lies: below /Users, or among the removed ones.
func (m *Map) Home(principal int64) (*Object, bool) {
	for o := range m.objectsWith(principal) {
		if o.Home == principal {
			return o, true
		}
	}
	return nil, false
}

// ManagedBy gives what a principal manages by his own name, ids ascending: what he made, what an entry gives him, his home and what lies
// directly in it. The trash is included.
func (m *Map) ManagedBy(principal int64) iter.Seq[*Object] {
	ids := m.created.of(principal)
	for o := range m.objectsWith(principal) {
		if o.entryOf(principal) == kinds[o.Kind].Manage || o.Home == principal {
			ids = ids.with(uint64(o.ID), struct{}{})
		}
		if o.Home != principal {
			continue
		}
		for child := range m.Children(o.ID) {
			ids = ids.with(uint64(child.ID), struct{}{})
		}
	}
	return m.each(ids)
}
