package oauth

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// pageRoutes let programs in: a person's browser comes with what a program asks, and goes back to it with a code.
func (f *Front) pageRoutes() []api.Route {
	return []api.Route{
		api.Open("GET /v1/authorize", "it leads to the page for signing in, or asks who has signed in whether a program may come in; it gives nothing",
			f.ask),
		api.OpenWrite("POST /v1/authorize", "the page's own proof and the session's cookie say who lets the program in", f.letIn,
			api.As[loginRequest]("authorizeOAuthClient"), api.Body[loginRequest](16<<10)),
	}
}

// loginRequest is what a program asks for (RFC 6749 4.1.1, RFC 7636).
type loginRequest struct {
	Account   string `json:"-" path:"account"`
	Client    string `json:"-" query:"client_id"`
	Redirect  string `json:"-" query:"redirect_uri"`
	Response  string `json:"-" query:"response_type"`
	Scope     string `json:"-" query:"scope"`
	State     string `json:"-" query:"state"`
	Method    string `json:"-" query:"code_challenge_method"`
	Challenge string `json:"-" query:"code_challenge"`
	Prompt    string `json:"-" query:"prompt"`
	// Proof and Answer come from the page: that it was shown to this session with these words, and what the person said.
	Proof  string `json:"-" query:"proof"`
	Answer string `json:"-" query:"answer"`
}

// words are the parameters that a person agrees to, as they go from the address to the page and back.
func (q *loginRequest) words() url.Values {
	words := url.Values{}
	for name, value := range map[string]string{"client_id": q.Client, "redirect_uri": q.Redirect, "response_type": q.Response, "scope": q.Scope,
		"state": q.State, "code_challenge_method": q.Method, "code_challenge": q.Challenge} {
		if value != "" {
			words.Set(name, value)
		}
	}
	return words
}

// client finds the program, and checks that it may be answered where it wants to be. What is wrong with these two is told to the person only: a
// browser is never sent to an address that is not registered.
func (f *Front) client(q *loginRequest) (*identity.PublicClient, error) {
	if err := f.checkAccount(q.Account); err != nil {
		return nil, err
	}
	for i := range f.Clients {
		if f.Clients[i].ID != q.Client {
			continue
		}
		if !f.Clients[i].Takes(q.Redirect) {
			return nil, fail.New(fail.Invalid, "the program wants its answer at %.200q, which is not registered for it", q.Redirect)
		}
		return &f.Clients[i], nil
	}
	return nil, fail.New(fail.Invalid, "there is no program %.60q that people can let in", q.Client)
}

// fault gives the error code of RFC 6749 4.1.2.1 for a request that cannot be met, and why.
func (q *loginRequest) fault(held []string) (code, why string) {
	if q.Response != "code" {
		return "unsupported_response_type", "response_type must be code"
	}
	if err := identity.CheckChallenge(q.Method, q.Challenge); err != nil {
		return "invalid_request", err.Error()
	}
	if _, _, err := identity.AskedScopes(q.Scope, held); err != nil {
		return "invalid_scope", err.Error()
	}
	return "", ""
}

// page is what the browser is shown; nil = it is sent on.
type page struct {
	Client, Redirect, Host, User, Scope string
	Local                               bool
	Words                               url.Values
	Proof                               string
	Problem                             string
}

// ask shows the page that asks whether the program may come in.
func (f *Front) ask(c *api.Call, q *loginRequest) (*page, error) {
	harden(c)
	client, err := f.client(q)
	if err != nil {
		return nil, err
	}
	if code, why := q.fault(nil); code != "" {
		return nil, back(c, q, url.Values{"error": {code}, "error_description": {why}})
	}
	if c.BySession() != nil {
		if q.Prompt == "none" {
			return nil, back(c, q, url.Values{"error": {"login_required"}})
		}
		lead(c, identity.Trip{Next: identity.NextOAuth + q.words().Encode()}.Again())
		return nil, nil
	}
	if code, why := q.fault(c.Who.Scopes); code != "" {
		return nil, back(c, q, url.Values{"error": {code}, "error_description": {why}})
	}
	to, err := url.Parse(q.Redirect)
	if err != nil {
		return nil, err
	}
	allowForm(c, to)
	p, _ := f.Map().Principal(c.Who.Principal)
	return &page{Client: client.Name, Redirect: q.Redirect, Host: to.Host, Local: identity.Loopback(q.Redirect), User: p.Name,
		Scope: cmp.Or(q.Scope, identity.AllAPIs), Words: q.words(), Proof: f.proof(c.Who.Credential, q)}, nil
}

// proof ties a page to the session that it was shown to, and to all that it said.
func (f *Front) proof(session string, q *loginRequest) string {
	return identity.CSRFToken(f.FormKey, "authorize "+session+" "+q.words().Encode())
}

// back sends the browser to the program, which is told what is wrong, or the code. The answer names who gives it (RFC 9207), so that a program that
// knows several servers cannot be made to take one's answer for another's.
func back(c *api.Call, q *loginRequest, with url.Values) error {
	to, err := url.Parse(q.Redirect)
	if err != nil {
		return err
	}
	query := to.Query()
	for name, values := range with {
		query[name] = values
	}
	if q.State != "" {
		query.Set("state", q.State)
	}
	issuer := IssuerOf(c)
	if q.Account != "" {
		issuer += "/accounts/" + q.Account
	}
	query.Set("iss", issuer)
	to.RawQuery = query.Encode()
	lead(c, to.String())
	return nil
}

func lead(c *api.Call, to string) {
	c.SetHeader("Location", to)
	c.SetStatus(http.StatusSeeOther)
}

// code is what is kept of a code that was given out.
type code struct {
	Client, Redirect, Challenge, Session string
	Principal                            int64
	Scopes                               []string
	Offline                              bool
}

// letIn takes the person's answer, and gives the program a code.
func (f *Front) letIn(c *api.Call, q *loginRequest) (*page, error) {
	harden(c)
	client, err := f.client(q)
	if err != nil {
		return nil, err
	}
	if err := c.BySession(); err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(q.Proof), []byte(f.proof(c.Who.Credential, q))) {
		return nil, fail.New(fail.Unauthenticated, "this answer does not come from the page that this server has shown to you; begin again")
	}
	c.About(authz.WorkspaceObject)
	c.Note("clientId", client.ID)
	c.Note("redirect", q.Redirect)
	if fault, why := q.fault(c.Who.Scopes); fault != "" {
		return nil, fail.New(fail.Invalid, "%s", why)
	}
	if q.Answer != "allow" {
		c.Note("answer", "deny")
		return nil, back(c, q, url.Values{"error": {"access_denied"}, "error_description": {"the person did not let the program in"}})
	}
	c.Note("answer", "allow")
	value, err := f.giveCode(c, q)
	if err != nil {
		return nil, err
	}
	return nil, back(c, q, url.Values{"code": {value}})
}

func (f *Front) giveCode(c *api.Call, q *loginRequest) (value string, err error) {
	scopes, offline, err := identity.AskedScopes(q.Scope, c.Who.Scopes)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(code{q.Client, q.Redirect, q.Challenge, c.Who.Credential, c.Who.Principal, scopes, offline})
	if err != nil {
		return "", err
	}
	if value, err = identity.NewCode(rand.Reader); err != nil {
		return "", err
	}
	until := time.UnixMilli(c.Tx.Now).Add(identity.CodeLife)
	return value, c.Tx.PutCode(f.hash(value), store.Code{Body: string(body), Until: until.UnixMilli()})
}

func (f *Front) hash(value string) [32]byte { return identity.Hash(f.TokenKey, []byte(value)) }

// forCode gives tokens for the code that a program came back with. A code that comes again takes what it became with it (RFC 6749 4.1.2).
func (f *Front) forCode(c *api.Call, q *tokenRequest) (*tokenAnswer, error) {
	hash := f.hash(q.Code)
	kept, ok, err := c.Tx.Code(hash)
	if err != nil {
		return nil, err
	}
	var was code
	if !ok || json.Unmarshal([]byte(kept.Body), &was) != nil {
		return nil, errCode
	}
	if kept.Credential != "" {
		return f.reused(c, kept.Credential, "authorizationCodeReuse", errCode)
	}
	switch {
	case c.Now.UnixMilli() >= kept.Until:
		return nil, errCode
	case q.Client != was.Client || q.Redirect != was.Redirect:
		return nil, errGrant("the code was given to another client, or for another redirect_uri")
	case !identity.Proves(q.Verifier, was.Challenge):
		return nil, errGrant("code_verifier is not what code_challenge was made of")
	}
	cred, err := f.openGrant(c, &was)
	if err != nil {
		return nil, err
	}
	if first, err := c.Tx.UseCode(hash, cred.ID); err != nil || !first {
		return nil, cmp.Or(err, errCode)
	}
	a, err := f.sign(c, cred, was.Client, was.Scopes)
	if err != nil || !was.Offline {
		return a, err
	}
	return f.withRefresh(c, cred, was.Client, a)
}

var errCode = errGrant("Authorization code is invalid or expired")

// openGrant writes down that a person has let a program in, while the session that he did it with lasts.
func (f *Front) openGrant(c *api.Call, was *code) (*authz.Credential, error) {
	m := c.Tx.Map
	session, ok := m.CredentialByID(was.Session)
	if !ok || !session.Session || session.Principal != was.Principal {
		return nil, errCode
	}
	if _, _, stands := m.Standing(session, c.Now); !stands {
		return nil, errCode
	}
	life := time.Hour
	if was.Offline {
		life = identity.GrantLife
	}
	// What was opened with a token ends with it, the session as well as what the session lets in.
	cred, err := identity.OpenGrant(rand.Reader, time.UnixMilli(c.Tx.Now), authz.Credential{Principal: was.Principal, Kind: authz.Grant,
		Scopes: was.Scopes, Origin: session.Origin, By: session.By, Comment: f.nameOf(was.Client)}, life)
	if err != nil {
		return nil, err
	}
	events := append(identity.SurplusGrants(m, was.Principal, c.Now), authz.Event{Op: authz.PutCredential, Credential: &cred})
	return &cred, c.Tx.Govern(events...)
}

func (f *Front) nameOf(client string) string {
	for _, k := range f.Clients {
		if k.ID == client {
			return k.Name
		}
	}
	return client
}

// withRefresh adds a refresh token to an answer.
func (f *Front) withRefresh(c *api.Call, cred *authz.Credential, client string, a *tokenAnswer) (*tokenAnswer, error) {
	value, err := identity.NewRefresh(rand.Reader)
	if err != nil {
		return nil, err
	}
	a.Refresh, a.Scope = value, a.Scope+" "+identity.Offline
	return a, c.Tx.PutRefresh(f.hash(value), cred.ID, client)
}

// errRefresh is what Databricks' clients know an ended login by.
var errRefresh = errGrant("Refresh token is invalid")

// forRefresh gives new tokens for a refresh token, which counts once. One that comes again was stolen, from its holder or by him: nobody can say
// which, so the login ends for both (RFC 9700 4.14.2).
func (f *Front) forRefresh(c *api.Call, q *tokenRequest) (*tokenAnswer, error) {
	hash := f.hash(q.Refresh)
	kept, ok, err := c.Tx.Refresh(hash)
	if err != nil {
		return nil, err
	}
	cred, there := c.Tx.Map.CredentialByID(kept.Credential)
	if !ok || !there || cred.Kind != authz.Grant || q.Client != kept.Client {
		return nil, errRefresh
	}
	if kept.Used != 0 {
		return f.reused(c, cred.ID, "refreshTokenReuse", errRefresh)
	}
	p, known := c.Tx.Map.Principal(cred.Principal)
	held, _, stands := c.Tx.Map.Standing(cred, c.Now)
	if !known || !p.Active || !stands || c.Now.UnixMilli() >= kept.Made+identity.RefreshIdle.Milliseconds() {
		return nil, errRefresh
	}
	held, common := identity.Common(held, cred.Scopes)
	if !common {
		return nil, errRefresh
	}
	scopes, _, err := identity.AskedScopes(q.Scope, held)
	if err != nil {
		return nil, errScope(err)
	}
	if first, err := c.Tx.UseRefresh(hash); err != nil {
		return nil, err
	} else if !first {
		return f.reused(c, cred.ID, "refreshTokenReuse", errRefresh)
	}
	a, err := f.sign(c, cred, kept.Client, scopes)
	if err != nil {
		return nil, err
	}
	return f.withRefresh(c, cred, kept.Client, a)
}

// reused ends what something that came a second time had become. The answer is a refusal, and yet it is kept.
func (f *Front) reused(c *api.Call, credential, action string, refusal error) (*tokenAnswer, error) {
	cred, ok := c.Tx.Map.CredentialByID(credential)
	if !ok {
		return nil, refusal
	}
	if err := c.Tx.Govern(dropped(cred)); err != nil {
		return nil, err
	}
	c.Action(action)
	c.Note("credentialId", cred.ID)
	c.Who.Principal = cred.Principal
	c.SetStatus(http.StatusBadRequest)
	return &tokenAnswer{Error: "invalid_grant", Reason: strings.TrimSpace(refusal.Error())}, nil
}
