package api

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/store"
)

// TestSignedAddressExpires holds an address against the clock and the method.
func TestSignedAddressExpires(t *testing.T) {
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	made := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	call := func(method string, at time.Time) *Call {
		return &Call{door: &Door{Store: s}, Now: at, Who: authz.Who{Principal: 500, Credential: "c"}, request: httptest.NewRequest(method, "/", nil)}
	}
	address := call("POST", made).Sign("GET", "1/run/artifacts/x")
	for name, tt := range map[string]struct {
		method string
		after  time.Duration
		good   bool
	}{
		"at once": {"GET", 0, true}, "HEAD": {"HEAD", 0, true}, "just before its end": {"GET", SignedFor - time.Millisecond, true},
		"at its end": {"GET", SignedFor, false}, "PUT": {"PUT", 0, false}, "DELETE": {"DELETE", 0, false},
	} {
		p, err := call(tt.method, made.Add(tt.after)).open(address)
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
		if tt.good && (p.Name != "1/run/artifacts/x" || p.Principal != 500 || p.Credential != "c") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for i := range len(address) {
		b := []byte(address)
		if b[i]++; b[i] == address[i] {
			continue
		}
		if _, err := call("GET", made).open(string(b)); err == nil && i < len(address)-1 { // the last sign has bits that mean nothing
			t.Fatalf("good although sign %d was changed", i)
		}
	}
}
