package oauth_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/issuer/issuertest"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

const ruleSets = "/api/2.0/preview/accounts/access-control/rule-sets"

func (w *world) ruleSet() string {
	return "accounts/" + w.account + "/servicePrincipals/" + robot + "/ruleSets/default"
}

// let puts the rules of the service principal.
func (w *world) let(as, etag string, rules ...object) servertest.Answer {
	w.t.Helper()
	return w.Do(as, "PUT", ruleSets, object{"name": w.ruleSet(), "rule_set": object{"name": w.ruleSet(), "etag": etag, "grant_rules": rules}})
}

func (w *world) etag(as string) string {
	w.t.Helper()
	return w.Do(as, "GET", ruleSets+"?etag=&name="+url.QueryEscape(w.ruleSet()), nil).Text("etag")
}

// TestManagers: administrators and managers make secrets and policies of a service principal; users of it, and others, do not.
func TestManagers(t *testing.T) {
	w := begin(t)
	secrets := "/api/2.0/accounts/servicePrincipals/" + w.robotID + "/credentials/secrets"
	may := func(as string) int { return w.Do(as, "GET", secrets, nil).Status }
	if may(w.mia) != 403 || may(w.bob) != 403 || may(servertest.AdminToken) != 200 {
		t.Error("before there are managers")
	}
	etag := w.etag(servertest.AdminToken)
	manager := object{"role": "roles/servicePrincipal.manager", "principals": []string{"users/mia@example.com"}}
	user := object{"role": "roles/servicePrincipal.user", "principals": []string{"users/bob@example.com"}}
	if a := w.let(w.mia, etag, manager); a.Status != 403 {
		t.Errorf("a stranger names himself: %d %s", a.Status, a.Body)
	}
	if a := w.let(servertest.AdminToken, etag, manager, user); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := w.let(servertest.AdminToken, etag, manager); a.Status != 409 {
		t.Errorf("an old etag: %d %s", a.Status, a.Body)
	}
	if may(w.mia) != 200 || may(w.bob) != 403 {
		t.Error("a manager may not, or a user may")
	}
	if a := w.Do(w.bob, "GET", ruleSets+"?name="+url.QueryEscape(w.ruleSet()), nil); a.Status != 403 {
		t.Errorf("a user reads the rules: %d", a.Status)
	}
	value, _ := w.secret(w.mia, object{"lifetime": "3600s"})
	token := w.access(value, "")
	if a := w.Do(w.mia, "POST", w.policies(), object{"oidc_policy": object{"issuer": "https://x.example.com", "subject": "s"}}); a.Status != 200 {
		t.Errorf("a manager's policy: %d %s", a.Status, a.Body)
	}
	for name, body := range map[string]object{"too long": {"lifetime": "63072001s"}, "nothing": {"lifetime": "0s"}, "words": {"lifetime": "long"}} {
		if a := w.Do(w.mia, "POST", secrets, body); a.Status != 400 || !strings.Contains(string(a.Body), "lifetime") {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	for range 4 {
		w.secret(w.mia, object{})
	}
	if a := w.Do(w.mia, "POST", secrets, object{}); a.Text("error_code") != "QUOTA_EXCEEDED" {
		t.Errorf("the sixth: %d %s", a.Status, a.Body)
	}
	if a := w.let(w.mia, w.etag(w.mia), object{"role": "roles/root", "principals": []string{}}); a.Status != 400 {
		t.Errorf("an unknown role: %d %s", a.Status, a.Body)
	}
	if a := w.let(w.mia, w.etag(w.mia), object{"role": "roles/servicePrincipal.user", "principals": []string{"users/zoe"}}); a.Status != 404 {
		t.Errorf("an unknown user: %d %s", a.Status, a.Body)
	}
	if a := w.let(servertest.AdminToken, w.etag(servertest.AdminToken)); a.Status != 200 || may(w.mia) != 404 {
		t.Errorf("nobody is manager: %d %s", a.Status, a.Body)
	}
	w.Admin("DELETE", scim+"/ServicePrincipals/"+w.robotID, nil)
	if w.status(token) != 401 || may(servertest.AdminToken) != 404 {
		t.Error("a token outlives its service principal")
	}
	if a := w.form("/oidc/v1/token", robot, value, url.Values{"grant_type": {"client_credentials"}}); a.Status != 401 {
		t.Errorf("a secret outlives it: %d %s", a.Status, a.Body)
	}
}

func TestDeactivatedPrincipal(t *testing.T) {
	w := begin(t)
	value, _ := w.secret(servertest.AdminToken, object{})
	token := w.access(value, "")
	w.Admin("PATCH", scim+"/ServicePrincipals/"+w.robotID, object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []any{object{"op": "replace", "path": "active", "value": false}}})
	if w.status(token) != 401 {
		t.Error("a token outlives the deactivation")
	}
	if a := w.form("/oidc/v1/token", robot, value, url.Values{"grant_type": {"client_credentials"}}); a.Status != 401 || a.Text("error") != "invalid_client" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestSigningKeys: what an old key has signed counts for a while when the key is changed, and at once no more when it is withdrawn.
func TestSigningKeys(t *testing.T) {
	w := begin(t)
	value, _ := w.secret(servertest.AdminToken, object{})
	old := w.access(value, "")
	published := func() int { return len(w.Do("", "GET", "/oidc/jwks.json", nil).JSON("keys").([]any)) }
	const rotate = "/api/governance/1.0/oauth/signing-keys/rotate"
	if w.Do(w.mia, "POST", rotate, object{}).Status != 403 || published() != 1 {
		t.Error("anybody changes the keys")
	}
	w.Admin("POST", rotate, object{})
	fresh := w.access(value, "")
	if w.status(old) != 200 || w.status(fresh) != 200 || published() != 2 {
		t.Error("a token does not outlive the change of keys")
	}
	w.Admin("POST", rotate, object{"withdraw_old": true})
	if w.status(old) != 401 || w.status(fresh) != 401 || published() != 1 {
		t.Error("tokens of withdrawn keys count")
	}
	if last := w.access(value, ""); w.status(last) != 200 {
		t.Error("a token of the new key does not count")
	}
	if text := w.Do("", "GET", "/oidc/jwks.json", nil).Body; strings.Contains(string(text), `"d"`) {
		t.Error("a private key is published")
	}
}

// TestForgedTokens: none but this installation's own signature, for a call of it, counts.
func TestForgedTokens(t *testing.T) {
	w := begin(t)
	value, _ := w.secret(servertest.AdminToken, object{})
	token := w.access(value, "")
	parts := strings.Split(token, ".")
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	admin := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), robot, "admin", 1)))
	other := issuertest.Start(t).Key()
	head, _ := base64.RawURLEncoding.DecodeString(parts[0])
	other.KeyID = strings.Split(string(head), `"kid":"`)[1][:16]
	now := time.Now().Unix()
	forged := object{"iss": w.URL + "/oidc", "aud": "x", "sub": robot, "scope": "all-apis", "cid": "y", "iat": now, "exp": now + 300}
	for name, forgery := range map[string]string{
		"changed claims": parts[0] + "." + admin + "." + parts[2], "no signature": parts[0] + "." + parts[1] + ".",
		"alg none":    base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + ".",
		"another key": issuertest.Sign(other, jose.ES256, forged), "its end": token + "x", "too long": token + strings.Repeat("A", 9000),
	} {
		if s := w.status(forgery); s != 401 {
			t.Errorf("%s: %d", name, s)
		}
	}
}

func TestKnown(t *testing.T) {
	w := begin(t)
	for _, base := range []string{"/oidc", "/oidc/accounts/" + w.account} {
		for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
			a := w.Do("", "GET", base+"/.well-known/"+name, nil)
			if a.Status != 200 || a.Text("issuer") != w.URL+base || a.Text("token_endpoint") != w.URL+base+"/v1/token" {
				t.Errorf("%s: %d %s", base, a.Status, a.Body)
			}
		}
	}
	if a := w.Do("", "GET", "/oidc/accounts/other/.well-known/openid-configuration", nil); a.Status != 404 {
		t.Errorf("another account: %d", a.Status)
	}
}

// TestReplicas: what one replica has signed counts on the other, and what one has ended has ended on the other.
func TestReplicas(t *testing.T) {
	w := begin(t)
	if w.Store.Engine() == "sqlite" {
		return // one process
	}
	there := *w
	there.Server = servertest.Start(t, func(c *server.Config) { c.Database = w.Config.Database })
	value, id := w.secret(servertest.AdminToken, object{})
	token, far := w.access(value, ""), there.access(value, "")
	if there.status(token) != 200 || w.status(far) != 200 {
		t.Fatal("a token counts on one replica only")
	}
	there.Admin("POST", "/api/governance/1.0/oauth/signing-keys/rotate", object{})
	if fresh := w.access(value, ""); there.status(fresh) != 200 || w.status(there.access(value, "")) != 200 {
		t.Error("a new key is known on one replica only")
	}
	access, refresh := w.login(w.mia)
	a := there.refresh(refresh)
	if a.Status != 200 || there.status(access) != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	refused(t, "reuse on the first replica", w.refresh(refresh), "invalid_grant", "Refresh token is invalid")
	if there.status(access) != 401 || there.status(a.Text("access_token")) != 401 {
		t.Error("a login outlives its reuse on the other replica")
	}
	there.Admin("DELETE", "/api/2.0/accounts/servicePrincipals/"+w.robotID+"/credentials/secrets/"+id, nil)
	if w.status(token) != 401 || there.status(token) != 401 {
		t.Error("tokens outlive the secret")
	}
}
