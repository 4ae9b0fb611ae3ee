package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

// rota is a server with a scope of secrets and what a test asks of plans.
type rota struct {
	*servertest.Server
	t *testing.T
}

const (
	secretsAPI = "/api/2.0/secrets"
	plansAPI   = "/api/governance/1.0/rotation/plans"
)

func newRota(t *testing.T, change ...func(*server.Config)) *rota {
	s := &rota{servertest.Start(t, change...), t}
	s.Admin("POST", secretsAPI+"/scopes/create", map[string]any{"scope": "s"})
	return s
}

// value reads a secret, 404 as "".
func (s *rota) value(key string, version string) string {
	s.t.Helper()
	a := s.Do(servertest.AdminToken, "GET", secretsAPI+"/get?scope=s&key="+key+version, nil)
	if a.Status == 404 {
		return ""
	}
	value, err := base64.StdEncoding.DecodeString(a.Text("value"))
	if a.Status != 200 || err != nil {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return string(value)
}

func (s *rota) put(key, value string) {
	s.Admin("POST", secretsAPI+"/put", map[string]any{"scope": "s", "key": key, "string_value": value})
}

func (s *rota) plan(body map[string]any) string {
	s.t.Helper()
	return s.Admin("POST", plansAPI, body).Text("plan_id")
}

// robot makes a service principal.
func (s *rota) robot() servertest.Answer {
	return s.Admin("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"}, "displayName": "robot"})
}

func (s *rota) run(plan string) { s.Admin("POST", plansAPI+"/"+plan+"/run", nil) }

// until waits for a state of a plan's newest rotation.
func (s *rota) until(plan string, states ...string) servertest.Answer {
	s.t.Helper()
	var a servertest.Answer
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if a = s.Admin("GET", plansAPI+"/"+plan, nil); slices.Contains(states, a.Text("rotation.state")) {
			return a
		}
	}
	s.t.Fatalf("not %v: %s", states, a.Body)
	return a
}

// actions gives the actions of rotations in the ledger, in order.
func (s *rota) actions() (all []string) {
	s.t.Helper()
	a := s.Admin("GET", "/api/governance/1.0/audit?service=rotation&max_results=100", nil)
	for n := 0; a.JSON(fmt.Sprintf("events.%d", n)) != nil; n++ {
		if action := a.Text(fmt.Sprintf("events.%d.action_name", n)); strings.HasPrefix(action, "rotate") {
			all = append(all, action)
		}
	}
	slices.Reverse(all)
	return all
}

// Readers in a loop never fail while a secret is rotated; the ledger has create, switch and close.
func TestRotateSecret(t *testing.T) {
	s := newRota(t)
	s.put("k", "first")
	plan := s.plan(map[string]any{"kind": "secret", "scope": "s", "key": "k", "schedule": "30d", "overlap_seconds": 2,
		"rule": map[string]any{"length": 40, "alphabet": "hex"}})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if v := s.value("k", ""); v != "first" && len(v) != 40 {
					t.Errorf("read %q", v)
				}
			}
		})
	}
	s.run(plan)
	s.until(plan, "switched")
	if old := s.value("k", "&version=1"); old != "first" {
		t.Errorf("in the overlap the old version is %q", old)
	}
	if a := s.Admin("GET", plansAPI+"/"+plan, nil); a.Text("rotation.still_used_by.0.principal.name") != "admin" {
		t.Errorf("who still uses the old one: %s", a.Body)
	}
	a := s.until(plan, "closed")
	stop()
	wg.Wait()
	if s.value("k", "&version=1") != "" || len(s.value("k", "")) != 40 || a.Text("rotation.old") != "1" || a.Text("rotation.new") != "2" {
		t.Errorf("%s", a.Body)
	}
	if got := s.actions(); !slices.Equal(slices.DeleteFunc(got, func(a string) bool { return a == "rotateStillUsed" }), []string{"rotateCreate", "rotateSwitch", "rotateClose"}) {
		t.Errorf("%v", got)
	}
}

// A service principal's token goes into a secret; the old one holds through the overlap and not after it.
func TestRotateToken(t *testing.T) {
	s := newRota(t)
	sp := s.robot()
	app := sp.Text("applicationId")
	first := s.Admin("POST", "/api/2.0/token-management/on-behalf-of/tokens", map[string]any{"application_id": app, "comment": "by hand"})
	old := first.Text("token_value")
	plan := s.plan(map[string]any{"kind": "token", "scope": "s", "key": "robot", "service_principal": app, "credential_id": first.Text("token_info.token_id"),
		"schedule": "30d", "overlap_seconds": 3600, "lifetime_seconds": 40 * 24 * 3600})
	s.run(plan)
	a := s.until(plan, "switched")
	token := s.value("robot", "")
	if !strings.HasPrefix(token, "dapi") || strings.Contains(string(a.Body), token) {
		t.Fatalf("%q", token)
	}
	whoami := func(token string) int { return s.Do(token, "GET", "/api/governance/1.0/whoami", nil).Status }
	if whoami(token) != 200 || whoami(old) != 200 {
		t.Error("in the overlap both must hold")
	}
	for range 100 { // uses are written behind
		if a = s.Admin("GET", plansAPI+"/"+plan, nil); a.Text("rotation.still_used_by.0.principal.id") == sp.Text("id") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if a := s.Do(servertest.AdminToken, "POST", plansAPI+"/"+plan+"/close", map[string]any{}); a.Status != 400 && a.Status != 409 {
		t.Errorf("closed though used: %d %s", a.Status, a.Body)
	}
	s.Admin("POST", plansAPI+"/"+plan+"/close", map[string]any{"force": true})
	s.until(plan, "closed")
	if whoami(token) != 200 || whoami(old) != 401 {
		t.Error("after the close only the new one holds")
	}
	s.run(plan)
	s.until(plan, "switched")
	if s.value("robot", "&version=1") != token {
		t.Error("in the overlap the old version must be there")
	}
	if again := s.value("robot", ""); again == token || whoami(token) != 200 || whoami(again) != 200 {
		t.Error("the second rotation")
	}
}

// A client secret of a service principal: in the overlap both get access tokens, and what the old one got ends with it.
func TestRotateClientSecret(t *testing.T) {
	s := newRota(t)
	sp := s.robot()
	app := sp.Text("applicationId")
	plan := s.plan(map[string]any{"kind": "service-principal-secret", "scope": "s", "key": "robot", "service_principal": app, "schedule": "30d", "overlap_seconds": 3})
	access := func(value string) (int, string) {
		req, err := http.NewRequest("POST", s.URL+"/oidc/v1/token", strings.NewReader("grant_type=client_credentials&scope=all-apis"))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(app, value)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := s.Send(req)
		return a.Status, a.Text("access_token")
	}
	whoami := func(token string) int { return s.Do(token, "GET", "/api/governance/1.0/whoami", nil).Status }
	s.run(plan)
	s.until(plan, "closed")
	first := s.value("robot", "")
	status, token := access(first)
	if status != 200 || whoami(token) != 200 {
		t.Fatalf("the first secret: %d", status)
	}
	s.run(plan)
	s.until(plan, "switched")
	second := s.value("robot", "")
	if status, _ := access(first); status != 200 || second == first || whoami(token) != 200 {
		t.Errorf("in the overlap: %d", status)
	}
	if status, _ := access(second); status != 200 {
		t.Errorf("the second secret: %d", status)
	}
	s.until(plan, "closed")
	if status, _ := access(first); status != 401 || whoami(token) != 401 {
		t.Errorf("after the close: %d", status)
	}
	if status, _ := access(second); status != 200 {
		t.Errorf("the second secret: %d", status)
	}
	if v := s.Admin("GET", "/api/governance/1.0/secrets/s/robot", nil); v.Text("versions.1.closed") == "" {
		t.Errorf("the value of the old secret is still there: %s", v.Body)
	}
}

// What is signed before a key's rotation holds through it; keys of secrets are wrapped anew.
func TestRotateKeys(t *testing.T) {
	s := newRota(t)
	s.put("k", "value")
	before := s.Admin("GET", "/api/governance/1.0/kek", nil).Text("active")
	plan := s.plan(map[string]any{"kind": "encryption-key", "schedule": "90d"})
	s.run(plan)
	a := s.until(plan, "closed")
	kek := s.Admin("GET", "/api/governance/1.0/kek", nil)
	if kek.Text("active") == before || kek.Text("left") != "0" || a.Text("rotation.old") != before || s.value("k", "") != "value" {
		t.Errorf("%s %s", kek.Body, a.Body)
	}
	plan = s.plan(map[string]any{"kind": "signing-key", "schedule": "90d sun 03:00", "overlap_seconds": 7200})
	s.run(plan)
	a = s.until(plan, "tested")
	ring := s.Admin("GET", "/api/governance/1.0/oauth/signing-keys", nil)
	if ring.Text("signing_keys.0.kid") == a.Text("rotation.new") || ring.Text("signing_keys.1.kid") != a.Text("rotation.new") {
		t.Errorf("the new key is to be published and not to sign: %s", ring.Body)
	}
}

// outside is a receiver that rotates something of its own.
type outside struct {
	mu    sync.Mutex
	calls []string
	ids   map[string]bool
	how   func(action string, n int) (status int, wait bool)
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct{ Action, Rotation string }
	body, _ := io.ReadAll(r.Body)
	json.Unmarshal(body, &q)
	o.mu.Lock()
	o.calls = append(o.calls, q.Action)
	o.ids[q.Rotation] = true
	status, wait := o.how(q.Action, len(o.calls))
	o.mu.Unlock()
	if wait {
		<-r.Context().Done()
		return
	}
	if r.Header.Get("X-Bailiwick-Signature") == "" || r.Header.Get("X-Bailiwick-Timestamp") == "" {
		status = 401
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"value": "outside-%d"}`, len(o.calls))
}

func TestRotateByWebhook(t *testing.T) {
	for name, tt := range map[string]struct {
		how   func(action string, n int) (int, bool)
		state string
		calls []string
	}{
		"works": {func(string, int) (int, bool) { return 200, false }, "closed", []string{"create", "test", "switch", "close"}},
		"fails once": {func(_ string, n int) (int, bool) { return map[bool]int{true: 503, false: 200}[n == 2], false }, "closed",
			[]string{"create", "test", "test", "switch", "close"}},
		"does not work": {func(action string, _ int) (int, bool) {
			return map[bool]int{true: 422, false: 200}[action == "test"], false
		}, "failed", []string{"create", "test"}},
		"hangs for ever": {func(action string, n int) (int, bool) { return 200, n == 1 }, "closed", []string{"create", "create", "test", "switch", "close"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &outside{ids: map[string]bool{}, how: tt.how}
			srv := httptest.NewServer(o)
			defer srv.Close()
			defer srv.CloseClientConnections()
			s := newRota(t, func(c *server.Config) { c.Webhooks.Allow = []string{"127.0.0.1"} })
			s.put("k", "before")
			plan := s.plan(map[string]any{"kind": "secret", "scope": "s", "key": "k", "schedule": "30d", "overlap_seconds": 1, "rotator": "webhook", "url": srv.URL})
			s.run(plan)
			a := s.until(plan, tt.state)
			if !slices.Equal(o.calls, tt.calls) || len(o.ids) != 1 {
				t.Errorf("%v %v", o.calls, o.ids)
			}
			v := s.value("k", "")
			if failed := tt.state == "failed"; failed != (v == "before") || failed != (a.Text("findings.0.finding") == "rotation-failed") {
				t.Errorf("%q %s", v, a.Body)
			}
		})
	}
}

// Who does not manage the scope sees no plan and makes none; a plan whose author lost his right stops.
func TestRotationRights(t *testing.T) {
	s := newRota(t)
	s.put("k", "before")
	ann, bob := s.User("ann@example.com"), s.User("bob@example.com")
	body := map[string]any{"kind": "secret", "scope": "s", "key": "k", "schedule": "30d"}
	acl := func(level string) {
		s.Admin("POST", secretsAPI+"/acls/put", map[string]any{"scope": "s", "principal": "ann@example.com", "permission": level})
	}
	acl("WRITE")
	if a := s.Do(ann, "POST", plansAPI, body); a.Status != 403 {
		t.Errorf("WRITE is enough: %d %s", a.Status, a.Body)
	}
	acl("MANAGE")
	made := s.Do(ann, "POST", plansAPI, body)
	plan := made.Text("plan_id")
	if made.Status != 200 {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	for _, path := range []string{"/" + plan, "/" + plan + "/rotations"} {
		if a := s.Do(bob, "GET", plansAPI+path, nil); a.Status != 404 {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := s.Do(bob, "GET", plansAPI, nil); a.Status != 200 || a.JSON("plans.0") != nil {
		t.Errorf("%s", a.Body)
	}
	if a := s.Do(ann, "POST", plansAPI, map[string]any{"kind": "signing-key", "schedule": "90d", "overlap_seconds": 7200}); a.Status != 403 {
		t.Errorf("keys: %d %s", a.Status, a.Body)
	}
	sp := s.robot()
	if a := s.Do(ann, "POST", plansAPI, map[string]any{"kind": "token", "scope": "s", "key": "t", "service_principal": sp.Text("applicationId"), "schedule": "30d"}); a.Status != 403 {
		t.Errorf("somebody else's service principal: %d %s", a.Status, a.Body)
	}
	acl("READ")
	s.run(plan)
	a := s.until(plan, "failed")
	if !strings.Contains(a.Text("rotation.reason"), "manage-scope") || s.value("k", "") != "before" {
		t.Errorf("%s", a.Body)
	}
	s.Admin("PATCH", plansAPI+"/"+plan, map[string]any{"contact": "ops"})
	s.run(plan)
	s.until(plan, "closed")
}
