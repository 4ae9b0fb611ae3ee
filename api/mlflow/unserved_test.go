package mlflow_test

import (
	"bytes"
	_ "embed"
	"regexp"
	"strings"
	"testing"

	"bailiwick/api/mlflow"
	"bailiwick/server/servertest"
)

// endpoints are the method and path of each endpoint of MLflow's own server, as it was seen.
//
//go:embed testdata/endpoints.tsv
var endpoints string

var variable = regexp.MustCompile(`<path:[^>]*>|\{[^}]*\.\.\.\}|<[^>]*>|\{[^}]*\}`)

// bare writes a method and path without the names of its variables.
func bare(method, path string) string {
	return method + " " + variable.ReplaceAllStringFunc(path, func(v string) string {
		if strings.HasPrefix(v, "<path:") || strings.HasSuffix(v, "...}") {
			return "{...}"
		}
		return "{}"
	})
}

// served gives the routes of a whole server that do more than say that they are not served.
func served(s *servertest.Server) map[string]bool {
	found := map[string]bool{}
	for _, f := range s.Door.Fronts() {
		for i := range f.Routes {
			for _, prefix := range f.Prefixes {
				if r := &f.Routes[i]; r.Action != "unserved" {
					found[bare(r.Method, prefix+r.Path)] = true
				}
			}
		}
	}
	return found
}

// declared gives every endpoint that the client package declares or MLflow's server has, method and path.
func declared() map[string][2]string {
	all := map[string][2]string{}
	for _, e := range mlflow.DeclaredEndpoints {
		all[bare(e.Method, e.Path)] = [2]string{e.Method, e.Path}
	}
	for _, line := range strings.Split(strings.TrimSpace(endpoints), "\n")[1:] {
		if cells := strings.Split(line, "\t"); len(cells) > 2 && strings.HasPrefix(cells[1], "/") {
			for _, method := range strings.Split(cells[0], ",") {
				all[bare(method, cells[1])] = [2]string{method, cells[1]}
			}
		}
	}
	return all
}

// TestEveryEndpointIsAccountedFor: each is served, or listed with a reason, and never both.
func TestEveryEndpointIsAccountedFor(t *testing.T) {
	s := servertest.Start(t)
	have, all, n := served(s), declared(), 0
	for key, e := range all {
		reason, listed := mlflow.Unserved(e[1])
		switch {
		case have[key] && listed:
			t.Errorf("%s is served and listed as not: %s", key, reason)
		case !have[key] && !listed:
			t.Errorf("%s is neither served nor listed", key)
		case have[key]:
			n++
		}
	}
	t.Logf("%d endpoints, %d of them served", len(all), n)
	if len(all) < 500 || n < 80 {
		t.Errorf("%d endpoints, %d served: the test looks at the wrong lists", len(all), n)
	}
}

// TestUnservedAnswers: the protocol's own shape, never a status that clients try again, and nothing to strangers.
func TestUnservedAnswers(t *testing.T) {
	s := servertest.Start(t)
	for path, want := range map[string]int{
		"POST /api/3.0/mlflow/traces": 501, "POST /v1/traces": 501, "GET /api/3.0/mlflow/traces/tr-1": 501, "POST /api/4.0/mlflow/traces/search-long-running": 404,
		"GET /ajax-api/2.0/mlflow/users/current": 404, "POST /ajax-api/3.0/mlflow/assistant/message": 404, "POST /api/2.0/mlflow/nothing": 404,
	} {
		method, target, _ := strings.Cut(path, " ")
		a := s.Do(servertest.AdminToken, method, target, bytes.NewReader([]byte{0x0a, 0xff, 0x00}))
		if a.Status != want || a.Text("error_code") == "" || a.Text("message") == "" {
			t.Errorf("%s: %d %s, want %d", path, a.Status, a.Body, want)
		}
		if a := s.Do("", method, target, nil); a.Status != 401 && a.Status != 404 {
			t.Errorf("%s by a stranger: %d %s", path, a.Status, a.Body)
		}
	}
}

func TestServerInfo(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{"/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"} {
		a := s.Do("", "GET", path, nil)
		for flag, want := range map[string]bool{
			"multipart_uploads_enabled": true, "multipart_downloads_enabled": false, "workspaces_enabled": false,
			"presigned_upload_run_id_supported": true, "presigned_upload_model_id_supported": true,
		} {
			if a.Status != 200 || a.JSON(flag) != want {
				t.Errorf("%s: %d %s: %s is %v", path, a.Status, a.Body, flag, a.JSON(flag))
			}
		}
	}
}
