package scim

import (
	"cmp"
	"net/http"
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// get gives one principal.
func (s served) get(c *api.Call, p *authz.Principal, q *request) (*identity.Document, error) {
	show, err := identity.ParseProjection(q.Attributes, q.Excluded)
	if err != nil {
		return nil, err
	}
	r, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	c.SetHeader("ETag", r.ETag())
	if c.Method() == http.MethodGet && identity.Matches(c.Header("If-None-Match"), r.ETag()) {
		c.SetStatus(http.StatusNotModified)
		return nil, nil
	}
	doc := show.Apply(r.Render(s.view(c, p, show.Wants)))
	return &doc, nil
}

// me gives the caller himself.
func (d *dialect) me(c *api.Call, _ int64, q *request) (*identity.Document, error) {
	show, err := identity.ParseProjection(q.Attributes, q.Excluded)
	if err != nil {
		return nil, err
	}
	p := c.Principal()
	r, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	doc := show.Apply(r.RenderMe(d.view(c, p, show.Wants)))
	return &doc, nil
}

// question is what a list was asked.
type question struct {
	filter identity.Filter
	show   identity.Projection
	sort   identity.Sort
	page   identity.Paging
	// plain: neither filtered nor sorted, so that only the page need be read.
	plain bool
}

func questionOf(q *request) (out question, err error) {
	if out.filter, err = identity.ParseFilter(q.Filter); err != nil {
		return out, err
	}
	if out.show, err = identity.ParseProjection(q.Attributes, q.Excluded); err != nil {
		return out, err
	}
	if out.sort, err = identity.ParseSort(q.SortBy, q.SortOrder); err != nil {
		return out, err
	}
	out.plain = out.filter.All() && q.SortBy == ""
	out.page, err = identity.ParsePaging(q.Start, q.Count)
	return out, err
}

// wants tells which attributes are worth working out: those that are shown, and those that the filter looks at.
func (q *question) wants(attr string) bool { return q.show.Wants(attr) || q.filter.Mentions(attr) }

// list gives a page of the principals that the filter lets through, ids ascending unless sorted otherwise.
func (s served) list(c *api.Call, _ int64, r *request) (*identity.List, error) {
	q, err := questionOf(r)
	if err != nil {
		return nil, err
	}
	found, err := s.candidates(c, q.filter)
	if err != nil {
		return nil, err
	}
	if q.plain {
		return s.page(c, found, &q)
	}
	docs, err := s.render(c, found, &q)
	if err != nil {
		return nil, err
	}
	q.sort.Apply(docs)
	return q.paged(docs), nil
}

// page gives a page of all there are; only those that it shows are read.
func (s served) page(c *api.Call, all []*authz.Principal, q *question) (*identity.List, error) {
	from, to := q.page.Window(len(all))
	docs, err := s.render(c, all[from:to], q)
	if err != nil {
		return nil, err
	}
	for i := range docs {
		docs[i] = q.show.Apply(docs[i])
	}
	list := identity.NewList(len(all), q.page, docs)
	return &list, nil
}

// render gives the documents of the principals that the filter lets through.
func (s served) render(c *api.Call, of []*authz.Principal, q *question) ([]identity.Document, error) {
	resources, err := c.Tx.Resources(of)
	if err != nil {
		return nil, err
	}
	docs := make([]identity.Document, 0, len(of))
	for i, r := range resources {
		if doc := r.Render(s.view(c, of[i], q.wants)); q.filter.Match(doc) {
			docs = append(docs, doc)
		}
	}
	return docs, nil
}

// candidates gives the principals among which all that match are, ids ascending: the one that an index finds, or everybody of the kind.
func (s served) candidates(c *api.Call, f identity.Filter) ([]*authz.Principal, error) {
	attr, value, ok := f.Lookup()
	switch {
	case ok && attr == "id":
		id, _ := identity.ParseID(value)
		return s.byID(c.Tx.Map, id), nil
	case ok && attr == "externalId":
		ids, err := c.Tx.PrincipalsByExternalID(value)
		return s.byID(c.Tx.Map, ids...), err
	case ok && attr == nameAttribute[s.kind]:
		if p, ok := c.Tx.Map.PrincipalByName(s.kind, value); ok {
			return s.byID(c.Tx.Map, p.ID), nil
		}
		return nil, nil
	}
	var all []*authz.Principal
	for p := range c.Tx.Map.Principals() {
		if p.Kind == s.kind {
			all = append(all, p)
		}
	}
	return all, nil
}

// nameAttribute is the attribute that the access map finds a kind by.
var nameAttribute = map[authz.PrincipalKind]string{
	authz.User: "userName", authz.Group: "displayName", authz.ServicePrincipal: "applicationId",
}

func (s served) byID(m *authz.Map, ids ...int64) (found []*authz.Principal) {
	for _, id := range ids {
		if p, ok := m.Principal(id); ok && p.Kind == s.kind {
			found = append(found, p)
		}
	}
	return found
}

// view gives what a principal shows beyond his attributes, as far as it is wanted.
func (d *dialect) view(c *api.Call, p *authz.Principal, wants func(string) bool) identity.View {
	v := d.style(c)
	if wants("groups") {
		v.Groups = groupsOf(c.Tx.Map, p)
	}
	if p.Kind == authz.Group && wants("members") {
		v.Members = membersOf(c.Tx.Map, p.ID)
	}
	return v
}

// groupsOf gives the groups of a principal, those he is in himself first; everybody who is no group is in `users`.
func groupsOf(m *authz.Map, p *authz.Principal) []identity.Ref {
	ids := slices.Clone(p.Parents)
	if p.Kind != authz.Group && !slices.Contains(ids, authz.GroupUsers) {
		ids = append(ids, authz.GroupUsers)
	}
	direct := len(ids)
	refs := make([]identity.Ref, 0, direct)
	for i := 0; i < len(ids); i++ {
		group, ok := m.Principal(ids[i])
		if !ok {
			continue
		}
		refs = append(refs, identity.Ref{ID: group.ID, Kind: group.Kind, Display: group.Name, Indirect: i >= direct})
		for _, above := range group.Parents {
			if !slices.Contains(ids, above) && above != p.ID {
				ids = append(ids, above)
			}
		}
	}
	return refs
}

// membersOf gives the direct members of a group; those of `users` are everybody, and not listed.
func membersOf(m *authz.Map, group int64) []identity.Ref {
	if group == authz.GroupUsers {
		return nil
	}
	var refs []identity.Ref
	for p := range m.Members(group) {
		refs = append(refs, identity.Ref{ID: p.ID, Kind: p.Kind, Display: cmp.Or(p.Shown, p.Name)})
	}
	return refs
}

// absentMember is the refusal of a member that does not exist.
func absentMember(id string) error {
	return fail.New(fail.Invalid, "member %s does not exist: a member's value is the id of a user, group or service principal", shortened(id)).
		WithCode(identity.InvalidValue)
}
