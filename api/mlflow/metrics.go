package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
)

func (f *Front) metricRoutes() []api.Route {
	return []api.Route{
		writeRun("POST /runs/log-metric", authz.LogRuns, func(q *LogMetric) string { return runOr(q.GetRunId(), q.GetRunUuid()) }, logMetric,
			gathered[LogMetric]("logMetric"), api.Also(authz.EditLoggedModels, func(c *api.Call, q *LogMetric) ([]api.Target, error) {
				return modelTargets(c, q.GetModelId())
			})),
		writeRun("POST /runs/log-batch", authz.LogRuns, (*LogBatch).GetRunId, logBatch, gathered[LogBatch]("logBatch"),
			api.Also(authz.EditLoggedModels, func(c *api.Call, q *LogBatch) ([]api.Target, error) {
				return modelTargets(c, modelsOf(q.Metrics)...)
			}),
			api.Also(authz.ViewRuns, func(c *api.Call, q *LogBatch) ([]api.Target, error) { return parents(c, pairsOf(q.Tags)) })),
	}
}

// modelTargets finds the experiments of the logged models that metrics belong to.
func modelTargets(c *api.Call, ids ...string) ([]api.Target, error) {
	var targets []api.Target
	for _, id := range ids {
		if id == "" {
			continue
		}
		experiment, err := c.Tx.LoggedModelExperiment(id)
		if err != nil {
			return nil, err
		}
		targets = append(targets, api.Target{Object: experiment, Absent: store.NotAModel(id), Name: id})
	}
	return targets, nil
}

// modelsOf gives each model that metrics name, once where they stand together.
func modelsOf(metrics []*Metric) (ids []string) {
	for _, m := range metrics {
		if id := m.GetModelId(); id != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func logMetric(c *api.Call, h *store.RunHead, q *LogMetric) (*Nothing, error) {
	m := &Metric{Key: q.Key, Value: q.Value, Timestamp: q.Timestamp, Step: q.Step, ModelId: q.ModelId, DatasetName: q.DatasetName,
		DatasetDigest: q.DatasetDigest}
	metrics, err := metricsOf([]*Metric{m})
	return logAll(c, h, tracking.Batch{Metrics: metrics}, err)
}

func logBatch(c *api.Call, h *store.RunHead, q *LogBatch) (*Nothing, error) {
	if n := len(q.Metrics); n > tracking.MaxBatchMetrics { // before they are gathered
		return nil, (&tracking.Batch{Metrics: make([]tracking.Metric, n)}).Check()
	}
	metrics, err := metricsOf(q.Metrics)
	return logAll(c, h, tracking.Batch{Metrics: metrics, Params: pairsOf(q.Params), Tags: pairsOf(q.Tags)}, err)
}

func metricsOf(list []*Metric) ([]tracking.Metric, error) {
	metrics := make([]tracking.Metric, len(list))
	for i, m := range list {
		if m.Key == nil || m.Value == nil || m.Timestamp == nil {
			return nil, missing(i, m)
		}
		metrics[i] = tracking.Metric{
			Key: m.GetKey(), Point: tracking.Point{Timestamp: m.GetTimestamp(), Step: m.GetStep(), Value: m.GetValue()},
			ModelID: m.GetModelId(), DatasetName: m.GetDatasetName(), DatasetDigest: m.GetDatasetDigest(),
		}
	}
	return metrics, nil
}

// missing names what a metric lacks.
func missing(i int, m *Metric) error {
	name := "timestamp"
	switch {
	case m.Key == nil:
		name = "key"
	case m.Value == nil:
		name = "value"
	}
	return fail.Invalidf("Missing value for required parameter 'metrics[%d].%s'.", i, name)
}
