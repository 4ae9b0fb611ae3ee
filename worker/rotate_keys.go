package worker

import (
	"context"
	"slices"
	"strings"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/rotation"
	"bailiwick/store"
)

// SigningKeys rotates the keys that access tokens are signed with: published, then signing, then retired. Which of them count is a setting in the
// access map, so every replica knows it on its next call.
type SigningKeys struct {
	// Make makes a key and gives its id and what is kept of it.
	Make func() (id string, sealed []byte, err error)
}

type madeKey struct {
	id     string
	sealed []byte
}

// Ahead makes the key.
func (s SigningKeys) Ahead(_ context.Context, _ *Work, step rotation.Step) (k any, err error) {
	got := madeKey{}
	if step == rotation.Create {
		got.id, got.sealed, err = s.Make()
	}
	return got, err
}

func signingKeys(m *authz.Map) []string {
	names, _ := m.Setting(authz.SettingSigningKeys)
	return strings.Fields(names)
}

func setSigningKeys(tx *store.Tx, ids []string) error {
	return tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingSigningKeys, Value: strings.Join(ids, " ")}})
}

// Create publishes the key: others learn it before anything is signed with it.
func (s SigningKeys) Create(tx *store.Tx, _ *Work, got any) (string, error) {
	k := got.(madeKey)
	if err := tx.PutSigningKey(k.id, k.sealed); err != nil {
		return "", err
	}
	ids := signingKeys(tx.Map)
	return k.id, setSigningKeys(tx, slices.Insert(ids, min(1, len(ids)), k.id))
}

// Test sees that the key is still published.
func (s SigningKeys) Test(tx *store.Tx, w *Work, _ any) error {
	if !slices.Contains(signingKeys(tx.Map), w.Rotation.New) {
		return fail.Statef("the new key is not published any more: somebody rotated by hand meanwhile")
	}
	return nil
}

// Switch has the key sign.
func (s SigningKeys) Switch(tx *store.Tx, w *Work, _ any) (old, new string, err error) {
	if err := s.Test(tx, w, nil); err != nil {
		return "", "", err
	}
	ids := signingKeys(tx.Map)
	new = w.Rotation.New
	if ids[0] != new {
		old = ids[0]
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == new })
	return old, new, setSigningKeys(tx, append([]string{new}, ids...))
}

// Close ends the old key, and what it has signed.
func (s SigningKeys) Close(tx *store.Tx, w *Work, _ any) error {
	return dropSigningKey(tx, w.Rotation.Old)
}

// Undo ends the new key, which never signed.
func (s SigningKeys) Undo(tx *store.Tx, w *Work) error { return dropSigningKey(tx, w.Rotation.New) }

func dropSigningKey(tx *store.Tx, id string) error {
	ids := signingKeys(tx.Map)
	at := slices.Index(ids, id)
	if at < 0 || len(ids) == 1 {
		return nil // somebody rotated by hand meanwhile
	}
	if err := tx.DropSigningKey(id); err != nil {
		return err
	}
	return setSigningKeys(tx, slices.Delete(ids, at, at+1))
}

// Look has nothing to add: the overlap is as long as what the old key has signed lives.
func (s SigningKeys) Look(*store.Tx, *Work) (f rotation.Facts, err error) { return f, nil }

// EncryptionKeys rotates the key-encryption keys of secrets; wrapping anew what is under the old one is the Rewrapper's.
type EncryptionKeys struct {
	// Next gives the key to rotate to from the active one.
	Next func(ctx context.Context, active string) (id string, err error)
	// Store is asked which one is active.
	Store *store.Store
}

// Ahead makes the key, or finds the one that was made and not yet activated.
func (s EncryptionKeys) Ahead(ctx context.Context, _ *Work, step rotation.Step) (any, error) {
	if step != rotation.Create {
		return "", nil
	}
	var active string
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) { active, err = tx.ActiveKEK(); return err })
	if err != nil {
		return "", err
	}
	return s.Next(ctx, active)
}

// Create notes the key's id.
func (s EncryptionKeys) Create(_ *store.Tx, _ *Work, got any) (string, error) {
	return got.(string), nil
}

// Test has nothing to see: the first data key that is wrapped shows it, and the old one opens what is not.
func (s EncryptionKeys) Test(*store.Tx, *Work, any) error { return nil }

// Switch has data keys be wrapped under the new key, and those that there are wrapped anew.
func (s EncryptionKeys) Switch(tx *store.Tx, w *Work, _ any) (old, new string, err error) {
	new = w.Rotation.New
	if old, err = tx.ActiveKEK(); err != nil || old == new {
		return "", new, err
	}
	return old, new, tx.ActivateKEK(new)
}

// Close has nothing to do: the old key is given up when nothing is left under it.
func (s EncryptionKeys) Close(*store.Tx, *Work, any) error { return nil }

// Undo has nothing to take back: a key that was made is the next one.
func (s EncryptionKeys) Undo(*store.Tx, *Work) error { return nil }

// Look says whether data keys are still under the old key.
func (s EncryptionKeys) Look(tx *store.Tx, _ *Work) (f rotation.Facts, err error) {
	_, left, err := tx.DataKeysToWrap(1)
	f.OldHeld = len(left) > 0
	return f, err
}
