package databricks_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

const (
	lists = "/api/2.0/ip-access-lists"
	conf  = "/api/2.0/workspace-conf"
)

// behindProxy starts a server that believes its loopback what it says of where a call comes from.
func behindProxy(t *testing.T) *servertest.Server {
	return servertest.Start(t, func(c *server.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
}

// from sends a call that the proxy says comes from an address; empty = the call comes from the loopback itself.
func from(t *testing.T, s *servertest.Server, address, token, method, path string, body any) servertest.Answer {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := body.(io.Reader); ok {
		req.Body = io.NopCloser(r)
	}
	if address != "" {
		req.Header.Set("X-Forwarded-For", address)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return s.Send(req)
}

func rangesOf(kind string, addresses ...string) object {
	return object{"label": "office", "list_type": kind, "ip_addresses": addresses}
}

func TestAddressLists(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	made := s.Admin("POST", lists, rangesOf("ALLOW", "10.0.0.0/8", "2001:db8::1"))
	one := lists + "/" + made.Text("ip_access_list.list_id")
	for key, want := range map[string]string{"label": "office", "list_type": "ALLOW", "address_count": "2", "enabled": "true", "ip_addresses.1": "2001:db8::1"} {
		if got := made.Text("ip_access_list." + key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	for _, key := range []string{"created_at", "created_by", "updated_at", "updated_by"} {
		if got := made.Text("ip_access_list." + key); len(got) < 3 {
			t.Errorf("%s is %q", key, got)
		}
	}
	play(t, s, []step{
		{"not by others", ana, "GET", lists, nil, 403, "Only administrators may"},
		{"nor one", ana, "GET", one, nil, 403, "Only administrators may"},
		{"nor made", ana, "POST", lists, rangesOf("ALLOW", "10.0.0.0/8"), 403, "Only administrators may"},
		{"nor deleted", ana, "DELETE", one, nil, 403, "Only administrators may"},
		{"without a label", admin, "POST", lists, object{"list_type": "ALLOW", "ip_addresses": []string{"10.0.0.1"}}, 400, "label"},
		{"without a type", admin, "POST", lists, object{"label": "x", "ip_addresses": []string{"10.0.0.1"}}, 400, "list_type"},
		{"another type", admin, "POST", lists, rangesOf("allow", "10.0.0.1"), 400, "INVALID_PARAMETER_VALUE"},
		{"of nothing", admin, "POST", lists, rangesOf("ALLOW"), 400, "at least one"},
		{"no address", admin, "POST", lists, rangesOf("BLOCK", "10.0.0.1", "10.0.0.1%lo"), 400, "ip_addresses[1]"},
		{"all", admin, "GET", lists, nil, 200, `"ip_access_lists":[{"list_id":`},
		{"patch", admin, "PATCH", one, object{"enabled": false}, 200, `"ip_addresses":["10.0.0.0/8","2001:db8::1"],"address_count":2,"enabled":false`},
		{"get", admin, "GET", one, nil, 200, `"label":"office"`},
		{"replace without addresses", admin, "PUT", one, object{"label": "home", "list_type": "BLOCK", "enabled": true}, 400, "at least one"},
		{"replace", admin, "PUT", one, object{"label": "home", "list_type": "BLOCK", "ip_addresses": []string{"192.0.2.1"}, "enabled": true}, 200, `"list_type":"BLOCK"`},
		{"delete", admin, "DELETE", one, nil, 200, "{}"},
		{"gone", admin, "GET", one, nil, 404, "RESOURCE_DOES_NOT_EXIST"},
		{"gone to change", admin, "PATCH", one, object{"enabled": true}, 404, "RESOURCE_DOES_NOT_EXIST"},
		{"gone to delete", admin, "DELETE", one, nil, 404, "RESOURCE_DOES_NOT_EXIST"},
		{"none", admin, "GET", lists, nil, 200, `{"ip_access_lists":[]}`},
		{"an odd switch", admin, "PATCH", conf, object{"enableIpAccessLists": "yes"}, 400, "true or false"},
	})
}

// TestAddressQuota: all lists together have a thousand places.
func TestAddressQuota(t *testing.T) {
	s := servertest.Start(t)
	many := make([]string, 999)
	for i := range many {
		many[i] = fmt.Sprintf("10.0.%d.%d", i/250, i%250)
	}
	made := s.Admin("POST", lists, rangesOf("BLOCK", many...))
	play(t, s, []step{
		{"two more", admin, "POST", lists, rangesOf("BLOCK", "192.0.2.1", "192.0.2.2"), 400, "QUOTA_EXCEEDED"},
		{"one more", admin, "POST", lists, rangesOf("BLOCK", "192.0.2.1"), 200, "192.0.2.1"},
		{"a longer one", admin, "PATCH", lists + "/" + made.Text("ip_access_list.list_id"), object{"ip_addresses": append(many, "192.0.2.9")}, 400, "QUOTA_EXCEEDED"},
		{"as long", admin, "PATCH", lists + "/" + made.Text("ip_access_list.list_id"), object{"ip_addresses": many}, 200, `"address_count":999`},
	})
}

// TestAddressListsHold: for tokens and sessions, in every protocol, from the change's answer on; and what a refusal tells.
func TestAddressListsHold(t *testing.T) {
	s := behindProxy(t)
	ana := s.User("ana@x.org")
	asked := func(address, method, path string, want int) servertest.Answer {
		t.Helper()
		a := from(t, s, address, ana, method, path, nil)
		if a.Status != want {
			t.Errorf("%s %s from %q: %d %s, want %d", method, path, address, a.Status, a.Body, want)
		}
		return a
	}
	s.Admin("POST", lists, rangesOf("ALLOW", "10.0.0.0/8", "127.0.0.1", "2001:db8::/32"))
	asked("8.8.8.8", "GET", scim+"/Me", 200) // they do not count yet
	s.Admin("PATCH", conf, object{"enableIpAccessLists": "true"})
	for address, want := range map[string]int{
		"8.8.8.8": 403, "10.1.2.3": 200, "": 200, "::ffff:10.1.2.3": 200, "::ffff:8.8.8.8": 403, "2001:db8::1": 200, "2001:db9::1": 403,
		"10.1.2.3, 8.8.8.8": 403, "8.8.8.8, 10.1.2.3": 200, "8.8.8.8:1234": 403, "[2001:db9::1]:80": 403, "10.1.2.3:80": 200, "fe80::1%lo": 403,
		"10.1.2.3, 8.8.8.8, 127.0.0.1": 403, // what stands before the last address that is no proxy's was written by anybody
	} {
		asked(address, "GET", scim+"/Me", want)
	}
	a := asked("8.8.8.8", "GET", "/api/2.0/token/list", 403)
	if !strings.Contains(string(a.Body), "8.8.8.8 is blocked") || strings.Contains(string(a.Body), "office") || strings.Contains(string(a.Body), "10.0.0.0") {
		t.Errorf("%s", a.Body)
	}
	for _, path := range []string{"/api/2.0/mlflow/experiments/get?experiment_id=0", "/api/governance/1.0/whoami", "/ajax-api/2.0/mlflow/users/current", "/api/governance/1.0/changes?object=/Shared"} {
		asked("8.8.8.8", "GET", path, 403)
	}
	if a := from(t, s, "8.8.8.8", "dapi"+strings.Repeat("0", 64), "GET", scim+"/Me", nil); a.Status != 401 || strings.Contains(string(a.Body), "blocked") {
		t.Errorf("without a credential: %d %s", a.Status, a.Body)
	}
	if a := from(t, s, "8.8.8.8", "", "GET", "/health", nil); a.Status != 200 {
		t.Errorf("an open page: %d", a.Status)
	}
	found := s.Admin("GET", "/api/governance/1.0/audit?q=action:IpAccessDenied&page_size=1", nil)
	if body := string(found.Body); !strings.Contains(body, "ana@x.org") || !strings.Contains(body, "no list allows") {
		t.Errorf("the ledger: %s", body)
	}
}

// TestBlockedBodyIsNotRead: who is kept out is answered before his body is looked at, however it is made.
func TestBlockedBodyIsNotRead(t *testing.T) {
	s := behindProxy(t)
	ana := s.User("ana@x.org")
	s.Admin("POST", lists, rangesOf("BLOCK", "8.8.8.0/24"))
	s.Admin("PATCH", conf, object{"enableIpAccessLists": "true"})
	for _, path := range []string{"/api/2.0/mlflow/runs/log-batch", "/api/2.0/workspace/import", "/api/2.0/token/create"} {
		if a := from(t, s, "8.8.8.8", ana, "POST", path, bytes.NewReader([]byte("{no json"))); a.Status != 403 || !strings.Contains(string(a.Body), "blocked") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// TestSelfLockout: nobody keeps himself out, by any of the ways there are.
func TestSelfLockout(t *testing.T) {
	s := servertest.Start(t)
	on, off := object{"enableIpAccessLists": "true"}, object{"enableIpAccessLists": "false"}
	foreign := s.Admin("POST", lists, rangesOf("ALLOW", "10.0.0.0/8")).Text("ip_access_list.list_id")
	own := s.Admin("POST", lists, rangesOf("ALLOW", "127.0.0.0/8", "::1")).Text("ip_access_list.list_id")
	s.Admin("PATCH", conf, on)
	play(t, s, []step{
		{"a block of oneself", admin, "POST", lists, rangesOf("BLOCK", "127.0.0.1", "::1"), 400, "INVALID_STATE"},
		{"of all", admin, "POST", lists, rangesOf("BLOCK", "0.0.0.0/0", "::/0"), 400, "INVALID_STATE"},
		{"in another form", admin, "POST", lists, rangesOf("BLOCK", "::ffff:127.0.0.1"), 400, "INVALID_STATE"},
		{"the own list gone", admin, "DELETE", lists + "/" + own, nil, 400, "INVALID_STATE"},
		{"and off", admin, "PATCH", lists + "/" + own, object{"enabled": false}, 400, "INVALID_STATE"},
		{"and turned round", admin, "PATCH", lists + "/" + own, object{"list_type": "BLOCK"}, 400, "INVALID_STATE"},
		{"and elsewhere", admin, "PUT", lists + "/" + own, rangesOf("ALLOW", "192.0.2.1"), 400, "INVALID_STATE"},
		{"nothing was kept", admin, "GET", lists + "/" + own, nil, 200, `"enabled":true`},
		{"switched off", admin, "PATCH", conf, off, 204, ""},
		{"then it may go", admin, "DELETE", lists + "/" + own, nil, 200, "{}"},
		{"but not on", admin, "PATCH", conf, on, 400, "INVALID_STATE"},
		{"still off", admin, "GET", conf + "?keys=enableIpAccessLists", nil, 200, `"false"`},
		{"without the other", admin, "DELETE", lists + "/" + foreign, nil, 200, "{}"},
		{"on", admin, "PATCH", conf, on, 204, ""},
	})
}

// TestSignInFromElsewhere: who is kept out gets no session and uses up no link.
func TestSignInFromElsewhere(t *testing.T) {
	s := behindProxy(t)
	ana := s.User("ana@x.org")
	link := s.Admin("POST", "/api/governance/1.0/login-links", object{"user_name": "ana@x.org"}).Text("login_link")
	code := link[strings.Index(link, "/login/"):]
	s.Admin("POST", lists, rangesOf("BLOCK", "8.8.8.0/24"))
	s.Admin("PATCH", conf, object{"enableIpAccessLists": "true"})
	post := func(address, path, body string) servertest.Answer {
		t.Helper()
		req, err := http.NewRequest("POST", s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Bailiwick-Console", "1")
		req.Header.Set("X-Forwarded-For", address)
		return s.Send(req)
	}
	sessions := "/api/governance/1.0/sessions"
	for path, body := range map[string]string{code: "{}", sessions: `{"token":"` + ana + `"}`} {
		if a := post("8.8.8.8", path, body); a.Status != 403 || a.Header.Get("Set-Cookie") != "" || strings.Contains(string(a.Body), "dapi") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	a := post("9.9.9.9", sessions, `{"token":"`+ana+`"}`)
	if a.Status != 200 {
		t.Fatalf("from elsewhere: %d %s", a.Status, a.Body)
	}
	for address, want := range map[string]int{"8.8.8.8": 403, "9.9.9.9": 200} {
		req, _ := http.NewRequest("GET", s.URL+"/api/governance/1.0/session", nil)
		req.Header.Set("X-Forwarded-For", address)
		req.Header.Set("Cookie", strings.Split(a.Header.Get("Set-Cookie"), ";")[0])
		if got := s.Send(req); got.Status != want {
			t.Errorf("a session from %s: %d %s", address, got.Status, got.Body)
		}
	}
	if a := post("9.9.9.9", code, "{}"); a.Status != 200 {
		t.Errorf("the link was used up: %d %s", a.Status, a.Body)
	}
}
