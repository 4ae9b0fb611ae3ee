package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/store/storetest"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// founded opens a founded workspace on the engine that the test run is for.
func founded(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir(), Database: storetest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), store.Founding{Admin: "admin", AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func put(tx *store.Tx, owner string, paths ...string) error {
	for _, p := range paths {
		a := &store.Artifact{Owner: owner, Path: p, Experiment: authz.DefaultExperiment, Digest: sha256.Sum256([]byte(p)), Size: int64(len(p)), Writer: 7}
		if err := tx.PutArtifact(a); err != nil {
			return err
		}
	}
	return nil
}

// listing writes a folder's entries down, folders with a slash, going through it in pages of some size.
func listing(t testing.TB, s *store.Store, owner, folder string, page int) (names []string) {
	t.Helper()
	read(t, s, func(tx *store.Tx) error {
		for after := ""; ; {
			list, next, err := tx.ListArtifacts(owner, folder, after, page)
			if err != nil || len(list) > page {
				return fmt.Errorf("%d entries: %w", len(list), err)
			}
			for _, e := range list {
				names = append(names, e.Path+map[bool]string{true: "/"}[e.Folder])
			}
			if after = next; next == "" {
				return nil
			}
		}
	})
	return names
}

func TestListArtifacts(t *testing.T) {
	s := founded(t)
	write(t, s, func(tx *store.Tx) error {
		if err := put(tx, "other", "x", "a/x"); err != nil {
			return err
		}
		return put(tx, "run", "a-b", "a/1", "a/2/x", "a/2/y", "a.txt", "é/ü", "z", "a0", "Z")
	})
	tests := map[string]struct {
		folder string
		want   []string
	}{
		"root":   {"", []string{"Z", "a-b", "a.txt", "a/", "a0", "z", "é/"}},
		"folder": {"a", []string{"a/1", "a/2/"}},
		"deeper": {"a/2", []string{"a/2/x", "a/2/y"}},
		"letter": {"é", []string{"é/ü"}},
		"file":   {"z", nil},
		"none":   {"nothing", nil},
	}
	for name, tt := range tests {
		for _, page := range []int{1, 2, 100} {
			if diff := cmp.Diff(tt.want, listing(t, s, "run", tt.folder, page)); diff != "" {
				t.Errorf("%s in pages of %d (-want +got):\n%s", name, page, diff)
			}
		}
	}
}

// TestListJumpsOverFolders holds a listing against folders with more in them than it reads at a time.
func TestListJumpsOverFolders(t *testing.T) {
	s := founded(t)
	var want []string
	for f := range 3 {
		write(t, s, func(tx *store.Tx) error {
			for i := range 300 {
				if err := put(tx, "run", fmt.Sprintf("f%d/%03d", f, i)); err != nil {
					return err
				}
			}
			return nil
		})
		want = append(want, fmt.Sprintf("f%d/", f))
	}
	if diff := cmp.Diff(want, listing(t, s, "run", "", 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := listing(t, s, "run", "f1", 70); len(got) != 300 || got[299] != "f1/299" {
		t.Errorf("%d entries of f1", len(got))
	}
}

func TestPutArtifactConflicts(t *testing.T) {
	s := founded(t)
	write(t, s, func(tx *store.Tx) error { return put(tx, "run", "a/b/c", "file", "a/b/c") })
	for path, want := range map[string]string{
		"a": "is a folder", "a/b": "is a folder", "file/x": "is a file", "a/b/c/d/e": "is a file", "a/b/d": "", "a/bc": "", "fil": "", "file2": "",
	} {
		err := s.Write(context.Background(), func(tx *store.Tx) error { return put(tx, "run", path) })
		if want == "" && err != nil || want != "" && (!fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestDeleteArtifacts(t *testing.T) {
	s := founded(t)
	write(t, s, func(tx *store.Tx) error {
		if err := put(tx, "other", "a/1"); err != nil {
			return err
		}
		return put(tx, "run", "a/1", "a/2/x", "ab", "b")
	})
	for _, tt := range []struct {
		path string
		gone int64
		left []string
	}{
		{"nothing", 0, []string{"a/", "ab", "b"}}, {"b", 1, []string{"a/", "ab"}}, {"a", 2, []string{"ab"}}, {"", 1, nil},
	} {
		var n int64
		write(t, s, func(tx *store.Tx) (err error) {
			n, err = tx.DeleteArtifacts("run", tt.path)
			return err
		})
		if diff := cmp.Diff(tt.left, listing(t, s, "run", "", 9)); n != tt.gone || diff != "" {
			t.Errorf("%q: %d gone (-want +got):\n%s", tt.path, n, diff)
		}
	}
	if got := listing(t, s, "other", "a", 9); len(got) != 1 {
		t.Errorf("what another owner has went too: %v", got)
	}
}

func TestLoggedModels(t *testing.T) {
	s := founded(t)
	m := &tracking.LoggedModel{
		ID: "m-1", Experiment: authz.DefaultExperiment, Name: "n", Type: "sklearn", Status: tracking.ModelPending, SourceRun: "r", Created: 5, Updated: 5,
		Tags: []tracking.Pair{{Key: "t", Value: "1"}, {Key: "t", Value: "2"}}, Params: []tracking.Pair{{Key: "p", Value: "v"}},
	}
	write(t, s, func(tx *store.Tx) error { return tx.InsertLoggedModel(m, 7) })
	change := func(fn func(*store.Tx, *store.ModelHead) error) error {
		return s.Write(context.Background(), func(tx *store.Tx) error {
			h, err := tx.ModelHead("m-1")
			if err != nil {
				return err
			}
			return fn(tx, h)
		})
	}
	steps := []struct {
		name string
		do   func(*store.Tx, *store.ModelHead) error
		want fail.Kind
	}{
		{"again", func(tx *store.Tx, _ *store.ModelHead) error { return tx.InsertLoggedModel(m, 7) }, fail.Exists},
		{"same param", func(tx *store.Tx, h *store.ModelHead) error {
			return tx.LogLoggedModelParams(h, tracking.Pair{Key: "p", Value: "v"}, tracking.Pair{Key: "q", Value: "w"})
		}, 0},
		{"other param", func(tx *store.Tx, h *store.ModelHead) error {
			return tx.LogLoggedModelParams(h, tracking.Pair{Key: "p", Value: "x"})
		}, fail.Invalid},
		{"no such tag", func(tx *store.Tx, h *store.ModelHead) error { return tx.DeleteLoggedModelTag(h, "none") }, fail.NotFound},
		{"tag", func(tx *store.Tx, h *store.ModelHead) error {
			return tx.SetLoggedModelTags(h, tracking.Pair{Key: "u", Value: "3"})
		}, 0},
		{"tag away", func(tx *store.Tx, h *store.ModelHead) error { return tx.DeleteLoggedModelTag(h, "t") }, 0},
		{"no status", func(tx *store.Tx, h *store.ModelHead) error { return tx.FinalizeLoggedModel(h, tracking.ModelPending) }, fail.Invalid},
		{"ready", func(tx *store.Tx, h *store.ModelHead) error { return tx.FinalizeLoggedModel(h, tracking.ModelReady) }, 0},
	}
	for _, step := range steps {
		if err := change(step.do); step.want == 0 && err != nil || step.want != 0 && !fail.Is(err, step.want) {
			t.Errorf("%s: %v, want kind %d", step.name, err, step.want)
		}
	}
	read(t, s, func(tx *store.Tx) error {
		got, err := tx.LoggedModel("m-1")
		want := *m
		want.Status, want.Lifecycle, want.ArtifactLocation = tracking.ModelReady, search.Active, "mlflow-artifacts:/0/models/m-1/artifacts"
		want.Tags, want.Params, want.Updated = []tracking.Pair{{Key: "u", Value: "3"}}, []tracking.Pair{{Key: "p", Value: "v"}, {Key: "q", Value: "w"}}, got.Updated
		if diff := cmp.Diff(&want, got); diff != "" || got.Updated <= 5 {
			t.Errorf("(-want +got):\n%s", diff)
		}
		return err
	})
}

// TestSearchLoggedModelsFollows holds the kept index against each kind of change.
func TestSearchLoggedModelsFollows(t *testing.T) {
	s := founded(t)
	count := func(filter string) (n int) {
		t.Helper()
		read(t, s, func(tx *store.Tx) error {
			clauses, err := search.ParseFilter(tracking.LoggedModels, filter)
			if err != nil {
				return err
			}
			order, err := tracking.ParseModelOrder(nil)
			if err != nil {
				return err
			}
			page, err := tx.SearchLoggedModels(&search.Query{View: search.Active, Filter: clauses, Order: order, Limit: 9}, nil, []int64{authz.DefaultExperiment, 12345})
			n = len(page.IDs)
			return err
		})
		return n
	}
	head := func(fn func(*store.Tx, *store.ModelHead) error) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			h, err := tx.ModelHead("m-1")
			if err != nil {
				return err
			}
			return fn(tx, h)
		}
	}
	for _, step := range []struct {
		name, filter string
		do           func(*store.Tx) error
	}{
		{"insert", "name = 'n'", func(tx *store.Tx) error {
			return tx.InsertLoggedModel(&tracking.LoggedModel{ID: "m-1", Experiment: authz.DefaultExperiment, Name: "n", Status: tracking.ModelPending}, 7)
		}},
		{"tag", "tags.t = '1'", head(func(tx *store.Tx, h *store.ModelHead) error {
			return tx.SetLoggedModelTags(h, tracking.Pair{Key: "t", Value: "1"})
		})},
		{"param", "params.p = '1'", head(func(tx *store.Tx, h *store.ModelHead) error {
			return tx.LogLoggedModelParams(h, tracking.Pair{Key: "p", Value: "1"})
		})},
		{"finalize", "status = 'READY'", head(func(tx *store.Tx, h *store.ModelHead) error { return tx.FinalizeLoggedModel(h, tracking.ModelReady) })},
		{"metric", "metrics.k > 2", func(tx *store.Tx) error {
			r := &tracking.Run{ID: strings.Repeat("a", 32), Experiment: authz.DefaultExperiment, Name: "r", Lifecycle: search.Active}
			if err := tx.InsertRun(r, 7); err != nil {
				return err
			}
			h, err := tx.RunHead(r.ID)
			if err != nil {
				return err
			}
			return tx.LogMetrics(h, tracking.Metric{Key: "k", ModelID: "m-1", Point: tracking.Point{Value: 3}})
		}},
	} {
		if n := count(step.filter); n != 0 {
			t.Errorf("before %s: %d", step.name, n)
		}
		write(t, s, step.do)
		if n := count(step.filter); n != 1 {
			t.Errorf("after %s: %d", step.name, n)
		}
	}
	write(t, s, head(func(tx *store.Tx, h *store.ModelHead) error { return tx.DeleteLoggedModel(h) }))
	if n := count("name = 'n'"); n != 0 {
		t.Errorf("after delete: %d", n)
	}
}
