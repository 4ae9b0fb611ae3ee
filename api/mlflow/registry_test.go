package mlflow_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiwick/registry"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

// logged makes a run of an experiment with a folder "model" of two files, and gives its id.
func (w *world) logged(experiment string) string {
	w.t.Helper()
	run := w.run(experiment, nil)
	for path, text := range map[string]string{"model/MLmodel": "flavors: {}\n", "model/data/weights.bin": "0123456789"} {
		w.good(w.Do(w.ann, "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+experiment+"/"+run+"/artifacts/"+path, text), path)
	}
	return run
}

// version makes a version of a model from a source, and gives its number.
func (w *world) version(model, source string) string {
	w.t.Helper()
	return w.ok("model-versions/create", fields{"name": model, "source": source}).Text("model_version.version")
}

// modelCell is a call that one cell of the registered model's table, or of beyond.tsv, is about.
type modelCell struct {
	name   string
	cells  string // x = allowed, by level
	method string
	path   string // {v} stands for the version, {m} for the model
	body   fields
}

var modelCells = []modelCell{
	{"view", ".xxxxx", "GET", "registered-models/get?name={m}", nil},
	{"view with the level", ".xxxxx", "GET", "databricks/registered-models/get?name={m}", nil},
	{"latest versions", ".xxxxx", "POST", "registered-models/get-latest-versions", fields{"name": "{m}"}},
	{"view a version", ".xxxxx", "GET", "model-versions/get?name={m}&version={v}", nil},
	{"by alias", ".xxxxx", "GET", "registered-models/alias?name={m}&alias=old", nil},
	{"download address", ".xxxxx", "GET", "model-versions/get-download-uri?name={m}&version={v}", nil},
	{"files", ".xxxxx", "GET", "model-versions/list-artifacts?name={m}&version={v}", nil},
	{"signed address", ".xxxxx", "GET", "model-versions/get-signed-download-uri?name={m}&version={v}&path=MLmodel", nil},
	{"list by the proxy", ".xxxxx", "GET", "/api/2.0/mlflow-artifacts/artifacts?path=model-registry/{m}/{v}", nil},
	{"file by the proxy", ".xxxxx", "GET", "/api/2.0/mlflow-artifacts/artifacts/model-registry/{m}/{v}/MLmodel", nil},
	{"file by MLflow's page", ".xxxxx", "GET", "/model-versions/get-artifact?name={m}&version={v}&path=MLmodel", nil},
	{"DBFS list", ".xxxxx", "GET", "/api/2.0/dbfs/list?path=dbfs:/databricks/model-registry/{m}/{v}", nil},
	{"DBFS status", ".xxxxx", "GET", "/api/2.0/dbfs/get-status?path=/databricks/model-registry/{m}/{v}/MLmodel", nil},
	{"DBFS read", ".xxxxx", "GET", "/api/2.0/dbfs/read?path=/databricks/model-registry/{m}/{v}/MLmodel", nil},
	{"raw DBFS", ".xxxxx", "GET", "/dbfs/databricks/model-registry/{m}/{v}/MLmodel", nil},
	{"manifest", ".xxxxx", "GET", "/api/governance/1.0/models/{m}/versions/{v}/manifest", nil},
	{"add a version", "..xxxx", "POST", "model-versions/create", fields{"name": "{m}", "source": "models:/{m}/{v}"}},
	{"describe the model", "..xxxx", "PATCH", "registered-models/update", fields{"name": "{m}", "description": "d"}},
	{"describe a version", "..xxxx", "PATCH", "model-versions/update", fields{"name": "{m}", "version": "{v}", "description": "d"}},
	{"set a tag", "..xxxx", "POST", "registered-models/set-tag", fields{"name": "{m}", "key": "k", "value": "v"}},
	{"delete a tag", "..xxxx", "DELETE", "registered-models/delete-tag", fields{"name": "{m}", "key": "k"}},
	{"set a governed tag", ".....x", "POST", "registered-models/set-tag", fields{"name": "{m}", "key": "bailiwick.tier", "value": "high"}},
	{"delete a governed tag", ".....x", "DELETE", "registered-models/delete-tag", fields{"name": "{m}", "key": "bailiwick.contact"}},
	{"tag a version", "..xxxx", "POST", "model-versions/set-tag", fields{"name": "{m}", "version": "{v}", "key": "k", "value": "v"}},
	{"untag a version", "..xxxx", "DELETE", "model-versions/delete-tag", fields{"name": "{m}", "version": "{v}", "key": "k"}},
	{"set an alias", "....xx", "POST", "registered-models/alias", fields{"name": "{m}", "version": "{v}", "alias": "new"}},
	{"delete an alias", "....xx", "DELETE", "registered-models/alias", fields{"name": "{m}", "alias": "old"}},
	{"modify permissions", ".....x", "PATCH", "/api/2.0/permissions/registered-models/{id}",
		fields{"access_control_list": []fields{{"group_name": "users", "permission_level": "CAN_READ"}}}},
	{"rename", ".....x", "POST", "registered-models/rename", fields{"name": "{m}", "new_name": "{m}-renamed"}},
	{"delete a version", ".....x", "DELETE", "model-versions/delete", fields{"name": "{m}", "version": "{v}"}},
	{"delete a version in Production", ".....x", "DELETE", "model-versions/delete", fields{"name": "{m}", "version": "{p}"}},
	{"delete", ".....x", "DELETE", "registered-models/delete", fields{"name": "{m}"}},
}

// TestModelCells tries each level on each endpoint about models and versions; transitions and requests have tests of their own.
func TestModelCells(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("/Shared/cells")
	run := w.logged(e)
	tokens := w.levels(w.registered("first")) // a token is shown once
	for i, c := range modelCells {
		for column := range modelLevels {
			name := fmt.Sprintf("m%d-%d", i, column)
			model := w.registered(name)
			version, production := w.version(name, "runs:/"+run+"/model"), w.version(name, "runs:/"+run+"/model")
			w.ok("registered-models/alias", fields{"name": name, "version": version, "alias": "old"})
			w.ok("registered-models/set-tag", fields{"name": name, "key": "bailiwick.contact", "value": "#team"})
			w.ok("model-versions/transition-stage", fields{"name": name, "version": production, "stage": "Production"})
			held := strings.NewReplacer("{m}", name, "{v}", version, "{p}", production, "{id}", fmt.Sprint(model))
			w.levels(model)
			w.tryModelCell(c, column, tokens[column], held)
		}
	}
}

func (w *world) tryModelCell(c modelCell, column int, token string, names *strings.Replacer) {
	w.t.Helper()
	path := names.Replace(c.path)
	if path[0] != '/' {
		path = tracking + path
	}
	var body any
	if c.body != nil {
		filled := fields{}
		for k, v := range c.body {
			if text, ok := v.(string); ok {
				v = names.Replace(text)
			}
			filled[k] = v
		}
		body = filled
	}
	held(w.t, c.name, w.Do(token, c.method, path, body), column, c.cells[column] == 'x')
}

// TestEverybodyCreates: the creator manages the model, and nobody else has anything unless access control is off.
func TestEverybodyCreates(t *testing.T) {
	for _, control := range []string{server.AccessOn, server.AccessOff} {
		w := newWorld(t, func(c *server.Config) { c.AccessControl = control })
		bob := w.User("bob@example.org")
		w.good(w.post(bob, "registered-models/create", fields{"name": "bobs"}), "create")
		a := w.get(bob, "databricks/registered-models/get?name=bobs")
		if got := a.Text("registered_model_databricks.permission_level"); got != "CAN_MANAGE" {
			t.Errorf("control %s: the creator's level is %q, want CAN_MANAGE", control, got)
		}
		other := w.get(w.ann, "registered-models/get?name=bobs")
		if control == server.AccessOn {
			refused(t, "somebody else's model", other, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=bobs not found")
			same := w.get(w.ann, "registered-models/get?name=none")
			if strings.ReplaceAll(string(other.Body), "bobs", "none") != string(same.Body) {
				t.Errorf("a hidden model is answered %s, a missing one %s", other.Body, same.Body)
			}
		} else if other.Status != 200 {
			t.Errorf("control off: %d %s, want everybody to manage models", other.Status, other.Body)
		}
	}
}

// TestRootGrants: what is given on registered-models/root holds on every model.
func TestRootGrants(t *testing.T) {
	w := newWorld(t)
	model := w.registered("given")
	bob := w.User("bob@example.org")
	w.Admin("PATCH", "/api/2.0/permissions/registered-models/root", fields{"access_control_list": []fields{
		{"user_name": "bob@example.org", "permission_level": "CAN_MANAGE_STAGING_VERSIONS"}}})
	a := w.good(w.get(bob, "databricks/registered-models/get?name=given"), "get")
	if got := a.Text("registered_model_databricks.permission_level"); got != "CAN_MANAGE_STAGING_VERSIONS" {
		t.Errorf("level %q", got)
	}
	if id := a.Text("registered_model_databricks.id"); id != fmt.Sprint(model) {
		t.Errorf("id %q, want %d, the key of its permissions", id, model)
	}
	entries := w.Admin("GET", "/api/2.0/permissions/registered-models/"+fmt.Sprint(model), nil)
	if !strings.Contains(string(entries.Body), `"inherited_from_object":["/registered-models/root"]`) && !strings.Contains(string(entries.Body), "/registered-models/") {
		t.Errorf("permissions do not say where the entry comes from: %s", entries.Body)
	}
}

// TestVersionsAreImmutable: what is written, deleted or purged at the source changes nothing of a version, and nothing can be written there.
func TestVersionsAreImmutable(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("/Shared/train")
	run := w.logged(e)
	w.registered("churn")
	v := w.version("churn", "runs:/"+run+"/model")
	at := "/api/2.0/mlflow-artifacts/artifacts/model-registry/churn/" + v
	proxy := "/api/2.0/mlflow-artifacts/artifacts/" + e + "/" + run + "/artifacts/model/"
	manifest := w.good(w.Do(w.ann, "GET", "/api/governance/1.0/models/churn/versions/"+v+"/manifest", nil), "manifest")

	w.good(w.Do(w.ann, "PUT", proxy+"MLmodel", "changed"), "write at the source")
	w.ok("runs/delete", fields{"run_id": run})
	w.Admin("POST", "/api/governance/1.0/runs/purge", fields{"run_id": run})
	if _, err := w.Collect(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got := w.good(w.Do(w.ann, "GET", at+"/MLmodel", nil), "read").Body; string(got) != "flavors: {}\n" {
		t.Errorf("the version's file is %q after its source was changed and purged", got)
	}
	for what, a := range map[string]servertest.Answer{
		"over a file": w.Do(w.ann, "PUT", at+"/MLmodel", "x"), "a new file": w.Do(w.ann, "PUT", at+"/more", "x"),
		"delete": w.Do(w.ann, "DELETE", at+"/MLmodel", nil), "DBFS": w.Do(w.ann, "PUT", "/dbfs/databricks/model-registry/churn/"+v+"/MLmodel", "x"),
	} {
		if a.Status != 403 && a.Status != 400 {
			t.Errorf("%s: %d %s, want a refusal", what, a.Status, a.Body)
		}
	}
	w.Admin("PUT", "/api/2.0/permissions/registered-models/root", fields{"access_control_list": []fields{{"group_name": "admins", "permission_level": "CAN_MANAGE"}}})
	if again := w.Do(w.ann, "GET", "/api/governance/1.0/models/churn/versions/"+v+"/manifest", nil); string(again.Body) != string(manifest.Body) {
		t.Errorf("the manifest changed: %s, before %s", again.Body, manifest.Body)
	}
}

// TestManifest: each file's sha256, and one digest of all that anybody can work out with sha256sum.
func TestManifest(t *testing.T) {
	w := newWorld(t)
	run := w.logged(w.experiment("/Shared/train"))
	w.registered("churn")
	v := w.version("churn", "runs:/"+run+"/model")
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	lines := sum("flavors: {}\n") + "  MLmodel\n" + sum("0123456789") + "  data/weights.bin\n"
	a := w.good(w.Do(w.ann, "GET", "/api/governance/1.0/models/churn/versions/"+v+"/manifest", nil), "manifest")
	if got := a.Text("digest"); got != sum(lines) {
		t.Errorf("digest %s, want that of\n%s", got, lines)
	}
	file := w.good(w.Do(w.ann, "GET", "/api/governance/1.0/models/churn/versions/"+v+"/SHA256SUMS", nil), "sums")
	if string(file.Body) != lines {
		t.Errorf("SHA256SUMS is %q, want %q", file.Body, lines)
	}
	if a.Text("files.1.sha256") != sum("0123456789") || a.Text("files.1.path") != "data/weights.bin" || a.Text("size") != "22" {
		t.Errorf("manifest %s", a.Body)
	}
}

// TestSources tries every way to name where a version comes from, and what cannot be one.
func TestSources(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("/Shared/train")
	run, other := w.logged(e), w.logged(e)
	w.registered("churn")
	v := w.version("churn", "runs:/"+run+"/model")
	w.ok("registered-models/alias", fields{"name": "churn", "version": v, "alias": "best"})
	w.ok("model-versions/transition-stage", fields{"name": "churn", "version": v, "stage": "Staging"})
	logged := w.ok("logged-models", fields{"experiment_id": e, "name": "lm", "source_run_id": run}).Text("model.info.model_id")
	proxy := "/api/2.0/mlflow-artifacts/artifacts/"
	w.good(w.Do(w.ann, "PUT", proxy+e+"/models/"+logged+"/artifacts/MLmodel", "m"), "upload")
	hidden := w.Admin("POST", tracking+"experiments/create", fields{"name": "/hidden"}).Text("experiment_id")
	foreign := w.Admin("POST", tracking+"runs/create", fields{"experiment_id": hidden}).Text("run.info.run_id")
	w.Admin("PUT", proxy+hidden+"/"+foreign+"/artifacts/model/MLmodel", "secret")
	w.Admin("POST", tracking+"registered-models/create", fields{"name": "theirs"})
	w.Admin("POST", tracking+"model-versions/create", fields{"name": "theirs", "source": "runs:/" + foreign + "/model"})
	w.ok("registered-models/create", fields{"name": "greeting", "tags": []fields{{"key": registry.PromptTag, "value": "true"}}})
	prompt := []fields{{"key": registry.PromptTag, "value": "true"}}
	w.ok("model-versions/create", fields{"name": "greeting", "source": "prompt-template", "tags": prompt})

	try := func(what string, status int, words string, body fields) {
		t.Helper()
		if _, given := body["name"]; !given {
			body["name"] = "churn"
		}
		a := w.post(w.ann, "model-versions/create", body)
		if a.Status != status || !strings.Contains(a.Text("message"), words) {
			t.Errorf("%s: %d %s, want %d with %q", what, a.Status, a.Body, status, words)
		}
		if status == 200 && a.Text("model_version.status") != "READY" {
			t.Errorf("%s: %s", what, a.Body)
		}
	}
	try("a pending logged model", 400, "PENDING", fields{"source": "models:/" + logged})
	w.good(w.Do(w.ann, "PATCH", tracking+"logged-models/"+logged, fields{"status": "LOGGED_MODEL_READY"}), "finalize")
	for what, source := range map[string]string{
		"a run's folder": "runs:/" + run + "/model", "a run's file": "runs:/" + run + "/model/MLmodel", "all of a run": "runs:/" + run,
		"a logged model": "models:/" + logged, "a logged model by its run": "runs:/" + run + "/lm",
		"proxy address": "mlflow-artifacts:/" + e + "/" + run + "/artifacts/model", "its URL": w.URL + proxy + e + "/" + run + "/artifacts/model",
		"DBFS": "dbfs:/databricks/mlflow-tracking/" + e + "/" + run + "/artifacts/model", "a version": "models:/churn/" + v,
		"a stage": "models:/churn/Staging", "an alias": "models:/churn@best", "the registry's place": "mlflow-artifacts:/model-registry/churn/" + v,
		"the registry's place in DBFS": "dbfs:/databricks/model-registry/churn/" + v,
	} {
		try(what, 200, "", fields{"source": source})
	}
	try("nothing", 400, "source", fields{})
	try("a missing run", 404, "not found", fields{"source": "runs:/0123456789abcdef0123456789abcdef/model"})
	try("a missing path", 404, "no artifacts", fields{"source": "runs:/" + run + "/none"})
	try("a hidden run", 403, "", fields{"source": "runs:/" + foreign + "/model"})
	try("a hidden model", 404, "Registered Model with name=theirs not found", fields{"source": "models:/theirs/1"})
	try("a version that is none of a hidden model", 404, "Registered Model with name=theirs not found", fields{"source": "models:/theirs/7"})
	try("a missing version", 404, "not found", fields{"source": "models:/churn/99"})
	try("an empty stage", 404, "not found", fields{"source": "models:/churn/Archived"})
	try("no stage", 400, "Invalid Model Version stage", fields{"source": "models:/churn/Nowhere"})
	try("no alias", 400, "not found", fields{"source": "models:/churn@none"})
	try("a prompt", 400, "Prompt", fields{"source": "models:/greeting/1"})
	try("a prompt in a model", 400, "not a prompt", fields{"source": "x", "tags": prompt})
	try("outside", 400, "outside", fields{"source": "s3://bucket/model"})
	try("this machine", 400, "Invalid model version source", fields{"source": "/etc/passwd"})
	try("this machine's files", 400, "outside", fields{"source": "file:///etc"})
	try("a way out", 400, "Invalid path", fields{"source": "mlflow-artifacts:/" + e + "/" + run + "/artifacts/../../" + hidden})
	try("another server's proxy", 400, "outside", fields{"source": "http://elsewhere.example/api/2.0/mlflow-artifacts/artifacts/" + e + "/" + run})
	try("another run's name", 400, "run_id", fields{"source": "runs:/" + run + "/model", "run_id": other})
	try("a hidden run's name", 403, "", fields{"source": "models:/" + logged, "run_id": foreign})
	try("a model's tag on a version", 400, "bailiwick.owner", fields{"source": "runs:/" + run, "tags": []fields{{"key": "bailiwick.owner", "value": "ann@example.org"}}})
	try("no such model", 404, "not found", fields{"name": "none", "source": "runs:/" + run})
	w.ok("runs/delete", fields{"run_id": other})
	try("a deleted run's bytes", 200, "", fields{"source": "runs:/" + other + "/model"})
}

// TestBadNames: what cannot be a name, an alias or a tag is refused in MLflow's words.
func TestBadNames(t *testing.T) {
	w := newWorld(t)
	for name, words := range map[string]string{
		"": "name", " ": "name", "a/b": "cannot contain '/' or ':'", "a:b": "cannot contain '/' or ':'", "..": "resolve", ".": "resolve",
		"a\\b": "addresses", "a?b": "addresses", "a\nb": "control", "a%2fb": "addresses", "%41": "addresses", "100% a%20b": "addresses", strings.Repeat("n", 257): "exceeds",
	} {
		refused(t, "create "+name, w.post(w.ann, "registered-models/create", fields{"name": name}), 400, "INVALID_PARAMETER_VALUE", words)
	}
	w.registered("churn")
	refused(t, "twice", w.post(w.ann, "registered-models/create", fields{"name": "churn"}), 400, "RESOURCE_ALREADY_EXISTS", "already exists")
	w.registered("sales")
	refused(t, "rename onto another", w.post(w.ann, "registered-models/rename", fields{"name": "sales", "new_name": "churn"}), 400, "RESOURCE_ALREADY_EXISTS", "churn")
	run := w.logged(w.experiment("/Shared/train"))
	v := w.version("churn", "runs:/"+run)
	for alias, words := range map[string]string{"": "empty", "a b": "alphanumerics", "latest": "reserved", "v7": "reserved", strings.Repeat("a", 256): "exceeds"} {
		refused(t, "alias "+alias, w.post(w.ann, "registered-models/alias", fields{"name": "churn", "version": v, "alias": alias}), 400, "INVALID_PARAMETER_VALUE", words)
	}
	refused(t, "alias of nothing", w.post(w.ann, "registered-models/alias", fields{"name": "churn", "version": "9", "alias": "a"}), 404, "RESOURCE_DOES_NOT_EXIST", "version=9")
	refused(t, "missing alias", w.get(w.ann, "registered-models/alias?name=churn&alias=none"), 400, "INVALID_PARAMETER_VALUE", "alias none not found")
	refused(t, "no number", w.get(w.ann, "model-versions/get?name=churn&version=one"), 400, "INVALID_PARAMETER_VALUE", "integer")
	refused(t, "tag", w.post(w.ann, "model-versions/set-tag", fields{"name": "churn", "version": v, "key": "", "value": "v"}), 400, "INVALID_PARAMETER_VALUE", "key")
}

// TestVersionNumbersAreNotUsedTwice, and the versions a rename leaves behind go with their model.
func TestVersionNumbersAreNotUsedTwice(t *testing.T) {
	w := newWorld(t)
	run := w.logged(w.experiment("/Shared/train"))
	w.registered("churn")
	for i, want := range []string{"1", "2"} {
		if v := w.version("churn", "runs:/"+run); v != want {
			t.Errorf("version %d is number %s", i, v)
		}
	}
	w.good(w.Do(w.ann, "DELETE", tracking+"model-versions/delete", fields{"name": "churn", "version": "2"}), "delete")
	if v := w.version("churn", "runs:/"+run); v != "3" {
		t.Errorf("after 2 was deleted the next is %s, want 3", v)
	}
	w.ok("registered-models/rename", fields{"name": "churn", "new_name": "leaving"})
	if got := w.good(w.get(w.ann, "model-versions/get?name=leaving&version=3"), "get").Text("model_version.name"); got != "leaving" {
		t.Errorf("the renamed model's version says %q", got)
	}
	refused(t, "old name", w.get(w.ann, "registered-models/get?name=churn"), 404, "RESOURCE_DOES_NOT_EXIST", "churn")
	w.good(w.Do(w.ann, "DELETE", tracking+"registered-models/delete", fields{"name": "leaving"}), "delete")
	w.registered("leaving")
	if v := w.version("leaving", "runs:/"+run); v != "1" {
		t.Errorf("a new model of an old name begins with %s", v)
	}
}

// TestCopyFromElsewhere: an experiment with a location of its own is outside of the store, so its versions are copied while they are pending.
func TestCopyFromElsewhere(t *testing.T) {
	root := t.TempDir()
	w := newWorld(t, func(c *server.Config) { c.ArtifactPrefixes = []string{"file://" + root} })
	e := w.ok("experiments/create", fields{"name": "/Shared/own", "artifact_location": "file://" + root + "/exp"}).Text("experiment_id")
	run := w.run(e, nil)
	dir := filepath.Join(root, "exp", run, "artifacts", "model")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"MLmodel": "outside\n", "data/weights": "12345"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.registered("own")
	v := w.ok("model-versions/create", fields{"name": "own", "source": "runs:/" + run + "/model"})
	if v.Text("model_version.status") != "PENDING_REGISTRATION" {
		t.Fatalf("the new version: %s", v.Body)
	}
	w.await("own", "1", "READY")
	if err := os.WriteFile(filepath.Join(dir, "MLmodel"), []byte("changed\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := w.Do(w.ann, "GET", "/api/2.0/mlflow-artifacts/artifacts/model-registry/own/1/MLmodel", nil); string(got.Body) != "outside\n" {
		t.Errorf("the copy: %d %q", got.Status, got.Body)
	}
	missing := w.ok("model-versions/create", fields{"name": "own", "source": "file://" + root + "/exp/" + run + "/artifacts/none"})
	w.await("own", missing.Text("model_version.version"), "FAILED_REGISTRATION")
	refused(t, "files of what failed", w.get(w.ann, "model-versions/get-download-uri?name=own&version=2"), 400, "INVALID_STATE", "could not be registered")
	bob := w.User("bob@example.org")
	w.good(w.post(bob, "registered-models/create", fields{"name": "bobs"}), "create")
	secret := w.Admin("POST", tracking+"experiments/create", fields{"name": "/secret", "artifact_location": "file://" + root + "/secret"})
	if secret.Text("experiment_id") == "" {
		t.Fatal("no experiment")
	}
	if a := w.post(bob, "model-versions/create", fields{"name": "bobs", "source": "file://" + root + "/secret/x"}); a.Status != 403 {
		t.Errorf("the place of an experiment that bob may not read: %d %s, want 403", a.Status, a.Body)
	}
	if a := w.post(bob, "model-versions/create", fields{"name": "bobs", "source": "file://" + root + "/exp/../secret/x"}); a.Status != 400 {
		t.Errorf("a way around: %d %s, want 400", a.Status, a.Body)
	}
}

// await waits until a version has a status.
func (w *world) await(model, version, status string) {
	w.t.Helper()
	last := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		a := w.good(w.get(w.ann, "model-versions/get?name="+model+"&version="+version), "get")
		if last = string(a.Body); a.Text("model_version.status") == status {
			return
		}
	}
	w.t.Fatalf("version %s is not %s: %s", version, status, last)
}

// TestProductionIsNotPurged: what a Production version comes from stays, however it is purged, until the version is archived.
func TestProductionIsNotPurged(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("/Shared/train")
	run := w.logged(e)
	w.registered("churn")
	v := w.version("churn", "runs:/"+run+"/model")
	w.ok("model-versions/transition-stage", fields{"name": "churn", "version": v, "stage": "Production"})
	w.ok("runs/delete", fields{"run_id": run})
	purge := func(what string, body fields) servertest.Answer {
		return w.Do(servertest.AdminToken, "POST", "/api/governance/1.0/"+what, body)
	}
	refused(t, "run", purge("runs/purge", fields{"run_id": run}), 400, "INVALID_STATE", "models:/churn/1")
	w.ok("experiments/delete", fields{"experiment_id": e})
	refused(t, "experiment", purge("experiments/purge", fields{"experiment_id": e}), 400, "INVALID_STATE", "/Shared/train")
	if n, err := w.Store.PurgeTrash(t.Context(), time.Now().Add(time.Hour).UnixMilli()); err != nil || n != 0 {
		t.Errorf("the trash was purged: %d, %v", n, err)
	}
	w.ok("model-versions/transition-stage", fields{"name": "churn", "version": v, "stage": "Archived"})
	if a := purge("experiments/purge", fields{"experiment_id": e}); a.Status != 200 {
		t.Errorf("after archiving: %d %s", a.Status, a.Body)
	}
	if got := w.good(w.Do(w.ann, "GET", "/api/2.0/mlflow-artifacts/artifacts/model-registry/churn/1/MLmodel", nil), "read").Body; string(got) != "flavors: {}\n" {
		t.Errorf("the version's bytes: %q", got)
	}
}

// TestUploadsUnderWay: a version is not made from what is still being written.
func TestUploadsUnderWay(t *testing.T) {
	w := newWorld(t)
	e := w.experiment("/Shared/train")
	run := w.logged(e)
	w.registered("churn")
	slow := &slowBody{first: "half", more: make(chan string)}
	done := make(chan servertest.Answer)
	go func() {
		done <- w.Do(w.ann, "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+e+"/"+run+"/artifacts/model/late.bin", slow)
	}()
	var a servertest.Answer
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if a = w.post(w.ann, "model-versions/create", fields{"name": "churn", "source": "runs:/" + run + "/model"}); a.Status != 200 {
			break
		}
	}
	refused(t, "while an upload runs", a, 400, "INVALID_STATE", "under way")
	if b := w.post(w.ann, "model-versions/create", fields{"name": "churn", "source": "runs:/" + run + "/model/data"}); b.Status != 200 {
		t.Errorf("a folder beside the upload: %d %s", b.Status, b.Body)
	}
	slow.more <- "rest"
	close(slow.more)
	w.good(<-done, "upload")
	if b := w.post(w.ann, "model-versions/create", fields{"name": "churn", "source": "runs:/" + run + "/model"}); b.Status != 200 {
		t.Errorf("after the upload: %d %s", b.Status, b.Body)
	}
}

// slowBody is a body that waits in its middle.
type slowBody struct {
	first string
	more  chan string
}

func (s *slowBody) Read(b []byte) (int, error) {
	if s.first == "" {
		next, ok := <-s.more
		if !ok {
			return 0, io.EOF
		}
		s.first = next
	}
	n := copy(b, s.first)
	s.first = s.first[n:]
	return n, nil
}
