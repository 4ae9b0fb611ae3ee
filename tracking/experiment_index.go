package tracking

import (
	"strconv"
	"sync"

	"bailiwick/tracking/search"
)

// ExperimentRow is an experiment with what decides who may see it.
type ExperimentRow struct {
	Experiment
	search.Right
}

// ExperimentIndex answers searches over all experiments of a workspace from memory. Any number of readers and one writer may use it at a
// time.
type ExperimentIndex struct {
	mu       sync.RWMutex
	table    *search.Table
	rights   *search.Rights
	relative []bool // by slot: whether its name was given relative to a folder
}

// NewExperimentIndex makes an empty index.
func NewExperimentIndex() *ExperimentIndex {
	return &ExperimentIndex{table: search.NewTable(Experiments), rights: search.NewRights()}
}

// Len gives the number of experiments.
func (x *ExperimentIndex) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Len()
}

// Size gives about how many bytes the index takes.
func (x *ExperimentIndex) Size() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Size() + x.rights.Size() + int64(cap(x.relative))
}

// Upsert adds an experiment or replaces the one with its id. The name is its full path. Many are added fastest in the order of their
// creation.
func (x *ExperimentIndex) Upsert(e *ExperimentRow) {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot := x.table.Put(&search.Row{
		ID: strconv.FormatInt(e.ID, 10), Stage: e.Lifecycle,
		Attrs: []search.Value{experimentID: {Int: e.ID}, experimentName: {Text: e.Name},
			experimentCreated: {Int: e.Created}, experimentUpdated: {Int: e.Updated}},
		Texts: textPairs(nil, search.Tag, e.Tags),
	})
	if int(slot) >= len(x.relative) {
		x.relative = append(x.relative, false)
	}
	x.relative[slot] = e.Relative
	x.rights.Put(slot, e.Right)
}

// Remove takes an experiment away and reports whether it was there.
func (x *ExperimentIndex) Remove(id int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot, ok := x.table.Slot(strconv.FormatInt(id, 10))
	if ok {
		x.rights.Drop(slot)
	}
	return ok && x.table.Remove(strconv.FormatInt(id, 10))
}

// Names says under which names a caller sees experiments (workspace.Names): by their paths, or by what was given relative to a folder.
type Names interface {
	// Shown gives the name of the experiment at a path; relative is how its name was given.
	Shown(path string, relative bool) string
	// Resolve gives the path that a name means.
	Resolve(name string) (path string, relative bool, err error)
}

// Search gives a page of the experiments that are in the scope. Names are seen, filtered and ordered as the caller sees them.
func (x *ExperimentIndex) Search(q *search.Query, scope search.Scope, names Names) search.Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	part := search.Part{
		Table: x.table,
		Test:  func(c *search.Clause) func(uint32) bool { return x.named(c, names) },
		Texts: map[int]func(uint32) string{experimentName: func(slot uint32) string { return x.shown(slot, names) }},
	}
	x.rights.Restrict(&part, scope)
	return search.Search(q, part)
}

func (x *ExperimentIndex) shown(slot uint32, names Names) string {
	return names.Shown(x.table.Text(slot, experimentName), x.relative[slot])
}

// named answers name = '…', which clients ask to find one experiment, without looking at other names: only the path that is the name
// itself, and the one that the name means, can be seen under it.
func (x *ExperimentIndex) named(c *search.Clause, names Names) func(uint32) bool {
	if c.Entity != search.Attribute || c.Field != experimentName || c.Op != search.Eq {
		return nil
	}
	itself, meant := x.table.Equal(experimentName, c.Text), func(uint32) bool { return false }
	if path, _, err := names.Resolve(c.Text); err == nil {
		meant = x.table.Equal(experimentName, path)
	}
	return func(slot uint32) bool { return (itself(slot) || meant(slot)) && x.shown(slot, names) == c.Text }
}
