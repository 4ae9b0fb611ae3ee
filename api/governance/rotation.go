package governance

import (
	"encoding/json"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	plans "bailiwick/rotation"
	"bailiwick/secret"
	"bailiwick/store"
)

// Rotator says what plans of rotation can be about here; its functions may be nil, and then nothing is rotated.
type Rotator struct {
	// Check refuses the address of a webhook: fail.Invalid.
	Check func(url string) error
	// Key is what the keys are made of that calls of webhooks are signed with.
	Key []byte
}

// rotationRoutes are the plans by which credentials are rotated, and how far each rotation is. Who manages the secret's scope, and the service
// principal, makes plans; plans of keys are the administrators'.
func (f *Front) rotationRoutes() []api.Route {
	one := "/rotation/plans/{plan_id}"
	return []api.Route{
		api.List("GET /rotation/plans", authz.ManageScope, authz.SecretScope, listPlans, rotationAudit[nothing](api.Behind, "listRotationPlans")),
		api.List("GET /rotation/findings", authz.ManageScope, authz.SecretScope, listRotationFindings, rotationAudit[nothing](api.Behind, "listRotationFindings")),
		api.Write("POST /rotation/plans", authz.ManageScope, findNewPlan, f.createPlan, keys[newPlan](), whosePrincipal(principalOfNew),
			rotationAudit[newPlan](api.Each, "createRotationPlan"), api.Alone[newPlan]),
		api.Read("GET "+one, authz.ManageScope, findPlan[planRequest], getPlan, keys[planRequest](),
			rotationAudit[planRequest](api.Behind, "getRotationPlan")),
		api.Write("PATCH "+one, authz.ManageScope, findPlan[planChange], f.changePlan, keys[planChange](), whosePrincipal(principalOfPlan[planChange]),
			rotationAudit[planChange](api.Each, "updateRotationPlan"), api.Alone[planChange]),
		api.Write("DELETE "+one, authz.ManageScope, findPlan[planRequest], deletePlan, keys[planRequest](),
			rotationAudit[planRequest](api.Each, "deleteRotationPlan"), api.Alone[planRequest]),
		api.Write("POST "+one+"/run", authz.ManageScope, findPlan[planRequest], runPlan, keys[planRequest](), whosePrincipal(principalOfPlan[planRequest]),
			rotationAudit[planRequest](api.Each, "runRotationPlan"), api.Alone[planRequest]),
		api.Read("GET "+one+"/rotations", authz.ManageScope, findPlan[planRequest], listRotations, keys[planRequest](),
			rotationAudit[planRequest](api.Behind, "listRotations")),
		api.Write("POST "+one+"/close", authz.ManageScope, findPlan[closeRequest], closeRotation, keys[closeRequest](),
			whosePrincipal(principalOfPlan[closeRequest]), rotationAudit[closeRequest](api.Each, "closeRotation"), api.Alone[closeRequest]),
	}
}

// keys declares what plans of keys take instead.
func keys[Q any]() api.Option[Q] {
	return api.Or[Q](authz.ManageSettings, authz.OperateServer, authz.ManageIdentities)
}

// whosePrincipal asks for the service principal, too, where a plan is about one's credential.
func whosePrincipal[Q any](of func(*api.Call, *Q) (int64, error)) api.Option[Q] {
	return api.Also(authz.ManageServicePrincipal, func(c *api.Call, q *Q) ([]api.Target, error) {
		id, err := of(c, q)
		if err != nil || id == 0 {
			return nil, err
		}
		n := plans.ToManage(c.Tx.Map, id)
		return []api.Target{{Object: n.Object, Ability: n.Ability}}, nil
	})
}

func rotationAudit[Q any](class api.Class, action string) api.Option[Q] {
	return api.Audit[Q](class, "rotation", action)
}

type planRequest struct {
	Plan string `json:"-" path:"plan_id"`
}

func (q *planRequest) plan() string { return q.Plan }

// planTimes are the parts of a plan that can be changed.
type planTimes struct {
	// Schedule is like 30d, 12h, 30d 03:00, 30d sun 03:00 or sun 03:00 (UTC).
	Schedule *string `json:"schedule,omitempty"`
	Overlap  *int64  `json:"overlap_seconds,omitempty"`
	// Unused keeps the old one after the overlap until it was unused for so long; 0 = the overlap's end is the end.
	Unused *int64 `json:"unused_seconds,omitempty"`
	// Lifetime is of new credentials of service principals; 0 = as long as may be.
	Lifetime *int64      `json:"lifetime_seconds,omitempty"`
	URL      *string     `json:"url,omitempty"`
	Rule     *plans.Rule `json:"rule,omitempty"`
	Contact  *string     `json:"contact,omitempty"`
	Paused   *bool       `json:"paused,omitempty"`
}

type newPlan struct {
	Kind plans.Kind `json:"kind"`
	// Scope and Key are the secret that is rotated, or that takes the new credential.
	Scope string `json:"scope,omitempty"`
	Key   string `json:"key,omitempty"`
	// ServicePrincipal is the application id, or the id; Credential the one that counts now, which the first rotation ends.
	ServicePrincipal string        `json:"service_principal,omitempty"`
	Credential       string        `json:"credential_id,omitempty"`
	Scopes           []string      `json:"scopes,omitempty"`
	Rotator          plans.Rotator `json:"rotator,omitempty"`
	planTimes
}

type planChange struct {
	Plan string `json:"-" path:"plan_id"`
	planTimes
}

func (q *planChange) plan() string { return q.Plan }

type closeRequest struct {
	Plan string `json:"-" path:"plan_id"`
	// Force ends the old one even though somebody uses it, or though nobody can know.
	Force bool `json:"force"`
}

func (q *closeRequest) plan() string { return q.Plan }

// findNewPlan finds the scope that a new plan puts values into; plans of keys are decided on the workspace.
func findNewPlan(c *api.Call, q *newPlan) (secret.Scope, api.Target, error) {
	if !q.Kind.ToSecret() {
		n := (&plans.Plan{Kind: q.Kind}).Needs(c.Tx.Map)[0]
		if n.Object == 0 { // a kind that is none
			n = plans.Need{Ability: authz.ManageSettings, Object: authz.WorkspaceObject}
		}
		return secret.Scope{}, api.Target{Object: n.Object, Ability: n.Ability}, nil
	}
	s, err := c.Tx.SecretScope(q.Scope)
	return s, api.Target{Object: s.Object, Absent: store.AbsentScope(q.Scope)}, err
}

func principalOfNew(c *api.Call, q *newPlan) (int64, error) {
	if !q.Kind.OfPrincipal() {
		return 0, nil
	}
	p, ok := c.Tx.Map.PrincipalByName(authz.ServicePrincipal, q.ServicePrincipal)
	if id, err := strconv.ParseInt(q.ServicePrincipal, 10, 64); !ok && err == nil {
		p, ok = c.Tx.Map.Principal(id)
	}
	if !ok || p.Kind != authz.ServicePrincipal {
		return 0, fail.NotFoundf("Service principal %.200s does not exist.", q.ServicePrincipal)
	}
	return p.ID, nil
}

// findPlan finds a plan. Existence is known to who manages its scope; of a plan whose scope is gone, to administrators.
func findPlan[Q any](c *api.Call, q *Q) (*plans.Plan, api.Target, error) {
	id := any(q).(interface{ plan() string }).plan()
	p, err := c.Tx.Plan(id)
	if err != nil {
		return nil, api.Target{}, err
	}
	n := p.Needs(c.Tx.Map)[0]
	if _, there := c.Tx.Map.Object(n.Object); !there {
		n = plans.Need{Ability: authz.ManageSettings, Object: authz.WorkspaceObject}
	}
	return p, api.Target{Object: n.Object, Ability: n.Ability, Absent: store.NoPlan(id)}, nil
}

func principalOfPlan[Q any](c *api.Call, q *Q) (int64, error) {
	p, err := c.Tx.Plan(any(q).(interface{ plan() string }).plan())
	if err != nil {
		return 0, err
	}
	return p.Principal, nil
}

// apply puts what was named into a plan.
func (q *planTimes) apply(p *plans.Plan) (err error) {
	if q.Schedule != nil {
		if p.Schedule, err = plans.ParseSchedule(*q.Schedule); err != nil {
			return err
		}
	}
	for _, span := range []struct {
		seconds *int64
		to      *int64
	}{{q.Overlap, &p.Overlap}, {q.Unused, &p.UnusedFor}, {q.Lifetime, &p.Life}} {
		if span.seconds != nil {
			if *span.to = *span.seconds * 1000; *span.seconds < 0 || *span.seconds > int64(plans.MaxEvery.Seconds())*2 {
				return fail.Invalidf("seconds: from 0 to %d.", int64(plans.MaxEvery.Seconds())*2)
			}
		}
	}
	set(&p.URL, q.URL)
	set(&p.Rule, q.Rule)
	set(&p.Contact, q.Contact)
	set(&p.Paused, q.Paused)
	return nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (f *Front) createPlan(c *api.Call, s secret.Scope, q *newPlan) (*planAnswer, error) {
	p := &plans.Plan{ID: store.NewPlanID(), Kind: q.Kind, Scope: s.Object, Rotator: q.Rotator, Created: c.Tx.Now, By: c.Who.Principal}
	if p.Rotator == "" {
		p.Rotator = plans.BuiltIn
	}
	p.Key = q.Key
	if p.Kind.ToSecret() {
		if err := secret.CheckKey(q.Key); err != nil {
			return nil, err
		}
	}
	if err := credentialOfNew(c, p, q); err != nil {
		return nil, err
	}
	if err := q.apply(p); err != nil {
		return nil, err
	}
	if err := f.checkPlan(p); err != nil {
		return nil, err
	}
	p.Next = p.Schedule.Next(c.Tx.Now)
	if err := c.Tx.CreatePlan(p); err != nil {
		return nil, err
	}
	c.About(aboutPlan(p))
	c.Note("plan", p.ID)
	c.Change(nil, planText(p))
	a, err := answerOfPlan(c, p)
	if err == nil && p.Rotator == plans.Webhook {
		a.SigningKey = p.SigningKey(f.Rotator.Key)
	}
	return a, err
}

// credentialOfNew finds what a plan for a service principal starts with. Nobody has credentials made that reach further than his own.
func credentialOfNew(c *api.Call, p *plans.Plan, q *newPlan) (err error) {
	if p.Principal, err = principalOfNew(c, q); err != nil || p.Principal == 0 {
		return err
	}
	if p.Scopes, err = identity.Narrow(q.Scopes, c.Who.Scopes); err != nil || q.Credential == "" {
		return err
	}
	known, ok := c.Tx.Map.CredentialByID(q.Credential)
	if !ok || known.Principal != p.Principal || known.Session || (known.Kind == authz.ClientSecret) != (p.Kind == plans.ServiceSecret) {
		return fail.Invalidf("credential_id: the service principal has no such %s.", p.Kind)
	}
	p.Current = known.ID
	return nil
}

func (f *Front) checkPlan(p *plans.Plan) error {
	if err := p.Check(); err != nil || p.Rotator != plans.Webhook {
		return err
	}
	return f.Rotator.Check(p.URL)
}

func aboutPlan(p *plans.Plan) int64 {
	if p.Scope != 0 {
		return p.Scope
	}
	return authz.WorkspaceObject
}

// planText is a plan as the ledger keeps it.
func planText(p *plans.Plan) []byte {
	text, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return text
}

// changePlan changes what is named. Who does so answers for the plan from now on.
func (f *Front) changePlan(c *api.Call, p *plans.Plan, q *planChange) (*planAnswer, error) {
	before := planText(p)
	if err := q.apply(p); err != nil {
		return nil, err
	}
	if err := f.checkPlan(p); err != nil {
		return nil, err
	}
	p.By = c.Who.Principal
	if narrowed, err := identity.Narrow(p.Scopes, c.Who.Scopes); err != nil {
		return nil, err
	} else if p.Kind.OfPrincipal() {
		p.Scopes = narrowed
	}
	if q.Schedule != nil {
		p.Next = p.Schedule.Next(max(p.Last, p.Created))
	}
	if err := c.Tx.UpdatePlan(p, c.Tx.Now); err != nil {
		return nil, err
	}
	c.Note("plan", p.ID)
	c.Change(before, planText(p))
	return answerOfPlan(c, p)
}

// deletePlan ends a plan. A rotation that goes on must come to its end first: who else would close the old one?
func deletePlan(c *api.Call, p *plans.Plan, _ *planRequest) (*planAnswer, error) {
	r, err := c.Tx.LastRotation(p.ID)
	if err != nil {
		return nil, err
	}
	if r != nil && r.State.Live() {
		return nil, fail.Statef("A rotation goes on (%s): let it end, or close the old one first.", r.State)
	}
	a, err := answerOfPlan(c, p)
	if err != nil {
		return nil, err
	}
	c.Note("plan", p.ID)
	c.Change(planText(p), nil)
	return a, c.Tx.DeletePlan(p.ID)
}

// runPlan has a plan's rotation begin now.
func runPlan(c *api.Call, p *plans.Plan, _ *planRequest) (*planAnswer, error) {
	r, err := c.Tx.LastRotation(p.ID)
	switch {
	case err != nil:
		return nil, err
	case r != nil && r.State.Live():
		return nil, fail.Statef("A rotation goes on already (%s).", r.State)
	case p.Paused:
		return nil, fail.Statef("The plan is paused.")
	}
	p.Next, p.NotBefore = c.Tx.Now, 0
	c.Note("plan", p.ID)
	if err := c.Tx.UpdatePlan(p, p.Next); err != nil {
		return nil, err
	}
	return answerOfPlan(c, p)
}

// closeRotation has the old one end before its time. Where somebody uses it, or nobody can know, it takes force.
func closeRotation(c *api.Call, p *plans.Plan, q *closeRequest) (*planAnswer, error) {
	r, err := c.Tx.LastRotation(p.ID)
	if err != nil {
		return nil, err
	}
	if r == nil || r.State != plans.Switched {
		return nil, fail.Statef("There is nothing to close: no rotation of the plan is in its overlap.")
	}
	uses, err := c.Tx.OldUses(p, r)
	if err != nil {
		return nil, err
	}
	if !q.Force && (len(uses) > 0 || !p.Kind.ToSecret()) {
		return nil, fail.Statef("The old one was used by %d since the switch, as far as is known; close it with force if it must end now.", len(uses))
	}
	r.CloseAsked, r.Due = c.Who.Principal, 0
	c.Note("plan", p.ID)
	c.Note("rotation", r.ID)
	if err := c.Tx.UpdateRotation(r); err != nil {
		return nil, err
	}
	if err := c.Tx.UpdatePlan(p, c.Tx.Now); err != nil {
		return nil, err
	}
	return answerOfPlan(c, p)
}
