package scim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestEndlessFilters: a filter is answered or refused at once, however it is built, with a thousand users to look at.
func TestEndlessFilters(t *testing.T) {
	c := start(t)
	for i := range 200 {
		c.make("/Users", fmt.Sprintf(`{"userName":"user%d","displayName":"User %d","emails":[{"value":"u%d@x"}]}`, i, i, i))
	}
	long := strings.Repeat("a", 30)
	for name, tt := range map[string]struct {
		filter string
		status int
	}{
		"longer than is read":    {`userName eq "` + strings.Repeat("x", 5000) + `"`, 400},
		"deeper than is read":    {strings.Repeat("(", 2000) + `userName pr` + strings.Repeat(")", 2000), 400},
		"as deep as is read":     {strings.Repeat("(", 30) + `userName eq "x"` + strings.Repeat(")", 30), 200},
		"never closed":           {strings.Repeat("(", 31) + `userName eq "x"`, 400},
		"nots in nots":           {strings.Repeat("not (", 30) + `userName eq "x"` + strings.Repeat(")", 30), 200},
		"as long as is read":     {`userName eq "x"` + strings.Repeat(` or displayName co "`+long+`"`, 75), 200},
		"joined, never finished": {strings.Repeat(`userName eq "x" and `, 190), 400},
		"brackets in brackets":   {strings.Repeat("emails[", 30) + `value pr` + strings.Repeat("]", 30), 400},
		"parentheses and ors":    {strings.Repeat(`(userName eq "x" or `, 30) + `userName pr` + strings.Repeat(")", 30), 200},
	} {
		began := time.Now()
		a := c.call("GET", "/Users?filter="+url.QueryEscape(tt.filter), "")
		if a.Status != tt.status || tt.status == 400 && a.Text("scimType") != "invalidFilter" {
			t.Errorf("%s: %d %.300s", name, a.Status, a.Body)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

// TestTwins: two users do not differ in case or Unicode form only, however they come.
func TestTwins(t *testing.T) {
	c := start(t)
	zoe := c.make("/Users", `{"userName":"zoë@example.com"}`)
	other := c.make("/Users", `{"userName":"bob@example.com"}`)
	for _, name := range []string{"ZOË@example.com", "zoe\u0308@example.com", "\uff5aoë@example.com"} {
		a := c.must(409, "POST", "/Users", `{"userName":"`+name+`"}`)
		if a.Text("scimType") != "uniqueness" || !strings.HasPrefix(a.Text("detail"), "User with username "+name+" already exists") {
			t.Errorf("%s: %s", name, a.Body)
		}
		c.patch(409, "/Users/"+other, `{"op":"replace","path":"userName","value":"`+name+`"}`)
	}
	c.patch(204, "/Users/"+zoe, `{"op":"replace","path":"userName","value":"Zoë@example.com"}`) // herself
}

// TestReborn: who is deleted and made again by the same name is somebody else, to whom nothing comes down.
func TestReborn(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", false)
	body := `{"userName":"ann@example.com","externalId":"00u1"}`
	first := okta.make("/Users", body)
	group := okta.make("/Groups", `{"displayName":"team","members":[{"value":"`+first+`"}]}`)
	path := "/api/2.0/permissions/directories/2"
	grant := map[string]any{"access_control_list": []any{map[string]any{"user_name": "ann@example.com", "permission_level": "CAN_EDIT"}}}
	if a := admin.Admin("PATCH", path, grant); a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	okta.must(204, "DELETE", "/Users/"+first, "")
	second := okta.make("/Users", body)
	if first == second {
		t.Error("the same id")
	}
	if g := okta.must(200, "GET", "/Groups/"+group, ""); strings.Contains(string(g.Body), second) {
		t.Errorf("a member again: %s", g.Body)
	}
	if a := admin.Admin("GET", path, nil); strings.Contains(string(a.Body), "ann@example.com") {
		t.Errorf("granted again: %s", a.Body)
	}
	okta.must(404, "GET", "/Users/"+first, "")
}

// TestCircles: groups do not contain themselves, through however many others.
func TestCircles(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", false)
	ids := []string{okta.make("/Groups", `{"displayName":"g0"}`)}
	for i := 1; i < 20; i++ {
		ids = append(ids, okta.make("/Groups", fmt.Sprintf(`{"displayName":"g%d","members":[{"value":"%s"}]}`, i, ids[i-1])))
	}
	a := okta.patch(400, "/Groups/"+ids[0], `{"op":"add","path":"members","value":[{"value":"`+ids[19]+`"}]}`)
	if !strings.Contains(a.Text("detail"), "must not form a circle") {
		t.Errorf("%s", a.Body)
	}
}

// TestHugeBodies: what is too large is refused, and the connection lives on.
func TestHugeBodies(t *testing.T) {
	c := start(t)
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"a name":     {`{"userName":"` + strings.Repeat("x", 1<<20) + `"}`, 400},
		"attributes": {`{"userName":"x","x":"` + strings.Repeat("x", 1<<20) + `"}`, 400},
		"all of it":  {`{"userName":"x","x":"` + strings.Repeat("x", 17<<20) + `"}`, 413},
		"nesting":    {strings.Repeat(`{"x":`, 5000) + "1" + strings.Repeat("}", 5000), 400},
	} {
		if a := c.call("POST", "/Users", tt.body); a.Status != tt.status {
			t.Errorf("%s: %d %.200s", name, a.Status, a.Body)
		}
	}
	ops := strings.TrimSuffix(strings.Repeat(`{"op":"add","path":"displayName","value":"x"},`, 1001), ",")
	if a := c.patch(400, "/Groups/3", ops); a.Text("scimType") != "tooMany" {
		t.Errorf("%s", a.Body)
	}
	c.must(200, "GET", "/Users", "")
}

// signIn opens a browser's session and gives its cookie.
func signIn(t *testing.T, c *client, token string) string {
	t.Helper()
	req, err := http.NewRequest("POST", c.URL+"/api/governance/1.0/sessions", strings.NewReader(`{"token":"`+token+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Bailiwick-Console", "1")
	a := c.Send(req)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	return cookie
}

// TestDeactivated: who is deactivated over SCIM is out with his next call, by whatever he comes with.
func TestDeactivated(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", true)
	tokens := []string{admin.User("ann@example.com")}
	for range 2 {
		a := admin.Do(tokens[0], "POST", "/api/2.0/token/create", map[string]any{"comment": "more"})
		tokens = append(tokens, a.Text("token_value"))
	}
	cookie := signIn(t, admin, tokens[0])
	look := func() (all []int) {
		for _, token := range tokens {
			all = append(all, admin.Do(token, "GET", "/api/2.0/preview/scim/v2/Me", nil).Status)
		}
		req, err := http.NewRequest("GET", admin.URL+"/api/governance/1.0/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", cookie)
		return append(all, admin.Send(req).Status)
	}
	same(t, "before", look(), []int{200, 200, 200, 200})
	id := servertestID(admin, "ann@example.com")
	okta.patch(204, "/Users/"+id, replaceActive+`"False"}`)
	same(t, "after", look(), []int{401, 401, 401, 401})
}

// TestMatches: who changes what he has not seen the last state of is told so.
func TestMatches(t *testing.T) {
	c := start(t)
	id := c.make("/Users", `{"userName":"ann"}`)
	with := func(method, header, tag string) int {
		req, err := http.NewRequest(method, c.URL+base+"/Users/"+id, strings.NewReader(`{"userName":"ann","displayName":"Ann"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set(header, tag)
		return c.Send(req).Status
	}
	first := c.must(200, "GET", "/Users/"+id, "").Text("meta.version")
	same(t, "not modified", with("GET", "If-None-Match", first), 304)
	same(t, "changed", with("PUT", "If-Match", first), 200)
	same(t, "again", with("PUT", "If-Match", first), 412)
	same(t, "deleted", with("DELETE", "If-Match", first), 412)
	same(t, "modified", with("GET", "If-None-Match", first), 200)
	same(t, "any", with("DELETE", "If-Match", "*"), 204)
}
