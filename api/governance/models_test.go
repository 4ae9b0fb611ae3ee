package governance_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// modelRow is a registered model as the tests look at it.
type modelRow struct {
	Object, ID, Name, Level, Owner, Description string
	Abilities                                   []string
	Unowned                                     string
	Prompt                                      bool
	Latest                                      map[string]string
	Aliases                                     []struct{ Alias, Version string }
	Versions, Requests                          int
	Modified                                    int64 `json:"modified_at"`
	Absent                                      []absent
	Tags                                        []struct{ Key, Value string }
	TwoPersons                                  bool `json:"two_persons"`
	Steward                                     struct{ Owner, Contact string }
}

func TestModelPages(t *testing.T) {
	o := newRegistry(t)
	v := o.version()
	o.version()
	o.do("ann", "POST", mlflow+"/model-versions/transition-stage", staged(v, "Production"))
	o.do("ann", "POST", mlflow+"/registered-models/alias", fields{"name": "churn", "alias": "live", "version": v})
	o.wants("read", "2", "Staging")
	o.twoPersons("yes")
	o.do("ann", "PATCH", root+"/steward?object=registered-models/"+o.model, fields{"owner": "team", "contact": "#crm"})
	m := read[modelRow](o, "edit", "/models/churn", nil)
	if m.Object != "registered-models/"+o.model || m.ID != o.model || m.Level != "CAN_EDIT" || !slices.Contains(m.Abilities, "add-version") ||
		slices.Contains(m.Abilities, "delete-model") || m.Versions != 2 || m.Requests != 1 || m.Owner != "team" || m.Steward.Contact != "#crm" ||
		!m.TwoPersons || m.Description != "who leaves" || m.Modified == 0 {
		t.Errorf("%+v", m)
	}
	if diff := cmp.Diff(map[string]string{"Production": "1", "None": "2"}, m.Latest); diff != "" || len(m.Aliases) != 1 || len(m.Tags) != 1 {
		t.Errorf("%+v %s", m, diff)
	}
	if !strings.Contains(why(m.Absent, "DELETE"), "CAN_MANAGE") || !strings.Contains(why(m.Absent, "RENAME"), "rename-model") {
		t.Errorf("%+v", m.Absent)
	}
	if m = read[modelRow](o, "manage", "/models/churn", nil); !strings.Contains(why(m.Absent, "DELETE"), "archive it before") {
		t.Errorf("%+v", m.Absent)
	}
	page := o.do("manage", "GET", root+"/models/churn/versions/2", nil)
	for path, want := range map[string]string{"current_stage": "None", "name": "churn", "version": "2", "status": "READY", "files": "1",
		"source_link.run_id": "", "abilities.0": "create-model", "requests.0.to": "Staging", "absent.0.action": "SET_ALIAS", "level": "CAN_MANAGE"} {
		if page.Text(path) != want {
			t.Errorf("%s is %q: %s", path, page.Text(path), page.Body)
		}
	}
	if a := o.do("ann", "GET", root+"/models/churn/versions/1", nil); a.Text("source_link.run_id") != o.run || a.Text("source_link.experiment_id") != o.experiment {
		t.Errorf("%s", a.Body)
	}
	o.hides("/models/churn", "/models/churn/versions", "/models/nothing/versions", "/models/churn/versions/1", "/models/churn/versions/77", "/models/nothing", "/models/nothing/versions/1")
}

// hides holds that who may not know a model is told the same of it as of none.
func (o *registryOf) hides(paths ...string) {
	o.t.Helper()
	for _, path := range paths {
		a := o.Do(o.tokens["none"], "GET", root+path, nil)
		text := strings.ReplaceAll(strings.ReplaceAll(string(a.Body), "churn", "X"), "nothing", "X")
		if a.Status != 404 || text != `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Registered Model with name=X not found"}` {
			o.t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

func TestModelList(t *testing.T) {
	o := newRegistry(t)
	for _, name := range []string{"Churn_EU", "fraud", "100%_sure", "secret"} {
		o.do("ann", "POST", mlflow+"/registered-models/create", fields{"name": name})
		id := o.do("ann", "GET", mlflow+"/databricks/registered-models/get?name="+url.QueryEscape(name), nil).Text("registered_model_databricks.id")
		if name != "secret" {
			o.do("ann", "PATCH", "/api/2.0/permissions/registered-models/"+id, fields{"access_control_list": []any{
				fields{"user_name": "read@x.org", "permission_level": "CAN_READ"}}})
		}
		if name == "fraud" {
			o.do("ann", "PATCH", root+"/steward?object=registered-models/"+id, fields{"owner": "cyd@x.org"})
		}
	}
	o.do("ann", "POST", mlflow+"/registered-models/create", fields{"name": "greeting", "tags": []any{fields{"key": "mlflow.prompt.is_prompt", "value": "true"}}})
	v := o.version()
	o.wants("read", v, "Staging")
	list := func(who string, query url.Values) (names []string) {
		t.Helper()
		for {
			page := read[struct {
				Models []modelRow
				Next   string `json:"next_page_token"`
			}](o, who, "/models", query)
			for _, m := range page.Models {
				names = append(names, m.Name)
			}
			if page.Next == "" {
				return names
			}
			query.Set("page_token", page.Next)
		}
	}
	seen := []string{"100%_sure", "Churn_EU", "churn", "fraud"}
	for name, c := range map[string]struct {
		who   string
		query url.Values
		want  []string
	}{
		"all":              {"read", url.Values{}, seen},
		"page by page":     {"read", url.Values{"max_results": {"1"}}, seen},
		"the creator":      {"ann", url.Values{}, append(slices.Clone(seen), "secret")},
		"a stranger":       {"none", url.Values{}, nil},
		"part of a name":   {"read", url.Values{"q": {"CHURN"}}, []string{"Churn_EU", "churn"}},
		"no wildcards":     {"read", url.Values{"q": {"%_s"}}, []string{"100%_sure"}},
		"nothing":          {"read", url.Values{"q": {"x_"}}, nil},
		"owner":            {"read", url.Values{"owner": {"cyd@x.org"}}, []string{"fraud"}},
		"owner, none":      {"read", url.Values{"owner": {"zoe"}}, nil},
		"stage":            {"read", url.Values{"stage": {"none"}}, []string{"churn"}},
		"stage, none":      {"read", url.Values{"stage": {"Production"}}, nil},
		"newest first":     {"read", url.Values{"order_by": {"last_updated_timestamp DESC"}, "q": {"churn"}}, []string{"churn", "Churn_EU"}},
		"name, other way":  {"read", url.Values{"order_by": {"name DESC"}, "max_results": {"3"}}, []string{"fraud", "churn", "Churn_EU", "100%_sure"}},
		"all at once":      {"ann", url.Values{"q": {"c"}, "stage": {"None"}, "owner": {"ann@x.org"}}, []string{"churn"}},
		"prompts":          {"ann", url.Values{"prompts": {"true"}}, []string{"greeting"}},
		"a prompt, by q":   {"ann", url.Values{"prompts": {"true"}, "q": {"GREET"}}, []string{"greeting"}},
		"hidden prompts":   {"read", url.Values{"prompts": {"true"}}, nil},
		"unowned, none":    {"ann", url.Values{"unowned": {"true"}}, nil},
		"hidden by q":      {"read", url.Values{"q": {"secret"}}, nil},
		"an administrator": {"admin", url.Values{"q": {"secret"}}, []string{"secret"}},
	} {
		if diff := cmp.Diff(c.want, list(c.who, c.query)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	o.do("ann", "POST", mlflow+"/model-versions/transition-stage", staged(v, "Production"))
	if got := list("read", url.Values{"stage": {"Production"}}); !slices.Equal(got, []string{"churn"}) {
		t.Errorf("after a move: %v", got)
	}
	o.unowned(list)
	row := o.do("read", "GET", root+"/models?q=churn&stage=Production", nil)
	for path, want := range map[string]string{"models.0.latest.Production": v, "models.0.requests": "1", "models.0.owner": "ann@x.org",
		"models.0.level": "CAN_READ", "models.0.versions": "1"} {
		if row.Text(path) != want {
			t.Errorf("%s: %s", path, row.Body)
		}
	}
	for _, query := range []string{"stage=Beta", "max_results=-1", "order_by=size", "page_token=zz"} {
		if a := o.Do(o.tokens["read"], "GET", root+"/models?"+query, nil); a.Status != 400 {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
}

// unowned has the owner of fraud leave, and looks what the list says of that to whom.
func (o *registryOf) unowned(list func(who string, query url.Values) []string) {
	o.t.Helper()
	o.Admin("PATCH", "/api/2.0/preview/scim/v2/Users/"+strconv.FormatInt(o.PrincipalID("cyd@x.org"), 10),
		`{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	for who, want := range map[string][]string{"read": {"fraud"}, "none": nil} {
		if diff := cmp.Diff(want, list(who, url.Values{"unowned": {"true"}})); diff != "" {
			o.t.Errorf("unowned, %s: %s", who, diff)
		}
	}
	if m := read[modelRow](o, "read", "/models/fraud", nil); m.Unowned != "owner-inactive" || m.Prompt {
		o.t.Errorf("%+v", m)
	}
	if a := o.do("ann", "GET", root+"/models?prompts=true", nil); a.Text("models.0.prompt") != "true" || a.Text("models.0.unowned") != "" {
		o.t.Errorf("%s", a.Body)
	}
}

// versionLine is a version in a list as the tests look at it.
type versionLine struct {
	Version, Digest, Level string
	Stage                  string `json:"current_stage"`
	User                   string `json:"user_id"`
	Run                    string `json:"run_id"`
	Aliases, Abilities     []string
	Files, Size, Pending   int
	Checks                 []struct{ Name, State string }
	Unmet                  map[string][]string
	Actions                []struct {
		Stage, Reason       string
		Transition, Request bool
	}
	Absent     []absent
	SourceLink *struct {
		Run string `json:"run_id"`
	} `json:"source_link"`
}

// versions reads all pages of the versions of churn.
func (o *registryOf) versions(who, size string) (all []versionLine) {
	o.t.Helper()
	query := url.Values{"max_results": {size}}
	for {
		page := read[struct {
			Versions []versionLine
			Next     string `json:"next_page_token"`
		}](o, who, "/models/churn/versions", query)
		all = append(all, page.Versions...)
		if page.Next == "" {
			return all
		}
		query.Set("page_token", page.Next)
	}
}

// TestVersionList: a row of the list says what the version's own answer says, to everybody.
func TestVersionList(t *testing.T) {
	o := newRegistry(t)
	if got := o.versions("read", "5"); got != nil {
		t.Errorf("no versions: %+v", got)
	}
	for range 3 {
		o.version()
	}
	o.do("ann", "POST", mlflow+"/model-versions/transition-stage", staged("1", "Production"))
	o.do("ann", "POST", mlflow+"/registered-models/alias", fields{"name": "churn", "alias": "live", "version": "1"})
	o.do("ann", "POST", root+"/models/churn/versions/2/checks", fields{"name": "bias", "state": "success",
		"digest": o.versions("ann", "5")[1].Digest})
	o.do("ann", "PUT", root+"/models/churn/required-checks", fields{"required_checks": []any{fields{"stage": "Production", "name": "bias"}}})
	o.wants("read", "3", "Staging")
	o.wants("edit", "3", "Staging")
	for _, who := range []string{"ann", "read", "edit", "staging", "production", "manage", "admin"} {
		list := o.versions(who, "2")
		if len(list) != 3 {
			t.Fatalf("%s: %+v", who, list)
		}
		for i, row := range list {
			if number := []string{"3", "2", "1"}[i]; row.Version != number || row.Digest == "" || row.Files != 1 || row.User != "ann@x.org" || row.Run != o.run {
				t.Errorf("%s: %+v", who, row)
			}
			page := read[versionLine](o, who, "/models/churn/versions/"+row.Version, nil)
			if diff := cmp.Diff(page, row); diff != "" {
				t.Errorf("%s, version %s: %s", who, row.Version, diff)
			}
		}
	}
	list := o.versions("staging", "200")
	newest, middle, first := list[0], list[1], list[2]
	if newest.Pending != 2 || len(newest.Unmet["Production"]) != 1 || len(middle.Unmet) != 0 || len(middle.Checks) != 1 || middle.Pending != 0 ||
		!slices.Equal(first.Aliases, []string{"live"}) || first.Stage != "Production" || newest.SourceLink != nil {
		t.Errorf("%+v", list)
	}
	if a := newest.Actions; len(a) != 4 || !a[1].Transition || a[2].Transition || !strings.Contains(a[2].Reason, "CAN_MANAGE_PRODUCTION_VERSIONS") {
		t.Errorf("%+v", a)
	}
	for _, query := range []string{"max_results=201", "max_results=-1", "page_token=zz"} {
		if a := o.Do(o.tokens["read"], "GET", root+"/models/churn/versions?"+query, nil); a.Status != 400 {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
}
