package worker

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/rotation"
	"bailiwick/secret"
	"bailiwick/store"
)

// vaulted keeps new values: sealed beside the rotation until the switch, and then as a version of the plan's secret.
type vaulted struct {
	store *store.Store
	vault Vault
}

// opened is a scope's data key outside of its wrapping.
type opened struct {
	id  int64
	key []byte
}

func (v *vaulted) unlock(ctx context.Context, scope int64) (got opened, err error) {
	var d secret.DataKey
	err = v.store.Read(ctx, func(tx *store.Tx) (err error) { d, err = scopeKey(tx, scope); return err })
	if err != nil {
		return got, err
	}
	got.id = d.ID
	got.key, err = v.vault.DataKey(ctx, d)
	return got, err
}

// scopeKey gives the data key of a scope that may be gone: fail.State.
func scopeKey(tx *store.Tx, scope int64) (secret.DataKey, error) {
	if _, ok := tx.Map.Object(scope); !ok {
		return secret.DataKey{}, fail.Statef("the scope was deleted")
	}
	return tx.DataKeyOf(scope)
}

// stagedKey cannot be the name of a secret, so what is sealed for one never opens as the other.
const stagedKey = "/staged/"

func (v *vaulted) place(w *Work) secret.Place {
	return secret.Place{Workspace: v.store.Workspace(), Scope: w.Scope, Key: stagedKey + w.Rotation.ID, Created: w.Rotation.Started}
}

// stage keeps the new value until the switch.
func (v *vaulted) stage(tx *store.Tx, w *Work, key opened, value []byte) error {
	if err := secret.CheckValue(value); err != nil {
		return err
	}
	sealed, err := secret.Seal(rand.Reader, key.key, v.place(w), value)
	if err != nil {
		return err
	}
	return tx.StageValue(w.Rotation.ID, key.id, sealed)
}

// staged gives the new value.
func (v *vaulted) staged(tx *store.Tx, w *Work, key opened) ([]byte, error) {
	sealed, err := tx.StagedValue(w.Rotation.ID, key.id)
	if err != nil {
		return nil, err
	}
	return secret.Open(key.key, v.place(w), sealed)
}

// put makes the staged value the secret's newest version, with which readers get it from this transaction's commit on, and gives the numbers of the
// version before, empty where there was none, and of the new one.
func (v *vaulted) put(tx *store.Tx, w *Work, key opened, overlap time.Duration) (old, new string, err error) {
	value, err := v.staged(tx, w, key)
	if err != nil {
		return "", "", err
	}
	before, err := tx.Secret(w.Scope, w.Key)
	if err != nil && !fail.Is(err, fail.NotFound) {
		return "", "", err
	} else if err == nil {
		old = strconv.FormatInt(before.Newest, 10)
	}
	next := store.Put{Scope: w.Scope, Key: w.Key, By: authz.System, DataKey: key.id, Overlap: overlap}
	made, err := tx.PutSecret(next, func(p secret.Place) ([]byte, error) { return secret.Seal(rand.Reader, key.key, p, value) })
	return old, strconv.FormatInt(made.Number, 10), err
}

// untilClosed is how long an older version holds that a rotation closes by itself, when it is unused.
const untilClosed = 20 * 365 * 24 * time.Hour

// Secrets rotates values of secrets: made here by a rule, or by somebody outside who is called.
type Secrets struct {
	vaulted
	caller *Caller
}

// NewSecrets makes the rotator of secrets.
func NewSecrets(s *store.Store, v Vault, c *Caller) *Secrets { return &Secrets{vaulted{s, v}, c} }

// madeOutside is what Ahead gives: the data key, and the value where the step has one.
type madeOutside struct {
	opened
	value []byte
}

// Ahead opens the data key, and calls who makes the value.
func (s *Secrets) Ahead(ctx context.Context, w *Work, step rotation.Step) (any, error) {
	got := madeOutside{}
	var err error
	if step != rotation.Close { // which a scope that is gone must not hinder
		got.opened, err = s.unlock(ctx, w.Scope)
	}
	if err != nil {
		return nil, err
	}
	if w.Rotator == rotation.Webhook {
		got.value, err = s.caller.Call(ctx, w, step)
	} else if step == rotation.Create {
		got.value, err = w.Rule.Make(rand.Reader)
	}
	return got, err
}

// Create keeps the value.
func (s *Secrets) Create(tx *store.Tx, w *Work, got any) (string, error) {
	g := got.(madeOutside)
	return "", s.stage(tx, w, g.opened, g.value)
}

// Test sees that the value opens; of one made outside, whoever made it has said that it works.
func (s *Secrets) Test(tx *store.Tx, w *Work, got any) error {
	value, err := s.staged(tx, w, got.(madeOutside).opened)
	if err == nil && len(value) == 0 {
		err = fail.Statef("the new value is empty")
	}
	return err
}

// Switch puts the new version.
func (s *Secrets) Switch(tx *store.Tx, w *Work, got any) (old, new string, err error) {
	overlap := time.Duration(w.Overlap) * time.Millisecond
	if w.UnusedFor > 0 || w.Rotator == rotation.Webhook { // the end is not a matter of time alone
		overlap = untilClosed
	}
	return s.put(tx, w, got.(madeOutside).opened, overlap)
}

// Close destroys the old version.
func (s *Secrets) Close(tx *store.Tx, w *Work, _ any) error {
	number, err := strconv.ParseInt(w.Rotation.Old, 10, 64)
	if err != nil {
		return nil // there was none
	}
	if err = tx.CloseSecretVersion(w.Scope, w.Key, number); fail.Is(err, fail.NotFound) || fail.Is(err, fail.State) {
		return nil // the secret was deleted, and all its versions with it; perhaps it was made anew since
	}
	return err
}

// Undo has nothing to take back but the staged value, which goes with the rotation's state.
func (s *Secrets) Undo(*store.Tx, *Work) error { return nil }

// Look gives when the old version was read last.
func (s *Secrets) Look(tx *store.Tx, w *Work) (f rotation.Facts, err error) {
	return oldUsed(tx, w)
}

func oldUsed(tx *store.Tx, w *Work) (f rotation.Facts, err error) {
	uses, err := tx.OldUses(w.Plan, w.Rotation)
	for _, u := range uses {
		f.OldUsed = max(f.OldUsed, u.Last)
	}
	return f, err
}
