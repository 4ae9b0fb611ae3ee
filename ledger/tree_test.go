package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// reference stores the hashes of n leaves as tlog itself does.
func reference(t *testing.T, data [][]byte) (hashes []tlog.Hash, read tlog.HashReader) {
	t.Helper()
	read = tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, d := range data {
		more, err := tlog.StoredHashes(int64(i), d, read)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	return hashes, read
}

func TestSealIsTlog(t *testing.T) {
	b := newBook(t, 150, rand.New(rand.NewPCG(3, 4)))
	var data [][]byte
	for i := range int64(150) {
		data = append(data, b.rows[i+1])
	}
	want, read := reference(t, data)
	var got []byte
	for _, x := range b.batches {
		got = append(got, x.Hashes...)
	}
	var packed []byte
	for _, h := range want {
		packed = append(packed, h[:]...)
	}
	if d := cmp.Diff(packed, got); d != "" {
		t.Fatalf("stored hashes differ from tlog's: %s", d)
	}
	for n := range int64(151) {
		root, err := tlog.TreeHash(n, read)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := LoadRange(n, b.hashes())
		if err != nil || tree.Size() != n || tree.Root() != root {
			t.Fatalf("size %d: root %v, %v, want %v", n, tree.Root(), err, root)
		}
	}
}

func TestSealLeavesTheTreeAlone(t *testing.T) {
	tree, _ := LoadRange(7, newBook(t, 7, rand.New(rand.NewPCG(1, 1))).hashes())
	before := tree.Root()
	entries := []Sealing{{8, []byte("a")}, {9, []byte("b")}}
	first, grown := Seal(tree, entries)
	again, _ := Seal(tree, entries)
	if tree.Root() != before || tree.Size() != 7 || grown.Size() != 9 || cmp.Diff(first, again) != "" {
		t.Errorf("the tree changed: %v, %d, grown %d, %s", tree.Root(), tree.Size(), grown.Size(), cmp.Diff(first, again))
	}
	if none, same := Seal(tree, nil); none.Count != 0 || same.Root() != before {
		t.Errorf("sealing nothing gave %+v", none)
	}
}

func TestHashesReadsProofs(t *testing.T) {
	b := newBook(t, 93, rand.New(rand.NewPCG(5, 6)))
	r := b.hashes()
	tree, _ := LoadRange(93, r)
	for leaf := range int64(93) {
		p, err := tlog.ProveRecord(93, leaf, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, 93, tree.Root(), leaf, tlog.RecordHash(b.rows[leaf+1])); err != nil {
			t.Errorf("leaf %d: %v", leaf, err)
		}
	}
}

func TestHashesKeepsRows(t *testing.T) {
	b := newBook(t, 60, rand.New(rand.NewPCG(7, 8)))
	fetched := 0
	r := b.hashes()
	inner := r.fetch
	r.fetch = func(leaf int64) (Batch, error) { fetched++; return inner(leaf) }
	for range 3 {
		if _, err := LoadRange(60, r); err != nil {
			t.Fatal(err)
		}
	}
	if once := fetched; once > 4 {
		t.Errorf("%d rows were fetched for a frontier of 4 nodes read thrice", once)
	}
}

func TestHashesRefusesBadRows(t *testing.T) {
	for name, b := range map[string]Batch{
		"none": {}, "elsewhere": {First: 9, Count: 1, Hashes: make([]byte, 64)}, "short": {First: 0, Count: 2, Hashes: make([]byte, 64)},
		"negative": {First: -1, Count: 2}, "huge": {First: 0, Count: 1 << 60},
	} {
		r := NewHashes(func(int64) (Batch, error) { return b, nil })
		if _, err := r.ReadHashes([]int64{0}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r := NewHashes(func(int64) (Batch, error) { return Batch{}, fail.NotFoundf("gone") })
	if _, err := LoadRange(3, r); !fail.Is(err, fail.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestPackIDs(t *testing.T) {
	for _, ids := range [][]int64{nil, {0}, {5}, {1, 2, 3}, {10, 7, 1 << 53, 0, -4}, {-1 << 63, 1<<63 - 1}} {
		got, err := UnpackIDs(PackIDs(ids))
		if err != nil || !slices.Equal(got, ids) {
			t.Errorf("%v became %v, %v", ids, got, err)
		}
	}
	for _, packed := range [][]byte{{0x80}, {0x82, 0x00}, binary.AppendUvarint(nil, 1<<63)[:9]} {
		if ids, err := UnpackIDs(packed); !fail.Is(err, fail.Invalid) {
			t.Errorf("%x gave %v, %v", packed, ids, err)
		}
	}
	if _, err := (&Batch{First: 0, Count: 1, IDs: PackIDs([]int64{1, 2}), Hashes: make([]byte, 32)}).Entries(); !fail.Is(err, fail.Invalid) {
		t.Errorf("a batch of one that names two: %v", err)
	}
}

func BenchmarkSeal1000(b *testing.B) {
	entries := make([]Sealing, 1000)
	for i := range entries {
		entries[i] = Sealing{int64(i), []byte(sampleText)}
	}
	var tree Range
	b.ReportAllocs()
	for b.Loop() {
		_, tree = Seal(tree, entries)
	}
}
