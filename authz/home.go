package authz

// Home gives the home folder of a user or service principal, wherever it lies: below /Users, or among the removed ones.
func (m *Map) Home(principal int64) (*Object, bool) {
	for o := range m.objectsWith(principal) {
		if o.Home == principal {
			return o, true
		}
	}
	return nil, false
}
