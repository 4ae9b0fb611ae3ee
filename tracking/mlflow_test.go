package tracking

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"bailiwick/tracking/search"

	"github.com/google/go-cmp/cmp"
)

// store is testdata/searches.json: the content of a real MLflow store and its answers (testdata/searches.py).
type store struct {
	Runs []struct {
		ID, Name, User, Status, Stage, URI string
		Experiment                         string
		Start                              int64
		End                                *int64
		Logged                             [][]any
		Latest, Params, Tags               map[string]string
		Datasets                           [][3]string
	}
	Searches []struct {
		Filter string
		Order  []string
		View   search.View
		IDs    []string
	}
	History struct {
		Logged, History [][]any
		Samples         []struct {
			Max         int
			First, Last *int64
			Points      [][]any
		}
	}
	Models []struct {
		ID, Experiment, Name, Type, Status, Run, Stage string
		Created, Updated                               int64
		Params, Tags                                   map[string]string
		Metrics                                        [][]any
	}
	ModelSearches []struct {
		Filter   string
		Datasets []struct {
			Name   string `json:"dataset_name"`
			Digest string `json:"dataset_digest"`
		}
		Order []struct {
			Field     string `json:"field_name"`
			Ascending *bool
			Name      string `json:"dataset_name"`
			Digest    string `json:"dataset_digest"`
		}
		IDs []string
	} `json:"model_searches"`
}

func readStore(t testing.TB) *store {
	t.Helper()
	data, err := os.ReadFile("testdata/searches.json")
	if err != nil {
		t.Fatal(err)
	}
	s := new(store)
	if err := json.Unmarshal(data, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func pairs(m map[string]string) []Pair {
	var out []Pair
	for k, v := range m {
		out = append(out, Pair{Key: k, Value: v})
	}
	return out
}

func stage(name string) Lifecycle {
	return map[string]Lifecycle{"active": search.Active, "deleted": search.Deleted}[name]
}

// point reads [value, timestamp, step].
func point(t testing.TB, p []any) Point {
	t.Helper()
	v, err := strconv.ParseFloat(fmt.Sprint(p[0]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return Point{Value: v, Timestamp: int64(p[1].(float64)), Step: int64(p[2].(float64))}
}

// runs gives the store's runs, their latest metrics found by Latest.
func (s *store) runs(t testing.TB) map[string][]*Run {
	out := map[string][]*Run{}
	for _, r := range s.Runs {
		status, _ := ParseRunStatus(r.Status)
		run := &Run{ID: r.ID, Name: r.Name, User: r.User, Status: status, Start: r.Start, End: Unset, Lifecycle: stage(r.Stage), ArtifactURI: r.URI,
			Params: pairs(r.Params), Tags: pairs(r.Tags)}
		if r.End != nil {
			run.End = *r.End
		}
		for _, d := range r.Datasets {
			in := DatasetInput{Dataset: Dataset{Name: d[0], Digest: d[1]}}
			if d[2] != "" {
				in.Tags = []Pair{{Key: TagDatasetContext, Value: d[2]}}
			}
			run.Datasets = append(run.Datasets, in)
		}
		var logged []Metric
		for _, m := range r.Logged {
			p := point(t, m[1:])
			p.Value = StoredValue(p.Value)
			logged = append(logged, Metric{Key: m[0].(string), Point: p})
		}
		run.Metrics = Latest(logged)
		out[r.Experiment] = append(out[r.Experiment], run)
	}
	return out
}

func TestLatestAgainstMLflow(t *testing.T) {
	s := readStore(t)
	runs := map[string]*Run{}
	for _, list := range s.runs(t) {
		for _, r := range list {
			runs[r.ID] = r
		}
	}
	for _, r := range s.Runs {
		for _, m := range runs[r.ID].Metrics {
			if want := point(t, []any{r.Latest[m.Key], 0.0, 0.0}); compareValues(want.Value, m.Value) != 0 {
				t.Errorf("%s %s: %v, want %v", r.ID, m.Key, m.Value, want.Value)
			}
		}
		if len(r.Latest) != len(runs[r.ID].Metrics) {
			t.Errorf("%s: %d metrics, want %d", r.ID, len(runs[r.ID].Metrics), len(r.Latest))
		}
	}
}

// TestSearchAgainstMLflow asks each search whole and in pages of 7, over two experiments with an index each.
func TestSearchAgainstMLflow(t *testing.T) {
	s := readStore(t)
	var indexes []*RunIndex
	for _, runs := range s.runs(t) {
		x := NewRunIndex()
		for _, r := range runs {
			x.Upsert(r)
		}
		indexes = append(indexes, x)
	}
	for _, q := range s.Searches {
		filter, err := search.ParseFilter(Runs, q.Filter)
		if err != nil {
			t.Errorf("%q: %v", q.Filter, err)
			continue
		}
		order, err := search.ParseOrder(Runs, q.Order)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1000, 7} {
			var got []string
			query := &search.Query{Filter: filter, Order: order, View: q.View, Limit: limit}
			for more := true; more; {
				page := SearchRuns(query, indexes...)
				got = append(got, page.IDs...)
				query.After, more = page.Next, page.More
			}
			if diff := cmp.Diff(fmt.Sprint(q.IDs), fmt.Sprint(got)); diff != "" {
				t.Errorf("%q order %q view %d pages of %d:\n%s", q.Filter, q.Order, q.View, limit, diff)
			}
		}
	}
}

func points(t testing.TB, list [][]any) []Point {
	out := []Point{}
	for _, p := range list {
		out = append(out, point(t, p))
	}
	return out
}

var samePoint = cmp.Comparer(func(a, b Point) bool { return compareHistory(a, b) == 0 })

func TestHistoryAgainstMLflow(t *testing.T) {
	h := readStore(t).History
	logged := points(t, h.Logged)
	var chunks [][]byte
	for i := 0; i < len(logged); i += 30 {
		chunks = append(chunks, AppendChunk(nil, ChunkOf{}, logged[i:min(i+30, len(logged))]))
	}
	history, err := Merge(chunks...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(points(t, h.History), history, samePoint); diff != "" {
		t.Error(diff)
	}
	for _, s := range h.Samples {
		if diff := cmp.Diff(points(t, s.Points), Sample(history, s.Max, s.First, s.Last), samePoint); diff != "" {
			t.Errorf("at most %d: %s", s.Max, diff)
		}
	}
}

func TestModelSearchAgainstMLflow(t *testing.T) {
	s := readStore(t)
	indexes := map[string]*LoggedModelIndex{}
	for _, m := range s.Models {
		status, ok := ParseModelStatus(m.Status)
		if !ok {
			t.Fatal(m.Status)
		}
		model := &LoggedModel{ID: m.ID, Name: m.Name, Type: m.Type, Status: status, SourceRun: m.Run, Lifecycle: stage(m.Stage),
			Created: m.Created, Updated: m.Updated, Params: pairs(m.Params), Tags: pairs(m.Tags)}
		for _, v := range m.Metrics {
			model.Metrics = append(model.Metrics, ModelMetric{Metric{Key: v[0].(string), Point: point(t, v[1:]), DatasetName: v[4].(string),
				DatasetDigest: v[5].(string)}, v[6].(string)})
		}
		if indexes[m.Experiment] == nil {
			indexes[m.Experiment] = NewLoggedModelIndex()
		}
		indexes[m.Experiment].Upsert(model)
	}
	var list []*LoggedModelIndex
	for _, x := range indexes {
		list = append(list, x)
	}
	for _, q := range s.ModelSearches {
		filter, err := search.ParseFilter(LoggedModels, q.Filter)
		if err != nil {
			t.Fatal(err)
		}
		var orders []ModelOrder
		for _, o := range q.Order {
			orders = append(orders, ModelOrder{o.Field, o.Ascending != nil && !*o.Ascending, o.Name, o.Digest})
		}
		order, err := ParseModelOrder(orders)
		if err != nil {
			t.Fatal(err)
		}
		var datasets []DatasetFilter
		for _, d := range q.Datasets {
			datasets = append(datasets, DatasetFilter{d.Name, d.Digest})
		}
		page := SearchModels(&search.Query{Filter: filter, Order: order, View: search.Active, Limit: 1000}, datasets, list...)
		if diff := cmp.Diff(q.IDs, page.IDs); diff != "" && len(q.IDs)+len(page.IDs) > 0 {
			t.Errorf("%q %v %v: %s", q.Filter, datasets, q.Order, diff)
		}
	}
}
