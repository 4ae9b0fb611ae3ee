package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

const workspace = "1234567890123456"

// seed32 is a source of key material that is the same in every run.
func seed32(n byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{n}, 64)) }

func testSigner(t testing.TB, n byte) *Signer {
	t.Helper()
	skey, vkey, err := GenerateKey(seed32(n), Origin(workspace))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if s.Public() != vkey {
		t.Fatalf("the signer's public key is %s, generated was %s", s.Public(), vkey)
	}
	return s
}

// sample is an entry as a permission change makes it.
func sample() *Entry {
	return &Entry{
		ID: 4711, Time: 1_767_323_045_678, Version: 815, Class: ClassA, Service: "workspace", Action: "changeWorkspaceAcl",
		RequestID: "0b8f1c9e-5c1d-4d0a-9a53-0d5f5f0b2a11", Actor: Actor{ID: 101, Name: "ann@example.org", Kind: "user"},
		Credential: "tok-77", Source: "192.0.2.7", UserAgent: "databricks-sdk-py/0.70.0 python/3.12",
		Object: Object{Kind: "directory", ID: "1001", Name: "churn", Path: "/Users/ann@example.org/churn"},
		Params: Params{{"aclChangeResourceName", "directories/1001"}, {"shardName", workspace}}, Status: 200,
		Decision: Decision{Allowed: true, Ability: "manage", Path: json.RawMessage(`["ann is the creator of /churn"]`)},
		Reason:   `ticket "42"`, Before: json.RawMessage(`[]`), After: json.RawMessage(`[{"principal":105,"level":"CAN_READ"}]`),
		Events: json.RawMessage(`[{"op":"object.put","object":{"id":1001,"kind":"directory","parent":1,"name":"churn"}}]`),
	}
}

// book is a ledger in memory: what a database would hold.
type book struct {
	rows    map[int64][]byte
	batches []Batch
	signed  [][]byte
	sizes   []int64 // of signed
	signer  *Signer
}

// newBook writes n entries, every third of them versioned, seals them in batches of random size and signs after some of them, always
// after the last.
func newBook(t testing.TB, n int, rng *rand.Rand) *book {
	t.Helper()
	b := &book{rows: map[int64][]byte{}, signer: testSigner(t, 1)}
	var tree Range
	for done := 0; done < n; {
		size := min(1+rng.IntN(9), n-done)
		batch, grown := Seal(tree, b.write(done, size))
		b.batches, tree = append(b.batches, batch), grown
		if done += size; done == n || rng.IntN(2) == 0 {
			b.sign(t, &tree)
		}
	}
	return b
}

func (b *book) write(from, n int) []Sealing {
	var out []Sealing
	for i := from; i < from+n; i++ {
		e := Entry{ID: int64(i + 1), Time: 1_700_000_000_000 + int64(i), Class: ClassA, Service: "jobs", Action: "create",
			Actor: Actor{ID: 100, Name: "b\"\\ü"}, Reason: fmt.Sprint("no. ", i)}
		if i%3 == 0 {
			e.Version = int64(i/3 + 1)
		}
		b.rows[e.ID] = Append(nil, &e)
		out = append(out, Sealing{e.ID, b.rows[e.ID]})
	}
	return out
}

func (b *book) sign(t testing.TB, tree *Range) {
	t.Helper()
	msg, err := Checkpoint{Origin: Origin(workspace), Size: tree.Size(), Root: tree.Root(), Time: 1_700_000_000_000}.Sign(b.signer)
	if err != nil {
		t.Fatal(err)
	}
	b.signed, b.sizes = append(b.signed, msg), append(b.sizes, tree.Size())
}

// clone is deep, so that tampering with it leaves b whole.
func (b *book) clone() *book {
	c := &book{rows: map[int64][]byte{}, sizes: slices.Clone(b.sizes), signer: b.signer}
	for id, d := range b.rows {
		c.rows[id] = slices.Clone(d)
	}
	for _, x := range b.batches {
		x.IDs, x.Hashes = slices.Clone(x.IDs), slices.Clone(x.Hashes)
		c.batches = append(c.batches, x)
	}
	for _, s := range b.signed {
		c.signed = append(c.signed, slices.Clone(s))
	}
	return c
}

func (b *book) size() int64 {
	last := b.batches[len(b.batches)-1]
	return last.First + last.Count
}

func (b *book) hashes() *Hashes {
	return NewHashes(func(leaf int64) (Batch, error) {
		for _, x := range slices.Backward(b.batches) {
			if x.First <= leaf {
				return x, nil
			}
		}
		return Batch{}, fail.NotFoundf("no batch")
	})
}

func (b *book) Batches() iter.Seq2[Sealed, error] {
	return func(yield func(Sealed, error) bool) {
		for _, x := range b.batches {
			s := Sealed{Batch: x}
			ids, _ := UnpackIDs(x.IDs)
			for _, id := range ids {
				s.Entries = append(s.Entries, b.rows[id])
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (b *book) Checkpoints() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, s := range b.signed {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (b *book) IDs() iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(b.rows)) {
			if !yield(id, nil) {
				return
			}
		}
	}
}

func (b *book) checkpoint(t testing.TB, i int) Checkpoint {
	t.Helper()
	keys, err := ParseKeys(b.signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCheckpoint(b.signed[i], keys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// export writes leaves [from, to) with the last checkpoint and those between.
func (b *book) export(t testing.TB, from, to, since int64) []byte {
	t.Helper()
	var out bytes.Buffer
	x, err := NewExporter(&out, Plan{Workspace: workspace, From: from, To: to, Made: 1_700_000_000_000, Checkpoint: b.signed[len(b.signed)-1],
		Size: b.size(), Since: since, Signer: b.signer, Hashes: b.hashes()})
	if err != nil {
		t.Fatal(err)
	}
	for x.Next() < to {
		err = errors.Join(err, x.Entry(b.rows[x.Next()+1]))
		if i := slices.Index(b.sizes, x.Next()); i >= 0 && x.Next() < to {
			err = errors.Join(err, x.Checkpoint(b.signed[i]))
		}
	}
	if err = errors.Join(err, x.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// faultOf gives the fault that err is, and fails the test if it is none.
func faultOf(t testing.TB, err error) *Fault {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a fault", err)
	}
	return f
}

// names reports whether the fault names leaf, alone or as the first of or inside a span.
func (f *Fault) names(leaf int64) bool { return f.Leaf == leaf || f.Leaf < leaf && leaf < f.Until }

func root(s string) tlog.Hash { return tlog.RecordHash([]byte(s)) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
