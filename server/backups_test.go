package server_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

const backupsPath = "/api/governance/1.0/backups"

// ended waits until no backup is being made, and gives the newest one's name and state.
func ended(t *testing.T, s *servertest.Server) (name, state string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		a := s.Admin("GET", backupsPath, nil)
		if name, state = a.Text("backups.0.name"), a.Text("backups.0.state"); state != "running" {
			return name, state
		}
	}
	t.Fatal("the backup does not end")
	return "", ""
}

// filled is a server on SQLite with an experiment that has a file.
func filled(t *testing.T, change ...func(*server.Config)) (s *servertest.Server, file string) {
	s = servertest.Start(t, append(change, func(c *server.Config) { c.Database = "" })...)
	experiment := s.Admin("POST", mlflow+"experiments/create", fields{"name": "/Shared/kept"}).Text("experiment_id")
	run := s.Admin("POST", mlflow+"runs/create", fields{"experiment_id": experiment}).Text("run.info.run_id")
	file = "/api/2.0/mlflow-artifacts/artifacts/" + experiment + "/" + run + "/artifacts/weights.bin"
	s.Admin("PUT", file, bytes.Repeat([]byte("0123456789abcdef"), 1<<16))
	return s, file
}

// TestBackupOverHTTP makes a backup of a running server, downloads it, restores it by the command's own function, and starts a server on it.
func TestBackupOverHTTP(t *testing.T) {
	s, file := filled(t)
	started := s.Admin("POST", backupsPath, nil)
	if started.Text("state") != "running" {
		t.Errorf("at first: %s", started.Body)
	}
	name, state := ended(t, s)
	list := s.Admin("GET", backupsPath, nil)
	if state != "done" || name != started.Text("name") || list.Text("backups.0.verified") != "true" || list.Text("backups.0.files") != "1" {
		t.Fatalf("%s", list.Body)
	}
	got := s.Admin("GET", backupsPath+"/"+name, nil)
	if size := list.Text("backups.0.size"); got.Header.Get("Content-Length") != size || got.Header.Get("Content-Type") != "application/x-tar" {
		t.Errorf("%v, the list says %s bytes", got.Header, size)
	}
	tar, data := filepath.Join(t.TempDir(), "b.tar"), filepath.Join(t.TempDir(), "restored")
	if err := os.WriteFile(tar, got.Body, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Restore(context.Background(), tar, data); err != nil {
		t.Fatal(err)
	}
	for _, f := range (server.Doctor{Data: data, Deep: true}).Run(context.Background()) {
		if !f.Sound {
			t.Errorf("restored: %s: %s", f.Check, f.Detail)
		}
	}
	again := servertest.Start(t, func(c *server.Config) { c.Data, c.Database = data, "" })
	if a := again.Admin("GET", file, nil); len(a.Body) != 16<<16 {
		t.Errorf("the file has %d bytes after the restoring", len(a.Body))
	}
	if a := again.Admin("GET", "/api/governance/1.0/audit?q=action:createRun", nil); a.Text("events.0.action_name") != "createRun" {
		t.Errorf("the restored trail: %s", a.Body)
	}
	s.Admin("DELETE", backupsPath+"/"+name, nil)
	if left, err := os.ReadDir(filepath.Join(s.Config.Data, "backups")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for _, action := range []string{"createBackup", "downloadBackup", "deleteBackup"} {
		if a := s.Admin("GET", "/api/governance/1.0/audit?q=class:A+action:"+action, nil); a.Text("events.0.request_params.backup") != name {
			t.Errorf("%s: %s", action, a.Body)
		}
	}
}

func TestBackupsRefuse(t *testing.T) {
	s, _ := filled(t)
	ann := s.User("ann@x.org")
	for _, call := range []string{"GET ", "POST ", "GET /20260101-000000", "DELETE /20260101-000000", "GET /..%2Fbailiwick.db"} {
		method, path, _ := strings.Cut(call, " ")
		if a := s.Do(ann, method, backupsPath+path, nil); a.Status != 403 {
			t.Errorf("%s as a user: %d %s", call, a.Status, a.Body)
		}
		if a := s.Do("", method, backupsPath+path, nil); a.Status != 401 {
			t.Errorf("%s as nobody: %d %s", call, a.Status, a.Body)
		}
		if a := s.Do(servertest.AdminToken, method, backupsPath+path, nil); path != "" && a.Status != 404 {
			t.Errorf("%s of none: %d %s", call, a.Status, a.Body)
		}
	}
	ended(t, s)
}

// TestOneBackupAtATime: of many that are asked for at once, one is made, and the others are told so.
func TestOneBackupAtATime(t *testing.T) {
	s, _ := filled(t)
	answers := make(chan int)
	for range 6 {
		go func() { answers <- s.Do(servertest.AdminToken, "POST", backupsPath, nil).Status }()
	}
	var got []int
	for range 6 {
		got = append(got, <-answers)
	}
	slices.Sort(got)
	if got[0] != 200 || got[5] != 409 || slices.ContainsFunc(got, func(n int) bool { return n != 200 && n != 409 }) {
		t.Errorf("%v", got)
	}
	ended(t, s)
}

// TestBackupThatFails: what cannot be backed up is said, and no file is left that looks like a backup.
func TestBackupThatFails(t *testing.T) {
	s, _ := filled(t)
	err := filepath.WalkDir(filepath.Join(s.Config.Data, "artifacts", "sha256"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Remove(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Admin("POST", backupsPath, nil)
	name, state := ended(t, s)
	a := s.Admin("GET", backupsPath, nil)
	if state != "failed" || !strings.Contains(a.Text("backups.0.error"), "artifact") || a.Text("backups.0.verified") != "false" {
		t.Errorf("%s", a.Body)
	}
	if a := s.Do(servertest.AdminToken, "GET", backupsPath+"/"+name, nil); a.Status != 400 {
		t.Errorf("downloading it: %d %s", a.Status, a.Body)
	}
	left, err := filepath.Glob(filepath.Join(s.Config.Data, "backups", "*.tar"))
	if len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	s.Admin("DELETE", backupsPath+"/"+name, nil)
}

// TestBackupsAreKept: backups are there after a restart, and one that was being made has failed.
func TestBackupsAreKept(t *testing.T) {
	folder := t.TempDir()
	for file, text := range map[string]string{
		"20260109-000000.json": `{"name":"20260109-000000","state":"done","size":5,"started_at":1}`, "20260109-000000.tar": "bytes",
		"20260101-000000.json": `{"name":"20260101-000000","state":"running","size":5,"started_at":1}`, ".making-20260101-000000.tar": "half",
		"20260102-000000.json": `{"name":"20260102-000000","state":"done","size":5,"started_at":1}`, "20260103-000000.json": "{", "notes.txt": "mine",
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, _ := filled(t, func(c *server.Config) { c.Backups = folder })
	list := again.Admin("GET", backupsPath, nil)
	want := [][2]string{{"20260109-000000", "done"}, {"20260102-000000", "failed"}, {"20260101-000000", "failed"}, {"", ""}}
	for i, w := range want {
		at := "backups." + string(rune('0'+i))
		if list.Text(at+".name") != w[0] || list.Text(at+".state") != w[1] {
			t.Errorf("%d is not %v: %s", i, w, list.Body)
		}
	}
	if a := again.Admin("GET", backupsPath+"/20260109-000000", nil); string(a.Body) != "bytes" {
		t.Errorf("downloaded: %s", a.Body)
	}
	if _, err := os.Stat(filepath.Join(folder, ".making-20260101-000000.tar")); err == nil {
		t.Error("what was being made is still there")
	}
	if _, err := os.Stat(filepath.Join(folder, "notes.txt")); err != nil {
		t.Error("a file of somebody else's was taken")
	}
}

// TestBackupsOfPostgreSQL: the server says what to do instead.
func TestBackupsOfPostgreSQL(t *testing.T) {
	s := servertest.Start(t)
	if s.Store.Engine() == "sqlite" {
		return
	}
	a := s.Do(servertest.AdminToken, "POST", backupsPath, nil)
	if a.Status != 501 || !strings.Contains(a.Text("message"), "pg_dump") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := s.Admin("GET", backupsPath, nil); a.Text("possible") != "false" || !strings.Contains(a.Text("instead"), "pg_dump") {
		t.Errorf("%s", a.Body)
	}
}

// TestVerifyBackup finds what is wrong with a file.
func TestVerifyBackup(t *testing.T) {
	s, _ := filled(t)
	to := filepath.Join(t.TempDir(), "b.tar")
	if _, err := (server.Backup{Data: s.Config.Data, To: to}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if note, err := server.VerifyBackup(t.Context(), to); err != nil || note.Files != 1 {
		t.Fatalf("%+v, %v", note, err)
	}
	whole, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut":           whole[:len(whole)/2],
		"changed bytes": bytes.Replace(whole, []byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef0123456789abcdeF"), 1),
		"empty":         {},
	} {
		file := filepath.Join(t.TempDir(), "bad.tar")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := server.VerifyBackup(t.Context(), file); err == nil {
			t.Errorf("%s: nothing is found wrong", name)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".backup-*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// TestBackupRoom: a backup that the disk has not the room for is refused with the sizes before anything of it is made; one that just fits is made.
func TestBackupRoom(t *testing.T) {
	s, _ := filled(t)
	s.DiskHas(64 << 20)
	a := s.Do(servertest.AdminToken, "POST", backupsPath, nil)
	for _, part := range []string{"INVALID_STATE", "not enough room", "artifacts 1 MiB", "64 MiB are free", filepath.Join(s.Config.Data, "backups")} {
		if a.Status != 400 || !strings.Contains(string(a.Body), part) {
			t.Errorf("%q is not in %d %s", part, a.Status, a.Body)
		}
	}
	list := s.Admin("GET", backupsPath, nil)
	if list.Text("backups.0.name") != "" || !strings.HasSuffix(list.Text("folder"), filepath.Join(filepath.Base(s.Config.Data), "backups")) {
		t.Errorf("%s", list.Body)
	}
	if left, err := os.ReadDir(filepath.Join(s.Config.Data, "backups")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	s.DiskHas(100 << 20)
	s.Admin("POST", backupsPath, nil)
	if _, state := ended(t, s); state != "done" {
		t.Errorf("with room: %s", state)
	}
}
