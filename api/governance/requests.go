package governance

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// requestRoutes are the pending transition requests of all models together.
func (f *Front) requestRoutes() []api.Route {
	return []api.Route{
		api.List("GET /transition-requests", authz.ViewModel, authz.RegisteredModel, listRequests,
			api.Audit[requestsRequest](api.Behind, registryService, "listTransitionRequests")),
	}
}

type requestsRequest struct {
	// Whose is mine, decidable (by the caller) or all; empty means all.
	Whose string `json:"-" query:"whose"`
	// Model leaves out requests on other models.
	Model     string `json:"-" query:"model"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// The actions about a request, as pages name them.
const (
	approveRequest = "APPROVE"
	rejectRequest  = "REJECT"
	cancelRequest  = "CANCEL"
)

// absentAction is something that the caller may not do, with the reason in a sentence and the ability that it takes.
type absentAction struct {
	Action  string `json:"action"`
	Reason  string `json:"reason"`
	Ability string `json:"ability"`
}

// requestRow is a pending request with what it was made for, what the version is now, and what the caller may do about it.
type requestRow struct {
	ID          string `json:"id"`
	Model       string `json:"model"`
	ModelObject string `json:"model_object"`
	Version     string `json:"version"`
	From        string `json:"from"`
	To          string `json:"to"`
	Creator     string `json:"creator"`
	// Own says that the request is the caller's.
	Own     bool   `json:"own"`
	Created int64  `json:"created_at"` // ms since 1970
	Comment string `json:"comment"`
	// Digest is of what was asked for, DigestNow of what the version is.
	Digest    string `json:"digest"`
	DigestNow string `json:"digest_now"`
	// Stale says that the version, or what checks said of it, has changed since, so that the request cannot be approved any more.
	Stale       bool       `json:"stale"`
	StaleReason string     `json:"stale_reason,omitempty"`
	TwoPersons  bool       `json:"two_persons"`
	Checks      []checkRow `json:"checks"`
	// Unmet is what keeps the version out of the stage.
	Unmet   []string       `json:"unmet"`
	Actions []string       `json:"actions"`
	Absent  []absentAction `json:"absent"`
	// Level and Abilities are the caller's on the model.
	Level     string   `json:"level"`
	Abilities []string `json:"abilities"`
}

type requestsAnswer struct {
	Requests []requestRow `json:"requests"`
	Next     string       `json:"next_page_token,omitempty"`
}

// listRequests gives a page of the pending requests on models that the caller may look at, oldest first.
func listRequests(c *api.Call, scope authz.Scope, q *requestsRequest) (*requestsAnswer, error) {
	limit, err := pageWithin(q.Max, maxActivities)
	if err != nil {
		return nil, err
	}
	list, err := pendingFor(c, scope, q)
	if err == nil {
		list, err = behind(list, q.PageToken)
	}
	if err != nil {
		return nil, err
	}
	a := &requestsAnswer{Requests: []requestRow{}}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		a.Next = strconv.FormatInt(last.Created, 10) + "." + last.ID
	}
	a.Requests, err = requestRows(c, list)
	return a, err
}

// pageWithin is the size of a page that has at most so many rows, and defaultActivities where nobody says how many.
func pageWithin(n, most int) (int, error) {
	if n < 0 || n > most {
		return 0, fail.Invalidf("max_results must be from 1 to %d, not %d", most, n)
	}
	return cmp.Or(n, defaultActivities), nil
}

// behind leaves out what was on the pages before. The token opens nothing: every page is decided anew.
func behind(list []store.Pending, token string) ([]store.Pending, error) {
	place, err := activityPlace(token)
	if place == nil {
		return list, err
	}
	last := store.Pending{ID: place.ID, Created: place.At}
	return slices.DeleteFunc(list, func(p store.Pending) bool { return p.Compare(last) <= 0 }), nil
}

// pendingFor gives the pending requests that a query asks for, as far as the scope admits.
func pendingFor(c *api.Call, scope authz.Scope, q *requestsRequest) ([]store.Pending, error) {
	if !slices.Contains([]string{"", "all", "mine", "decidable"}, q.Whose) { // before anything that depends on what there is
		return nil, fail.Invalidf("whose must be mine, decidable or all, not %q", q.Whose)
	}
	var model int64
	if q.Model != "" {
		o, ok := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, q.Model)
		if !ok {
			return nil, nil
		}
		model = o.ID
	}
	list, err := c.Tx.PendingRequests(scope, model)
	if err != nil {
		return nil, err
	}
	switch q.Whose {
	case "mine":
		return slices.DeleteFunc(list, func(p store.Pending) bool { return p.Creator != c.Who.Principal }), nil
	case "decidable":
		return decidable(c, list)
	}
	return list, nil
}

// requestCounts gives how many pending requests wait for the caller's decision, and how many are his own.
func requestCounts(c *api.Call, scope authz.Scope) (waiting, own int, err error) {
	list, err := c.Tx.PendingRequests(scope, 0)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range list {
		if p.Creator == c.Who.Principal {
			own++
		}
	}
	list, err = decidable(c, list)
	return len(list), own, err
}

// decidable keeps the requests that the caller may approve, as far as his level and the two-person rule go.
func decidable(c *api.Call, list []store.Pending) (kept []store.Pending, err error) {
	asks := map[registry.Key]bool{} // for Production himself
	for _, p := range list {
		if p.Creator == c.Who.Principal && p.Stage == registry.StageProduction {
			asks[p.Key] = true
		}
	}
	list = slices.DeleteFunc(list, func(p store.Pending) bool { return !c.Can(authz.DecideStaging, p.Model) }) // the least that it takes
	versions, err := c.Tx.ModelVersions(keysOf(list))
	for _, p := range list {
		v, barred := versions[p.Key], false
		if asks[p.Key] && p.Stage == registry.StageProduction && err == nil {
			barred, err = c.Tx.TwoPersons(p.Model)
		}
		if v != nil && !barred && c.Can(api.Deciding(v, p.Stage), p.Model) {
			kept = append(kept, p)
		}
	}
	return kept, err
}

func keysOf(list []store.Pending) (keys []registry.Key) {
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}

// requestRows writes the requests of a page in its order; one that went between two looks is left out.
func requestRows(c *api.Call, list []store.Pending) ([]requestRow, error) {
	pending, err := versionsWith(c, list)
	rows := []requestRow{}
	for _, p := range list {
		if row, ok := pending[p.Key].row(c, p.ID); ok {
			rows = append(rows, row)
		}
	}
	return rows, err
}

// versionsWith reads the versions that requests are about, model by model.
func versionsWith(c *api.Call, list []store.Pending) (map[registry.Key]*pendingOn, error) {
	versions, err := c.Tx.ModelVersions(keysOf(list))
	if err != nil {
		return nil, err
	}
	byModel, found := map[int64][]*registry.Version{}, map[registry.Key]*pendingOn{}
	for k, v := range versions {
		byModel[k.Model] = append(byModel[k.Model], v)
	}
	for model, some := range byModel {
		each, err := pendingOfEach(c, model, some)
		if err != nil {
			return nil, err
		}
		for _, p := range each {
			found[p.Key()] = p
		}
	}
	return found, nil
}

// pendingOn is a version with its pending requests and what decides about moves of it; To of the move is set for each question.
type pendingOn struct {
	*registry.Version
	open  []api.OpenRequest
	move  registry.Move
	model *viewed
}

func pendingOf(c *api.Call, v *registry.Version) (*pendingOn, error) {
	list, err := pendingOfEach(c, v.Model, []*registry.Version{v})
	if err == nil && len(list) == 0 {
		err = fail.Internalf(nil, "version %d of model %d is not in the access map", v.Number, v.Model)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// pendingOfEach is pendingOf for several versions of a model, in their order, with no more queries than for one.
func pendingOfEach(c *api.Call, model int64, versions []*registry.Version) (list []*pendingOn, err error) {
	requests, err := c.Tx.TransitionRequestsOn(model, store.NumbersOf(versions))
	if err != nil {
		return nil, err
	}
	moves, err := c.Tx.Moves(model, versions)
	o, ok := c.Tx.Map.Object(model)
	if err != nil || !ok { // store gives no versions of what the map does not have
		return nil, err
	}
	seen := viewedOf(c, o, store.Node{})
	for _, m := range moves {
		list = append(list, &pendingOn{m.Version, api.ActionsOn(c, m.Version, requests[m.Version.Number], m.TwoPersons), *m, &seen})
	}
	return list, nil
}

// to is the move to a stage.
func (p *pendingOn) to(stage registry.Stage) *registry.Move {
	m := p.move
	m.To = stage
	return &m
}

// forStage gives the requests that are for a stage.
func (p *pendingOn) forStage(stage registry.Stage) (list []*registry.Request) {
	for _, r := range p.open {
		if r.Stage == stage {
			list = append(list, r.Request)
		}
	}
	return list
}

// rows writes all requests of the version, oldest first.
func (p *pendingOn) rows(c *api.Call) []requestRow {
	rows := []requestRow{}
	for _, r := range p.open {
		row, _ := p.row(c, r.ID)
		rows = append(rows, row)
	}
	return rows
}

// row writes the request with an id.
func (p *pendingOn) row(c *api.Call, id string) (row requestRow, ok bool) {
	if p == nil {
		return row, false
	}
	i := slices.IndexFunc(p.open, func(r api.OpenRequest) bool { return r.ID == id })
	if i < 0 {
		return row, false
	}
	r := p.open[i]
	m := p.to(r.Stage)
	row = requestRow{ID: r.ID, Model: p.Name, ModelObject: p.model.Object, Version: strconv.FormatInt(p.Number, 10),
		From: p.Stage.String(), To: r.Stage.String(), Creator: r.UserName, Own: r.Creator == c.Who.Principal, Created: r.Created, Comment: r.Comment,
		Digest: registry.DigestText(r.Digest), DigestNow: registry.DigestText(p.Digest), StaleReason: m.Stale(r.Request),
		TwoPersons: m.TwoPersons && r.Stage == registry.StageProduction, Checks: checkRows(c, p.Version, m.Checks), Unmet: m.Unmet(),
		Actions: []string{}, Absent: []absentAction{}, Level: p.model.Level, Abilities: p.model.Abilities}
	row.Stale = row.StaleReason != ""
	if row.Unmet == nil {
		row.Unmet = []string{}
	}
	p.act(c, r, &row)
	return row, true
}

// act fills in what the caller may do about a request, and why not what he may not.
func (p *pendingOn) act(c *api.Call, r api.OpenRequest, row *requestRow) {
	deciding := api.Deciding(p.Version, r.Stage)
	for _, a := range []struct {
		name    string
		action  registry.Action
		ability authz.Ability
	}{
		{approveRequest, registry.Approve, deciding}, {rejectRequest, registry.Reject, deciding}, {cancelRequest, registry.Cancel, authz.CancelTransition},
	} {
		if reason := p.forbids(c, r, a.action, a.ability); reason != "" {
			row.Absent = append(row.Absent, absentAction{a.name, reason, a.ability.String()})
		} else {
			row.Actions = append(row.Actions, a.name)
		}
	}
}

// forbids says why the caller may not do something about a request: his level first, then what the move itself lacks.
func (p *pendingOn) forbids(c *api.Call, r api.OpenRequest, action registry.Action, ability authz.Ability) (reason string) {
	if !slices.Contains(r.Actions, action) {
		reason = refusal(c, ability, p.Model)
	}
	if action == registry.Approve && reason == "" {
		reason = message(p.to(r.Stage).Approve(c.Who.Principal, p.forStage(r.Stage)))
	}
	return reason
}

// refusal is what a caller would be told who lacks an ability on an object; empty for who has it.
func refusal(c *api.Call, ability authz.Ability, object int64) string {
	d := authz.Decide(c.Tx.Map, c.Who, ability, object, c.Now)
	if d.Allowed {
		return ""
	}
	return authz.Refuse(c.Tx.Map, d).Message
}

// message is an error's own text, empty for none.
func message(err error) string {
	var e *fail.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

func checkRows(c *api.Call, v *registry.Version, checks []registry.Check) []checkRow {
	rows := []checkRow{}
	for i := range checks {
		rows = append(rows, rowOfCheck(c, v, &checks[i]))
	}
	return rows
}
