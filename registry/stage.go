package registry

import (
	"strings"

	"bailiwick/fail"
)

// Stage is where a version stands in its life.
type Stage uint8

// The stages of MLflow and of the workspace registry.
const (
	StageNone Stage = iota
	StageStaging
	StageProduction
	StageArchived
	stageEnd
)

var stageNames = [stageEnd]string{"None", "Staging", "Production", "Archived"}

// String gives the name as clients write it.
func (s Stage) String() string { return stageNames[min(s, stageEnd-1)] }

// ParseStage finds a stage by its name, upper or lower case; an unknown one is fail.Invalid with those there are.
func ParseStage(name string) (Stage, error) {
	for i, n := range stageNames {
		if strings.EqualFold(n, name) {
			return Stage(i), nil
		}
	}
	return 0, fail.Invalidf("Invalid Model Version stage: %s. Value must be one of %s.", name, strings.Join(stageNames[:], ", "))
}

// Stages gives all stages in their order.
func Stages() []Stage { return []Stage{StageNone, StageStaging, StageProduction, StageArchived} }

// Active reports whether versions in the stage are in use: such a transition may archive those that are there.
func (s Stage) Active() bool { return s == StageStaging || s == StageProduction }

// BelowProduction reports whether a move stays among None, Archived and Staging, which is all that Manage Staging Versions gives
// (abilities/registered-model.tsv): a version that is in Production is not theirs to move.
func BelowProduction(from, to Stage) bool { return from != StageProduction && to != StageProduction }
