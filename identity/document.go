package identity

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
)

// Document is a decoded JSON object: values are nil, bool, json.Number, string, []any and map[string]any. Numbers stay as written.
type Document map[string]any

// DecodeDocument reads one JSON object and nothing behind it; anything else is invalidSyntax.
func DecodeDocument(body []byte) (Document, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc Document
	if err := d.Decode(&doc); err != nil {
		return nil, invalid(InvalidSyntax, "the body is not a JSON object: %v", err)
	}
	if doc == nil {
		return nil, invalid(InvalidSyntax, "the body is null, a JSON object is needed")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid(InvalidSyntax, "something follows the JSON object in the body")
	}
	return doc, nil
}

// get looks an attribute up without regard to letter case (RFC 7643 §2.1), the exact spelling first.
func get(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if strings.EqualFold(k, name) {
			return m[k], true
		}
	}
	return nil, false
}

// keyFor gives the spelling under which m holds name, or name itself.
func keyFor(m map[string]any, name string) string {
	if _, ok := m[name]; ok {
		return name
	}
	for k := range m {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	}
	return v
}

func cloneMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = clone(v)
	}
	return out
}

// isEmpty is RFC 7643 §2.5's "unassigned": null, an empty list, an empty object, an empty string.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func stringOf(v any) string {
	s, _ := v.(string)
	return s
}
