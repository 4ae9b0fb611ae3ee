package authz

import (
	"slices"
	"time"
)

// Scope says which rows a list may hold. Only ScopeOf makes one that admits anything; the zero value admits nothing. It speaks of
// permissions and not of the trash: a list leaves out rows that are in it or below (Map.InTrash).
type Scope struct {
	all     bool
	acls    []int64
	creator int64
}

// All says that every row is admitted; ACLs and Creator are then empty.
func (s Scope) All() bool { return s.all }

// ACLs gives the owners of permissions (Map.ACLOwner, the rows' acl_id) whose rows are admitted, ascending. The caller must not change it.
func (s Scope) ACLs() []int64 { return s.acls }

// Creator gives the principal whose own rows are admitted besides, where the creator still manages them; 0 for none.
func (s Scope) Creator() int64 { return s.creator }

// Admits says whether a row is admitted.
func (s Scope) Admits(aclOwner, creator int64, creatorManages bool) bool {
	if s.all || creatorManages && creator != 0 && creator == s.creator {
		return true
	}
	_, ok := slices.BinarySearch(s.acls, aclOwner)
	return ok
}

// ScopeOf gives the scope of a list: the rows on which who has the ability. It agrees with Decide on every object outside the trash, with
// two exceptions that no list asks for: creating in the root (which Decide closes to all but administrators), and ListItems where names are
// hidden (folders that are listed only for what lies below them are not in the scope).
func ScopeOf(m *Map, who Who, ability Ability, when time.Time) Scope {
	c, _ := m.caller(&who, ability, when)
	if c == nil {
		return Scope{}
	}
	if m.sweeps(c, ability) {
		return Scope{all: true}
	}
	if kindsWith(ability) == 1<<Workspace {
		return Scope{}
	}
	return m.scope(c, ability)
}

type cachedScope struct {
	of    *closure
	fresh *freshOwner
	scope Scope
}

// scope gives what is remembered, after a look at what was added since, or works it out.
func (m *Map) scope(c *closure, ability Ability) Scope {
	key := uint64(c.id)<<abilityBits | uint64(ability)
	old, ok := m.known.scopes.get(key)
	if ok && old.of == c && old.fresh == m.fresh {
		return old.scope
	}
	next := &cachedScope{of: c, fresh: m.fresh, scope: Scope{creator: c.id}}
	next.scope.acls = m.admitted(old, c, ability)
	m.known.scopes.put(key, next)
	return next.scope
}

// abilityBits leaves room for all abilities beside an id below 2^53.
const abilityBits = 10

func (m *Map) admitted(old *cachedScope, c *closure, ability Ability) []int64 {
	if old != nil && old.of == c {
		if added, ok := m.fresh.since(old.fresh); ok {
			return m.admit(slices.Clone(old.scope.acls), slices.Values(added), c, ability)
		}
	}
	return m.admit(nil, m.ACLOwners(), c, ability)
}

func (m *Map) admit(acls []int64, owners func(func(int64) bool), c *closure, ability Ability) []int64 {
	for id := range owners {
		if o, ok := m.Object(id); ok && m.gives(o, c, ability) {
			acls = append(acls, id)
		}
	}
	slices.Sort(acls)
	return acls
}

// gives says whether a closure's level on an owner of permissions gives the ability on what has its permissions.
func (m *Map) gives(o *Object, c *closure, ability Ability) bool {
	g, _ := m.highest(o, c)
	return m.levelsBelow(o, ability).has(g.level) || m.opens(o.Kind, ability)
}

// levelsBelow gives the levels on an owner of permissions that give an ability on what may have its permissions. The kinds of the tree that
// share an ability share its cells, which a test holds.
func (m *Map) levelsBelow(o *Object, ability Ability) (s levelSet) {
	for k := Directory; k < kindEnd; k++ {
		below := o.isRoot() && kinds[k].Root == o.ID || o.Kind == Directory && k.InTree()
		if k == o.Kind || below {
			s |= ruleOf(k, ability).levels
		}
	}
	if ability == ListItems && m.hideList {
		s &^= 1 << NoLevel
	}
	return s
}

// sweeps says whether a closure has the ability on everything that can have it.
func (m *Map) sweeps(c *closure, ability Ability) bool {
	everywhere, with := true, kindsWith(ability)
	for k := Directory; k < kindEnd; k++ {
		if with>>k&1 == 1 {
			everywhere = everywhere && m.sweepsKind(c, k, ability)
		}
	}
	return everywhere && with != 0
}

func (m *Map) sweepsKind(c *closure, k Kind, ability Ability) bool {
	law := ruleOf(k, ability)
	if c.auditor && law.auditors || c.directory && law.directories {
		return true
	}
	root, _ := m.Object(kinds[k].Root)
	g, _ := m.highest(root, c)
	if c.admin {
		g.level = kinds[k].Manage
	}
	if ability == ListItems && m.hideList {
		law.levels &^= 1 << NoLevel
	}
	return law.levels.has(g.level) || law.levels.has(NoLevel) || m.opens(k, ability)
}

// kindsWith gives the kinds that know an ability, a bit each.
func kindsWith(ability Ability) (s uint32) {
	for k := Directory; k < kindEnd; k++ {
		if k.Has(ability) {
			s |= 1 << k
		}
	}
	return s
}
