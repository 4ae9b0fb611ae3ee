package mlflow_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server"
)

// outsideWorld is a server that lets experiments have locations below a folder, with one of the administrator's that ann may not read.
type outsideWorld struct {
	*world
	root string
}

func newOutsideWorld(t *testing.T) *outsideWorld {
	w := &outsideWorld{root: t.TempDir()}
	w.world = newWorld(t, func(c *server.Config) { c.ArtifactPrefixes = []string{"file://" + w.root} })
	w.put("secret/model/MLmodel", "secret")
	w.Admin("POST", tracking+"experiments/create", fields{"name": "/secret", "artifact_location": "file://" + w.root + "/secret"})
	w.registered("own")
	return w
}

func (w *outsideWorld) put(path, text string) {
	w.t.Helper()
	name := filepath.Join(w.root, path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// at makes an experiment of ann's with a location below the folder.
func (w *outsideWorld) at(path string) string {
	w.t.Helper()
	return w.ok("experiments/create", fields{"name": strings.ReplaceAll(path, "/", "-"), "artifact_location": "file://" + w.root + "/" + path}).
		Text("experiment_id")
}

// TestOutsideSourcesStayInside: no way to write a source leads out of the experiment's own location that it begins in.
func TestOutsideSourcesStayInside(t *testing.T) {
	w := newOutsideWorld(t)
	w.at("exp")
	w.put("exp/model/MLmodel", "mine")
	for _, way := range []string{"/exp/%2e%2e/secret", "/exp/%2E%2E/secret/model", "/exp/x%2f..%2f../secret", "/exp/.%2e/secret", "/exp/./model", "/exp//model",
		"/exp/model\\..", "/exp/../secret"} {
		refused(t, way, w.post(w.ann, "model-versions/create", fields{"name": "own", "source": "file://" + w.root + way}), 400,
			"INVALID_PARAMETER_VALUE", "Invalid model version source")
	}
	for link, to := range map[string]string{"exp/link": "../secret/model", "exp/up": "..", "exp/etc": "/etc", "exp/file": "../secret/model/MLmodel"} {
		if err := os.Symlink(to, filepath.Join(w.root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"/exp/link", "/exp/up/secret", "/exp/etc", "/exp/file"} {
		v := w.ok("model-versions/create", fields{"name": "own", "source": "file://" + w.root + link}).Text("model_version.version")
		w.await("own", v, "FAILED_REGISTRATION")
	}
	v := w.ok("model-versions/create", fields{"name": "own", "source": "file://" + w.root + "/exp/model"}).Text("model_version.version")
	w.await("own", v, "READY")
}

// TestLocationsDoNotOverlap: a location is no door to the place of an experiment that its maker may not read, whichever of the two is in the
// other, and a place with such a one in it is not copied as a whole.
func TestLocationsDoNotOverlap(t *testing.T) {
	w := newOutsideWorld(t)
	for i, location := range []string{"", "/secret", "/secret/model", "/./secret", "//secret", "/secret/"} {
		a := w.post(w.ann, "experiments/create", fields{"name": fmt.Sprint("/Shared/thief", i), "artifact_location": "file://" + w.root + location})
		if a.Status != 403 && a.Status != 400 {
			t.Errorf("a location at %q: %d %s, want a refusal", location, a.Status, a.Body)
		}
	}
	w.at("team")
	w.at("team/mine")
	w.put("team/mine/MLmodel", "x")
	v := w.ok("model-versions/create", fields{"name": "own", "source": "file://" + w.root + "/team"}).Text("model_version.version")
	w.await("own", v, "READY")
	ben := w.User("ben@example.org")
	team := w.get(w.ann, "experiments/get-by-name?experiment_name=team").Text("experiment.experiment_id")
	w.share(number(t, team), w.PrincipalID("ben@example.org"), authz.CanRead)
	w.good(w.post(ben, "registered-models/create", fields{"name": "bens"}), "create")
	if a := w.post(ben, "model-versions/create", fields{"name": "bens", "source": "file://" + w.root + "/team"}); a.Status != 403 {
		t.Errorf("a place with another's in it: %d %s, want 403", a.Status, a.Body)
	}
	w.good(w.post(ben, "model-versions/create", fields{"name": "bens", "source": "file://" + w.root + "/team/other"}), "a place beside it")
}

// TestSourcesTellNothing: what is refused because it may not be read is refused alike whatever else the request says, and as a missing one is.
func TestSourcesTellNothing(t *testing.T) {
	w := newWorld(t)
	w.registered("mine")
	w.Admin("PATCH", "/api/2.0/workspace-conf", fields{"enforceWorkspaceViewAcls": "true"})
	hidden := w.Admin("POST", tracking+"experiments/create", fields{"name": "/hidden"}).Text("experiment_id")
	foreign := w.Admin("POST", tracking+"runs/create", fields{"experiment_id": hidden}).Text("run.info.run_id")
	logged := w.Admin("POST", tracking+"logged-models", fields{"experiment_id": hidden, "name": "lm"}).Text("model.info.model_id")
	w.Admin("POST", tracking+"registered-models/create", fields{"name": "theirs"})
	missing := "0123456789abcdef0123456789abcdef"
	for what, pair := range map[string][2]string{
		"model": {"models:/theirs/1", "models:/absent/1"}, "alias": {"models:/theirs@a", "models:/absent@a"},
		"run": {"runs:/" + foreign + "/m", "runs:/" + missing + "/m"}, "logged model": {"models:/" + logged, "models:/m-" + missing},
	} {
		for _, more := range []fields{{}, {"run_id": missing}, {"model_id": "m-" + missing}, {"run_id": "x", "model_id": "y"}} {
			answer := func(source string) string {
				body := fields{"name": "mine", "source": source}
				for k, v := range more {
					body[k] = v
				}
				return string(w.post(w.ann, "model-versions/create", body).Body)
			}
			is := strings.NewReplacer("theirs", "absent", foreign, missing, logged, "m-"+missing).Replace(answer(pair[0]))
			if want := answer(pair[1]); is != want {
				t.Errorf("a hidden %s with %v is answered %s, a missing one %s", what, more, is, want)
			}
		}
	}
}

// TestPurgeKnowsEveryOrigin: a version comes from its run's experiment, and from that of its logged model's run, wherever these are; who purges
// there is not told of models that he may not see.
func TestPurgeKnowsEveryOrigin(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	for i, origin := range []string{"claimed run", "logged model's run", "logged model"} {
		model := fmt.Sprint("churn", i)
		w.registered(model)
		e, other := w.experiment(fmt.Sprint("e", i)), w.experiment(fmt.Sprint("other", i))
		run := w.logged(e)
		logged := w.ok("logged-models", fields{"experiment_id": other, "name": "lm", "source_run_id": run}).Text("model.info.model_id")
		w.good(w.Do(w.ann, "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+other+"/models/"+logged+"/artifacts/MLmodel", "m"), "upload")
		w.good(w.Do(w.ann, "PATCH", tracking+"logged-models/"+logged, fields{"status": "LOGGED_MODEL_READY"}), "finalize")
		body, purged := fields{"name": model, "source": "models:/" + logged}, e
		switch origin {
		case "claimed run":
			body["run_id"], purged = w.run(e, nil), e
		case "logged model":
			body, purged = fields{"name": model, "source": "runs:/" + run + "/model", "model_id": logged}, other
		}
		w.ok("model-versions/create", body)
		w.ok("model-versions/transition-stage", fields{"name": model, "version": "1", "stage": "Production"})
		w.share(number(t, purged), w.PrincipalID("ben@example.org"), authz.CanManage)
		w.ok("experiments/delete", fields{"experiment_id": purged})
		purge := func(token string) string {
			a := w.Do(token, "POST", "/api/governance/1.0/experiments/purge", fields{"experiment_id": purged})
			refused(t, origin, a, 400, "INVALID_STATE", "cannot be purged")
			return string(a.Body)
		}
		if text := purge(ben); strings.Contains(text, model) {
			t.Errorf("%s: ben learns of a hidden model: %s", origin, text)
		}
		if text := purge(w.ann); !strings.Contains(text, "models:/"+model+"/1") {
			t.Errorf("%s: ann is not told which: %s", origin, text)
		}
		if origin != "logged model" {
			w.ok("experiments/restore", fields{"experiment_id": e})
			w.ok("runs/delete", fields{"run_id": run})
			refused(t, origin, w.Do(w.ann, "POST", "/api/governance/1.0/runs/purge", fields{"run_id": run}), 400, "INVALID_STATE", "models:/"+model)
		}
	}
}
