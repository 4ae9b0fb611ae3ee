package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry/webhook"
	"bailiwick/store/storetest"
)

// openEither opens a founded workspace on the engine that the test run is for.
func openEither(t *testing.T) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Data: t.TempDir(), Database: storetest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// changeHooks runs a governance change with its entry.
func changeHooks(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Record(SystemEntry("modelRegistry", "test"), authz.WorkspaceObject)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func inTx(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func aHook(model int64, events ...string) *webhook.Hook {
	return &webhook.Hook{ID: NewHookID(), Protocol: webhook.Databricks, Model: model, URL: "https://example.org/", Status: webhook.Active, Events: events,
		Text: "é", Creator: 1}
}

func commented(model int64) *webhook.Event {
	return &webhook.Event{Kind: webhook.CommentMade, Model: model, Name: "m", Version: 1, Comment: "c", At: 5}
}

// pendingOf gives the deliveries of a webhook that are pending.
func pendingOf(t *testing.T, s *Store, hook string) (all []webhook.Delivery) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) (err error) {
		all, err = tx.Deliveries(hook, webhook.Pending, 0, "", 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestHookRows(t *testing.T) {
	s := openEither(t)
	h := aHook(7, "COMMENT_CREATED", "MODEL_VERSION_CREATED")
	secrets := webhook.Secrets{Key: "hunter2-key", Authorization: "Bearer hunter2", Token: "dapi-hunter2"}
	changeHooks(t, s, func(tx *Tx) error { return tx.CreateHook(h, secrets) })
	check := func(want *webhook.Hook, held webhook.Secrets) {
		t.Helper()
		err := s.Read(context.Background(), func(tx *Tx) error {
			got, err := tx.Hook(want.ID)
			read, err2 := tx.HookSecrets(want.ID)
			if diff := cmp.Diff(want, got); diff != "" || read != held {
				t.Errorf("%s %+v", diff, read)
			}
			var sealed []byte
			_, err3 := tx.one([]any{&sealed}, "SELECT secrets FROM webhooks WHERE id = ?", want.ID)
			if bytes.Contains(sealed, []byte("hunter2")) {
				t.Error("a secret is in the row as it is")
			}
			return errors.Join(err, err2, err3)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check(h, secrets)
	h.Text, h.Status, h.Insecure, secrets.Token = "b", webhook.TestMode, true, ""
	changeHooks(t, s, func(tx *Tx) error { return tx.UpdateHook(h, secrets) })
	check(h, secrets)
	if h.Has.Token || !h.Has.Key {
		t.Errorf("%+v", h.Has)
	}
	if _, err := s.unseal("another", []byte("0123456789012345678901234567890")); err == nil {
		t.Error("a seal that was not made here opens")
	}
	sealed, err := s.seal(h.ID, secrets)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.unseal("another", sealed); err == nil {
		t.Error("the seal of one webhook opens for another")
	}
	changeHooks(t, s, func(tx *Tx) error { return tx.DeleteHook(h.ID) })
	err = s.Read(context.Background(), func(tx *Tx) error { _, err := tx.Hook(h.ID); return err })
	if !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
}

func TestEmit(t *testing.T) {
	s := openEither(t)
	inTx(t, s, func(tx *Tx) error { return tx.Emit(commented(7)) })
	if s.AnyHooks() || s.listening.Load() != nil {
		t.Error("without webhooks something was looked up")
	}
	own, other, all, quiet := aHook(7, "COMMENT_CREATED"), aHook(8, "COMMENT_CREATED"), aHook(0, "COMMENT_CREATED", "MODEL_VERSION_CREATED"), aHook(7, "COMMENT_CREATED")
	quiet.Status = webhook.TestMode
	changeHooks(t, s, func(tx *Tx) error {
		var errs []error
		for _, h := range []*webhook.Hook{own, other, all, quiet} {
			errs = append(errs, tx.CreateHook(h, webhook.Secrets{}))
		}
		return errors.Join(errs...)
	})
	counts := func(want ...int) {
		t.Helper()
		var got []int
		for _, h := range []*webhook.Hook{own, other, all, quiet} {
			got = append(got, len(pendingOf(t, s, h.ID)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("pending: %v, want %v", got, want)
		}
	}
	inTx(t, s, func(tx *Tx) error { return tx.Emit(commented(7)) })
	counts(1, 0, 1, 0)
	if err := s.Write(context.Background(), func(tx *Tx) error { return errors.Join(tx.Emit(commented(7)), errors.New("no")) }); err == nil {
		t.Error("no error")
	}
	counts(1, 0, 1, 0) // what did not happen is not told
	own.Status = webhook.Disabled
	changeHooks(t, s, func(tx *Tx) error { return tx.UpdateHook(own, webhook.Secrets{}) })
	inTx(t, s, func(tx *Tx) error { return tx.Emit(commented(7)) })
	counts(0, 0, 2, 0)
	changeHooks(t, s, func(tx *Tx) error { return errors.Join(tx.dropModelWebhooks(7), tx.hooksChanged()) })
	inTx(t, s, func(tx *Tx) error { return tx.Emit(commented(8)) })
	counts(0, 1, 3, 0)
}

func TestHookLimits(t *testing.T) {
	s := openEither(t)
	changeHooks(t, s, func(tx *Tx) error {
		for range maxModelHooks {
			if err := tx.CreateHook(aHook(7, "COMMENT_CREATED"), webhook.Secrets{}); err != nil {
				return err
			}
		}
		if err := tx.CreateHook(aHook(7, "COMMENT_CREATED"), webhook.Secrets{}); !fail.Is(err, fail.Limit) {
			t.Errorf("one more: %v", err)
		}
		return tx.CreateHook(aHook(8, "COMMENT_CREATED"), webhook.Secrets{})
	})
	changeHooks(t, s, func(tx *Tx) error {
		for i := range int64(maxOwnHooks - maxModelHooks - 1) {
			if err := tx.CreateHook(aHook(100+i, "COMMENT_CREATED"), webhook.Secrets{}); err != nil {
				return err
			}
		}
		if err := tx.CreateHook(aHook(9, "COMMENT_CREATED"), webhook.Secrets{}); !fail.Is(err, fail.Limit) {
			t.Errorf("one more of the same person: %v", err)
		}
		another := aHook(9, "COMMENT_CREATED")
		another.Creator = 2
		return tx.CreateHook(another, webhook.Secrets{})
	})
}

// emitted makes a webhook with n deliveries.
func emitted(t *testing.T, s *Store, n int) *webhook.Hook {
	t.Helper()
	h := aHook(0, "COMMENT_CREATED")
	changeHooks(t, s, func(tx *Tx) error { return tx.CreateHook(h, webhook.Secrets{Key: "k"}) })
	for range n {
		inTx(t, s, func(tx *Tx) error { return tx.Emit(commented(7)) })
	}
	return h
}

func claim(t *testing.T, s *Store, hook string, n int, lease time.Duration) (all []Claimed) {
	t.Helper()
	inTx(t, s, func(tx *Tx) (err error) {
		all, err = tx.Claim(hook, n, lease.Milliseconds())
		return err
	})
	return all
}

func TestClaims(t *testing.T) {
	s := openEither(t)
	h := emitted(t, s, 3)
	first := claim(t, s, h.ID, 2, time.Minute)
	second := claim(t, s, h.ID, 5, time.Millisecond)
	if len(first) != 2 || len(second) != 1 || first[0].Secrets.Key != "k" || first[0].Hook.URL != h.URL {
		t.Fatalf("%d and %d claimed", len(first), len(second))
	}
	time.Sleep(3 * time.Millisecond)
	third := claim(t, s, h.ID, 5, time.Minute)
	if len(third) != 1 || third[0].ID != second[0].ID || third[0].Mark == second[0].Mark {
		t.Fatalf("a lease that ended: %+v", third)
	}
	settle := func(c Claimed, status int64) {
		t.Helper()
		inTx(t, s, func(tx *Tx) error {
			d := c.After(&webhook.Outcome{Status: status, Answer: "a"}, tx.Now, 0)
			return tx.Settle(&d, c.Mark, webhook.Attempt{At: tx.Now, Took: 4, Status: status, Answer: "a"})
		})
	}
	settle(second[0], 400) // too late: it is another's by now
	if got := len(pendingOf(t, s, h.ID)); got != 3 {
		t.Errorf("%d pending after a settlement that came too late", got)
	}
	settle(third[0], 400)
	settle(first[0], 200)
	settle(first[1], 500)
	err := s.Read(context.Background(), func(tx *Tx) error {
		for id, want := range map[string]webhook.State{third[0].ID: webhook.Dead, first[0].ID: webhook.Delivered, first[1].ID: webhook.Pending} {
			d, err := tx.Delivery(h.ID, id)
			tries, err2 := tx.Attempts(id)
			if err != nil || err2 != nil || d.State != want || d.Tries != 1 || len(tries) != 1 || tries[0].N != 1 || tries[0].Took != 4 {
				t.Errorf("%v %v: %+v %+v", err, err2, d, tries)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedelivery(t *testing.T) {
	s := openEither(t)
	h := emitted(t, s, 1)
	c := claim(t, s, h.ID, 1, time.Minute)[0]
	if err := s.Write(context.Background(), func(tx *Tx) error { return tx.Redeliver(h.ID, c.ID) }); !fail.Is(err, fail.State) {
		t.Errorf("of a pending one: %v", err)
	}
	for n := range int64(2) {
		inTx(t, s, func(tx *Tx) error {
			d := c.After(&webhook.Outcome{Status: 410}, tx.Now, 0)
			return tx.Settle(&d, c.Mark, webhook.Attempt{Status: 410})
		})
		inTx(t, s, func(tx *Tx) error { return tx.Redeliver(h.ID, c.ID) })
		again := claim(t, s, h.ID, 1, time.Minute)
		if len(again) != 1 || again[0].ID != c.ID || again[0].Body != c.Body || again[0].Tries != 0 {
			t.Fatalf("%d: %+v", n, again)
		}
		c = again[0]
	}
	err := s.Read(context.Background(), func(tx *Tx) error {
		tries, err := tx.Attempts(c.ID)
		if len(tries) != 2 || tries[1].N != 2 {
			t.Errorf("%+v", tries)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), func(tx *Tx) error { return tx.Redeliver("other", c.ID) }); !fail.Is(err, fail.NotFound) {
		t.Errorf("of another webhook: %v", err)
	}
}

func TestDeliveryLog(t *testing.T) {
	s := openEither(t)
	h := emitted(t, s, 5)
	var seen []string
	at, id := int64(0), ""
	for range 3 {
		err := s.Read(context.Background(), func(tx *Tx) error {
			page, err := tx.Deliveries(h.ID, "", at, id, 2)
			for _, d := range page {
				seen = append(seen, d.ID)
				at, id = d.At, d.ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != 5 {
		t.Errorf("%v", seen)
	}
	for _, c := range claim(t, s, h.ID, 2, time.Minute) {
		inTx(t, s, func(tx *Tx) error {
			d := c.After(&webhook.Outcome{Status: 200}, 1000, 0)
			return tx.Settle(&d, c.Mark, webhook.Attempt{})
		})
	}
	for before, want := range map[int64]int{1000: 0, 1001: 2} {
		if n, err := s.DropDeliveries(context.Background(), before, 0); err != nil || n != want {
			t.Errorf("dropped before %d: %d %v", before, n, err)
		}
	}
}

// A process that was killed left its claims behind; at the start of the next one they are free.
func TestClaimsOfTheDead(t *testing.T) {
	dir, dsn := t.TempDir(), storetest.Database(t)
	open := func() *Store {
		s, err := Open(context.Background(), Options{Data: dir, Database: dsn})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	h := emitted(t, s, 2)
	claimed := claim(t, s, h.ID, 1, time.Hour)
	s.Close()
	s = open()
	defer s.Close()
	if !s.AnyHooks() {
		t.Error("after a restart nobody looks for what is due")
	}
	if got := claim(t, s, h.ID, 5, time.Hour); len(got) != 1 || got[0].ID == claimed[0].ID {
		t.Errorf("%+v", got)
	}
	if err := s.FreeDeliveries(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, h.ID, 5, time.Hour); len(got) != 2 {
		t.Errorf("%d are free", len(got))
	}
}

// Two replicas claim at once, again and again, and never the same delivery within a lease; a webhook that one made the other knows at once.
func TestReplicasClaim(t *testing.T) {
	a, b, ok := replicas(t)
	if !ok {
		return
	}
	inTx(t, b, func(tx *Tx) error { return tx.Emit(commented(7)) })
	h := aHook(0, "COMMENT_CREATED")
	changeHooks(t, a, func(tx *Tx) error { return tx.CreateHook(h, webhook.Secrets{}) })
	const events = 60
	for range events {
		inTx(t, b, func(tx *Tx) error { return tx.Emit(commented(7)) })
	}
	var mu sync.Mutex
	times := map[string]int{}
	var wg sync.WaitGroup
	for i := range 8 {
		s := []*Store{a, b}[i%2]
		wg.Go(func() {
			// A round whose deliveries another replica takes at the same moment claims nothing, so rounds are not counted out.
			for range 100 * events {
				mu.Lock()
				done := len(times) == events
				mu.Unlock()
				if done {
					return
				}
				var got []Claimed
				err := s.Write(context.Background(), func(tx *Tx) (err error) {
					got, err = tx.Claim(h.ID, 3, time.Hour.Milliseconds())
					return err
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, c := range got {
					times[c.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if len(times) != events {
		t.Errorf("%d of %d were claimed", len(times), events)
	}
	off := *h
	off.Status = webhook.Disabled
	changeHooks(t, b, func(tx *Tx) error { return tx.UpdateHook(&off, webhook.Secrets{}) })
	inTx(t, a, func(tx *Tx) error { return tx.Emit(commented(7)) })
	if n := len(pendingOf(t, a, h.ID)); n != 0 {
		t.Errorf("%d pending at a webhook that the other replica has disabled", n)
	}
}

// BenchmarkEmitNobodyListens is what the registry pays where there are no webhooks.
func BenchmarkEmitNobodyListens(b *testing.B) {
	s := open(b)
	e := commented(7)
	err := s.Write(context.Background(), func(tx *Tx) error {
		for b.Loop() {
			if err := tx.Emit(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
