package oauth

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// federationRoutes are the policies by which tokens of foreign issuers are taken: the account's, and those of service principals.
func (f *Front) federationRoutes() []api.Route {
	const all, own = "/accounts/{account}/federationPolicies", "/accounts/{account}/servicePrincipals/{service_principal_id}/federationPolicies"
	const one = "/{policy_id}"
	routes := []api.Route{
		api.Write("POST "+all, authz.ManageIdentities, findAccount[newPolicy](f), f.createPolicy, api.As[newPolicy]("createFederationPolicy")),
		api.Read("GET "+all, authz.ManageIdentities, findAccount[policiesOf](f), f.listPolicies),
		api.Read("GET "+all+one, authz.ManageIdentities, findAccount[policyNamed](f), f.getPolicy),
		api.Write("PATCH "+all+one, authz.ManageIdentities, findAccount[policyPatch](f), f.updatePolicy,
			api.As[policyPatch]("updateFederationPolicy"), api.Alone[policyPatch]),
		api.Write("DELETE "+all+one, authz.ManageIdentities, findAccount[policyNamed](f), f.deletePolicy,
			api.As[policyNamed]("deleteFederationPolicy"), api.Alone[policyNamed]),
	}
	const manage = authz.ManageServicePrincipal
	return append(routes,
		api.Write("POST "+own, manage, findFor[newPolicy](f), f.createPolicy, api.Or[newPolicy](authz.ManageIdentities),
			api.As[newPolicy]("createFederationPolicy")),
		api.Read("GET "+own, manage, findFor[policiesOf](f), f.listPolicies, api.Or[policiesOf](authz.ManageIdentities)),
		api.Read("GET "+own+one, manage, findFor[policyNamed](f), f.getPolicy, api.Or[policyNamed](authz.ManageIdentities)),
		api.Write("PATCH "+own+one, manage, findFor[policyPatch](f), f.updatePolicy, api.Or[policyPatch](authz.ManageIdentities),
			api.As[policyPatch]("updateFederationPolicy"), api.Alone[policyPatch]),
		api.Write("DELETE "+own+one, manage, findFor[policyNamed](f), f.deletePolicy, api.Or[policyNamed](authz.ManageIdentities),
			api.As[policyNamed]("deleteFederationPolicy"), api.Alone[policyNamed]),
	)
}

// findAccount is findFor for the account's own policies: nobody's.
func findAccount[Q any, P addressed[Q]](f *Front) api.Finder[*authz.Principal, Q] {
	return func(_ *api.Call, q *Q) (*authz.Principal, api.Target, error) {
		return &authz.Principal{}, api.Target{Object: authz.WorkspaceObject}, f.checkAccount(P(q).where().Account)
	}
}

type newPolicy struct {
	inAccount
	Policy      string                  `json:"policy_id" query:"policy_id"`
	Description string                  `json:"description"`
	Rule        identity.FederationRule `json:"oidc_policy"`
}

type policiesOf struct {
	inAccount
	Size  int64  `json:"-" query:"page_size"`
	Token string `json:"-" query:"page_token"`
}

type policyNamed struct {
	inAccount
	Policy string `json:"-" path:"policy_id"`
}

type policyPatch struct {
	inAccount
	Policy      string          `json:"-" path:"policy_id"`
	Mask        string          `json:"-" query:"update_mask"`
	Description *string         `json:"description"`
	Rule        json.RawMessage `json:"oidc_policy"`
}

// policyAnswer is a policy as Databricks shows it.
type policyAnswer struct {
	Name        string                  `json:"name"`
	UID         string                  `json:"uid"`
	Policy      string                  `json:"policy_id"`
	Principal   int64                   `json:"service_principal_id,omitempty"`
	Description string                  `json:"description,omitempty"`
	Rule        identity.FederationRule `json:"oidc_policy"`
	Created     string                  `json:"create_time"`
	Updated     string                  `json:"update_time"`
}

type policyList struct {
	Policies []*policyAnswer `json:"policies"`
	Next     string          `json:"next_page_token,omitempty"`
}

func (f *Front) shown(p *identity.FederationPolicy) *policyAnswer {
	name := "accounts/" + f.Account
	if p.Principal != 0 {
		name += "/servicePrincipals/" + identity.FormatID(p.Principal)
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
	return &policyAnswer{Name: name + "/federationPolicies/" + p.Name, UID: p.UID, Policy: p.Name, Principal: p.Principal,
		Description: p.Description, Rule: p.Rule, Created: at(p.Made), Updated: at(p.Changed)}
}

func (f *Front) createPolicy(c *api.Call, of *authz.Principal, q *newPolicy) (*policyAnswer, error) {
	if len(c.Who.Scopes) > 0 && !identity.Reaches(c.Who.Scopes, identity.AllAPIs) {
		return nil, fail.New(fail.Denied, "a credential that is cut down to scopes makes no federation policies: they lead to tokens for everything")
	}
	all, err := c.Tx.FederationPolicies(of.ID)
	if err != nil {
		return nil, err
	}
	if len(all) >= identity.MaxPolicies {
		return nil, fail.New(fail.Limit, "there are %d federation policies here, which is the most; delete one first", len(all)).WithCode("QUOTA_EXCEEDED")
	}
	uid, err := identity.NewTokenID(rand.Reader)
	if err != nil {
		return nil, err
	}
	uid = uid[:32]
	p := identity.FederationPolicy{UID: uid, Principal: of.ID, Name: cmp.Or(q.Policy, uid), Description: q.Description, Rule: q.Rule,
		Made: c.Tx.Now, Changed: c.Tx.Now}
	return f.keep(c, of, nil, &p)
}

// keep writes a policy, new or changed, with what was before.
func (f *Front) keep(c *api.Call, of *authz.Principal, was, p *identity.FederationPolicy) (*policyAnswer, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := c.Tx.PutFederationPolicy(p); err != nil {
		return nil, err
	}
	var before []byte
	var err error
	if was != nil {
		if before, err = api.EncodeJSON(f.shown(was)); err != nil {
			return nil, err
		}
	}
	after, err := api.EncodeJSON(f.shown(p))
	if err != nil {
		return nil, err
	}
	notePolicy(c, of, p)
	c.Change(before, after)
	return f.shown(p), nil
}

func notePolicy(c *api.Call, of *authz.Principal, p *identity.FederationPolicy) {
	c.Note("policyId", p.Name)
	c.Note("issuer", p.Rule.Issuer)
	if of.ID != 0 {
		c.Note("targetUserName", of.Name)
	}
}

// policyPage is how many policies a page has where nothing is said.
const policyPage = 100

func (f *Front) listPolicies(c *api.Call, of *authz.Principal, q *policiesOf) (*policyList, error) {
	all, err := c.Tx.FederationPolicies(of.ID)
	a := &policyList{Policies: []*policyAnswer{}}
	size := q.Size
	if size <= 0 || size > policyPage {
		size = policyPage
	}
	for i := range all {
		if all[i].Name <= q.Token { // by name, so that a page goes on where the last one ended whatever was deleted
			continue
		}
		if int64(len(a.Policies)) == size {
			a.Next = a.Policies[size-1].Policy
			break
		}
		a.Policies = append(a.Policies, f.shown(&all[i]))
	}
	return a, err
}

func (f *Front) named(c *api.Call, of *authz.Principal, name string) (*identity.FederationPolicy, error) {
	all, err := c.Tx.FederationPolicies(of.ID)
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, fail.NotFoundf("Federation policy %.100q does not exist.", name)
}

func (f *Front) getPolicy(c *api.Call, of *authz.Principal, q *policyNamed) (*policyAnswer, error) {
	p, err := f.named(c, of, q.Policy)
	if err != nil {
		return nil, err
	}
	return f.shown(p), nil
}

// updatePolicy changes what the mask names. What was exchanged by the policy as it was ends.
func (f *Front) updatePolicy(c *api.Call, of *authz.Principal, q *policyPatch) (*policyAnswer, error) {
	if len(c.Who.Scopes) > 0 && !identity.Reaches(c.Who.Scopes, identity.AllAPIs) {
		return nil, fail.New(fail.Denied, "a credential that is cut down to scopes changes no federation policies")
	}
	p, err := f.named(c, of, q.Policy)
	if err != nil {
		return nil, err
	}
	next := *p
	next.Changed = max(c.Tx.Now, p.Changed+1)
	if err := q.apply(&next); err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(derived(c.Tx.Map, p.UID)...); err != nil {
		return nil, err
	}
	return f.keep(c, of, p, &next)
}

// apply takes what the mask names into a policy; without a mask, all that is there.
func (q *policyPatch) apply(p *identity.FederationPolicy) error {
	mask := strings.Split(q.Mask, ",")
	if q.Mask == "" || q.Mask == "*" {
		mask = nil
		if q.Description != nil {
			mask = append(mask, "description")
		}
		if len(q.Rule) > 0 {
			mask = append(mask, "oidc_policy")
		}
	}
	for _, field := range mask {
		field = strings.TrimSpace(field)
		sub, within := strings.CutPrefix(field, "oidc_policy.")
		switch {
		case field == "description":
			p.Description = ""
			if q.Description != nil {
				p.Description = *q.Description
			}
		case field == "oidc_policy":
			p.Rule = identity.FederationRule{}
			if err := json.Unmarshal(q.rule(), &p.Rule); err != nil {
				return fail.Invalidf("oidc_policy cannot be read: %v", err)
			}
		case within:
			if err := q.take(p, sub); err != nil {
				return err
			}
		default:
			return fail.Invalidf("update_mask names %.60q; there are description and oidc_policy", field)
		}
	}
	return nil
}

func (q *policyPatch) rule() []byte {
	if len(bytes.TrimSpace(q.Rule)) == 0 {
		return []byte("{}")
	}
	return q.Rule
}

// take takes one field of the rule.
func (q *policyPatch) take(p *identity.FederationPolicy, field string) error {
	var given, held map[string]json.RawMessage
	text, err := json.Marshal(p.Rule)
	if err != nil {
		return err
	}
	if json.Unmarshal(q.rule(), &given) != nil || json.Unmarshal(text, &held) != nil {
		return fail.Invalidf("oidc_policy is no object")
	}
	delete(held, field)
	if value, ok := given[field]; ok {
		held[field] = value
	}
	if text, err = json.Marshal(held); err != nil {
		return err
	}
	p.Rule = identity.FederationRule{}
	if err := json.Unmarshal(text, &p.Rule); err != nil {
		return fail.Invalidf("oidc_policy.%.40s cannot be read: %v", field, err)
	}
	return nil
}

func (f *Front) deletePolicy(c *api.Call, of *authz.Principal, q *policyNamed) (*nothing, error) {
	p, err := f.named(c, of, q.Policy)
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(derived(c.Tx.Map, p.UID)...); err != nil {
		return nil, err
	}
	before, err := api.EncodeJSON(f.shown(p))
	if err != nil {
		return nil, err
	}
	notePolicy(c, of, p)
	c.Change(before, nil)
	return &nothing{}, c.Tx.DropFederationPolicy(p.UID)
}
