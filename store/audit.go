package store

import (
	"database/sql"
	"slices"
	"sort"
	"strings"

	"bailiwick/fail"
	"bailiwick/ledger"
)

// Audit says which entries of the ledger to give, newest first. Lists are alternatives of at most maxIn values; empty = anything.
type Audit struct {
	Since, Until int64 // ms since 1970; 0 = open
	Actors       []int64
	Objects      []int64
	Actions      []string
	Classes      []ledger.Class
	// Before is the cursor of the last entry of the page before, After one that all that is given stands behind.
	Before, After *LedgerPlace
	Limit         int
}

// LedgerPlace is where an entry stands in the order of the ledger.
type LedgerPlace struct{ Stamp, ID int64 }

// AuditRow is an entry as it is stored.
type AuditRow struct {
	LedgerPlace
	// Object is the governed object that it is recorded of.
	Object int64
	Body   []byte
}

// AuditPage gives the entries that fit, newest first.
func (tx *Tx) AuditPage(a Audit) (rows []AuditRow, err error) {
	where, args := a.conditions()
	q := "SELECT stamp, id, object, body FROM ledger" + where + " ORDER BY stamp DESC, id DESC LIMIT ?"
	return tx.auditRows(q, append(args, a.Limit)...)
}

func (tx *Tx) auditRows(q string, args ...any) (rows []AuditRow, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var row AuditRow
		if err := r.Scan(&row.Stamp, &row.ID, &row.Object, &row.Body); err != nil {
			return err
		}
		rows = append(rows, row)
		return nil
	}, q, args...)
	return rows, err
}

// PlaceBack gives the place of the entry that fits and has n others that fit before it, newest first; nil when there are fewer. It passes over n
// entries where a asks for nothing, or for one actor or one object.
func (tx *Tx) PlaceBack(a Audit, n int) (*LedgerPlace, error) {
	where, args := a.conditions()
	var p LedgerPlace
	found, err := tx.one([]any{&p.Stamp, &p.ID},
		"SELECT stamp, id FROM ledger"+where+" ORDER BY stamp DESC, id DESC LIMIT 1 OFFSET ?", append(args, n)...)
	if err != nil || !found {
		return nil, err
	}
	return &p, nil
}

// Later says whether a place is behind another; nil is the ledger's beginning.
func (p *LedgerPlace) Later(o *LedgerPlace) bool {
	return p != nil && (o == nil || p.Stamp > o.Stamp || p.Stamp == o.Stamp && p.ID > o.ID)
}

// conditions are the parts of a WHERE clause with their values.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(on bool, part string, values ...any) {
	if on {
		c.parts, c.args = append(c.parts, part), append(c.args, values...)
	}
}

// oneOf asks that a column has one of some values, if there are any.
func oneOf[T any](c *conditions, column string, list []T) {
	if len(list) > 0 {
		c.add(true, column+" IN ("+marks(list)+")", padded(list)...)
	}
}

func (a *Audit) conditions() (where string, args []any) {
	var c conditions
	c.add(a.Since > 0, "at >= ?", a.Since)
	c.add(a.Until > 0, "at < ?", a.Until)
	oneOf(&c, "actor", a.Actors)
	oneOf(&c, "object", a.Objects)
	oneOf(&c, "action", a.Actions)
	oneOf(&c, "class", texts(a.Classes))
	if b := a.Before; b != nil {
		c.add(true, "stamp <= ? AND (stamp < ? OR id < ?)", b.Stamp, b.Stamp, b.ID)
	}
	if b := a.After; b != nil {
		c.add(true, "stamp >= ? AND (stamp > ? OR id > ?)", b.Stamp, b.Stamp, b.ID)
	}
	if len(c.parts) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(c.parts, " AND "), c.args
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// sealAt finds, among the sealed batches in their order, the first for which a condition holds that holds for all after it too; found is false when
// it holds for none.
func (tx *Tx) sealAt(holds func(b *sealRow, at int64) bool) (b sealRow, found bool, err error) {
	size, err := tx.leaves()
	if err != nil {
		return b, false, err
	}
	read := func(leaf int) (b sealRow, at int64) {
		if err == nil {
			_, err = tx.one([]any{&b.First, &b.Count, &b.upto, &at},
				"SELECT first, count, upto, at FROM seals WHERE first <= ? ORDER BY first DESC LIMIT 1", leaf)
		}
		return b, at
	}
	leaf := sort.Search(int(size), func(leaf int) bool {
		b, at := read(leaf)
		return err != nil || holds(&b, at)
	})
	if err != nil || leaf == int(size) {
		return b, false, err
	}
	b, _ = read(leaf)
	return b, true, err
}

// leaves gives the number of sealed entries.
func (tx *Tx) leaves() (size int64, err error) {
	_, err = tx.one([]any{&size}, "SELECT first + count FROM seals ORDER BY first DESC LIMIT 1")
	return size, err
}

// PlaceAt gives a place in the ledger behind which is everything that was recorded from a time on (ms since 1970), with as little before it as
// the seals tell; nil for its beginning. What is recorded at a time may be about an earlier one, never about a later.
func (tx *Tx) PlaceAt(ms int64) (*LedgerPlace, error) {
	next, found, err := tx.sealAt(func(_ *sealRow, at int64) bool { return at >= ms-clocks })
	if !found {
		next.First = maxID // all that is sealed is from before
	}
	if err != nil {
		return nil, err
	}
	var upto int64
	found, err = tx.one([]any{&upto}, "SELECT upto FROM seals WHERE first < ? ORDER BY first DESC LIMIT 1", next.First)
	if err != nil || !found {
		return nil, err
	}
	return &LedgerPlace{Stamp: upto - 1, ID: maxID}, nil
}

const (
	// clocks is how far the clocks of replicas may be apart, with the time of a write, in ms.
	clocks = 120_000
	maxID  = 1<<63 - 1
)

// LedgerEntry finds an entry by its id; fail.NotFound when there is none. Ids tell the time at which they were made, and so about where to look.
func (tx *Tx) LedgerEntry(id int64) (row AuditRow, err error) {
	const q = "SELECT stamp, id, object, body FROM ledger WHERE id = ?"
	from, to, err := tx.around(madeAt(id))
	if err != nil {
		return row, err
	}
	rows, err := tx.auditRows(q+" AND stamp >= ? AND stamp < ?", id, from, to)
	if err == nil && len(rows) == 0 { // of a clock that was wrong by more
		rows, err = tx.auditRows(q, id)
	}
	if err == nil && len(rows) == 0 {
		err = fail.NotFoundf("The audit trail has no event %d.", id)
	}
	if err != nil {
		return row, err
	}
	return rows[0], nil
}

// around gives the stamps [from, to) between which is what was recorded at a time.
func (tx *Tx) around(ms int64) (from, to int64, err error) {
	first, err := tx.PlaceAt(ms)
	if err != nil {
		return 0, 0, err
	}
	if first != nil {
		from = first.Stamp
	}
	after, found, err := tx.sealAt(func(_ *sealRow, at int64) bool { return at >= ms+clocks })
	if !found {
		return from, maxID, err
	}
	return from, after.upto, err
}

// madeAt gives the time at which an id was made, in ms since 1970 (idSource).
func madeAt(id int64) int64 { return id >> 22 }

// LeafOf gives the index of an entry in the tree; sealed is false for one that is not in it yet.
func (tx *Tx) LeafOf(p LedgerPlace) (index int64, sealed bool, err error) {
	b, found, err := tx.sealAt(func(b *sealRow, _ int64) bool { return b.upto > p.Stamp })
	if err != nil || !found {
		return 0, false, err
	}
	whole, err := tx.batchOf(b.First)
	if err != nil {
		return 0, false, err
	}
	ids, err := whole.Entries()
	if err != nil {
		return 0, false, err
	}
	i := slices.Index(ids, p.ID)
	if i < 0 {
		return 0, false, fail.Statef("entry %d lies among sealed ones and is not in their batch at leaf %d", p.ID, b.First)
	}
	return b.First + int64(i), true, nil
}
