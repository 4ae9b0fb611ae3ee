package mlflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
)

func TestRunLife(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("e")
	a := w.ok("runs/create", fields{"experiment_id": e, "user_id": "root", "run_name": "first", "start_time": 17,
		"tags": []fields{{"key": "mlflow.user", "value": "me"}, {"key": "k", "value": "v"}}})
	id := a.Text("run.info.run_id")
	want := map[string]string{"mlflow.user": "ann@example.org", "mlflow.user.claimed": "me", "k": "v", "mlflow.runName": "first"}
	if diff := cmp.Diff(want, pairs(a, "run.data.tags")); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"run.info.user_id": "ann@example.org", "run.info.status": "RUNNING", "run.info.start_time": "17", "run.info.end_time": "",
		"run.info.run_uuid": id, "run.info.lifecycle_stage": "active", "run.info.experiment_id": e,
	} {
		if got := a.Text(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	up := w.ok("runs/update", fields{"run_id": id, "status": "FINISHED", "end_time": 20, "run_name": "second"})
	if up.Text("run_info.status") != "FINISHED" || up.Text("run_info.end_time") != "20" || up.Text("run_info.run_name") != "second" {
		t.Errorf("%s", up.Body)
	}
	w.ok("runs/set-tag", fields{"run_uuid": id, "key": "mlflow.runName", "value": "third"})
	w.ok("runs/set-tag", fields{"run_id": id, "key": "mlflow.user", "value": "boss"})
	w.ok("runs/delete-tag", fields{"run_id": id, "key": "k"})
	refused(t, "no tag", w.post(w.ann, "runs/delete-tag", fields{"run_id": id, "key": "k"}), 404, "RESOURCE_DOES_NOT_EXIST", "No tag")
	refused(t, "user tag", w.post(w.ann, "runs/delete-tag", fields{"run_id": id, "key": "mlflow.user"}), 400, "INVALID_PARAMETER_VALUE", "")
	got := w.good(w.get(w.ann, "runs/get?run_id="+id+"&run_uuid="+id), "get")
	want = map[string]string{"mlflow.user": "ann@example.org", "mlflow.user.claimed": "boss", "mlflow.runName": "third"}
	if diff := cmp.Diff(want, pairs(got, "run.data.tags")); diff != "" || got.Text("run.info.run_name") != "third" {
		t.Error(diff)
	}
	for range 2 { // both are idempotent
		w.ok("runs/delete", fields{"run_id": id})
	}
	if a := w.get(w.ann, "runs/get?run_id="+id); a.Text("run.info.lifecycle_stage") != "deleted" {
		t.Errorf("%s", a.Body)
	}
	w.refusesLogs(id, "active")
	for range 2 {
		w.ok("runs/restore", fields{"run_id": id})
	}
	w.ok("runs/log-parameter", fields{"run_id": id, "key": "p", "value": "1"})
	w.ok("experiments/delete", fields{"experiment_id": e})
	w.refusesLogs(id, "active")
	refused(t, "create", w.post(w.ann, "runs/create", fields{"experiment_id": e}), 400, "INVALID_PARAMETER_VALUE", "active")
	refused(t, "restore", w.post(w.ann, "runs/restore", fields{"run_id": id}), 400, "INVALID_PARAMETER_VALUE", "active")
	if a := w.get(w.ann, "runs/get?run_id="+id); a.Text("run.info.lifecycle_stage") != "deleted" || pairs(a, "run.data.params")["p"] != "1" {
		t.Errorf("%s", a.Body)
	}
	w.ok("experiments/restore", fields{"experiment_id": e})
	if a := w.get(w.ann, "runs/get?run_id="+id); a.Text("run.info.lifecycle_stage") != "active" {
		t.Errorf("%s", a.Body)
	}
}

// refusesLogs tries everything that is logged to a run which cannot be written to.
func (w *world) refusesLogs(id, words string) {
	w.t.Helper()
	for path, body := range map[string]fields{
		"runs/log-metric":    {"run_id": id, "key": "k", "value": 1, "timestamp": 1},
		"runs/log-parameter": {"run_id": id, "key": "k", "value": "1"},
		"runs/log-batch":     {"run_id": id},
		"runs/set-tag":       {"run_id": id, "key": "k", "value": "1"},
		"runs/delete-tag":    {"run_id": id, "key": "mlflow.runName"},
		"runs/update":        {"run_id": id, "status": "FAILED"},
	} {
		refused(w.t, path, w.post(w.ann, path, body), 400, "INVALID_PARAMETER_VALUE", words)
	}
}

func TestRunRefusals(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("e")
	id := w.run(e, fields{"run_name": "r"})
	w.ok("runs/log-parameter", fields{"run_id": id, "key": "p", "value": "1"})
	w.ok("runs/log-parameter", fields{"run_id": id, "key": "p", "value": "1"})
	metrics := func(n int) (list []fields) {
		for i := range n {
			list = append(list, fields{"key": fmt.Sprint("m", i), "value": i, "timestamp": 1, "step": 0})
		}
		return list
	}
	tags := func(n int) (list []fields) {
		for i := range n {
			list = append(list, fields{"key": fmt.Sprint("t", i), "value": "x"})
		}
		return list
	}
	const invalid = "INVALID_PARAMETER_VALUE"
	for _, c := range []struct {
		path   string
		body   any
		status int
		code   string
		words  string
	}{
		{"runs/create", fields{}, 400, invalid, "experiment_id"},
		{"runs/create", fields{"experiment_id": "77"}, 404, "RESOURCE_DOES_NOT_EXIST", "77"},
		{"runs/create", fields{"experiment_id": e, "run_name": "a", "tags": []fields{{"key": "mlflow.runName", "value": "b"}}}, 400, invalid, "different"},
		{"runs/create", fields{"experiment_id": e, "start_time": -1}, 400, invalid, "start_time"},
		{"runs/create", fields{"experiment_id": e, "tags": tags(101)}, 400, invalid, "100"},
		{"runs/update", fields{"run_id": "nope"}, 404, "RESOURCE_DOES_NOT_EXIST", "nope"},
		{"runs/delete", fields{}, 400, invalid, "run_id"},
		{"runs/log-parameter", fields{"run_id": id, "key": "p", "value": "2"}, 400, invalid, "Changing param values is not allowed"},
		{"runs/log-parameter", fields{"run_id": id, "key": strings.Repeat("k", 251), "value": "2"}, 400, invalid, "250"},
		{"runs/log-parameter", fields{"run_id": id, "value": "2"}, 400, invalid, "key"},
		{"runs/log-parameter", fields{"run_id": id, "key": "a", "value": 2}, 400, invalid, "value"},
		{"runs/log-metric", fields{"run_id": id, "key": "k", "value": 1}, 400, invalid, "timestamp"},
		{"runs/log-metric", fields{"run_id": id, "key": "k", "timestamp": 1}, 400, invalid, "value"},
		{"runs/log-metric", fields{"run_id": id, "key": "k", "value": "abc", "timestamp": 1}, 400, invalid, "value"},
		{"runs/log-metric", fields{"run_id": id, "key": "k", "value": 1, "timestamp": -1}, 400, invalid, "timestamp"},
		{"runs/log-metric", fields{"run_id": id, "key": "../k", "value": 1, "timestamp": 1}, 400, invalid, "names may be treated as files"},
		{"runs/log-metric", fields{"run_id": id, "key": "k", "value": 1, "timestamp": 1, "model_id": "m-1"}, 404, "RESOURCE_DOES_NOT_EXIST", "m-1"},
		{"runs/log-batch", fields{"run_id": id, "metrics": metrics(1001)}, 400, invalid, "1000"},
		{"runs/log-batch", fields{"run_id": id, "params": tags(101)}, 400, invalid, "100"},
		{"runs/log-batch", fields{"run_id": id, "tags": tags(101)}, 400, invalid, "100"},
		{"runs/log-batch", fields{"run_id": id, "metrics": metrics(950), "tags": tags(60)}, 400, invalid, "1000"},
		{"runs/log-batch", fields{"run_id": id, "params": []fields{{"key": "d", "value": "1"}, {"key": "d", "value": "1"}}}, 400, invalid, "Duplicate"},
		{"runs/log-batch", fields{"run_id": id, "params": []fields{{"key": "p", "value": "3"}}, "tags": tags(1)}, 400, invalid, "Changing param"},
		{"runs/log-batch", fields{"run_id": id, "metrics": []fields{{"key": "k", "value": 1}}}, 400, invalid, "metrics[0].timestamp"},
		{"runs/log-batch", `{"run_id":`, 400, invalid, ""},
		{"runs/search", fields{"experiment_ids": []string{e}, "max_results": 50001}, 400, invalid, "50000"},
		{"runs/search", fields{"experiment_ids": []string{e}, "filter": "metrics.a >"}, 400, invalid, ""},
		{"runs/search", fields{"experiment_ids": []string{e}, "order_by": []string{"nothing.x"}}, 400, invalid, ""},
		{"databricks/runs/delete-runs", fields{"experiment_id": e}, 400, invalid, "max_timestamp_millis"},
		{"databricks/runs/restore-runs", fields{"experiment_id": e, "min_timestamp_millis": 1, "max_runs": 0}, 400, invalid, "max_runs"},
	} {
		refused(t, c.path, w.post(w.ann, c.path, c.body), c.status, c.code, c.words)
	}
	a := w.get(w.ann, "runs/get?run_id="+id)
	if _, there := pairs(a, "run.data.tags")["t0"]; there || len(pairs(a, "run.data.metrics")) != 0 {
		t.Errorf("a refused batch left something: %s", a.Body)
	}
	w.ok("runs/log-batch", fields{"run_id": id, "metrics": metrics(1000)})
	w.ok("runs/log-batch", fields{"run_id": id, "params": []fields{{"key": "long", "value": strings.Repeat("é", 6001)}},
		"tags": []fields{{"key": "long", "value": strings.Repeat("é", 8001)}, {"key": "twice", "value": "1"}, {"key": "twice", "value": "2"}}})
	a = w.get(w.ann, "runs/get?run_id="+id)
	if n := len(pairs(a, "run.data.metrics")); n != 1000 {
		t.Errorf("%d metrics", n)
	}
	if p, tag := pairs(a, "run.data.params")["long"], pairs(a, "run.data.tags"); len(p) != 12000 || len(tag["long"]) != 16000 || tag["twice"] != "2" {
		t.Errorf("%d and %d bytes, twice %q", len(p), len(tag["long"]), tag["twice"])
	}
}

func TestSearchRuns(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	one, two := w.experiment("one"), w.experiment("two")
	var ids []string
	for i := range 6 {
		id := w.run([]string{one, two}[i%2], fields{"start_time": 1000 + i, "run_name": fmt.Sprint("r", i)})
		w.ok("runs/log-batch", fields{"run_id": id, "params": []fields{{"key": "p", "value": fmt.Sprint(i % 3)}},
			"metrics": []fields{{"key": "m", "value": i, "timestamp": 1, "step": 0}}})
		ids = append(ids, id)
	}
	both := []string{one, two, "77", "abc"}
	find := func(token string, q fields) []string {
		t.Helper()
		a := w.good(w.post(token, "runs/search", q), "search")
		return texts(a, "runs", "info.run_name")
	}
	for _, c := range []struct {
		q    fields
		want []string
	}{
		{fields{"experiment_ids": both}, []string{"r5", "r4", "r3", "r2", "r1", "r0"}},
		{fields{"experiment_ids": []string{one}}, []string{"r4", "r2", "r0"}},
		{fields{"experiment_ids": both, "filter": "metrics.m >= 2 and params.p = '0'"}, []string{"r3"}},
		{fields{"experiment_ids": both, "filter": "metrics.m > 1", "order_by": []string{"metrics.m ASC"}}, []string{"r2", "r3", "r4", "r5"}},
		{fields{"experiment_ids": both, "filter": "run_name LIKE 'r%' and attributes.start_time < 1002"}, []string{"r1", "r0"}},
		{fields{"experiment_ids": both, "filter": "user_id = 'ann@example.org' and tags.mlflow.runName = 'r4'"}, []string{"r4"}},
		{fields{"experiment_ids": both, "run_view_type": "DELETED_ONLY"}, nil},
		{fields{"experiment_ids": []string{"77"}}, nil},
		{fields{}, nil},
	} {
		if diff := cmp.Diff(c.want, find(w.ann, c.q)); diff != "" {
			t.Errorf("%v: %s", c.q, diff)
		}
	}
	// Pages, with a run that comes between them.
	q := fields{"experiment_ids": both, "max_results": 4}
	a := w.ok("runs/search", q)
	w.run(one, fields{"start_time": 5000, "run_name": "late"})
	q["page_token"] = a.Text("next_page_token")
	if diff := cmp.Diff([]string{"r1", "r0"}, find(w.ann, q)); diff != "" {
		t.Error(diff)
	}
	refused(t, "his token", w.post(ben, "runs/search", q), 400, "INVALID_PARAMETER_VALUE", "token")
	// Who sees nothing finds nothing; who is let in finds it at once, and no more when it is taken back.
	see := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, find(ben, fields{"experiment_ids": both, "filter": "run_name != 'late'"})); diff != "" {
			t.Error(diff)
		}
	}
	see()
	w.share(number(t, two), w.PrincipalID("ben@example.org"), authz.CanRead)
	see("r5", "r3", "r1")
	w.ok("runs/delete", fields{"run_id": ids[3]})
	w.ok("runs/set-tag", fields{"run_id": ids[1], "key": "mlflow.runName", "value": "renamed"})
	see("r5", "renamed")
	w.share(number(t, two), w.PrincipalID("ben@example.org"), authz.NoLevel)
	see()
	if diff := cmp.Diff([]string{"r3"}, find(w.ann, fields{"experiment_ids": both, "run_view_type": "DELETED_ONLY"})); diff != "" {
		t.Error(diff)
	}
	w.ok("experiments/delete", fields{"experiment_id": two})
	if diff := cmp.Diff([]string{"late", "r4", "r2", "r0"}, find(w.ann, fields{"experiment_ids": both})); diff != "" {
		t.Error(diff)
	}
	deleted := find(w.ann, fields{"experiment_ids": []string{two}, "run_view_type": "DELETED_ONLY"})
	if diff := cmp.Diff([]string{"r5", "r3", "renamed"}, deleted); diff != "" {
		t.Error(diff)
	}
}

func TestNestedRuns(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	parent := w.run(w.experiment("private"), nil)
	open := w.experiment("/Shared/open")
	tags := []fields{{"key": "mlflow.parentRunId", "value": parent}}
	child := w.ok("runs/create", fields{"experiment_id": open, "tags": tags}).Text("run.info.run_id")
	a := w.ok("runs/search", fields{"experiment_ids": []string{open}, "filter": "tags.mlflow.parentRunId = '" + parent + "'"})
	if a.Text("runs.0.info.run_id") != child {
		t.Errorf("%s", a.Body)
	}
	for path, body := range map[string]fields{
		"runs/create":    {"experiment_id": open, "tags": tags},
		"runs/set-tag":   {"run_id": child, "key": "mlflow.parentRunId", "value": parent},
		"runs/log-batch": {"run_id": child, "tags": tags},
	} {
		refused(t, path, w.post(ben, path, body), 403, "PERMISSION_DENIED", "View run info")
	}
	unknown := []fields{{"key": "mlflow.parentRunId", "value": "gone"}}
	w.good(w.post(ben, "runs/create", fields{"experiment_id": open, "tags": unknown}), "a parent that is only text")
}

func TestManyRunsAtOnce(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("e")
	for i := range 5 {
		w.run(e, fields{"start_time": 1000 + i})
	}
	count := func(view string) int {
		return len(texts(w.ok("runs/search", fields{"experiment_ids": []string{e}, "run_view_type": view}), "runs", "info.run_id"))
	}
	for _, c := range []struct {
		path string
		body fields
		key  string
		want string
		left int
	}{
		{"delete-runs", fields{"experiment_id": e, "max_timestamp_millis": 1002, "max_runs": 2}, "runs_deleted", "2", 3},
		{"delete-runs", fields{"experiment_id": e, "max_timestamp_millis": 1002}, "runs_deleted", "1", 2},
		{"delete-runs", fields{"experiment_id": e, "max_timestamp_millis": 1002}, "runs_deleted", "0", 2},
		{"restore-runs", fields{"experiment_id": e, "min_timestamp_millis": 1, "max_runs": 1}, "runs_restored", "1", 3},
		{"restore-runs", fields{"experiment_id": e, "min_timestamp_millis": 4000000000000}, "runs_restored", "0", 3},
	} {
		if a := w.ok("databricks/runs/"+c.path, c.body); a.Text(c.key) != c.want || count("ACTIVE_ONLY") != c.left {
			t.Errorf("%s %v: %s, %d left", c.path, c.body, a.Body, count("ACTIVE_ONLY"))
		}
	}
}

func TestPurge(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("e")
	kept, gone := w.run(e, nil), w.run(e, nil)
	w.ok("runs/log-metric", fields{"run_id": gone, "key": "m", "value": 1, "timestamp": 1})
	w.ok("runs/search", fields{"experiment_ids": []string{e}}) // so that an index has it
	purge := func(what string, body fields) (status int, code string) {
		a := w.Do(w.ann, "POST", "/api/governance/1.0/"+what+"/purge", body)
		return a.Status, a.Text("error_code")
	}
	if status, code := purge("runs", fields{"run_id": gone}); status != 400 || code != "INVALID_STATE" {
		t.Errorf("a live run: %d %s", status, code)
	}
	w.ok("runs/delete", fields{"run_id": gone})
	if status, code := purge("runs", fields{"run_id": gone}); status != 200 {
		t.Errorf("%d %s", status, code)
	}
	refused(t, "purged", w.get(w.ann, "runs/get?run_id="+gone), 404, "RESOURCE_DOES_NOT_EXIST", gone)
	a := w.ok("runs/search", fields{"experiment_ids": []string{e}, "run_view_type": "ALL"})
	if diff := cmp.Diff([]string{kept}, texts(a, "runs", "info.run_id")); diff != "" {
		t.Error(diff)
	}
	if status, code := purge("experiments", fields{"experiment_id": e}); status != 400 || code != "INVALID_STATE" {
		t.Errorf("a live experiment: %d %s", status, code)
	}
	w.ok("experiments/delete", fields{"experiment_id": e})
	// A reader may look at what is in the trash; purging takes Manage there too.
	ben := w.User("ben@example.org")
	w.share(number(t, e), w.PrincipalID("ben@example.org"), authz.CanEdit)
	for _, what := range []string{"experiments", "runs"} {
		a := w.Do(ben, "POST", "/api/governance/1.0/"+what+"/purge", fields{"experiment_id": e, "run_id": kept})
		refused(t, what, a, 403, "PERMISSION_DENIED", "Purge")
	}
	if status, code := purge("experiments", fields{"experiment_id": e}); status != 200 {
		t.Errorf("%d %s", status, code)
	}
	refused(t, "purged", w.get(w.ann, "experiments/get?experiment_id="+e), 404, "RESOURCE_DOES_NOT_EXIST", e)
	refused(t, "run of it", w.get(w.ann, "runs/get?run_id="+kept), 404, "RESOURCE_DOES_NOT_EXIST", kept)
	w.experiment("e") // the name is free again
}
