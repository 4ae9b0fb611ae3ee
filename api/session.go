package api

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// The cookies of a browser's session. The prefix makes browsers refuse a cookie that did not come from this host over TLS.
const (
	sessionCookie = "bailiwick_session"
	hostPrefix    = "__Host-"
	// csrfCookie carries the session's CSRF token to MLflow's own pages, which send what such a cookie holds as the header it names.
	csrfCookie   = headerCookie + csrfHeader
	csrfHeader   = "X-CSRF-Token"
	headerCookie = "mlflow-request-header-"
)

// SetSession gives the browser its session: the cookie that proves it, which no script can read, and the CSRF token for MLflow's own pages.
func (c *Call) SetSession(value string, session *authz.Credential) {
	proof := c.cookie(sessionCookie, value)
	proof.HttpOnly = true
	c.setCookie(proof)
	c.setCookie(c.cookie(csrfCookie, c.CSRFToken(session.ID)))
}

// OpenSession opens a session for who has proved himself, and gives the browser its cookies: the session that the browser held before ends. before
// are the changes that come first, in the same step. The call goes on as the session's.
func (c *Call) OpenSession(in identity.SignIn, before ...authz.Event) (*authz.Credential, error) {
	now := time.UnixMilli(c.Tx.Now)
	in.Replaces, in.Agent = c.HeldSession(), c.Header("User-Agent")
	value, session, err := identity.OpenSession(rand.Reader, c.door.Store.Key("tokens"), now, in)
	if err != nil {
		return nil, err
	}
	events := slices.Concat(before, identity.Surplus(c.Tx.Map, in, now), identity.Reclaimed(c.Tx.Map, in), []authz.Event{{Op: authz.PutCredential, Credential: &session}})
	if err := c.Tx.Govern(events...); err != nil {
		return nil, err
	}
	c.Who = authz.Who{Principal: in.Principal, Credential: session.ID, Scopes: session.Scopes, Expires: session.Expires, Method: authz.MethodSession,
		SignedIn: now, Source: c.Source(), By: session.By}
	c.About(authz.WorkspaceObject)
	c.Note("sessionId", session.ID)
	c.SetSession(value, &session)
	return &session, nil
}

// SetPassing gives the browser a cookie for a short while: for a sign-in under way, or for what the next page says. shown lets scripts read it.
// An empty value takes it away.
func (c *Call) SetPassing(name, value string, life time.Duration, shown bool) {
	k := c.cookie(name, value)
	k.HttpOnly, k.MaxAge = !shown, int(life.Seconds())
	if value == "" {
		k.MaxAge = -1
	}
	if shown {
		k.Name = name // scripts look for it by its name
	}
	c.setCookie(k)
}

// Passing gives what the browser brings back of SetPassing; empty = nothing.
func (c *Call) Passing(name string) string {
	k, err := c.request.Cookie(c.cookie(name, "").Name)
	if err != nil {
		return ""
	}
	return k.Value
}

// HeldSession gives the session that the browser holds, whoever's it is; nil for none. It proves nothing: it is for a sign-in that takes its place.
func (c *Call) HeldSession() *authz.Credential {
	hash := identity.Hash(c.door.Store.Key("tokens"), []byte(c.sessionValue()))
	cred, ok := c.Tx.Map.Credential(hash[:])
	if !ok || !cred.Session {
		return nil
	}
	return cred
}

// EndSession takes the browser's cookies away.
func (c *Call) EndSession() {
	for _, name := range []string{sessionCookie, csrfCookie} {
		gone := c.cookie(name, "")
		gone.MaxAge = -1
		c.setCookie(gone)
	}
}

// CSRFToken is what pages send with each change in the header X-CSRF-Token.
func (c *Call) CSRFToken(session string) string {
	return identity.CSRFToken(c.door.Store.Key("csrf"), session)
}

func (c *Call) setCookie(k *http.Cookie) { c.header.Add("Set-Cookie", k.String()) }

// cookie is one of ours: for this host and all paths, not sent along with what other sites load, ended with the browser.
func (c *Call) cookie(name, value string) *http.Cookie {
	k := &http.Cookie{Name: name, Value: value, Path: "/", SameSite: http.SameSiteLaxMode, Secure: c.secure()}
	if k.Secure && !strings.HasPrefix(name, headerCookie) {
		k.Name = hostPrefix + name
	}
	return k
}

func (c *Call) secure() bool { return strings.HasPrefix(c.BaseURL(), "https://") }

// SessionIn says whether a request comes with something like the cookie of a session, good or not.
func SessionIn(r *http.Request) bool {
	return slices.ContainsFunc(r.Cookies(), func(k *http.Cookie) bool {
		return strings.TrimPrefix(k.Name, hostPrefix) == sessionCookie && k.Value != ""
	})
}

// sessionValue is what the session's cookie holds, under the one name that this server gives it: over TLS a cookie without the prefix may have
// been set by another host of the domain, with a session of somebody else.
func (c *Call) sessionValue() string {
	k, err := c.request.Cookie(c.cookie(sessionCookie, "").Name)
	if err != nil {
		return ""
	}
	return k.Value
}

// headerFromCookie says that MLflow's pages took the Authorization header from a cookie. Other hosts of the domain can set that one, and would have
// whoever is signed in here work in somebody else's name.
func (c *Call) headerFromCookie() bool {
	return slices.ContainsFunc(c.request.Cookies(), func(k *http.Cookie) bool { return strings.EqualFold(k.Name, headerCookie+"Authorization") })
}

// BySession finds out on an open route who calls, from the cookie of a session. It does not ask for the session's CSRF token: what the route
// changes has to have a proof of its own.
func (c *Call) BySession() error {
	if c.Tx != nil {
		_, err := c.sessionOwner(c.Tx.Map)
		return err
	}
	_, err := c.sessionOwner(c.door.Store.Map())
	if err == nil || c.sessionValue() == "" {
		return err
	}
	newer, ferr := c.door.Store.Refresh(c.request.Context())
	if ferr != nil || !newer {
		return cmp.Or(ferr, err)
	}
	_, err = c.sessionOwner(c.door.Store.Map())
	return err
}

// session finds out who calls from the cookie of a session, and asks for its CSRF token with each change.
func (c *Call) session(m *authz.Map) error {
	cred, err := c.sessionOwner(m)
	if err != nil {
		return err
	}
	if !c.safe() && !c.provenOwn(cred.ID) {
		c.Who = authz.Who{}
		return fail.New(fail.Denied, "a browser's session needs its CSRF token in the header %s with each change; reload the page", csrfHeader).
			WithCode("CSRF_TOKEN_INVALID")
	}
	return nil
}

// sessionOwner finds out whose session the cookie proves. Where another site made the browser send it, it proves nothing.
func (c *Call) sessionOwner(m *authz.Map) (*authz.Credential, error) {
	if foreign(c.request) {
		return nil, fail.New(fail.Unauthenticated, "a session counts for this server's own pages only, and the browser says that another site asks")
	}
	hash := identity.Hash(c.door.Store.Key("tokens"), []byte(c.sessionValue()))
	cred, ok := m.Credential(hash[:])
	if !ok || !cred.Session {
		return nil, errEnded
	}
	who, err := c.whoOf(m, cred)
	if err != nil {
		return nil, errEnded
	}
	c.Who = who
	return cred, nil
}

var errEnded = fail.New(fail.Unauthenticated, "This session has ended: it expired, was signed out, or its user is not active. Sign in again.")

// foreign says that the browser tells of a request which another site caused, other than by leading the person here.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Method != http.MethodGet
}

// foreignBasic is foreign for credentials that a browser keeps after it was asked for them and sends by itself, to whoever makes it ask. Browsers
// that do not tell of the site tell at least of the page where a change comes from.
func (c *Call) foreignBasic() bool {
	r := c.request
	if r.Header.Get("Sec-Fetch-Site") != "" {
		return foreign(r)
	}
	origin := r.Header.Get("Origin")
	return origin != "" && !slices.Contains([]string{c.BaseURL(), "http://" + r.Host, "https://" + r.Host}, origin)
}

// safe says that the request's method changes nothing.
func (c *Call) safe() bool {
	return c.request.Method == http.MethodGet || c.request.Method == http.MethodHead
}

func (c *Call) provenOwn(session string) bool {
	return subtle.ConstantTimeCompare([]byte(c.request.Header.Get(csrfHeader)), []byte(c.CSRFToken(session))) == 1
}
