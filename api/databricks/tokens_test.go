package databricks_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiwick/server/servertest"
	"bailiwick/store"
)

const (
	scim   = "/api/2.0/preview/scim/v2"
	tokens = "/api/2.0/permissions/authorization/tokens"
)

// newToken makes a token as somebody and gives its value and id.
func newToken(t *testing.T, s *servertest.Server, as string, body object) (value, id string) {
	t.Helper()
	a := s.Do(as, "POST", "/api/2.0/token/create", body)
	if a.Status != 200 || !strings.HasPrefix(a.Text("token_value"), "dapi") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.Text("token_value"), a.Text("token_info.token_id")
}

// works says whether a token still counts.
func works(s *servertest.Server, token string) bool {
	return s.Do(token, "GET", scim+"/Me", nil).Status == 200
}

func TestOwnTokens(t *testing.T) {
	s := servertest.Start(t)
	ana, bob := s.User("ana@example.com"), s.User("bob@example.com")
	value, id := newToken(t, s, ana, object{"comment": "laptop", "lifetime_seconds": 3600})
	if !works(s, value) || strings.Contains(id, value[4:]) {
		t.Fatal("the token does not work, or its id tells its value")
	}
	list := s.Do(value, "GET", "/api/2.0/token/list", nil)
	if n := len(list.JSON("token_infos").([]any)); n != 2 || strings.Contains(string(list.Body), value) {
		t.Errorf("%d tokens: %s", n, list.Body)
	}
	play(t, s, []step{
		{"no end", ana, "POST", "/api/2.0/token/create", object{}, 200, `"expiry_time":-1`},
		{"scopes", ana, "POST", "/api/2.0/token/create", object{"scopes": []string{"mlflow"}}, 200, `"scopes":["mlflow"]`},
		{"an unknown scope", ana, "POST", "/api/2.0/token/create", object{"scopes": []string{"root"}}, 400, "unknown scope"},
		{"a life of nothing", ana, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 0}, 400, "greater than 0"},
		{"a life in words", ana, "POST", "/api/2.0/token/create", `{"lifetime_seconds":"long"}`, 400, "lifetime_seconds"},
		{"a long comment", ana, "POST", "/api/2.0/token/create", object{"comment": strings.Repeat("x", 257)}, 400, "256"},
		{"somebody else's", bob, "POST", "/api/2.0/token/delete", object{"token_id": id}, 404, "RESOURCE_DOES_NOT_EXIST"},
		{"somebody else's comment", bob, "PATCH", "/api/2.0/token/" + id, object{"update_mask": "comment"}, 404, "does not exist"},
		{"a comment", ana, "PATCH", "/api/2.0/token/" + id, object{"token": object{"comment": "desk"}, "update_mask": "comment"}, 200, "{}"},
		{"no mask", ana, "PATCH", "/api/2.0/token/" + id, object{"token": object{"comment": "desk"}}, 400, "comment, scopes"},
		{"is it there", ana, "GET", "/api/2.0/token/list", nil, 200, `"comment":"desk"`},
		{"delete", ana, "POST", "/api/2.0/token/delete", object{"token_id": id}, 200, "{}"},
		{"delete again", ana, "POST", "/api/2.0/token/delete", object{"token_id": id}, 404, "RESOURCE_DOES_NOT_EXIST"},
		{"without a token", "", "POST", "/api/2.0/token/create", object{}, 401, "UNAUTHENTICATED"},
	})
	if works(s, value) {
		t.Error("a deleted token still counts")
	}
}

// TestScopedTokens: nobody makes a token that reaches further than his own.
func TestScopedTokens(t *testing.T) {
	s := servertest.Start(t)
	narrow, id := newToken(t, s, s.User("ana@example.com"), object{"scopes": []string{"authentication", "mlflow"}})
	play(t, s, []step{
		{"another family", narrow, "GET", scim + "/Users", nil, 403, ""},
		{"all", narrow, "POST", "/api/2.0/token/create", object{"scopes": []string{"all-apis"}}, 403, "not all scopes"},
		{"a further one", narrow, "POST", "/api/2.0/token/create", object{"scopes": []string{"scim"}}, 403, `no scope \"scim\"`},
		{"a part", narrow, "POST", "/api/2.0/token/create", object{"scopes": []string{"mlflow"}}, 200, `"scopes":["mlflow"]`},
		{"no wish", narrow, "POST", "/api/2.0/token/create", object{}, 200, `"scopes":["authentication","mlflow"]`},
		{"widening itself", narrow, "PATCH", "/api/2.0/token/" + id, object{"update_mask": "scopes"}, 200, "{}"},
	})
	if a := s.Do(narrow, "GET", scim+"/Users", nil); a.Status != 403 {
		t.Errorf("a narrow token widened itself: %d", a.Status)
	}
}

func TestTokenManagement(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	app := "6a1f2a90-6b0a-4f0e-8f0a-0a7c43c1d001"
	s.ServicePrincipal(app)
	for _, path := range []string{"/api/2.0/token-management/tokens", "/api/2.0/token-management/tokens/x"} {
		if a := s.Do(ana, "GET", path, nil); a.Status != 403 || !strings.Contains(a.Text("message"), "ana@example.com may not") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	a := s.Admin("POST", "/api/2.0/token-management/on-behalf-of/tokens",
		object{"application_id": strings.ToUpper(app), "lifetime_seconds": 86400, "comment": "ci"})
	bot, id := a.Text("token_value"), a.Text("token_info.token_id")
	if me := s.Do(bot, "GET", scim+"/Me", nil); me.Text("userName") != app || me.Text("applicationId") != app {
		t.Fatalf("the token is not the service principal's: %s", me.Body)
	}
	one := "/api/2.0/token-management/tokens/" + id
	admin := servertest.AdminToken
	play(t, s, []step{
		{"nobody's", admin, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": "x"}, 404, "does not exist"},
		{"a user's", admin, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": "ana@example.com"}, 404, ""},
		{"not by others", ana, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": app}, 403, "may not"},
		{"get", admin, "GET", one, nil, 200, `"created_by_username":"admin"`},
		{"by maker", admin, "GET", "/api/2.0/token-management/tokens?created_by_username=ADMIN", nil, 200, id},
		{"by another maker", admin, "GET", "/api/2.0/token-management/tokens?created_by_username=ana@example.com", nil, 200, `{"token_infos":[]}`},
		{"by nobody", admin, "GET", "/api/2.0/token-management/tokens?created_by_username=x", nil, 200, `{"token_infos":[]}`},
		{"comment", admin, "PATCH", one, object{"token": object{"comment": "cd"}, "update_mask": "comment"}, 200, "{}"},
		{"commented", admin, "GET", one, nil, 200, `"comment":"cd"`},
		{"not by others", ana, "DELETE", one, nil, 403, "may not"},
		{"delete", admin, "DELETE", one, nil, 200, "{}"},
		{"gone", admin, "GET", one, nil, 404, "RESOURCE_DOES_NOT_EXIST"},
	})
	if works(s, bot) {
		t.Error("a deleted token still counts")
	}
}

// TestManagerOfTokens: CAN_MANAGE on tokens is to list and revoke those of others, not to act as them.
func TestManagerOfTokens(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	app := "6a1f2a90-6b0a-4f0e-8f0a-0a7c43c1d001"
	s.ServicePrincipal(app)
	s.Admin("PATCH", tokens, object{"access_control_list": []object{{"user_name": "ana@example.com", "permission_level": "CAN_MANAGE"}}})
	_, bobs := newToken(t, s, s.User("bob@example.com"), object{"scopes": []string{"mlflow"}})
	one := "/api/2.0/token-management/tokens/" + bobs
	play(t, s, []step{
		{"for a service principal", ana, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": app}, 403, "may not"},
		{"wider", ana, "PATCH", one, object{"token": object{"scopes": []string{"all-apis"}}, "update_mask": "scopes"}, 403, "may not"},
		{"get", ana, "GET", one, nil, 200, `"scopes":["mlflow"]`},
		{"delete", ana, "DELETE", one, nil, 200, "{}"},
	})
}

// TestLosingTokens: who loses CAN_USE loses the tokens he has, however he loses it.
func TestLosingTokens(t *testing.T) {
	s := servertest.Start(t)
	ana, bob := s.User("ana@example.com", "team"), s.User("bob@example.com")
	entries := func(list ...object) object {
		return object{"access_control_list": append(list, object{"group_name": "admins", "permission_level": "CAN_MANAGE"})}
	}
	s.Admin("PUT", tokens, entries(object{"group_name": "team", "permission_level": "CAN_USE"}))
	if !works(s, ana) || works(s, bob) || !works(s, servertest.AdminToken) {
		t.Fatal("after a PUT for the team: the team's and the administrators' tokens stay, others go")
	}
	team, err := s.Store.Map().PrincipalByName(0, "team")
	if !err {
		t.Fatal("no team")
	}
	s.Admin("PATCH", scim+"/Groups/"+strconv.FormatInt(team.ID, 10), object{"Operations": []object{{"op": "remove", "path": "members"}}})
	if works(s, ana) {
		t.Error("she left the team and kept her token")
	}
	s.Admin("PUT", tokens, entries(object{"group_name": "users", "permission_level": "CAN_USE"}))
	if works(s, ana) || works(s, bob) {
		t.Error("lost tokens came back")
	}
}

// TestLifetimeLimit: maxTokenLifetimeDays is for new tokens.
func TestLifetimeLimit(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	s.Admin("PATCH", "/api/2.0/workspace-conf", object{"maxTokenLifetimeDays": "2"})
	play(t, s, []step{{"too long", ana, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 172801}, 400, "2 days"}})
	a := s.Do(ana, "POST", "/api/2.0/token/create", object{})
	ends, _ := time.ParseDuration(a.Text("token_info.expiry_time") + "ms")
	if left := time.Until(time.UnixMilli(ends.Milliseconds())); left < 47*time.Hour || left > 48*time.Hour {
		t.Errorf("a token without a wish ends in %v: %s", left, a.Body)
	}
}

// TestLastUse: the use of a token is written behind, with its source.
func TestLastUse(t *testing.T) {
	s := servertest.Start(t)
	value, id := newToken(t, s, s.User("ana@example.com"), object{})
	read := func() (u store.Use) {
		err := s.Store.Read(context.Background(), func(tx *store.Tx) error {
			all, err := tx.Uses([]string{id})
			u = all[id]
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if u := read(); u.At != 0 {
		t.Errorf("used before it was: %+v", u)
	}
	works(s, value)
	for end := time.Now().Add(10 * time.Second); read().At == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the use was not written")
		}
	}
	if u := read(); time.Since(time.UnixMilli(u.At)) > time.Minute || u.Source != "127.0.0.1" {
		t.Errorf("%+v", u)
	}
	a := s.Admin("GET", "/api/2.0/token-management/tokens/"+id, nil)
	if day := time.Now().UTC().Truncate(24 * time.Hour).UnixMilli(); a.Text("token_info.last_used_day") != strconv.FormatInt(day, 10) {
		t.Errorf("%s, want the day %d", a.Body, day)
	} else if own := s.Do(value, "GET", "/api/2.0/token/list", nil); !strings.Contains(string(own.Body), `"last_used_day":`+strconv.FormatInt(day, 10)) {
		t.Errorf("the owner's list: %s", own.Body)
	}
}

// TestBasic: MLflow's user name and password, with a token as the password.
func TestBasic(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	for _, tt := range []struct {
		name, password string
		status         int
	}{
		{"ana@example.com", ana, 200}, {"ANA@example.com", ana, 200}, {"token", ana, 200},
		{"bob@example.com", ana, 401}, {"ana@example.com", "wrong", 401}, {"ana@example.com", "", 401},
	} {
		req, err := http.NewRequest("GET", s.URL+scim+"/Me", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(tt.name, tt.password)
		if a := s.Send(req); a.Status != tt.status || strings.Contains(string(a.Body), ana) {
			t.Errorf("%s:%.8s: %d %s", tt.name, tt.password, a.Status, a.Body)
		}
	}
}

// TestLifeIsNarrowed: what ends makes nothing that lives longer: a token, a session that was opened with one, a sign-in link for oneself.
func TestLifeIsNarrowed(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	short := s.Do(ana, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 600})
	value, ends := short.Text("token_value"), short.Text("token_info.expiry_time")
	if a := s.Do(value, "POST", "/api/2.0/token/create", object{}); a.Status != 200 || a.Text("token_info.expiry_time") != ends {
		t.Errorf("without a wish it ends at %s: %s", ends, a.Body)
	}
	adminShort, _ := newToken(t, s, servertest.AdminToken, object{"lifetime_seconds": 600})
	app := "6a1f2a90-6b0a-4f0e-8f0a-0a7c43c1d001"
	s.ServicePrincipal(app)
	play(t, s, []step{
		{"shorter", value, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 60}, 200, "token_value"},
		{"longer", value, "POST", "/api/2.0/token/create", object{"lifetime_seconds": 6000}, 403, "cannot make a token that lives longer"},
		{"for another, longer", adminShort, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": app, "lifetime_seconds": 6000}, 403, "lives longer"},
		{"a link for oneself", adminShort, "POST", "/api/governance/1.0/login-links", object{"user_name": "admin"}, 403, "no sign-in link"},
		{"for another", adminShort, "POST", "/api/governance/1.0/login-links", object{"user_name": "ana@example.com"}, 200, "login_link"},
		{"one without end makes any", ana, "POST", "/api/2.0/token/create", object{}, 200, `"expiry_time":-1`},
	})
}

// TestTokensSwitchedOff: no new ones are made, in any way; those that exist go on.
func TestTokensSwitchedOff(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	app := "6a1f2a90-6b0a-4f0e-8f0a-0a7c43c1d001"
	s.ServicePrincipal(app)
	link := s.Admin("POST", "/api/governance/1.0/login-links", object{"user_name": "ana@example.com"}).Text("login_link")
	code := link[strings.Index(link, "/login/"):]
	s.Admin("PATCH", "/api/2.0/workspace-conf", object{"enableTokensConfig": "false"})
	play(t, s, []step{
		{"create", ana, "POST", "/api/2.0/token/create", object{}, 400, "switched off"},
		{"for another", admin, "POST", "/api/2.0/token-management/on-behalf-of/tokens", object{"application_id": app}, 400, "switched off"},
		{"by a link", "", "POST", code, object{}, 400, "switched off"},
		{"those there are", ana, "GET", "/api/2.0/token/list", nil, 200, "token_infos"},
		{"an odd value", admin, "PATCH", "/api/2.0/workspace-conf", object{"enableTokensConfig": "no"}, 400, "true or false"},
		{"an odd time", admin, "PATCH", "/api/2.0/workspace-conf", object{"maxTokenUnusedDays": "-1"}, 400, "maxTokenUnusedDays"},
		{"on", admin, "PATCH", "/api/2.0/workspace-conf", object{"enableTokensConfig": "true"}, 204, ""},
		{"the link was not used up", "", "POST", code, object{}, 200, "token_value"},
	})
}
