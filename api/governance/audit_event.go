package governance

import (
	"encoding/json"
	"strconv"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

type eventRequest struct {
	ID int64 `json:"-" path:"id"`
}

// eventAnswer is one event with what it changed, and the proof that it is in the ledger as it was written.
type eventAnswer struct {
	Event  ledger.Row      `json:"event"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	Proof  proofAnswer     `json:"proof"`
}

// proofAnswer is a proof as it was checked just now. Whoever trusts no server checks it again: hash the leaf, follow the path, compare
// the root with the checkpoint's, check its signature with a key that he keeps.
type proofAnswer struct {
	// State is "sealed", or "pending" for an entry that is not in the tree yet; it will be within seconds.
	State string `json:"state"`
	Index int64  `json:"index"`
	Size  int64  `json:"size"`
	// LeafHash is of the entry's stored bytes; it and the path are in base64.
	LeafHash string   `json:"leaf_hash"`
	Path     []string `json:"path"`
	// Checkpoint is the newest signed one.
	Checkpoint string `json:"checkpoint"`
	Verified   bool   `json:"verified"`
	// Problem is what does not hold; empty when verified or pending.
	Problem string `json:"problem,omitempty"`
}

func (f *Front) auditEvent(c *api.Call, _ int64, q *eventRequest) (*eventAnswer, error) {
	row, err := c.Tx.LedgerEntry(q.ID)
	if err != nil {
		return nil, err
	}
	proof, err := f.prove(c.Tx, row)
	if err != nil {
		return nil, err
	}
	e, err := ledger.Parse(row.Body)
	if err != nil { // somebody changed the database
		return nil, fail.Statef("The entry is not as it was written, and cannot be shown: %v", err)
	}
	a := &eventAnswer{Event: ledger.AuditRow(e, strconv.FormatInt(f.Workspace, 10)), Before: e.Before, After: e.After, Proof: *proof}
	a.Event.Before, a.Event.After = nil, nil
	return a, nil
}

// prove proves an entry against the newest checkpoint.
func (f *Front) prove(tx *store.Tx, row store.AuditRow) (*proofAnswer, error) {
	out := &proofAnswer{State: "pending", Path: []string{}}
	index, sealed, err := tx.LeafOf(row.LedgerPlace)
	if err == nil && !sealed {
		return out, nil
	}
	out.State = "sealed"
	var proof *ledger.Inclusion
	if err == nil {
		proof, err = f.inclusion(tx, row, index)
	}
	if proof != nil {
		out.Index, out.Size, out.LeafHash, out.Checkpoint = proof.Index, proof.Size, proof.Leaf.String(), proof.Checkpoint
		for _, h := range proof.Path {
			out.Path = append(out.Path, h.String())
		}
	}
	if fail.Is(err, fail.Internal) {
		return nil, err
	}
	if out.Verified = err == nil; !out.Verified {
		out.Problem = err.Error()
	}
	return out, nil
}

// inclusion makes the proof of the leaf and checks it; it gives a proof that does not hold with the error.
func (f *Front) inclusion(tx *store.Tx, row store.AuditRow, index int64) (*ledger.Inclusion, error) {
	note, _, err := tx.Sealed()
	if err != nil {
		return nil, err
	}
	proof, err := ledger.Prove(row.Body, index, note, tx.Hashes())
	if err != nil {
		return nil, err
	}
	keys, err := ledger.ParseKeys(f.PublicKeys...)
	if err != nil {
		return proof, err
	}
	return proof, proof.Check(row.Body, ledger.Origin(strconv.FormatInt(f.Workspace, 10)), keys)
}
