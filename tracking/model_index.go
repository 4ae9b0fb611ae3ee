package tracking

import (
	"slices"
	"strings"
	"sync"

	"bailiwick/fail"
	"bailiwick/tracking/search"
)

// ModelOrder is one element of order_by of logged-models/search.
type ModelOrder struct {
	Field         string
	Descending    bool
	DatasetName   string
	DatasetDigest string
}

// ParseModelOrder parses the order_by of logged-models/search: attributes, and metrics, which may be restricted to a dataset.
func ParseModelOrder(list []ModelOrder) (search.Order, error) {
	if len(list) > search.MaxTerms {
		return nil, fail.Invalidf("order_by may have at most %d keys, found %d", search.MaxTerms, len(list))
	}
	var order search.Order
	for i, o := range list {
		t, err := o.term(nth("order_by", i))
		if err != nil {
			return nil, err
		}
		order = append(order, t)
	}
	return search.CompleteOrder(LoggedModels, order)
}

func (o ModelOrder) term(where string) (search.Term, error) {
	if o.DatasetDigest != "" && o.DatasetName == "" {
		return search.Term{}, fail.Invalidf("%s: dataset_digest can only be given together with dataset_name", where)
	}
	if key, ok := strings.CutPrefix(o.Field, "metrics."); ok && key != "" {
		return search.Term{Entity: search.Metric, Field: -1, Key: strings.Trim(key, "`"), Type: search.Number, Desc: o.Descending,
			Dataset: o.DatasetName, Digest: o.DatasetDigest}, nil
	}
	for i, f := range modelFields {
		if name := strings.TrimSpace(o.Field); name == f.Name || slices.Contains(f.Aliases, name) {
			return search.AttributeTerm(modelFields, i, o.Descending), nil
		}
	}
	return search.Term{}, fail.Invalidf("Invalid order by field name: %s. Allowed are metrics.<name> and the attributes of a logged model.",
		o.Field)
}

// DatasetFilter restricts a search to metrics that were measured on a dataset; an empty digest means any.
type DatasetFilter struct {
	Name   string
	Digest string
}

// CheckDatasets refuses a dataset filter without name.
func CheckDatasets(list []DatasetFilter) error {
	for _, d := range list {
		if d.Name == "" {
			return fail.Invalidf("`dataset_name` in the `datasets` clause must be specified.")
		}
	}
	return nil
}

func (d DatasetFilter) admits(m *ModelMetric) bool {
	return m.DatasetName == d.Name && (d.Digest == "" || m.DatasetDigest == d.Digest)
}

// LoggedModelIndex answers searches over the logged models of an experiment, or of several, from memory. Any number of readers and one
// writer may use it at a time.
type LoggedModelIndex struct {
	mu      sync.RWMutex
	table   *search.Table
	metrics map[uint32][]ModelMetric // by slot, by key and then latest first
}

// NewLoggedModelIndex makes an empty index.
func NewLoggedModelIndex() *LoggedModelIndex {
	return &LoggedModelIndex{table: search.NewTable(LoggedModels), metrics: map[uint32][]ModelMetric{}}
}

// Len gives the number of models.
func (x *LoggedModelIndex) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Len()
}

// Size gives about how many bytes the index takes.
func (x *LoggedModelIndex) Size() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	size := x.table.Size()
	for _, m := range x.metrics {
		size += 60 + int64(cap(m))*150
	}
	return size
}

// Upsert adds a model or replaces the one with its id.
func (x *LoggedModelIndex) Upsert(m *LoggedModel) {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot := x.table.Put(&search.Row{
		ID: m.ID, Stage: m.Lifecycle,
		Attrs: []search.Value{modelID: {}, modelName: {Text: m.Name}, modelType: {Text: m.Type}, modelStatus: {Text: m.Status.String()},
			modelRun: {Text: m.SourceRun}, modelCreated: {Int: m.Created}, modelUpdated: {Int: m.Updated}},
		Texts: textPairs(textPairs(nil, search.Param, m.Params), search.Tag, m.Tags),
	})
	delete(x.metrics, slot)
	if len(m.Metrics) > 0 {
		sorted := slices.Clone(m.Metrics)
		slices.SortStableFunc(sorted, latestModelMetric)
		x.metrics[slot] = sorted
	}
}

// latestModelMetric orders metrics by key, then latest first: by timestamp, step and, upwards, run. (The latest value of a run's metric
// goes by step first; MLflow's two stores differ there.)
func latestModelMetric(a, b ModelMetric) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	pa, pb := a.Point, b.Point
	pa.Value, pb.Value = 0, 0
	if c := compareHistory(pb, pa); c != 0 {
		return c
	}
	return strings.Compare(a.Run, b.Run)
}

// Remove takes a model away and reports whether it was there.
func (x *LoggedModelIndex) Remove(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if slot, ok := x.table.Slot(id); ok {
		delete(x.metrics, slot)
	}
	return x.table.Remove(id)
}

// SearchModels gives a page of the models of several indexes together. A clause on a metric holds if any of the model's points for it
// does, on one of the datasets if some are given; with datasets and no such clause a model needs a metric on one of them. An index
// that is named twice counts once.
func SearchModels(q *search.Query, datasets []DatasetFilter, indexes ...*LoggedModelIndex) search.Page {
	onMetric := slices.ContainsFunc(q.Filter, func(c search.Clause) bool { return c.Entity == search.Metric })
	parts := make([]search.Part, 0, len(indexes))
	for i, x := range indexes {
		if slices.Contains(indexes[:i], x) {
			continue
		}
		x.mu.RLock()
		defer x.mu.RUnlock()
		part := search.Part{Table: x.table, Key: x.key, Test: func(c *search.Clause) func(uint32) bool { return x.test(c, datasets) }}
		if len(datasets) > 0 && !onMetric {
			part.Admit = x.any(func(m *ModelMetric) bool { return onDataset(m, datasets) })
		}
		parts = append(parts, part)
	}
	return search.Search(q, parts...)
}

func onDataset(m *ModelMetric, datasets []DatasetFilter) bool {
	return len(datasets) == 0 || slices.ContainsFunc(datasets, func(d DatasetFilter) bool { return d.admits(m) })
}

// any makes the test that one of a model's metrics passes.
func (x *LoggedModelIndex) any(pass func(m *ModelMetric) bool) func(uint32) bool {
	return func(slot uint32) bool {
		list := x.metrics[slot]
		for i := range list {
			if pass(&list[i]) {
				return true
			}
		}
		return false
	}
}

// test answers clauses on metrics, and on attributes that a model may lack: without a type or a source run it matches nothing on them.
func (x *LoggedModelIndex) test(c *search.Clause, datasets []DatasetFilter) func(uint32) bool {
	switch {
	case c.Entity == search.Metric:
		holds, key := c.MatchNumber(), c.Key
		return x.any(func(m *ModelMetric) bool {
			return m.Key == key && holds(StoredValue(m.Value)) && onDataset(m, datasets)
		})
	case c.Entity == search.Attribute && (c.Field == modelType || c.Field == modelRun):
		holds, field := c.MatchText(), c.Field
		return func(slot uint32) bool { s := x.table.Text(slot, field); return s != "" && holds(s) }
	}
	return nil
}

// key answers terms on metrics, by the latest point, and on attributes that a model may lack.
func (x *LoggedModelIndex) key(t *search.Term) func(uint32) search.Key {
	term := *t
	switch {
	case term.Entity == search.Metric:
		return func(slot uint32) search.Key { return x.latest(slot, &term) }
	case term.Field == modelType || term.Field == modelRun:
		return func(slot uint32) search.Key {
			if s := x.table.Text(slot, term.Field); s != "" {
				return search.Key{Text: s}
			}
			return search.NoKey
		}
	}
	return nil
}

// latest gives the sort key of a model's metric, of one dataset if the term names it.
func (x *LoggedModelIndex) latest(slot uint32, t *search.Term) search.Key {
	list := x.metrics[slot]
	for i := range list {
		m := &list[i]
		if m.Key == t.Key && (t.Dataset == "" || DatasetFilter{t.Dataset, t.Digest}.admits(m)) {
			return search.NumberKey(StoredValue(m.Value))
		}
	}
	return search.NoKey
}
