package search

import (
	"slices"
	"sort"
)

// collector keeps the first rows of an order among all it is shown.
type collector struct {
	parts []bound
	order Order
	limit int // one more than the page, to know whether there is more
	after Cursor
	hits  []hit
	heap  bool // hits is a heap with the last row in front
}

// hit is a row that was found, with its first sort key; the others are looked up when two rows tie.
type hit struct {
	first Key
	part  uint32
	slot  uint32
}

// collect shows the collector the rows of a part.
func (c *collector) collect(part uint32, view View) {
	b := &c.parts[part]
	n := len(b.slots)
	if b.ordered && c.after != nil {
		n = sort.Search(n, func(i int) bool { return c.passed(b, b.slots[i]) })
	}
	for i := b.next(b.slots, n-1); i >= 0; i = b.next(b.slots, i-1) {
		slot := b.slots[i]
		if b.table.stages[slot]&view == 0 {
			continue
		}
		if b.ordered && len(c.hits) == c.limit && (len(c.parts) == 1 || !c.better(part, slot)) {
			return
		}
		if b.holds(slot) && (b.ordered || c.after == nil || !c.passed(b, slot)) {
			c.add(part, slot)
		}
	}
}

func (b *bound) holds(slot uint32) bool {
	for _, test := range b.tests {
		if !test(slot) {
			return false
		}
	}
	return true
}

// passed reports whether a row is on an earlier page.
func (c *collector) passed(b *bound, slot uint32) bool {
	for i := range c.order {
		k := b.keys[i](slot)
		if d := k.compare(&c.after[i], c.order[i].Desc); d != 0 {
			return d < 0
		}
	}
	return true
}

func (c *collector) hit(part, slot uint32) hit {
	return hit{c.parts[part].keys[0](slot), part, slot}
}

// compare compares two rows in the query's order.
func (c *collector) compare(a, b *hit) int {
	if d := a.first.compare(&b.first, c.order[0].Desc); d != 0 {
		return d
	}
	keysA, keysB := c.parts[a.part].keys, c.parts[b.part].keys
	for i := 1; i < len(c.order); i++ {
		ka, kb := keysA[i](a.slot), keysB[i](b.slot)
		if d := ka.compare(&kb, c.order[i].Desc); d != 0 {
			return d
		}
	}
	return 0
}

// better reports whether a row comes before the last of a full collector.
func (c *collector) better(part, slot uint32) bool {
	c.heapify()
	h := c.hit(part, slot)
	return c.compare(&h, &c.hits[0]) < 0
}

func (c *collector) add(part, slot uint32) {
	h := c.hit(part, slot)
	if len(c.hits) < c.limit {
		c.hits = append(c.hits, h)
		return
	}
	c.heapify()
	if c.compare(&h, &c.hits[0]) < 0 {
		c.hits[0] = h
		c.sink(0)
	}
}

func (c *collector) heapify() {
	if c.heap {
		return
	}
	c.heap = true
	for i := len(c.hits)/2 - 1; i >= 0; i-- {
		c.sink(i)
	}
}

// sink moves a row down the heap to its place.
func (c *collector) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(c.hits) {
			return
		}
		if child+1 < len(c.hits) && c.compare(&c.hits[child+1], &c.hits[child]) > 0 {
			child++
		}
		if c.compare(&c.hits[child], &c.hits[i]) <= 0 {
			return
		}
		c.hits[i], c.hits[child] = c.hits[child], c.hits[i]
		i = child
	}
}

// page sorts what was found and cuts it to the page.
func (c *collector) page() Page {
	slices.SortFunc(c.hits, func(a, b hit) int { return c.compare(&a, &b) })
	p := Page{More: len(c.hits) == c.limit}
	if p.More {
		c.hits = c.hits[:c.limit-1]
		p.Next = c.cursor(c.hits[len(c.hits)-1])
	}
	p.IDs = make([]string, len(c.hits))
	for i, h := range c.hits {
		p.IDs[i] = c.parts[h.part].table.ids[h.slot]
	}
	return p
}

func (c *collector) cursor(h hit) Cursor {
	out := make(Cursor, len(c.order))
	for i, key := range c.parts[h.part].keys {
		out[i] = key(h.slot)
	}
	return out
}
