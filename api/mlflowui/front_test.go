package mlflowui_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const endpoint = "/api/governance/1.0/mlflow-ui"

// wheel is a wheel of some version whose page says so.
func wheel(t *testing.T, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, body := range map[string]string{
		"mlflow/server/js/build/index.html": "<title>" + version + "</title>", "mlflow/server/js/build/static/js/main.js": strings.Repeat("main();", 100),
		"mlflow/server/js/build/static/media/dot.png": "\x89PNG", "mlflow-" + version + ".dist-info/METADATA": "Name: mlflow\nVersion: " + version + "\n\n",
	} {
		e, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(e, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// visit gets a page as a browser does; headers are names and values.
func visit(t *testing.T, s *servertest.Server, path string, headers ...string) servertest.Answer {
	t.Helper()
	req, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.Send(req)
}

const cookie = "bailiwick_session=anything"

func TestUpload(t *testing.T) {
	s := servertest.Start(t)
	user := s.User("ann@example.com")
	if a := visit(t, s, "/mlflow/"); a.Status != 404 || !strings.Contains(string(a.Body), "--mlflow-ui") || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("nothing installed: %d %s", a.Status, a.Body)
	}
	if a := s.Admin("GET", endpoint, nil); a.Text("source") != "none" {
		t.Errorf("%s", a.Body)
	}
	for token, want := range map[string]int{"": 401, user: 403} {
		if a := s.Do(token, "PUT", endpoint, wheel(t, "3.1.0")); a.Status != want {
			t.Errorf("sent by %q: %d %s", token, a.Status, a.Body)
		}
		if a := s.Do(token, "DELETE", endpoint, nil); a.Status != want {
			t.Errorf("removed by %q: %d %s", token, a.Status, a.Body)
		}
	}
	if a := s.Do(servertest.AdminToken, "PUT", endpoint, []byte("no wheel")); a.Status != 400 || a.Text("error_code") != "INVALID_PARAMETER_VALUE" {
		t.Errorf("no wheel: %d %s", a.Status, a.Body)
	}
	for _, version := range []string{"3.1.0", "3.2.0"} {
		a := s.Admin("PUT", endpoint, wheel(t, version))
		if a.Text("version") != version || a.Text("files") != "3" || a.Text("source") != "upload" || len(a.Text("digest")) != 64 {
			t.Errorf("%s", a.Body)
		}
		if got := s.Do(user, "GET", endpoint, nil); string(got.Body) != string(a.Body) {
			t.Errorf("sent %s, shown %s", a.Body, got.Body)
		}
		if a := visit(t, s, "/mlflow/", "Cookie", cookie); string(a.Body) != "<title>"+version+"</title>" {
			t.Errorf("%s: %d %s", version, a.Status, a.Body)
		}
	}
	if a := s.Do(servertest.AdminToken, "PUT", endpoint, wheel(t, "3.2.0")[:700]); a.Status != 400 {
		t.Errorf("half a wheel: %d %s", a.Status, a.Body)
	}
	if a := visit(t, s, "/mlflow/", "Cookie", cookie); string(a.Body) != "<title>3.2.0</title>" {
		t.Errorf("after half a wheel: %s", a.Body)
	}
	if left, err := filepath.Glob(filepath.Join(s.Config.Data, "mlflow-ui-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if digest := s.Admin("GET", endpoint, nil).Text("digest"); !inUse(t, s, digest) {
		t.Errorf("%s is in nobody's use, and would be collected", digest)
	}
	audit := s.Admin("GET", "/api/governance/1.0/audit?action=putMlflowUi&class=A", nil)
	if !strings.Contains(string(audit.Body), "3.2.0") || !strings.Contains(string(audit.Body), "3.1.0") {
		t.Errorf("the ledger does not say what was installed: %s", audit.Body)
	}
	s.Admin("DELETE", endpoint, nil)
	if a := visit(t, s, "/mlflow/", "Cookie", cookie); a.Status != 404 {
		t.Errorf("removed: %d %s", a.Status, a.Body)
	}
}

// inUse says whether the digest is among those that rows name.
func inUse(t *testing.T, s *servertest.Server, digest string) (found bool) {
	t.Helper()
	err := s.Store.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Digests(func(d []byte) error {
			found = found || hex.EncodeToString(d) == digest
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPages(t *testing.T) {
	place := filepath.Join(t.TempDir(), "mlflow.whl")
	if err := os.WriteFile(place, wheel(t, "3.1.0"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, func(c *server.Config) { c.MLflowUI = place })
	for path, want := range map[string]string{"/mlflow": "/mlflow/", "/mlflow/": "/?next=mlflow"} {
		if a := visit(t, s, path); a.Status != 303 || a.Header.Get("Location") != want {
			t.Errorf("%s: %d to %s", path, a.Status, a.Header.Get("Location"))
		}
	}
	index := visit(t, s, "/mlflow/", "Cookie", "__Host-"+cookie)
	checkHeaders(t, index, map[string]string{"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "SAMEORIGIN",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"})
	for _, want := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'self'", "object-src 'none'", "base-uri 'none'"} {
		if !strings.Contains(index.Header.Get("Content-Security-Policy"), want) {
			t.Errorf("the policy has no %s: %s", want, index.Header.Get("Content-Security-Policy"))
		}
	}
	const script = "/mlflow/static-files/static/js/main.js"
	plain := visit(t, s, script)
	checkHeaders(t, plain, map[string]string{"Cache-Control": "public, max-age=2419200", "Content-Type": "text/javascript; charset=utf-8", "Vary": "Accept-Encoding"})
	packed := visit(t, s, script, "Accept-Encoding", "gzip, deflate, br")
	r, err := gzip.NewReader(bytes.NewReader(packed.Body))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r); err != nil || string(body) != string(plain.Body) || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("gzip: %q, %v", body, err)
	}
	if a := visit(t, s, script, "If-None-Match", `"x", `+plain.Header.Get("ETag")); a.Status != 304 || len(a.Body) > 0 {
		t.Errorf("again: %d %s", a.Status, a.Body)
	}
	checkHeaders(t, visit(t, s, "/mlflow/static-files/static/media/dot.png", "Accept-Encoding", "gzip"),
		map[string]string{"Content-Type": "image/png", "Content-Encoding": "", "Content-Length": "4"})
	for _, path := range []string{"/mlflow/static-files/none.js", "/mlflow/static-files/../index.html", "/mlflow/static-files/", "/mlflow/other"} {
		if a := visit(t, s, path, "Cookie", cookie); a.Status != 404 {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	for method, body := range map[string]any{"PUT": wheel(t, "3.2.0"), "DELETE": nil} { // what the configuration names goes before what is sent
		if a := s.Do(servertest.AdminToken, method, endpoint, body); a.Status != 400 || a.Text("error_code") != "INVALID_STATE" {
			t.Errorf("%s: %d %s", method, a.Status, a.Body)
		}
	}
	if a := s.Admin("GET", endpoint, nil); a.Text("source") != "setting" || a.Text("version") != "3.1.0" {
		t.Errorf("%s", a.Body)
	}
}

func checkHeaders(t *testing.T, a servertest.Answer, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := a.Header.Get(name); a.Status != 200 || got != value {
			t.Errorf("%d, %s: %q, want %q", a.Status, name, got, value)
		}
	}
}

// TestCallsOfPages: the pages' calls are answered below their place, as they are elsewhere.
func TestCallsOfPages(t *testing.T) {
	s := servertest.Start(t)
	for path, want := range map[string]int{
		"/mlflow/ajax-api/2.0/mlflow/experiments/get?experiment_id=0": 200, "/mlflow/ajax-api/3.0/mlflow/server-info": 200,
		"/mlflow/ajax-api/3.0/mlflow/ui-telemetry": 200, "/mlflow/ajax-api/2.0/mlflow/users/current": 404, "/mlflow/ajax-api/2.0/mlflow/gateway-proxy": 404,
		"/mlflow/ajax-api/3.0/mlflow/assistant/config": 404, "/mlflow/get-artifact?run_id=none&path=x": 404, "/mlflow/ajax-api/2.0/mlflow/nothing": 404,
		"/mlflow/ajax-api/2.0/mlflow-artifacts/artifacts?path=0/none": 400, "/mlflow/model-versions/get-artifact?name=none&version=1&path=x": 404,
	} {
		if a := s.Do(servertest.AdminToken, "GET", path, nil); a.Status != want || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := s.Do("", "GET", "/mlflow/ajax-api/3.0/mlflow/ui-telemetry", nil); a.JSON("disable_ui_telemetry") != true {
		t.Errorf("telemetry: %d %s", a.Status, a.Body)
	}
	if a := s.Do("", "GET", "/mlflow/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", nil); a.Status != 401 {
		t.Errorf("nobody: %d %s", a.Status, a.Body)
	}
}
