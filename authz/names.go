package authz

import (
	"strings"
	"sync/atomic"
)

// names is what searches look through: the names of all objects in lower case, in one text, so that looking for something reads memory from
// end to end instead of following a hundred thousand pointers. It takes about 30 bytes an object and the names. It is made of one map and never
// changed; searches on later maps leave out what has changed since and look at that by itself, until that is too much.
type names struct {
	of     Trie[*Object]
	text   string
	starts []uint32 // where each name starts in the text; one more for the end
	all    []named
}

// named is what is decided on before an object itself is looked at.
type named struct {
	o    *Object
	id   uint64
	kind Kind
}

// nameMemo holds the names that were gathered last. Maps made of each other share it: names fit every map, some only better than others.
type nameMemo struct{ p atomic.Pointer[names] }

// mostStale is how many objects may have changed before names are gathered again.
const mostStale = 2000

// between parts names in the text.
const between = "\x00"

// gathered gives names that are nearly those of the map, and the objects that are different in the map.
func (m *Map) gathered() (n *names, stale map[uint64]bool) {
	if n = m.searched.p.Load(); n != nil {
		if changed, ok := differing(n.of, m.objects, mostStale); ok {
			return n, changed
		}
	}
	n = gather(m.objects)
	m.searched.p.Store(n)
	return n, nil
}

// maxText is the most bytes of names that are gathered: positions in the text are kept in 32 bits. Beyond it nothing is found.
const maxText = 1<<32 - 1<<12

func gather(objects Trie[*Object]) *names {
	n := &names{of: objects, all: make([]named, 0, objects.Len()), starts: make([]uint32, 0, objects.Len()+1)}
	var b strings.Builder
	for id, o := range objects.All() {
		if o.isRoot() || viewing[o.Kind] == 0 || b.Len() > maxText {
			continue
		}
		b.WriteString(between)
		n.starts, n.all = append(n.starts, uint32(b.Len())), append(n.all, named{o, id, o.Kind})
		b.WriteString(strings.ToLower(o.Name))
	}
	n.starts = append(n.starts, uint32(b.Len()+len(between)))
	n.text = b.String()
	return n
}

// name gives a name in lower case.
func (n *names) name(i int) string { return n.text[n.starts[i] : n.starts[i+1]-uint32(len(between))] }

// holding calls visit with each object whose name holds a text in lower case, and with that name.
func (n *names) holding(text string, visit func(o named, name string)) {
	for at, i := 0, 0; ; {
		found := strings.Index(n.text[at:], text)
		if found < 0 {
			return
		}
		at += found
		for int(n.starts[i+1]) <= at {
			i++
		}
		if name := n.name(i); at >= int(n.starts[i]) && at+len(text) <= int(n.starts[i])+len(name) {
			visit(n.all[i], name)
			at = int(n.starts[i]) + len(name)
		} else {
			at++ // it reaches over the end of a name
		}
	}
}

// differing gives the keys that may have another value in b than in a; ok is false when there are more than most of them. What two tries
// share costs nothing.
func differing[V comparable](a, b Trie[V], most int) (keys map[uint64]bool, ok bool) {
	if a.root == b.root {
		return nil, true
	}
	if a.root == nil || b.root == nil || a.shift != b.shift {
		return nil, false
	}
	d := difference[V]{map[uint64]bool{}, most}
	return d.keys, d.nodes(a.root, b.root)
}

type difference[V comparable] struct {
	keys map[uint64]bool
	most int
}

// nodes compares two nodes at one place; false when it is too much.
func (d *difference[V]) nodes(a, b *node[V]) bool {
	if a == b {
		return true
	}
	for left := a.leafBits | a.kidBits | b.leafBits | b.kidBits; left != 0; left &= left - 1 {
		bit := left & -left
		if a.kidBits&b.kidBits&bit != 0 {
			if !d.nodes(a.kids[rank(a.kidBits, bit)], b.kids[rank(b.kidBits, bit)]) {
				return false
			}
			continue
		}
		if !sameLeaf(a.leafAt(bit), b.leafAt(bit)) && !(d.all(a, bit) && d.all(b, bit)) {
			return false
		}
	}
	return true
}

func sameLeaf[V comparable](a, b *leaf[V]) bool {
	return a != nil && b != nil && a.key == b.key && a.val == b.val
}

func (n *node[V]) leafAt(bit uint64) *leaf[V] {
	if n.leafBits&bit == 0 {
		return nil
	}
	return &n.leaves[rank(n.leafBits, bit)]
}

// all takes every key of a node at a digit for changed.
func (d *difference[V]) all(n *node[V], bit uint64) bool {
	if l := n.leafAt(bit); l != nil {
		return d.add(l.key, l.val)
	}
	return n.kidBits&bit == 0 || n.kids[rank(n.kidBits, bit)].each(d.add)
}

func (d *difference[V]) add(key uint64, _ V) bool {
	d.keys[key] = true
	return len(d.keys) <= d.most
}
