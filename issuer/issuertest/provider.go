// Package issuertest is an OpenID provider for tests: it signs everybody in as who the test says, and lies where the test asks for it.
package issuertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/identity"
)

// ClientID and Secret are what the provider knows its one client by, Redirects the addresses that it is registered with.
const (
	ClientID = "bailiwick"
	Secret   = "s3cret-of-the-client"
)

// Provider is one that runs.
type Provider struct {
	URL string

	mu sync.Mutex
	// Claims are those of whoever signs in next, beside those that the protocol gives; nil takes one of these away.
	claims map[string]any
	// sign makes the token of claims; nil = with the provider's key.
	sign func(claims map[string]any) string
	// info is what the user-info endpoint says, nil = there is none; infoSigned says that it signs it.
	info       map[string]any
	infoSigned bool
	document   map[string]any
	keys       []jose.JSONWebKey
	redirects  []string
	codes      map[string]asked
	fetched    int
	server     *httptest.Server
}

// asked is a sign-in that waits for its code to be redeemed.
type asked struct{ nonce, challenge, redirect string }

// Start starts a provider on loopback, which ends with the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{codes: map[string]asked{}, claims: map[string]any{}, document: map[string]any{}}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"/.well-known/openid-configuration": p.discovery, "/keys": p.publish, "/authorize": p.authorize, "/token": p.token,
		"/userinfo": p.userInfo,
	} {
		mux.HandleFunc(path, serve)
	}
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	p.Rotate()
	return p
}

// Settings are those of a client of the provider.
func (p *Provider) Settings(name string) identity.Provider {
	return identity.Provider{Name: name, Title: "Test " + name, Issuer: p.URL, ClientID: ClientID, Create: true, Link: true}
}

// SetUserInfo gives the provider a user-info endpoint that says this, signed or not.
func (p *Provider) SetUserInfo(info map[string]any, signed bool) {
	p.locked(func() {
		p.info, p.infoSigned = info, signed
		p.document["userinfo_endpoint"] = p.URL + "/userinfo"
	})
}

// userInfo answers whoever has the access token that every sign-in gives.
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	var info map[string]any
	var signed bool
	p.locked(func() { info, signed = p.info, p.infoSigned })
	switch {
	case r.Header.Get("Authorization") != "Bearer a":
		w.WriteHeader(http.StatusUnauthorized)
	case signed:
		w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
		fmt.Fprint(w, p.Token(info))
	default:
		answer(w, info)
	}
}

// SetClaims says who signs in from now on.
func (p *Provider) SetClaims(claims map[string]any) { p.locked(func() { p.claims = claims }) }

// SetSign has tokens made otherwise; nil = with the provider's key.
func (p *Provider) SetSign(sign func(map[string]any) string) { p.locked(func() { p.sign = sign }) }

// Describe changes what the provider says of itself.
func (p *Provider) Describe(key string, value any) { p.locked(func() { p.document[key] = value }) }

// Register names an address that people are sent back to.
func (p *Provider) Register(redirect string) {
	p.locked(func() { p.redirects = append(p.redirects, redirect) })
}

// Fetched says how often the keys were asked for.
func (p *Provider) Fetched() (n int) {
	p.locked(func() { n = p.fetched })
	return n
}

func (p *Provider) locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// Rotate makes a new key, and forgets the old one.
func (p *Provider) Rotate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	p.locked(func() {
		p.keys = []jose.JSONWebKey{{Key: key, KeyID: rand.Text(), Algorithm: "ES256", Use: "sig"}}
	})
}

// Key gives the key that signs now.
func (p *Provider) Key() (key jose.JSONWebKey) {
	p.locked(func() { key = p.keys[0] })
	return key
}

// Sign signs claims with a key.
func Sign(key jose.JSONWebKey, alg jose.SignatureAlgorithm, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	token, err := signer.Sign(text)
	if err != nil {
		panic(err)
	}
	raw, err := token.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return raw
}

// Token signs claims with the provider's key, completed by what every token has.
func (p *Provider) Token(claims map[string]any) string {
	return Sign(p.Key(), jose.ES256, p.complete(claims))
}

func (p *Provider) complete(claims map[string]any) map[string]any {
	now := time.Now().Unix()
	all := map[string]any{"iss": p.URL, "aud": ClientID, "iat": now, "exp": now + 300}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}}
	p.locked(func() { maps.Copy(document, p.document) })
	answer(w, document)
}

func (p *Provider) publish(w http.ResponseWriter, _ *http.Request) {
	var set jose.JSONWebKeySet
	p.locked(func() {
		p.fetched++
		for _, key := range p.keys {
			set.Keys = append(set.Keys, key.Public())
		}
	})
	answer(w, set)
}

// authorize signs whoever comes in, and sends him back with a code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	redirect, code := q.Get("redirect_uri"), rand.Text()
	known := false
	p.locked(func() {
		for _, one := range p.redirects {
			known = known || one == redirect
		}
		p.codes[code] = asked{q.Get("nonce"), q.Get("code_challenge"), redirect}
	})
	if !known || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != ClientID {
		http.Error(w, "unregistered redirect_uri, or no PKCE", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, redirect+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode(), http.StatusSeeOther)
}

// token redeems a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	var was asked
	var claims map[string]any
	var sign func(map[string]any) string
	p.locked(func() {
		code := r.FormValue("code")
		was, claims, sign = p.codes[code], maps.Clone(p.claims), p.sign
		delete(p.codes, code)
	})
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	good := basic && id == ClientID && secret == Secret && was.redirect != "" && was.redirect == r.FormValue("redirect_uri") &&
		base64.RawURLEncoding.EncodeToString(sum[:]) == was.challenge
	if !good {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	all := p.complete(map[string]any{"nonce": was.nonce})
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	raw := ""
	if sign != nil {
		raw = sign(all)
	} else {
		raw = Sign(p.Key(), jose.ES256, all)
	}
	answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": raw})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // the client of a test that ended is gone
}
