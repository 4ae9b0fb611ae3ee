package tracking

import (
	"slices"
	"strings"
	"sync"

	"bailiwick/tracking/search"
)

// RunIndex answers searches over the runs of one experiment from memory. Any number of readers and one writer may use it at a time.
type RunIndex struct {
	mu       sync.RWMutex
	table    *search.Table
	datasets map[uint32][][3]string // by slot: name, digest and context of each dataset input
	row      search.Row             // used again by each Upsert
}

// NewRunIndex makes an empty index.
func NewRunIndex() *RunIndex {
	return &RunIndex{table: search.NewTable(Runs), datasets: map[uint32][][3]string{},
		row: search.Row{Attrs: make([]search.Value, len(runFields))}}
}

// Len gives the number of runs.
func (x *RunIndex) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Len()
}

// Size gives about how many bytes the index takes.
func (x *RunIndex) Size() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Size() + int64(len(x.datasets))*200
}

// idMark stands for the run's id in an artifact URI, so that runs of an experiment share one text.
const idMark = "\x00"

// Upsert adds a run or replaces the one with its id. Nothing of the run is kept but copies. Many are added fastest in the order of their
// start.
func (x *RunIndex) Upsert(r *Run) {
	x.mu.Lock()
	defer x.mu.Unlock()
	row := &x.row
	row.ID, row.Stage = r.ID, r.Lifecycle
	row.Attrs[runName].Text = r.Name
	row.Attrs[runStatus].Text = r.Status.String()
	row.Attrs[runUser].Text = r.User
	row.Attrs[runURI].Text = strings.Replace(r.ArtifactURI, r.ID, idMark, 1)
	row.Attrs[runStart].Int, row.Attrs[runEnd].Int = r.Start, r.End
	row.Numbers, row.Texts = row.Numbers[:0], row.Texts[:0]
	for i := range r.Metrics {
		row.Numbers = append(row.Numbers, search.NumberPair{Key: r.Metrics[i].Key, Value: StoredValue(r.Metrics[i].Value)})
	}
	row.Texts = textPairs(row.Texts, search.Param, r.Params)
	row.Texts = textPairs(row.Texts, search.Tag, r.Tags)
	x.setDatasets(x.table.Put(row), r.Datasets)
}

func textPairs(out []search.TextPair, e search.Entity, pairs []Pair) []search.TextPair {
	for _, p := range pairs {
		out = append(out, search.TextPair{Entity: e, Key: p.Key, Value: p.Value})
	}
	return out
}

func (x *RunIndex) setDatasets(slot uint32, inputs []DatasetInput) {
	delete(x.datasets, slot)
	for i := range inputs {
		context, _ := Lookup(inputs[i].Tags, TagDatasetContext)
		d := &inputs[i].Dataset
		x.datasets[slot] = append(x.datasets[slot], [3]string{datasetName: d.Name, datasetDigest: d.Digest, datasetContext: context})
	}
}

// Remove takes a run away and reports whether it was there.
func (x *RunIndex) Remove(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot, ok := x.table.Slot(id)
	if ok {
		delete(x.datasets, slot)
	}
	return x.table.Remove(id)
}

// Search gives a page of the experiment's runs.
func (x *RunIndex) Search(q *search.Query) search.Page { return SearchRuns(q, x) }

// SearchRuns gives a page of the runs of several experiments together; one that is named twice counts once.
func SearchRuns(q *search.Query, indexes ...*RunIndex) search.Page {
	parts := make([]search.Part, 0, len(indexes))
	for i, x := range indexes {
		if slices.Contains(indexes[:i], x) {
			continue
		}
		x.mu.RLock()
		defer x.mu.RUnlock()
		parts = append(parts, search.Part{Table: x.table, Texts: map[int]func(uint32) string{runURI: x.uri}, Test: x.test})
	}
	return search.Search(q, parts...)
}

// NamedRuns gives the ids that a filter names, if it asks for nothing but runs of some ids; nil for any other.
func NamedRuns(f search.Filter) []string {
	if len(f) != 1 || f[0].Entity != search.Attribute || f[0].Field != runID {
		return nil
	}
	switch f[0].Op {
	case search.In:
		return f[0].List
	case search.Eq:
		return []string{f[0].Text}
	}
	return nil
}

// uri gives a run's artifact URI.
func (x *RunIndex) uri(slot uint32) string {
	return strings.Replace(x.table.Text(slot, runURI), idMark, x.table.ID(slot), 1)
}

// test answers clauses on datasets: one of the run's inputs must match. An input without context matches none on it.
func (x *RunIndex) test(c *search.Clause) func(uint32) bool {
	if c.Entity != search.Dataset {
		return nil
	}
	holds, field := c.MatchText(), c.Field
	return func(slot uint32) bool {
		for _, d := range x.datasets[slot] {
			if (field != datasetContext || d[field] != "") && holds(d[field]) {
				return true
			}
		}
		return false
	}
}
