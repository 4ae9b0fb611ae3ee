package registry

import "bailiwick/fail"

// What the two-person rule adds beside transitions (Move): an alias can deploy, and deleting or renaming undoes what two decided. two says that
// Production of the model takes two persons.

// MayAlias refuses to point an alias at a version that two persons did not bring into Production: fail.Denied. A prompt's version has no files
// that could be deployed, and no stages that its clients know.
func MayAlias(v *Version, two bool) error {
	if !two || v.Stage == StageProduction || v.Bytesless() {
		return nil
	}
	return fail.New(fail.Denied, "Production of %s takes two persons, so an alias may only mean a version that is in Production; version %d is in %s. "+
		"Ask for its transition first.", v.Name, v.Number, v.Stage)
}

// MayDelete refuses to delete a version that is in Production, which must be archived first: fail.State.
func MayDelete(v *Version, two bool) error { return MayFreeName([]*Version{v}, two, "deleted") }

// MayFreeName refuses to do with a model of which a version is in Production what frees its name: whoever loads Production by that name would get
// what one person puts there. done says what was to be done with it, "deleted" or "renamed".
func MayFreeName(versions []*Version, two bool, done string) error {
	for _, v := range versions {
		if two && v.Stage == StageProduction {
			return fail.Statef("Version %d of %s is in Production, which takes two persons: archive it before the version or its model is %s.",
				v.Number, v.Name, done)
		}
	}
	return nil
}
