package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/kek"
	"bailiwick/ledger"
	"bailiwick/secret"
	"bailiwick/store"
)

// rewrapBatch is how many data keys are wrapped anew at a time.
const rewrapBatch = 50

// Rewrapper sees to it that there is an active key-encryption key, and wraps what is under older ones anew under it. Each replica has one; what one has
// done the others leave. Where it was stopped, it goes on.
type Rewrapper struct {
	Store *store.Store
	Vault *kek.Vault
	Log   *slog.Logger

	begun atomic.Bool
}

// Begin makes the first key-encryption key of a workspace active, once. Where one was active before, nothing is made: a lost key must come back.
func (r *Rewrapper) Begin(ctx context.Context) error {
	if r.begun.Load() {
		return nil
	}
	var active string
	err := r.Store.Read(ctx, func(tx *store.Tx) (err error) { active, err = tx.ActiveKEK(); return err })
	if err != nil || active != "" {
		r.begun.Store(err == nil)
		return err
	}
	id, err := r.Vault.First(ctx)
	if err != nil {
		return err
	}
	err = r.Store.WriteAlone(ctx, func(tx *store.Tx) (err error) { active, err = tx.FirstKEK(id); return err })
	r.begun.Store(err == nil)
	return err
}

// Run wraps anew what is to be, until there is nothing left.
func (r *Rewrapper) Run(ctx context.Context) error {
	if err := r.Begin(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		n, err := r.batch(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return r.retire(ctx)
		}
	}
	return ctx.Err()
}

// batch wraps some data keys anew, outside of any transaction, and then writes them. One that does not open keeps nobody else waiting.
func (r *Rewrapper) batch(ctx context.Context) (n int, err error) {
	var active string
	var keys []secret.DataKey
	err = r.Store.Read(ctx, func(tx *store.Tx) (err error) { active, keys, err = tx.DataKeysToWrap(rewrapBatch); return err })
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	var done []store.Rewrapped
	for _, was := range keys {
		is, werr := r.Vault.Rewrap(ctx, was, active)
		if werr == nil {
			done = append(done, store.Rewrapped{Was: was, Is: is})
			continue
		}
		if err = errors.Join(err, werr); fail.Is(werr, fail.Unavailable) {
			break
		}
	}
	if len(done) == 0 {
		return 0, err
	}
	return len(done), errors.Join(err, r.Store.Write(ctx, func(tx *store.Tx) error { return tx.RewrapDataKeys(done) }))
}

// retire gives up the keys under which nothing is left, with an entry in the ledger each.
func (r *Rewrapper) retire(ctx context.Context) error {
	var waiting bool
	err := r.Store.Read(ctx, func(tx *store.Tx) (err error) { waiting, err = tx.KEKsRetiring(); return err })
	if err != nil || !waiting {
		return err
	}
	return r.Store.Write(ctx, func(tx *store.Tx) error {
		ids, err := tx.RetireKEKs()
		if err != nil {
			return err
		}
		for _, id := range ids {
			e := store.SystemEntry("secrets", "retireKek")
			e.Params = ledger.Params{{Key: "kek", Value: id}}
			if err := tx.Record(e, authz.WorkspaceObject); err != nil {
				return err
			}
			r.Log.Info("a key-encryption key is retired: no data key is wrapped under it any more", "kek", id)
		}
		return nil
	})
}
