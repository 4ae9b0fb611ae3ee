package ledger

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Sealed is a stored batch with the bytes of its entries.
type Sealed struct {
	Batch
	// Entries are the stored bytes in the order of the batch's ids; nil for an id that has no row.
	Entries [][]byte
}

// Stored is a ledger as a database holds it. Each sequence may be walked once; an error ends it.
type Stored interface {
	// Batches gives the sealed batches by ascending First.
	Batches() iter.Seq2[Sealed, error]
	// Checkpoints gives the signed checkpoints by ascending size.
	Checkpoints() iter.Seq2[[]byte, error]
	// IDs gives the id of every row of entries, sealed or not, in any order (ascending is fastest).
	IDs() iter.Seq2[int64, error]
}

// VerifyStored checks a stored ledger of the given origin: every leaf and node of the tree is computed again and compared with what is
// stored, every stored checkpoint must be signed by one of the keys and agree, and so must the checkpoints kept elsewhere.
//
// A nil error means that all sealed entries are as they were sealed. A *Fault names the first thing that is not. Any other error is the
// store's, or fail.Invalid for a key. Batches are taken one at a time, so memory does not grow with the ledger, only with the holes
// in its ids.
func VerifyStored(s Stored, origin string, pubkeys []string, kept ...Checkpoint) (Report, error) {
	keys, err := ParseKeys(pubkeys...)
	if err != nil {
		return Report{}, err
	}
	kept = slices.Clone(kept)
	slices.SortFunc(kept, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	c := &storedCheck{keys: keys, kept: kept, rep: Report{Origin: origin}}
	next, stop := iter.Pull2(s.Checkpoints())
	defer stop()
	c.pull = next
	err = c.run(s)
	c.rep.FirstVersion, c.rep.LastVersion, c.rep.To = c.vers.first, c.vers.last, c.tree.size
	c.rep.Unsigned = c.tree.size - c.good
	return c.rep, err
}

type storedCheck struct {
	keys    Keys
	kept    []Checkpoint // still to come, ascending
	pull    func() ([]byte, error, bool)
	due     *Checkpoint // the stored checkpoint that comes next
	tree    Range
	good    int64 // leaves that a signature has vouched for
	ids     spans
	vers    versions
	rep     Report
	scratch []byte
}

func (c *storedCheck) run(s Stored) error {
	if err := c.advance(); err != nil {
		return err
	}
	if err := c.meet(); err != nil {
		return err
	}
	for b, err := range s.Batches() {
		if err != nil {
			return err
		}
		if err := c.batch(&b); err != nil {
			return err
		}
	}
	if err := c.beyond(); err != nil {
		return err
	}
	return c.tail(s.IDs())
}

func (c *storedCheck) fault(k FaultKind, leaf, id int64, format string, args ...any) error {
	return &Fault{Kind: k, Leaf: leaf, EntryID: id, Detail: fmt.Sprintf(format, args...)}
}

func (c *storedCheck) batch(b *Sealed) error {
	at := c.tree.size
	ids, err := b.Batch.Entries()
	switch {
	case b.First > at:
		return &Fault{Kind: Dropped, Leaf: at, Until: b.First, Detail: fmt.Sprintf("the next batch begins at leaf %d", b.First)}
	case b.First < at:
		return c.fault(Duplicated, at, 0, "a batch begins at leaf %d again", b.First)
	case err != nil:
		return c.fault(BadRow, at, 0, "%v", err)
	case len(b.Entries) != len(ids):
		return c.fault(BadRow, at, 0, "the batch names %d entries and came with %d", len(ids), len(b.Entries))
	}
	stored := b.Hashes
	for i, id := range ids {
		n, err := c.entry(id, b.Entries[i], stored)
		if err != nil {
			return c.explain(err, b, ids)
		}
		stored = stored[n:]
	}
	return nil
}

// entry checks one leaf against the stored hashes, which begin with its own; n is how many bytes of them are its.
func (c *storedCheck) entry(id int64, data, stored []byte) (n int, err error) {
	at := c.tree.size
	if data == nil {
		return 0, c.fault(Dropped, at, id, "the entry has no row")
	}
	named, version, ok := entryHead(data)
	leaf := tlog.RecordHash(data)
	switch {
	case !bytes.HasPrefix(stored, leaf[:]):
		return 0, c.fault(Changed, at, id, "the entry's bytes do not give the leaf hash that is stored")
	case !ok || named != id:
		return 0, c.fault(BadRow, at, id, "the batch calls it entry %d, its bytes say %d", id, named)
	case !c.ids.add(id):
		return 0, c.fault(Duplicated, at, id, "the entry is sealed twice")
	}
	c.scratch = c.tree.push(leaf, c.scratch[:0])
	if err := c.nodes(at, stored); err != nil {
		return 0, err
	}
	if hole := c.vers.next(version); hole != "" {
		return 0, c.fault(Hole, at, id, "%s", hole)
	}
	return len(c.scratch), c.meet()
}

// nodes compares the nodes that leaf at completed with the stored ones.
func (c *storedCheck) nodes(at int64, stored []byte) error {
	for level := 0; level<<5 < len(c.scratch); level++ {
		if o := level << 5; !bytes.Equal(c.scratch[o:o+tlog.HashSize], stored[o:o+tlog.HashSize]) {
			first := at >> level << level
			return &Fault{Kind: Hash, Leaf: first, Until: at + 1,
				Detail: fmt.Sprintf("the stored hash of this subtree (level %d, stored with leaf %d) is not that of its entries", level, at)}
		}
	}
	return nil
}

// explain tells an entry that changed places with another of its batch from one whose bytes were changed.
func (c *storedCheck) explain(err error, b *Sealed, ids []int64) error {
	f, ok := err.(*Fault)
	if !ok || f.Kind != Changed {
		return err
	}
	leaf := tlog.RecordHash(b.Entries[f.Leaf-b.First])
	for i, id := range ids {
		at := tlog.StoredHashCount(b.First+int64(i)) - tlog.StoredHashCount(b.First)
		if bytes.HasPrefix(b.Hashes[at*tlog.HashSize:], leaf[:]) {
			f.Kind, f.Detail = Swapped, fmt.Sprintf("here are the bytes of leaf %d, entry %d", b.First+int64(i), id)
			break
		}
	}
	return f
}

// advance reads the next stored checkpoint.
func (c *storedCheck) advance() error {
	c.due = nil
	msg, err, ok := c.pull()
	if err != nil || !ok {
		return err
	}
	p, err := OpenCheckpoint(msg, c.keys)
	switch {
	case err != nil:
		return c.fault(Signature, -1, 0, "a stored checkpoint (the last one before it is of %d entries): %v", c.rep.Checkpoint.Size, err)
	case p.Origin != c.rep.Origin:
		return c.fault(Signature, -1, 0, "a stored checkpoint is of %s, not of %s", p.Origin, c.rep.Origin)
	case p.Size < c.tree.size:
		return c.fault(Root, -1, 0, "a checkpoint of %d entries is stored behind one of %d", p.Size, c.tree.size)
	}
	c.due = &p
	return nil
}

// meet compares the tree with all checkpoints of its size.
func (c *storedCheck) meet() error {
	for c.due != nil && c.due.Size == c.tree.size {
		if err := c.agree(*c.due, Root, "a stored checkpoint"); err != nil {
			return err
		}
		c.rep.Checkpoint = *c.due
		c.rep.Checkpoints++
		if err := c.advance(); err != nil {
			return err
		}
	}
	for len(c.kept) > 0 && c.kept[0].Size <= c.tree.size {
		if err := c.agree(c.kept[0], Since, "a checkpoint kept elsewhere"); err != nil {
			return err
		}
		c.kept = c.kept[1:]
	}
	return nil
}

func (c *storedCheck) agree(p Checkpoint, k FaultKind, what string) error {
	if p.Origin != c.rep.Origin || p.Root != c.tree.Root() {
		return &Fault{Kind: k, Leaf: c.good, Until: c.tree.size,
			Detail: fmt.Sprintf("%s of %s with %d entries signs another root than these entries give", what, p.Origin, p.Size)}
	}
	c.good = c.tree.size
	return nil
}

// beyond finds checkpoints of more entries than there are.
func (c *storedCheck) beyond() error {
	late := c.kept
	if c.due != nil {
		late = append([]Checkpoint{*c.due}, late...)
	}
	if len(late) == 0 {
		return nil
	}
	size := late[0].Size
	return &Fault{Kind: Cut, Leaf: c.tree.size, Until: size,
		Detail: fmt.Sprintf("a checkpoint signs %d entries; %d are here", size, c.tree.size)}
}

// tail counts the rows that are not sealed, and the ids that have no row.
func (c *storedCheck) tail(ids iter.Seq2[int64, error]) error {
	top := c.ids.top()
	all := spans{list: slices.Clone(c.ids.list)}
	for id, err := range ids {
		if err != nil {
			return err
		}
		if !all.add(id) {
			continue
		}
		c.rep.Unsealed++
		if id < top {
			c.rep.Late++
		}
	}
	c.rep.Gaps, c.rep.FirstGap = all.gaps()
	return nil
}
