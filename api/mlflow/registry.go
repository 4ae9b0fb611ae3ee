package mlflow

import (
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/registry/webhook"
)

// registryService is the audit service of the registry (databricks-api.md §1.8).
const registryService = "modelRegistry"

// registryRoutes is the table of the model registry; each file of a noun has its own part of it.
func (f *Front) registryRoutes() []api.Route {
	return slices.Concat(f.registeredRoutes(), f.versionRoutes(), f.aliasRoutes(), f.registryFileRoutes(), f.registrySearchRoutes(),
		f.transitionRoutes(), f.commentRoutes())
}

// audited gives a route its audit names where it is read, or written behind.
func audited[Q any](action string) api.Option[Q] {
	return api.Audit[Q](api.Behind, registryService, action)
}

// recorded gives a route its audit names where each call has an entry of its own: what changes the registry.
func recorded[Q any](action string) api.Option[Q] {
	return api.Audit[Q](api.Each, registryService, action)
}

// registered makes the finder of routes about one registered model, by its name.
func registered[Q any](name func(*Q) string) api.Finder[*authz.Object, Q] {
	return func(c *api.Call, q *Q) (*authz.Object, api.Target, error) { return findRegistered(c, name(q)) }
}

// version makes the finder of routes about one version: the decision is about its model.
func version[Q any](name, number func(*Q) string) api.Finder[*registry.Version, Q] {
	return func(c *api.Call, q *Q) (*registry.Version, api.Target, error) {
		return findVersion(c, name(q), number(q))
	}
}

// findRegistered and findVersion are the finders' bodies, for routes that find more than one thing.
var findRegistered, findVersion = api.FindRegistered, api.FindVersion

// noteVersion puts into the ledger entry which version the call was about.
func noteVersion(c *api.Call, v *registry.Version) {
	c.Note("name", v.Name)
	c.Note("version", strconv.FormatInt(v.Number, 10))
}

// event begins what webhooks are told of a version, or of a model where there is none.
func event(c *api.Call, kind webhook.EventKind, v *registry.Version) *webhook.Event {
	return &webhook.Event{Kind: kind, Model: v.Model, Name: v.Name, Version: v.Number, Actor: c.Who.Principal, User: c.Principal().Name, At: c.Tx.Now,
		Source: v.Source, Run: v.Run, Description: v.Description, Tags: v.Tags, Prompt: promptVersion(v.Tags)}
}

// modelEvent begins what webhooks are told of a model as a whole.
func modelEvent(c *api.Call, kind webhook.EventKind, m *registry.Model) *webhook.Event {
	e := event(c, kind, &registry.Version{Model: m.ID, Name: m.Name, Description: m.Description, Tags: m.Tags})
	e.Prompt = m.Prompt()
	return e
}
