package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// layer is a row of the import table: what a package of this module may import of this module. A package without a row is a breach, so
// that nothing grows beside the layout (docs/adr/0001-layout.md) without somebody deciding where it belongs.
type layer struct {
	pure bool     // decides, and does not touch the world: no I/O packages, and nothing of ours that is not pure
	sql  bool     // may speak SQL
	uses []string // packages of this module; "x/..." stands for x and all below it
}

var (
	rules  = []string{"authz", "fail"} // what the pure packages have in common
	domain = []string{"authz", "fail", "identity", "workspace", "keyed", "tracking", "tracking/search", "registry", "registry/webhook", "jobs", "serving", "secret", "lineage", "ledger", "findings", "rotation", "credential"}
	front  = append([]string{"api", "store", "blob", "compute", "kek"}, domain...)
	whole  = append([]string{"api/...", "store", "blob", "compute", "issuer", "kek", "bearer", "worker", "web"}, domain...)
)

var importTable = map[string]layer{
	"fail":      {pure: true},
	"authz":     {pure: true, uses: []string{"fail"}},
	"ledger":    {pure: true, uses: []string{"fail"}},
	"identity":  {pure: true, uses: rules},
	"workspace": {pure: true, uses: rules},
	"keyed":     {pure: true, uses: []string{"fail"}},
	"tracking":  {pure: true, uses: append([]string{"keyed", "tracking/search"}, rules...)},
	"registry":  {pure: true, uses: append([]string{"keyed", "tracking/search"}, rules...)},
	"jobs":      {pure: true, uses: rules},
	"serving":   {pure: true, uses: rules},
	"secret":    {pure: true, uses: rules},
	"rotation":  {pure: true, uses: rules},
	"lineage":   {pure: true, uses: append([]string{"keyed"}, rules...)},
	"findings":  {pure: true, uses: []string{"authz", "fail", "ledger"}},

	"credential":       {pure: true, uses: rules},
	"tracking/search":  {pure: true, uses: rules},
	"registry/webhook": {pure: true, uses: append([]string{"keyed"}, rules...)},

	"bearer":          {uses: []string{"fail"}},
	"blob":            {uses: []string{"fail"}},
	"compute":         {uses: []string{"fail"}},
	"store":           {sql: true, uses: domain},
	"store/storetest": {sql: true, uses: append([]string{"store"}, domain...)},

	"api":            {uses: append([]string{"store", "blob", "bearer"}, domain...)},
	"api/mlflow":     {uses: front},
	"api/databricks": {uses: front},
	"api/scim":       {uses: front},
	"api/oidc":       {uses: append([]string{"issuer"}, front...)},
	"api/oauth":      {uses: append([]string{"issuer", "bearer"}, front...)},
	"api/governance": {uses: front},
	"api/console":    {uses: []string{"api", "fail"}},
	"api/mlflowui":   {uses: front},

	"kek":     {uses: []string{"fail", "secret"}},
	"outward": {uses: []string{"fail", "registry/webhook"}},
	"issuer":  {uses: append([]string{"outward"}, domain...)},

	"issuer/issuertest": {uses: domain},

	"web":               {},
	"worker":            {uses: append([]string{"api", "store", "blob", "compute", "kek", "outward"}, domain...)},
	"server":            {uses: whole},
	"server/servertest": {uses: append([]string{"server", "store", "store/storetest"}, domain...)},
	"cmd/bailiwick":     {uses: append([]string{"server", "store", "blob", "kek"}, domain...)},
	"bench":             {uses: domain},

	"cmd/bailiwick-pkcs11": {uses: []string{"kek"}},
}

// world is what a pure package does not import: the ways to files, processes, networks and clocks of requests.
var world = []string{
	"context", "database/sql", "database/sql/driver", "net", "net/http", "net/http/httptest", "net/rpc", "net/smtp",
	"os", "os/exec", "os/signal", "os/user", "plugin", "syscall",
}

// speaksSQL are the beginnings of packages that only the store imports.
var speaksSQL = []string{"database/sql", "github.com/jackc/pgx", "github.com/pressly/goose", "modernc.org/sqlite"}

// longestChain bounds the packages of ours on one path of imports.
const longestChain = 8

// tree is package → what it imports, both without the module's name where they are ours ("./" marks ours among the imports).
type tree map[string][]string

func TestImports(t *testing.T) {
	for _, breach := range breaches(readTree(t)) {
		t.Error(breach)
	}
}

// TestImportRules holds the test above against trees that break each of its rules.
func TestImportRules(t *testing.T) {
	tests := map[string]struct {
		tree tree
		want []string
	}{
		"as designed": {tree{
			"fail": {"errors"}, "authz": {"./fail", "time", "net/netip"}, "store": {"./authz", "database/sql", "os"},
			"api/mlflow": {"./store", "./api", "net/http"},
		}, nil},
		"unknown package": {tree{"util": {"fmt"}}, []string{"util: no row in the import table"}},
		"pure with I/O":   {tree{"tracking": {"os", "context"}}, []string{"tracking: is pure and imports context", "tracking: is pure and imports os"}},
		"pure with store": {tree{"authz": {"./store"}}, []string{"authz: may not import store"}},
		"front to front":  {tree{"api/mlflow": {"./api/databricks"}}, []string{"api/mlflow: may not import api/databricks"}},
		"front with SQL": {tree{"api/scim": {"database/sql", "github.com/jackc/pgx/v5"}}, []string{
			"api/scim: speaks SQL through database/sql", "api/scim: speaks SQL through github.com/jackc/pgx/v5",
		}},
		"import of unknown": {tree{"server": {"./util"}}, []string{"server: may not import util"}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, breaches(tt.tree)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	deep := tree{}
	for i := range longestChain {
		deep[fmt.Sprint("p", i)] = []string{fmt.Sprint("./p", i+1)}
	}
	deep[fmt.Sprint("p", longestChain)] = nil
	if got := chain(deep); len(got) != longestChain+1 || got[0] != "p0" {
		t.Errorf("the longest chain of a line of %d packages is %v", longestChain+1, got)
	}
}

// TestImportTable holds the table against itself: pure packages lead to pure ones only, and names that are used exist.
func TestImportTable(t *testing.T) {
	for name, row := range importTable {
		for _, used := range row.uses {
			other, ok := importTable[strings.TrimSuffix(used, "/...")]
			if !ok || (row.pure && !other.pure) {
				t.Errorf("%s may import %s, which is unknown or not pure", name, used)
			}
		}
	}
}

func breaches(all tree) []string {
	var found []string
	for name, imports := range all {
		row, known := importTable[name]
		if !known {
			found = append(found, name+": no row in the import table")
			continue
		}
		for _, imported := range imports {
			if breach := row.breach(imported); breach != "" {
				found = append(found, name+": "+breach)
			}
		}
	}
	if long := chain(all); len(long) > longestChain {
		found = append(found, fmt.Sprintf("a chain of %d packages, %d are allowed: %s", len(long), longestChain, strings.Join(long, " → ")))
	}
	slices.Sort(found)
	return found
}

func (row layer) breach(imported string) string {
	if ours, ok := strings.CutPrefix(imported, "./"); ok {
		if !slices.ContainsFunc(row.uses, func(allowed string) bool { return within(ours, allowed) }) {
			return "may not import " + ours
		}
		return ""
	}
	if !row.sql && slices.ContainsFunc(speaksSQL, func(p string) bool { return within(imported, p+"/...") }) {
		if !row.pure || !slices.Contains(world, imported) {
			return "speaks SQL through " + imported
		}
	}
	if row.pure && slices.Contains(world, imported) {
		return "is pure and imports " + imported
	}
	return ""
}

func within(name, pattern string) bool {
	above, all := strings.CutSuffix(pattern, "/...")
	return name == above || (all && strings.HasPrefix(name, above+"/"))
}

// chain gives the longest path of imports among packages of ours.
func chain(all tree) []string {
	memo := map[string][]string{}
	var from func(string) []string
	from = func(name string) []string {
		if known, ok := memo[name]; ok {
			return known
		}
		var longest []string
		for _, imported := range all[name] {
			if ours, ok := strings.CutPrefix(imported, "./"); ok && len(from(ours)) > len(longest) {
				longest = from(ours)
			}
		}
		memo[name] = append([]string{name}, longest...)
		return memo[name]
	}
	var longest []string
	for name := range all {
		if path := from(name); len(path) > len(longest) {
			longest = path
		}
	}
	return longest
}

// readTree asks the go command for the packages of this module and their imports, tests aside.
func readTree(t *testing.T) tree {
	t.Helper()
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Module", "./...")
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := tree{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			ImportPath string
			Imports    []string
			Module     struct{ Path string }
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ours := p.Module.Path + "/"
		for i, imported := range p.Imports {
			if rest, ok := strings.CutPrefix(imported, ours); ok {
				p.Imports[i] = "./" + rest
			}
		}
		all[strings.TrimPrefix(p.ImportPath, ours)] = p.Imports
	}
	if len(all) < 5 {
		t.Fatalf("go list names %d packages; this test looks at the wrong folder", len(all))
	}
	return all
}
