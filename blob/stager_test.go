package blob

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiwick/fail"
)

// serviceAccount makes a Google credential of its own and names it as gcloud does.
func serviceAccount(t *testing.T) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "robot@example.org", "token_uri": "http://127.0.0.1:1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	file := filepath.Join(t.TempDir(), "account.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
}

// use sends a request to an address as a client would, without any credential.
func use(t *testing.T, a Address, body []byte) (int, http.Header, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), a.Method, a.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range a.Headers {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, got
}

func TestStagerWhole(t *testing.T) {
	serviceAccount(t)
	inBuckets(t, func(t *testing.T, o *Objects) {
		content, staging := noise(200<<10), o.Stage()
		put, err := o.PutAddress(t.Context(), staging, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if until := time.Until(put.Expires); until > MaxAddressLife {
			t.Errorf("works for %s", until)
		}
		if _, _, err := o.Adopt(t.Context(), staging, 0); !fail.Is(err, fail.NotFound) {
			t.Errorf("before anything was sent: %v", err)
		}
		for _, sent := range [][]byte{[]byte("at first"), content} {
			if status, _, got := use(t, put, sent); status/100 != 2 {
				t.Fatalf("PUT: %d %s", status, got)
			}
		}
		d, n, err := o.Adopt(t.Context(), staging, int64(len(content)))
		if err != nil || n != int64(len(content)) || d != DigestOf(content) {
			t.Fatalf("Adopt: %s, %d, %v", d, n, err)
		}
		use(t, put, []byte("later, by somebody who kept the address"))
		if err := Verify(t.Context(), o, d); err != nil {
			t.Error(err)
		}
		if n, err := o.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		get, err := o.GetAddress(t.Context(), d, "a b.txt", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, got := use(t, get, nil); status != 200 || !bytes.Equal(got, content) {
			t.Errorf("GET: %d, %d bytes", status, len(got))
		}
		if left := objectsPlace(t, o).left(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestStagerParts(t *testing.T) {
	serviceAccount(t)
	inBuckets(t, func(t *testing.T, o *Objects) {
		content, staging := noise(2*minPart+99), o.Stage()
		session, err := o.Begin(t.Context(), staging)
		if err != nil {
			t.Fatal(err)
		}
		var parts []Part
		for n := 3; n >= 1; n-- {
			a, err := o.PartAddress(t.Context(), staging, session, n, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			status, header, got := use(t, a, content[(n-1)*minPart:min(n*minPart, len(content))])
			if status/100 != 2 {
				t.Fatalf("part %d: %d %s", n, status, got)
			}
			parts = append(parts, Part{n, header.Get("ETag")})
		}
		if err := o.Complete(t.Context(), staging, session, parts[:2]); !fail.Is(err, fail.Invalid) {
			t.Errorf("without the first part: %v", err)
		}
		if err := o.Complete(t.Context(), staging, session, parts); err != nil {
			t.Fatal(err)
		}
		d, n, err := o.Adopt(t.Context(), staging, 0)
		if err != nil || d != DigestOf(content) || n != int64(len(content)) {
			t.Errorf("Adopt: %s, %d, %v", d, n, err)
		}
		if left := objectsPlace(t, o).left(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestStagerAbortAndLimits(t *testing.T) {
	serviceAccount(t)
	inBuckets(t, func(t *testing.T, o *Objects) {
		staging := o.Stage()
		session, err := o.Begin(t.Context(), staging)
		if err != nil {
			t.Fatal(err)
		}
		a, err := o.PartAddress(t.Context(), staging, session, 1, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		use(t, a, noise(minPart))
		for range 2 {
			if err := o.Abort(t.Context(), staging, session); err != nil {
				t.Error(err)
			}
		}
		put, err := o.PutAddress(t.Context(), staging, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		use(t, put, noise(100))
		if _, _, err := o.Adopt(t.Context(), staging, 99); !fail.Is(err, fail.TooLarge) {
			t.Errorf("more than is allowed: %v", err)
		}
		if left := append(objectsPlace(t, o).left(), keys(listed(t, o))...); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestAddressEnds: an address that has ended is refused, and one for a key is for no other. The GCS fake checks no signatures.
func TestAddressEnds(t *testing.T) {
	inBuckets(t, func(t *testing.T, o *Objects) {
		if _, fake := o.bucket.(*gcsBucket); fake {
			return
		}
		d := mustCommit(t, o, []byte("secret"))
		a, err := o.GetAddress(t.Context(), d, "", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		other := a
		other.URL = strings.Replace(a.URL, "sha256", "sha257", 1)
		if status, _, _ := use(t, other, nil); status != 403 {
			t.Errorf("for another key: %d", status)
		}
		put := a
		put.Method = http.MethodPut
		put.Headers = map[string]string{"X-Ms-Blob-Type": "BlockBlob"}
		if status, _, _ := use(t, put, []byte("x")); status != 403 {
			t.Errorf("by another method: %d", status)
		}
		time.Sleep(2500 * time.Millisecond)
		if status, _, _ := use(t, a, nil); status != 403 {
			t.Errorf("after its end: %d", status)
		}
	})
}

// TestStagerNames: only names that were made here lead anywhere.
func TestStagerNames(t *testing.T) {
	o := newObjects(nil, "p/")
	good := o.Stage()
	for _, name := range []string{"", "../sha256/ab", good + "/x", strings.ToLower(good), good[1:], good + "A", "\x00" + good[1:]} {
		_, putErr := o.PutAddress(t.Context(), name, time.Minute)
		_, beginErr := o.Begin(t.Context(), name)
		_, _, adoptErr := o.Adopt(t.Context(), name, 0)
		for _, err := range []error{putErr, beginErr, adoptErr, o.Abort(t.Context(), name, "s"), o.Abort(t.Context(), good, "a\nb"), o.Abort(t.Context(), good, strings.Repeat("a", longestSession+1)),
			o.Complete(t.Context(), name, "s", []Part{{1, ""}}), o.Complete(t.Context(), good, "s", nil)} {
			if !fail.Is(err, fail.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	for _, n := range []int{-1, 0, maxParts + 1} {
		if _, err := o.PartAddress(t.Context(), good, "s", n, time.Minute); !fail.Is(err, fail.Invalid) {
			t.Error(fmt.Sprint(n, err))
		}
	}
}
