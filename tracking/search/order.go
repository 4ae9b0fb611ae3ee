package search

import (
	"fmt"

	"bailiwick/fail"
)

// MaxTerms is the most keys a caller may order by.
const MaxTerms = 50

// Order is what rows are sorted by, complete: the tie-breakers are in it. A row without the value comes last and NaN behind all
// numbers, in both directions.
type Order []Term

// Term is one key to sort by.
type Term struct {
	Entity Entity
	Field  int // index of the known field; -1 where any key is allowed
	Key    string
	Type   Type
	Desc   bool
	// Dataset and Digest restrict a logged model's metric to one dataset.
	Dataset, Digest string
}

// same reports whether two terms sort by the same key, whatever the direction.
func (t Term) same(o Term) bool { t.Desc, o.Desc = false, false; return t == o }

// ParseOrder parses the order_by list of a request, each "key [ASC|DESC]", and completes it with the domain's default or tie-breakers.
// Ordering twice by the same key is an error.
func ParseOrder(d *Domain, list []string) (Order, error) {
	if len(list) > MaxTerms {
		return nil, fail.Invalidf("order_by may have at most %d keys, found %d", MaxTerms, len(list))
	}
	order := make(Order, 0, len(list)+len(d.Tie))
	for i, src := range list {
		t, err := parseTerm(d, fmt.Sprintf("order_by[%d]", i), src)
		if err != nil {
			return nil, err
		}
		order = append(order, t)
	}
	return CompleteOrder(d, order)
}

// CompleteOrder appends the domain's default order to an empty one and the tie-breakers to any other, and refuses a repeated key.
func CompleteOrder(d *Domain, order Order) (Order, error) {
	if len(order) == 0 {
		return d.Default, nil
	}
	for i, t := range order {
		if order[:i].has(t) {
			return nil, fail.Invalidf("order_by contains duplicate fields: '%s' stands twice", t.Key)
		}
	}
	for _, t := range d.Tie {
		if !order.has(t) {
			order = append(order, t)
		}
	}
	return order, nil
}

func (o Order) has(t Term) bool {
	for _, x := range o {
		if x.same(t) {
			return true
		}
	}
	return false
}

func parseTerm(d *Domain, what, src string) (Term, error) {
	s, err := newScanner(what, src)
	if err != nil {
		return Term{}, err
	}
	s.space()
	t, err := s.target(d, orderable)
	if err != nil {
		return Term{}, err
	}
	if !t.group.Order {
		return Term{}, s.errorAt(0, "nothing can be ordered by %s", t.group.Names[0])
	}
	term := Term{Entity: t.group.Entity, Field: t.field, Key: t.key, Type: t.typ}
	term.Desc = !s.keyword("ASC") && s.keyword("DESC")
	if s.space(); !s.done() {
		return Term{}, s.expected("ASC, DESC or the end")
	}
	return term, nil
}

// AttributeTerm makes the term of a domain's attribute, for default orders and tie-breakers.
func AttributeTerm(fields []Field, i int, desc bool) Term {
	return Term{Entity: Attribute, Field: i, Key: fields[i].Name, Type: fields[i].Type, Desc: desc}
}
