package databricks

import (
	"crypto/rand"
	"encoding/json"
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

var random = rand.Reader

// scopeACL names a principal's entry on a scope; Permission is of acls/put only.
type scopeACL struct {
	Scope      string `json:"scope" query:"scope"`
	Principal  string `json:"principal" query:"principal"`
	Permission string `json:"permission"`
}

type scopeEntry struct {
	Principal  string `json:"principal"`
	Permission string `json:"permission"`
}

type scopeEntries struct {
	Items []scopeEntry `json:"items"`
}

func findForACL(c *api.Call, q *scopeACL) (scope, api.Target, error) { return named(c, q.Scope) }

// whom finds the principal that an entry is for. One name stands for all kinds: a user's, a service principal's application id, a group's.
func whom(m *authz.Map, name string) (*authz.Principal, error) {
	for _, kind := range []authz.PrincipalKind{authz.User, authz.ServicePrincipal, authz.Group} {
		if p, ok := m.PrincipalByName(kind, name); ok {
			return p, nil
		}
	}
	return nil, fail.NotFoundf("User or group %.200s does not exist.", name)
}

// entriesOf gives the entries of a scope itself, its creator's too, by principal. What administrators have everywhere is not among them.
func entriesOf(m *authz.Map, object int64) (all []authz.Entry) {
	for _, e := range authz.Entries(m, object) {
		level := authz.NoLevel
		for _, l := range e.Levels {
			if !l.Inherited {
				level = max(level, l.Level)
			}
		}
		if level != authz.NoLevel {
			all = append(all, authz.Entry{Principal: e.Principal, Level: level})
		}
	}
	return all
}

func shownEntries(m *authz.Map, entries []authz.Entry) *scopeEntries {
	a := &scopeEntries{Items: []scopeEntry{}}
	for _, e := range entries {
		if p, ok := m.Principal(e.Principal); ok {
			a.Items = append(a.Items, scopeEntry{p.Name, e.Level.String()})
		}
	}
	return a
}

func putScopeACL(c *api.Call, s scope, q *scopeACL) (*empty, error) {
	c.Note("principal", q.Principal)
	c.Note("permission", q.Permission)
	level, err := authz.ParseLevel(authz.SecretScope, q.Permission)
	if err != nil {
		return nil, err
	}
	p, err := whom(c.Tx.Map, q.Principal)
	if err != nil {
		return nil, err
	}
	changed, err := authz.PatchEntries(c.Tx.Map, c.Who, s.Object, []authz.Entry{{Principal: p.ID, Level: level}})
	if err != nil {
		return nil, err
	}
	return changeEntries(c, &changed)
}

func deleteScopeACL(c *api.Call, s scope, q *scopeACL) (*empty, error) {
	c.Note("principal", q.Principal)
	p, entries, at, err := entryFor(c, s, q.Principal)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, absentEntry(p)
	}
	changed, err := authz.PutEntries(c.Tx.Map, c.Who, s.Object, slices.Delete(entries, at, at+1))
	if err != nil {
		return nil, err
	}
	return changeEntries(c, &changed)
}

func absentEntry(p *authz.Principal) error {
	return fail.NotFoundf("Principal %s has no entry on this scope.", p.Name)
}

// entryFor finds a principal and his place among the scope's entries; -1 without one.
func entryFor(c *api.Call, s scope, name string) (p *authz.Principal, entries []authz.Entry, at int, err error) {
	if p, err = whom(c.Tx.Map, name); err != nil {
		return nil, nil, 0, err
	}
	entries = entriesOf(c.Tx.Map, s.Object)
	return p, entries, slices.IndexFunc(entries, func(e authz.Entry) bool { return e.Principal == p.ID }), nil
}

// changeEntries writes the scope as it is now, with what was before and after for the ledger.
func changeEntries(c *api.Call, o *authz.Object) (*empty, error) {
	before, err := json.Marshal(shownEntries(c.Tx.Map, entriesOf(c.Tx.Map, o.ID)))
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: o}); err != nil {
		return nil, err
	}
	after, err := json.Marshal(shownEntries(c.Tx.Map, entriesOf(c.Tx.Map, o.ID)))
	c.Change(before, after)
	return &empty{}, err
}

func getScopeACL(c *api.Call, s scope, q *scopeACL) (*scopeEntry, error) {
	c.Note("principal", q.Principal)
	p, entries, at, err := entryFor(c, s, q.Principal)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		return nil, absentEntry(p)
	}
	return &scopeEntry{p.Name, entries[at].Level.String()}, nil
}

func listScopeACLs(c *api.Call, s scope, _ *scopeNamed) (*scopeEntries, error) {
	return shownEntries(c.Tx.Map, entriesOf(c.Tx.Map, s.Object)), nil
}
