package store

import (
	"context"
	"sync"
	"testing"
	"time"

	"bailiwick/registry"
)

// queued makes a pending version whose bytes are to be copied.
func queued(t *testing.T, s *Store, name string) Copy {
	t.Helper()
	v := stagedModel(t, s, name, registry.StageNone)[0]
	write(t, s, func(tx *Tx) error { return tx.QueueCopy(v.Key(), "file:///outside/"+name) })
	return Copy{Key: v.Key(), Source: "file:///outside/" + name}
}

func waiting(t *testing.T, s *Store, idle int64) (list []Copy) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) (err error) {
		list, err = tx.Copies(idle)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// hold takes a copy as a worker does that thinks of the time given as now.
func hold(t *testing.T, s *Store, w Copy, now time.Time, again bool) bool {
	t.Helper()
	held, err := s.HoldCopy(context.Background(), w, now.Add(-CopyIdle).UnixMilli(), again)
	if err != nil {
		t.Error(err)
	}
	return held
}

// TestCopiesAreHeldByOne: of many who take a copy at once one gets it, until he shows no life for CopyIdle or has let go of it.
func TestCopiesAreHeldByOne(t *testing.T) {
	s, _, _ := openAny(t)
	w, now := queued(t, s, "churn"), time.Now()
	var all sync.WaitGroup
	var mu sync.Mutex
	holders := 0
	for range 16 {
		all.Go(func() {
			if hold(t, s, w, now, false) {
				mu.Lock()
				holders++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if holders != 1 {
		t.Fatalf("%d took the copy, want one", holders)
	}
	if list := waiting(t, s, now.Add(-CopyIdle).UnixMilli()); len(list) != 0 {
		t.Errorf("a copy that is held waits: %v", list)
	}
	if !hold(t, s, w, now, true) {
		t.Error("its holder lost it while he is at it")
	}
	if !hold(t, s, w, now.Add(2*CopyIdle), false) {
		t.Error("nobody takes it when its holder is gone")
	}
	if list := waiting(t, s, now.Add(2*CopyIdle).UnixMilli()); len(list) != 1 || list[0].Tries != 2 {
		t.Errorf("%v, want one with two tries", list)
	}
	if err := s.FreeCopies(context.Background()); err != nil || !hold(t, s, w, now, false) {
		t.Errorf("it is not free after a restart: %v", err)
	}
}

// TestCopiesAreTriedAgain: one that did not succeed rests for a while that doubles.
func TestCopiesAreTriedAgain(t *testing.T) {
	s, _, _ := openAny(t)
	w := queued(t, s, "churn")
	for tries := range int64(4) {
		if !hold(t, s, w, time.Now(), false) {
			t.Fatal("nobody may take it")
		}
		w.Tries = tries
		if err := s.PutOffCopy(context.Background(), w); err != nil {
			t.Fatal(err)
		}
		rest := copyAgain << tries
		if now := time.Now().Add(rest - 2*time.Second); hold(t, s, w, now, false) {
			t.Errorf("after attempt %d it is taken again before %v", tries+1, rest)
		}
		if now := time.Now().Add(rest + 2*time.Second); !hold(t, s, w, now, false) {
			t.Errorf("after attempt %d nobody takes it in %v", tries+1, rest)
		}
		if err := s.FreeCopies(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEndedCopies: one end counts, and none of a version that was deleted.
func TestEndedCopies(t *testing.T) {
	s, _, _ := openAny(t)
	ctx := context.Background()
	w, deleted := queued(t, s, "churn"), queued(t, s, "gone")
	m, err := registry.NewManifest([]registry.File{{Path: "b", Digest: [32]byte{1}, Size: 7}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *Tx) error { return tx.DeleteVersion(deleted.Key) })
	for _, end := range []struct {
		w      Copy
		m      *registry.Manifest
		reason string
	}{{w, m, ""}, {w, nil, "too late"}, {deleted, m, ""}} {
		if err := s.EndCopy(ctx, end.w, end.m, end.reason); err != nil {
			t.Fatal(err)
		}
	}
	err = s.Read(ctx, func(tx *Tx) error {
		v, err := tx.ModelVersion(w.Key)
		if err == nil && (v.Status != registry.Ready || v.Digest != m.Digest || v.Files != 1 || v.Size != 7) {
			t.Errorf("the version: %+v", v)
		}
		if _, err := tx.ModelVersion(deleted.Key); err == nil {
			t.Error("the deleted version is there again")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if list := waiting(t, s, time.Now().Add(time.Hour).UnixMilli()); len(list) != 0 {
		t.Errorf("left to copy: %v", list)
	}
}
