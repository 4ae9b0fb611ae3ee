package workspace

import (
	"testing"

	"bailiwick/authz"
	"bailiwick/fail"
)

// homes is a map with one user and his home.
func homes(t *testing.T, user authz.Principal) *authz.Map {
	t.Helper()
	b := authz.NewBuilder()
	b.AddPrincipal(user)
	m, err := authz.NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	return after(t, m, 2000, user)
}

func after(t *testing.T, m *authz.Map, id int64, user authz.Principal) *authz.Map {
	t.Helper()
	events, err := HomeEvents(m, user, id)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, m, events...)
}

func apply(t *testing.T, m *authz.Map, events ...authz.Event) *authz.Map {
	t.Helper()
	m, err := m.Apply(m.Version()+1, events...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHomeOfUser(t *testing.T) {
	ana := authz.Principal{ID: 100, Kind: authz.User, Name: "ana@x.org", Active: true}
	m := homes(t, ana)
	home, ok := m.Resolve("/Users/ana@x.org")
	if !ok || home.ID != 2000 || authz.LevelOn(m, ana.ID, home.ID) != authz.CanManage {
		t.Fatalf("home %+v", home)
	}
	if again, err := HomeEvents(m, ana, 3000); err != nil || len(again) != 0 {
		t.Errorf("a second home: %v %v", again, err)
	}
	renamed := ana
	renamed.Name = "ana@y.org"
	m = after(t, apply(t, m, authz.Event{Op: authz.PutPrincipal, Principal: &renamed}), 3000, renamed)
	if home, ok := m.Resolve("/Users/ana@y.org"); !ok || home.ID != 2000 {
		t.Errorf("after the rename: %+v", home)
	}
}

func TestHomeIsKept(t *testing.T) {
	ana := authz.Principal{ID: 100, Kind: authz.User, Name: "ana@x.org", Active: true}
	m := homes(t, ana)
	events, err := RemoveHomeEvents(m, ana)
	if err != nil {
		t.Fatal(err)
	}
	m = apply(t, m, append(events, authz.Event{Op: authz.DropPrincipal, Principal: &ana})...)
	if kept, ok := m.Resolve("/Users/.removed/ana@x.org-100"); !ok || kept.ID != 2000 {
		t.Errorf("kept: %+v", kept)
	}
	other := authz.Principal{ID: 101, Kind: authz.User, Name: ana.Name, Active: true}
	m = after(t, apply(t, m, authz.Event{Op: authz.PutPrincipal, Principal: &other}), 3000, other)
	if home, ok := m.Resolve("/Users/ana@x.org"); !ok || home.ID != 3000 {
		t.Errorf("somebody else of the name has %+v", home)
	}
	if level := authz.LevelOn(m, other.ID, 2000); level != authz.NoLevel {
		t.Errorf("somebody else of the name has %s on the old home", level)
	}
	ana.Name = "ana@z.org"
	m = after(t, apply(t, m, authz.Event{Op: authz.PutPrincipal, Principal: &ana}), 4000, ana)
	if home, ok := m.Resolve("/Users/ana@z.org"); !ok || home.ID != 2000 {
		t.Errorf("the same id has %+v", home)
	}
}

func TestNoHome(t *testing.T) {
	b := authz.NewBuilder()
	m, err := authz.NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	if events, err := HomeEvents(m, authz.Principal{ID: 100, Kind: authz.Group, Name: "g"}, 2000); err != nil || events != nil {
		t.Errorf("a group: %v %v", events, err)
	}
	if events, err := RemoveHomeEvents(m, authz.Principal{ID: 100, Kind: authz.User, Name: "x"}); err != nil || events != nil {
		t.Errorf("without a home: %v %v", events, err)
	}
	for _, name := range []string{"", "a/b", ".removed", ".."} {
		if _, err := HomeEvents(m, authz.Principal{ID: 100, Kind: authz.User, Name: name}, 2000); !fail.Is(err, fail.Invalid) {
			t.Errorf("user name %q: %v", name, err)
		}
	}
}
