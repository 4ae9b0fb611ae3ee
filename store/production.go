package store

import (
	"database/sql"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
)

// What a version in Production comes from is not purged: its own bytes would stay, but not where they come from.

// origin is a version in Production and the experiment that it comes from.
type origin struct {
	version    registry.Key
	experiment int64
}

// scanOrigin keeps the first of the origins.
func (o *origin) scan(r *sql.Rows) error {
	if o.version.Model != 0 {
		return nil
	}
	return r.Scan(&o.version.Model, &o.version.Number, &o.experiment)
}

// The stage stands in the text (registry.StageProduction), so that the engines use the indexes of versions in Production.
const originQuery = "SELECT model, version, experiment FROM model_versions WHERE stage = 2 AND "

// mayPurgeRun refuses the purge of a run that a version in Production comes from.
func (tx *Tx) mayPurgeRun(id string) error {
	var o origin
	if err := tx.each(o.scan, originQuery+"run = ?", id); err != nil {
		return err
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
	if err := eachIn(tx, o.scan, originQuery+"experiment IN (?)", ids); err != nil {
		return err
	}
	return tx.held("Experiment "+tx.Map.Path(o.experiment), o)
}

// held is the refusal, with the path from what would be purged to the version.
func (tx *Tx) held(what string, o origin) error {
	if o.version.Model == 0 {
		return nil
	}
	v, err := tx.ModelVersion(o.version)
	if err != nil {
		return err
	}
	from := "run " + v.Run
	if v.LoggedModel != "" {
		from = "logged model " + v.LoggedModel + ", " + from
	}
	return fail.Statef("%s cannot be purged: models:/%s/%d is in Production and comes from it (%s, experiment %s). Archive that version first.",
		what, v.Name, v.Number, from, tx.Map.Path(v.Experiment))
}
