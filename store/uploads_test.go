package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

func upload(id, path string) *store.Upload {
	return &store.Upload{ID: id, Form: store.PartsUpload, Owner: "r", Path: path, Experiment: authz.DefaultExperiment, Writer: 7, Parts: 2, Over: true}
}

func part(n int64, content string) store.UploadPart {
	return store.UploadPart{Number: n, Digest: sha256.Sum256([]byte(content)), Size: int64(len(content))}
}

func parts(t testing.TB, s *store.Store, id string) (list []store.UploadPart) {
	t.Helper()
	read(t, s, func(tx *store.Tx) (err error) {
		list, err = tx.UploadParts(id)
		return err
	})
	return list
}

func TestUploads(t *testing.T) {
	s := founded(t)
	write(t, s, func(tx *store.Tx) error { return tx.PutUpload(upload("u", "a/b")) })
	for _, p := range []store.UploadPart{part(2, "two"), part(1, "first"), part(1, "one")} {
		write(t, s, func(tx *store.Tx) error {
			if err := tx.TouchUpload("u"); err != nil {
				return err
			}
			return tx.PutUploadPart("u", p)
		})
	}
	all := []store.UploadPart{part(1, "one"), part(2, "two")}
	if diff := cmp.Diff(all, parts(t, s, "u")); diff != "" {
		t.Error(diff)
	}
	read(t, s, func(tx *store.Tx) error {
		u, err := tx.Upload("u")
		if err != nil {
			return err
		}
		want := upload("u", "a/b")
		want.Created, want.Touched = u.Created, u.Touched
		if diff := cmp.Diff(want, u); diff != "" || u.Created == 0 || u.Touched < u.Created {
			t.Error(diff, u)
		}
		if n, err := tx.UploadSize("u", 1); n != 3 || err != nil {
			t.Errorf("all but the first have %d bytes (%v)", n, err)
		}
		used := map[[32]byte]bool{}
		err = tx.Digests(func(d []byte) error { used[[32]byte(d)] = true; return nil })
		if !used[all[0].Digest] || !used[all[1].Digest] || used[part(1, "first").Digest] {
			t.Errorf("in use: %v", used)
		}
		return err
	})
	whole := sha256.Sum256([]byte("onetwo"))
	end := func(parts []store.UploadPart, digest [32]byte) (won bool, err error) {
		err = s.Write(context.Background(), func(tx *store.Tx) error {
			won, err = tx.EndUpload("u", parts, digest, 6)
			return err
		})
		return won, err
	}
	if _, err := end(all[:1], whole); !fail.Is(err, fail.Conflict) {
		t.Errorf("with a part that came meanwhile: %v", err)
	}
	for i, want := range []bool{true, false} {
		if won, err := end(all, whole); won != want || err != nil {
			t.Errorf("%d. end: %v %v", i+1, won, err)
		}
	}
	if _, err := end(all, sha256.Sum256(nil)); !fail.Is(err, fail.NotFound) {
		t.Errorf("an end as something else: %v", err)
	}
	if got := parts(t, s, "u"); got != nil {
		t.Errorf("parts are left: %v", got)
	}
	for name, err := range map[string]error{
		"touch": s.Write(context.Background(), func(tx *store.Tx) error { return tx.TouchUpload("u") }),
		"none":  s.Write(context.Background(), func(tx *store.Tx) error { return tx.TouchUpload("none") }),
	} {
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUploadsBelow(t *testing.T) {
	s := founded(t)
	count := func(owner, path string) (n int64) {
		read(t, s, func(tx *store.Tx) (err error) {
			n, err = tx.UploadsBelow(owner, path)
			return err
		})
		return n
	}
	write(t, s, func(tx *store.Tx) error { return tx.PutUpload(upload("u1", "model/weights/a")) })
	a, err := s.Arrive(context.Background(), store.Upload{Owner: "r", Path: "model/b", Experiment: 1, Writer: 7})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int64{"": 2, "model": 2, "model/weights": 1, "model/b": 1, "model/weights/a": 1, "mod": 0, "model/weights/a/x": 0, "z": 0} {
		if n := count("r", path); n != want {
			t.Errorf("%q: %d, want %d", path, n, want)
		}
	}
	if n := count("other", ""); n != 0 {
		t.Errorf("another owner: %d", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.Arrived(a) })
	a.End()
	write(t, s, func(tx *store.Tx) error { _, err := tx.DropUpload("u1"); return err })
	if n := count("r", ""); n != 0 {
		t.Errorf("after all: %d", n)
	}
	b, err := s.Arrive(context.Background(), store.Upload{Owner: "r", Path: "x"})
	if err != nil {
		t.Fatal(err)
	}
	b.End()
	b.End()
	if n := count("r", ""); n != 0 {
		t.Errorf("after one that broke off: %d", n)
	}
}

// TestUploadOneEnd ends an upload from many sides at once: one makes it a file, or one drops it, never both.
func TestUploadOneEnd(t *testing.T) {
	s := founded(t)
	whole := sha256.Sum256([]byte("one"))
	for round := range 8 {
		id := fmt.Sprint("u", round)
		write(t, s, func(tx *store.Tx) error {
			if err := tx.PutUpload(upload(id, "p")); err != nil {
				return err
			}
			return tx.PutUploadPart(id, part(1, "one"))
		})
		var won, dropped atomic.Int64
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				_ = s.Write(context.Background(), func(tx *store.Tx) error {
					first, err := tx.EndUpload(id, []store.UploadPart{part(1, "one")}, whole, 3)
					if first {
						won.Add(1)
					}
					return err
				})
			})
			all.Go(func() {
				_ = s.Write(context.Background(), func(tx *store.Tx) error {
					gone, err := tx.DropUpload(id)
					if gone {
						dropped.Add(1)
					}
					return err
				})
			})
		}
		all.Wait()
		if won.Load()+dropped.Load() != 1 {
			t.Errorf("%d ends and %d drops", won.Load(), dropped.Load())
		}
	}
}

func TestDropStaleUploads(t *testing.T) {
	s := founded(t)
	for i := range 3 {
		write(t, s, func(tx *store.Tx) error {
			id := fmt.Sprint("u", i)
			if err := tx.PutUpload(upload(id, id)); err != nil {
				return err
			}
			return tx.PutUploadPart(id, part(1, id))
		})
	}
	for _, c := range []struct {
		before time.Duration
		want   int64
	}{{-time.Hour, 0}, {time.Hour, 3}, {time.Hour, 0}} {
		gone, err := s.DropStaleUploads(context.Background(), time.Now().Add(c.before).UnixMilli())
		if err != nil || gone != c.want {
			t.Errorf("%d gone (%v), want %d", gone, err, c.want)
		}
	}
	if got := parts(t, s, "u1"); got != nil {
		t.Errorf("parts are left: %v", got)
	}
}
