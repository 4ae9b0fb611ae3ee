package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// maxLine bounds the memory that a hostile file can make VerifyExport use.
const maxLine = 2*MaxEntry + 1024

// VerifyExport checks an export with the public keys (the text of --pubkey) of those who may have signed it, in memory that does not
// grow with the file. With since, a checkpoint kept elsewhere (OpenCheckpoint), the export must also continue that one.
//
// A nil error means that the header, every entry, their order and number, and the trailer are as they were signed. A *Fault names the
// first thing that is not. Any other error (the reader's, or fail.Invalid for keys) means that the check could not be made.
func VerifyExport(r io.Reader, pubkeys []string, since *Checkpoint) (Report, error) {
	keys, err := ParseKeys(pubkeys...)
	if err != nil {
		return Report{}, err
	}
	c := &exportCheck{in: lines{r: bufio.NewReaderSize(r, 1<<16)}, keys: keys, since: since, sum: sha256.New(), lastPoint: -1}
	err = c.header()
	for err == nil && !c.done {
		err = c.line()
	}
	if err == nil {
		err = c.end()
	}
	c.rep.FirstVersion, c.rep.LastVersion, c.rep.To = c.vers.first, c.vers.last, c.tree.size
	return c.rep, err
}

type exportCheck struct {
	in        lines
	keys      Keys
	since     *Checkpoint
	sinceMet  bool
	head      header
	tree      Range
	good      int64 // leaves that a signature has vouched for so far
	lastPoint int64 // size of the last checkpoint between entries
	sum       hash.Hash
	vers      versions
	rep       Report
	done      bool
	scratch   []byte // of an entry
	hashes    []byte // of a leaf
}

// fault makes a Fault at the line read last.
func (c *exportCheck) fault(k FaultKind, leaf int64, format string, args ...any) error {
	return &Fault{Kind: k, Leaf: leaf, Line: c.in.n, Detail: fmt.Sprintf(format, args...)}
}

// read reads the next line; a file that ends here is cut.
func (c *exportCheck) read() ([]byte, error) {
	line, err := c.in.read()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		c.in.n++
		return nil, c.fault(Cut, c.tree.size, "the file ends here; the leaves before %d and a trailer should follow", c.head.To)
	case errors.Is(err, errLongLine):
		return nil, c.fault(Changed, c.tree.size, "the line is longer than %d bytes", maxLine)
	}
	return line, err
}

// absorb adds a whole line to what the trailer's signature covers.
func (c *exportCheck) absorb(line []byte) {
	c.sum.Write(line)
	c.sum.Write([]byte{'\n'})
}

func (c *exportCheck) header() error {
	line, err := c.read()
	if err != nil {
		return err
	}
	l := headerLine{Header: &c.head}
	if !decodeLine(line, &l) || l.Header == nil {
		return c.fault(Header, -1, "this is not the header of a ledger export")
	}
	digest := sha256.Sum256(mustJSON(&c.head))
	if err := checkAttest(l.Signed, c.head.Origin, "header", digest[:], c.keys); err != nil {
		return c.fault(attestFault(err, Header), -1, "the header: %v", err)
	}
	if c.head.Format != formatVersion {
		return c.fault(Header, -1, "the export is of format %d; this reader knows format %d", c.head.Format, formatVersion)
	}
	if c.tree, err = rangeOf(c.head.From, c.head.Before); err != nil || c.head.To < c.head.From || c.head.To > maxLeaves {
		return c.fault(Header, -1, "the leaves [%d, %d) cannot be", c.head.From, c.head.To)
	}
	c.absorb(line)
	c.good, c.vers.open = c.head.From, c.head.From > 0
	c.rep = Report{Origin: c.head.Origin, From: c.head.From, Workspace: c.head.Workspace, Made: c.head.Made}
	return c.meetSince()
}

// attestFault tells a signature that is wrong from a good one over something else.
func attestFault(err error, part FaultKind) FaultKind {
	if errors.Is(err, errUnlike) {
		return part
	}
	return Signature
}

func (c *exportCheck) line() error {
	line, err := c.read()
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(line, []byte(leafKey)):
		err = c.entry(line)
	case bytes.HasPrefix(line, []byte(checkpntKey)):
		err = c.point(line)
	case bytes.HasPrefix(line, []byte(trailerKey)):
		c.done = true
		return c.trailer(line)
	default:
		err = c.unreadable()
	}
	c.absorb(line)
	return err
}

// unreadable is the fault of a line of no known form, where a leaf or, after the last one, the trailer belongs.
func (c *exportCheck) unreadable() error {
	if c.tree.size == c.head.To {
		return c.fault(Trailer, -1, "this is no line of an export, and the trailer belongs here")
	}
	return c.fault(Changed, c.tree.size, "this is no line of an export")
}

func (c *exportCheck) entry(line []byte) error {
	l, ok := parseEntryLine(line, c.scratch)
	if !ok {
		return c.unreadable()
	}
	if l.data != nil {
		c.scratch = l.data
	}
	id, version, _ := entryHead(l.data)
	if err := c.place(l); err != nil {
		return withID(err, id)
	}
	leaf := tlog.RecordHash(l.data)
	if string(l.hash) != leaf.String() {
		return withID(c.fault(Changed, l.leaf, "the entry's bytes do not give its leaf hash"), id)
	}
	c.hashes = c.tree.push(leaf, c.hashes[:0])
	if hole := c.vers.next(version); hole != "" {
		return withID(c.fault(Hole, l.leaf, "%s", hole), id)
	}
	return c.meetSince()
}

func withID(err error, id int64) error {
	var f *Fault
	if errors.As(err, &f) {
		f.EntryID = id
	}
	return err
}

// place checks that an entry's line is where it belongs. When it is not, the line after it tells what happened.
func (c *exportCheck) place(l entryLine) error {
	want, got := c.tree.size, l.leaf
	if got == want && want < c.head.To {
		return nil
	}
	at := c.in.n
	after, follows := c.leafAfter()
	c.in.n = at
	switch {
	case want >= c.head.To && got != want-1:
		return c.fault(Trailer, -1, "leaf %d stands behind the last leaf of the export, %d", got, c.head.To-1)
	case got == want-1 || (got < want && (!follows || after == want)):
		return c.fault(Duplicated, want, "leaf %d is here again, where leaf %d belongs", got, want)
	case got > want && got < c.head.To && (!follows || after == got+1):
		f := &Fault{Kind: Dropped, Leaf: want, Until: got, Line: at, Detail: fmt.Sprintf("leaf %d follows leaf %d", got, want-1)}
		return f
	}
	return c.fault(Swapped, want, "leaf %d stands where leaf %d belongs: entries changed places, or the number was changed", got, want)
}

// leafAfter gives the leaf of the next line that is no checkpoint, if that is an entry's. It is for faults only: the line is lost.
func (c *exportCheck) leafAfter() (leaf int64, ok bool) {
	for {
		line, err := c.in.read()
		if err != nil {
			return 0, false
		}
		if !bytes.HasPrefix(line, []byte(checkpntKey)) {
			leaf, _, ok = cutInt(line, leafKey)
			return leaf, ok
		}
	}
}

// point checks a checkpoint between entries.
func (c *exportCheck) point(line []byte) error {
	var l checkpointLine
	if !decodeLine(line, &l) {
		return c.unreadable()
	}
	p, err := c.open(l.Checkpoint)
	if err != nil {
		return err
	}
	at := c.tree.size
	switch {
	case p.Size == c.lastPoint:
		return c.fault(Duplicated, -1, "the checkpoint of %d entries is here again", p.Size)
	case p.Size < at:
		return c.fault(Swapped, p.Size, "the checkpoint of %d entries stands behind leaf %d", p.Size, at-1)
	case p.Size > at:
		return c.missing(p.Size, "the checkpoint of %d entries", p.Size)
	}
	c.lastPoint = at
	return c.agree(p)
}

// missing is the fault of a line that belongs behind leaves not met yet: they are dropped, or come after it.
func (c *exportCheck) missing(until int64, what string, args ...any) error {
	want, at := c.tree.size, c.in.n
	after, follows := c.leafAfter()
	c.in.n = at
	what = fmt.Sprintf(what, args...)
	if follows && after == want {
		return c.fault(Swapped, want, "%s stands before leaf %d", what, want)
	}
	return &Fault{Kind: Dropped, Leaf: want, Until: min(until, c.head.To), Line: at, Detail: what + " follows at once"}
}

// open opens a checkpoint of this ledger.
func (c *exportCheck) open(msg string) (Checkpoint, error) {
	p, err := OpenCheckpoint([]byte(msg), c.keys)
	if err != nil {
		return p, c.fault(Signature, -1, "the checkpoint: %v", err)
	}
	if p.Origin != c.head.Origin {
		return p, c.fault(Signature, -1, "the checkpoint is of %s, not of %s", p.Origin, c.head.Origin)
	}
	return p, nil
}

// agree checks the tree so far against a checkpoint of its size.
func (c *exportCheck) agree(p Checkpoint) error {
	if c.tree.Root() != p.Root {
		return c.offRoot(Root, "these entries do not give the root that the checkpoint of %d entries signs", p.Size)
	}
	c.good, c.rep.Checkpoint = c.tree.size, p
	c.rep.Checkpoints++
	return nil
}

// offRoot is the fault of a root that is not as signed: the bad entry is somewhere after the last agreement.
func (c *exportCheck) offRoot(k FaultKind, format string, args ...any) error {
	return &Fault{Kind: k, Leaf: c.good, Until: c.tree.size, Line: c.in.n, Detail: fmt.Sprintf(format, args...)}
}

// meetSince compares with the checkpoint kept elsewhere when the tree has its size.
func (c *exportCheck) meetSince() error {
	if c.since == nil || c.since.Size != c.tree.size {
		return nil
	}
	c.sinceMet = true
	if c.since.Origin != c.head.Origin || c.since.Root != c.tree.Root() {
		return c.offRoot(Since, "the ledger is not that of the checkpoint of %s with %d entries that was kept", c.since.Origin, c.since.Size)
	}
	return nil
}

func (c *exportCheck) trailer(line []byte) error {
	var l trailerLine
	if !decodeLine(line, &l) || l.Trailer == nil {
		return c.fault(Trailer, -1, "the trailer cannot be read")
	}
	if c.tree.size != c.head.To {
		return c.missing(c.head.To, "the trailer")
	}
	p, err := c.open(l.Trailer.Checkpoint)
	if err != nil {
		return err
	}
	if err := c.against(p, l.Trailer); err != nil {
		return err
	}
	c.sum.Write(mustJSON(l.Trailer))
	if err := checkAttest(l.Signed, c.head.Origin, "trailer", c.sum.Sum(nil), c.keys); err != nil {
		return c.fault(attestFault(err, Trailer), -1, "the trailer, or a line that is no entry: %v", err)
	}
	return c.sinceProven(p, l.Trailer)
}

// against checks all entries, and what the trailer says of them, against its checkpoint.
func (c *exportCheck) against(p Checkpoint, t *trailer) error {
	if n := c.tree.size - c.head.From; t.Count != n {
		return c.fault(Trailer, -1, "the trailer counts %d entries; there are %d", t.Count, n)
	}
	if p.Size < c.head.To {
		return c.fault(Trailer, -1, "the checkpoint signs %d entries only", p.Size)
	}
	root := c.tree.Root()
	if p.Size == c.tree.size && p.Root != root || !checkTree(t.Proof, p, c.tree.size, root) {
		return c.offRoot(Root, "these entries are not among those that the checkpoint of %d entries signs", p.Size)
	}
	c.rep.Checkpoint = p
	c.rep.Checkpoints++
	return nil
}

// sinceProven checks the proof for a kept checkpoint whose size the entries did not pass.
func (c *exportCheck) sinceProven(p Checkpoint, t *trailer) error {
	s := c.since
	var proof []tlog.Hash
	given := s != nil && t.Since != nil && t.Since.Size == s.Size
	if given {
		proof = t.Since.Proof
	}
	switch {
	case s == nil || c.sinceMet || s.Size == 0 && s.Origin == p.Origin:
		return nil
	case s.Size > p.Size:
		return c.fault(Since, -1, "the kept checkpoint is of %d entries, this export's of %d: it is older, or the ledger was cut", s.Size, p.Size)
	case s.Origin != p.Origin:
		return c.fault(Since, -1, "the kept checkpoint is of %s", s.Origin)
	case !given && s.Size != p.Size:
		return c.fault(Since, -1, "the export has no proof for the kept checkpoint of %d entries; export again since that size", s.Size)
	case !checkTree(proof, p, s.Size, s.Root):
		return c.fault(Since, -1, "the ledger does not continue the kept checkpoint of %d entries", s.Size)
	}
	return nil
}

// end checks that nothing follows the trailer.
func (c *exportCheck) end() error {
	_, err := c.in.read()
	if err == io.EOF {
		return nil
	}
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errLongLine) {
		return c.fault(Trailer, -1, "something follows the trailer")
	}
	return err
}

// errLongLine stops at a line that no exporter would write.
var errLongLine = fail.Invalidf("line too long")

// lines reads lines of bounded length and counts them.
type lines struct {
	r   *bufio.Reader
	buf []byte
	n   int
}

// read gives the next line without its newline, valid until the next call; io.EOF at the end, io.ErrUnexpectedEOF if the last line has
// no newline.
func (l *lines) read() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == nil:
			l.n++
			return l.buf[:len(l.buf)-1], nil
		case err == io.EOF && len(l.buf) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != bufio.ErrBufferFull:
			return nil, err
		case len(l.buf) > maxLine:
			return nil, errLongLine
		}
	}
}
