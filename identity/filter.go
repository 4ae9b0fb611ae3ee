package identity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	scim "github.com/scim2/filter-parser/v2"
)

// Filter is a parsed SCIM filter (RFC 7644 §3.4.2.2). The zero value matches everything.
type Filter struct {
	root expr
}

// ParseFilter parses a filter; the empty text matches everything. Beyond the RFC it takes unquoted values (the Python SDK sends
// displayName eq any-x), value paths with a sub-attribute (Entra sends emails[type eq "work"].value eq "x") and any filter within
// brackets. Errors: invalidFilter with the position.
func ParseFilter(text string) (Filter, error) {
	if strings.TrimSpace(text) == "" {
		return Filter{}, nil
	}
	tokens, err := lex(text)
	if err != nil {
		return Filter{}, err
	}
	root, err := compile(tokens)
	if err != nil {
		return Filter{}, err
	}
	return Filter{root: root}, nil
}

// Match tells whether a rendered resource satisfies the filter.
func (f Filter) Match(doc Document) bool { return f.root == nil || f.root.match(doc) }

// All tells that the filter matches everything.
func (f Filter) All() bool { return f.root == nil }

// indexed are the attributes that a store can look up directly.
var indexed = []string{"id", "userName", "applicationId", "displayName", "externalId"}

// Lookup gives an equality that every match satisfies, if there is one on an attribute a store has an index for: then only those rows
// need be read, each still to be checked with Match. The attribute comes in its canonical spelling; values of all but id and externalId
// compare by Fold.
func (f Filter) Lookup() (attr, value string, ok bool) {
	return lookup(f.root)
}

func lookup(e expr) (attr, value string, ok bool) {
	switch e := e.(type) {
	case logical:
		if e.or {
			return "", "", false
		}
		if attr, value, ok = lookup(e.left); ok {
			return attr, value, ok
		}
		return lookup(e.right)
	case comparison:
		if e.op == scim.EQ && e.path.urn == "" && e.path.sub == "" && e.lit.kind == wordLit && slices.Contains(indexed, e.path.name) {
			return e.path.name, e.lit.text, true
		}
	}
	return "", "", false
}

// Mentions tells whether the filter asks for a top-level attribute, so that a caller need not load members or groups for nothing.
func (f Filter) Mentions(attr string) bool { return f.root != nil && f.root.mentions(attr) }

// compiler takes literals and bracketed filters out of the token stream before the grammar sees it: the parser neither unescapes
// strings nor takes unquoted ones, and allows two comparisons in brackets at most. They go in as numbers and as attributes $v0, $v1, ….
type compiler struct {
	text   strings.Builder
	parts  []part
	lits   []literal
	groups []group
}

func compile(tokens []token) (expr, error) {
	if len(tokens) == 3 && isLiteral(tokens, 2) || len(tokens) == 2 && tokens[1].isWord("pr") {
		return single(tokens)
	}
	c := &compiler{}
	for i := 0; i < len(tokens); {
		n, err := c.take(tokens, i)
		if err != nil {
			return nil, err
		}
		i += n
	}
	parsed, err := scim.ParseFilterNumber([]byte(strings.TrimSpace(c.text.String())))
	if err != nil {
		return nil, explain(c.parts)
	}
	return c.convert(parsed)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// take writes the tokens from i on that belong together and gives their number.
func (c *compiler) take(tokens []token, i int) (int, error) {
	t := tokens[i]
	switch {
	case isLiteral(tokens, i):
		c.write(t, valuePart, strconv.Itoa(len(c.lits)))
		c.lits = append(c.lits, newLiteral(t))
		return 1, nil
	case t.str: // nothing the grammar takes; explain says where
		c.write(t, wordPart, "!")
		return 1, nil
	case t.is("["), t.is("]"):
		return 0, invalid(InvalidFilter, "%q at position %d of the filter is out of place", shorten(t.text), t.at+1)
	case i+1 < len(tokens) && tokens[i+1].is("[") && tokens[i+1].glued && !t.is("("):
		return c.takeGroup(tokens, i)
	case strings.HasPrefix(t.text, "$") && !strings.EqualFold(t.text, "$ref"):
		return 0, invalid(InvalidFilter, "no attribute is called %q", shorten(t.text))
	}
	c.write(t, classOf(t), t.text)
	return 1, nil
}

func (c *compiler) write(t token, class partClass, text string) {
	c.text.WriteString(" " + text)
	c.parts = append(c.parts, part{t, class})
}

// isLiteral: what stands behind "attribute operator" is a value, quoted or not.
func isLiteral(tokens []token, i int) bool {
	return i >= 2 && isOperator(tokens[i-1]) && !tokens[i-2].str && !isBracket(tokens[i]) && !isBracket(tokens[i-2])
}

func isBracket(t token) bool { return !t.str && len(t.text) == 1 && strings.Contains("()[]", t.text) }

var operators = []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}

func isOperator(t token) bool { return !t.str && anyFold(operators, t.text) }

// takeGroup takes attr[inner] and attr[inner].sub op value, which is the same as attr[(inner) and sub op value].
func (c *compiler) takeGroup(tokens []token, i int) (int, error) {
	end := slices.IndexFunc(tokens[i:], func(t token) bool { return t.is("]") })
	if end < 0 {
		return 0, invalid(InvalidFilter, "the [ at position %d of the filter is not closed", tokens[i+1].at+1)
	}
	path, err := parseAttrPath(tokens[i].text, InvalidFilter)
	if err != nil {
		return 0, err
	}
	inner, n := withSub(tokens[i+2:i+end], tokens[i+end+1:])
	root, err := compile(inner)
	if err != nil {
		return 0, err
	}
	c.write(tokens[i], groupPart, fmt.Sprintf("$v%d pr", len(c.groups)))
	c.groups = append(c.groups, group{path: path, inner: root})
	return end + 1 + n, nil
}

// withSub gives the inner filter together with a comparison of a sub-attribute that follows, and how many tokens that took.
func withSub(inner, after []token) ([]token, int) {
	if len(after) < 2 || after[0].str || !after[0].glued || !strings.HasPrefix(after[0].text, ".") {
		return inner, 0
	}
	n := min(3, len(after))
	if strings.EqualFold(after[1].text, "pr") {
		n = 2
	}
	sub := token{text: after[0].text[1:], at: after[0].at}
	joined := slices.Concat([]token{{text: "("}}, inner, []token{{text: ")"}, {text: "and"}, sub}, after[1:n])
	return joined, n
}

// convert turns the parser's tree into one that can be evaluated.
func (c *compiler) convert(e scim.Expression) (expr, error) {
	switch e := e.(type) {
	case *scim.LogicalExpression:
		left, err := c.convert(e.Left)
		if err != nil {
			return nil, err
		}
		right, err := c.convert(e.Right)
		return logical{or: e.Operator == scim.OR, left: left, right: right}, err
	case *scim.NotExpression:
		inner, err := c.convert(e.Expression)
		return negation{inner}, err
	case *scim.AttributeExpression:
		return c.comparison(e)
	}
	return nil, invalid(InvalidFilter, "the filter does not parse")
}

func (c *compiler) comparison(e *scim.AttributeExpression) (expr, error) {
	if n, ok := strings.CutPrefix(e.AttributePath.AttributeName, "$v"); ok {
		i, _ := strconv.Atoi(n)
		return c.groups[i], nil
	}
	path := pathOf(e.AttributePath)
	if e.Operator == scim.PR {
		return comparison{path: path, op: scim.PR}, nil
	}
	number, ok := e.CompareValue.(json.Number)
	i, err := strconv.Atoi(number.String())
	if !ok || err != nil || i >= len(c.lits) {
		return nil, invalid(InvalidFilter, "the filter compares %s with nothing", e.AttributePath.String())
	}
	return compared(path, e.Operator, c.lits[i])
}

// compared makes a comparison; RFC 7644 §3.4.2.2 has no order among booleans.
func compared(path attrPath, op scim.CompareOperator, lit literal) (expr, error) {
	if lit.kind == boolLit && slices.Contains([]scim.CompareOperator{scim.GT, scim.GE, scim.LT, scim.LE}, op) {
		return nil, invalid(InvalidFilter, "%s cannot order true and false", op)
	}
	return comparison{path: path, op: op, lit: lit}, nil
}

// single is one comparison by itself, which is nearly every filter that clients send. It needs no grammar, and the parser takes
// 0.1 ms for one.
func single(tokens []token) (expr, error) {
	if tokens[0].str {
		return nil, explain([]part{{token: tokens[0]}})
	}
	path, err := parseAttrPath(tokens[0].text, InvalidFilter)
	if err != nil {
		return nil, err
	}
	op := scim.CompareOperator(strings.ToLower(tokens[1].text))
	if op == scim.PR {
		return comparison{path: path, op: op}, nil
	}
	return compared(path, op, newLiteral(tokens[2]))
}
