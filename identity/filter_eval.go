package identity

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	scim "github.com/scim2/filter-parser/v2"
)

// expr is a node of a filter.
type expr interface {
	match(m map[string]any) bool
	mentions(attr string) bool
}

type (
	logical struct {
		or          bool
		left, right expr
	}
	negation   struct{ inner expr }
	comparison struct {
		path attrPath
		op   scim.CompareOperator
		lit  literal
	}
	group struct {
		path  attrPath
		inner expr
	}
)

func (e logical) match(m map[string]any) bool {
	if e.or {
		return e.left.match(m) || e.right.match(m)
	}
	return e.left.match(m) && e.right.match(m)
}

func (e negation) match(m map[string]any) bool { return !e.inner.match(m) }

// match of a value path: one element satisfies the whole inner filter.
func (e group) match(m map[string]any) bool {
	return slices.ContainsFunc(e.path.values(m), func(v any) bool {
		element, ok := v.(map[string]any)
		return ok && e.inner.match(element)
	})
}

func (e comparison) match(m map[string]any) bool {
	values := e.path.values(m)
	if e.op == scim.PR {
		return slices.ContainsFunc(values, func(v any) bool { return !isEmpty(v) })
	}
	if e.op == scim.NE {
		return !e.any(values, scim.EQ)
	}
	return e.any(values, e.op)
}

// any: a multi-valued attribute satisfies a comparison when one of its values does; without a sub-attribute, "value" is meant.
func (e comparison) any(values []any, op scim.CompareOperator) bool {
	if e.lit.kind == nullLit {
		return op == scim.EQ && !slices.ContainsFunc(values, func(v any) bool { return !isEmpty(v) })
	}
	return slices.ContainsFunc(values, func(v any) bool {
		if m, ok := v.(map[string]any); ok {
			v, _ = get(m, "value")
		}
		return e.lit.compare(v, op, e.path.caseExact())
	})
}

func (e logical) mentions(a string) bool    { return e.left.mentions(a) || e.right.mentions(a) }
func (e negation) mentions(a string) bool   { return e.inner.mentions(a) }
func (e group) mentions(a string) bool      { return strings.EqualFold(e.path.name, a) }
func (e comparison) mentions(a string) bool { return strings.EqualFold(e.path.name, a) }

// literal is the right side of a comparison.
type literal struct {
	kind litKind
	text string
}

type litKind uint8

const (
	wordLit litKind = iota // a string or a number, told apart by what it is compared with
	boolLit
	nullLit
)

func newLiteral(t token) literal {
	if !t.str {
		switch low := strings.ToLower(t.text); low {
		case "true", "false":
			return literal{boolLit, low}
		case "null":
			return literal{nullLit, ""}
		}
	}
	return literal{wordLit, t.text}
}

// compare tells whether "v op literal" holds. What a value is decides how: Entra writes active eq "true".
func (l literal) compare(v any, op scim.CompareOperator, exact bool) bool {
	switch v := v.(type) {
	case bool:
		return op == scim.EQ && strings.EqualFold(l.text, map[bool]string{true: "true", false: "false"}[v])
	case json.Number:
		return compareNumbers(v, json.Number(l.text), op)
	case string:
		return compareStrings(v, l.text, op, exact)
	}
	return false
}

func compareNumbers(a, b json.Number, op scim.CompareOperator) bool {
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && holds(cmp.Compare(x, y), op)
}

func compareStrings(a, b string, op scim.CompareOperator, exact bool) bool {
	if !exact {
		a, b = Fold(a), Fold(b)
	}
	switch op {
	case scim.CO:
		return strings.Contains(a, b)
	case scim.SW:
		return strings.HasPrefix(a, b)
	case scim.EW:
		return strings.HasSuffix(a, b)
	}
	return holds(orderText(a, b), op)
}

// orderText orders two times by time, everything else by text.
func orderText(a, b string) int {
	x, errX := time.Parse(time.RFC3339, strings.ToUpper(a))
	y, errY := time.Parse(time.RFC3339, strings.ToUpper(b))
	if errX == nil && errY == nil {
		return x.Compare(y)
	}
	return strings.Compare(a, b)
}

func holds(order int, op scim.CompareOperator) bool {
	switch op {
	case scim.EQ:
		return order == 0
	case scim.GT:
		return order > 0
	case scim.GE:
		return order >= 0
	case scim.LT:
		return order < 0
	case scim.LE:
		return order <= 0
	}
	return false
}
