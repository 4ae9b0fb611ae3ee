package governance

import (
	"encoding/json"

	"bailiwick/api"
	"bailiwick/authz"
)

// makeAbility is what lets somebody make something for which an object may require tags.
var makeAbility = map[authz.Kind]authz.Ability{authz.Directory: authz.CreateExperiments, authz.RegisteredModel: authz.CreateModel}

// findRequiring finds a folder or the registry for those who may make something there, and for who reads permissions.
func findRequiring(c *api.Call, q *objectRequest) (*authz.Object, api.Target, error) {
	return findNamed(c, q.Object, makeAbility)
}

// requiredAnswer is what must be given when something is made in an object, nearest first; From says which object requires it.
type requiredAnswer struct {
	Object objectRef     `json:"object"`
	Tags   []requiredTag `json:"required_tags"`
}

type requiredTag struct {
	Key string `json:"key"`
	// Allowed are the values it may have; none = any that is not empty.
	Allowed []string `json:"allowed,omitempty"`
	// Inherited says that it is required of an object above, From of which, By who asked for it.
	Inherited bool       `json:"inherited,omitempty"`
	From      *objectRef `json:"from,omitempty"`
	By        string     `json:"asked_by,omitempty"`
}

func getRequired(c *api.Call, o *authz.Object, _ *objectRequest) (*requiredAnswer, error) {
	if _, err := c.Tx.Map.CheckRequiredTags(o, nil); err != nil {
		return nil, err
	}
	return requiredOf(c.Tx.Map, o), nil
}

func requiredOf(m *authz.Map, o *authz.Object) *requiredAnswer {
	a := &requiredAnswer{Object: objectOf(m, o.ID), Tags: []requiredTag{}}
	kind := authz.Experiment
	if o.ID == authz.ModelsRoot {
		kind = authz.RegisteredModel
	}
	for _, r := range m.RequiredFor(o.ID, kind) {
		from := objectOf(m, r.Object)
		a.Tags = append(a.Tags, requiredTag{r.Key, r.Allowed, r.Object != o.ID, &from, principalOf(m, r.By).Name})
	}
	return a
}

// requiredChange replaces what the object itself requires.
type requiredChange struct {
	Object string       `json:"-" query:"object"`
	Tags   []requireTag `json:"required_tags"`
}

// requireTag is a tag that is to be required.
type requireTag struct {
	Key string `json:"key"`
	// Allowed are the values that it may have; none = any that is not empty.
	Allowed []string `json:"allowed,omitempty"`
}

// findRequired finds a folder or the registry for those who may change its permissions.
func findRequired(c *api.Call, q *requiredChange) (*authz.Object, api.Target, error) {
	o, err := findObject(c, q.Object)
	if err != nil {
		return nil, api.Target{}, err
	}
	return o, api.Target{Object: o.ID, Absent: absentObject(q.Object)}, nil
}

// putRequired replaces what an object requires. What is required still as it was keeps who asked for it.
func putRequired(c *api.Call, o *authz.Object, q *requiredChange) (*requiredAnswer, error) {
	var tags []authz.RequiredTag
	for _, t := range q.Tags {
		tags = append(tags, authz.RequiredTag{Key: t.Key, Allowed: t.Allowed, By: c.Who.Principal})
	}
	tags, err := c.Tx.Map.CheckRequiredTags(o, tags)
	if err != nil {
		return nil, err
	}
	before := c.Tx.Map.RequiredHere(o.ID)
	authz.KeepAskers(tags, before)
	change := authz.RequiredTags{Object: o.ID, Tags: tags}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutRequired, Required: &change}); err != nil {
		return nil, err
	}
	was, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	is, err := json.Marshal(tags)
	c.Change(was, is)
	return requiredOf(c.Tx.Map, o), err
}
