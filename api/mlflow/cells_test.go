package mlflow_test

import (
	"fmt"
	"strings"
	"testing"

	"bailiwick/authz"
)

// experimentLevels are the columns of the experiment's table; Run counts as Edit.
var experimentLevels = []authz.Level{authz.NoLevel, authz.CanRead, authz.CanRun, authz.CanEdit, authz.CanManage}

// cell is a call that one cell of a table is about: made by somebody of exactly that level.
type cell struct {
	name  string
	cells string // x = allowed, by level
	call  func(w *world, who, experiment, run string) (method, path string, body fields)
}

func post(path string, body func(experiment, run string) fields) func(*world, string, string, string) (string, string, fields) {
	return func(_ *world, _, e, r string) (string, string, fields) { return "POST", path, body(e, r) }
}

func read(path string) func(*world, string, string, string) (string, string, fields) {
	return func(_ *world, _, e, r string) (string, string, fields) {
		return "GET", fmt.Sprintf(path, map[bool]string{true: e, false: r}[path[0] == 'e']), nil
	}
}

func ofRun(more fields) func(e, r string) fields {
	return func(_, r string) fields { return with(more, "run_id", r) }
}

func ofExperiment(more fields) func(e, r string) fields {
	return func(e, _ string) fields { return with(more, "experiment_id", e) }
}

func with(more fields, key, value string) fields {
	body := fields{key: value}
	for k, v := range more {
		body[k] = v
	}
	return body
}

// experimentCells are the rows of experiment.tsv that have an endpoint here, each endpoint once.
var experimentCells = []cell{
	{"get", ".xxxx", read("experiments/get?experiment_id=%s")},
	{"get run", ".xxxx", read("runs/get?run_id=%s")},
	{"history", ".xxxx", read("metrics/get-history?metric_key=m&run_id=%s")},
	{"create run", "..xxx", post("runs/create", ofExperiment(nil))},
	{"delete run", "..xxx", post("runs/delete", ofRun(nil))},
	{"restore run", "..xxx", post("runs/restore", ofRun(nil))},
	{"delete runs", "..xxx", post("databricks/runs/delete-runs", ofExperiment(fields{"max_timestamp_millis": 1}))},
	{"restore runs", "..xxx", post("databricks/runs/restore-runs", ofExperiment(fields{"min_timestamp_millis": 1}))},
	{"update run", "..xxx", post("runs/update", ofRun(fields{"status": "RUNNING"}))},
	{"log metric", "..xxx", post("runs/log-metric", ofRun(fields{"key": "m", "value": 1, "timestamp": 1}))},
	{"log param", "..xxx", post("runs/log-parameter", ofRun(fields{"key": "p", "value": "1"}))},
	{"log batch", "..xxx", post("runs/log-batch", ofRun(nil))},
	{"set tag", "..xxx", post("runs/set-tag", ofRun(fields{"key": "k", "value": "v"}))},
	{"delete tag", "..xxx", post("runs/delete-tag", ofRun(fields{"key": "k"}))},
	{"set experiment tag", "..xxx", post("experiments/set-experiment-tag", ofExperiment(fields{"key": "k", "value": "v"}))},
	{"delete experiment tag", "..xxx", post("experiments/delete-experiment-tag", ofExperiment(fields{"key": "k"}))},
	{"purge run", "....x", func(w *world, _, _, r string) (string, string, fields) {
		w.ok("runs/delete", fields{"run_id": r})
		return "POST", "/api/governance/1.0/runs/purge", fields{"run_id": r}
	}},
	{"grant", "....x", func(w *world, who, e, _ string) (string, string, fields) {
		return "PATCH", "/api/2.0/permissions/experiments/" + e, fields{"access_control_list": []fields{
			{"user_name": "ben@example.org", "permission_level": "CAN_READ"}, {"user_name": who, "permission_level": "CAN_MANAGE"}}}
	}},
	{"purge", "....x", func(w *world, _, e, _ string) (string, string, fields) {
		w.ok("experiments/delete", fields{"experiment_id": e})
		return "POST", "/api/governance/1.0/experiments/purge", fields{"experiment_id": e}
	}},
}

func TestExperimentCells(t *testing.T) {
	w := newWorld(t)
	w.User("ben@example.org")
	for column, level := range experimentLevels {
		who := fmt.Sprintf("level%d@example.org", column)
		token := w.User(who)
		for i, c := range experimentCells {
			e := w.experiment(fmt.Sprintf("%d/%d", column, i))
			run := w.run(e, fields{"tags": []fields{{"key": "k", "value": "v"}}})
			w.ok("experiments/set-experiment-tag", fields{"experiment_id": e, "key": "k", "value": "v"})
			w.share(number(t, e), w.PrincipalID(who), level)
			method, path, body := c.call(w, who, e, run)
			w.tryCell(c, column, token, method, path, body)
		}
	}
}

func (w *world) tryCell(c cell, column int, token, method, path string, body fields) {
	w.t.Helper()
	if path[0] != '/' {
		path = tracking + path
	}
	var sent any
	if body != nil {
		sent = body
	}
	a := w.Do(token, method, path, sent)
	hidden := column == 0 && strings.HasPrefix(c.name, "purge") && a.Status == 404 // what is in the trash is nobody's to know
	if want := c.cells[column] == 'x'; want != (a.Status == 200) || !want && !hidden && a.Text("error_code") != "PERMISSION_DENIED" {
		w.t.Errorf("%s in column %d: %d %s, want allowed = %v", c.name, column, a.Status, a.Body, want)
	}
}

// folderLevels are the columns of the folder's table.
var folderLevels = []authz.Level{authz.NoLevel, authz.CanRead, authz.CanRun, authz.CanEdit, authz.CanManage}

// folderCells are what is asked of the folder that an experiment lies in.
var folderCells = []cell{
	{"create", "...xx", func(_ *world, who, _, _ string) (string, string, fields) {
		return "POST", "experiments/create", fields{"name": folderOf(who) + "/new"}
	}},
	{"delete", "...xx", post("experiments/delete", ofExperiment(nil))},
	{"restore", "...xx", func(w *world, _, e, _ string) (string, string, fields) {
		w.ok("experiments/delete", fields{"experiment_id": e})
		return "POST", "experiments/restore", fields{"experiment_id": e}
	}},
	{"rename", "....x", post("experiments/update", ofExperiment(fields{"new_name": "renamed"}))},
	{"see by name", ".xxxx", func(_ *world, who, _, _ string) (string, string, fields) {
		return "GET", "experiments/get-by-name?experiment_name=" + folderOf(who) + "/see%20by%20name", nil
	}},
	{"log by the folder's level", "..xxx", post("runs/create", ofExperiment(nil))},
	{"purge by the folder's level", "....x", func(w *world, _, e, _ string) (string, string, fields) {
		w.ok("experiments/delete", fields{"experiment_id": e})
		return "POST", "/api/governance/1.0/experiments/purge", fields{"experiment_id": e}
	}},
}

func folderOf(who string) string { return "/Users/ann@example.org/for-" + who }

func TestFolderCells(t *testing.T) {
	w := newWorld(t)
	for column, level := range folderLevels {
		who := fmt.Sprintf("level%d@example.org", column)
		token := w.User(who)
		first := w.experiment("for-" + who + "/first")
		o, _ := w.Store.Map().Object(number(t, first))
		w.share(o.Parent, w.PrincipalID(who), level)
		for _, c := range folderCells {
			e := w.experiment("for-" + who + "/" + c.name)
			method, path, body := c.call(w, who, e, "")
			w.tryCell(c, column, token, method, path, body)
		}
	}
}

// TestMoveAsksBothFolders: leaving a folder asks Move there, and coming into one asks to create experiments there.
func TestMoveAsksBothFolders(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	for i, c := range []struct {
		from, to authz.Level
		want     int
	}{
		{authz.CanManage, authz.CanEdit, 200}, {authz.CanManage, authz.CanRun, 403}, {authz.CanEdit, authz.CanManage, 403},
		{authz.CanManage, authz.NoLevel, 403},
	} {
		var e string
		for side, level := range []authz.Level{c.to, c.from} {
			e = w.experiment(fmt.Sprintf("%s%d/e", []string{"to", "from"}[side], i))
			o, _ := w.Store.Map().Object(number(t, e))
			w.share(o.Parent, w.PrincipalID("ben@example.org"), level)
		}
		to := fmt.Sprintf("/Users/ann@example.org/to%d/moved", i)
		a := w.post(ben, "experiments/update", fields{"experiment_id": e, "new_name": to})
		if a.Status != c.want {
			t.Errorf("%v to %v: %d %s", c.from, c.to, a.Status, a.Body)
		}
	}
}

// TestStrangersSeeNothing: without any level an experiment that may not be known is as good as absent, where names are hidden.
func TestStrangersSeeNothing(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	e := w.experiment("e")
	run := w.run(e, nil)
	w.Govern(settingEvents(authz.SettingEnforceView, "true"))
	for _, path := range []string{
		"experiments/get?experiment_id=%s", "runs/get?run_id=%s", "metrics/get-history?metric_key=m&run_id=%s",
	} {
		id, none := e, "77"
		if path[0] != 'e' {
			id, none = run, "0123456789abcdef0123456789abcdef"
		}
		hidden, absent := w.get(ben, fmt.Sprintf(path, id)), w.get(ben, fmt.Sprintf(path, none))
		refused(t, path, hidden, 404, "RESOURCE_DOES_NOT_EXIST", id)
		if want := absent.Text("message"); len(hidden.Text("message"))-len(id) != len(want)-len(none) {
			t.Errorf("%s: %s tells itself from %s", path, hidden.Body, absent.Body)
		}
	}
	hidden := w.get(ben, "experiments/get-by-name?experiment_name=/Users/ann@example.org/e")
	refused(t, "by name", hidden, 404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with name")
}

// TestSiblingsTellNothing: a level on something beside a hidden experiment shows the folder, and still not what else lies in it: what is
// decided on the folder (delete, rename, restore) is answered as for an experiment that does not exist.
func TestSiblingsTellNothing(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	beside, hidden := w.experiment("beside"), w.experiment("hidden")
	w.share(number(t, beside), w.PrincipalID("ben@example.org"), authz.CanRead)
	w.Govern(settingEvents(authz.SettingEnforceView, "true"))
	for _, method := range []string{"experiments/delete", "experiments/update"} {
		there := w.post(ben, method, fields{"experiment_id": hidden, "new_name": "x"})
		missing := w.post(ben, method, fields{"experiment_id": "77", "new_name": "x"})
		refused(t, method, there, 404, "RESOURCE_DOES_NOT_EXIST", hidden)
		if got := strings.ReplaceAll(there.Text("message"), hidden, "77"); got != missing.Text("message") {
			t.Errorf("%s: %s tells itself from %s", method, there.Body, missing.Body)
		}
		if known := w.post(ben, method, fields{"experiment_id": beside, "new_name": "x"}); known.Status != 403 {
			t.Errorf("%s of what may be known: %d %s", method, known.Status, known.Body)
		}
	}
}
