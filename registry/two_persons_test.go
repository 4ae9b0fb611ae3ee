package registry

import (
	"testing"

	"bailiwick/fail"
)

// Nobody alone changes what Production is, by alias, deletion or name, where it takes two; everywhere else nothing is refused.
func TestTwoPersons(t *testing.T) {
	files := [32]byte{1}
	version := func(s Stage, digest [32]byte) *Version {
		return &Version{Name: "churn", Number: 3, Stage: s, Status: Ready, Digest: digest}
	}
	for _, c := range []struct {
		name                string
		v                   *Version
		alias, delete, free fail.Kind
	}{
		{"in Production", version(StageProduction, files), 0, fail.State, fail.State},
		{"in Staging", version(StageStaging, files), fail.Denied, 0, 0},
		{"a prompt", version(StageNone, [32]byte{}), 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for what, got := range map[string]struct {
				err  error
				kind fail.Kind
			}{
				"alias": {MayAlias(c.v, true), c.alias}, "delete": {MayDelete(c.v, true), c.delete},
				"free":        {MayFreeName([]*Version{version(StageArchived, files), c.v}, true, "renamed"), c.free},
				"alias alone": {MayAlias(c.v, false), 0}, "delete alone": {MayDelete(c.v, false), 0},
				"free alone": {MayFreeName([]*Version{c.v}, false, "renamed"), 0},
			} {
				if got.kind == 0 && got.err != nil || got.kind != 0 && !fail.Is(got.err, got.kind) {
					t.Errorf("%s: %v", what, got.err)
				}
			}
		})
	}
	pending := version(StageNone, [32]byte{})
	pending.Status = Pending
	if err := MayAlias(pending, true); !fail.Is(err, fail.Denied) {
		t.Errorf("a version whose bytes are not there yet may be meant: %v", err)
	}
}
