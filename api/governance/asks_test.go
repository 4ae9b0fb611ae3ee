package governance_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const root = "/api/governance/1.0"

// office is a workspace: ann has an experiment with a run, which team may read; bob is in team, cyd is nobody's, eve is an auditor.
type office struct {
	*servertest.Server
	tokens          map[string]string
	experiment, run string
}

func newOffice(t *testing.T) *office {
	o := &office{Server: servertest.Start(t), tokens: map[string]string{"": "", "admin": servertest.AdminToken}}
	for name, groups := range map[string][]string{"ann": nil, "bob": {"team"}, "cyd": nil, "eve": {"auditors"}} {
		o.tokens[name] = o.User(name+"@x.org", groups...)
	}
	o.experiment = o.as(t, "ann", "POST", "/api/2.0/mlflow/experiments/create", map[string]any{"name": "churn"}).Text("experiment_id")
	o.run = o.as(t, "ann", "POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": o.experiment}).Text("run.info.run_id")
	o.as(t, "ann", "PATCH", "/api/2.0/permissions/experiments/"+o.experiment, map[string]any{
		"access_control_list": []any{map[string]any{"group_name": "team", "permission_level": "CAN_READ"}}})
	return o
}

func (o *office) as(t *testing.T, who, method, path string, body any) servertest.Answer {
	t.Helper()
	a := o.Do(o.tokens[who], method, path, body)
	if a.Status != 200 {
		t.Fatalf("%s %s as %s: %d %s", method, path, who, a.Status, a.Body)
	}
	return a
}

func (o *office) ask(who, path string, query url.Values) servertest.Answer {
	return o.Do(o.tokens[who], "GET", root+path+"?"+query.Encode(), nil)
}

func TestCan(t *testing.T) {
	o := newOffice(t)
	churn := "experiments/" + o.experiment
	for name, c := range map[string]struct {
		who, ability, object, principal string
		status                          int
		allowed, text                   string
	}{
		"owner":                  {"ann", "log-runs", churn, "", 200, "true", "made experiment /Users/ann@x.org/churn and so has CAN_MANAGE"},
		"by path":                {"ann", "log-runs", "/Users/ann@x.org/churn", "", 200, "true", ""},
		"by run":                 {"bob", "view-runs", "runs/" + o.run, "", 200, "true", `group \"team\" has CAN_READ`},
		"too little":             {"bob", "log-runs", churn, "", 200, "false", `"level_needed":"CAN_EDIT"`},
		"oneself by name":        {"bob", "view-runs", churn, "BOB@x.org", 200, "true", ""},
		"of another":             {"bob", "view-runs", churn, "ann@x.org", 403, "", "can and what-can of others"},
		"of nobody":              {"bob", "view-runs", churn, "nobody", 403, "", "can and what-can of others"},
		"auditor of another":     {"eve", "log-runs", churn, "bob@x.org", 200, "false", ""},
		"administrator":          {"admin", "view-runs", churn, "cyd@x.org", 200, "false", ""},
		"of somebody unknown":    {"admin", "view-runs", churn, "nobody", 404, "", "Principal 'nobody' does not exist"},
		"of a group":             {"admin", "view-runs", churn, "team", 400, "", "groups do not call"},
		"missing":                {"bob", "view-runs", "experiments/123456", "", 404, "", "Object 'experiments/123456' does not exist."},
		"missing, no ability":    {"bob", "fly", "experiments/123456", "", 404, "", "Object 'experiments/123456' does not exist."},
		"unknown ability":        {"bob", "fly", churn, "", 400, "", "known: "},
		"ability of other kinds": {"bob", "list-items", churn, "", 400, "", "known: "},
		"no object":              {"bob", "view-runs", "", "", 400, "", "object is missing"},
		"of the workspace":       {"eve", "read-audit", "workspace", "", 200, "true", "auditor"},
		"signed out":             {"", "view-runs", churn, "", 401, "", ""},
	} {
		a := o.ask(c.who, "/can", url.Values{"ability": {c.ability}, "object": {c.object}, "principal": {c.principal}})
		if a.Status != c.status || a.Text("allowed") != c.allowed || !strings.Contains(string(a.Body), c.text) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

// TestCanTellsNothingOfWhatIsHidden: the answers about a hidden object and about none are the same but for its name.
func TestCanTellsNothingOfWhatIsHidden(t *testing.T) {
	o := newOffice(t)
	o.Admin("PATCH", "/api/2.0/workspace-conf", map[string]any{"enforceWorkspaceViewAcls": "true"})
	for _, ability := range []string{"view-runs", "fly"} {
		var bodies []string
		for _, object := range []string{"experiments/" + o.experiment, "runs/" + o.run, "/Users/ann@x.org/churn", "experiments/77", "runs/77", "/none"} {
			a := o.ask("cyd", "/can", url.Values{"ability": {ability}, "object": {object}})
			bodies = append(bodies, a.Header.Get("Content-Type")+strings.ReplaceAll(string(a.Body), object, "X"))
		}
		for _, b := range bodies[1:] {
			if diff := cmp.Diff(bodies[0], b); diff != "" {
				t.Errorf("%s: two answers differ: %s", ability, diff)
			}
		}
	}
}

// Some abilities everybody has on whatever object; an answer to that must not tell that the object is there.
func TestCanTellsNothingByWhatEverybodyMay(t *testing.T) {
	o := newOffice(t)
	o.Govern(func(*store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutObject, Object: &authz.Object{ID: 4000, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: "m"}}}, nil
	})
	for object, want := range map[string]int{"registered-models/4000": 404, "registered-models/m": 404, "registered-models/root": 200} {
		if a := o.ask("cyd", "/can", url.Values{"ability": {"create-model"}, "object": {object}}); a.Status != want {
			t.Errorf("%s: %d %s", object, a.Status, a.Body)
		}
	}
}

func TestWhoCan(t *testing.T) {
	o := newOffice(t)
	churn := url.Values{"ability": {"view-runs"}, "object": {"experiments/" + o.experiment}, "explain": {"true"}}
	for _, who := range []string{"ann", "eve", "admin"} {
		a := o.ask(who, "/who-can", churn)
		var got struct {
			Principals []struct {
				Name, Level, Rule string
				Through           struct{ Name string }
				Path              []pathStep
			}
		}
		if err := json.Unmarshal(a.Body, &got); err != nil {
			t.Fatal(err)
		}
		through := map[string]string{}
		for _, p := range got.Principals {
			through[p.Name] = p.Level + " through " + p.Through.Name
			if len(p.Path) == 0 {
				t.Errorf("%s has no path", p.Name)
			}
		}
		want := map[string]string{"ann@x.org": "CAN_MANAGE through ann@x.org", "bob@x.org": "CAN_READ through team", "admin": "CAN_MANAGE through admins"}
		if diff := cmp.Diff(want, through); diff != "" {
			t.Errorf("asked by %s (-want +got):\n%s", who, diff)
		}
	}
	for who, want := range map[string]int{"bob": 403, "cyd": 403, "": 401} {
		if a := o.ask(who, "/who-can", churn); a.Status != want || strings.Contains(string(a.Body), "team") {
			t.Errorf("asked by %s: %d %s", who, a.Status, a.Body)
		}
	}
}

func TestWhoCanAsCSV(t *testing.T) {
	o := newOffice(t)
	o.User("=cmd()")
	req, err := http.NewRequest("GET", o.URL+root+"/who-can?ability=list-items&object=/Shared", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
	req.Header.Set("Accept", "text/csv")
	a := o.Send(req)
	lines := strings.Split(strings.TrimSpace(string(a.Body)), "\n")
	if a.Header.Get("Content-Type") != "text/csv; charset=utf-8" || lines[0] != "id,name,kind,level,rule,from,through" || len(lines) != 7 {
		t.Errorf("%s: %s", a.Header.Get("Content-Type"), a.Body)
	}
	if !strings.Contains(string(a.Body), ",'=cmd(),") {
		t.Errorf("a name that is a formula: %s", a.Body)
	}
}

func TestWhatCan(t *testing.T) {
	o := newOffice(t)
	paths := func(who string, query url.Values) (out []string) {
		for {
			a := o.ask(who, "/what-can", query)
			var got struct {
				Objects []struct{ Path, Object, Level string }
				Next    string `json:"next_page_token"`
			}
			if err := json.Unmarshal(a.Body, &got); a.Status != 200 || err != nil {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			for _, x := range got.Objects {
				out = append(out, x.Level+" "+x.Path)
			}
			if got.Next == "" {
				return out
			}
			query.Set("page_token", got.Next)
		}
	}
	want := []string{"CAN_MANAGE /Shared", "CAN_USE ", "CAN_MANAGE /Shared/Default", "CAN_READ /Users/ann@x.org/churn"}
	if diff := cmp.Diff(want, paths("admin", url.Values{"principal": {"team"}})); diff != "" {
		t.Errorf("of a group (-want +got):\n%s", diff)
	}
	whole := paths("bob", url.Values{})
	if diff := cmp.Diff(whole, paths("bob", url.Values{"max_results": {"1"}})); diff != "" || len(whole) < 4 {
		t.Errorf("in pages (-whole +pages), %d:\n%s", len(whole), diff)
	}
	if got := paths("bob", url.Values{"kind": {"experiment"}}); len(got) != 2 {
		t.Errorf("experiments: %v", got)
	}
	for name, c := range map[string]struct {
		who    string
		query  url.Values
		status int
	}{
		"of another": {"bob", url.Values{"principal": {"ann@x.org"}}, 403}, "bad token": {"bob", url.Values{"page_token": {"x"}}, 400},
		"bad kind": {"bob", url.Values{"kind": {"spoon"}}, 400}, "too many": {"bob", url.Values{"max_results": {"100000"}}, 400},
		"of nobody": {"eve", url.Values{"principal": {"none"}}, 404},
	} {
		if a := o.ask(c.who, "/what-can", c.query); a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

func TestExplain(t *testing.T) {
	o := newOffice(t)
	a := o.as(t, "ann", "GET", root+"/objects/experiments/"+o.experiment+"/explain", nil)
	if a.Text("object.path") != "/Users/ann@x.org/churn" || a.Text("chain.3.object") != "directories/0" {
		t.Errorf("%s", a.Body)
	}
	for _, want := range []string{`"name":"team"`, `"level":"CAN_READ"`, `"rule":"admins"`, `"abilities":["`} {
		if !strings.Contains(string(a.Body), want) {
			t.Errorf("no %s in %s", want, a.Body)
		}
	}
	if a := o.Do(o.tokens["bob"], "GET", root+"/objects/experiments/"+o.experiment+"/explain", nil); a.Status != 403 {
		t.Errorf("as a reader: %d %s", a.Status, a.Body)
	}
}

func TestAbilities(t *testing.T) {
	o := newOffice(t)
	a := o.as(t, "cyd", "GET", root+"/abilities", nil)
	if a.Text("kinds.0.kind") != "directory" || !strings.Contains(string(a.Body), `"ability":"log-runs"`) {
		t.Errorf("%.400s", a.Body)
	}
}

func TestWhoami(t *testing.T) {
	o := newOffice(t)
	a := o.as(t, "bob", "GET", root+"/whoami", nil)
	if a.Text("principal.name") != "bob@x.org" || a.Text("groups.0.name") != "team" || a.Text("groups.1.name") != "users" || a.Text("admin") != "false" {
		t.Errorf("%s", a.Body)
	}
}

// pathStep is a step of a path as the tests look at it.
type pathStep struct {
	Kind, Rule, Level, Text string
	Principal, Group        *struct{ ID, Name, Kind string }
	Object, In              *struct{ Object, Kind, Name, Path string }
}

// TestSteps: each step of a path names by fields what its sentence names.
func TestSteps(t *testing.T) {
	o := newOffice(t)
	churn := "experiments/" + o.experiment
	path := func(who, ability, object string) []pathStep {
		t.Helper()
		var v struct{ Path []pathStep }
		a := o.ask(who, "/can", url.Values{"ability": {ability}, "object": {object}})
		if err := json.Unmarshal(a.Body, &v); err != nil || a.Status != 200 {
			t.Fatalf("%d %s: %v", a.Status, a.Body, err)
		}
		return v.Path
	}
	steps := path("bob", "log-runs", churn)
	if len(steps) != 3 || steps[0].Kind != "member" || steps[0].Principal.Name != "bob@x.org" || steps[0].Group.Name != "team" || steps[0].Object != nil {
		t.Fatalf("%+v", steps)
	}
	if s := steps[1]; s.Kind != "grant" || s.Rule != "entry" || s.Level != "CAN_READ" || s.Principal.Kind != "group" || s.Principal.ID == "" ||
		s.Object.Object != churn || s.Object.Path != "/Users/ann@x.org/churn" || s.Object.Kind != "experiment" || s.In != nil {
		t.Errorf("%+v", s)
	}
	if s := steps[2]; s.Kind != "table" || s.Level != "CAN_READ" || s.Object.Name != "churn" || s.Group != nil {
		t.Errorf("%+v", s)
	}
	if steps = path("admin", "log-runs", churn); steps[1].Rule != "admins" || steps[1].Object != nil || steps[1].Principal.Name != "admins" {
		t.Errorf("%+v", steps)
	}
	if steps = path("cyd", "view-runs", churn); len(steps) != 1 || steps[0].Rule != "nothing" || steps[0].Level != "" || steps[0].Object.Object != churn {
		t.Errorf("%+v", steps)
	}
	steps = path("bob", "view-runs", "experiments/0")
	if n := len(steps); n != 3 || steps[0].Rule != "shared" || steps[1].Kind != "inherit" || steps[1].Object.Path != "/Shared/Default" || steps[1].In.Path != "/Shared" {
		t.Errorf("%+v", steps)
	}
}

// TestPermissionRows: the list says of each level whether it can be changed, and a PUT of what stands leaves the list as it is.
func TestPermissionRows(t *testing.T) {
	o := newOffice(t)
	path := root + "/permissions/experiments/" + o.experiment
	o.as(t, "ann", "PATCH", "/api/2.0/permissions/directories/"+o.as(t, "ann", "GET", root+"/object?object=/Users/ann@x.org", nil).Text("id"),
		map[string]any{"access_control_list": []any{map[string]any{"user_name": "cyd@x.org", "permission_level": "CAN_RUN"}}})
	type level struct {
		Level      string `json:"permission_level"`
		Rule       string
		Reason     string
		Changeable bool
		Stands     bool
		Origins    []struct{ Object, Path string }
	}
	var list struct {
		Entries []struct {
			Principal struct{ ID, Name, Kind string }
			Members   *int
			Fixed     string
			All       []level `json:"all_permissions"`
		} `json:"access_control_list"`
	}
	a := o.as(t, "ann", "GET", path, nil)
	if err := json.Unmarshal(a.Body, &list); err != nil {
		t.Fatal(err)
	}
	var put []any
	got := map[string]level{}
	for _, e := range list.Entries {
		got[e.Principal.Name] = e.All[0]
		for _, l := range e.All {
			if l.Changeable == (l.Reason != "") {
				t.Errorf("%s: %+v", e.Principal.Name, l)
			}
			if l.Stands {
				put = append(put, map[string]any{e.Principal.Kind + "_name": e.Principal.Name, "permission_level": l.Level})
			}
		}
		if (e.Principal.Kind == "group") != (e.Members != nil) || (e.Fixed != "") != (e.Principal.Name == "admins") {
			t.Errorf("%+v", e)
		}
	}
	if l := got["team"]; !l.Changeable || l.Rule != "entry" || !l.Stands || l.Level != "CAN_READ" {
		t.Errorf("%+v", l)
	}
	if l := got["ann@x.org"]; !l.Changeable || l.Rule != "creator" {
		t.Errorf("%+v", l)
	}
	if l := got["cyd@x.org"]; l.Changeable || len(l.Origins) != 1 || l.Origins[0].Path != "/Users/ann@x.org" || l.Reason != "It is changed where it was given." {
		t.Errorf("%+v", l)
	}
	if l := got["admins"]; l.Changeable || l.Rule != "admins" || l.Origins != nil || l.Stands {
		t.Errorf("%+v", l)
	}
	after := o.as(t, "ann", "PUT", path, map[string]any{"access_control_list": put})
	if strings.ReplaceAll(string(a.Body), `"creator"`, `"entry"`) != string(after.Body) {
		t.Errorf("%s\n%s", a.Body, after.Body)
	}
	for _, who := range []string{"bob", "cyd"} {
		if a := o.Do(o.tokens[who], "GET", path, nil); a.Status != 403 || strings.Contains(string(a.Body), "changeable") {
			t.Errorf("%s: %d %s", who, a.Status, a.Body)
		}
	}
}
