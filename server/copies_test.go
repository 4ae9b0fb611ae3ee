package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store/storetest"
)

const mlflow = "/api/2.0/mlflow/"

type fields map[string]any

// outsider is a server that may read a folder of this machine, and an experiment of its administrator that is there.
type outsider struct {
	*servertest.Server
	t         *testing.T
	root, run string
}

func openOutsider(t *testing.T, root string, change ...func(*server.Config)) *outsider {
	s := servertest.Start(t, append(change, func(c *server.Config) { c.ArtifactPrefixes = []string{"file://" + root} })...)
	return &outsider{Server: s, t: t, root: root}
}

// found makes the experiment, a run there and a model.
func (o *outsider) found() {
	o.t.Helper()
	e := o.Admin("POST", mlflow+"experiments/create", fields{"name": "/Shared/own", "artifact_location": "file://" + o.root + "/own"})
	o.run = o.Admin("POST", mlflow+"runs/create", fields{"experiment_id": e.Text("experiment_id")}).Text("run.info.run_id")
	o.Admin("POST", mlflow+"registered-models/create", fields{"name": "outside"})
}

// write writes a file of the run; a size beyond its content is a hole.
func (o *outsider) write(name, content string, size int64) {
	o.t.Helper()
	path := filepath.Join(o.root, "own", o.run, "artifacts", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		o.t.Fatal(err)
	}
	if size > int64(len(content)) {
		if err := os.Truncate(path, size); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *outsider) register(path string) (version string) {
	o.t.Helper()
	a := o.Admin("POST", mlflow+"model-versions/create", fields{"name": "outside", "source": "runs:/" + o.run + "/" + path})
	if a.Text("model_version.status") != "PENDING_REGISTRATION" {
		o.t.Fatalf("the new version: %s", a.Body)
	}
	return a.Text("model_version.version")
}

// await waits until a version has a status.
func (o *outsider) await(version, status string) {
	o.t.Helper()
	last := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		a := o.Admin("GET", mlflow+"model-versions/get?name=outside&version="+version, nil)
		if last = string(a.Body); a.Text("model_version.status") == status {
			return
		}
	}
	o.t.Fatalf("version %s is not %s: %s", version, status, last)
}

// begun waits until bytes of a copy are in the store's folder, finished or not.
func (o *outsider) begun() {
	o.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if o.kept() > 1<<20 {
			return
		}
	}
	o.t.Fatal("the copy did not begin")
}

func (o *outsider) kept() (size int64) {
	_ = filepath.WalkDir(filepath.Join(o.Config.Data, "artifacts"), func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // it was finished meanwhile
		}
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

// collected runs the collector as if all that is kept were old, and gives what is left.
func (o *outsider) collected() int64 {
	o.t.Helper()
	if _, err := o.Store.DropManifests(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.Collect(o.t.Context(), -time.Hour); err != nil {
		o.t.Fatal(err)
	}
	return o.kept()
}

// TestDeletedWhileItIsCopied: what was copied of a version that is gone by then is the collector's, and nothing else is.
func TestDeletedWhileItIsCopied(t *testing.T) {
	o := openOutsider(t, t.TempDir())
	o.found()
	o.write("kept/a", "kept", 0)
	kept := o.register("kept")
	o.await(kept, "READY")
	o.write("large/a", "begins", 96<<20)
	o.write("large/b", "after it", 0)
	for _, deleted := range []func(version string){
		func(v string) { o.Admin("DELETE", mlflow+"model-versions/delete?name=outside&version="+v, nil) },
		func(string) { o.Admin("DELETE", mlflow+"registered-models/delete?name=outside", nil) },
	} {
		v := o.register("large")
		o.begun()
		deleted(v)
		o.idle()
		if a := o.Do(servertest.AdminToken, "GET", mlflow+"model-versions/get?name=outside&version="+v, nil); a.Status != 404 {
			t.Errorf("it is there again: %d %s", a.Status, a.Body)
		}
		want := int64(len("kept"))
		if o.Do(servertest.AdminToken, "GET", mlflow+"registered-models/get?name=outside", nil).Status == 404 {
			want = 0
		}
		if left := o.collected(); left != want {
			t.Errorf("%d bytes are left, want %d", left, want)
		}
	}
}

// idle waits until no copy is under way.
func (o *outsider) idle() {
	o.t.Helper()
	for size := int64(-1); ; {
		if now := o.kept(); now == size {
			return
		} else {
			size = now
		}
		time.Sleep(1500 * time.Millisecond) // longer than the worker's pause
	}
}

// TestStoppedWhileItIsCopied: a server that is stopped leaves the copy to the next one, which makes the version whole.
func TestStoppedWhileItIsCopied(t *testing.T) {
	root, data, database := t.TempDir(), t.TempDir(), storetest.Database(t)
	same := func(c *server.Config) { c.Data, c.Database = data, database }
	var run, version string
	t.Run("first", func(t *testing.T) { // its end stops the server
		o := openOutsider(t, root, same)
		o.found()
		o.write("model/large", "begins", 192<<20)
		o.write("model/small", "small", 0)
		run, version = o.run, o.register("model")
		o.begun()
	})
	o := openOutsider(t, root, same)
	o.run = run
	o.await(version, "READY")
	m := o.Admin("GET", "/api/governance/1.0/models/outside/versions/"+version+"/manifest", nil)
	if got, want := m.Text("files.1.sha256"), hexSum("small"); got != want || m.Text("files.0.size") != fmt.Sprint(192<<20) {
		t.Errorf("the manifest: %s, want %s", m.Body, want)
	}
	if left, want := o.collected(), int64(192<<20+len("small")); left != want {
		t.Errorf("%d bytes are kept, want %d", left, want)
	}
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestTwoServersCopyOnce: of two servers on one database each version is copied by one, and is said to be finished once.
func TestTwoServersCopyOnce(t *testing.T) {
	database := storetest.Database(t)
	if database == "" {
		return // a data folder has one server, by its lock
	}
	root, artifacts := t.TempDir(), t.TempDir()
	same := func(c *server.Config) { c.Database, c.Artifacts = database, artifacts }
	o, other := openOutsider(t, root, same), openOutsider(t, root, same)
	o.found()
	other.run = o.run
	const versions = 12
	for i := range versions {
		name := fmt.Sprintf("m%d", i)
		o.write(name+"/large", name, 8<<20)
		o.write(name+"/small", name, 0)
		[]*outsider{o, other}[i%2].register(name)
	}
	for i := range versions {
		other.await(fmt.Sprint(i+1), "READY")
	}
	finished := o.Admin("GET", "/api/governance/1.0/audit?action=finishModelVersion&max_results=1000", nil)
	if n := strings.Count(string(finished.Body), `"finishModelVersion"`); n != versions {
		t.Errorf("%d entries of %d versions: %s", n, versions, finished.Body)
	}
	for i := range versions {
		m := o.Admin("GET", fmt.Sprintf("/api/governance/1.0/models/outside/versions/%d/manifest", i+1), nil)
		if m.Text("files.1.sha256") != hexSum(fmt.Sprintf("m%d", i)) {
			t.Errorf("version %d: %s", i+1, m.Body)
		}
	}
}
