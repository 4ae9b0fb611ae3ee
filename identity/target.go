package identity

import (
	"strings"

	scim "github.com/scim2/filter-parser/v2"
)

// target is what the path of an operation leads to.
type target struct {
	urn    string // of an extension; "" for core attributes
	name   string // canonical; "" for a whole extension, or, with no urn, the whole resource
	attr   attribute
	known  bool
	filter expr   // of a value path
	sub    string // sub-attribute, canonical
}

// target parses a path: [urn:]name[filter].sub with all but the name optional.
func (p *patcher) target(path string) (target, error) {
	if urn, rest := splitURN(path); rest == "" {
		return target{urn: urn}, nil
	}
	head, filter, sub, err := splitPath(path)
	if err != nil {
		return target{}, err
	}
	at, err := parseAttrPath(head, InvalidPath)
	if err != nil {
		return target{}, err
	}
	if at.sub != "" && filter != nil {
		return target{}, invalid(InvalidPath, "path %q chooses among the values of a sub-attribute", shorten(path))
	}
	t := target{urn: at.urn, name: at.name, filter: filter, sub: at.sub + sub}
	t.attr, t.known = p.find(at.urn, at.name)
	t.name = t.attr.name
	if s, ok := findAttribute(t.attr.sub, t.sub); ok {
		t.sub = s.name
	}
	return t, t.check(path)
}

func (p *patcher) find(urn, name string) (attribute, bool) {
	if urn != "" {
		return findAttribute(attributesOf(urn), name)
	}
	return p.schema.find(name)
}

func (t target) check(path string) error {
	simple := t.known && t.attr.kind != complexT
	switch {
	case t.known && t.filter != nil && !t.attr.multi:
		return invalid(InvalidPath, "%s has one value, so %q cannot choose among several", t.name, shorten(path))
	case simple && t.sub != "":
		return invalid(InvalidPath, "%s has no sub-attributes", t.name)
	}
	return nil
}

// splitPath takes a value path apart.
func splitPath(path string) (head string, filter expr, sub string, err error) {
	head, rest, found := strings.Cut(path, "[")
	if !found {
		return path, nil, "", nil
	}
	end := strings.LastIndex(rest, "]")
	if end < 0 {
		return "", nil, "", invalid(InvalidPath, "the [ in path %q is not closed", shorten(path))
	}
	after := rest[end+1:]
	sub, dotted := strings.CutPrefix(after, ".")
	if dotted != (after != "") || dotted && !isName(sub) {
		return "", nil, "", invalid(InvalidPath, "path %q is not of the form attribute[filter].subAttribute", shorten(path))
	}
	f, err := ParseFilter(rest[:end])
	if err == nil && f.All() {
		err = invalid(InvalidFilter, "the filter in path %q is empty", shorten(path))
	}
	return head, f.root, sub, err
}

// template makes the element that a filter of equalities describes: emails[type eq "work"] is {"type":"work"}. false for other filters.
func template(e expr) (map[string]any, bool) {
	switch e := e.(type) {
	case logical:
		left, okL := template(e.left)
		right, okR := template(e.right)
		for k, v := range right {
			left[k] = v
		}
		return left, okL && okR && !e.or
	case comparison:
		return map[string]any{e.path.name: e.lit.value()}, e.op == scim.EQ && e.path.urn == "" && e.path.sub == "" && e.lit.kind != nullLit
	}
	return map[string]any{}, false
}

func (l literal) value() any {
	if l.kind == boolLit {
		return l.text == "true"
	}
	return l.text
}
