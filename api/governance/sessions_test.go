package governance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"bailiwick/api/governance"
	"bailiwick/identity"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

// tab is a browser's page: it keeps cookies, and sends the CSRF token of its session.
type tab struct {
	t       *testing.T
	s       *servertest.Server
	cookies map[string]*http.Cookie
	csrf    string
}

func open(t *testing.T, s *servertest.Server) *tab {
	return &tab{t: t, s: s, cookies: map[string]*http.Cookie{}}
}

func (b *tab) do(method, path string, body any, header ...string) servertest.Answer {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(method, b.s.URL+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("User-Agent", "Browser/1")
	req.Header.Set("X-CSRF-Token", b.csrf)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	for _, k := range b.cookies {
		req.AddCookie(k)
	}
	a := b.s.Send(req)
	for _, k := range (&http.Response{Header: a.Header}).Cookies() {
		b.cookies[k.Name] = k
		if k.MaxAge < 0 {
			delete(b.cookies, k.Name)
		}
	}
	return a
}

const sessions = governance.Prefix + "/sessions"

func (b *tab) signIn(proof object) servertest.Answer {
	b.t.Helper()
	a := b.do("POST", sessions, proof, "X-Bailiwick-Console", "1")
	b.csrf = a.Text("csrf")
	return a
}

func (b *tab) want(status int, method, path string, body any, header ...string) {
	b.t.Helper()
	if a := b.do(method, path, body, header...); a.Status != status {
		b.t.Errorf("%s %s = %d %s, want %d", method, path, a.Status, a.Body, status)
	}
}

const me = "/api/2.0/preview/scim/v2/Me"

// A browser signs in with a token, changes things with its CSRF token only, for no other site, and is out when it signs out.
func TestSessions(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	b := open(t, s)
	b.want(401, "POST", sessions, object{"token": token}) // a form of another site cannot add the header
	for _, proof := range []object{{}, {"token": "x"}, {"link": "x"}, {"token": token, "link": "x"}} {
		if a := b.signIn(proof); a.Status != 401 || len(b.cookies) > 0 {
			t.Errorf("%v: %d %s", proof, a.Status, a.Body)
		}
	}
	a := b.signIn(object{"token": token})
	if a.Status != 200 || a.Text("user.name") != "ana@example.com" || a.JSON("administrator") != false || b.csrf == "" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	proof := b.cookies["bailiwick_session"]
	if proof == nil || !proof.HttpOnly || proof.SameSite != http.SameSiteLaxMode || proof.Secure || proof.Path != "/" {
		t.Errorf("%+v", proof)
	}
	if k := b.cookies["mlflow-request-header-X-CSRF-Token"]; k == nil || k.Value != b.csrf || k.HttpOnly {
		t.Errorf("%+v", k)
	}
	make := object{"name": "first"}
	const create = "/api/2.0/mlflow/experiments/create"
	b.want(200, "GET", me, nil)
	b.want(403, "POST", create, make, "X-CSRF-Token", "")
	b.want(403, "POST", create, make, "X-CSRF-Token", strings.Repeat("0", len(b.csrf)))
	b.want(401, "POST", create, make, "Sec-Fetch-Site", "cross-site")
	b.want(401, "GET", me, nil, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors")
	b.want(200, "GET", me, nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	b.want(200, "POST", create, make, "Sec-Fetch-Site", "same-origin")
	if a := s.Do(proof.Value, "GET", me, nil); a.Status != 401 {
		t.Errorf("a session passes for a token: %d", a.Status)
	}
	if n := s.Do(token, "GET", "/api/2.0/token/list", nil); strings.Contains(string(n.Body), "Browser") {
		t.Errorf("sessions are among the tokens: %s", n.Body)
	}
	if list := b.do("GET", sessions, nil); list.JSON("sessions.0.current") != true || list.Text("sessions.0.user_agent") != "Browser/1" {
		t.Errorf("%s", list.Body)
	}
	b.want(200, "DELETE", governance.Prefix+"/session", nil)
	if len(b.cookies) > 0 {
		t.Errorf("%v", b.cookies)
	}
	b.cookies["bailiwick_session"] = proof
	b.want(401, "GET", me, nil)
}

// A session ends with what it was opened with, with its user, and where its owner ends it; nobody ends another's.
func TestSessionsEnd(t *testing.T) {
	s := servertest.Start(t)
	token, other := s.User("ana@example.com"), s.User("bob@example.com")
	home, work, bob := open(t, s), open(t, s), open(t, s)
	home.signIn(object{"token": token})
	id := work.signIn(object{"token": token}).Text("session")
	bob.signIn(object{"token": other})
	bob.want(404, "DELETE", sessions+"/"+id, nil)
	home.want(200, "DELETE", sessions+"/"+id, nil)
	work.want(401, "GET", me, nil)
	home.want(200, "GET", me, nil)

	made := s.Do(token, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 3600})
	work.cookies = map[string]*http.Cookie{}
	if a := work.signIn(object{"token": made.Text("token_value")}); a.JSON("expires_at") != made.JSON("token_info.expiry_time") {
		t.Errorf("%s outlives %s", a.Body, made.Body)
	}
	work.want(400, "POST", governance.Prefix+"/session/renew", nil)
	s.Do(token, "POST", "/api/2.0/token/delete", object{"token_id": made.Text("token_info.token_id")})
	work.want(401, "GET", me, nil)

	user := s.Do(token, "GET", me, nil).Text("id")
	s.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+user, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	home.want(401, "GET", me, nil)
}

// A session of a token that is cut down reaches no further, and one by a link does; a link signs in once.
func TestSessionsReach(t *testing.T) {
	s := servertest.Start(t)
	narrow := s.Admin("POST", "/api/2.0/token/create", object{"scopes": []string{"scim"}}).Text("token_value")
	b := open(t, s)
	b.signIn(object{"token": narrow})
	b.want(200, "GET", me, nil)
	b.want(403, "GET", "/api/2.0/workspace-conf?keys=enableWorkspaceAcls", nil)
	s.User("ana@example.com")
	link := s.Admin("POST", governance.Prefix+"/login-links", object{"user_name": "ana@example.com"}).Text("login_link")
	code := link[strings.LastIndex(link, "/")+1:]
	ana := open(t, s)
	a := ana.signIn(object{"link": code})
	if a.Status != 200 || a.Text("user.name") != "ana@example.com" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if again := open(t, s).signIn(object{"link": code}); again.Status != 401 {
		t.Errorf("%d", again.Status)
	}
	if next := ana.do("POST", governance.Prefix+"/session/renew", nil); next.Status != 200 || next.Text("expires_at") < a.Text("expires_at") {
		t.Errorf("%d %s, was %s", next.Status, next.Body, a.Body)
	}
}

// More sessions than one may have end the oldest.
func TestSurplusSessions(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	first := open(t, s)
	first.signIn(object{"token": token})
	for range identity.MaxSessions {
		open(t, s).signIn(object{"token": token})
	}
	first.want(401, "GET", me, nil)
}

// Who is let in again signs in again: a session of before is over.
func TestSessionsEndForGood(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	b := open(t, s)
	b.signIn(object{"token": token})
	user := s.Do(token, "GET", me, nil).Text("id")
	for _, active := range []string{"false", "true"} {
		s.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+user, `{"Operations":[{"op":"replace","path":"active","value":`+active+`}]}`)
	}
	b.want(401, "GET", me, nil)
	if a := s.Do(token, "GET", me, nil); a.Status != 200 {
		t.Errorf("the token: %d %s", a.Status, a.Body)
	}
}

// A token that is cut down neither sees nor ends the sessions of its owner, and a session of it ends itself only.
func TestNarrowTokensLeaveSessions(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	narrow := s.Do(token, "POST", "/api/2.0/token/create", object{"scopes": []string{"mlflow"}}).Text("token_value")
	home, cut := open(t, s), open(t, s)
	id := home.signIn(object{"token": token}).Text("session")
	cut.signIn(object{"token": narrow})
	for _, do := range []func(method, path string) servertest.Answer{
		func(method, path string) servertest.Answer { return s.Do(narrow, method, path, nil) },
		func(method, path string) servertest.Answer { return cut.do(method, path, nil) },
	} {
		if a := do("GET", sessions); a.Status != 403 {
			t.Errorf("list: %d %s", a.Status, a.Body)
		}
		if a := do("DELETE", sessions+"/"+id); a.Status != 403 {
			t.Errorf("end: %d %s", a.Status, a.Body)
		}
	}
	home.want(200, "GET", me, nil)
	cut.want(200, "DELETE", governance.Prefix+"/session", nil)
}

// Where browsers come over TLS, a cookie counts under its prefixed name only: another host of the domain can set the other one.
func TestTossedCookies(t *testing.T) {
	s := servertest.Start(t, func(c *server.Config) { c.PublicURL = "https://bailiwick.example" })
	b := open(t, s)
	b.signIn(object{"token": s.User("eve@example.com")})
	own := b.cookies["__Host-bailiwick_session"]
	if own == nil || !own.Secure {
		t.Fatalf("%v", b.cookies)
	}
	b.want(200, "GET", me, nil)
	b.cookies = map[string]*http.Cookie{"": {Name: "bailiwick_session", Value: own.Value}}
	b.want(401, "GET", me, nil)
}

// Browsers keep Basic credentials and send them along with what other sites make them ask, so these changes are refused; and they are not asked for any.
func TestBasicFromOtherSites(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	const create = "/api/2.0/mlflow/experiments/create"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("token:"+token))
	for i, c := range []struct {
		want   int
		header []string
	}{
		{200, nil},
		{200, []string{"Sec-Fetch-Site", "same-origin", "Origin", s.URL}},
		{200, []string{"Origin", s.URL}},
		{401, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}},
		{401, []string{"Sec-Fetch-Site", "same-site"}},
		{401, []string{"Origin", "https://evil.example"}},
		{401, []string{"Origin", "null"}},
	} {
		header := append([]string{"Authorization", basic, "Content-Type", "text/plain"}, c.header...)
		open(t, s).want(c.want, "POST", create, object{"name": "by-form-" + strconv.Itoa(i)}, header...)
	}
	for agent, want := range map[string]bool{"Mozilla/5.0 (X11)": false, "curl/8": true} {
		a := open(t, s).do("GET", me, nil, "User-Agent", agent)
		if got := strings.Contains(a.Header.Get("WWW-Authenticate"), "Basic"); a.Status != 401 || got != want {
			t.Errorf("%s: %d %q", agent, a.Status, a.Header.Get("WWW-Authenticate"))
		}
	}
}

// Answers are kept by no cache that would give them to the next person; bytes may be kept by the browser, which asks each time.
func TestAnswersAreNotKept(t *testing.T) {
	s := servertest.Start(t)
	id := s.Admin("POST", "/api/2.0/mlflow/experiments/create", object{"name": "/Shared/e"}).Text("experiment_id")
	run := s.Admin("POST", "/api/2.0/mlflow/runs/create", object{"experiment_id": id}).Text("run.info.run_id")
	s.Admin("PUT", "/api/2.0/mlflow-artifacts/artifacts/"+id+"/"+run+"/artifacts/a.js", []byte("alert(1)"))
	for path, want := range map[string]string{
		me: "no-store", governance.Prefix + "/tree": "no-store", governance.Prefix + "/nothing": "no-store",
		governance.Prefix + "/audit/download?format=csv":              "no-store",
		governance.Prefix + "/artifacts/view?path=a.js&run_id=" + run: "private, no-cache",
		"/get-artifact?path=a.js&run_uuid=" + run:                     "private, no-cache",
	} {
		a := s.Do(servertest.AdminToken, "GET", path, nil)
		if got := a.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %d %q", path, a.Status, got)
		}
		if kind := a.Header.Get("Content-Type"); strings.Contains(kind, "script") {
			t.Errorf("%s is a script of this server: %s", path, kind)
		}
	}
}
