// Package issuer talks to OpenID providers: it reads what they say of themselves, sends people to them, fetches what they say of a person, and
// checks that they said it. What the claims mean is package identity's.
package issuer

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/outward"
	"bailiwick/registry/webhook"
)

const (
	// callTime is how long a provider may take for an answer, maxAnswer and maxHeader how large it may be.
	callTime  = 10 * time.Second
	maxAnswer = 1 << 20
	maxHeader = 32 << 10
	// describedFor is how long what a provider says of itself counts; a failed try is repeated after patience.
	describedFor = time.Hour
	patience     = 5 * time.Second
)

// Client is one provider, as this server is its client. It is safe for use by many at once.
type Client struct {
	Provider identity.Provider

	secret string
	// keysAt is where the keys are, where the discovery document is not asked for it.
	keysAt string
	// foreign marks an issuer whose keys alone are needed: nobody is sent to it, and it gives no tokens to us.
	foreign bool
	allow   *webhook.Allow
	http    *http.Client
	now     func() time.Time
	keys    keys

	mu    sync.Mutex
	about *metadata
	tried time.Time
	fault error
}

// metadata is what a provider says of itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207), as far as it is needed here.
type metadata struct {
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	Keys        string   `json:"jwks_uri"`
	UserInfo    string   `json:"userinfo_endpoint"` // empty: it has none
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"`

	read time.Time
}

// New makes the client of a provider. The secret is empty for a public client; allow is what may be called beside public addresses; product is
// the User-Agent; now is the clock, nil = the system's.
func New(p identity.Provider, secret string, allow *webhook.Allow, product string, now func() time.Time) *Client {
	if now == nil {
		now = time.Now
	}
	transport := &http.Transport{
		DialContext: outward.Dial(allow, nil), TLSHandshakeTimeout: outward.ConnectTime, MaxResponseHeaderBytes: maxHeader,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, MaxIdleConns: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	return &Client{Provider: p, secret: secret, allow: allow, now: now, http: &http.Client{
		Transport: bounded{transport, allow, product}, Timeout: callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// bounded takes so much of an answer and no more, and calls only addresses that may be called.
type bounded struct {
	next    http.RoundTripper
	allow   *webhook.Allow
	product string
}

// RoundTrip sends one request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkAddress(r.URL, b.allow); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", b.product)
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	}
	return res, err
}

// checkAddress refuses what is not https; http is for a provider on this machine that an administrator has allowed.
func checkAddress(u *url.URL, allow *webhook.Allow) error {
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	here := host == "localhost" || err == nil && ip.IsLoopback()
	switch {
	case host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return fail.New(fail.Denied, "%s is no https address", u.Redacted())
	case u.Scheme == "http" && !(here && allow.Plaintext(host)):
		return fail.New(fail.Denied, "%s is no https address; http is for this machine only, where oidc.allow names it", u.Redacted())
	}
	return nil
}

// AuthURL is where a person is sent to sign in. redirect is our address that he comes back to; state, nonce and verifier (PKCE) are this
// sign-in's own. Errors: fail.Unavailable while the provider does not answer, fail.Denied where it may not be called.
func (c *Client) AuthURL(ctx context.Context, redirect, state, nonce, verifier string) (string, error) {
	about, err := c.metadata(ctx)
	if err != nil {
		return "", err
	}
	return c.oauth(about, redirect).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Redeem fetches the token for the code that a person came back with, and gives its claims, which are checked. from is the issuer that the
// address he came back by has (RFC 9207), empty = none. Errors: fail.Denied for what is not right, fail.Unavailable as in AuthURL.
func (c *Client) Redeem(ctx context.Context, redirect, from, code, nonce, verifier string) (map[string]any, error) {
	about, err := c.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if from != "" && from != c.Provider.Issuer || from == "" && about.NamesItself {
		return nil, fail.New(fail.Denied, "the answer is not from %s but from another issuer (%.200s)", c.Provider.Shown(), cmp.Or(from, "none named"))
	}
	token, err := c.oauth(about, redirect).Exchange(c.context(ctx), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, c.told(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, fail.New(fail.Denied, "%s gave no ID token; the scope openid may be missing from this client there", c.Provider.Shown())
	}
	claims, err := c.Verify(ctx, raw)
	if err == nil {
		err = c.Provider.CheckIDToken(claims, nonce, c.now())
	}
	if err != nil || about.UserInfo == "" || !c.Provider.AsksUserInfo(claims) {
		return claims, err
	}
	info, err := c.userInfo(ctx, about.UserInfo, token)
	if err != nil {
		return nil, err
	}
	return c.Provider.AddUserInfo(claims, info)
}

// userInfo asks what the provider says of the person beside the token (OpenID Connect Core 5.3), plain or signed.
func (c *Client) userInfo(ctx context.Context, address string, token *oauth2.Token) (info map[string]any, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, c.unreached(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	req.Header.Set("Accept", "application/json, application/jwt")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New("user info: " + res.Status)
	}
	if err != nil {
		return nil, c.unreached(err)
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "application/jwt" {
		return c.Verify(ctx, strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, &info); err != nil {
		return nil, c.unreached(err)
	}
	return info, nil
}

// told says what the provider answered instead of a token.
func (c *Client) told(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fail.New(fail.Denied, "%s does not take the code: %.200s", c.Provider.Shown(),
			clean(cmp.Or(strings.TrimSpace(refused.ErrorCode+" "+refused.ErrorDescription), "status "+refused.Response.Status)))
	}
	return c.unreached(err)
}

// unreached says why there was no answer that could be read.
func (c *Client) unreached(err error) error {
	var f *fail.Error
	if errors.As(err, &f) {
		return f
	}
	why := "does not answer as an OpenID provider does"
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		why = "does not answer in time"
	}
	e := fail.New(fail.Unavailable, "%s %s; the server's log says more", c.Provider.Shown(), why)
	e.Cause = err
	return e
}

func (c *Client) context(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

func (c *Client) oauth(about *metadata, redirect string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	methods := about.AuthMethods
	if c.secret != "" && (len(methods) == 0 || slices.Contains(methods, "client_secret_basic")) {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{ClientID: c.Provider.ClientID, ClientSecret: c.secret, RedirectURL: redirect, Scopes: c.Provider.AskedScopes(),
		Endpoint: oauth2.Endpoint{AuthURL: about.Authorize, TokenURL: about.Token, AuthStyle: style}}
}

// metadata gives what the provider says of itself, asked anew from time to time; while it does not answer, what it said last.
func (c *Client) metadata(ctx context.Context) (*metadata, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	fresh := c.about != nil && now.Sub(c.about.read) < describedFor
	if fresh || now.Sub(c.tried) < patience {
		return c.about, c.unless(fresh)
	}
	c.tried = now
	// One person's patience is not everybody's: whoever waits gets the same answer.
	about, err := c.discover(context.WithoutCancel(ctx))
	if c.fault = err; err == nil {
		c.about = about
	}
	return c.about, c.unless(c.about != nil)
}

// unless gives the last failure where there is nothing else to give.
func (c *Client) unless(known bool) error {
	if known || c.about != nil {
		return nil
	}
	return c.fault
}

func (c *Client) discover(ctx context.Context) (*metadata, error) {
	if c.keysAt != "" {
		return &metadata{Keys: c.keysAt, read: c.now()}, nil
	}
	p, err := oidc.NewProvider(c.context(ctx), c.Provider.Issuer)
	if err != nil {
		return nil, c.unreached(err)
	}
	about := &metadata{read: c.now()}
	if err := p.Claims(about); err != nil {
		return nil, c.unreached(err)
	}
	needed := []string{about.Authorize, about.Token, about.Keys}
	if c.foreign {
		needed = []string{about.Keys}
	} else if about.UserInfo != "" {
		needed = append(needed, about.UserInfo)
	}
	for _, address := range needed {
		u, err := url.Parse(address)
		if err == nil {
			err = checkAddress(u, c.allow)
		}
		if err != nil {
			return nil, fail.New(fail.Denied, "%s describes itself by an address that is not taken: %v", c.Provider.Shown(), err)
		}
	}
	return about, nil
}

// clean keeps what a provider said on one line of what can be seen.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
