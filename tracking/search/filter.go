package search

import (
	"strconv"
	"strings"

	"bailiwick/fail"
)

// MaxClauses is the most clauses a filter may have.
const MaxClauses = 200

// MaxPattern is the most characters that a LIKE or ILIKE pattern may have.
const MaxPattern = 2000

// Filter is a parsed filter: clauses that must all hold.
type Filter []Clause

// Clause compares one key with a value.
type Clause struct {
	Entity Entity
	Field  int    // index of the known field; -1 where any key is allowed
	Key    string // the key's own name, aliases translated
	Type   Type
	Op     Op

	Text   string   // Text with a single value
	List   []string // Text with IN, NOT IN
	Number float64  // Number, Integer
	Int    int64    // the same, exactly, when Whole
	Whole  bool
	Ints   []int64 // ID
}

// ParseFilter parses clauses joined by AND. As in MLflow, AND may be missing, doubled, or stand first or last; there is no OR, NOT,
// parenthesis or semicolon. Every error is fail.Invalid, says the character's position and what was expected there.
func ParseFilter(d *Domain, src string) (Filter, error) {
	s, err := newScanner("filter", src)
	if err != nil {
		return nil, err
	}
	var out Filter
	for {
		for s.keyword("AND") {
		}
		s.space()
		if s.done() {
			return out, blank(src)
		}
		if len(out) == MaxClauses {
			return nil, s.errorAt(s.at, "a filter may have at most %d clauses", MaxClauses)
		}
		c, err := s.clause(d)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

// blank refuses a filter of blanks only, as MLflow does; an empty one is none.
func blank(src string) error {
	if src != "" && strings.TrimSpace(src) == "" {
		return fail.Invalidf("Invalid filter, at character 1: expected a clause such as metrics.loss < 0.5, found none")
	}
	return nil
}

// refused gives the word or sign of SQL that comes next and that people try, though this grammar does not have it.
func (s *scanner) refused() string {
	word := s.bare()
	for _, w := range []string{"OR", "NOT"} {
		if strings.EqualFold(word, w) {
			return w
		}
	}
	for _, w := range []string{"(", ")", ";", "--", "/*"} {
		if strings.HasPrefix(s.src[s.at:], w) {
			return w
		}
	}
	return ""
}

// clause reads key, comparator and value.
func (s *scanner) clause(d *Domain) (Clause, error) {
	if w := s.refused(); w != "" {
		return Clause{}, s.errorAt(s.at, "%s is not part of the grammar; clauses are joined with AND", w)
	}
	t, err := s.target(d, filterable)
	if err != nil {
		return Clause{}, err
	}
	op, err := s.op(t)
	if err != nil {
		return Clause{}, err
	}
	c := Clause{Entity: t.group.Entity, Field: t.field, Key: t.key, Type: t.typ, Op: op}
	s.space()
	return c, s.value(&c)
}

// target reads a key and finds it in the domain, among those that one may use.
func (s *scanner) target(d *Domain, may func(*Field) bool) (target, error) {
	start := s.at
	prefix, key, err := s.path()
	if err != nil {
		return target{}, err
	}
	g := d.bare()
	if prefix != "" {
		g = d.group(prefix)
	}
	if g == nil {
		return target{}, s.errorAt(start, "unknown entity '%s', allowed are %s", prefix, d.prefixes())
	}
	t, ok := g.resolve(key)
	if !ok || t.field >= 0 && !may(&g.Fields[t.field]) {
		return target{}, s.errorAt(start, "Invalid %s key '%s', allowed are %s", g.Names[0], key, g.fieldNames(may))
	}
	return t, nil
}

// wordOps are the comparators written as words, longer ones first.
var wordOps = []struct {
	op    Op
	words []string
}{
	{NotIn, []string{"NOT", "IN"}}, {In, []string{"IN"}}, {Like, []string{"LIKE"}}, {ILike, []string{"ILIKE"}},
	{IsNotNull, []string{"IS", "NOT", "NULL"}}, {IsNull, []string{"IS", "NULL"}},
}

// op reads a comparator that the target allows.
func (s *scanner) op(t target) (Op, error) {
	s.space()
	start := s.at
	op := s.symbol()
	for i := 0; op == 0 && i < len(wordOps); i++ {
		if s.keyword(wordOps[i].words...) {
			op = wordOps[i].op
		}
	}
	if op&t.ops == 0 {
		s.at = start
		return 0, s.expected("a comparator for " + t.group.Names[0] + " '" + t.key + "' (one of " + t.ops.String() + ")")
	}
	return op, nil
}

// symbol reads a comparator made of = ! < >; 0 if what comes is none.
func (s *scanner) symbol() Op {
	end := s.at
	for end < len(s.src) && strings.IndexByte("=!<>", s.src[end]) >= 0 {
		end++
	}
	for _, n := range opNames[:6] {
		if n.name == s.src[s.at:end] {
			s.at = end
			return n.op
		}
	}
	return 0
}

// value reads what the clause's key is compared with.
func (s *scanner) value(c *Clause) error {
	switch {
	case c.Op&Presence != 0:
		return nil
	case c.Type == Number || c.Type == Integer:
		return s.numeric(c)
	case c.Type == Counter:
		return s.counter(c)
	case c.Type == ID:
		return s.idValue(c)
	case c.Op&Lists != 0:
		return s.list(c)
	}
	return s.text(c)
}

// numeric reads a number; an Integer key takes none with a fraction.
func (s *scanner) numeric(c *Clause) error {
	start := s.at
	n, ok := s.number()
	if !ok {
		return s.expected("a number for '" + c.Key + "'")
	}
	c.Number, _ = strconv.ParseFloat(n, 64) // beyond the range of a double it is an infinity, which is what MLflow compares with
	if v, err := strconv.ParseInt(n, 10, 64); err == nil {
		c.Int, c.Whole = v, true
	} else if c.Type != Number {
		return s.errorAt(start, "expected an integer for '%s', found %s", c.Key, n)
	}
	return nil
}

// counter reads an integer in quotes or without them.
func (s *scanner) counter(c *Clause) error {
	if b := s.peek(); b != '\'' && b != '"' {
		return s.numeric(c)
	}
	start := s.at
	if err := s.text(c); err != nil {
		return err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(c.Text), 10, 64)
	if err != nil {
		return s.errorAt(start, "expected an integer for '%s', found '%s'", c.Key, c.Text)
	}
	c.Int, c.Number, c.Whole, c.Text = n, float64(n), true, ""
	return nil
}

// text reads a quoted string.
func (s *scanner) text(c *Clause) (err error) {
	if b := s.peek(); b != '\'' && b != '"' {
		return s.expected("a value in quotes for '" + c.Key + "'")
	}
	start := s.at
	if c.Text, err = s.quoted(); err != nil {
		return err
	}
	if c.Op&(Like|ILike) != 0 && len([]rune(c.Text)) > MaxPattern {
		return s.errorAt(start, "a pattern may have at most %d characters", MaxPattern)
	}
	return s.separated()
}

// separated refuses two values in a row.
func (s *scanner) separated() error {
	at := s.at
	s.space()
	if b := s.peek(); b == '\'' || b == '"' {
		return s.expected("AND or the end")
	}
	s.at = at
	return nil
}

// list reads ('a', 'b'); a comma may follow the last.
func (s *scanner) list(c *Clause) error {
	if !s.take('(') {
		return s.expected("a list of values in quotes, such as ('a', 'b')")
	}
	for {
		s.space()
		if len(c.List) > 0 && s.take(')') {
			return nil
		}
		if b := s.peek(); b != '\'' && b != '"' {
			return s.expected("a value in quotes")
		}
		v, err := s.quoted()
		if err != nil {
			return err
		}
		c.List = append(c.List, v)
		s.space()
		if s.take(')') {
			return nil
		}
		if !s.take(',') {
			return s.expected(", or )")
		}
	}
}

// idValue reads quoted integers, one or a list.
func (s *scanner) idValue(c *Clause) error {
	start, read := s.at, s.text
	if c.Op&Lists != 0 {
		read = s.list
	}
	if err := read(c); err != nil {
		return err
	}
	list := c.List
	if c.Op&Lists == 0 {
		list = []string{c.Text}
	}
	for _, v := range list {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return s.errorAt(start, "'%s' must be a valid integer, found '%s'", c.Key, v)
		}
		c.Ints = append(c.Ints, n)
	}
	c.Text, c.List = "", nil
	return nil
}
