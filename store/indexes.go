package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"

	"bailiwick/fail"
)

// index is what searches in one experiment look into.
type index interface {
	comparable
	Size() int64
}

// indexes holds the indexes of experiments that were searched lately. An index is brought up to a transaction before it answers it: what
// carries a stamp below the horizon of the last time is in it already.
type indexes[X index] struct {
	rows  indexRows[X]
	mu    sync.Mutex
	of    map[int64]*indexEntry[X]
	clock int64
	limit int64

	filling, closed bool // under mu: an index is filled beside requests; none will be any more
	fills           sync.WaitGroup
}

// indexRows says where the rows of indexes come from.
type indexRows[X index] struct {
	empty func() X
	// changed is the query of the ids and stamps of an experiment's rows from a stamp on.
	changed string
	// all reads every row of an experiment into an entry, some those of some ids.
	all  func(*Tx, *indexEntry[X], int64) error
	some func(*Tx, *indexEntry[X], []string) error
}

type indexEntry[X index] struct {
	mu      sync.Mutex // held while the index is brought up to date
	index   X
	stamps  map[string]int64
	horizon int64
	// filled is what the index was filled under; nil while it has to be filled first.
	filled atomic.Pointer[standing]

	used, size int64 // under indexes.mu
}

// standing is what an index depends on beside stamps: when rows of the experiment were purged last, and whether it is in the trash.
type standing struct {
	purged  int64
	trashed bool
}

// standing reads how an experiment stands; nil for one that the transaction does not see.
func (tx *Tx) standing(experiment int64) (*standing, error) {
	now := standing{trashed: tx.Map.InTrash(experiment)}
	found, err := tx.one([]any{&now.purged}, "SELECT purged FROM experiments WHERE object = ?", experiment)
	if err != nil || !found {
		return nil, err
	}
	return &now, nil
}

// outlived says that an index that was filled under one standing is of no use under another.
func (tx *Tx) outlived(filled, now *standing, horizon int64) bool {
	return filled.trashed != now.trashed || filled.purged != now.purged && !(tx.behind(horizon) && now.purged < filled.purged)
}

func newIndexes[X index](limit int64, rows indexRows[X]) *indexes[X] {
	return &indexes[X]{rows: rows, of: map[int64]*indexEntry[X]{}, limit: limit}
}

func (x *indexes[X]) entry(experiment int64) *indexEntry[X] {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.of[experiment]
	if e == nil {
		e = &indexEntry[X]{}
		x.of[experiment] = e
	}
	x.clock++
	e.used = x.clock
	return e
}

// weigh notes the size of an entry and drops others, least used first, until all fit.
func (x *indexes[X]) weigh(e *indexEntry[X]) {
	size := e.index.Size() + 90*int64(len(e.stamps))
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

// refreshed gives the entries and indexes of those of the experiments that the transaction sees, brought up to it.
func (x *indexes[X]) refreshed(tx *Tx, experiments []int64) (entries []*indexEntry[X], list []X, err error) {
	var none X
	for _, id := range experiments {
		e := x.entry(id)
		index, err := x.refresh(tx, id, e)
		if err != nil {
			return nil, nil, err
		}
		if index != none {
			entries, list = append(entries, e), append(list, index)
		}
	}
	return entries, list, nil
}

// refresh brings an experiment's index up to what the transaction sees; zero for an experiment that it does not see.
func (x *indexes[X]) refresh(tx *Tx, id int64, e *indexEntry[X]) (index X, err error) {
	var none X
	if tx.write {
		return none, errSearchInWrite
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now, err := tx.standing(id)
	if err != nil || now == nil {
		return none, err
	}
	if filled := e.filled.Load(); filled == nil || tx.outlived(filled, now, e.horizon) {
		e.filled.Store(nil)
		err = x.load(tx, id, e)
	} else {
		now = filled
		var took bool
		took, err = x.follow(tx, id, e)
		e.horizon = reached(e.horizon, tx.horizon, took)
	}
	if err != nil {
		e.filled.Store(nil) // half filled
		e.index = none
		return none, err
	}
	e.filled.Store(now)
	return e.index, nil
}

// load fills an index from the start.
func (x *indexes[X]) load(tx *Tx, id int64, e *indexEntry[X]) error {
	e.index, e.stamps, e.horizon = x.rows.empty(), map[string]int64{}, tx.horizon
	if err := x.rows.all(tx, e, id); err != nil {
		return err
	}
	x.weigh(e)
	return nil
}

// errSearchInWrite keeps what may yet be rolled back out of the indexes.
var errSearchInWrite = fail.Internalf(nil, "searches belong into reads")

// reached says up to where an index has everything, after a transaction that sees all below its own place. One that took rows may have set some
// back to what it sees: on PostgreSQL it can see what an index does not have and yet not see what the index has, as rows that several writers change
// get their stamps in another order than they are committed in. Nothing is then known beyond its own place, and the next to come looks from there.
func reached(before, own int64, took bool) int64 {
	if took {
		return own
	}
	return max(before, own)
}

// behind says that the transaction may see less than an index that was brought up to the horizon. On SQLite stamps rise with every commit,
// so that such a one can be kept from setting rows back; on PostgreSQL the next to come puts them right (reached).
func (tx *Tx) behind(horizon int64) bool { return tx.s.d.single && tx.horizon <= horizon }

// follow reads the rows that may be newer than the index has them, and says whether it took any.
func (x *indexes[X]) follow(tx *Tx, id int64, e *indexEntry[X]) (took bool, err error) {
	var ids []string
	err = tx.each(func(r *sql.Rows) error {
		var row string
		var changed int64
		if err := r.Scan(&row, &changed); err != nil {
			return err
		}
		if had, ok := e.stamps[row]; !ok || had != changed && !(tx.behind(e.horizon) && had > changed) {
			ids = append(ids, row)
		}
		return nil
	}, x.rows.changed, id, e.horizon)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	if err := x.rows.some(tx, e, ids); err != nil {
		return false, err
	}
	x.weigh(e)
	return true, nil
}

// cold says that an experiment's index cannot answer before it is filled. Who is told so answers without it.
func (x *indexes[X]) cold(experiment int64, now *standing) bool {
	filled := x.entry(experiment).filled.Load()
	return filled == nil || *filled != *now
}

// fillLater fills an experiment's index beside requests, in a transaction of its own. One is filled at a time: where another is, nothing is done,
// since each search that still finds the index cold asks again.
func (x *indexes[X]) fillLater(s *Store, experiment int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.filling || x.closed {
		return
	}
	x.filling = true
	x.fills.Go(func() {
		err := s.Read(context.Background(), func(tx *Tx) error {
			_, _, err := x.refreshed(tx, []int64{experiment})
			return err
		})
		if err != nil && !s.closing() {
			s.log.Warn("what searches look into could not be read", "experiment", experiment, "error", err)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.filling = false
	})
}

// close lets no index be filled any more, and waits for one that is.
func (x *indexes[X]) close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.fills.Wait()
}
