package authz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2000, Kind: Experiment, Parent: project, Name: "e"}))
	off := mustApply(t, m, Event{Op: PutSetting, Setting: &controlOff})
	for _, c := range []struct {
		m       *Map
		who     int64
		ability Ability
		object  int64
		want    []string
	}{
		{m, ann, ViewRuns, 2000, []string{
			`Ann@example.com is a member of group "team".`, `group "team" is a member of group "lab".`, `group "lab" has CAN_READ on directory /project.`,
			`Experiment /project/e lies in directory /project and takes its permissions.`,
			`On an experiment, CAN_READ gives "View run info, search, compare runs".`,
		}},
		{m, ann, LogRuns, 2000, []string{
			`Ann@example.com is a member of group "team".`, `group "team" is a member of group "lab".`, `group "lab" has CAN_READ on directory /project.`,
			`Experiment /project/e lies in directory /project and takes its permissions.`,
			`On an experiment, CAN_READ does not give "Log run params, metrics, tags".`,
		}},
		{m, admin, ViewModel, secretModel, []string{
			`root@example.com is a member of group "admins".`, `Group "admins" has CAN_MANAGE on everything.`,
			`On a registered-model, CAN_MANAGE gives "View model details, versions, stage transition requests, activities, and artifact download URIs".`,
		}},
		{m, bot, ManageScope, vault, []string{`0f0f-app made secret-scope "vault" and so has MANAGE on it.`,
			`On a secret-scope, MANAGE gives "Change access lists, rotation, delete scope".`}},
		{m, bob, ViewRuns, 2000, []string{`Nothing gives bob@example.com "View run info, search, compare runs" on experiment /project/e.`}},
		{m, bob, CreateItems, Root, []string{`With access control on, only administrators create in the Workspace folder.`}},
		{m, bob, CreateModel, ModelsRoot, []string{`Everybody has "Create a model" on the model registry.`}},
		{m, 999, ViewRuns, 2000, []string{`Principal 999 does not exist or cannot sign in.`}},
		{m, gone, ViewRuns, 2000, []string{`gone@example.com is inactive.`}},
		{m, bob, ViewRuns, 555, []string{`The object does not exist.`}},
		{off, bob, CreateItems, project, []string{`Access control is off, so everybody has CAN_EDIT on the Workspace folder.`,
			`Directory /project lies in the Workspace folder and takes its permissions.`,
			`Access control is off, so everybody may create in the workspace tree.`}},
	} {
		var got []string
		for _, s := range Explain(c.m, Decide(c.m, Who{Principal: c.who}, c.ability, c.object, noon)) {
			got = append(got, s.Text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%d %s %d: %s", c.who, c.ability, c.object, diff)
		}
	}
}

// TestExplainFields: a step says by itself what its sentence says.
func TestExplainFields(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2000, Kind: Experiment, Parent: project, Name: "e"}))
	type fields struct {
		Kind                         StepKind
		Rule                         Rule
		Principal, Group, Object, In int64
		Level                        Level
	}
	for _, c := range []struct {
		who     int64
		ability Ability
		object  int64
		want    []fields
	}{
		{ann, ViewRuns, 2000, []fields{{StepMember, 0, ann, team, 0, 0, NoLevel}, {StepMember, 0, team, lab, 0, 0, NoLevel},
			{StepGrant, RuleEntry, lab, 0, project, 0, CanRead}, {StepInherit, 0, 0, 0, 2000, project, NoLevel}, {StepTable, RuleEntry, ann, 0, 2000, 0, CanRead}}},
		{bot, ManageScope, vault, []fields{{StepGrant, RuleCreator, bot, 0, vault, 0, SecretManage}, {StepTable, RuleCreator, bot, 0, vault, 0, SecretManage}}},
		{bob, ViewRuns, 2000, []fields{{StepRule, RuleNothing, bob, 0, 2000, 0, NoLevel}}},
	} {
		var got []fields
		for _, s := range Explain(m, Decide(m, Who{Principal: c.who}, c.ability, c.object, noon)) {
			got = append(got, fields{s.Kind, s.Rule, s.Principal, s.Group, s.Object, s.In, s.Level})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%d %s %d: %s", c.who, c.ability, c.object, diff)
		}
	}
}

// A path may have thousands of segments; its explanation stays a few lines.
func TestExplainDeepFolders(t *testing.T) {
	const depth = 2000
	m, parent := small(t), int64(project)
	events := make([]Event, depth)
	for i := range events {
		events[i] = putObject(Object{ID: int64(10_000 + i), Kind: Directory, Parent: parent, Name: "d"})
		parent = events[i].Object.ID
	}
	m = mustApply(t, m, events...)
	size, last := 0, ""
	for _, s := range Explain(m, Decide(m, Who{Principal: ann}, ViewItems, parent, noon)) {
		size += len(s.Text)
		if s.Kind == StepInherit {
			last = s.Text
		}
	}
	if size > 20_000 || !strings.HasSuffix(last, "/d lies below directory /project and takes its permissions.") {
		t.Errorf("%d bytes; the last step ends in %q", size, last[max(0, len(last)-200):])
	}
}

func TestRefuse(t *testing.T) {
	m := small(t)
	for _, c := range []struct {
		who     int64
		ability Ability
		object  int64
		level   Level
		givers  []int64
		message string
	}{
		{bob, LogRuns, churn, CanEdit, []int64{ann, admin},
			`bob@example.com may not "Log run params, metrics, tags" on experiment /Users/ann@example.com/churn. It takes CAN_EDIT; ` +
				`the level is NO_PERMISSIONS. Who can give it: Ann@example.com, root@example.com.`},
		{bob, CreateItems, Root, NoLevel, []int64{admin},
			`With access control on, only administrators create in the Workspace folder. Who can give it: root@example.com.`},
		{bob, EditJob, nightly, IsOwner, []int64{ann, admin},
			`bob@example.com may not "Edit job settings" on job "nightly". It takes IS_OWNER; the level is NO_PERMISSIONS. ` +
				`Who can give it: Ann@example.com, root@example.com.`},
		{bob, ManageSettings, WorkspaceObject, NoLevel, []int64{admin},
			`bob@example.com may not "Change settings" on the workspace. Only administrators may. Who can give it: root@example.com.`},
		{gone, ManageSettings, WorkspaceObject, NoLevel, nil, `gone@example.com is inactive.`},
	} {
		r := Refuse(m, Decide(m, Who{Principal: c.who}, c.ability, c.object, noon))
		var givers []int64
		for _, g := range r.Givers {
			givers = append(givers, g.Principal)
		}
		if diff := cmp.Diff([]any{c.level, c.givers, c.message}, []any{r.LevelNeeded, givers, r.Message}); diff != "" {
			t.Errorf("%d %s: %s", c.who, c.ability, diff)
		}
	}
}

// TestRefuseNamesFive: not more, groups as groups, inactive people not at all.
func TestRefuseNamesFive(t *testing.T) {
	m := small(t)
	events := []Event{}
	for i := range int64(7) {
		events = append(events, Event{Op: PutPrincipal, Principal: &Principal{ID: 300 + i, Kind: User, Name: fmt.Sprint("u", i), Active: i != 1}})
	}
	o := Object{ID: project, Kind: Directory, Parent: Root, Name: "project", Entries: []Entry{{team, CanManage}, {300, CanManage}, {301, CanManage},
		{302, CanEdit}, {303, CanManage}, {304, CanManage}, {305, CanManage}, {306, CanManage}}}
	m = mustApply(t, m, append(events, putObject(o))...)
	r := Refuse(m, Decide(m, Who{Principal: bob}, DeleteItems, project, noon))
	want := []Giver{{team, "team", true}, {300, "u0", false}, {303, "u3", false}, {304, "u4", false}, {305, "u5", false}}
	if diff := cmp.Diff(want, r.Givers); diff != "" {
		t.Error(diff)
	}
}
