package databricks_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
	"bailiwick/workspace"
)

const source = "# Databricks notebook source\nprint(1)\n"

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

type object = map[string]any

func mkdirs(s *servertest.Server, paths ...string) {
	for _, p := range paths {
		s.Admin("POST", "/api/2.0/workspace/mkdirs", object{"path": p})
	}
}

func importBody(path string) object {
	return object{"path": path, "language": "PYTHON", "content": base64.StdEncoding.EncodeToString([]byte(source)), "overwrite": true}
}

func notebook(s *servertest.Server, path string) (id string) {
	return s.Admin("POST", "/api/2.0/workspace/import", importBody(path)).Text("object_id")
}

func idOf(s *servertest.Server, path string) string {
	return s.Admin("GET", "/api/2.0/workspace/get-status?path="+url.QueryEscape(path), nil).Text("object_id")
}

// grant gives a user a level on the object of a kind at a path; "" takes all direct entries away.
func grant(s *servertest.Server, kind, path, user, level string) {
	list := []object{}
	if level != "" {
		list = append(list, object{"user_name": user, "permission_level": level})
	}
	s.Admin("PUT", "/api/2.0/permissions/"+kind+"/"+idOf(s, path), object{"access_control_list": list})
}

func fromTo(path, destination string) object { return object{"path": path, "destination": destination} }

// experiment makes an experiment past the tracking front.
func experiment(s *servertest.Server, folder, name string) (id int64) {
	id = store.NewObjectID()
	s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		at, _ := tx.Map.Resolve(folder)
		return []authz.Event{{Op: authz.PutObject, Object: &authz.Object{ID: id, Kind: authz.Experiment, Parent: at.ID, Name: name}}}, nil
	})
	return id
}

// cell is one line of a table of the law as a request: it is tried at each level, on objects of its own.
type cell struct {
	row string
	try func(token, at string) servertest.Answer
}

// lawOf reads a table of the law: row → for each level whether it is given.
func lawOf(t *testing.T, file string) map[string][]bool {
	t.Helper()
	text, err := os.ReadFile("../../authz/testdata/law/" + file)
	if err != nil {
		t.Fatal(err)
	}
	law := map[string][]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		cells := strings.Split(line, "\t")
		for _, c := range cells[1:] {
			law[cells[0]] = append(law[cells[0]], c == "x")
		}
	}
	return law
}

var levels = []string{"", "CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}

// TestFolderTable tries every cell of the folder table as somebody with exactly that level on the folder.
func TestFolderTable(t *testing.T) {
	s := servertest.Start(t)
	post := func(token, path string, body object) servertest.Answer { return s.Do(token, "POST", path, body) }
	query := func(token, call, path string) servertest.Answer {
		return s.Do(token, "GET", "/api/2.0/workspace/"+call+"path="+url.QueryEscape(path), nil)
	}
	const create = "Create, import, and delete items"
	cells := []cell{
		{"List items in folder", func(token, at string) servertest.Answer { return query(token, "list?", at) }},
		{"View items in folder", func(token, at string) servertest.Answer { return query(token, "get-status?", at+"/nb") }},
		{"Clone and export items", func(token, at string) servertest.Answer { return query(token, "export?", at+"/nb") }},
		{"Clone and export items", func(token, at string) servertest.Answer {
			return post(token, "/api/governance/1.0/workspace/clone", fromTo(at, "/Users/ana@x.org/c"+at[1:]))
		}},
		{create, func(token, at string) servertest.Answer {
			return post(token, "/api/2.0/workspace/mkdirs", object{"path": at + "/more/and/more"})
		}},
		{create, func(token, at string) servertest.Answer {
			return post(token, "/api/2.0/workspace/import", importBody(at+"/fresh"))
		}},
		{create, func(token, at string) servertest.Answer {
			return s.Do(token, "POST", "/api/2.0/workspace-files/import-file/"+url.PathEscape(at+"/a.txt"), []byte("a"))
		}},
		{create, func(token, at string) servertest.Answer {
			return post(token, "/api/2.0/workspace/delete", object{"path": at + "/gone"})
		}},
		{"Move and rename items", func(token, at string) servertest.Answer {
			return post(token, "/api/governance/1.0/workspace/move", fromTo(at+"/moved", "/Users/ana@x.org/m"+at[1:]))
		}},
		{"Move and rename items", func(token, at string) servertest.Answer {
			return post(token, "/api/governance/1.0/workspace/move", object{"path": at + "/nb", "destination": at + "/renamed"})
		}},
		{"Change permissions", func(token, at string) servertest.Answer {
			return s.Do(token, "PATCH", "/api/2.0/permissions/directories/"+idOf(s, at),
				object{"access_control_list": []object{{"group_name": "users", "permission_level": "CAN_READ"}}})
		}},
	}
	token, law := s.User("ana@x.org"), lawOf(t, "folder.tsv")
	for i, level := range levels {
		at := fmt.Sprintf("/folder-%d", i)
		mkdirs(s, at)
		for _, name := range []string{"/nb", "/gone", "/moved"} {
			notebook(s, at+name)
		}
		grant(s, "directories", at, "ana@x.org", level)
		tryCells(t, cells, token, at, func(row string) bool { return law[row][i] })
	}
	if len(law) != 6 {
		t.Errorf("the table has %d rows, this test knows 6", len(law))
	}
}

// TestExperimentsInFolders: creating and deleting experiments takes Edit on the folder where other items take Manage.
func TestExperimentsInFolders(t *testing.T) {
	s := servertest.Start(t)
	token := s.User("ana@x.org")
	for i, level := range levels {
		at := fmt.Sprintf("/exp-%d", i)
		mkdirs(s, at)
		id := experiment(s, at, "churn")
		grant(s, "directories", at, "ana@x.org", level)
		may := func(string) bool { return i >= 3 }
		tryCells(t, []cell{
			{"delete an experiment", func(token, at string) servertest.Answer {
				return s.Do(token, "POST", "/api/2.0/workspace/delete", object{"path": at + "/churn"})
			}},
			{"restore an experiment", func(token, at string) servertest.Answer {
				s.Do(servertest.AdminToken, "POST", "/api/2.0/workspace/delete", object{"path": at + "/churn"})
				return s.Do(token, "POST", "/api/governance/1.0/workspace/restore", object{"object_id": id})
			}},
		}, token, at, may)
	}
}

// TestNotebookTable tries the cells of the notebook table that run no code, with a level on the notebook alone.
func TestNotebookTable(t *testing.T) {
	s := servertest.Start(t)
	token, law := s.User("ana@x.org"), lawOf(t, "notebook.tsv")
	cells := []cell{
		{"View cells", func(token, at string) servertest.Answer {
			return s.Do(token, "GET", "/api/2.0/workspace/export?format=SOURCE&path="+url.QueryEscape(at), nil)
		}},
		{"Edit cells", func(token, at string) servertest.Answer {
			return s.Do(token, "POST", "/api/2.0/workspace/import", importBody(at))
		}},
		{"Change permissions", func(token, at string) servertest.Answer {
			return s.Do(token, "PATCH", "/api/2.0/permissions/notebooks/"+idOf(s, at),
				object{"access_control_list": []object{{"group_name": "users", "permission_level": "CAN_RUN"}}})
		}},
	}
	mkdirs(s, "/books")
	for i, level := range levels {
		at := fmt.Sprintf("/books/nb-%d", i)
		notebook(s, at)
		grant(s, "notebooks", at, "ana@x.org", level)
		tryCells(t, cells, token, at, func(row string) bool { return law[row][i] })
		// Deleting asks the folder, whatever the level on the notebook.
		play(t, s, []step{{"delete with " + level, token, "POST", "/api/2.0/workspace/delete", object{"path": at}, 403, "PERMISSION_DENIED"}})
	}
}

func tryCells(t *testing.T, cells []cell, token, at string, may func(row string) bool) {
	t.Helper()
	for n, c := range cells {
		want := http.StatusForbidden
		if may(c.row) {
			want = http.StatusOK
		}
		if a := c.try(token, at); a.Status != want {
			t.Errorf("%s, request %d in %s: %d %s, want %d", c.row, n, at, a.Status, a.Body, want)
		}
	}
}

// removal gives the events of removing a user.
func removal(m *authz.Map, name string) ([]authz.Event, error) {
	p, _ := m.PrincipalByName(authz.User, name)
	events, err := workspace.RemoveHomeEvents(m, *p)
	return append(events, authz.Event{Op: authz.DropPrincipal, Principal: p}), err
}
