package store

import (
	"strings"

	"bailiwick/fail"
	"bailiwick/registry"
)

// What the two-person rule adds where Production takes two persons: an alias can deploy, and deleting undoes what two decided.

// TwoPersons says whether Production of a model takes two persons: its own choice, or else the workspace's.
func (tx *Tx) TwoPersons(model int64) (bool, error) {
	var own int64
	if _, err := tx.one([]any{&own}, "SELECT two_persons FROM registered_models WHERE object = ?", model); err != nil {
		return false, err
	}
	workspace, _ := tx.Map.Setting(registry.SettingTwoPersons)
	return registry.Choice(own).Over(strings.EqualFold(workspace, "true")), nil
}

// MayAlias refuses to point an alias at a version that two persons did not bring into Production.
func (tx *Tx) MayAlias(v *registry.Version) error {
	two, err := tx.TwoPersons(v.Model)
	if err != nil || !two || v.Stage == registry.StageProduction {
		return err
	}
	return fail.New(fail.Denied, "Production of %s takes two persons, so an alias may only mean a version that is in Production; version %d is in %s. "+
		"Ask for its transition first.", v.Name, v.Number, v.Stage)
}

// MayDeleteVersion refuses to delete a version that is in Production: it must be archived first.
func (tx *Tx) MayDeleteVersion(v *registry.Version) error {
	if v.Stage != registry.StageProduction {
		return nil
	}
	two, err := tx.TwoPersons(v.Model)
	if err != nil || !two {
		return err
	}
	return inProduction(v)
}

// MayDeleteRegistered refuses to delete a model of which a version is in Production, under the same rule.
func (tx *Tx) MayDeleteRegistered(model int64) error {
	two, err := tx.TwoPersons(model)
	if err != nil || !two {
		return err
	}
	in, err := tx.VersionsIn(model, registry.StageProduction)
	if err != nil || len(in) == 0 {
		return err
	}
	return inProduction(in[0])
}

func inProduction(v *registry.Version) error {
	return fail.Statef("Version %d of %s is in Production, which takes two persons: archive it before it is deleted.", v.Number, v.Name)
}

// ProductionFrom gives a version in Production that comes from a run, a logged model or anything else of an experiment: such are not purged
// (the version's own bytes would stay, but not where they come from). The first argument that is not empty counts.
func (tx *Tx) ProductionFrom(run, model string, experiment int64) (v *registry.Version, err error) {
	where, arg := "v.experiment = ?", any(experiment)
	switch {
	case run != "":
		where, arg = "v.run = ?", run
	case model != "":
		where, arg = "v.logged_model = ?", model
	}
	rows, err := tx.modelVersions("WHERE "+where+" AND v.stage = ? ORDER BY v.model, v.version LIMIT 1", arg, int64(registry.StageProduction))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0].Version, nil
}

// mayPurge refuses the purge of what a Production version comes from, with the path.
func (tx *Tx) mayPurge(what, run, model string, experiment int64) error {
	v, err := tx.ProductionFrom(run, model, experiment)
	if err != nil || v == nil {
		return err
	}
	path := "experiment " + ExperimentID(v.Experiment)
	if o, ok := tx.Map.Object(v.Experiment); ok {
		path = tx.Map.Path(o.ID)
	}
	return fail.Statef("%s cannot be purged: version %d of the registered model %s, which is in Production, comes from it "+
		"(models:/%s/%d, from %s). Archive that version first.", what, v.Number, v.Name, v.Name, v.Number, path)
}
