package governance_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

type object = map[string]any

const (
	own    = "/api/governance/1.0/workspace/"
	admin  = servertest.AdminToken
	source = "# Databricks notebook source\nprint(1)\n"
)

// step is one request and what must be said to it: the status, and a part of the body.
type step struct {
	name, token, method, path string
	body                      any
	status                    int
	says                      string
}

func play(t *testing.T, s *servertest.Server, steps []step) {
	t.Helper()
	for _, st := range steps {
		a := s.Do(st.token, st.method, st.path, st.body)
		if a.Status != st.status || !strings.Contains(string(a.Body), st.says) {
			t.Errorf("%s: %s %s = %d %s, want %d with %q", st.name, st.method, st.path, a.Status, a.Body, st.status, st.says)
		}
	}
}

// grow makes folders (paths that end in a slash) and notebooks.
func grow(s *servertest.Server, paths ...string) {
	for _, p := range paths {
		if strings.HasSuffix(p, "/") {
			s.Admin("POST", "/api/2.0/workspace/mkdirs", object{"path": p})
			continue
		}
		s.Admin("POST", "/api/2.0/workspace/import", object{
			"path": p, "language": "PYTHON", "content": base64.StdEncoding.EncodeToString([]byte(source)),
		})
	}
}

// event makes an object past the fronts.
func event(kind authz.Kind, parent int64, name string) authz.Event {
	return authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: store.NewObjectID(), Kind: kind, Parent: parent, Name: name}}
}

func idOf(s *servertest.Server, path string) string {
	return s.Admin("GET", "/api/2.0/workspace/get-status?path="+url.QueryEscape(path), nil).Text("object_id")
}

func grant(s *servertest.Server, kind, path, user, level string) {
	s.Admin("PATCH", "/api/2.0/permissions/"+kind+"/"+idOf(s, path),
		object{"access_control_list": []object{{"user_name": user, "permission_level": level}}})
}

func status(path string) string { return "/api/2.0/workspace/get-status?path=" + url.QueryEscape(path) }

func remove(s *servertest.Server, path string) {
	s.Admin("POST", "/api/2.0/workspace/delete", object{"path": path, "recursive": true})
}

func fromTo(path, destination string) object {
	return object{"path": path, "destination": destination}
}

func TestMove(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	grow(s, "/a/", "/b/sub/", "/a/nb", "/a/taken")
	grant(s, "notebooks", "/a/nb", "ana@x.org", "CAN_EDIT")
	id := idOf(s, "/a/nb")
	play(t, s, []step{
		{"rename", admin, "POST", own + "move", fromTo("/a/nb", "/Workspace/a/new"), 200, `"path":"/a/new"`},
		{"nothing to do", admin, "POST", own + "move", fromTo("/a/new", "/a/new"), 200, `"path":"/a/new"`},
		{"onto another", admin, "POST", own + "move", fromTo("/a/new", "/a/taken"), 400, "RESOURCE_ALREADY_EXISTS"},
		{"missing", admin, "POST", own + "move", fromTo("/a/none", "/a/x"), 404, "Path (/a/none) doesn't exist."},
		{"missing folder", admin, "POST", own + "move", fromTo("/a/new", "/none/x"), 404, "The parent folder (/none) does not exist."},
		{"into itself", admin, "POST", own + "move", fromTo("/b", "/b/sub/b"), 400, "inside it"},
		{"special", admin, "POST", own + "move", fromTo("/Shared", "/b/Shared"), 400, "special folder"},
		{"a home", admin, "POST", own + "move", fromTo("/Users/ana@x.org", "/b/ana"), 400, "home folder"},
		{"to be a home", admin, "POST", own + "move", fromTo("/b", "/Users/b"), 400, "homes"},
		{"away", admin, "POST", own + "move", fromTo("/a/new", "/b/new"), 200, `"object_id":` + id},
		{"keeps its entries", ana, "GET", status("/b/new"), nil, 200, id},
		{"left", admin, "GET", status("/a/new"), nil, 404, "doesn't exist"},
	})
	// A moved item takes the new folder's permissions, and what was below it goes with it.
	grow(s, "/Shared/team/", "/Shared/team/nb", "/closed/")
	play(t, s, []step{
		{"may, in Shared", ana, "GET", status("/Shared/team/nb"), nil, 200, "NOTEBOOK"},
		{"not into a folder of others", ana, "POST", own + "move", fromTo("/Shared/team", "/closed/team"), 403, "Create, import, and delete"},
		{"to a folder of others", admin, "POST", own + "move", fromTo("/Shared/team", "/closed/team"), 200, "/closed/team"},
		{"may no more", ana, "GET", status("/closed/team/nb"), nil, 403, "PERMISSION_DENIED"},
		{"not out of it", ana, "POST", own + "move", fromTo("/closed/team/nb", "/Shared/nb"), 403, "Move and rename"},
	})
}

func TestLongPaths(t *testing.T) {
	s := servertest.Start(t)
	deep := "/d" + strings.Repeat("/"+strings.Repeat("x", 250), 16) + "/" + strings.Repeat("y", 70) + "/"
	grow(s, deep, "/longer-name/")
	play(t, s, []step{
		{"what lies below would have no name", admin, "POST", own + "move", fromTo("/d", "/longer-name/d"), 400, "4096"},
		{"nor by a copy", admin, "POST", own + "clone", fromTo("/d", "/longer-name/d"), 400, "4096"},
		{"shorter will do", admin, "POST", own + "move", fromTo("/d/"+strings.Repeat("x", 250), "/longer-name/x"), 200, "longer-name"},
	})
}

func TestClone(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	grow(s, "/a/sub/", "/a/nb", "/a/sub/nb", "/a/gone", "/a/trash/", "/a/trash/nb")
	remove(s, "/a/gone")
	remove(s, "/a/trash")
	s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		at, _ := tx.Map.Resolve("/a")
		return []authz.Event{event(authz.Experiment, at.ID, "e")}, nil
	})
	grant(s, "directories", "/a", "ana@x.org", "CAN_READ")
	play(t, s, []step{
		{"home", ana, "POST", own + "clone", fromTo("/a", "/Users/ana@x.org/mine"), 200, `"items":4,"skipped":1`},
		{"hers to change", ana, "POST", "/api/2.0/workspace/delete", object{"path": "/Users/ana@x.org/mine/nb"}, 200, "{}"},
		{"with content", ana, "GET", "/api/2.0/workspace/export?direct_download=true&path=/Users/ana@x.org/mine/sub/nb", nil, 200, source},
		{"again", ana, "POST", own + "clone", fromTo("/a", "/Users/ana@x.org/mine"), 400, "RESOURCE_ALREADY_EXISTS"},
		{"not where she may not create", ana, "POST", own + "clone", fromTo("/a/nb", "/a/copy"), 403, "CAN_MANAGE"},
		{"into itself", admin, "POST", own + "clone", fromTo("/a", "/a/sub/a"), 400, "into itself"},
		{"the root", admin, "POST", own + "clone", fromTo("/", "/a/all"), 400, "into itself"},
		{"an experiment", admin, "POST", own + "clone", fromTo("/a/e", "/a/e2"), 400, "experiment"},
		{"as a home", admin, "POST", own + "clone", fromTo("/a", "/Users/a"), 400, "DIRECTORY_PROTECTED"},
	})
	// Entries are not copied: what she shared is shared no further.
	bob := s.User("bob@x.org")
	play(t, s, []step{{"others", bob, "GET", status("/Users/ana@x.org/mine/sub/nb"), nil, 403, "PERMISSION_DENIED"}})
}

func TestTrash(t *testing.T) {
	s := servertest.Start(t)
	ana, bob := s.User("ana@x.org"), s.User("bob@x.org")
	grow(s, "/t/", "/t/in/", "/t/in/nb", "/t/nb")
	grant(s, "directories", "/t", "ana@x.org", "CAN_MANAGE")
	grant(s, "notebooks", "/t/nb", "bob@x.org", "CAN_READ")
	nb, in := idOf(s, "/t/nb"), idOf(s, "/t/in")
	restore := func(token, id, destination string, code int, says string) step {
		return step{"restore " + id, token, "POST", own + "restore", object{"object_id": id, "destination": destination}, code, says}
	}
	remove(s, "/t/nb")
	remove(s, "/t/in")
	play(t, s, []step{
		{"not hers to see", bob, "GET", own + "trash", nil, 200, `{"items":[]}`},
		{"what is in it", ana, "GET", own + "trash?max_results=1", nil, 200, `"next_page_token"`},
		{"by whom, and what she may", ana, "GET", own + "trash", nil, 200, `"deleted_by":"admin"`},
		{"actions", ana, "GET", own + "trash", nil, 200, `"actions":["restore","purge"]`},
		{"strange token", ana, "GET", own + "trash?page_token=xx", nil, 400, "page_token"},
		{"too many", ana, "GET", own + "trash?max_results=100000", nil, 400, "max_results"},
		restore(bob, nb, "", 403, "PERMISSION_DENIED"),
		restore(admin, "12345", "", 404, "not in the trash"),
		restore(ana, nb, "", 200, `"path":"/t/nb"`),
		restore(ana, nb, "", 404, "not in the trash"),
		{"with its entries", bob, "GET", status("/t/nb"), nil, 200, nb},
		restore(ana, in, "/none/in", 404, "The parent folder (/none) does not exist."),
		restore(ana, in, "/t/nb", 400, "RESOURCE_ALREADY_EXISTS"),
		restore(ana, in, "/Shared/in", 200, `"path":"/Shared/in"`),
		{"all of it", bob, "GET", status("/Shared/in/nb"), nil, 200, "NOTEBOOK"},
		{"a number will do", admin, "POST", own + "restore", `{"object_id": 7}`, 404, "not in the trash"},
		{"no id", admin, "POST", own + "restore", `{"object_id": "x"}`, 400, "object_id"},
	})
	next := s.Do(ana, "GET", own+"trash?page_token="+url.QueryEscape(firstToken(s, ana)), nil)
	if next.Status != 200 {
		t.Errorf("next page: %d %s", next.Status, next.Body)
	}
}

// firstToken fills the trash with two things and gives the token after the first.
func firstToken(s *servertest.Server, token string) string {
	grow(s, "/t/x/", "/t/y/")
	remove(s, "/t/x")
	remove(s, "/t/y")
	return s.Do(token, "GET", own+"trash?max_results=1", nil).Text("next_page_token")
}

// TestTrashPages walks the trash page by page, past what the caller may not see.
func TestTrashPages(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	grow(s, "/mine/", "/others/")
	grant(s, "directories", "/mine", "ana@x.org", "CAN_MANAGE")
	for i := range 7 {
		grow(s, fmt.Sprintf("/mine/%d/", i), fmt.Sprintf("/others/%d/", i))
		remove(s, fmt.Sprintf("/mine/%d", i))
		remove(s, fmt.Sprintf("/others/%d", i))
	}
	seen, token := map[string]bool{}, ""
	for range 10 {
		a := s.Do(ana, "GET", own+"trash?max_results=3&page_token="+token, nil)
		for i := range 3 {
			if p := a.Text(fmt.Sprintf("items.%d.path", i)); p != "" {
				seen[p] = true
			}
		}
		if token = a.Text("next_page_token"); token == "" {
			break
		}
		if place, _ := base64.RawURLEncoding.DecodeString(token); !strings.HasSuffix(string(place), " "+a.Text("items.2.object_id")) {
			t.Errorf("the token %q is not about the last row that was shown", place)
		}
	}
	if len(seen) != 7 || !seen["/mine/0"] || !seen["/mine/6"] {
		t.Errorf("seen: %v", seen)
	}
}

func TestRestoreBelowTrash(t *testing.T) {
	s := servertest.Start(t)
	grow(s, "/t/in/", "/t/in/nb")
	in, top := idOf(s, "/t/in"), idOf(s, "/t")
	remove(s, "/t/in")
	remove(s, "/t")
	play(t, s, []step{
		{"its folder is gone", admin, "POST", own + "restore", object{"object_id": in}, 400, "INVALID_STATE"},
		{"elsewhere", admin, "POST", own + "restore", object{"object_id": in, "destination": "/Shared/in"}, 200, "/Shared/in"},
		{"the folder", admin, "POST", own + "restore", object{"object_id": top}, 200, `"path":"/t"`},
	})
}

func TestPurge(t *testing.T) {
	s := servertest.Start(t)
	ana := s.User("ana@x.org")
	grow(s, "/t/in/", "/t/in/nb", "/t/keep")
	grant(s, "directories", "/t", "ana@x.org", "CAN_EDIT")
	in, kept := idOf(s, "/t/in"), idOf(s, "/t/keep")
	play(t, s, []step{{"not in the trash", admin, "POST", own + "purge", object{"object_id": in}, 404, "not in the trash"}})
	remove(s, "/t/in")
	play(t, s, []step{
		{"not hers", ana, "POST", own + "purge", object{"object_id": in}, 403, "PERMISSION_DENIED"},
		{"for good", admin, "POST", own + "purge", object{"object_id": in}, 200, `{"purged":2,"more":false}`},
		{"gone", admin, "POST", own + "restore", object{"object_id": in}, 404, "not in the trash"},
		{"the rest", admin, "GET", status("/t/keep"), nil, 200, kept},
	})
}

// TestPurgeInBatches: what is more than a batch takes several calls.
func TestPurgeInBatches(t *testing.T) {
	s := servertest.Start(t)
	grow(s, "/t/")
	top := idOf(s, "/t")
	s.Govern(func(tx *store.Tx) (events []authz.Event, err error) {
		at, _ := tx.Map.Resolve("/t")
		for i := range store.PurgeBatch {
			events = append(events, event(authz.Directory, at.ID, fmt.Sprint(i)))
		}
		return events, nil
	})
	remove(s, "/t")
	play(t, s, []step{
		{"first", admin, "POST", own + "purge", object{"object_id": top}, 200, `{"purged":500,"more":true}`},
		{"still there", admin, "GET", own + "trash", nil, 200, top},
		{"last", admin, "POST", own + "purge", object{"object_id": top}, 200, `{"purged":1,"more":false}`},
		{"empty", admin, "GET", own + "trash", nil, 200, `{"items":[]}`},
	})
}

// TestVersionedPermissions: a change of what somebody else changed meanwhile is refused.
func TestVersionedPermissions(t *testing.T) {
	s := servertest.Start(t)
	s.User("ana@x.org")
	grow(s, "/t/")
	path := "/api/governance/1.0/permissions/directories/" + idOf(s, "/t")
	list := func(level string) string {
		return `{"access_control_list":[{"user_name":"ana@x.org","permission_level":"` + level + `"}]}`
	}
	change := func(method, match, level string) servertest.Answer {
		req, err := http.NewRequest(method, s.URL+path, strings.NewReader(list(level)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+admin)
		req.Header.Set("If-Match", match)
		return s.Send(req)
	}
	first := s.Admin("GET", path, nil).Header.Get("ETag")
	second := change("PUT", first, "CAN_READ")
	if second.Status != 200 || second.Header.Get("ETag") == first || first == "" {
		t.Fatalf("put: %d %s, ETag %s after %s", second.Status, second.Body, second.Header.Get("ETag"), first)
	}
	for _, method := range []string{"PUT", "PATCH"} {
		if a := change(method, first, "CAN_EDIT"); a.Status != 409 || a.Text("error_code") != "RESOURCE_CONFLICT" {
			t.Errorf("%s of an old version: %d %s", method, a.Status, a.Body)
		}
	}
	if got := s.Admin("GET", path, nil).Header.Get("ETag"); got != second.Header.Get("ETag") {
		t.Errorf("the version is %s, not %s", got, second.Header.Get("ETag"))
	}
	for _, match := range []string{"*", `"x", ` + second.Header.Get("ETag")} {
		if a := change("PATCH", match, "CAN_READ"); a.Status != 200 {
			t.Errorf("If-Match %s: %d %s", match, a.Status, a.Body)
		}
	}
	play(t, s, []step{{"levels", admin, "GET", path + "/levels",
		nil, 200, "CAN_RUN"}, {"unknown kind", admin, "GET", "/api/governance/1.0/permissions/spells/1", nil, 400, "Known types"}})
}
