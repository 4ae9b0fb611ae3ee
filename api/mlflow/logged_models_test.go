package mlflow_test

import (
	"fmt"
	"strings"
	"testing"

	"bailiwick/server/servertest"
)

// TestLoggedModelLinks holds requests that name a second object against callers who have no right to that one.
func TestLoggedModelLinks(t *testing.T) {
	b := newBench(t)
	editor := b.people["CAN_EDIT"]
	foreign := b.Admin("POST", "/api/2.0/mlflow/logged-models", map[string]any{"experiment_id": b.otherExp, "name": "f"}).Text("model.info.model_id")
	model := []any{map[string]any{"model_id": foreign, "step": 0}}
	for name, try := range map[string]struct {
		path string
		body map[string]any
		want int
	}{
		"somebody's run as source":   {"logged-models", map[string]any{"experiment_id": b.exp, "source_run_id": b.mine}, 403},
		"no such source":             {"logged-models", map[string]any{"experiment_id": b.exp, "source_run_id": "none"}, 404},
		"own source":                 {"logged-models", map[string]any{"experiment_id": b.exp, "source_run_id": b.run}, 200},
		"somebody's model as output": {"runs/outputs", map[string]any{"run_id": b.run, "models": model}, 403},
		"somebody's model as input":  {"runs/log-inputs", map[string]any{"run_id": b.run, "models": model}, 403},
		"somebody's run":             {"runs/log-inputs", map[string]any{"run_id": b.mine, "datasets": []any{}}, 403},
		"metric of somebody's model": {"runs/log-metric", map[string]any{"run_id": b.run, "key": "k", "value": 1, "timestamp": 1, "model_id": foreign}, 403},
		"no such model":              {"runs/outputs", map[string]any{"run_id": b.run, "models": []any{map[string]any{"model_id": "m-0"}}}, 404},
	} {
		if a := b.Do(editor, "POST", "/api/2.0/mlflow/"+try.path, try.body); a.Status != try.want {
			t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, try.want)
		}
	}
}

func TestSearchLoggedModels(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		id := b.Admin("POST", "/api/2.0/mlflow/logged-models", map[string]any{
			"experiment_id": b.exp, "name": fmt.Sprintf("n%d", i), "model_type": "t", "params": []any{map[string]any{"key": "p", "value": fmt.Sprint(i % 2)}},
		}).Text("model.info.model_id")
		b.Admin("POST", "/api/2.0/mlflow/runs/log-batch", map[string]any{"run_id": b.run, "metrics": []any{
			map[string]any{"key": "acc", "value": float64(i) / 10, "timestamp": 1, "step": 1, "model_id": id, "dataset_name": "d", "dataset_digest": "1"}}})
	}
	search := func(who string, q map[string]any) (names []string, token string) {
		q["experiment_ids"] = []string{b.exp, b.otherExp}
		a := b.Do(b.people[who], "POST", "/api/2.0/mlflow/logged-models/search", q)
		if a.Status != 200 {
			return []string{fmt.Sprint(a.Status)}, ""
		}
		for i := 0; a.JSON(fmt.Sprintf("models.%d", i)) != nil; i++ {
			names = append(names, a.Text(fmt.Sprintf("models.%d.info.name", i)))
		}
		return names, a.Text("next_page_token")
	}
	by := func(field string, up bool) []any { return []any{map[string]any{"field_name": field, "ascending": up}} }
	for name, tt := range map[string]struct {
		who  string
		q    map[string]any
		want string
	}{
		"by metric":       {"CAN_READ", map[string]any{"filter": "metrics.acc > 0.1", "order_by": by("metrics.acc", false)}, "n4 n3 n2"},
		"by param":        {"CAN_READ", map[string]any{"filter": "params.p = '1'", "order_by": by("name", true)}, "n1 n3"},
		"on a dataset":    {"CAN_READ", map[string]any{"filter": "metrics.acc > 0.3", "datasets": []any{map[string]any{"dataset_name": "d"}}}, "n4"},
		"on another":      {"CAN_READ", map[string]any{"filter": "metrics.acc > 0.3", "datasets": []any{map[string]any{"dataset_name": "e"}}}, ""},
		"by status":       {"CAN_READ", map[string]any{"filter": "status = 'READY'"}, ""},
		"without a right": {"nothing", map[string]any{}, ""},
		"bad filter":      {"CAN_READ", map[string]any{"filter": "nothing = 1"}, "400"},
		"bad token":       {"CAN_READ", map[string]any{"page_token": "x"}, "400"},
		"no dataset name": {"CAN_READ", map[string]any{"datasets": []any{map[string]any{}}}, "400"},
	} {
		if got, _ := search(tt.who, tt.q); strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
	var all []string
	for q := (map[string]any{"max_results": 4, "order_by": by("name", true)}); ; {
		names, token := search("CAN_READ", q)
		if all = append(all, names...); token == "" {
			break
		}
		q["page_token"] = token
		if got, _ := search("CAN_EDIT", q); got[0] != "400" {
			t.Errorf("somebody else's page token: %v", got)
		}
	}
	if strings.Join(all, " ") != "m n0 n1 n2 n3 n4" {
		t.Errorf("pages: %v", all)
	}
}

func TestLoggedModelLife(t *testing.T) {
	b := newBench(t)
	path := "/api/2.0/mlflow/logged-models/" + b.mod
	if a := b.Admin("GET", path, nil); a.Text("model.info.status") != "LOGGED_MODEL_PENDING" || a.Text("model.info.artifact_uri") !=
		"dbfs:/databricks/mlflow-tracking/"+b.exp+"/logged_models/"+b.mod+"/artifacts" {
		t.Errorf("new: %s", a.Body)
	}
	b.Admin("PATCH", path+"/tags", map[string]any{"tags": []any{
		map[string]any{"key": "k", "value": "v"}, map[string]any{"key": "mlflow.user", "value": "somebody"}}})
	a := b.Admin("PATCH", path, map[string]any{"model_id": b.mod, "status": "LOGGED_MODEL_READY"})
	tags := map[string]string{}
	for i := 0; a.JSON(fmt.Sprintf("model.info.tags.%d", i)) != nil; i++ {
		tags[a.Text(fmt.Sprintf("model.info.tags.%d.key", i))] = a.Text(fmt.Sprintf("model.info.tags.%d.value", i))
	}
	if a.Text("model.info.status") != "LOGGED_MODEL_READY" || tags["mlflow.user"] != "admin" || tags["mlflow.user.claimed"] != "somebody" || tags["k"] != "v" {
		t.Errorf("ready: %s", a.Body)
	}
	b.Admin("DELETE", path+"/tags/k", nil)
	for name, try := range map[string]struct {
		method, path string
		body         any
		want         int
	}{
		"tag that is gone":  {"DELETE", path + "/tags/k", nil, 404},
		"who made it":       {"DELETE", path + "/tags/mlflow.user", nil, 400},
		"no status":         {"PATCH", path, map[string]any{"status": "LOGGED_MODEL_PENDING"}, 400},
		"unknown status":    {"PATCH", path, map[string]any{"status": "?"}, 400},
		"bad name":          {"POST", "/api/2.0/mlflow/logged-models", map[string]any{"experiment_id": b.exp, "name": "a/b"}, 400},
		"bad tag":           {"PATCH", path + "/tags", map[string]any{"tags": []any{map[string]any{"key": "../k", "value": "v"}}}, 400},
		"long tag":          {"PATCH", path + "/tags", map[string]any{"tags": []any{map[string]any{"key": "k", "value": strings.Repeat("x", 100_001)}}}, 400},
		"no such model":     {"GET", "/api/2.0/mlflow/logged-models/m-0", nil, 404},
		"model json":        {"POST", "/api/2.0/mlflow/runs/log-model", map[string]any{"run_id": b.run, "model_json": "[]"}, 400},
		"model json fields": {"POST", "/api/2.0/mlflow/runs/log-model", map[string]any{"run_id": b.run, "model_json": "{}"}, 400},
		"old model": {"POST", "/api/2.0/mlflow/runs/log-model", map[string]any{"run_id": b.run,
			"model_json": `{"artifact_path":"m","flavors":{},"utc_time_created":"x","run_id":"y"}`}, 200},
	} {
		if a := b.Do(servertest.AdminToken, try.method, try.path, try.body); a.Status != try.want {
			t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, try.want)
		}
	}
	b.Admin("DELETE", path, nil)
	if a := b.Do(servertest.AdminToken, "GET", path, nil); a.Status != 404 {
		t.Errorf("deleted: %d %s", a.Status, a.Body)
	}
	if a := b.Admin("GET", path+"?allow_deleted=true", nil); a.Text("model.info.model_id") != b.mod {
		t.Errorf("deleted, asked for: %s", a.Body)
	}
}

func TestSearchDatasets(t *testing.T) {
	b := newBench(t)
	dataset := func(name, context string) map[string]any {
		return map[string]any{"dataset": map[string]any{"name": name, "digest": "1", "source_type": "local", "source": "{}"},
			"tags": []any{map[string]any{"key": "mlflow.data.context", "value": context}}}
	}
	b.Admin("POST", "/api/2.0/mlflow/runs/log-inputs", map[string]any{"run_id": b.run, "datasets": []any{dataset("b", "train"), dataset("a", "test")}})
	b.Admin("POST", "/api/2.0/mlflow/runs/log-inputs", map[string]any{"run_id": b.run, "datasets": []any{dataset("a", "other")}}) // known: stays
	for who, want := range map[string]string{
		"CAN_READ": `{"dataset_summaries":[{"experiment_id":"` + b.exp + `","name":"a","digest":"1","context":"test"},{"experiment_id":"` + b.exp +
			`","name":"b","digest":"1","context":"train"}]}`,
		"nothing": "{}",
	} {
		a := b.Do(b.people[who], "POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", map[string]any{"experiment_ids": []string{b.exp}})
		if string(a.Body) != want {
			t.Errorf("%s: %s, want %s", who, a.Body, want)
		}
	}
	if a := b.Do(servertest.AdminToken, "POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", map[string]any{}); a.Status != 400 {
		t.Errorf("none asked: %d", a.Status)
	}
	long := dataset("x", "y")
	long["dataset"].(map[string]any)["digest"] = strings.Repeat("x", 37)
	if a := b.Do(servertest.AdminToken, "POST", "/api/2.0/mlflow/runs/log-inputs", map[string]any{"run_id": b.run, "datasets": []any{long}}); a.Status != 400 {
		t.Errorf("long digest: %d %s", a.Status, a.Body)
	}
}
