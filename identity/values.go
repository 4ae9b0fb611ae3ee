package identity

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// normalize turns what a client sent for an attribute into what is stored: booleans from Entra's "False", single values out of the
// lists that Terraform wraps them in, {"value": …} around plain strings, canonical sub-attribute names. nil means unassigned.
func normalize(a attribute, known bool, v any) (any, error) {
	switch {
	case v == nil || !known:
		return v, nil
	case a.multi:
		return normalizeList(a, v)
	case a.kind == boolean:
		return normalizeBool(a, unwrap(v))
	case a.kind == complexT:
		return normalizeElement(a, unwrapList(v))
	}
	return normalizeString(a, unwrap(v))
}

// unwrapList takes the only element out of a list.
func unwrapList(v any) any {
	if l, ok := v.([]any); ok && len(l) == 1 {
		return l[0]
	}
	return v
}

// unwrap also takes the value out of {"value": …}: Terraform sends a boolean as [{"value":"false"}].
func unwrap(v any) any {
	v = unwrapList(v)
	if m, ok := v.(map[string]any); ok {
		if inner, ok := get(m, "value"); ok {
			return inner
		}
	}
	return v
}

func normalizeBool(a attribute, v any) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return nil, invalid(InvalidValue, "%s must be true or false", a.name)
}

func normalizeString(a attribute, v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return nil, invalid(InvalidValue, "%s must be a string", a.name)
}

// normalizeList makes a list of elements; elements without content ("entitlements":[{}] of Terraform) are none.
func normalizeList(a attribute, v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := []any{}
	for _, e := range list {
		n, err := normalizeElement(a, e)
		if err != nil {
			return nil, err
		}
		if m, ok := n.(map[string]any); ok && len(m) > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

// normalizeElement makes an object of one element; a plain string or number is its value.
func normalizeElement(a attribute, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return withValue(v), nil
	case json.Number:
		return withValue(v.String()), nil
	case map[string]any:
		return normalizeSubs(a, v)
	}
	return nil, invalid(InvalidValue, "%s must hold objects or strings", a.name)
}

func withValue(s string) any {
	if s == "" {
		return map[string]any{}
	}
	return map[string]any{"value": s}
}

func normalizeSubs(a attribute, m map[string]any) (any, error) {
	out := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		sub, known := findAttribute(a.sub, k)
		n, err := normalize(sub, known, m[k])
		if err != nil {
			return nil, err
		}
		if _, twice := out[sub.name]; twice {
			return nil, invalid(InvalidValue, "%s.%s is given twice", a.name, sub.name)
		}
		if !isEmpty(n) {
			out[sub.name] = n
		}
	}
	return out, nil
}

// sameElement tells whether two elements of a multi-valued attribute are one: same value and type, or, without a value, same content.
func sameElement(a, b map[string]any) bool {
	av, aok := a["value"]
	bv, bok := b["value"]
	if aok && bok {
		at, bt := stringOf(a["type"]), stringOf(b["type"])
		return sameText(av, bv) && (at == "" || bt == "" || strings.EqualFold(at, bt))
	}
	return !aok && !bok && sameText(a, b)
}

// sameText compares by JSON text, in which object keys are sorted.
func sameText(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// merge adds elements to a list; one that is there already takes the new one's sub-attributes.
func merge(list, add []any) []any {
	for _, e := range add {
		m, ok := e.(map[string]any)
		if !ok {
			list = append(list, e)
			continue
		}
		list = mergeOne(list, m)
	}
	return list
}

func mergeOne(list []any, m map[string]any) []any {
	for _, old := range list {
		if o, ok := old.(map[string]any); ok && sameElement(o, m) {
			maps.Copy(o, m)
			return onePrimary(list, o)
		}
	}
	return onePrimary(append(list, m), m)
}

// onePrimary keeps RFC 7643 §2.4: the value true for "primary" stands once; the latest wins.
func onePrimary(list []any, last map[string]any) []any {
	if last["primary"] != true {
		return list
	}
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			delete(m, "primary")
		}
	}
	last["primary"] = true
	return list
}

// without drops the elements of list that are named in gone.
func without(list, gone []any) []any {
	return slices.DeleteFunc(list, func(e any) bool {
		m, ok := e.(map[string]any)
		return ok && slices.ContainsFunc(gone, func(g any) bool {
			gm, ok := g.(map[string]any)
			return ok && sameElement(m, gm)
		})
	})
}
