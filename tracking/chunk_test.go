package tracking

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

// hard are points that a format can trip over.
var hard = []Point{{0, 0, 0}, {1_700_000_000_000, 1, math.NaN()}, {1_700_000_000_000, 1, math.Inf(1)},
	{math.MaxInt64, math.MinInt64, math.Inf(-1)},
	{0, math.MaxInt64, math.Copysign(0, -1)}, {5, -3, math.SmallestNonzeroFloat64}, {5, -3, math.Float64frombits(0x7ff8_0000_0000_1234)}}

func read(b []byte) (ChunkOf, []Point, error) {
	c, err := DecodeChunk(b)
	if err != nil {
		return ChunkOf{}, nil, err
	}
	var out []Point
	for p, ok := c.Next(); ok; p, ok = c.Next() {
		out = append(out, p)
	}
	return c.ChunkOf, out, c.Err()
}

var sameBits = cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })

func TestChunkRoundTrip(t *testing.T) {
	for _, of := range []ChunkOf{{}, {ModelID: "m-1"}, {DatasetName: "d", DatasetDigest: "x"}, {"m-1", "d", ""}, {"m", "", "x"}} {
		for _, points := range [][]Point{nil, hard[:1], hard} {
			b := AppendChunk([]byte("before"), of, points)
			gotOf, got, err := read(b[len("before"):])
			if diff := cmp.Diff(points, got, sameBits); err != nil || diff != "" || gotOf != of {
				t.Errorf("%v %v %s", err, gotOf, diff)
			}
		}
	}
}

func TestChunkIsSmallAndFree(t *testing.T) {
	points := make([]Point, 1000)
	for i := range points {
		points[i] = Point{1_700_000_000_000 + int64(i)*20, int64(i), float64(i)}
	}
	b := AppendChunk(nil, ChunkOf{}, points)
	if len(b) > 11*1000 {
		t.Errorf("%d bytes", len(b))
	}
	n := testing.AllocsPerRun(10, func() {
		c, _ := DecodeChunk(b)
		for _, ok := c.Next(); ok; _, ok = c.Next() {
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDamagedChunk(t *testing.T) {
	good := AppendChunk(nil, ChunkOf{"m-1", "d", "x"}, hard)
	for i := range good {
		if _, _, err := read(good[:i]); !fail.Is(err, fail.Internal) {
			t.Errorf("cut after %d: %v", i, err)
		}
	}
	for what, b := range map[string][]byte{
		"version": {9, 0, 0}, "flags": {1, 0x80, 0}, "count": {1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"more": append(slices.Clone(good), 0), "endless count": {1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if _, _, err := read(b); err == nil {
			t.Errorf("%s: no error", what)
		}
		if _, err := Merge(good, b); err == nil {
			t.Errorf("%s: merged", what)
		}
	}
}

func FuzzChunk(f *testing.F) {
	f.Add(AppendChunk(nil, ChunkOf{}, hard))
	f.Add(AppendChunk(nil, ChunkOf{"m-1", "d", "x"}, hard[:2]))
	f.Add([]byte{1, 3, 1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		of, points, err := read(b)
		if err != nil {
			return
		}
		gotOf, again, err := read(AppendChunk(nil, of, points))
		if diff := cmp.Diff(points, again, sameBits); err != nil || diff != "" || gotOf != of {
			t.Errorf("%v %s", err, diff)
		}
		if _, err := Merge(b, b); err != nil {
			t.Error(err)
		}
	})
}

// TestMergeSorts merges chunks that overlap, repeat and come in any order, and compares with plain sorting.
func TestMergeSorts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 2, 7, 100, 999} {
		for _, batch := range []int{1, 3, 50} {
			var chunks [][]byte
			var all []Point
			for i := 0; i < n; i += batch {
				var points []Point
				for j := i; j < min(i+batch, n); j++ {
					points = append(points, Point{int64(j/2 + rng.IntN(20)), int64(rng.IntN(3)), []float64{0, 1, math.NaN(), math.Inf(1)}[rng.IntN(4)]})
				}
				slices.SortFunc(points, compareHistory)
				all = append(all, points...)
				chunks = append(chunks, AppendChunk(nil, ChunkOf{}, points))
			}
			for i := range all {
				all[i].Value = StoredValue(all[i].Value)
			}
			slices.SortFunc(all, compareHistory)
			want := slices.CompactFunc(all, func(a, b Point) bool { return compareHistory(a, b) == 0 })
			got, err := Merge(chunks...)
			if diff := cmp.Diff(want, got, samePoint); err != nil || diff != "" && len(got)+len(want) > 0 {
				t.Errorf("%d in batches of %d: %v %s", n, batch, err, diff)
			}
		}
	}
}

func TestSample(t *testing.T) {
	var history []Point
	for i := range 10 {
		history = append(history, Point{int64(i), int64(i), float64(i)})
	}
	two, seven := int64(2), int64(7)
	for _, c := range []struct {
		limit       int
		first, last *int64
		want        []float64
	}{
		{0, nil, nil, []float64{9}}, {1, nil, nil, []float64{9}}, {2, nil, nil, []float64{0, 9}}, {3, nil, nil, []float64{0, 4, 9}},
		{10, nil, nil, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, {3, &two, &seven, []float64{2, 4, 7}}, {100, &two, &two, []float64{2}},
		{5, &seven, &two, nil},
	} {
		var got []float64
		for _, p := range Sample(history, c.limit, c.first, c.last) {
			got = append(got, p.Value)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("at most %d: %s", c.limit, diff)
		}
	}
	if len(history) != 10 {
		t.Error("Sample changed the history")
	}
}
