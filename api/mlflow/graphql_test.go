package mlflow_test

import (
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server/servertest"
)

// Documents of the form that MLflow's pages send.
const (
	getRunDocument = `query GetRun($data: MlflowGetRunInput!) @component(name: "c") { mlflowGetRun(input: $data) { __typename
		apiError { __typename code message helpUrl }
		run { __typename info { runUuid runName status startTime endTime artifactUri } experiment { experimentId name tags { key value } }
			modelVersions { name version status } data { metrics { __typename key value step timestamp } params { key value } tags { key value } }
			inputs { datasetInputs { dataset { name digest } tags { key value } } modelInputs { modelId } } outputs { modelOutputs { modelId step } } } } }`
	getExperimentDocument = `query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) { mlflowGetExperiment(input: $input) {
		apiError { code message } experiment { experimentId name creationTime effectiveTraceArchivalRetention } } }`
	searchRunsDocument = `query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) {
		apiError { code message } runs { info { runUuid } experiment { name } modelVersions { name version } } } }`
	historyDocument = `query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!) {
		mlflowGetMetricHistoryBulkInterval(input: $data) { __typename metrics { timestamp step runId key value } apiError { code message } } }`
)

// graph sends a document.
func (w *world) graph(token, document string, variables fields) servertest.Answer {
	w.t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(document, "query "), "(")
	return w.Do(token, "POST", "/mlflow/graphql", fields{"operationName": name, "query": document, "variables": variables})
}

// grape registers a version of a model "grape" out of a run.
func (w *world) grape(experiment, run string) {
	w.t.Helper()
	w.good(w.Do(w.ann, "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+experiment+"/"+run+"/artifacts/model/MLmodel", []byte("flavors: {}")), "artifact")
	w.registered("grape")
	w.ok("model-versions/create", fields{"name": "grape", "source": "runs:/" + run + "/model", "run_id": run})
}

// expect checks what an answer says in some places.
func expect(t *testing.T, what string, a servertest.Answer, want map[string]any) {
	t.Helper()
	if a.Status != 200 {
		t.Errorf("%s: %d %s", what, a.Status, a.Body)
		return
	}
	for path, value := range want {
		if got := a.JSON(path); got != value {
			t.Errorf("%s: %s is %v, want %v\n%s", what, path, got, value, a.Body)
		}
	}
}

func TestGraphAnswers(t *testing.T) {
	w := newWorld(t)
	experiment := w.experiment("vine")
	run := w.run(experiment, fields{"run_name": "first"})
	w.ok("runs/log-batch", fields{"run_id": run, "metrics": []fields{{"key": "m", "value": 1.5, "timestamp": 7, "step": 3}, {"key": "n", "value": "NaN", "timestamp": 8}},
		"params": []fields{{"key": "p", "value": "\"<é>"}}})
	w.ok("runs/log-inputs", fields{"run_id": run, "datasets": []fields{{"dataset": fields{"name": "d", "digest": "x", "source_type": "s", "source": "s"}}}})
	w.grape(experiment, run)
	const at = "data.mlflowGetRun.run."
	expect(t, "GetRun", w.graph(w.ann, getRunDocument, fields{"data": fields{"runId": run}}), map[string]any{
		"errors": nil, "data.mlflowGetRun.apiError": nil, "data.mlflowGetRun.__typename": "MlflowGetRunResponse", at + "__typename": "MlflowRunExtension",
		at + "info.runUuid": run, at + "info.runName": "first", at + "info.status": "RUNNING", at + "info.startTime": "1700000000000", at + "info.endTime": "0",
		at + "experiment.name": "vine", at + "experiment.experimentId": experiment, at + "data.metrics.0.__typename": "MlflowMetricExtension",
		at + "data.metrics.0.step": "3", at + "data.metrics.0.timestamp": "7", at + "data.metrics.1.value": nil, at + "data.params.0.value": "\"<é>",
		at + "inputs.datasetInputs.0.dataset.name": "d", at + "modelVersions.0.name": "grape", at + "modelVersions.0.version": "1",
	})
	if a := w.graph(w.ann, getRunDocument, fields{"data": fields{"runId": run}}); !strings.Contains(string(a.Body), `"outputs":{"modelOutputs":[]}`) ||
		a.Text(at+"data.metrics.0.value") != "1.5" {
		t.Errorf("%s", a.Body)
	}
	expect(t, "experiment", w.graph(w.ann, getExperimentDocument, fields{"input": fields{"experimentId": experiment}}), map[string]any{
		"data.mlflowGetExperiment.experiment.name": "vine", "data.mlflowGetExperiment.experiment.effectiveTraceArchivalRetention": "",
	})
	expect(t, "search", w.graph(w.ann, searchRunsDocument, fields{"data": fields{"experimentIds": []string{experiment}, "maxResults": 5, "pageToken": nil}}), map[string]any{
		"data.mlflowSearchRuns.runs.0.info.runUuid": run, "data.mlflowSearchRuns.runs.0.experiment.name": "vine",
		"data.mlflowSearchRuns.runs.0.modelVersions.0.name": "grape", "data.mlflowSearchRuns.runs.1": nil,
	})
	expect(t, "history", w.graph(w.ann, historyDocument, fields{"data": fields{"runIds": []string{run}, "metricKey": "m"}}), map[string]any{
		"data.mlflowGetMetricHistoryBulkInterval.metrics.0.runId": run, "data.mlflowGetMetricHistoryBulkInterval.metrics.0.step": "3",
		"data.mlflowGetMetricHistoryBulkInterval.__typename": "MlflowGetMetricHistoryBulkIntervalResponse",
	})
	expect(t, "default experiment", w.graph(w.ann, getExperimentDocument, fields{"input": fields{"experimentId": "0"}}), map[string]any{
		"data.mlflowGetExperiment.experiment.experimentId": "0",
	})
}

// TestGraphDecisions: the documents show what the calls show that they stand for.
func TestGraphDecisions(t *testing.T) {
	w := newWorld(t)
	reader, stranger := w.User("reader@example.org"), w.User("stranger@example.org")
	experiment := w.experiment("vine")
	run := w.run(experiment, fields{"run_name": "first"})
	w.ok("runs/log-metric", fields{"run_id": run, "key": "m", "value": 1, "timestamp": 7})
	w.grape(experiment, run)
	w.share(number(t, experiment), w.PrincipalID("reader@example.org"), authz.CanRead)
	getRun, search := fields{"data": fields{"runId": run}}, fields{"data": fields{"experimentIds": []string{experiment}}}
	expect(t, "a reader", w.graph(reader, getRunDocument, getRun), map[string]any{
		"data.mlflowGetRun.run.info.runUuid": run, "data.mlflowGetRun.run.modelVersions.0": nil, "data.mlflowGetRun.apiError": nil,
	})
	expect(t, "a reader's search", w.graph(reader, searchRunsDocument, search), map[string]any{
		"data.mlflowSearchRuns.runs.0.info.runUuid": run, "data.mlflowSearchRuns.runs.0.modelVersions.0": nil,
	})
	expect(t, "a stranger", w.graph(stranger, getRunDocument, getRun), map[string]any{
		"data.mlflowGetRun.run": nil, "data.mlflowGetRun.apiError.code": "PERMISSION_DENIED", "data.mlflowGetRun.apiError.helpUrl": nil,
	})
	expect(t, "a stranger's search", w.graph(stranger, searchRunsDocument, search), map[string]any{"data.mlflowSearchRuns.runs": nil, "data.mlflowSearchRuns.apiError": nil})
	expect(t, "a stranger's experiment", w.graph(stranger, getExperimentDocument, fields{"input": fields{"experimentId": experiment}}), map[string]any{
		"data.mlflowGetExperiment.experiment": nil, "data.mlflowGetExperiment.apiError.code": "PERMISSION_DENIED",
	})
	expect(t, "a stranger's history", w.graph(stranger, historyDocument, fields{"data": fields{"runIds": []string{run}, "metricKey": "m"}}), map[string]any{
		"data.mlflowGetMetricHistoryBulkInterval.metrics": nil, "data.mlflowGetMetricHistoryBulkInterval.apiError": nil,
	})
	if a := w.graph("", getRunDocument, getRun); a.Status != 401 || a.Text("error_code") != "UNAUTHENTICATED" {
		t.Errorf("nobody: %d %s", a.Status, a.Body)
	}
	if a := w.Admin("GET", "/api/governance/1.0/audit?actor=stranger@example.org&action=getRun&class=A", nil); !strings.Contains(string(a.Body), run) {
		t.Errorf("the refusal is no entry of the ledger: %s", a.Body)
	}
}

// TestGraphHidden: where names are hidden, a run that may not be known is answered as one that does not exist.
func TestGraphHidden(t *testing.T) {
	w := newWorld(t)
	stranger := w.User("stranger@example.org")
	run := w.run(w.experiment("vine"), nil)
	w.Govern(settingEvents(authz.SettingEnforceView, "true"))
	for id, what := range map[string]string{run: "hidden", strings.Repeat("0", 32): "absent"} {
		expect(t, what, w.graph(stranger, getRunDocument, fields{"data": fields{"runId": id}}), map[string]any{
			"data.mlflowGetRun.run": nil, "data.mlflowGetRun.apiError.code": "RESOURCE_DOES_NOT_EXIST",
			"data.mlflowGetRun.apiError.message": "Run with id=" + id + " not found",
		})
	}
}

func TestGraphMalformed(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string]any{
		"another document": fields{"query": "query Q { __schema { types { name } } }"}, "no document": fields{}, "no JSON": "x",
		"a batch":      []fields{{"query": getRunDocument}, {"query": getRunDocument}},
		"another name": fields{"operationName": "SearchRuns", "query": getRunDocument},
	} {
		a := w.Do(w.ann, "POST", "/graphql", body)
		if a.Status != 400 || a.Text("errors.0.message") == "" || a.JSON("data") != nil {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	for name, variables := range map[string]fields{"none": {}, "null": {"data": nil}, "empty": {"data": fields{"runId": ""}}} {
		expect(t, name, w.graph(w.ann, getRunDocument, variables), map[string]any{"data.mlflowGetRun.apiError.code": "INVALID_PARAMETER_VALUE"})
	}
	expect(t, "a bad filter", w.graph(w.ann, searchRunsDocument, fields{"data": fields{"filter": "what?"}}), map[string]any{
		"data.mlflowSearchRuns.apiError.code": "INVALID_PARAMETER_VALUE", "data.mlflowSearchRuns.runs": nil,
	})
	if a := w.Do(w.ann, "GET", "/graphql?query=x", nil); a.Status != 400 {
		t.Errorf("GET: %d %s", a.Status, a.Body)
	}
}
