package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// The types of tokens (RFC 8693 3).
const (
	typeJWT    = "urn:ietf:params:oauth:token-type:jwt"
	typeID     = "urn:ietf:params:oauth:token-type:id_token"
	typeAccess = "urn:ietf:params:oauth:token-type:access_token"
)

// taken is a foreign token that a policy takes.
type taken struct {
	policy  identity.FederationPolicy
	subject string
	roles   []string
}

// check finds the policy that takes the foreign token. It may have to ask the issuer for its keys.
func (f *Front) check(c *api.Call, q *tokenRequest) error {
	switch {
	case q.Foreign == "":
		return fail.Invalidf("subject_token is missing")
	case q.Type != typeJWT && q.Type != typeID:
		return fail.Invalidf("subject_token_type must be %s or %s", typeJWT, typeID)
	case q.Wanted != "" && q.Wanted != typeAccess:
		return fail.Invalidf("requested_token_type: there are access tokens only")
	}
	policies, err := f.policiesFor(c.Context(), q.Client, issuerIn(q.Foreign))
	if err != nil {
		return err
	}
	err = errGrant("no federation policy takes tokens of this issuer here")
	for i := range policies {
		t, why := f.tried(c, &policies[i], q.Foreign)
		if why == nil {
			q.taken = t
			return nil
		}
		if fail.Is(why, fail.Unavailable) || fail.Is(why, fail.Internal) {
			return why
		}
		err = errGrant("%s", why.Error())
	}
	return err
}

// issuerIn gives the issuer that a token names, not checked: only to find its policies.
func issuerIn(token string) string {
	parts := strings.Split(token, ".")
	var claims struct {
		Issuer string `json:"iss"`
	}
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// policiesFor gives the policies of a service principal, or where none is named of the account, that trust an issuer.
func (f *Front) policiesFor(ctx context.Context, client, issuer string) (all []identity.FederationPolicy, err error) {
	err = f.Read(ctx, func(tx *store.Tx) error {
		principal := int64(0)
		if client != "" {
			p, ok := tx.Map.PrincipalByName(authz.ServicePrincipal, client)
			if !ok || p.Kind != authz.ServicePrincipal {
				all = nil
				return nil
			}
			principal = p.ID
		}
		all, err = tx.FederationPolicies(principal)
		return err
	})
	return slices.DeleteFunc(all, func(p identity.FederationPolicy) bool { return issuer == "" || p.Rule.Issuer != issuer }), err
}

func (f *Front) tried(c *api.Call, p *identity.FederationPolicy, token string) (*taken, error) {
	claims, err := f.Foreign.Verify(c.Context(), &p.Rule, token)
	if err != nil {
		return nil, err
	}
	subject, err := p.Match(claims, f.Account, c.Now)
	return &taken{*p, subject, identity.RolesOf(claims)}, err
}

// forForeign gives a token for one that a policy took, if the policy is still the same.
func (f *Front) forForeign(c *api.Call, q *tokenRequest) (*tokenAnswer, error) {
	t := q.taken
	policies, err := c.Tx.FederationPolicies(t.policy.Principal)
	if err != nil {
		return nil, err
	}
	same := func(p identity.FederationPolicy) bool { return p.UID == t.policy.UID && p.Changed == t.policy.Changed }
	if !slices.ContainsFunc(policies, same) {
		return nil, errGrant("the federation policy was changed or deleted meanwhile; try again")
	}
	p, err := subjectOf(c.Tx.Map, t)
	if err != nil {
		return nil, err
	}
	scopes, _, err := identity.AskedScopes(q.Scope, nil)
	if err != nil {
		return nil, errScope(err)
	}
	cred, err := identity.OpenGrant(rand.Reader, c.Now, authz.Credential{
		Principal: p.ID, Kind: authz.Exchange, Scopes: scopes, Comment: "federation policy " + t.policy.Name,
		By: &authz.Assertion{Provider: providerOf(t.policy.UID), Issuer: t.policy.Rule.Issuer, Subject: t.subject, Roles: t.roles},
	}, bearer.Life)
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &cred}); err != nil {
		return nil, err
	}
	c.Note("policyId", t.policy.Name)
	c.Note("issuer", t.policy.Rule.Issuer)
	c.Note("subject", t.subject)
	a, err := f.sign(c, &cred, q.Client, scopes)
	if err == nil {
		a.Issued = typeAccess
	}
	return a, err
}

// subjectOf finds who a taken token is about: the service principal that the policy is for, or whom its subject names.
func subjectOf(m *authz.Map, t *taken) (*authz.Principal, error) {
	p, ok := m.Principal(t.policy.Principal)
	if t.policy.Principal == 0 {
		p, ok = m.PrincipalByName(authz.User, t.subject)
	}
	if !ok || p.Kind == authz.Group || !p.Active {
		return nil, errGrant("nobody active here is the token's subject %.100q", t.subject)
	}
	return p, nil
}

// providerOf names a policy as what signed somebody in.
func providerOf(uid string) string { return "federation/" + uid }

// derived gives the events that end what was exchanged by a policy.
func derived(m *authz.Map, policy string) (events []authz.Event) {
	for p := range m.Principals() {
		for c := range m.Credentials(p.ID) {
			if c.Kind == authz.Exchange && c.By != nil && c.By.Provider == providerOf(policy) {
				events = append(events, dropped(c))
			}
		}
	}
	return events
}
