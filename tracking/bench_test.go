package tracking

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"bailiwick/tracking/search"
	"bailiwick/workspace"
)

// benchRun makes the i-th run of the work: 5 metrics, 5 params, 5 tags.
func benchRun(rng *rand.Rand, i int) *Run {
	r := &Run{ID: fmt.Sprintf("%016x%016x", rng.Uint64(), i), Experiment: 1, Name: AutoName(rng.IntN), User: "ann", Status: Finished,
		Start: 1_700_000_000_000 + int64(i)*1000, End: 1_700_000_001_000 + int64(i)*1000, Lifecycle: search.Active}
	r.ArtifactURI = "mlflow-artifacts:/1/" + r.ID + "/artifacts"
	for k := range 5 {
		r.Metrics = append(r.Metrics, Metric{Key: fmt.Sprintf("metric_%d", k), Point: Point{r.End, 100, rng.Float64()}})
		r.Params = append(r.Params, Pair{Key: fmt.Sprintf("param_%d", k), Value: fmt.Sprint(rng.IntN(10))})
		r.Tags = append(r.Tags, Pair{Key: fmt.Sprintf("tag_%d", k), Value: fmt.Sprintf("value-%d", rng.IntN(1000))})
	}
	r.Params[4].Value = fmt.Sprint(rng.Float64())
	return r
}

func benchRuns(n int) *RunIndex {
	rng := rand.New(rand.NewPCG(1, 2))
	x := NewRunIndex()
	for i := range n {
		x.Upsert(benchRun(rng, i))
	}
	return x
}

func query(tb testing.TB, d *search.Domain, limit int, filter string, order ...string) *search.Query {
	tb.Helper()
	f, err := search.ParseFilter(d, filter)
	if err != nil {
		tb.Fatal(err)
	}
	o, err := search.ParseOrder(d, order)
	if err != nil {
		tb.Fatal(err)
	}
	return &search.Query{Filter: f, Order: o, View: search.Active, Limit: limit}
}

func BenchmarkRunSearch(b *testing.B) {
	x, large := benchRuns(10_000), benchRuns(100_000)
	for _, c := range []struct {
		name   string
		x      *RunIndex
		limit  int
		filter string
		order  []string
	}{
		{"10k/metric+param/by metric/100", x, 100, "metrics.metric_1 > 0.5 AND params.param_2 = '3'", []string{"metrics.metric_3 DESC"}},
		{"10k/metric/by metric/100", x, 100, "metrics.metric_1 > 0.5", []string{"metrics.metric_3 DESC"}},
		{"10k/like/by param/100", x, 100, "tags.tag_1 LIKE '%9%'", []string{"params.param_4"}},
		{"10k/default/1000", x, 1000, "", nil},
		{"100k/default/100", large, 100, "", nil},
		{"100k/default/1000", large, 1000, "", nil},
		{"100k/metric+param/by metric/100", large, 100, "metrics.metric_1 > 0.5 AND params.param_2 = '3'", []string{"metrics.metric_3 DESC"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := query(b, Runs, c.limit, c.filter, c.order...)
			b.ReportAllocs()
			for b.Loop() {
				if n := len(c.x.Search(q).IDs); n != c.limit {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkRunUpsert(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, rng := benchRuns(n), rand.New(rand.NewPCG(1, 2))
			runs := make([]*Run, 1000)
			for i := range runs {
				runs[i] = benchRun(rng, i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				r := runs[i%1000]
				r.Metrics[0].Value++
				x.Upsert(r)
				i++
			}
		})
	}
}

// BenchmarkRunMemory reports what a run takes, measured and as Size says.
func BenchmarkRunMemory(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := benchRuns(10_000)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/10_000, "heapB/run")
		b.ReportMetric(float64(x.Size())/10_000, "sizeB/run")
	}
}

// folders is a scope of some acl objects.
type folders struct {
	set  map[int64]bool
	list []int64
	me   int64
}

func (f *folders) All() bool      { return false }
func (f *folders) ACLs() []int64  { return f.list }
func (f *folders) Creator() int64 { return f.me }
func (f *folders) Admits(acl, creator int64, manages bool) bool {
	return f.set[acl] || manages && creator == f.me
}

func scopeOf(me int64, acls ...int64) *folders {
	f := &folders{set: map[int64]bool{}, list: acls, me: me}
	for _, a := range acls {
		f.set[a] = true
	}
	return f
}

type everything struct{}

func (everything) All() bool                      { return true }
func (everything) ACLs() []int64                  { return nil }
func (everything) Creator() int64                 { return 0 }
func (everything) Admits(int64, int64, bool) bool { return true }

// benchExperiments makes 100,000 experiments in 6,000 folders; the acl object of the i-th is 1000 + folder(i).
func benchExperiments(folder func(i int) int) *ExperimentIndex {
	x := NewExperimentIndex()
	for i := range 100_000 {
		f := folder(i)
		x.Upsert(&ExperimentRow{Experiment: Experiment{ID: int64(10_000 + i), Name: fmt.Sprintf("/Shared/team-%d/experiment-%d", f, i),
			Lifecycle: search.Active, Created: int64(i), Updated: int64(i), Tags: []Pair{{Key: "team", Value: fmt.Sprint(f)}}},
			Right: search.Right{ACL: int64(1000 + f), Creator: int64(100 + i%500)}})
	}
	return x
}

func span(from, n int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = from + int64(i)
	}
	return out
}

func BenchmarkExperimentSearch(b *testing.B) {
	spread := benchExperiments(func(i int) int { return i * 7919 % 6000 })
	blocks := benchExperiments(func(i int) int { return i * 6000 / 100_000 }) // the first folders hold the oldest
	for _, c := range []struct {
		name   string
		x      *ExperimentIndex
		scope  search.Scope
		filter string
		want   int
	}{
		{"administrator", spread, everything{}, "", 1000},
		{"ten", spread, scopeOf(1, 1007), "", 17},
		{"half, spread", spread, scopeOf(1, span(1000, 3000)...), "", 1000},
		{"half, the oldest", blocks, scopeOf(1, span(1000, 3000)...), "", 1000},
		{"oldest 1 %", blocks, scopeOf(1, span(1000, 60)...), "", 1000},
		{"one name", spread, everything{}, "name = '/Shared/team-5/experiment-12345'", 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := query(b, Experiments, 1000, c.filter)
			b.ReportAllocs()
			for b.Loop() {
				if n := len(c.x.Search(q, c.scope, workspace.Names{Home: "/Users/ann"}).IDs); c.want > 0 && (n > c.want || n < c.want-1) {
					b.Fatal(n)
				}
			}
		})
	}
}

func benchPoints(n int, shuffled bool) [][]byte {
	rng := rand.New(rand.NewPCG(3, 4))
	var chunks [][]byte
	for i := 0; i < n; i += 100 {
		batch := make([]Point, 100)
		for j := range batch {
			batch[j] = Point{1_700_000_000_000 + int64(i+j)*10, int64(i + j), rng.Float64()}
		}
		chunks = append(chunks, AppendChunk(nil, ChunkOf{}, batch))
	}
	if shuffled {
		rng.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
	}
	return chunks
}

func BenchmarkMerge(b *testing.B) {
	random := make([]Point, 100_000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range random {
		random[i] = Point{rng.Int64N(1 << 40), rng.Int64N(1000), math.Sqrt(float64(i))}
	}
	for _, c := range []struct {
		name   string
		chunks [][]byte
	}{
		{"as logged", benchPoints(100_000, false)},
		{"chunks shuffled", benchPoints(100_000, true)},
		{"random", [][]byte{AppendChunk(nil, ChunkOf{}, random)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if h, err := Merge(c.chunks...); err != nil || len(h) != 100_000 {
					b.Fatal(len(h), err)
				}
			}
		})
	}
}

func BenchmarkBatchCheck(b *testing.B) {
	batch := Batch{}
	for i := range 1000 {
		batch.Metrics = append(batch.Metrics, Metric{Key: fmt.Sprintf("metric_%d", i%10), Point: Point{1, int64(i), 0.5}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := batch.Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := search.ParseFilter(Runs, "metrics.metric_1 > 0.5 AND params.param_2 = '3'"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad fills indexes of 100,000 rows, in the order of creation and in none.
func BenchmarkLoad(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, created := range map[string][]int{"in order": rng.Perm(1), "in none": rng.Perm(100_000)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				x := NewExperimentIndex()
				for i := range 100_000 {
					x.Upsert(&ExperimentRow{Experiment: Experiment{ID: int64(1000 + i), Name: "/Shared/e", Lifecycle: search.Active,
						Created: int64(i + created[i%len(created)]*200_000)}, Right: search.Right{ACL: int64(i % 6000)}})
				}
			}
		})
	}
}
