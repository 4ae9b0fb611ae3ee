package mlflow

import (
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// registryService is the audit service of the registry (databricks-api.md §1.8).
const registryService = "modelRegistry"

// registryRoutes is the table of the model registry; each file of a noun has its own part of it.
func (f *Front) registryRoutes() []api.Route {
	return slices.Concat(f.registeredRoutes(), f.versionRoutes(), f.aliasRoutes(), f.registryFileRoutes())
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

// findRegistered finds a registered model. Whoever may not know of it is told what is said of one that does not exist.
func findRegistered(c *api.Call, name string) (*authz.Object, api.Target, error) {
	if name == "" {
		return nil, api.Target{}, fail.Invalidf("Missing value for required parameter 'name'.")
	}
	absent := store.NotARegisteredModel(name)
	o, ok := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name)
	if !ok {
		return nil, api.Target{}, absent
	}
	return o, api.Target{Object: o.ID, Absent: absent}, nil
}

// version makes the finder of routes about one version: the decision is about its model.
func version[Q any](name, number func(*Q) string) api.Finder[*registry.Version, Q] {
	return func(c *api.Call, q *Q) (*registry.Version, api.Target, error) {
		return findVersion(c, name(q), number(q))
	}
}

// findVersion finds a version of a model. Who may not look at the model is told the same whether the version exists or not.
func findVersion(c *api.Call, name, number string) (*registry.Version, api.Target, error) {
	o, target, err := findRegistered(c, name)
	if err != nil {
		return nil, target, err
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, target, fail.Invalidf("Invalid value %q for parameter 'version' supplied: it must be an integer", number)
	}
	if !c.Can(authz.ViewModel, o.ID) { // refused by every route about versions, and not told what there is
		return &registry.Version{Model: o.ID, Name: o.Name, Number: n}, target, nil
	}
	v, err := c.Tx.ModelVersion(registry.Key{Model: o.ID, Number: n})
	if err != nil {
		return nil, target, err
	}
	target.Name = o.Name + "/" + number
	return v, target, nil
}

// noteVersion puts into the ledger entry which version the call was about.
func noteVersion(c *api.Call, v *registry.Version) {
	c.Note("name", v.Name)
	c.Note("version", strconv.FormatInt(v.Number, 10))
}

// event begins what webhooks are told of a version, or of a model where there is none.
func event(c *api.Call, kind registry.EventKind, v *registry.Version) *registry.Event {
	return &registry.Event{Kind: kind, Model: v.Model, Name: v.Name, Version: v.Number, Actor: c.Who.Principal, User: c.Principal().Name, At: c.Tx.Now,
		Source: v.Source, Run: v.Run, Description: v.Description, Tags: v.Tags}
}

// modelEvent begins what webhooks are told of a model as a whole.
func modelEvent(c *api.Call, kind registry.EventKind, m *registry.Model) *registry.Event {
	e := event(c, kind, &registry.Version{Model: m.ID, Name: m.Name, Description: m.Description, Tags: m.Tags})
	e.Prompt = m.Prompt()
	return e
}
