package authz

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keyShapes are the keys that tries see: dense ids, sparse ids, hashes, and the ends of the range.
var keyShapes = map[string]func(r *rand.Rand) uint64{
	"dense":  func(r *rand.Rand) uint64 { return r.Uint64N(500) },
	"sparse": func(r *rand.Rand) uint64 { return r.Uint64N(200) * 1_000_003 },
	"hashes": func(r *rand.Rand) uint64 { return r.Uint64N(400) * 0x9E3779B97F4A7C15 },
	"ends": func(r *rand.Rand) uint64 {
		return []uint64{0, 1, 63, 64, 1 << 53, 1<<63 - 1, 1 << 63, 1<<64 - 1}[r.IntN(8)]
	},
}

func TestTrieIsAMap(t *testing.T) {
	for name, key := range keyShapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			want, trie := map[uint64]int{}, Trie[int]{}
			for i := range 3_000 {
				k := key(r)
				before, was := trie.Get(k)
				if r.IntN(3) == 0 {
					delete(want, k)
					trie = trie.without(k)
				} else {
					old := trie
					want[k] = i
					trie = trie.with(k, i)
					if v, ok := old.Get(k); v != before || ok != was {
						t.Fatalf("the old trie changed under %d", k)
					}
				}
				if trie.Len() != len(want) {
					t.Fatalf("after %d steps: %d keys, want %d", i, trie.Len(), len(want))
				}
			}
			checkTrie(t, trie, want)
			checkTrie(t, buildTrie(leavesOf(want)), want)
		})
	}
}

func leavesOf(m map[uint64]int) (out []leaf[int]) {
	for k, v := range m {
		out = append(out, leaf[int]{key: k, val: v})
	}
	return out
}

func checkTrie(t *testing.T, trie Trie[int], want map[uint64]int) {
	t.Helper()
	if diff := cmp.Diff(want, maps.Collect(trie.All())); diff != "" {
		t.Error(diff)
	}
	var keys []uint64
	for k := range trie.All() {
		keys = append(keys, k)
		if v, ok := trie.Get(k); !ok || v != want[k] {
			t.Errorf("key %d: %d, %v", k, v, ok)
		}
	}
	if !slices.IsSorted(keys) || trie.Len() != len(want) {
		t.Errorf("%d keys, ascending %v", trie.Len(), slices.IsSorted(keys))
	}
}

func TestTrieStopsWhenAsked(t *testing.T) {
	trie, seen := Trie[int]{}, 0
	for i := range uint64(200) {
		trie = trie.with(i*i, 0)
	}
	for range trie.All() {
		if seen++; seen == 7 {
			break
		}
	}
	if seen != 7 {
		t.Error(seen)
	}
}

// TestHashedCollisions: what shares a hash is kept apart.
func TestHashedCollisions(t *testing.T) {
	h := hashed[int64]{}.with(7, 1).with(7, 2).with(7, 3).without(7, 2)
	if got := slices.Sorted(h.under(7)); !slices.Equal(got, []int64{1, 3}) {
		t.Error(got)
	}
	if h = h.without(7, 1).without(7, 3); h.t.Len() != 0 {
		t.Error("something is left")
	}
}

func TestSets(t *testing.T) {
	s := sets{}.with(1, 10).with(1, 5).with(2, 7).without(2, 7)
	if got := slices.Collect(idsOf(s.of(1))); !slices.Equal(got, []int64{5, 10}) || s.t.Len() != 1 {
		t.Error(got, s.t.Len())
	}
}
