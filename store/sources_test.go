package store

import (
	"cmp"
	"context"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/ledger"
)

// sourced is a store with two users and a group, which okta has made, ann a member by okta's word and bob by an administrator's.
func sourced(t *testing.T) (s *Store, ann, bob, team int64) {
	t.Helper()
	s = openEither(t)
	ann, bob, team = NewPrincipalID(), NewPrincipalID(), NewPrincipalID()
	user := func(id int64, name string, groups ...int64) authz.Event {
		return authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: id, Kind: authz.User, Name: name, Active: true, Parents: groups}}
	}
	recorded(t, s, func(tx *Tx) error {
		tx.As(identity.FromDirectory("okta"))
		group := authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: team, Kind: authz.Group, Name: "team", Active: true}}
		return tx.Govern(group, user(ann, "Zo\u00eb", team), user(bob, "bob"))
	})
	recorded(t, s, func(tx *Tx) error { return tx.Govern(user(bob, "bob", team)) })
	return s, ann, bob, team
}

// recorded makes a change that is recorded.
func recorded(t *testing.T, s *Store, change func(*Tx) error) {
	t.Helper()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, authz.WorkspaceObject)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSources(t *testing.T) {
	s, ann, bob, team := sourced(t)
	const okta, manual = identity.Source("scim:okta"), identity.Manual
	look := func(tx *Tx) (members, all map[int64]identity.Source) {
		members, err := tx.MembersOf(team)
		if err != nil {
			t.Fatal(err)
		}
		if all, err = tx.PrincipalSources([]int64{ann, bob, team, authz.GroupAdmins}); err != nil {
			t.Fatal(err)
		}
		return members, all
	}
	recorded(t, s, func(tx *Tx) error {
		members, all := look(tx)
		equal(t, members, map[int64]identity.Source{ann: okta, bob: manual})
		equal(t, all, map[int64]identity.Source{ann: okta, bob: okta, team: okta, authz.GroupAdmins: manual})
		of, err := tx.MembershipsOf(bob)
		equal(t, of, map[int64]identity.Source{team: manual})
		one, oneErr := tx.MembershipSource(ann, team)
		equal(t, one, okta)
		if err != nil || oneErr != nil {
			return cmp.Or(err, oneErr)
		}
		return cmp.Or(tx.GivePrincipal(team, okta, "oidc:kc"), tx.Hold(ann, true))
	})
	recorded(t, s, func(tx *Tx) error {
		members, all := look(tx)
		equal(t, members, map[int64]identity.Source{ann: "oidc:kc", bob: manual})
		equal(t, all[team], identity.Source("oidc:kc"))
		p, _ := tx.Map.Principal(ann)
		r, err := tx.Resource(p)
		if !r.Held || r.Source != okta {
			t.Errorf("%+v", r)
		}
		twin, twinErr := tx.LookAlike("zoe\u0308", 0)
		equal(t, twin, "Zo\u00eb")
		herself, selfErr := tx.LookAlike("zo\u00eb", ann)
		equal(t, herself, "")
		return cmp.Or(err, twinErr, selfErr)
	})
}

func TestConflicts(t *testing.T) {
	s, ann, _, team := sourced(t)
	k := identity.Conflict{
		Principal: ann, Group: team, Attribute: identity.AboutMembership, Writer: "oidc:kc", Owner: "scim:okta", Wish: "remove",
	}
	var id int64
	states := func(tx *Tx, want string, times int64) {
		t.Helper()
		all, err := tx.Conflicts("")
		if err != nil || len(all) != 1 || all[0].State != want || all[0].Times != times {
			t.Fatalf("%+v %v, want one that is %s", all, err, want)
		}
		id = all[0].ID
	}
	recorded(t, s, func(tx *Tx) error {
		if err := cmp.Or(tx.NoteConflict(k), tx.NoteConflict(k)); err != nil {
			return err
		}
		states(tx, identity.ConflictOpen, 2)
		return tx.ResolveConflict(id, identity.ConflictKept, 9, "because")
	})
	recorded(t, s, func(tx *Tx) error {
		err := tx.NoteConflict(k) // the same wish: it was decided on
		states(tx, identity.ConflictKept, 3)
		other := k
		other.Wish = "add"
		if err := cmp.Or(err, tx.NoteConflict(other)); err != nil {
			return err
		}
		states(tx, identity.ConflictOpen, 4)
		open, err := tx.Conflicts(identity.ConflictKept)
		equal(t, len(open), 0)
		return err
	})
	recorded(t, s, func(tx *Tx) error {
		return tx.Govern(authz.Event{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: ann}})
	})
	recorded(t, s, func(tx *Tx) error {
		if _, err := tx.Conflict(id); !fail.Is(err, fail.NotFound) {
			t.Errorf("a conflict about nobody: %v", err)
		}
		return nil
	})
}

func TestDirectories(t *testing.T) {
	s := openEither(t)
	d := Directory{Name: "okta", Principal: NewPrincipalID(), Adopts: true}
	p := authz.Principal{ID: d.Principal, Kind: authz.ServicePrincipal, Name: "7c9e6679-7425-40de-944b-e07fc1f90ae7", Active: true, Directory: "okta"}
	recorded(t, s, func(tx *Tx) error {
		return cmp.Or(tx.PutDirectory(d), tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &p}))
	})
	if err := s.Write(context.Background(), func(tx *Tx) error { return tx.PutDirectory(d) }); !fail.Is(err, fail.Exists) {
		t.Errorf("twice: %v", err)
	}
	recorded(t, s, func(tx *Tx) error {
		got, err := tx.DirectoryNamed("okta")
		equal(t, got.Adopts, true)
		if err := cmp.Or(err, tx.SetAdopts("okta", false)); err != nil {
			return err
		}
		all, err := tx.Directories()
		equal(t, len(all) == 1 && !all[0].Adopts && all[0].Principal == d.Principal, true)
		return err
	})
	if err := s.load(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Map().Principal(d.Principal); !ok || got.Directory != "okta" {
		t.Errorf("after a restart: %+v", got)
	}
	recorded(t, s, func(tx *Tx) error { return tx.Govern(authz.Event{Op: authz.DropPrincipal, Principal: &p}) })
	recorded(t, s, func(tx *Tx) error {
		all, err := tx.Directories()
		equal(t, len(all), 0)
		return err
	})
}
