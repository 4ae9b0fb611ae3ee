package mlflow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const tracking = "/api/2.0/mlflow/"

// world is a server with somebody who works on it.
type world struct {
	*servertest.Server
	t   *testing.T
	ann string
}

func newWorld(t *testing.T, change ...func(*server.Config)) *world {
	t.Helper()
	s := servertest.Start(t, change...)
	return &world{Server: s, t: t, ann: s.User("ann@example.org")}
}

type fields map[string]any

// post calls an endpoint of the tracking API as the owner of a token.
func (w *world) post(token, path string, body any) servertest.Answer {
	w.t.Helper()
	return w.Do(token, "POST", tracking+path, body)
}

// ok is post as ann, which must succeed.
func (w *world) ok(path string, body any) servertest.Answer {
	w.t.Helper()
	return w.good(w.post(w.ann, path, body), path)
}

func (w *world) good(a servertest.Answer, what string) servertest.Answer {
	w.t.Helper()
	if a.Status != 200 {
		w.t.Fatalf("%s: %d %s", what, a.Status, a.Body)
	}
	return a
}

func (w *world) get(token, path string) servertest.Answer {
	w.t.Helper()
	return w.Do(token, "GET", tracking+path, nil)
}

func (w *world) experiment(name string) string {
	w.t.Helper()
	return w.ok("experiments/create", fields{"name": name}).Text("experiment_id")
}

func (w *world) run(experiment string, more fields) string {
	w.t.Helper()
	body := fields{"experiment_id": experiment, "start_time": 1700000000000}
	maps.Copy(body, more)
	return w.ok("runs/create", body).Text("run.info.run_id")
}

// refused checks an error's status and code, and that its message has some words.
func refused(t *testing.T, what string, a servertest.Answer, status int, code, words string) {
	t.Helper()
	if a.Status != status || a.Text("error_code") != code || !strings.Contains(a.Text("message"), words) {
		t.Errorf("%s: %d %s, want %d %s with %q", what, a.Status, a.Body, status, code, words)
	}
}

// share gives a principal a level on an object, in the place of what he had; the zero level takes it away.
func (w *world) share(object, principal int64, level authz.Level) {
	w.t.Helper()
	w.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		o, _ := tx.Map.Object(object)
		next := *o
		next.Entries = nil
		for _, e := range o.Entries {
			if e.Principal != principal {
				next.Entries = append(next.Entries, e)
			}
		}
		if level != authz.NoLevel {
			next.Entries = append(next.Entries, authz.Entry{Principal: principal, Level: level})
		}
		return []authz.Event{{Op: authz.PutObject, Object: &next}}, nil
	})
}

func number(t *testing.T, text string) (n int64) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// pairs gives a list of keys and values of an answer as a map.
func pairs(a servertest.Answer, path string) map[string]string {
	m := map[string]string{}
	list, _ := a.JSON(path).([]any)
	for _, item := range list {
		kv := item.(map[string]any)
		value, _ := kv["value"].(json.Number)
		text, isText := kv["value"].(string)
		if !isText {
			text = value.String()
		}
		m[kv["key"].(string)] = text
	}
	return m
}

// texts gives one member of each element of a list.
func texts(a servertest.Answer, list, member string) []string {
	var out []string
	all, _ := a.JSON(list).([]any)
	for i := range all {
		out = append(out, a.Text(fmt.Sprintf("%s.%d.%s", list, i, member)))
	}
	return out
}

// points gives the points of a history as "value time step".
func points(a servertest.Answer) (out []string) {
	list, _ := a.JSON("metrics").([]any)
	for _, item := range list {
		m := item.(map[string]any)
		out = append(out, fmt.Sprint(m["value"], " ", m["timestamp"], " ", m["step"]))
	}
	return out
}

// settingEvents sets a key of the workspace's configuration.
func settingEvents(key, value string) func(*store.Tx) ([]authz.Event, error) {
	return func(*store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: key, Value: value}}}, nil
	}
}
