package search

import "slices"

// Query is a search over tables of one domain.
type Query struct {
	Filter Filter
	Order  Order
	View   View
	Limit  int    // rows of a page, at least 1
	After  Cursor // what the page before ended with; nil for the first page
}

// Page is what a search found.
type Page struct {
	IDs  []string
	More bool
	Next Cursor // where the next page goes on, when there is more
}

// Cursor is the sort keys of a row, one for each term of the order.
type Cursor []Key

// Key is one sort key of a row: Rank tells a value (0), NaN (1) and no value (2) apart, and the one of the others that fits the type
// of what is ordered by is set.
type Key struct {
	Rank uint8
	Int  int64
	Num  float64
	Text string
}

// compare puts values before NaN and NaN before no value, in both directions.
func (k *Key) compare(o *Key, desc bool) int {
	if k.Rank != o.Rank {
		return int(k.Rank) - int(o.Rank)
	}
	less, more := -1, 1
	if desc {
		less, more = more, less
	}
	switch {
	case k.Int < o.Int, k.Num < o.Num, k.Text < o.Text:
		return less
	case k.Int == o.Int && k.Num == o.Num && k.Text == o.Text:
		return 0
	}
	return more
}

// NoKey is the sort key of a row without the value.
var NoKey = Key{Rank: 2}

// NumberKey makes the sort key of a number.
func NumberKey(v float64) Key {
	if v != v {
		return Key{Rank: 1}
	}
	return Key{Num: v}
}

// Part is a table to search, with what its owner answers itself. Functions that are nil, or give nil, leave the answer to the table.
type Part struct {
	Table *Table
	// Texts give text attributes that are not kept as they are shown, by field.
	Texts map[int]func(slot uint32) string
	// Test answers a clause.
	Test func(c *Clause) func(slot uint32) bool
	// Key answers a term of the order.
	Key func(t *Term) func(slot uint32) Key
	// Admit is the caller's right to see a row.
	Admit func(slot uint32) bool
	// Next skips rows faster than Admit: it gives the greatest place up to i of a slot that may be shown, -1 if there is none.
	Next func(slots []uint32, i int) int
	// Among restricts the search to these slots when it is not nil.
	Among []uint32
}

// Search gives a page of the rows of all parts together. A cursor that was made for an order of other length is left aside.
func Search(q *Query, parts ...Part) Page {
	c := collector{order: q.Order, limit: max(q.Limit, 1) + 1, parts: make([]bound, len(parts))}
	if len(q.After) == len(q.Order) {
		c.after = q.After
	}
	for i := range parts {
		c.parts[i] = bind(&parts[i], q)
	}
	for i := range c.parts {
		c.collect(uint32(i), q.View)
	}
	return c.page()
}

// bound is a part with a query's clauses and terms bound to its columns.
type bound struct {
	table   *Table
	tests   []func(uint32) bool
	keys    []func(uint32) Key
	slots   []uint32
	next    func(slots []uint32, i int) int
	ordered bool // slots are in reverse of the query's order
}

func bind(p *Part, q *Query) bound {
	t := p.Table
	b := bound{table: t, slots: t.sorted, keys: make([]func(uint32) Key, len(q.Order)), tests: make([]func(uint32) bool, 0, len(q.Filter)+1)}
	b.ordered = t.natural != nil && p.Among == nil && slices.Equal(q.Order, t.domain.Default)
	if p.Among != nil {
		b.slots = p.Among
	}
	if b.next = p.Next; b.next == nil {
		b.next = func(_ []uint32, i int) int { return i }
	}
	if p.Admit != nil {
		b.tests = append(b.tests, p.Admit)
	}
	for i := range q.Filter {
		b.tests = append(b.tests, p.test(&q.Filter[i]))
	}
	for i := range q.Order {
		b.keys[i] = p.key(&q.Order[i])
	}
	return b
}

// test binds a clause.
func (p *Part) test(c *Clause) func(uint32) bool {
	if p.Test != nil {
		if f := p.Test(c); f != nil {
			return f
		}
	}
	switch {
	case c.Entity == Attribute:
		return p.attributeTest(c)
	case c.Type == Text:
		return p.Table.textTest(c)
	}
	i, ok := p.Table.byName[columnName{c.Entity, c.Key}]
	if !ok {
		return never
	}
	col, holds, x := p.Table.columns[i], compare[float64](c.Op), c.Number
	return func(slot uint32) bool { v := col.at(slot); return v != 0 && holds(unpackNumber(v), x) }
}

func never(uint32) bool { return false }

// textTest binds a clause on a param or a tag. Equality compares ids of the dictionary.
func (t *Table) textTest(c *Clause) func(uint32) bool {
	i, ok := t.byName[columnName{c.Entity, c.Key}]
	if !ok {
		missing := c.Op == IsNull
		return func(uint32) bool { return missing }
	}
	col := t.columns[i]
	switch c.Op {
	case IsNull:
		return func(slot uint32) bool { return col.at(slot) == 0 }
	case IsNotNull:
		return func(slot uint32) bool { return col.at(slot) != 0 }
	case Eq:
		id, known := t.dict.ids[c.Text]
		return func(slot uint32) bool { return known && col.at(slot) == uint64(id) }
	}
	holds := c.MatchText()
	return func(slot uint32) bool { v := col.at(slot); return v != 0 && holds(t.dict.texts[v]) }
}

// attributeTest binds a clause on an attribute.
func (p *Part) attributeTest(c *Clause) func(uint32) bool {
	switch {
	case c.Type == Text && c.Op == Eq && p.Texts[c.Field] == nil:
		return p.Table.Equal(c.Field, c.Text)
	case c.Type == Text:
		holds, text := c.MatchText(), p.text(c.Field)
		return func(slot uint32) bool { return holds(text(slot)) }
	}
	holds, ints := c.MatchInt(), p.Table.attrs[c.Field].ints
	return func(slot uint32) bool { v := ints[slot]; return v != Null && holds(v) }
}

// Equal gives the test that a text attribute is s. It compares ids of the dictionary.
func (t *Table) Equal(field int, s string) func(slot uint32) bool {
	ids := t.attrs[field].texts
	if t.attrs[field].field.Key {
		want, known := t.slots[s]
		return func(slot uint32) bool { return known && slot == want }
	}
	want, known := t.dict.ids[s]
	if s == "" {
		want, known = 0, true
	}
	if !known {
		return never
	}
	return func(slot uint32) bool { return ids[slot] == want }
}

// text gives the reader of a text attribute.
func (p *Part) text(field int) func(uint32) string {
	if f := p.Texts[field]; f != nil {
		return f
	}
	t := p.Table
	if t.attrs[field].field.Key {
		return t.ID
	}
	texts, ids := t.dict.texts, t.attrs[field].texts
	return func(slot uint32) string { return texts[ids[slot]] }
}

// key binds a term of the order.
func (p *Part) key(term *Term) func(uint32) Key {
	if p.Key != nil {
		if f := p.Key(term); f != nil {
			return f
		}
	}
	if term.Entity == Attribute {
		return p.attributeKey(term)
	}
	t := p.Table
	i, ok := t.byName[columnName{term.Entity, term.Key}]
	if !ok {
		return func(uint32) Key { return NoKey }
	}
	col, number := t.columns[i], term.Entity == Metric
	return func(slot uint32) Key {
		v := col.at(slot)
		switch {
		case v == 0:
			return NoKey
		case number:
			return NumberKey(unpackNumber(v))
		}
		return Key{Text: t.dict.texts[v]}
	}
}

func (p *Part) attributeKey(term *Term) func(uint32) Key {
	if term.Type == Text {
		text := p.text(term.Field)
		return func(slot uint32) Key { return Key{Text: text(slot)} }
	}
	ints := p.Table.attrs[term.Field].ints
	return func(slot uint32) Key {
		if v := ints[slot]; v != Null {
			return Key{Int: v}
		}
		return NoKey
	}
}
