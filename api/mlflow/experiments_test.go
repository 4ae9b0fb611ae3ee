package mlflow_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/store"
)

func TestExperimentLife(t *testing.T) {
	w := newWorld(t)
	missing := w.get(w.ann, "experiments/get-by-name?experiment_name=churn")
	refused(t, "before", missing, 404, "RESOURCE_DOES_NOT_EXIST", "churn")
	id := w.ok("experiments/create", fields{"name": "churn", "tags": []fields{{"key": "k", "value": "v"}}}).Text("experiment_id")
	a := w.good(w.get(w.ann, "experiments/get-by-name?experiment_name=churn"), "by name")
	want := map[string]string{"k": "v", "mlflow.experiment.path": "/Users/ann@example.org/churn", "mlflow.ownerEmail": "ann@example.org",
		"mlflow.experiment.sourceName": "/Users/ann@example.org/churn", "mlflow.experimentType": "MLFLOW_EXPERIMENT",
		"mlflow.ownerId": a.Text("experiment.tags.4.value"), "bailiwick.owner": "ann@example.org"}
	if diff := cmp.Diff(want, pairs(a, "experiment.tags")); diff != "" {
		t.Error(diff)
	}
	if a.Text("experiment.name") != "churn" || a.Text("experiment.experiment_id") != id || a.Text("experiment.lifecycle_stage") != "active" ||
		a.Text("experiment.artifact_location") != "dbfs:/databricks/mlflow-tracking/"+id {
		t.Errorf("%s", a.Body)
	}
	refused(t, "twice", w.post(w.ann, "experiments/create", fields{"name": "churn"}), 400, "RESOURCE_ALREADY_EXISTS", "churn")

	w.ok("experiments/delete", fields{"experiment_id": id})
	refused(t, "delete twice", w.post(w.ann, "experiments/delete", fields{"experiment_id": id}), 404, "RESOURCE_DOES_NOT_EXIST", "")
	refused(t, "taken", w.post(w.ann, "experiments/create", fields{"name": "churn"}), 400, "RESOURCE_ALREADY_EXISTS", "deleted")
	refused(t, "rename", w.post(w.ann, "experiments/update", fields{"experiment_id": id, "new_name": "x"}), 400, "INVALID_STATE", "")
	refused(t, "tag", w.post(w.ann, "experiments/set-experiment-tag", fields{"experiment_id": id, "key": "a", "value": "b"}), 400,
		"INVALID_PARAMETER_VALUE", "active")
	if a := w.good(w.get(w.ann, "experiments/get?experiment_id="+id), "deleted"); a.Text("experiment.lifecycle_stage") != "deleted" {
		t.Errorf("%s", a.Body)
	}
	w.ok("experiments/restore", fields{"experiment_id": id})
	refused(t, "restore twice", w.post(w.ann, "experiments/restore", fields{"experiment_id": id}), 404, "RESOURCE_DOES_NOT_EXIST", "")
	w.ok("experiments/update", fields{"experiment_id": id, "new_name": "churn2"})
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": "k", "value": "w"})
	if a := w.get(w.ann, "experiments/get?experiment_id="+id); a.Text("experiment.name") != "churn2" || pairs(a, "experiment.tags")["k"] != "w" {
		t.Errorf("%s", a.Body)
	}
	w.ok("experiments/delete-experiment-tag", fields{"experiment_id": id, "key": "k"})
	refused(t, "no tag", w.post(w.ann, "experiments/delete-experiment-tag", fields{"experiment_id": id, "key": "k"}), 404,
		"RESOURCE_DOES_NOT_EXIST", "No tag")
}

func TestExperimentRefusals(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.ArtifactPrefixes = []string{"s3://ours/"} })
	id := w.experiment("e")
	for _, c := range []struct {
		path   string
		body   fields
		status int
		code   string
		words  string
	}{
		{"experiments/create", fields{}, 400, "INVALID_PARAMETER_VALUE", "name"},
		{"experiments/create", fields{"name": ""}, 400, "INVALID_PARAMETER_VALUE", "name"},
		{"experiments/create", fields{"name": strings.Repeat("x", 501)}, 400, "INVALID_PARAMETER_VALUE", "500"},
		{"experiments/create", fields{"name": "a/../b"}, 400, "INVALID_PARAMETER_VALUE", ""},
		{"experiments/create", fields{"name": "/Nowhere/x"}, 404, "RESOURCE_DOES_NOT_EXIST", "/Nowhere"},
		{"experiments/create", fields{"name": "/x"}, 403, "PERMISSION_DENIED", ""},
		{"experiments/create", fields{"name": "Default"}, 400, "RESOURCE_ALREADY_EXISTS", "Default"},
		{"experiments/create", fields{"name": "l", "artifact_location": "s3://theirs/x"}, 400, "INVALID_PARAMETER_VALUE", "artifact_location"},
		{"experiments/create", fields{"name": "l", "artifact_location": "s3://oursnot/x"}, 400, "INVALID_PARAMETER_VALUE", "artifact_location"},
		{"experiments/create", fields{"name": "l", "artifact_location": "s3://ours/../x"}, 400, "INVALID_PARAMETER_VALUE", "artifact_location"},
		{"experiments/create", fields{"name": "l", "artifact_location": "s3://ours/%2e%2e/x"}, 400, "INVALID_PARAMETER_VALUE", "artifact_location"},
		{"experiments/create", fields{"name": "l", "artifact_location": "file:///etc"}, 400, "INVALID_PARAMETER_VALUE", "artifact_location"},
		{"experiments/create", fields{"name": "l", "artifact_location": "s3://ours/a#f"}, 400, "INVALID_PARAMETER_VALUE", "fragment"},
		{"experiments/create", fields{"name": "t", "tags": []fields{{"key": "k", "value": strings.Repeat("x", 20001)}}}, 400,
			"INVALID_PARAMETER_VALUE", "20000"},
		{"experiments/delete", fields{"experiment_id": "77"}, 404, "RESOURCE_DOES_NOT_EXIST", "77"},
		{"experiments/delete", fields{"experiment_id": "abc"}, 400, "INVALID_PARAMETER_VALUE", "integer"},
		{"experiments/delete", fields{}, 400, "INVALID_PARAMETER_VALUE", "experiment_id"},
		{"experiments/delete", fields{"experiment_id": "9"}, 404, "RESOURCE_DOES_NOT_EXIST", "9"},
		{"experiments/update", fields{"experiment_id": id, "new_name": "../x"}, 400, "INVALID_PARAMETER_VALUE", ""},
		{"experiments/update", fields{"experiment_id": id, "new_name": "/Nowhere/x"}, 404, "RESOURCE_DOES_NOT_EXIST", "/Nowhere"},
		{"experiments/set-experiment-tag", fields{"experiment_id": id, "key": "mlflow.ownerId", "value": "1"}, 400,
			"INVALID_PARAMETER_VALUE", "kept by the server"},
		{"experiments/set-experiment-tag", fields{"experiment_id": id, "value": "1"}, 400, "INVALID_PARAMETER_VALUE", "key"},
		{"experiments/set-experiment-tag", fields{"experiment_id": id, "key": "a/../b", "value": "1"}, 400, "INVALID_PARAMETER_VALUE", "key"},
		{"experiments/search", fields{"max_results": 0}, 400, "INVALID_PARAMETER_VALUE", ""},
		{"experiments/search", fields{"max_results": 50001}, 400, "INVALID_PARAMETER_VALUE", "50000"},
		{"experiments/search", fields{"max_results": 5, "filter": "name = 'a' OR name = 'b'"}, 400, "INVALID_PARAMETER_VALUE", ""},
		{"experiments/search", fields{"max_results": 5, "page_token": "eyJvZmZzZXQiOjF9"}, 400, "INVALID_PARAMETER_VALUE", "token"},
	} {
		refused(t, c.path, w.post(w.ann, c.path, c.body), c.status, c.code, c.words)
	}
	w.ok("experiments/create", fields{"name": "l", "artifact_location": "s3://ours/a"})
	if a := w.get(w.ann, "experiments/get-by-name?experiment_name=l"); a.Text("experiment.artifact_location") != "s3://ours/a" {
		t.Errorf("%s", a.Body)
	}
}

// TestExperimentNames: a relative name lies in the caller's home and is seen by its short name there only.
func TestExperimentNames(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	id := w.experiment("deep/er/one")
	w.share(number(t, id), w.PrincipalID("ben@example.org"), authz.CanRead)
	path := "/Users/ann@example.org/deep/er/one"
	for _, c := range []struct{ token, name, want string }{
		{w.ann, "deep/er/one", "deep/er/one"}, {w.ann, path, "deep/er/one"}, {w.ann, "/Workspace" + path, "deep/er/one"},
		{ben, path, path}, {ben, "deep/er/one", ""}, {ben, "one", ""}, {ben, "Default", "Default"}, {ben, "/Shared/Default", "Default"},
	} {
		a := w.get(c.token, "experiments/get-by-name?experiment_name="+c.name)
		if a.Text("experiment.name") != c.want {
			t.Errorf("%s: %s, want %q", c.name, a.Body, c.want)
		}
	}
	// An absolute name keeps its form for its owner too.
	w.experiment("/Users/ann@example.org/full")
	if a := w.get(w.ann, "experiments/get-by-name?experiment_name=full"); a.Text("experiment.name") != "/Users/ann@example.org/full" {
		t.Errorf("%s", a.Body)
	}
	for _, c := range []struct{ to, want string }{
		{"two", "/Users/ann@example.org/deep/er/two"}, {"/Shared/three", "/Shared/three"}, {"four", "/Shared/four"},
	} {
		w.ok("experiments/update", fields{"experiment_id": id, "new_name": c.to})
		a := w.get(w.ann, "experiments/get?experiment_id="+id)
		if got := pairs(a, "experiment.tags")["mlflow.experiment.path"]; got != c.want {
			t.Errorf("renamed to %s it is at %s, want %s", c.to, got, c.want)
		}
	}
}

func TestDefaultExperiment(t *testing.T) {
	for _, c := range []struct {
		mode, other string
		status      int
	}{{"shared", "0", 200}, {"home", "", 200}, {"refuse", "", 404}} {
		w := newWorld(t, func(cfg *server.Config) { cfg.DefaultExperiment = c.mode })
		a := w.post(w.ann, "runs/create", fields{"experiment_id": "0"})
		if a.Status != c.status {
			t.Errorf("%s: %d %s", c.mode, a.Status, a.Body)
		}
		id := a.Text("run.info.experiment_id")
		found := w.ok("runs/search", fields{"experiment_ids": []string{"0"}}).Text("runs.0.info.experiment_id")
		if c.other != "" && id != c.other || c.status == 200 && found != id {
			t.Errorf("%s: experiment %s", c.mode, id)
		}
		if c.mode == "home" && w.get(w.ann, "experiments/get?experiment_id=0").Text("experiment.name") != "Default" {
			t.Error("the default experiment of a home has no name")
		}
	}
}

func TestSearchExperiments(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	for _, name := range []string{"a", "b", "c", "d"} {
		w.experiment(name)
	}
	hidden := w.experiment("/Shared/open")
	first := w.ok("experiments/search", fields{"max_results": 3, "order_by": []string{"name"}, "filter": "name != 'Default'"})
	token := first.Text("next_page_token")
	again := fields{"max_results": 3, "order_by": []string{"name"}, "filter": "name != 'Default'", "page_token": token}
	second := w.ok("experiments/search", again)
	got := append(texts(first, "experiments", "name"), texts(second, "experiments", "name")...)
	if diff := cmp.Diff([]string{"/Shared/open", "a", "b", "c", "d"}, got); diff != "" || second.Text("next_page_token") != "" {
		t.Error(diff, second.Text("next_page_token"))
	}
	refused(t, "his token", w.post(ben, "experiments/search", again), 400, "INVALID_PARAMETER_VALUE", "token")
	again["filter"] = "name != 'a'"
	refused(t, "another query", w.post(w.ann, "experiments/search", again), 400, "INVALID_PARAMETER_VALUE", "token")

	see := func(token string, want ...string) {
		t.Helper()
		a := w.good(w.post(token, "experiments/search", fields{"max_results": 9, "order_by": []string{"name"}}), "search")
		if diff := cmp.Diff(want, texts(a, "experiments", "name")); diff != "" {
			t.Error(diff)
		}
	}
	see(ben, "/Shared/open", "Default")
	// Moved to where he may not look, then shared, then taken back: each is seen at once.
	w.ok("experiments/update", fields{"experiment_id": hidden, "new_name": "/Users/ann@example.org/open"})
	see(ben, "Default")
	w.share(number(t, hidden), w.PrincipalID("ben@example.org"), authz.CanRead)
	see(ben, "/Users/ann@example.org/open", "Default")
	w.share(number(t, hidden), w.PrincipalID("ben@example.org"), authz.NoLevel)
	see(ben, "Default")
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": hidden, "key": "team", "value": "x"})
	a := w.good(w.Do(w.ann, "GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=5&filter=tags.team+%3D+%27x%27", nil), "GET")
	if diff := cmp.Diff([]string{hidden}, texts(a, "experiments", "experiment_id")); diff != "" {
		t.Error(diff)
	}
	w.ok("experiments/delete", fields{"experiment_id": hidden})
	a = w.good(w.get(w.ann, "experiments/list?view_type=DELETED_ONLY"), "list")
	if diff := cmp.Diff([]string{"deleted"}, texts(a, "experiments", "lifecycle_stage")); diff != "" {
		t.Error(diff)
	}
}

// TestSearchAfterAPrincipalWent: with somebody's last entry on a folder goes that the folder has permissions of its own, and what lies in it is
// found by those of the folder above.
func TestSearchAfterAPrincipalWent(t *testing.T) {
	w := newWorld(t)
	w.User("ben@example.org")
	id := w.experiment("/Shared/open")
	search := fields{"max_results": 9, "order_by": []string{"name"}}
	w.share(number(t, id), w.PrincipalID("ben@example.org"), authz.CanRead)
	w.Govern(func(tx *store.Tx) ([]authz.Event, error) { // ann is no more than any user
		o, _ := tx.Map.Object(number(t, id))
		next := *o
		next.CreatorManages = false
		return []authz.Event{{Op: authz.PutObject, Object: &next}}, nil
	})
	want := []string{"/Shared/open", "Default"}
	if diff := cmp.Diff(want, texts(w.ok("experiments/search", search), "experiments", "name")); diff != "" {
		t.Fatal(diff)
	}
	ben := w.PrincipalID("ben@example.org")
	if a := w.Admin("DELETE", fmt.Sprintf("/api/2.0/preview/scim/v2/Users/%d", ben), nil); a.Status != 204 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if diff := cmp.Diff(want, texts(w.ok("experiments/search", search), "experiments", "name")); diff != "" {
		t.Error(diff)
	}
}

// TestAddressForms: what a client is answered decides how it transfers bytes.
func TestAddressForms(t *testing.T) {
	w := newWorld(t)
	id := w.experiment("e")
	run := w.run(id, nil)
	for _, c := range []struct{ agent, org, want string }{
		{"mlflow-python-client/3.17.2", "", "mlflow-artifacts:/"}, {"mlflow-python-client/3.17.2", "1", "dbfs:/databricks/mlflow-tracking/"},
		{"databricks-sdk-py/0.156.0", "", "dbfs:/databricks/mlflow-tracking/"}, {"", "", "dbfs:/databricks/mlflow-tracking/"},
	} {
		for _, try := range []string{"first", "kept"} {
			req, err := http.NewRequest("GET", w.URL+tracking+"runs/get?run_id="+run, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+w.ann)
			req.Header.Set("User-Agent", c.agent)
			if c.org != "" {
				req.Header.Set("X-Databricks-Org-Id", c.org)
			}
			if got, want := w.Send(req).Text("run.info.artifact_uri"), c.want+id+"/"+run+"/artifacts"; got != want {
				t.Errorf("%s: %q: %s, want %s", try, c.agent, got, want)
			}
		}
	}
	for _, root := range []string{"mlflow-artifacts:/", "dbfs:/databricks/mlflow-tracking/"} {
		a := w.ok("runs/search", fields{"experiment_ids": []string{id}, "filter": "artifact_uri = '" + root + id + "/" + run + "/artifacts'"})
		if a.Text("runs.0.info.run_id") != run {
			t.Errorf("%s: %s", root, a.Body)
		}
	}
}
