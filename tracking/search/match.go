package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// compare gives the function of an ordering comparator. With NaN only != holds.
func compare[T cmp.Ordered](op Op) func(a, b T) bool {
	switch op {
	case Eq:
		return func(a, b T) bool { return a == b }
	case Ne:
		return func(a, b T) bool { return a != b }
	case Gt:
		return func(a, b T) bool { return a > b }
	case Ge:
		return func(a, b T) bool { return a >= b }
	case Lt:
		return func(a, b T) bool { return a < b }
	}
	return func(a, b T) bool { return a <= b }
}

// MatchText gives the test of a text clause on a value that is there.
func (c *Clause) MatchText() func(string) bool {
	switch c.Op {
	case Eq:
		return func(s string) bool { return s == c.Text }
	case Ne:
		return func(s string) bool { return s != c.Text }
	case Like:
		return newPattern(c.Text).match
	case ILike:
		p := newPattern(strings.ToLower(c.Text))
		return func(s string) bool { return p.match(strings.ToLower(s)) }
	case In:
		return func(s string) bool { return slices.Contains(c.List, s) }
	case NotIn:
		return func(s string) bool { return !slices.Contains(c.List, s) }
	}
	return func(string) bool { return c.Op == IsNotNull }
}

// MatchNumber gives the test of a numeric clause on a value that is there.
func (c *Clause) MatchNumber() func(float64) bool {
	holds := compare[float64](c.Op)
	return func(v float64) bool { return holds(v, c.Number) }
}

// MatchInt gives the test of a clause on an integer that is there.
func (c *Clause) MatchInt() func(int64) bool {
	switch {
	case c.Type == ID:
		want := c.Op&(Eq|In) != 0
		return func(v int64) bool { return slices.Contains(c.Ints, v) == want }
	case c.Whole:
		holds := compare[int64](c.Op)
		return func(v int64) bool { return holds(v, c.Int) }
	}
	holds := compare[float64](c.Op)
	return func(v int64) bool { return holds(float64(v), c.Number) }
}

// pattern is a LIKE pattern cut at its % signs. Pieces are found one after the other, leftmost first, which is all that % asks for and
// never goes back further than one piece.
type pattern struct {
	pieces           []string
	anyStart, anyEnd bool
}

func newPattern(src string) pattern {
	p := pattern{anyStart: strings.HasPrefix(src, "%"), anyEnd: strings.HasSuffix(src, "%")}
	for piece := range strings.SplitSeq(src, "%") {
		if piece != "" {
			p.pieces = append(p.pieces, piece)
		}
	}
	return p
}

func (p pattern) match(s string) bool {
	pieces := p.pieces
	if len(pieces) == 0 {
		return p.anyStart || s == ""
	}
	if !p.anyStart {
		n, ok := prefix(s, pieces[0])
		if !ok {
			return false
		}
		s, pieces = s[n:], pieces[1:]
		if len(pieces) == 0 {
			return p.anyEnd || s == ""
		}
	}
	last := len(pieces) - 1
	for i, piece := range pieces {
		if i == last && !p.anyEnd {
			return suffix(s, piece)
		}
		end, ok := find(s, piece)
		if !ok {
			return false
		}
		s = s[end:]
	}
	return true
}

// prefix reports whether s begins with the piece, in which _ is any character, and how long that beginning is.
func prefix(s, piece string) (int, bool) {
	n := 0
	for _, r := range piece {
		got, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 || r != '_' && r != got {
			return 0, false
		}
		n += size
	}
	return n, true
}

// suffix reports whether s ends with the piece.
func suffix(s, piece string) bool {
	if strings.IndexByte(piece, '_') < 0 {
		return strings.HasSuffix(s, piece)
	}
	from := len(s)
	for range utf8.RuneCountInString(piece) {
		_, size := utf8.DecodeLastRuneInString(s[:from])
		if size == 0 {
			return false
		}
		from -= size
	}
	_, ok := prefix(s[from:], piece)
	return ok
}

// find gives the end of the piece's first place in s.
func find(s, piece string) (int, bool) {
	if strings.IndexByte(piece, '_') < 0 {
		i := strings.Index(s, piece)
		return i + len(piece), i >= 0
	}
	for i := range s {
		if n, ok := prefix(s[i:], piece); ok {
			return i + n, true
		}
	}
	return 0, false
}
