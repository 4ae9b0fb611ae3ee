package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"bailiwick/api"
	"bailiwick/api/console"
	"bailiwick/server/servertest"
)

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The page comes with its policy and is asked for anew, assets are kept for ever, twins go to browsers that take them, and nothing else is
// to be had.
func TestFiles(t *testing.T) {
	s := servertest.Start(t)
	d := &api.Door{Store: s.Store, Log: s.Door.Log}
	(&console.Front{Files: fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "assets/a-1.js": {Data: []byte("plain")}, "assets/a-1.js.br": {Data: []byte("twin")},
		"secret.txt": {Data: []byte("no")},
	}}).Mount(d)
	page := get(t, d, "/")
	if page.StatusCode != 200 || body(t, page) != "<!doctype html>" || page.Header.Get("Content-Security-Policy") != console.Policy ||
		page.Header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", page.StatusCode, page.Header)
	}
	if again := get(t, d, "/", "If-None-Match", page.Header.Get("ETag")); again.StatusCode != 304 || body(t, again) != "" {
		t.Errorf("%d", again.StatusCode)
	}
	if deep := get(t, d, "/ml/experiments/1/runs/2"); deep.StatusCode != 200 {
		t.Errorf("%d", deep.StatusCode)
	}
	plain, twin := get(t, d, "/assets/a-1.js"), get(t, d, "/assets/a-1.js", "Accept-Encoding", "gzip, br")
	if body(t, plain) != "plain" || body(t, twin) != "twin" || twin.Header.Get("Content-Encoding") != "br" ||
		twin.Header.Get("Content-Type") != plain.Header.Get("Content-Type") || !strings.Contains(twin.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v %v", plain.Header, twin.Header)
	}
	for _, path := range []string{"/assets/a-1.js.br", "/assets/..%2fsecret.txt", "/assets/%2e%2e%2fsecret.txt", "/secret.txt", "/assets/b.js", "/assets/"} {
		if r := get(t, d, path); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if strings.Contains(console.Policy, "unsafe") {
		t.Error(console.Policy)
	}
}

// A program without the console says how to get one.
func TestWithoutConsole(t *testing.T) {
	s := servertest.Start(t)
	d := &api.Door{Store: s.Store, Log: s.Door.Log}
	(&console.Front{Files: fstest.MapFS{}}).Mount(d)
	if r := get(t, d, "/", "Accept", "text/html"); r.StatusCode != 404 || !strings.Contains(body(t, r), "make build") {
		t.Errorf("%d", r.StatusCode)
	}
}
