package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/tracking"
)

// change runs fn alone and records it.
func change(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// see runs fn in a read.
func see(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// plant makes an object of the tree.
func plant(t *testing.T, s *Store, kind authz.Kind, parent int64, name string) authz.Object {
	t.Helper()
	o := authz.Object{ID: NewObjectID(), Kind: kind, Parent: parent, Name: name}
	change(t, s, func(tx *Tx) error { return tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}) })
	return o
}

func TestItems(t *testing.T) {
	s := open(t)
	file, other := plant(t, s, authz.File, authz.FolderShared, "a"), plant(t, s, authz.File, authz.FolderShared, "b")
	change(t, s, func(tx *Tx) error {
		if err := tx.PutItem(file.ID, "", "RAW", []byte("first")); err != nil {
			return err
		}
		if err := tx.PutItem(file.ID, "PYTHON", "SOURCE", nil); err != nil {
			return err
		}
		return tx.CopyItem(file.ID, other.ID)
	})
	see(t, s, func(tx *Tx) error {
		it, content, err := tx.Item(other.ID)
		if diff := cmp.Diff(Item{Language: "PYTHON", Format: "SOURCE", Modified: it.Modified}, it); diff != "" || len(content) != 0 ||
			it.Modified == 0 {
			t.Errorf("copy %q (-want +got):\n%s", content, diff)
		}
		if err != nil {
			return err
		}
		nodes, err := tx.NodesIn(authz.FolderShared)
		if n := nodes[other.ID]; n.Language != "PYTHON" || n.Created == 0 || len(nodes) != 3 {
			t.Errorf("nodes %+v", nodes)
		}
		if _, _, err := tx.Item(authz.FolderShared); !fail.Is(err, fail.NotFound) {
			t.Errorf("the content of a folder: %v", err)
		}
		return err
	})
}

func TestTrash(t *testing.T) {
	s := open(t)
	var want []int64
	for i := range 600 { // more than one page
		o := plant(t, s, authz.Directory, authz.FolderShared, fmt.Sprint(i))
		change(t, s, func(tx *Tx) error { return tx.Trash(o, authz.System) })
		want = append(want, o.ID)
	}
	see(t, s, func(tx *Tx) error {
		var got []int64
		err := tx.EachTrashed(Trashed{}, func(r Trashed) bool { got = append(got, r.Object); return len(got) < 599 })
		if len(got) != 599 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 599 {
			t.Errorf("%d of %d visited", len(got), len(want))
		}
		return err
	})
	change(t, s, func(tx *Tx) error {
		o, _ := tx.Map.Object(want[0])
		back := *o
		back.Trashed = false
		return tx.Place(back)
	})
	see(t, s, func(tx *Tx) error {
		_, found, err := tx.InTrash(want[0])
		if found || tx.Map.InTrash(want[0]) {
			t.Error("what was restored is in the trash")
		}
		return err
	})
}

// crowded makes an experiment with runs and a logged model, in a folder beside a notebook.
func crowded(t *testing.T, s *Store, runs int) (folder authz.Object) {
	t.Helper()
	folder = plant(t, s, authz.Directory, authz.FolderShared, "f")
	e, nb := plant(t, s, authz.Experiment, folder.ID, "e"), plant(t, s, authz.Notebook, folder.ID, "nb")
	change(t, s, func(tx *Tx) error {
		if err := tx.PutExperiment(&tracking.Experiment{ID: e.ID, Tags: []tracking.Pair{{Key: "a", Value: "b"}}}); err != nil {
			return err
		}
		for i := range runs {
			id := fmt.Sprintf("%032d", i)
			for _, q := range []string{
				"INSERT INTO params (run, key, value) VALUES (?, 'k', 'v')", "INSERT INTO tags (run, key, value) VALUES (?, 'k', 'v')",
			} {
				if err := tx.do(q, id); err != nil {
					return err
				}
			}
			if err := tx.InsertRun(&tracking.Run{ID: id, Experiment: e.ID}, authz.System); err != nil {
				return err
			}
		}
		return tx.PutItem(nb.ID, "PYTHON", "SOURCE", []byte("x"))
	})
	return folder
}

// rows counts the rows of a table.
func rows(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	see(t, s, func(tx *Tx) error {
		_, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM "+table)
		return err
	})
	return n
}

// TestPurge: batch by batch everything goes, and nothing else does.
func TestPurge(t *testing.T) {
	s := open(t)
	before := map[string]int{}
	tables := []string{"objects", "experiments", "runs", "params", "tags", "items", "trash", "experiment_tags"}
	for _, table := range tables {
		before[table] = rows(t, s, table)
	}
	folder := crowded(t, s, 5)
	change(t, s, func(tx *Tx) error { return tx.Trash(folder, authz.System) })
	calls := 0
	for left := true; left; calls++ {
		change(t, s, func(tx *Tx) error {
			gone, more, err := tx.Purge(folder.ID, 2)
			if left = more; gone > 3 || gone == 0 {
				t.Errorf("call %d: %d gone", calls, gone)
			}
			if _, ok := tx.Map.Object(folder.ID); ok != more {
				t.Errorf("call %d: more is %v, the folder is there: %v", calls, more, ok)
			}
			return err
		})
	}
	for _, table := range tables {
		if n := rows(t, s, table); n != before[table] {
			t.Errorf("%s has %d rows, had %d", table, n, before[table])
		}
	}
	if calls < 4 {
		t.Errorf("%d calls", calls)
	}
}

// TestPurgeTrash: only what is old enough, and it is on record.
func TestPurgeTrash(t *testing.T) {
	s := open(t)
	folder := crowded(t, s, 3)
	change(t, s, func(tx *Tx) error { return tx.Trash(folder, authz.System) })
	at := s.now()
	if gone, err := s.PurgeTrash(context.Background(), at-aMinute); err != nil || gone != 0 {
		t.Fatalf("too early: %d %v", gone, err)
	}
	gone, err := s.PurgeTrash(context.Background(), at+aMinute)
	if err != nil || gone != 6 {
		t.Fatalf("%d gone, %v", gone, err)
	}
	var n int
	see(t, s, func(tx *Tx) error {
		_, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM ledger WHERE action = 'purgeExpired' AND object = ?", folder.ID)
		return err
	})
	if n != 1 || rows(t, s, "trash") != 0 {
		t.Errorf("%d entries, %d rows in the trash", n, rows(t, s, "trash"))
	}
}

const aMinute = 60_000 // a minute, in ms
