package kek

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bailiwick/fail"
	"bailiwick/secret"
)

func inFile(t *testing.T) (*File, string) {
	t.Helper()
	f := &File{Path: filepath.Join(t.TempDir(), "kek")}
	id, err := f.Make(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return f, id
}

func TestFileIsMadeForItsOwner(t *testing.T) {
	f, first := inFile(t)
	info, err := os.Stat(f.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	second, err := f.Make(context.Background())
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	if newest, err := f.Newest(context.Background()); err != nil || newest != second {
		t.Errorf("%s %v", newest, err)
	}
	wrapped, err := f.Wrap(context.Background(), first, []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Unwrap(context.Background(), first, wrapped); err != nil || string(got) != "text" {
		t.Errorf("the older key: %q %v", got, err)
	}
	if _, err := f.Unwrap(context.Background(), second, wrapped); !fail.Is(err, fail.Internal) || errors.Is(err, errNoKey) {
		t.Errorf("the wrong key: %v", err)
	}
	if _, err := os.Stat(f.Path + ".new"); err == nil {
		t.Error("a half-made file was left")
	}
}

// TestFileIsNeverOverwritten: a file that cannot be read, because it is damaged, is left as it is.
func TestFileIsNeverOverwritten(t *testing.T) {
	f, id := inFile(t)
	whole, _ := os.ReadFile(f.Path)
	cut := whole[:len(whole)-9]
	if err := os.WriteFile(f.Path, cut, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errMake := f.Make(context.Background())
	_, errWrap := f.Wrap(context.Background(), id, nil)
	for _, err := range []error{errMake, errWrap} {
		if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), string(cut[len(cut)-20:])) {
			t.Errorf("%v", err)
		}
	}
	if now, _ := os.ReadFile(f.Path); !bytes.Equal(now, cut) {
		t.Error("the damaged file was changed")
	}
}

func TestManyAddKeys(t *testing.T) {
	f, first := inFile(t)
	var made atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { // each a process of its own
			if _, err := (&File{Path: f.Path}).Make(context.Background()); err == nil {
				made.Add(1)
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	_, keys, err := f.read()
	if err != nil || int64(len(keys)) != made.Load()+1 || keys[0].ID != first {
		t.Errorf("%d keys were made, and %d are there: %v", made.Load()+1, len(keys), err)
	}
}

func TestVault(t *testing.T) {
	ctx := context.Background()
	f, id := inFile(t)
	v := NewVault(1, f)
	d, err := v.NewDataKey(ctx, 10, 20, id)
	if err != nil || d.KEK != id {
		t.Fatal(err)
	}
	key, _ := v.Known(10)
	if len(key) != secret.KeySize || bytes.Contains(d.Wrapped, key) {
		t.Fatalf("%x", key)
	}
	next, err := v.Next(ctx, id)
	if err != nil || next == id {
		t.Fatal(next, err)
	}
	if again, err := v.Next(ctx, id); err != nil || again != next {
		t.Errorf("a key that was made and is not active yet is taken first: %s %v", again, err)
	}
	moved, err := v.Rewrap(ctx, d, next)
	if err != nil || moved.KEK != next || bytes.Equal(moved.Wrapped, d.Wrapped) {
		t.Fatal(err)
	}
	for _, row := range []secret.DataKey{d, moved} {
		if got, err := NewVault(1, f).DataKey(ctx, row); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %v", row.KEK, err)
		}
	}
	exchanged := moved
	exchanged.ID = 11
	for what, try := range map[string]struct {
		v *Vault
		d secret.DataKey
		k fail.Kind
	}{
		"exchanged":         {NewVault(1, f), exchanged, fail.Internal},
		"another workspace": {NewVault(2, f), moved, fail.Internal},
		"truncated":         {NewVault(1, f), secret.DataKey{ID: 10, Scope: 20, KEK: next, Wrapped: moved.Wrapped[:20]}, fail.Internal},
		"lost file":         {NewVault(1, &File{Path: f.Path + "-lost"}), moved, fail.State},
	} {
		if got, err := try.v.DataKey(ctx, try.d); !fail.Is(err, try.k) || got != nil {
			t.Errorf("%s: %x %v", what, got, err)
		}
	}
	if got, err := NewVault(1, &File{Path: f.Path + "-new"}, f).DataKey(ctx, moved); err != nil || !bytes.Equal(got, key) {
		t.Errorf("an older place: %v", err)
	}
}

// slow counts how often it is asked.
type slow struct {
	*File
	asked atomic.Int64
	wait  chan struct{}
}

func (s *slow) Unwrap(ctx context.Context, id string, wrapped []byte) ([]byte, error) {
	s.asked.Add(1)
	<-s.wait
	return s.File.Unwrap(ctx, id, wrapped)
}

// TestManyWaitForOne: a key-encryption key that takes its time is asked once, however many come.
func TestManyWaitForOne(t *testing.T) {
	f, id := inFile(t)
	d, err := NewVault(1, f).NewDataKey(context.Background(), 1, 2, id)
	if err != nil {
		t.Fatal(err)
	}
	s := &slow{File: f, wait: make(chan struct{})}
	v := NewVault(1, s)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := v.DataKey(context.Background(), d); err != nil {
				t.Error(err)
			}
		})
	}
	close(s.wait)
	all.Wait()
	if n := s.asked.Load(); n < 1 || n > 3 { // who comes between the end of one and its being remembered asks again
		t.Errorf("asked %d times", n)
	}
}
