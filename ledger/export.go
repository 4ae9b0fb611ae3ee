package ledger

import (
	"crypto/sha256"
	"hash"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// Plan says what to export.
type Plan struct {
	Workspace string // id; the origin follows from it
	From, To  int64  // leaves [From, To)
	Made      int64  // ms since 1970
	// Checkpoint is a signed checkpoint of this ledger of at least To leaves, the newest as a rule; Size is its size.
	Checkpoint []byte
	Size       int64
	// Since is the size of the checkpoint that the reader keeps and will verify against; 0 if he has none. It is needed for sizes
	// outside [From, To] only, but does no harm.
	Since  int64
	Signer *Signer
	Hashes tlog.HashReader // stored hashes of at least Size leaves
}

// Exporter writes an export line by line. Nothing of it is kept in memory; the writer is best buffered.
type Exporter struct {
	w    io.Writer
	sum  hash.Hash // of everything written
	plan Plan
	next int64
	buf  []byte
}

// NewExporter checks the plan (fail.Invalid if it cannot be) and writes the header. Then come Entry for each leaf in order,
// Checkpoint where there is one, and Close.
func NewExporter(w io.Writer, p Plan) (*Exporter, error) {
	if p.From < 0 || p.From > p.To || p.To > p.Size || p.Since < 0 || p.Since > p.Size {
		return nil, fail.Invalidf("leaves [%d, %d), since %d, cannot be exported: %d entries are signed", p.From, p.To, p.Since, p.Size)
	}
	before, err := LoadRange(p.From, p.Hashes)
	if err != nil {
		return nil, err
	}
	h := &header{Format: formatVersion, Origin: Origin(p.Workspace), Workspace: p.Workspace, From: p.From, To: p.To,
		Before: append([]tlog.Hash{}, before.Nodes()...), Key: p.Signer.Public(), Made: timeText(p.Made)}
	x := &Exporter{w: w, sum: sha256.New(), plan: p, next: p.From}
	digest := sha256.Sum256(mustJSON(h))
	signed, err := attest(p.Signer, h.Origin, "header", digest[:])
	if err != nil {
		return nil, err
	}
	return x, x.line(mustJSON(headerLine{h, signed}))
}

func (x *Exporter) line(b []byte) error { return x.write(append(b, '\n')) }

func (x *Exporter) write(b []byte) error {
	x.sum.Write(b)
	_, err := x.w.Write(b)
	return err
}

// Entry writes the next leaf: the entry's bytes as they are stored, beside the stored leaf hash. It does not compare them, so that a
// damaged ledger can be exported too and its damage be seen by whoever verifies the file.
func (x *Exporter) Entry(data []byte) error {
	if x.next >= x.plan.To {
		return fail.Statef("leaf %d is beyond the export, which ends before leaf %d", x.next, x.plan.To)
	}
	if len(data) > MaxEntry {
		return fail.New(fail.TooLarge, "the entry at leaf %d has %d bytes; %d are the limit", x.next, len(data), MaxEntry)
	}
	leaf, err := x.plan.Hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, x.next)})
	if err != nil {
		return err
	}
	x.buf = appendEntryLine(x.buf[:0], x.next, leaf[0], data)
	x.next++
	return x.write(x.buf)
}

// Next gives the index of the leaf that Entry will write.
func (x *Exporter) Next() int64 { return x.next }

// Checkpoint writes a stored, signed checkpoint whose size is Next. Each size may be given once, and at From and To none is needed.
func (x *Exporter) Checkpoint(signed []byte) error {
	return x.line(mustJSON(checkpointLine{string(signed)}))
}

// Close writes the trailer; fail.State if entries are still to come. It does not close the writer.
func (x *Exporter) Close() error {
	p := &x.plan
	if x.next != p.To {
		return fail.Statef("the export is to reach leaf %d and ends at %d", p.To, x.next)
	}
	t := &trailer{Count: p.To - p.From, Checkpoint: string(p.Checkpoint)}
	var err error
	if t.Proof, err = proveTree(p.Size, p.To, p.Hashes); err != nil {
		return err
	}
	if p.Since > 0 {
		t.Since = &sinceProof{Size: p.Since}
		if t.Since.Proof, err = proveTree(p.Size, p.Since, p.Hashes); err != nil {
			return err
		}
	}
	x.sum.Write(mustJSON(t))
	signed, err := attest(p.Signer, Origin(p.Workspace), "trailer", x.sum.Sum(nil))
	if err != nil {
		return err
	}
	return x.line(mustJSON(trailerLine{t, signed}))
}

// proveTree is tlog.ProveTree, never nil, and empty where nothing is to be proven.
func proveTree(size, old int64, r tlog.HashReader) ([]tlog.Hash, error) {
	if old == 0 || old == size {
		return []tlog.Hash{}, nil
	}
	p, err := tlog.ProveTree(size, old, r)
	return append([]tlog.Hash{}, p...), err
}

// checkTree reports whether proof, as proveTree makes it, shows that the tree of a checkpoint continues the one of old leaves.
func checkTree(proof []tlog.Hash, c Checkpoint, old int64, root tlog.Hash) bool {
	if old == 0 {
		empty := Range{}
		return len(proof) == 0 && root == empty.Root()
	}
	return tlog.CheckTree(proof, c.Size, c.Root, old, root) == nil
}
