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

// MayAlias refuses to point an alias at a version that two persons did not bring into Production. A prompt's version has no files that could be
// deployed, and no stages that its clients know.
func (tx *Tx) MayAlias(v *registry.Version) error {
	if v.Status == registry.Ready && v.Digest == ([32]byte{}) {
		return nil
	}
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
	return inProduction(v, "deleted")
}

// MayFreeName refuses under the same rule to do with a model of which a version is in Production what frees its name, to delete or to rename
// it: whoever loads Production by that name would get what one person puts there. done says what was to be done, "deleted" say.
func (tx *Tx) MayFreeName(model int64, done string) error {
	two, err := tx.TwoPersons(model)
	if err != nil || !two {
		return err
	}
	in, err := tx.VersionsIn(model, registry.StageProduction)
	if err != nil || len(in) == 0 {
		return err
	}
	return inProduction(in[0], done)
}

func inProduction(v *registry.Version, done string) error {
	return fail.Statef("Version %d of %s is in Production, which takes two persons: archive it before the version or its model is %s.", v.Number, v.Name, done)
}
