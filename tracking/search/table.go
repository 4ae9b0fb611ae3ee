package search

import (
	"cmp"
	"slices"
	"strings"
)

// View says which rows a search sees; the numbers are MLflow's ViewType.
type View uint8

// The views. A row's own stage is Active or Deleted.
const (
	Active  View = 1
	Deleted View = 2
	All     View = 3
)

// Value is an attribute of a row: Text for text fields, Int (or Null) for the others.
type Value struct {
	Text string
	Int  int64
}

// NumberPair is a metric's key and latest value.
type NumberPair struct {
	Key   string
	Value float64
}

// TextPair is a param or a tag.
type TextPair struct {
	Entity     Entity
	Key, Value string
}

// Row is a row as it is put into a table.
type Row struct {
	ID      string
	Stage   View    // Active or Deleted
	Attrs   []Value // one for each field of the domain's attributes, in their order
	Numbers []NumberPair
	Texts   []TextPair
}

// Table holds the rows of one domain in columns: about 300 bytes and the distinct strings a row. It has no lock of its own.
type Table struct {
	domain *Domain
	ids    []string // by slot; slots of removed rows are used again
	stages []View   // 0 = free
	shapes [][]uint32
	attrs  []attribute
	slots  map[string]uint32
	free   []uint32

	columns  []*column
	byName   map[columnName]uint32
	freeCols []uint32
	dict     dict

	decimal bool     // ids are decimal numbers
	natural []Term   // the domain's default order, if it is of attributes only
	sorted  []uint32 // slots in reverse of the natural order, since new rows mostly come first in it
	shape   []uint32 // the last row's columns: runs of an experiment mostly have the same keys
	idBytes int64
}

// attribute is a column that each row has: ints, or ids of the dictionary.
type attribute struct {
	field Field
	ints  []int64
	texts []uint32
}

// NewTable makes an empty table.
func NewTable(d *Domain) *Table {
	t := &Table{domain: d, slots: map[string]uint32{}, byName: map[columnName]uint32{}, dict: newDict()}
	for _, f := range d.attributes() {
		t.attrs = append(t.attrs, attribute{field: f})
		t.decimal = t.decimal || f.Key && f.Type == ID
	}
	if !slices.ContainsFunc(d.Default, func(term Term) bool { return term.Entity != Attribute }) {
		t.natural = d.Default
	}
	return t
}

// Len gives the number of rows.
func (t *Table) Len() int { return len(t.slots) }

// Slot gives the slot of a row.
func (t *Table) Slot(id string) (uint32, bool) {
	slot, ok := t.slots[id]
	return slot, ok
}

// ID gives the id of the row in a slot.
func (t *Table) ID(slot uint32) string { return t.ids[slot] }

// Text gives a text attribute of a row.
func (t *Table) Text(slot uint32, field int) string {
	if t.attrs[field].field.Key {
		return t.ids[slot]
	}
	return t.dict.texts[t.attrs[field].texts[slot]]
}

// Put adds a row or replaces the one with its id, and gives its slot. A key that stands twice keeps its last value.
func (t *Table) Put(r *Row) uint32 {
	slot, ok := t.slots[r.ID]
	if !ok {
		slot = t.take(r.ID)
	}
	moves := !ok || t.moves(slot, r)
	if ok && moves {
		t.unlink(slot)
	}
	t.stages[slot] = r.Stage
	for i := range t.attrs {
		t.setAttr(&t.attrs[i], slot, r.Attrs[i])
	}
	t.setKeys(slot, r)
	if moves {
		t.link(slot)
	}
	return slot
}

// moves reports whether a row that replaces another has its place elsewhere in the natural order.
func (t *Table) moves(slot uint32, r *Row) bool {
	for i := range t.natural {
		a, v := &t.attrs[t.natural[i].Field], &r.Attrs[t.natural[i].Field]
		if a.ints != nil && a.ints[slot] != v.Int || a.texts != nil && t.dict.texts[a.texts[slot]] != v.Text {
			return true
		}
	}
	return false
}

// take gives a free slot to a new row.
func (t *Table) take(id string) uint32 {
	id = strings.Clone(id)
	t.idBytes += int64(len(id))
	slot := uint32(len(t.ids))
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
		t.ids[slot] = id
	} else {
		t.ids, t.stages, t.shapes = append(t.ids, id), append(t.stages, 0), append(t.shapes, nil)
		for i := range t.attrs {
			t.attrs[i].grow()
		}
	}
	t.slots[id] = slot
	return slot
}

func (a *attribute) grow() {
	switch {
	case a.field.Key && a.field.Type == Text:
	case a.field.Type == Text:
		a.texts = append(a.texts, 0)
	default:
		a.ints = append(a.ints, Null)
	}
}

func (t *Table) setAttr(a *attribute, slot uint32, v Value) {
	switch {
	case a.ints != nil:
		a.ints[slot] = v.Int
	case a.texts != nil && t.dict.texts[a.texts[slot]] != v.Text:
		id := uint32(0)
		if v.Text != "" {
			id = t.dict.intern(v.Text)
		}
		t.dict.release(a.texts[slot])
		a.texts[slot] = id
	}
}

// setKeys sets the open keys of a row and clears those it had before and has no more.
func (t *Table) setKeys(slot uint32, r *Row) {
	shape := make([]uint32, 0, 64)
	for _, n := range r.Numbers {
		i := t.column(columnName{Metric, n.Key})
		t.columns[i].set(slot, packNumber(n.Value), len(t.slots))
		shape = append(shape, i)
	}
	for _, p := range r.Texts {
		i := t.column(columnName{p.Entity, p.Key})
		id := t.dict.intern(p.Value)
		t.dict.release(uint32(t.columns[i].at(slot)))
		t.columns[i].set(slot, uint64(id), len(t.slots))
		shape = append(shape, i)
	}
	slices.Sort(shape)
	shape = slices.Compact(shape)
	old := t.shapes[slot]
	if slices.Equal(shape, old) {
		return
	}
	for _, i := range old {
		if _, kept := slices.BinarySearch(shape, i); !kept {
			t.clear(i, slot)
		}
	}
	t.reshape(slot, shape)
}

func (t *Table) reshape(slot uint32, shape []uint32) {
	if !slices.Equal(shape, t.shape) {
		t.shape = slices.Clone(shape)
	}
	t.shapes[slot] = t.shape
}

// column finds or makes the column of a key.
func (t *Table) column(name columnName) uint32 {
	i, ok := t.byName[name]
	if ok {
		return i
	}
	name.key = strings.Clone(name.key)
	if n := len(t.freeCols); n > 0 {
		i, t.freeCols = t.freeCols[n-1], t.freeCols[:n-1]
	} else {
		i = uint32(len(t.columns))
		t.columns = append(t.columns, nil)
	}
	t.columns[i] = &column{name: name}
	t.byName[name] = i
	return i
}

// clear takes a key from a row, and the column away with its last value.
func (t *Table) clear(i, slot uint32) {
	c := t.columns[i]
	if c.name.entity != Metric {
		t.dict.release(uint32(c.at(slot)))
	}
	c.set(slot, 0, len(t.slots))
	if c.count == 0 {
		delete(t.byName, c.name)
		t.columns[i] = nil
		t.freeCols = append(t.freeCols, i)
		t.shape = nil // it may name this column
	}
}

// Remove takes a row away and reports whether there was one.
func (t *Table) Remove(id string) bool {
	slot, ok := t.slots[id]
	if !ok {
		return false
	}
	t.unlink(slot)
	for _, i := range t.shapes[slot] {
		t.clear(i, slot)
	}
	for i := range t.attrs {
		t.setAttr(&t.attrs[i], slot, Value{Int: Null})
	}
	delete(t.slots, id)
	t.idBytes -= int64(len(id))
	t.ids[slot], t.stages[slot], t.shapes[slot] = "", 0, nil
	t.free = append(t.free, slot)
	return true
}

// link puts a slot into its place of the natural order.
func (t *Table) link(slot uint32) {
	i, n := 0, len(t.sorted)
	if n > 0 && t.naturally(t.sorted[n-1], slot) > 0 {
		i = n
	} else {
		i = t.place(slot)
	}
	t.sorted = slices.Insert(t.sorted, i, slot)
}

func (t *Table) unlink(slot uint32) {
	i := t.place(slot)
	t.sorted = slices.Delete(t.sorted, i, i+1)
}

// place gives the index of a slot in t.sorted.
func (t *Table) place(slot uint32) int {
	i, _ := slices.BinarySearchFunc(t.sorted, slot, func(have, want uint32) int { return t.naturally(want, have) })
	return i
}

// naturally compares two rows in the natural order, and by their ids where that says nothing.
func (t *Table) naturally(a, b uint32) int {
	for i := range t.natural {
		if c := t.byTerm(&t.natural[i], a, b); c != 0 {
			return c
		}
	}
	return t.compareIDs(a, b)
}

// byTerm compares two rows by an attribute; one without it comes last.
func (t *Table) byTerm(term *Term, a, b uint32) (c int) {
	switch at := &t.attrs[term.Field]; {
	case at.ints != nil:
		x, y := at.ints[a], at.ints[b]
		if x == Null || y == Null {
			return cmp.Compare(y, x)
		}
		c = cmp.Compare(x, y)
	case at.texts != nil:
		c = strings.Compare(t.dict.texts[at.texts[a]], t.dict.texts[at.texts[b]])
	default:
		c = t.compareIDs(a, b)
	}
	if term.Desc {
		return -c
	}
	return c
}

func (t *Table) compareIDs(a, b uint32) int {
	if t.decimal && len(t.ids[a]) != len(t.ids[b]) {
		return len(t.ids[a]) - len(t.ids[b])
	}
	return strings.Compare(t.ids[a], t.ids[b])
}

// Size is about the number of bytes the table takes.
func (t *Table) Size() int64 {
	const perRow = 16 + 1 + 24 + 48 + 4 // id, stage, shape, entry of slots, place in sorted
	size := int64(cap(t.ids))*perRow + t.idBytes + t.dict.bytes
	for i := range t.attrs {
		size += int64(8*cap(t.attrs[i].ints) + 4*cap(t.attrs[i].texts))
	}
	for _, c := range t.columns {
		if c != nil {
			size += c.bytes()
		}
	}
	var last []uint32
	for _, s := range t.shapes {
		if len(s) > 0 && (len(last) == 0 || &s[0] != &last[0]) {
			size += int64(4 * cap(s))
		}
		last = s
	}
	return size
}
