package authz

import (
	"iter"
	"sync/atomic"
)

// idSet is a persistent set of ids.
type idSet = Trie[struct{}]

// sets is a persistent map from an id to a set of ids.
type sets struct{ t Trie[idSet] }

func (s sets) of(key int64) idSet {
	set, _ := s.t.Get(uint64(key))
	return set
}

func (s sets) with(key, id int64) sets {
	return sets{s.t.with(uint64(key), s.of(key).with(uint64(id), struct{}{}))}
}

func (s sets) without(key, id int64) sets {
	set := s.of(key).without(uint64(id))
	if set.Len() == 0 {
		return sets{s.t.without(uint64(key))}
	}
	return sets{s.t.with(uint64(key), set)}
}

// idsOf gives the ids of a set, ascending.
func idsOf(s idSet) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for id := range s.All() {
			if !yield(int64(id)) {
				return
			}
		}
	}
}

// link is one of the values that share a hash; two of them hardly ever do.
type link[T any] struct {
	item T
	next *link[T]
}

// hashed is a persistent map under hashes. A caller that looks something up compares what it is given, since hashes can collide.
type hashed[T comparable] struct{ t Trie[link[T]] }

func (h hashed[T]) under(hash uint64) iter.Seq[T] {
	return func(yield func(T) bool) {
		first, ok := h.t.Get(hash)
		for l := &first; ok && l != nil; l = l.next {
			if !yield(l.item) {
				return
			}
		}
	}
}

func (h hashed[T]) with(hash uint64, item T) hashed[T] {
	l := link[T]{item: item}
	if old, ok := h.t.Get(hash); ok {
		l.next = &old
	}
	return hashed[T]{h.t.with(hash, l)}
}

func (h hashed[T]) without(hash uint64, item T) hashed[T] {
	var kept *link[T]
	for i := range h.under(hash) {
		if i != item {
			kept = &link[T]{i, kept}
		}
	}
	if kept == nil {
		return hashed[T]{h.t.without(hash)}
	}
	return hashed[T]{h.t.with(hash, *kept)}
}

// memo remembers what was worked out under a key. Reading takes no lock and allocates nothing.
type memo[V any] struct{ p atomic.Pointer[Trie[V]] }

func (m *memo[V]) get(key uint64) (v V, ok bool) {
	if t := m.p.Load(); t != nil {
		return t.Get(key)
	}
	return v, false
}

func (m *memo[V]) put(key uint64, v V) {
	for {
		old := m.p.Load()
		var t Trie[V]
		if old != nil {
			t = *old
		}
		t = t.with(key, v)
		if m.p.CompareAndSwap(old, &t) {
			return
		}
	}
}

// copyWithout gives a memo of its own that remembers the same, but not what is under key.
func (m *memo[V]) copyWithout(key uint64) *memo[V] {
	c := &memo[V]{}
	if t := m.p.Load(); t != nil {
		less := t.without(key)
		c.p.Store(&less)
	}
	return c
}
