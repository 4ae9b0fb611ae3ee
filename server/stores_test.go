package server_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

// bucket puts the artifacts of a server into an object store, where scripts/with-stores runs one.
func bucket(t *testing.T) func(*server.Config) {
	return func(c *server.Config) {
		if at, query, ok := strings.Cut(os.Getenv("BAILIWICK_TEST_S3"), "?"); ok {
			c.Artifacts = at + "/" + rand.Text() + "?" + query
			t.Logf("artifacts are in %s", at)
		}
	}
}

// TestArtifactsInABucket takes files through the whole server into the store and back, by the routes of MLflow's clients.
func TestArtifactsInABucket(t *testing.T) {
	s := servertest.Start(t, bucket(t))
	experiment := s.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]any{"name": "/Shared/stored"}).Text("experiment_id")
	run := s.Admin("POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": experiment}).Text("run.info.run_id")
	folder := "/api/2.0/mlflow-artifacts/artifacts/" + experiment + "/" + run + "/artifacts/"
	small, large := []byte("a small file"), bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	for name, content := range map[string][]byte{"model/MLmodel": small, "model/weights.bin": large, "empty": {}} {
		s.Admin("PUT", folder+name, bytes.NewReader(content))
		if got := s.Admin("GET", folder+name, nil); !bytes.Equal(got.Body, content) {
			t.Errorf("%s: %d bytes came back of %d", name, len(got.Body), len(content))
		}
	}
	for want, span := range map[string][2]int{"bytes=5-9": {5, 10}, "bytes=-4": {len(large) - 4, len(large)}, "bytes=9000000-": {9000000, len(large)}} {
		r, err := http.NewRequest("GET", s.URL+folder+"model/weights.bin", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
		r.Header.Set("Range", want)
		if got := s.Send(r); got.Status != http.StatusPartialContent || !bytes.Equal(got.Body, large[span[0]:span[1]]) {
			t.Errorf("%s: %d, %d bytes", want, got.Status, len(got.Body))
		}
	}
	s.Admin("DELETE", folder+"model/weights.bin", nil)
	if n, err := s.Collect(t.Context(), -time.Hour); n != 1 || err != nil {
		t.Errorf("collected %d, %v", n, err)
	}
	if got := s.Do(servertest.AdminToken, "GET", folder+"model/weights.bin", nil); got.Status != http.StatusNotFound {
		t.Errorf("a deleted file: %d", got.Status)
	}
	if got := s.Admin("GET", folder+"model/MLmodel", nil); !bytes.Equal(got.Body, small) {
		t.Errorf("what is named was collected: %s", got.Body)
	}
}
