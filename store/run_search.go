package store

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// Bytes of memory that searches may take: the indexes of runs, and the documents that were written before.
const (
	maxIndexes   = 48 << 20
	maxDocuments = 32 << 20
)

var runRows = indexRows[*tracking.RunIndex]{
	empty:   tracking.NewRunIndex,
	changed: "SELECT id, changed FROM runs WHERE experiment = ? AND changed >= ?",
	all:     allRuns,
	some: func(tx *Tx, e *runEntry, ids []string) error {
		heads, err := tx.RunHeads(ids)
		if err != nil {
			return err
		}
		return tx.takeRuns(e, heads)
	},
}

type runEntry = indexEntry[*tracking.RunIndex]

// allRuns reads an experiment's runs into an index, in the order in which it takes them fastest, and never more than some of them whole. It ends
// when the store closes.
func allRuns(tx *Tx, e *runEntry, experiment int64) error {
	var heads []*RunHead
	if err := tx.each(scanHead(&heads), runColumns+"WHERE r.experiment = ?", experiment); err != nil {
		return err
	}
	slices.SortFunc(heads, func(a, b *RunHead) int { return cmp.Or(cmp.Compare(a.Start, b.Start), strings.Compare(b.ID, a.ID)) })
	e.stamps = make(map[string]int64, len(heads))
	for part := range slices.Chunk(heads, maxIn) {
		if tx.s.closing() {
			return errClosing
		}
		err := errors.Join(tx.complete(part), tx.takeRuns(e, part))
		if err != nil {
			return err
		}
		clear(part)
	}
	return nil
}

// takeRuns reads what searches look at of runs, and puts it into an index.
func (tx *Tx) takeRuns(e *runEntry, heads []*RunHead) error {
	for part := range slices.Chunk(heads, maxIn) {
		if err := tx.fill(indexedRuns, part); err != nil {
			return err
		}
		for _, h := range part {
			e.index.Upsert(&h.Run)
			e.stamps[h.ID] = h.changed
		}
	}
	return nil
}

// RunPage is a page of runs in order.
type RunPage struct {
	search.Page
	stamps  []int64
	trashed []bool // the run's experiment is
}

// SearchRuns gives a page of the runs of some experiments. Who may see the experiments was decided before.
func (tx *Tx) SearchRuns(q *search.Query, experiments []int64) (RunPage, error) {
	if p, ok, err := tx.coldRuns(q, experiments); ok || err != nil {
		return p, err
	}
	entries, indexes, err := tx.s.runs.refreshed(tx, experiments)
	if err != nil {
		return RunPage{}, err
	}
	p := RunPage{Page: tracking.SearchRuns(q, indexes...)}
	p.stamps, p.trashed = make([]int64, len(p.IDs)), make([]bool, len(p.IDs))
	for _, e := range entries {
		markRuns(e, &p)
	}
	return p, nil
}

// markRuns notes what the entry knows of those runs of the page that it has.
func markRuns(e *runEntry, p *RunPage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	filled := e.filled.Load()
	trashed := filled != nil && filled.trashed
	for i, id := range p.IDs {
		if stamp, ok := e.stamps[id]; ok {
			p.stamps[i], p.trashed[i] = stamp, trashed
		}
	}
}

// filledHeads gives those of some runs that exist, with all that was logged to them.
func (tx *Tx) filledHeads(ids []string) ([]*RunHead, error) {
	heads, err := tx.RunHeads(ids)
	if err != nil {
		return nil, err
	}
	return heads, tx.fill(wholeRuns, heads)
}

// WriteRun writes a run for clients, appended to dst.
type WriteRun func(dst []byte, r *tracking.Run) []byte

// RunDocument gives what write makes of a run, which is kept by form, a small number, until the run changes.
func (tx *Tx) RunDocument(h *RunHead, form uint8, write WriteRun) ([]byte, error) {
	key := runKey(h.ID, form, h.Trashed)
	if body := tx.s.documents.get(key, h.changed); body != nil {
		return body, nil
	}
	if err := tx.fill(wholeRuns, []*RunHead{h}); err != nil {
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
