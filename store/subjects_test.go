package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
)

// in runs fn in a write transaction, and gives what it says.
func in[T any](t *testing.T, s *Store, fn func(*Tx) (T, error)) T {
	t.Helper()
	var got T
	err := s.Write(context.Background(), func(tx *Tx) (err error) {
		got, err = fn(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A subject is one person's, whose going takes it along; somebody who has a subject at one issuer can have another at another.
func TestSubjects(t *testing.T) {
	s := openEither(t)
	ctx := context.Background()
	govern(t, s, putPrincipal(700, authz.User, "ann"), putPrincipal(701, authz.User, "bob"))
	link := func(issuer, subject string, principal int64) error {
		return s.Write(ctx, func(tx *Tx) error { return tx.LinkSubject(issuer, subject, principal) })
	}
	if err := link("https://one", "1", 700); err != nil {
		t.Fatal(err)
	}
	if err := link("https://two", "1", 700); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{"subject twice": link("https://one", "1", 701), "principal twice": link("https://one", "2", 700)} {
		if !fail.Is(err, fail.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	who := func(issuer, subject string) int64 {
		return in(t, s, func(tx *Tx) (int64, error) { return tx.SubjectPrincipal(issuer, subject) })
	}
	has := func(issuer string, principal int64) bool {
		return in(t, s, func(tx *Tx) (bool, error) { return tx.HasSubject(issuer, principal) })
	}
	if who("https://one", "1") != 700 || who("https://one", "2") != 0 || !has("https://two", 700) || has("https://two", 701) {
		t.Error("not who was linked")
	}
	govern(t, s, authz.Event{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: 700}})
	if who("https://one", "1") != 0 {
		t.Error("a subject outlives its person")
	}
}

// What counts once counts once, and is forgotten when it would not count anyway.
func TestUseProof(t *testing.T) {
	s := openEither(t)
	use := func(proof string, until int64) bool {
		return in(t, s, func(tx *Tx) (bool, error) { return tx.UseProof(proof, tx.Now+until) })
	}
	if !use("a", 60_000) || use("a", 60_000) || !use("b", 60_000) {
		t.Error("not once")
	}
	for range 2 {
		if !use("c", -1) {
			t.Error("what is over is not forgotten")
		}
	}
}

// What a provider said of a session is there again after a restart, and found by the provider's name of its own.
func TestAssertions(t *testing.T) {
	dir := t.TempDir()
	reopen := func() *Store {
		s, err := Open(context.Background(), Options{Data: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopen()
	if _, _, err := s.Found(context.Background(), Founding{Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	by := &authz.Assertion{Provider: "okta", Issuer: "https://one", Subject: "1", Session: "sid-1", Roles: []string{"a b", "c"}}
	ann := putPrincipal(700, authz.User, "ann")
	govern(t, s, ann)
	ann.Principal.Roles = []string{"approver of models", "reader"}
	govern(t, s, ann, authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{
		ID: "s1", Principal: 700, Hash: make([]byte, 32), Session: true, By: by}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen()
	defer s.Close()
	c, ok := s.Map().CredentialByID("s1")
	if !ok || cmp.Diff(by, c.By) != "" {
		t.Errorf("%+v", c)
	}
	if p, ok := s.Map().Principal(700); !ok || cmp.Diff([]string{"approver of models", "reader"}, p.Roles) != "" {
		t.Errorf("%+v", p)
	}
	named := func(sid string) []string {
		return in(t, s, func(tx *Tx) ([]string, error) { return tx.SessionsNamed(sid) })
	}
	if diff := cmp.Diff([]string{"s1"}, named("sid-1")); diff != "" || named("") != nil || named("sid-2") != nil {
		t.Error(diff)
	}
}
