package governance_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/api/governance"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store/storetest"
)

// visit opens a link as a browser or a program does.
func visit(t *testing.T, method, link, accept string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(method, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestLoginLinks(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@example.com")
	narrow := s.Admin("POST", "/api/2.0/token/create", object{"scopes": []string{"scim"}}).Text("token_value")
	play(t, s, []step{
		{"not by others", ana, "POST", governance.Prefix + "/login-links", object{"user_name": "admin"}, 403, "administrators"},
		{"not by a narrow token", narrow, "POST", governance.Prefix + "/login-links", object{"user_name": "admin"}, 403, "scopes"},
		{"nobody", admin, "POST", governance.Prefix + "/login-links", object{"user_name": "x"}, 404, "does not exist"},
		{"a group", admin, "POST", governance.Prefix + "/login-links", object{"user_name": "admins"}, 404, "does not exist"},
	})
	link := s.Admin("POST", governance.Prefix+"/login-links", object{"user_name": "ana@example.com"}).Text("login_link")
	for range 2 { // previews of links use none up
		status, header, _ := visit(t, "GET", link, browser)
		if status != 303 || header.Get("Cache-Control") != "no-store" ||
			header.Get("Location") != "/#/sign-in?link="+strings.TrimPrefix(link, s.URL+"/login/") {
			t.Errorf("%d %v", status, header)
		}
	}
	status, _, body := visit(t, "POST", link, "application/json")
	token := regexp.MustCompile(`"token_value":"(dapi\w+)"`).FindStringSubmatch(body)
	if status != 200 || token == nil || !strings.Contains(body, `"host":"`+s.URL+`"`) {
		t.Fatalf("%d %s", status, body)
	}
	if me := s.Do(token[1], "GET", "/api/2.0/preview/scim/v2/Me", nil); me.Text("userName") != "ana@example.com" {
		t.Errorf("%s", me.Body)
	}
	if status, _, body := visit(t, "POST", link, browser); status != 401 || !strings.Contains(body, "unknown, used or older") {
		t.Errorf("a used link: %d %s", status, body)
	}
	if status, _, body := visit(t, "POST", s.URL+"/login/link-x", "application/json"); status != 401 || !strings.Contains(body, "UNAUTHENTICATED") {
		t.Errorf("an unknown link: %d %s", status, body)
	}
}

// TestLinkOfTheRemoved: a link dies with its user.
func TestLinkOfTheRemoved(t *testing.T) {
	s := servertest.Start(t)
	s.User("ana@example.com")
	link := s.Admin("POST", governance.Prefix+"/login-links", object{"user_name": "ana@example.com"}).Text("login_link")
	user := s.Admin("GET", "/api/2.0/preview/scim/v2/Users?filter=userName%20sw%20%22ana%22", nil).Text("Resources.0.id")
	s.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+user, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	if status, _, body := visit(t, "POST", link, "application/json"); status != 401 {
		t.Errorf("%d %s", status, body)
	}
	s.Admin("DELETE", "/api/2.0/preview/scim/v2/Users/"+user, nil)
	if status, _, body := visit(t, "POST", link, "application/json"); status != 401 {
		t.Errorf("%d %s", status, body)
	}
}

// TestFirstLink: a server that was given no token offers a link, at each start until somebody came in.
func TestFirstLink(t *testing.T) {
	cfg := server.Default()
	cfg.Data, cfg.Listen, cfg.Database = t.TempDir(), "127.0.0.1:0", storetest.Database(t)
	begin := func() *server.Server {
		s, err := server.Open(context.Background(), cfg, "", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Listen(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := begin()
	if first.Link == "" {
		t.Fatal("no link")
	}
	first.Close()
	second := begin()
	status, _, body := visit(t, "POST", second.Link, "application/json")
	if status != 200 || !strings.Contains(body, `"user_name":"admin"`) || !strings.Contains(body, `"token_value":"dapi`) {
		t.Errorf("%d %s", status, body)
	}
	second.Close()
	third := begin()
	defer third.Close()
	if third.Link != "" {
		t.Error("a link though the administrator has a token")
	}
}
