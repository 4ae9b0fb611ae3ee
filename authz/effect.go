package authz

import (
	"iter"
	"slices"
	"time"
)

// Effect is what a change of governance state does to everybody's access to some objects. Only active users and service principals count.
type Effect struct {
	// Before and After are the numbers of those with any level on the first object.
	Before, After int
	// Gain and Lose are the numbers of those who gain and who lose an ability; one who does both counts twice.
	Gain, Lose int
	// Changes has everybody whose level or abilities differ, principals ascending.
	Changes []Change
}

// Change is what a principal had before and has after.
type Change struct {
	Principal int64
	// Before and After are his levels on the first object where something differs.
	Before, After Level
	// Gains and Loses are titles of abilities, as the law says them, in its order.
	Gains, Loses []string
	// Through are the groups to which the level before and the one after were given; what he has himself has none.
	Through []int64
}

// Compare gives the effect on some objects of what is different between two maps. It holds what Decide says on one against what it says on
// the other, for every ability of the objects' kinds, and works out once an object what does not depend on who asks.
func Compare(before, after *Map, objects ...int64) Effect {
	return CompareAt(before, after, time.Time{}, objects...)
}

// CompareAt is Compare at a time, which policies may depend on. They are asked for somebody without a session: without an address, without
// claims, without roles that were assumed.
func CompareAt(before, after *Map, when time.Time, objects ...int64) Effect {
	var pairs []pair
	for _, id := range objects {
		pairs = append(pairs, pair{standingOf(before, id, when), standingOf(after, id, when)})
	}
	e, t := Effect{}, titles{}
	for id := range people(before, after) {
		e.add(id, pairs, t)
	}
	return e
}

// people gives the users and service principals of either map, ids ascending.
func people(before, after *Map) iter.Seq[int64] {
	var ids []int64
	for p := range before.everybody {
		ids = append(ids, p.ID)
	}
	for p := range after.everybody {
		if _, ok := before.Principal(p.ID); !ok {
			ids = append(ids, p.ID)
		}
	}
	slices.Sort(ids)
	return slices.Values(ids)
}

// add counts a principal, and keeps what is different for him.
func (e *Effect) add(principal int64, pairs []pair, t titles) {
	c, differs := Change{Principal: principal}, false
	for i, p := range pairs {
		was, is := p.before.of(principal), p.after.of(principal)
		if i == 0 {
			e.Before += one(was.level != NoLevel)
			e.After += one(is.level != NoLevel)
		}
		if was.level == is.level && was.rows == is.rows {
			continue
		}
		if !differs {
			c.Before, c.After, differs = was.level, is.level, true
		}
		c.Gains = concat(c.Gains, t.of(p.kind(), is.rows&^was.rows))
		c.Loses = concat(c.Loses, t.of(p.kind(), was.rows&^is.rows))
		c.Through = p.after.through(p.before.through(c.Through, was), is)
	}
	if differs {
		e.Gain, e.Lose = e.Gain+one(len(c.Gains) > 0), e.Lose+one(len(c.Loses) > 0)
		e.Changes = append(e.Changes, c)
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// concat keeps titles that thousands share shared.
func concat(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	out := slices.Clip(a)
	for _, title := range b {
		if !slices.Contains(out, title) {
			out = append(out, title)
		}
	}
	return out
}

// rowSet has a bit for each line of a kind's ability table.
type rowSet uint64

// titles remembers the titles of sets of abilities: few sets differ.
type titles map[titleKey][]string

type titleKey struct {
	kind Kind
	rows rowSet
}

func (t titles) of(k Kind, rows rowSet) []string {
	if rows == 0 {
		return nil
	}
	if list, ok := t[titleKey{k, rows}]; ok {
		return list
	}
	var list []string
	for i, row := range Rows(k) {
		if rows>>i&1 == 1 && !slices.Contains(list, row.Title) {
			list = append(list, row.Title)
		}
	}
	t[titleKey{k, rows}] = list
	return list
}

// pair is an object as it was and as it is.
type pair struct{ before, after *standing }

func (p pair) kind() Kind {
	if p.before.o != nil {
		return p.before.o.Kind
	}
	return p.after.kind()
}

// standing is an object in a map, ready to be asked about by everybody.
type standing struct {
	m *Map
	o *Object
	// when is the time that policies are asked for.
	when time.Time
	// leads are those for whom the object leads to something where names are hidden; nil until somebody asks.
	leads *leads
}

func standingOf(m *Map, object int64, when time.Time) *standing {
	o, _ := m.Object(object)
	return &standing{m: m, o: o, when: when}
}

func (s *standing) kind() Kind {
	if s.o == nil {
		return 0
	}
	return s.o.Kind
}

// had is what somebody has on the object.
type had struct {
	level Level
	to    int64 // to whom the level was given
	rows  rowSet
}

// of gives what a principal has; nothing for one who cannot sign in.
func (s *standing) of(principal int64) (h had) {
	c := s.m.closureOf(principal)
	if s.o == nil || c == nil || c.group || !c.active {
		return h
	}
	g, trashed := s.m.highest(s.o, c)
	if !trashed {
		h.level, h.to = g.level, g.principal
	}
	for i, row := range Rows(s.o.Kind) {
		if law := ruleOf(s.o.Kind, row.Ability); (!trashed || law.trash) && s.judged(c, g, row.Ability, law) {
			h.rows |= 1 << i
		}
	}
	return h
}

// allows is Map.verdict, but for names that are hidden: there it asks who has something below the object instead of what is all below that
// somebody has, which is remembered for each caller and would be worked out here for everybody.
func (s *standing) allows(c *closure, g grant, a Ability, law rule) bool {
	if a == ListItems && s.m.hideList && g.level == NoLevel && !c.admin {
		return s.leadsTo(c)
	}
	ok, _ := s.m.verdict(s.o, c, g, a, law)
	return ok
}

// judged is allows with what policies make of it for somebody without a session.
func (s *standing) judged(c *closure, g grant, a Ability, law rule) bool {
	return s.m.judged(Who{Principal: c.id}, c, s.o, a, s.when, s.allows(c, g, a, law))
}

// through adds the group that a level was given to.
func (s *standing) through(list []int64, h had) []int64 {
	p, ok := s.m.Principal(h.to)
	if h.level == NoLevel || !ok || p.Kind != Group || slices.Contains(list, h.to) {
		return list
	}
	return append(list, h.to)
}

// leads are those who have a level by the row of an object or of one below it, outside the trash: by entries, or by themselves.
type leads struct{ entries, own map[int64]bool }

func (s *standing) leadsTo(c *closure) bool {
	if s.leads == nil {
		s.leads = &leads{map[int64]bool{}, map[int64]bool{}}
		s.leads.gather(s.m, s.o)
	}
	return s.leads.own[c.id] || slices.ContainsFunc(c.ids, func(id int64) bool { return s.leads.entries[id] })
}

func (l *leads) gather(m *Map, o *Object) {
	if o.Trashed {
		return
	}
	for _, e := range o.Entries {
		l.entries[e.Principal] = true
	}
	if level, _ := m.forUsers(o.ID); level != NoLevel {
		l.entries[GroupUsers] = true
	}
	if o.CreatorManages {
		l.own[o.Creator] = true
	}
	l.own[o.Home] = true
	for child := range m.Children(o.ID) {
		l.gather(m, child)
	}
}

// Below counts what lies below an object outside the trash: it takes part in what is changed on the object.
func Below(m *Map, object int64) (n int) {
	for o := range m.Children(object) {
		if !o.Trashed {
			n += 1 + Below(m, o.ID)
		}
	}
	return n
}

// Managers counts the active users and service principals who may change the permissions of an object, groups expanded.
func Managers(m *Map, object int64) int {
	o, ok := m.Object(object)
	if !ok || m.InTrash(object) {
		return 0
	}
	may, seen := ruleOf(o.Kind, ChangePermissions).levels, map[int64]bool{}
	n := 0
	if may.has(kinds[o.Kind].Manage) {
		n = m.count(GroupAdmins, seen)
	}
	for at := range m.Chain(object) {
		for g := range m.givenBy(at) {
			if may.has(g.level) {
				n += m.count(g.principal, seen)
			}
		}
	}
	return n
}

// count gives the number of those who can sign in among a principal and its members, through groups too, who were not seen before.
func (m *Map) count(id int64, seen map[int64]bool) (n int) {
	p, ok := m.Principal(id)
	if !ok || seen[id] {
		return 0
	}
	seen[id] = true
	if p.Kind != Group {
		return one(p.Active)
	}
	for member := range m.Members(id) {
		n += m.count(member.ID, seen)
	}
	return n
}
