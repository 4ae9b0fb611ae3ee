package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Set is a text made ready for deciding: an index of what it says by ability, object and principal, so that of a thousand policies few are
// looked at.
type Set struct {
	text    *Text
	asked   map[authz.Ability]*about
	names   map[string]int64 // as bound
	uids    map[int64]string // principal → its name in the text
	places  map[int64]string // object → its name in the text
	roles   map[string]*holders
	held    map[int64][]string  // principal → roles that it holds
	claimed map[string][]string // claim → roles
	uses    map[string]bool     // words of the policies: what no policy reads is not worked out
}

// holders are who may assume a role.
type holders struct{ assume []int64 }

// about is all that is said of an ability.
type about struct{ forbid, permit side }

// side is all that forbids an ability, or all that permits it.
type side struct {
	anywhere bucket
	at       map[int64]*bucket
}

// bucket is what is said of one object, or of all.
type bucket struct {
	any   []*rule
	of    map[int64][]*rule  // by principal
	roles map[string][]*rule // by role
}

// rule is one policy or gift of a role, as far as it is not in the index.
type rule struct {
	verdict authz.Verdict
	kinds   uint32 // of objects, a bit each
	users   bool   // is for users, and machines for service principals
	machine bool
	below   bool // means what lies in the object too
	pattern string
	tags    map[string]string
	when    *cedar.Policy // the conditions; nil for none
	free    bool          // the conditions do not ask for the object
}

// Compile makes a text ready for deciding. It is an authz.PolicyCompiler. It fails with fail.Invalid for a text that cannot be read.
func Compile(bound *authz.PolicyText) (authz.PolicySet, error) {
	t, err := Read(bound.Text)
	if err != nil {
		return nil, fail.Invalidf("The policies of version %d cannot be read: %s", bound.Version, err)
	}
	return compile(t, bound.Names), nil
}

func compile(t *Text, names map[string]int64) *Set {
	s := &Set{text: t, asked: map[authz.Ability]*about{}, names: names, uids: map[int64]string{}, places: map[int64]string{},
		roles: map[string]*holders{}, held: map[int64][]string{}, claimed: map[string][]string{}, uses: map[string]bool{}}
	for key, id := range names {
		kind, name, _ := strings.Cut(key, "::")
		if _, ok := principalKinds[kind]; ok {
			s.uids[id] = name
		} else {
			s.places[id] = name
		}
	}
	for i := range t.Roles {
		s.addRole(&t.Roles[i])
	}
	for i := range t.Policies {
		s.addPolicy(&t.Policies[i])
	}
	return s
}

// Text gives what was read.
func (s *Set) Text() *Text { return s.text }

func (s *Set) addRole(r *Role) {
	for _, who := range r.HeldBy {
		key, _ := principalKey(who)
		s.held[s.names[key]] = append(s.held[s.names[key]], r.Name)
	}
	h := &holders{}
	for _, who := range r.AssumedBy {
		key, _ := principalKey(who)
		h.assume = append(h.assume, s.names[key])
	}
	s.roles[r.Name] = h
	for _, claim := range append([]string{r.Name}, r.Claims...) {
		s.claimed[claim] = append(s.claimed[claim], r.Name)
	}
	for i := range r.Gives {
		s.addGift(r.Name, &r.Gives[i])
	}
}

func (s *Set) addGift(role string, g *Gift) {
	object := anywhere
	if !g.pattern() {
		object = s.names[keyOf(typeNames[g.kind], g.name)]
	}
	for _, a := range authz.KnownAbilities() {
		r := &rule{verdict: authz.Verdict{Rule: authz.RuleRole, Name: role}, users: true, machine: true, below: g.below(), tags: g.Tags}
		if g.pattern() {
			r.pattern = g.name
		}
		for _, k := range g.kinds() {
			if g.gives(k, a) {
				r.kinds |= 1 << k
			}
		}
		if r.kinds != 0 {
			b := s.of(a).permit.bucket(object)
			b.roles = with(b.roles, role, r)
		}
	}
}

// anywhere stands for all objects.
const anywhere = int64(-1)

func (s *Set) of(a authz.Ability) *about {
	if s.asked[a] == nil {
		s.asked[a] = &about{}
	}
	return s.asked[a]
}

func (d *side) bucket(object int64) *bucket {
	if object == anywhere {
		return &d.anywhere
	}
	if d.at == nil {
		d.at = map[int64]*bucket{}
	}
	if d.at[object] == nil {
		d.at[object] = &bucket{}
	}
	return d.at[object]
}

func with[K comparable](m map[K][]*rule, key K, r *rule) map[K][]*rule {
	if m == nil {
		m = map[K][]*rule{}
	}
	m[key] = append(m[key], r)
	return m
}

const everyKind = ^uint32(0)

func (s *Set) addPolicy(p *Policy) {
	r := &rule{verdict: authz.Verdict{Rule: authz.RulePolicy, Name: p.ID}, kinds: everyKind, users: true, machine: true}
	if p.Forbid {
		r.verdict.Rule, r.verdict.Message = authz.RuleForbidden, p.Message
	}
	if len(p.tree.Conditions) > 0 {
		bare := ast.Permit()
		bare.Conditions = p.tree.Conditions
		r.when = cedar.NewPolicyFromAST(publicTree(bare))
		r.free = !conditionsName(p.words, "resource")
		for _, w := range p.words {
			s.uses[strings.Trim(w.text, `"`)] = true
		}
	}
	object, principal, role := s.resource(p, r), int64(0), ""
	principal, role = s.principal(p, r)
	for _, a := range abilitiesOf(p) {
		d := &s.of(a).permit
		if p.Forbid {
			d = &s.of(a).forbid
		}
		switch b := d.bucket(object); {
		case role != "":
			b.roles = with(b.roles, role, r)
		case principal != 0:
			b.of = with(b.of, principal, r)
		default:
			b.any = append(b.any, r)
		}
	}
}

func (s *Set) resource(p *Policy, r *rule) int64 {
	switch scope := p.tree.Resource.(type) {
	case ast.ScopeTypeEq:
		return s.bound(scope.Entity)
	case ast.ScopeTypeIn:
		r.below = true
		return s.bound(scope.Entity)
	case ast.ScopeTypeIs:
		r.kinds = kindBit(scope.Type)
	case ast.ScopeTypeIsIn:
		r.kinds, r.below = kindBit(scope.Type), true
		return s.bound(scope.Entity)
	}
	return anywhere
}

func kindBit(t cedar.EntityType) uint32 {
	k, _ := kindOfType(string(t))
	return 1 << k
}

func (s *Set) bound(uid cedar.EntityUID) int64 {
	id, ok := s.names[keyOf(string(uid.Type), string(uid.ID))]
	if !ok {
		return nobody
	}
	return id
}

// nobody is the id of what a text names and nothing is bound to: nothing has it.
const nobody = int64(-2)

func (s *Set) principal(p *Policy, r *rule) (id int64, role string) {
	switch scope := p.tree.Principal.(type) {
	case ast.ScopeTypeEq:
		return s.bound(scope.Entity), ""
	case ast.ScopeTypeIn:
		return s.principalIn(scope.Entity)
	case ast.ScopeTypeIs:
		r.users, r.machine = scope.Type == typeUser, scope.Type == typeMachine
	case ast.ScopeTypeIsIn:
		r.users, r.machine = scope.Type == typeUser, scope.Type == typeMachine
		return s.principalIn(scope.Entity)
	}
	return 0, ""
}

func (s *Set) principalIn(uid cedar.EntityUID) (id int64, role string) {
	if uid.Type == typeRole {
		return 0, string(uid.ID)
	}
	return s.bound(uid), ""
}

func abilitiesOf(p *Policy) (out []authz.Ability) {
	var uids []cedar.EntityUID
	switch scope := p.tree.Action.(type) {
	case ast.ScopeTypeEq:
		uids = []cedar.EntityUID{scope.Entity}
	case ast.ScopeTypeIn:
		uids = []cedar.EntityUID{scope.Entity}
	case ast.ScopeTypeInSet:
		uids = scope.Entities
	default:
		return authz.KnownAbilities()
	}
	for _, uid := range uids {
		var a authz.Ability
		if a.UnmarshalText([]byte(uid.ID)) == nil && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// conditionsName says whether the conditions of a policy have a word.
func conditionsName(words []token, name string) bool {
	from := slices.IndexFunc(words, func(w token) bool { return w.text == "when" || w.text == "unless" })
	return from >= 0 && slices.ContainsFunc(words[from:], func(w token) bool { return w.text == name })
}

// Reach gives the objects at or below which something may be said to who asks.
func (s *Set) Reach(q *authz.Question) (objects []int64, all bool) {
	said := s.asked[q.Ability]
	if said == nil {
		return nil, false
	}
	e, at := evaluationOf(s, q), map[int64]bool{}
	for _, d := range []*side{&said.forbid, &said.permit} {
		e.forbid = d == &said.forbid
		if e.concerns(&d.anywhere) {
			return nil, true
		}
		for id, b := range d.at {
			at[id] = at[id] || e.concerns(b)
		}
	}
	maps.DeleteFunc(at, func(_ int64, concerned bool) bool { return !concerned })
	return slices.Sorted(maps.Keys(at)), false
}

// concerns says whether something in a bucket may match who asks.
func (e *evaluation) concerns(b *bucket) bool {
	if e.q.Who.Principal == 0 {
		return len(b.any)+len(b.of)+len(b.roles) > 0
	}
	may := func(r *rule) bool { return e.isFor(r) && (r.when == nil || !r.free || e.holds(r.when)) }
	if slices.ContainsFunc(b.any, may) {
		return true
	}
	for _, id := range e.q.Closure {
		if slices.ContainsFunc(b.of[id], may) {
			return true
		}
	}
	return len(b.roles) > 0 && slices.ContainsFunc(e.held(), func(role string) bool { return slices.ContainsFunc(b.roles[role], may) })
}

// Roles gives the roles that somebody holds without assuming any, and those he may assume, by name. claims are what his session brought.
func (s *Set) Roles(m *authz.Map, principal int64, closure []int64, claims []string) (held, assumable []string) {
	q := &authz.Question{Map: m, Who: authz.Who{Principal: principal}, Closure: closure}
	if len(claims) > 0 {
		q.Who.By = &authz.Assertion{Roles: claims}
	}
	held = (&evaluation{s: s, q: q}).held()
	slices.Sort(held)
	for name := range s.roles {
		if s.mayAssume(name, closure) {
			assumable = append(assumable, name)
		}
	}
	slices.Sort(assumable)
	return slices.Compact(held), assumable
}

func (s *Set) mayAssume(role string, closure []int64) bool {
	h := s.roles[role]
	return h != nil && slices.ContainsFunc(h.assume, func(id int64) bool { return slices.Contains(closure, id) })
}
