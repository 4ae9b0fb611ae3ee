package authz

import (
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type changing func(m *Map, who Who, object int64, entries []Entry) (Object, error)

func TestChanges(t *testing.T) {
	m := small(t)
	for name, c := range map[string]struct {
		change  changing
		object  int64
		entries []Entry
		want    []Entry
		manages bool // the creator's flag afterwards
	}{
		"PUT replaces":                   {PutEntries, project, []Entry{{bob, CanRead}}, []Entry{{bob, CanRead}}, false},
		"PUT of nothing":                 {PutEntries, project, nil, nil, false},
		"PUT: the last one wins":         {PutEntries, project, []Entry{{bob, CanManage}, {bob, CanRead}}, []Entry{{bob, CanRead}}, false},
		"PUT without the creator":        {PutEntries, churn, []Entry{{bob, CanRun}}, []Entry{{bob, CanRun}}, false},
		"PUT with the creator":           {PutEntries, churn, []Entry{{ann, CanManage}}, []Entry{{ann, CanManage}}, false},
		"PUT on the root":                {PutEntries, Root, []Entry{{GroupAdmins, CanManage}, {bob, CanRead}}, []Entry{{bob, CanRead}}, false},
		"PUT on /Shared":                 {PutEntries, FolderShared, []Entry{{GroupUsers, CanRead}, {bob, CanRead}}, []Entry{{bob, CanRead}}, false},
		"PUT on a home":                  {PutEntries, annHome, []Entry{{ann, CanRead}}, nil, false},
		"PUT on tokens":                  {PutEntries, TokensRoot, []Entry{{GroupAdmins, CanManage}, {team, CanUse}}, []Entry{{team, CanUse}}, false},
		"PUT on passwords":               {PutEntries, PasswordsRoot, []Entry{{bob, CanUse}}, []Entry{{bob, CanUse}}, false},
		"admins elsewhere are an entry":  {PutEntries, project, []Entry{{GroupAdmins, CanRead}}, []Entry{{GroupAdmins, CanRead}}, false},
		"PATCH adds":                     {PatchEntries, project, []Entry{{bob, CanRead}}, []Entry{{bob, CanRead}, {lab, CanRead}}, false},
		"PATCH replaces the same one":    {PatchEntries, project, []Entry{{lab, CanEdit}}, []Entry{{lab, CanEdit}}, false},
		"PATCH leaves the creator":       {PatchEntries, churn, []Entry{{bob, CanRead}}, []Entry{{bob, CanRead}}, true},
		"PATCH lowers the creator":       {PatchEntries, churn, []Entry{{ann, CanRead}}, []Entry{{ann, CanRead}}, false},
		"PATCH on the root":              {PatchEntries, Root, []Entry{{bob, CanRead}}, []Entry{{bob, CanRead}}, false},
		"secrets":                        {PatchEntries, vault, []Entry{{bob, SecretWrite}}, []Entry{{bob, SecretWrite}}, true},
		"job keeps its owner":            {PutEntries, nightly, []Entry{{ann, IsOwner}, {team, CanManage}}, []Entry{{ann, IsOwner}, {team, CanManage}}, false},
		"job's owner given twice":        {PutEntries, nightly, []Entry{{bob, IsOwner}, {bob, CanView}, {ann, IsOwner}}, []Entry{{ann, IsOwner}, {bob, CanView}}, false},
		"PATCH of a job with an owner":   {PatchEntries, nightly, []Entry{{bob, CanView}}, []Entry{{ann, IsOwner}, {bob, CanView}}, false},
		"Run is a level of experiments":  {PatchEntries, churn, []Entry{{bob, CanRun}}, []Entry{{bob, CanRun}}, true},
		"registry-wide levels of models": {PatchEntries, ModelsRoot, []Entry{{bob, CanManageStaging}}, []Entry{{bob, CanManageStaging}}, false},
	} {
		o, err := c.change(m, Who{Principal: ann}, c.object, c.entries)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, o.Entries, cmpopts.EquateEmpty()); diff != "" || o.CreatorManages != c.manages {
			t.Errorf("%s: creator manages %v, %s", name, o.CreatorManages, diff)
		}
		mustApply(t, m, putObject(o))
	}
}

func TestChangesRefused(t *testing.T) {
	m := small(t)
	for name, c := range map[string]struct {
		change  changing
		who     int64
		object  int64
		entries []Entry
		kind    fail.Kind
		message string
	}{
		"unknown object":          {PutEntries, admin, 777, nil, fail.NotFound, "Object 777 does not exist."},
		"in the trash":            {PutEntries, admin, below, nil, fail.NotFound, "Object 1008 does not exist."},
		"unknown principal":       {PutEntries, admin, project, []Entry{{999, CanRead}}, fail.NotFound, "Principal 999 does not exist."},
		"level of another kind":   {PatchEntries, admin, nightly, []Entry{{bob, CanRead}}, fail.Invalid, `Permission level "CAN_READ" does not exist for jobs. Known levels: CAN_VIEW, CAN_MANAGE_RUN, IS_OWNER, CAN_MANAGE.`},
		"no level":                {PatchEntries, admin, project, []Entry{{bob, NoLevel}}, fail.Invalid, `Permission level "NO_PERMISSIONS" does not exist for directories. Known levels: CAN_READ, CAN_RUN, CAN_EDIT, CAN_MANAGE.`},
		"the workspace":           {PutEntries, admin, WorkspaceObject, []Entry{{bob, CanManage}}, fail.Invalid, "Objects of kind workspace have no permissions of their own."},
		"root without admins":     {PutEntries, admin, Root, nil, fail.Invalid, "Cannot change permissions for group 'admins' to None."},
		"models without admins":   {PutEntries, admin, ModelsRoot, []Entry{{bob, CanRead}}, fail.Invalid, "Cannot change permissions for group 'admins' to None."},
		"tokens with lower":       {PutEntries, admin, TokensRoot, []Entry{{GroupAdmins, CanUse}}, fail.Invalid, "Cannot change permissions for group 'admins' to None."},
		"root lowered by PATCH":   {PatchEntries, admin, Root, []Entry{{GroupAdmins, CanRead}}, fail.Invalid, "Cannot change permissions for group 'admins' to None."},
		"job without owner":       {PutEntries, admin, nightly, []Entry{{bob, CanManage}}, fail.Invalid, "The job must have exactly one owner."},
		"job with two":            {PatchEntries, admin, nightly, []Entry{{bob, IsOwner}}, fail.Invalid, "The job must have exactly one owner."},
		"job of a group":          {PutEntries, admin, nightly, []Entry{{team, IsOwner}}, fail.Invalid, `The job must have exactly one owner. The group "team" cannot own it.`},
		"job given away by owner": {PutEntries, ann, nightly, []Entry{{bob, IsOwner}}, fail.Denied, "Only administrators change the owner of a job."},
	} {
		_, err := c.change(m, Who{Principal: c.who}, c.object, c.entries)
		wantKind(t, name, err, c.kind)
		if err != nil && err.Error() != c.message {
			t.Errorf("%s: %q", name, err)
		}
	}
	if o, err := PutEntries(m, Who{Principal: admin}, nightly, []Entry{{bob, IsOwner}}); err != nil || o.entryOf(bob) != IsOwner {
		t.Errorf("given away by an administrator: %+v, %v", o, err)
	}
}

// TestShownCanBePut: what is shown as direct, put back, is shown the same.
func TestShownCanBePut(t *testing.T) {
	m := small(t)
	for _, object := range []int64{Root, FolderShared, annHome, churn, project, ModelsRoot, secretModel, nightly, vault, TokensRoot, PasswordsRoot} {
		before := Entries(m, object)
		var direct []Entry
		for _, e := range before {
			for _, l := range e.Levels {
				if !l.Inherited {
					direct = append(direct, Entry{e.Principal, l.Level})
				}
			}
		}
		o, err := PutEntries(m, Who{Principal: admin}, object, direct)
		if err != nil {
			t.Errorf("%d: %v", object, err)
			continue
		}
		after := Entries(mustApply(t, m, putObject(o)), object)
		if diff := cmp.Diff(before, after, cmpopts.IgnoreFields(ShownLevel{}, "Rule")); diff != "" {
			t.Errorf("%d: %s", object, diff)
		}
	}
}

func TestEntriesShown(t *testing.T) {
	m := mustApply(t, small(t, controlOff), putObject(Object{ID: 2000, Kind: Directory, Parent: project, Name: "in", Entries: []Entry{{lab, CanRead}}}),
		putObject(Object{ID: 2001, Kind: Notebook, Parent: 2000, Name: "n", Creator: bob, CreatorManages: true}))
	inherited := func(l Level, r Rule, from ...int64) ShownLevel { return ShownLevel{l, true, from, r} }
	want := []ShownEntry{
		{GroupUsers, []ShownLevel{inherited(CanEdit, RuleOpen, Root)}},
		{GroupAdmins, []ShownLevel{inherited(CanManage, RuleAdmins, Root)}},
		{bob, []ShownLevel{{CanManage, false, nil, RuleCreator}}},
		{lab, []ShownLevel{inherited(CanRead, RuleEntry, 2000, project)}},
	}
	if diff := cmp.Diff(want, Entries(m, 2001)); diff != "" {
		t.Error(diff)
	}
	job := []ShownEntry{
		{GroupAdmins, []ShownLevel{inherited(CanManage, RuleAdmins, WorkspaceObject)}}, {ann, []ShownLevel{{IsOwner, false, nil, RuleEntry}}},
	}
	if diff := cmp.Diff(job, Entries(m, nightly)); diff != "" {
		t.Error(diff)
	}
	root := []ShownEntry{
		{GroupUsers, []ShownLevel{{CanEdit, false, nil, RuleOpen}}}, {GroupAdmins, []ShownLevel{{CanManage, false, nil, RuleAdmins}}},
	}
	if diff := cmp.Diff(root, Entries(m, Root)); diff != "" {
		t.Error(diff)
	}
	if Entries(m, 777) != nil {
		t.Error("permissions of nothing")
	}
}

func TestSwitchAccessControl(t *testing.T) {
	off := mustApply(t, small(t, controlOff),
		putObject(Object{ID: 2000, Kind: File, Parent: Root, Name: "before"}),
		putObject(Object{ID: 2001, Kind: File, Parent: annHome, Name: "deeper", CreatedOpen: true}),
		putObject(Object{ID: FolderShared, Kind: Directory, Parent: Root, Name: "Shared", CreatedOpen: true}))
	for _, value := range []string{"false", "FALSE"} {
		if events, err := SwitchAccessControl(off, value); err != nil || events != nil {
			t.Errorf("setting the present value: %v, %v", events, err)
		}
	}
	_, err := SwitchAccessControl(off, "maybe")
	wantKind(t, "neither", err, fail.Invalid)
	events, err := SwitchAccessControl(off, "TRue")
	given := Object{ID: project, Kind: Directory, Parent: Root, Name: "project", Entries: []Entry{{GroupUsers, CanManage}, {lab, CanRead}}}
	want := []Event{{Op: PutSetting, Setting: &Setting{SettingAccessControl, "TRue"}}, putObject(given)}
	if diff := cmp.Diff(want, events); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	on := mustApply(t, off, events...)
	if !on.AccessControl() || LevelOn(on, bob, project) != CanManage || LevelOn(on, bob, 2000) != NoLevel || LevelOn(on, bob, annHome) != NoLevel {
		t.Error("what everybody has afterwards")
	}
	again := mustApply(t, on, mustSwitch(t, on, "false")...)
	if events := mustSwitch(t, again, "true"); len(events) != 1 {
		t.Errorf("switched on again: %+v", events)
	}
}

func mustSwitch(t *testing.T, m *Map, value string) []Event {
	t.Helper()
	events, err := SwitchAccessControl(m, value)
	if err != nil {
		t.Fatal(err)
	}
	return events
}
