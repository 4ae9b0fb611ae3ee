package governance

import (
	"bailiwick/api"
	"bailiwick/authz"
	plans "bailiwick/rotation"
)

// planAnswer is a plan as it is now. Times are ms since 1970.
type planAnswer struct {
	ID               string        `json:"plan_id"`
	Kind             plans.Kind    `json:"kind"`
	Scope            string        `json:"scope,omitempty"`
	Key              string        `json:"key,omitempty"`
	ServicePrincipal *principalRef `json:"service_principal,omitempty"`
	Credential       string        `json:"credential_id,omitempty"` // the one that counts now
	Scopes           []string      `json:"scopes,omitempty"`
	Schedule         string        `json:"schedule"`
	Overlap          int64         `json:"overlap_seconds"`
	Unused           int64         `json:"unused_seconds"`
	Lifetime         int64         `json:"lifetime_seconds,omitempty"`
	Rotator          plans.Rotator `json:"rotator"`
	URL              string        `json:"url,omitempty"`
	Rule             *plans.Rule   `json:"rule,omitempty"`
	Contact          string        `json:"contact,omitempty"`
	Paused           bool          `json:"paused"`
	By               principalRef  `json:"answers_for_it"`
	Last             int64         `json:"last,omitempty"`
	Next             int64         `json:"next"`
	// Rotation is the newest one.
	Rotation *rotationAnswer   `json:"rotation,omitempty"`
	Findings []rotationFinding `json:"findings"`
	// SigningKey is what calls of the webhook are signed with; it is told once, to who makes the plan.
	SigningKey string `json:"signing_key,omitempty"`
}

// rotationAnswer is one rotation. Times are ms since 1970.
type rotationAnswer struct {
	ID         string      `json:"rotation_id"`
	State      plans.State `json:"state"`
	Old        string      `json:"old,omitempty"` // a secret's versions by number, credentials and keys by id
	New        string      `json:"new,omitempty"`
	Started    int64       `json:"started"`
	Made       int64       `json:"created,omitempty"`
	Switched   int64       `json:"switched,omitempty"`
	OverlapEnd int64       `json:"overlap_end,omitempty"`
	Ended      int64       `json:"ended,omitempty"`
	Tries      int         `json:"tries,omitempty"` // of the next step that failed, for Reason
	Reason     string      `json:"reason,omitempty"`
	NextTry    int64       `json:"next_try,omitempty"`
	// StillUsed is who uses the old one since the switch; of the newest rotation only.
	StillUsed []oldUse `json:"still_used_by,omitempty"`
}

// oldUse is a credential that uses the old one. Count is of all its reads of that version.
type oldUse struct {
	Principal  principalRef `json:"principal"`
	Credential string       `json:"credential_id"`
	Count      int64        `json:"count,omitempty"`
	Last       int64        `json:"last"`
	Source     string       `json:"source"`
}

// rotationFinding is something about a plan that somebody should look at.
type rotationFinding struct {
	Plan    string    `json:"plan_id"`
	Kind    plans.Why `json:"finding"`
	Since   int64     `json:"since"`
	Reason  string    `json:"reason,omitempty"`
	Contact string    `json:"contact,omitempty"`
}

type planList struct {
	Plans []planAnswer `json:"plans"`
}

type rotationList struct {
	Rotations []rotationAnswer `json:"rotations"`
}

type rotationFindings struct {
	Findings []rotationFinding `json:"findings"`
}

func rotationOf(r *plans.Rotation) rotationAnswer {
	return rotationAnswer{
		ID: r.ID, State: r.State, Old: r.Old, New: r.New, Started: r.Started, Made: r.Made, Switched: r.Switched, OverlapEnd: r.OverlapEnd,
		Ended: r.Ended, Tries: r.Tries, Reason: r.Reason, NextTry: r.Due,
	}
}

// answerOfPlan describes a plan with its newest rotation and who still uses the old one.
func answerOfPlan(c *api.Call, p *plans.Plan) (*planAnswer, error) {
	m := c.Tx.Map
	a := &planAnswer{
		ID: p.ID, Kind: p.Kind, Key: p.Key, Credential: p.Current, Scopes: p.Scopes, Schedule: p.Schedule.String(), Overlap: p.Overlap / 1000,
		Unused: p.UnusedFor / 1000, Lifetime: p.Life / 1000, Rotator: p.Rotator, URL: p.URL, Contact: p.Contact, Paused: p.Paused,
		By: principalOf(m, p.By), Last: p.Last, Next: p.Next, Findings: []rotationFinding{},
	}
	if o, ok := m.Object(p.Scope); ok && p.Scope != 0 {
		a.Scope = o.Name
	}
	if p.Principal != 0 {
		whose := principalOf(m, p.Principal)
		a.ServicePrincipal = &whose
	}
	if p.Kind == plans.Secret && p.Rotator == plans.BuiltIn {
		a.Rule = &p.Rule
	}
	r, err := c.Tx.LastRotation(p.ID)
	if err != nil {
		return nil, err
	}
	facts := plans.Facts{Now: c.Tx.Now}
	if r != nil {
		shown := rotationOf(r)
		if shown.StillUsed, facts.OldUsed, err = stillUsed(c, p, r); err != nil {
			return nil, err
		}
		a.Rotation = &shown
	}
	for _, x := range p.Findings(r, facts) {
		a.Findings = append(a.Findings, rotationFinding{x.Plan, x.Why, x.Since, x.Reason, p.Contact})
	}
	return a, nil
}

func stillUsed(c *api.Call, p *plans.Plan, r *plans.Rotation) (shown []oldUse, last int64, err error) {
	uses, err := c.Tx.OldUses(p, r)
	for _, u := range uses {
		shown = append(shown, oldUse{principalOf(c.Tx.Map, u.Principal), u.Credential, u.Count, u.Last, u.Source})
		last = max(last, u.Last)
	}
	return shown, last, err
}

func getPlan(c *api.Call, p *plans.Plan, _ *planRequest) (*planAnswer, error) {
	return answerOfPlan(c, p)
}

// maxShown is how many rotations of a plan are shown; the ledger has all.
const maxShown = 50

func listRotations(c *api.Call, p *plans.Plan, _ *planRequest) (*rotationList, error) {
	all, err := c.Tx.Rotations(p.ID, maxShown)
	a := &rotationList{Rotations: []rotationAnswer{}}
	for i, r := range all {
		shown := rotationOf(r)
		if i == 0 && err == nil {
			shown.StillUsed, _, err = stillUsed(c, p, r)
		}
		a.Rotations = append(a.Rotations, shown)
	}
	return a, err
}

// listPlans gives the plans of scopes that the caller manages, and those of keys to administrators.
func listPlans(c *api.Call, seen authz.Scope, _ *nothing) (*planList, error) {
	all, err := c.Tx.Plans()
	if err != nil {
		return nil, err
	}
	a := &planList{Plans: []planAnswer{}}
	for _, p := range all {
		if !shownTo(c, seen, p) {
			continue
		}
		shown, err := answerOfPlan(c, p)
		if err != nil {
			return nil, err
		}
		a.Plans = append(a.Plans, *shown)
	}
	return a, nil
}

func shownTo(c *api.Call, seen authz.Scope, p *plans.Plan) bool {
	n := p.Needs(c.Tx.Map)[0]
	o, ok := c.Tx.Map.Object(n.Object)
	switch {
	case !ok: // the scope is gone
		return c.Can(authz.ManageSettings, authz.WorkspaceObject)
	case n.Object == authz.WorkspaceObject:
		return c.Can(n.Ability, n.Object)
	}
	return seen.AdmitsIn(c.Tx.Map, o)
}

func listRotationFindings(c *api.Call, seen authz.Scope, q *nothing) (*rotationFindings, error) {
	all, err := listPlans(c, seen, q)
	if err != nil {
		return nil, err
	}
	a := &rotationFindings{Findings: []rotationFinding{}}
	for _, p := range all.Plans {
		a.Findings = append(a.Findings, p.Findings...)
	}
	return a, nil
}
