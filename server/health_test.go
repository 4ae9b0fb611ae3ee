package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

func TestHealth(t *testing.T) {
	s := servertest.Start(t)
	for deadline := time.Now().Add(10 * time.Second); s.Do("", "GET", "/readyz", nil).Status != 200 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	for path, want := range map[string]string{
		"/health": "OK", "/version": "3.17.2",
		"/readyz": `{"status":"ready","database":"ok","ledger":"ok","disk":"ok"}`,
	} {
		a := s.Do("", "GET", path, nil)
		if a.Status != 200 || string(a.Body) != want || a.Header.Get("Server") != "bailiwick/"+server.Version {
			t.Errorf("%s: %d %q, server %q", path, a.Status, a.Body, a.Header.Get("Server"))
		}
	}
	if a := s.Do("", "GET", "/api/governance/1.0/version", nil); a.Text("mlflow_version") != "3.17.2" || a.Text("version") != server.Version {
		t.Errorf("version: %s", a.Body)
	}
}

// TestMetrics has the numbers by route pattern: what callers put into paths makes no series.
func TestMetrics(t *testing.T) {
	s := servertest.Start(t)
	s.Admin("GET", "/api/2.0/permissions/directories/0", nil)
	s.Do("", "GET", "/no/such/private-name", nil)
	s.Do("wrong", "GET", "/api/2.0/permissions/directories/0", nil)
	a := s.Do("", "GET", "/metrics", nil)
	text := string(a.Body)
	for _, want := range []string{
		`bailiwick_request_seconds_count{route="GET /permissions/{type}/{id}",status="200"} 1`,
		`bailiwick_request_seconds_count{route="GET /permissions/{type}/{id}",status="401"} 1`,
		`bailiwick_request_seconds_count{route="none",status="404"} 1`,
		"bailiwick_governance_version 2", "bailiwick_ledger_unsealed_entries", "bailiwick_gathered_rows", "bailiwick_commit_seconds_count",
		"bailiwick_commit_requests_count", "go_goroutines", "process_resident_memory_bytes", "bailiwick_info{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "private-name") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("type %q, or a path of a caller:\n%s", a.Header.Get("Content-Type"), text)
	}
	off := servertest.Start(t, func(c *server.Config) { c.Metrics = false })
	if a := off.Do("", "GET", "/metrics", nil); a.Status != 404 {
		t.Errorf("metrics that are off: %d", a.Status)
	}
}

// TestLimits has the settings' limits in force.
func TestLimits(t *testing.T) {
	s := servertest.Start(t, func(c *server.Config) { c.Limits.Body, c.Limits.Depth = 100_000, 20 })
	search := "/api/2.0/mlflow/experiments/search"
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"small":     {`{"max_results": 1}`, 200},
		"too large": {`{"filter": "` + strings.Repeat("x", 100_000) + `"}`, 413},
		"too deep":  {`{"x": ` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, 400},
		"deep":      {`{"x": ` + strings.Repeat("[", 19) + strings.Repeat("]", 19) + `}`, 200},
	} {
		if a := s.Do(servertest.AdminToken, "POST", search, c.body); a.Status != c.status {
			t.Errorf("%s: %d %.200s", name, a.Status, a.Body)
		}
	}
}

// TestNames refuses requests under a name that this server does not have, which is how pages in a browser would come.
func TestNames(t *testing.T) {
	s := servertest.Start(t)
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1:5000": 200, "[::1]:80": 200, "evil.example": 403, "10.0.0.1": 403} {
		req, err := http.NewRequest("GET", s.URL+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if a := s.Send(req); a.Status != want {
			t.Errorf("%s: %d %s", host, a.Status, a.Body)
		}
	}
}
