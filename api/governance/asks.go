package governance

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// askRoutes are the questions about access. One may ask about oneself; about others, administrators and auditors may.
func (f *Front) askRoutes() []api.Route {
	others := authz.AskAboutOthers
	return []api.Route{
		api.Read("GET /can", authz.AskAboutSelf, findAsked[canRequest], can, api.Or[canRequest](others)),
		api.Read("GET /who-can", authz.ReadPermissions, findWhoCan, whoCan, api.Audit[whoCanRequest](api.Each, "", "whoCan")),
		api.Read("GET /what-can", authz.AskAboutSelf, findAsked[whatCanRequest], whatCan, api.Or[whatCanRequest](others)),
		api.Read("GET /abilities", authz.SignedIn, api.At[nothing](authz.WorkspaceObject), abilities),
		api.Read("GET /objects/{kind}/{id}/explain", authz.ReadPermissions, findExplained, explain,
			api.Audit[explainRequest](api.Each, "", "explainPermissions")),
	}
}

// principalRef names a principal in an answer.
type principalRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

func principalOf(m *authz.Map, id int64) principalRef {
	ref := principalRef{ID: strconv.FormatInt(id, 10)}
	if p, ok := m.Principal(id); ok {
		ref.Name, ref.Kind = p.Name, p.Kind.String()
	}
	return ref
}

// objectRef names an object in an answer: Name as in the permissions API, and the path of what lies in the workspace tree.
type objectRef struct {
	Object string `json:"object"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Path   string `json:"path,omitempty"`
}

func objectOf(m *authz.Map, id int64) objectRef {
	o, ok := m.Object(id)
	if !ok {
		return objectRef{Object: strconv.FormatInt(id, 10)}
	}
	return objectRef{authz.RequestName(o), o.Kind.String(), o.Name, m.Path(id)}
}

// asker is a request that may ask about a principal other than the caller.
type asker interface{ asked() string }

// findAsked is the finder of questions about somebody: about others the ability is another. Whether the somebody exists is looked at
// later, so that who may not ask learns nothing.
func findAsked[Q any](c *api.Call, q *Q) (int64, api.Target, error) {
	t := api.Target{Object: authz.WorkspaceObject}
	text := any(q).(asker).asked()
	p, ok := findPrincipal(c.Tx.Map, text)
	switch {
	case text == "":
		return c.Who.Principal, t, nil
	case ok && p.ID == c.Who.Principal:
		return p.ID, t, nil
	case !ok:
		t.Ability = authz.AskAboutOthers
		return -1, t, nil
	}
	t.Ability = authz.AskAboutOthers
	return p.ID, t, nil
}

// findPrincipal finds a principal by name, application id or id.
func findPrincipal(m *authz.Map, text string) (*authz.Principal, bool) {
	if p, ok := m.PrincipalByName(0, text); ok {
		return p, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, false
	}
	return m.Principal(id)
}

// findObject finds the object that a question names. The answer for what does not exist is the same as for what may not be known.
func findObject(c *api.Call, text string) (*authz.Object, error) {
	absent := absentObject(text)
	if text == "" {
		return nil, fail.Invalidf("object is missing: name one as experiments/123, directories/456, runs/…, or by its workspace path")
	}
	if run, ok := strings.CutPrefix(text, "runs/"); ok {
		return experimentOf(c, run, absent)
	}
	if o, ok := c.Tx.Map.Find(text); ok {
		return o, nil
	}
	return nil, absent
}

// experimentOf gives the experiment that a run follows.
func experimentOf(c *api.Call, run string, absent error) (*authz.Object, error) {
	h, err := c.Tx.RunHead(run)
	if fail.Is(err, fail.NotFound) {
		return nil, absent
	} else if err != nil {
		return nil, err
	}
	if o, ok := c.Tx.Map.Object(h.Experiment); ok {
		return o, nil
	}
	return nil, absent
}

// parseAbility reads an ability's name; one that the object's kind does not have is an error that lists those it has.
func parseAbility(kind authz.Kind, name string) (authz.Ability, error) {
	var a authz.Ability
	err := a.UnmarshalText([]byte(name))
	if err == nil && kind.Has(a) {
		return a, nil
	}
	var known []string
	for _, row := range authz.Rows(kind) {
		known = append(known, row.Ability.String())
	}
	return 0, fail.Invalidf("'%s' is no ability on %s; known: %s", name, kind, strings.Join(known, ", "))
}

type canRequest struct {
	Ability   string `json:"-" query:"ability"`
	Object    string `json:"-" query:"object"`
	Principal string `json:"-" query:"principal"`
}

func (q *canRequest) asked() string { return q.Principal }

// canAnswer is one decision with the path that led to it.
type canAnswer struct {
	Allowed   bool         `json:"allowed"`
	Principal principalRef `json:"principal"`
	Ability   string       `json:"ability"`
	Object    objectRef    `json:"object"`
	Level     string       `json:"level"`
	Rule      string       `json:"rule"`
	Path      []pathStep   `json:"path"`
	// Refusal says what was missing; only with allowed = false.
	Refusal *authz.Refusal `json:"refusal,omitempty"`
}

func can(c *api.Call, principal int64, q *canRequest) (*canAnswer, error) {
	p, ok := c.Tx.Map.Principal(principal)
	switch {
	case !ok:
		return nil, fail.NotFoundf("Principal '%s' does not exist.", q.Principal)
	case p.Kind == authz.Group:
		return nil, fail.Invalidf("%s is a group, and groups do not call; ask who-can, or what-can of the group", p.Name)
	}
	o, err := findObject(c, q.Object)
	if err != nil {
		return nil, err
	}
	ability, err := parseAbility(o.Kind, q.Ability)
	if err != nil && !known(c, o) {
		return nil, absentObject(q.Object)
	} else if err != nil {
		return nil, err
	}
	d := authz.Decide(c.Tx.Map, whoIs(c, p), ability, o.ID, c.Now)
	if !known(c, o) { // allowed or not: some abilities everybody has, whatever he may know
		return nil, absentObject(q.Object)
	}
	return answerOf(c.Tx.Map, d), nil
}

func absentObject(text string) error { return fail.NotFoundf("Object '%s' does not exist.", text) }

// known says whether the caller himself may learn that an object exists.
func known(c *api.Call, o *authz.Object) bool {
	d := authz.Decide(c.Tx.Map, c.Who, authz.ReadPermissions, o.ID, c.Now)
	return d.Allowed || d.Known
}

// whoIs is the caller with his session when he asks about himself, and otherwise the principal without one.
func whoIs(c *api.Call, p *authz.Principal) authz.Who {
	if p.ID == c.Who.Principal {
		return c.Who
	}
	return authz.Who{Principal: p.ID}
}

func answerOf(m *authz.Map, d authz.Decision) *canAnswer {
	a := &canAnswer{Allowed: d.Allowed, Principal: principalOf(m, d.Principal), Ability: d.Ability.String(), Object: objectOf(m, d.Object),
		Level: d.Level.String(), Rule: d.Rule.String(), Path: stepsOf(m, d)}
	if !d.Allowed {
		r := authz.Refuse(m, d)
		a.Refusal = &r
	}
	return a
}

type whoCanRequest struct {
	Ability string `json:"-" query:"ability"`
	Object  string `json:"-" query:"object"`
	// Explain asks for each holder's path.
	Explain bool `json:"-" query:"explain"`
}

// findWhoCan finds the object of who-can: who may ask is who may read its permissions.
func findWhoCan(c *api.Call, q *whoCanRequest) (*authz.Object, api.Target, error) {
	o, err := findObject(c, q.Object)
	if err != nil {
		return nil, api.Target{}, err
	}
	c.Note("ability", q.Ability)
	return o, api.Target{Object: o.ID, Absent: absentObject(q.Object)}, nil
}

// holder is somebody who has an ability: the level that gives it, where it was given and to whom, himself or a group.
type holder struct {
	principalRef
	Level string `json:"level"`
	Rule  string `json:"rule"`
	// From is the object that carries what gives the level, Through to whom it was given there.
	From    *objectRef    `json:"from,omitempty"`
	Through *principalRef `json:"through,omitempty"`
	Path    []pathStep    `json:"path,omitempty"`
}

type whoCanAnswer struct {
	Object  objectRef `json:"object"`
	Ability string    `json:"ability"`
	// Version is the governance version at which this is so.
	Version int64    `json:"version"`
	Holders []holder `json:"principals"`

	csv bool
}

func whoCan(c *api.Call, o *authz.Object, q *whoCanRequest) (*whoCanAnswer, error) {
	ability, err := parseAbility(o.Kind, q.Ability)
	if err != nil {
		return nil, err
	}
	m := c.Tx.Map
	a := &whoCanAnswer{Object: objectOf(m, o.ID), Ability: ability.String(), Version: m.Version(), Holders: []holder{}, csv: wantsCSV(c)}
	for _, h := range authz.WhoCan(m, ability, o.ID, c.Now) {
		a.Holders = append(a.Holders, holderOf(m, h, q.Explain))
	}
	return a, nil
}

func holderOf(m *authz.Map, h authz.Holder, explain bool) holder {
	out := holder{principalRef: principalOf(m, h.Principal), Level: h.Decision.Level.String(), Rule: h.Decision.Rule.String()}
	if h.Decision.Level != authz.NoLevel {
		from, through := objectOf(m, h.Decision.EntryObject), principalOf(m, h.Decision.EntryPrincipal)
		out.From, out.Through = &from, &through
	}
	if explain {
		out.Path = stepsOf(m, h.Decision)
	}
	return out
}

type whatCanRequest struct {
	Principal string `json:"-" query:"principal"`
	// Kind leaves out objects of other kinds.
	Kind      string `json:"-" query:"kind"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

func (q *whatCanRequest) asked() string { return q.Principal }

// reached is an object that a principal has a level on, and where the level comes from.
type reached struct {
	objectRef
	Level   string       `json:"level"`
	Rule    string       `json:"rule"`
	From    objectRef    `json:"from"`
	Through principalRef `json:"through"`
}

type whatCanAnswer struct {
	Principal principalRef `json:"principal"`
	Version   int64        `json:"version"`
	Objects   []reached    `json:"objects"`
	Next      string       `json:"next_page_token,omitempty"`

	csv bool
}

func whatCan(c *api.Call, principal int64, q *whatCanRequest) (*whatCanAnswer, error) {
	m := c.Tx.Map
	if _, ok := m.Principal(principal); !ok {
		return nil, fail.NotFoundf("Principal '%s' does not exist.", q.Principal)
	}
	limit, err := pageSize(q.Max)
	if err != nil {
		return nil, err
	}
	all, err := reachOf(c, principal, q)
	if err != nil {
		return nil, err
	}
	a := &whatCanAnswer{Principal: principalOf(m, principal), Version: m.Version(), Objects: []reached{}, csv: wantsCSV(c)}
	for _, r := range all[:min(limit, len(all))] {
		a.Objects = append(a.Objects, reached{objectOf(m, r.Object), r.Level.String(), r.Rule.String(), objectOf(m, r.EntryObject),
			principalOf(m, r.EntryPrincipal)})
	}
	if len(all) > limit {
		a.Next = strconv.FormatInt(all[limit-1].Object, 10)
	}
	return a, nil
}

// reachOf gives what is left of a principal's reach behind the page token. The token is the last object's id: it opens nothing, as every
// page is decided anew.
func reachOf(c *api.Call, principal int64, q *whatCanRequest) ([]authz.Reach, error) {
	after, err := int64(-1), error(nil)
	if q.PageToken != "" {
		if after, err = strconv.ParseInt(q.PageToken, 10, 64); err != nil {
			return nil, fail.Invalidf("page_token is not one of this endpoint's")
		}
	}
	var kind authz.Kind
	if q.Kind != "" {
		if err := kind.UnmarshalText([]byte(q.Kind)); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(authz.WhatCan(c.Tx.Map, principal, c.Now), func(r authz.Reach) bool {
		o, ok := c.Tx.Map.Object(r.Object)
		return r.Object <= after || !ok || kind != 0 && o.Kind != kind
	}), nil
}

const (
	defaultPage = 1000
	maxPage     = 10_000
)

func pageSize(n int) (int, error) {
	if n < 0 || n > maxPage {
		return 0, fail.Invalidf("max_results must be from 1 to %d, not %d", maxPage, n)
	}
	return cmp.Or(n, defaultPage), nil
}
