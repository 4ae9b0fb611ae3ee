package authz

import (
	"slices"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

func TestApplyRefuses(t *testing.T) {
	m := small(t)
	before := facts(m)
	dir := func(id, parent int64, name string) Event {
		return putObject(Object{ID: id, Kind: Directory, Parent: parent, Name: name})
	}
	user := func(id int64, name string, parents ...int64) Event {
		return Event{Op: PutPrincipal, Principal: &Principal{ID: id, Kind: User, Name: name, Active: true, Parents: parents}}
	}
	for name, c := range map[string]struct {
		e    Event
		kind fail.Kind
	}{
		"unknown operation":          {Event{Op: "object.fly"}, fail.Invalid},
		"no content":                 {Event{Op: PutObject}, fail.Invalid},
		"missing parent":             {dir(2000, 7777, "x"), fail.NotFound},
		"below an experiment":        {dir(2000, churn, "x"), fail.Invalid},
		"itself":                     {dir(2000, 2000, "x"), fail.Invalid},
		"cycle":                      {dir(project, dropped, "project"), fail.Invalid},
		"root below something":       {dir(Root, project, ""), fail.Invalid},
		"another kind":               {putObject(Object{ID: churn, Kind: Notebook, Parent: annHome, Name: "churn"}), fail.Invalid},
		"special folder's kind":      {putObject(Object{ID: FolderShared, Kind: File, Parent: Root, Name: "Shared"}), fail.Invalid},
		"unknown kind":               {putObject(Object{ID: 2000, Parent: Root}), fail.Invalid},
		"kind from the future":       {putObject(Object{ID: 2000, Kind: 200, Parent: Root}), fail.Invalid},
		"second tokens":              {putObject(Object{ID: 2000, Kind: Tokens, Parent: TokensRoot}), fail.Invalid},
		"id too large":               {dir(1<<53, Root, "x"), fail.Invalid},
		"id below zero":              {dir(-1, Root, "x"), fail.Invalid},
		"model in a folder":          {putObject(Object{ID: 2000, Kind: RegisteredModel, Parent: Root, Name: "m"}), fail.Invalid},
		"name taken":                 {dir(2000, Root, "project"), fail.Exists},
		"name taken across kinds":    {putObject(Object{ID: 2000, Kind: Experiment, Parent: Root, Name: "project"}), fail.Exists},
		"model's name taken":         {putObject(Object{ID: 2000, Kind: RegisteredModel, Parent: ModelsRoot, Name: "fraud"}), fail.Exists},
		"level of another kind":      {putObject(Object{ID: 2000, Kind: Directory, Parent: Root, Name: "x", Entries: []Entry{{ann, CanView}}}), fail.Invalid},
		"no level":                   {putObject(Object{ID: 2000, Kind: Directory, Parent: Root, Name: "x", Entries: []Entry{{ann, 0}}}), fail.Invalid},
		"unknown level":              {putObject(Object{ID: 2000, Kind: Directory, Parent: Root, Name: "x", Entries: []Entry{{ann, 99}}}), fail.Invalid},
		"unknown principal in entry": {putObject(Object{ID: 2000, Kind: Directory, Parent: Root, Name: "x", Entries: []Entry{{999, CanRead}}}), fail.NotFound},
		"workspace with an entry": {putObject(Object{ID: WorkspaceObject, Kind: Workspace, Parent: WorkspaceObject,
			Entries: []Entry{{ann, CanManage}}}), fail.Invalid},
		"drop with something below": {Event{Op: DropObject, Object: &Object{ID: project}}, fail.State},
		"drop unknown":              {Event{Op: DropObject, Object: &Object{ID: 4444}}, fail.NotFound},
		"drop a special folder":     {Event{Op: DropObject, Object: &Object{ID: FolderRepos}}, fail.State},
		"user's name taken":         {user(200, "ANN@example.com"), fail.Exists},
		"service principal's name":  {user(200, "0F0F-APP"), fail.Exists},
		"group named all users":     {Event{Op: PutPrincipal, Principal: &Principal{ID: 200, Kind: Group, Name: "All Users"}}, fail.Exists},
		"member of nothing":         {user(200, "x", 999), fail.Invalid},
		"member of a user":          {user(200, "x", ann), fail.Invalid},
		"no kind":                   {Event{Op: PutPrincipal, Principal: &Principal{ID: 200, Name: "x"}}, fail.Invalid},
		"principal's kind":          {user(team, "x"), fail.Invalid},
		"drop admins":               {Event{Op: DropPrincipal, Principal: &Principal{ID: GroupAdmins}}, fail.State},
		"drop nobody":               {Event{Op: DropPrincipal, Principal: &Principal{ID: 999}}, fail.NotFound},
		"credential of nobody":      {Event{Op: PutCredential, Credential: &Credential{ID: "x", Principal: 999, Hash: hashOf(3)}}, fail.NotFound},
		"short hash":                {Event{Op: PutCredential, Credential: &Credential{ID: "x", Principal: ann, Hash: []byte{1}}}, fail.Invalid},
		"hash twice":                {Event{Op: PutCredential, Credential: &Credential{ID: "x", Principal: bob, Hash: hashOf(1)}}, fail.Exists},
		"drop no credential":        {Event{Op: DropCredential, Credential: &Credential{ID: "x"}}, fail.NotFound},
	} {
		_, err := m.Apply(6, dir(2222, Root, "fine"), c.e)
		wantKind(t, name, err, c.kind)
	}
	_, err := m.Apply(4)
	wantKind(t, "older version", err, fail.State)
	if diff := cmp.Diff(before, facts(m)); diff != "" {
		t.Errorf("a refused event changed the map: %s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		objects []Object
		kind    fail.Kind
	}{
		"twice":          {[]Object{{ID: 2000, Kind: File, Parent: Root, Name: "a"}, {ID: 2000, Kind: File, Parent: Root, Name: "b"}}, fail.Invalid},
		"same name":      {[]Object{{ID: 2000, Kind: File, Parent: Root, Name: "a"}, {ID: 2001, Kind: Directory, Parent: Root, Name: "a"}}, fail.Exists},
		"cycle":          {[]Object{{ID: 2000, Kind: Directory, Parent: 2001, Name: "a"}, {ID: 2001, Kind: Directory, Parent: 2000, Name: "b"}}, fail.Invalid},
		"missing parent": {[]Object{{ID: 2000, Kind: Directory, Parent: 2001, Name: "a"}}, fail.NotFound},
		"job at a root":  {[]Object{{ID: WorkspaceObject, Kind: Job, Parent: WorkspaceObject, Name: "a"}}, fail.Invalid},
	} {
		b := NewBuilder()
		for _, o := range c.objects {
			b.AddObject(o)
		}
		_, err := NewMap(1, b)
		wantKind(t, name, err, c.kind)
	}
	b := NewBuilder()
	for id := int64(2000); id < 2010; id++ { // same name in the trash, same names of jobs
		b.AddObject(Object{ID: id, Kind: File, Parent: Root, Name: "a", Trashed: id != 2005})
		b.AddObject(Object{ID: id + 100, Kind: Job, Parent: WorkspaceObject, Name: "a"})
	}
	m, err := NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := m.Resolve("/a"); !ok || o.ID != 2005 {
		t.Errorf("%+v", o)
	}
}

func TestPaths(t *testing.T) {
	m := small(t)
	for path, id := range map[string]int64{
		"/": Root, "/Users": FolderUsers, "/Users/ann@example.com/churn": churn, "/Users/.removed": FolderRemoved, "/project": project,
	} {
		if o, ok := m.Resolve(path); !ok || o.ID != id || m.Path(id) != path {
			t.Errorf("%s: %+v, %q", path, o, m.Path(id))
		}
	}
	for _, path := range []string{"", "Users", "//", "/Users/", "/users", "/Users//ann@example.com", "/project/old", "/project/old/e", "/root", "/nightly"} {
		if o, ok := m.Resolve(path); ok {
			t.Errorf("%q found %+v", path, o)
		}
	}
	if m.Path(nightly) != "" || m.Path(777) != "" || m.Path(below) != "/project/old/e" || !m.InTrash(below) || m.InTrash(project) || !m.InTrash(777) {
		t.Error("paths off the tree, in the trash, or of what is not there")
	}
	if m.ACLOwner(777) != -1 || m.ACLOwner(churn) != annHome || m.ACLOwner(vault) != WorkspaceObject || m.ACLOwner(nightly) != nightly {
		t.Error("owners of permissions")
	}
	if got := ids(m.Chain(churn)); !slices.Equal(got, []int64{churn, annHome, FolderUsers, Root}) {
		t.Error(got)
	}
	if got := ids(m.Subtree(project)); !slices.Equal(got, []int64{project, dropped, below}) {
		t.Error(got)
	}
}

func TestPrincipalByName(t *testing.T) {
	m := small(t)
	for _, c := range []struct {
		kind PrincipalKind
		name string
		want int64
	}{
		{User, "ANN@EXAMPLE.COM", ann}, {User, "0f0f-app", bot}, {ServicePrincipal, "0F0F-APP", bot}, {ServicePrincipal, "bob@example.com", 0},
		{Group, "Team", team}, {Group, "All Users", GroupUsers}, {Group, "users", GroupUsers}, {User, "team", 0}, {Group, "bob@example.com", 0},
		{0, "team", team}, {0, "bob@example.com", bob}, {User, "all users", 0}, {0, "", 0},
	} {
		p, ok := m.PrincipalByName(c.kind, c.name)
		if ok != (c.want != 0) || ok && p.ID != c.want {
			t.Errorf("%d %q: %+v", c.kind, c.name, p)
		}
	}
	if got := len(slices.Collect(m.Members(GroupUsers))); got != 6 {
		t.Errorf("%d people in users", got)
	}
}

func TestCredentials(t *testing.T) {
	m := small(t)
	if c, ok := m.Credential(hashOf(2)); !ok || c.ID != "c2" {
		t.Errorf("%+v", c)
	}
	for _, hash := range [][]byte{nil, hashOf(9), hashOf(1)[:31], append(hashOf(1), 0)} {
		if c, ok := m.Credential(hash); ok {
			t.Errorf("%v found %+v", hash, c)
		}
	}
	moved := mustApply(t, m, Event{Op: PutCredential, Credential: &Credential{ID: "c1", Principal: ann, Hash: hashOf(7)}})
	if _, ok := moved.Credential(hashOf(1)); ok {
		t.Error("the old hash still works")
	}
	if n := len(slices.Collect(moved.Credentials(ann))); n != 2 {
		t.Errorf("%d credentials", n)
	}
	none := mustApply(t, moved, Event{Op: DropCredential, Credential: &Credential{ID: "c1"}}, Event{Op: DropPrincipal, Principal: &Principal{ID: ann}})
	for _, hash := range [][]byte{hashOf(1), hashOf(2), hashOf(7)} {
		if c, ok := none.Credential(hash); ok {
			t.Errorf("found %+v after its principal went", c)
		}
	}
	if _, ok := none.CredentialByID("c2"); ok || len(slices.Collect(none.Credentials(ann))) != 0 {
		t.Error("credentials are left")
	}
	if o, _ := none.Object(nightly); len(o.Entries) != 0 {
		t.Errorf("entries are left: %+v", o)
	}
}

// TestNamesAreFree: a name is free again after a rename, a move to the trash and a drop.
func TestNamesAreFree(t *testing.T) {
	m := small(t)
	for name, e := range map[string]Event{
		"renamed": putObject(Object{ID: churn, Kind: Experiment, Parent: annHome, Name: "churn2"}),
		"trashed": putObject(Object{ID: churn, Kind: Experiment, Parent: annHome, Name: "churn", Trashed: true}),
		"dropped": {Op: DropObject, Object: &Object{ID: churn}},
	} {
		next := mustApply(t, m, e)
		if _, ok := next.Resolve("/Users/ann@example.com/churn"); ok {
			t.Errorf("%s: still found", name)
		}
		next = mustApply(t, next, putObject(Object{ID: 2000, Kind: Notebook, Parent: annHome, Name: "churn"}))
		if o, ok := next.Resolve("/Users/ann@example.com/churn"); !ok || o.ID != 2000 {
			t.Errorf("%s: %+v", name, o)
		}
		_, err := next.Apply(99, putObject(Object{ID: churn, Kind: Experiment, Parent: annHome, Name: "churn"}))
		wantKind(t, name+" and put back", err, fail.Exists)
	}
}

func TestEntriesTidied(t *testing.T) {
	m := mustApply(t, small(t), putObject(Object{ID: 2000, Kind: File, Parent: Root, Name: "f",
		Entries: []Entry{{team, CanRead}, {ann, CanRead}, {team, CanEdit}, {ann, CanRun}}}))
	o, _ := m.Object(2000)
	if diff := cmp.Diff([]Entry{{ann, CanRun}, {team, CanEdit}}, o.Entries); diff != "" {
		t.Error(diff)
	}
}
