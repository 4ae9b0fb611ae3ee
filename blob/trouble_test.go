package blob

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"bailiwick/fail"
)

// TestOpenTrouble: what is wrong with a store is told at once, and in words.
func TestOpenTrouble(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "somebody")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=d3Jvbmc=;BlobEndpoint=http://127.0.0.1:1/a;")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	tests := map[string]struct {
		kind fail.Kind
		want string
	}{
		"s3://b?endpoint=http://127.0.0.1:1": {fail.Unavailable, "did not answer while opening it: s3://b"},
		"gs://b?endpoint=http://127.0.0.1:1": {fail.Unavailable, "did not answer while opening it: gs://b"},
		"azblob://b":                         {fail.Unavailable, "did not answer while opening it: azblob://b"},
	}
	for variable, want := range map[string]string{"BAILIWICK_TEST_S3": "refused the server's credential"} {
		if location := os.Getenv(variable); location != "" {
			tests[location] = struct {
				kind fail.Kind
				want string
			}{fail.Internal, want}
		}
	}
	for location, tt := range tests {
		began := time.Now()
		_, err := Open(location)
		if !fail.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", location, err)
		}
		if took := time.Since(began); took > requestTime {
			t.Errorf("%s: %s until the error", location, took)
		}
	}
}

// TestMissingBucket tells a bucket that is not there from an object that is not.
func TestMissingBucket(t *testing.T) {
	for name, variable := range remotes {
		location := os.Getenv(variable)
		if location == "" {
			continue
		}
		_, err := Open(strings.Replace(location, "://bailiwick", "://no-such-bucket", 1))
		if !fail.Is(err, fail.Internal) || !strings.Contains(err.Error(), "has no such bucket or object") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHangingStore: a provider that takes requests and never answers ends no later than the caller's context.
func TestHangingStore(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	for scheme, location := range map[string]string{"s3": "s3://b?endpoint=" + server.URL, "gs": "gs://b?endpoint=" + server.URL} {
		u, err := parseLocation(location)
		if err != nil {
			t.Fatal(err)
		}
		b, prefix, err := bucketAt(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		o := newObjects(b, prefix)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, _, err = commitIn(ctx, o, []byte("x"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

func commitIn(ctx context.Context, s Store, content []byte) (Digest, int64, error) {
	w, err := s.Create(ctx)
	if err != nil {
		return Digest{}, 0, err
	}
	defer w.Abort()
	if _, err := w.Write(content); err != nil {
		return Digest{}, 0, err
	}
	return w.Commit()
}

// TestTroubleOfStatus fixes what a status means: nothing but 404 may be taken for missing bytes.
func TestTroubleOfStatus(t *testing.T) {
	for status, want := range map[int]trouble{
		0: unanswered, 200: broken, 301: broken, 400: broken, 401: denied, 403: denied, 404: absent, 408: unanswered, 409: contested,
		412: broken, 416: broken, 429: unanswered, 500: unanswered, 503: unanswered,
	} {
		if got := troubleOf(status); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
}
