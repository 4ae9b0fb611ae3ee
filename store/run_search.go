package store

import (
	"database/sql"
	"sync"

	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// Bytes of memory that searches may take: the indexes of runs, and the documents that were written before.
const (
	maxIndexes   = 64 << 20
	maxDocuments = 48 << 20
)

// runIndexes holds the run indexes of experiments that were searched lately. An index is brought up to a transaction before it answers it:
// what carries a stamp below the horizon of the last time is in it already.
type runIndexes struct {
	mu    sync.Mutex
	of    map[int64]*runEntry
	clock int64
	limit int64
}

type runEntry struct {
	mu      sync.Mutex // held while the index is brought up to date
	index   *tracking.RunIndex
	stamps  map[string]int64 // what the index has of each run
	horizon int64
	purged  int64
	trashed bool

	used, size int64 // under runIndexes.mu
}

func newRunIndexes(limit int64) *runIndexes {
	return &runIndexes{of: map[int64]*runEntry{}, limit: limit}
}

func (x *runIndexes) entry(experiment int64) *runEntry {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.of[experiment]
	if e == nil {
		e = &runEntry{}
		x.of[experiment] = e
	}
	x.clock++
	e.used = x.clock
	return e
}

// weigh notes the size of an entry and drops others, least used first, until all fit.
func (x *runIndexes) weigh(e *runEntry, size int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e.size = size
	total := int64(0)
	for _, other := range x.of {
		total += other.size
	}
	for total > x.limit {
		least := int64(-1)
		for id, other := range x.of {
			if other != e && other.size > 0 && (least < 0 || other.used < x.of[least].used) {
				least = id
			}
		}
		if least < 0 {
			return
		}
		total -= x.of[least].size
		delete(x.of, least)
	}
}

// RunPage is a page of runs in order.
type RunPage struct {
	search.Page
	stamps  []int64
	trashed []bool // the run's experiment is
}

// SearchRuns gives a page of the runs of some experiments. Who may see the experiments was decided before.
func (tx *Tx) SearchRuns(q *search.Query, experiments []int64) (RunPage, error) {
	entries, indexes := make([]*runEntry, 0, len(experiments)), make([]*tracking.RunIndex, 0, len(experiments))
	for _, id := range experiments {
		e := tx.s.runs.entry(id)
		index, err := tx.refreshRuns(id, e)
		if err != nil {
			return RunPage{}, err
		}
		if index != nil {
			entries, indexes = append(entries, e), append(indexes, index)
		}
	}
	p := RunPage{Page: tracking.SearchRuns(q, indexes...)}
	p.stamps, p.trashed = make([]int64, len(p.IDs)), make([]bool, len(p.IDs))
	for _, e := range entries {
		e.mark(&p)
	}
	return p, nil
}

// mark notes what the entry knows of those runs of the page that it has.
func (e *runEntry) mark(p *RunPage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, id := range p.IDs {
		if stamp, ok := e.stamps[id]; ok {
			p.stamps[i], p.trashed[i] = stamp, e.trashed
		}
	}
}

// refreshRuns brings an experiment's index up to what the transaction sees; nil for an experiment that it does not see.
func (tx *Tx) refreshRuns(id int64, e *runEntry) (*tracking.RunIndex, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var purged int64
	if found, err := tx.one([]any{&purged}, "SELECT purged FROM experiments WHERE object = ?", id); err != nil || !found {
		return nil, err
	}
	trashed := tx.Map.InTrash(id)
	if e.index == nil || e.purged != purged && !(tx.s.d.single && purged < e.purged) || e.trashed != trashed {
		if err := tx.loadRuns(id, e, purged, trashed); err != nil {
			return nil, err
		}
		return e.index, nil
	}
	ids, err := tx.changedRuns(id, e)
	if err != nil {
		return nil, err
	}
	if err := tx.takeRuns(e, ids); err != nil {
		return nil, err
	}
	e.horizon = max(e.horizon, tx.horizon)
	return e.index, nil
}

// loadRuns fills an index from the start.
func (tx *Tx) loadRuns(id int64, e *runEntry, purged int64, trashed bool) error {
	heads, err := tx.runHeads("WHERE r.experiment = ?", id)
	if err != nil {
		return err
	}
	if err := tx.fill(runsOf(heads), "WHERE r.experiment = ?", id); err != nil {
		return err
	}
	e.index, e.stamps = tracking.NewRunIndex(), make(map[string]int64, len(heads))
	e.horizon, e.purged, e.trashed = tx.horizon, purged, trashed
	e.take(heads)
	tx.s.runs.weigh(e, e.weight())
	return nil
}

func (e *runEntry) take(heads []*RunHead) {
	for _, h := range heads {
		e.index.Upsert(&h.Run)
		e.stamps[h.ID] = h.changed
	}
}

func (e *runEntry) weight() int64 { return e.index.Size() + 90*int64(len(e.stamps)) }

// changedRuns gives the runs that may be newer than the index has them. On SQLite stamps rise with every commit, so an older snapshot
// never sets a run back.
func (tx *Tx) changedRuns(id int64, e *runEntry) (ids []string, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var run string
		var changed int64
		if err := r.Scan(&run, &changed); err != nil {
			return err
		}
		if had, ok := e.stamps[run]; !ok || had != changed && !(tx.s.d.single && had > changed) {
			ids = append(ids, run)
		}
		return nil
	}, "SELECT id, changed FROM runs WHERE experiment = ? AND changed >= ?", id, e.horizon)
	return ids, err
}

func (tx *Tx) takeRuns(e *runEntry, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	heads, err := tx.filledHeads(ids)
	if err != nil {
		return err
	}
	e.take(heads)
	tx.s.runs.weigh(e, e.weight())
	return nil
}

// filledHeads gives those of some runs that exist, with all that was logged to them.
func (tx *Tx) filledHeads(ids []string) ([]*RunHead, error) {
	heads, err := tx.RunHeads(ids)
	if err != nil {
		return nil, err
	}
	return heads, tx.fillIn(runsOf(heads), ids)
}

func runsOf(heads []*RunHead) map[string]*tracking.Run {
	runs := make(map[string]*tracking.Run, len(heads))
	for _, h := range heads {
		runs[h.ID] = &h.Run
	}
	return runs
}

// WriteRun writes a run for clients, appended to dst.
type WriteRun func(dst []byte, r *tracking.Run) []byte

// RunDocument gives what write makes of a run, which is kept by form, a small number, until the run changes.
func (tx *Tx) RunDocument(h *RunHead, form uint8, write WriteRun) ([]byte, error) {
	key := runKey(h.ID, form, h.Trashed)
	if body := tx.s.documents.get(key, h.changed); body != nil {
		return body, nil
	}
	if err := tx.fill(map[string]*tracking.Run{h.ID: &h.Run}, "WHERE r.id = ?", h.ID); err != nil {
		return nil, err
	}
	return tx.keep(key, h, write), nil
}

func runKey(id string, form uint8, trashed bool) documentKey {
	return documentKey{id, form<<1 | uint8(flag(trashed))}
}

// keep writes a document and keeps it, unless this transaction may still change the run.
func (tx *Tx) keep(key documentKey, h *RunHead, write WriteRun) []byte {
	body := write(nil, &h.Run)
	if !tx.write {
		tx.s.documents.put(key, h.changed, body)
	}
	return body
}

// RunDocuments gives the documents of a page's runs in its order.
func (tx *Tx) RunDocuments(p RunPage, form uint8, write WriteRun) ([][]byte, error) {
	bodies := make([][]byte, len(p.IDs))
	var missing []string
	at := map[string]int{}
	for i, id := range p.IDs {
		if bodies[i] = tx.s.documents.get(runKey(id, form, p.trashed[i]), p.stamps[i]); bodies[i] == nil {
			missing, at[id] = append(missing, id), i
		}
	}
	if len(missing) == 0 {
		return bodies, nil
	}
	heads, err := tx.filledHeads(missing)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		bodies[at[h.ID]] = tx.keep(runKey(h.ID, form, h.Trashed), h, write)
	}
	return bodies, nil
}
