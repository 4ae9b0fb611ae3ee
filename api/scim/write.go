package scim

import (
	"crypto/rand"
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/store"
	"bailiwick/workspace"
)

// create makes a principal, with his home folder or with its members.
func (s served) create(c *api.Call, _ int64, q *request) (*identity.Document, error) {
	in, err := identity.Decode(s.kind, q.Body)
	if err != nil {
		return nil, err
	}
	next := in.Resource
	next.ID, next.Created, next.Modified = store.NewPrincipalID(), c.Tx.Now, c.Tx.Now
	if s.kind == authz.ServicePrincipal && next.ApplicationID == "" {
		if next.ApplicationID, err = identity.NewApplicationID(rand.Reader); err != nil {
			return nil, err
		}
	}
	if err := identity.Validate(next); err != nil {
		return nil, err
	}
	w := writing{c: c, noun: s.noun, next: next, members: identity.MemberChange{Add: in.Members}}
	if w.parents, err = groupsNamed(c.Tx.Map, in.Groups); err != nil {
		return nil, err
	}
	if err := w.run(); err != nil {
		return nil, err
	}
	c.SetStatus(201)
	return s.answer(c, next.ID)
}

// groupsNamed checks the groups that a new principal asks to be in.
func groupsNamed(m *authz.Map, ids []int64) (groups []int64, err error) {
	for _, id := range ids {
		if p, ok := m.Principal(id); !ok || p.Kind != authz.Group {
			return nil, absentMember("group", id)
		}
		if id != authz.GroupUsers {
			groups = append(groups, id)
		}
	}
	return groups, nil
}

// replace is PUT.
func (s served) replace(c *api.Call, p *authz.Principal, q *request) (*identity.Document, error) {
	in, err := identity.Decode(s.kind, q.Body)
	if err != nil {
		return nil, err
	}
	err = s.change(c, p, func(old identity.Resource) (identity.Change, error) { return identity.Replace(old, in) })
	if err != nil {
		return nil, err
	}
	return s.answer(c, p.ID)
}

// patch is PATCH; Databricks answers it without a body.
func (s served) patch(c *api.Call, p *authz.Principal, q *request) (*identity.Document, error) {
	ops, err := identity.DecodePatch(q.Body)
	if err != nil {
		return nil, err
	}
	err = s.change(c, p, func(old identity.Resource) (identity.Change, error) { return identity.Patch(old, ops) })
	c.SetStatus(204)
	return nil, err
}

// change reads a principal, lets rule work out what he is to be, and writes that.
func (s served) change(c *api.Call, p *authz.Principal, rule func(identity.Resource) (identity.Change, error)) error {
	old, err := c.Tx.Resource(p)
	if err != nil {
		return err
	}
	change, err := rule(old)
	if err != nil {
		return err
	}
	if err := identity.CheckRename(old, change.Resource); err != nil {
		return err
	}
	w := writing{c: c, noun: s.noun, was: p, old: old, next: change.Resource, parents: p.Parents, members: change.Members}
	return w.run()
}

// answer shows a principal after a change.
func (s served) answer(c *api.Call, id int64) (*identity.Document, error) {
	p, _ := c.Tx.Map.Principal(id)
	doc, err := s.get(c, p, &request{})
	if err == nil {
		c.SetHeader("Location", c.BaseURL()+s.prefix+s.path+"/"+identity.FormatID(id))
	}
	return doc, err
}

// writing is a principal on the way into the map and the store, new or changed.
type writing struct {
	c    *api.Call
	noun noun
	was  *authz.Principal // nil for a new one
	old  identity.Resource
	next identity.Resource
	// parents are the groups the principal is to be in directly.
	parents []int64
	members identity.MemberChange

	added, removed []int64
}

// run holds the change against the rules that need other principals, writes it, and says in the ledger what was done.
func (w *writing) run() error {
	if err := w.checkName(); err != nil {
		return err
	}
	events, err := w.events()
	if err != nil {
		return err
	}
	tx := w.c.Tx
	if err := tx.Govern(events...); err != nil {
		return err
	}
	if err := checkAdmins(tx.Map); err != nil {
		return err
	}
	if err := tx.PutResource(w.next); err != nil {
		return err
	}
	return w.describe()
}

// checkName refuses a name that somebody else has, and one that no home folder can have, now or when it is kept after its owner.
func (w *writing) checkName() error {
	name := w.next.Name()
	if err := identity.CheckGroupName(w.next.ID, name); w.next.Kind == authz.Group && err != nil {
		return err
	}
	if p, ok := w.c.Tx.Map.PrincipalByName(namespace(w.next.Kind), name); ok && p.ID != w.next.ID {
		return identity.NameTaken(w.next.Kind, name)
	}
	if w.next.Kind == authz.Group {
		return nil
	}
	_, err := workspace.RemovedHomePath(name, identity.FormatID(w.next.ID))
	return invalidName(err)
}

// namespace is the kind under which all names that collide with one of the kind are found: users and service principals share theirs.
func namespace(k authz.PrincipalKind) authz.PrincipalKind {
	if k == authz.Group {
		return authz.Group
	}
	return authz.User
}

// events gives the changes of the access map: the principal where he changed, his home, and each member that comes or goes.
func (w *writing) events() (events []authz.Event, err error) {
	m, p := w.c.Tx.Map, w.next.Principal(w.parents)
	if w.was == nil || w.was.Name != p.Name || w.was.Shown != p.Shown || w.was.Active != p.Active {
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &p})
	}
	if !p.Active {
		events = append(events, identity.EndSessions(m, p.ID)...)
	}
	home, err := workspace.HomeEvents(m, p, store.NewObjectID())
	if err != nil {
		return nil, invalidName(err)
	}
	if events = append(events, home...); w.next.Kind != authz.Group {
		return events, nil
	}
	members, err := w.memberEvents()
	return append(events, members...), err
}

// memberEvents gives an event for each principal that becomes a member of the group or stops being one.
func (w *writing) memberEvents() (events []authz.Event, err error) {
	m, group := w.c.Tx.Map, w.next.ID
	if group == authz.GroupUsers {
		return nil, identity.CheckMembers(group, w.members)
	}
	var current []int64
	for p := range m.Members(group) {
		current = append(current, p.ID)
	}
	w.added, w.removed = w.members.Delta(current)
	if err := identity.CheckMembers(group, identity.MemberChange{Add: w.added, Remove: w.removed}); err != nil {
		return nil, err
	}
	if err := identity.CheckCycle(group, w.added, func(id int64) []int64 { return parentsOf(m, id) }); err != nil {
		return nil, err
	}
	for _, id := range w.added {
		p, ok := m.Principal(id)
		if !ok {
			return nil, absentMember("member", id)
		}
		events = append(events, putWith(p, append(slices.Clone(p.Parents), group)))
	}
	for _, id := range w.removed {
		p, _ := m.Principal(id)
		events = append(events, putWith(p, slices.DeleteFunc(slices.Clone(p.Parents), func(g int64) bool { return g == group })))
	}
	return events, nil
}

func putWith(p *authz.Principal, parents []int64) authz.Event {
	next := *p
	next.Parents = parents
	return authz.Event{Op: authz.PutPrincipal, Principal: &next}
}

func parentsOf(m *authz.Map, id int64) []int64 {
	if p, ok := m.Principal(id); ok {
		return p.Parents
	}
	return nil
}

// remove deletes a principal, with entries, memberships and credentials; his home folder is put away.
func (s served) remove(c *api.Call, p *authz.Principal, _ *request) (*identity.Document, error) {
	old, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	if err := identity.CheckDelete(old); err != nil {
		return nil, err
	}
	events, err := workspace.RemoveHomeEvents(c.Tx.Map, *p)
	if err != nil {
		return nil, err
	}
	events = append(events, authz.Event{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: p.ID, Kind: p.Kind, Name: p.Name}})
	if err := c.Tx.Govern(events...); err != nil {
		return nil, err
	}
	if err := checkAdmins(c.Tx.Map); err != nil {
		return nil, err
	}
	c.Note(s.id, identity.FormatID(p.ID))
	c.Note(s.shown, p.Name)
	c.SetStatus(204)
	return nil, keepChange(c, &old, nil)
}

// checkAdmins refuses a change that left nobody active in `admins`.
func checkAdmins(m *authz.Map) error {
	left := 0
	if someActive(m, authz.GroupAdmins, map[int64]bool{}) {
		left = 1
	}
	return identity.CheckAdmins(left)
}

// someActive looks for an active user or service principal in a group and the groups within it.
func someActive(m *authz.Map, group int64, seen map[int64]bool) bool {
	seen[group] = true
	for p := range m.Members(group) {
		if p.Kind != authz.Group && p.Active || p.Kind == authz.Group && !seen[p.ID] && someActive(m, p.ID, seen) {
			return true
		}
	}
	return false
}
