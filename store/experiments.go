package store

import (
	"database/sql"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// PutExperiment makes the row of a new experiment with its tags; its name and place are the governed object's. An empty location is the
// managed one.
func (tx *Tx) PutExperiment(e *tracking.Experiment) error {
	err := tx.do("INSERT INTO experiments (object, location, relative, created, updated, purged, changed) VALUES (?, ?, ?, ?, ?, 0, ?)",
		e.ID, e.ArtifactLocation, flag(e.Relative), tx.Now, tx.Now, tx.Stamp)
	if err != nil {
		return err
	}
	return tx.putExperimentTags(e.ID, e.Tags)
}

// SetExperimentTags sets tags of an experiment; of a key that stands twice the last value counts.
func (tx *Tx) SetExperimentTags(id int64, tags ...tracking.Pair) error {
	if err := tx.putExperimentTags(id, tags); err != nil {
		return err
	}
	return tx.stampExperiment(id)
}

func (tx *Tx) putExperimentTags(id int64, tags []tracking.Pair) error {
	var args []any
	for _, t := range lastOfEach(tags) {
		args = append(args, id, t.Key, t.Value)
	}
	err := tx.putRows(`INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?)
		ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value`, 3, args)
	return err
}

// DeleteExperimentTag takes a tag away; a missing one is fail.NotFound.
func (tx *Tx) DeleteExperimentTag(id int64, key string) error {
	n, err := tx.exec("DELETE FROM experiment_tags WHERE experiment = ? AND key = ?", id, key)
	if err == nil && n == 0 {
		err = fail.NotFoundf("No tag with name: %s in experiment with id %d", key, id)
	}
	if err != nil {
		return err
	}
	return tx.stampExperiment(id)
}

// stampExperiment tells searches that an experiment's row or tags changed.
func (tx *Tx) stampExperiment(id int64) error {
	return tx.do("UPDATE experiments SET changed = ? WHERE object = ?", tx.Stamp, id)
}

// markPurged tells searches that runs of the experiment are gone for good.
func (tx *Tx) markPurged(id int64) error {
	return tx.do("UPDATE experiments SET purged = ?, changed = ? WHERE object = ?", tx.Stamp, tx.Stamp, id)
}

// RenameExperiment gives an experiment another place and name, and keeps how the name was given.
func (tx *Tx) RenameExperiment(o authz.Object, relative bool) error {
	if err := tx.Place(o); err != nil {
		return err
	}
	return tx.do("UPDATE experiments SET relative = ? WHERE object = ?", flag(relative), o.ID)
}

const experimentColumns = "SELECT object, location, relative, created, updated, changed FROM experiments "

// experimentRow is an experiment as its row has it, with its stamp; name and lifecycle come from the access map.
type experimentRow struct {
	tracking.Experiment
	changed int64
}

// Experiment gives an experiment with its own tags; fail.NotFound for an id that is none.
func (tx *Tx) Experiment(id int64) (*tracking.Experiment, error) {
	rows, err := tx.experiments("WHERE object = ?", "WHERE experiment = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !tx.place(&rows[0].Experiment) {
		return nil, fail.NotFoundf("No Experiment with id=%d exists", id)
	}
	return &rows[0].Experiment, nil
}

// Location gives the artifact location that an experiment was given, empty for the managed one; fail.NotFound for an id that is none. It
// never changes, so it is remembered.
func (tx *Tx) Location(id int64) (own string, err error) {
	if known, ok := tx.s.locations.Load(id); ok {
		return known.(string), nil
	}
	found, err := tx.one([]any{&own}, "SELECT location FROM experiments WHERE object = ?", id)
	if err != nil {
		return "", err
	}
	if !found {
		return "", fail.NotFoundf("No Experiment with id=%d exists", id)
	}
	tx.s.locations.Store(id, own)
	return own, nil
}

// place fills in what the access map knows of an experiment; false for one that it does not have.
func (tx *Tx) place(e *tracking.Experiment) bool {
	o, ok := tx.Map.Object(e.ID)
	if !ok || o.Kind != authz.Experiment {
		return false
	}
	e.Name, e.Lifecycle = tx.Map.Path(e.ID), search.Active
	if tx.Map.InTrash(e.ID) {
		e.Lifecycle = search.Deleted
	}
	return true
}

// experiments reads rows and their tags.
func (tx *Tx) experiments(where, tagsWhere string, args ...any) (rows []*experimentRow, err error) {
	at := map[int64]*experimentRow{}
	err = tx.each(func(r *sql.Rows) error {
		e := &experimentRow{}
		if err := r.Scan(&e.ID, &e.ArtifactLocation, &e.Relative, &e.Created, &e.Updated, &e.changed); err != nil {
			return err
		}
		rows, at[e.ID] = append(rows, e), e
		return nil
	}, experimentColumns+where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	return rows, tx.each(func(r *sql.Rows) error {
		var id int64
		var p tracking.Pair
		if err := r.Scan(&id, &p.Key, &p.Value); err != nil {
			return err
		}
		if e := at[id]; e != nil {
			e.Tags = append(e.Tags, p)
		}
		return nil
	}, "SELECT experiment, key, value FROM experiment_tags "+tagsWhere, args...)
}

// ExperimentNamed finds the experiment of that name in a folder, also one in the trash, of which there may be none or one: names of
// deleted experiments stay taken.
func (tx *Tx) ExperimentNamed(folder int64, name string) (id int64, found bool, err error) {
	found, err = tx.one([]any{&id}, "SELECT id FROM objects WHERE parent = ? AND name = ? AND kind = ? ORDER BY trashed", folder, name,
		authz.Experiment.String())
	return id, found, err
}

// lastOfEach keeps of pairs with the same key the last one.
func lastOfEach(pairs []tracking.Pair) []tracking.Pair {
	if len(pairs) < 2 {
		return pairs
	}
	at, out := make(map[string]int, len(pairs)), make([]tracking.Pair, 0, len(pairs))
	for _, p := range pairs {
		if i, ok := at[p.Key]; ok {
			out[i].Value = p.Value
			continue
		}
		at[p.Key] = len(out)
		out = append(out, p)
	}
	return out
}
