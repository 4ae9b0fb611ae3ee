package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store/storetest"
)

// TestPlaceAt: what was recorded before a time is passed over as far as the seals tell, and nothing that was recorded later.
func TestPlaceAt(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	s, err := Open(context.Background(), Options{Data: t.TempDir(), Database: storetest.Database(t), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin", AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	sign, began := signer(t, s, 1), now
	seal(t, s, sign, 1)
	for range 5 { // one each ten minutes from the first on
		now = now.Add(10 * time.Minute)
		enter(t, s, "note", authz.Root, 1)
		seal(t, s, sign, 1)
	}
	enter(t, s, "note", authz.Root, 1) // not sealed
	for minutes, want := range map[int]int{-60: 7, 0: 7, 10: 6, 11: 6, 15: 5, 30: 4, 50: 2, 55: 1, 600: 1} {
		ms := began.Add(time.Duration(minutes) * time.Minute).UnixMilli()
		err := s.Read(context.Background(), func(tx *Tx) error {
			at, err := tx.PlaceAt(ms)
			if err != nil {
				return err
			}
			rows, err := tx.AuditPage(Audit{After: at, Limit: 100})
			if len(rows) != want && minutes < 600 {
				t.Errorf("from minute %d on: %d entries, want %d", minutes, len(rows), want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLedgerEntry finds each entry by its id, with its leaf, in ledgers of many batches.
func TestLedgerEntry(t *testing.T) {
	s, sign, _ := openAny(t)
	seal(t, s, sign, 1)
	for i := range 6 {
		enter(t, s, fmt.Sprint("batch", i), 7, i+1)
		seal(t, s, sign, i+1)
	}
	enter(t, s, "late", 7, 1)
	leaf := int64(22)
	err := s.Read(context.Background(), func(tx *Tx) error {
		rows, err := tx.AuditPage(Audit{Limit: 100})
		for i, row := range rows {
			got, err := tx.LedgerEntry(row.ID)
			if err != nil || !cmp.Equal(got, row) {
				t.Errorf("entry %d: %+v, %v", row.ID, got, err)
			}
			index, sealed, err := tx.LeafOf(row.LedgerPlace)
			if err != nil || sealed != (i > 0) || sealed && index != leaf-int64(i) {
				t.Errorf("entry %d is leaf %d, %v, %v", i, index, sealed, err)
			}
		}
		if _, err := tx.LedgerEntry(12); !fail.Is(err, fail.NotFound) {
			t.Errorf("no such entry: %v", err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLedgerEntryOfAWrongClock: an entry is found however wrong the clock was that its batch was sealed by.
func TestLedgerEntryOfAWrongClock(t *testing.T) {
	s, err := Open(context.Background(), Options{Data: t.TempDir(), Clock: func() time.Time { return time.UnixMilli(1_000_000_000_000) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	enter(t, s, "note", 7, 3)
	seal(t, s, signer(t, s, 1), 3)
	err = s.Read(context.Background(), func(tx *Tx) error {
		rows, err := tx.AuditPage(Audit{Limit: 1})
		if err == nil {
			_, err = tx.LedgerEntry(rows[0].ID)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// fed gives what a feed tells, as "object action".
func fed(t *testing.T, s *Store, f *Feed, experiments ...int64) (told []string) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) error {
		changes, all, err := f.Next(tx, experiments)
		if all {
			told = append(told, "all")
		}
		for _, c := range changes {
			told = append(told, fmt.Sprint(c.Object, " ", c.Action))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(told)
	return slices.Compact(told)
}

// until asks a feed until it has told what is wanted: another replica's transaction shows when it is committed, not before.
func until(t *testing.T, s *Store, f *Feed, want []string, experiments ...int64) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		got = append(got, fed(t, s, f, experiments...)...)
		slices.Sort(got)
		if got = slices.Compact(got); len(got) >= len(want) {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +told: %s", diff)
	}
}

func TestFeed(t *testing.T) {
	s, _, _ := openAny(t)
	enter(t, s, "createRun", 7, 2)
	var f Feed
	if told := fed(t, s, &f, 7); told != nil {
		t.Errorf("what was there before: %v", told)
	}
	enter(t, s, "createRun", 7, 2)
	enter(t, s, "createComment", 8, 1)
	enter(t, s, "getRun", 9, 1) // reads are no changes
	enter(t, s, "login", 0, 1)
	until(t, s, &f, []string{"7 createRun", "8 createComment"})
	if told := fed(t, s, &f); told != nil {
		t.Errorf("told twice on one engine: %v", told)
	}
	err := s.Write(context.Background(), func(tx *Tx) error { return newUser(tx, 500, "ann") })
	if err != nil {
		t.Fatal(err)
	}
	if told := fed(t, s, &f); len(told) != 1 {
		t.Errorf("a governance change: %v", told)
	}
}

// TestFeedSeesWhatIsLogged: logging is counted in the ledger by the minute; watched experiments are seen to change at once.
func TestFeedSeesWhatIsLogged(t *testing.T) {
	s, _, _ := openAny(t)
	touch := func(experiment int64) {
		t.Helper()
		err := s.Write(context.Background(), func(tx *Tx) error {
			return tx.do(`INSERT INTO runs (id, experiment, name, owner, user_name, status, started, ended, lifecycle, deleted, changed)
				VALUES (?, ?, '', 0, '', 1, 0, 0, 1, 0, ?) ON CONFLICT (id) DO UPDATE SET changed = excluded.changed`, fmt.Sprint("r", experiment), experiment, tx.Stamp)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	touch(7)
	var f Feed
	if told := fed(t, s, &f, 7); told != nil {
		t.Errorf("what was there before: %v", told)
	}
	touch(7)
	touch(8)
	until(t, s, &f, []string{"7 "}, 7)
	if told := fed(t, s, &f, 7, 8); told != nil {
		t.Errorf("the first look at another, and nothing new: %v", told)
	}
	touch(8)
	until(t, s, &f, []string{"8 "}, 7, 8)
}

func TestFeedThatIsTooLong(t *testing.T) {
	s, _, _ := openAny(t)
	var f Feed
	fed(t, s, &f)
	err := s.Write(context.Background(), func(tx *Tx) error {
		for range maxFeed + 1 {
			if err := tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "createRun"}, 7); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if told := fed(t, s, &f); !slices.Contains(told, "all") {
		t.Errorf("%v", told)
	}
}

// TestFeedAcrossReplicas: what one replica commits while an older transaction of another is still open is told, and what that one then commits
// as well, though its stamp is lower.
func TestFeedAcrossReplicas(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	var f Feed
	fed(t, a, &f)
	begun, finish, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- b.Write(context.Background(), func(tx *Tx) error {
			if err := tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "createComment"}, 8); err != nil {
				return err
			}
			close(begun)
			<-finish
			return nil
		})
	}()
	<-begun
	enter(t, a, "createRun", 7, 1)
	until(t, a, &f, []string{"7 createRun"})
	close(finish)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	until(t, a, &f, []string{"8 createComment"})
	if told := fed(t, a, &f); told != nil {
		t.Errorf("told twice: %v", told)
	}
}
