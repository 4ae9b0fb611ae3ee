// Package search is MLflow's search: the grammar of filter and order_by, and compact tables that answer it in memory.
//
// What may be searched is a Domain, a table of entities, keys, types and comparators; runs, experiments and logged models are in
// package tracking, and other kinds add a Domain of their own. A filter is parsed once (ParseFilter), bound to a Table and tried on its
// rows; a page ends in a Cursor, the sort keys of its last row, so that pages stay where they are while rows are added.
package search

import (
	"strings"

	"bailiwick/fail"
)

// Entity is what a key belongs to.
type Entity uint8

// The entities of MLflow's tracking. A domain may use numbers of its own from FirstFree on.
const (
	Attribute Entity = iota
	Metric
	Param
	Tag
	Dataset
	FirstFree
)

// Type is how values of a key are written in a filter and compared.
type Type uint8

// The types.
const (
	Text    Type = iota // a quoted string, compared byte by byte
	Number              // a number
	Integer             // a number without fraction
	ID                  // a quoted decimal integer (experiment_id = '7')
	Counter             // an Integer that may stand in quotes (version_number = '7')
)

// Op is a comparator; several together are a set of comparators.
type Op uint16

// The comparators.
const (
	Eq Op = 1 << iota
	Ne
	Gt
	Ge
	Lt
	Le
	Like  // % and _, upper and lower case differ
	ILike // the same, whatever the case
	In
	NotIn
	IsNull
	IsNotNull

	Ordered  = Eq | Ne | Gt | Ge | Lt | Le
	Equality = Eq | Ne
	Matching = Eq | Ne | Like | ILike
	Lists    = In | NotIn
	Presence = IsNull | IsNotNull
)

// opNames lists the comparators as they are written, in the order messages show them.
var opNames = []struct {
	op   Op
	name string
}{
	{Eq, "="}, {Ne, "!="}, {Gt, ">"}, {Ge, ">="}, {Lt, "<"}, {Le, "<="}, {Like, "LIKE"}, {ILike, "ILIKE"},
	{In, "IN"}, {NotIn, "NOT IN"}, {IsNull, "IS NULL"}, {IsNotNull, "IS NOT NULL"},
}

// String gives the comparators of o, separated by blanks.
func (o Op) String() string {
	var names []string
	for _, n := range opNames {
		if o&n.op != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " ")
}

// Field is a key that a domain knows by name.
type Field struct {
	Name    string
	Aliases []string
	Type    Type
	Ops     Op // comparators a filter may use; none = only order_by may use it
	// Unordered keeps it out of order_by.
	Unordered bool
	// Key marks the field that is the row's own id, of type Text or ID.
	Key bool
}

// Group is an entity as a domain spells it.
type Group struct {
	Entity Entity
	Names  []string // prefixes, the one that messages show first
	Bare   bool     // a key without prefix belongs here
	Fields []Field  // the known keys; nil means any key, with Type and Ops
	Type   Type
	Ops    Op
	Order  bool // order_by may use it
}

// Domain says what one kind of row can be searched and ordered by. It is never changed after it was made.
type Domain struct {
	Name   string
	Groups []Group
	// Default is the order when order_by is empty. If all of its terms are attributes, a Table keeps its rows in this order.
	Default []Term
	// Tie ends every other order; a term whose key is ordered by already is left out.
	Tie []Term
	// DefaultPage is the page when max_results is not given; MaxPage the largest; ZeroIsDefault takes 0 for "not given".
	DefaultPage, MaxPage int
	ZeroIsDefault        bool
}

// PageSize gives the number of rows of a page for the max_results of a request, nil when it has none.
func (d *Domain) PageSize(maxResults *int64) (int, error) {
	if maxResults == nil || *maxResults == 0 && d.ZeroIsDefault {
		return d.DefaultPage, nil
	}
	if *maxResults < 1 || *maxResults > int64(d.MaxPage) {
		return 0, fail.Invalidf("Invalid value %d for parameter 'max_results' supplied. It must be at least 1 and at most %d",
			*maxResults, d.MaxPage)
	}
	return int(*maxResults), nil
}

// group finds a prefix.
func (d *Domain) group(name string) *Group {
	for i := range d.Groups {
		for _, n := range d.Groups[i].Names {
			if n == name {
				return &d.Groups[i]
			}
		}
	}
	return nil
}

// bare gives the group of keys without prefix.
func (d *Domain) bare() *Group {
	for i := range d.Groups {
		if d.Groups[i].Bare {
			return &d.Groups[i]
		}
	}
	return nil
}

// attributes gives the fields that are columns of a Table.
func (d *Domain) attributes() []Field {
	for i := range d.Groups {
		if d.Groups[i].Entity == Attribute {
			return d.Groups[i].Fields
		}
	}
	return nil
}

// prefixes lists the groups for messages.
func (d *Domain) prefixes() string {
	names := make([]string, len(d.Groups))
	for i, g := range d.Groups {
		names[i] = g.Names[0]
	}
	return strings.Join(names, ", ")
}

// target is a key that was found in a domain.
type target struct {
	group *Group
	field int // in group.Fields; -1 for a group of any keys
	key   string
	typ   Type
	ops   Op
}

// resolve finds a key in a group.
func (g *Group) resolve(key string) (target, bool) {
	if g.Fields == nil {
		return target{g, -1, key, g.Type, g.Ops}, true
	}
	for i, f := range g.Fields {
		if f.Name == key || contains(f.Aliases, key) {
			return target{g, i, f.Name, f.Type, f.Ops}, true
		}
	}
	return target{}, false
}

// fieldNames lists for messages the known keys that one may use.
func (g *Group) fieldNames(may func(*Field) bool) string {
	var names []string
	for i := range g.Fields {
		if may(&g.Fields[i]) {
			names = append(names, g.Fields[i].Name)
		}
	}
	return strings.Join(names, ", ")
}

func filterable(f *Field) bool { return f.Ops != 0 }
func orderable(f *Field) bool  { return !f.Unordered }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
