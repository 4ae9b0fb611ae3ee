package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within five seconds", what)
}

func TestLaunchHidesOurEnvironment(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
	t.Setenv("BAILIWICK_ADMIN_TOKEN", "secret")
	p, err := launch("env", t.TempDir(), []string{"MLFLOW_OF_OURS=1"}, []string{"env"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	if err := p.success(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p.log)
	shown := func(word string) bool { return strings.Contains(string(text), word) }
	if err != nil || shown("elsewhere") || shown("secret") || !shown("MLFLOW_OF_OURS=1") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestReadyTellsWhatWentWrong(t *testing.T) {
	p, err := launch("broken", t.TempDir(), nil, []string{"bash", "-c", "echo no such port >&2; exit 3"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	err = p.ready(t.Context(), "http://127.0.0.1:1/health", 10*time.Second)
	if err == nil || !strings.Contains(err.Error(), "no such port") {
		t.Errorf("the program's words are lost: %v", err)
	}
	if err := p.success(t.Context()); err == nil || !strings.Contains(err.Error(), "ended with 3") {
		t.Errorf("its exit code is lost: %v", err)
	}
}

// TestCopyServer uploads to and downloads from the plain copy, and measures its disk.
func TestCopyServer(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	go serveCopy(addr, filepath.Join(dir, "files"))
	s := &site{name: plainCopy, addr: addr, peer: &peer{name: plainCopy}}
	waitFor(t, "copy server", func() bool { return ask(t.Context(), "http://"+addr+"/health") == nil })
	if _, err := s.upload(t.Context(), artifactsAPI+"/large", 3, 41); err != nil {
		t.Fatal(err)
	}
	if err := s.checkFile(t.Context(), artifactsAPI+"/large", 3, 41); err != nil {
		t.Error(err)
	}
	for name, check := range map[string]func(context.Context) error{
		"other stamps": func(ctx context.Context) error { return s.checkFile(ctx, artifactsAPI+"/large", 3, 42) },
		"too short":    func(ctx context.Context) error { return s.checkFile(ctx, artifactsAPI+"/large", 4, 41) },
		"missing":      func(ctx context.Context) error { return s.checkFile(ctx, artifactsAPI+"/none", 1, 0) },
	} {
		if check(t.Context()) == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, "files"))
	if err != nil || len(files) != 1 || files[0].Name() != "large" {
		t.Errorf("%v, %v is what was left", files, err)
	}
	if took, err := fsyncTime(dir, 3); err != nil || took <= 0 {
		t.Errorf("fsync: %v, %v", took, err)
	}
}

// TestUploadReadsRefusals answers before the body was read.
func TestUploadReadsRefusals(t *testing.T) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not yours", http.StatusForbidden)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	s := &site{addr: l.Addr().String(), peer: &peer{}}
	if _, err := s.upload(t.Context(), "/f", 64, 0); err == nil {
		t.Error("a refused upload counts")
	}
}
