package store

import (
	"database/sql"
	"fmt"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
)

// What a version in Production comes from is not purged: its own bytes would stay, but not where they come from.

// origin is a version in Production and the experiment, among those asked for, that it comes from.
type origin struct {
	version    registry.Key
	experiment int64
}

// scan keeps the first of the origins.
func (o *origin) scan(r *sql.Rows) error {
	if o.version.Model != 0 {
		return nil
	}
	return r.Scan(&o.version.Model, &o.version.Number, &o.experiment)
}

// A version comes from a run by itself and by its logged model, whose run may be in another experiment; so does it from experiments. The stage is
// a number in the text, as it is in the indexes that these queries use.
var (
	runOrigins = []string{
		"SELECT v.model, v.version, v.experiment FROM model_versions v WHERE v.stage = 2 AND v.run = ?",
		"SELECT v.model, v.version, v.experiment FROM model_versions v JOIN logged_models m ON m.id = v.logged_model WHERE v.stage = 2 AND m.run = ?",
	}
	experimentOrigins = []string{
		"SELECT v.model, v.version, v.experiment FROM model_versions v WHERE v.stage = 2 AND v.experiment IN (?)",
		"SELECT v.model, v.version, r.experiment FROM model_versions v JOIN runs r ON r.id = v.run WHERE v.stage = 2 AND r.experiment IN (?)",
		"SELECT v.model, v.version, m.experiment FROM model_versions v JOIN logged_models m ON m.id = v.logged_model " +
			"WHERE v.stage = 2 AND m.experiment IN (?)",
		"SELECT v.model, v.version, r.experiment FROM model_versions v JOIN logged_models m ON m.id = v.logged_model JOIN runs r ON r.id = m.run " +
			"WHERE v.stage = 2 AND r.experiment IN (?)",
	}
)

// mayPurgeRun refuses the purge of a run that a version in Production comes from.
func (tx *Tx) mayPurgeRun(id string) error {
	var o origin
	for _, q := range runOrigins {
		if err := tx.each(o.scan, q, id); err != nil {
			return err
		}
	}
	return tx.held("Run "+id, o)
}

// mayPurge refuses the purge of objects among which is an experiment that a version in Production comes from, before anything of them is gone.
func (tx *Tx) mayPurge(all []*authz.Object) error {
	var ids []int64
	for _, o := range all {
		if o.Kind == authz.Experiment {
			ids = append(ids, o.ID)
		}
	}
	var o origin
	for _, q := range experimentOrigins {
		if err := eachIn(tx, o.scan, q, ids); err != nil {
			return err
		}
	}
	return tx.held("Experiment "+tx.Map.Path(o.experiment), o)
}

// Held says which version keeps something from being purged. It is the cause of a refusal that does not name the version, as who purges need not
// know of its model.
type Held struct {
	*registry.Version
	// What is not purged; From is the path from the version to it.
	What, From string
}

// Error names the version with where it comes from.
func (h *Held) Error() string {
	return fmt.Sprintf("%s cannot be purged: models:/%s/%d is in Production and comes from it (%s). Archive that version first.", h.What, h.Name,
		h.Number, h.From)
}

// held is the refusal to purge something.
func (tx *Tx) held(what string, o origin) error {
	if o.version.Model == 0 {
		return nil
	}
	v, err := tx.ModelVersion(o.version)
	if err != nil {
		return err
	}
	h := &Held{Version: v, What: what, From: "run " + v.Run}
	if v.LoggedModel != "" {
		h.From = "logged model " + v.LoggedModel + ", " + h.From
	}
	h.From += ", experiment " + tx.Map.Path(v.Experiment)
	e := fail.New(fail.State, "%s cannot be purged: a registered version in Production comes from it. Who manages that version archives it first.", what)
	e.Cause = h
	return e
}
