package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// birds is a small domain with everything a domain can have.
var birds = func() *Domain {
	fields := []Field{
		{Name: "ring", Ops: Matching | Lists, Key: true},
		{Name: "species", Ops: Matching},
		{Name: "seen", Type: Integer, Ops: Ordered},
	}
	order := []Term{AttributeTerm(fields, 2, true), AttributeTerm(fields, 0, false)}
	return &Domain{Name: "birds", Default: order, Tie: order, DefaultPage: 10, MaxPage: 100, Groups: []Group{
		{Entity: Attribute, Names: []string{"attribute"}, Bare: true, Fields: fields, Order: true},
		{Entity: Metric, Names: []string{"metric"}, Type: Number, Ops: Ordered, Order: true},
		{Entity: Tag, Names: []string{"tag"}, Ops: Matching | Presence, Order: true},
	}}
}()

func parse(t testing.TB, filter string, order ...string) *Query {
	t.Helper()
	f, err := ParseFilter(birds, filter)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseOrder(birds, order)
	if err != nil {
		t.Fatal(err)
	}
	return &Query{Filter: f, Order: o, View: Active, Limit: 7}
}

func randomRow(rng *rand.Rand) *Row {
	r := &Row{ID: fmt.Sprintf("r%03d", rng.IntN(150)), Stage: []View{Active, Active, Active, Deleted}[rng.IntN(4)],
		Attrs: []Value{{}, {Text: []string{"", "owl", "Owl", "wren"}[rng.IntN(4)]}, {Int: []int64{Null, 1, 2, 3, 4, 5}[rng.IntN(6)]}}}
	for _, k := range []string{"weight", "wing", fmt.Sprintf("rare%d", rng.IntN(40))} {
		if rng.IntN(3) > 0 {
			r.Numbers = append(r.Numbers, NumberPair{k, []float64{0, 1, 2.5, math.NaN(), -1, math.Inf(1)}[rng.IntN(6)]})
		}
	}
	for _, k := range []string{"place", "color", fmt.Sprintf("note%d", rng.IntN(40))} {
		if rng.IntN(3) > 0 {
			r.Texts = append(r.Texts, TextPair{Tag, k, []string{"", "a", "b", "ab"}[rng.IntN(4)]})
		}
	}
	return r
}

// naive answers a query by looking at each row.
func naive(rows map[string]*Row, q *Query) []string {
	var found []*Row
	for _, r := range rows {
		if r.Stage&q.View != 0 && !slices.ContainsFunc(q.Filter, func(c Clause) bool { return !r.holds(&c) }) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *Row) int {
		for _, term := range q.Order {
			ka, kb := a.key(&term), b.key(&term)
			if d := ka.compare(&kb, term.Desc); d != 0 {
				return d
			}
		}
		return 0
	})
	var ids []string
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	return ids
}

func (r *Row) number(key string) (float64, bool) {
	for _, n := range r.Numbers {
		if n.Key == key {
			return n.Value, true
		}
	}
	return 0, false
}

func (r *Row) text(key string) (string, bool) {
	for _, p := range r.Texts {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

func (r *Row) attr(field int) Value {
	if field == 0 {
		return Value{Text: r.ID}
	}
	return r.Attrs[field]
}

func (r *Row) holds(c *Clause) bool {
	switch {
	case c.Entity == Metric:
		v, ok := r.number(c.Key)
		return ok && c.MatchNumber()(v)
	case c.Entity == Tag:
		v, ok := r.text(c.Key)
		return c.Op == IsNull && !ok || ok && c.Op != IsNull && c.MatchText()(v)
	case c.Type == Text:
		return c.MatchText()(r.attr(c.Field).Text)
	}
	v := r.attr(c.Field).Int
	return v != Null && c.MatchInt()(v)
}

func (r *Row) key(t *Term) Key {
	switch {
	case t.Entity == Metric:
		if v, ok := r.number(t.Key); ok {
			return NumberKey(v)
		}
		return NoKey
	case t.Entity == Tag:
		if v, ok := r.text(t.Key); ok {
			return Key{Text: v}
		}
		return NoKey
	case t.Type == Text:
		return Key{Text: r.attr(t.Field).Text}
	}
	if v := r.attr(t.Field).Int; v != Null {
		return Key{Int: v}
	}
	return NoKey
}

// paged asks for a query page by page.
func paged(t testing.TB, q Query, parts ...Part) []string {
	t.Helper()
	var ids []string
	for {
		p := Search(&q, parts...)
		if ids = append(ids, p.IDs...); !p.More {
			return ids
		}
		if len(p.IDs) != q.Limit {
			t.Fatalf("a page of %d with more to come", len(p.IDs))
		}
		q.After = p.Next
	}
}

func queries(t testing.TB) []*Query {
	out := []*Query{parse(t, ""), parse(t, "", "seen"), parse(t, "", "metric.weight DESC"), parse(t, "", "metric.wing", "species DESC")}
	for _, f := range []string{"metric.weight > 0", "metric.weight != 1 AND tag.place = 'a'", "metric.rare7 <= 1", "tag.note3 IS NOT NULL",
		"tag.color IS NULL AND species = 'owl'", "species ILIKE 'ow%' AND seen >= 2", "ring IN ('r001', 'r002', 'r003')", "tag.place LIKE '%b'",
		"species = ''", "seen != 3", "tag.nowhere IS NULL", "metric.none > 0", "ring = 'r010'", "ring != 'r010'", "tag.place != 'zzz'"} {
		out = append(out, parse(t, f), parse(t, f, "tag.place DESC", "ring DESC"))
	}
	return out
}

// TestTableKeepsUp changes tables at random and compares every answer with a look at each row, over one table and over two together.
func TestTableKeepsUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tables, rows := []*Table{NewTable(birds), NewTable(birds)}, map[string]*Row{}
	asked := queries(t)
	for step := range 4000 {
		r := randomRow(rng)
		part := tables[int(r.ID[3])%2]
		if rng.IntN(3) == 0 {
			if _, had := rows[r.ID]; part.Remove(r.ID) != had {
				t.Fatalf("step %d: removal of %s", step, r.ID)
			}
			delete(rows, r.ID)
		} else {
			part.Put(r)
			rows[r.ID] = r
		}
		if step%100 != 99 {
			continue
		}
		for i, q := range asked {
			q.View = []View{Active, Deleted, All}[(i+step/100)%3]
			if diff := cmp.Diff(naive(rows, q), paged(t, *q, Part{Table: tables[0]}, Part{Table: tables[1]})); diff != "" {
				t.Fatalf("step %d, query %d: %s", step, i, diff)
			}
		}
	}
	if n := tables[0].Len() + tables[1].Len(); n != len(rows) {
		t.Errorf("%d rows, want %d", n, len(rows))
	}
}

func TestTableForgets(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	table := NewTable(birds)
	for range 3 {
		ids := map[string]bool{}
		for range 500 {
			r := randomRow(rng)
			table.Put(r)
			ids[r.ID] = true
		}
		for id := range ids {
			table.Remove(id)
		}
		if table.Len() != 0 || len(table.byName) != 0 || len(table.dict.ids) != 0 || table.dict.bytes != 0 || table.idBytes != 0 || len(table.sorted) != 0 {
			t.Fatalf("%d rows, %d columns, %d texts left", table.Len(), len(table.byName), len(table.dict.ids))
		}
	}
	if table.Remove("r001") {
		t.Error("removed a row that is not there")
	}
}

func TestColumnForms(t *testing.T) {
	c := &column{}
	for slot := range uint32(100) {
		c.set(slot, uint64(slot+1), int(slot+1))
	}
	if c.dense == nil || c.count != 100 {
		t.Fatal("a column of all rows is no array")
	}
	c.set(5000, 7, 5001)
	if c.dense != nil || c.at(5000) != 7 || c.at(99) != 100 || c.at(100) != 0 || c.count != 101 {
		t.Fatal("a column of few rows is still an array")
	}
	c.set(99, 0, 5001)
	if c.at(99) != 0 || c.count != 100 {
		t.Fatal("a value was not taken away")
	}
}

func TestSharedKeysAreSharedOnce(t *testing.T) {
	table := NewTable(birds)
	for i := range 1000 {
		table.Put(&Row{ID: fmt.Sprint(1000 + i), Stage: Active, Attrs: make([]Value, 3), Texts: []TextPair{{Tag, "a", "same"}, {Tag, "b", "same"}}})
	}
	if n := len(table.dict.ids); n != 1 {
		t.Errorf("%d texts", n)
	}
	if got := table.Size() / 1000; got < 50 || got > 250 {
		t.Errorf("%d bytes a row", got)
	}
}

// TestPagesStay adds and removes rows between two pages: what was there all the time is shown once.
func TestPagesStay(t *testing.T) {
	for _, order := range [][]string{nil, {"metric.weight"}, {"tag.place DESC"}} {
		table := NewTable(birds)
		put := func(id string, seen int64, weight float64) {
			table.Put(&Row{ID: id, Stage: Active, Attrs: []Value{{}, {}, {Int: seen}}, Numbers: []NumberPair{{"weight", weight}},
				Texts: []TextPair{{Tag, "place", id[:1]}}})
		}
		for i := range 30 {
			put(fmt.Sprintf("k%02d", i), int64(i%5), float64(i%4))
		}
		q := parse(t, "", order...)
		seen := map[string]int{}
		for round := 0; ; round++ {
			p := Search(q, Part{Table: table})
			for _, id := range p.IDs {
				seen[id]++
			}
			if !p.More {
				break
			}
			q.After = p.Next
			table.Remove(p.IDs[len(p.IDs)-1]) // even the cursor's own row
			put(fmt.Sprintf("n%02d", round), int64(round%5), float64(round%4))
		}
		for i := range 30 {
			if id := fmt.Sprintf("k%02d", i); seen[id] != 1 {
				t.Errorf("%v: %s was shown %d times", order, id, seen[id])
			}
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not []string
	}{
		{"", []string{""}, []string{"a"}},
		{"%", []string{"", "a"}, nil},
		{"%%", []string{"", "a"}, nil},
		{"abc", []string{"abc"}, []string{"", "ab", "abcd", "Abc"}},
		{"a%", []string{"a", "ab"}, []string{"", "ba"}},
		{"%a", []string{"a", "ba"}, []string{"", "ab"}},
		{"%a%", []string{"a", "bab"}, []string{"", "b"}},
		{"a%b%c", []string{"abc", "axbxc", "abbcc"}, []string{"abcx", "acb", "ab"}},
		{"a%a", []string{"aa", "aba"}, []string{"a"}},
		{"_", []string{"a", "é", "日"}, []string{"", "ab"}},
		{"%_%", []string{"a", "ab"}, []string{""}},
		{"__%", []string{"ab", "éé", "abc"}, []string{"a"}},
		{"%_b", []string{"ab", "xab", "éb"}, []string{"b"}},
		{"%a_c%d", []string{"abcd", "xabcxd", "aacabcd"}, []string{"acd", "abc"}},
		{`%\%`, []string{`a\b`}, []string{"%"}},
		{"%ab%ab", []string{"abab", "ab ab"}, []string{"ab", "abb"}},
	} {
		for i, s := range slices.Concat(c.yes, c.not) {
			clause := Clause{Op: Like, Text: c.pattern}
			if got, want := clause.MatchText()(s), i < len(c.yes); got != want {
				t.Errorf("%q LIKE %q: %v", s, c.pattern, got)
			}
		}
	}
	ilike := Clause{Op: ILike, Text: "É_%x"}
	if f := ilike.MatchText(); !f("éaX") || !f("ÉAbcx") || f("éx") {
		t.Error("ILIKE heeds the case")
	}
	long := strings.Repeat("a", 8000)
	if (&Clause{Op: Like, Text: strings.Repeat("%a", 900) + "_b"}).MatchText()(long) {
		t.Error("matched")
	}
}

func TestOverlongCursorIsLeftAside(t *testing.T) {
	table := NewTable(birds)
	table.Put(&Row{ID: "a", Stage: Active, Attrs: make([]Value, 3)})
	q := parse(t, "")
	q.After, q.Limit = Cursor{{}}, 0
	if p := Search(q, Part{Table: table}); len(p.IDs) != 1 {
		t.Errorf("%v", p)
	}
}
