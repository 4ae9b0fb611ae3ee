package store

import (
	"context"
	"path/filepath"
	"testing"

	"bailiwick/authz"
	"bailiwick/fail"
)

// TestReaderBesideTheServer verifies the ledger over a connection of its own while the store is open and written to.
func TestReaderBesideTheServer(t *testing.T) {
	s, sign, o := openAny(t)
	ctx := context.Background()
	enter(t, s, "note", authz.Root, 3)
	seal(t, s, sign, 4)
	r, err := OpenReader(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Workspace() != s.Workspace() {
		t.Errorf("workspace %d, want %d", r.Workspace(), s.Workspace())
	}
	for _, sealed := range []int64{4, 6} {
		err := r.Read(ctx, func(tx *Tx) error {
			report, err := tx.Verify([]string{sign.Public()})
			if report.To != sealed {
				t.Errorf("verified %d entries, want %d", report.To, sealed)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if sealed == 4 {
			enter(t, s, "note", authz.Root, 2)
			seal(t, s, sign, 2)
		}
	}
	if err := r.Read(ctx, func(tx *Tx) error { return tx.SetKeyText("x", "y") }); err == nil {
		t.Error("a reader wrote")
	}
}

func TestReaderRefuses(t *testing.T) {
	ctx := context.Background()
	if _, err := OpenReader(ctx, Options{Data: t.TempDir()}); !fail.Is(err, fail.NotFound) {
		t.Errorf("an empty folder: %v", err)
	}
	s, _, o := openAny(t)
	tamper(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, ?)", true)
	if _, err := OpenReader(ctx, o); !fail.Is(err, fail.State) {
		t.Errorf("a newer schema: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, o); !fail.Is(err, fail.State) {
		t.Errorf("a newer schema was opened: %v", err)
	}
}

func TestCopyWhileOthersWrite(t *testing.T) {
	s, sign, o := openAny(t)
	ctx := context.Background()
	enter(t, s, "note", authz.Root, 3)
	seal(t, s, sign, 4)
	r, err := OpenReader(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	copied := t.TempDir()
	err = r.CopyTo(ctx, filepath.Join(copied, databaseFile))
	if o.Database != "" {
		if !fail.Is(err, fail.Unsupported) {
			t.Errorf("PostgreSQL was copied: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	enter(t, s, "later", authz.Root, 1)
	c, err := Open(ctx, Options{Data: copied})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if report, err := verify(t, c, sign.Public()); err != nil || report.To != 4 || report.Unsealed != 0 || c.Map().Version() != 1 {
		t.Errorf("the copy: %+v, %v", report, err)
	}
}
