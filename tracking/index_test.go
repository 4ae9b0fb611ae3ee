package tracking

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"bailiwick/fail"
	"bailiwick/tracking/search"
	"bailiwick/workspace"

	"github.com/google/go-cmp/cmp"
)

// TestExperimentScopes compares what callers see with a look at each row, for scopes of all sizes, while rows change their place.
func TestExperimentScopes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	x, rows := NewExperimentIndex(), map[int64]*ExperimentRow{}
	for step := range 3000 {
		id := int64(1 + rng.IntN(700))
		if rng.IntN(5) == 0 {
			_, had := rows[id]
			if delete(rows, id); x.Remove(id) != had {
				t.Fatalf("step %d", step)
			}
			continue
		}
		row := &ExperimentRow{Experiment: Experiment{ID: id, Name: fmt.Sprintf("/Users/u%d/e%d", rng.IntN(4), id), Lifecycle: search.Active,
			Created: int64(rng.IntN(50)), Relative: rng.IntN(2) == 0},
			Right: search.Right{ACL: int64(rng.IntN(100)), Creator: int64(rng.IntN(5)), CreatorManages: rng.IntN(9) == 0}}
		rows[id] = row
		x.Upsert(row)
		if step%300 == 0 {
			checkScopes(t, rng, x, rows)
		}
	}
	checkScopes(t, rng, x, rows)
	if x.Len() != len(rows) || x.Size() < int64(100*len(rows)) {
		t.Errorf("%d rows, %d bytes", x.Len(), x.Size())
	}
}

func checkScopes(t *testing.T, rng *rand.Rand, x *ExperimentIndex, rows map[int64]*ExperimentRow) {
	t.Helper()
	for _, n := range []int{0, 1, 2, 30, 100, 500} {
		acls := []int64{-1}
		for range n {
			acls = append(acls, rng.Int64N(120))
		}
		scope := scopeOf(rng.Int64N(6), acls...)
		for _, filter := range []string{"", "name LIKE 'e%'", "experiment_id != '5' AND creation_time > 10"} {
			q := query(t, Experiments, 7, filter)
			var want, got []int64
			for _, r := range rows {
				if scope.Admits(r.ACL, r.Creator, r.CreatorManages) && naiveExperiment(r, filter, "/Users/u1") {
					want = append(want, r.ID)
				}
			}
			slices.SortFunc(want, func(a, b int64) int {
				if d := rows[b].Created - rows[a].Created; d != 0 {
					return int(d)
				}
				return int(a - b)
			})
			for more := true; more; {
				page := x.Search(q, scope, workspace.Names{Home: "/Users/u1"})
				for _, id := range page.IDs {
					var n int64
					fmt.Sscan(id, &n)
					got = append(got, n)
				}
				q.After, more = page.Next, page.More
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d acl objects, %q: %s", n, filter, diff)
			}
		}
	}
}

func naiveExperiment(r *ExperimentRow, filter, home string) bool {
	switch {
	case strings.HasPrefix(filter, "name"):
		return strings.HasPrefix(workspace.Names{Home: home}.Shown(r.Name, r.Relative), "e")
	case strings.HasPrefix(filter, "experiment_id"):
		return r.ID != 5 && r.Created > 10
	}
	return true
}

func TestExperimentNamesAsSeen(t *testing.T) {
	x := NewExperimentIndex()
	for i, name := range []string{"/Users/ann/churn", "/Users/bob/churn", "/Shared/churn", "/Users/ann/a/churn"} {
		x.Upsert(&ExperimentRow{Experiment: Experiment{ID: int64(i + 1), Name: name, Lifecycle: search.Active, Tags: []Pair{{Key: "k", Value: name}}, Relative: true}})
	}
	for _, c := range []struct{ filter, home, order, want string }{
		{"name = 'churn'", "/Users/ann", "", "1"}, {"name = 'churn'", "", "", ""}, {"name = 'churn'", "/Users/bob", "", "2"},
		{"name = '/Users/ann/churn'", "/Users/ann", "", ""}, {"name = '/Users/ann/churn'", "/Users/bob", "", "1"},
		{"name = '/Users/ann/churn'", "", "", "1"}, {"name = 'a/churn'", "/Users/ann", "", "4"}, {"name != 'churn'", "/Users/ann", "experiment_id", "2 3 4"},
		{"name LIKE '/Users/%'", "/Users/ann", "", "2"}, {"", "/Users/ann", "name", "3 2 4 1"}, {"", "", "name DESC", "2 1 4 3"},
		{"tags.k IS NOT NULL AND name ILIKE '%CHURN'", "", "experiment_id DESC", "4 3 2 1"}, {"experiment_id IN ('2', '9')", "", "", "2"},
	} {
		var order []string
		if c.order != "" {
			order = []string{c.order}
		}
		page := x.Search(query(t, Experiments, 10, c.filter, order...), everything{}, workspace.Names{Home: c.home})
		if got := strings.Join(page.IDs, " "); got != c.want {
			t.Errorf("%q as %q by %q: %s, want %s", c.filter, c.home, c.order, got, c.want)
		}
	}
}

// TestExperimentIDsAreNumbers: among experiments of one time, 9 comes before 10.
func TestExperimentIDsAreNumbers(t *testing.T) {
	x := NewExperimentIndex()
	for _, id := range []int64{10, 9, 100, 0, 2} {
		x.Upsert(&ExperimentRow{Experiment: Experiment{ID: id, Name: fmt.Sprint(id), Lifecycle: search.Active}})
	}
	q := query(t, Experiments, 3, "")
	first := x.Search(q, everything{}, workspace.Names{})
	q.After = first.Next
	second := x.Search(q, everything{}, workspace.Names{})
	if got := strings.Join(append(first.IDs, second.IDs...), " "); got != "0 2 9 10 100" {
		t.Error(got)
	}
}

func TestRunIndexFollows(t *testing.T) {
	x := NewRunIndex()
	r := &Run{ID: strings.Repeat("a", 32), Name: "n", Status: Running, Start: 5, End: Unset, Lifecycle: search.Active, ArtifactURI: "x/" + strings.Repeat("a", 32),
		Tags: []Pair{{Key: "t", Value: "1"}}, Datasets: []DatasetInput{{Dataset: Dataset{Name: "d"}}}}
	x.Upsert(r)
	finds := func(filter string, want bool) {
		t.Helper()
		if got := len(x.Search(query(t, Runs, 10, filter)).IDs) == 1; got != want {
			t.Errorf("%q: %v", filter, got)
		}
	}
	finds("end_time > 0", false)
	finds("tags.t = '1' AND dataset.name = 'd'", true)
	finds("artifact_uri = 'x/"+r.ID+"'", true)
	finds("dataset.context != 'x'", false)
	r.Tags, r.Datasets, r.End, r.Status = nil, nil, 9, Finished
	x.Upsert(r)
	finds("end_time > 0 AND status = 'FINISHED' AND tags.t IS NULL", true)
	finds("tags.t = '1'", false)
	finds("dataset.name = 'd'", false)
	r.Lifecycle = search.Deleted
	x.Upsert(r)
	finds("", false)
	if !x.Remove(r.ID) || x.Remove(r.ID) || x.Len() != 0 || x.Size() <= 0 {
		t.Error("Remove")
	}
}

// TestManyIndexesAreOne spreads runs over 30 indexes: a search over all gives what one index of all runs gives, page by page.
func TestManyIndexesAreOne(t *testing.T) {
	rng, one, many := rand.New(rand.NewPCG(4, 4)), NewRunIndex(), make([]*RunIndex, 30)
	for i := range many {
		many[i] = NewRunIndex()
	}
	for i := range 600 {
		r := benchRun(rng, i)
		r.Start -= r.Start % 20_000 // so that many tie
		one.Upsert(r)
		many[rng.IntN(len(many))].Upsert(r)
	}
	for _, c := range []struct {
		filter string
		order  []string
	}{
		{"", nil}, {"", []string{"params.param_1 DESC"}}, {"metrics.metric_0 > 0.5", nil}, {"params.param_1 = '3'", []string{"metrics.metric_2"}},
		{"run_name LIKE '%a%'", []string{"run_name", "metrics.metric_1 DESC"}}, {"start_time > 1700000300000", []string{"start_time"}},
	} {
		q := query(t, Runs, 41, c.filter, c.order...)
		for more := true; more; {
			want, got := one.Search(q), SearchRuns(q, append(many, many[0])...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q %q: %s", c.filter, c.order, diff)
			}
			q.After, more = got.Next, got.More
		}
	}
}

func TestModelOrderErrors(t *testing.T) {
	for _, c := range []struct {
		order ModelOrder
		want  string
	}{
		{ModelOrder{Field: "metrics.a", DatasetDigest: "x"}, "order_by[0]: dataset_digest can only be given together"},
		{ModelOrder{Field: "params.a"}, "Invalid order by field name: params.a"},
		{ModelOrder{Field: "metrics."}, "Invalid order by field name"},
		{ModelOrder{}, "Invalid order by field name"},
	} {
		_, err := ParseModelOrder([]ModelOrder{c.order})
		refused(t, c.order.Field, err, c.want)
	}
	_, err := ParseModelOrder([]ModelOrder{{Field: "name"}, {Field: " name", Descending: true}})
	refused(t, "twice", err, "duplicate fields")
	_, err = ParseModelOrder(make([]ModelOrder, 51))
	refused(t, "many", err, "at most 50 keys")
	if _, err := ParseModelOrder([]ModelOrder{{Field: "metrics.a", DatasetName: "d"}, {Field: "metrics.a", DatasetName: "e"}}); err != nil {
		t.Error(err)
	}
	if err := CheckDatasets([]DatasetFilter{{Digest: "x"}}); !fail.Is(err, fail.Invalid) {
		t.Error(err)
	}
}

func TestModelIndexForgets(t *testing.T) {
	x := NewLoggedModelIndex()
	x.Upsert(&LoggedModel{ID: "m-1", Name: "n", Status: ModelReady, Lifecycle: search.Active, Metrics: []ModelMetric{{Metric: Metric{Key: "a"}}}})
	if page := SearchModels(query(t, LoggedModels, 1, "metrics.a = 0 AND status = 'READY'"), nil, x); len(page.IDs) != 1 {
		t.Error(page)
	}
	if x.Len() != 1 || x.Size() == 0 || !x.Remove("m-1") || x.Remove("m-1") || len(x.metrics) != 0 {
		t.Error("Remove")
	}
}

// TestReadersBesideAWriter is for the race detector.
func TestReadersBesideAWriter(t *testing.T) {
	x, rng := benchRuns(200), rand.New(rand.NewPCG(1, 2))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			q := query(t, Runs, 50, "metrics.metric_1 > 0.1 AND tags.tag_1 LIKE '%1%'", "params.param_4")
			for range 50 {
				x.Search(q)
				x.Size()
			}
		})
	}
	for i := range 400 {
		r := benchRun(rng, i)
		x.Upsert(r)
		if i%3 == 0 {
			x.Remove(r.ID)
		}
	}
	wg.Wait()
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"metrics.a > 1 AND params.`b c` LIKE 'x%'", "run_id NOT IN ('a', \"b\",)", "tags.\"é\" IS NOT NULL", "start_time <= -1.5e3",
		"dataset.name = 'it''s'", "`run name`='", "metrics.a=1 OR", "AND AND", "a.b.c.", "params.x = \"\\\"", "\u00a0metrics.a\u2003= 1"} {
		f.Add(s)
	}
	x := benchRuns(20)
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []*search.Domain{Runs, Experiments, LoggedModels} {
			filter, err := search.ParseFilter(d, s)
			if err != nil && !fail.Is(err, fail.Invalid) {
				t.Errorf("%q: %v", s, err)
			}
			if err != nil || d != Runs {
				continue
			}
			again, err := search.ParseFilter(d, s+" AND "+s)
			if s != "" && len(filter) <= search.MaxClauses/2 && (err != nil || len(again) != 2*len(filter)) {
				t.Errorf("%q twice: %v", s, err)
			}
			x.Search(&search.Query{Filter: filter, Order: Runs.Default, View: search.All, Limit: 5})
		}
	})
}

func FuzzOrder(f *testing.F) {
	for _, s := range []string{"metrics.`a b` DESC", "start_time", "tags.\"x\" asc", "params.a desc desc", "", "`run name`", "metrics.desc"} {
		f.Add(s, "run_id")
	}
	x := benchRuns(20)
	f.Fuzz(func(t *testing.T, a, b string) {
		order, err := search.ParseOrder(Runs, []string{a, b})
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Errorf("%q %q: %v", a, b, err)
			}
			return
		}
		if n := len(x.Search(&search.Query{Order: order, View: search.All, Limit: 50}).IDs); n != 20 {
			t.Errorf("%q %q: %d runs", a, b, n)
		}
	})
}

func TestNamedRuns(t *testing.T) {
	for filter, want := range map[string][]string{
		"":                                     nil,
		"run_id IN ('a', 'b')":                 {"a", "b"},
		"attributes.run_id = 'a'":              {"a"},
		"run_id != 'a'":                        nil,
		"run_id NOT IN ('a')":                  nil,
		"run_id LIKE 'a%'":                     nil,
		"run_name = 'a'":                       nil,
		"tags.run_id = 'a'":                    nil,
		"run_id IN ('a') AND run_name = 'one'": nil,
	} {
		f, err := search.ParseFilter(Runs, filter)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, NamedRuns(f)); diff != "" {
			t.Errorf("%q: %s", filter, diff)
		}
	}
}
