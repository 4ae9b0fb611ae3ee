package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/store"
)

func (f *Front) registrySearchRoutes() []api.Route {
	return []api.Route{
		api.List("GET /registered-models/search", authz.ViewModel, authz.RegisteredModel, searchRegistered,
			audited[SearchRegisteredModels]("searchRegisteredModels")),
		api.List("GET /registered-models/list", authz.ViewModel, authz.RegisteredModel, listRegistered,
			audited[ListRegisteredModels]("listRegisteredModels")),
		api.List("GET /model-versions/search", authz.ViewModel, authz.RegisteredModel, searchVersions,
			audited[SearchModelVersions]("searchModelVersions")),
	}
}

func searchRegistered(c *api.Call, scope authz.Scope, q *SearchRegisteredModels) (*document[SearchRegisteredModelsResponse], error) {
	a := asked{domain: registry.Models, filter: q.GetFilter(), orderBy: q.OrderBy, max: q.MaxResults, token: q.GetPageToken()}
	query, hash, err := a.query(c)
	if err != nil {
		return nil, err
	}
	page, err := c.Tx.SearchRegistered(query, scope, api.StewardTags)
	if err != nil {
		return nil, err
	}
	form := formOf(c)
	bodies, err := c.Tx.RegisteredDocuments(page, int(form), form.writeRegistered(c))
	if err != nil {
		return nil, err
	}
	return &document[SearchRegisteredModelsResponse]{pageOfBodies(c, "registered_models", bodies, page.Page, hash)}, nil
}

// writeRegistered writes registered models for the pages of searches, as registeredAnswer does.
func (f form) writeRegistered(c *api.Call) store.WriteRegistered {
	return func(dst []byte, m *registry.Model, o *authz.Object, latest []*registry.Version) []byte {
		m.Tags = append(m.Tags, api.StewardTags(c.Tx.Map, o)...)
		return AppendJSON(dst, f.registeredModel(m, userOf(c, m.Creator), latest))
	}
}

// ListRegisteredModels is the query of the old GET /registered-models/list, which clients before MLflow 2 and the Databricks SDKs call.
type ListRegisteredModels struct {
	MaxResults *int64  `wire:"max_results,maxResults"`
	PageToken  *string `wire:"page_token,pageToken"`
}

func listRegistered(c *api.Call, scope authz.Scope, q *ListRegisteredModels) (*document[SearchRegisteredModelsResponse], error) {
	return searchRegistered(c, scope, &SearchRegisteredModels{MaxResults: q.MaxResults, PageToken: q.PageToken})
}

func searchVersions(c *api.Call, scope authz.Scope, q *SearchModelVersions) (*document[SearchModelVersionsResponse], error) {
	a := asked{domain: registry.Versions, filter: q.GetFilter(), orderBy: q.OrderBy, max: q.MaxResults, token: q.GetPageToken()}
	query, hash, err := a.query(c)
	if err != nil {
		return nil, err
	}
	page, err := c.Tx.SearchVersions(query, scope, api.StewardTags)
	if err != nil {
		return nil, err
	}
	form := formOf(c)
	bodies, err := c.Tx.VersionDocuments(page, int(form), func(dst []byte, v *registry.Version) []byte {
		return AppendJSON(dst, form.modelVersion(v))
	})
	if err != nil {
		return nil, err
	}
	return &document[SearchModelVersionsResponse]{pageOfBodies(c, "model_versions", bodies, page.Page, hash)}, nil
}
