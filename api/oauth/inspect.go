package oauth

import (
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/identity"
)

type introspectRequest struct {
	Account string `json:"-" path:"account"`
	Token   string `json:"-" query:"token"`
}

// introspection is RFC 7662's.
type introspection struct {
	Active   bool   `json:"active"`
	Scope    string `json:"scope,omitempty"`
	Client   string `json:"client_id,omitempty"`
	User     string `json:"username,omitempty"`
	Type     string `json:"token_type,omitempty"`
	Subject  string `json:"sub,omitempty"`
	Audience string `json:"aud,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	ID       string `json:"jti,omitempty"`
	Expires  int64  `json:"exp,omitempty"`
	Issued   int64  `json:"iat,omitempty"`
}

// introspect says what an access token or a refresh token is good for now. Whoever asks has the token, so nothing is told that it does not give.
func (f *Front) introspect(c *api.Call, _ int64, q *introspectRequest) (*introspection, error) {
	if err := f.checkAccount(q.Account); err != nil {
		return nil, err
	}
	c.SetHeader("Cache-Control", "no-store")
	cred, claims, err := f.behind(c, q.Token)
	if err != nil || cred == nil {
		return &introspection{}, err
	}
	p, ok := c.Tx.Map.Principal(cred.Principal)
	held, expires, stands := c.Tx.Map.Standing(cred, c.Now)
	if !ok || !p.Active || !stands {
		return &introspection{}, nil
	}
	a := &introspection{Active: true, User: p.Name, Subject: p.Name, Expires: expires / 1000, Issued: cred.Created / 1000, Issuer: IssuerOf(c),
		Audience: f.Ring.Audience, Scope: identity.ScopeText(held)}
	if claims != nil {
		a.Type, a.Client, a.ID, a.Issuer = "Bearer", claims.Client, claims.ID, claims.Issuer
		a.Scope, a.Expires, a.Issued = claims.Scope, claims.Expires, claims.Issued
	}
	return a, nil
}

// behind gives the credential behind a token, nil for one that does not count; claims are those of an access token.
func (f *Front) behind(c *api.Call, token string) (cred *authz.Credential, claims *bearer.Claims, err error) {
	if bearer.Looks(token) {
		claims, err = f.Ring.Verify(c.Context(), keys(c.Tx.Map), token, c.Now)
		if fail.Is(err, fail.Unauthenticated) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		cred, ok := c.Tx.Map.CredentialByID(claims.Credential)
		if !ok || cred.Kind == "" {
			return nil, nil, nil
		}
		return cred, claims, nil
	}
	kept, ok, err := c.Tx.Refresh(f.hash(token))
	if err != nil || !ok || kept.Used != 0 {
		return nil, nil, err
	}
	cred, _ = c.Tx.Map.CredentialByID(kept.Credential)
	return cred, nil, nil
}

type revokeRequest struct {
	Account string `json:"-" path:"account"`
	Token   string `json:"-" query:"token"`
	Hint    string `json:"-" query:"token_type_hint"`
	Client  string `json:"-" query:"client_id"`
	Secret  string `json:"-" query:"client_secret"`
}

// errGone is the answer for a token that does not count anyway: as good as revoked (RFC 7009 2.2).
var errGone = fail.New(fail.Unauthenticated, "the token does not count").WithCode(gone)

const gone = "gone"

// revoke ends what a token was given for: the login of a refresh token, with all its tokens. The token itself proves that its holder may.
func (f *Front) revoke(c *api.Call, q *revokeRequest) (*nothing, error) {
	if err := f.checkAccount(q.Account); err != nil {
		return nil, err
	}
	cred, _, err := f.behind(c, q.Token)
	if err != nil {
		return nil, err
	}
	if cred == nil {
		return nil, errGone
	}
	if cred.Kind == authz.ClientSecret {
		return nil, fail.New(fail.Unauthenticated, "an access token of a client secret ends by itself within the hour, or at once when the secret is deleted").
			WithCode("unsupported_token_type")
	}
	c.Who.Principal, c.Who.Credential = cred.Principal, cred.ID
	c.About(authz.WorkspaceObject)
	c.Note("credentialId", cred.ID)
	return &nothing{}, c.Tx.Govern(dropped(cred))
}

// introspectRoutes are what the Databricks CLI asks after a login.
func introspectRoutes(account string) []api.Route {
	return []api.Route{
		api.Read("GET /tokens/introspect", authz.SignedIn, api.At[nothing](authz.WorkspaceObject),
			func(c *api.Call, _ int64, _ *nothing) (*principalContext, error) {
				a := &principalContext{}
				a.Context.Scope.Account, a.Context.Scope.Workspace = account, c.Workspace()
				a.Context.Scope.Scopes = strings.Fields(identity.ScopeText(c.Who.Scopes))
				return a, nil
			}),
	}
}

type principalContext struct {
	Context struct {
		Scope struct {
			Account   string   `json:"account_id"`
			Workspace int64    `json:"workspace_id"`
			Scopes    []string `json:"scopes"`
		} `json:"authentication_scope"`
	} `json:"principal_context"`
}
