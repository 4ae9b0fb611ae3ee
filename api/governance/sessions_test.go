package governance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

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
	time.Sleep(2 * time.Millisecond) // of two sessions of one millisecond neither is the older
	for range identity.MaxSessions {
		open(t, s).signIn(object{"token": token})
	}
	first.want(401, "GET", me, nil)
}

// The sessions of a token that is cut down end each other, and none of their owner's that the token could not end.
func TestSurplusOfNarrowTokens(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@example.com")
	narrow := s.Do(token, "POST", "/api/2.0/token/create", object{"scopes": []string{"mlflow"}}).Text("token_value")
	home, first, last := open(t, s), open(t, s), (*tab)(nil)
	home.signIn(object{"token": token})
	first.signIn(object{"token": narrow})
	time.Sleep(2 * time.Millisecond)
	for range identity.MaxSessions {
		last = open(t, s)
		last.signIn(object{"token": narrow})
	}
	const own = governance.Prefix + "/session"
	home.want(200, "GET", own, nil)
	first.want(401, "GET", own, nil)
	last.want(200, "GET", own, nil)
}

// Signing in again in the same browser ends what it held before, also somebody else's: nobody would end that any more.
func TestSignInReplaces(t *testing.T) {
	s := servertest.Start(t)
	ana, bob := s.User("ana@example.com"), s.User("bob@example.com")
	b, elsewhere := open(t, s), open(t, s)
	elsewhere.signIn(object{"token": ana})
	for _, token := range []string{ana, ana, bob} {
		before := *b
		before.cookies = maps.Clone(b.cookies)
		if a := b.signIn(object{"token": "wrong"}); a.Status != 401 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if len(before.cookies) > 0 {
			before.want(200, "GET", me, nil)
		}
		if a := b.signIn(object{"token": token}); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		before.want(401, "GET", me, nil)
		b.want(200, "GET", me, nil)
	}
	elsewhere.want(200, "GET", me, nil)
	if list := elsewhere.do("GET", sessions, nil); list.JSON("sessions.1") != nil {
		t.Errorf("%s", list.Body)
	}
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

// MLflow's pages send what cookies tell them to, and other hosts of the domain can set such a cookie: it makes nobody work as somebody else.
func TestTossedHeaders(t *testing.T) {
	s := servertest.Start(t)
	eve := "Bearer " + s.User("eve@example.com")
	b := open(t, s)
	b.signIn(object{"token": s.User("ana@example.com")})
	told := &http.Cookie{Name: "mlflow-request-header-authorization", Value: "told"}
	for want, cookies := range map[string]map[string]*http.Cookie{
		"eve@example.com": b.cookies,
		"ana@example.com": {"session": b.cookies["bailiwick_session"], "told": told},
	} {
		b.cookies = cookies
		if a := b.do("GET", me, nil, "Authorization", eve); a.Text("userName") != want {
			t.Errorf("%d %s, want %s", a.Status, a.Body, want)
		}
	}
	b.cookies = map[string]*http.Cookie{"told": told} // without a session it is a credential like any other
	b.want(200, "GET", me, nil, "Authorization", eve)
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

// What one replica has answered about a session holds on the other from its next call on: the session is there at once, with its CSRF token and a
// link's one use, and gone at once, however it ended, with the stream that is open there.
func TestSessionsAcrossReplicas(t *testing.T) {
	s := servertest.Start(t)
	if s.Store.Engine() == "sqlite" {
		return // one process
	}
	other := servertest.Start(t, func(c *server.Config) { c.Database = s.Config.Database })
	const own = governance.Prefix + "/session"
	for i, end := range []func(here *tab, token, user string) servertest.Answer{
		func(here *tab, _, _ string) servertest.Answer { return here.do("DELETE", own, nil) },
		func(_ *tab, token, _ string) servertest.Answer {
			id := s.Do(token, "GET", "/api/2.0/token/list", nil).Text("token_infos.0.token_id")
			return s.Do(token, "POST", "/api/2.0/token/delete", object{"token_id": id})
		},
		func(_ *tab, _, user string) servertest.Answer {
			return s.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+user, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
		},
		func(_ *tab, _, user string) servertest.Answer {
			return s.Admin("DELETE", "/api/2.0/preview/scim/v2/Users/"+user, nil)
		},
	} {
		token := s.User("ana" + strconv.Itoa(i) + "@example.com")
		here := open(t, s)
		if a := here.signIn(object{"token": token}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		there := *here
		there.s, there.cookies = other, maps.Clone(here.cookies)
		user := there.do("GET", me, nil).Text("id")
		if user == "" {
			t.Errorf("%d: the other replica does not know the session", i)
		}
		there.want(403, "POST", own+"/renew", nil, "X-CSRF-Token", "")
		there.want(200, "POST", own+"/renew", nil)
		ended := there.stream(governance.Prefix + "/changes?object=/Shared")
		if a := end(here, token, user); a.Status/100 != 2 {
			t.Errorf("%d: %d %s", i, a.Status, a.Body)
		}
		there.want(401, "POST", own+"/renew", nil)
		there.want(401, "GET", me, nil)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Errorf("%d: the stream goes on", i)
		}
	}
	s.User("bea@example.com")
	link := s.Admin("POST", governance.Prefix+"/login-links", object{"user_name": "bea@example.com"}).Text("login_link")
	code := link[strings.LastIndex(link, "/")+1:]
	if a := open(t, s).signIn(object{"link": code}); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := open(t, other).signIn(object{"link": code}); a.Status != 401 {
		t.Errorf("a link that was used on the other replica: %d %s", a.Status, a.Body)
	}
}

// stream opens a stream of events; the channel tells when it is over.
func (b *tab) stream(path string) <-chan struct{} {
	b.t.Helper()
	req, err := http.NewRequest("GET", b.s.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range b.cookies {
		req.AddCookie(k)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || res.StatusCode != 200 {
		b.t.Fatalf("%v %+v", err, res)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, res.Body) // however it ends, it is over
	}()
	return ended
}
