package policy

import (
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	publicast "github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"bailiwick/authz"
)

func publicTree(p *ast.Policy) *publicast.Policy { return (*publicast.Policy)(p) }

// Forbids gives the first forbid policy that matches. One whose conditions cannot be worked out forbids.
func (s *Set) Forbids(q *authz.Question) (authz.Verdict, bool) {
	said := s.asked[q.Ability]
	if said == nil {
		return authz.Verdict{}, false
	}
	e := evaluationOf(s, q)
	e.forbid = true
	return e.side(&said.forbid)
}

// Permits gives the first permit policy or role that matches.
func (s *Set) Permits(q *authz.Question) (authz.Verdict, bool) {
	said := s.asked[q.Ability]
	if said == nil {
		return authz.Verdict{}, false
	}
	e := evaluationOf(s, q)
	e.forbid = false
	return e.side(&said.permit)
}

// evaluationOf goes on with the work that was begun on the question.
func evaluationOf(s *Set, q *authz.Question) *evaluation {
	if e, ok := q.Memo.(*evaluation); ok && e.s == s {
		return e
	}
	e := &evaluation{s: s, q: q}
	q.Memo = e
	return e
}

// evaluation is the work on one question.
type evaluation struct {
	s      *Set
	q      *authz.Question
	forbid bool
	// roles are those that are held, request is what conditions are asked; each is worked out when first needed.
	roles   []string
	looked  bool
	request *cedar.Request
}

func (e *evaluation) side(d *side) (authz.Verdict, bool) {
	if v, ok := e.bucket(&d.anywhere, false); ok || len(d.at) == 0 {
		return v, ok
	}
	for o := range e.q.Map.Chain(e.q.Object.ID) {
		if b := d.at[o.ID]; b != nil {
			if v, ok := e.bucket(b, o.ID != e.q.Object.ID); ok {
				return v, true
			}
		}
	}
	return authz.Verdict{}, false
}

// bucket asks what is said of an object; above tells that it is one that contains the object of the question.
func (e *evaluation) bucket(b *bucket, above bool) (authz.Verdict, bool) {
	if v, ok := e.rules(b.any, above); ok {
		return v, true
	}
	if len(b.of) > 0 {
		for _, id := range e.q.Closure {
			if v, ok := e.rules(b.of[id], above); ok {
				return v, true
			}
		}
	}
	if len(b.roles) > 0 {
		for _, role := range e.held() {
			if v, ok := e.rules(b.roles[role], above); ok {
				return v, true
			}
		}
	}
	return authz.Verdict{}, false
}

func (e *evaluation) rules(list []*rule, above bool) (authz.Verdict, bool) {
	for _, r := range list {
		if (r.below || !above) && e.matches(r) {
			return r.verdict, true
		}
	}
	return authz.Verdict{}, false
}

func (e *evaluation) matches(r *rule) bool {
	o := e.q.Object
	if r.kinds>>o.Kind&1 == 0 || !e.isFor(r) {
		return false
	}
	if r.pattern != "" && !like(e.nameOf(o), r.pattern) {
		return false
	}
	for key, value := range r.tags {
		if has, ok := e.tag(o, key); !ok || has != value {
			return false
		}
	}
	return r.when == nil || e.holds(r.when)
}

func (e *evaluation) isFor(r *rule) bool {
	if r.users && r.machine {
		return true
	}
	p, ok := e.q.Map.Principal(e.q.Who.Principal)
	return ok && (p.Kind == authz.User && r.users || p.Kind == authz.ServicePrincipal && r.machine)
}

func (e *evaluation) nameOf(o *authz.Object) string {
	if o.Kind.InTree() {
		return e.q.Map.Path(o.ID)
	}
	return o.Name
}

// like says whether a name is like a pattern, in which * is any text.
func like(name, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// held gives the roles of who asks: those given to him and his groups, those that his directory or his provider named, and those he
// assumed while he still may.
func (e *evaluation) held() []string {
	if e.looked {
		return e.roles
	}
	e.looked = true
	for _, id := range e.q.Closure {
		e.roles = append(e.roles, e.s.held[id]...)
	}
	if by := e.q.Who.By; by != nil {
		for _, claim := range by.Roles {
			e.roles = append(e.roles, e.s.claimed[claim]...)
		}
	}
	if p, ok := e.q.Map.Principal(e.q.Who.Principal); ok {
		for _, name := range p.Roles {
			if e.s.roles[name] != nil {
				e.roles = append(e.roles, name)
			}
		}
	}
	for _, name := range e.q.AssumedRoles() {
		if e.s.mayAssume(name, e.q.Closure) {
			e.roles = append(e.roles, name)
		}
	}
	return e.roles
}

// one is a list of one policy.
type one struct{ p *cedar.Policy }

// All gives it.
func (o one) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) { yield("", o.p) }
}

// holds asks conditions. When they cannot be worked out, a forbid policy forbids and a permit policy does not permit.
func (e *evaluation) holds(p *cedar.Policy) bool {
	if e.request == nil {
		e.request = &cedar.Request{Principal: e.principalUID(), Action: actionUID(e.q.Ability), Resource: e.resourceUID(e.q.Object), Context: e.call()}
	}
	decision, said := cedar.Authorize(one{p}, e, *e.request)
	if len(said.Errors) > 0 {
		return e.forbid
	}
	return decision == cedar.Allow
}

func actionUID(a authz.Ability) cedar.EntityUID {
	return cedar.EntityUID{Type: typeAction, ID: cedar.String(a.String())}
}

func (e *evaluation) principalUID() cedar.EntityUID {
	p, ok := e.q.Map.Principal(e.q.Who.Principal)
	if !ok {
		return cedar.EntityUID{Type: typeUser}
	}
	return e.uidOf(p)
}

func (e *evaluation) uidOf(p *authz.Principal) cedar.EntityUID {
	kind := cedar.EntityType(typeUser)
	switch p.Kind {
	case authz.ServicePrincipal:
		kind = typeMachine
	case authz.Group:
		kind = typeGroup
	}
	return cedar.EntityUID{Type: kind, ID: nameIn(e.s.uids, p.ID)}
}

// nameIn gives the name that the text has for an id, or one that no text can have.
func nameIn(names map[int64]string, id int64) cedar.String {
	if name, ok := names[id]; ok {
		return cedar.String(name)
	}
	return cedar.String("\x00" + strconv.FormatInt(id, 10))
}

func (e *evaluation) resourceUID(o *authz.Object) cedar.EntityUID {
	return cedar.EntityUID{Type: cedar.EntityType(typeNames[o.Kind]), ID: nameIn(e.s.places, o.ID)}
}

// Get gives Cedar what conditions ask of the principal and the object.
func (e *evaluation) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch uid {
	case e.request.Principal:
		return e.principal(uid), true
	case e.request.Resource:
		return e.resource(uid), true
	}
	return cedar.Entity{}, false
}

func (e *evaluation) principal(uid cedar.EntityUID) cedar.Entity {
	out := cedar.Entity{UID: uid}
	if e.s.uses["name"] {
		out.Attributes = cedar.NewRecord(cedar.RecordMap{"name": cedar.String(e.principalName(e.q.Who.Principal))})
	}
	if !e.s.uses["in"] {
		return out
	}
	var parents []cedar.EntityUID
	for _, id := range e.q.Closure {
		if _, named := e.s.uids[id]; named && id != e.q.Who.Principal {
			parents = append(parents, cedar.EntityUID{Type: typeGroup, ID: nameIn(e.s.uids, id)})
		}
	}
	for _, role := range e.held() {
		parents = append(parents, cedar.EntityUID{Type: typeRole, ID: cedar.String(role)})
	}
	out.Parents = cedar.NewEntityUIDSet(parents...)
	return out
}

func (e *evaluation) principalName(id int64) string {
	p, ok := e.q.Map.Principal(id)
	if !ok {
		return ""
	}
	return p.Name
}

func (e *evaluation) resource(uid cedar.EntityUID) cedar.Entity {
	o, out := e.q.Object, cedar.Entity{UID: uid}
	fields := cedar.RecordMap{}
	e.set(fields, "name", func() string { return o.Name })
	if o.Kind.InTree() {
		e.set(fields, "path", func() string { return e.q.Map.Path(o.ID) })
	}
	e.set(fields, "creator", func() string { return e.principalName(o.Creator) })
	if o.Kind.Stewarded() {
		e.stewardship(o, fields)
	}
	out.Attributes = cedar.NewRecord(fields)
	if e.s.uses["hasTag"] || e.s.uses["getTag"] {
		out.Tags = e.tags(o)
	}
	if e.s.uses["in"] {
		out.Parents = e.folders(o)
	}
	return out
}

func (e *evaluation) stewardship(o *authz.Object, fields cedar.RecordMap) {
	st := o.StewardOf()
	e.set(fields, "owner", func() string { return e.principalName(o.OwnerID()) })
	e.set(fields, "contact", func() string { return st.Contact })
	e.set(fields, "tier", func() string { return st.Tier })
	e.set(fields, "lifecycle", func() string { return st.Lifecycle })
}

// set gives a field that some policy reads, unless it is empty.
func (e *evaluation) set(fields cedar.RecordMap, name string, value func() string) {
	if !e.s.uses[name] {
		return
	}
	if v := value(); v != "" || name == "name" {
		fields[cedar.String(name)] = cedar.String(v)
	}
}

func (e *evaluation) tags(o *authz.Object) cedar.Record {
	tags := cedar.RecordMap{}
	for _, key := range authz.StewardTags() {
		if v, ok := e.tag(o, key); ok {
			tags[cedar.String(key)] = cedar.String(v)
		}
	}
	return cedar.NewRecord(tags)
}

// tag gives a governed tag of an object.
func (e *evaluation) tag(o *authz.Object, key string) (v string, ok bool) {
	if !o.Kind.Stewarded() {
		return "", false
	}
	st := o.StewardOf()
	switch key {
	case authz.TagOwner:
		v = e.principalName(o.OwnerID())
	case authz.TagContact:
		v = st.Contact
	case authz.TagTier:
		v = st.Tier
	case authz.TagLifecycle:
		v = st.Lifecycle
	}
	return v, v != ""
}

func (e *evaluation) folders(o *authz.Object) cedar.EntityUIDSet {
	var up []cedar.EntityUID
	for at := range e.q.Map.Chain(o.ID) {
		if _, named := e.s.places[at.ID]; named && at.ID != o.ID {
			up = append(up, e.resourceUID(at))
		}
	}
	return cedar.NewEntityUIDSet(up...)
}

// call gives what is known of the call.
func (e *evaluation) call() cedar.Record {
	who, when := &e.q.Who, e.q.When.UTC()
	fields := cedar.RecordMap{}
	for name, value := range plainFields {
		if e.s.uses[name] {
			fields[cedar.String(name)] = value(who, when)
		}
	}
	if e.s.uses["roles"] {
		fields["roles"] = setOf(slices.DeleteFunc(slices.Clone(e.q.AssumedRoles()), func(name string) bool { return !e.s.mayAssume(name, e.q.Closure) }))
	}
	if e.s.uses["claims"] {
		fields["claims"] = setOf(claimsOf(who))
	}
	if e.s.uses["source"] {
		if source, ok := address(who.Source); ok {
			fields["source"] = source
		}
	}
	if e.s.uses["credentialAge"] {
		if age, ok := e.age(); ok {
			fields["credentialAge"] = cedar.NewDuration(age)
		}
	}
	return cedar.NewRecord(fields)
}

// plainFields are what every call has.
var plainFields = map[string]func(*authz.Who, time.Time) cedar.Value{
	"time": func(_ *authz.Who, when time.Time) cedar.Value { return cedar.NewDatetime(when) },
	"hour": func(_ *authz.Who, when time.Time) cedar.Value { return cedar.Long(when.Hour()) },
	"weekday": func(_ *authz.Who, when time.Time) cedar.Value {
		return cedar.String(strings.ToLower(when.Weekday().String()))
	},
	"method":   func(who *authz.Who, _ time.Time) cedar.Value { return cedar.String(who.Method) },
	"provider": func(who *authz.Who, _ time.Time) cedar.Value { return cedar.String(providerOf(who)) },
}

func providerOf(who *authz.Who) string {
	if who.By == nil {
		return ""
	}
	return who.By.Provider
}

func claimsOf(who *authz.Who) []string {
	if who.By == nil {
		return nil
	}
	return who.By.Roles
}

func setOf(list []string) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, s := range list {
		values[i] = cedar.String(s)
	}
	return cedar.NewSet(values...)
}

// address reads a client's address, with a port or without.
func address(source string) (cedar.IPAddr, bool) {
	a, err := netip.ParseAddr(source)
	if err != nil {
		with, err := netip.ParseAddrPort(source)
		if err != nil {
			return cedar.IPAddr{}, false
		}
		a = with.Addr()
	}
	a = a.Unmap().WithZone("")
	return cedar.IPAddr(netip.PrefixFrom(a, a.BitLen())), true
}

// age is how old the credential is; that of no token or session is as old as the sign-in.
func (e *evaluation) age() (time.Duration, bool) {
	if c, ok := e.q.Map.CredentialByID(e.q.Who.Credential); ok {
		return e.q.When.Sub(time.UnixMilli(c.Created)), true
	}
	if signed := e.q.Who.SignedIn; !signed.IsZero() {
		return e.q.When.Sub(signed), true
	}
	return 0, false
}
