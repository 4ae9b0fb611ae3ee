package server_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bailiwick/api"
	"bailiwick/ledger"
	"bailiwick/server/servertest"
)

// TestEveryActionHasAnOperation: what changes something, or has an entry of its own, is found by operation: in a search of the audit trail. An
// action that is new is put into the table in ledger/operation.go.
func TestEveryActionHasAnOperation(t *testing.T) {
	s := servertest.Start(t)
	routes(s, func(f *api.Front, r *api.Route) {
		reads := r.Mode() == "read" || r.Mode() == "list" || r.Mode() == "stream" || r.Mode() == "open"
		if r.AuditClass() == "C" && reads {
			return
		}
		if !ledger.ActionKnown(r.Action) {
			t.Errorf("%s %s: the action %s has no operation", r.Method, r.Path, r.Action)
		}
		if op := ledger.OperationOf(r.Action); r.Mode() == "write" && r.Method != "POST" && op == ledger.Access {
			t.Errorf("%s %s: the action %s changes something and is taken for %s", r.Method, r.Path, r.Action, op)
		}
	})
}

// named are the places in the source where an action is named beside the routes.
var named = []struct{ folder, pattern string }{
	{"../api", `\.Action\("(\w+)"\)`},
	{"../store", `SystemEntry\("\w+", "(\w+)"\)`},
	{"../worker", `SystemEntry\("\w+", "(\w+)"\)`},
	{"../server", `SystemEntry\("\w+", "(\w+)"\)`},
	{"../store", `ledger\.Entry\{[^}]*Action: +"(\w+)"`},
	{"../api", `ledger\.Entry\{[^}]*Action: +"(\w+)"`},
	{"../api/databricks", `authz\.\w+: +\{"(\w+)", "\w+"\}`},
	{"../api/databricks", `authz\.\w+: +\{"\w+", "(\w+)"\}`},
	{"../api/scim", `return "((?:set|add|remove|activate|deactivate)\w+)"`},
}

// TestActionsNamedInCode is TestEveryActionHasAnOperation for actions that depend on what a call did.
func TestActionsNamedInCode(t *testing.T) {
	for _, place := range named {
		pattern, found := regexp.MustCompile(place.pattern), 0
		err := filepath.WalkDir(place.folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			for _, match := range pattern.FindAllSubmatch(text, -1) {
				if found++; !ledger.ActionKnown(string(match[1])) {
					t.Errorf("%s: the action %s has no operation", name, match[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if found == 0 && place.folder != "../worker" && place.folder != "../server" {
			t.Errorf("nothing in %s is like %s: the pattern is old", place.folder, place.pattern)
		}
	}
}
