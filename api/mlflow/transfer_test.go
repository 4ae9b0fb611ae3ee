package mlflow_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// sign asks for a signed address of a file, as somebody.
func (b *bench) sign(who, what, path string) string {
	b.t.Helper()
	a := b.Do(b.people[who], "POST", "/api/2.0/mlflow/artifacts/credentials-for-"+what, map[string]any{"run_id": b.run, "path": []string{path}})
	uri := a.Text("credential_infos.0.signed_uri")
	if a.Status != 200 || !strings.HasPrefix(uri, b.URL) || a.Text("credential_infos.0.type") != "AWS_PRESIGNED_URL" {
		b.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return strings.TrimPrefix(uri, b.URL)
}

// TestSignedAddresses holds signed addresses to what they are good for, and that only while the right behind them stands.
func TestSignedAddresses(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	down, up := b.sign("CAN_READ", "read", "f.txt"), b.sign("CAN_EDIT", "write", "d/up.txt")
	if a := b.Do("", "GET", down, nil); a.Status != 200 || string(a.Body) != "hello" {
		t.Errorf("download: %d %s", a.Status, a.Body)
	}
	if a := b.Do("", "HEAD", down, nil); a.Status != 200 {
		t.Errorf("HEAD: %d", a.Status)
	}
	if a := b.Do("", "PUT", up, []byte("up")); a.Status != 200 {
		t.Errorf("upload: %d %s", a.Status, a.Body)
	}
	if a := b.Admin("GET", b.proxy("/d/up.txt"), nil); string(a.Body) != "up" {
		t.Errorf("uploaded: %s", a.Body)
	}
	for name, try := range map[string]struct{ method, path string }{
		"write with an address for reading": {"PUT", down}, "read with one for writing": {"GET", up}, "cut": {"GET", down[:len(down)-12]},
		"changed": {"GET", changed(down)}, "empty": {"GET", "/api/governance/1.0/transfer/x/f.txt"},
	} {
		if a := b.Do("", try.method, try.path, nil); a.Status != 401 && a.Status != 404 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := b.Do("", "GET", strings.Replace(down, "/f.txt", "/other.txt", 1), nil); string(a.Body) != "hello" {
		t.Errorf("the name decides nothing: %d %s", a.Status, a.Body)
	}
	b.Admin("PUT", "/api/2.0/permissions/experiments/"+b.exp, map[string]any{"access_control_list": []any{}})
	for path, method := range map[string]string{down: "GET", up: "PUT"} {
		if a := b.Do("", method, path, []byte(nil)); a.Status != 403 {
			t.Errorf("after the right is gone: %s: %d %s", method, a.Status, a.Body)
		}
	}
}

// changed turns one bit of what is signed.
func changed(path string) string {
	parts := strings.Split(path, "/")
	raw, err := base64.RawURLEncoding.DecodeString(parts[5])
	if err != nil {
		panic(err)
	}
	raw[len(raw)-20] ^= 1
	parts[5] = base64.RawURLEncoding.EncodeToString(raw)
	return strings.Join(parts, "/")
}

// TestSignedAddressEndsWithItsToken revokes the token with which an address was asked for.
func TestSignedAddressEndsWithItsToken(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	down := b.sign("CAN_READ", "read", "f.txt")
	b.Govern(func(tx *store.Tx) (events []authz.Event, err error) {
		for c := range tx.Map.Credentials(b.PrincipalID("can_read@x.org")) {
			events = append(events, authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: c.ID, Principal: c.Principal}})
		}
		return events, nil
	})
	if a := b.Do("", "GET", down, nil); a.Status != 401 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestNothingElseIsSigned makes sure that only transfers take a signed address instead of a credential.
func TestNothingElseIsSigned(t *testing.T) {
	b := newBench(t)
	for _, f := range b.Door.Fronts() {
		for i := range f.Routes {
			r := &f.Routes[i]
			if r.Signed() != (f.Prefixes[0] == "/api/governance/1.0/transfer" || f.Prefixes[0] == "/api/governance/1.0/upload") {
				t.Errorf("%s %s: signed %v", r.Method, f.Prefixes[0]+r.Path, r.Signed())
			}
		}
	}
	if api.SignedFor > 5*time.Minute {
		t.Errorf("signed addresses are good for %s", api.SignedFor)
	}
}

func TestFilesAPI(t *testing.T) {
	b := newBench(t)
	root := "/WorkspaceInternal/Mlflow/Artifacts/" + b.exp + "/Runs/" + b.run + "/artifacts"
	files, folders := "/api/2.0/fs/files"+root, "/api/2.0/fs/directories"+root
	b.put("/d/a.txt", "a")
	b.put("/d/b.txt", "bb")
	b.put("/d/e/c.txt", "ccc")
	for _, tt := range []struct {
		method, path string
		body         any
		want         int
	}{
		{"PUT", files + "/new.txt?overwrite=false", []byte("x"), 204}, {"PUT", files + "/new.txt?overwrite=false", []byte("x"), 409},
		{"PUT", files + "/new.txt?overwrite=true", []byte("y"), 204}, {"GET", files + "/new.txt", nil, 200}, {"HEAD", files + "/none", nil, 404},
		{"DELETE", files + "/new.txt", nil, 204}, {"DELETE", files + "/new.txt", nil, 404}, {"DELETE", folders + "/d", nil, 400}, {"HEAD", folders + "/d", nil, 200},
		{"HEAD", folders + "/d/a.txt", nil, 404}, {"HEAD", folders, nil, 200}, {"GET", folders + "/none", nil, 404}, {"PUT", folders + "/x/y", nil, 204},
		{"PUT", folders + "/d/a.txt", nil, 409}, {"POST", files + "/big?action=initiate-upload&overwrite=true", nil, 200},
		{"GET", "/api/2.0/fs/files/Volumes/a/b/c/d.txt", nil, 400}, {"GET", "/api/2.0/fs/directories/WorkspaceInternal/Mlflow/Artifacts", nil, 400},
		{"POST", "/api/2.0/fs/create-download-url?path=" + root + "/none", nil, 404}, {"POST", "/api/2.0/fs/create-download-url?path=x", nil, 400},
	} {
		if a := b.Do(servertest.AdminToken, tt.method, tt.path, tt.body); a.Status != tt.want {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, a.Status, a.Body, tt.want)
		}
	}
	var got []string
	for token := ""; ; {
		a := b.Admin("GET", folders+"/d?page_size=1&page_token="+token, nil)
		got = append(got, a.Text("contents.0.name")+" "+a.Text("contents.0.is_directory")+" "+a.Text("contents.0.file_size"))
		if token = a.Text("next_page_token"); token == "" {
			break
		}
		if x := b.Do(b.people["CAN_READ"], "GET", folders+"/d?page_size=1&page_token="+token, nil); x.Status != 400 {
			t.Errorf("somebody else's page token: %d", x.Status)
		}
	}
	if fmt.Sprint(got) != "[a.txt false 1 b.txt false 2 e true ]" {
		t.Errorf("pages: %q", got)
	}
	if a := b.Admin("POST", "/api/2.0/fs/create-download-url?path="+root+"/d/a.txt", nil); string(b.Do("", "GET", strings.TrimPrefix(a.Text("url"), b.URL), nil).Body) != "a" {
		t.Errorf("signed download: %s", a.Body)
	}
}

func TestDBFS(t *testing.T) {
	b := newBench(t)
	root := "/databricks/mlflow-tracking/" + b.exp + "/" + b.run + "/artifacts"
	b.Admin("POST", "/dbfs"+root+"/d/f.txt", []byte("0123456789"))
	for path, want := range map[string]string{
		"list?path=" + root:                                  `{"files":[{"path":"` + root + `/d","is_dir":true`,
		"list?path=dbfs:" + root + "/d/f.txt":                `{"files":[{"path":"` + root + `/d/f.txt","is_dir":false,"file_size":10`,
		"get-status?path=" + root + "/d/":                    `{"path":"` + root + `/d","is_dir":true`,
		"read?path=" + root + "/d/f.txt&offset=3&length=4":   `{"bytes_read":4,"data":"MzQ1Ng=="}`,
		"read?path=" + root + "/d/f.txt&offset=30&length=10": `{"bytes_read":0,"data":""}`,
	} {
		if a := b.Admin("GET", "/api/2.0/dbfs/"+path, nil); !strings.HasPrefix(string(a.Body), want) {
			t.Errorf("%s: %s, want %s", path, a.Body, want)
		}
	}
	for path, want := range map[string]int{
		"list?path=/": 400, "list?path=/FileStore/x": 400, "get-status?path=" + root + "/none": 404, "read?path=" + root + "/d": 400,
		"read?path=" + root + "/d/f.txt&offset=-1": 400, "read?path=" + root + "/d/f.txt&length=2000000": 400, "list?path=" + root[1:]: 400,
		"list?path=/databricks/model-registry/x": 400,
	} {
		if a := b.Do(servertest.AdminToken, "GET", "/api/2.0/dbfs/"+path, nil); a.Status != want {
			t.Errorf("%s: %d %s, want %d", path, a.Status, a.Body, want)
		}
	}
	if a := b.Do(servertest.AdminToken, "POST", "/api/2.0/dbfs/put", map[string]any{"path": "/x"}); a.Status != http.StatusNotImplemented {
		t.Errorf("put: %d %s", a.Status, a.Body)
	}
}

// TestArtifactsHideTheirOwner: who may not know of an experiment is told the same of its runs and models as of missing ones.
func TestArtifactsHideTheirOwner(t *testing.T) {
	b := newBench(t)
	b.put("/f.txt", "hello")
	b.Govern(func(*store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingEnforceView, Value: "true"}}}, nil
	})
	missing := strings.Repeat("0", 32)
	for _, door := range []string{
		"GET /api/2.0/mlflow/artifacts/list?run_id=RUN", "GET /get-artifact?path=f.txt&run_id=RUN", "GET /api/2.0/mlflow-artifacts/artifacts/EXP/RUN/artifacts/f.txt",
		"PUT /api/2.0/mlflow-artifacts/artifacts/EXP/RUN/artifacts/f.txt", "GET /api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/EXP/Runs/RUN/artifacts/f.txt",
		"GET /api/2.0/mlflow/logged-models/m-RUN", "GET /api/2.0/mlflow-artifacts/artifacts/EXP/models/m-RUN/artifacts/f.txt",
	} {
		method, path, _ := strings.Cut(strings.ReplaceAll(door, "EXP", b.exp), " ")
		said := func(run, model string) string {
			at := strings.ReplaceAll(strings.ReplaceAll(path, "m-RUN", model), "RUN", run)
			a := b.Do(b.people["nothing"], method, at, nil)
			return fmt.Sprint(a.Status, " ", strings.NewReplacer(run, "RUN", model, "RUN").Replace(string(a.Body)))
		}
		if there, not := said(b.run, b.mod), said(missing, "m-"+missing); there != not || !strings.HasPrefix(there, "404 ") {
			t.Errorf("%s: %s, of a missing one %s", door, there, not)
		}
	}
}
