package governance_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// hide hides names in folders from those without a level.
func hide(s *servertest.Server) {
	s.Govern(func(*store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingEnforceView, Value: "true"}}}, nil
	})
}

// list gives one field of each row of a list in an answer.
func list(a servertest.Answer, rows, field string) []string {
	var body map[string]json.RawMessage
	var all []map[string]any
	_ = json.Unmarshal(a.Body, &body) // what does not fit shows as nothing
	_ = json.Unmarshal(body[rows], &all)
	out := []string{}
	for _, row := range all {
		out = append(out, fmt.Sprint(row[field]))
	}
	return out
}

func TestObject(t *testing.T) {
	o := newOffice(t)
	churn, run := "experiments/"+o.experiment, "runs/"+o.run
	for name, c := range map[string]struct {
		who, object string
		status      int
		says        []string
		silent      string // what must not be said
	}{
		"owner": {"ann", churn, 200, []string{`"level":"CAN_MANAGE"`, `"change-permissions"`, `"creator":"ann@x.org"`, `"created_at":1`, `"managers":2`,
			`"path":"/Users/ann@x.org/churn"`, `"chain":[{"object":"` + churn, `{"object":"directories/0","kind":"directory","name":"","path":"/"}]`,
			`"administrator":false`, `"id":"` + o.experiment}, ""},
		"by path":        {"ann", "/Users/ann@x.org/churn", 200, []string{`"object":"` + churn}, ""},
		"reader":         {"bob", churn, 200, []string{`"level":"CAN_READ"`, `"abilities":["view-runs","read-artifacts",`, `"modified_at"`}, `managers`},
		"knows the name": {"cyd", churn, 200, []string{`"level":""`, `"abilities":[]`, `"name":"churn"`}, `created_at`},
		"a run": {"bob", run, 200, []string{`"kind":"run"`, `"id":"` + o.run, `"object":"` + run, `"chain":[{"object":"` + run, `{"object":"` + churn,
			`"level":"CAN_READ"`}, `managers`},
		"a run of others":   {"cyd", run, 403, []string{"PERMISSION_DENIED", "CAN_READ"}, ""},
		"no run":            {"cyd", "runs/" + strings.Repeat("0", 32), 404, []string{"does not exist"}, ""},
		"administrator":     {"admin", "/Users/ann@x.org", 200, []string{`"administrator":true`, `"special":"home"`}, ""},
		"auditor":           {"eve", churn, 200, []string{`"abilities":["read-permissions"]`, `"managers":2`}, `created_at`},
		"the root":          {"cyd", "directories/0", 200, []string{`"special":"root"`, `"abilities":["list-items"]`}, `created_at`},
		"the registry":      {"cyd", "registered-models/root", 200, []string{`"create-model"`, `"id":"root"`}, ""},
		"the tokens":        {"cyd", "authorization/tokens", 200, []string{`"level":"CAN_USE"`}, ""},
		"the workspace":     {"cyd", "workspace", 200, []string{`"ask-about-self"`}, ""},
		"experiment 0":      {"cyd", "experiments/0", 200, []string{`"id":"0"`, `"name":"Default"`}, ""},
		"missing":           {"ann", "experiments/123456", 404, []string{"Object 'experiments/123456' does not exist."}, ""},
		"no object":         {"ann", "", 400, []string{"object is missing"}, ""},
		"without a sign-in": {"", churn, 401, nil, ""},
	} {
		a := o.ask(c.who, "/object", url.Values{"object": {c.object}})
		if a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		for _, text := range c.says {
			if !strings.Contains(string(a.Body), text) {
				t.Errorf("%s lacks %s: %s", name, text, a.Body)
			}
		}
		if c.silent != "" && strings.Contains(string(a.Body), c.silent) {
			t.Errorf("%s says %s: %s", name, c.silent, a.Body)
		}
	}
}

// TestObjectUnknown: what may not be known is answered byte for byte as what does not exist; the way to what may be known is.
func TestObjectUnknown(t *testing.T) {
	o := newOffice(t)
	hide(o.Server)
	model := o.as(t, "ann", "POST", "/api/2.0/mlflow/registered-models/create", object{"name": "fraud"}).Text("registered_model.name")
	id, _ := o.Store.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, model)
	for _, text := range []string{"experiments/" + o.experiment, "/Users/ann@x.org/churn", "/Users/ann@x.org", "runs/" + o.run,
		authz.RequestName(id), "registered-models/fraud"} {
		a := o.ask("cyd", "/object", url.Values{"object": {text}})
		if want := fmt.Sprintf(`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Object '%s' does not exist."}`, text); a.Status != 404 || strings.TrimSpace(string(a.Body)) != want {
			t.Errorf("%s: %d %s", text, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/Users/ann@x.org", "/Users/ann@x.org/churn"} {
		if a := o.ask("cyd", "/tree", url.Values{"path": {path}}); a.Status != 404 || !strings.Contains(string(a.Body), "Path ("+path+") doesn't exist.") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	a := o.ask("bob", "/object", url.Values{"object": {"experiments/" + o.experiment}})
	if got := list(a, "chain", "path"); !cmp.Equal(got, []string{"/Users/ann@x.org/churn", "/Users/ann@x.org", "/Users", "/"}) {
		t.Errorf("%v", got)
	}
	// In the trash the folders that lead there are not known any more: neither the chain nor the path may name them.
	o.as(t, "admin", "PATCH", "/api/2.0/permissions/experiments/"+o.experiment, object{"access_control_list": []object{{"user_name": "bob@x.org", "permission_level": "CAN_READ"}}})
	remove(o.Server, "/Users/ann@x.org/churn")
	a = o.ask("bob", "/object", url.Values{"object": {"experiments/" + o.experiment}})
	if a.Status != 200 || a.Text("trashed") != "true" || strings.Contains(string(a.Body), "ann@x.org/churn") || a.Text("abilities.0") != "view-trashed" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := o.ask("cyd", "/object", url.Values{"object": {"experiments/" + o.experiment}}); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestTree(t *testing.T) {
	o := newOffice(t)
	grow(o.Server, "/Shared/b/", "/Shared/b/nb", "/Shared/A/", "/Shared/zz", "/Shared/Nb", "/Shared/gone", "/closed/", "/closed/deep/", "/closed/deep/nb")
	remove(o.Server, "/Shared/gone")
	a := o.ask("cyd", "/tree", url.Values{"path": {"/Workspace/Shared/"}})
	if diff := cmp.Diff([]string{"A", "b", "Default", "Nb", "zz"}, list(a, "items", "name")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"false", "true", "false", "false", "false"}, list(a, "items", "has_children")); diff != "" {
		t.Error(diff)
	}
	if a.Text("folder.special") != "shared" || a.Text("items.3.language") != "PYTHON" || a.Text("items.3.size") != fmt.Sprint(len(source)) || a.Text("items.2.id") != "0" {
		t.Errorf("%s", a.Body)
	}
	top := o.ask("cyd", "/tree", nil)
	if diff := cmp.Diff([]string{"closed", "Repos", "Shared", "Users"}, list(top, "items", "name")); diff != "" {
		t.Error(diff)
	}
	if top.Text("items.0.created_at") != "" || top.Text("items.0.level") != "" || top.Text("items.0.abilities.0") != "list-items" {
		t.Errorf("%s", top.Body)
	}
	play(t, o.Server, []step{
		{"no folder", o.tokens["cyd"], "GET", root + "/tree?path=/Shared/zz", nil, 400, "is a notebook, no folder"},
		{"no folder, not his to view", o.tokens["cyd"], "GET", root + "/tree?path=/closed/deep/nb", nil, 403, "PERMISSION_DENIED"},
		{"missing", o.tokens["cyd"], "GET", root + "/tree?path=/none", nil, 404, "Path (/none) doesn't exist."},
		{"no path", o.tokens["cyd"], "GET", root + "/tree?path=Shared", nil, 400, "does not start with '/'"},
		{"too many", o.tokens["cyd"], "GET", root + "/tree?max_results=1001", nil, 400, "max_results must be from 1 to 1000"},
		{"a wrong token", o.tokens["cyd"], "GET", root + "/tree?page_token=x", nil, 400, "page_token"},
	})
	hide(o.Server)
	grant(o.Server, "notebooks", "/closed/deep/nb", "cyd@x.org", "CAN_READ")
	for path, want := range map[string][]string{"/": {"closed", "Shared", "Users"}, "/closed": {"deep"}, "/closed/deep": {"nb"}, "/Users": {"cyd@x.org"}} {
		a := o.ask("cyd", "/tree", url.Values{"path": {path}})
		if diff := cmp.Diff(want, list(a, "items", "name")); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// TestTreePages: the pages of a large folder hold everything once, in order, whatever comes in between.
func TestTreePages(t *testing.T) {
	s := servertest.Start(t)
	var want []string
	s.Govern(func(*store.Tx) (events []authz.Event, err error) {
		for i := range 120 {
			name := fmt.Sprintf("item %03d", i)
			events, want = append(events, event(authz.Experiment, authz.FolderShared, name)), append(want, name)
		}
		return events, nil
	})
	var got []string
	for token := "first"; token != ""; {
		a := s.Admin("GET", root+"/tree?path=/Shared&max_results=25&page_token="+strings.TrimPrefix(token, "first"), nil)
		got, token = append(got, list(a, "items", "name")...), a.Text("next_page_token")
		if len(got) == 25 {
			grow(s, "/Shared/a folder/") // it would be on the first page
		}
	}
	if diff := cmp.Diff(append([]string{"Default"}, want...), got); diff != "" {
		t.Error(diff)
	}
}

func TestHome(t *testing.T) {
	o := newOffice(t)
	if a := o.as(t, "cyd", "GET", root+"/home", nil); a.Text("first_steps") != "true" || len(list(a, "recent", "name")) != 0 || a.Text("unowned") != "0" {
		t.Errorf("%s", a.Body)
	}
	o.as(t, "cyd", "POST", "/api/2.0/mlflow/registered-models/create", object{"name": "fraud"})
	for i := range 12 {
		o.as(t, "cyd", "POST", "/api/2.0/mlflow/experiments/create", object{"name": fmt.Sprint("e", i)})
	}
	time.Sleep(2 * time.Millisecond) // times are kept in ms
	o.as(t, "cyd", "POST", "/api/2.0/mlflow/experiments/create", object{"name": "/Shared/given"})
	time.Sleep(2 * time.Millisecond)
	o.as(t, "cyd", "PATCH", root+"/steward?object=registered-models/fraud", object{"owner": "bob@x.org"})
	o.as(t, "cyd", "POST", "/api/2.0/token/create", object{"comment": "soon", "lifetime_seconds": 86400})
	o.as(t, "cyd", "POST", "/api/2.0/token/create", object{"comment": "later", "lifetime_seconds": 86400 * 30})
	remove(o.Server, "/Users/cyd@x.org/e11")
	o.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		p, _ := tx.Map.PrincipalByName(authz.User, "bob@x.org")
		off := *p
		off.Active = false
		return []authz.Event{{Op: authz.PutPrincipal, Principal: &off}}, nil
	})
	a := o.as(t, "cyd", "GET", root+"/home", nil)
	if a.Text("first_steps") != "false" || len(list(a, "recent", "name")) != 10 || a.Text("unowned") != "1" {
		t.Errorf("%s", a.Body)
	}
	if recent := strings.Join(list(a, "recent", "name"), " "); strings.Contains(recent, "e11") || !strings.HasPrefix(recent, "fraud given e") {
		t.Errorf("recent: %s", recent)
	}
	if diff := cmp.Diff([]string{"soon"}, list(a, "tokens_expiring", "comment")); diff != "" {
		t.Error(diff)
	}
}

func TestPrincipals(t *testing.T) {
	o := newOffice(t)
	o.ServicePrincipal("ann-bot", "team")
	for query, want := range map[string][]string{
		"":                                {"admin", "admins", "ann-bot", "ann@x.org", "auditors", "bob@x.org", "cyd@x.org", "eve@x.org", "team", "users"},
		"kinds=group":                     {"admins", "auditors", "team", "users"},
		"q=ANN":                           {"ann-bot", "ann@x.org"},
		"q=ann%40x.org":                   {"ann@x.org"},
		"q=bo":                            {"bob@x.org", "ann-bot"},
		"q=ann&kinds=service-principal":   {"ann-bot"},
		"q=a&kinds=user,group":            {"admin", "admins", "ann@x.org", "auditors", "team"},
		"q=nobody":                        {},
		"max_results=2":                   {"admin", "admins"},
		"max_results=2&page_token=Mg":     {"ann-bot", "ann@x.org"},
		"max_results=2&page_token=OTk5OQ": {},
	} {
		a := o.as(t, "cyd", "GET", root+"/principals?"+query, nil)
		if diff := cmp.Diff(want, list(a, "principals", "name")); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	if a := o.as(t, "cyd", "GET", root+"/principals?q=team", nil); a.Text("principals.0.members") != "2" || a.Text("principals.0.active") != "true" {
		t.Errorf("%s", a.Body)
	}
	play(t, o.Server, []step{
		{"an unknown kind", o.tokens["cyd"], "GET", root + "/principals?kinds=robot", nil, 400, "user, service-principal, group"},
		{"a wrong token", o.tokens["cyd"], "GET", root + "/principals?page_token=..", nil, 400, "page_token"},
	})
}

func TestSearch(t *testing.T) {
	o := newOffice(t)
	grow(o.Server, "/Shared/churn plots/", "/Shared/churn plots/nb", "/closed/", "/closed/churn secret")
	o.as(t, "ann", "POST", "/api/2.0/mlflow/registered-models/create", object{"name": "churn"})
	o.as(t, "cyd", "POST", "/api/2.0/mlflow/registered-models/create", object{"name": "churn of cyd"})
	user := fmt.Sprint(o.PrincipalID("ann@x.org"))
	for name, c := range map[string]struct {
		who, query string
		want       []string // kind, name and how it matched
	}{
		"names":               {"ann", "q=churn", []string{"experiment churn name", "registered-model churn name", "directory churn plots prefix", "notebook nb path"}},
		"of others":           {"cyd", "q=churn", []string{"directory churn plots prefix", "registered-model churn of cyd prefix", "notebook nb path"}},
		"administrator":       {"admin", "q=secret", []string{"notebook churn secret word"}},
		"not to see":          {"cyd", "q=secret", []string{}},
		"of some kinds":       {"ann", "q=churn&kinds=registered-model,experiment", []string{"experiment churn name", "registered-model churn name"}},
		"only so many":        {"ann", "q=churn&max_results=1", []string{"experiment churn name"}},
		"an id":               {"ann", "q=" + o.experiment, []string{"experiment churn id"}},
		"an id with its kind": {"ann", "q=experiments/" + o.experiment, []string{"experiment churn id"}},
		"an id of others":     {"cyd", "q=" + o.experiment, []string{}},
		"a path":              {"ann", "q=/Users/ann@x.org/churn", []string{"experiment churn id"}},
		"a path with a mount": {"ann", "q=/Workspace/Shared/churn", []string{"directory churn plots prefix", "notebook nb path"}},
		"a run":               {"bob", "q=" + o.run, []string{"run " + o.runName(t) + " id"}},
		"a run of others":     {"cyd", "q=" + o.run, []string{}},
		"no run":              {"bob", "q=" + strings.Repeat("0", 32), []string{}},
		"not of runs":         {"bob", "kinds=experiment&q=" + o.run, []string{}},
		"a principal":         {"cyd", "q=team", []string{"group team name"}},
		"principals only":     {"cyd", "q=ann&kinds=user", []string{"user ann@x.org prefix"}},
		"a principal's id":    {"cyd", "q=" + user, []string{"user ann@x.org id"}},
		"nothing":             {"ann", "q=", []string{}},
		"spaces":              {"ann", "q=%20%20", []string{}},
	} {
		a := o.as(t, c.who, "GET", root+"/search?"+c.query, nil)
		kinds, names, matches := list(a, "results", "kind"), list(a, "results", "name"), list(a, "results", "match")
		got := []string{}
		for i := range kinds {
			got = append(got, kinds[i]+" "+names[i]+" "+matches[i])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	a := o.as(t, "bob", "GET", root+"/search?q="+o.run, nil)
	if a.Text("results.0.where") != "/Users/ann@x.org/churn" || a.Text("results.0.object") != "runs/"+o.run || a.Text("results.0.level") != "CAN_READ" {
		t.Errorf("%s", a.Body)
	}
	play(t, o.Server, []step{
		{"an unknown kind", o.tokens["cyd"], "GET", root + "/search?q=a&kinds=robot", nil, 400, "'robot'"},
		{"too long", o.tokens["cyd"], "GET", root + "/search?q=" + strings.Repeat("a", 401), nil, 400, "400 are allowed"},
		{"too many", o.tokens["cyd"], "GET", root + "/search?q=a&max_results=101", nil, 400, "from 1 to 100"},
	})
}

func (o *office) runName(t *testing.T) string {
	t.Helper()
	return o.as(t, "ann", "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil).Text("run.info.run_name")
}
