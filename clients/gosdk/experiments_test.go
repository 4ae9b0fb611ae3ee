package gosdk

import (
	"fmt"
	"slices"
	"testing"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/ml"
)

// newRun makes a run and gives its id.
func newRun(t *testing.T, w *databricks.WorkspaceClient, experiment string) string {
	t.Helper()
	return of(w.Experiments.CreateRun(within(t), ml.CreateRun{ExperimentId: experiment, StartTime: 1})).must(t).Run.Info.RunId
}

func TestExperiment(t *testing.T) {
	ctx, w := within(t), person(t, "ada").Experiments
	id := experiment(t, person(t, "ada"))
	must(t, w.SetExperimentTag(ctx, ml.SetExperimentTag{ExperimentId: id, Key: "team", Value: "größe"}))
	get := func() *ml.Experiment {
		return of(w.GetExperiment(ctx, ml.GetExperimentRequest{ExperimentId: id})).must(t).Experiment
	}
	holds(t, slices.ContainsFunc(get().Tags, func(tag ml.ExperimentTag) bool { return tag.Key == "team" && tag.Value == "größe" }), get().Tags)
	holds(t, get().CreationTime > 1_600_000_000_000 && get().Name == place(t) && get().LifecycleStage == "active", get())
	equal(t, of(w.GetByName(ctx, ml.GetByNameRequest{ExperimentName: "/Workspace" + place(t)})).must(t).Experiment.ExperimentId, id)
	of(w.CreateExperiment(ctx, ml.CreateExperiment{Name: place(t)})).fails(t, apierr.ErrResourceAlreadyExists)
	must(t, w.UpdateExperiment(ctx, ml.UpdateExperiment{ExperimentId: id, NewName: place(t) + "-2"}))
	equal(t, get().Name, place(t)+"-2")
	must(t, w.DeleteExperiment(ctx, ml.DeleteExperiment{ExperimentId: id}))
	equal(t, get().LifecycleStage, "deleted")
	must(t, w.RestoreExperiment(ctx, ml.RestoreExperiment{ExperimentId: id}))
	of(w.GetExperiment(ctx, ml.GetExperimentRequest{ExperimentId: "123456789"})).missing(t)
}

func TestExperimentLists(t *testing.T) {
	ctx, w := within(t), person(t, "ada").Experiments
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("%s-%d", place(t), i))
		of(w.CreateExperiment(ctx, ml.CreateExperiment{Name: want[i]})).must(t)
	}
	name := func(e ml.Experiment) string { return e.Name }
	filter := ml.SearchExperiments{Filter: "name LIKE '" + place(t) + "-%'", OrderBy: []string{"name ASC"}, MaxResults: 2}
	found := mapped(all(t, w.SearchExperiments(ctx, filter)), name)
	holds(t, slices.Equal(found, want), found)
	listed := mapped(all(t, w.ListExperiments(ctx, ml.ListExperimentsRequest{MaxResults: 3})), name)
	for _, n := range want {
		holds(t, slices.Contains(listed, n), listed)
	}
	equal(t, len(all(t, person(t, "bob").Experiments.SearchExperiments(ctx, filter))), 0)
}

func TestRun(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, exp := ada.Experiments, experiment(t, ada)
	made := of(w.CreateRun(ctx, ml.CreateRun{ExperimentId: exp, RunName: "first", StartTime: 1_700_000_000_123, UserId: "root",
		Tags: []ml.RunTag{{Key: "kind", Value: "nightly"}}})).must(t).Run
	id := made.Info.RunId
	equal(t, made.Info.UserId, nameOf(t, "ada"))
	equal(t, made.Info.StartTime, int64(1_700_000_000_123))
	equal(t, made.Info.Status, ml.RunInfoStatusRunning)

	must(t, w.LogParam(ctx, ml.LogParam{RunId: id, Key: "depth", Value: "4"}))
	only(w.LogParam(ctx, ml.LogParam{RunId: id, Key: "depth", Value: "5"})).fails(t, apierr.ErrInvalidParameterValue, "depth")
	must(t, w.LogMetric(ctx, ml.LogMetric{RunId: id, Key: "zero", Value: 0, Timestamp: 1, Step: 0}))
	must(t, w.LogMetric(ctx, ml.LogMetric{RunId: id, Key: "whole", Value: 7, Timestamp: 1, Step: -2}))
	must(t, w.SetTag(ctx, ml.SetTag{RunId: id, Key: "drop", Value: "1"}))
	must(t, w.DeleteTag(ctx, ml.DeleteTag{RunId: id, Key: "drop"}))
	only(w.DeleteTag(ctx, ml.DeleteTag{RunId: id, Key: "drop"})).missing(t)
	must(t, w.LogInputs(ctx, ml.LogInputs{RunId: id, Datasets: []ml.DatasetInput{
		{Dataset: ml.Dataset{Name: "rows", Digest: "d1", Source: "{}", SourceType: "local"}}}}))
	ended := of(w.UpdateRun(ctx, ml.UpdateRun{RunId: id, Status: ml.UpdateRunStatusFinished, EndTime: 1_700_000_001_000})).must(t)
	equal(t, ended.RunInfo.Status, ml.RunInfoStatusFinished)

	got := of(w.GetRun(ctx, ml.GetRunRequest{RunId: id})).must(t).Run
	equal(t, len(got.Data.Metrics), 2)
	equal(t, got.Data.Params[0].Key+"="+got.Data.Params[0].Value, "depth=4")
	equal(t, got.Inputs.DatasetInputs[0].Dataset.Name, "rows")
	must(t, w.DeleteRun(ctx, ml.DeleteRun{RunId: id}))
	only(w.LogMetric(ctx, ml.LogMetric{RunId: id, Key: "late", Value: 1, Timestamp: 1})).fails(t, apierr.ErrInvalidParameterValue)
	must(t, w.RestoreRun(ctx, ml.RestoreRun{RunId: id}))
	of(w.GetRun(ctx, ml.GetRunRequest{RunId: "00000000000000000000000000000000"})).missing(t)
}

func TestMetrics(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, run := ada.Experiments, newRun(t, ada, experiment(t, ada))
	for batch := range 3 {
		var points []ml.Metric
		for i := range int64(1000) {
			step := int64(batch)*1000 + i
			// Without ForceSendFields the SDK leaves a value of 0 out, which MLflow refuses as missing.
			points = append(points, ml.Metric{Key: "m", Value: float64(step) / 3, Timestamp: 1000 + step, Step: step, ForceSendFields: []string{"Value"}})
		}
		must(t, w.LogBatch(ctx, ml.LogBatch{RunId: run, Metrics: points}))
	}
	history := all(t, w.GetHistory(ctx, ml.GetHistoryRequest{RunId: run, MetricKey: "m", MaxResults: 700}))
	equal(t, len(history), 3000)
	for i, m := range history {
		holds(t, m.Step == int64(i) && m.Value == float64(i)/3, m)
	}
	only(w.LogBatch(ctx, ml.LogBatch{RunId: run, Metrics: make([]ml.Metric, 1001)})).fails(t, apierr.ErrBadRequest)
}

func TestRunSearch(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, exp := ada.Experiments, experiment(t, ada)
	for i := range 7 {
		run := newRun(t, ada, exp)
		must(t, w.LogMetric(ctx, ml.LogMetric{RunId: run, Key: "acc", Value: float64(i), Timestamp: 1}))
	}
	query := ml.SearchRuns{ExperimentIds: []string{exp}, Filter: "metrics.acc > 0.5", OrderBy: []string{"metrics.acc DESC"}, MaxResults: 2}
	got := mapped(all(t, w.SearchRuns(ctx, query)), func(r ml.Run) float64 { return r.Data.Metrics[0].Value })
	holds(t, slices.Equal(got, []float64{6, 5, 4, 3, 2, 1}), got)
	query.Filter = "metrics.acc >>> 1"
	of(w.SearchRunsAll(ctx, query)).fails(t, apierr.ErrInvalidParameterValue)
	equal(t, len(all(t, person(t, "bob").Experiments.SearchRuns(ctx, ml.SearchRuns{ExperimentIds: []string{exp}}))), 0)
}

func TestRunsInBulk(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, exp := ada.Experiments, experiment(t, ada)
	for range 3 {
		newRun(t, ada, exp)
	}
	gone := of(w.DeleteRuns(ctx, ml.DeleteRuns{ExperimentId: exp, MaxTimestampMillis: 4_000_000_000_000, MaxRuns: 2})).must(t)
	equal(t, gone.RunsDeleted, 2)
	back := of(w.RestoreRuns(ctx, ml.RestoreRuns{ExperimentId: exp, MinTimestampMillis: 0})).must(t)
	equal(t, back.RunsRestored, 2)
	of(person(t, "rita").Experiments.DeleteRuns(ctx, ml.DeleteRuns{ExperimentId: exp, MaxTimestampMillis: 1})).
		refused(t, "CAN_EDIT", nameOf(t, "ada"))
}

func TestLoggedModel(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, exp := ada.Experiments, experiment(t, ada)
	run := newRun(t, ada, exp)
	made := of(w.CreateLoggedModel(ctx, ml.CreateLoggedModelRequest{ExperimentId: exp, Name: "m", SourceRunId: run, ModelType: "agent",
		Params: []ml.LoggedModelParameter{{Key: "k", Value: "v"}}})).must(t).Model
	id := made.Info.ModelId
	equal(t, made.Info.Status, ml.LoggedModelStatusLoggedModelPending)
	must(t, w.SetLoggedModelTags(ctx, ml.SetLoggedModelTagsRequest{ModelId: id, Tags: []ml.LoggedModelTag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}}))
	must(t, w.DeleteLoggedModelTagByModelIdAndTagKey(ctx, id, "a"))
	must(t, w.LogLoggedModelParams(ctx, ml.LogLoggedModelParamsRequest{ModelId: id, Params: []ml.LoggedModelParameter{{Key: "k2", Value: "v"}}}))
	must(t, w.LogMetric(ctx, ml.LogMetric{RunId: run, ModelId: id, Key: "acc", Value: 0.5, Timestamp: 1}))
	must(t, w.LogOutputs(ctx, ml.LogOutputsRequest{RunId: run, Models: []ml.ModelOutput{{ModelId: id, Step: 1}}}))
	of(w.FinalizeLoggedModel(ctx, ml.FinalizeLoggedModelRequest{ModelId: id, Status: ml.LoggedModelStatusLoggedModelReady})).must(t)

	got := of(w.GetLoggedModelByModelId(ctx, id)).must(t).Model
	equal(t, got.Info.Status, ml.LoggedModelStatusLoggedModelReady)
	equal(t, len(got.Data.Params), 2)
	holds(t, slices.ContainsFunc(got.Info.Tags, func(tag ml.LoggedModelTag) bool { return tag.Key == "b" }), got.Info.Tags)
	found := of(w.SearchLoggedModels(ctx, ml.SearchLoggedModelsRequest{ExperimentIds: []string{exp}, Filter: "metrics.acc > 0.1"})).must(t)
	equal(t, len(found.Models), 1)
	of(person(t, "rita").Experiments.FinalizeLoggedModel(ctx, ml.FinalizeLoggedModelRequest{ModelId: id, Status: "LOGGED_MODEL_READY"})).
		refused(t, "CAN_EDIT", nameOf(t, "ada"))
	must(t, w.DeleteLoggedModelByModelId(ctx, id))
	of(w.GetLoggedModelByModelId(ctx, id)).missing(t)
}

func TestExperimentsRefuse(t *testing.T) {
	ctx, ada, giver := within(t), person(t, "ada"), nameOf(t, "ada")
	exp := experiment(t, ada)
	run := newRun(t, ada, exp)
	bob, rita := person(t, "bob").Experiments, person(t, "rita").Experiments
	of(bob.GetExperiment(ctx, ml.GetExperimentRequest{ExperimentId: exp})).refused(t, "CAN_READ", giver)
	of(bob.GetRun(ctx, ml.GetRunRequest{RunId: run})).refused(t, "CAN_READ", giver)
	of(bob.CreateRun(ctx, ml.CreateRun{ExperimentId: exp})).refused(t, "CAN_EDIT", giver)
	of(rita.GetRun(ctx, ml.GetRunRequest{RunId: run})).must(t)
	only(rita.LogParam(ctx, ml.LogParam{RunId: run, Key: "p", Value: "1"})).refused(t, "CAN_EDIT", giver)
	only(rita.DeleteExperiment(ctx, ml.DeleteExperiment{ExperimentId: exp})).refused(t, "CAN_EDIT", giver)
	must(t, person(t, "ed").Experiments.LogParam(ctx, ml.LogParam{RunId: run, Key: "p", Value: "1"}))
	only(person(t, "ed").Experiments.UpdateExperiment(ctx, ml.UpdateExperiment{ExperimentId: exp, NewName: place(t) + "-x"})).
		refused(t, "CAN_MANAGE", giver)
}
