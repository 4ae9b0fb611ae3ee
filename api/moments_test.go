package api_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/identity"
)

// What a credential is good for is what the transaction sees, though it was first looked at before.
func TestCredentialIsLookedAtAgain(t *testing.T) {
	meanwhile := func() {}
	w := begin(t, plain()...)
	w.door.Mount(&api.Front{Name: "slow", Service: "test", Prefixes: []string{"/slow"}, Encode: api.EncodeJSON, ContentType: "application/json",
		Fail: api.FailJSON, Routes: plain(), Decode: func(in *api.Input, request any) error {
			meanwhile()
			return api.DecodeJSON(in, request)
		}})
	hash := identity.Hash(w.store.Key("tokens"), []byte("ann-token"))
	cred := authz.Credential{ID: "t-ann-token", Principal: ann, Hash: hash[:]}
	narrow, expired := cred, cred
	narrow.Scopes, expired.Expires = []string{"scim"}, 1
	for name, c := range map[string]struct {
		event authz.Event
		want  int
	}{
		"nothing":     {authz.Event{Op: authz.Other}, 200},
		"narrowed":    {authz.Event{Op: authz.PutCredential, Credential: &narrow}, 403},
		"expired":     {authz.Event{Op: authz.PutCredential, Credential: &expired}, 401},
		"deactivated": {authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: ann, Kind: authz.User, Name: "ann"}}, 401},
	} {
		meanwhile = func() { w.govern(c.event) }
		if status, body := w.do("ann-token", "GET", "/slow/read/2000", ""); status != c.want {
			t.Errorf("%s: %d %s, want %d", name, status, body, c.want)
		}
		w.govern(authz.Event{Op: authz.PutCredential, Credential: &cred},
			authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: ann, Kind: authz.User, Name: "ann", Active: true}})
	}
}

// An upload that takes longer than its credential lives is not kept.
func TestCredentialEndsDuringUpload(t *testing.T) {
	committed := 0
	w := begin(t, api.Upload("PUT /up/{id}", authz.LogArtifacts, object, func(_ *api.Call, _ int64, _ *ask, r io.Reader) (int64, error) {
		time.Sleep(600 * time.Millisecond)
		return io.Copy(io.Discard, r)
	}, func(*api.Call, int64, *ask, int64) (*told, error) { committed++; return &told{}, nil }))
	hash := identity.Hash(w.store.Key("tokens"), []byte("short"))
	w.govern(authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: readable, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e",
		Entries: []authz.Entry{{Principal: ann, Level: authz.CanEdit}}}},
		authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "t-short", Principal: ann, Hash: hash[:],
			Expires: time.Now().Add(300 * time.Millisecond).UnixMilli()}})
	if status, body := w.do("short", "PUT", "/t/up/2000", "bytes"); status != 401 || committed != 0 {
		t.Errorf("%d %s, committed %d times", status, body, committed)
	}
}

// Somebody who is nobody cannot keep a connection by sending the rest of his body for ever.
func TestRefusedBodyEnds(t *testing.T) {
	w := begin(t, plain()...)
	w.door.Patience = 200 * time.Millisecond
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /t/write/2000 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") {
		t.Errorf("%v, answer %.100s", err, answer)
	}
}

// A credential that is cut down tells nothing of what its owner may not know: the refusal is that of something missing.
func TestScopeTellsNothing(t *testing.T) {
	w := begin(t, plain()...)
	hash := identity.Hash(w.store.Key("tokens"), []byte("narrow"))
	w.govern(authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "t-narrow", Principal: ann, Hash: hash[:], Scopes: []string{"scim"}}})
	there, text := w.do("narrow", "GET", "/t/read/2001", "")
	missing, other := w.do("narrow", "GET", "/t/read/2099", "")
	if there != missing || strings.ReplaceAll(text, "2001", "2099") != other {
		t.Errorf("there: %d %s, missing: %d %s", there, text, missing, other)
	}
	if status, body := w.do("narrow", "GET", "/t/read/2000", ""); status != 403 || !strings.Contains(body, "scopes") {
		t.Errorf("what he may know: %d %s", status, body)
	}
}
