package issuer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/fail"
	"bailiwick/issuer"
	"bailiwick/issuer/issuertest"
	"bailiwick/registry/webhook"
)

const redirect = "https://ml.example.org/login/oidc/test/callback"

// clock is a time that the test moves.
type clock struct{ ahead time.Duration }

func (c *clock) now() time.Time { return time.Now().Add(c.ahead) }

func client(t *testing.T, p *issuertest.Provider, allow ...string) (*issuer.Client, *clock) {
	t.Helper()
	a, err := webhook.ParseAllow(allow)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	p.Register(redirect)
	return issuer.New(p.Settings("test"), issuertest.Secret, a.As("oidc.allow"), "bailiwick/test", c.now), c
}

// signIn goes to the provider as a browser does, and gives what it comes back with.
func signIn(t *testing.T, c *issuer.Client) url.Values {
	t.Helper()
	to, err := c.AuthURL(context.Background(), redirect, "the-state", "the-nonce", "the-verifier-of-at-least-43-characters-000000")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(must(http.NewRequest("GET", to, nil)))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := res.Location()
	if err != nil || back.Query().Get("state") != "the-state" {
		t.Fatalf("%s: %v %v", res.Status, back, err)
	}
	return back.Query()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func redeem(c *issuer.Client, back url.Values) (map[string]any, error) {
	return c.Redeem(context.Background(), redirect, back.Get("iss"), back.Get("code"), "the-nonce", "the-verifier-of-at-least-43-characters-000000")
}

// A sign-in gives the claims, once; another verifier, nonce or issuer gives none.
func TestRedeem(t *testing.T) {
	p := issuertest.Start(t)
	c, _ := client(t, p, "127.0.0.1")
	p.SetClaims(map[string]any{"sub": "1", "groups": []string{"ml"}})
	back := signIn(t, c)
	claims, err := redeem(c, back)
	if err != nil || claims["sub"] != "1" {
		t.Fatalf("%v %v", claims, err)
	}
	if _, err := redeem(c, back); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("the code again: %v", err)
	}
	ctx, other := context.Background(), signIn(t, c)
	if _, err := c.Redeem(ctx, redirect, p.URL, other.Get("code"), "the-nonce", strings.Repeat("x", 43)); !fail.Is(err, fail.Denied) {
		t.Errorf("other verifier: %v", err)
	}
	verifier := "the-verifier-of-at-least-43-characters-000000"
	if _, err := c.Redeem(ctx, redirect, p.URL, signIn(t, c).Get("code"), "other", verifier); !fail.Is(err, fail.Denied) {
		t.Errorf("other nonce: %v", err)
	}
	if _, err := c.Redeem(ctx, redirect, "https://evil.example.org", signIn(t, c).Get("code"), "the-nonce", verifier); !fail.Is(err, fail.Denied) {
		t.Errorf("answer of another issuer: %v", err)
	}
	if _, err := c.Redeem(ctx, redirect+"/x", p.URL, signIn(t, c).Get("code"), "the-nonce", verifier); !fail.Is(err, fail.Denied) {
		t.Errorf("other address: %v", err)
	}
}

// TestHostileTokens: whatever a token endpoint gives, only what the provider has signed for this client, now, is taken.
func TestUserInfo(t *testing.T) {
	for _, signed := range []bool{false, true} {
		p := issuertest.Start(t)
		p.SetClaims(object{"sub": "1", "groups": []string{"a"}})
		p.SetUserInfo(object{"sub": "1", "preferred_username": "ann", "groups": []string{"boss"}, "roles": []string{"reader"}}, signed)
		c, _ := client(t, p, "127.0.0.1")
		claims, err := redeem(c, signIn(t, c))
		if err != nil || claims["preferred_username"] != "ann" || fmt.Sprint(claims["groups"], claims["roles"]) != "[a] [reader]" {
			t.Errorf("signed %v: %v %v", signed, claims, err)
		}
		p.SetUserInfo(object{"sub": "2", "preferred_username": "bob"}, signed)
		if _, err := redeem(c, signIn(t, c)); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), "somebody else") {
			t.Errorf("of another: %v", err)
		}
	}
	inside := issuertest.Start(t)
	inside.SetClaims(object{"sub": "1"})
	inside.Describe("userinfo_endpoint", "http://169.254.169.254/latest")
	c, _ := client(t, inside, "127.0.0.1")
	if _, err := c.AuthURL(context.Background(), redirect, "s", "n", "v"); !fail.Is(err, fail.Denied) {
		t.Errorf("an address inside: %v", err)
	}
}

func TestHostileTokens(t *testing.T) {
	p := issuertest.Start(t)
	c, _ := client(t, p, "127.0.0.1")
	stranger := jose.JSONWebKey{Key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), KeyID: p.Key().KeyID}
	own := p.Key()
	public := must(x509.MarshalPKIXPublicKey(own.Public().Key))
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(must(json.Marshal(v))) }
	change := func(key string, value any) func(map[string]any) string {
		return func(claims map[string]any) string {
			claims[key] = value
			return issuertest.Sign(p.Key(), jose.ES256, claims)
		}
	}
	now := time.Now().Unix()
	for name, sign := range map[string]func(map[string]any) string{
		"alg none": func(m map[string]any) string { return part(object{"alg": "none"}) + "." + part(m) + "." },
		"HS256 with the public key": func(m map[string]any) string {
			return issuertest.Sign(jose.JSONWebKey{Key: public, KeyID: p.Key().KeyID}, jose.HS256, m)
		},
		"another's key":         func(m map[string]any) string { return issuertest.Sign(stranger, jose.ES256, m) },
		"a key that it brings":  func(m map[string]any) string { return embedded(stranger, m) },
		"no signature":          func(m map[string]any) string { return part(object{"alg": "ES256"}) + "." + part(m) + "." },
		"changed after signing": func(m map[string]any) string { return forged(p.Token(m), part(object{"sub": "2"})) },
		"other audience":        change("aud", "other"),
		"given to another":      change("azp", "other"),
		"other issuer":          change("iss", "https://evil.example.org"),
		"not yet":               change("nbf", now+3600),
		"ended":                 change("exp", now-3600),
		"other nonce":           change("nonce", "x"),
		"no token":              func(map[string]any) string { return "" },
		"not a token":           func(map[string]any) string { return "a.b.c" },
		"large":                 func(map[string]any) string { return strings.Repeat("a", 300<<10) },
	} {
		p.SetClaims(map[string]any{"sub": "1"})
		p.SetSign(sign)
		if claims, err := redeem(c, signIn(t, c)); !fail.Is(err, fail.Denied) {
			t.Errorf("%s: %v %v", name, claims, err)
		}
	}
}

type object = map[string]any

// embedded signs with a key that the token itself carries.
func embedded(key jose.JSONWebKey, claims map[string]any) string {
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key.Key}, &jose.SignerOptions{EmbedJWK: true}))
	return must(must(signer.Sign(must(json.Marshal(claims)))).CompactSerialize())
}

func forged(token, payload string) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + payload + "." + parts[2]
}

// A new key counts without a restart, the old one does not for long, and names of keys that nobody has are no way to make us ask all the time.
func TestRotation(t *testing.T) {
	p := issuertest.Start(t)
	c, clock := client(t, p, "127.0.0.1")
	verify := func(token string) error {
		_, err := c.Verify(context.Background(), token)
		return err
	}
	old := p.Token(object{"sub": "1"})
	if err := verify(old); err != nil {
		t.Fatal(err)
	}
	p.Rotate()
	fresh := p.Token(object{"sub": "1"})
	if err := verify(fresh); err != nil {
		t.Errorf("at once: %v", err)
	}
	if err := verify(old); !fail.Is(err, fail.Denied) {
		t.Errorf("old key: %v", err)
	}
	before := p.Fetched()
	for range 20 {
		key := jose.JSONWebKey{Key: p.Key().Key, KeyID: rand.Text()}
		if err := verify(issuertest.Sign(key, jose.ES256, object{"sub": "1"})); !fail.Is(err, fail.Denied) {
			t.Error(err)
		}
	}
	if n := p.Fetched() - before; n != 1 { // three of the four were for the first keys, the new ones, and the old one
		t.Errorf("%d questions for keys", n)
	}
	if p.Rotate(); verify(fresh) != nil {
		t.Error("keys are asked for with each token")
	}
	newest := p.Token(object{"sub": "1"})
	if err := verify(newest); !fail.Is(err, fail.Denied) {
		t.Errorf("within the pause: %v", err)
	}
	clock.ahead += time.Minute
	if err := verify(newest); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	clock.ahead += time.Hour
	if err := verify(fresh); !fail.Is(err, fail.Denied) {
		t.Errorf("a key that was taken back an hour ago: %v", err)
	}
}

// What a provider says of itself leads nowhere that may not be called, and nothing of it is endless.
func TestAddresses(t *testing.T) {
	ctx := context.Background()
	p := issuertest.Start(t)
	closed, _ := client(t, p)
	if _, err := closed.AuthURL(ctx, redirect, "s", "n", "v"); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), "oidc.allow") {
		t.Errorf("http: %v", err)
	}
	for key, address := range map[string]string{
		"jwks_uri": "http://169.254.169.254/latest", "token_endpoint": "http://10.0.0.1/token", "authorization_endpoint": "javascript:alert(1)",
	} {
		inside := issuertest.Start(t)
		inside.Describe(key, address)
		c, _ := client(t, inside, "127.0.0.1")
		if _, err := c.AuthURL(ctx, redirect, "s", "n", "v"); !fail.Is(err, fail.Denied) {
			t.Errorf("%s %s: %v", key, address, err)
		}
	}
	keys := issuertest.Start(t)
	keys.Describe("jwks_uri", "https://10.0.0.1/keys")
	c, _ := client(t, keys, "127.0.0.1")
	if _, err := c.Verify(ctx, keys.Token(object{"sub": "1"})); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), "private address") {
		t.Errorf("keys inside: %v", err)
	}
	other := issuertest.Start(t)
	other.Describe("issuer", "https://evil.example.org")
	c, _ = client(t, other, "127.0.0.1")
	if _, err := c.AuthURL(ctx, redirect, "s", "n", "v"); !fail.Is(err, fail.Unavailable) {
		t.Errorf("another issuer's document: %v", err)
	}
	large := issuertest.Start(t)
	large.Describe("x", strings.Repeat("x", 2<<20))
	c, _ = client(t, large, "127.0.0.1")
	if _, err := c.AuthURL(ctx, redirect, "s", "n", "v"); !fail.Is(err, fail.Unavailable) {
		t.Errorf("large: %v", err)
	}
	named := issuertest.Start(t)
	named.Describe("authorization_response_iss_parameter_supported", true)
	c, _ = client(t, named, "127.0.0.1")
	back := signIn(t, c)
	back.Del("iss")
	if _, err := redeem(c, back); !fail.Is(err, fail.Denied) {
		t.Errorf("an answer without iss: %v", err)
	}
}
