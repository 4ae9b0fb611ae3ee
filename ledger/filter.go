package ledger

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Names says what the names in a search stand for now.
type Names interface {
	// Actor gives the id of the principal of that name; ok is false where nobody has it, or it is an id already.
	Actor(name string) (id int64, ok bool)
	// Object gives the governed object that a text names, and the part of it (a run's id) where it names one. Errors are the caller's own.
	Object(text string) (id int64, part string, err error)
}

// Filter is a search that is ready to be run. What a store can look up is in the exported fields, each a list of alternatives and empty for
// anything; Fits decides on the whole of it.
type Filter struct {
	Span    Span
	Actors  []int64
	Objects []int64
	Actions []string
	Classes []Class
	// Nothing is set where nothing can fit.
	Nothing bool

	tests []func(*Entry, int64) bool
}

// Fits says whether an entry that is recorded of an object is one that was searched for.
func (f *Filter) Fits(e *Entry, object int64) bool {
	for _, fits := range f.tests {
		if !fits(e, object) {
			return false
		}
	}
	return true
}

// Filter makes the search ready.
func (q Query) Filter(names Names) (*Filter, error) {
	f := &Filter{}
	for i, t := range q {
		if slices.ContainsFunc(q[:i], t.alike) {
			continue // its group was made with the first of them
		}
		group := slices.DeleteFunc(slices.Clone(q), func(o Term) bool { return !t.alike(o) })
		if err := f.add(group, names); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// alike says that two terms are alternatives of each other.
func (t Term) alike(o Term) bool { return t.Qualifier == o.Qualifier && t.Negated == o.Negated }

// add takes the terms of one qualifier.
func (f *Filter) add(group Query, names Names) error {
	fits, err := f.test(group, names)
	if err != nil {
		return err
	}
	wanted := !group[0].Negated
	f.tests = append(f.tests, func(e *Entry, object int64) bool { return fits(e, object) == wanted })
	return nil
}

// test makes the test of a group; what a store can look up comes into the filter's fields, unless it is to be left out.
func (f *Filter) test(group Query, names Names) (func(*Entry, int64) bool, error) {
	if group[0].Qualifier == "object" {
		return f.objects(group, names)
	}
	fits, err := f.ofEntry(group, names)
	return func(e *Entry, _ int64) bool { return fits(e) }, err
}

// ofEntry makes the test of a group that looks at the entry alone.
func (f *Filter) ofEntry(group Query, names Names) (func(*Entry) bool, error) {
	switch group[0].Qualifier {
	case "actor":
		return f.actors(group, names), nil
	case "action":
		return f.actions(group), nil
	case "created":
		return f.created(group)
	case "source":
		return sources(group)
	case "class":
		f.classes(group)
	}
	field := fields[group[0].Qualifier]
	return anyOf(group, func(e *Entry, t *Term) bool { return t.matches(field(e)) }), nil
}

func (f *Filter) classes(group Query) {
	if group[0].Negated {
		return
	}
	for _, t := range group {
		f.Classes = append(f.Classes, Class(t.Value))
	}
}

// fields are the qualifiers that compare one text of an entry.
var fields = map[string]func(*Entry) string{
	"actor-kind": func(e *Entry) string {
		if e.Actor == (Actor{}) {
			return "nobody"
		}
		return e.Actor.Kind
	},
	"operation":  func(e *Entry) string { return string(OperationOf(e.Action)) },
	"service":    func(e *Entry) string { return e.Service },
	"result":     func(e *Entry) string { return string(e.Result()) },
	"class":      func(e *Entry) string { return string(e.Class) },
	"credential": func(e *Entry) string { return e.Credential },
	"request":    func(e *Entry) string { return e.RequestID },
}

func anyOf(group Query, fits func(*Entry, *Term) bool) func(*Entry) bool {
	return func(e *Entry) bool {
		return slices.ContainsFunc(group, func(t Term) bool { return fits(e, &t) })
	}
}

// matches compares a text with the term's value, whatever the case; a star that is not in quotes stands for any characters.
func (t *Term) matches(text string) bool {
	if t.Quoted || !strings.Contains(t.Value, "*") {
		return strings.EqualFold(t.Value, text)
	}
	return glob(strings.ToLower(t.Value), strings.ToLower(text))
}

// glob compares a text with a pattern in which * stands for any characters, in time linear in each part.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}

// exact says that the value stands for itself.
func (t *Term) exact() bool { return t.Quoted || !strings.Contains(t.Value, "*") }

// actors looks for who acted: by the principal that has the name now, and by the name of then where nobody has it.
func (f *Filter) actors(group Query, names Names) func(*Entry) bool {
	ids, all := map[int64]bool{}, true
	var named Query
	for _, t := range group {
		if id, ok := t.actor(names); ok {
			ids[id] = true
			continue
		}
		named, all = append(named, t), false
	}
	if all && !group[0].Negated {
		for id := range ids {
			f.Actors = append(f.Actors, id)
		}
		slices.Sort(f.Actors)
	}
	byName := anyOf(named, func(e *Entry, t *Term) bool { return t.matches(e.Actor.Name) })
	return func(e *Entry) bool { return e.Actor != (Actor{}) && (ids[e.Actor.ID] || byName(e)) }
}

func (t *Term) actor(names Names) (id int64, ok bool) {
	if !t.exact() {
		return 0, false
	}
	if id, ok = names.Actor(t.Value); ok {
		return id, true
	}
	id, err := strconv.ParseInt(t.Value, 10, 64)
	return id, err == nil
}

// objects looks for what the call was about: an object as a whole, or a part of one among what is recorded of it.
func (f *Filter) objects(group Query, names Names) (func(*Entry, int64) bool, error) {
	type place struct {
		id   int64
		part string
	}
	var places []place
	for _, t := range group {
		id, part, err := names.Object(t.Value)
		if err != nil {
			return nil, err
		}
		places = append(places, place{id, part})
		if !t.Negated && !slices.Contains(f.Objects, id) {
			f.Objects = append(f.Objects, id)
		}
	}
	return func(e *Entry, object int64) bool {
		return slices.ContainsFunc(places, func(p place) bool { return object == p.id && (p.part == "" || e.names(p.part)) })
	}, nil
}

// names says whether an entry is about a part of its object, such as a run.
func (e *Entry) names(part string) bool {
	return e.Object.ID == part || slices.ContainsFunc(e.Params, func(p Param) bool { return p.Value == part })
}

// actions looks for action or service.action.
func (f *Filter) actions(group Query) func(*Entry) bool {
	all := !group[0].Negated
	var known []string
	for _, t := range group {
		name := t.Value[strings.LastIndexByte(t.Value, '.')+1:]
		all = all && t.exact() && ActionKnown(name)
		known = append(known, name)
	}
	if all {
		slices.Sort(known)
		f.Actions = slices.Compact(known)
	}
	return anyOf(group, func(e *Entry, t *Term) bool {
		return t.matches(e.Action) || strings.Contains(t.Value, ".") && t.matches(e.Service+"."+e.Action)
	})
}

// ActionKnown says that an action is written just as entries have it, and that its operation is known.
func ActionKnown(action string) bool {
	_, ok := operationOf[action]
	return ok || slices.Contains(ReadActions, action)
}

// created looks for a time: bounds narrow each other, days and ranges are alternatives.
func (f *Filter) created(group Query) (func(*Entry) bool, error) {
	var bound, hull Span
	var spans []Span
	for _, t := range group {
		s, err := ParseSpan(t.Value)
		switch {
		case err != nil:
			return nil, err
		case isBound(t.Value) && !t.Negated:
			bound = bound.And(s)
		default:
			if spans = append(spans, s); len(spans) == 1 {
				hull = s
			}
			hull = hull.around(s)
		}
	}
	if !group[0].Negated {
		f.Span = bound.And(hull)
		f.Nothing = f.Nothing || f.Span.To != 0 && f.Span.From >= f.Span.To
	}
	return func(e *Entry) bool {
		return bound.Holds(e.Time) && (len(spans) == 0 || slices.ContainsFunc(spans, func(s Span) bool { return s.Holds(e.Time) }))
	}, nil
}

// around gives the least span that holds both.
func (s Span) around(o Span) Span {
	s.From = min(s.From, o.From)
	if s.To != 0 && (o.To == 0 || o.To > s.To) {
		s.To = o.To
	}
	return s
}

func sources(group Query) (func(*Entry) bool, error) {
	var networks []netip.Prefix
	for _, t := range group {
		p, err := parseNetwork(t.Value)
		if err != nil {
			return nil, err
		}
		networks = append(networks, p)
	}
	return func(e *Entry) bool {
		a, err := netip.ParseAddr(e.Source)
		return err == nil && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}, nil
}
