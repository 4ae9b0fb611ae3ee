package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/store/storetest"
)

// replicas opens two stores on one PostgreSQL database, as two processes do. SQLite has one process by its lock (TestFolderIsLocked), so
// without a cluster there is nothing to open and ok is false.
func replicas(t *testing.T) (a, b *Store, ok bool) {
	t.Helper()
	dsn := storetest.Database(t)
	if dsn == "" {
		return nil, nil, false
	}
	ctx := context.Background()
	var both [2]*Store
	for i := range both {
		s, err := Open(ctx, Options{Database: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, made, err := s.Found(ctx, Founding{Admin: "admin", AccessControl: true}); err != nil || made != (i == 0) {
			t.Fatalf("founding: %v, made %v", err, made)
		}
		both[i] = s
	}
	err := both[0].Write(ctx, func(tx *Tx) error {
		err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &authz.Object{
			ID: 2000, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e"}})
		return errors.Join(err, newUserIf(err, tx))
	})
	if err != nil {
		t.Fatal(err)
	}
	return both[0], both[1], true
}

func newUserIf(err error, tx *Tx) error {
	if err != nil {
		return nil
	}
	return newUser(tx, 500, "ann")
}

func TestFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(context.Background(), Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Open(context.Background(), Options{Data: dir}); err == nil {
		second.Close()
		t.Error("a second process opened the same data folder")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(context.Background(), Options{Data: dir})
	if err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	s.Close()
}

// A revocation that one replica has answered holds on the other from then on, for reads and for writes.
func TestRevocationReachesTheOtherReplica(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	ctx := context.Background()
	for i := range 40 {
		level := authz.NoLevel
		if i%2 == 0 {
			level = authz.CanRead
		}
		set(t, a, level)
		want := level != authz.NoLevel
		if err := errors.Join(b.Read(ctx, func(tx *Tx) error { return allowed(tx, want) }),
			b.Write(ctx, func(tx *Tx) error { return allowed(tx, want) })); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		a, b = b, a
	}
}

// Locks are waited for a while only, and the connection is made with nothing that a pooler in transaction mode would refuse.
func TestLocksAreWaitedForAWhile(t *testing.T) {
	a, _, ok := replicas(t)
	if !ok {
		return
	}
	shown := func(run func(context.Context, func(*Tx) error) error) (text string) {
		err := run(context.Background(), func(tx *Tx) error {
			_, err := tx.one([]any{&text}, "SHOW lock_timeout")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if w, r := shown(a.Write), shown(a.Read); w != "5s" || r != "0" {
		t.Errorf("a write waits %q, a read %q; the connection itself must have no limit", w, r)
	}
}

// A credential that one replica has made is known on the other as soon as that looks.
func TestRefreshFindsWhatOthersCommitted(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	ctx := context.Background()
	if newer, err := b.Refresh(ctx); err != nil || !newer { // the set-up was a's
		t.Fatalf("newer %v, %v", newer, err)
	}
	set(t, a, authz.CanRead)
	for i, want := range []bool{true, false} {
		if newer, err := b.Refresh(ctx); err != nil || newer != want || b.Map().Version() != a.Map().Version() {
			t.Errorf("look %d: newer %v, want %v; versions %d and %d: %v", i, newer, want, b.Map().Version(), a.Map().Version(), err)
		}
	}
}

// A write that has decided and whose commit is delayed keeps a revocation waiting: no write is committed after the revocation it would have
// been refused under.
func TestDelayedCommitHoldsTheRevocation(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	set(t, a, authz.CanRead)
	decided, release := make(chan struct{}), make(chan struct{})
	a.commit = func(ctx context.Context, c *conn) error {
		close(decided)
		<-release
		a.commit = commitConn
		return commitConn(ctx, c)
	}
	var committed, revoked atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.Write(context.Background(), func(tx *Tx) error { return allowed(tx, true) }); err != nil {
			t.Error(err)
		}
		committed.Store(time.Now().UnixNano())
	})
	<-decided
	wg.Go(func() {
		set(t, b, authz.NoLevel)
		revoked.Store(time.Now().UnixNano())
	})
	time.Sleep(100 * time.Millisecond)
	if revoked.Load() != 0 {
		t.Error("the revocation was answered while a write decided under the grant was not committed")
	}
	close(release)
	wg.Wait()
	if err := a.Write(context.Background(), func(tx *Tx) error { return allowed(tx, false) }); err != nil {
		t.Error(err)
	}
}

// Governance changes of two replicas at once get versions without a hole, and both maps end alike.
func TestReplicasAgreeOnVersions(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	ctx := context.Background()
	var wg sync.WaitGroup
	for i, s := range []*Store{a, b} {
		wg.Go(func() {
			for n := range 30 {
				id := int64(10000 + 1000*i + n)
				err := s.Write(ctx, func(tx *Tx) error {
					o := &authz.Object{ID: id, Kind: authz.Experiment, Parent: authz.FolderShared, Name: fmt.Sprint(id)}
					if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: o}); err != nil {
						return err
					}
					return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "createMlflowExperiment"}, id)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, s := range []*Store{a, b} {
		err := s.Read(ctx, func(tx *Tx) error {
			if got := tx.Map.ChildCount(authz.FolderShared); got != 61 {
				t.Errorf("%d objects in /Shared, want 61", got)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if a.Map().Version() != b.Map().Version() {
		t.Errorf("versions %d and %d", a.Map().Version(), b.Map().Version())
	}
}

// TestRestoredDumpGoesOn makes a database look as if its dump had been restored into a cluster that has counted fewer transactions.
func TestRestoredDumpGoesOn(t *testing.T) {
	s, sign, o := openAny(t)
	if o.Database == "" {
		return // SQLite's writer counts for itself
	}
	enter(t, s, "before", authz.Root, 3)
	seal(t, s, sign, 4)
	tamper(t, s, "UPDATE ledger SET stamp = stamp + 1000000000")
	tamper(t, s, "UPDATE seals SET upto = upto + 1000000000")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	enter(t, again, "after", authz.Root, 2)
	seal(t, again, sign, 2)
	if r, err := verify(t, again, sign.Public()); err != nil || r.To != 6 || r.Unsealed != 0 {
		t.Errorf("after the restore: %+v, %v", r, err)
	}
}
