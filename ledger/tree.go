package ledger

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// maxLeaves is more than a ledger will have, and small enough that no arithmetic of tlog overflows (it would loop for ever near 2^62).
const maxLeaves = 1 << 48

// Range is the frontier of a tree: the roots of the perfect subtrees that its leaves make up, the largest first. It is all that is
// needed to add leaves and to know the root, in 32 bytes for each bit of the size. The zero value is the empty tree.
type Range struct {
	size  int64
	nodes []tlog.Hash
}

// LoadRange reads the frontier of the tree of the first size leaves, with one call of r.
func LoadRange(size int64, r tlog.HashReader) (Range, error) {
	if size == 0 {
		return Range{}, nil
	}
	indexes := frontier(size)
	nodes, err := r.ReadHashes(indexes)
	if err != nil {
		return Range{}, err
	}
	return rangeOf(size, nodes)
}

// rangeOf makes a Range of given nodes, whose number must be right for the size.
func rangeOf(size int64, nodes []tlog.Hash) (Range, error) {
	if size < 0 || len(nodes) != bits.OnesCount64(uint64(size)) {
		return Range{}, fail.Invalidf("a tree of %d entries has %d subtrees, not %d", size, bits.OnesCount64(uint64(size)), len(nodes))
	}
	return Range{size: size, nodes: slices.Clone(nodes)}, nil
}

// frontier gives the stored-hash indexes of a Range's nodes.
func frontier(size int64) []int64 {
	var indexes []int64
	for done := int64(0); done < size; {
		level := bits.Len64(uint64(size-done)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, done>>level))
		done += 1 << level
	}
	return indexes
}

// Size gives the number of leaves.
func (t *Range) Size() int64 { return t.size }

// Nodes gives the frontier; the caller must not change it.
func (t *Range) Nodes() []tlog.Hash { return t.nodes }

// Root gives the hash of the tree.
func (t *Range) Root() tlog.Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	h := t.nodes[len(t.nodes)-1]
	for i := len(t.nodes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.nodes[i], h)
	}
	return h
}

// push adds a leaf and appends the hashes it completes, packed and in the order of storage (the leaf's first), to out.
func (t *Range) push(leaf tlog.Hash, out []byte) []byte {
	out = append(out, leaf[:]...)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.nodes) - 1
		leaf = tlog.NodeHash(t.nodes[last], leaf)
		t.nodes = t.nodes[:last]
		out = append(out, leaf[:]...)
	}
	t.nodes = append(t.nodes, leaf)
	t.size++
	return out
}

// Batch is what the sealer stores for the entries it sealed together: one row. Entry i of the batch is leaf First+i.
type Batch struct {
	First  int64  // index of its first leaf
	Count  int64  // number of leaves, at least 1
	IDs    []byte // ids of the entries in leaf order: PackIDs
	Hashes []byte // the stored hashes [StoredHashCount(First), StoredHashCount(First+Count)), 32 bytes each
}

// Sealing is an entry on its way into the tree.
type Sealing struct {
	ID   int64
	Data []byte // as it was stored
}

// Seal puts entries, in this order, behind the tree t. It gives the row to store and the grown tree; t stays as it is, so a transaction
// that fails can be tried again. No entries give a Batch of Count 0, which is not to be stored.
func Seal(t Range, entries []Sealing) (Batch, Range) {
	b := Batch{First: t.size, Count: int64(len(entries))}
	grown := Range{size: t.size, nodes: append(make([]tlog.Hash, 0, 64), t.nodes...)}
	ids := make([]int64, len(entries))
	b.Hashes = make([]byte, 0, (2*len(entries)+64)*tlog.HashSize)
	for i, e := range entries {
		ids[i] = e.ID
		b.Hashes = grown.push(tlog.RecordHash(e.Data), b.Hashes)
	}
	b.IDs = PackIDs(ids)
	return b, grown
}

// PackIDs packs ids as signed varints, each the difference to the one before it.
func PackIDs(ids []int64) []byte {
	out := make([]byte, 0, len(ids)+8)
	last := int64(0)
	for _, id := range ids {
		out = binary.AppendVarint(out, id-last)
		last = id
	}
	return out
}

// UnpackIDs is the inverse of PackIDs; what PackIDs would not have written is fail.Invalid.
func UnpackIDs(packed []byte) ([]int64, error) {
	var ids []int64
	last := int64(0)
	for rest := packed; len(rest) > 0; {
		d, n := binary.Varint(rest)
		if n <= 0 {
			return nil, fail.Invalidf("packed ids are cut short or too large after %d ids", len(ids))
		}
		last, rest = last+d, rest[n:]
		ids = append(ids, last)
	}
	if !bytes.Equal(PackIDs(ids), packed) {
		return nil, fail.Invalidf("packed ids are not in their shortest form")
	}
	return ids, nil
}

// Entries gives the ids of the batch's entries in leaf order; fail.Invalid if the row does not fit together.
func (b *Batch) Entries() ([]int64, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	ids, err := UnpackIDs(b.IDs)
	if err != nil {
		return nil, err
	}
	if int64(len(ids)) != b.Count {
		return nil, fail.Invalidf("the batch at leaf %d says %d entries and names %d", b.First, b.Count, len(ids))
	}
	return ids, nil
}

// check tells whether the numbers of the row fit its hashes.
func (b *Batch) check() error {
	if b.First < 0 || b.Count < 1 || b.First > maxLeaves || b.Count > maxLeaves {
		return fail.Invalidf("a batch of %d entries at leaf %d cannot be", b.Count, b.First)
	}
	want := (tlog.StoredHashCount(b.First+b.Count) - tlog.StoredHashCount(b.First)) * tlog.HashSize
	if int64(len(b.Hashes)) != want {
		return fail.Invalidf("the batch at leaf %d has %d bytes of hashes, not %d", b.First, len(b.Hashes), want)
	}
	return nil
}

// keptBatches is how many batches a Hashes remembers: more than the levels of a tree of 2^48 leaves make it read at once.
const keptBatches = 49

// Hashes reads stored hashes out of batch rows: a tlog.HashReader for LoadRange, tlog.ProveRecord and tlog.ProveTree. It remembers the
// rows it used last and must not be used by two goroutines at once.
type Hashes struct {
	fetch func(leaf int64) (Batch, error)
	kept  []Batch // last used first
}

// NewHashes makes a reader over rows; fetch gives the batch that holds a leaf (the one with the greatest First ≤ leaf).
func NewHashes(fetch func(leaf int64) (Batch, error)) *Hashes { return &Hashes{fetch: fetch} }

// ReadHashes implements tlog.HashReader. A row that is missing or does not fit together is an error.
func (h *Hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		b, err := h.batch((n+1)<<level - 1) // a node is stored with the leaf that completes it
		if err != nil {
			return nil, err
		}
		at := (index - tlog.StoredHashCount(b.First)) * tlog.HashSize
		copy(out[i][:], b.Hashes[at:])
	}
	return out, nil
}

func (h *Hashes) batch(leaf int64) (Batch, error) {
	holds := func(b Batch) bool { return b.First <= leaf && leaf < b.First+b.Count }
	at := slices.IndexFunc(h.kept, holds)
	if at >= 0 {
		b := h.kept[at]
		copy(h.kept[1:at+1], h.kept[:at])
		h.kept[0] = b
		return b, nil
	}
	b, err := h.fetch(leaf)
	if err != nil {
		return Batch{}, err
	}
	if err := b.check(); err != nil {
		return Batch{}, err
	}
	if !holds(b) {
		return Batch{}, fail.NotFoundf("no sealed batch holds leaf %d", leaf)
	}
	h.kept = slices.Insert(h.kept[:min(len(h.kept), keptBatches-1)], 0, b)
	return b, nil
}
