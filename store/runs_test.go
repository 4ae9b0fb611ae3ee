package store

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// experimentAt makes an experiment in /Shared.
func experimentAt(t *testing.T, s *Store, name string) int64 {
	t.Helper()
	o := plant(t, s, authz.Experiment, authz.FolderShared, name)
	write(t, s, func(tx *Tx) error { return tx.PutExperiment(&tracking.Experiment{ID: o.ID}) })
	return o.ID
}

func write(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func newRun(experiment int64, n int) *tracking.Run {
	return &tracking.Run{ID: fmt.Sprintf("%032x", n), Experiment: experiment, Name: fmt.Sprint("r", n), User: "ann", Status: tracking.Running,
		Start: int64(n), End: tracking.Unset, Lifecycle: search.Active}
}

// onRun writes to a run.
func onRun(t testing.TB, s *Store, id string, fn func(*Tx, *RunHead) error) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		h, err := tx.RunHead(id)
		if err != nil {
			return err
		}
		return fn(tx, h)
	})
}

func addRun(t testing.TB, s *Store, r *tracking.Run) {
	t.Helper()
	write(t, s, func(tx *Tx) error { return tx.InsertRun(r, 7) })
}

func runOf(t *testing.T, s *Store, id string) (r *tracking.Run) {
	t.Helper()
	see(t, s, func(tx *Tx) (err error) { r, err = tx.Run(id); return err })
	return r
}

func TestRunRows(t *testing.T) {
	s, _, _ := openAny(t)
	e := experimentAt(t, s, "e")
	r := newRun(e, 1)
	r.Tags = []tracking.Pair{{Key: "a", Value: "1"}, {Key: tracking.TagRunName, Value: "r1"}}
	addRun(t, s, r)
	err := s.Write(context.Background(), func(tx *Tx) error { return tx.InsertRun(r, 7) })
	if !fail.Is(err, fail.Exists) {
		t.Errorf("twice: %v", err)
	}
	name, status := "two", tracking.Finished
	onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error {
		return tx.UpdateRun(h, tracking.RunUpdate{Name: &name, Status: &status})
	})
	onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error { return tx.LogParams(h, many(100)...) })
	onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error { return tx.LogParams(h, many(70)...) })
	onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error {
		return tx.SetRunTags(h, tracking.Pair{Key: "b", Value: "1"}, tracking.Pair{Key: "b", Value: "2"}, tracking.Pair{Key: tracking.TagRunName})
	})
	onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error { return tx.DeleteRunTag(h, "a") })
	want := *r
	want.Name, want.Status, want.Params = "two", tracking.Finished, many(100)
	want.Tags = []tracking.Pair{{Key: "b", Value: "2"}, {Key: tracking.TagRunName, Value: "two"}}
	want.ArtifactURI = fmt.Sprintf("mlflow-artifacts:/%d/%s/artifacts", e, r.ID)
	byKey := cmpopts.SortSlices(func(a, b tracking.Pair) bool { return a.Key < b.Key })
	if diff := cmp.Diff(&want, runOf(t, s, r.ID), byKey); diff != "" {
		t.Error(diff)
	}
	err = s.Write(context.Background(), func(tx *Tx) error {
		return tx.LogParams(&RunHead{Run: *r}, tracking.Pair{Key: "k3", Value: "other"}, tracking.Pair{Key: "fresh", Value: "x"})
	})
	if !fail.Is(err, fail.Invalid) || len(runOf(t, s, r.ID).Params) != 100 {
		t.Errorf("a changed param: %v", err)
	}
	see(t, s, func(tx *Tx) error {
		if _, err := tx.RunHead("none"); !fail.Is(err, fail.NotFound) {
			t.Errorf("none: %v", err)
		}
		return nil
	})
}

func many(n int) (pairs []tracking.Pair) {
	for i := range n {
		pairs = append(pairs, tracking.Pair{Key: fmt.Sprint("k", i), Value: fmt.Sprint(i)})
	}
	return pairs
}

// TestLatestIsMLflows: the upsert's rule is tracking's, whatever comes in whatever order.
func TestLatestIsMLflows(t *testing.T) {
	s, _, _ := openAny(t)
	r := newRun(experimentAt(t, s, "e"), 1)
	addRun(t, s, r)
	rng := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, 1, -1, 0.5, -0.5, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}
	want := map[string]tracking.Point{}
	all := map[string][]tracking.Point{}
	for range 60 {
		var batch []tracking.Metric
		for range 1 + rng.IntN(20) {
			m := tracking.Metric{Key: fmt.Sprint("m", rng.IntN(6)), Point: tracking.Point{Timestamp: rng.Int64N(3), Step: rng.Int64N(3) - 1,
				Value: values[rng.IntN(len(values))]}}
			batch = append(batch, m)
			if old, ok := want[m.Key]; !ok || m.Newer(old) {
				want[m.Key] = m.Point
			}
			all[m.Key] = append(all[m.Key], m.Point)
		}
		onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error { return tx.LogMetrics(h, batch...) })
	}
	got := map[string]tracking.Point{}
	for _, m := range runOf(t, s, r.ID).Metrics {
		got[m.Key] = m.Point
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	for key, points := range all {
		expected, err := tracking.Merge(tracking.AppendChunk(nil, tracking.ChunkOf{}, points))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, historyOf(t, s, r.ID, key), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func historyOf(t *testing.T, s *Store, run, key string) (points []tracking.Point) {
	t.Helper()
	see(t, s, func(tx *Tx) (err error) { points, err = tx.History(run, key); return err })
	return points
}

func TestValueBits(t *testing.T) {
	values := []float64{math.Inf(-1), -math.MaxFloat64, -1, -5e-324, 0, 5e-324, 0.5, 1, math.MaxFloat64, math.Inf(1)}
	for i, v := range values {
		if valueOf(bitsOf(v)) != v || i > 0 && bitsOf(values[i-1]) >= bitsOf(v) {
			t.Errorf("%v: %d", v, bitsOf(v))
		}
	}
	if v := valueOf(bitsOf(math.NaN())); v == v || bitsOf(math.NaN()) >= bitsOf(math.Inf(-1)) {
		t.Error("NaN")
	}
}

func TestMergePoints(t *testing.T) {
	s, _, _ := openAny(t)
	r := newRun(experimentAt(t, s, "e"), 1)
	addRun(t, s, r)
	for i := range 300 {
		m := tracking.Metric{Key: "loss", Point: tracking.Point{Timestamp: int64(i), Step: int64(i), Value: float64(-i)}}
		if i%100 == 99 {
			m.DatasetName, m.DatasetDigest = "d", "1"
		}
		onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error {
			if i == 150 {
				return tx.LogMetrics(h, slices.Repeat([]tracking.Metric{m}, 900)...)
			}
			return tx.LogMetrics(h, m)
		})
	}
	before := historyOf(t, s, r.ID, "loss")
	fewer, err := s.MergePoints(context.Background())
	if err != nil || fewer != 300-6 { // three of the dataset lie between three stretches
		t.Errorf("%d fewer, %v", fewer, err)
	}
	if diff := cmp.Diff(before, historyOf(t, s, r.ID, "loss")); diff != "" || len(before) != 300 {
		t.Error(diff, len(before))
	}
	if fewer, err := s.MergePoints(context.Background()); fewer != 0 || err != nil {
		t.Errorf("again: %d, %v", fewer, err)
	}
}

// found searches an experiment and gives the names of its runs as the documents have them, which must be what the rows say.
func found(tx *Tx, experiment int64, view search.View, filter string) ([]string, error) {
	f, err := search.ParseFilter(tracking.Runs, filter)
	if err != nil {
		return nil, err
	}
	order, err := search.ParseOrder(tracking.Runs, []string{"attributes.start_time ASC"})
	if err != nil {
		return nil, err
	}
	page, err := tx.SearchRuns(&search.Query{Filter: f, Order: order, View: view, Limit: 1000}, []int64{experiment})
	if err != nil {
		return nil, err
	}
	bodies, err := tx.RunDocuments(page, 0, func(dst []byte, r *tracking.Run) []byte {
		return fmt.Appendf(dst, "%s:%d", r.Name, len(r.Metrics))
	})
	var out []string
	for _, b := range bodies {
		out = append(out, string(b))
	}
	return out, err
}

func TestSearchFollowsRuns(t *testing.T) {
	s, _, _ := openAny(t)
	e, other := experimentAt(t, s, "e"), experimentAt(t, s, "other")
	addRun(t, s, newRun(other, 99))
	check := func(view search.View, filter string, want ...string) {
		t.Helper()
		see(t, s, func(tx *Tx) error {
			got, err := found(tx, e, view, filter)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	}
	check(search.All, "")
	for i := range 3 {
		addRun(t, s, newRun(e, i))
	}
	check(search.Active, "", "r0:0", "r1:0", "r2:0")
	id := newRun(e, 1).ID
	onRun(t, s, id, func(tx *Tx, h *RunHead) error {
		return tx.LogMetrics(h, tracking.Metric{Key: "m", Point: tracking.Point{Value: 2}})
	})
	check(search.Active, "metrics.m > 1", "r1:1")
	check(search.Active, "", "r0:0", "r1:1", "r2:0")
	onRun(t, s, id, func(tx *Tx, h *RunHead) error { return tx.MoveRun(h, search.Deleted) })
	check(search.Active, "", "r0:0", "r2:0")
	check(search.Deleted, "", "r1:1")
	onRun(t, s, id, func(tx *Tx, h *RunHead) error { return tx.PurgeRun(h) })
	check(search.All, "", "r0:0", "r2:0")
	write(t, s, func(tx *Tx) error { _, err := tx.DeleteRuns(e, 0, 9); return err })
	check(search.Active, "", "r2:0")
	write(t, s, func(tx *Tx) error { _, err := tx.RestoreRuns(e, 1, 9); return err })
	check(search.Active, "", "r0:0", "r2:0")
	o, _ := s.Map().Object(e)
	change(t, s, func(tx *Tx) error { return tx.Trash(*o, 7) })
	check(search.Active, "")
	check(search.Deleted, "", "r0:0", "r2:0")
	back, _ := s.Map().Object(e)
	next := *back
	next.Trashed = false
	change(t, s, func(tx *Tx) error { return tx.Place(next) })
	check(search.Active, "", "r0:0", "r2:0")
}

// TestSearchSeesWhatIsCommitted: a search that begins after a write was answered sees it, whoever else searches and writes.
func TestSearchSeesWhatIsCommitted(t *testing.T) {
	s, _, _ := openAny(t)
	e := experimentAt(t, s, "e")
	var all sync.WaitGroup
	for w := range 6 {
		all.Go(func() {
			for i := range 25 {
				r := newRun(e, 1000*w+i)
				if err := s.Write(context.Background(), func(tx *Tx) error { return tx.InsertRun(r, 7) }); err != nil {
					t.Error(err)
				}
				err := s.Read(context.Background(), func(tx *Tx) error {
					got, err := found(tx, e, search.Active, "run_name LIKE 'r%'")
					if !slices.Contains(got, r.Name+":0") {
						t.Errorf("%s is not among %s", r.Name, strings.Join(got, " "))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	see(t, s, func(tx *Tx) error {
		got, err := found(tx, e, search.Active, "")
		if len(got) != 150 {
			t.Errorf("%d runs", len(got))
		}
		return err
	})
}

// TestWritesDoNotSearch: what may yet be rolled back must not come into an index.
func TestWritesDoNotSearch(t *testing.T) {
	s, _, _ := openAny(t)
	e := experimentAt(t, s, "e")
	err := s.Write(context.Background(), func(tx *Tx) error { _, err := found(tx, e, search.Active, ""); return err })
	if !fail.Is(err, fail.Internal) {
		t.Error(err)
	}
}

// sized is an index that only has a size.
type sized int64

func (s sized) Size() int64 { return int64(s) }

func TestIndexesAreBounded(t *testing.T) {
	x := newIndexes(1000, indexRows[sized]{})
	for id := range int64(5) {
		e := x.entry(id)
		e.index = 400
		x.weigh(e)
	}
	x.entry(3)
	e := x.entry(9)
	e.index = 500
	x.weigh(e)
	var left []int64
	for id := range x.of {
		left = append(left, id)
	}
	slices.Sort(left)
	if diff := cmp.Diff([]int64{3, 9}, left); diff != "" {
		t.Error(diff)
	}
	d := newDocuments(3 * (documentCost + 10))
	for i := range 4 {
		d.put(documentKey{id: fmt.Sprint(i)}, 1, make([]byte, 10))
		d.get(documentKey{id: "0"}, 1)
	}
	if d.get(documentKey{id: "0"}, 1) == nil || d.get(documentKey{id: "1"}, 1) != nil || d.get(documentKey{id: "3"}, 2) != nil {
		t.Error("the wrong documents are kept")
	}
	d.put(documentKey{id: "0"}, 2, make([]byte, 5))
	if d.get(documentKey{id: "0"}, 1) != nil || len(d.get(documentKey{id: "0"}, 2)) != 5 || d.bytes != 3*documentCost+25 {
		t.Errorf("%d bytes", d.bytes)
	}
}
