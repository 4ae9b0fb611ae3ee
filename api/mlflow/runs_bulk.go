package mlflow

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking/search"
)

// bulkRoutes delete and restore many runs at once, as Databricks' clients ask for it.
func (f *Front) bulkRoutes() []api.Route {
	return []api.Route{
		writeExperiment("POST /databricks/runs/delete-runs", authz.ManageRuns, experiment(f, (*DeleteRuns).GetExperimentId), deleteRuns,
			api.As[DeleteRuns]("deleteRuns")),
		writeExperiment("POST /databricks/runs/restore-runs", authz.ManageRuns, experiment(f, (*RestoreRuns).GetExperimentId), restoreRuns,
			api.As[RestoreRuns]("restoreRuns")),
	}
}

// purgeRoutes delete for good; no client of MLflow has them (`mlflow gc` wants the database itself).
func (f *Front) purgeRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /experiments/purge", authz.PurgeRuns, forGood(experiment(f, (*PurgeExperiment).GetExperimentId)), purgeExperiment,
			api.As[PurgeExperiment]("purgeExperiment"), api.Alone[PurgeExperiment]),
		api.Write("POST /runs/purge", authz.PurgeRuns, forGood(run((*PurgeRun).GetRunId)), purgeRun, api.As[PurgeRun]("purgeRun")),
	}
}

// DeleteRuns asks to delete an experiment's runs that started until a time.
type DeleteRuns struct {
	ExperimentId       *string `wire:"experiment_id,experimentId"`
	MaxTimestampMillis *int64  `wire:"max_timestamp_millis,maxTimestampMillis"`
	MaxRuns            *int32  `wire:"max_runs,maxRuns"`
}

// GetExperimentId gives the field; empty when unset.
func (m *DeleteRuns) GetExperimentId() string { return deref(m.ExperimentId, "") }

// DeleteRunsResponse says how many were deleted.
type DeleteRunsResponse struct {
	RunsDeleted *int64 `wire:"runs_deleted,runsDeleted"`
}

// RestoreRuns asks to restore an experiment's runs that were deleted since a time.
type RestoreRuns struct {
	ExperimentId       *string `wire:"experiment_id,experimentId"`
	MinTimestampMillis *int64  `wire:"min_timestamp_millis,minTimestampMillis"`
	MaxRuns            *int32  `wire:"max_runs,maxRuns"`
}

// GetExperimentId gives the field; empty when unset.
func (m *RestoreRuns) GetExperimentId() string { return deref(m.ExperimentId, "") }

// RestoreRunsResponse says how many were restored.
type RestoreRunsResponse struct {
	RunsRestored *int64 `wire:"runs_restored,runsRestored"`
}

// maxBulkRuns is the most runs of one request, as in Databricks.
const maxBulkRuns = 10_000

func bulkSize(n *int32) (int, error) {
	size := deref(n, maxBulkRuns)
	if size < 1 || size > maxBulkRuns {
		return 0, fail.Invalidf("Invalid value %d for parameter 'max_runs' supplied: it must be from 1 to %d", size, maxBulkRuns)
	}
	return int(size), nil
}

func deleteRuns(c *api.Call, id int64, q *DeleteRuns) (*DeleteRunsResponse, error) {
	n, err := bulkMove(c, id, "max_timestamp_millis", q.MaxTimestampMillis, q.MaxRuns, c.Tx.DeleteRuns)
	return &DeleteRunsResponse{RunsDeleted: &n}, err
}

func restoreRuns(c *api.Call, id int64, q *RestoreRuns) (*RestoreRunsResponse, error) {
	n, err := bulkMove(c, id, "min_timestamp_millis", q.MinTimestampMillis, q.MaxRuns, c.Tx.RestoreRuns)
	return &RestoreRunsResponse{RunsRestored: &n}, err
}

func bulkMove(c *api.Call, id int64, name string, at *int64, most *int32, change func(experiment, at int64, most int) (int64, error)) (
	int64, error) {
	if err := given(name, at); err != nil {
		return 0, err
	}
	size, err := bulkSize(most)
	if err != nil {
		return 0, err
	}
	n, err := change(id, *at, size)
	c.Note("runs", strconv.FormatInt(n, 10))
	return n, err
}

// PurgeExperiment asks to delete a deleted experiment for good.
type PurgeExperiment struct {
	ExperimentId *string `wire:"experiment_id,experimentId"`
}

// GetExperimentId gives the field; empty when unset.
func (m *PurgeExperiment) GetExperimentId() string { return deref(m.ExperimentId, "") }

// PurgeRun asks to delete a deleted run for good.
type PurgeRun struct {
	RunId *string `wire:"run_id,runId"`
}

// GetRunId gives the field; empty when unset.
func (m *PurgeRun) GetRunId() string { return deref(m.RunId, "") }

// Purged says how many objects and runs are gone for good, and whether there are more: then the same call goes on.
type Purged struct {
	Purged *int64 `wire:"purged"`
	Left   *bool  `wire:"left"`
}

func purgeExperiment(c *api.Call, id int64, _ *PurgeExperiment) (*Purged, error) {
	if !c.Tx.Map.InTrash(id) {
		return nil, fail.Statef("Only a deleted experiment can be purged; delete experiment %s first", store.ExperimentID(id))
	}
	if id == authz.DefaultExperiment {
		return nil, fail.Statef("The default experiment cannot be purged")
	}
	c.Note("experimentName", c.Tx.Map.Path(id))
	n, left, err := c.Tx.Purge(id, store.PurgeBatch)
	gone := int64(n)
	return &Purged{Purged: &gone, Left: &left}, api.NameHolder(c, err)
}

func purgeRun(c *api.Call, h *store.RunHead, _ *PurgeRun) (*Purged, error) {
	if h.Lifecycle != search.Deleted {
		return nil, fail.Statef("Only a deleted run can be purged; delete run %s first", h.ID)
	}
	c.Note("runId", h.ID)
	one, none := int64(1), false
	return &Purged{Purged: &one, Left: &none}, api.NameHolder(c, c.Tx.PurgeRun(h))
}
