package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
)

// open opens a founded workspace in a folder of its own on SQLite.
func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin", AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// note writes something that a test finds again.
func note(tx *Tx, name string) error {
	return tx.do("INSERT INTO settings (key, value) VALUES (?, ?)", name, "x")
}

func noted(t *testing.T, s *Store, name string) (found bool) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) (err error) {
		var v string
		found, err = tx.one([]any{&v}, "SELECT value FROM settings WHERE key = ?", name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// group queues writes while the writer is held, so that they share one group; each gets its error back by name.
func group(t *testing.T, s *Store, jobs map[string]func(context.Context, *Tx) error, contexts map[string]context.Context) map[string]error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	results := map[string]error{}
	var mu sync.Mutex
	wg.Go(func() {
		err := s.Write(context.Background(), func(*Tx) error { close(held); <-release; return nil })
		mu.Lock()
		results["held"] = err
		mu.Unlock()
	})
	<-held
	for name, fn := range jobs {
		ctx := contexts[name]
		if ctx == nil {
			ctx = context.Background()
		}
		wg.Go(func() {
			err := s.Write(ctx, func(tx *Tx) error { return fn(ctx, tx) })
			mu.Lock()
			results[name] = err
			mu.Unlock()
		})
	}
	for len(s.queue) < len(jobs) {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	return results
}

func TestGroupKeepsTheOthersWhenOneFails(t *testing.T) {
	s := open(t)
	bad := errors.New("no")
	got := group(t, s, map[string]func(context.Context, *Tx) error{
		"a": func(_ context.Context, tx *Tx) error { return note(tx, "a") },
		"b": func(_ context.Context, tx *Tx) error { return errors.Join(note(tx, "b"), bad) },
		"c": func(_ context.Context, tx *Tx) error { return note(tx, "c") },
		"d": func(_ context.Context, tx *Tx) error { note(tx, "d"); panic("defect") },
	}, nil)
	if got["a"] != nil || got["c"] != nil || !errors.Is(got["b"], bad) || !fail.Is(got["d"], fail.Internal) {
		t.Errorf("results %v", got)
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": true, "d": false} {
		if noted(t, s, name) != want {
			t.Errorf("%s: written %v, want %v", name, !want, want)
		}
	}
}

// A client that hangs up in mid-group must not roll back the others, and what was written for it stays whole.
func TestGroupOutlivesAClientThatHangsUp(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	got := group(t, s, map[string]func(context.Context, *Tx) error{
		"a": func(_ context.Context, tx *Tx) error { return note(tx, "a") },
		"b": func(_ context.Context, tx *Tx) error { cancel(); return errors.Join(note(tx, "b1"), note(tx, "b2")) },
		"c": func(_ context.Context, tx *Tx) error { return note(tx, "c") },
	}, map[string]context.Context{"b": ctx})
	if got["a"] != nil || got["b"] != nil || got["c"] != nil {
		t.Errorf("results %v", got)
	}
	for _, name := range []string{"a", "b1", "b2", "c"} {
		if !noted(t, s, name) {
			t.Errorf("%s is lost", name)
		}
	}
}

func TestFailedCommitFailsEveryMember(t *testing.T) {
	s := open(t)
	s.commit = func(ctx context.Context, c *conn) error {
		s.commit = commitConn
		return errors.New("disk on fire")
	}
	version := s.Map().Version()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error { return newUser(tx, 500, "ann") })
	if !fail.Is(err, fail.Unavailable) {
		t.Errorf("error %v, want Unavailable", err)
	}
	if s.Map().Version() != version {
		t.Errorf("the map of a failed commit was published")
	}
	if err := s.WriteAlone(context.Background(), func(tx *Tx) error { return newUser(tx, 500, "ann") }); err != nil {
		t.Errorf("the next write: %v", err)
	}
	if _, ok := s.Map().Principal(500); !ok {
		t.Errorf("the map of the second commit was not published")
	}
}

// An engine that has rolled the transaction back by itself (disk full, I/O error) takes every member's work with it.
func TestLostTransactionFailsEveryMember(t *testing.T) {
	s := open(t)
	got := group(t, s, map[string]func(context.Context, *Tx) error{
		"a": func(_ context.Context, tx *Tx) error {
			note(tx, "a")
			_, err := tx.c.ExecContext(tx.ctx, "ROLLBACK") // what SQLite does on SQLITE_FULL or SQLITE_IOERR
			return errors.Join(err, errors.New("disk full"))
		},
	}, nil)
	if got["a"] == nil || got["held"] == nil || noted(t, s, "a") {
		t.Errorf("result %v, written %v", got["a"], noted(t, s, "a"))
	}
	if err := s.Write(context.Background(), func(tx *Tx) error { return note(tx, "b") }); err != nil || !noted(t, s, "b") {
		t.Errorf("the next write: %v", err)
	}
}

func newUser(tx *Tx, id int64, name string) error {
	p := &authz.Principal{ID: id, Kind: authz.User, Name: name, Active: true}
	if err := tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: p}); err != nil {
		return err
	}
	return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "add"}, authz.WorkspaceObject)
}

func TestGovernanceChangeIsAloneAndRecorded(t *testing.T) {
	s := open(t)
	runs := 0
	got := group(t, s, map[string]func(context.Context, *Tx) error{
		"a": func(_ context.Context, tx *Tx) error { return note(tx, "a") },
		"b": func(_ context.Context, tx *Tx) error { runs++; return newUser(tx, 500, "ann") },
		"c": func(_ context.Context, tx *Tx) error { return note(tx, "c") },
		"d": func(_ context.Context, tx *Tx) error {
			return tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: "k", Value: "v"}})
		},
	}, nil)
	if got["a"] != nil || got["b"] != nil || got["c"] != nil {
		t.Errorf("results %v", got)
	}
	if !fail.Is(got["d"], fail.Internal) {
		t.Errorf("an unrecorded governance change gave %v", got["d"])
	}
	if _, ok := s.Map().Setting("k"); ok {
		t.Errorf("an unrecorded governance change was published")
	}
	if _, ok := s.Map().Principal(500); !ok || runs > 2 {
		t.Errorf("the user is missing, or written in %d runs", runs)
	}
}

// A revocation beside writes: whoever decides after the revocation was answered sees it, whatever else is queued.
func TestRevocationBesideWrites(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	if err := s.WriteAlone(ctx, func(tx *Tx) error {
		return errors.Join(tx.Govern(authz.Event{Op: authz.PutObject, Object: &authz.Object{
			ID: 2000, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e"}}), newUser(tx, 500, "ann"))
	}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	defer wg.Wait()
	defer close(stop)
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.Write(ctx, func(tx *Tx) error { return note(tx, fmt.Sprintf("w%d-%d", i, n)) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		for _, level := range []authz.Level{authz.CanRead, authz.NoLevel} {
			set(t, s, level)
			if err := s.Write(ctx, func(tx *Tx) error { return allowed(tx, level != authz.NoLevel) }); err != nil {
				t.Fatal(err)
			}
			if err := s.Read(ctx, func(tx *Tx) error { return allowed(tx, level != authz.NoLevel) }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func set(t *testing.T, s *Store, level authz.Level) {
	t.Helper()
	err := s.Write(context.Background(), func(tx *Tx) error {
		o, _ := tx.Map.Object(2000)
		changed := *o
		changed.Entries = nil
		if level != authz.NoLevel {
			changed.Entries = []authz.Entry{{Principal: 500, Level: level}}
		}
		if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &changed}); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "changeWorkspaceAcl"}, o.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func allowed(tx *Tx, want bool) error {
	d := authz.Decide(tx.Map, authz.Who{Principal: 500}, authz.ViewRuns, 2000, time.UnixMilli(tx.Now))
	if d.Allowed != want {
		return fmt.Errorf("allowed %v, want %v (map %d)", d.Allowed, want, tx.Map.Version())
	}
	return nil
}

// Changes that only add share a commit: each decides on what those before it added, one that fails leaves the others, and nobody outside sees any
// of it before the commit.
func TestWideningChangesShareACommit(t *testing.T) {
	s := open(t)
	create := func(name string) func(context.Context, *Tx) error {
		return func(_ context.Context, tx *Tx) error {
			if _, early := s.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name); early {
				return errors.New("published before its commit")
			}
			if _, taken := tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, "same"); taken && name == "same" {
				return fail.Existsf("taken")
			}
			o := authz.Object{ID: NewObjectID(), Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: name}
			if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
				return err
			}
			if name == "broken" {
				return errors.New("changed its mind")
			}
			return tx.Record(SystemEntry("test", "create"), o.ID)
		}
	}
	commits := 0
	s.commit = func(ctx context.Context, c *conn) error { commits++; return commitConn(ctx, c) }
	version := s.Map().Version()
	got := group(t, s, map[string]func(context.Context, *Tx) error{
		"a": create("a"), "b": create("b"), "broken": create("broken"), "same": create("same"), "again": create("same"),
	}, nil)
	if got["a"] != nil || got["b"] != nil || got["broken"] == nil || (got["same"] == nil) == (got["again"] == nil) {
		t.Errorf("results %v", got)
	}
	if commits > 2 {
		t.Errorf("%d commits for a held write and five creations", commits)
	}
	for name, want := range map[string]bool{"a": true, "b": true, "broken": false, "same": true} {
		if _, ok := s.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name); ok != want {
			t.Errorf("%s is there: %v, want %v", name, ok, want)
		}
	}
	if n := s.Map().Version() - version; n != 3 {
		t.Errorf("three models took %d versions", n)
	}
	err := s.Read(t.Context(), func(tx *Tx) error {
		stored, err := tx.fold(mapAt(t, version), tx.version)
		if err == nil && stored.Version() != s.Map().Version() {
			err = errors.New("the ledger and the map differ")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// mapAt gives a map that stands at an older version, as far as folding is concerned.
func mapAt(t *testing.T, version int64) *authz.Map {
	t.Helper()
	b := authz.NewBuilder()
	m, err := authz.NewMap(version, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
