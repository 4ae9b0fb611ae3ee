package scim

import (
	"cmp"
	"crypto/rand"
	"net/http"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
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
	if refused, err := w.run(); err != nil || refused != nil {
		return refused, err
	}
	c.SetStatus(201)
	return s.answer(c, next.ID, q)
}

// groupsNamed checks the groups that a new principal asks to be in.
func groupsNamed(m *authz.Map, ids []int64) (groups []int64, err error) {
	for _, id := range ids {
		if p, ok := m.Principal(id); !ok || p.Kind != authz.Group {
			return nil, fail.New(fail.Invalid, "group %d does not exist", id).WithCode(identity.InvalidValue)
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
	refused, err := s.change(c, p, func(old identity.Resource) (identity.Change, error) { return identity.Replace(old, in) })
	if err != nil || refused != nil {
		return refused, err
	}
	return s.answer(c, p.ID, q)
}

// mostShown is up to how many members a group is shown after a PATCH: to write thousands would cost more than the change.
const mostShown = 200

// patch is PATCH.
func (s served) patch(c *api.Call, p *authz.Principal, q *request) (*identity.Document, error) {
	ops, err := identity.DecodePatch(q.Body)
	if err != nil {
		return nil, err
	}
	refused, err := s.change(c, p, func(old identity.Resource) (identity.Change, error) { return identity.Patch(old, ops) })
	switch {
	case err != nil || refused != nil:
		return refused, err
	case q.Attributes != "" || s.tells && c.Tx.Map.MemberCount(p.ID) <= mostShown:
		return s.answer(c, p.ID, q)
	}
	c.SetStatus(204)
	return nil, nil
}

// change reads a principal, lets rule work out what he is to be, and writes that.
func (s served) change(c *api.Call, p *authz.Principal, rule func(identity.Resource) (identity.Change, error)) (*identity.Document, error) {
	old, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	if err := identity.CheckMatch(c.Header("If-Match"), old.ETag()); err != nil {
		return nil, err
	}
	change, err := rule(old)
	if err != nil {
		return nil, err
	}
	if err := identity.CheckRename(old, change.Resource); err != nil {
		return nil, err
	}
	w := writing{c: c, noun: s.noun, was: p, old: old, next: change.Resource, parents: p.Parents, members: change.Members,
		lenient: s.tells && c.Method() == http.MethodPatch}
	return w.run()
}

// answer shows a principal after a change.
func (s served) answer(c *api.Call, id int64, q *request) (*identity.Document, error) {
	p, _ := c.Tx.Map.Principal(id)
	doc, err := s.get(c, p, &request{Attributes: q.Attributes, Excluded: q.Excluded})
	if err == nil {
		c.SetHeader("Location", s.base(c)+s.path+"/"+identity.FormatID(id))
	}
	return doc, err
}

// remove deletes a principal, with entries, memberships and credentials; his home folder is put away.
func (s served) remove(c *api.Call, p *authz.Principal, _ *request) (*identity.Document, error) {
	old, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	if err := identity.CheckMatch(c.Header("If-Match"), old.ETag()); err != nil {
		return nil, err
	}
	if err := identity.CheckDelete(old); err != nil {
		return nil, err
	}
	if refused, err := s.mayRemove(c, old); err != nil || refused != nil {
		return refused, err
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

// mayRemove refuses who would delete what another source owns.
func (s served) mayRemove(c *api.Call, old identity.Resource) (*identity.Document, error) {
	writer, owner := writerOf(c), old.Source.Or()
	if s.kind == authz.Group {
		if err := identity.CheckProvisioned(c.Tx.Map, writer, old.ID); err != nil {
			return nil, c.Refuse(err)
		}
	}
	if writer == owner || writer == identity.Manual && owner.SignsIn() {
		return nil, nil
	}
	return refuse(c, []identity.Conflict{{
		Principal: old.ID, Attribute: identity.AboutExistence, Writer: writer, Owner: owner, Wish: "remove",
	}})
}

// writerOf is whose word the caller's is: a directory's, or else an administrator's own.
func writerOf(c *api.Call) identity.Source {
	if p := c.Principal(); p.Directory != "" {
		return identity.FromDirectory(p.Directory)
	}
	return identity.Manual
}

// mostNotedConflicts is how many conflicts of one request are kept; the rest of a long list comes with the next try, when these are decided.
const mostNotedConflicts = 1000

// noteConflicts keeps what the caller does not get.
func noteConflicts(c *api.Call, conflicts []identity.Conflict) error {
	for _, k := range conflicts[:min(len(conflicts), mostNotedConflicts)] {
		if err := c.Tx.NoteConflict(k); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers a write of what another source owns. It is an answer and no error, so that the conflicts are kept.
func refuse(c *api.Call, conflicts []identity.Conflict) (*identity.Document, error) {
	if err := noteConflicts(c, conflicts); err != nil {
		return nil, err
	}
	detail := identity.ConflictDetail(conflicts, func(id int64) string {
		if p, ok := c.Tx.Map.Principal(id); ok {
			return cmp.Or(p.Shown, p.Name)
		}
		return "somebody new"
	})
	c.Action("identityConflict")
	c.Note("source", string(conflicts[0].Writer))
	c.Note("detail", detail)
	c.SetStatus(409)
	doc := identity.ConflictDocument(detail)
	return &doc, nil
}
