package governance

import (
	"fmt"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// modelRoutes show registered models and their versions with what the caller may do with them.
func (f *Front) modelRoutes() []api.Route {
	return []api.Route{
		api.List("GET /models", authz.ViewModel, authz.RegisteredModel, f.listModels,
			api.Audit[modelsRequest](api.Behind, registryService, "searchRegisteredModels")),
		api.Read("GET /models/{model}", authz.ViewModel, modelAt, getModel,
			api.Audit[modelRequest](api.Behind, registryService, "getRegisteredModel")),
		api.Read("GET /models/{model}/versions", authz.ViewModel, versionsAt, listVersions,
			api.Audit[versionsRequest](api.Behind, registryService, "searchModelVersions")),
		api.Read("GET /models/{model}/versions/{version}", authz.ViewModel, versionAt, getVersion,
			api.Audit[versionRequest](api.Behind, registryService, "getModelVersion")),
	}
}

type modelsRequest struct {
	// Text is part of the name, whatever the case.
	Text string `json:"-" query:"q"`
	// Owner is who answers for the model, by name.
	Owner string `json:"-" query:"owner"`
	// Stage leaves out models without a version in it.
	Stage string `json:"-" query:"stage"`
	// Prompts lists MLflow's prompts in the place of models, Unowned only what nobody answers for.
	Prompts bool `json:"-" query:"prompts"`
	Unowned bool `json:"-" query:"unowned"`
	// Order is name (the default) or last_updated_timestamp, with DESC behind it for the other direction.
	Order     string `json:"-" query:"order_by"`
	Max       int64  `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// aliasRow is an alias of a model with the version that it means.
type aliasRow struct {
	Alias   string `json:"alias"`
	Version string `json:"version"`
}

// tagRow is a tag.
type tagRow struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// modelRow is a registered model in a list.
type modelRow struct {
	viewed
	Description string `json:"description,omitempty"`
	// Owner is who answers for the model; empty when nobody does.
	Owner string `json:"owner"`
	// Unowned is why nobody answers for it (no-owner, owner-removed, owner-inactive, owner-empty); empty where somebody does.
	Unowned string `json:"unowned"`
	// Prompt says that the model is one of MLflow's prompts.
	Prompt bool `json:"prompt"`
	// Latest is the newest version of each stage that has one.
	Latest  map[string]string `json:"latest"`
	Aliases []aliasRow        `json:"aliases"`
	Count   int64             `json:"versions"`
	// Requests is the number of transition requests that are pending.
	Requests int64 `json:"requests"`
}

type modelsAnswer struct {
	Models []modelRow `json:"models"`
	Next   string     `json:"next_page_token,omitempty"`
}

// listModels gives a page of the registered models that the caller may look at, or of the prompts.
func (f *Front) listModels(c *api.Call, scope authz.Scope, q *modelsRequest) (*modelsAnswer, error) {
	query, hash, err := q.query(f, c)
	if err != nil {
		return nil, err
	}
	page, err := c.Tx.SearchRegistered(query, scope, api.StewardTags)
	if err != nil {
		return nil, err
	}
	a := &modelsAnswer{}
	if page.More {
		a.Next = search.Token{After: page.Next}.Encode(c.PageKey(), c.Who.Principal, hash)
	}
	a.Models, err = modelRows(c, page.IDs)
	return a, err
}

// modelRows writes models by their ids as the index has them, in this order; one that went between two looks is left out.
func modelRows(c *api.Call, found []string) ([]modelRow, error) {
	ids := make([]int64, len(found))
	for i, text := range found {
		ids[i], _ = strconv.ParseInt(text, 10, 64) // registry.ModelID has written it
	}
	models, err := c.Tx.ModelRows(ids)
	rows := []modelRow{}
	for _, id := range ids {
		if o, there := c.Tx.Map.Object(id); there && models[id] != nil {
			rows = append(rows, rowOfModel(c, o, models[id]))
		}
	}
	return rows, err
}

// query is the search that a request asks for, with the token that continues it; hash names it for the next token.
func (q *modelsRequest) query(f *Front, c *api.Call) (s *search.Query, hash search.Hash, err error) {
	hash = search.QueryHash("console models", q.Text, q.Owner, q.Stage, q.Order, fmt.Sprint(q.Prompts, q.Unowned))
	s = &search.Query{View: search.Active}
	if s.Limit, err = registry.Models.PageSize(&q.Max); err != nil {
		return nil, hash, err
	}
	if s.Filter, err = q.filter(f, c.Tx.Map); err != nil {
		return nil, hash, err
	}
	var terms []string
	if q.Order != "" {
		terms = []string{q.Order}
	}
	if s.Order, err = search.ParseOrder(registry.Models, terms); err != nil {
		return nil, hash, err
	}
	token, err := search.DecodeToken(q.PageToken, c.PageKey(), c.Who.Principal, hash)
	s.After = token.After
	return s, hash, err
}

func (q *modelsRequest) filter(front *Front, m *authz.Map) (f search.Filter, err error) {
	if len(q.Text) > search.MaxPattern {
		return nil, fail.Invalidf("q has more than %d bytes", search.MaxPattern)
	}
	if q.Text != "" {
		f = append(f, registry.NameHolds(q.Text))
	}
	if q.Owner != "" {
		f = append(f, registry.TagIs(authz.TagOwner, q.Owner))
	}
	if q.Stage != "" {
		var stage registry.Stage
		stage, err = registry.ParseStage(q.Stage)
		f = append(f, registry.InStage(stage))
	}
	if q.Prompts {
		f = append(f, registry.Prompts())
	}
	if q.Unowned {
		f = append(f, registry.Among(front.unownedModels(m)))
	}
	return f, err
}

// unownedModels gives the registered models for which nobody answers. That depends on people and groups, of which the index knows nothing.
func (f *Front) unownedModels(m *authz.Map) (ids []int64) {
	for _, id := range f.unowned(m) {
		if o, ok := m.Object(id); ok && o.Kind == authz.RegisteredModel {
			ids = append(ids, id)
		}
	}
	return ids
}

func rowOfModel(c *api.Call, o *authz.Object, m *store.ModelRow) modelRow {
	return modelRow{viewed: viewedOf(c, o, store.Node{Created: m.Created, Updated: m.Updated}), Description: m.Description,
		Owner: api.ShowSteward(c.Tx.Map, o).Owner, Unowned: string(c.Tx.Map.Neglected(o)), Prompt: m.Prompt(), Latest: latestOf(m.Latest), Aliases: aliasesOf(&m.Model), Count: m.Versions, Requests: m.Requests}
}

func latestOf(versions []*registry.Version) map[string]string {
	latest := map[string]string{}
	for _, v := range versions {
		latest[v.Stage.String()] = strconv.FormatInt(v.Number, 10)
	}
	return latest
}

func aliasesOf(m *registry.Model) []aliasRow {
	rows := []aliasRow{}
	for _, a := range m.Aliases {
		rows = append(rows, aliasRow{a.Name, strconv.FormatInt(a.Version, 10)})
	}
	return rows
}

// tagsOf are the tags that anybody may set; those of stewardship and what marks prompts are said elsewhere.
func tagsOf(tags []tracking.Pair) []tagRow {
	rows := []tagRow{}
	for _, t := range tags {
		rows = append(rows, tagRow{t.Key, t.Value})
	}
	return rows
}

// modelAnswer is a registered model as its page shows it; its versions are model-versions/search's, page by page.
type modelAnswer struct {
	modelRow
	Tags []tagRow `json:"tags"`
	// Steward says who answers for the model.
	Steward *stewardAnswer `json:"steward"`
	// TwoPersons says that Production takes two persons.
	TwoPersons bool `json:"two_persons"`
	// Absent is what the caller may not do with the model as a whole, with the reason.
	Absent []absentAction `json:"absent"`
}

func getModel(c *api.Call, o *authz.Object, _ *modelRequest) (*modelAnswer, error) {
	rows, err := c.Tx.ModelRows([]int64{o.ID})
	if err != nil {
		return nil, err
	}
	m := rows[o.ID]
	if m == nil {
		return nil, store.NotARegisteredModel(o.Name)
	}
	a := &modelAnswer{modelRow: rowOfModel(c, o, m), Tags: tagsOf(m.Tags), Steward: stewardOf(c.Tx.Map, o)}
	if a.TwoPersons, err = c.Tx.TwoPersons(o.ID); err != nil {
		return nil, err
	}
	a.Absent, err = absentOnModel(c, o, a.TwoPersons)
	return a, err
}

// absentOnModel says why the caller may not rename or delete a model: his level, or a version in Production that two persons brought there.
func absentOnModel(c *api.Call, o *authz.Object, two bool) (list []absentAction, err error) {
	var versions []*registry.Version
	if two {
		versions, err = c.Tx.VersionsIn(o.ID, registry.StageProduction)
	}
	list = []absentAction{}
	for _, a := range []struct {
		action, done string
		ability      authz.Ability
	}{{"RENAME", "renamed", authz.RenameModel}, {"DELETE", "deleted", authz.DeleteModel}} {
		list = absentFor(c, list, a.action, a.ability, o.ID, registry.MayFreeName(versions, two, a.done))
	}
	return list, err
}

// absentFor adds an action where the caller lacks the ability or where something else forbids it.
func absentFor(c *api.Call, list []absentAction, action string, ability authz.Ability, object int64, forbids error) []absentAction {
	reason := refusal(c, ability, object)
	if reason == "" {
		reason = message(forbids)
	}
	if reason == "" {
		return list
	}
	return append(list, absentAction{action, reason, ability.String()})
}
