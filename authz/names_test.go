package authz

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiffering: every key whose value is another in the second trie is named, few others are, and too many are said to be too many.
func TestDiffering(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 5))
		span := int64(1) << (1 + r.IntN(50))
		var a Trie[*int64]
		for range r.IntN(400) {
			a = a.with(uint64(r.Int64N(span)), new(int64))
		}
		b, touched := a, map[uint64]bool{}
		for range r.IntN(30) {
			key := uint64(r.Int64N(span))
			if touched[key] = true; r.IntN(3) == 0 {
				b = b.without(key)
			} else {
				b = b.with(key, new(int64))
			}
		}
		got, ok := differing(a, b, 10_000)
		for key := range touched {
			was, had := a.Get(key)
			is, has := b.Get(key)
			if ok && (was != is || had != has) && !got[key] {
				t.Fatalf("seed %d: %d is not named", seed, key)
			}
		}
		if ok && len(got) > 3*len(touched) {
			t.Errorf("seed %d: %d keys named, %d changed", seed, len(got), len(touched))
		}
		if n := len(got); ok && n > 0 {
			if _, ok := differing(a, b, n-1); ok {
				t.Errorf("seed %d: %d keys are not too many for %d", seed, n, n-1)
			}
		}
	}
	if _, ok := differing(Trie[*int64]{}, Trie[*int64]{}.with(1, nil), 10); ok {
		t.Error("what is empty has nothing in common")
	}
}

// TestHolding: a text is found within names only, once a name, wherever it stands.
func TestHolding(t *testing.T) {
	var objects Trie[*Object]
	for i, name := range []string{"ab", "b", "Bab", "", "xb\x00b", "aaa", "BÄR"} {
		id := FirstFreeObject + int64(i)
		objects = objects.with(uint64(id), &Object{ID: id, Kind: Experiment, Parent: FolderShared, Name: name})
	}
	n := gather(objects)
	for text, want := range map[string][]string{
		"b": {"ab", "b", "bab", "xb\x00b", "bär"}, "ab": {"ab", "bab"}, "b\x00b": {"xb\x00b"}, "\x00": {"xb\x00b"}, "aa": {"aaa"}, "är": {"bär"},
		"bb": nil, "b\x00ba": nil, "r\x00": nil,
	} {
		var got []string
		n.holding(text, func(_ named, name string) { got = append(got, name) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// TestNamesAgain: names are kept while little changes, and what changed is found all the same; then they are gathered again.
func TestNamesAgain(t *testing.T) {
	m := small(t)
	find := func(text string) int {
		return len(Search(m, Who{Principal: admin}, NewNeedle(text), []Kind{Experiment}, 10, noon))
	}
	if find("churn") != 1 || find("fresh") != 0 {
		t.Fatal("not found")
	}
	first := m.searched.p.Load()
	m = changed(t, m, putObject(Object{ID: churn, Kind: Experiment, Parent: annHome, Name: "fresh", Creator: ann, CreatorManages: true}))
	if find("churn") != 0 || find("fresh") != 1 || m.searched.p.Load() != first {
		t.Error("after a rename")
	}
	m = changed(t, m, Event{Op: DropObject, Object: &Object{ID: churn}})
	if find("fresh") != 0 || m.searched.p.Load() != first {
		t.Error("after it was dropped")
	}
	var events []Event
	for i := range mostStale + 10 {
		events = append(events, putObject(Object{ID: int64(5000 + i), Kind: Experiment, Parent: FolderShared, Name: fmt.Sprint("many", i)}))
	}
	m = changed(t, m, events...)
	if find("many7") != 10 || m.searched.p.Load() == first {
		t.Error("after much was made")
	}
}
