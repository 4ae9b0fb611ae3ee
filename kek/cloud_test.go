package kek

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"gocloud.dev/secrets/localsecrets"

	"bailiwick/fail"
	"bailiwick/secret"
)

// amazon stands for Amazon's key service: it has one key, and answers its clients' Encrypt and Decrypt. broken makes it refuse.
func amazon(t *testing.T, broken *atomic.Bool) {
	t.Helper()
	key := bytes.Repeat([]byte{9}, secret.KeySize)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			KeyID                     string `json:"KeyId"`
			Plaintext, CiphertextBlob []byte
		}
		a := map[string]any{}
		err := json.NewDecoder(r.Body).Decode(&q)
		switch target := r.Header.Get("X-Amz-Target"); {
		case err != nil || broken.Load() || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
			err = errors.New("AccessDeniedException")
		case target == "TrentService.Encrypt":
			a["CiphertextBlob"], err = secret.Encrypt(rand.Reader, key, []byte(q.KeyID), q.Plaintext)
		case target == "TrentService.Decrypt":
			a["Plaintext"], err = secret.Decrypt(key, []byte("alias/bailiwick"), q.CiphertextBlob)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			a = map[string]any{"__type": "AccessDeniedException", "message": "no"}
		}
		_ = json.NewEncoder(w).Encode(a) // a client that has gone away fails by itself
	}))
	t.Cleanup(s.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_KMS": s.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
}

func TestAmazon(t *testing.T) {
	var broken atomic.Bool
	amazon(t, &broken)
	ctx := context.Background()
	const place = "awskms:///alias/bailiwick?region=eu-central-1"
	k, err := Open(place)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVault(1, k)
	id, err := v.First(ctx)
	if err != nil || id != place {
		t.Fatal(id, err)
	}
	d, err := v.NewDataKey(ctx, 1, 2, id)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := v.Known(1)
	again, _ := Open(place)
	if got, err := NewVault(1, again).DataKey(ctx, d); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%v", err)
	}
	if _, err := v.Next(ctx, id); !fail.Is(err, fail.State) || !strings.Contains(err.Error(), "kek-old") {
		t.Errorf("%v", err)
	}
	broken.Store(true)
	var log bytes.Buffer
	refused := NewVault(1, again)
	refused.Log = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := refused.DataKey(ctx, d); !strings.Contains(log.String(), "AccessDenied") || !fail.Is(err, fail.Unavailable) || strings.Contains(err.(*fail.Error).Message, "AccessDenied") {
		t.Errorf("a service that refuses: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloudMoves: from a file to a cloud's key and on to another one, with the library's own local keys in the place of the service's.
func TestCloudMoves(t *testing.T) {
	ctx := context.Background()
	f, first := inFile(t)
	var keys []Keeper
	for _, address := range []string{"gcpkms://one", "gcpkms://two"} {
		key, err := localsecrets.NewRandomKey()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, &Cloud{address: address, keeper: localsecrets.NewKeeper(key)})
	}
	d, err := NewVault(1, f).NewDataKey(ctx, 1, 2, first)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range []*Vault{NewVault(1, keys[0], f), NewVault(1, keys[1], keys[0])} {
		to, err := v.Next(ctx, d.KEK)
		if err != nil {
			t.Fatal(err)
		}
		if d, err = v.Rewrap(ctx, d, to); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := NewVault(1, keys[1]).DataKey(ctx, d); err != nil || d.KEK != "gcpkms://two" {
		t.Errorf("%s %v", d.KEK, err)
	}
	if _, err := NewVault(1, keys[0], f).DataKey(ctx, d); !fail.Is(err, fail.State) {
		t.Errorf("without the key: %v", err)
	}
}
