package ledger

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// TestInclusion proves every entry of trees of many sizes, and refuses what was changed.
func TestInclusion(t *testing.T) {
	signer, other := testSigner(t, 1), testSigner(t, 2)
	keys, err := ParseKeys(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 2, 3, 7, 8, 33} {
		var entries []Sealing
		for i := range size {
			entries = append(entries, Sealing{ID: int64(i + 1), Data: fmt.Appendf(nil, "entry %d", i)})
		}
		batch, tree := Seal(Range{}, entries)
		note, err := Checkpoint{Origin: Origin(workspace), Size: tree.Size(), Root: tree.Root(), Time: 1}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		hashes := NewHashes(func(int64) (Batch, error) { return batch, nil })
		for i, e := range entries {
			p, err := Prove(e.Data, int64(i), string(note), hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(e.Data, Origin(workspace), keys); err != nil {
				t.Errorf("entry %d of %d: %v", i, size, err)
			}
			refused(t, p, e.Data, keys, other)
		}
		if _, err := Prove(nil, int64(size), string(note), hashes); !fail.Is(err, fail.Invalid) {
			t.Errorf("a leaf beyond the tree: %v", err)
		}
	}
	if _, err := Prove(nil, 0, "no note", NewHashes(nil)); !fail.Is(err, fail.Invalid) {
		t.Errorf("no note: %v", err)
	}
}

// refused holds a proof against everything that may have been changed.
func refused(t *testing.T, p *Inclusion, data []byte, keys Keys, other *Signer) {
	t.Helper()
	strange, err := ParseKeys(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(change func(*Inclusion)) *Inclusion {
		c := *p
		c.Path = append([]tlog.Hash{}, p.Path...)
		change(&c)
		return &c
	}
	for name, err := range map[string]error{
		"changed entry":  p.Check(append([]byte("x"), data...), Origin(workspace), keys),
		"other key":      p.Check(data, Origin(workspace), strange),
		"other origin":   p.Check(data, Origin("1"), keys),
		"other index":    wrong(func(c *Inclusion) { c.Index++ }).Check(data, Origin(workspace), keys),
		"other size":     wrong(func(c *Inclusion) { c.Size++ }).Check(data, Origin(workspace), keys),
		"other leaf":     wrong(func(c *Inclusion) { c.Leaf[0]++ }).Check(data, Origin(workspace), keys),
		"longer path":    wrong(func(c *Inclusion) { c.Path = append(c.Path, tlog.Hash{}) }).Check(data, Origin(workspace), keys),
		"changed note":   wrong(func(c *Inclusion) { c.Checkpoint = strings.Replace(c.Checkpoint, "time 1970", "time 1971", 1) }).Check(data, Origin(workspace), keys),
		"no signature":   wrong(func(c *Inclusion) { c.Checkpoint, _, _ = strings.Cut(c.Checkpoint, "\n\n") }).Check(data, Origin(workspace), keys),
		"negative index": wrong(func(c *Inclusion) { c.Index = -1 }).Check(data, Origin(workspace), keys),
	} {
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range p.Path {
		if err := wrong(func(c *Inclusion) { c.Path[i][31] ^= 1 }).Check(data, Origin(workspace), keys); !fail.Is(err, fail.Invalid) {
			t.Errorf("hash %d of the path flipped: %v", i, err)
		}
	}
}
