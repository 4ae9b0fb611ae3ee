package mlflow

import (
	"encoding/json"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
)

// What goes into a run and comes out of it: datasets and logged models.

func (f *Front) inputRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /runs/log-inputs", authz.LogRuns, run((*LogInputs).GetRunId), logInputs, api.Or[LogInputs](authz.ViewTrashed),
			api.Audit[LogInputs](api.Gathered, "", "logInputs"),
			api.Also(authz.ViewLoggedModels, func(c *api.Call, q *LogInputs) ([]api.Target, error) { return modelTargets(c, inputModels(q)...) })),
		api.Write("POST /runs/outputs", authz.LogRuns, run((*LogOutputs).GetRunId), logOutputs, api.Or[LogOutputs](authz.ViewTrashed),
			api.Audit[LogOutputs](api.Gathered, "", "logOutputs"),
			api.Also(authz.EditLoggedModels, func(c *api.Call, q *LogOutputs) ([]api.Target, error) { return modelTargets(c, outputModels(q)...) })),
		api.Write("POST /runs/log-model", authz.LogRuns, run((*LogModel).GetRunId), logModel, api.Or[LogModel](authz.ViewTrashed),
			api.Audit[LogModel](api.Gathered, "", "logModel")),
		api.List("POST /experiments/search-datasets", authz.ViewRuns, authz.Experiment, f.searchDatasets, api.As[SearchDatasets]("searchDatasets")),
	}
}

func inputModels(q *LogInputs) (ids []string) {
	for _, m := range q.Models {
		ids = append(ids, m.GetModelId())
	}
	return ids
}

func outputModels(q *LogOutputs) (ids []string) {
	for _, m := range q.Models {
		ids = append(ids, m.GetModelId())
	}
	return ids
}

// allNamed refuses models that a request names by nothing, and more of them than it may have.
func allNamed(ids []string) error {
	if len(ids) > tracking.MaxInputs {
		return fail.Invalidf("At most %d models may be given at once, got %d", tracking.MaxInputs, len(ids))
	}
	if slices.Contains(ids, "") {
		return fail.Invalidf("Missing value for required parameter 'models[%d].model_id'.", slices.Index(ids, ""))
	}
	return nil
}

func logInputs(c *api.Call, h *store.RunHead, q *LogInputs) (*Nothing, error) {
	if err := h.Writable(); err != nil {
		return nil, err
	}
	models := inputModels(q)
	if err := allNamed(models); err != nil {
		return nil, err
	}
	inputs := make([]tracking.DatasetInput, len(q.Datasets))
	for i, in := range q.Datasets {
		inputs[i] = datasetOf(in)
	}
	if err := tracking.CheckInputs(inputs); err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.LogInputs(h, inputs, models)
}

func datasetOf(in *DatasetInput) tracking.DatasetInput {
	d := in.GetDataset()
	return tracking.DatasetInput{Tags: pairsOf(in.Tags), Dataset: tracking.Dataset{
		Name: d.GetName(), Digest: d.GetDigest(), SourceType: d.GetSourceType(), Source: d.GetSource(), Schema: d.GetSchema(),
		Profile: d.GetProfile(),
	}}
}

func logOutputs(c *api.Call, h *store.RunHead, q *LogOutputs) (*Nothing, error) {
	if err := h.Writable(); err != nil {
		return nil, err
	}
	if err := allNamed(outputModels(q)); err != nil {
		return nil, err
	}
	models := make([]tracking.ModelOutput, len(q.Models))
	for i, m := range q.Models {
		models[i] = tracking.ModelOutput{ModelID: m.GetModelId(), Step: m.GetStep()}
	}
	return &Nothing{}, c.Tx.LogOutputs(h, models)
}

// Of models that older clients log: the tag that keeps them as a list, and what each must have.
const tagModelHistory = "mlflow.log-model.history"

var modelFields = []string{"artifact_path", "flavors", "utc_time_created", "run_id"}

// maxHistoryTag is the most characters of that tag: it is not cut like others, since half a list is none.
const maxHistoryTag = 1 << 20

// logModel keeps the description of a model in a tag of its run, as clients before MLflow 3 do.
func logModel(c *api.Call, h *store.RunHead, q *LogModel) (*Nothing, error) {
	if err := h.Writable(); err != nil {
		return nil, err
	}
	model, err := describedModel(q.GetModelJson())
	if err != nil {
		return nil, err
	}
	r, err := c.Tx.Run(h.ID)
	if err != nil {
		return nil, err
	}
	list := []json.RawMessage{}
	if before, ok := tracking.Lookup(r.Tags, tagModelHistory); ok && json.Unmarshal([]byte(before), &list) != nil {
		return nil, fail.Invalidf("The tag %s of run %s is not a list of models any more", tagModelHistory, h.ID)
	}
	value, err := json.Marshal(append(list, model))
	if err != nil {
		return nil, err
	}
	if len(value) > maxHistoryTag {
		return nil, fail.Invalidf("The tag %s would be longer than %d bytes", tagModelHistory, maxHistoryTag)
	}
	return &Nothing{}, c.Tx.SetRunTags(h, tracking.Pair{Key: tagModelHistory, Value: string(value)})
}

func describedModel(text string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil || fields == nil {
		return nil, fail.Invalidf("Malformed model info: 'model_json' is not a JSON object")
	}
	var missing []string
	for _, name := range modelFields {
		if _, ok := fields[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fail.Invalidf("Model json is missing mandatory fields: %s", strings.Join(missing, ", "))
	}
	return json.RawMessage(text), nil
}

// Limits of search-datasets (mlflow/server/handlers.py).
const (
	maxDatasetExperiments = 20
	maxDatasets           = 1000
)

// searchDatasets gives the datasets of those of the experiments that the caller may see.
func (f *Front) searchDatasets(c *api.Call, scope authz.Scope, q *SearchDatasets) (*SearchDatasetsResponse, error) {
	if n := len(q.ExperimentIds); n == 0 || n > maxDatasetExperiments {
		return nil, fail.Invalidf("SearchDatasets request must specify between 1 and %d experiment_ids. Received %d.", maxDatasetExperiments, n)
	}
	uses, err := c.Tx.DatasetUses(f.visible(c, scope, q.ExperimentIds), maxDatasets)
	answer := &SearchDatasetsResponse{}
	for _, u := range uses {
		answer.DatasetSummaries = append(answer.DatasetSummaries, &DatasetSummary{
			ExperimentId: text(store.ExperimentID(u.Experiment)), Name: &u.Name, Digest: &u.Digest, Context: &u.Context,
		})
	}
	return answer, err
}
