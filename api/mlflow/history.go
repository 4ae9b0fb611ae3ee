package mlflow

import (
	"math"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

func (f *Front) historyRoutes() []api.Route {
	return []api.Route{
		readRun("GET /metrics/get-history", authz.ViewRuns, func(q *GetMetricHistory) string { return runOr(q.GetRunId(), q.GetRunUuid()) },
			getHistory, api.As[GetMetricHistory]("getMetricHistory")),
		api.List("GET /metrics/get-history-bulk", authz.ViewRuns, authz.Experiment, getHistoryBulk,
			api.As[GetMetricHistoryBulk]("getMetricHistoryBulk")),
		api.List("GET /metrics/get-history-bulk-interval", authz.ViewRuns, authz.Experiment, getHistoryBulkInterval,
			api.As[GetMetricHistoryBulkInterval]("getMetricHistoryBulkInterval")),
	}
}

// pointSize is about the size of a written point beside its key and run.
const pointSize = 70

// series writes points of one run and key.
type series struct {
	head []byte // {"key":"…",
	tail []byte // "run_id":"…", where answers have it
}

func seriesOf(key, run string) series {
	s := series{head: appendField([]byte{'{'}, "key", key)}
	if run != "" {
		s.tail = appendField(nil, "run_id", run)
	}
	return s
}

// append writes the points, a comma behind each.
func (s series) append(dst []byte, points []tracking.Point) []byte {
	for i := range points {
		dst = appendPoint(append(dst, s.head...), &points[i])
		dst = append(closed(append(dst, s.tail...), '}'), ',')
	}
	return dst
}

// metrics writes {"metrics": […], leaving the object open; write appends points, a comma behind each.
func metrics(size int, write func(dst []byte) []byte) []byte {
	dst := append(make([]byte, 0, size+400), `{"metrics":[`...)
	open := len(dst)
	if dst = write(dst); len(dst) == open {
		return dst[:1]
	}
	return append(closed(dst, ']'), ',')
}

// getHistory gives all points of a metric, or a page of them. A token holds the last point of its page, so that points that are logged
// meanwhile move nothing.
func getHistory(c *api.Call, h *store.RunHead, q *GetMetricHistory) (*document[GetMetricHistoryResponse], error) {
	if err := given("metric_key", q.MetricKey); err != nil {
		return nil, err
	}
	limit := deref(q.MaxResults, 0)
	if limit < 0 {
		return nil, fail.Invalidf("Invalid value %d for parameter 'max_results' supplied: it must be positive", limit)
	}
	hash := search.QueryHash("history", h.ID, *q.MetricKey)
	token, err := search.DecodeToken(q.GetPageToken(), c.PageKey(), c.Who.Principal, hash)
	if err != nil {
		return nil, err
	}
	points, err := c.Tx.History(h.ID, *q.MetricKey)
	if err != nil {
		return nil, err
	}
	if len(token.After) == len(cursorOf(tracking.Point{})) {
		points = tracking.After(points, pointAt(token.After))
	}
	page := search.Page{}
	if limit > 0 && int(limit) < len(points) {
		points = points[:limit]
		page = search.Page{More: true, Next: cursorOf(points[limit-1])}
	}
	s := seriesOf(*q.MetricKey, "")
	dst := metrics(len(points)*(pointSize+len(s.head)), func(dst []byte) []byte { return s.append(dst, points) })
	return &document[GetMetricHistoryResponse]{appendNext(dst, c, page, hash)}, nil
}

func cursorOf(p tracking.Point) search.Cursor {
	value := search.NumberKey(p.Value)
	return search.Cursor{{Int: p.Timestamp}, {Int: p.Step}, value}
}

func pointAt(c search.Cursor) tracking.Point {
	p := tracking.Point{Timestamp: c[0].Int, Step: c[1].Int, Value: c[2].Num}
	if c[2].Rank != 0 {
		p.Value = math.NaN()
	}
	return p
}

// seen gives those of the runs that exist and lie in an experiment of the scope, in the order asked for. More than a request may name,
// or none at all, are an error.
func seen(c *api.Call, scope authz.Scope, name string, ids []string) ([]*store.RunHead, error) {
	if len(ids) == 0 {
		return nil, fail.Invalidf("%s request must specify at least one run_id.", name)
	}
	if len(ids) > tracking.MaxHistoryRuns {
		return nil, fail.Invalidf("%s request cannot specify more than %d run_ids. Received %d run_ids.", name, tracking.MaxHistoryRuns, len(ids))
	}
	heads, err := c.Tx.RunHeads(ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*store.RunHead, len(heads))
	for _, h := range heads {
		o, ok := c.Tx.Map.Object(h.Experiment)
		if ok && scope.AdmitsIn(c.Tx.Map, o) {
			by[h.ID] = h
		}
	}
	var out []*store.RunHead
	for _, id := range ids {
		if h := by[id]; h != nil {
			out = append(out, h)
			delete(by, id)
		}
	}
	return out, nil
}

// getHistoryBulk gives the points of a metric of several runs, at most 25,000 in all.
func getHistoryBulk(c *api.Call, scope authz.Scope, q *GetMetricHistoryBulk) (*document[GetMetricHistoryBulkResponse], error) {
	if err := given("metric_key", q.MetricKey); err != nil {
		return nil, err
	}
	left := min(int(deref(q.MaxResults, tracking.MaxHistory)), tracking.MaxHistory)
	body, err := bulk(c, scope, "GetMetricHistoryBulk", q.RunId, *q.MetricKey, func(points []tracking.Point) []tracking.Point {
		points = points[:min(max(left, 0), len(points))]
		left -= len(points)
		return points
	})
	return &document[GetMetricHistoryBulkResponse]{body}, err
}

// bulk writes the points of a metric that pick leaves of each run's history.
func bulk(c *api.Call, scope authz.Scope, name string, ids []string, key string,
	pick func([]tracking.Point) []tracking.Point) ([]byte, error) {
	runs, err := seen(c, scope, name, ids)
	if err != nil {
		return nil, err
	}
	dst := metrics(0, func(dst []byte) []byte {
		for _, h := range runs {
			var points []tracking.Point
			if points, err = c.Tx.History(h.ID, key); err != nil {
				return dst
			}
			dst = seriesOf(key, h.ID).append(dst, pick(points))
		}
		return dst
	})
	return closed(dst, '}'), err
}

// getHistoryBulkInterval gives a sample of the points of a metric of several runs, for charts.
func getHistoryBulkInterval(c *api.Call, scope authz.Scope, q *GetMetricHistoryBulkInterval) (
	*document[GetMetricHistoryBulkIntervalResponse], error) {
	if err := given("metric_key", q.MetricKey); err != nil {
		return nil, err
	}
	limit := deref(q.MaxResults, tracking.MaxSample)
	if limit < 1 || limit > tracking.MaxSample {
		return nil, fail.Invalidf("max_results must be between 1 and %d.", tracking.MaxSample)
	}
	if (q.StartStep == nil) != (q.EndStep == nil) {
		return nil, fail.Invalidf("If either start step or end step are specified, both must be specified.")
	}
	if q.StartStep != nil && *q.StartStep > *q.EndStep {
		return nil, fail.Invalidf("end_step must be greater than start_step. Found start_step=%d and end_step=%d.", *q.StartStep, *q.EndStep)
	}
	body, err := bulk(c, scope, "GetMetricHistoryBulkInterval", q.RunIds, *q.MetricKey, func(points []tracking.Point) []tracking.Point {
		return tracking.Sample(points, int(limit), wide(q.StartStep), wide(q.EndStep))
	})
	return &document[GetMetricHistoryBulkIntervalResponse]{body}, err
}

func wide(n *int32) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}
