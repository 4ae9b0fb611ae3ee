package store

import (
	"database/sql"

	"bailiwick/ledger"
)

// Change is something that happened to a governed object, as a feed tells it.
type Change struct {
	Object int64
	// Stamp rises with each change of an object that is told.
	Stamp  int64
	Action string
	// Governance says that the access map has changed with it.
	Governance bool
}

// Feed reads what is new in the ledger, and in the experiments that are watched, since it was last asked. It tells everything once it is committed,
// some things twice, in no certain order. It begins with what comes after its first look.
type Feed struct {
	from  int64
	begun bool
	// seen are places at or beyond from that were told: on PostgreSQL a lower stamp may be committed after a higher one.
	seen map[LedgerPlace]struct{}
	runs map[int64]*runFeed
}

// maxFeed is the most that one look tells; if there is more, all may have changed.
const maxFeed = 10_000

// Next gives what has changed since the last call; all says that it was too much to tell. experiments are those whose runs and logged models are
// watched: what is logged is counted by the minute in the ledger, and seen in their rows at once.
func (f *Feed) Next(tx *Tx, experiments []int64) (changes []Change, all bool, err error) {
	from := f.from
	if !f.begun {
		from = tx.horizon
	}
	changes, rows, err := f.entries(tx, from)
	if err != nil {
		return nil, false, err
	}
	if !f.begun {
		changes = nil // they were there before
	}
	all = f.begun && rows >= maxFeed
	f.advance(tx.horizon)
	runs, err := f.watched(tx, experiments)
	return append(changes, runs...), all, err
}

// Reached is the stamp below which everything was told.
func (f *Feed) Reached() int64 { return f.from }

func (f *Feed) advance(horizon int64) {
	f.from, f.begun = max(f.from, horizon), true
	for p := range f.seen {
		if p.Stamp < f.from {
			delete(f.seen, p)
		}
	}
}

// entries gives what entries from a stamp on change that were not told yet, and how many entries it looked at.
func (f *Feed) entries(tx *Tx, from int64) (changes []Change, rows int, err error) {
	if f.seen == nil {
		f.seen = map[LedgerPlace]struct{}{}
	}
	err = tx.each(func(r *sql.Rows) error {
		var p LedgerPlace
		var c Change
		var version sql.NullInt64
		var class string
		if err := r.Scan(&p.Stamp, &p.ID, &c.Object, &version, &class, &c.Action); err != nil {
			return err
		}
		rows++
		if _, told := f.seen[p]; told {
			return nil
		}
		f.seen[p] = struct{}{}
		c.Stamp, c.Governance = p.Stamp, version.Valid
		if c.Governance || class == string(ledger.ClassA) && changing(c.Action) {
			changes = append(changes, c)
		}
		return nil
	}, "SELECT stamp, id, object, version, class, action FROM ledger WHERE stamp >= ? ORDER BY stamp, id LIMIT ?", from, maxFeed)
	return changes, rows, err
}

// changing says that an action does more than look.
func changing(action string) bool {
	op := ledger.OperationOf(action)
	return op != ledger.Access && op != ledger.Authentication
}

// runFeed is how far the rows of an experiment were followed.
type runFeed struct {
	from int64
	seen map[string]int64
}

// watched gives the experiments whose runs or logged models were touched; the first look at one only takes note of where it stands.
func (f *Feed) watched(tx *Tx, experiments []int64) (changes []Change, err error) {
	kept := map[int64]*runFeed{}
	for _, id := range experiments {
		old := f.runs[id]
		if kept[id] != nil {
			continue
		}
		next := &runFeed{from: tx.horizon, seen: map[string]int64{}}
		if old == nil {
			old = &runFeed{from: tx.horizon}
		} else {
			next.from = max(old.from, tx.horizon)
		}
		stamp, err := next.follow(tx, id, old)
		if err != nil {
			return nil, err
		}
		if kept[id] = next; stamp > 0 && f.runs[id] != nil {
			changes = append(changes, Change{Object: id, Stamp: stamp})
		}
	}
	f.runs = kept
	return changes, nil
}

// follow gives the highest stamp of a row that old has not seen, 0 for none.
func (r *runFeed) follow(tx *Tx, experiment int64, old *runFeed) (stamp int64, err error) {
	for _, q := range []string{
		"SELECT id, changed FROM runs WHERE experiment = ? AND changed >= ? LIMIT ?",
		"SELECT id, changed FROM logged_models WHERE experiment = ? AND changed >= ? LIMIT ?",
	} {
		err := tx.each(func(rows *sql.Rows) error {
			var id string
			var changed int64
			if err := rows.Scan(&id, &changed); err != nil {
				return err
			}
			if old.seen[id] != changed {
				stamp = max(stamp, changed)
			}
			if changed >= r.from {
				r.seen[id] = changed
			}
			return nil
		}, q, experiment, old.from, maxFeed)
		if err != nil {
			return 0, err
		}
	}
	return stamp, nil
}
