package policy

import (
	"strings"
	"testing"
	"time"

	"bailiwick/authz"
)

// The people and objects of the tests' workspace.
const (
	ann, bob, root, robot       = 100, 101, 102, 103
	team, oncall                = 110, 111
	folder, churn, fraud, inner = 1000, 1001, 1002, 1003
	model, secondModel          = 1010, 1011
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // a Monday

func builder() *authz.Builder {
	b := authz.NewBuilder()
	b.ReadPolicies(Compile)
	for _, p := range []authz.Principal{
		{ID: team, Kind: authz.Group, Name: "team", Active: true},
		{ID: oncall, Kind: authz.Group, Name: "oncall", Active: true},
		{ID: ann, Kind: authz.User, Name: "ann@x.org", Active: true, Parents: []int64{team}},
		{ID: bob, Kind: authz.User, Name: "bob@x.org", Active: true, Parents: []int64{oncall}},
		{ID: root, Kind: authz.User, Name: "root@x.org", Active: true, Parents: []int64{authz.GroupAdmins}},
		{ID: robot, Kind: authz.ServicePrincipal, Name: "robot", Active: true},
	} {
		b.AddPrincipal(p)
	}
	for _, o := range []authz.Object{
		{ID: folder, Kind: authz.Directory, Parent: authz.Root, Name: "team", Entries: []authz.Entry{{Principal: team, Level: authz.CanEdit}}},
		{ID: churn, Kind: authz.Experiment, Parent: folder, Name: "churn", Steward: &authz.Steward{Tier: "critical", Owner: ann}},
		{ID: inner, Kind: authz.Directory, Parent: folder, Name: "inner"},
		{ID: fraud, Kind: authz.Experiment, Parent: inner, Name: "fraud"},
		{ID: model, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: "churn-model", Creator: ann, CreatorManages: true,
			Steward: &authz.Steward{Tier: "critical"}},
		{ID: secondModel, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: "fraud-model"},
	} {
		b.AddObject(o)
	}
	return b
}

func mapWith(t testing.TB, text string) *authz.Map {
	t.Helper()
	m, err := authz.NewMap(1, builder())
	if err != nil {
		t.Fatal(err)
	}
	read, err := Check(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	names, err := read.Bind(m)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m, err = m.Apply(2, authz.Event{Op: authz.PutPolicies, Policies: &authz.PolicyText{Version: 1, Text: text, Names: names}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const releaserRole = `roles:
  releaser:
    description: moves versions
    held_by: ["group:team"]
    assumed_by: ["group:oncall"]
    claims: [release-managers]
    gives:
      - level: CAN_MANAGE_PRODUCTION_VERSIONS
        on: registered-model:*-model
        tags: {bailiwick.tier: critical}
      - abilities: [view-runs]
        on: directory:/team
---
`

const claimed = `@id("approvers") @claim("stage-approver") @message("Only approvers decide.")
forbid (principal, action in [Action::"decide-any", Action::"decide-staging"], resource is RegisteredModel)
unless { context.claims.contains("stage-approver") };`

var laws = []struct {
	name    string
	text    string
	who     authz.Who
	ability authz.Ability
	object  int64
	allowed bool
	policy  string
}{
	{"a forbid refuses what an entry gives", `@id("no") forbid (principal == User::"ann@x.org", action == Action::"view-runs", resource == Experiment::"/team/churn");`,
		authz.Who{Principal: ann}, authz.ViewRuns, churn, false, "no"},
	{"and nothing beside", `@id("no") forbid (principal == User::"ann@x.org", action == Action::"view-runs", resource == Experiment::"/team/churn");`,
		authz.Who{Principal: ann}, authz.ViewRuns, fraud, true, ""},
	{"a folder reaches what is below", `@id("no") forbid (principal, action == Action::"view-runs", resource in Directory::"/team");`,
		authz.Who{Principal: ann}, authz.ViewRuns, fraud, false, "no"},
	{"== a folder does not", `@id("no") forbid (principal, action == Action::"view-items", resource == Directory::"/team");`,
		authz.Who{Principal: ann}, authz.ViewItems, inner, true, ""},
	{"admins are forbidden too", `@id("no") forbid (principal, action, resource);`, authz.Who{Principal: root}, authz.ViewRuns, churn, false, "no"},
	{"but not policies", `@id("no") forbid (principal, action, resource);`, authz.Who{Principal: root}, authz.ManagePolicies, authz.WorkspaceObject, true, ""},
	{"others are", `@id("no") forbid (principal, action, resource);`, authz.Who{Principal: ann}, authz.SignedIn, authz.WorkspaceObject, false, "no"},
	{"a permit adds", `@id("yes") permit (principal in Group::"oncall", action == Action::"view-model", resource is RegisteredModel);`,
		authz.Who{Principal: bob}, authz.ViewModel, secondModel, true, "yes"},
	{"its group only", `@id("yes") permit (principal in Group::"oncall", action == Action::"view-model", resource is RegisteredModel);`,
		authz.Who{Principal: robot}, authz.ViewModel, secondModel, false, ""},
	{"a forbid is stronger", `@id("yes") permit (principal, action, resource); @id("no") forbid (principal, action == Action::"view-model", resource);`,
		authz.Who{Principal: ann}, authz.ViewModel, model, false, "no"},
	{"tier", `@id("no") forbid (principal, action == Action::"view-runs", resource is Experiment) when { resource has tier && resource.tier == "critical" };`,
		authz.Who{Principal: ann}, authz.ViewRuns, churn, false, "no"},
	{"no tier", `@id("no") forbid (principal, action == Action::"view-runs", resource is Experiment) when { resource has tier && resource.tier == "critical" };`,
		authz.Who{Principal: ann}, authz.ViewRuns, fraud, true, ""},
	{"owner", `@id("own") permit (principal, action == Action::"purge-runs", resource is Experiment) when { resource has owner && resource.owner == principal.name };`,
		authz.Who{Principal: ann}, authz.PurgeRuns, churn, true, "own"},
	{"tag", `@id("no") forbid (principal, action, resource is Experiment) when { resource.hasTag("bailiwick.tier") && resource.getTag("bailiwick.tier") == "critical" };`,
		authz.Who{Principal: ann}, authz.LogRuns, churn, false, "no"},
	{"network", `@id("no") forbid (principal, action, resource) unless { context has source && context.source.isInRange(ip("10.0.0.0/8")) };`,
		authz.Who{Principal: ann, Source: "192.168.1.1:99"}, authz.ViewRuns, churn, false, "no"},
	{"inside", `@id("no") forbid (principal, action, resource) unless { context has source && context.source.isInRange(ip("10.0.0.0/8")) };`,
		authz.Who{Principal: ann, Source: "10.9.1.1"}, authz.ViewRuns, churn, true, ""},
	{"time", `@id("no") forbid (principal, action, resource) when { context.weekday == "monday" && context.hour >= 12 };`,
		authz.Who{Principal: ann}, authz.ViewRuns, churn, false, "no"},
	{"method", `@id("no") forbid (principal, action == Action::"view-runs", resource) when { context.method == "system" };`,
		authz.Who{Principal: ann, Method: "system"}, authz.ViewRuns, churn, false, "no"},
	{"age", `@id("no") forbid (principal, action, resource) when { context has credentialAge && context.credentialAge > duration("30d") };`,
		authz.Who{Principal: ann, SignedIn: noon.Add(-31 * 24 * time.Hour)}, authz.ViewRuns, churn, false, "no"},
	{"machines", `@id("no") forbid (principal is ServicePrincipal, action, resource);`, authz.Who{Principal: ann}, authz.ViewRuns, churn, true, ""},
	{"claim gone", claimed, authz.Who{Principal: ann, By: &authz.Assertion{Roles: []string{"other"}}}, authz.DecideAny, model, false, "approvers"},
	{"claim there", claimed, authz.Who{Principal: ann, By: &authz.Assertion{Roles: []string{"stage-approver"}}}, authz.DecideAny, model, true, ""},
	{"a role held by a group", releaserRole, authz.Who{Principal: ann}, authz.ViewRuns, fraud, true, ""},
	{"a role by claim", releaserRole, authz.Who{Principal: robot, By: &authz.Assertion{Roles: []string{"release-managers"}}},
		authz.TransitionAny, model, true, "releaser"},
	{"its tags", releaserRole, authz.Who{Principal: robot, By: &authz.Assertion{Roles: []string{"release-managers"}}},
		authz.TransitionAny, secondModel, false, ""},
	{"its folder", releaserRole, authz.Who{Principal: robot, By: &authz.Assertion{Roles: []string{"releaser"}}}, authz.ViewRuns, fraud, true, "releaser"},
	{"not assumed", releaserRole, authz.Who{Principal: bob}, authz.ViewRuns, churn, false, ""},
	{"assumed", releaserRole, authz.Who{Principal: bob, Roles: []string{"releaser"}}, authz.ViewRuns, churn, true, "releaser"},
	{"assumed by a stranger", releaserRole, authz.Who{Principal: robot, Roles: []string{"releaser"}}, authz.ViewRuns, churn, false, ""},
	{"policies about roles", releaserRole + `@id("r") permit (principal in Role::"releaser", action == Action::"purge-runs", resource);`,
		authz.Who{Principal: ann}, authz.PurgeRuns, churn, true, "r"},
	{"in conditions too", releaserRole + `@id("r") permit (principal, action == Action::"purge-runs", resource is Experiment) when { principal in Role::"releaser" && resource in Directory::"/team" };`,
		authz.Who{Principal: ann}, authz.PurgeRuns, fraud, true, "r"},
	{"name of the model", `@id("n") permit (principal, action == Action::"view-model", resource is RegisteredModel) when { resource["name"] like "fraud-*" };`,
		authz.Who{Principal: bob}, authz.ViewModel, secondModel, true, "n"},
}

func TestLaws(t *testing.T) {
	for _, c := range laws {
		t.Run(c.name, func(t *testing.T) {
			m := mapWith(t, c.text)
			d := authz.Decide(m, c.who, c.ability, c.object, noon)
			if d.Allowed != c.allowed || d.Policy != c.policy {
				t.Fatalf("%+v, want %v by %q", d, c.allowed, c.policy)
			}
			o, _ := m.Object(c.object)
			if got := authz.ScopeOf(m, c.who, c.ability, noon); o.Kind != authz.Workspace && got.AdmitsIn(m, o) != c.allowed {
				t.Fatalf("scope %+v", got)
			}
			if steps := authz.Explain(m, d); c.policy != "" && (len(steps) != 1 || steps[0].Policy != c.policy || !strings.Contains(steps[0].Text, c.policy)) {
				t.Fatalf("%+v", steps)
			}
		})
	}
}

func TestRefusalNamesTheClaim(t *testing.T) {
	m := mapWith(t, claimed)
	d := authz.Decide(m, authz.Who{Principal: ann}, authz.DecideAny, model, noon)
	want := `Policy "approvers" forbids ann@x.org "Approve or reject a model version stage transition request" on registered-model "churn-model". ` +
		`Only approvers decide. It takes the claim "stage-approver".`
	if got := authz.Refuse(m, d); got.Message != want || got.Policy != "approvers" {
		t.Fatalf("%+v", got)
	}
}

var mistakes = []struct{ name, text, place, says string }{
	{"unknown ability", "\n@id(\"a\")\npermit (principal, action == Action::\"view-rums\", resource);", "3:30:", `no ability "view-rums"`},
	{"unknown kind", "@id(\"a\") permit (principal, action, resource is Experimint);", "1:49:", "Experimint"},
	{"unknown attribute", "@id(\"a\")\nforbid (principal, action, resource is Experiment)\nwhen { resource.tear == \"x\" };", "3:17:", "tear"},
	{"wrong type", "@id(\"a\")\nforbid (principal, action, resource)\nwhen { context.hour == \"x\" };", "1:1:", "a"},
	{"may be missing", "@id(\"a\") forbid (principal, action, resource is Experiment) when { resource.tier == \"x\" };", "1:77:", "tier"},
	{"does not apply", "@id(\"a\") forbid (principal, action == Action::\"view-runs\", resource is Cluster);", "", "applicable action"},
	{"syntax", "@id(\"a\")\npermit (principal, action resource);", "2:35:", "resource"},
	{"no name", "permit (principal, action, resource);", "1:1:", "@id"},
	{"same name", "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") permit (principal, action, resource);", "2:1:", "Another policy"},
	{"unknown annotation", "@id(\"a\") @mesage(\"x\") permit (principal, action, resource);", "1:11:", "@mesage"},
	{"tag of anybody", "@id(\"a\") forbid (principal, action, resource is Experiment) when { resource.hasTag(\"team\") };", "1:84:", "governed tags"},
	{"nobody", "@id(\"a\")\nforbid (principal == User::\"eve@x.org\", action, resource);", "2:22:", `no User "eve@x.org"`},
	{"nothing", "@id(\"a\")\nforbid (principal, action, resource == Experiment::\"/team/none\");", "2:40:", `no Experiment "/team/none"`},
	{"unknown role", "@id(\"a\") permit (principal in Role::\"none\", action, resource);", "1:31:", "no role"},
	{"unknown level", "roles:\n  r:\n    gives:\n      - level: CAN_FLY\n        on: experiment:*\n", "4:16:", "CAN_FLY"},
	{"level of another kind", "roles:\n  r:\n    gives:\n      - level: CAN_QUERY\n        on: experiment:*\n", "4:16:", "CAN_QUERY"},
	{"unknown field", "roles:\n  r:\n    givs: []\n", "3:5:", "givs"},
	{"no kind", "roles:\n  r:\n    gives:\n      - level: CAN_READ\n        on: experimint:*\n", "5:13:", "KIND:NAME"},
	{"not an ability of it", "roles:\n  r:\n    gives:\n      - abilities: [view-runs]\n        on: registered-model:*\n", "4:21:", "view-runs"},
	{"whose role", "roles:\n  r:\n    held_by: [ann]\n", "3:15:", "nobody"},
	{"alias", "roles:\n  r: &a\n    held_by: []\n  s: *a\n", "2:6:", "Anchors"},
	{"same role", "roles:\n  r: {}\n  r: {}\n", "3:3:", "r"},
	{"place below roles", releaserRole + "@id(\"a\") permit (principal, action, resource is Nothing);", "14:49:", "Nothing"},
}

func TestMistakesHaveAPlace(t *testing.T) {
	m, err := authz.NewMap(1, builder())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			read, err := Check(c.text)
			if err == nil {
				_, err = read.Bind(m)
			}
			if _, ok := AsProblems(err); !ok || !strings.HasPrefix(err.Error(), c.place) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want %s … %s", err, c.place, c.says)
			}
		})
	}
}

func TestHostileTexts(t *testing.T) {
	deep := 100_000
	for name, text := range map[string]string{
		"parentheses":  `@id("a") permit (principal, action, resource) when { ` + strings.Repeat("(", deep) + "true" + strings.Repeat(")", deep) + " };",
		"sets":         `@id("a") permit (principal, action, resource) when { ` + strings.Repeat("[", deep),
		"ifs":          `@id("a") permit (principal, action, resource) when { ` + strings.Repeat("if ", deep),
		"ands":         `@id("a") permit (principal, action, resource) when { true ` + strings.Repeat("&& true ", deep) + "};",
		"ten MB":       strings.Repeat("// nothing\n", 1_000_000),
		"yaml":         "roles: " + strings.Repeat("[", deep),
		"open string":  `@id("a`,
		"zero":         "@id(\"a\")\x00 permit (principal, action, resource);",
		"bad utf-8":    "@id(\"\xff\xfe\") permit (principal, action, resource)",
		"open comment": "roles:\n  r: {}\n---\n/* x",
	} {
		start := time.Now()
		if _, err := Check(text); err == nil || len(err.Error()) > 4000 {
			t.Errorf("%s: %.200v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestUnicodeNames(t *testing.T) {
	m := mapWith(t, `@id("日本 🐳") @message("Nein – ü.") forbid (principal == User::"a\u{6e}n@x.org", action == Action::"view-runs", resource);`)
	if d := authz.Decide(m, authz.Who{Principal: ann}, authz.ViewRuns, churn, noon); d.Allowed || d.Policy != "日本 🐳" {
		t.Fatalf("%+v", d)
	}
}

// A name that is given again after its object was removed gets nothing with it.
func TestNamesAreBound(t *testing.T) {
	m := mapWith(t, `@id("yes") permit (principal == User::"bob@x.org", action, resource == RegisteredModel::"fraud-model");`)
	m, err := m.Apply(3, authz.Event{Op: authz.DropObject, Object: &authz.Object{ID: secondModel}}, authz.Event{Op: authz.PutObject,
		Object: &authz.Object{ID: 2000, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: "fraud-model"}})
	if err != nil {
		t.Fatal(err)
	}
	if d := authz.Decide(m, authz.Who{Principal: bob}, authz.ViewModel, 2000, noon); d.Allowed {
		t.Fatalf("%+v", d)
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range laws {
		f.Add(c.text)
	}
	for _, c := range mistakes {
		f.Add(c.text)
	}
	m, err := authz.NewMap(1, builder())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := Check(text)
		if err != nil {
			if p, ok := AsProblems(err); !ok || len(p) == 0 || p[0].Line < 1 || p[0].Column < 1 {
				t.Fatalf("%v has no place", err)
			}
			return
		}
		names, err := read.Bind(m)
		if err != nil {
			return
		}
		if _, err := Compile(&authz.PolicyText{Version: 1, Text: text, Names: names}); err != nil {
			t.Fatalf("checked, but not compiled: %v", err)
		}
	})
}
