package mlflow

import (
	"cmp"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// GraphQL is the one request of /graphql. MLflow's pages send four fixed documents there, each of which is a REST call in other clothes: it
// goes through that call's finder, ability and handler, and its answer is written as the document selects. There is no engine, so nothing
// else can be asked.
type GraphQL struct {
	OperationName *string         `wire:"operation_name,operationName"`
	Query         *string         `wire:"query"`
	Variables     *GraphVariables `wire:"variables"`
}

// GraphVariables are the variables of the documents: each has one.
type GraphVariables struct {
	Data  *GraphData     `wire:"data"`
	Input *GetExperiment `wire:"input"`
}

// GraphData is the variable of GetRun, SearchRuns and GetMetricHistoryBulkInterval: what the three may say, together.
type GraphData struct {
	RunId         *string  `wire:"run_id,runId"`
	RunUuid       *string  `wire:"run_uuid,runUuid"`
	RunIds        []string `wire:"run_ids,runIds"`
	MetricKey     *string  `wire:"metric_key,metricKey"`
	StartStep     *int32   `wire:"start_step,startStep"`
	EndStep       *int32   `wire:"end_step,endStep"`
	MaxResults    *int32   `wire:"max_results,maxResults"`
	ExperimentIds []string `wire:"experiment_ids,experimentIds"`
	Filter        *string  `wire:"filter"`
	RunViewType   ViewType `wire:"run_view_type,runViewType"`
	OrderBy       []string `wire:"order_by,orderBy"`
	PageToken     *string  `wire:"page_token,pageToken"`
}

// graphCall is a request with what its document is.
type graphCall struct {
	GraphQL
	parsed    *graphQuery
	operation *graphOperation
}

// decodeGraph reads a request and its document. Several in one are a list, which no request is.
func decodeGraph(in *api.Input, request any) error {
	q, ok := request.(*graphCall)
	if !ok {
		return nil
	}
	if err := Decode(in.Body, &q.GraphQL); err != nil {
		return err
	}
	var err error
	if q.parsed, err = parseGraph(deref(q.Query, "")); err != nil {
		return err
	}
	if name := deref(q.OperationName, q.parsed.name); name != q.parsed.name {
		return fail.Invalidf("operationName is %.80q, and the document is %.80q", name, q.parsed.name)
	}
	q.operation, err = operationOf(q.parsed)
	return err
}

// graphOperation is a document of MLflow's pages: the field that it asks for, the name and type of its variable, the type of its answer, and the
// call that it stands for.
type graphOperation struct {
	root, variable, input, answer string

	action string
	find   func(*Front, *api.Call, GraphVariables) (graphFound, api.Target, error)
	handle func(*Front, *api.Call, graphFound, GraphVariables) ([]byte, error)
}

// graphOperations are the documents by name.
var graphOperations = map[string]*graphOperation{
	"GetRun": {"mlflowGetRun", "data", "MlflowGetRunInput", "MlflowGetRunResponse", "getRun",
		func(_ *Front, c *api.Call, v GraphVariables) (graphFound, api.Target, error) {
			h, t, err := run(func(d *GraphData) string { return runOr(deref(d.RunId, ""), deref(d.RunUuid, "")) })(c, v.Data)
			return graphFound{run: h}, t, err
		},
		func(_ *Front, c *api.Call, found graphFound, _ GraphVariables) ([]byte, error) {
			return bodyOf(getRun(c, found.run, nil))
		}},
	"MlflowGetExperimentQuery": {"mlflowGetExperiment", "input", "MlflowGetExperimentInput", "MlflowGetExperimentResponse", "getExperiment",
		func(f *Front, c *api.Call, v GraphVariables) (graphFound, api.Target, error) {
			id, t, err := experiment(f, (*GetExperiment).GetExperimentId)(c, v.Input)
			return graphFound{experiment: id}, t, err
		},
		func(f *Front, c *api.Call, found graphFound, _ GraphVariables) ([]byte, error) {
			return bodyOf(f.getExperiment(c, found.experiment, nil))
		}},
	"SearchRuns": {"mlflowSearchRuns", "data", "MlflowSearchRunsInput", "MlflowSearchRunsResponse", "searchRuns", graphSearch,
		func(f *Front, c *api.Call, _ graphFound, v GraphVariables) ([]byte, error) {
			d := v.Data
			return bodyOf(f.searchRuns(c, viewRuns(c), &SearchRuns{ExperimentIds: d.ExperimentIds, RunViewType: d.RunViewType, Filter: d.Filter,
				MaxResults: d.MaxResults, OrderBy: d.OrderBy, PageToken: d.PageToken}))
		}},
	"GetMetricHistoryBulkInterval": {"mlflowGetMetricHistoryBulkInterval", "data", "MlflowGetMetricHistoryBulkIntervalInput",
		"MlflowGetMetricHistoryBulkIntervalResponse", "getMetricHistoryBulkInterval", graphSearch,
		func(_ *Front, c *api.Call, _ graphFound, v GraphVariables) ([]byte, error) {
			d := v.Data
			return bodyOf(getHistoryBulkInterval(c, viewRuns(c), &GetMetricHistoryBulkInterval{RunIds: d.RunIds, MetricKey: d.MetricKey,
				StartStep: d.StartStep, EndStep: d.EndStep, MaxResults: d.MaxResults}))
		}},
}

// graphSearch is the target of documents that search: like a list's, whoever is signed in may ask, and sees what his scope admits.
func graphSearch(*Front, *api.Call, GraphVariables) (graphFound, api.Target, error) {
	return graphFound{}, api.Target{Object: authz.WorkspaceObject, Ability: authz.SignedIn}, nil
}

// viewRuns is the scope of a search of runs.
func viewRuns(c *api.Call) authz.Scope { return authz.ScopeOf(c.Tx.Map, c.Who, authz.ViewRuns, c.Now) }

func bodyOf[M any](d *document[M], err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return d.body, nil
}

// mountGraph adds the endpoint, at the root as MLflow's server has it, and where the pages are.
func (f *Front) mountGraph(d *api.Door) {
	d.Mount(&api.Front{
		Name: "mlflow", Service: "mlflowExperiment", Prefixes: withPages(atRoot), Decode: decodeGraph, Encode: encode,
		ContentType: "application/json", Fail: failGraph, Routes: f.graphRoutes(),
	})
}

// graphRoutes is the table of the endpoint. What a document needs is what the call needs that it stands for: a run's or an experiment's ViewRuns, or,
// of those that search, nothing beyond being signed in, since they see the caller's scope only.
func (f *Front) graphRoutes() []api.Route {
	return []api.Route{
		api.Read("POST /graphql", authz.ViewRuns, f.graphTarget, f.graph, api.Or[graphCall](authz.ViewTrashed, authz.SignedIn),
			api.As[graphCall]("graphql")),
		api.Read("GET /graphql", authz.SignedIn, api.At[Anything](authz.WorkspaceObject),
			func(*api.Call, int64, *Anything) (*Nothing, error) {
				return nil, fail.Invalidf("GraphQL documents are sent by POST")
			}, api.As[Anything]("graphql")),
	}
}

// graphFound is what a document is about: a run, or an experiment, or nothing by itself.
type graphFound struct {
	run        *store.RunHead
	experiment int64
}

// graphTarget finds what the document is about as the call does that it stands for.
func (f *Front) graphTarget(c *api.Call, q *graphCall) (graphFound, api.Target, error) {
	c.Action(q.operation.action)
	return q.operation.find(f, c, q.variables())
}

// variables gives the variables of a call, none of them nil.
func (q *graphCall) variables() GraphVariables {
	v := deref(q.Variables, GraphVariables{})
	if v.Data == nil {
		v.Data = &GraphData{}
	}
	if v.Input == nil {
		v.Input = &GetExperiment{}
	}
	return v
}

// graph answers a document by the handler of the call that it stands for.
func (f *Front) graph(c *api.Call, found graphFound, q *graphCall) (*graphAnswer, error) {
	body, err := q.operation.handle(f, c, found, q.variables())
	if err != nil {
		return nil, err
	}
	message, err := messageOf(body)
	if err != nil {
		return nil, fail.Internalf(err, "an answer that was written cannot be read")
	}
	runs, _ := message["runs"].([]any)
	if r, ok := message["run"]; ok {
		runs = []any{r}
	}
	return &graphAnswer{q, message}, f.graphLinks(c, runs)
}

// graphLinks puts beside each run what the documents show of other things: its experiment, which whoever sees the run may see, and those versions
// that are registered of it and whose model the caller may see.
func (f *Front) graphLinks(c *api.Call, runs []any) error {
	experiments, byID := map[string]any{}, map[string]map[string]any{}
	for _, r := range runs {
		run := r.(map[string]any)
		info := run["info"].(map[string]any)
		id, of := info["run_id"].(string), info["experiment_id"].(string)
		if experiments[of] == nil {
			e, err := f.graphExperiment(c, of)
			if err != nil {
				return err
			}
			experiments[of] = e
		}
		run["experiment"], byID[id] = experiments[of], run
	}
	return graphVersions(c, byID)
}

func (f *Front) graphExperiment(c *api.Call, text string) (any, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fail.Internalf(err, "a run is in experiment %q", text)
	}
	body, err := bodyOf(f.getExperiment(c, cmp.Or(id, authz.DefaultExperiment), nil))
	if err != nil {
		return nil, err
	}
	message, err := messageOf(body)
	return message["experiment"], err
}

// graphVersions puts the registered versions of runs beside them.
func graphVersions(c *api.Call, runs map[string]map[string]any) error {
	if len(runs) == 0 {
		return nil
	}
	var filter strings.Builder
	for id := range runs {
		filter.WriteString(",'" + id + "'") // ids are the server's own, or were checked when they came
	}
	text := "run_id IN (" + filter.String()[1:] + ")"
	scope := authz.ScopeOf(c.Tx.Map, c.Who, authz.ViewModel, c.Now)
	body, err := bodyOf(searchVersions(c, scope, &SearchModelVersions{Filter: &text}))
	if err != nil {
		return err
	}
	message, err := messageOf(body)
	if err != nil {
		return err
	}
	list, _ := message["model_versions"].([]any)
	for _, v := range list {
		version := v.(map[string]any)
		run := runs[version["run_id"].(string)]
		of, _ := run["model_versions"].([]any)
		run["model_versions"] = append(of, v)
	}
	return nil
}
