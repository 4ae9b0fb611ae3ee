package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/store/storetest"
)

// openAny opens a founded workspace on the engine that the test run is for, and gives a signer of its ledger.
func openAny(t testing.TB) (*Store, *ledger.Signer, Options) {
	t.Helper()
	o := Options{Data: t.TempDir(), Database: storetest.Database(t)}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin", AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	return s, signer(t, s, 1), o
}

func signer(t testing.TB, s *Store, seed byte) *ledger.Signer {
	t.Helper()
	skey, _, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), s.Origin())
	if err != nil {
		t.Fatal(err)
	}
	sign, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return sign
}

// enter writes n entries about an object, each in a transaction of its own.
func enter(t testing.TB, s *Store, action string, object int64, n int) {
	t.Helper()
	for i := range n {
		err := s.Write(context.Background(), func(tx *Tx) error {
			return tx.Record(&ledger.Entry{Class: ledger.ClassA, Service: "test", Action: action, Actor: ledger.Actor{ID: 100, Name: "ann"},
				Params: ledger.Params{{Key: "n", Value: fmt.Sprint(i)}}}, object)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// seal seals until there is nothing left. On PostgreSQL other tests' transactions may hold the horizon back for a moment.
func seal(t testing.TB, s *Store, sign *ledger.Signer, want int) {
	t.Helper()
	got := 0
	for deadline := time.Now().Add(20 * time.Second); got < want; time.Sleep(10 * time.Millisecond) {
		n, err := s.Seal(context.Background(), sign)
		if err != nil {
			t.Fatal(err)
		}
		if got += n; time.Now().After(deadline) {
			break
		}
	}
	if got != want {
		t.Fatalf("sealed %d entries, want %d", got, want)
	}
}

func verify(t testing.TB, s *Store, keys ...string) (r ledger.Report, err error) {
	t.Helper()
	rerr := s.Read(context.Background(), func(tx *Tx) error {
		r, err = tx.Verify(keys)
		return nil
	})
	if rerr != nil {
		t.Fatal(rerr)
	}
	return r, err
}

// tamper changes the database behind the store's back.
func tamper(t testing.TB, s *Store, q string, args ...any) {
	t.Helper()
	r, err := s.db.ExecContext(context.Background(), s.d.text(q), args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", q, n, err)
	}
}

func TestSealAndVerify(t *testing.T) {
	s, sign, _ := openAny(t)
	seal(t, s, sign, 1) // the founding
	for i := range 5 {
		enter(t, s, "note", authz.Root, i+1)
		seal(t, s, sign, i+1)
	}
	if n, err := s.Seal(context.Background(), sign); n != 0 || err != nil {
		t.Errorf("sealing nothing: %d, %v", n, err)
	}
	enter(t, s, "note", authz.Root, 2)
	r, err := verify(t, s, sign.Public())
	if err != nil || r.To != 16 || r.Unsealed != 2 || r.Checkpoints != 6 || r.LastVersion != 1 {
		t.Errorf("report %+v, %v", r, err)
	}
	if _, err := verify(t, s, signer(t, s, 9).Public()); faultOf(err) != ledger.Signature {
		t.Errorf("verified with another key: %v", err)
	}
}

func faultOf(err error) ledger.FaultKind {
	var f *ledger.Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ledger.FaultKind(fmt.Sprint(err))
}

// TestVerifyNamesWhatIsWrong changes a stored ledger in each way that an intruder might. The ids of the entries at leaves 3 and 4 are put
// where the statements have %[1]d and %[2]d. What is sealed second may be several batches: on PostgreSQL other tests hold the horizon.
func TestVerifyNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		kind       ledger.FaultKind
		leaf       int64
	}{
		"a copy":      {[]string{"UPDATE ledger SET body = (SELECT body FROM ledger WHERE id = %[2]d) WHERE id = %[1]d"}, ledger.Swapped, 3},
		"dropped":     {[]string{"DELETE FROM ledger WHERE id = %[1]d"}, ledger.Dropped, 3},
		"swapped ids": {[]string{"UPDATE ledger SET id = -1 WHERE id = %[1]d", "UPDATE ledger SET id = %[1]d WHERE id = %[2]d", "UPDATE ledger SET id = %[2]d WHERE id = -1"}, ledger.Swapped, 3},
		"inserted": {[]string{`INSERT INTO ledger (stamp, id, at, class, actor, object, action, body)
			SELECT stamp, id + 1, at, class, actor, object, action, body FROM ledger WHERE id = %[1]d`}, ledger.Inserted, 1},
		"cut with its seal":   {[]string{"DELETE FROM ledger WHERE id >= %[1]d", "DELETE FROM seals WHERE first > 0"}, "<nil>", 0},
		"a checkpoint's text": {[]string{"UPDATE seals SET checkpoint = (SELECT checkpoint FROM seals WHERE first = 0) WHERE first > 0"}, ledger.Signature, 1},
		"a seal":              {[]string{"DELETE FROM seals WHERE first = 0"}, ledger.Dropped, -2},
		"hashes":              {[]string{"UPDATE seals SET hashes = (SELECT hashes FROM seals WHERE first = 0) WHERE first = 1"}, ledger.BadRow, -2},
	} {
		t.Run(name, func(t *testing.T) {
			s, sign, _ := openAny(t)
			seal(t, s, sign, 1)
			enter(t, s, "note", authz.Root, 6)
			seal(t, s, sign, 6)
			ids := idsOf(t, s)
			for _, q := range c.statements {
				tamper(t, s, expand(q, ids[3], ids[4]))
			}
			_, err := verify(t, s, sign.Public())
			var f *ledger.Fault
			if faultOf(err) != c.kind || errors.As(err, &f) && c.leaf != -2 && f.Leaf != c.leaf {
				t.Errorf("%v, want kind %q at leaf %d", err, c.kind, c.leaf)
			}
		})
	}
}

// TestVerifyFindsEachByte flips a bit of every byte of an entry, one after the other.
func TestVerifyFindsEachByte(t *testing.T) {
	s, sign, _ := openAny(t)
	enter(t, s, "note", authz.Root, 2)
	seal(t, s, sign, 3)
	id := idsOf(t, s)[1]
	var body []byte
	if err := s.db.QueryRowContext(context.Background(), s.d.text("SELECT body FROM ledger WHERE id = ?"), id).Scan(&body); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		flipped := bytes.Clone(body)
		flipped[i] ^= 1
		tamper(t, s, "UPDATE ledger SET body = ? WHERE id = ?", flipped, id)
		_, err := verify(t, s, sign.Public())
		var f *ledger.Fault
		if !errors.As(err, &f) || f.Kind != ledger.Changed || f.Leaf != 1 {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	tamper(t, s, "UPDATE ledger SET body = ? WHERE id = ?", body, id)
	if _, err := verify(t, s, sign.Public()); err != nil {
		t.Error(err)
	}
}

func expand(q string, a, b int64) string {
	return strings.NewReplacer("%[1]d", fmt.Sprint(a), "%[2]d", fmt.Sprint(b)).Replace(q)
}

func idsOf(t testing.TB, s *Store) (ids []int64) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) error {
		for id, err := range (storedLedger{tx}).IDs() {
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestKeptCheckpointShowsARewrite is the one thing that the stored ledger cannot show by itself: a shorter one, properly signed.
func TestKeptCheckpointShowsARewrite(t *testing.T) {
	s, sign, _ := openAny(t)
	seal(t, s, sign, 1)
	enter(t, s, "note", authz.Root, 3)
	seal(t, s, sign, 3)
	var kept ledger.Checkpoint
	err := s.Read(context.Background(), func(tx *Tx) error {
		note, size, err := tx.Sealed()
		if err != nil || size != 4 {
			return fmt.Errorf("size %d: %w", size, err)
		}
		keys, err := ledger.ParseKeys(sign.Public())
		if err != nil {
			return err
		}
		kept, err = ledger.OpenCheckpoint([]byte(note), keys)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, s, "DELETE FROM seals WHERE first > 0")
	tamper(t, s, "DELETE FROM ledger WHERE action = 'note'")
	if _, err := verify(t, s, sign.Public()); err != nil {
		t.Fatalf("the cut ledger is whole by itself, but: %v", err)
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		_, err := tx.Verify([]string{sign.Public()}, kept)
		return err
	})
	if faultOf(err) != ledger.Cut {
		t.Errorf("against the kept checkpoint: %v", err)
	}
}

func TestSealersShareTheWork(t *testing.T) {
	s, sign, _ := openAny(t)
	enter(t, s, "note", authz.Root, 40)
	total, mu := 0, sync.Mutex{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 30 {
				n, err := s.Seal(context.Background(), sign)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			}
		})
	}
	all.Wait()
	r, err := verify(t, s, sign.Public())
	if err != nil || r.Unsealed == 0 && total != 41 || r.To != int64(total) {
		t.Errorf("sealed %d, report %+v, %v", total, r, err)
	}
}

// TestSealKeepsATransactionTogether seals more entries of one transaction than a batch takes, among others.
func TestSealKeepsATransactionTogether(t *testing.T) {
	s, sign, _ := openAny(t)
	many := func(n int) {
		err := s.Write(context.Background(), func(tx *Tx) error {
			for range n {
				if err := tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "many"}, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	many(100)
	many(maxSeal + 1)
	many(3)
	seal(t, s, sign, 1+100+maxSeal+1+3)
	if r, err := verify(t, s, sign.Public()); err != nil || r.To != maxSeal+105 || r.Unsealed != 0 {
		t.Errorf("report %+v, %v", r, err)
	}
}

func TestExport(t *testing.T) {
	s, sign, _ := openAny(t)
	seal(t, s, sign, 1)
	for range 3 {
		enter(t, s, "note", authz.Root, 3)
		seal(t, s, sign, 3)
	}
	for _, c := range []struct{ from, to int64 }{{0, 10}, {0, 4}, {2, 8}, {10, 10}, {4, 7}} {
		text := exported(t, s, sign, c.from, c.to)
		r, err := ledger.VerifyExport(bytes.NewReader(text), []string{sign.Public()}, nil)
		if err != nil || r.From != c.from || r.To != c.to {
			t.Errorf("[%d, %d): %+v, %v", c.from, c.to, r, err)
		}
	}
	text := exported(t, s, sign, 0, 10)
	text[bytes.Index(text, []byte(`note\"`))] = 'N'
	if _, err := ledger.VerifyExport(bytes.NewReader(text), []string{sign.Public()}, nil); faultOf(err) != ledger.Changed {
		t.Errorf("a changed export: %v", err)
	}
}

func exported(t testing.TB, s *Store, sign *ledger.Signer, from, to int64) []byte {
	t.Helper()
	var b bytes.Buffer
	err := s.Read(context.Background(), func(tx *Tx) error {
		note, size, err := tx.Sealed()
		if err != nil {
			return err
		}
		x, err := ledger.NewExporter(&b, ledger.Plan{Workspace: strconv.FormatInt(s.Workspace(), 10), From: from, To: to, Made: tx.Now,
			Checkpoint: []byte(note), Size: size, Signer: sign, Hashes: tx.Hashes()})
		if err != nil {
			return err
		}
		if err := tx.ExportLedger(x, from, to); err != nil {
			return err
		}
		return x.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAuditPage(t *testing.T) {
	s, _, _ := openAny(t)
	enter(t, s, "create", 7, 3)
	enter(t, s, "delete", authz.Root, 2)
	root, seven := authz.Root, int64(7)
	for name, c := range map[string]struct {
		a    Audit
		want []string
	}{
		"all":          {Audit{Limit: 10}, []string{"delete 1", "delete 0", "create 2", "create 1", "create 0", "createWorkspace"}},
		"limit":        {Audit{Limit: 1}, []string{"delete 1"}},
		"action":       {Audit{Actions: []string{"create"}, Limit: 10}, []string{"create 2", "create 1", "create 0"}},
		"object":       {Audit{Objects: []int64{seven}, Limit: 2}, []string{"create 2", "create 1"}},
		"object 0":     {Audit{Objects: []int64{root}, Limit: 10}, []string{"delete 1", "delete 0"}},
		"actor":        {Audit{Actors: []int64{authz.System}, Limit: 10}, []string{"createWorkspace"}},
		"other class":  {Audit{Classes: []ledger.Class{ledger.ClassB}, Limit: 10}, nil},
		"since future": {Audit{Since: time.Now().Add(time.Hour).UnixMilli(), Limit: 10}, nil},
		"until past":   {Audit{Until: 1, Limit: 10}, nil},
	} {
		if diff := cmp.Diff(c.want, pages(t, s, c.a, 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(pages(t, s, Audit{Limit: 10}, 1), pages(t, s, Audit{Limit: 2}, 3)); diff != "" {
		t.Errorf("in pages (-want +got):\n%s", diff)
	}
}

// pages reads so many pages and gives each entry's action and number.
func pages(t testing.TB, s *Store, a Audit, n int) (out []string) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) error {
		for range n {
			rows, err := tx.AuditPage(a)
			if err != nil {
				return err
			}
			for _, r := range rows {
				e, err := ledger.Parse(r.Body)
				if err != nil {
					return err
				}
				out = append(out, strings.TrimSpace(e.Action+" "+e.Params.Map()["n"]))
				a.Before = &LedgerPlace{r.Stamp, r.ID}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
