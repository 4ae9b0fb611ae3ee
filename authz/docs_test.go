package authz

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/abilities.md anew")

const abilitiesPage = "../docs/abilities.md"

// TestAbilitiesPage keeps docs/abilities.md what the tables are.
func TestAbilitiesPage(t *testing.T) {
	page := printPage()
	if *update {
		if err := os.WriteFile(abilitiesPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(abilitiesPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("go test ./authz -update writes it anew: %s", diff)
	}
}

func printPage() string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\nPrinted by `go test ./authz -update` from the tables in `authz/tables.go`; do not edit. A level gives what is marked in its " +
		"column. Lines whose *from* is empty are those of the source tables; `trash` marks what also works on objects in the trash, `auditors` what " +
		"auditors have without a level. What no line names is refused. Defaults (creator, home, /Shared, access control off) are in the design page.\n")
	for _, info := range Kinds() {
		printKind(&b, info)
	}
	return b.String()
}

func printKind(b *strings.Builder, info KindInfo) {
	fmt.Fprintf(b, "\n## %s\n\n", info.Name)
	if len(info.Levels) > 0 {
		fmt.Fprintf(b, "`/permissions/%s/…`, answered as `%s`.\n\n", info.Request, info.Object)
	}
	head := []string{"ability", "", "everybody"}
	for _, l := range columnsOf(info.Kind)[1:] {
		head = append(head, strings.TrimPrefix(l.String(), "CAN_"))
	}
	if info.Kind == Workspace {
		head[len(head)-1] = "admins"
	}
	head = append(head, "token scope", "from")
	printRow(b, head)
	b.WriteString(strings.Repeat("|--", len(head)) + "|\n")
	for _, r := range Rows(info.Kind) {
		ability, _ := r.Ability.Info()
		row := []string{"`" + ability.Name + "`", r.Title}
		for _, cell := range r.Cells {
			row = append(row, strings.Trim(string(cell), "."))
		}
		printRow(b, append(row, ability.Family, strings.TrimSpace(r.Source+marks(r))))
	}
}

func marks(r Row) (s string) {
	if r.Auditors {
		s += " (auditors)"
	}
	if r.Directories {
		s += " (directories)"
	}
	if r.Trash {
		s += " (trash)"
	}
	return s
}

func printRow(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
