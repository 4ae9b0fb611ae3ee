package authz

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shift is what one change of governance state gave to some people, or took from them, on an object; where the level is another, on all below it
// that is not excepted, too. Or it is that one of them has a token more or less, with Credential set and no object.
type Shift struct {
	Object        int64
	Before, After Level
	// Gains and Loses are titles of abilities, as the law says them, in its order.
	Gains, Loses []string
	// Except are objects below for which it does not hold: what they have there is not changed, or another Shift says how.
	Except []int64
	// People are the users and service principals whom it is about, ids ascending.
	People []int64
	// Credential is the id of a token; Gained says that it came or reaches further, otherwise it went or was cut down. Scopes are what it reaches
	// now, none for all.
	Credential string
	Gained     bool
	Scopes     []string
}

// Trace gives what is different for people between two maps, one of which the events led from to the other. It looks at whom and what the events
// touch, and nowhere else: a membership at those who came into the group or left it and at what the group has; an entry at those whom it names;
// a move at what lies on either way up. That things come into being, go into the trash or out of it is no shift; what is given on something new to
// others than its maker is one. Which names of folders one sees where names are hidden is not told.
func Trace(before, after *Map, events []Event, when time.Time) []Shift {
	t := &tracer{before: before, after: after, when: when, touched: map[int64]map[int64]bool{}, pairs: map[int64]pair{}, titles: titles{}, found: map[string]*Shift{}}
	for _, e := range events {
		t.event(e)
	}
	for _, id := range slices.Sorted(maps.Keys(t.touched)) {
		t.person(id)
	}
	return t.shifts()
}

type tracer struct {
	before, after *Map
	when          time.Time
	// touched are the people whom the events may give or take something, with the highest objects where they may.
	touched map[int64]map[int64]bool
	pairs   map[int64]pair
	titles  titles
	found   map[string]*Shift
	tokens  []Shift
}

func (t *tracer) event(e Event) {
	switch e.Op {
	case PutPrincipal, DropPrincipal:
		for _, m := range []*Map{t.before, t.after} {
			for id := range m.peopleOf(e.Principal.ID) {
				t.identity(id)
			}
		}
	case PutObject:
		t.object(e.Object.ID)
	case PutSetting:
		if e.Setting.Key == SettingAccessControl && t.before.control != t.after.control {
			for id := range people(t.before, t.after) {
				t.touch(id, Root, ModelsRoot)
			}
		}
	case PutCredential, DropCredential:
		t.credential(e.Credential.ID)
	}
}

func (t *tracer) touch(person int64, objects ...int64) {
	if t.touched[person] == nil {
		t.touched[person] = map[int64]bool{}
	}
	for _, o := range objects {
		t.touched[person][o] = true
	}
}

// peopleOf gives a principal, or all below a group, each once.
func (m *Map) peopleOf(id int64) func(func(int64) bool) {
	return func(yield func(int64) bool) { m.eachOf(id, map[int64]bool{}, yield) }
}

func (m *Map) eachOf(id int64, seen map[int64]bool, yield func(int64) bool) bool {
	p, ok := m.Principal(id)
	if !ok || seen[id] {
		return true
	}
	seen[id] = true
	if p.Kind != Group {
		return yield(id)
	}
	for member := range m.Members(id) {
		if !m.eachOf(member.ID, seen, yield) {
			return false
		}
	}
	return true
}

// builtinRoots are where the chains of all kinds end.
var builtinRoots = []int64{Root, ModelsRoot, TokensRoot, PasswordsRoot, WorkspaceObject}

// identity touches what is different for a person because he is in other groups, or began or ceased to be active.
func (t *tracer) identity(id int64) {
	was, is := t.before.closureOf(id), t.after.closureOf(id)
	switch {
	case was.counts() != is.counts():
		t.touch(id, builtinRoots...)
		for m, c := range map[*Map]*closure{t.before: was, t.after: is} {
			if c.counts() {
				t.touch(id, slices.Collect(m.granted(c))...)
			}
		}
		return
	case !was.counts():
		return
	}
	if was.admin != is.admin || was.auditor != is.auditor {
		t.touch(id, builtinRoots...)
	}
	for _, way := range []struct {
		m    *Map
		a, b *closure
	}{{t.before, was, is}, {t.after, is, was}} {
		for _, group := range way.a.ids {
			if !way.b.has(group) {
				t.touch(id, slices.Collect(idsOf(way.m.grants.of(group)))...)
			}
		}
	}
}

// object touches an object for those for whom its own row, or its place, may make a difference.
func (t *tracer) object(id int64) {
	was, had := t.before.Object(id)
	is, has := t.after.Object(id)
	switch {
	case !has:
		return
	case !had:
		for _, e := range is.Entries {
			if e.Principal != is.Creator {
				t.expand(id, e.Principal)
			}
		}
		return
	case t.before.InTrash(id) || t.after.InTrash(id):
		return
	}
	for _, side := range [][2]*Object{{was, is}, {is, was}} {
		for _, e := range side[0].Entries {
			if side[1].entryOf(e.Principal) != e.Level {
				t.expand(id, e.Principal)
			}
		}
	}
	if was.CreatorManages != is.CreatorManages || was.Home != is.Home {
		t.expand(id, was.Creator, was.Home, is.Home)
	}
	if was.Parent != is.Parent {
		for _, m := range []*Map{t.before, t.after} {
			for at := range m.Chain(id) {
				for g := range m.givenBy(at) {
					t.expand(id, g.principal)
				}
			}
		}
	}
}

// expand touches an object for principals, and for who is in those that are groups.
func (t *tracer) expand(object int64, principals ...int64) {
	for _, principal := range principals {
		for _, m := range []*Map{t.before, t.after} {
			for id := range m.peopleOf(principal) {
				t.touch(id, object)
			}
		}
	}
}

// credential tells of a token that came, went, or has other scopes. Sessions come and go with their people.
func (t *tracer) credential(id string) {
	was, had := t.before.CredentialByID(id)
	is, has := t.after.CredentialByID(id)
	told := slices.ContainsFunc(t.tokens, func(s Shift) bool { return s.Credential == id })
	switch {
	case told || had && was.Session || has && is.Session || !had && !has:
	case had && has:
		if !slices.Equal(was.Scopes, is.Scopes) {
			wider := len(is.Scopes) == 0 || len(was.Scopes) > 0 && !slices.ContainsFunc(was.Scopes, func(s string) bool { return !slices.Contains(is.Scopes, s) })
			t.tokens = append(t.tokens, Shift{People: []int64{is.Principal}, Credential: id, Gained: wider, Scopes: is.Scopes})
		}
	case has:
		t.tokens = append(t.tokens, Shift{People: []int64{is.Principal}, Credential: id, Gained: true, Scopes: is.Scopes})
	default:
		t.tokens = append(t.tokens, Shift{People: []int64{was.Principal}, Credential: id})
	}
}

// point is an object where what a person has may differ from what he has above it.
type point struct {
	id, above int64 // above is the next point on the way up, -1 for none
	depth     int
	was, is   had
	except    []int64
	told      *point // the point whose shift holds here, nil for none
}

func (p *point) changed() bool { return p.was.level != p.is.level || p.was.rows != p.is.rows }

// excepts adds what the point's shift does not hold for. One that is no level's reaches nothing below anyway.
func (p *point) excepts(id int64) {
	if p != nil && p.was.level != p.is.level {
		p.except = append(p.except, id)
	}
}

// person works out the shifts of one person.
func (t *tracer) person(id int64) {
	points := t.points(id)
	order := slices.SortedFunc(maps.Values(points), func(a, b *point) int { return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.id, b.id)) })
	for _, p := range order {
		pair := t.pairOf(p.id)
		p.was, p.is = pair.before.of(id), pair.after.of(id)
		above := points[p.above]
		switch {
		case above != nil && above.was.level == p.was.level && above.is.level == p.is.level:
			p.told = above.told
		default:
			if above != nil {
				above.told.excepts(p.id)
			}
			if p.changed() {
				p.told = p
			}
		}
	}
	for _, p := range order {
		if p.told == p {
			t.tell(id, p)
		}
	}
}

// points gives the objects to look at: those that were touched, and those below them where the person has something by himself or a group.
func (t *tracer) points(id int64) map[int64]*point {
	points, touched := map[int64]*point{}, t.touched[id]
	add := func(object int64, always bool) {
		if _, ok := points[object]; ok {
			return
		}
		p, below := &point{id: object, above: -1}, always
		m := t.after
		if _, ok := m.Object(object); !ok {
			m = t.before
		}
		if m.InTrash(object) {
			return
		}
		for at := range m.Chain(object) {
			p.depth++
			below = below || touched[at.ID]
		}
		if below {
			points[object] = p
		}
	}
	for object := range touched {
		add(object, true)
	}
	for _, m := range []*Map{t.before, t.after} {
		if c := m.closureOf(id); c.counts() {
			for object := range m.granted(c) {
				add(object, false)
			}
		}
	}
	for object, p := range points {
		m := t.after
		if _, ok := m.Object(object); !ok {
			m = t.before
		}
		for at := range m.Chain(object) {
			if _, ok := points[at.ID]; ok && at.ID != object {
				p.above = at.ID
				break
			}
		}
	}
	return points
}

func (t *tracer) pairOf(object int64) pair {
	p, ok := t.pairs[object]
	if !ok {
		p = pair{standingOf(t.before, object, t.when), standingOf(t.after, object, t.when)}
		if p.before.o == nil { // of something new one had what one had where it lies
			if o := p.after.o; o != nil && !o.isRoot() {
				p.before = standingOf(t.before, o.Parent, t.when)
			}
		}
		t.pairs[object] = p
	}
	return p
}

// tell adds a person to the shift that says the same of others.
func (t *tracer) tell(id int64, p *point) {
	kind := t.pairOf(p.id).after.kind()
	if kind == 0 {
		kind = t.pairOf(p.id).kind()
	}
	slices.Sort(p.except)
	s := Shift{Object: p.id, Before: p.was.level, After: p.is.level, Except: p.except}
	if o, ok := t.before.Object(p.id); ok && o.Kind == kind {
		s.Gains, s.Loses = t.titles.of(kind, p.is.rows&^p.was.rows), t.titles.of(kind, p.was.rows&^p.is.rows)
	} else {
		s.Gains = t.titles.of(kind, p.is.rows)
	}
	key := s.key()
	if t.found[key] == nil {
		t.found[key] = &s
	}
	t.found[key].People = append(t.found[key].People, id)
}

func (s *Shift) key() string {
	var b strings.Builder
	for _, id := range append([]int64{s.Object, int64(s.Before), int64(s.After)}, s.Except...) {
		b.WriteString(strconv.FormatInt(id, 10))
		b.WriteByte(' ')
	}
	return b.String() + strings.Join(s.Gains, "\n") + "\x00" + strings.Join(s.Loses, "\n")
}

// shifts gives what was found in a fixed order, so that who works it out again finds the same.
func (t *tracer) shifts() []Shift {
	var all []Shift
	for _, key := range slices.Sorted(maps.Keys(t.found)) {
		all = append(all, *t.found[key])
	}
	slices.SortStableFunc(all, func(a, b Shift) int { return cmp.Compare(a.Object, b.Object) })
	return append(all, t.tokens...)
}
