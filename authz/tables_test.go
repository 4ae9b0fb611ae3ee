package authz

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

// sources are the tables of the law and the kinds that keep them.
var sources = map[string][]Kind{
	"folder": {Directory}, "notebook": {Notebook, File}, "experiment": {Experiment}, "registered-model": {RegisteredModel}, "job": {Job},
	"serving-endpoint": {Endpoint}, "cluster": {Cluster}, "secret-scope": {SecretScope}, "token": {Tokens},
}

func readTSV(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "law", name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimRight(line, "\n"), "\t"))
	}
	return rows
}

// wordOf turns a level into the words of the source tables' heads.
var wordOf = map[string]Level{
	"No Permissions": NoLevel, "Read": CanRead, "Run": CanRun, "Edit": CanEdit, "Manage": CanManage,
	"Manage Staging Versions": CanManageStaging, "Manage Production Versions": CanManageProduction,
	"Can View": CanView, "Can Manage Run": CanManageRun, "Is Owner": IsOwner, "Can Manage": CanManage, "Can Query": CanQuery,
	"Can Attach To": CanAttachTo, "Can Restart": CanRestart, "Can Use": CanUse, "Write": SecretWrite,
}

func sourceLevel(k Kind, word string) Level {
	if k == SecretScope && (word == "Read" || word == "Manage") {
		return map[string]Level{"Read": SecretRead, "Manage": SecretManage}[word]
	}
	return wordOf[word]
}

// TestLaw holds every cell of the source tables against ours, both ways.
func TestLaw(t *testing.T) {
	for name, kindsOf := range sources {
		for _, k := range kindsOf {
			lawOfKind(t, name, k)
		}
	}
}

func lawOfKind(t *testing.T, name string, k Kind) {
	rows, titles := readTSV(t, name), map[string]bool{}
	head := rows[0]
	for _, row := range rows[1:] {
		titles[row[0]] = true
		for i := 1; i < len(head); i++ {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			checkCell(t, k, row[0], sourceLevel(k, head[i]), cell)
		}
	}
	for _, r := range Rows(k) {
		if r.Source == "" && !titles[r.Title] {
			t.Errorf("%s: the sources have no line %q", k, r.Title)
		}
	}
}

// checkCell: a text in a cell means that one ability of the line is given and another is not.
func checkCell(t *testing.T, k Kind, title string, l Level, cell string) {
	given, lines := 0, 0
	for _, r := range Rows(k) {
		if r.Title == title && r.Source == "" {
			lines++
			if cellsOf(r.Cells, columnsOf(k)).has(l) {
				given++
			}
		}
	}
	switch {
	case lines == 0:
		t.Errorf("%s: no line %q", k, title)
	case cell == "x" && given != lines, cell == "" && given != 0, len(cell) > 1 && (given == 0 || given == lines):
		t.Errorf("%s, %q, %s: source %q, given %d of %d", k, title, l, cell, given, lines)
	}
}

func TestRunActsAsEditOnExperiments(t *testing.T) {
	for _, r := range Rows(Experiment) {
		if strings.Contains("view-items clone-export view-trashed", r.Ability.String()) {
			continue
		}
		if r.Cells[2] != r.Cells[3] {
			t.Errorf("%s: Run %c, Edit %c", r.Ability, r.Cells[2], r.Cells[3])
		}
	}
}

// TestBeyond holds the lines that the source tables do not have.
func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		ability Ability
		least   Level
	}{
		{RegisteredModel, SetAlias, CanManageProduction}, {RegisteredModel, EditModelTags, CanEdit},
		{RegisteredModel, CommentVersion, CanRead}, {RegisteredModel, PostCheck, CanEdit},
		{RegisteredModel, ManageModelHooks, CanManage}, {RegisteredModel, SetModelGovernance, CanManage},
		{Experiment, ViewLoggedModels, CanRead}, {Experiment, EditLoggedModels, CanRun}, {Experiment, ImportArtifacts, CanRun},
		{Notebook, EditCells, CanEdit}, {Directory, DeleteItems, CanManage}, {Directory, CreateExperiments, CanEdit},
		{Directory, RestoreExperiments, CanEdit}, {Directory, ReadPermissions, CanManage}, {Job, ReadPermissions, IsOwner},
		{SecretScope, ReadPermissions, SecretManage}, {Tokens, ManageTokens, CanManage}, {Directory, ListItems, NoLevel},
	} {
		if got := LeastLevel(c.kind, c.ability); got != c.least {
			t.Errorf("%s %s: least level %s, want %s", c.kind, c.ability, got, c.least)
		}
	}
}

// TestTablesWellFormed: a cell a column, levels that give no less than lower ones, a change and a read of permissions on every kind with
// levels, and numbers of levels that rise within a kind.
func TestTablesWellFormed(t *testing.T) {
	for _, info := range Kinds() {
		columns, seen := columnsOf(info.Kind), map[Ability]bool{}
		for i := 1; i < len(columns); i++ {
			if columns[i] <= columns[i-1] {
				t.Errorf("%s: level %s does not rise", info.Name, columns[i])
			}
		}
		if info.Kind != Workspace && columns[len(columns)-1] != info.Manage {
			t.Errorf("%s: Manage is not its highest level", info.Name)
		}
		for _, r := range Rows(info.Kind) {
			if len(r.Cells) != len(columns) || strings.Contains(r.Cells, "x.") || seen[r.Ability] || r.Title == "" {
				t.Errorf("%s %s: cells %q of %d columns", info.Name, r.Ability, r.Cells, len(columns))
			}
			seen[r.Ability] = true
		}
		if len(info.Levels) > 0 && (!info.Kind.Has(ChangePermissions) || !info.Kind.Has(ReadPermissions) || len(info.Levels) < 2) {
			t.Errorf("%s: permissions cannot be changed or read", info.Name)
		}
	}
}

// TestAbilitiesUsed: each has a name of its own, a family but for signed-in, a line in a table, and the same cells on all kinds of the tree
// that have it below folders, which scopes build on.
func TestAbilitiesUsed(t *testing.T) {
	names := map[string]bool{}
	for a := Ability(1); a < abilityEnd; a++ {
		info, _ := a.Info()
		if info.Name == "" || names[info.Name] || kindsWith(a) == 0 || info.Family == "" && a != SignedIn || abilityEnd >= 1<<abilityBits {
			t.Errorf("ability %d: %+v", a, info)
		}
		names[info.Name] = true
		var cells levelSet
		for k := Directory; k <= Experiment; k++ {
			if s := ruleOf(k, a).levels; s != 0 && cells != 0 && s != cells {
				t.Errorf("%s differs among kinds of the tree", a)
			} else if s != 0 {
				cells = s
			}
		}
	}
}

func TestNamesInText(t *testing.T) {
	for a := Ability(1); a < abilityEnd; a++ {
		roundTrip(t, a, new(Ability))
	}
	for k := Directory; k < kindEnd; k++ {
		roundTrip(t, k, new(Kind))
	}
	for l := NoLevel; l < levelEnd; l++ {
		roundTrip(t, l, new(Level))
	}
	var k Kind
	var l Level
	var a Ability
	for _, err := range []error{k.UnmarshalText([]byte("unknown")), l.UnmarshalText([]byte("CAN_FLY")), a.UnmarshalText([]byte("unknown"))} {
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("unknown name: %v", err)
		}
	}
	if _, err := json.Marshal(Decision{Kind: 99, Ability: 9999}); err != nil {
		t.Errorf("a refusal of unknown things must be recordable: %v", err)
	}
}

func roundTrip[T comparable](t *testing.T, v T, into *T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || *into != v {
		t.Errorf("%v: %s, %v, %v", v, text, *into, err)
	}
}

func TestParseLevel(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		name    string
		want    Level
		message string
	}{
		{Experiment, "CAN_RUN", CanRun, ""},
		{SecretScope, "MANAGE", SecretManage, ""},
		{Endpoint, "CAN_RUN", 0, `Permission level "CAN_RUN" does not exist for serving-endpoints. Known levels: CAN_VIEW, CAN_QUERY, CAN_MANAGE.`},
		{Tokens, "", 0, `Permission level "" does not exist for authorization/tokens. Known levels: CAN_USE, CAN_MANAGE.`},
		{Workspace, "CAN_MANAGE", 0, "Objects of kind workspace have no permissions of their own."},
		{99, "CAN_MANAGE", 0, "Objects of kind unknown have no permissions of their own."},
	} {
		got, err := ParseLevel(c.kind, c.name)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if diff := cmp.Diff([]any{c.want, c.message}, []any{got, message}); diff != "" {
			t.Errorf("%s %q: %s", c.kind, c.name, diff)
		}
	}
}

func TestKindOfRequest(t *testing.T) {
	for request, want := range map[string]Kind{
		"directories": Directory, "authorization/tokens": Tokens, "experiments": Experiment, "workspaces": 0, "": 0, "repos": 0,
	} {
		if got, ok := KindOfRequest(request); got != want || ok != (want != 0) {
			t.Errorf("%q: %v", request, got)
		}
	}
}
