package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// newestQuery is the search that needs no index.
func newestQuery(view search.View, limit int, after search.Cursor) *search.Query {
	return &search.Query{View: view, Limit: limit, Order: tracking.Runs.Default, After: after}
}

// scattered makes runs of an experiment that often start together, some of them deleted, in no order of ids.
func scattered(t testing.TB, s *Store, rng *rand.Rand, experiment int64, n int) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		for range n {
			r := newRun(experiment, rng.Int())
			r.Start = rng.Int64N(int64(n) / 4)
			if rng.IntN(3) == 0 {
				r.Lifecycle = search.Deleted
			}
			if err := tx.InsertRun(r, 7); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestColdPagesAreTheIndexs: whatever the view and the page, the tables and an index answer the same, to the stamp and the cursor.
func TestColdPagesAreTheIndexs(t *testing.T) {
	s, _, _ := openAny(t)
	rng := rand.New(rand.NewPCG(3, 4))
	e, other := experimentAt(t, s, "e"), experimentAt(t, s, "other")
	scattered(t, s, rng, e, 400)
	scattered(t, s, rng, other, 40)
	for _, view := range []search.View{search.Active, search.Deleted} {
		for _, limit := range []int{1, 7, 64, 1000} {
			see(t, s, func(tx *Tx) error {
				seen := map[string]bool{}
				for after, more := search.Cursor(nil), true; more; {
					q := newestQuery(view, limit, after)
					cold, err := tx.newestRuns(q, e)
					if err != nil {
						return err
					}
					if diff := cmp.Diff(indexed(t, tx, q, e), cold, cmp.AllowUnexported(RunPage{})); diff != "" {
						t.Fatalf("view %d, limit %d, after %v (-index +tables)\n%s", view, limit, after, diff)
					}
					for _, id := range cold.IDs {
						seen[id] = true
					}
					after, more = cold.Next, cold.More
				}
				if len(seen) < 50 {
					t.Errorf("view %d, limit %d: only %d runs", view, limit, len(seen))
				}
				return nil
			})
		}
	}
}

// filterOf is the filter of some runs.
func filterOf(t *testing.T, ids ...string) search.Filter {
	t.Helper()
	f, err := search.ParseFilter(tracking.Runs, "run_id IN ('"+strings.Join(ids, "', '")+"')")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNamedRunsAreTheIndexs(t *testing.T) {
	s, _, _ := openAny(t)
	rng := rand.New(rand.NewPCG(7, 8))
	e, other := experimentAt(t, s, "e"), experimentAt(t, s, "other")
	scattered(t, s, rng, e, 60)
	scattered(t, s, rng, other, 10)
	var ids []string
	see(t, s, func(tx *Tx) error {
		all := slices.Concat(indexed(t, tx, newestQuery(search.All, 100, nil), e).IDs, indexed(t, tx, newestQuery(search.All, 100, nil), other).IDs)
		for i, id := range all {
			if i%2 == 0 {
				ids = append(ids, id)
			}
		}
		return nil
	})
	ids = append(ids, "none")
	check := func() {
		t.Helper()
		see(t, s, func(tx *Tx) error {
			for _, view := range []search.View{search.Active, search.Deleted, search.All} {
				q := newestQuery(view, 7, search.Cursor{{Int: 9}, {Text: ids[0]}})
				q.Filter = filterOf(t, ids...)
				got, err := tx.namedRuns(q, e, ids)
				if err != nil {
					return err
				}
				if diff := cmp.Diff(indexed(t, tx, q, e), got, cmp.AllowUnexported(RunPage{}), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("view %d (-index +tables)\n%s", view, diff)
				}
			}
			return nil
		})
	}
	check()
	o, _ := s.Map().Object(e)
	change(t, s, func(tx *Tx) error { return tx.Trash(*o, 7) })
	check()
}

// indexed is the index's answer.
func indexed(t *testing.T, tx *Tx, q *search.Query, experiment int64) RunPage {
	t.Helper()
	entries, list, err := tx.s.runs.refreshed(tx, []int64{experiment})
	if err != nil {
		t.Fatal(err)
	}
	p := RunPage{Page: tracking.SearchRuns(q, list...)}
	p.stamps, p.trashed = make([]int64, len(p.IDs)), make([]bool, len(p.IDs))
	markRuns(entries[0], &p)
	return p
}

// isCold says whether a search would be answered from the tables.
func isCold(t *testing.T, s *Store, q *search.Query, experiments ...int64) (ok bool) {
	t.Helper()
	see(t, s, func(tx *Tx) (err error) { _, ok, err = tx.coldRuns(q, experiments); return err })
	return ok
}

func TestWhichSearchesNeedAnIndex(t *testing.T) {
	s, _, _ := openAny(t)
	e, other := experimentAt(t, s, "e"), experimentAt(t, s, "other")
	addRun(t, s, newRun(e, 1))
	s.runs.close() // nothing is filled beside requests here
	filter, err := search.ParseFilter(tracking.Runs, "run_name = 'r1'")
	if err != nil {
		t.Fatal(err)
	}
	usual := newestQuery(search.Active, 5, nil)
	for _, c := range []struct {
		what        string
		q           *search.Query
		experiments []int64
		want        bool
	}{
		{"first page", usual, []int64{e}, true},
		{"next page", newestQuery(search.Active, 5, search.Cursor{{Int: 3}, {Text: "a"}}), []int64{e}, true},
		{"deleted", newestQuery(search.Deleted, 5, nil), []int64{e}, true},
		{"all", newestQuery(search.All, 5, nil), []int64{e}, false},
		{"a filter", &search.Query{View: search.Active, Limit: 5, Order: tracking.Runs.Default, Filter: filter}, []int64{e}, false},
		{"runs by id", &search.Query{View: search.All, Limit: 5, Order: tracking.Runs.Default, Filter: filterOf(t, newRun(e, 1).ID)}, []int64{e}, true},
		{"another order", &search.Query{View: search.Active, Limit: 5, Order: tracking.Runs.Default[1:]}, []int64{e}, false},
		{"a cursor without a start", newestQuery(search.Active, 5, search.Cursor{search.NoKey, {Text: "a"}}), []int64{e}, false},
		{"two experiments", usual, []int64{e, other}, false},
		{"none", usual, nil, false},
		{"no experiment", usual, []int64{12345}, false},
	} {
		if got := isCold(t, s, c.q, c.experiments...); got != c.want {
			t.Errorf("%s: %t", c.what, got)
		}
	}
	see(t, s, func(tx *Tx) error { indexed(t, tx, usual, e); return nil })
	if isCold(t, s, usual, e) {
		t.Error("cold with an index")
	}
	onRun(t, s, newRun(e, 1).ID, func(tx *Tx, h *RunHead) error { return tx.PurgeRun(h) })
	if !isCold(t, s, usual, e) {
		t.Error("not cold when runs were purged")
	}
	o, _ := s.Map().Object(e)
	change(t, s, func(tx *Tx) error { return tx.Trash(*o, 7) })
	if isCold(t, s, usual, e) {
		t.Error("the trash is the index's")
	}
}

// TestIndexIsFilledBesides: the first search does not wait for the index, one of the next ones has it, and a store closes while one is filled.
func TestIndexIsFilledBesides(t *testing.T) {
	s, _, o := openAny(t)
	e := experimentAt(t, s, "e")
	scattered(t, s, rand.New(rand.NewPCG(5, 6)), e, 2000)
	page := func() (p RunPage) {
		see(t, s, func(tx *Tx) (err error) {
			p, err = tx.SearchRuns(newestQuery(search.Active, 50, nil), []int64{e})
			return err
		})
		return p
	}
	first := page()
	s.runs.fills.Wait()
	if isCold(t, s, newestQuery(search.Active, 50, nil), e) {
		t.Error("the index was not filled")
	}
	if diff := cmp.Diff(first, page(), cmp.AllowUnexported(RunPage{})); diff != "" || len(first.IDs) != 50 {
		t.Error(diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	see(t, again, func(tx *Tx) error {
		_, err := tx.SearchRuns(newestQuery(search.Active, 50, nil), []int64{e})
		return err
	})
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	again.runs.fillLater(again, e)
	if again.runs.filling {
		t.Error("filled after the end")
	}
}

// BenchmarkFirstSearch is what a search costs that finds no index: of an order that needs one, and of the usual one.
//
//	go test ./store -run '^$' -bench FirstSearch -benchtime 3x
func BenchmarkFirstSearch(b *testing.B) {
	s, _, _ := openAny(b)
	const e = 2000
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		o := authz.Object{ID: e, Kind: authz.Experiment, Parent: authz.FolderShared, Name: "e"}
		return errors.Join(tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}), tx.PutExperiment(&tracking.Experiment{ID: e}),
			tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, 0))
	})
	if err != nil {
		b.Fatal(err)
	}
	for n := range 20 {
		write(b, s, func(tx *Tx) error { return fillBench(tx, e, 1000*n, 1000) })
	}
	for _, c := range []struct {
		name string
		view search.View
	}{{"index", search.All}, {"tables", search.Active}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.runs = newIndexes(maxIndexes, runRows)
				err := s.Read(context.Background(), func(tx *Tx) error {
					p, err := tx.SearchRuns(newestQuery(c.view, 200, nil), []int64{e})
					if len(p.IDs) != 200 {
						b.Errorf("%d runs", len(p.IDs))
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.runs.close()
				b.StartTimer()
			}
		})
	}
}

func fillBench(tx *Tx, experiment int64, from, n int) error {
	for i := from; i < from+n; i++ {
		r := newRun(experiment, i)
		r.Tags = []tracking.Pair{{Key: "mlflow.user", Value: "ann"}, {Key: tracking.TagRunName, Value: r.Name}}
		if err := tx.InsertRun(r, 7); err != nil {
			return err
		}
		h := &RunHead{Run: *r}
		metrics := []tracking.Metric{{Key: "acc", Point: tracking.Point{Value: float64(i)}}, {Key: "loss"}, {Key: "f1"}}
		if err := tx.LogMetrics(h, metrics...); err != nil {
			return err
		}
		if err := tx.LogParams(h, tracking.Pair{Key: "lr", Value: fmt.Sprint(i % 9)}, tracking.Pair{Key: "depth", Value: "3"}); err != nil {
			return err
		}
	}
	return nil
}
