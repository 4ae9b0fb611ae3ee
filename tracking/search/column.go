package search

import (
	"math"
	"slices"
	"strings"
)

// Null is the integer attribute that has no value.
const Null = math.MinInt64

// column holds the values of one open key (a metric, a param, a tag), 0 where a row has none: one after the other while every other
// row has one, as sorted pairs of slot and value while fewer do. So a key that a single run uses costs a few bytes, and one that all
// use is an array.
type column struct {
	name  columnName
	count int
	dense []uint64
	slots []uint32
	vals  []uint64
}

type columnName struct {
	entity Entity
	key    string
}

// at gives the value of a slot.
func (c *column) at(slot uint32) uint64 {
	if c.dense != nil {
		if int(slot) < len(c.dense) {
			return c.dense[slot]
		}
		return 0
	}
	if i, ok := slices.BinarySearch(c.slots, slot); ok {
		return c.vals[i]
	}
	return 0
}

// set changes the value of a slot, 0 to take it away; rows is the number of rows of the table.
func (c *column) set(slot uint32, v uint64, rows int) {
	if c.dense != nil && int(slot) >= len(c.dense) && (c.count+1)*4 < int(slot) {
		c.thin()
	} else if c.dense == nil && c.count*2 >= rows && int(slot) < 4*(c.count+1) {
		c.thicken()
	}
	if c.dense != nil {
		c.setDense(slot, v)
		return
	}
	c.setSparse(slot, v)
}

func (c *column) setDense(slot uint32, v uint64) {
	if missing := int(slot) + 1 - len(c.dense); missing > 0 {
		c.dense = append(c.dense, make([]uint64, missing)...)
	}
	c.counted(c.dense[slot], v)
	c.dense[slot] = v
}

func (c *column) setSparse(slot uint32, v uint64) {
	i, ok := slices.BinarySearch(c.slots, slot)
	switch {
	case ok && v != 0:
		c.vals[i] = v
	case ok:
		c.slots, c.vals = slices.Delete(c.slots, i, i+1), slices.Delete(c.vals, i, i+1)
		c.count--
	case v != 0:
		c.slots, c.vals = slices.Insert(c.slots, i, slot), slices.Insert(c.vals, i, v)
		c.count++
	}
}

func (c *column) counted(old, v uint64) {
	if old == 0 && v != 0 {
		c.count++
	} else if old != 0 && v == 0 {
		c.count--
	}
}

// thin turns an array into pairs.
func (c *column) thin() {
	for slot, v := range c.dense {
		if v != 0 {
			c.slots, c.vals = append(c.slots, uint32(slot)), append(c.vals, v)
		}
	}
	c.dense = nil
}

// thicken turns pairs into an array.
func (c *column) thicken() {
	slots, vals := c.slots, c.vals
	c.dense, c.slots, c.vals, c.count = make([]uint64, 0, 2*len(slots)+1), nil, nil, 0
	for i, slot := range slots {
		c.setDense(slot, vals[i])
	}
}

// bytes is about what the column takes.
func (c *column) bytes() int64 {
	return int64(160 + len(c.name.key) + 8*cap(c.dense) + 4*cap(c.slots) + 8*cap(c.vals))
}

// none is a NaN that no computation gives; numbers are stored as their bits xor these, so that 0 can mean that there is no number.
const none = 0x7ff8_dead_0000_0001

func packNumber(v float64) uint64 {
	if v != v {
		v = math.NaN()
	}
	return math.Float64bits(v) ^ none
}

func unpackNumber(p uint64) float64 { return math.Float64frombits(p ^ none) }

// dict keeps each distinct string of a table once. Id 0 is no string.
type dict struct {
	ids   map[string]uint32
	texts []string
	uses  []uint32
	free  []uint32
	bytes int64
}

func newDict() dict { return dict{ids: map[string]uint32{}, texts: []string{""}, uses: []uint32{1}} }

// entryBytes is about what a string costs beside its bytes: a map entry, its header and its count.
const entryBytes = 64

// intern gives the id of s and counts the use.
func (d *dict) intern(s string) uint32 {
	id, ok := d.ids[s]
	if !ok {
		id = d.add(strings.Clone(s))
	}
	d.uses[id]++
	return id
}

func (d *dict) add(s string) uint32 {
	d.bytes += int64(len(s)) + entryBytes
	if n := len(d.free); n > 0 {
		id := d.free[n-1]
		d.free = d.free[:n-1]
		d.texts[id], d.ids[s] = s, id
		return id
	}
	id := uint32(len(d.texts))
	d.texts, d.uses = append(d.texts, s), append(d.uses, 0)
	d.ids[s] = id
	return id
}

// release ends a use; 0 is nothing to end.
func (d *dict) release(id uint32) {
	if id == 0 {
		return
	}
	if d.uses[id]--; d.uses[id] > 0 {
		return
	}
	s := d.texts[id]
	delete(d.ids, s)
	d.bytes -= int64(len(s)) + entryBytes
	d.texts[id] = ""
	d.free = append(d.free, id)
}
