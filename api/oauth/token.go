package oauth

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/identity"
)

// The grant types.
const (
	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantClient   = "client_credentials"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// maxForm is the most bytes of a request for a token: a foreign issuer's may be large.
const maxForm = 320 << 10

// tokenRoutes give tokens, say what they are, and take them back.
func (f *Front) tokenRoutes() []api.Route {
	return []api.Route{
		api.OpenWrite("POST /v1/token", "who asks for a token proves himself by what he brings: a secret, a code, a refresh token, a foreign token", f.token,
			api.As[tokenRequest]("mintOAuthToken"), api.Ahead(f.prepare), api.Body[tokenRequest](maxForm)),
		api.OpenWrite("POST /v1/revoke", "a token proves that it may be taken back", f.revoke,
			api.As[revokeRequest]("revokeOAuthToken"), api.Body[revokeRequest](64<<10)),
		api.Read("POST /v1/introspect", authz.SignedIn, api.At[introspectRequest](authz.WorkspaceObject), f.introspect,
			api.As[introspectRequest]("introspectToken"), api.Body[introspectRequest](64<<10)),
	}
}

type tokenRequest struct {
	Account  string `json:"-" path:"account"`
	Grant    string `json:"-" query:"grant_type"`
	Client   string `json:"-" query:"client_id"`
	Secret   string `json:"-" query:"client_secret"`
	Scope    string `json:"-" query:"scope"`
	Code     string `json:"-" query:"code"`
	Redirect string `json:"-" query:"redirect_uri"`
	Verifier string `json:"-" query:"code_verifier"`
	Refresh  string `json:"-" query:"refresh_token"`
	Foreign  string `json:"-" query:"subject_token"`
	Type     string `json:"-" query:"subject_token_type"`
	Wanted   string `json:"-" query:"requested_token_type"`

	taken *taken
}

// tokenAnswer is RFC 6749's; with Error it is a refusal that changes something and therefore is kept.
type tokenAnswer struct {
	Access  string `json:"access_token,omitempty"`
	Type    string `json:"token_type,omitempty"`
	Seconds int64  `json:"expires_in,omitempty"`
	Scope   string `json:"scope,omitempty"`
	Refresh string `json:"refresh_token,omitempty"`
	Issued  string `json:"issued_token_type,omitempty"`
	Error   string `json:"error,omitempty"`
	Reason  string `json:"error_description,omitempty"`
}

// prepare does what is not for a transaction: it reads who asks, and checks the signature of a foreign token.
func (f *Front) prepare(c *api.Call, q *tokenRequest) error {
	if err := f.checkAccount(q.Account); err != nil {
		return err
	}
	if err := readBasic(c.Header("Authorization"), q); err != nil {
		return err
	}
	if q.Grant == grantExchange {
		return f.check(c, q)
	}
	return nil
}

// readBasic takes the client's name and secret from the header (RFC 6749 2.3.1), where both are written as in a form.
func readBasic(header string, q *tokenRequest) error {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil
	}
	if q.Secret != "" {
		return fail.Invalidf("the client proves itself in two ways at once: by the header, and by client_secret")
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	name, secret, both := strings.Cut(string(text), ":")
	client, cerr := url.QueryUnescape(name)
	value, verr := url.QueryUnescape(secret)
	if err != nil || !both || cerr != nil || verr != nil {
		return errClient
	}
	if q.Client != "" && q.Client != client {
		return fail.Invalidf("client_id is another than the header's")
	}
	q.Client, q.Secret = client, value
	return nil
}

// errClient is the one answer for a client that is not known, or not active, and for a wrong or ended secret.
var errClient = fail.New(fail.Unauthenticated, "Client authentication failed")

// token gives a token for whatever is brought.
func (f *Front) token(c *api.Call, q *tokenRequest) (*tokenAnswer, error) {
	c.SetHeader("Cache-Control", "no-store")
	c.SetHeader("Pragma", "no-cache")
	c.About(authz.WorkspaceObject)
	c.Note("grantType", q.Grant)
	switch q.Grant {
	case grantClient:
		return f.forSecret(c, q)
	case grantCode:
		return f.forCode(c, q)
	case grantRefresh:
		return f.forRefresh(c, q)
	case grantExchange:
		return f.forForeign(c, q)
	}
	return nil, fail.Invalidf("grant_type %.60q is not served; %s are", q.Grant,
		strings.Join([]string{grantClient, grantCode, grantRefresh, grantExchange}, ", ")).(*fail.Error).WithCode("unsupported_grant_type")
}

// secretOf finds the secret that a client proves itself with. What is looked up is the value's keyed hash, so an unknown client and a wrong
// secret take the same steps.
func (f *Front) secretOf(c *api.Call, client, secret string) (*authz.Credential, error) {
	hash := identity.Hash(f.TokenKey, []byte(secret))
	cred, ok := c.Tx.Map.Credential(hash[:])
	if !ok || cred.Kind != authz.ClientSecret {
		return nil, errClient
	}
	p, ok := c.Tx.Map.Principal(cred.Principal)
	_, _, stands := c.Tx.Map.Standing(cred, c.Now)
	if !ok || !stands || !p.Active || subtle.ConstantTimeCompare([]byte(p.Name), []byte(client)) != 1 {
		return nil, errClient
	}
	return cred, nil
}

func (f *Front) forSecret(c *api.Call, q *tokenRequest) (*tokenAnswer, error) {
	cred, err := f.secretOf(c, q.Client, q.Secret)
	if err != nil {
		return nil, err
	}
	scopes, _, err := identity.AskedScopes(q.Scope, cred.Scopes)
	if err != nil {
		return nil, errScope(err)
	}
	return f.sign(c, cred, q.Client, scopes)
}

func errScope(err error) error {
	if fail.Is(err, fail.Internal) {
		return err
	}
	return fail.New(fail.Invalid, "%s", err.Error()).WithCode("invalid_scope")
}

// sign gives an access token for a credential, and makes the call its principal's.
func (f *Front) sign(c *api.Call, cred *authz.Credential, client string, scopes []string) (*tokenAnswer, error) {
	p, ok := c.Tx.Map.Principal(cred.Principal)
	if !ok || !p.Active {
		return nil, errGrant("the principal is not active")
	}
	c.Who = authz.Who{Principal: p.ID, Credential: cred.ID, Scopes: scopes, Expires: cred.Expires, Method: authz.MethodOAuth, SignedIn: c.Now,
		Source: c.Source(), By: cred.By}
	end := c.Now.Add(bearer.Life)
	if cred.Expires != 0 {
		end = earlier(end, time.UnixMilli(cred.Expires))
	}
	access, err := f.Ring.Sign(c.Context(), keys(c.Tx.Map), bearer.Claims{
		Issuer: IssuerOf(c), Subject: p.Name, Client: client, Scope: identity.ScopeText(scopes), Credential: cred.ID, Expires: end.Unix(),
	}, c.Now)
	if err != nil {
		return nil, err
	}
	c.Note("clientId", client)
	c.Note("scope", identity.ScopeText(scopes))
	c.Note("credentialId", cred.ID)
	return &tokenAnswer{Access: access, Type: "Bearer", Seconds: int64(end.Sub(c.Now) / time.Second), Scope: identity.ScopeText(scopes)}, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
