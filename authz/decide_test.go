package authz

import (
	"testing"
	"time"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

// The small workspace of the tests below: ann and her team, bob who has nothing, root who administers, aud who audits.
const (
	ann, bob, admin, aud, gone, bot, team, lab = 101, 102, 103, 104, 105, 106, 110, 111

	annHome, churn, project, secretModel, nightly, vault, dropped, below = 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008
)

func smallBuilder(settings ...Setting) *Builder {
	b := NewBuilder()
	for _, p := range []Principal{
		{ID: ann, Kind: User, Name: "Ann@example.com", Active: true, Parents: []int64{team}},
		{ID: bob, Kind: User, Name: "bob@example.com", Active: true},
		{ID: admin, Kind: User, Name: "root@example.com", Active: true, Parents: []int64{GroupAdmins}},
		{ID: aud, Kind: User, Name: "aud@example.com", Active: true, Parents: []int64{GroupAuditors}},
		{ID: gone, Kind: User, Name: "gone@example.com", Parents: []int64{GroupAdmins}},
		{ID: bot, Kind: ServicePrincipal, Name: "0f0f-app", Shown: "trainer", Active: true},
		{ID: team, Kind: Group, Name: "team", Active: true, Parents: []int64{lab}},
		{ID: lab, Kind: Group, Name: "lab", Active: true},
	} {
		b.AddPrincipal(p)
	}
	for _, o := range []Object{
		{ID: annHome, Kind: Directory, Parent: FolderUsers, Name: "ann@example.com", Home: ann},
		{ID: churn, Kind: Experiment, Parent: annHome, Name: "churn", Creator: ann, CreatorManages: true},
		{ID: project, Kind: Directory, Parent: Root, Name: "project", Entries: []Entry{{lab, CanRead}}, CreatedOpen: true},
		{ID: secretModel, Kind: RegisteredModel, Parent: ModelsRoot, Name: "fraud", Creator: ann, CreatorManages: true},
		{ID: nightly, Kind: Job, Parent: WorkspaceObject, Name: "nightly", Entries: []Entry{{ann, IsOwner}}},
		{ID: vault, Kind: SecretScope, Parent: WorkspaceObject, Name: "vault", Creator: bot, CreatorManages: true},
		{ID: dropped, Kind: Directory, Parent: project, Name: "old", Trashed: true},
		{ID: below, Kind: Experiment, Parent: dropped, Name: "e"},
	} {
		b.AddObject(o)
	}
	b.AddCredential(Credential{ID: "c1", Principal: ann, Hash: hashOf(1)})
	b.AddCredential(Credential{ID: "c2", Principal: ann, Hash: hashOf(2), Expires: noon.UnixMilli()})
	for _, s := range settings {
		b.AddSetting(s)
	}
	return b
}

// hashOf gives hashes that start alike, so that only the whole tells them apart.
func hashOf(n byte) []byte {
	h := make([]byte, hashSize)
	h[hashSize-1] = n
	return h
}

func small(t *testing.T, settings ...Setting) *Map {
	t.Helper()
	m, err := NewMap(5, smallBuilder(settings...))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var (
	controlOff = Setting{SettingAccessControl, "false"}
	namesGone  = Setting{SettingEnforceView, "True"}
)

func TestRules(t *testing.T) {
	on, off, hidden := small(t), small(t, controlOff), small(t, namesGone)
	for name, c := range map[string]struct {
		m       *Map
		who     int64
		ability Ability
		object  int64
		allowed bool
		known   bool
		rule    Rule
	}{
		"unknown principal":                        {on, 999, ListItems, Root, false, false, RuleUnknown},
		"the server is no principal":               {on, System, ListItems, Root, false, false, RuleUnknown},
		"a group cannot ask":                       {on, team, ListItems, Root, false, false, RuleUnknown},
		"inactive administrator":                   {on, gone, ListItems, Root, false, false, RuleInactive},
		"unknown ability":                          {on, admin, 9999, Root, false, false, RuleNoSuchAbility},
		"ability of another kind":                  {on, admin, ViewRuns, Root, false, true, RuleNoSuchAbility},
		"missing object":                           {on, admin, ViewRuns, 77, false, false, RuleAbsent},
		"in the trash":                             {on, admin, ViewItems, dropped, false, false, RuleAbsent},
		"below the trash":                          {on, admin, ViewRuns, below, false, false, RuleAbsent},
		"trash shown to who could see it":          {on, ann, ViewTrashed, dropped, true, true, RuleEntry},
		"trash hidden from others":                 {on, bob, ViewTrashed, dropped, false, false, RuleNothing},
		"purge out of the trash":                   {on, admin, PurgeRuns, below, true, true, RuleAdmins},
		"administrators":                           {on, admin, ChangePermissions, churn, true, true, RuleAdmins},
		"home":                                     {on, ann, CreateItems, annHome, true, true, RuleHome},
		"home gives nothing to others":             {on, bob, ViewItems, annHome, false, true, RuleNothing},
		"names in a home may be listed":            {on, bob, ListItems, annHome, true, true, RuleAnyone},
		"names hidden":                             {hidden, bob, ListItems, annHome, false, false, RuleNothing},
		"names on the way to something":            {hidden, ann, ListItems, FolderUsers, true, true, RuleBelow},
		"a known name hidden":                      {hidden, bob, ViewRuns, churn, false, false, RuleNothing},
		"shared leads the way to everybody":        {hidden, bob, ListItems, Root, true, true, RuleBelow},
		"creator":                                  {on, ann, ChangePermissions, churn, true, true, RuleCreator},
		"creator of a model":                       {on, ann, ChangePermissions, secretModel, true, true, RuleCreator},
		"models of others are not known":           {on, bob, ViewModel, secretModel, false, false, RuleNothing},
		"creator of secrets":                       {on, bot, ManageScope, vault, true, true, RuleCreator},
		"owner of a job":                           {on, ann, EditJob, nightly, true, true, RuleEntry},
		"nested group":                             {on, ann, ViewItems, project, true, true, RuleEntry},
		"nested group has no more":                 {on, ann, CreateExperiments, project, false, true, RuleNothing},
		"shared":                                   {on, bot, CreateItems, FolderShared, true, true, RuleShared},
		"root is closed":                           {on, bob, CreateItems, Root, false, true, RuleRootClosed},
		"root is open to administrators":           {on, admin, CreateItems, Root, true, true, RuleAdmins},
		"anyone creates a model":                   {on, bob, CreateModel, ModelsRoot, true, true, RuleAnyone},
		"off: root is open":                        {off, bob, CreateItems, Root, true, true, RuleOpen},
		"off: edit in the tree":                    {off, bob, LogRuns, churn, true, true, RuleOpen},
		"off: experiments too":                     {off, bob, CreateExperiments, Root, true, true, RuleOpen},
		"off: no delete":                           {off, bob, DeleteItems, project, false, true, RuleNothing},
		"off: no move":                             {off, bob, MoveRename, project, false, true, RuleNothing},
		"off: no grant":                            {off, bob, ChangePermissions, project, false, true, RuleNothing},
		"off: all models":                          {off, bob, DeleteModel, secretModel, true, true, RuleOpen},
		"off: jobs are as ever":                    {off, bob, ViewJob, nightly, false, false, RuleNothing},
		"auditors read permissions":                {on, aud, ReadPermissions, secretModel, true, true, RuleAuditors},
		"auditors read the ledger":                 {on, aud, ReadAudit, WorkspaceObject, true, true, RuleAuditors},
		"auditors see no content":                  {on, aud, ViewModel, secretModel, false, false, RuleNothing},
		"auditors change nothing":                  {on, aud, ManageIdentities, WorkspaceObject, false, true, RuleNothing},
		"everybody asks about himself":             {on, bob, AskAboutSelf, WorkspaceObject, true, true, RuleAnyone},
		"not about others":                         {on, bob, AskAboutOthers, WorkspaceObject, false, true, RuleNothing},
		"settings are changed by administrators":   {on, admin, ManageSettings, WorkspaceObject, true, true, RuleAdmins},
		"everybody may use tokens at first":        {on, bob, UseTokens, TokensRoot, true, true, RuleEntry},
		"tokens of others":                         {on, bob, ManageTokens, TokensRoot, false, true, RuleNothing},
		"no passwords unless given":                {on, bob, UsePassword, PasswordsRoot, false, true, RuleNothing},
		"administrators change password rights":    {on, admin, ChangePermissions, PasswordsRoot, true, true, RuleAdmins},
		"a job's owner may not be asked elsewhere": {on, ann, ViewRuns, nightly, false, true, RuleNoSuchAbility},
	} {
		d := Decide(c.m, Who{Principal: c.who}, c.ability, c.object, noon)
		if diff := cmp.Diff([]any{c.allowed, c.known, c.rule}, []any{d.Allowed, d.Known, d.Rule}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCredentialsCutDown(t *testing.T) {
	m := small(t)
	for name, c := range map[string]struct {
		who     Who
		ability Ability
		want    Rule
	}{
		"no credential":        {Who{}, ViewRuns, RuleCreator},
		"of the map":           {Who{Method: MethodToken, Credential: "c1"}, ViewRuns, RuleCreator},
		"revoked":              {Who{Method: MethodToken, Credential: "c9"}, ViewRuns, RuleCredential},
		"without one":          {Who{Method: MethodToken}, ViewRuns, RuleCredential},
		"expired in the map":   {Who{Method: MethodToken, Credential: "c2"}, ViewRuns, RuleCredential},
		"expires later":        {Who{Expires: noon.UnixMilli() + 1}, ViewRuns, RuleCreator},
		"expires now":          {Who{Expires: noon.UnixMilli()}, ViewRuns, RuleCredential},
		"all scopes":           {Who{Scopes: []string{"scim", "all-apis"}}, ViewRuns, RuleCreator},
		"its scope":            {Who{Scopes: []string{"mlflow"}}, ViewRuns, RuleCreator},
		"another scope":        {Who{Scopes: []string{"scim"}}, ViewRuns, RuleScope},
		"scope of permissions": {Who{Scopes: []string{"mlflow"}}, ChangePermissions, RuleScope},
		"unknown scope":        {Who{Scopes: []string{"everything"}}, ViewRuns, RuleScope},
	} {
		c.who.Principal = ann
		d := Decide(m, c.who, c.ability, churn, noon)
		if d.Rule != c.want || d.Allowed != (c.want == RuleCreator) || ScopeOf(m, c.who, c.ability, noon).Admits(annHome, 0, false) != d.Allowed {
			t.Errorf("%s: %+v", name, d)
		}
	}
	other := Decide(m, Who{Principal: bob, Method: MethodToken, Credential: "c1"}, ListItems, Root, noon)
	if other.Allowed || other.Rule != RuleCredential {
		t.Errorf("the credential of somebody else: %+v", other)
	}
}

func TestScopes(t *testing.T) {
	on, off := small(t), small(t, controlOff)
	for name, c := range map[string]struct {
		m       *Map
		who     int64
		ability Ability
		all     bool
		acls    []int64
	}{
		"administrator":        {on, admin, ViewRuns, true, nil},
		"of a group":           {on, ann, ViewRuns, false, []int64{FolderShared, annHome, project}},
		"of everybody":         {on, bob, ViewRuns, false, []int64{FolderShared}},
		"control off":          {off, bob, ViewRuns, true, nil},
		"models":               {on, ann, ViewModel, false, nil},
		"models, control off":  {off, bob, ViewModel, true, nil},
		"names":                {on, bob, ListItems, true, nil},
		"permissions, auditor": {on, aud, ReadPermissions, true, nil},
		"jobs":                 {on, ann, ViewJob, false, []int64{nightly}},
		"the ledger":           {on, bob, ReadAudit, false, nil},
		"the ledger, auditor":  {on, aud, ReadAudit, true, nil},
		"unknown ability":      {on, admin, 9999, false, nil},
		"unknown principal":    {on, 999, ViewRuns, false, nil},
	} {
		s := ScopeOf(c.m, Who{Principal: c.who}, c.ability, noon)
		if diff := cmp.Diff([]any{c.all, c.acls}, []any{s.All(), s.ACLs()}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if s := ScopeOf(on, Who{Principal: ann}, ViewModel, noon); !s.Admits(ModelsRoot, ann, true) || s.Admits(ModelsRoot, ann, false) || s.Admits(ModelsRoot, bob, true) {
		t.Errorf("own models: %+v", s)
	}
	if (Scope{}).Admits(0, 0, true) || (Scope{}).Admits(Root, 0, false) {
		t.Error("the zero scope admits something")
	}
}

// TestScopeRemembered: making an experiment keeps what is remembered, making a folder adds to it, a grant drops it.
func TestScopeRemembered(t *testing.T) {
	m := small(t)
	who := Who{Principal: ann}
	first := ScopeOf(m, who, ViewRuns, noon)
	m = mustApply(t, m, putObject(Object{ID: 2001, Kind: Experiment, Parent: annHome, Name: "e2", Creator: ann, CreatorManages: true}))
	if again := ScopeOf(m, who, ViewRuns, noon); &again.ACLs()[0] != &first.ACLs()[0] {
		t.Error("worked out again after an experiment was made")
	}
	m = mustApply(t, m, putObject(Object{ID: 2002, Kind: Directory, Parent: annHome, Name: "d", Creator: bob, CreatorManages: true}))
	if diff := cmp.Diff(append(first.ACLs(), 2002), ScopeOf(m, who, ViewRuns, noon).ACLs()); diff != "" {
		t.Error(diff)
	}
	m = mustApply(t, m, putObject(Object{ID: project, Kind: Directory, Parent: Root, Name: "project"}))
	if diff := cmp.Diff([]int64{FolderShared, annHome, 2002}, ScopeOf(m, who, ViewRuns, noon).ACLs()); diff != "" {
		t.Error(diff)
	}
}

// TestTrashEndsTheWay: where names are hidden, a folder that leads to nothing but the trash is not listed, and is again after a restore.
func TestTrashEndsTheWay(t *testing.T) {
	m := small(t, namesGone)
	folder := Object{ID: 2000, Kind: Directory, Parent: FolderRepos, Name: "d"}
	note := Object{ID: 2001, Kind: Notebook, Parent: 2000, Name: "n", Entries: []Entry{{bob, CanRead}}}
	m = mustApply(t, m, putObject(folder), putObject(note))
	for _, trashed := range []bool{false, true, false} {
		note.Trashed = trashed
		m = mustApply(t, m, putObject(note))
		for _, id := range []int64{2000, FolderRepos} {
			if d := Decide(m, Who{Principal: bob}, ListItems, id, noon); d.Allowed == trashed {
				t.Errorf("trashed %v: %+v", trashed, d)
			}
		}
	}
}

func putObject(o Object) Event { return Event{Op: PutObject, Object: &o} }

func mustApply(t *testing.T, m *Map, events ...Event) *Map {
	t.Helper()
	next, err := m.Apply(m.Version()+1, events...)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestDecideAllocates: nothing, once groups are worked out.
func TestDecideAllocates(t *testing.T) {
	m, who := small(t), Who{Principal: ann, Method: MethodToken, Credential: "c1", Scopes: []string{"mlflow"}}
	if n := testing.AllocsPerRun(100, func() { Decide(m, who, ViewRuns, churn, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestConcurrent is for the race detector: maps are read while next ones are made.
func TestConcurrent(t *testing.T) {
	m, done := small(t, namesGone), make(chan struct{})
	for range 4 {
		go func(m *Map) {
			defer func() { done <- struct{}{} }()
			for id := int64(3000); id < 3100; id++ {
				next, err := m.Apply(m.Version(), putObject(Object{ID: id, Kind: Directory, Parent: annHome, Name: time.Duration(id).String(), Creator: bob,
					CreatorManages: true}))
				if err != nil {
					t.Error(err)
					return
				}
				m = next
				for _, who := range []int64{ann, bob, admin} {
					ScopeOf(m, Who{Principal: who}, ViewRuns, noon)
					Decide(m, Who{Principal: who}, ListItems, id, noon)
				}
			}
		}(m)
	}
	for range 4 {
		<-done
	}
}

func wantKind(t *testing.T, name string, err error, kind fail.Kind) {
	t.Helper()
	if !fail.Is(err, kind) {
		t.Errorf("%s: %v, want kind %d", name, err, kind)
	}
}
