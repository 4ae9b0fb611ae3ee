package databricks_test

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const (
	list   = "/api/2.0/workspace/list?path="
	status = "/api/2.0/workspace/get-status?path="
	dirs   = "/api/2.0/workspace/mkdirs"
	imp    = "/api/2.0/workspace/import"
	exp    = "/api/2.0/workspace/export?path="
	del    = "/api/2.0/workspace/delete"
	upload = "/api/2.0/workspace-files/import-file/"
	admin  = servertest.AdminToken
)

// TestTree plays one life of a folder as clients know it.
func TestTree(t *testing.T) {
	s := servertest.Start(t)
	mkdirs(s, "/t")
	id := notebook(s, "/t/nb")
	plain := importBody("/t/nb")
	delete(plain, "overwrite")
	play(t, s, []step{
		{"same folder again", admin, "POST", dirs, object{"path": "/Workspace//t/"}, 200, "{}"},
		{"below a notebook", admin, "POST", dirs, object{"path": "/t/nb/x"}, 400, "RESOURCE_ALREADY_EXISTS"},
		{"at a notebook", admin, "POST", dirs, object{"path": "/t/nb"}, 400, "RESOURCE_ALREADY_EXISTS"},
		{"in the folder of homes", admin, "POST", dirs, object{"path": "/Users/nobody@x.org/a"}, 400, "DIRECTORY_PROTECTED"},
		{"without overwrite", admin, "POST", imp, plain, 400, "RESOURCE_ALREADY_EXISTS"},
		{"with overwrite", admin, "POST", imp, importBody("/Workspace/t/nb"), 200, `{"object_id":` + id + `}`},
		{"missing parent", admin, "POST", imp, importBody("/none/nb"), 404, "The parent folder (/none) does not exist."},
		{"a file over a notebook", admin, "POST", imp, object{"path": "/t/nb", "format": "RAW", "content": "YQ==", "overwrite": true},
			400, "cannot be overwritten as FILE"},
		{"over a folder", admin, "POST", imp, importBody("/t"), 400, "RESOURCE_ALREADY_EXISTS"},
		{"status", admin, "GET", status + "/Workspace/t/nb&return_export_info=true", nil, 200, `"repos_export_format":"SOURCE"`},
		{"status of nothing", admin, "GET", status + "/t/none", nil, 404, "Path (/t/none) doesn't exist."},
		{"status of the root", admin, "GET", status + "/", nil, 200, `{"object_id":0,"object_type":"DIRECTORY","path":"/"`},
		{"list of a notebook", admin, "GET", list + "/t/nb", nil, 200, `"path":"/t/nb"`},
		{"list of nothing", admin, "GET", list + "/none", nil, 404, "Path (/none) doesn't exist."},
		{"list since tomorrow", admin, "GET", list + "/t&notebooks_modified_after=9999999999999", nil, 200, "{}"},
		{"list since nonsense", admin, "GET", list + "/t&notebooks_modified_after=x", nil, 400, "notebooks_modified_after"},
		{"export", admin, "GET", exp + "/t/nb", nil, 200, base64.StdEncoding.EncodeToString([]byte(source))},
		{"direct", admin, "GET", exp + "/t/nb&direct_download=true", nil, 200, source},
		{"as HTML", admin, "GET", exp + "/t/nb&direct_download=true&format=HTML", nil, 200, "<html"},
		{"a folder", admin, "GET", exp + "/t", nil, 400, "is a DIRECTORY"},
		{"in an unknown format", admin, "GET", exp + "/t/nb&format=X", nil, 400, "is not known"},
		{"full folder", admin, "POST", del, object{"path": "/t"}, 400, "DIRECTORY_NOT_EMPTY"},
		{"special folder", admin, "POST", del, object{"path": "/Shared", "recursive": true}, 400, "special folder"},
		{"the root", admin, "POST", del, object{"path": "/", "recursive": true}, 400, "special folder"},
		{"a home", admin, "POST", del, object{"path": "/Users/admin", "recursive": true}, 400, "home folder"},
		{"all of it", admin, "POST", del, object{"path": "/t", "recursive": true}, 200, "{}"},
		{"again", admin, "POST", del, object{"path": "/t", "recursive": true}, 404, "Path (/t) doesn't exist."},
		{"below it", admin, "GET", exp + "/t/nb", nil, 404, "doesn't exist"},
		{"its permissions", admin, "GET", "/api/2.0/permissions/notebooks/" + id, nil, 404, "does not exist"},
	})
}

// TestListing: rows carry what a client reads, sorted, with experiments.
func TestListing(t *testing.T) {
	s := servertest.Start(t)
	mkdirs(s, "/t/sub")
	notebook(s, "/t/nb")
	s.Admin("POST", upload+url.PathEscape("/t/data.csv"), []byte("a,b\n"))
	experiment(s, "/t", "churn")
	a := s.Admin("GET", list+"/t", nil)
	got := [][]string{}
	for i := range 5 {
		at := "objects." + string(rune('0'+i)) + "."
		if a.Text(at+"path") != "" {
			got = append(got, []string{a.Text(at + "path"), a.Text(at + "object_type"), a.Text(at + "language"), a.Text(at + "size")})
		}
		if a.Text(at+"resource_id") != a.Text(at+"object_id") {
			t.Errorf("row %d: %s", i, a.Body)
		}
	}
	want := [][]string{{"/t/churn", "MLFLOW_EXPERIMENT", "", ""}, {"/t/data.csv", "FILE", "", "4"}, {"/t/nb", "NOTEBOOK", "PYTHON", ""},
		{"/t/sub", "DIRECTORY", "", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	play(t, s, []step{
		{"empty", admin, "GET", list + "/t/sub", nil, 200, "{}"},
		{"default experiment", admin, "GET", status + "/Shared/Default", nil, 200, `"resource_id":"0"`},
		{"an experiment is no file", admin, "GET", exp + "/t/churn", nil, 400, "MLFLOW_EXPERIMENT"},
	})
	// Somebody without a level sees names, and nothing that only a look would tell.
	ana := s.User("ana@x.org")
	row := s.Do(ana, "GET", list+"/t", nil)
	if row.Text("objects.2.path") != "/t/nb" || row.Text("objects.2.modified_at") != "" || row.Text("objects.1.size") != "" {
		t.Errorf("a stranger's list: %s", row.Body)
	}
	play(t, s, []step{{"a stranger's look", ana, "GET", status + "/t/nb", nil, 403, "CAN_READ"},
		{"nor when", ana, "GET", list + "/t&notebooks_modified_after=1", nil, 200, "/t/sub"}})
}

// TestImportFile: the answers that the Databricks command line takes apart.
func TestImportFile(t *testing.T) {
	s := servertest.Start(t)
	mkdirs(s, "/t")
	raw := []byte("x = 1\n")
	file, book := upload+"%2Ft%2Fa.py", upload+"%2FWorkspace%2Ft%2Fb.py"
	ana := s.User("ana@x.org")
	play(t, s, []step{
		{"a file", admin, "POST", file, raw, 200, "{}"},
		{"again", admin, "POST", file, raw, 409, "RESOURCE_ALREADY_EXISTS"},
		{"over it", admin, "POST", file + "?overwrite=true", []byte{}, 200, "{}"},
		{"now empty", admin, "GET", status + "/t/a.py", nil, 200, `"size":0`},
		{"with plain slashes", admin, "POST", upload + "t/c.txt", raw, 200, "{}"},
		{"a notebook", admin, "POST", book, []byte(source), 200, "{}"},
		{"is one", admin, "GET", status + "/t/b", nil, 200, `"NOTEBOOK"`},
		{"again", admin, "POST", book, []byte(source), 400, "Path (/t/b) already exists."},
		{"missing parent", admin, "POST", upload + "%2Fnone%2Fa.py", raw, 404, "The parent folder (/none) does not exist."},
		{"without a right", ana, "POST", file + "?overwrite=true", raw, 403, "CAN_EDIT"},
		{"new without a right", ana, "POST", upload + "%2Ft%2Fnew", raw, 403, "CAN_MANAGE"},
		{"at home", ana, "POST", upload + "%2FUsers%2Fana@x.org%2Fnew", raw, 200, "{}"},
		{"overwrite what", admin, "POST", file + "?overwrite=perhaps", raw, 400, "overwrite"},
	})
}

// TestForm: the SDK's upload is a form with the bytes themselves.
func TestForm(t *testing.T) {
	s := servertest.Start(t)
	send := func(fields map[string]string) servertest.Answer {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for name, value := range fields {
			if err := w.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest("POST", s.URL+imp, &b)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Authorization", "Bearer "+admin)
		return s.Send(req)
	}
	ok := send(map[string]string{"path": "/Shared/raw.bin", "format": "RAW", "content": "\x00\xff bytes", "overwrite": "true"})
	if ok.Status != 200 || ok.Text("object_id") == "" {
		t.Fatalf("upload: %d %s", ok.Status, ok.Body)
	}
	if a := s.Admin("GET", exp+"/Shared/raw.bin&direct_download=true", nil); string(a.Body) != "\x00\xff bytes" {
		t.Errorf("what came back: %q", a.Body)
	}
	if a := send(map[string]string{"path": "/Shared/x", "overwrite": "maybe"}); a.Status != 400 {
		t.Errorf("overwrite=maybe: %d %s", a.Status, a.Body)
	}
	play(t, s, []step{{"cut form", admin, "POST", imp, "--x\r\nbroken", 400, "INVALID_PARAMETER_VALUE"}})
}

// TestHostilePaths: whatever would lead elsewhere is refused before it touches anything.
func TestHostilePaths(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{
		"", "t", "../etc/passwd", "/Shared/../Users/admin", "/Shared/./x", `/Shared\..\x`, "/Shared/a\x00b", "/Shared/a\nb", "/Shared/\xff",
		"/Shared/" + strings.Repeat("x", 256), "/Shared" + strings.Repeat("/aaaaaaaaa", 500),
	} {
		q := url.QueryEscape(path)
		for _, call := range []string{list, status, exp} {
			if a := s.Do(admin, "GET", call+q, nil); a.Status != 400 || a.Text("error_code") != "INVALID_PARAMETER_VALUE" {
				t.Errorf("%s%q: %d %s", call, path, a.Status, a.Body)
			}
		}
		if !utf8.ValidString(path) {
			continue // a test cannot say it in JSON
		}
		for _, call := range []string{dirs, imp, del} {
			if a := s.Do(admin, "POST", call, importBody(path)); a.Status != 400 {
				t.Errorf("%s %q: %d %s", call, path, a.Status, a.Body)
			}
		}
	}
	play(t, s, []step{
		{"dots in an address", admin, "POST", upload + "%2FShared%2F..%2FUsers%2Fadmin%2Fx", []byte("a"), 400, "relative segments"},
		{"encoded twice is a name", admin, "POST", upload + "%2FShared%2F%252e%252e", []byte("a"), 200, "{}"},
		{"which stays one", admin, "GET", list + "/Shared", nil, 200, `"/Shared/%2e%2e"`},
		{"backslash", admin, "POST", upload + "%2FShared%5C..%5Cx", []byte("a"), 400, "backslash"},
		{"NUL", admin, "POST", upload + "%2FShared%2Fa%00b", []byte("a"), 400, "INVALID_PARAMETER_VALUE"},
		{"bad UTF-8", admin, "POST", upload + "%2FShared%2F%ff", []byte("a"), 400, "INVALID_PARAMETER_VALUE"},
		{"bad base64", admin, "POST", imp, object{"path": "/Shared/x", "format": "RAW", "content": "!!!"}, 400, "base64"},
		{"no JSON", admin, "POST", imp, "{", 400, "malformed JSON"},
		{"bad UTF-8 in a body", admin, "POST", dirs, "{\"path\":\"/Shared/\xff\"}", 400, "UTF-8"},
		{"wrong type", admin, "POST", del, object{"path": 5}, 400, "path"},
		{"deep", admin, "POST", dirs, strings.Repeat("[", 100), 400, "nested"},
		{"no path", admin, "POST", dirs, object{}, 400, "does not start with '/'"},
		{"nobody", "", "GET", list + "/", nil, 401, "UNAUTHENTICATED"},
	})
}

// TestSizes: an import is bounded, whichever way it comes.
func TestSizes(t *testing.T) {
	s := servertest.Start(t, func(c *server.Config) { c.Limits.Import = 4 << 10 })
	big, fits := bytes.Repeat([]byte("a"), 4<<10+1), bytes.Repeat([]byte("a"), 4<<10)
	body := func(content []byte) object {
		return object{"path": "/Shared/x", "format": "RAW", "content": base64.StdEncoding.EncodeToString(content)}
	}
	play(t, s, []step{
		{"too large", admin, "POST", imp, body(big), 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		{"much too large", admin, "POST", imp, body(bytes.Repeat(big, 64)), 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		{"fits", admin, "POST", imp, body(fits), 200, "object_id"},
		{"file too large", admin, "POST", upload + "%2FShared%2Fy", big, 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		{"file fits", admin, "POST", upload + "%2FShared%2Fy", fits, 200, "{}"},
	})
}

// TestHiddenNames: with enforceWorkspaceViewAcls what one has no level on is not there, and no request tells otherwise.
func TestHiddenNames(t *testing.T) {
	s := servertest.Start(t)
	mkdirs(s, "/open/deep", "/secret")
	notebook(s, "/open/deep/mine")
	notebook(s, "/open/hidden")
	notebook(s, "/secret/nb")
	ana := s.User("ana@x.org")
	grant(s, "notebooks", "/open/deep/mine", "ana@x.org", "CAN_READ")
	s.Admin("PATCH", "/api/2.0/workspace-conf", object{"enforceWorkspaceViewAcls": "true"})
	play(t, s, []step{
		{"the way to what one reads", ana, "GET", list + "/open", nil, 200, `{"objects":[{"object_id":` + idOf(s, "/open/deep")},
		{"and that", ana, "GET", list + "/open/deep", nil, 200, "/open/deep/mine"},
	})
	if a := s.Do(ana, "GET", list+"/open", nil); strings.Contains(string(a.Body), "hidden") {
		t.Errorf("a hidden name is listed: %s", a.Body)
	}
	// Each pair: something that is there, and something that is not, must be told apart by nothing.
	for _, pair := range [][2]string{{"/secret", "/nowhere"}, {"/secret/nb", "/nowhere/nb"}, {"/open/hidden", "/open/nothere"}} {
		for name, ask := range map[string]func(path string) servertest.Answer{
			"list":   func(p string) servertest.Answer { return s.Do(ana, "GET", list+p, nil) },
			"status": func(p string) servertest.Answer { return s.Do(ana, "GET", status+p, nil) },
			"export": func(p string) servertest.Answer { return s.Do(ana, "GET", exp+p, nil) },
			"delete": func(p string) servertest.Answer { return s.Do(ana, "POST", del, object{"path": p}) },
			"mkdirs": func(p string) servertest.Answer { return s.Do(ana, "POST", dirs, object{"path": p + "/x"}) },
			"import": func(p string) servertest.Answer { return s.Do(ana, "POST", imp, importBody(p)) },
			"move": func(p string) servertest.Answer {
				return s.Do(ana, "POST", "/api/governance/1.0/workspace/move", object{"path": p, "destination": "/Users/ana@x.org/x"})
			},
			"clone": func(p string) servertest.Answer {
				return s.Do(ana, "POST", "/api/governance/1.0/workspace/clone", object{"path": p, "destination": "/Users/ana@x.org/x"})
			},
		} {
			there, not := ask(pair[0]), ask(pair[1])
			same := strings.ReplaceAll(string(not.Body), strings.Split(pair[1], "/x")[0], pair[0])
			if there.Status != not.Status || trimIDs(string(there.Body)) != trimIDs(same) && parentOf(pair[0]) == parentOf(pair[1]) {
				t.Errorf("%s tells %s from %s: %d %s, %d %s", name, pair[0], pair[1], there.Status, there.Body, not.Status, not.Body)
			}
		}
	}
}

func parentOf(path string) string { return path[:strings.LastIndexByte(path, '/')] }

func trimIDs(body string) string { return strings.TrimSpace(body) }

// TestAccessControlOff: everybody creates anywhere and edits everything, and the change to on hands over what was made.
func TestAccessControlOff(t *testing.T) {
	s := servertest.Start(t, func(c *server.Config) { c.AccessControl = server.AccessOff })
	ana, bob := s.User("ana@x.org"), s.User("bob@x.org")
	conf := "/api/2.0/workspace-conf"
	play(t, s, []step{
		{"in the root", ana, "POST", dirs, object{"path": "/team"}, 200, "{}"},
		{"in it", bob, "POST", imp, importBody("/team/nb"), 200, "object_id"},
		{"over it", ana, "POST", imp, importBody("/team/nb"), 200, "object_id"},
		{"delete in a folder of another", bob, "POST", del, object{"path": "/team", "recursive": true}, 403, "CAN_MANAGE"},
		{"not his to switch", ana, "PATCH", conf, object{"enableWorkspaceAcls": "true"}, 403, "Only administrators may"},
		{"on", admin, "PATCH", conf, object{"enableWorkspaceAcls": "true"}, 204, ""},
		{"users manage it now", bob, "POST", del, object{"path": "/team/nb"}, 200, "{}"},
		{"the root is closed", ana, "POST", dirs, object{"path": "/other"}, 403, "administrators"},
		{"new things have no permissions", admin, "POST", dirs, object{"path": "/other"}, 200, "{}"},
		{"so", ana, "POST", imp, importBody("/other/nb"), 403, "CAN_MANAGE"},
	})
}

func TestConf(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	conf := "/api/2.0/workspace-conf"
	play(t, s, []step{
		{"defaults", ana, "GET", conf + "?keys=enableWorkspaceAcls,maxTokenLifetimeDays",
			nil, 200, `{"enableWorkspaceAcls":"true","maxTokenLifetimeDays":null}`},
		{"unknown", ana, "GET", conf + "?keys=b,enableIpAccessLists,a", nil, 400, `Invalid keys: [\"a\",\"b\"]`},
		{"no keys", ana, "GET", conf, nil, 400, "Invalid keys"},
		{"unknown to set", admin, "PATCH", conf, object{"zz": "1", "enableIpAccessLists": "true"}, 400, `Invalid keys: [\"zz\"]`},
		{"nothing was kept", admin, "GET", conf + "?keys=enableIpAccessLists", nil, 200, `"false"`},
		{"verbatim", admin, "PATCH", conf, object{"enableIpAccessLists": "TRue", "maxTokenLifetimeDays": "30"}, 204, ""},
		{"as written", admin, "GET", conf + "?keys=enableIpAccessLists,maxTokenLifetimeDays",
			nil, 200, `{"enableIpAccessLists":"TRue","maxTokenLifetimeDays":"30"}`},
		{"no text", admin, "PATCH", conf, object{"enableIpAccessLists": true}, 400, "INVALID_PARAMETER_VALUE"},
		{"no map", admin, "PATCH", conf, "[]", 400, "INVALID_PARAMETER_VALUE"},
		{"neither", admin, "PATCH", conf, object{"enableWorkspaceAcls": "perhaps"}, 400, "true"},
		{"no days", admin, "PATCH", conf, object{"maxTokenLifetimeDays": "soon"}, 400, "days"},
		{"not his", ana, "PATCH", conf, object{"enableIpAccessLists": "false"}, 403, "PERMISSION_DENIED"},
		{"nobody's", "", "GET", conf + "?keys=enableIpAccessLists", nil, 401, "UNAUTHENTICATED"},
	})
}

// TestHost: what clients ask before they sign in, and the header on every answer.
func TestHost(t *testing.T) {
	s := servertest.Start(t)
	a := s.Do("", "GET", "/.well-known/databricks-config", nil)
	org := a.Header.Get("X-Databricks-Org-Id")
	if a.Status != 200 || a.Text("host_type") != "workspace" || a.Text("workspace_id") != org || org == "" {
		t.Errorf("%d %s, org %q", a.Status, a.Body, org)
	}
	for _, path := range []string{status + "/", "/api/2.0/nothing"} {
		if got := s.Do("", "GET", path, nil).Header.Get("X-Databricks-Org-Id"); got != org {
			t.Errorf("%s: org %q, want %q", path, got, org)
		}
	}
}

// TestNewNameNewRights: grants are bound to ids, so a name that is made anew starts with none.
func TestNewNameNewRights(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	mkdirs(s, "/t")
	notebook(s, "/t/nb")
	grant(s, "directories", "/t", "ana@x.org", "CAN_READ")
	play(t, s, []step{
		{"reads", ana, "GET", exp + "/t/nb", nil, 200, "content"},
		{"away", admin, "POST", del, object{"path": "/t", "recursive": true}, 200, "{}"},
		{"and again", admin, "POST", dirs, object{"path": "/t"}, 200, "{}"},
		{"with a notebook", admin, "POST", imp, importBody("/t/nb"), 200, "object_id"},
		{"reads no more", ana, "GET", exp + "/t/nb", nil, 403, "PERMISSION_DENIED"},
	})
}

// TestHomes: made with the user, kept when he is removed, given to nobody else.
func TestHomes(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	play(t, s, []step{
		{"his own", ana, "POST", imp, importBody("/Users/ana@x.org/nb"), 200, "object_id"},
		{"to share", ana, "PATCH", "/api/2.0/permissions/directories/" + idOf(s, "/Users/ana@x.org"),
			object{"access_control_list": []object{{"group_name": "users", "permission_level": "CAN_READ"}}}, 200, "ana@x.org"},
		{"not in the folder of homes", ana, "POST", dirs, object{"path": "/Users/other"}, 403, "CAN_MANAGE"},
		{"not to delete", ana, "POST", del, object{"path": "/Users/ana@x.org", "recursive": true}, 403, "CAN_MANAGE"},
	})
	removeUser(s, "ana@x.org")
	bob := s.User("ana@x.org")
	play(t, s, []step{
		{"another of the same name", bob, "GET", list + "/Users/ana@x.org", nil, 200, "{}"},
		{"the old home is kept", admin, "GET", list + "/Users/.removed", nil, 200, "/Users/.removed/ana@x.org-"},
	})
}

func removeUser(s *servertest.Server, name string) {
	s.Govern(func(tx *store.Tx) ([]authz.Event, error) { return removal(tx.Map, name) })
}
