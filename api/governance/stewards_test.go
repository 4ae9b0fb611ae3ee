package governance_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// about calls an endpoint about an object.
func (o *office) about(who, method, path, object string, body any) servertest.Answer {
	return o.Do(o.tokens[who], method, root+path+"?"+url.Values{"object": {object}}.Encode(), body)
}

// model makes a registered model of somebody's, whom alone it lets in.
func (o *office) model(name, creator string) (object string) {
	id := store.NewObjectID()
	o.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutObject, Object: &authz.Object{ID: id, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: name,
			Creator: o.PrincipalID(creator), CreatorManages: true}}}, nil
	})
	return fmt.Sprint("registered-models/", id)
}

func TestSteward(t *testing.T) {
	o := newOffice(t)
	churn, model := "experiments/"+o.experiment, o.model("fraud", "ann@x.org")
	all := map[string]string{"owner": "team", "contact": "#churn", "tier": "high", "lifecycle": "active"}
	for name, c := range map[string]struct {
		who, method, object string
		body                map[string]string
		status              int
		text                string
	}{
		"look, the creator":          {"ann", "GET", churn, nil, 200, `"owner":"ann@x.org"`},
		"look, a reader, by path":    {"bob", "GET", "/Users/ann@x.org/churn", nil, 200, `"owner_kind":"user"`},
		"look, an auditor":           {"eve", "GET", churn, nil, 200, ""},
		"look, a stranger":           {"cyd", "GET", churn, nil, 403, "CAN_READ"},
		"look, signed out":           {"", "GET", churn, nil, 401, ""},
		"look, a model":              {"ann", "GET", model, nil, 200, ""},
		"look, a model, an auditor":  {"eve", "GET", model, nil, 200, ""},
		"look, a model, a stranger":  {"cyd", "GET", model, nil, 404, "does not exist"},
		"look, a folder":             {"ann", "GET", "/Users/ann@x.org", nil, 400, "has no owner"},
		"look, the registry":         {"admin", "GET", "registered-models/root", nil, 400, "has no owner"},
		"look, nothing":              {"ann", "GET", "experiments/123456", nil, 404, "does not exist"},
		"change, a reader":           {"bob", "PATCH", churn, all, 403, "CAN_MANAGE"},
		"change, an auditor":         {"eve", "PATCH", churn, all, 403, ""},
		"change, a model, strangers": {"bob", "PATCH", model, all, 404, "does not exist"},
		"change, a folder":           {"ann", "PATCH", "/Users/ann@x.org", all, 400, "has no owner"},
		"change, nobody":             {"ann", "PATCH", churn, map[string]string{"owner": "zoe"}, 400, "zoe"},
		"change, no such tier":       {"ann", "PATCH", churn, map[string]string{"tier": "x"}, 400, "critical"},
	} {
		a := o.about(c.who, c.method, "/steward", c.object, c.body)
		if c.body == nil {
			a = o.about(c.who, c.method, "/steward", c.object, nil)
		}
		if a.Status != c.status || !strings.Contains(string(a.Body), c.text) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	for _, object := range []string{churn, model} {
		o.changes(t, object, all)
	}
}

// changes sets all that is said of an object, a part, and nothing.
func (o *office) changes(t *testing.T, object string, all map[string]string) {
	t.Helper()
	for _, step := range []struct{ body, want map[string]string }{
		{all, all},
		{map[string]string{"tier": "LOW", "contact": ""}, map[string]string{"owner": "team", "contact": "", "tier": "low", "lifecycle": "active"}},
		{map[string]string{}, map[string]string{"owner": "team", "contact": "", "tier": "low", "lifecycle": "active"}},
		{map[string]string{"owner": "", "tier": "", "lifecycle": ""}, map[string]string{"owner": "ann@x.org", "contact": "", "tier": "", "lifecycle": ""}},
	} {
		a := o.about("ann", "PATCH", "/steward", object, step.body)
		again := o.about("ann", "GET", "/steward", object, nil)
		got := map[string]string{}
		for key := range all {
			got[key] = a.Text(key)
		}
		if diff := cmp.Diff(step.want, got); diff != "" || a.Status != 200 || string(a.Body) != string(again.Body) {
			t.Errorf("%s %v: %s %s %s", object, step.body, a.Body, again.Body, diff)
		}
	}
	trail := o.about("eve", "GET", "/audit", object, nil)
	if body := string(trail.Body); strings.Count(body, `"changeSteward"`) < 3 || !strings.Contains(body, `"tier":"low"`) {
		t.Errorf("%s", body)
	}
}

func TestUnowned(t *testing.T) {
	o := newOffice(t)
	model := o.model("fraud", "cyd@x.org")
	o.model("kept", "ann@x.org")
	o.as(t, "ann", "PATCH", root+"/steward?object=experiments/"+o.experiment, map[string]string{"owner": "cyd@x.org"})
	o.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		p, _ := tx.Map.Principal(o.PrincipalID("cyd@x.org"))
		idle := *p
		idle.Active = false
		return []authz.Event{{Op: authz.PutPrincipal, Principal: &idle}}, nil
	})
	list := func(who string, query url.Values) (out []string) {
		t.Helper()
		for {
			a := o.ask(who, "/unowned", query)
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			for i := 0; a.JSON(fmt.Sprint("objects.", i)) != nil; i++ {
				out = append(out, a.Text(fmt.Sprintf("objects.%d.name", i))+" "+a.Text(fmt.Sprintf("objects.%d.unowned", i)))
			}
			if a.Text("next_page_token") == "" {
				return out
			}
			query.Set("page_token", a.Text("next_page_token"))
		}
	}
	everything := []string{"Default no-owner", "churn owner-inactive", "fraud owner-inactive"}
	for name, c := range map[string]struct {
		who   string
		query url.Values
		want  []string
	}{
		"the administrator": {"admin", url.Values{}, everything},
		"page by page":      {"admin", url.Values{"max_results": {"1"}}, everything},
		"an auditor":        {"eve", url.Values{}, everything},
		"who manages one":   {"ann", url.Values{}, everything[:2]},
		"a reader":          {"bob", url.Values{"kind": {"experiment"}}, everything[:2]},
		"models only":       {"admin", url.Values{"kind": {"registered-model"}}, everything[2:]},
		"no models for ann": {"ann", url.Values{"kind": {"registered-model"}}, nil},
	} {
		got := list(c.who, c.query)
		if diff := cmp.Diff(slices.Sorted(slices.Values(c.want)), slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, query := range []url.Values{{"kind": {"spoon"}}, {"max_results": {"-1"}}, {"page_token": {"x"}}} {
		if a := o.ask("admin", "/unowned", query); a.Status != http.StatusBadRequest {
			t.Errorf("%v: %d %s", query, a.Status, a.Body)
		}
	}
	o.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: o.PrincipalID("cyd@x.org")}}}, nil
	})
	if a := o.about("admin", "GET", "/steward", model, nil); a.Text("unowned") != "owner-removed" || a.Text("owner") != "" || a.Text("owner_id") == "" {
		t.Errorf("%s", a.Body)
	}
}

func TestRequiredTagsOfFolders(t *testing.T) {
	o := newOffice(t)
	home := "/Users/ann@x.org"
	tags := func(list ...any) map[string]any { return map[string]any{"required_tags": list} }
	team := map[string]any{"key": "team", "allowed": []string{"a", "b"}}
	for _, c := range []struct {
		name, who, method, object string
		body                      any
		status                    int
		text                      string
	}{
		{"nothing yet", "ann", "GET", home, nil, 200, `"required_tags":[]`},
		{"who manages it", "ann", "PUT", home, tags(team), 200, `"asked_by":"ann@x.org"`},
		{"as it was", "admin", "PUT", home, tags(team), 200, `"asked_by":"ann@x.org"`},
		{"another", "admin", "PUT", home, tags(team, map[string]any{"key": "bailiwick.tier"}), 200, `"asked_by":"admin"`},
		{"who reads permissions", "eve", "GET", home, nil, 200, `"allowed":["a","b"]`},
		{"who may not make anything there", "bob", "GET", home, nil, 403, "CAN_EDIT"},
		{"who may not manage it", "bob", "PUT", home, tags(), 403, "CAN_MANAGE"},
		{"the root", "ann", "PUT", "directories/0", tags(), 403, ""},
		{"the registry, anybody", "cyd", "PUT", "registered-models/root", tags(), 403, ""},
		{"the registry", "admin", "PUT", "registered-models/root", tags(map[string]any{"key": "cost"}), 200, `"from":{"object":"registered-models/root"`},
		{"the registry, who makes models", "cyd", "GET", "registered-models/root", nil, 200, `"cost"`},
		{"an experiment", "ann", "PUT", "experiments/" + o.experiment, tags(), 400, "cannot"},
		{"an experiment, look", "ann", "GET", "experiments/" + o.experiment, nil, 400, "cannot"},
		{"two of a key", "ann", "PUT", home, tags(team, team), 400, "twice"},
		{"of the clients", "ann", "PUT", home, tags(map[string]any{"key": "mlflow.user"}), 400, "mlflow."},
		{"nothing", "ann", "PUT", "/Nowhere", tags(), 404, ""},
		{"above", "admin", "PUT", "/Users", tags(map[string]any{"key": "dept"}), 200, ""},
		{"inherited", "ann", "GET", home, nil, 200, `{"key":"dept","inherited":true,"from":{"object":"directories/1"`},
	} {
		a := o.about(c.who, c.method, "/required-tags", c.object, c.body)
		if a.Status != c.status || !strings.Contains(string(a.Body), c.text) {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
		}
	}
	trail := o.about("eve", "GET", "/audit", home, nil)
	if !strings.Contains(string(trail.Body), `"changeRequiredTags"`) {
		t.Errorf("%s", trail.Body)
	}
}
