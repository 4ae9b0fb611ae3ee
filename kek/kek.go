// Package kek is where key-encryption keys are: a file, a PKCS#11 token, a cloud's key service. What they wrap are the data keys of secrets. Their
// use may take time and fail, so it is never inside of a transaction: data keys are unwrapped ahead of it, and remembered.
package kek

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"bailiwick/fail"
	"bailiwick/secret"
)

// Keeper has key-encryption keys in one place and uses them. It may be used by several at a time.
type Keeper interface {
	// Newest gives the id of the key that was made last; empty where there is none.
	Newest(ctx context.Context) (id string, err error)
	// Make makes a key and gives its id; fail.Unsupported where keys are made elsewhere.
	Make(ctx context.Context) (id string, err error)
	// Wrap and Unwrap use the key of that id; errNoKey where the place has no such key.
	Wrap(ctx context.Context, id string, text []byte) ([]byte, error)
	Unwrap(ctx context.Context, id string, wrapped []byte) ([]byte, error)
	// Close ends what the keeper started.
	Close() error
}

// errNoKey says that a keeper does not have a key.
var errNoKey = errors.New("no such key here")

// patience is how long a key-encryption key may take.
const patience = 15 * time.Second

// Vault wraps and unwraps data keys, and remembers those that it has unwrapped as long as it lives.
type Vault struct {
	// Log is told why a key-encryption key could not be used; nil = nobody is.
	Log *slog.Logger

	workspace int64
	// keepers: the first one's keys are for what is new, the others' for what is older.
	keepers []Keeper

	mu      sync.RWMutex
	opened  map[int64][]byte
	opening singleflight.Group
}

// NewVault gives the vault of a workspace. Keys are made at the first place; what was wrapped elsewhere is opened with the others.
func NewVault(workspace int64, keepers ...Keeper) *Vault {
	return &Vault{workspace: workspace, keepers: keepers, opened: map[int64][]byte{}}
}

// Open gives the keeper of a place: the path of a file, file://, pkcs11: for a token, or the address of a key in a cloud. It touches nothing yet.
func Open(place string) (Keeper, error) {
	scheme, _, ok := strings.Cut(place, ":")
	switch {
	case !ok || strings.HasPrefix(place, "/"):
		return &File{Path: place}, nil
	case scheme == "file":
		return &File{Path: strings.TrimPrefix(place, "file://")}, nil
	case scheme == "pkcs11":
		return openPKCS11(place)
	case slices.Contains(clouds, scheme):
		return &Cloud{address: place}, nil
	}
	return nil, fmt.Errorf("%s: places of key-encryption keys are a path, or begin with file://, pkcs11:, %s://", scheme, strings.Join(clouds, "://, "))
}

// Close ends what the keepers started.
func (v *Vault) Close() error {
	var err error
	for _, k := range v.keepers {
		err = errors.Join(err, k.Close())
	}
	return err
}

// First gives the key for a workspace that has none yet; where there is none, it is made.
func (v *Vault) First(ctx context.Context) (id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if id, err = v.keepers[0].Newest(ctx); err != nil || id != "" {
		return id, err
	}
	return v.keepers[0].Make(ctx)
}

// Next gives the key to rotate to from the active one: the newest where that is another, or else a new one.
func (v *Vault) Next(ctx context.Context, active string) (id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if id, err = v.keepers[0].Newest(ctx); err != nil || id != "" && id != active {
		return id, err
	}
	return v.keepers[0].Make(ctx)
}

// NewDataKey makes a data key of a scope, wrapped under a key-encryption key, and remembers it.
func (v *Vault) NewDataKey(ctx context.Context, id, scope int64, kek string) (secret.DataKey, error) {
	key := make([]byte, secret.KeySize)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	d := secret.DataKey{ID: id, Scope: scope, KEK: kek}
	err := v.wrap(ctx, &d, key)
	if err == nil {
		v.remember(id, key)
	}
	return d, err
}

// Rewrap gives a data key as it is wrapped under another key-encryption key.
func (v *Vault) Rewrap(ctx context.Context, d secret.DataKey, kek string) (secret.DataKey, error) {
	key, err := v.DataKey(ctx, d)
	if err != nil {
		return d, err
	}
	d.KEK = kek
	return d, v.wrap(ctx, &d, key)
}

func (v *Vault) wrap(ctx context.Context, d *secret.DataKey, key []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d.Wrapped, err = v.with(d.KEK, func(k Keeper) ([]byte, error) { return k.Wrap(ctx, d.KEK, d.Bind(v.workspace, key)) })
	return err
}

// DataKey gives an unwrapped data key. Whoever comes while it is being unwrapped waits for the same. Errors: fail.State when no place has its
// key-encryption key, fail.Unavailable when a place cannot be asked, fail.Internal for what does not open.
func (v *Vault) DataKey(ctx context.Context, d secret.DataKey) ([]byte, error) {
	if key, ok := v.Known(d.ID); ok {
		return key, nil
	}
	ctx = context.WithoutCancel(ctx) // others wait for it, too
	got, err, _ := v.opening.Do(fmt.Sprint(d.ID, " ", d.KEK), func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		bound, err := v.with(d.KEK, func(k Keeper) ([]byte, error) { return k.Unwrap(ctx, d.KEK, d.Wrapped) })
		if err != nil {
			return nil, err
		}
		key, err := d.Unbind(v.workspace, bound)
		if err == nil {
			v.remember(d.ID, key)
		}
		return key, err
	})
	if err != nil {
		return nil, err
	}
	return got.([]byte), nil
}

// Known gives a data key that is remembered.
func (v *Vault) Known(id int64) ([]byte, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	key, ok := v.opened[id]
	return key, ok
}

// maxOpened bounds what is remembered; each scope has one data key.
const maxOpened = 4 * secret.MaxScopes

func (v *Vault) remember(id int64, key []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.opened) >= maxOpened {
		clear(v.opened)
	}
	v.opened[id] = key
}

// with uses the keeper that has a key.
func (v *Vault) with(kek string, use func(Keeper) ([]byte, error)) ([]byte, error) {
	for _, k := range v.keepers {
		out, err := use(k)
		if errors.Is(err, errNoKey) {
			continue
		}
		return out, v.told(kek, err)
	}
	return nil, fail.Statef("The key-encryption key %s is not at any place that this server knows (settings kek and kek-old), so the secrets under it "+
		"cannot be opened. They are kept as they are: bring the key back.", kek)
}

// told gives an error that callers may see; what a place says is for the log only.
func (v *Vault) told(kek string, err error) error {
	var named *fail.Error
	if err == nil || errors.As(err, &named) {
		return err
	}
	if v.Log != nil {
		v.Log.Error("a key-encryption key cannot be used", "kek", kek, "error", err)
	}
	e := fail.New(fail.Unavailable, "The key-encryption key %s cannot be used now; the server's log says why.", kek)
	e.Cause = err
	return e
}
