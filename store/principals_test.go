package store

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/ledger"
)

// govern makes changes with their record and gives what Govern said.
func govern(t testing.TB, s *Store, events ...authz.Event) {
	t.Helper()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		if err := tx.Govern(events...); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func putPrincipal(id int64, kind authz.PrincipalKind, name string, parents ...int64) authz.Event {
	return authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: id, Kind: kind, Name: name, Active: true, Parents: parents}}
}

// principals is all that a map says of them.
func principals(m *authz.Map) map[int64]authz.Principal {
	all := map[int64]authz.Principal{}
	for p := range m.Principals() {
		all[p.ID] = *p
	}
	return all
}

// TestMembershipRows: the tables follow memberships, however they change; a map that is loaded anew says the same.
func TestMembershipRows(t *testing.T) {
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
	user, group := authz.User, authz.Group
	for name, events := range [][]authz.Event{
		{putPrincipal(201, group, "a"), putPrincipal(202, group, "b"), putPrincipal(203, group, "c", 201), putPrincipal(301, user, "ann", 201, 202)},
		{putPrincipal(301, user, "ann", 202, 203), putPrincipal(302, user, "bob", 203)},
		{putPrincipal(301, user, "anna", 202)},
		{putPrincipal(302, user, "bob"), putPrincipal(302, user, "bob", 201), putPrincipal(302, user, "rob", 202)},
		{{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: 202}}, putPrincipal(301, user, "anna", 201)},
		{{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: 301}}, putPrincipal(301, user, "anna", 203)},
	} {
		govern(t, s, events...)
		want := principals(s.Map())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = reopen()
		if diff := cmp.Diff(want, principals(s.Map())); diff != "" {
			t.Fatalf("step %d (-before +loaded):\n%s", name, diff)
		}
	}
	s.Close()
}

func TestResources(t *testing.T) {
	s := open(t)
	given := []identity.Resource{
		{ID: 301, Kind: authz.User, UserName: "ann", DisplayName: "ann", ExternalID: "x", Active: true, Extra: identity.Document{"title": "Dr"}},
		{ID: 302, Kind: authz.User, UserName: "bob", Active: true, Extra: identity.Document{}},
		{ID: 303, Kind: authz.User, UserName: "cleo", DisplayName: "Cleo", ExternalID: "x", Extra: identity.Document{}},
	}
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		for _, r := range given {
			p := r.Principal(nil)
			if err := tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &p}); err != nil {
				return err
			}
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		var of []*authz.Principal
		for _, r := range given {
			p, _ := tx.Map.Principal(r.ID)
			of = append(of, p)
		}
		got, err := tx.Resources([]*authz.Principal{of[0], of[2]})
		if err != nil {
			return err
		}
		one, err := tx.Resource(of[1])
		got = slices.Insert(got, 1, one)
		for i := range got {
			if time.Since(time.UnixMilli(got[i].Created)) > time.Minute || got[i].Modified < got[i].Created {
				t.Errorf("times %+v", got[i])
			}
			if got[i].Revision != 2 || got[i].Source != identity.Manual {
				t.Errorf("%s: revision %d of %s", got[i].Name(), got[i].Revision, got[i].Source)
			}
			got[i].Created, got[i].Modified, got[i].Revision, got[i].Source = 0, 0, 0, ""
		}
		if diff := cmp.Diff(given, got); diff != "" {
			t.Error(diff)
		}
		ids, err2 := tx.PrincipalsByExternalID("x")
		if err2 != nil || !slices.Equal(ids, []int64{301, 303}) {
			t.Errorf("%v %v", ids, err2)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestUses: the latest use counts, and nothing is kept of credentials that are gone.
func TestUses(t *testing.T) {
	s := open(t)
	hash := make([]byte, 32)
	govern(t, s, putPrincipal(301, authz.User, "ann"),
		authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "c1", Principal: 301, Hash: hash}})
	uses := func(write ...Use) (got []Use) {
		t.Helper()
		err := s.Write(context.Background(), func(tx *Tx) error {
			if err := tx.NoteUses(write); err != nil {
				return err
			}
			all, err := tx.Uses([]string{"c1", "c2"})
			got = slices.Collect(maps.Values(all))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	late := Use{"c1", 2000, "10.0.0.2"}
	if got := uses(late, Use{"c1", 1000, "10.0.0.1"}, Use{"c2", 1000, ""}); !slices.Equal(got, []Use{late}) {
		t.Errorf("%v", got)
	}
	govern(t, s, authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: "c1", Principal: 301}})
	if got := uses(late); len(got) != 0 {
		t.Errorf("the use of a credential that is gone: %v", got)
	}
}

// TestLinks: a link is used once, also when two come at a time.
func TestLinks(t *testing.T) {
	s := open(t)
	now := time.Now()
	link := identity.IssueLink([]byte("key"), "value", 301, now)
	err := s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.PutLink(link); err != nil {
			return err
		}
		found, err := tx.Link(link.Hash)
		if err != nil || found != link {
			t.Errorf("%v %+v", err, found)
		}
		used, err := found.Use(now)
		if err != nil {
			return err
		}
		if err := tx.UseLink(used); err != nil {
			return err
		}
		if err := tx.UseLink(used); !fail.Is(err, fail.Unauthenticated) {
			t.Errorf("used twice: %v", err)
		}
		_, err = tx.Link([32]byte{1})
		if !fail.Is(err, fail.Unauthenticated) {
			t.Errorf("an unknown link: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
