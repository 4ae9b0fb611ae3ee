package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

// tab is a person's browser that has signed in.
type tab struct {
	*world
	cookie, csrf string
}

// signIn opens a session with a token.
func (w *world) signIn(token string) *tab {
	w.t.Helper()
	req, err := http.NewRequest("POST", w.URL+"/api/governance/1.0/sessions", strings.NewReader(`{"token":"`+token+`"}`))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-Bailiwick-Console", "1")
	a := w.Send(req)
	if a.Status != 200 {
		w.t.Fatalf("%d %s", a.Status, a.Body)
	}
	b := &tab{world: w, csrf: a.Text("csrf")}
	for _, k := range (&http.Response{Header: a.Header}).Cookies() {
		if k.Name == "bailiwick_session" {
			b.cookie = k.Name + "=" + k.Value
		}
	}
	return b
}

func (b *tab) send(method, path string, form url.Values, header ...string) servertest.Answer {
	b.t.Helper()
	req, err := http.NewRequest(method, b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Cookie", b.cookie)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.Send(req)
}

const verifier = "a-verifier-of-at-least-forty-three-characters-0123"

// asked is what the command line asks for, with some parameters changed; "" takes one away.
func asked(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"client_id": {"databricks-cli"}, "redirect_uri": {"http://localhost:8020"}, "response_type": {"code"}, "state": {"st"},
		"scope": {"offline_access all-apis"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	for i := 0; i < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return q
}

var hidden = regexp.MustCompile(`name="([a-z_]+)" value="([^"]*)"`)

// answered shows the page, and gives what its form sends back.
func (b *tab) answered(q url.Values, answer string) url.Values {
	b.t.Helper()
	a := b.send("GET", "/oidc/v1/authorize?"+q.Encode(), nil)
	if a.Status != 200 || !strings.Contains(string(a.Body), "May Databricks CLI") {
		b.t.Fatalf("%d %s", a.Status, a.Body)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(string(a.Body), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	form.Set("answer", answer)
	return form
}

// code lets the command line in.
func (b *tab) code(q url.Values) string {
	b.t.Helper()
	a := b.send("POST", "/oidc/v1/authorize", b.answered(q, "allow"))
	to, err := url.Parse(a.Header.Get("Location"))
	if a.Status != 303 || err != nil || to.Query().Get("code") == "" || to.Query().Get("state") != "st" || to.Query().Get("iss") != b.URL+"/oidc" {
		b.t.Fatalf("%d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	return to.Query().Get("code")
}

func (w *world) redeem(code string, changes ...string) servertest.Answer {
	w.t.Helper()
	q := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"databricks-cli"}, "redirect_uri": {"http://localhost:8020"},
		"code_verifier": {verifier}}
	for i := 0; i < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return w.form("/oidc/v1/token", "", "", q)
}

func (w *world) refresh(token string, more ...string) servertest.Answer {
	w.t.Helper()
	q := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"databricks-cli"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return w.form("/oidc/v1/token", "", "", q)
}

// login is a whole login of a person: his access token and refresh token.
func (w *world) login(token string) (access, refresh string) {
	w.t.Helper()
	a := w.redeem(w.signIn(token).code(asked()))
	if a.Status != 200 || a.Text("refresh_token") == "" || a.Header.Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.Text("access_token"), a.Text("refresh_token")
}

func refused(t *testing.T, what string, a servertest.Answer, code, words string) {
	t.Helper()
	if a.Status != 400 || a.Text("error") != code || !strings.Contains(a.Text("error_description"), words) {
		t.Errorf("%s: %d %s", what, a.Status, a.Body)
	}
}

func TestUserLogin(t *testing.T) {
	w := begin(t)
	access, refresh := w.login(w.mia)
	if me := w.Do(access, "GET", scim+"/Me", nil); me.Text("userName") != "mia@example.com" {
		t.Fatalf("%d %s", me.Status, me.Body)
	}
	a := w.refresh(refresh)
	next := a.Text("refresh_token")
	if a.Status != 200 || next == refresh || w.status(a.Text("access_token")) != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	narrow := w.refresh(next, "scope", "scim")
	if narrow.Status != 200 || narrow.Text("scope") != "scim offline_access" ||
		w.Do(narrow.Text("access_token"), "POST", "/api/2.0/mlflow/experiments/create", object{"name": "x"}).Status != 403 {
		t.Errorf("a narrower refresh: %d %s", narrow.Status, narrow.Body)
	}
	// A refresh token that comes again ends the whole login.
	last := narrow.Text("refresh_token")
	refused(t, "reuse", w.refresh(refresh), "invalid_grant", "Refresh token is invalid")
	refused(t, "after reuse", w.refresh(last), "invalid_grant", "Refresh token is invalid")
	if w.status(access) != 401 || w.status(narrow.Text("access_token")) != 401 {
		t.Error("access tokens outlive the reuse of their refresh token")
	}
	if found := w.Admin("GET", "/api/governance/1.0/audit?action=refreshTokenReuse", nil); !strings.Contains(string(found.Body), "mia@example.com") {
		t.Errorf("the reuse is not in the ledger: %s", found.Body)
	}
}

func TestCodes(t *testing.T) {
	w := begin(t)
	b := w.signIn(w.mia)
	code := b.code(asked())
	refused(t, "another verifier", w.redeem(code, "code_verifier", strings.Repeat("x", 50)), "invalid_grant", "code_verifier")
	refused(t, "another redirect", w.redeem(code, "redirect_uri", "http://localhost:8021"), "invalid_grant", "redirect_uri")
	refused(t, "another client", w.redeem(code, "client_id", "other"), "invalid_grant", "client")
	refused(t, "a made up code", w.redeem("code-1"), "invalid_grant", "Authorization code")
	a := w.redeem(code)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	refused(t, "the code again", w.redeem(code), "invalid_grant", "Authorization code")
	if w.status(a.Text("access_token")) != 401 {
		t.Error("what a replayed code became lives on")
	}
	refused(t, "its refresh token", w.refresh(a.Text("refresh_token")), "invalid_grant", "Refresh token is invalid")
	// A session that ends takes its codes with it.
	code = b.code(asked())
	b.send("DELETE", "/api/governance/1.0/session", nil, "X-CSRF-Token", b.csrf)
	if b.send("GET", "/oidc/v1/authorize?"+asked().Encode(), nil).Status == 303 {
		refused(t, "after signing out", w.redeem(code), "invalid_grant", "Authorization code")
	} else {
		t.Error("the session did not end")
	}
	short := w.redeem(w.signIn(w.bob).code(asked("scope", "scim")))
	if short.Status != 200 || short.Text("refresh_token") != "" || short.Text("scope") != "scim" {
		t.Errorf("without offline_access: %s", short.Body)
	}
}

// TestAuthorizeRefuses: a browser is sent to registered addresses only, and told what is wrong there.
func TestAuthorizeRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clients.yaml")
	if err := os.WriteFile(file, []byte("clients:\n- {id: dash, name: Dashboards, redirects: ['https://dash.example.com/back']}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := begin(t, func(c *server.Config) { c.OAuth.Clients = file })
	b := w.signIn(w.mia)
	for name, q := range map[string]url.Values{
		"unknown client":       asked("client_id", "other"),
		"foreign redirect":     asked("redirect_uri", "https://evil.example.com"),
		"loopback look-alike":  asked("redirect_uri", "http://localhost.evil.example.com:8020"),
		"user in the address":  asked("redirect_uri", "http://localhost:8020@evil.example.com"),
		"another path":         asked("redirect_uri", "http://localhost:8020/steal"),
		"https on loopback":    asked("redirect_uri", "https://localhost:8020"),
		"a fragment":           asked("redirect_uri", "http://localhost:8020#x"),
		"longer than the path": asked("client_id", "dash", "redirect_uri", "https://dash.example.com/back/../evil"),
		"another port":         asked("client_id", "dash", "redirect_uri", "https://dash.example.com:8443/back"),
		"no redirect":          asked("redirect_uri", ""),
	} {
		if a := b.send("GET", "/oidc/v1/authorize?"+q.Encode(), nil); a.Status != 400 || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d to %q", name, a.Status, a.Header.Get("Location"))
		}
	}
	for code, q := range map[string]url.Values{
		"unsupported_response_type": asked("response_type", "token"), "invalid_request": asked("code_challenge_method", "plain"),
		"invalid_scope": asked("scope", "root"),
	} {
		a := b.send("GET", "/oidc/v1/authorize?"+q.Encode(), nil)
		to, _ := url.Parse(a.Header.Get("Location"))
		if a.Status != 303 || to.Host != "localhost:8020" || to.Query().Get("error") != code || to.Query().Get("iss") == "" {
			t.Errorf("%s: %d to %q", code, a.Status, a.Header.Get("Location"))
		}
	}
	if a := b.send("GET", "/oidc/v1/authorize?"+asked().Encode()+"&state=other", nil); a.Status != 400 {
		t.Errorf("a parameter twice: %d", a.Status)
	}
	if a := b.send("GET", "/oidc/v1/authorize?"+asked("redirect_uri", "http://127.0.0.1:50123/").Encode(), nil); a.Status != 200 {
		t.Errorf("any port on loopback: %d %s", a.Status, a.Body)
	}
	nobody := &tab{world: w}
	a := nobody.send("GET", "/oidc/v1/authorize?"+asked().Encode(), nil)
	if to := a.Header.Get("Location"); a.Status != 303 || !strings.HasPrefix(to, "/#/sign-in?next=oauth%3F") {
		t.Errorf("without a session: %d to %q", a.Status, to)
	}
}

// TestConsent: nobody but the person, on the page that this server has shown to him, lets a program in.
func TestConsent(t *testing.T) {
	w := begin(t)
	b := w.signIn(w.mia)
	page := b.send("GET", "/oidc/v1/authorize?"+asked().Encode(), nil)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || page.Header.Get("X-Frame-Options") != "DENY" ||
		!strings.Contains(policy, "form-action 'self' http://localhost:8020") || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", page.Header)
	}
	good := b.answered(asked(), "allow")
	without, changed := asked(), b.answered(asked(), "allow")
	without.Set("answer", "allow")
	changed.Set("redirect_uri", "http://localhost:9999")
	others := w.signIn(w.bob).answered(asked(), "allow")
	for name, try := range map[string]func() servertest.Answer{
		"without the proof": func() servertest.Answer { return b.send("POST", "/oidc/v1/authorize", without) },
		"with other words":  func() servertest.Answer { return b.send("POST", "/oidc/v1/authorize", changed) },
		"another's page":    func() servertest.Answer { return b.send("POST", "/oidc/v1/authorize", others) },
		"from another site": func() servertest.Answer {
			return b.send("POST", "/oidc/v1/authorize", good, "Sec-Fetch-Site", "cross-site")
		},
		"without a session": func() servertest.Answer { return (&tab{world: w}).send("POST", "/oidc/v1/authorize", good) },
	} {
		if a := try(); a.Status != 401 || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d to %q", name, a.Status, a.Header.Get("Location"))
		}
	}
	a := b.send("POST", "/oidc/v1/authorize", b.answered(asked(), "deny"))
	if to := a.Header.Get("Location"); a.Status != 303 || !strings.Contains(to, "error=access_denied") || strings.Contains(to, "code=") {
		t.Errorf("a denial: %d to %q", a.Status, to)
	}
}

// TestDeactivation: who is deactivated over SCIM is out on the next call with everything he has, and finds nothing of it when he is let in again.
func TestDeactivation(t *testing.T) {
	w := begin(t)
	access, refresh := w.login(w.mia)
	b := w.signIn(w.mia)
	me := w.Do(w.mia, "GET", scim+"/Me", nil).Text("id")
	active := func(yes bool) {
		w.Admin("PATCH", scim+"/Users/"+me, object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
			"Operations": []any{object{"op": "replace", "path": "active", "value": yes}}})
	}
	active(false)
	if s := [3]int{w.status(access), w.status(w.mia), b.send("GET", "/api/governance/1.0/session", nil).Status}; s != [3]int{401, 401, 401} {
		t.Errorf("access token, token, session: %v", s)
	}
	refused(t, "refresh", w.refresh(refresh), "invalid_grant", "Refresh token is invalid")
	active(true)
	refused(t, "refresh once he is back", w.refresh(refresh), "invalid_grant", "Refresh token is invalid")
	if w.status(access) != 401 || w.status(w.mia) != 200 {
		t.Error("an old login counts again, or the token does not")
	}
}

// TestLoginEndsWithItsToken: what was let in with a session that a token opened reaches no further than that token, and ends with it.
func TestLoginEndsWithItsToken(t *testing.T) {
	w := begin(t)
	made := w.Do(w.mia, "POST", "/api/2.0/token/create", object{"scopes": []string{"scim", "authentication"}})
	access, refresh := w.login(made.Text("token_value"))
	if a := w.Do(access, "POST", "/api/2.0/mlflow/experiments/create", object{"name": "x"}); a.Status != 403 {
		t.Errorf("a narrow token's login reaches further: %d", a.Status)
	}
	w.Do(w.mia, "POST", "/api/2.0/token/delete", object{"token_id": made.Text("token_info.token_id")})
	if w.status(access) != 401 {
		t.Error("the login outlives its token")
	}
	refused(t, "refresh", w.refresh(refresh), "invalid_grant", "Refresh token is invalid")
}

func TestRevokeAndIntrospect(t *testing.T) {
	w := begin(t)
	access, refresh := w.login(w.mia)
	look := func(token string) servertest.Answer {
		req, _ := http.NewRequest("POST", w.URL+"/oidc/v1/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
		req.Header.Set("Authorization", "Bearer "+w.bob)
		return w.Send(req)
	}
	if a := look(access); a.Text("active") != "true" || a.Text("username") != "mia@example.com" || a.Text("scope") != "all-apis" {
		t.Errorf("%s", a.Body)
	}
	if look(refresh).Text("active") != "true" || look("nonsense").Text("active") != "false" || look(access+"x").Text("active") != "false" {
		t.Error("introspection of a refresh token, of nothing, of a changed token")
	}
	if a := w.form("/oidc/v1/introspect", "", "", url.Values{"token": {access}}); a.Status != 401 {
		t.Errorf("introspection by nobody: %d", a.Status)
	}
	if a := w.Do(access, "GET", "/api/2.0/tokens/introspect", nil); a.Text("principal_context.authentication_scope.account_id") != w.account {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := w.form("/oidc/v1/revoke", "", "", url.Values{"token": {"nonsense"}}); a.Status != 200 {
		t.Errorf("revoking nothing: %d %s", a.Status, a.Body)
	}
	if a := w.form("/oidc/v1/revoke", "", "", url.Values{"token": {refresh}, "client_id": {"databricks-cli"}}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if w.status(access) != 401 || look(access).Text("active") != "false" || look(refresh).Text("active") != "false" {
		t.Error("tokens outlive their revocation")
	}
	value, _ := w.secret(servertest.AdminToken, object{})
	refused(t, "an access token of a secret", w.form("/oidc/v1/revoke", "", "", url.Values{"token": {w.access(value, "")}}), "unsupported_token_type", "secret")
}
