package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"bailiwick/fail"
	"bailiwick/ledger"
)

// maxSeal is the most entries sealed in one transaction.
const maxSeal = 4096

// sealed is the state of the tree as the sealer knows it; the range is loaded again when another replica sealed meanwhile.
type sealed struct {
	tree ledger.Range
	upto int64
}

// Seal gives their leaves to the entries of transactions that are surely finished, and stores the batch with a checkpoint signed by signer.
// It gives the number of entries sealed; 0 when there is nothing to do. Replicas may seal at once: one wins, the others give 0.
func (s *Store) Seal(ctx context.Context, signer *ledger.Signer) (n int, err error) {
	var next sealed
	err = s.Write(ctx, func(tx *Tx) error {
		n = 0
		at, err := tx.sealedUpto()
		if err != nil {
			return err
		}
		entries, upto, err := tx.unsealed(at.upto)
		if err != nil || len(entries) == 0 {
			return err
		}
		batch, tree := ledger.Seal(at.tree, entries)
		note, err := tx.checkpoint(&tree, signer)
		if err != nil {
			return err
		}
		n, next = len(entries), sealed{tree, upto}
		return tx.do("INSERT INTO seals (first, count, upto, at, ids, hashes, checkpoint) VALUES (?, ?, ?, ?, ?, ?, ?)",
			batch.First, batch.Count, upto, tx.Now, batch.IDs, batch.Hashes, note)
	})
	if isConstraint(err) {
		return 0, nil
	}
	if err == nil && n > 0 {
		s.sealed.Store(&next)
	}
	return n, err
}

// checkpoint signs the size and root of the tree.
func (tx *Tx) checkpoint(tree *ledger.Range, signer *ledger.Signer) (string, error) {
	c := ledger.Checkpoint{Origin: tx.s.Origin(), Size: tree.Size(), Root: tree.Root(), Time: tx.Now}
	note, err := c.Sign(signer)
	return string(note), err
}

// Origin is the name of this workspace's ledger in checkpoints.
func (s *Store) Origin() string { return ledger.Origin(fmt.Sprint(s.workspace)) }

// sealedUpto gives how far the ledger is sealed.
func (tx *Tx) sealedUpto() (sealed, error) {
	var size, upto int64
	_, err := tx.one([]any{&size, &upto}, "SELECT first + count, upto FROM seals ORDER BY first DESC LIMIT 1")
	if err != nil {
		return sealed{}, err
	}
	if known := tx.s.sealed.Load(); known != nil && known.tree.Size() == size {
		return *known, nil
	}
	tree, err := ledger.LoadRange(size, ledger.NewHashes(tx.batchOf))
	return sealed{tree, upto}, err
}

// batchOf gives the sealed batch that holds a leaf.
func (tx *Tx) batchOf(leaf int64) (b ledger.Batch, err error) {
	found, err := tx.one([]any{&b.First, &b.Count, &b.IDs, &b.Hashes},
		"SELECT first, count, ids, hashes FROM seals WHERE first <= ? ORDER BY first DESC LIMIT 1", leaf)
	if err == nil && !found {
		err = fail.NotFoundf("no sealed batch holds leaf %d", leaf)
	}
	return b, err
}

// finished gives the stamp below which every transaction is finished.
func (tx *Tx) finished() (int64, error) {
	if tx.s.d.horizon == "" {
		return tx.Stamp, nil
	}
	var h int64
	_, err := tx.one([]any{&h}, tx.s.d.horizon)
	return h, err
}

// unsealed gives the next entries in their order, and the stamp below which all are then sealed. Entries of one stamp stay together.
func (tx *Tx) unsealed(from int64) (entries []ledger.Sealing, upto int64, err error) {
	upto, err = tx.finished()
	if err != nil {
		return nil, 0, err
	}
	var stamps []int64
	err = tx.each(func(r *sql.Rows) error {
		var e ledger.Sealing
		var stamp int64
		if err := r.Scan(&stamp, &e.ID, &e.Data); err != nil {
			return err
		}
		entries, stamps = append(entries, e), append(stamps, stamp)
		return nil
	}, "SELECT stamp, id, body FROM ledger WHERE stamp >= ? AND stamp < ? ORDER BY stamp, id LIMIT ?", from, upto, maxSeal)
	if err != nil || len(entries) < maxSeal {
		return entries, upto, err
	}
	last := len(stamps) - 1
	for cut := last; cut > 0; cut-- {
		if stamps[cut-1] != stamps[last] {
			return entries[:cut], stamps[last], nil
		}
	}
	return tx.allOfStamp(stamps[last])
}

// allOfStamp is for a transaction with more entries than a batch takes: it is a batch of its own.
func (tx *Tx) allOfStamp(stamp int64) (entries []ledger.Sealing, upto int64, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var e ledger.Sealing
		if err := r.Scan(&e.ID, &e.Data); err != nil {
			return err
		}
		entries = append(entries, e)
		return nil
	}, "SELECT id, body FROM ledger WHERE stamp = ? ORDER BY id", stamp)
	return entries, stamp + 1, err
}

// storedLedger shows the ledger of a transaction's snapshot to the verifier.
type storedLedger struct{ tx *Tx }

// Verify checks the whole stored ledger against the keys, and against checkpoints kept elsewhere.
func (tx *Tx) Verify(pubkeys []string, kept ...ledger.Checkpoint) (ledger.Report, error) {
	r, err := ledger.VerifyStored(storedLedger{tx}, tx.s.Origin(), pubkeys, kept...)
	if err == nil && r.Unsigned > 0 {
		err = &ledger.Fault{Kind: ledger.Signature, Leaf: r.To - r.Unsigned, Until: r.To, Detail: "these sealed entries are in no signed checkpoint"}
	}
	return r, err
}

type sealRow struct {
	ledger.Batch
	upto int64
	note string
}

// seals gives the rows of sealed batches in pieces, so that no result set stays open while others are read.
func (l storedLedger) seals(yield func(sealRow) error) error {
	for next, more := int64(0), true; more; {
		var rows []sealRow
		err := l.tx.each(func(r *sql.Rows) error {
			var b sealRow
			if err := r.Scan(&b.First, &b.Count, &b.upto, &b.IDs, &b.Hashes, &b.note); err != nil {
				return err
			}
			rows = append(rows, b)
			return nil
		}, "SELECT first, count, upto, ids, hashes, checkpoint FROM seals WHERE first >= ? ORDER BY first LIMIT 64", next)
		if err != nil {
			return err
		}
		for _, b := range rows {
			if err := yield(b); err != nil {
				return err
			}
			next = b.First + 1
		}
		more = len(rows) == 64
	}
	return nil
}

// errStop ends a walk whose consumer has had enough.
var errStop = fail.New(fail.Internal, "stopped")

// Batches implements ledger.Stored.
func (l storedLedger) Batches() iter.Seq2[ledger.Sealed, error] {
	return func(yield func(ledger.Sealed, error) bool) {
		from, next := int64(0), int64(0)
		err := l.seals(func(b sealRow) error {
			if b.First != next { // a batch before this one is missing, which the verifier says; its entries are not strangers here
				from = b.upto
			}
			entries, err := l.entries(&b, from)
			from, next = b.upto, b.First+b.Count
			if err == nil && !yield(ledger.Sealed{Batch: b.Batch, Entries: entries}, nil) {
				err = errStop
			}
			return err
		})
		if err != nil && err != errStop {
			yield(ledger.Sealed{}, err)
		}
	}
}

// entries gives the stored bytes of a batch's ids. A row among them that was never sealed is a forgery the tree cannot see.
func (l storedLedger) entries(b *sealRow, from int64) ([][]byte, error) {
	ids, err := ledger.UnpackIDs(b.IDs)
	if err != nil {
		return nil, nil // the verifier finds the same and says where
	}
	rows := map[int64][]byte{}
	err = l.tx.each(func(r *sql.Rows) error {
		var id int64
		var body []byte
		if err := r.Scan(&id, &body); err != nil {
			return err
		}
		rows[id] = body
		return nil
	}, "SELECT id, body FROM ledger WHERE stamp >= ? AND stamp < ? ORDER BY stamp, id", from, b.upto)
	if err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(ids))
	for i, id := range ids {
		bodies[i] = rows[id]
		delete(rows, id)
	}
	for id := range rows {
		return nil, &ledger.Fault{Kind: ledger.Inserted, Leaf: b.First, Until: b.First + b.Count, EntryID: id,
			Detail: "an entry lies among sealed ones and was never sealed"}
	}
	return bodies, nil
}

// Checkpoints implements ledger.Stored.
func (l storedLedger) Checkpoints() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := l.seals(func(b sealRow) error {
			if !yield([]byte(b.note), nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

// IDs implements ledger.Stored.
func (l storedLedger) IDs() iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		err := l.tx.each(func(r *sql.Rows) error {
			var id int64
			if err := r.Scan(&id); err != nil {
				return err
			}
			if !yield(id, nil) {
				return errStop
			}
			return nil
		}, "SELECT id FROM ledger ORDER BY stamp, id")
		if err != nil && err != errStop {
			yield(0, err)
		}
	}
}

// ExportLedger writes the sealed leaves [from, to) of this snapshot; to < 0 = all that is sealed. since is the size of a checkpoint the
// reader keeps, 0 for none.
func (tx *Tx) ExportLedger(w *ledger.Exporter, from, to int64) error {
	l, at := storedLedger{tx}, int64(0)
	return l.seals(func(b sealRow) error {
		start := at
		at = b.upto
		if b.First+b.Count <= from || b.First >= to {
			return nil
		}
		bodies, err := l.entries(&b, start)
		if err != nil {
			return err
		}
		for i, body := range bodies {
			if leaf := b.First + int64(i); leaf < from || leaf >= to {
				continue
			}
			if err := w.Entry(body); err != nil {
				return err
			}
		}
		if size := b.First + b.Count; size > from && size < to {
			return w.Checkpoint([]byte(b.note))
		}
		return nil
	})
}

// Sealed gives the newest checkpoint and its size; "" and 0 before the first.
func (tx *Tx) Sealed() (note string, size int64, err error) {
	_, err = tx.one([]any{&size, &note}, "SELECT first + count, checkpoint FROM seals ORDER BY first DESC LIMIT 1")
	return note, size, err
}

// Hashes reads the stored hashes of this snapshot.
func (tx *Tx) Hashes() *ledger.Hashes { return ledger.NewHashes(tx.batchOf) }
