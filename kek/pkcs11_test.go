package kek

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/fail"
)

// tokenPlace is the place of a token for tests (scripts/with-softhsm); empty = there is none, and only what needs none is tested.
func tokenPlace(t *testing.T) string {
	place := os.Getenv("BAILIWICK_TEST_PKCS11")
	if place == "" {
		t.Log("no token: scripts/with-softhsm runs these tests with one")
	}
	return place
}

func TestPKCS11Places(t *testing.T) {
	p, err := openPKCS11("pkcs11:token=my%20token;object=ours?module-path=/lib/p11.so&pin-source=file:/run/pin")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.args, "|"), "--module|/lib/p11.so|--token|my token|--label|ours|--pin-file|/run/pin"; got != want {
		t.Errorf("%s", got)
	}
	for _, place := range []string{"pkcs11:", "pkcs11:token=a", "pkcs11:?module-path=/x", "pkcs11:token=a?module-path=/x&pin-value=1234", "pkcs11:token=%zz?module-path=/x"} {
		if _, err := Open(place); err == nil || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// script makes a program that stands for a broken helper.
func script(t *testing.T, lines string) *PKCS11 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := openPKCS11("pkcs11:token=t?module-path=/none&x-program=" + file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// TestHelperFails: whatever the program does, callers get an error in time, and the next call starts it anew.
func TestHelperFails(t *testing.T) {
	for what, lines := range map[string]string{
		"ends": "exit 3", "says nothing": "exec sleep 60", "says rubbish": "echo rubbish; exec sleep 60",
		"says too much": "head -c 200000 /dev/zero | tr '\\0' x; exec sleep 60", "says an error": `echo '{"error":"CKR_DEVICE_REMOVED"}'; exec sleep 60`,
	} {
		p := script(t, lines)
		for range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			began := time.Now()
			_, err := p.Wrap(ctx, PKCS11Prefix+"00", []byte("PLANTED"))
			if err == nil || errors.Is(err, errNoKey) || strings.Contains(err.Error(), "PLANTED") || time.Since(began) > 5*time.Second {
				t.Errorf("%s: %v after %v", what, err, time.Since(began))
			}
			cancel()
		}
	}
	p, _ := openPKCS11("pkcs11:token=t?module-path=/none&x-program=/does/not/exist")
	_, err := NewVault(1, p).NewDataKey(context.Background(), 1, 2, PKCS11Prefix+"00")
	if !fail.Is(err, fail.Unavailable) || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("%v", err)
	}
}

func TestToken(t *testing.T) {
	place := tokenPlace(t)
	if place == "" {
		return
	}
	ctx := context.Background()
	place = strings.Replace(place, "?", ";object="+strings.ReplaceAll(t.TempDir(), "/", "-")+"?", 1)
	k, err := Open(place)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if id, err := k.Newest(ctx); err != nil || id != "" {
		t.Fatalf("%q %v", id, err)
	}
	var ids []string
	for range 2 {
		id, err := k.Make(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		time.Sleep(2 * time.Millisecond)
	}
	if newest, err := k.Newest(ctx); err != nil || newest != ids[1] {
		t.Errorf("%s of %v, %v", newest, ids, err)
	}
	text := bytes.Repeat([]byte("k"), 64)
	wrapped, err := k.Wrap(ctx, ids[0], text)
	if err != nil || bytes.Contains(wrapped, text[:16]) {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := k.Unwrap(ctx, ids[0], wrapped); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if _, err := k.Unwrap(ctx, PKCS11Prefix+"0011", wrapped); !errors.Is(err, errNoKey) {
		t.Errorf("an unknown key: %v", err)
	}
	if _, err := k.Unwrap(ctx, "file-0011", wrapped); !errors.Is(err, errNoKey) {
		t.Errorf("a key of a file: %v", err)
	}
	wrapped[20] ^= 1
	if _, err := k.Unwrap(ctx, ids[0], wrapped); err == nil || errors.Is(err, errNoKey) {
		t.Errorf("a damaged one: %v", err)
	}
	wrapped[20] ^= 1
	k.(*PKCS11).run.kill() // the program dies between two calls
	_, _ = k.Newest(ctx)   // who comes first may be told
	if got, err := k.Unwrap(ctx, ids[0], wrapped); err != nil || !bytes.Equal(got, text) {
		t.Errorf("after the program died: %v", err)
	}
	pin := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pin, []byte("9999-wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(place, "&pin-source=")
	_, program, _ := strings.Cut(place, "&x-program=")
	wrong, err := Open(before + "&pin-source=file:" + pin + "&x-program=" + program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.Newest(ctx); err == nil || !strings.Contains(err.Error(), "sign in") || strings.Contains(err.Error(), "9999") {
		t.Errorf("a wrong PIN: %v", err)
	}
}

// kill ends the program as a crash of the library does.
func (r *running) kill() {
	if r != nil {
		r.command.Process.Kill()
	}
}
