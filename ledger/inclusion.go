package ledger

import (
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// Inclusion is the proof that an entry is in the ledger of a checkpoint: the hashes beside the path from its leaf up to the root, which a
// verifier that knows nothing but the entry's bytes and the signer's key can follow.
type Inclusion struct {
	Index int64     // of the leaf
	Size  int64     // of the checkpoint's tree
	Leaf  tlog.Hash // of the entry's bytes
	Path  []tlog.Hash
	// Checkpoint is the signed note.
	Checkpoint string
}

// Prove makes the proof of an entry that is stored as data and should be the leaf at index, from stored hashes. It proves nothing by itself:
// what was changed in the store makes a proof that Check refuses. Errors: fail.Invalid for a note that is no checkpoint with that leaf.
func Prove(data []byte, index int64, note string, hashes tlog.HashReader) (*Inclusion, error) {
	c, err := textOf(note)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= c.Size {
		return nil, fail.Invalidf("the checkpoint has %d entries, and none at %d", c.Size, index)
	}
	path, err := tlog.ProveRecord(c.Size, index, hashes)
	if err != nil {
		return nil, err
	}
	return &Inclusion{Index: index, Size: c.Size, Leaf: tlog.RecordHash(data), Path: path, Checkpoint: note}, nil
}

// Check follows the proof: the checkpoint must be signed by one of the keys and be of the origin, and the entry's bytes must lead to its root.
// Errors: fail.Invalid, with what does not hold.
func (p *Inclusion) Check(data []byte, origin string, keys Keys) error {
	c, err := OpenCheckpoint([]byte(p.Checkpoint), keys)
	if err != nil {
		return err
	}
	if c.Origin != origin {
		return fail.Invalidf("the checkpoint is of %s, not of %s", c.Origin, origin)
	}
	if c.Size != p.Size || p.Index < 0 || p.Index >= c.Size {
		return fail.Invalidf("the checkpoint has %d entries, the proof is for %d of %d", c.Size, p.Index, p.Size)
	}
	leaf := tlog.RecordHash(data)
	if leaf != p.Leaf || tlog.CheckRecord(p.Path, p.Size, c.Root, p.Index, leaf) != nil {
		return fail.Invalidf("the entry as it is stored does not lead to the root that was signed: it was changed, or the tree was")
	}
	return nil
}

// textOf reads the text of a signed checkpoint without looking at its signatures.
func textOf(msg string) (Checkpoint, error) {
	text, _, _ := strings.Cut(msg, "\n\n")
	return ParseCheckpointText(text + "\n")
}
