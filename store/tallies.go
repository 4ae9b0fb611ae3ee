package store

import (
	"context"
	"database/sql"
	"strconv"

	"bailiwick/ledger"
)

// tallyShards spreads the counts of one minute over several rows, so that writers on PostgreSQL do not wait for each other's row.
const tallyShards = 8

// Tally counts a call in its minute's row, in this transaction (audit class B), or written behind (class C).
func (tx *Tx) Tally(t ledger.Tally) error {
	shard := int64(0)
	if !tx.s.d.single {
		shard = tx.NextID() >> 10 % tallyShards
	}
	return tx.do(`INSERT INTO tallies (minute, key, shard, n, first, last, sample) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (minute, key, shard) DO UPDATE SET n = tallies.n + excluded.n,
		first = CASE WHEN excluded.first < tallies.first THEN excluded.first ELSE tallies.first END,
		last = CASE WHEN excluded.last > tallies.last THEN excluded.last ELSE tallies.last END`,
		t.Key.Minute, string(t.Key.AppendKey(nil)), shard, t.Count, t.First, t.Last, ledger.Append(nil, &t.Sample))
}

// rollBatch is how many rows of tallies one transaction turns into entries.
const rollBatch = 500

// tallyRow is a row of tallies as it was read.
type tallyRow struct {
	minute, shard int64
	key           string
	tally         ledger.Tally
}

// RollTallies turns the rows of minutes that ended before the given time (ms since 1970) into entries of the ledger, in one transaction that
// does both, and gives the number of rows it took; 0 when there is nothing left. Replicas may roll at once: a row is whose who deletes it. A
// row that grows meanwhile stays for the next time.
func (s *Store) RollTallies(ctx context.Context, before int64) (n int, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		n = 0
		rows, err := tx.tallies(before / msPerMinute)
		if err != nil {
			return err
		}
		taken, err := tx.takeTallies(rows)
		if err != nil {
			return err
		}
		n = len(taken)
		return tx.recordTallies(taken)
	})
	return n, err
}

const msPerMinute = 60_000

func (tx *Tx) tallies(before int64) (rows []tallyRow, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var row tallyRow
		var count, first, last int64
		var sample []byte
		if err := r.Scan(&row.minute, &row.key, &row.shard, &count, &first, &last, &sample); err != nil {
			return err
		}
		e, err := ledger.Parse(sample)
		if err != nil {
			return err
		}
		row.tally = ledger.TallyOf(e)
		row.tally.Count, row.tally.First, row.tally.Last = count, first, last
		rows = append(rows, row)
		return nil
	}, "SELECT minute, key, shard, n, first, last, sample FROM tallies WHERE minute < ? ORDER BY minute, key, shard LIMIT ?", before, rollBatch)
	return rows, err
}

// takeTallies deletes the rows that are still as they were read, and gives those.
func (tx *Tx) takeTallies(rows []tallyRow) (taken []tallyRow, err error) {
	for _, row := range rows {
		n, err := tx.exec("DELETE FROM tallies WHERE minute = ? AND key = ? AND shard = ? AND n = ?", row.minute, row.key, row.shard, row.tally.Count)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			taken = append(taken, row)
		}
	}
	return taken, nil
}

// recordTallies writes an entry for each key of the rows, which are ordered by it.
func (tx *Tx) recordTallies(rows []tallyRow) error {
	for i := 0; i < len(rows); {
		t, from := rows[i].tally, i
		for i++; i < len(rows) && rows[i].minute == rows[from].minute && rows[i].key == rows[from].key; i++ {
			t = ledger.Merge(t, rows[i].tally)
		}
		e := t.Entry()
		if err := tx.Record(&e, tx.objectOf(&e)); err != nil {
			return err
		}
	}
	return nil
}

// objectOf finds the governed object of a gathered entry, whose id may be that of something within it (a run): -1 when it is gone.
func (tx *Tx) objectOf(e *ledger.Entry) int64 {
	if o, ok := tx.Map.Find(e.Object.Path); ok && e.Object.Path != "" {
		return o.ID
	}
	if id, err := strconv.ParseInt(e.Object.ID, 10, 64); err == nil {
		return id
	}
	return -1
}
