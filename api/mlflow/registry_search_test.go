package mlflow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// shelf is a registry with six models and a prompt. ann made all but the last two; bob may read the second.
type shelf struct {
	*world
	bob string
}

func newShelf(t *testing.T) *shelf {
	w := newWorld(t)
	s := &shelf{w, w.User("bob@example.org")}
	for i := range 4 {
		s.ok("registered-models/create", fields{"name": fmt.Sprintf("m%d", i), "description": fmt.Sprint("d", i),
			"tags": []any{fields{"key": "team", "value": []string{"a", "b"}[i%2]}}})
	}
	s.ok("registered-models/create", fields{"name": "greeting", "tags": []any{fields{"key": registry.PromptTag, "value": "true"}}})
	for i := 4; i < 6; i++ {
		s.good(s.Admin("POST", tracking+"registered-models/create", fields{"name": fmt.Sprintf("m%d", i)}), "create")
	}
	s.share(s.model("m1"), s.PrincipalID("bob@example.org"), authz.CanRead)
	s.version("m1", registry.StageNone)
	s.version("m1", registry.StageProduction)
	s.version("m1", registry.StageNone)
	s.version("m2", registry.StageStaging)
	return s
}

func (s *shelf) model(name string) int64 {
	s.t.Helper()
	o, ok := s.Store.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name)
	if !ok {
		s.t.Fatalf("no model %s", name)
	}
	return o.ID
}

// version adds a version past the front end, which would want a source.
func (s *shelf) version(model string, stage registry.Stage) {
	s.t.Helper()
	v := &registry.Version{Model: s.model(model), Name: model, Stage: stage, Run: "run of " + model, Source: "s", Status: registry.Ready, UserName: "ann"}
	if err := s.Store.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertVersion(v, nil) }); err != nil {
		s.t.Fatal(err)
	}
}

// search asks with a query of names and values in turn.
func (s *shelf) search(token, path string, query ...string) servertest.Answer {
	s.t.Helper()
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Add(query[i], query[i+1])
	}
	return s.get(token, path+"?"+q.Encode())
}

// list gives one field of all messages of a list.
func list(a servertest.Answer, path, field string) string {
	var out []string
	for i := 0; a.JSON(fmt.Sprintf("%s.%d", path, i)) != nil; i++ {
		out = append(out, a.Text(fmt.Sprintf("%s.%d.%s", path, i, field)))
	}
	return strings.Join(out, " ")
}

func TestSearchRegisteredModels(t *testing.T) {
	s := newShelf(t)
	for _, c := range []struct{ who, filter, order, want string }{
		{s.ann, "", "", "m0 m1 m2 m3"}, {s.bob, "", "", "m1"}, {servertest.AdminToken, "", "", "m0 m1 m2 m3 m4 m5"},
		{s.ann, "tags.team = 'a'", "name DESC", "m2 m0"}, {s.ann, "name ILIKE 'M_' AND name NOT IN ('m3')", "", "m0 m1 m2"},
		{s.bob, "name = 'm0'", "", ""}, {s.ann, "tags.`mlflow.prompt.is_prompt` = 'true'", "", "greeting"}, {s.bob, "tags.`mlflow.prompt.is_prompt` = 'true'", "", ""},
		{servertest.AdminToken, "tags.`bailiwick.owner` LIKE 'ann@%'", "", "m0 m1 m2 m3"}, {servertest.AdminToken, "tags.team IS NULL", "", "m4 m5"},
		{s.ann, "name IN ('m0', 'm2')", "timestamp DESC", "m2 m0"},
	} {
		query := []string{"filter", c.filter}
		if c.order != "" {
			query = append(query, "order_by", c.order)
		}
		a := s.good(s.search(c.who, "registered-models/search", query...), c.filter)
		if got := list(a, "registered_models", "name"); got != c.want {
			t.Errorf("%q: %s, want %s", c.filter, got, c.want)
		}
	}
	if a := s.search(s.bob, "registered-models/search", "filter", "name = 'm0'"); string(a.Body) != "{}" {
		t.Errorf("%s", a.Body)
	}
	a := s.search(s.ann, "registered-models/list", "max_results", "2")
	if got := list(a, "registered_models", "name"); got != "m0 m1" || a.Text("next_page_token") == "" {
		t.Errorf("%s", a.Body)
	}
}

// TestFoundIsWhatGetGives: a search shows a model and its versions as get does, in both forms, before and after it changed.
func TestFoundIsWhatGetGives(t *testing.T) {
	s := newShelf(t)
	s.ok("registered-models/set-tag", fields{"name": "m1", "key": "bailiwick.tier", "value": "high"})
	same := func(agent string) {
		t.Helper()
		ask := func(path string) servertest.Answer {
			req, err := http.NewRequest("GET", s.URL+tracking+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+s.ann)
			req.Header.Set("User-Agent", agent)
			return s.good(s.Send(req), path)
		}
		one := ask("registered-models/get?name=m1")
		for range 2 {
			found := ask("registered-models/search?filter=" + url.QueryEscape("name = 'm1'"))
			if got, want := fmt.Sprint(found.JSON("registered_models.0")), fmt.Sprint(one.JSON("registered_model")); got != want {
				t.Errorf("%s\n%s", got, want)
			}
			versions := ask("model-versions/search?order_by=version_number&filter=" + url.QueryEscape("name = 'm1'"))
			get := ask("model-versions/get?name=m1&version=3")
			if got, want := fmt.Sprint(versions.JSON("model_versions.2")), fmt.Sprint(get.JSON("model_version")); got != want {
				t.Errorf("%s\n%s", got, want)
			}
		}
		if got := list(one, "registered_model.latest_versions", "version"); got != "3 2" {
			t.Error(got)
		}
	}
	same("mlflow-python-client/3.17.2")
	same("databricks-sdk-py/0.1")
	s.good(s.Do(s.ann, "PATCH", tracking+"registered-models/update", fields{"name": "m1", "description": "new"}), "update")
	s.ok("registered-models/set-tag", fields{"name": "m1", "key": "bailiwick.tier", "value": "low"})
	same("mlflow-python-client/3.17.2")
}

func TestSearchModelVersions(t *testing.T) {
	s := newShelf(t)
	for _, c := range []struct{ who, filter, order, want string }{
		{s.ann, "", "name", "3 2 1 1"}, {s.bob, "", "version_number", "1 2 3"}, {s.ann, "run_id = 'run of m2'", "", "1"}, {s.bob, "run_id = 'run of m2'", "", ""},
		{s.ann, "name = 'm1' AND version_number >= 2", "version_number DESC", "3 2"}, {s.ann, "name = 'm1' AND version_number = '1'", "", "1"},
	} {
		query := []string{"filter", c.filter}
		if c.order != "" {
			query = append(query, "order_by", c.order)
		}
		a := s.good(s.search(c.who, "model-versions/search", query...), c.filter)
		if got := list(a, "model_versions", "version"); got != c.want {
			t.Errorf("%q: %s, want %s", c.filter, got, c.want)
		}
	}
}

func TestRegistrySearchRefuses(t *testing.T) {
	s := newShelf(t)
	page := s.good(s.search(s.ann, "registered-models/search", "max_results", "2"), "page")
	token := page.Text("next_page_token")
	rest := s.good(s.search(s.ann, "registered-models/search", "max_results", "9", "page_token", token), "next")
	if got := list(rest, "registered_models", "name"); got != "m2 m3" || rest.Text("next_page_token") != "" {
		t.Errorf("%s", rest.Body)
	}
	for _, c := range []struct {
		who, path string
		query     []string
		words     string
	}{
		{s.ann, "registered-models/search", []string{"page_token", "x"}, "Invalid page token"},
		{s.bob, "registered-models/search", []string{"page_token", token}, "Invalid page token"},
		{s.ann, "registered-models/search", []string{"page_token", token, "filter", "name != 'x'"}, "Invalid page token"},
		{s.ann, "model-versions/search", []string{"page_token", token}, "Invalid page token"},
		{s.ann, "registered-models/search", []string{"max_results", "1001"}, "at most 1000"},
		{s.ann, "registered-models/search", []string{"filter", "run_id = 'x'"}, "allowed are name"},
		{s.ann, "registered-models/search", []string{"order_by", "creation_timestamp"}, "allowed are name, last_updated_timestamp"},
		{s.ann, "model-versions/search", []string{"max_results", "200001"}, "at most 200000"},
		{s.ann, "model-versions/search", []string{"filter", "stage = 'x'"}, "Invalid attribute key 'stage'"},
	} {
		refused(t, fmt.Sprint(c.path, c.query), s.search(c.who, c.path, c.query...), 400, "INVALID_PARAMETER_VALUE", c.words)
	}
}
