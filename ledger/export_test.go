package ledger

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func verify(b *book, export []byte, since *Checkpoint) (Report, error) {
	return VerifyExport(bytes.NewReader(export), []string{b.signer.Public()}, since)
}

func TestExportRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, 20} {
		b := newBook(t, n, rand.New(rand.NewPCG(11, uint64(n))))
		for from := range b.size() + 1 {
			for to := from; to <= b.size(); to++ {
				rep, err := verify(b, b.export(t, from, to, 0), nil)
				if err != nil {
					t.Fatalf("%d entries, [%d, %d): %v", n, from, to, err)
				}
				if rep.From != from || rep.To != to || rep.Checkpoint.Size != b.size() || rep.Workspace != workspace {
					t.Fatalf("[%d, %d): report %+v", from, to, rep)
				}
			}
		}
	}
}

func TestExportSince(t *testing.T) {
	b := newBook(t, 40, rand.New(rand.NewPCG(2, 2)))
	for i, size := range b.sizes {
		kept := b.checkpoint(t, i)
		forged := kept
		forged.Root = root("another ledger")
		for _, r := range [][2]int64{{0, 40}, {0, 5}, {20, 40}, {33, 35}, {40, 40}, {0, 0}} {
			x := b.export(t, r[0], r[1], size)
			if _, err := verify(b, x, &kept); err != nil {
				t.Errorf("[%d, %d) since %d: %v", r[0], r[1], size, err)
			}
			_, err := verify(b, x, &forged)
			if f := faultOf(t, err); f.Kind != Since {
				t.Errorf("[%d, %d) since a forged %d: %v", r[0], r[1], size, f)
			}
		}
	}
	whole, part := b.export(t, 0, 40, 0), b.export(t, 39, 40, 0)
	early, later, foreign := b.checkpoint(t, 0), b.checkpoint(t, 0), b.checkpoint(t, 0)
	later.Size, foreign.Origin = 41, "bailiwick/other"
	rival := b.checkpoint(t, len(b.sizes)-1)
	rival.Root = root("another ledger")
	for name, x := range map[string]struct {
		export []byte
		kept   Checkpoint
		want   string
	}{
		"same size":       {b.export(t, 3, 4, 0), rival, "does not continue"},
		"no proof":        {part, early, "export again"},
		"older export":    {whole, later, "older, or the ledger was cut"},
		"other workspace": {whole, foreign, "is not that of"}, "other workspace, unmet": {part, foreign, "is of bailiwick/other"},
	} {
		_, err := verify(b, x.export, &x.kept)
		if f := faultOf(t, err); f.Kind != Since || !strings.Contains(f.Detail, x.want) {
			t.Errorf("%s: %v, want %q", name, f, x.want)
		}
	}
}

// exported is an export taken apart: its lines, and which leaf each holds (-1 for others).
type exported struct {
	b     *book
	lines [][]byte
	leaf  []int64
}

func takeApart(t *testing.T, from, to int64) exported {
	t.Helper()
	x := exported{b: newBook(t, 23, rand.New(rand.NewPCG(5, 24)))}
	x.lines = bytes.SplitAfter(x.b.export(t, from, to, 3), []byte("\n"))
	x.lines = x.lines[:len(x.lines)-1]
	for _, l := range x.lines {
		leaf, _, ok := cutInt(l, leafKey)
		if !ok {
			leaf = -1
		}
		x.leaf = append(x.leaf, leaf)
	}
	if points := len(x.lines) - 2 - int(to-from); points < 1 {
		t.Fatalf("only %d checkpoints between entries", points)
	}
	return x
}

// check verifies the lines, which somebody tampered with.
func (x exported) check(t *testing.T, lines [][]byte) *Fault {
	t.Helper()
	_, err := verify(x.b, bytes.Join(lines, nil), nil)
	return faultOf(t, err)
}

// expected is the leaf that a verifier expects at line i.
func (x exported) expected(i int) int64 {
	for _, leaf := range x.leaf[i:] {
		if leaf >= 0 {
			return leaf
		}
	}
	return slices.Max(x.leaf) + 1
}

func TestExportEveryFlippedByte(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, r := range [][2]int64{{0, 11}, {7, 15}} {
		x := takeApart(t, r[0], r[1])
		for i, line := range x.lines {
			for at := range line {
				bad := slices.Clone(x.lines)
				bad[i] = slices.Clone(line)
				bad[i][at] ^= 1 << rng.IntN(8)
				f := x.check(t, bad)
				if f.Line != i+1 {
					t.Fatalf("byte %d of line %d flipped: %v", at, i+1, f)
				}
				if x.leaf[i] >= 0 && f.Leaf != x.leaf[i] {
					t.Fatalf("byte %d of leaf %d flipped: %v", at, x.leaf[i], f)
				}
			}
		}
	}
}

func TestExportFlipInsideAnEntry(t *testing.T) {
	x := takeApart(t, 0, 23)
	i := slices.Index(x.leaf, 9)
	bad := slices.Clone(x.lines)
	bad[i] = bytes.Replace(bad[i], []byte("no. 9"), []byte("no. 8"), 1)
	want := &Fault{Kind: Changed, Leaf: 9, EntryID: 10, Line: i + 1, Detail: "the entry's bytes do not give its leaf hash"}
	if d := cmp.Diff(want, x.check(t, bad)); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if text := want.Error(); text != "leaf 9, entry 10, line "+itoa(int64(i+1))+", changed: the entry's bytes do not give its leaf hash" {
		t.Errorf("it reads %q", text)
	}
}

func TestExportDroppedLines(t *testing.T) {
	x := takeApart(t, 2, 23)
	for i := range x.lines {
		for n := 1; n <= 3 && i+n < len(x.lines); n++ {
			f := x.check(t, slices.Delete(slices.Clone(x.lines), i, i+n))
			leaf, held := x.expected(i), slices.Max(x.leaf[i:i+n]) >= 0
			switch {
			case i == 0 && f.Kind != Header:
				t.Errorf("without the header: %v", f)
			case i > 0 && held && (f.Kind != Dropped || f.Leaf != leaf || f.Line != i+1):
				t.Errorf("without lines %d to %d: %v", i+1, i+n, f)
			case i > 0 && !held && f.Kind != Trailer:
				t.Errorf("without the checkpoint in line %d: %v", i+1, f)
			}
		}
	}
}

func TestExportDuplicatedLines(t *testing.T) {
	x := takeApart(t, 0, 23)
	for i := range x.lines {
		f := x.check(t, slices.Insert(slices.Clone(x.lines), i, x.lines[i]))
		if x.leaf[i] >= 0 && (f.Kind != Duplicated || f.Leaf != x.leaf[i]+1) || f.Line != i+2 {
			t.Errorf("line %d twice: %v", i+1, f)
		}
		for j := i + 2; j < len(x.lines); j++ {
			f := x.check(t, slices.Insert(slices.Clone(x.lines), j, x.lines[i]))
			if x.leaf[i] >= 0 && f.Kind != Duplicated && f.Kind != Trailer || f.Line != j+1 {
				t.Errorf("line %d again as line %d: %v", i+1, j+1, f)
			}
		}
	}
}

func TestExportSwappedLines(t *testing.T) {
	x := takeApart(t, 0, 23)
	for i := range x.lines {
		for j := i + 1; j < len(x.lines); j++ {
			bad := slices.Clone(x.lines)
			bad[i], bad[j] = bad[j], bad[i]
			f := x.check(t, bad)
			if x.leaf[i] >= 0 && x.leaf[j] >= 0 && (f.Kind != Swapped || f.Leaf != x.leaf[i] || f.Line != i+1) {
				t.Errorf("leaves %d and %d swapped: %v", x.leaf[i], x.leaf[j], f)
			}
			if f.Line > j+1 {
				t.Errorf("lines %d and %d swapped: found only in line %d: %v", i+1, j+1, f.Line, f)
			}
		}
	}
}

func TestExportCutAnywhere(t *testing.T) {
	x := takeApart(t, 3, 23)
	whole := bytes.Join(x.lines, nil)
	for at := range whole {
		_, err := verify(x.b, whole[:at], nil)
		f := faultOf(t, err)
		full := bytes.Count(whole[:at], []byte("\n"))
		if f.Kind != Cut || f.Line != full+1 || full > 0 && f.Leaf != x.expected(full) {
			t.Fatalf("cut at byte %d, in line %d: %v", at, full+1, f)
		}
	}
	if _, err := verify(x.b, append(whole, '\n'), nil); faultOf(t, err).Kind != Trailer {
		t.Errorf("with an empty line behind it: %v", err)
	}
}

// TestExportForgedHashes tampers as somebody who computes the leaf hashes again: the signed checkpoints still bound the place.
func TestExportForgedHashes(t *testing.T) {
	x := takeApart(t, 4, 23)
	for i, leaf := range x.leaf {
		if leaf < 0 {
			continue
		}
		bad := slices.Clone(x.lines)
		e := Entry{ID: leaf + 1, Reason: "forged", Version: entryVersion(x.b.rows[leaf+1])}
		data := Append(nil, &e)
		bad[i] = appendEntryLine(nil, leaf, root(string(data)), data)
		f := x.check(t, bad)
		if f.Kind != Root || !f.names(leaf) || f.Until-f.Leaf > 20 {
			t.Errorf("leaf %d forged: %v", leaf, f)
		}
		after := slices.IndexFunc(x.b.sizes, func(s int64) bool { return s > leaf })
		if f.Until != x.b.sizes[after] {
			t.Errorf("leaf %d forged: found at %d, the next checkpoint is of %d", leaf, f.Until, x.b.sizes[after])
		}
	}
}

func entryVersion(b []byte) int64 { _, v, _ := entryHead(b); return v }

func TestExportWrongKeys(t *testing.T) {
	x := takeApart(t, 0, 23)
	whole, other := bytes.Join(x.lines, nil), testSigner(t, 2)
	_, err := VerifyExport(bytes.NewReader(whole), []string{other.Public()}, nil)
	if f := faultOf(t, err); f.Kind != Signature || f.Line != 1 {
		t.Errorf("another key: %v", f)
	}
	if _, err := VerifyExport(bytes.NewReader(whole), nil, nil); !fail.Is(err, fail.Invalid) {
		t.Errorf("no key: %v", err)
	}
	if _, err := VerifyExport(bytes.NewReader(whole), []string{other.Public(), x.b.signer.Public()}, nil); err != nil {
		t.Errorf("one of two keys: %v", err)
	}
}

// TestExportHeaderOfAnother puts the properly signed header of another export of the same range before the lines.
func TestExportHeaderOfAnother(t *testing.T) {
	x := takeApart(t, 0, 23)
	var out bytes.Buffer
	newest := x.b.signed[len(x.b.signed)-1]
	p := Plan{Workspace: workspace, To: 23, Made: 1, Checkpoint: newest, Size: 23, Signer: x.b.signer, Hashes: x.b.hashes()}
	if _, err := NewExporter(&out, p); err != nil {
		t.Fatal(err)
	}
	bad := slices.Clone(x.lines)
	bad[0] = out.Bytes()
	if f := x.check(t, bad); f.Kind != Trailer || f.Leaf != -1 {
		t.Errorf("got %v", f)
	}
}

func TestExportOfADamagedLedger(t *testing.T) {
	b := newBook(t, 23, rand.New(rand.NewPCG(5, 24)))
	for name, damage := range map[string]func([]byte) []byte{
		"changed":  func(d []byte) []byte { return bytes.Replace(d, []byte("jobs"), []byte("Jobs"), 1) },
		"no UTF-8": func(d []byte) []byte { d[30] = 0xff; return d },
		"newline":  func(d []byte) []byte { d[30] = '\n'; return d },
		"empty":    func(d []byte) []byte { return nil },
	} {
		c := b.clone()
		c.rows[8] = damage(c.rows[8])
		_, err := verify(c, c.export(t, 0, 23, 0), nil)
		if f := faultOf(t, err); f.Kind != Changed || f.Leaf != 7 || f.Line < 9 {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestExporterRefuses(t *testing.T) {
	b := newBook(t, 5, rand.New(rand.NewPCG(1, 1)))
	plan := Plan{Workspace: workspace, To: 5, Checkpoint: b.signed[len(b.signed)-1], Size: 5, Signer: b.signer, Hashes: b.hashes()}
	for name, change := range map[string]func(*Plan){
		"negative": func(p *Plan) { p.From = -1 }, "backwards": func(p *Plan) { p.From, p.To = 3, 2 }, "unsigned": func(p *Plan) { p.Size = 4 },
		"since": func(p *Plan) { p.Since = 6 },
	} {
		p := plan
		change(&p)
		if _, err := NewExporter(io.Discard, p); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	x, err := NewExporter(io.Discard, plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); !fail.Is(err, fail.State) {
		t.Errorf("closed early: %v", err)
	}
	for range 5 {
		err = errors.Join(err, x.Entry([]byte("{}")))
	}
	if err != nil || !fail.Is(x.Entry([]byte("{}")), fail.State) {
		t.Errorf("%v, and a sixth of five entries was taken", err)
	}
}

func TestVerifyExportReaderError(t *testing.T) {
	b := newBook(t, 5, rand.New(rand.NewPCG(1, 1)))
	x := b.export(t, 0, 5, 0)
	broken := errors.New("disk")
	for _, at := range []int{0, 10, len(x) / 2, len(x)} {
		_, err := VerifyExport(io.MultiReader(bytes.NewReader(x[:at]), iotest.ErrReader(broken)), []string{b.signer.Public()}, nil)
		if !errors.Is(err, broken) {
			t.Errorf("broken at %d: %v", at, err)
		}
	}
	if _, err := VerifyExport(iotest.OneByteReader(bytes.NewReader(x)), []string{b.signer.Public()}, nil); err != nil {
		t.Errorf("byte by byte: %v", err)
	}
}

// FuzzVerifyExport holds that no file verifies but the one that was written.
func FuzzVerifyExport(f *testing.F) {
	b := newBook(f, 6, rand.New(rand.NewPCG(1, 2)))
	whole, part := b.export(f, 0, 6, 2), b.export(f, 2, 5, 0)
	f.Add(whole)
	f.Add(part)
	f.Add(append(slices.Clone(whole), part...))
	f.Fuzz(func(t *testing.T, x []byte) {
		_, err := verify(b, x, nil)
		if err == nil && !bytes.Equal(x, whole) && !bytes.Equal(x, part) {
			t.Errorf("verified: %q", x)
		}
		if err != nil {
			faultOf(t, err)
		}
	})
}
