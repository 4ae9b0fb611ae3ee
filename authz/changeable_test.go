package authz

import (
	"strings"
	"testing"
)

// TestWhyFixed: each level that the list of an object shows is fixed exactly where a change of the list leaves it.
func TestWhyFixed(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2000, Kind: Experiment, Parent: project, Name: "e", Creator: bob, CreatorManages: true}),
		putObject(Object{ID: 2001, Kind: Directory, Parent: FolderUsers, Name: "bob", Home: bob}))
	off := mustApply(t, m, Event{Op: PutSetting, Setting: &controlOff})
	for _, c := range []struct {
		m         *Map
		who       int64
		object    int64
		principal int64
		want      string
	}{
		{m, bob, 2000, bob, ""},
		{m, bob, 2000, lab, "It is changed where it was given."},
		{m, bob, 2000, GroupAdmins, "Administrators manage everything"},
		{m, admin, Root, GroupAdmins, "Administrators manage everything"},
		{m, admin, FolderShared, GroupUsers, "Everybody manages the Shared folder"},
		{m, bob, 2001, bob, "This is the home folder of bob@example.com, who always"},
		{m, ann, project, lab, ""},
		{off, admin, Root, GroupUsers, "while access control is off"},
	} {
		o, _ := c.m.Object(c.object)
		found := false
		for _, e := range Entries(c.m, c.object) {
			if e.Principal != c.principal {
				continue
			}
			found = true
			for _, l := range e.Levels {
				got := WhyFixed(c.m, Who{Principal: c.who}, o, c.principal, l)
				if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
					t.Errorf("%d on %d: %q, want %q", c.principal, c.object, got, c.want)
				}
			}
		}
		if !found {
			t.Errorf("%d is not on the list of %d", c.principal, c.object)
		}
	}
}

// TestStands: a PUT of all that stands leaves the list as it was.
func TestStands(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2001, Kind: Directory, Parent: FolderUsers, Name: "bob", Home: bob,
		Entries: []Entry{{lab, CanRead}}}))
	for _, object := range []int64{Root, ModelsRoot, FolderShared, 2001, project} {
		before := Entries(m, object)
		var put []Entry
		for _, e := range before {
			for _, l := range e.Levels {
				if l.Stands() {
					put = append(put, Entry{e.Principal, l.Level})
				}
			}
		}
		o, err := PutEntries(m, Who{Principal: admin}, object, put)
		if err != nil {
			t.Fatalf("%d: %v", object, err)
		}
		after := Entries(mustApply(t, m, putObject(o)), object)
		if len(after) != len(before) {
			t.Errorf("%d: %+v, before %+v", object, after, before)
		}
		for i := range after {
			if after[i].Principal != before[i].Principal || len(after[i].Levels) == 0 || after[i].Levels[0].Level != before[i].Levels[0].Level {
				t.Errorf("%d: %+v, before %+v", object, after[i], before[i])
			}
		}
	}
}

func TestWhyNoEntry(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2001, Kind: Directory, Parent: FolderUsers, Name: "bob", Home: bob}))
	for _, c := range []struct {
		object, principal int64
		want              string
	}{
		{project, GroupAdmins, "Administrators"}, {project, lab, ""}, {2001, bob, "home folder of bob"}, {2001, ann, ""}, {FolderShared, GroupUsers, "Shared folder"},
		{FolderShared, ann, ""}, {project, GroupUsers, ""},
	} {
		o, _ := m.Object(c.object)
		if got := WhyNoEntry(m, o, c.principal); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%d on %d: %q", c.principal, c.object, got)
		}
	}
}
