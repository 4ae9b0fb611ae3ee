package server_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

func indented(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", " "); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

// marker is in every piece of data of the seeded workspace and in no request.
const marker = "MARKER5e1f"

// seeded is a workspace with one of everything that belongs to somebody; values are what requests put into fields, by the field's name.
type seeded struct {
	*servertest.Server
	values map[string]string
}

// seed makes the data as ann, who shares with nobody, and hides names in folders.
func seed(t *testing.T) *seeded {
	s := &seeded{servertest.Start(t, func(c *server.Config) { c.Webhooks.Allow = []string{"127.0.0.1"} }), map[string]string{}}
	ann := s.User("ann@example.com", "team")
	post := func(path string, body map[string]any) servertest.Answer {
		t.Helper()
		a := s.Do(ann, "POST", path, body)
		if a.Status != 200 {
			t.Fatalf("%s: %d %s", path, a.Status, a.Body)
		}
		return a
	}
	home := "/Users/ann@example.com/"
	post("/api/2.0/workspace/mkdirs", map[string]any{"path": home + "folder-" + marker})
	post("/api/2.0/workspace/import", map[string]any{"path": home + "notebook", "format": "SOURCE", "language": "PYTHON",
		"content": base64of("secret = '" + marker + "'")})
	experiment := post("/api/2.0/mlflow/experiments/create", map[string]any{"name": home + "experiment",
		"tags": []any{map[string]any{"key": "t", "value": marker}}}).Text("experiment_id")
	post("/api/2.0/mlflow/experiments/create", map[string]any{"name": home + "other-" + marker})
	run := post("/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": experiment, "run_name": marker}).Text("run.info.run_id")
	post("/api/2.0/mlflow/runs/log-batch", map[string]any{"run_id": run,
		"metrics": []any{map[string]any{"key": "m-" + marker, "value": 4, "timestamp": 1, "step": 0}},
		"params":  []any{map[string]any{"key": "p", "value": marker}}, "tags": []any{map[string]any{"key": "g", "value": marker}}})
	model := post("/api/2.0/mlflow/logged-models", map[string]any{"experiment_id": experiment, "name": marker}).Text("model.info.model_id")
	artifacts := "/api/2.0/mlflow-artifacts/artifacts/" + experiment + "/" + run + "/artifacts/"
	if a := s.Do(ann, "PUT", artifacts+"a.txt", []byte(marker)); a.Status != 200 {
		t.Fatalf("artifact: %d %s", a.Status, a.Body)
	}
	s.Govern(func(*store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingEnforceView, Value: "true"}}}, nil
	})
	s.values = map[string]string{
		"experiment_id": experiment, "experiment_ids": experiment, "experiment_name": home + "experiment", "run_id": run, "run_uuid": run,
		"run_ids": run, "model_id": model, "source_run_id": run, "artifact_path": experiment + "/" + run + "/artifacts/a.txt",
		"artifact_file_path": "a.txt", "path": home + "notebook", "object": home + "experiment", "principal": "ann@example.com",
		"metric_key": "m", "key": "k", "value": "v", "ability": "view-runs", "type": "experiments", "kind": "experiments", "id": experiment,
		"object_id": fmt.Sprint(s.objectAt(t, home+"notebook")), "user_name": "ann@example.com", "format": "SOURCE",
		"file_path": "WorkspaceInternal/Mlflow/Artifacts/" + experiment + "/" + run + "/artifacts/a.txt",
		"audit q":   "created:>2020-01-01", "audit format": "json",
		"search q": "folder-", "tree path": home, "notebooks id": fmt.Sprint(s.objectAt(t, home+"notebook")),
	}
	s.seedWebhooks(t, ann)
	post("/api/2.0/secrets/scopes/create", map[string]any{"scope": "hidden"})
	post("/api/2.0/secrets/put", map[string]any{"scope": "hidden", "key": "k", "string_value": marker})
	s.values["scope"] = "hidden"
	s.values["plan_id"] = post("/api/governance/1.0/rotation/plans", map[string]any{"kind": "secret", "scope": "hidden", "key": "rotated",
		"schedule": "30d", "contact": marker}).Text("plan_id")
	return s
}

// seedWebhooks makes a webhook of a model of ann's, and one of the registry; both would call a port at which nobody is.
func (s *seeded) seedWebhooks(t *testing.T, ann string) {
	t.Helper()
	const events, nobody = "MODEL_VERSION_CREATED", "http://127.0.0.1:1/" + marker
	made := s.Do(ann, "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{"name": "hooked", "description": marker})
	hook := s.Do(ann, "POST", "/api/2.0/mlflow/registry-webhooks/create", map[string]any{"model_name": "hooked", "description": marker,
		"events": []string{events}, "http_url_spec": map[string]any{"url": nobody}})
	if made.Status != 200 || hook.Status != 200 {
		t.Fatalf("%d %s, %d %s", made.Status, made.Body, hook.Status, hook.Body)
	}
	wide := s.Admin("POST", "/api/2.0/mlflow/webhooks", map[string]any{"name": marker, "url": nobody,
		"events": []any{map[string]any{"entity": "MODEL_VERSION", "action": "CREATED"}}})
	s.values["governance webhook_id"], s.values["registry-webhooks id"] = hook.Text("webhook.id"), hook.Text("webhook.id")
	s.values["registry-webhooks model_name"], s.values["models model"], s.values["transition-requests model"] = "hooked", "hooked", "hooked"
	s.values["mlflow webhook_id"], s.values["registry-webhooks events"] = wide.Text("webhook.webhook_id"), events
}

func (s *seeded) objectAt(t *testing.T, path string) int64 {
	t.Helper()
	o, ok := s.Store.Map().Resolve(path)
	if !ok {
		t.Fatalf("no object at %s", path)
	}
	return o.ID
}

var variable = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// optional are fields that are left out: what fits them is either nothing or what only the server can make.
var optional = map[string]bool{
	"page_token": true, "filter": true, "order_by": true, "max_results": true, "view_type": true, "run_view_type": true, "since": true,
	"until": true, "class": true, "start_step": true, "end_step": true, "artifact_directory_path": true, "service": true, "action": true,
	"direct_download": true, "notModifiedSince": true, "notebooks_modified_after": true, "count": true, "startIndex": true,
	"attributes": true, "excludedAttributes": true, "sortBy": true, "sortOrder": true, "actor": true, "kinds": true,
	"/artifacts/view model_id": true, "/artifacts/view name": true, "/artifacts/view version": true, "/artifacts/view max_bytes": true,
	"/models q": true, "/models owner": true, "/models stage": true, "/transition-requests whose": true,
}

// request fills a route's request with what exists: path, query and JSON body.
func (s *seeded) request(f *api.Front, r *api.Route, prefix string) (path string, body any) {
	path = variable.ReplaceAllStringFunc(prefix+r.Path, func(v string) string {
		m := variable.FindStringSubmatch(v)
		if m[2] != "" {
			return s.values[m[1]]
		}
		return url.PathEscape(s.value(f, r, m[1]))
	})
	query, content := url.Values{}, map[string]any{}
	for _, x := range fieldsOf(r) {
		value := s.value(f, r, x.path)
		if strings.Contains(x.path, ".") || optional[x.path] || optional[r.Path+" "+x.path] {
			continue
		}
		if x.in == "query" || r.Method == "GET" || r.Method == "DELETE" {
			query.Set(x.path, value)
		}
		if x.in == "body" {
			content[x.path] = jsonValue(x.typ, value)
		}
	}
	if r.Method == "GET" || r.Method == "DELETE" {
		return path + "?" + query.Encode(), nil
	}
	return path, content
}

// value is what a field is filled with; some names mean another thing in some protocols.
func (s *seeded) value(f *api.Front, r *api.Route, name string) string {
	switch {
	case name == "path" && strings.Contains(r.Path, "artifact"):
		return "a.txt"
	case name == "path" && f.Name == "mlflow":
		return ""
	case name == "id" && f.Name == "scim":
		return fmt.Sprint(s.PrincipalID("ann@example.com"))
	}
	_, noun, _ := strings.Cut(r.Path, "/")
	noun, _, _ = strings.Cut(noun, "/")
	return cmp.Or(s.values[noun+" "+name], s.values[f.Name+" "+name], s.values[name], "x")
}

func jsonValue(t reflect.Type, value string) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return []string{value}
	case t.Kind() == reflect.String:
		return value
	}
	return nil
}

// TestStrangers calls every route without a credential, with a bad one, and as somebody whom nobody gave anything: 401 and 401, and to the
// third nothing that belongs to others. The same calls as their owner show that the requests reach the data.
func TestStrangers(t *testing.T) {
	s := seed(t)
	stranger := s.User("stranger@example.com")
	reached := 0
	routes(s.Server, func(f *api.Front, r *api.Route) {
		for _, prefix := range f.Prefixes {
			path, body := s.request(f, r, prefix)
			if r.Mode() != "open" && !strings.Contains(r.Mode(), "open") {
				for _, token := range []string{"", "dapi00000000000000000000000000000000"} {
					if a := s.Do(token, r.Method, path, body); a.Status != 401 {
						t.Errorf("%s %s with token %q: %d %s", r.Method, path, token, a.Status, a.Body)
					}
				}
			}
			if r.Mode() == "stream" {
				s.refusesStream(t, r, path, stranger)
				continue
			}
			a := s.Do(stranger, r.Method, path, body)
			if a.Status >= 500 && a.Status != 501 || bytes.Contains(a.Body, []byte(marker)) {
				t.Errorf("%s %s as a stranger: %d %s", r.Method, path, a.Status, a.Body)
			}
			if r.Mode() == "read" || r.Mode() == "list" || r.Mode() == "download" {
				if bytes.Contains(s.Do(servertest.AdminToken, r.Method, path, body).Body, []byte(marker)) {
					reached++
				}
			}
		}
	})
	t.Logf("%d routes under their prefixes show the data to an administrator and not to a stranger", reached)
	if reached < 40 {
		t.Errorf("only %d calls reach the data when an administrator makes them: the requests are not filled well enough", reached)
	}
}

// refusesStream opens a stream as a stranger, who must not get in, and as an administrator, who must: an answer that goes on cannot be read to
// its end.
func (s *seeded) refusesStream(t *testing.T, r *api.Route, path, stranger string) {
	t.Helper()
	for token, want := range map[string]bool{stranger: false, servertest.AdminToken: true} {
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		req, err := http.NewRequestWithContext(ctx, r.Method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil || (res.StatusCode == http.StatusOK) != want {
			t.Errorf("%s %s, to be opened: %v; %v, %v", r.Method, path, want, res, err)
		}
		stop()
		if err == nil {
			res.Body.Close()
		}
	}
}

func base64of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
