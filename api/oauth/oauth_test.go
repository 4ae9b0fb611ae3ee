package oauth_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

const (
	scim  = "/api/2.0/preview/scim/v2"
	robot = "7c1d2a54-0000-4000-8000-00000000c1c1"
)

type object = map[string]any

// world is a server with a service principal, whose manager is mia.
type world struct {
	*servertest.Server
	t                *testing.T
	robotID, account string
	mia, bob         string
}

func begin(t *testing.T, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{Server: servertest.Start(t, change...), t: t}
	w.mia, w.bob = w.User("mia@example.com"), w.User("bob@example.com")
	w.ServicePrincipal(robot)
	p, _ := w.Store.Map().PrincipalByName(authz.ServicePrincipal, robot)
	w.robotID = strconv.FormatInt(p.ID, 10)
	w.account = w.Do("", "GET", "/.well-known/databricks-config", nil).Text("account_id")
	return w
}

// form posts a form, as the client with Basic authentication where there is a secret.
func (w *world) form(path, client, secret string, fields url.Values) servertest.Answer {
	w.t.Helper()
	req, err := http.NewRequest("POST", w.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if secret != "" {
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(client)+":"+url.QueryEscape(secret))))
	}
	return w.Send(req)
}

// secret makes a secret of the service principal, as somebody.
func (w *world) secret(as string, body object) (value, id string) {
	w.t.Helper()
	a := w.Do(as, "POST", "/api/2.0/accounts/servicePrincipals/"+w.robotID+"/credentials/secrets", body)
	if a.Status != 200 || !strings.HasPrefix(a.Text("secret"), "dose") {
		w.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.Text("secret"), a.Text("id")
}

// access gives an access token of the service principal.
func (w *world) access(secret, scope string) string {
	w.t.Helper()
	a := w.form("/oidc/v1/token", robot, secret, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	if a.Status != 200 || a.Text("token_type") != "Bearer" {
		w.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.Text("access_token")
}

// status is what a call with a token is answered.
func (w *world) status(token string) int { return w.Do(token, "GET", scim+"/Me", nil).Status }

func TestClientCredentials(t *testing.T) {
	w := begin(t)
	value, id := w.secret(servertest.AdminToken, object{})
	token := w.access(value, "all-apis")
	me := w.Do(token, "GET", scim+"/Me", nil)
	if me.Status != 200 || me.Text("userName") != robot && me.Text("applicationId") != robot {
		t.Fatalf("%d %s", me.Status, me.Body)
	}
	if a := w.form("/oidc/accounts/"+w.account+"/v1/token", robot, value, url.Values{"grant_type": {"client_credentials"}}); a.Status != 200 {
		t.Errorf("at the account: %d %s", a.Status, a.Body)
	}
	if a := w.form("/oidc/v1/token", "", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {robot}, "client_secret": {value}}); a.Status != 200 {
		t.Errorf("in the body: %d %s", a.Status, a.Body)
	}
	for name, tt := range map[string]struct {
		client, secret, grant, scope string
		status                       int
		code                         string
	}{
		"wrong secret":      {robot, "dose" + strings.Repeat("0", 64), "client_credentials", "all-apis", 401, "invalid_client"},
		"unknown client":    {"nobody", value, "client_credentials", "all-apis", 401, "invalid_client"},
		"a user":            {"mia@example.com", w.mia, "client_credentials", "all-apis", 401, "invalid_client"},
		"a token as secret": {"admin", servertest.AdminToken, "client_credentials", "all-apis", 401, "invalid_client"},
		"unknown scope":     {robot, value, "client_credentials", "root", 400, "invalid_scope"},
		"unknown grant":     {robot, value, "password", "all-apis", 400, "unsupported_grant_type"},
	} {
		a := w.form("/oidc/v1/token", tt.client, tt.secret, url.Values{"grant_type": {tt.grant}, "scope": {tt.scope}})
		if a.Status != tt.status || a.Text("error") != tt.code {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if w.status(value) != 401 {
		t.Error("a secret is taken for a token")
	}
	narrow := w.access(value, "scim")
	if w.status(narrow) != 200 || w.Do(narrow, "POST", "/api/2.0/mlflow/experiments/create", object{"name": "x"}).Status == 200 {
		t.Error("a token with the scope scim reaches more, or less")
	}
	if list := w.Do(token, "GET", "/api/2.0/token/list", nil); strings.Contains(string(list.Body), id) {
		t.Errorf("the secret is listed as a token: %s", list.Body)
	}
	w.Admin("DELETE", "/api/2.0/accounts/servicePrincipals/"+w.robotID+"/credentials/secrets/"+id, nil)
	if w.status(token) != 401 || w.status(narrow) != 401 {
		t.Error("tokens outlive the secret")
	}
}
