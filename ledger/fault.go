package ledger

import (
	"fmt"
	"strings"
)

// FaultKind says what is wrong with a ledger or an export.
type FaultKind string

// The kinds of fault.
const (
	Changed    FaultKind = "changed"    // an entry's bytes do not give its leaf hash
	Dropped    FaultKind = "dropped"    // entries are missing
	Swapped    FaultKind = "swapped"    // an entry stands where another belongs
	Duplicated FaultKind = "duplicated" // an entry is there twice
	Cut        FaultKind = "cut"        // the end is missing
	Header     FaultKind = "header"     // the export's header is not as it was signed
	Trailer    FaultKind = "trailer"    // the export's trailer, or a line between entries, is not as it was signed
	Signature  FaultKind = "signature"  // a signature is wrong or by an unknown key
	Hash       FaultKind = "hash"       // a stored hash of the tree is wrong
	Root       FaultKind = "root"       // the entries do not give the root that a checkpoint signs
	Since      FaultKind = "since"      // not a continuation of the checkpoint kept elsewhere
	Hole       FaultKind = "hole"       // a governance version is missing
	BadRow     FaultKind = "row"        // a batch's row does not fit together
	Inserted   FaultKind = "inserted"   // an entry that was never sealed stands among sealed ones
)

// Fault is the first thing found wrong, as an error. Leaf is the index of the first bad entry; where only a span of entries can be named
// it reaches up to, not including, Until. Leaf is -1 if no entry is concerned.
type Fault struct {
	Kind    FaultKind
	Leaf    int64
	Until   int64 // 0 where Leaf alone is meant
	EntryID int64 // as the entry at that place says, or as the batch does; 0 if not known
	Line    int   // of the export, from 1; 0 in a stored ledger
	Detail  string
}

// Error gives the place, the kind and the detail in one line.
func (f *Fault) Error() string {
	var place []string
	switch {
	case f.Leaf >= 0 && f.Until > f.Leaf+1:
		place = append(place, fmt.Sprintf("leaves %d to %d", f.Leaf, f.Until-1))
	case f.Leaf >= 0:
		place = append(place, fmt.Sprintf("leaf %d", f.Leaf))
	}
	if f.EntryID != 0 {
		place = append(place, fmt.Sprintf("entry %d", f.EntryID))
	}
	if f.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", f.Line))
	}
	return strings.Join(append(place, string(f.Kind)), ", ") + ": " + f.Detail
}

// Report is what a check found, as far as it came.
type Report struct {
	Origin   string
	From, To int64 // the leaves that were checked: [From, To)
	// Checkpoint is the newest signed checkpoint that what was checked agrees with; Checkpoints is how many there were.
	Checkpoint  Checkpoint
	Checkpoints int
	// FirstVersion and LastVersion are the governance versions met; 0 if none.
	FirstVersion, LastVersion int64

	Workspace string // of an export: the workspace's id
	Made      string // of an export: when it was made

	Unsigned int64 // of a stored ledger: sealed leaves that no checkpoint covers yet
	Unsealed int64 // of a stored ledger: entries that are not in the tree yet
	// Late counts unsealed entries with an id below that of a sealed one. On SQLite there are none; on PostgreSQL a few may be under way.
	Late int64
	// Gaps counts the ids below the greatest that no entry has, FirstGap is the least of them. On SQLite there are none; on PostgreSQL
	// transactions that were rolled back leave some.
	Gaps, FirstGap int64
}

// versions checks that governance versions go up by one.
type versions struct {
	first, last int64
	open        bool // the first one met may be any, because the check began in mid-ledger
}

// next takes an entry's version; it gives what is wrong, or "".
func (v *versions) next(n int64) string {
	if n == 0 {
		return ""
	}
	if !v.open && n != v.last+1 {
		return fmt.Sprintf("governance version %d follows version %d", n, v.last)
	}
	if v.first == 0 {
		v.first = n
	}
	v.last, v.open = n, false
	return ""
}
