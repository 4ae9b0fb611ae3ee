package identity

import (
	"encoding/json"
	"strings"
)

// Search is a question that came in a body, its parts as the address has them.
type Search struct {
	Filter, Attributes, Excluded, Start, Count, SortBy, SortOrder string
}

// DecodeSearch reads the body of POST …/.search (RFC 7644 §3.4.3). Errors: invalidSyntax, invalidValue.
func DecodeSearch(body []byte) (s Search, err error) {
	doc, err := DecodeDocument(body)
	if err != nil {
		return s, err
	}
	for name, field := range map[string]*string{
		"filter": &s.Filter, "attributes": &s.Attributes, "excludedAttributes": &s.Excluded, "startIndex": &s.Start, "count": &s.Count,
		"sortBy": &s.SortBy, "sortOrder": &s.SortOrder,
	} {
		v, _ := get(doc, name)
		if *field, err = askedText(name, v); err != nil {
			return s, err
		}
	}
	return s, nil
}

// askedText writes a part of a question as an address has it.
func askedText(name string, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case []any:
		parts := make([]string, 0, len(v))
		for _, e := range v {
			parts = append(parts, stringOf(e))
		}
		return strings.Join(parts, ","), nil
	}
	return "", invalid(InvalidValue, "%s of a search is text, a number or a list of names", name)
}
