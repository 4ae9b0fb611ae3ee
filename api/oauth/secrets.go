package oauth

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// secretRoutes are the secrets of service principals, at the workspace's address and the account's.
func (f *Front) secretRoutes() (routes []api.Route) {
	for _, base := range []string{"/accounts/servicePrincipals/{service_principal_id}", "/accounts/{account}/servicePrincipals/{service_principal_id}"} {
		all, one := base+"/credentials/secrets", base+"/credentials/secrets/{secret_id}"
		routes = append(routes,
			api.Write("POST "+all, authz.ManageServicePrincipal, findFor[newSecret](f), f.createSecret, api.Or[newSecret](authz.ManageIdentities),
				api.As[newSecret]("createServicePrincipalSecret"), api.Alone[newSecret]),
			api.Read("GET "+all, authz.ManageServicePrincipal, findFor[secretsOf](f), listSecrets, api.Or[secretsOf](authz.ManageIdentities)),
			api.Write("DELETE "+one, authz.ManageServicePrincipal, findFor[secretNamed](f), deleteSecret, api.Or[secretNamed](authz.ManageIdentities),
				api.As[secretNamed]("deleteServicePrincipalSecret"), api.Alone[secretNamed]),
		)
	}
	return routes
}

// inAccount names a service principal, perhaps with the account that it is of.
type inAccount struct {
	Account string `json:"-" path:"account"`
	ID      string `json:"-" path:"service_principal_id"`
}

func (q *inAccount) where() *inAccount { return q }

// addressed are requests that name a service principal.
type addressed[Q any] interface {
	*Q
	where() *inAccount
}

// findFor finds the service principal that a request names. Where nobody was let in, it is its administrators' alone.
func findFor[Q any, P addressed[Q]](f *Front) api.Finder[*authz.Principal, Q] {
	return func(c *api.Call, q *Q) (*authz.Principal, api.Target, error) {
		in := P(q).where()
		if err := f.checkAccount(in.Account); err != nil {
			return nil, api.Target{}, err
		}
		id, err := strconv.ParseInt(in.ID, 10, 64)
		p, ok := c.Tx.Map.Principal(id)
		if err != nil || !ok || p.Kind != authz.ServicePrincipal {
			return nil, api.Target{}, absentPrincipal(in.ID)
		}
		return p, targetOf(c.Tx.Map, p), nil
	}
}

func absentPrincipal(id string) error {
	return fail.NotFoundf("Service principal with id %.40q does not exist.", id)
}

func targetOf(m *authz.Map, p *authz.Principal) api.Target {
	if o, ok := m.ServiceIdentity(p.ID); ok {
		return api.Target{Object: o.ID, Name: p.Name, Absent: absentPrincipal(identity.FormatID(p.ID))}
	}
	return api.Target{Object: authz.WorkspaceObject, Name: p.Name, Ability: authz.ManageIdentities}
}

type newSecret struct {
	inAccount
	Lifetime string   `json:"lifetime"`
	Scopes   []string `json:"scopes"`
}

type secretsOf struct {
	inAccount
}

type secretNamed struct {
	inAccount
	Secret string `json:"-" path:"secret_id"`
}

// secretInfo is a secret without its value.
type secretInfo struct {
	ID      string   `json:"id"`
	Hash    string   `json:"secret_hash"`
	Status  string   `json:"status"`
	Created string   `json:"create_time"`
	Updated string   `json:"update_time"`
	Expires string   `json:"expire_time"`
	Scopes  []string `json:"scopes,omitempty"`
	// LastUsed is when (ms since 1970) and LastSource from where a call came with a token of it, which Databricks does not tell.
	LastUsed   int64  `json:"last_used,omitempty"`
	LastSource string `json:"last_used_source,omitempty"`
}

type createdSecret struct {
	secretInfo
	Value string `json:"secret"`
}

type secretList struct {
	Secrets []secretInfo `json:"secrets"`
}

// infoOf describes a secret; its hash is of the hash by which it is found, so that two lists can be compared and nothing else.
func infoOf(s *authz.Credential) secretInfo {
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	return secretInfo{ID: s.ID, Hash: hex.EncodeToString(s.Hash[:16]), Status: "ACTIVE", Created: at(s.Created), Updated: at(s.Created),
		Expires: at(s.Expires), Scopes: s.Scopes}
}

func (f *Front) createSecret(c *api.Call, p *authz.Principal, q *newSecret) (*createdSecret, error) {
	now := time.UnixMilli(c.Tx.Now)
	value, cred, err := identity.IssueSecret(rand.Reader, f.TokenKey, now, c.Tx.Map, identity.SecretWish{
		Owner: p.ID, By: c.Who.Principal, Held: c.Who.Scopes, Lifetime: q.Lifetime, Scopes: q.Scopes})
	if err != nil {
		return nil, err
	}
	events := append(identity.Ended(c.Tx.Map, p.ID, authz.ClientSecret, now), authz.Event{Op: authz.PutCredential, Credential: &cred})
	if err := c.Tx.Govern(events...); err != nil {
		return nil, err
	}
	noteSecret(c, p, cred.ID)
	c.SetHeader("Cache-Control", "no-store")
	return &createdSecret{infoOf(&cred), value}, nil
}

func noteSecret(c *api.Call, p *authz.Principal, id string) {
	c.Note("secretId", id)
	c.Note("targetUserId", identity.FormatID(p.ID))
	c.Note("targetUserName", p.Name)
}

func listSecrets(c *api.Call, p *authz.Principal, _ *secretsOf) (*secretList, error) {
	a, ids := &secretList{Secrets: []secretInfo{}}, []string{}
	for _, s := range identity.Secrets(c.Tx.Map, p.ID, c.Now) {
		a.Secrets, ids = append(a.Secrets, infoOf(s)), append(ids, s.ID)
	}
	uses, err := c.Tx.Uses(ids)
	for i := range a.Secrets {
		u := uses[a.Secrets[i].ID]
		a.Secrets[i].LastUsed, a.Secrets[i].LastSource = u.At, u.Source
	}
	return a, err
}

func deleteSecret(c *api.Call, p *authz.Principal, q *secretNamed) (*nothing, error) {
	s, ok := c.Tx.Map.CredentialByID(q.Secret)
	if !ok || s.Kind != authz.ClientSecret || s.Principal != p.ID {
		return nil, fail.NotFoundf("Secret with id %.80q does not exist.", q.Secret)
	}
	noteSecret(c, p, s.ID)
	return &nothing{}, c.Tx.Govern(dropped(s))
}

func dropped(c *authz.Credential) authz.Event {
	return authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: c.ID, Principal: c.Principal}}
}
