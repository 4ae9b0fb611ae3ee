package mlflow_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

// bench is a server with an experiment, a run in it, a logged model, and people with one level each on the experiment.
type bench struct {
	*servertest.Server
	t              *testing.T
	exp, run, mod  string
	otherExp, mine string // an experiment on which nobody has anything, and a run in it
	people         map[string]string
}

var levels = []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE"}

func newBench(t *testing.T, change ...func(*server.Config)) *bench {
	t.Helper()
	b := &bench{Server: servertest.Start(t, change...), t: t, people: map[string]string{"nothing": ""}}
	b.exp, b.otherExp = b.experiment("/e1"), b.experiment("/e2")
	b.run, b.mine = b.newRun(b.exp), b.newRun(b.otherExp)
	b.mod = b.Admin("POST", "/api/2.0/mlflow/logged-models", map[string]any{"experiment_id": b.exp, "name": "m"}).Text("model.info.model_id")
	for name := range b.people {
		b.people[name] = b.User(name + "@x.org")
	}
	for _, level := range levels {
		b.people[level] = b.User(strings.ToLower(level) + "@x.org")
		b.level(b.exp, level, strings.ToLower(level)+"@x.org")
	}
	return b
}

func (b *bench) experiment(name string) string {
	b.t.Helper()
	return b.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]any{"name": name}).Text("experiment_id")
}

func (b *bench) newRun(experiment string) string {
	b.t.Helper()
	return b.Admin("POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": experiment}).Text("run.info.run_id")
}

// level gives a person a level on an experiment, beside what others have.
func (b *bench) level(experiment, level, name string) {
	b.t.Helper()
	b.Admin("PATCH", "/api/2.0/permissions/experiments/"+experiment, map[string]any{
		"access_control_list": []any{map[string]any{"user_name": name, "permission_level": level}}})
}

// proxy is the address of a run's file in the proxy.
func (b *bench) proxy(path string) string {
	return "/api/2.0/mlflow-artifacts/artifacts/" + b.exp + "/" + b.run + "/artifacts" + path
}

func (b *bench) put(path, content string) {
	b.t.Helper()
	b.Admin("PUT", b.proxy(path), []byte(content))
}

// files lists a folder of the run as the administrator, names only.
func (b *bench) files(folder string) (names []string) {
	b.t.Helper()
	a := b.Admin("GET", "/api/2.0/mlflow/artifacts/list?run_id="+b.run+"&path="+folder, nil)
	for i := 0; a.JSON(fmt.Sprintf("files.%d", i)) != nil; i++ {
		names = append(names, a.Text(fmt.Sprintf("files.%d.path", i)))
	}
	return names
}

// TestArtifactAbilities tries each cell of the experiment's table that is about artifacts and logged models, over every door.
func TestArtifactAbilities(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	model := "/api/2.0/mlflow-artifacts/artifacts/" + b.exp + "/models/" + b.mod + "/artifacts/"
	b.Admin("PUT", model+"f.txt", []byte("model"))
	fs, dbfs := "/WorkspaceInternal/Mlflow/Artifacts/"+b.exp+"/Runs/"+b.run+"/artifacts", "/databricks/mlflow-tracking/"+b.exp+"/"+b.run+"/artifacts"
	read, edit := []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE"}, []string{"CAN_EDIT", "CAN_MANAGE"}
	doors := []struct {
		method, path string
		body         any
		may          []string
	}{
		{"GET", "/api/2.0/mlflow-artifacts/artifacts?path=" + b.exp + "/" + b.run + "/artifacts", nil, read},
		{"GET", b.proxy("/f.txt"), nil, read},
		{"HEAD", b.proxy("/f.txt"), nil, read},
		{"PUT", b.proxy("/g.txt"), []byte("x"), edit},
		{"DELETE", b.proxy("/nothing"), nil, edit},
		{"GET", "/ajax-api/2.0/mlflow-artifacts/artifacts/" + b.exp + "/" + b.run + "/artifacts/f.txt", nil, read},
		{"GET", "/api/2.0/mlflow/artifacts/list?run_uuid=" + b.run, nil, read},
		{"GET", "/get-artifact?run_uuid=" + b.run + "&path=f.txt", nil, read},
		{"GET", "/ajax-api/2.0/mlflow/get-artifact?run_id=" + b.run + "&path=f.txt", nil, read},
		{"POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=" + b.run + "&path=u.txt", []byte("x"), edit},
		{"GET", model + "f.txt", nil, read},
		{"PUT", model + "g.txt", []byte("x"), edit},
		{"GET", "/api/2.0/mlflow/logged-models/" + b.mod + "/artifacts/directories", nil, read},
		{"GET", "/ajax-api/2.0/mlflow/logged-models/" + b.mod + "/artifacts/files?artifact_file_path=f.txt", nil, read},
		{"GET", "/api/2.0/fs/files" + fs + "/f.txt", nil, read},
		{"HEAD", "/api/2.0/fs/files" + fs + "/f.txt", nil, read},
		{"PUT", "/api/2.0/fs/files" + fs + "/d/h.txt", []byte("x"), edit},
		{"DELETE", "/api/2.0/fs/files" + fs + "/g.txt", nil, []string{"CAN_MANAGE"}}, // CAN_EDIT's turn comes first, and takes it away
		{"GET", "/api/2.0/fs/directories" + fs, nil, read},
		{"HEAD", "/api/2.0/fs/directories" + fs, nil, read},
		{"PUT", "/api/2.0/fs/directories" + fs + "/new", nil, edit},
		{"POST", "/api/2.0/fs/create-download-url?path=" + fs + "/f.txt", nil, read},
		{"POST", "/api/2.0/fs/create-upload-url?path=" + fs + "/f.txt", nil, edit},
		{"GET", "/api/2.0/dbfs/list?path=" + dbfs, nil, read},
		{"GET", "/api/2.0/dbfs/get-status?path=" + dbfs, nil, read},
		{"GET", "/api/2.0/dbfs/read?path=" + dbfs + "/f.txt", nil, read},
		{"GET", "/dbfs" + dbfs + "/f.txt", nil, read},
		{"POST", "/dbfs" + dbfs + "/p.txt", []byte("x"), edit},
		{"POST", "/api/2.0/mlflow/artifacts/credentials-for-read", map[string]any{"run_id": b.run, "path": []string{"f.txt"}}, read},
		{"POST", "/api/2.0/mlflow/artifacts/credentials-for-write", map[string]any{"run_id": b.run, "path": []string{"f.txt"}}, edit},
		{"POST", "/api/2.0/mlflow/logged-models/" + b.mod + "/artifacts/credentials-for-download", map[string]any{"paths": []string{"f.txt"}}, read},
		{"POST", "/api/2.0/mlflow/logged-models/" + b.mod + "/artifacts/credentials-for-upload", map[string]any{"paths": []string{"f.txt"}}, edit},
		{"GET", "/api/2.0/mlflow/logged-models/" + b.mod, nil, read},
		{"PATCH", "/api/2.0/mlflow/logged-models/" + b.mod + "/tags", map[string]any{"tags": []any{map[string]any{"key": "k", "value": "v"}}}, edit},
		{"POST", "/api/2.0/mlflow/logged-models/" + b.mod + "/params", map[string]any{"params": []any{map[string]any{"key": "k", "value": "v"}}}, edit},
		{"POST", "/api/2.0/mlflow/logged-models", map[string]any{"experiment_id": b.exp, "name": "n"}, edit},
		{"PATCH", "/api/2.0/mlflow/logged-models/" + b.mod, map[string]any{"status": "LOGGED_MODEL_READY"}, edit},
		{"POST", "/api/2.0/mlflow/runs/log-inputs", map[string]any{"run_id": b.run, "models": []any{map[string]any{"model_id": b.mod}}}, edit},
		{"POST", "/api/2.0/mlflow/runs/outputs", map[string]any{"run_id": b.run, "models": []any{map[string]any{"model_id": b.mod, "step": 1}}}, edit},
	}
	for _, door := range doors {
		t.Run(door.method+" "+strings.NewReplacer(b.exp, "E", b.run, "R", b.mod, "M").Replace(door.path), func(t *testing.T) {
			if got := b.Do("", door.method, door.path, door.body); got.Status != 401 {
				t.Errorf("a stranger: %d %s", got.Status, got.Body)
			}
			for _, who := range append([]string{"nothing"}, levels...) {
				want := 403
				for _, may := range door.may {
					if may == who {
						want = 200
					}
				}
				if door.method == "DELETE" && who == "CAN_EDIT" {
					want = 200
				}
				if strings.HasSuffix(door.path, "/g.txt") && door.method == "DELETE" && who == "CAN_MANAGE" {
					want = 404
				}
				got := b.Do(b.people[who], door.method, door.path, door.body)
				if got.Status/100*100 == 200 && want == 200 {
					continue
				}
				if got.Status != want || want == 403 && door.method != "HEAD" && got.Text("error_code") != "PERMISSION_DENIED" {
					t.Errorf("%s: %d %s, want %d", who, got.Status, got.Body, want)
				}
			}
		})
	}
}

// TestArtifactPaths holds every door against addresses that lead elsewhere.
func TestArtifactPaths(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	editor := b.people["CAN_EDIT"]
	inside := []string{
		"..", "../" + b.mine + "/artifacts/x", "%2e%2e/x", "a/%2e%2e/%2e%2e/x", "%252e%252e/x", "a%2f..%2f..%2fx", "..%5cx", "a\\..\\x", "%5c%5chost%5cx", "a//b",
		"/etc/passwd", "%2fetc%2fpasswd", "C:%5cx", "c:/x", "file:%2f%2f%2fetc%2fpasswd", "a%23b", "a%3fb", "a%00b", "%ff", "a/", "./a", "a/.", "a%0ab",
		"%25252525252525252e%25252525252525252e/x",
	}
	for _, p := range inside {
		for _, prefix := range []string{
			b.proxy("/"), "/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/" + b.exp + "/Runs/" + b.run + "/artifacts/",
			"/dbfs/databricks/mlflow-tracking/" + b.exp + "/" + b.run + "/artifacts/",
		} {
			method := "PUT"
			if got := b.raw(editor, method, prefix+p); got != 400 && got != 404 {
				t.Errorf("PUT %s%s: %d", prefix, p, got)
			}
		}
		for _, query := range []string{"/get-artifact?run_id=" + b.run + "&path=" + p, "/api/2.0/mlflow/artifacts/list?run_id=" + b.run + "&path=" + p} {
			if got := b.raw(editor, "GET", query); got != 400 && got != 404 && p != "a/" && p != "a//b" {
				t.Errorf("GET %s: %d", query, got)
			}
		}
	}
	outside := []string{
		b.otherExp + "/" + b.run + "/artifacts/x",   // my run below another experiment
		b.exp + "/" + b.mine + "/artifacts/x",       // another's run below my experiment
		b.exp + "/" + b.mine + "/artifacts/f.txt",   // the same, to be read
		b.exp + "/models/" + b.run + "/artifacts/x", // a run as a model
		b.exp + "/" + b.mod + "/artifacts/x",        // a model as a run
		b.exp + "/" + b.run + "/x", b.exp + "/" + b.run, b.exp, b.run + "/artifacts/x", "0" + b.exp + "/" + b.run + "/artifacts/x", "foo/bar", "x",
		b.exp + "/" + b.run + "/artifactsx/f.txt", "+" + b.exp + "/" + b.run + "/artifacts/x", b.exp + "/" + strings.ToUpper(b.run) + "/artifacts/x",
	}
	for _, p := range outside {
		for _, method := range []string{"PUT", "GET", "DELETE"} {
			if got := b.raw(editor, method, "/api/2.0/mlflow-artifacts/artifacts/"+p); got != 400 && got != 404 {
				t.Errorf("%s %s: %d", method, p, got)
			}
		}
	}
	if got := b.files(""); len(got) != 1 || got[0] != "f.txt" {
		t.Errorf("afterwards the run has %v", got)
	}
	if a := b.Admin("GET", "/api/2.0/mlflow/artifacts/list?run_id="+b.mine, nil); a.JSON("files") != nil {
		t.Errorf("the other run has %s", a.Body)
	}
}

// raw sends a request whose address is not touched by the client, and gives the status.
func (b *bench) raw(token, method, target string) int {
	b.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", method, target, token)
	var status int
	if _, err := fmt.Fscanf(conn, "HTTP/1.1 %d", &status); err != nil {
		b.t.Fatalf("%s %s: %v", method, target, err)
	}
	return status
}

func TestArtifactRanges(t *testing.T) {
	b := newBench(t)
	b.put("/r.bin", "0123456789")
	for header, want := range map[string]string{"": "200 0123456789", "bytes=2-4": "206 234", "bytes=-3": "206 789", "bytes=7-": "206 789", "bytes=20-": "416 "} {
		req, _ := http.NewRequest("GET", b.URL+b.proxy("/r.bin"), nil)
		req.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
		req.Header.Set("Range", header)
		a := b.Send(req)
		got := fmt.Sprintf("%d %s", a.Status, a.Body)
		if a.Status == 416 {
			got = got[:4]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	a := b.Do(servertest.AdminToken, "HEAD", b.proxy("/r.bin"), nil)
	for name, want := range map[string]string{
		"Content-Length": "10", "Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment; filename*=UTF-8''r.bin", "Content-Security-Policy": "sandbox; default-src 'none'",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.Header.Get("Etag") == "" || a.Header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("headers: %v", a.Header)
	}
}

func TestArtifactConflicts(t *testing.T) {
	b := newBench(t)
	b.put("/a/b", "x")
	for _, p := range []string{"/a", "/a/b/c"} {
		if a := b.Do(servertest.AdminToken, "PUT", b.proxy(p), []byte("x")); a.Status != 400 || !strings.Contains(a.Text("message"), "Invalid path") {
			t.Errorf("PUT %s: %d %s", p, a.Status, a.Body)
		}
	}
	if a := b.Do(servertest.AdminToken, "GET", b.proxy("/a"), nil); a.Status != 400 || !strings.Contains(a.Text("message"), "is a folder") {
		t.Errorf("GET of a folder: %d %s", a.Status, a.Body)
	}
	if a := b.Admin("GET", "/api/2.0/mlflow-artifacts/artifacts?path="+b.exp+"/"+b.run+"/artifacts/none", nil); string(a.Body) != "{}" {
		t.Errorf("list of nothing: %s", a.Body)
	}
}

// TestDeletedIsReadOnly holds runs, models and experiments that are deleted against changes of what they have.
func TestDeletedIsReadOnly(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	model := "/api/2.0/mlflow-artifacts/artifacts/" + b.exp + "/models/" + b.mod + "/artifacts/x"
	b.Admin("PUT", model, []byte("x"))
	frozen := func(why string) {
		for _, path := range []string{b.proxy("/f.txt"), model} {
			for method, want := range map[string]int{"GET": 200, "PUT": 400, "DELETE": 400} {
				body := map[string]any{"PUT": []byte("y")}[method]
				if a := b.Do(servertest.AdminToken, method, path, body); a.Status != want {
					t.Errorf("%s: %s %s: %d %s, want %d", why, method, path, a.Status, a.Body, want)
				}
			}
		}
	}
	b.Admin("POST", "/api/2.0/mlflow/runs/delete", map[string]any{"run_id": b.run})
	b.Admin("DELETE", "/api/2.0/mlflow/logged-models/"+b.mod, nil)
	frozen("deleted")
	b.Admin("POST", "/api/2.0/mlflow/experiments/delete", map[string]any{"experiment_id": b.exp})
	frozen("in the trash")
	if a := b.Do(b.people["nothing"], "GET", b.proxy("/f.txt"), nil); a.Status == 200 {
		t.Errorf("nobody reads what is in the trash: %s", a.Body)
	}
}

// TestKilledUpload breaks uploads off in the middle: nothing of them is to be seen.
func TestKilledUpload(t *testing.T) {
	b := newBench(t)
	for i, head := range []string{"Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n", b.proxy(fmt.Sprintf("/killed%d", i)), servertest.AdminToken, head)
		if i == 1 {
			fmt.Fprintf(conn, "%x\r\n", 300_000)
		}
		conn.Write(bytes.Repeat([]byte("x"), 300_000))
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, _ := conn.Read(make([]byte, 1)); n > 0 {
			t.Error("answered before its end")
		}
		conn.Close()
	}
	time.Sleep(200 * time.Millisecond)
	if got := b.files(""); got != nil {
		t.Errorf("to be seen: %v", got)
	}
}

// slow gives its first half, waits, and gives the second.
type slow struct {
	first, second io.Reader
	wait          func()
}

func (s *slow) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	if s.wait != nil {
		s.wait()
		s.wait = nil
	}
	return s.second.Read(p)
}

// TestRevokedUpload takes the right away while the bytes are on their way: the end of the upload is refused, and leaves nothing.
func TestRevokedUpload(t *testing.T) {
	b := newBench(t)
	body := &slow{strings.NewReader(strings.Repeat("a", 100_000)), strings.NewReader("b"), func() {
		time.Sleep(50 * time.Millisecond) // the first half is on its way
		b.Admin("PUT", "/api/2.0/permissions/experiments/"+b.exp, map[string]any{"access_control_list": []any{}})
	}}
	a := b.Do(b.people["CAN_EDIT"], "PUT", b.proxy("/late"), body)
	if a.Status != 403 || a.Text("error_code") != "PERMISSION_DENIED" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if got := b.files(""); got != nil {
		t.Errorf("to be seen: %v", got)
	}
}

func TestUploadLimit(t *testing.T) {
	b := newBench(t, func(c *server.Config) { c.Limits.Artifact = 1000 })
	for name, body := range map[string]io.Reader{"known": bytes.NewReader(make([]byte, 1001)), "chunked": io.MultiReader(bytes.NewReader(make([]byte, 1001)))} {
		if a := b.Do(servertest.AdminToken, "PUT", b.proxy("/"+name), body); a.Status != 413 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	b.put("/fits", strings.Repeat("x", 1000))
	if got := b.files(""); len(got) != 1 {
		t.Errorf("to be seen: %v", got)
	}
}

// TestStreaming sends 64 MiB up and down and holds the memory that both ends took against a small part of it.
func TestStreaming(t *testing.T) {
	b := newBench(t)
	const size = 64 << 20
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	if a := b.Do(servertest.AdminToken, "PUT", b.proxy("/big"), io.LimitReader(rand.Reader, size)); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	req, _ := http.NewRequest("GET", b.URL+b.proxy("/big"), nil)
	req.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	res.Body.Close()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err != nil || n != size || took > 16<<20 {
		t.Errorf("%d bytes came back (%v); both ways allocated %d KiB", n, err, took>>10)
	} else {
		t.Logf("both ways allocated %d KiB in all", took>>10)
	}
}
