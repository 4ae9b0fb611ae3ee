package ledger

import (
	"cmp"
	"slices"
)

// span is the ids from lo to hi, both included.
type span struct{ lo, hi int64 }

// spans is a set of ids that takes little room when they are dense: ascending spans that do not touch.
type spans struct{ list []span }

// add puts id in; false if it was there.
func (s *spans) add(id int64) bool {
	at, _ := slices.BinarySearchFunc(s.list, id, func(x span, id int64) int { return cmp.Compare(x.hi, id) })
	if at < len(s.list) && s.list[at].lo <= id {
		return false
	}
	joinsLeft := at > 0 && s.list[at-1].hi == id-1
	joinsRight := at < len(s.list) && s.list[at].lo == id+1
	switch {
	case joinsLeft && joinsRight:
		s.list[at-1].hi = s.list[at].hi
		s.list = slices.Delete(s.list, at, at+1)
	case joinsLeft:
		s.list[at-1].hi = id
	case joinsRight:
		s.list[at].lo = id
	default:
		s.list = slices.Insert(s.list, at, span{id, id})
	}
	return true
}

// top gives the greatest id; 0 if there is none.
func (s *spans) top() int64 {
	if len(s.list) == 0 {
		return 0
	}
	return s.list[len(s.list)-1].hi
}

// gaps counts the ids from 1 to the greatest that are not in the set, and gives the least of them.
func (s *spans) gaps() (count, first int64) {
	last := int64(0)
	for _, x := range s.list {
		if n := x.lo - last - 1; n > 0 {
			if count == 0 {
				first = last + 1
			}
			count += n
		}
		last = x.hi
	}
	return count, first
}
