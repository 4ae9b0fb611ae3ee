package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/store"
)

// The constructors of lines about a run or an experiment. What is in a deleted experiment may be looked at by who could look at it before;
// whoever may do that and tries to change something is told why not, and the handler is not called (Target.Frozen).

func readRun[Q, R any](pattern string, ability authz.Ability, id func(*Q) string, handle func(*api.Call, *store.RunHead, *Q) (*R, error),
	opts ...api.Option[Q]) api.Route {
	return api.Read(pattern, ability, run(id), handle, append(opts, api.Or[Q](authz.ViewTrashed))...)
}

func writeRun[Q, R any](pattern string, ability authz.Ability, id func(*Q) string, handle func(*api.Call, *store.RunHead, *Q) (*R, error),
	opts ...api.Option[Q]) api.Route {
	return api.Write(pattern, ability, run(id), handle, append(opts, api.Or[Q](authz.ViewTrashed))...)
}

func readExperiment[Q, R any](pattern string, ability authz.Ability, find api.Finder[int64, Q], handle func(*api.Call, int64, *Q) (*R, error),
	opts ...api.Option[Q]) api.Route {
	return api.Read(pattern, ability, find, handle, append(opts, api.Or[Q](authz.ViewTrashed))...)
}

func writeExperiment[Q, R any](pattern string, ability authz.Ability, find api.Finder[int64, Q], handle func(*api.Call, int64, *Q) (*R, error),
	opts ...api.Option[Q]) api.Route {
	return api.Write(pattern, ability, find, handle, append(opts, api.Or[Q](authz.ViewTrashed))...)
}

// forGood makes the finder of routes that purge: the ability asked is the line's own, in the trash too.
func forGood[O, Q any](find api.Finder[O, Q]) api.Finder[O, Q] {
	return func(c *api.Call, q *Q) (O, api.Target, error) {
		obj, t, err := find(c, q)
		t.Ability, t.Frozen = 0, nil
		return obj, t, err
	}
}

// gathered marks a line whose calls are counted by minute, under its audit name.
func gathered[Q any](action string) api.Option[Q] { return api.Audit[Q](api.Gathered, "", action) }
