package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/issuer/issuertest"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

const subject = "repo:acme/churn:ref:refs/heads/main"

func withIssuer(c *server.Config) { c.OAuth.Allow = []string{"127.0.0.1"} }

func (w *world) exchange(client, token string) servertest.Answer {
	w.t.Helper()
	return w.form("/oidc/v1/token", "", "", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {client},
		"subject_token": {token}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"}, "scope": {"all-apis"}})
}

func (w *world) policies() string {
	return "/api/2.0/accounts/" + w.account + "/servicePrincipals/" + w.robotID + "/federationPolicies"
}

// trust makes a policy of the service principal.
func (w *world) trust(name string, rule object) servertest.Answer {
	w.t.Helper()
	return w.Do(servertest.AdminToken, "POST", w.policies()+"?policy_id="+name, object{"description": "ci", "oidc_policy": rule})
}

func TestExchange(t *testing.T) {
	w := begin(t, withIssuer)
	p := issuertest.Start(t)
	ci := func(claims object) string {
		all := object{"sub": subject, "aud": w.account, "roles": []string{"stage-approver"}}
		for k, v := range claims {
			all[k] = v
		}
		return p.Token(all)
	}
	refused(t, "before there is a policy", w.exchange(robot, ci(nil)), "invalid_grant", "no federation policy")
	if a := w.trust("github", object{"issuer": p.URL, "subject": subject}); a.Status != 200 || a.Text("service_principal_id") != w.robotID {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a := w.exchange(robot, ci(nil))
	if a.Status != 200 || a.Text("issued_token_type") != "urn:ietf:params:oauth:token-type:access_token" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	token := a.Text("access_token")
	if w.status(token) != 200 {
		t.Error("the token is not taken")
	}
	now := time.Now().Unix()
	for name, claims := range map[string]object{
		"its issuer": {"iss": p.URL + "/"}, "not for the audience": {"aud": "somebody"}, "its subject": {"sub": "repo:evil/churn"},
		"ended at": {"exp": now - 120}, "counts from": {"nbf": now + 600}, "has no end": {"exp": nil}, "in the future": {"iat": now + 600},
		"hours ago": {"iat": now - 100_000, "exp": now + 600}, "no text in the claim": {"sub": 7},
	} {
		if name == "its issuer" {
			refused(t, name, w.exchange(robot, ci(claims)), "invalid_grant", "no federation policy")
			continue
		}
		refused(t, name, w.exchange(robot, ci(claims)), "invalid_grant", name)
	}
	refused(t, "an unknown client", w.exchange("nobody", ci(nil)), "invalid_grant", "no federation policy")
	refused(t, "the account's, which has none", w.exchange("", ci(nil)), "invalid_grant", "no federation policy")
	// A policy that changes takes what it gave with it; so does one that goes.
	if a := w.Do(servertest.AdminToken, "PATCH", w.policies()+"/github?update_mask=oidc_policy.audiences",
		object{"oidc_policy": object{"audiences": []string{"bailiwick"}}}); a.Status != 200 || a.Text("oidc_policy.subject") != subject {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if w.status(token) != 401 {
		t.Error("a token outlives the policy as it was")
	}
	refused(t, "the old audience", w.exchange(robot, ci(nil)), "invalid_grant", "not for the audience")
	token = w.exchange(robot, ci(object{"aud": []string{"x", "bailiwick"}})).Text("access_token")
	if w.status(token) != 200 {
		t.Error("the new audience is not taken")
	}
	w.Admin("DELETE", w.policies()+"/github", nil)
	if w.status(token) != 401 {
		t.Error("a token outlives its policy")
	}
}

// TestExchangeHostile: only what the issuer's own keys have signed counts, and its keys are fetched from where servers may be called.
func TestExchangeHostile(t *testing.T) {
	w := begin(t, withIssuer)
	p := issuertest.Start(t)
	if a := w.trust("ci", object{"issuer": p.URL, "subject": subject}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	now := time.Now().Unix()
	claims := object{"iss": p.URL, "sub": subject, "aud": w.account, "iat": now, "exp": now + 300}
	old := p.Key()
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, _ := x509.MarshalPKIXPublicKey(&old.Key.(*ecdsa.PrivateKey).PublicKey)
	text, _ := json.Marshal(claims)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
	for name, token := range map[string]string{
		"alg none":                  none,
		"another key":               issuertest.Sign(jose.JSONWebKey{Key: other, KeyID: old.KeyID}, jose.ES256, claims),
		"HS256 with the public key": issuertest.Sign(jose.JSONWebKey{Key: public, KeyID: old.KeyID}, jose.HS256, claims),
		"no token":                  "e.e.e",
		"two parts":                 "e.e",
	} {
		if a := w.exchange(robot, token); a.Status != 400 || a.Text("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := w.exchange(robot, issuertest.Sign(old, jose.ES256, claims)); a.Status != 200 {
		t.Errorf("the issuer's: %d %s", a.Status, a.Body)
	}
	// The inline keys of a policy count alone.
	mine := jose.JSONWebKey{Key: other, KeyID: "mine", Algorithm: "ES256", Use: "sig"}
	set, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{mine.Public()}})
	inline := object{"issuer": "https://inline.example.com", "subject": subject, "jwks_json": string(set)}
	if a := w.trust("inline", inline); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	claims["iss"] = "https://inline.example.com"
	if a := w.exchange(robot, issuertest.Sign(mine, jose.ES256, claims)); a.Status != 200 {
		t.Errorf("inline keys: %d %s", a.Status, a.Body)
	}
	if a := w.exchange(robot, issuertest.Sign(old, jose.ES256, claims)); a.Status != 400 {
		t.Errorf("another issuer's key: %d %s", a.Status, a.Body)
	}
}

// TestKeysInside: the address of a policy's keys leads nowhere but to where issuers may be.
func TestKeysInside(t *testing.T) {
	var asked atomic.Int32
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(inside.Close)
	w := begin(t)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	now := time.Now().Unix()
	for name, rule := range map[string]object{
		"jwks": {"issuer": "https://ok.example.com", "subject": subject, "jwks_uri": inside.URL + "/keys"},
		"iss":  {"issuer": inside.URL, "subject": subject},
		"meta": {"issuer": "https://169.254.169.254", "subject": subject},
	} {
		if a := w.trust(name, rule); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		token := issuertest.Sign(jose.JSONWebKey{Key: key, KeyID: "k"}, jose.ES256,
			object{"iss": rule["issuer"], "sub": subject, "aud": w.account, "iat": now, "exp": now + 300})
		if a := w.exchange(robot, token); a.Status == 200 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d calls reached the inside", n)
	}
}

func TestAccountExchange(t *testing.T) {
	w := begin(t, withIssuer)
	p := issuertest.Start(t)
	all := "/api/2.0/accounts/" + w.account + "/federationPolicies"
	for name, tt := range map[string]struct {
		as, path string
		rule     object
		status   int
		words    string
	}{
		"by nobody special":      {w.bob, all, object{"issuer": p.URL}, 403, "manage-identities"},
		"with a subject":         {servertest.AdminToken, all, object{"issuer": p.URL, "subject": "x"}, 400, "oidc_policy.subject"},
		"a principal's, without": {servertest.AdminToken, w.policies(), object{"issuer": p.URL}, 400, "oidc_policy.subject"},
		"no address":             {servertest.AdminToken, all, object{"issuer": "acme"}, 400, "issuer"},
		"another account":        {servertest.AdminToken, "/api/2.0/accounts/0000/federationPolicies", object{"issuer": p.URL}, 404, "does not exist"},
		"two kinds of keys":      {servertest.AdminToken, all, object{"issuer": p.URL, "jwks_uri": p.URL, "jwks_json": "{}"}, 400, "not both"},
	} {
		if a := w.Do(tt.as, "POST", tt.path, object{"oidc_policy": tt.rule}); a.Status != tt.status || !strings.Contains(string(a.Body), tt.words) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	w.Admin("POST", all+"?policy_id=sso", object{"oidc_policy": object{"issuer": p.URL, "subject_claim": "email"}})
	a := w.exchange("", p.Token(object{"sub": "1", "email": "mia@example.com", "aud": w.account}))
	if me := w.Do(a.Text("access_token"), "GET", scim+"/Me", nil); me.Text("userName") != "mia@example.com" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	refused(t, "nobody's name", w.exchange("", p.Token(object{"sub": "1", "email": "zoe@example.com", "aud": w.account})), "invalid_grant", "nobody active")
	refused(t, "a group's name", w.exchange("", p.Token(object{"sub": "1", "email": "admins", "aud": w.account})), "invalid_grant", "nobody active")
	for _, name := range []string{"a", "b", "c"} {
		w.Admin("POST", all+"?policy_id="+name, object{"oidc_policy": object{"issuer": p.URL}})
	}
	if a := w.Do(servertest.AdminToken, "POST", all+"?policy_id=a", object{"oidc_policy": object{"issuer": p.URL}}); a.Status != 400 {
		t.Errorf("a name twice: %d %s", a.Status, a.Body)
	}
	first := w.Admin("GET", all+"?page_size=3", nil)
	second := w.Admin("GET", all+"?page_size=3&page_token="+first.Text("next_page_token"), nil)
	if len(first.JSON("policies").([]any)) != 3 || second.Text("policies.0.policy_id") != "sso" || second.Text("next_page_token") != "" {
		t.Errorf("pages: %s %s", first.Body, second.Body)
	}
	for i := range 16 {
		w.Admin("POST", all, object{"oidc_policy": object{"issuer": p.URL, "audiences": []string{strings.Repeat("x", i+1)}}})
	}
	if a := w.Do(servertest.AdminToken, "POST", all, object{"oidc_policy": object{"issuer": p.URL}}); a.Text("error_code") != "QUOTA_EXCEEDED" {
		t.Errorf("the 21st: %d %s", a.Status, a.Body)
	}
}
