package mlflow

import (
	"encoding/hex"
	"math/rand/v2"

	"github.com/google/uuid"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

func (f *Front) runRoutes() []api.Route {
	return []api.Route{
		writeExperiment("POST /runs/create", authz.ManageRuns, f.experimentOfRun, createRun, api.As[CreateRun]("createRun"),
			api.Also(authz.ViewRuns, func(c *api.Call, q *CreateRun) ([]api.Target, error) { return parents(c, pairsOf(q.Tags)) })),
		readRun("GET /runs/get", authz.ViewRuns, func(q *GetRun) string { return runOr(q.GetRunId(), q.GetRunUuid()) }, getRun,
			api.As[GetRun]("getRun")),
		writeRun("POST /runs/update", authz.LogRuns, func(q *UpdateRun) string { return runOr(q.GetRunId(), q.GetRunUuid()) }, updateRun,
			gathered[UpdateRun]("updateRun")),
		writeRun("POST /runs/delete", authz.ManageRuns, (*DeleteRun).GetRunId, deleteRun, api.As[DeleteRun]("deleteRun")),
		writeRun("POST /runs/restore", authz.ManageRuns, (*RestoreRun).GetRunId, restoreRun, api.As[RestoreRun]("restoreRun")),
	}
}

// experimentOfRun finds the experiment that a new run is to be in; a caller whose default experiment is in his home gets it made.
func (f *Front) experimentOfRun(c *api.Call, q *CreateRun) (int64, api.Target, error) {
	if q.GetExperimentId() == "0" && f.DefaultExperiment == defaultHome {
		if err := f.makeHomeDefault(c); err != nil {
			return 0, api.Target{}, err
		}
	}
	return experiment(f, (*CreateRun).GetExperimentId)(c, q)
}

// createRun makes a run. Who made it is for the server to say; what the client claims is kept beside it.
func createRun(c *api.Call, experiment int64, q *CreateRun) (*document[CreateRunResponse], error) {
	own, err := c.Tx.Location(experiment)
	if err != nil {
		return nil, err
	}
	r := &tracking.Run{
		ID: newRunID(), Experiment: experiment, User: c.Principal().Name, Status: tracking.Running, Start: deref(q.StartTime, c.Tx.Now),
		End: tracking.Unset, Lifecycle: search.Active,
	}
	r.ArtifactURI = store.RunLocation(experiment, own, r.ID)
	if err := nameRun(r, q); err != nil {
		return nil, err
	}
	c.Note("experimentId", store.ExperimentID(experiment))
	c.Note("runId", r.ID)
	if err := c.Tx.InsertRun(r, c.Who.Principal); err != nil {
		return nil, err
	}
	return runDocument[CreateRunResponse](formOf(c), r), nil
}

// nameRun checks a new run's tags and gives it its name and the tags of who made it.
func nameRun(r *tracking.Run, q *CreateRun) (err error) {
	batch := tracking.Batch{Tags: pairsOf(q.Tags)}
	if err := batch.Check(); err != nil {
		return err
	}
	if err := tracking.RunName(q.GetRunName()); err != nil {
		return err
	}
	if r.Start < 0 {
		return fail.Invalidf("Invalid value %d for parameter 'start_time' supplied: it must not be negative", r.Start)
	}
	tags, claimed := claims(batch.Tags)
	if claimed == "" {
		claimed = q.GetUserId()
	}
	tags = append(tags, tracking.Pair{Key: tagUser, Value: r.User})
	if claimed != "" && claimed != r.User {
		tags = append(tags, tracking.Pair{Key: tagClaimed, Value: tracking.Truncate(claimed, tracking.MaxUser)})
	}
	r.Name, r.Tags, err = tracking.NameRun(q.GetRunName(), tags, rand.IntN)
	return err
}

// newRunID makes a run's id: 32 hexadecimal digits that order by time.
func newRunID() string {
	id := uuid.Must(uuid.NewV7()) // fails only without a source of chance, which ends the process elsewhere
	return hex.EncodeToString(id[:])
}

// runDocument is the answer {"run": …}.
func runDocument[M any](f form, r *tracking.Run) *document[M] {
	return &document[M]{append(f.appendRun(append(make([]byte, 0, 2048), `{"run":`...), r), '}')}
}

func getRun(c *api.Call, h *store.RunHead, _ *GetRun) (*document[GetRunResponse], error) {
	form := formOf(c)
	body, err := c.Tx.RunDocument(h, uint8(form), form.appendRun)
	if err != nil {
		return nil, err
	}
	answer := append(append(make([]byte, 0, len(body)+16), `{"run":`...), body...)
	return &document[GetRunResponse]{append(answer, '}')}, nil
}

// updateRun changes status, end time and name. Values that are not known count as not given, as in MLflow.
func updateRun(c *api.Call, h *store.RunHead, q *UpdateRun) (*document[UpdateRunResponse], error) {
	if err := h.Writable(); err != nil {
		return nil, err
	}
	if err := tracking.RunName(q.GetRunName()); err != nil {
		return nil, err
	}
	u := tracking.RunUpdate{End: q.EndTime, Name: q.RunName}
	if s, ok := tracking.ParseRunStatus(string(q.Status)); ok {
		u.Status = &s
	}
	if err := c.Tx.UpdateRun(h, u); err != nil {
		return nil, err
	}
	body := append(formOf(c).appendInfo([]byte(`{"run_info":`), &h.Run), '}')
	return &document[UpdateRunResponse]{body}, nil
}

func deleteRun(c *api.Call, h *store.RunHead, _ *DeleteRun) (*Nothing, error) {
	return moveRun(c, h, search.Deleted)
}

func restoreRun(c *api.Call, h *store.RunHead, _ *RestoreRun) (*Nothing, error) {
	return moveRun(c, h, search.Active)
}

func moveRun(c *api.Call, h *store.RunHead, to tracking.Lifecycle) (*Nothing, error) {
	c.Note("runId", h.ID)
	return &Nothing{}, c.Tx.MoveRun(h, to)
}

// deletedExperiment is the error of changing what is in a deleted experiment.
func deletedExperiment(id int64) error {
	return fail.Invalidf("The experiment %s must be in the 'active' state. Current state is deleted.", store.ExperimentID(id))
}
