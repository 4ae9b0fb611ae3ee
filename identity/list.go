package identity

import (
	"slices"
	"strconv"
	"strings"
)

// SchemaList is the schema of List.
const SchemaList = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// List is RFC 7644's answer to a query. No key is ever left out: the Python SDK reads Resources, and clients page by
// startIndex += len(Resources) until a page is empty.
type List struct {
	Schemas      []string   `json:"schemas"`
	TotalResults int        `json:"totalResults"`
	StartIndex   int        `json:"startIndex"`
	ItemsPerPage int        `json:"itemsPerPage"`
	Resources    []Document `json:"Resources"`
}

// NewList makes the answer for one page of total results.
func NewList(total int, p Paging, page []Document) List {
	if page == nil {
		page = []Document{}
	}
	return List{Schemas: []string{SchemaList}, TotalResults: total, StartIndex: p.Start, ItemsPerPage: len(page), Resources: page}
}

// MaxCount is the most resources of a page, and what a request without count gets: several clients never ask for a second page.
const MaxCount = 10000

// Paging is a window of a list. Start counts from 1.
type Paging struct{ Start, Count int }

// ParsePaging reads startIndex and count as RFC 7644 §3.4.2.4 has it: below 1 counts as 1, a negative count as 0. Errors: invalidValue.
func ParsePaging(startIndex, count string) (Paging, error) {
	start, err := pagingNumber("startIndex", startIndex, 1)
	if err != nil {
		return Paging{}, err
	}
	n, err := pagingNumber("count", count, MaxCount)
	if err != nil {
		return Paging{}, err
	}
	return Paging{Start: max(start, 1), Count: min(max(n, 0), MaxCount)}, nil
}

func pagingNumber(name, text string, absent int) (int, error) {
	if text == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, invalid(InvalidValue, "%s must be a number below 2^31, not %q", name, shorten(text))
	}
	return int(n), nil
}

// Window gives the half-open range of n results that the page shows.
func (p Paging) Window(n int) (from, to int) {
	from = min(max(p.Start-1, 0), n)
	return from, min(from+p.Count, n)
}

// Sort is the order a client asked for; the zero value leaves a list as it is.
type Sort struct {
	path attrPath
	desc bool
	set  bool
}

// ParseSort reads sortBy and sortOrder. Errors: invalidPath, invalidValue.
func ParseSort(sortBy, sortOrder string) (Sort, error) {
	if sortBy == "" {
		return Sort{}, nil
	}
	path, err := parseAttrPath(sortBy, InvalidPath)
	if err != nil {
		return Sort{}, err
	}
	switch strings.ToLower(sortOrder) {
	case "", "ascending":
		return Sort{path: path, set: true}, nil
	case "descending":
		return Sort{path: path, desc: true, set: true}, nil
	}
	return Sort{}, invalid(InvalidValue, "sortOrder is ascending or descending, not %q", shorten(sortOrder))
}

// Apply sorts rendered resources; equal ones keep their order. Those without the attribute come last, first when descending.
func (s Sort) Apply(docs []Document) {
	if !s.set {
		return
	}
	slices.SortStableFunc(docs, func(a, b Document) int {
		order := s.order(a, b)
		if s.desc {
			return -order
		}
		return order
	})
}

func (s Sort) order(a, b Document) int {
	x, okX := s.key(a)
	y, okY := s.key(b)
	switch {
	case okX && okY:
		return orderText(x, y)
	case okX:
		return -1
	case okY:
		return 1
	}
	return 0
}

// key is the attribute's primary or first value as text.
func (s Sort) key(d Document) (string, bool) {
	values := s.path.values(d)
	i := max(0, slices.IndexFunc(values, func(v any) bool {
		m, ok := v.(map[string]any)
		return ok && m["primary"] == true
	}))
	if i >= len(values) {
		return "", false
	}
	v := unwrap(values[i])
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b), true
	}
	text := stringOf(v)
	if !s.path.caseExact() {
		text = Fold(text)
	}
	return text, text != ""
}
