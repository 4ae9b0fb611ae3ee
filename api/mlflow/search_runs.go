package mlflow

import (
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

func (f *Front) searchRoutes() []api.Route {
	return []api.Route{
		api.List("POST /runs/search", authz.ViewRuns, authz.Experiment, f.searchRuns, api.As[SearchRuns]("searchRuns")),
		api.List("POST /experiments/search", authz.ViewRuns, authz.Experiment, f.searchExperiments, api.As[SearchExperiments]("searchExperiments")),
		api.List("GET /experiments/search", authz.ViewRuns, authz.Experiment, f.searchExperiments, api.As[SearchExperiments]("searchExperiments")),
		api.List("GET /experiments/list", authz.ViewRuns, authz.Experiment, f.listExperiments, api.As[ListExperiments]("listExperiments")),
	}
}

// asked is a search as it came, before it is a query.
type asked struct {
	domain  *search.Domain
	filter  string
	orderBy []string
	view    ViewType
	max     *int64
	token   string
	among   string // what else the page token is bound to
}

// query parses a search and the token that continues it; hash names it for the next token.
func (a *asked) query(c *api.Call) (*search.Query, search.Hash, error) {
	q, hash := &search.Query{View: viewOf(a.view)}, search.Hash{}
	var err error
	if q.Limit, err = a.domain.PageSize(a.max); err != nil {
		return nil, hash, err
	}
	if q.Filter, err = search.ParseFilter(a.domain, a.filter); err != nil {
		return nil, hash, err
	}
	if q.Order, err = search.ParseOrder(a.domain, a.orderBy); err != nil {
		return nil, hash, err
	}
	// Not bound to the page size: MLflow's client asks for less on its last page.
	hash = search.QueryHash(a.domain.Name, a.filter, strings.Join(a.orderBy, "\x00"), string(a.view), a.among)
	token, err := search.DecodeToken(a.token, c.PageKey(), c.Who.Principal, hash)
	q.After = token.After
	return q, hash, err
}

// viewOf gives the rows that a search sees; what is not known counts as not given, as in MLflow.
func viewOf(v ViewType) search.View {
	switch v {
	case ViewTypeDeletedOnly:
		return search.Deleted
	case ViewTypeAll:
		return search.All
	}
	return search.Active
}

// appendNext ends a page: with the token of the next one, if there is one.
func appendNext(dst []byte, c *api.Call, p search.Page, hash search.Hash) []byte {
	if p.More {
		dst = appendField(dst, "next_page_token", search.Token{After: p.Next}.Encode(c.PageKey(), c.Who.Principal, hash))
	}
	return closed(dst, '}')
}

// searchRuns finds runs of the named experiments. Those that do not exist, or that the caller may not see, have none, as in MLflow.
func (f *Front) searchRuns(c *api.Call, scope authz.Scope, q *SearchRuns) (*document[SearchRunsResponse], error) {
	a := asked{domain: tracking.Runs, filter: q.GetFilter(), orderBy: q.OrderBy, view: q.RunViewType, token: q.GetPageToken(),
		among: strings.Join(q.ExperimentIds, ",")}
	if q.MaxResults != nil {
		n := int64(*q.MaxResults)
		a.max = &n
	}
	query, hash, err := a.query(c)
	if err != nil {
		return nil, err
	}
	for i := range query.Filter {
		query.Filter[i].Text = managed(query.Filter[i].Text)
	}
	page, err := c.Tx.SearchRuns(query, f.visible(c, scope, q.ExperimentIds))
	if err != nil {
		return nil, err
	}
	form := formOf(c)
	bodies, err := c.Tx.RunDocuments(page, uint8(form), form.appendRun)
	if err != nil {
		return nil, err
	}
	return &document[SearchRunsResponse]{pageOfBodies(c, "runs", bodies, page.Page, hash)}, nil
}

// appendBodies writes a list of messages that were written before; one that went meanwhile is nil.
func appendBodies(dst []byte, name string, bodies [][]byte) []byte {
	start := len(dst)
	dst = append(append(append(dst, '"'), name...), `":[`...)
	open := len(dst)
	for _, b := range bodies {
		if b != nil {
			dst = append(append(dst, b...), ',')
		}
	}
	if len(dst) == open {
		return dst[:start]
	}
	return append(closed(dst, ']'), ',')
}

// pageOfBodies writes a page whose messages were written before.
func pageOfBodies(c *api.Call, name string, bodies [][]byte, page search.Page, hash search.Hash) []byte {
	size := 300
	for _, b := range bodies {
		size += len(b) + 1
	}
	return appendNext(appendBodies(append(make([]byte, 0, size), '{'), name, bodies), c, page, hash)
}

// visible gives those of the experiments that the caller may see, each once.
func (f *Front) visible(c *api.Call, scope authz.Scope, ids []string) (list []int64) {
	seen := make(map[int64]bool, len(ids))
	for _, text := range ids {
		id, err := f.experimentID(c, text)
		if err != nil || seen[id] {
			continue
		}
		seen[id] = true
		o, ok := c.Tx.Map.Object(id)
		if ok && o.Kind == authz.Experiment && scope.AdmitsIn(c.Tx.Map, o) {
			list = append(list, id)
		}
	}
	return list
}

func (f *Front) searchExperiments(c *api.Call, scope authz.Scope, q *SearchExperiments) (*document[SearchExperimentsResponse], error) {
	a := asked{domain: tracking.Experiments, filter: q.GetFilter(), orderBy: q.OrderBy, view: q.ViewType, max: q.MaxResults, token: q.GetPageToken()}
	query, hash, err := a.query(c)
	if err != nil {
		return nil, err
	}
	names, form := f.names(c), formOf(c)
	page, err := c.Tx.SearchExperiments(query, scope, names, serverTags)
	if err != nil {
		return nil, err
	}
	bodies, err := c.Tx.ExperimentDocuments(page, int(form), form.writeExperiment(c.Tx.Map))
	if err != nil {
		return nil, err
	}
	size := 300
	for _, b := range bodies {
		size += len(b) + 40
	}
	dst := append(make([]byte, 0, size), `{"experiments":[`...)
	for _, b := range bodies {
		dst = append(appendExperiment(dst, names, b), ',')
	}
	if len(bodies) == 0 {
		dst = dst[:1]
	} else {
		dst = append(closed(dst, ']'), ',')
	}
	return &document[SearchExperimentsResponse]{appendNext(dst, c, page.Page, hash)}, nil
}

// ListExperiments is the query of the old GET /experiments/list, which clients before MLflow 2 call.
type ListExperiments struct {
	ViewType   ViewType `wire:"view_type,viewType"`
	MaxResults *int64   `wire:"max_results,maxResults"`
	PageToken  *string  `wire:"page_token,pageToken"`
}

func (f *Front) listExperiments(c *api.Call, scope authz.Scope, q *ListExperiments) (*document[SearchExperimentsResponse], error) {
	return f.searchExperiments(c, scope, &SearchExperiments{ViewType: q.ViewType, MaxResults: q.MaxResults, PageToken: q.PageToken})
}
