package scim

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// noun is a kind of principal as the protocol names it.
type noun struct {
	kind authz.PrincipalKind
	path string // of the collection
	name string // of one, in messages
	// id and shown are the audit parameters that name one.
	id, shown string
	// added, changed and removed are the audit actions.
	added, changed, removed string
}

var nouns = []noun{
	{authz.User, "/Users", "User", "targetUserId", "targetUserName", "add", "updateUser", "delete"},
	{authz.Group, "/Groups", "Group", "targetGroupId", "targetGroupName", "createGroup", "updateGroup", "removeGroup"},
	{authz.ServicePrincipal, "/ServicePrincipals", "Service principal", "targetUserId", "targetUserName", "add", "updateServicePrincipal", "delete"},
}

// nounOf gives the words for a kind of principal.
func nounOf(k authz.PrincipalKind) noun {
	for _, n := range nouns {
		if n.kind == k {
			return n
		}
	}
	return noun{}
}

// served is a noun at one address.
type served struct {
	noun
	*dialect
}

// routes is the table of one address.
func (d *dialect) routes() []api.Route {
	workspace := api.At[request](authz.WorkspaceObject)
	table := append(d.discoveryRoutes(), api.Read("GET /Me", authz.SignedIn, workspace, d.me))
	table = append(table, api.Read("POST /.search", authz.ReadIdentities, workspace, d.searchAll))
	for _, n := range nouns {
		s := served{n, d}
		one := n.path + "/{id}"
		table = append(table,
			api.Read("GET "+n.path, authz.ReadIdentities, workspace, s.list),
			api.Read("POST "+n.path+"/.search", authz.ReadIdentities, workspace, s.search),
			api.Read("GET "+one, authz.ReadIdentities, s.find, s.get),
			api.Write("POST "+n.path, authz.ProvisionIdentities, workspace, s.create, api.As[request](n.added), api.Alone[request]),
			api.Write("PUT "+one, authz.ProvisionIdentities, s.find, s.replace, api.As[request](n.changed), api.Alone[request]),
			api.Write("PATCH "+one, authz.ProvisionIdentities, s.find, s.patch, api.As[request](n.changed), api.Alone[request]),
			api.Write("DELETE "+one, authz.ProvisionIdentities, s.find, s.remove, api.As[request](n.removed), api.Alone[request]),
		)
	}
	return table
}

// find finds the principal that a path names. Everybody who is signed in may know who is there, so an absent one is just that.
func (s served) find(c *api.Call, q *request) (*authz.Principal, api.Target, error) {
	target := api.Target{Object: authz.WorkspaceObject, Name: s.path[1:] + "/" + q.ID}
	if id, ok := identity.ParseID(q.ID); ok {
		if p, ok := c.Tx.Map.Principal(id); ok && p.Kind == s.kind {
			return p, target, nil
		}
	}
	return nil, target, fail.NotFoundf("%s with id %s not found.", s.name, shortened(q.ID))
}

// shortened keeps a message readable, whatever a path said.
func shortened(id string) string {
	if len(id) > 40 {
		return id[:40] + "…"
	}
	return id
}
