package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
)

// Tags of a run that say who made it: the first is the server's word, the second what a client claimed; the third names the parent run.
const (
	tagUser    = "mlflow.user"
	tagClaimed = "mlflow.user.claimed"
	tagParent  = "mlflow.parentRunId"
)

func (f *Front) paramTagRoutes() []api.Route {
	return []api.Route{
		writeRun("POST /runs/set-tag", authz.LogRuns, func(q *SetTag) string { return runOr(q.GetRunId(), q.GetRunUuid()) }, setTag,
			gathered[SetTag]("setTag"), api.Also(authz.ViewRuns, func(c *api.Call, q *SetTag) ([]api.Target, error) {
				return parents(c, []tracking.Pair{{Key: q.GetKey(), Value: q.GetValue()}})
			})),
		writeRun("POST /runs/delete-tag", authz.LogRuns, (*DeleteTag).GetRunId, deleteTag, gathered[DeleteTag]("deleteTag")),
		writeRun("POST /runs/log-parameter", authz.LogRuns, func(q *LogParam) string { return runOr(q.GetRunId(), q.GetRunUuid()) }, logParam,
			gathered[LogParam]("logParam")),
	}
}

// parents finds the experiment of the parent run that a tag names. An id that no run has is only text.
func parents(c *api.Call, tags []tracking.Pair) ([]api.Target, error) {
	id, ok := tracking.Lookup(tags, tagParent)
	if !ok || id == "" {
		return nil, nil
	}
	h, err := c.Tx.RunHead(id)
	if fail.Is(err, fail.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []api.Target{experimentTarget(c, h.Experiment, id, store.NotARun(id))}, nil
}

func pairsOf[T interface {
	GetKey() string
	GetValue() string
}](list []T) []tracking.Pair {
	pairs := make([]tracking.Pair, len(list), len(list)+3)
	for i, t := range list {
		pairs[i] = tracking.Pair{Key: t.GetKey(), Value: t.GetValue()}
	}
	return pairs
}

// claims takes the tag that says whose the run is out of what a client sent.
func claims(tags []tracking.Pair) (rest []tracking.Pair, claimed string) {
	rest = tags[:0]
	for _, t := range tags {
		if t.Key == tagUser {
			claimed = t.Value
			continue
		}
		rest = append(rest, t)
	}
	return rest, claimed
}

// claimedTags keeps a claim of whose the run is under a name of its own.
func claimedTags(tags []tracking.Pair) []tracking.Pair {
	for i := range tags {
		if tags[i].Key == tagUser {
			tags[i].Key = tagClaimed
		}
	}
	return tags
}

func setTag(c *api.Call, h *store.RunHead, q *SetTag) (*Nothing, error) {
	return logAll(c, h, tracking.Batch{Tags: []tracking.Pair{{Key: q.GetKey(), Value: q.GetValue()}}}, given("key", q.Key))
}

func deleteTag(c *api.Call, h *store.RunHead, q *DeleteTag) (*Nothing, error) {
	if err := h.Writable(); err != nil {
		return nil, err
	}
	if q.GetKey() == tagUser {
		return nil, fail.Invalidf("The tag %s says who made the run and cannot be deleted", tagUser)
	}
	return &Nothing{}, c.Tx.DeleteRunTag(h, q.GetKey())
}

func logParam(c *api.Call, h *store.RunHead, q *LogParam) (*Nothing, error) {
	return logAll(c, h, tracking.Batch{Params: []tracking.Pair{{Key: q.GetKey(), Value: q.GetValue()}}}, given("key", q.Key))
}

// given is the error of a missing parameter.
func given[T any](name string, p *T) error {
	if p == nil {
		return fail.Invalidf("Missing value for required parameter '%s'.", name)
	}
	return nil
}

// logAll checks what is logged to a run and keeps it. problems are what was found wrong with the request before.
func logAll(c *api.Call, h *store.RunHead, b tracking.Batch, problems ...error) (*Nothing, error) {
	for _, err := range append(problems, h.Writable()) {
		if err != nil {
			return nil, err
		}
	}
	if err := b.Check(); err != nil {
		return nil, err
	}
	if err := c.Tx.LogParams(h, b.Params...); err != nil {
		return nil, err
	}
	if err := c.Tx.LogMetrics(h, b.Metrics...); err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return &Nothing{}, nil
	}
	return &Nothing{}, c.Tx.SetRunTags(h, claimedTags(b.Tags)...)
}
