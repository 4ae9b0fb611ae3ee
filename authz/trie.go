package authz

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
)

// Trie is a persistent map from uint64: with and without give a new one that shares what did not change, so a value of it may be read by
// any number of goroutines for ever. The zero value is empty. Each node splits six bits of the key, highest first; a leaf sits as high as it
// can and a node has room only for what it holds, so dense ids cost little more than the values and hashes are no worse.
type Trie[V any] struct {
	root  *node[V]
	shift uint8 // bits below the root's digit; rises with the largest key
	n     int
}

type leaf[V any] struct {
	val V // first: a V of no size costs nothing here
	key uint64
}

type node[V any] struct {
	leafBits, kidBits uint64
	leaves            []leaf[V]
	kids              []*node[V]
}

const (
	digitBits  = 6
	digitMask  = 1<<digitBits - 1
	deepest    = 60 // the shift of the highest digit of a 64-bit key
	longestKey = 64
)

// Len is the number of keys.
func (t Trie[V]) Len() int { return t.n }

// Get gives the value under key.
func (t Trie[V]) Get(key uint64) (v V, ok bool) {
	if t.root == nil || tooLong(key, t.shift) {
		return v, false
	}
	for n, shift := t.root, t.shift; ; shift -= digitBits {
		bit := uint64(1) << (key >> shift & digitMask)
		if n.leafBits&bit != 0 {
			if l := &n.leaves[rank(n.leafBits, bit)]; l.key == key {
				return l.val, true
			}
			return v, false
		}
		if n.kidBits&bit == 0 {
			return v, false
		}
		n = n.kids[rank(n.kidBits, bit)]
	}
}

// with gives a trie in which key has the value v.
func (t Trie[V]) with(key uint64, v V) Trie[V] {
	if t.root == nil {
		t.root = &node[V]{}
	}
	for tooLong(key, t.shift) {
		t.root = &node[V]{kidBits: 1, kids: []*node[V]{t.root}}
		t.shift += digitBits
	}
	root, added := t.root.with(key, v, t.shift)
	t.root = root
	if added {
		t.n++
	}
	return t
}

// without gives a trie in which key has no value.
func (t Trie[V]) without(key uint64) Trie[V] {
	if _, ok := t.Get(key); !ok {
		return t
	}
	if t.n == 1 {
		return Trie[V]{}
	}
	t.root = t.root.without(key, t.shift)
	t.n--
	return t
}

// All gives keys and values, keys ascending.
func (t Trie[V]) All() iter.Seq2[uint64, V] {
	return func(yield func(uint64, V) bool) {
		if t.root != nil {
			t.root.each(yield)
		}
	}
}

func tooLong(key uint64, shift uint8) bool {
	return shift+digitBits < longestKey && key>>(shift+digitBits) != 0
}

// rank is the place of a bit among the set bits.
func rank(set, bit uint64) int { return bits.OnesCount64(set & (bit - 1)) }

func (n *node[V]) with(key uint64, v V, shift uint8) (*node[V], bool) {
	bit := uint64(1) << (key >> shift & digitMask)
	c := *n
	if n.kidBits&bit != 0 {
		i := rank(n.kidBits, bit)
		kid, added := n.kids[i].with(key, v, shift-digitBits)
		c.kids = slices.Clone(n.kids)
		c.kids[i] = kid
		return &c, added
	}
	i := rank(n.leafBits, bit)
	if n.leafBits&bit == 0 {
		c.leafBits |= bit
		c.leaves = inserted(n.leaves, i, leaf[V]{key: key, val: v})
		return &c, true
	}
	if old := n.leaves[i]; old.key != key {
		return n.pushed(bit, old, leaf[V]{key: key, val: v}, shift), true
	}
	c.leaves = slices.Clone(n.leaves)
	c.leaves[i].val = v
	return &c, false
}

// pushed gives n with the leaf at bit moved one node down, together with another that has the same digit.
func (n *node[V]) pushed(bit uint64, a, b leaf[V], shift uint8) *node[V] {
	kid := (&node[V]{}).setLeaf(a, shift-digitBits)
	kid, _ = kid.with(b.key, b.val, shift-digitBits)
	return &node[V]{
		leafBits: n.leafBits &^ bit, leaves: removed(n.leaves, rank(n.leafBits, bit)),
		kidBits: n.kidBits | bit, kids: inserted(n.kids, rank(n.kidBits, bit), kid),
	}
}

func (n *node[V]) setLeaf(l leaf[V], shift uint8) *node[V] {
	n.leafBits = 1 << (l.key >> shift & digitMask)
	n.leaves = []leaf[V]{l}
	return n
}

// without gives n without a key that is there; nil when nothing is left.
func (n *node[V]) without(key uint64, shift uint8) *node[V] {
	bit := uint64(1) << (key >> shift & digitMask)
	c := *n
	if n.leafBits&bit != 0 {
		c.leafBits &^= bit
		c.leaves = removed(n.leaves, rank(n.leafBits, bit))
	} else {
		c.dropFromKid(key, shift, bit)
	}
	if c.leafBits|c.kidBits == 0 {
		return nil
	}
	return &c
}

func (n *node[V]) dropFromKid(key uint64, shift uint8, bit uint64) {
	i := rank(n.kidBits, bit)
	kid := n.kids[i].without(key, shift-digitBits)
	if kid == nil {
		n.kidBits &^= bit
		n.kids = removed(n.kids, i)
		return
	}
	n.kids = slices.Clone(n.kids)
	n.kids[i] = kid
}

func (n *node[V]) each(yield func(uint64, V) bool) bool {
	for left := n.leafBits | n.kidBits; left != 0; left &= left - 1 {
		bit := left & -left
		if n.leafBits&bit != 0 {
			if l := n.leaves[rank(n.leafBits, bit)]; !yield(l.key, l.val) {
				return false
			}
		} else if !n.kids[rank(n.kidBits, bit)].each(yield) {
			return false
		}
	}
	return true
}

// inserted and removed make slices of exactly the length needed; nodes live long.
func inserted[T any](s []T, i int, v T) []T {
	out := make([]T, len(s)+1)
	copy(out, s[:i])
	out[i] = v
	copy(out[i+1:], s[i:])
	return out
}

func removed[T any](s []T, i int) []T {
	out := make([]T, len(s)-1)
	copy(out, s[:i])
	copy(out[i:], s[i+1:])
	return out
}

// buildTrie makes a trie of many leaves at once, without the garbage of adding them one by one. It sorts them; keys must differ.
func buildTrie[V any](leaves []leaf[V]) Trie[V] {
	if len(leaves) == 0 {
		return Trie[V]{}
	}
	sortLeaves(leaves)
	t := Trie[V]{n: len(leaves)}
	for tooLong(leaves[len(leaves)-1].key, t.shift) && t.shift < deepest {
		t.shift += digitBits
	}
	t.root = buildNode(leaves, t.shift)
	return t
}

func sortLeaves[V any](leaves []leaf[V]) {
	byKey := func(a, b leaf[V]) int { return cmp.Compare(a.key, b.key) }
	if !slices.IsSortedFunc(leaves, byKey) {
		slices.SortFunc(leaves, byKey)
	}
}

func buildNode[V any](leaves []leaf[V], shift uint8) *node[V] {
	n := &node[V]{}
	for _, run := range digitRuns(leaves, shift) {
		bit := uint64(1) << (run[0].key >> shift & digitMask)
		if len(run) == 1 {
			n.leafBits |= bit
			n.leaves = append(n.leaves, run[0])
		} else {
			n.kidBits |= bit
			n.kids = append(n.kids, buildNode(run, shift-digitBits))
		}
	}
	n.leaves, n.kids = slices.Clone(n.leaves), slices.Clone(n.kids)
	return n
}

// digitRuns cuts sorted leaves where the digit at shift changes.
func digitRuns[V any](leaves []leaf[V], shift uint8) (runs [][]leaf[V]) {
	from := 0
	for i := 1; i <= len(leaves); i++ {
		if i == len(leaves) || leaves[i].key>>shift != leaves[from].key>>shift {
			runs = append(runs, leaves[from:i])
			from = i
		}
	}
	return runs
}
