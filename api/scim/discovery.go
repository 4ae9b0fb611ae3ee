package scim

import (
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// discoveryRoutes say what is served, and how (RFC 7644 §4).
func (d *dialect) discoveryRoutes() []api.Route {
	workspace := api.At[request](authz.WorkspaceObject)
	types, schemas := described{d, identity.ResourceTypes}, described{d, identity.Schemas}
	return []api.Route{
		api.Read("GET /ServiceProviderConfig", authz.SignedIn, workspace, d.config),
		api.Read("GET /ResourceTypes", authz.SignedIn, workspace, types.all),
		api.Read("GET /ResourceTypes/{id}", authz.SignedIn, workspace, types.one),
		api.Read("GET /Schemas", authz.SignedIn, workspace, schemas.all),
		api.Read("GET /Schemas/{id}", authz.SignedIn, workspace, schemas.one),
	}
}

func (d *dialect) config(c *api.Call, _ int64, _ *request) (*identity.Document, error) {
	doc := identity.ServiceProviderConfig(d.base(c))
	return &doc, nil
}

// described are the documents of one kind at one address.
type described struct {
	*dialect
	documents func(identity.View) []identity.Document
}

// all gives the documents. A filter is refused, lest its answer be taken for one (RFC 7644 §4).
func (k described) all(c *api.Call, _ int64, q *request) (*identity.List, error) {
	if q.Filter != "" {
		return nil, fail.New(fail.Denied, "discovery documents are not filtered")
	}
	docs := k.documents(k.style(c))
	list := identity.NewList(len(docs), identity.Paging{Start: 1}, docs)
	return &list, nil
}

func (k described) one(c *api.Call, _ int64, q *request) (*identity.Document, error) {
	for _, doc := range k.documents(k.style(c)) {
		if id, _ := doc["id"].(string); strings.EqualFold(id, q.ID) {
			return &doc, nil
		}
	}
	return nil, fail.NotFoundf("%s is not described here.", shortened(q.ID))
}
