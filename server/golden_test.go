package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden holds what a test printed against a file of the tree. With BAILIWICK_TEST_GOLDEN=write (`make golden`) the file is written
// instead, to be read as a diff before it is committed.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("BAILIWICK_TEST_GOLDEN") == "write" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the tables say (-file +tables); if the change is meant, run `make golden`:\n%s", file, diff)
	}
}
