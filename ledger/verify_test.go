package ledger

import (
	"bytes"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

func verifyBook(b *book, kept ...Checkpoint) (Report, error) {
	return VerifyStored(b, Origin(workspace), []string{b.signer.Public()}, kept...)
}

func TestVerifyStoredWhole(t *testing.T) {
	for _, n := range []int{1, 2, 10, 64, 100} {
		b := newBook(t, n, rand.New(rand.NewPCG(31, uint64(n))))
		var kept []Checkpoint
		for i := range b.signed {
			kept = append([]Checkpoint{b.checkpoint(t, i)}, kept...)
		}
		got, err := verifyBook(b, kept...)
		if err != nil {
			t.Fatalf("%d entries: %v", n, err)
		}
		want := Report{Origin: Origin(workspace), To: int64(n), Checkpoint: kept[0], Checkpoints: len(b.signed),
			FirstVersion: 1, LastVersion: int64((n + 2) / 3)}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d entries: -want +got\n%s", n, d)
		}
	}
	empty := &book{signer: testSigner(t, 1)}
	empty.sign(t, &Range{})
	if rep, err := verifyBook(empty); err != nil || rep.To != 0 || rep.Checkpoints != 1 {
		t.Errorf("empty ledger: %+v, %v", rep, err)
	}
}

func TestVerifyStoredTail(t *testing.T) {
	b := newBook(t, 20, rand.New(rand.NewPCG(1, 3)))
	tree, _ := LoadRange(20, b.hashes())
	batch, _ := Seal(tree, []Sealing{{25, Append(nil, &Entry{ID: 25})}, {23, Append(nil, &Entry{ID: 23})}})
	b.batches = append(b.batches, batch)
	for _, id := range []int64{21, 23, 25, 28} {
		b.rows[id] = Append(nil, &Entry{ID: id})
	}
	rep, err := verifyBook(b)
	want := Report{Origin: Origin(workspace), To: 22, Checkpoint: rep.Checkpoint, Checkpoints: len(b.signed), FirstVersion: 1, LastVersion: 7,
		Unsigned: 2, Unsealed: 2, Late: 1, Gaps: 4, FirstGap: 22}
	if d := cmp.Diff(want, rep); d != "" || err != nil || rep.Checkpoint.Size != 20 {
		t.Errorf("%v, -want +got\n%s", err, d)
	}
}

func TestVerifyStoredEveryFlippedByteOfEntries(t *testing.T) {
	b := newBook(t, 16, rand.New(rand.NewPCG(2, 5)))
	rng := rand.New(rand.NewPCG(1, 1))
	for id, data := range b.rows {
		for at := range data {
			c := b.clone()
			c.rows[id][at] ^= 1 << rng.IntN(8)
			_, err := verifyBook(c)
			if f := faultOf(t, err); f.Kind != Changed || f.Leaf != id-1 || f.EntryID != id {
				t.Fatalf("byte %d of entry %d: %v", at, id, f)
			}
		}
	}
}

func TestVerifyStoredEveryFlippedByteOfBatches(t *testing.T) {
	b := newBook(t, 30, rand.New(rand.NewPCG(2, 5)))
	rng := rand.New(rand.NewPCG(1, 1))
	for i, batch := range b.batches {
		for at := range batch.Hashes {
			c := b.clone()
			c.batches[i].Hashes[at] ^= 1 << rng.IntN(8)
			_, err := verifyBook(c)
			level, n := tlog.SplitStoredHashIndex(tlog.StoredHashCount(batch.First) + int64(at/tlog.HashSize))
			want := Fault{Kind: Hash, Leaf: n << level, Until: (n + 1) << level}
			if level == 0 {
				want = Fault{Kind: Changed, Leaf: n}
			}
			if f := faultOf(t, err); f.Kind != want.Kind || f.Leaf != want.Leaf || f.Until != want.Until {
				t.Fatalf("byte %d of the hashes of batch %d: %v, want %v", at, i, f, &want)
			}
		}
		for at := range batch.IDs {
			c := b.clone()
			c.batches[i].IDs[at] ^= 1 << rng.IntN(8)
			_, err := verifyBook(c)
			if f := faultOf(t, err); f.Leaf < batch.First || f.Leaf > batch.First+int64(at) {
				t.Fatalf("byte %d of the ids of batch %d (first leaf %d): %v", at, i, batch.First, f)
			}
		}
	}
}

func TestVerifyStoredEveryFlippedByteOfCheckpoints(t *testing.T) {
	b := newBook(t, 12, rand.New(rand.NewPCG(2, 6)))
	for i, msg := range b.signed {
		for at := range msg {
			c := b.clone()
			c.signed[i][at] ^= 1
			if _, err := verifyBook(c); faultOf(t, err).Kind != Signature {
				t.Fatalf("byte %d of checkpoint %d: %v", at, i, err)
			}
		}
	}
}

func TestVerifyStoredEntriesMoved(t *testing.T) {
	b := newBook(t, 30, rand.New(rand.NewPCG(2, 5)))
	together := func(i, j int64) bool {
		return slices.ContainsFunc(b.batches, func(x Batch) bool { return x.First < i && j <= x.First+x.Count })
	}
	for i := int64(1); i <= 30; i++ {
		c := b.clone()
		delete(c.rows, i)
		_, err := verifyBook(c)
		if f := faultOf(t, err); f.Kind != Dropped || f.Leaf != i-1 || f.EntryID != i {
			t.Errorf("without entry %d: %v", i, f)
		}
		for j := i + 1; j <= 30; j++ {
			c := b.clone()
			c.rows[i], c.rows[j] = c.rows[j], c.rows[i]
			_, err := verifyBook(c)
			f := faultOf(t, err)
			if kind := map[bool]FaultKind{true: Swapped, false: Changed}[together(i, j)]; f.Kind != kind || f.Leaf != i-1 {
				t.Errorf("entries %d and %d swapped: %v, want %s", i, j, f, kind)
			}
			c = b.clone()
			c.rows[j] = c.rows[i]
			_, err = verifyBook(c)
			if f := faultOf(t, err); f.Leaf != j-1 {
				t.Errorf("entry %d over entry %d: %v", i, j, f)
			}
		}
	}
}

func TestVerifyStoredBatchesMoved(t *testing.T) {
	b := newBook(t, 30, rand.New(rand.NewPCG(2, 5)))
	last := len(b.batches) - 1
	for i, x := range b.batches {
		for name, do := range map[string]struct {
			batches []Batch
			want    FaultKind
			leaf    int64
		}{
			"dropped": {slices.Delete(slices.Clone(b.batches), i, i+1), map[bool]FaultKind{true: Cut, false: Dropped}[i == last], x.First},
			"twice":   {slices.Insert(slices.Clone(b.batches), i, x), Duplicated, x.First + x.Count},
			"cut":     {b.batches[:i], Cut, x.First},
			"shifted": {change(b.batches, i, func(x *Batch) { x.First++ }), "", x.First},
			"longer":  {change(b.batches, i, func(x *Batch) { x.Count++ }), BadRow, x.First},
			"shorter": {change(b.batches, i, func(x *Batch) { x.Hashes = x.Hashes[32:] }), BadRow, x.First},
		} {
			c := b.clone()
			c.batches = do.batches
			_, err := verifyBook(c)
			if f := faultOf(t, err); f.Leaf != do.leaf || do.want != "" && f.Kind != do.want {
				t.Errorf("batch %d %s: %v, want %s at leaf %d", i, name, f, do.want, do.leaf)
			}
		}
	}
}

func change(all []Batch, i int, f func(*Batch)) []Batch {
	all = slices.Clone(all)
	f(&all[i])
	return all
}

// TestVerifyStoredRewritten rewrites history as somebody who owns the database but not the key: all hashes are made anew.
func TestVerifyStoredRewritten(t *testing.T) {
	b := newBook(t, 30, rand.New(rand.NewPCG(2, 5)))
	for leaf := range int64(30) {
		c := b.clone()
		e, err := Parse(c.rows[leaf+1])
		if err != nil {
			t.Fatal(err)
		}
		e.Reason = "rewritten"
		c.rows[leaf+1] = Append(nil, e)
		c.reseal()
		_, err = verifyBook(c)
		first := b.sizes[slices.IndexFunc(b.sizes, func(s int64) bool { return s > leaf })]
		if f := faultOf(t, err); f.Kind != Root || !f.names(leaf) || f.Until != first {
			t.Errorf("leaf %d rewritten: %v, want it by leaf %d", leaf, f, first)
		}
		c.signed = nil
		if _, err := verifyBook(c); err != nil {
			t.Errorf("with no checkpoint left nothing can be known, but: %v", err)
		}
		_, err = verifyBook(c, b.checkpoint(t, len(b.signed)-1))
		if f := faultOf(t, err); f.Kind != Since || !f.names(leaf) {
			t.Errorf("leaf %d rewritten, a checkpoint kept elsewhere: %v", leaf, f)
		}
	}
}

// reseal makes all batches anew over the rows as they are.
func (b *book) reseal() {
	var tree Range
	for i, x := range b.batches {
		var entries []Sealing
		for id := x.First + 1; id <= x.First+x.Count; id++ {
			entries = append(entries, Sealing{id, b.rows[id]})
		}
		b.batches[i], tree = Seal(tree, entries)
	}
}

func TestVerifyStoredFaults(t *testing.T) {
	seal := func(entries ...Entry) *book {
		b := &book{rows: map[int64][]byte{}, signer: testSigner(t, 1)}
		var list []Sealing
		for _, e := range entries {
			b.rows[e.ID] = Append(nil, &e)
			list = append(list, Sealing{e.ID, b.rows[e.ID]})
		}
		batch, _ := Seal(Range{}, list)
		b.batches = []Batch{batch}
		return b
	}
	other := testSigner(t, 2)
	backwards := newBook(t, 30, rand.New(rand.NewPCG(2, 5)))
	slices.Reverse(backwards.signed)
	foreign := newBook(t, 3, rand.New(rand.NewPCG(2, 5)))
	foreign.signer, foreign.signed = other, nil
	foreign.sign(t, &Range{})
	foreign.signer = testSigner(t, 1)
	named := seal(Entry{ID: 1}, Entry{ID: 2})
	named.batches[0].IDs, named.rows[3] = PackIDs([]int64{1, 3}), named.rows[2]
	for name, x := range map[string]struct {
		b    *book
		want Fault
	}{
		"a version is missing":  {seal(Entry{ID: 1, Version: 1}, Entry{ID: 2}, Entry{ID: 3, Version: 3}), Fault{Kind: Hole, Leaf: 2, EntryID: 3}},
		"the first is missing":  {seal(Entry{ID: 1, Version: 2}), Fault{Kind: Hole, Leaf: 0, EntryID: 1}},
		"a version comes twice": {seal(Entry{ID: 1, Version: 1}, Entry{ID: 2, Version: 1}), Fault{Kind: Hole, Leaf: 1, EntryID: 2}},
		"sealed twice":          {seal(Entry{ID: 1}, Entry{ID: 2}, Entry{ID: 1}), Fault{Kind: Duplicated, Leaf: 2, EntryID: 1}},
		"under another id":      {named, Fault{Kind: BadRow, Leaf: 1, EntryID: 3}},
		"signed backwards":      {backwards, Fault{Kind: Root, Leaf: -1}},
		"another key":           {foreign, Fault{Kind: Signature, Leaf: -1}},
	} {
		_, err := verifyBook(x.b)
		f := *faultOf(t, err)
		f.Detail = ""
		if f != x.want {
			t.Errorf("%s: %v, want %v", name, err, &x.want)
		}
	}
	if _, err := VerifyStored(backwards, Origin("2"), []string{backwards.signer.Public()}); faultOf(t, err).Kind != Signature {
		t.Errorf("another workspace: %v", err)
	}
	if _, err := VerifyStored(backwards, Origin(workspace), nil); !fail.Is(err, fail.Invalid) {
		t.Errorf("no key: %v", err)
	}
}

// broken is a store whose n-th sequence fails.
type broken struct {
	*book
	which string
}

var errBroken = errors.New("connection lost")

func brokenSeq[T any](seq iter.Seq2[T, error], breaks bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if !yield(v, err) {
				return
			}
		}
		if breaks {
			yield(*new(T), errBroken)
		}
	}
}

func (b broken) Batches() iter.Seq2[Sealed, error] {
	return brokenSeq(b.book.Batches(), b.which == "batches")
}
func (b broken) Checkpoints() iter.Seq2[[]byte, error] {
	return brokenSeq(b.book.Checkpoints(), b.which == "checkpoints")
}
func (b broken) IDs() iter.Seq2[int64, error] { return brokenSeq(b.book.IDs(), b.which == "ids") }

func TestVerifyStoredStoreErrors(t *testing.T) {
	b := newBook(t, 9, rand.New(rand.NewPCG(2, 5)))
	for _, which := range []string{"batches", "checkpoints", "ids"} {
		if _, err := VerifyStored(broken{b, which}, Origin(workspace), []string{b.signer.Public()}); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", which, err)
		}
	}
}

// bigBook has n entries in batches of 1,000.
func bigBook(b *testing.B, n int) *book {
	k := &book{rows: map[int64][]byte{}, signer: testSigner(b, 1)}
	var tree Range
	for done := 0; done < n; done += 1000 {
		var list []Sealing
		for id := int64(done + 1); id <= int64(done+1000); id++ {
			e := sample()
			e.ID, e.Version = id, id
			k.rows[id] = Append(nil, e)
			list = append(list, Sealing{id, k.rows[id]})
		}
		batch, grown := Seal(tree, list)
		k.batches, tree = append(k.batches, batch), grown
	}
	k.sign(b, &tree)
	return k
}

func BenchmarkVerifyStored100000(b *testing.B) {
	k := bigBook(b, 100_000)
	b.ResetTimer()
	for b.Loop() {
		if _, err := verifyBook(k); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyExport100000(b *testing.B) {
	k := bigBook(b, 100_000)
	x := k.export(b, 0, 100_000, 0)
	b.SetBytes(int64(len(x)))
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if _, err := VerifyExport(bytes.NewReader(x), []string{k.signer.Public()}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
