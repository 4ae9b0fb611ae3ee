package oidc_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiwick/api/governance"
	"bailiwick/api/oidc"
	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/issuer/issuertest"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

type object = map[string]any

// office is a server with the providers "one" and "two".
type office struct {
	*servertest.Server
	t        *testing.T
	one, two *issuertest.Provider
}

func open(t *testing.T, change ...func(*identity.Provider)) *office {
	t.Helper()
	o := &office{t: t, one: issuertest.Start(t), two: issuertest.Start(t)}
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte(issuertest.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := []identity.Provider{o.one.Settings("one"), o.two.Settings("two")}
	for i := range settings {
		settings[i].SecretFile = secret
		settings[i].Groups = map[string]string{"ml": "ml-team", "boss": "chiefs"}
		for _, f := range change {
			f(&settings[i])
		}
	}
	text, err := json.Marshal(object{"providers": settings})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "providers.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Server = servertest.Start(t, func(c *server.Config) { c.OIDC = server.OIDCConfig{Providers: file, Allow: []string{"127.0.0.1"}} })
	o.one.Register(o.URL + oidc.Prefix + "/one/callback")
	o.two.Register(o.URL + oidc.Prefix + "/two/callback")
	return o
}

// browser keeps cookies and follows nothing by itself.
type browser struct {
	o       *office
	cookies map[string]string
	csrf    string
}

func (o *office) browser() *browser { return &browser{o: o, cookies: map[string]string{}} }

func (b *browser) get(address string) (status int, location, body string) {
	return b.do("GET", address)
}

func (b *browser) do(method, address string) (status int, location, body string) {
	b.o.t.Helper()
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		b.o.t.Fatal(err)
	}
	req.Header.Set("X-CSRF-Token", b.csrf)
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a := b.o.Send(req)
	if strings.HasPrefix(address, b.o.URL) {
		for _, k := range (&http.Response{Header: a.Header}).Cookies() {
			if b.cookies[k.Name] = k.Value; k.MaxAge < 0 {
				delete(b.cookies, k.Name)
			}
		}
	}
	return a.Status, a.Header.Get("Location"), string(a.Body)
}

// leave begins a sign-in, and gives the address that the provider sends back to.
func (b *browser) leave(provider, query string) (back string) {
	b.o.t.Helper()
	status, to, body := b.get(b.o.URL + oidc.Prefix + "/" + provider + query)
	if status != 303 || to == "" {
		b.o.t.Fatalf("%d %s %s", status, to, body)
	}
	status, back, body = b.get(to)
	if status != 303 {
		b.o.t.Fatalf("provider: %d %s", status, body)
	}
	return back
}

// signIn signs in, and gives where that leads and what the page is told.
func (b *browser) signIn(provider, query string) (to, problem string) {
	b.o.t.Helper()
	return b.arrive(b.leave(provider, query))
}

func (b *browser) arrive(back string) (to, problem string) {
	b.o.t.Helper()
	status, to, body := b.get(back)
	if status != 303 {
		b.o.t.Fatalf("%d %s", status, body)
	}
	problem, err := url.PathUnescape(b.cookies[oidc.ProblemCookie])
	if err != nil {
		b.o.t.Fatal(err)
	}
	delete(b.cookies, oidc.ProblemCookie)
	return to, problem
}

// session gives what the console is told of the session; nil without one.
func (b *browser) session() object {
	b.o.t.Helper()
	status, _, body := b.get(b.o.URL + governance.Prefix + "/session")
	if status != 200 {
		return nil
	}
	var s object
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		b.o.t.Fatal(err)
	}
	b.csrf, _ = s["csrf"].(string)
	return s
}

func nameOf(s object) any {
	user, _ := s["user"].(object)
	return user["name"]
}

func ann(more object) object {
	claims := object{"sub": "ann-1", "preferred_username": "ann@example.org", "name": "Ann", "groups": []string{"ml", "elsewhere"}, "sid": "sid-1"}
	for k, v := range more {
		claims[k] = v
	}
	return claims
}

// What the provider says at a sign-in takes the place of what it said before, in the person's other sessions too.
func TestNewestClaimsCount(t *testing.T) {
	o := open(t)
	roles := func(id int64) (all []string) {
		for c := range o.Store.Map().Credentials(id) {
			all = append(all, strings.Join(c.By.Roles, " "))
		}
		return all
	}
	o.one.SetClaims(ann(object{"roles": []string{"stage-approver", "trainer"}}))
	here, there := o.browser(), o.browser()
	here.signIn("one", "")
	p, ok := o.Store.Map().PrincipalByName(authz.User, "ann@example.org")
	if !ok || len(roles(p.ID)) != 1 {
		t.Fatal("nobody signed in")
	}
	o.one.SetClaims(ann(object{"roles": []string{"trainer"}}))
	there.signIn("one", "")
	if got := roles(p.ID); len(got) != 2 || got[0] != "trainer" || got[1] != "trainer" {
		t.Errorf("%q", got)
	}
	if here.session() == nil {
		t.Error("the older session has ended")
	}
}

// A person signs in, is made, gets the groups that the claims give and exactly these, and loses what the claims do not give any more; where she
// wanted to go she goes.
func TestSignIn(t *testing.T) {
	o := open(t)
	o.one.SetClaims(ann(object{"roles": []string{"stage-approver"}}))
	b := o.browser()
	to, problem := b.signIn("one", "?next="+url.QueryEscape("/models/churn"))
	if to != "/#/models/churn" || problem != "" {
		t.Fatalf("%s %s", to, problem)
	}
	s := b.session()
	groups, _ := s["groups"].([]any)
	if nameOf(s) != "ann@example.org" || len(groups) != 2 || groups[0] != "ml-team" && groups[1] != "ml-team" || s["administrator"] != false {
		t.Errorf("%v", s)
	}
	if len(b.cookies) != 2 {
		t.Errorf("cookies: %v", b.cookies)
	}
	_, _, list := b.get(o.URL + governance.Prefix + "/sessions")
	if !strings.Contains(list, `"method":"provider"`) || !strings.Contains(list, `"provider":"one"`) {
		t.Errorf("%s", list)
	}
	o.one.SetClaims(ann(object{"groups": nil, "preferred_username": "ann.b@example.org"}))
	if to, problem := b.signIn("one", "?next=https://evil.example.org"); to != "/#" || problem != "" {
		t.Errorf("%s %s", to, problem)
	}
	if s := b.session(); nameOf(s) != "ann@example.org" || len(s["groups"].([]any)) != 1 {
		t.Errorf("%v", s)
	}
	entry := o.Admin("GET", governance.Prefix+"/audit?action=login", nil)
	for _, want := range []string{"ann@example.org", "ml-team", "stage-approver"} {
		if !strings.Contains(string(entry.Body), want) {
			t.Errorf("the ledger lacks %s: %s", want, entry.Body)
		}
	}
}

// Claims add and end memberships of their own: what a directory or an administrator says stands, and is a conflict until somebody decides.
func TestClaimsHaveASource(t *testing.T) {
	o := open(t)
	conflicts := func() (all []any) {
		all, _ = o.Admin("GET", governance.Prefix+"/identity/conflicts", nil).JSON("conflicts").([]any)
		return all
	}
	made := o.Admin("POST", governance.Prefix+"/identity/directories", object{"name": "okta"})
	okta := func(method, path, body string) servertest.Answer {
		if body == "" {
			return o.Do(made.Text("token_value"), method, "/scim/v2"+path, nil)
		}
		return o.Do(made.Text("token_value"), method, "/scim/v2"+path, json.RawMessage(body))
	}
	user := okta("POST", "/Users", `{"userName":"ann@example.org"}`).Text("id")
	group := okta("POST", "/Groups", `{"displayName":"ml-team","members":[{"value":"`+user+`"}]}`).Text("id")
	o.one.SetClaims(ann(object{"groups": nil}))
	b := o.browser()
	for range 2 {
		b.signIn("one", "")
	}
	in := func() bool { return strings.Contains(string(okta("GET", "/Groups/"+group, "").Body), user) }
	all := conflicts()
	if len(all) != 1 || !in() {
		t.Fatalf("%v, in: %v", all, in())
	}
	k := all[0].(object)
	if k["writer"] != "oidc:one" || k["owner"] != "scim:okta" || k["wish"] != "remove" || fmt.Sprint(k["times"]) != "2" {
		t.Errorf("%v", k)
	}
	okta("PATCH", "/Groups/"+group, `{"Operations":[{"op":"remove","path":"members"}]}`)
	o.one.SetClaims(ann(nil))
	b.signIn("one", "")
	if all := conflicts(); len(all) != 1 || all[0].(object)["wish"] != "add" || in() {
		t.Fatalf("%v, in: %v", all, in())
	}
	if a := o.Admin("POST", governance.Prefix+"/identity/conflicts/"+k["id"].(string)+"/resolve", object{"decision": "give"}); a.Status != 200 || !in() {
		t.Fatalf("%s, in: %v", a.Body, in())
	}
	o.one.SetClaims(ann(object{"groups": nil}))
	b.signIn("one", "")
	if in() || len(conflicts()) != 0 {
		t.Errorf("what is the claims' own does not end with them: %v", conflicts())
	}
}

// The sessions of a person end with his being deactivated, whatever his provider thinks, and he does not come in again.
func TestDeactivated(t *testing.T) {
	o := open(t)
	o.one.SetClaims(ann(nil))
	b := o.browser()
	b.signIn("one", "")
	id := b.session()["user"].(object)["id"].(string)
	o.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	if s := b.session(); s != nil {
		t.Errorf("%v", s)
	}
	if to, problem := b.signIn("one", "?next=/models"); to != "/#/sign-in?next=%2Fmodels" || !strings.Contains(problem, "not active") {
		t.Errorf("%s %s", to, problem)
	}
	refused := o.Admin("GET", governance.Prefix+"/audit?action=login", nil)
	if !strings.Contains(string(refused.Body), "is not active on this server") {
		t.Errorf("%s", refused.Body)
	}
}

// Answers that belong to no sign-in of this browser count for nothing: replayed, another's, another provider's, of another browser.
func TestHostileAnswers(t *testing.T) {
	o := open(t)
	o.one.SetClaims(ann(nil))
	o.two.SetClaims(object{"sub": "mallory", "preferred_username": "mallory"})
	refused := func(name string, b *browser, back string) {
		t.Helper()
		if to, problem := b.arrive(back); !strings.HasPrefix(to, "/#/sign-in") || problem == "" || b.session() != nil {
			t.Errorf("%s: %s %q", name, to, problem)
		}
	}
	back := o.browser().leave("one", "")
	refused("in a browser that began nothing", o.browser(), back)
	b := o.browser()
	b.leave("one", "")
	refused("of another browser", b, back)

	b = o.browser()
	mine := b.leave("one", "")
	kept := b.cookies["bailiwick_oidc_one"]
	if _, problem := b.arrive(mine); problem != "" {
		t.Fatal(problem)
	}
	again := o.browser()
	again.cookies["bailiwick_oidc_one"] = kept
	refused("replayed, cookie and all", again, mine)

	b = o.browser()
	b.leave("one", "")
	other := b.leave("two", "")
	refused("mixed up providers", b, strings.Replace(other, "/two/callback", "/one/callback", 1))

	b = o.browser()
	state := must(url.Parse(b.leave("one", ""))).Query().Get("state")
	code := must(url.Parse(o.browser().leave("two", ""))).Query()
	refused("another provider's code", b, o.URL+oidc.Prefix+"/one/callback?"+url.Values{"state": {state}, "code": {code.Get("code")},
		"iss": {code.Get("iss")}}.Encode())

	b = o.browser()
	mine = b.leave("one", "")
	b.cookies["bailiwick_oidc_one"] += "x"
	refused("a changed cookie", b, mine)

	b = o.browser()
	state = must(url.Parse(b.leave("one", ""))).Query().Get("state")
	refused("the provider says no", b, o.URL+oidc.Prefix+"/one/callback?state="+state+"&error=access_denied")
	if to, problem := o.browser().arrive(o.URL + oidc.Prefix + "/three"); to != "/#/sign-in" || !strings.Contains(problem, "three") {
		t.Errorf("%s %s", to, problem)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Names do not make somebody somebody else: not another subject, not an administrator, not another form of a name; claims make no administrators.
func TestNames(t *testing.T) {
	o := open(t)
	o.User("chief@example.org", "chiefs")
	chiefs := o.PrincipalID("chiefs")
	o.Admin("PATCH", "/api/2.0/preview/scim/v2/Groups/2",
		`{"Operations":[{"op":"add","path":"members","value":[{"value":"`+identity.FormatID(chiefs)+`"}]}]}`)
	o.one.SetClaims(ann(object{"groups": []string{"boss"}}))
	b := o.browser()
	if _, problem := b.signIn("one", ""); problem != "" || b.session()["administrator"] != false {
		t.Errorf("%s %v", problem, b.session())
	}
	for name, tt := range map[string]struct {
		claims object
		want   string
	}{
		"a new person of a name that was had":   {ann(object{"sub": "ann-2"}), "another subject"},
		"in capitals":                           {ann(object{"sub": "ann-3", "preferred_username": "ANN@example.org"}), "another subject"},
		"as it looks":                           {ann(object{"sub": "ann-4", "preferred_username": "\uff41nn@example.org"}), "Unicode form"},
		"an administrator":                      {object{"sub": "x", "preferred_username": "admin"}, "link-administrators"},
		"an administrator by a group in admins": {object{"sub": "x", "preferred_username": "chief@example.org"}, "link-administrators"},
		"an unverified address":                 {object{"sub": "x", "email": "ann@example.org"}, "email_verified"},
		"groups left out":                       {ann(object{"groups": nil, "_claim_names": object{"groups": "src1"}}), "Groups assigned to the application"},
	} {
		o.one.SetClaims(tt.claims)
		stranger := o.browser()
		if _, problem := stranger.signIn("one", ""); !strings.Contains(problem, tt.want) || stranger.session() != nil {
			t.Errorf("%s: %q", name, problem)
		}
	}
}

// The provider ends sessions: one of its own, or all of a person's; only with a token for that, and once.
func TestBackChannelLogout(t *testing.T) {
	o := open(t)
	o.one.SetClaims(ann(nil))
	first, second, other := o.browser(), o.browser(), o.browser()
	first.signIn("one", "")
	o.one.SetClaims(ann(object{"sid": "sid-2"}))
	second.signIn("one", "")
	o.two.SetClaims(object{"sub": "ann-1", "preferred_username": "bob", "sid": "sid-1"})
	other.signIn("two", "")
	event := object{"http://schemas.openid.net/event/backchannel-logout": object{}}
	logout := func(want int, claims object) {
		t.Helper()
		form := url.Values{"logout_token": {o.one.Token(claims)}}.Encode()
		if a := o.Do("", "POST", oidc.Prefix+"/one/logout", strings.NewReader(form)); a.Status != want || want != 200 && a.JSON("error") != "invalid_request" {
			t.Errorf("%d %s, want %d", a.Status, a.Body, want)
		}
	}
	logout(400, object{"sub": "ann-1", "jti": "1"})
	logout(400, object{"sub": "ann-1", "jti": "1", "events": event, "nonce": "n"})
	logout(400, object{"sub": "ann-1", "jti": "1", "events": event, "aud": "other"})
	logout(400, object{"sub": "ann-1", "events": event})
	if first.session() == nil || second.session() == nil {
		t.Fatal("a bad token signs out")
	}
	logout(200, object{"sid": "sid-1", "jti": "2", "events": event})
	if first.session() != nil || second.session() == nil || other.session() == nil {
		t.Error("not the one session that was meant")
	}
	logout(400, object{"sid": "sid-1", "jti": "2", "events": event})
	logout(200, object{"sub": "ann-1", "jti": "3", "events": event})
	if second.session() != nil || other.session() == nil {
		t.Error("not all of the subject, or another provider's")
	}
	logout(200, object{"sub": "nobody", "jti": "4", "events": event})
	if a := o.Do("", "POST", oidc.Prefix+"/one/logout", strings.NewReader("logout_token=x")); a.Status != 400 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// A dry run says what a token would become, for administrators only, and changes nothing.
func TestExplain(t *testing.T) {
	o := open(t)
	path := governance.Prefix + "/sign-in/explain-token"
	token := o.one.Token(ann(object{"exp": time.Now().Add(-time.Hour).Unix()}))
	if a := o.Do(o.User("bob"), "POST", path, object{"provider": "one", "token": token}); a.Status != 403 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	late := o.Admin("POST", path, object{"provider": "one", "token": token})
	if late.JSON("accepted") != false || !strings.Contains(late.Text("reason"), "ended") || late.Text("user_name") != "ann@example.org" ||
		late.JSON("creates") != true || late.Text("joins.0") != "ml-team" {
		t.Errorf("%s", late.Body)
	}
	good := o.Admin("POST", path, object{"provider": "one", "token": o.one.Token(ann(nil))})
	if good.JSON("accepted") != true || good.JSON("links") != true || good.Text("claims.sid") != "sid-1" {
		t.Errorf("%s", good.Body)
	}
	foreign := o.Admin("POST", path, object{"provider": "two", "token": token})
	if foreign.JSON("accepted") != false || foreign.JSON("signed") != false || foreign.JSON("claims") != nil {
		t.Errorf("%s", foreign.Body)
	}
	if a := o.Do(servertest.AdminToken, "POST", path, object{"token": token}); a.Status != 404 {
		t.Errorf("which provider: %d %s", a.Status, a.Body)
	}
	if _, ok := o.Store.Map().PrincipalByName(1, "ann@example.org"); ok {
		t.Error("a dry run made a user")
	}
	offered := o.Do("", "GET", governance.Prefix+"/sign-in/providers", nil)
	if offered.Status != 200 || offered.Text("providers.0.name") != "one" || offered.Text("providers.0.title") != "Test one" ||
		strings.Contains(string(offered.Body), issuertest.ClientID) {
		t.Errorf("%s", offered.Body)
	}
}
