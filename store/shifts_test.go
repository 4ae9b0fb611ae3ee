package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"bailiwick/authz"
)

// shifted governs alone and records it.
func shifted(t *testing.T, s *Store, action string, events ...authz.Event) {
	t.Helper()
	err := s.WriteAlone(context.Background(), func(tx *Tx) error {
		if err := tx.Govern(events...); err != nil {
			return err
		}
		e := SystemEntry("test", action)
		e.Reason, e.Source = "because", "10.0.0.1"
		return tx.Record(e, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func shiftsOf(t *testing.T, s *Store, q ShiftQuery) (texts []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit, q.Names = 10_000, 3
	}
	err := s.Read(context.Background(), func(tx *Tx) error {
		rows, _, err := tx.Shifts(q)
		for _, r := range rows {
			texts = append(texts, fmt.Sprintf("%s %d:%s>%s %v/%d %s%v%s", r.Action, r.Object, levelName(r.Before), levelName(r.After), r.Names, r.Count, r.Credential, r.Except, r.Reason))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// The feed is written once, whoever of several follows and wherever one stopped.
func TestShiftsFollow(t *testing.T) {
	s, _, _ := openAny(t)
	ctx := context.Background()
	ann := authz.Principal{ID: 500, Kind: authz.User, Name: "ann", Active: true}
	team := authz.Principal{ID: 600, Kind: authz.Group, Name: "team", Active: true}
	put := func(p authz.Principal) authz.Event { return authz.Event{Op: authz.PutPrincipal, Principal: &p} }
	shifted(t, s, "make", put(team), put(ann), authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: 2000, Kind: authz.Experiment, Parent: authz.FolderRepos,
		Name: "e", Entries: []authz.Entry{{Principal: 600, Level: authz.CanEdit}}}})
	a, b := &ShiftFollower{Store: s}, &ShiftFollower{Store: s}
	if _, err := a.Follow(ctx); err != nil {
		t.Fatal(err)
	}
	joined := ann
	joined.Parents = []int64{600}
	shifted(t, s, "join", put(joined))
	shifted(t, s, "nothing", authz.Event{Op: authz.Other})
	shifted(t, s, "leave", put(ann))
	for _, f := range []*ShiftFollower{b, a, b, {Store: s}} {
		if _, err := f.Follow(ctx); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"join 2000:>CAN_EDIT [ann]/1 []because", "leave 2000:CAN_EDIT> [ann]/1 []because"}
	if got := shiftsOf(t, s, ShiftQuery{Objects: []int64{2000}}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	all := shiftsOf(t, s, ShiftQuery{})
	if mine := shiftsOf(t, s, ShiftQuery{Principal: 500}); len(mine) < 4 || len(all) <= len(mine) {
		t.Errorf("%d of %d rows are ann's: %q", len(mine), len(all), mine)
	}
	var paged []string
	for after := (ShiftPlace{}); ; {
		var rows []ShiftRow
		err := s.Read(ctx, func(tx *Tx) (err error) {
			rows, _, err = tx.Shifts(ShiftQuery{After: after, Limit: 1, Names: 1})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		after = rows[0].ShiftPlace
		paged = append(paged, fmt.Sprint(after))
	}
	if len(paged) != len(all) {
		t.Errorf("%d rows page by page, %d at once", len(paged), len(all))
	}
}

// A change for more people than one transaction writes goes in parts, and goes on at the part where a process was stopped.
func TestShiftsOfManyGoOn(t *testing.T) {
	s, _, _ := openAny(t)
	ctx := context.Background()
	var events []authz.Event
	for i := range int64(3 * maxShiftPeople / 2) {
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: 10_000 + i, Kind: authz.User, Name: fmt.Sprint("u", i), Active: true}})
	}
	shifted(t, s, "people", events...)
	f := &ShiftFollower{Store: s}
	if _, err := f.Follow(ctx); err != nil {
		t.Fatal(err)
	}
	shifted(t, s, "give", authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: 2000, Kind: authz.Directory, Parent: authz.FolderRepos, Name: "d"}},
		authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: 2000, Kind: authz.Directory, Parent: authz.FolderRepos, Name: "d",
			Entries: []authz.Entry{{Principal: authz.GroupUsers, Level: authz.CanRead}}}})
	at, changes, err := f.look(ctx)
	if err != nil || len(changes) != 1 {
		t.Fatal(err, len(changes))
	}
	after, err := f.m.Apply(changes[0].version, changes[0].events...)
	if err != nil {
		t.Fatal(err)
	}
	rows := shiftRows(&changes[0], f.m, after)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	half := ShiftPlace{at.Version, 1}
	if err := s.Write(ctx, func(tx *Tx) error { return tx.putShifts(at, rows[:1], half) }); err != nil {
		t.Fatal(err)
	}
	if _, err := (&ShiftFollower{Store: s}).Follow(ctx); err != nil {
		t.Fatal(err)
	}
	got := shiftsOf(t, s, ShiftQuery{Objects: []int64{2000}, Since: 1})
	// the administrator of openAny has Manage anyway
	if len(got) != 2 {
		t.Errorf("%q", got)
	}
}
