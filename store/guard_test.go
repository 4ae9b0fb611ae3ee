package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

// PostgreSQL answers the COMMIT of a transaction with a failed statement by a rollback, and no error: what passed it over must not be answered
// as done.
func TestFailedStatementIsNotPassedOver(t *testing.T) {
	s, _, _ := openAny(t)
	for name, fn := range map[string]func(*Tx){
		"exec": func(tx *Tx) { _, _ = tx.exec("UPDATE nothing SET a = 1") },
		"do":   func(tx *Tx) { _ = tx.do("DELETE FROM nothing") },
		"one":  func(tx *Tx) { _, _ = tx.one(nil, "SELECT 1 FROM nothing") },
		"each": func(tx *Tx) { _ = tx.each(nil, "SELECT 1 FROM nothing") },
	} {
		err := s.Write(context.Background(), func(tx *Tx) error { fn(tx); return nil })
		if err == nil {
			t.Errorf("%s: a write with a failed statement succeeded", name)
		}
	}
}

// A version that was taken and did not come into the ledger would keep every replica from following.
func TestRefusedChangeIsNotPassedOver(t *testing.T) {
	s, _, _ := openAny(t)
	version := s.Map().Version()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		lost := authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: 3000, Kind: authz.Directory, Parent: 2999, Name: "x"}}
		if err := tx.Govern(lost); err == nil {
			return errors.New("a folder was made in one that is not there")
		}
		return nil
	})
	if !fail.Is(err, fail.Internal) {
		t.Errorf("error %v, want Internal", err)
	}
	see(t, s, func(tx *Tx) error {
		if tx.version != version {
			t.Errorf("version %d, want %d", tx.version, version)
		}
		return nil
	})
}

// A reader that folds a commit into the map keeps the writer from publishing meanwhile, or it would put its map over a newer one.
func TestMapDoesNotGoBack(t *testing.T) {
	s := open(t)
	version := s.Map().Version()
	s.advance.Lock()
	done := make(chan error, 1)
	go func() {
		done <- s.WriteAlone(context.Background(), func(tx *Tx) error { return newUser(tx, 500, "ann") })
	}()
	time.Sleep(100 * time.Millisecond)
	if len(done) > 0 {
		t.Error("published under a reader")
	}
	s.advance.Unlock()
	if err := <-done; err != nil || s.Map().Version() != version+1 {
		t.Errorf("version %d after %d: %v", s.Map().Version(), version, err)
	}
}

// A clock that was set back while the server was stopped must not put new entries below what is sealed.
func TestStampsStayAboveTheSeals(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s, err := Open(ctx, Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	upto := time.Now().Add(time.Hour).UnixMicro()
	write(t, s, func(tx *Tx) error {
		return tx.do("INSERT INTO seals (first, count, upto, at, ids, hashes, checkpoint) VALUES (0, 1, ?, 0, ?, ?, '')", upto, []byte{}, []byte{})
	})
	s.Close()
	if s, err = Open(ctx, Options{Data: dir}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, func(tx *Tx) error {
		if tx.Stamp < upto {
			t.Errorf("stamp %d is below the sealed %d", tx.Stamp, upto)
		}
		return nil
	})
}

// The database holds the keys of the installation, also in a folder that was made by others.
func TestDatabaseIsForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, func(tx *Tx) error { return note(tx, "x") })
	names, err := filepath.Glob(filepath.Join(dir, databaseFile+"*"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", filepath.Base(name), info.Mode())
		}
	}
}
