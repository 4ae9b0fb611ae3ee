package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
)

// TestStewardship: who answers for an object, and what a folder requires, are after a restart what they were, and go with the object.
func TestStewardship(t *testing.T) {
	s, _, o := openAny(t)
	folder := plant(t, s, authz.Directory, authz.Root, "project")
	e := authz.Object{ID: NewObjectID(), Kind: authz.Experiment, Parent: folder.ID, Name: "e", Steward: &authz.Steward{Owner: authz.GroupAdmins}}
	govern := func(events ...authz.Event) {
		t.Helper()
		change(t, s, func(tx *Tx) error { return tx.Govern(events...) })
	}
	put := func(w *authz.Steward) {
		t.Helper()
		e.Steward = w
		next := e
		govern(authz.Event{Op: authz.PutObject, Object: &next})
	}
	require := func(tags ...authz.RequiredTag) {
		t.Helper()
		govern(authz.Event{Op: authz.PutRequired, Required: &authz.RequiredTags{Object: folder.ID, Tags: tags}})
	}
	holds := func(what string, steward *authz.Steward, tags []authz.RequiredTag) {
		t.Helper()
		again, err := Open(context.Background(), o)
		if o.Database == "" { // one process a data folder: look at what is kept by loading it anew
			again, err = s, s.load(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		if again != s {
			defer again.Close()
		}
		got, _ := again.Map().Object(e.ID)
		if diff := cmp.Diff(steward, got.Steward); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if diff := cmp.Diff(tags, again.Map().RequiredHere(folder.ID)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	put(e.Steward)
	holds("made with an owner", &authz.Steward{Owner: authz.GroupAdmins}, nil)
	put(&authz.Steward{Contact: "#help", Tier: "low", Lifecycle: "retired"})
	asked := []authz.RequiredTag{{Key: "B", By: 7}, {Key: "a", Allowed: []string{"x y", "z"}, By: authz.GroupUsers}}
	require(asked[1], asked[0])
	holds("changed", &authz.Steward{Contact: "#help", Tier: "low", Lifecycle: "retired"}, asked)
	put(nil)
	require()
	holds("taken back", nil, nil)

	put(&authz.Steward{Owner: 12345})
	require(asked...)
	govern(authz.Event{Op: authz.DropObject, Object: &e}, authz.Event{Op: authz.DropObject, Object: &folder})
	see(t, s, func(tx *Tx) error {
		var n int64
		_, err := tx.one([]any{&n}, "SELECT (SELECT COUNT(*) FROM stewardship) + (SELECT COUNT(*) FROM required_tags)")
		if n != 0 {
			t.Errorf("%d rows are left of what was dropped", n)
		}
		return err
	})
}
