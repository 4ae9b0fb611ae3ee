package authz

import "time"

// PolicyText is the text that holds a workspace's roles and policies, at one of its versions.
type PolicyText struct {
	// Version counts the texts from 1.
	Version int64 `json:"version"`
	// Text is roles and policies as administrators wrote them; empty for none.
	Text string `json:"text,omitempty"`
	// Names are the principals and objects that the text names, bound to ids when it was put: who or what gets such a name later gets
	// nothing with it. The keys are written by package policy.
	Names map[string]int64 `json:"names,omitempty"`
}

// PolicySet is a text made ready for deciding. Package policy makes it; it is immutable and safe for concurrent use.
type PolicySet interface {
	// Forbids gives the first forbid policy that matches, Permits the first permit policy or role; ok is false without one.
	Forbids(q *Question) (v Verdict, ok bool)
	Permits(q *Question) (v Verdict, ok bool)
	// Reach gives the objects at or below which a policy may match who asks the question, whatever its object, which may be more than do;
	// all says that one may anywhere. Without a principal it is about everybody.
	Reach(q *Question) (objects []int64, all bool)
}

// PolicyCompiler makes a text ready for deciding. It fails for a text that cannot be one.
type PolicyCompiler func(*PolicyText) (PolicySet, error)

// Verdict is what a policy or a role decides.
type Verdict struct {
	Rule    Rule   // RuleForbidden, RulePolicy or RuleRole
	Name    string // of the policy or the role
	Message string // what a refusal says beside; empty for nothing
}

// Question is what policies are asked: everything that a decision may depend on.
type Question struct {
	Map     *Map
	Who     Who
	Ability Ability
	Object  *Object
	When    time.Time
	// Closure is the principal, its groups transitively, and `users`, ascending.
	Closure []int64
	// Memo is where the policies keep what they worked out for a question that is asked both ways.
	Memo any
}

// Policies gives the text of roles and policies; nil where there never was one.
func (m *Map) Policies() *PolicyText { return m.policyText }

// PolicySet gives the policies made ready for deciding; nil where none are.
func (m *Map) PolicySet() PolicySet { return m.policies }

// putPolicies takes a text in. An empty one leaves nothing to ask.
func (m *Map) putPolicies(t *PolicyText) error {
	m.policyText, m.policies = t, nil
	if t.Text == "" {
		return nil
	}
	if m.compile == nil {
		return errNoCompiler
	}
	set, err := m.compile(t)
	m.policies = set
	return err
}

// neverForbidden are the abilities that no policy takes from administrators: to read and change policies, roles, providers and `admins`. A
// text that forbids everything can be undone.
var neverForbidden = map[Ability]bool{
	ReadPolicies: true, ManagePolicies: true, ReadIdentities: true, ManageIdentities: true, ReadSettings: true, ManageSettings: true,
	SignedIn: true, ManageSessions: true,
}

// verdict asks the forbid policies and, where nothing allows yet, permit policies and roles, which add only what the law knows on the kind.
func (q *Question) verdict(c *closure, allowed bool) (v Verdict, matched bool) {
	if !c.admin || q.Object.Kind != Workspace || !neverForbidden[q.Ability] {
		if v, matched = q.Map.policies.Forbids(q); matched {
			return v, true
		}
	}
	if allowed || !q.Object.Kind.Has(q.Ability) {
		return v, false
	}
	return q.Map.policies.Permits(q)
}

func (m *Map) question(who Who, c *closure, o *Object, ability Ability, when time.Time) *Question {
	return &Question{Map: m, Who: who, Ability: ability, Object: o, When: when, Closure: c.ids}
}

// judged is a verdict of the rules with what policies make of it.
func (m *Map) judged(who Who, c *closure, o *Object, ability Ability, when time.Time, allowed bool) bool {
	if m.policies == nil {
		return allowed
	}
	if v, matched := m.question(who, c, o, ability, when).verdict(c, allowed); matched {
		return v.Rule != RuleForbidden
	}
	return allowed
}

// judge lets policies have their say in a decision.
func (m *Map) judge(d *Decision, who Who, c *closure, o *Object, when time.Time) {
	if v, matched := m.question(who, c, o, d.Ability, when).verdict(c, d.Allowed); matched {
		d.Allowed, d.Rule, d.Policy, d.Message = v.Rule != RuleForbidden, v.Rule, v.Name, v.Message
	}
}

// viewPermitted says whether a policy or role lets somebody look at an object: then he may know that it exists.
func (m *Map) viewPermitted(who Who, c *closure, o *Object, when time.Time) bool {
	view := o.Kind.Viewing()
	return m.policies != nil && view != 0 && m.judged(who, c, o, view, when, false)
}

// AssumedRoles gives the names of the roles that the session assumed.
func (q *Question) AssumedRoles() []string {
	if !q.Who.ofMap() {
		return q.Who.Roles
	}
	if c, ok := q.Map.CredentialByID(q.Who.Credential); ok {
		return c.Roles
	}
	return nil
}

// Gives says whether a level on an object of the kind, or on a folder that it lies in, gives an ability.
func Gives(k Kind, l Level, a Ability) bool { return ruleOf(k, a).levels.has(l) }

// KindRoot gives the object at which the chains of a kind end, and TreeKind whether objects of the kind lie in the workspace tree.
func KindRoot(k Kind) int64 { return kinds[k].Root }

// KnownAbilities gives all abilities, in order.
func KnownAbilities() []Ability {
	out := make([]Ability, 0, abilityEnd)
	for a := Ability(1); a < abilityEnd; a++ {
		out = append(out, a)
	}
	return out
}
