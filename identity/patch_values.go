package identity

import (
	"maps"
	"slices"
)

// container gives the object that holds the target's attribute, made when it is absent.
func (p *patcher) container(t target) map[string]any {
	if t.urn == "" {
		return p.doc
	}
	key := keyFor(p.doc, t.urn)
	m, ok := p.doc[key].(map[string]any)
	if !ok {
		m = map[string]any{}
		p.doc[key] = m
	}
	return m
}

// write is add and replace without a filter.
func (p *patcher) write(t target, op Operation) error {
	c := p.container(t)
	key := keyFor(c, t.name)
	if t.sub != "" {
		return writeSub(c, key, t, op.Value)
	}
	n, err := normalize(t.attr, t.known, clone(op.Value))
	if err != nil {
		return err
	}
	switch now := c[key].(type) {
	case []any:
		c[key] = writeList(now, n, op.Op)
	case map[string]any:
		c[key] = writeObject(now, n)
	default:
		c[key] = writeList(nil, n, "replace")
	}
	return nil
}

// writeList adds to a list or replaces it. Doubles and a second primary in what the client sent are settled the same way.
func writeList(now []any, n any, op string) any {
	add, ok := n.([]any)
	switch {
	case !ok && op == "add" && now != nil:
		return append(now, n)
	case !ok:
		return n
	case op == "replace":
		now = nil
	}
	return merge(now, add)
}

// writeObject: an add or replace of a complex attribute names the sub-attributes that change (RFC 7644 §3.5.2.1, §3.5.2.3).
func writeObject(now map[string]any, n any) any {
	m, ok := n.(map[string]any)
	if !ok {
		return n
	}
	maps.Copy(now, m)
	return now
}

// writeSub sets a sub-attribute: of the one object, or of each element of a list, the first made when there is none.
func writeSub(c map[string]any, key string, t target, v any) error {
	n, err := t.subValue(v)
	if err != nil {
		return err
	}
	switch now := c[key].(type) {
	case map[string]any:
		now[keyFor(now, t.sub)] = n
	case []any:
		setAll(now, t.sub, n)
	default:
		c[key] = t.firstElement(n)
	}
	return nil
}

func (t target) firstElement(n any) any {
	m := map[string]any{t.sub: n}
	if t.attr.multi {
		return []any{m}
	}
	return m
}

func (t target) subValue(v any) (any, error) {
	sub, known := findAttribute(t.attr.sub, t.sub)
	return normalize(sub, known, clone(v))
}

func setAll(list []any, sub string, v any) {
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			m[keyFor(m, sub)] = v
		}
	}
}

// remove takes away the attribute, a sub-attribute, or, when values are given, those values (Databricks: remove entitlements [{value}]).
// Values that name nothing remove nothing: [{}] must not clear a list.
func (p *patcher) remove(t target, op Operation) error {
	c := p.container(t)
	key := keyFor(c, t.name)
	list, isList := c[key].([]any)
	switch {
	case t.sub != "":
		for _, e := range listOf(c[key]) {
			if m, ok := e.(map[string]any); ok {
				delete(m, keyFor(m, t.sub))
			}
		}
	case isList && op.Value != nil:
		gone, err := normalizeList(t.attr, clone(op.Value))
		if err != nil {
			return err
		}
		c[key] = without(list, gone.([]any))
	default:
		delete(c, key)
	}
	p.dropEmpty(t, c)
	return nil
}

func (p *patcher) dropEmpty(t target, c map[string]any) {
	for k, v := range c {
		if isEmpty(v) {
			delete(c, k)
		}
	}
	if t.urn != "" && len(c) == 0 {
		delete(p.doc, keyFor(p.doc, t.urn))
	}
}

// applyFiltered is an operation on the elements that a value path chooses. When it chooses none, add makes the element that the filter
// describes, and so does a replace of a sub-attribute: Entra replaces emails[type eq "work"].value of a user who has no address yet.
func (p *patcher) applyFiltered(t target, op Operation) error {
	c := p.container(t)
	key := keyFor(c, t.name)
	list, _ := c[key].([]any)
	if op.Op == "remove" || isEmpty(op.Value) {
		c[key] = removeMatching(list, t)
		p.dropEmpty(t, c)
		return nil
	}
	chosen := matching(list, t.filter)
	if len(chosen) == 0 {
		m, ok := template(t.filter)
		if !ok || op.Op == "replace" && t.sub == "" {
			return invalid(NoTarget, "no element of %s matches the filter in the path", t.name)
		}
		element, err := normalizeElement(t.attr, m)
		if err != nil {
			return err
		}
		chosen = []map[string]any{element.(map[string]any)}
		list = append(list, element)
	}
	c[key] = list
	return writeChosen(list, chosen, t, op.Value)
}

func matching(list []any, f expr) []map[string]any {
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && f.match(m) {
			out = append(out, m)
		}
	}
	return out
}

func removeMatching(list []any, t target) []any {
	if t.sub == "" {
		return slices.DeleteFunc(list, func(e any) bool {
			m, ok := e.(map[string]any)
			return ok && t.filter.match(m)
		})
	}
	for _, m := range matching(list, t.filter) {
		delete(m, keyFor(m, t.sub))
	}
	return list
}

func writeChosen(list []any, chosen []map[string]any, t target, v any) error {
	for _, m := range chosen {
		if t.sub != "" {
			n, err := t.subValue(v)
			if err != nil {
				return err
			}
			m[keyFor(m, t.sub)] = n
		} else if err := mergeValue(m, t, v); err != nil {
			return err
		}
		onePrimary(list, m)
	}
	return nil
}

func mergeValue(m map[string]any, t target, v any) error {
	n, err := normalizeElement(t.attr, clone(unwrapList(v)))
	if err != nil {
		return err
	}
	part, _ := n.(map[string]any)
	maps.Copy(m, part)
	return nil
}
