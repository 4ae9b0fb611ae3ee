package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/ledger"
)

func tallyOf(minute int64, run, path string, at int64) ledger.Tally {
	return ledger.TallyOf(&ledger.Entry{Class: ledger.ClassB, Time: minute*msPerMinute + at, Service: "mlflow", Action: "logBatch",
		Actor: ledger.Actor{ID: 100, Name: "ann"}, Object: ledger.Object{Kind: "experiment", ID: run, Path: path}, Status: 200})
}

func count(t testing.TB, s *Store, tallies ...ledger.Tally) {
	t.Helper()
	for _, each := range tallies {
		if err := s.Write(context.Background(), func(tx *Tx) error { return tx.Tally(each) }); err != nil {
			t.Fatal(err)
		}
	}
}

// gathered gives the gathered entries of the ledger, oldest first: run, count, first, last, object.
func gathered(t testing.TB, s *Store) (out []string) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) error {
		rows, err := tx.AuditPage(Audit{Classes: []ledger.Class{ledger.ClassB}, Limit: 1000})
		for _, r := range rows {
			e, err := ledger.Parse(r.Body)
			if err != nil {
				return err
			}
			var object int64
			if _, err := tx.one([]any{&object}, "SELECT object FROM ledger WHERE id = ?", r.ID); err != nil {
				return err
			}
			line := fmt.Sprintf("%s ×%d %d..%d on %d", e.Object.ID, e.Count, e.First%msPerMinute, e.Last%msPerMinute, object)
			out = append([]string{line}, out...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRollTallies(t *testing.T) {
	s, _, _ := openAny(t)
	for i := range 20 { // enough that every shard has some on PostgreSQL
		count(t, s, tallyOf(50, "aaa", "/Shared", int64(100+i)))
	}
	count(t, s, tallyOf(50, "bbb", "/Shared", 3), tallyOf(51, "aaa", "/gone", 4), tallyOf(51, "77", "/gone", 4), tallyOf(52, "aaa", "/Shared", 5))
	before := int64(52*msPerMinute + 59_999)
	for want := true; want; {
		n, err := s.RollTallies(context.Background(), before)
		if err != nil {
			t.Fatal(err)
		}
		want = n > 0
	}
	shared := authz.FolderShared
	want := []string{fmt.Sprintf("aaa ×20 100..119 on %d", shared), fmt.Sprintf("bbb ×1 3..3 on %d", shared), "77 ×1 4..4 on 77", "aaa ×1 4..4 on -1"}
	if diff := cmp.Diff(want, gathered(t, s)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	// The minute that is not over stays, and what comes late for one that is makes an entry of its own.
	count(t, s, tallyOf(50, "aaa", "/Shared", 1))
	if n, err := s.RollTallies(context.Background(), before); n != 1 || err != nil {
		t.Errorf("the late row: %d, %v", n, err)
	}
	if n, err := s.RollTallies(context.Background(), before+1); n != 1 || err != nil {
		t.Errorf("the next minute: %d, %v", n, err)
	}
}

// TestRollLosesNothing rolls from two sides while others count: every call is in exactly one entry.
func TestRollLosesNothing(t *testing.T) {
	s, _, _ := openAny(t)
	var all, rolling sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		rolling.Go(func() {
			for {
				if _, err := s.RollTallies(context.Background(), 60*msPerMinute); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	for w := range 4 {
		all.Go(func() {
			for i := range 50 {
				count(t, s, tallyOf(50, fmt.Sprintf("run%d", i%3), "/Shared", int64(w*100+i)))
			}
		})
	}
	all.Wait()
	close(stop)
	rolling.Wait()
	if _, err := s.RollTallies(context.Background(), 60*msPerMinute); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, line := range gathered(t, s) {
		var n int
		if _, err := fmt.Sscanf(line[strings.Index(line, "×")+len("×"):], "%d", &n); err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != 200 {
		t.Errorf("%d calls are in entries, 200 were made", total)
	}
}

func TestDropExpired(t *testing.T) {
	s, sign, _ := openAny(t)
	ctx, now := context.Background(), time.Now()
	at := map[string]int64{"old": now.Add(-time.Hour).UnixMilli(), "later": now.Add(time.Hour).UnixMilli(), "never": 0}
	err := s.WriteAlone(ctx, func(tx *Tx) error {
		if err := newUser(tx, 500, "ann"); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := byte(0)
	for id, expires := range at {
		n++
		err := s.WriteAlone(ctx, func(tx *Tx) error {
			c := authz.Credential{ID: id, Principal: 500, Hash: make([]byte, 32), Expires: expires}
			c.Hash[0] = n
			if err := tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &c}); err != nil {
				return err
			}
			return tx.Record(SystemEntry("test", "token"), 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{1, 0} {
		if n, err := s.DropExpired(ctx, now); n != want || err != nil {
			t.Errorf("turn %d: %d, %v", i, n, err)
		}
	}
	for id := range at {
		if _, ok := s.Map().CredentialByID(id); ok != (id != "old") {
			t.Errorf("%s is there: %v", id, ok)
		}
	}
	seal(t, s, sign, 6)
	if _, err := verify(t, s, sign.Public()); err != nil {
		t.Error(err)
	}
}

func TestSetAccessControl(t *testing.T) {
	s, _, _ := openAny(t)
	for i, c := range []struct {
		on      bool
		version int64
	}{{true, 1}, {false, 2}, {false, 2}, {true, 3}} {
		if err := s.SetAccessControl(context.Background(), c.on); err != nil {
			t.Fatal(err)
		}
		if m := s.Map(); m.AccessControl() != c.on || m.Version() != c.version {
			t.Errorf("step %d: control %v at version %d", i, m.AccessControl(), m.Version())
		}
	}
}
