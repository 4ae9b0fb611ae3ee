package governance_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const inventory = "/api/governance/1.0/credentials"

// vault is a server with two people, each with a token.
type vault struct {
	*servertest.Server
	t                *testing.T
	ann, bob, eve    string // tokens; eve is an auditor
	annID, bobID, me string // ids of tokens; me is the administrator's
}

func newVault(t *testing.T) *vault {
	v := &vault{Server: servertest.Start(t), t: t}
	v.ann, v.bob, v.eve = v.User("ann"), v.User("bob"), v.User("eve", "auditors")
	v.annID, v.bobID = v.idOf(v.ann), v.idOf(v.bob)
	v.me = v.idOf(servertest.AdminToken)
	return v
}

// idOf gives the id of a token's credential, as the server knows its caller.
func (v *vault) idOf(token string) string {
	v.t.Helper()
	a := v.Do(token, "GET", inventory+"?owner=me", nil)
	return a.Text("credentials.0.id")
}

// gathered waits until what was seen is written.
func (v *vault) gathered() {
	v.t.Helper()
	err := v.Door.FlushSightings(true, func(rows []store.Sighting) error {
		return v.Store.Write(context.Background(), func(tx *store.Tx) error { return tx.NoteSightings(rows) })
	})
	if err == nil {
		err = v.Door.FlushUses(func(uses []store.Use) error {
			return v.Store.Write(context.Background(), func(tx *store.Tx) error { return tx.NoteUses(uses) })
		})
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// eachOf gives a field of each thing in an answer's list.
func eachOf(a servertest.Answer, path, field string) (out []string) {
	rows, _ := a.JSON(path).([]any)
	for _, row := range rows {
		text, _ := row.(map[string]any)[field].(string)
		out = append(out, text)
	}
	return out
}

// One's own credentials are seen by oneself, all of them by administrators and auditors, and no others.
func TestWhoSeesCredentials(t *testing.T) {
	v := newVault(t)
	all := []string{v.annID, v.bobID, v.idOf(v.eve), v.me}
	slices.Sort(all)
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"administrator":     {servertest.AdminToken, "", all},
		"auditor":           {v.eve, "", all},
		"somebody":          {v.ann, "", []string{v.annID}},
		"somebody, himself": {v.ann, "?owner=ann", []string{v.annID}},
		"of one":            {v.eve, "?owner=bob", []string{v.bobID}},
		"of nobody":         {v.eve, "?owner=nobody", nil},
		"of a kind":         {v.eve, "?kind=session", nil},
		"of a state":        {v.eve, "?state=active&owner=bob", []string{v.bobID}},
	} {
		a := v.Do(tt.token, "GET", inventory+tt.query, nil)
		got := eachOf(a, "credentials", "id")
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); a.Status != 200 || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", name, a.Status, diff)
		}
	}
	for name, tt := range map[string]struct {
		token, method, path string
		want                int
	}{
		"list of another":            {v.ann, "GET", inventory + "?owner=bob", 403},
		"list of nobody":             {v.ann, "GET", inventory + "?owner=nobody", 403},
		"findings of another":        {v.ann, "GET", inventory + "/findings?owner=bob", 403},
		"another's":                  {v.ann, "GET", inventory + "/" + v.bobID, 403},
		"none":                       {v.ann, "GET", inventory + "/none", 403},
		"none, administrator":        {servertest.AdminToken, "GET", inventory + "/none", 404},
		"another's impact":           {v.ann, "GET", inventory + "/" + v.bobID + "/impact", 403},
		"another's, revoked":         {v.ann, "POST", inventory + "/" + v.bobID + "/revoke", 403},
		"another's, revoked by eve":  {v.eve, "POST", inventory + "/" + v.bobID + "/revoke", 403},
		"none, revoked":              {v.ann, "POST", inventory + "/none/revoke", 403},
		"a finding accepted by eve":  {v.eve, "PUT", inventory + "/findings/never-expires:" + v.bobID + "/acceptance", 403},
		"no such kind":               {v.eve, "GET", inventory + "?kind=key", 400},
		"no such class":              {v.eve, "GET", inventory + "/findings?class=bad", 400},
		"too many":                   {v.eve, "GET", inventory + "?max_results=100000", 400},
		"a page that was not given":  {v.eve, "GET", inventory + "?page_token=x!", 400},
		"a stranger":                 {"dapi-none", "GET", inventory, 401},
		"own, by a token cut down":   {v.cut(v.ann, "mlflow"), "GET", inventory, 403},
		"all, by one that may audit": {v.cut(servertest.AdminToken, "access-management"), "GET", inventory, 200},
	} {
		if a := v.Do(tt.token, tt.method, tt.path, map[string]any{"reason": "x", "until": time.Now().Add(time.Hour).UnixMilli()}); a.Status != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, a.Status, tt.want, a.Body)
		}
	}
}

// cut makes a token of the caller's that reaches one family.
func (v *vault) cut(token, scope string) string {
	v.t.Helper()
	a := v.Do(token, "POST", "/api/2.0/token/create", map[string]any{"scopes": []string{scope}, "comment": "cut", "lifetime_seconds": 3600})
	return a.Text("token_value")
}

func TestCredentialsPages(t *testing.T) {
	v := newVault(t)
	var got []string
	for token := ""; ; {
		a := v.Admin("GET", inventory+"?max_results=3&page_token="+token, nil)
		got = append(got, eachOf(a, "credentials", "id")...)
		if token = a.Text("next_page_token"); token == "" {
			break
		}
	}
	if slices.Sort(got); len(slices.Compact(got)) != 4 {
		t.Errorf("pages give %v", got)
	}
}

// run makes an experiment and a run, and logs into it.
func (v *vault) run(token, agent string) (experiment, run string) {
	v.t.Helper()
	call := func(path string, body any) servertest.Answer {
		v.t.Helper()
		a := v.as(token, agent, "POST", "/api/2.0/mlflow/"+path, body)
		if a.Status != 200 {
			v.t.Fatalf("%s: %d %s", path, a.Status, a.Body)
		}
		return a
	}
	experiment = call("experiments/create", map[string]any{"name": "churn"}).Text("experiment_id")
	run = call("runs/create", map[string]any{"experiment_id": experiment}).Text("run.info.run_id")
	call("runs/log-metric", map[string]any{"run_id": run, "key": "m", "value": 1, "timestamp": 1})
	return experiment, run
}

func (v *vault) as(token, agent, method, path string, body any) servertest.Answer {
	v.t.Helper()
	req := v.Request(token, method, path, body)
	req.Header.Set("User-Agent", agent)
	return v.Send(req)
}

// Impact says what was touched with a credential, and only that; revocation holds on the next call and says in the ledger why.
func TestImpactAndRevoke(t *testing.T) {
	v := newVault(t)
	experiment, run := v.run(v.ann, "mlflow-python-client/3.17.2")
	v.run(v.bob, "curl/8")
	b := open(t, v.Server)
	if a := b.do("POST", "/api/governance/1.0/sessions", map[string]string{"token": v.ann}, "X-Bailiwick-Console", "1"); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	v.gathered()
	a := v.Do(v.ann, "GET", inventory+"/"+v.annID+"/impact", nil)
	if diff := cmp.Diff([]string{run}, eachOf(a, "runs", "id")); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{experiment}, eachOf(a, "experiments", "id")); diff != "" {
		t.Errorf("experiments (-want +got):\n%s", diff)
	}
	if got := a.Text("runs.0.writes"); got != "1" {
		t.Errorf("%s writes to the run", got)
	}
	if a.Text("experiments.0.object.path") != "/Users/ann/churn" || a.Text("complete") != "true" || len(a.JSON("sessions").([]any)) != 1 {
		t.Errorf("impact: %s", a.Body)
	}
	programs := eachOf(a, "programs", "name")
	if slices.Sort(programs); !slices.Equal(programs, []string{"go-http-client", "mlflow"}) {
		t.Errorf("programs: %v", programs)
	}
	one := v.Do(v.ann, "GET", inventory+"/"+v.annID, nil)
	if one.Text("last_source") != "127.0.0.1" || one.Text("networks.0.name") != "127.0.0.0/24" || one.Text("owner.name") != "ann" {
		t.Errorf("shown: %s", one.Body)
	}
	if used := eachOf(one, "scopes_used", "name"); !slices.Contains(used, "mlflow") || slices.Contains(used, "scim") {
		t.Errorf("families used: %v", used)
	}
	v.revoke(b)
}

func (v *vault) revoke(b *tab) {
	v.t.Helper()
	path := inventory + "/" + v.annID + "/revoke"
	if a := v.Do(servertest.AdminToken, "POST", path, map[string]any{"findings": []string{"unused"}}); a.Status != 400 {
		v.t.Errorf("revoked for what is not found: %d %s", a.Status, a.Body)
	}
	v.Admin("POST", path, map[string]any{"reason": "left the team", "findings": []string{"never-expires"}})
	if a := v.Do(v.ann, "GET", "/api/governance/1.0/whoami", nil); a.Status != 401 {
		v.t.Errorf("a revoked token opens: %d", a.Status)
	}
	if a := b.do("GET", "/api/governance/1.0/session", nil); a.Status != 401 {
		v.t.Errorf("a session opened with a revoked token stands: %d", a.Status)
	}
	a := v.Admin("GET", "/api/governance/1.0/audit?q=action:revokeCredential", nil)
	for _, want := range []string{"left the team", "never-expires", v.annID} {
		if !strings.Contains(string(a.Body), want) {
			v.t.Errorf("the ledger does not say %q: %s", want, a.Body)
		}
	}
}

// Whoever manages tokens revokes those of others, but not their sessions.
func TestTokenManagersRevokeTokens(t *testing.T) {
	v := newVault(t)
	v.Admin("PATCH", "/api/2.0/permissions/authorization/tokens", map[string]any{
		"access_control_list": []any{map[string]any{"user_name": "bob", "permission_level": "CAN_MANAGE"}},
	})
	b := open(t, v.Server)
	b.do("POST", "/api/governance/1.0/sessions", map[string]string{"token": v.ann}, "X-Bailiwick-Console", "1")
	session := v.Admin("GET", inventory+"?owner=ann&kind=session", nil).Text("credentials.0.id")
	if a := v.Do(v.bob, "POST", inventory+"/"+session+"/revoke", nil); a.Status != 403 {
		t.Errorf("a session of another: %d %s", a.Status, a.Body)
	}
	if a := v.Do(v.bob, "POST", inventory+"/"+v.annID+"/revoke", nil); a.Status != 200 {
		t.Errorf("a token of another: %d %s", a.Status, a.Body)
	}
}

// Findings follow the settings; an accepted one is left out until its day.
func TestFindingsAreAccepted(t *testing.T) {
	v := newVault(t)
	classes := func(query string) []string {
		return eachOf(v.Admin("GET", inventory+"/findings?owner=ann"+query, nil), "findings", "class")
	}
	if diff := cmp.Diff([]string{"never-expires"}, classes("")); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	path := inventory + "/findings/never-expires:" + v.annID + "/acceptance"
	for name, body := range map[string]any{
		"no reason": map[string]any{"until": time.Now().Add(time.Hour).UnixMilli()}, "no end": map[string]any{"reason": "x"},
		"an end in the past": map[string]any{"reason": "x", "until": 1}, "an end in two years": map[string]any{"reason": "x", "until": time.Now().Add(800 * 24 * time.Hour).UnixMilli()},
	} {
		if a := v.Do(servertest.AdminToken, "PUT", path, body); a.Status != 400 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	v.Admin("PUT", path, map[string]any{"reason": "a robot at the customer's", "until": time.Now().Add(time.Hour).UnixMilli()})
	if got := classes(""); got != nil {
		t.Errorf("an accepted finding is found: %v", got)
	}
	a := v.Admin("GET", inventory+"/findings?owner=ann&accepted=true", nil)
	if a.Text("findings.0.accepted.reason") != "a robot at the customer's" || a.Text("findings.0.accepted.by.name") != "admin" {
		t.Errorf("accepted: %s", a.Body)
	}
	v.Admin("DELETE", path, nil)
	if got := classes(""); len(got) != 1 {
		t.Errorf("recalled: %v", got)
	}
	for _, id := range []string{"never-expires:none", "unused:" + v.annID, "x"} {
		a := v.Do(servertest.AdminToken, "PUT", inventory+"/findings/"+id+"/acceptance", map[string]any{"reason": "x", "until": time.Now().Add(time.Hour).UnixMilli()})
		if a.Status != 404 {
			t.Errorf("%s: %d", id, a.Status)
		}
	}
	v.Admin("PATCH", "/api/2.0/workspace-conf", map[string]string{"credentialNeverExpiresDays": "off", "credentialUnusedDays": "0"})
	if diff := cmp.Diff([]string{"unused"}, classes("")); diff != "" {
		t.Errorf("after the settings changed (-want +got):\n%s", diff)
	}
	if a := v.Do(servertest.AdminToken, "PATCH", "/api/2.0/workspace-conf", map[string]string{"credentialUnusedDays": "soon"}); a.Status != 400 {
		t.Errorf("a threshold that is none: %d", a.Status)
	}
	if a := v.Do(v.ann, "PATCH", "/api/2.0/workspace-conf", map[string]string{"credentialUnusedDays": "1"}); a.Status != 403 {
		t.Errorf("a threshold by somebody: %d", a.Status)
	}
	if got := v.Admin("GET", "/api/2.0/workspace-conf?keys=credentialMaxPrograms", nil).Text("credentialMaxPrograms"); got != "2" {
		t.Errorf("the standard is %q", got)
	}
}

// Somebody who leaves: his credentials open nothing, and are found for as long as they are there.
func TestOwnerInactive(t *testing.T) {
	v := newVault(t)
	v.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		p, _ := tx.Map.PrincipalByName(authz.User, "ann")
		next := *p
		next.Active = false
		return []authz.Event{{Op: authz.PutPrincipal, Principal: &next}}, nil
	})
	a := v.Admin("GET", inventory+"?state=owner-inactive", nil)
	if diff := cmp.Diff([]string{v.annID}, eachOf(a, "credentials", "id")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := eachOf(a, "credentials.0.findings", "class"); !slices.Contains(got, "owner-inactive") {
		t.Errorf("found: %v", got)
	}
}

// An address that a trusted proxy names is where a credential comes from; anybody else's word is not.
func TestNetworksBehindProxies(t *testing.T) {
	v := newVault(t)
	req := v.Request(v.ann, "GET", "/api/governance/1.0/whoami", nil)
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	if a := v.Send(req); a.Status != http.StatusOK {
		t.Fatal(a.Status)
	}
	v.gathered()
	if got := eachOf(v.Admin("GET", inventory+"/"+v.annID, nil), "networks", "name"); !slices.Equal(got, []string{"127.0.0.0/24"}) {
		t.Errorf("networks: %v", got)
	}
}
