package tracking

import (
	"slices"

	"bailiwick/fail"
	"bailiwick/tracking/search"
)

// Experiment is a set of runs. It is a governed object; its id is the object's.
type Experiment struct {
	ID               int64
	Name             string // its path in the workspace, such as /Users/ann/churn
	ArtifactLocation string
	Lifecycle        Lifecycle
	Created          int64 // ms since 1970
	Updated          int64 // ms since 1970
	Tags             []Pair
	// Relative: the name was given relative to the folder of relative names, in which it is seen without that folder's path.
	Relative bool
}

// Writable refuses to change what is in a deleted experiment.
func (e *Experiment) Writable() error {
	if e.Lifecycle == search.Active {
		return nil
	}
	return fail.Invalidf("The experiment %d must be in the 'active' state. Current state is %s.", e.ID, LifecycleName(e.Lifecycle))
}

// Rename gives the experiment another name; a deleted one has no say.
func (e *Experiment) Rename(name string, now int64) error {
	if e.Lifecycle != search.Active {
		return fail.Statef("Cannot rename a non-active experiment. The experiment %d is %s.", e.ID, LifecycleName(e.Lifecycle))
	}
	e.Name, e.Updated = name, now
	return nil
}

// Move deletes (search.Deleted) or restores (search.Active) the experiment. One that is there already is fail.NotFound, as in MLflow.
func (e *Experiment) Move(to Lifecycle, now int64) error {
	if e.Lifecycle == to {
		return fail.NotFoundf("No experiment with id %d that is not %s", e.ID, LifecycleName(to))
	}
	e.Lifecycle, e.Updated = to, now
	return nil
}

// DeleteTag takes a tag away; a missing one is fail.NotFound.
func (e *Experiment) DeleteTag(key string) error {
	i := slices.IndexFunc(e.Tags, func(p Pair) bool { return p.Key == key })
	if i < 0 {
		return fail.NotFoundf("No tag with name: %s in experiment with id %d", key, e.ID)
	}
	e.Tags = slices.Delete(e.Tags, i, i+1)
	return nil
}
