package store

import (
	"database/sql"
	"strconv"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/lineage"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// RunHead is a run without what was logged to it. Its lifecycle is the run's own and says deleted, too, when its experiment is in the trash.
type RunHead struct {
	tracking.Run
	// Trashed: the run's experiment is deleted.
	Trashed bool
	changed int64
}

const runColumns = "SELECT r.id, r.experiment, r.name, r.user_name, r.status, r.started, r.ended, r.lifecycle, r.changed FROM runs r "

// NotARun is the error for a run that does not exist, or may not be known.
func NotARun(id string) error { return fail.NotFoundf("Run with id=%s not found", id) }

// RunHead gives a run without what was logged to it; fail.NotFound when there is none.
func (tx *Tx) RunHead(id string) (*RunHead, error) {
	heads, err := tx.runHeads("WHERE r.id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, NotARun(id)
	}
	return heads[0], nil
}

// RunHeads gives those of several runs that exist, in no order.
func (tx *Tx) RunHeads(ids []string) (heads []*RunHead, err error) {
	if err = eachIn(tx, scanHead(&heads), runColumns+"WHERE r.id IN (?)", ids); err != nil {
		return nil, err
	}
	return heads, tx.complete(heads)
}

func (tx *Tx) runHeads(where string, args ...any) (heads []*RunHead, err error) {
	if err = tx.each(scanHead(&heads), runColumns+where, args...); err != nil {
		return nil, err
	}
	return heads, tx.complete(heads)
}

func scanHead(heads *[]*RunHead) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		h := &RunHead{}
		var status, lifecycle int64
		err := r.Scan(&h.ID, &h.Experiment, &h.Name, &h.User, &status, &h.Start, &h.End, &lifecycle, &h.changed)
		h.Status, h.Lifecycle = tracking.RunStatus(status), tracking.Lifecycle(lifecycle)
		*heads = append(*heads, h)
		return err
	}
}

// complete fills in what runs have from their experiment.
func (tx *Tx) complete(heads []*RunHead) error {
	for _, h := range heads {
		own, err := tx.Location(h.Experiment)
		if err != nil {
			return err
		}
		h.ArtifactURI = RunLocation(h.Experiment, own, h.ID)
		if h.Trashed = tx.Map.InTrash(h.Experiment); h.Trashed {
			h.Lifecycle = search.Deleted
		}
	}
	return nil
}

// ManagedRoot is how addresses of managed artifacts begin where one form is needed for all clients; ExperimentLocation and RunLocation use
// it for experiments without a location of their own.
const ManagedRoot = "mlflow-artifacts:/"

// ExperimentLocation is where an experiment's artifacts are.
func ExperimentLocation(id int64, own string) string {
	if own != "" {
		return own
	}
	return ManagedRoot + ExperimentID(id)
}

// RunLocation is where a run's artifacts are.
func RunLocation(experiment int64, own, run string) string {
	return ExperimentLocation(experiment, own) + "/" + run + "/artifacts"
}

// ExperimentID is an experiment's id as clients know it: MLflow's default experiment is "0" to them.
func ExperimentID(id int64) string {
	if id == authz.DefaultExperiment {
		return "0"
	}
	return strconv.FormatInt(id, 10)
}

// InsertRun makes a run with its tags; owner is the principal who made it.
func (tx *Tx) InsertRun(r *tracking.Run, owner int64) error {
	err := tx.do(`INSERT INTO runs (id, experiment, name, owner, user_name, status, started, ended, lifecycle, deleted, changed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`,
		r.ID, r.Experiment, r.Name, owner, r.User, int64(r.Status), r.Start, r.End, int64(r.Lifecycle), tx.Stamp)
	if err != nil {
		return exists(err, "Run with id=%s already exists", r.ID)
	}
	if err := tx.linkSources(r, r.Tags); err != nil {
		return err
	}
	return tx.putRunTags(r.ID, r.Tags)
}

// touch tells searches that something of a run changed. Within a group of writes once is enough.
func (tx *Tx) touch(h *RunHead) error {
	if h.changed == tx.Stamp && tx.s.d.single {
		return nil
	}
	h.changed = tx.Stamp
	return tx.do("UPDATE runs SET changed = ? WHERE id = ?", tx.Stamp, h.ID)
}

// UpdateRun changes status, end and name; the run's name and the tag that repeats it go together.
func (tx *Tx) UpdateRun(h *RunHead, u tracking.RunUpdate) error {
	before := h.Name
	h.Apply(u)
	err := tx.do("UPDATE runs SET name = ?, status = ?, ended = ?, changed = ? WHERE id = ?", h.Name, int64(h.Status), h.End, tx.Stamp, h.ID)
	if err != nil || h.Name == before {
		return err
	}
	return tx.putRunTags(h.ID, []tracking.Pair{{Key: tracking.TagRunName, Value: h.Name}})
}

// MoveRun deletes (search.Deleted) or restores (search.Active) a run. One that is there already stays as it is.
func (tx *Tx) MoveRun(h *RunHead, to tracking.Lifecycle) error {
	if h.Lifecycle == to {
		return nil
	}
	h.Lifecycle = to
	deleted := int64(0)
	if to == search.Deleted {
		deleted = tx.Now
	}
	return tx.do("UPDATE runs SET lifecycle = ?, deleted = ?, changed = ? WHERE id = ?", int64(to), deleted, tx.Stamp, h.ID)
}

// SetRunTags sets tags of a run; its name follows the tag that repeats it, which cannot be made empty.
func (tx *Tx) SetRunTags(h *RunHead, tags ...tracking.Pair) error {
	tags = lastOfEach(tags)
	name, named := tracking.Lookup(tags, tracking.TagRunName)
	if named && name != h.Name {
		h.Apply(tracking.RunUpdate{Name: &name})
		if err := tx.do("UPDATE runs SET name = ? WHERE id = ?", h.Name, h.ID); err != nil {
			return err
		}
	}
	if named {
		tags = tracking.SetPair(tags, tracking.TagRunName, h.Name)
	}
	if err := tx.putRunTags(h.ID, tags); err != nil {
		return err
	}
	if err := tx.relinkSources(&h.Run, tags); err != nil {
		return err
	}
	return tx.touch(h)
}

func (tx *Tx) putRunTags(run string, tags []tracking.Pair) error {
	err := tx.putRows("INSERT INTO tags (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
		3, pairRows(run, tags))
	return err
}

func pairRows(run string, pairs []tracking.Pair) []any {
	args := make([]any, 0, 3*len(pairs))
	for _, p := range pairs {
		args = append(args, run, p.Key, p.Value)
	}
	return args
}

// DeleteRunTag takes a tag away; a missing one is fail.NotFound.
func (tx *Tx) DeleteRunTag(h *RunHead, key string) error {
	n, err := tx.exec("DELETE FROM tags WHERE run = ? AND key = ?", h.ID, key)
	if err == nil && n == 0 {
		err = fail.NotFoundf("No tag with name: %s in run with id %s", key, h.ID)
	}
	if err != nil {
		return err
	}
	return tx.touch(h)
}

// LogParams adds params. One that the run has with the same value is no error; with another value it is (tracking.NewParams).
func (tx *Tx) LogParams(h *RunHead, params ...tracking.Pair) error {
	if len(params) == 0 {
		return nil
	}
	n, err := tx.countRows("INSERT INTO params (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO NOTHING", 3, pairRows(h.ID, params))
	if err != nil {
		return err
	}
	if int(n) < len(params) {
		if err := tx.sameParams(h.ID, params); err != nil {
			return err
		}
	}
	return tx.touch(h)
}

func (tx *Tx) sameParams(run string, params []tracking.Pair) error {
	var have []tracking.Pair
	err := tx.each(func(r *sql.Rows) error {
		var p tracking.Pair
		err := r.Scan(&p.Key, &p.Value)
		have = append(have, p)
		return err
	}, "SELECT key, value FROM params WHERE run = ?", run)
	if err != nil {
		return err
	}
	_, err = tracking.NewParams(run, have, params)
	return err
}

// PurgeRun deletes a run and all that belongs to it for good; one that a version in Production comes from is fail.State. Bytes of artifacts that nothing names any more are the collector's.
func (tx *Tx) PurgeRun(h *RunHead) error {
	if err := tx.mayPurgeRun(h.ID); err != nil {
		return err
	}
	for _, p := range runParts {
		if err := tx.do("DELETE FROM "+p[0]+" WHERE "+p[1]+" = ?", h.ID); err != nil {
			return err
		}
	}
	if err := tx.unlink(lineage.Run, "= ?", h.ID); err != nil {
		return err
	}
	if err := tx.do("DELETE FROM runs WHERE id = ?", h.ID); err != nil {
		return err
	}
	return tx.markPurged(h.Experiment)
}
