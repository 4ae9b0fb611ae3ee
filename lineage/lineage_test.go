package lineage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/keyed"
)

func run(n int) Node { return Node{Kind: Run, ID: fmt.Sprint("r", n), Object: 7} }

// over makes a Look of edges in memory.
func over(edges []Edge) Look {
	return func(nodes []Node, way Way, most int) (found []Edge, more bool, err error) {
		for _, e := range edges {
			near := e.From
			if way == Down {
				near = e.To
			}
			if slices.Contains(nodes, near) {
				found = append(found, e)
			}
		}
		return found[:min(most, len(found))], len(found) > most, nil
	}
}

func line(pairs ...[2]int) (edges []Edge) {
	for _, p := range pairs {
		edges = append(edges, Edge{From: run(p[0]), To: run(p[1]), Relation: Read})
	}
	return edges
}

func ids(nodes []Node) (out []string) {
	for _, n := range nodes {
		out = append(out, n.ID)
	}
	return out
}

func TestWalk(t *testing.T) {
	chain := line([2]int{1, 2}, [2]int{2, 3}, [2]int{3, 4})
	circle := append(slices.Clone(chain), line([2]int{4, 1})...)
	fan := line([2]int{1, 2}, [2]int{1, 3}, [2]int{1, 4}, [2]int{5, 1}, [2]int{6, 2})
	tests := map[string]struct {
		edges       []Edge
		start       int
		ways        []Way
		depth, most int
		nodes       string
		count       int
		truncated   bool
	}{
		"up":                {chain, 2, []Way{Up}, 9, 9, "r2 r3 r4", 2, false},
		"down":              {chain, 2, []Way{Down}, 9, 9, "r2 r1", 1, false},
		"both":              {chain, 2, []Way{Up, Down}, 9, 9, "r2 r3 r4 r1", 3, false},
		"circle":            {circle, 1, []Way{Up}, 9, 9, "r1 r2 r3 r4", 4, false},
		"circle both ways":  {circle, 1, []Way{Up, Down}, 9, 9, "r1 r2 r3 r4", 4, false},
		"self":              {line([2]int{1, 1}), 1, []Way{Up, Down}, 9, 9, "r1", 1, false},
		"depth cuts":        {chain, 1, []Way{Up}, 2, 9, "r1 r2 r3", 2, true},
		"depth just enough": {chain, 1, []Way{Up}, 3, 9, "r1 r2 r3 r4", 3, false},
		"circle at depth":   {circle, 1, []Way{Up}, 4, 9, "r1 r2 r3 r4", 4, false},
		"edges cut":         {fan, 1, []Way{Up}, 9, 2, "r1 r2 r3", 2, true},
		"edges just enough": {fan, 1, []Way{Up}, 9, 3, "r1 r2 r3 r4", 3, false},
		"no zigzag":         {fan, 1, []Way{Up, Down}, 9, 9, "r1 r2 r3 r4 r5", 4, false},
		"nothing there":     {chain, 8, []Way{Up, Down}, 9, 9, "r8", 0, false},
	}
	for name, tt := range tests {
		g, err := Walk(over(tt.edges), []Node{run(tt.start)}, tt.ways, tt.depth, tt.most)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ids(g.Nodes), " "); got != tt.nodes || len(g.Edges) != tt.count || g.Truncated != tt.truncated {
			t.Errorf("%s: nodes %s, %d edges, truncated %v; want %s, %d, %v", name, got, len(g.Edges), g.Truncated, tt.nodes, tt.count, tt.truncated)
		}
	}
}

func TestWalkGivesErrors(t *testing.T) {
	broken := errors.New("broken")
	_, err := Walk(func([]Node, Way, int) ([]Edge, bool, error) { return nil, false, broken }, []Node{run(1)}, []Way{Up}, 3, 3)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// TestWalkAgainstReachability holds walks over random graphs against the plain closure, and their bounds.
func TestWalkAgainstReachability(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 6))
	for range 300 {
		var edges []Edge
		for range rnd.IntN(30) {
			edges = append(edges, line([2]int{rnd.IntN(10), rnd.IntN(10)})...)
		}
		edges = slices.CompactFunc(edges, func(a, b Edge) bool { return a.Key() == b.Key() })
		g, err := Walk(over(edges), []Node{run(0)}, []Way{Up}, 50, 1000)
		if err != nil {
			t.Fatal(err)
		}
		want := map[Node]bool{run(0): true}
		for range edges {
			for _, e := range edges {
				want[e.To] = want[e.To] || want[e.From]
			}
		}
		got := map[Node]bool{}
		for _, n := range g.Nodes {
			got[n] = true
		}
		for n := range want {
			if !want[n] {
				delete(want, n)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || g.Truncated {
			t.Fatalf("truncated %v (-want +got):\n%s", g.Truncated, diff)
		}
		most := 1 + rnd.IntN(5)
		if cut, _ := Walk(over(edges), []Node{run(0)}, []Way{Up, Down}, 50, most); len(cut.Edges) > most || len(cut.Nodes) > most+1 {
			t.Fatalf("%d edges and %d nodes, allowed are %d edges", len(cut.Edges), len(cut.Nodes), most)
		}
	}
}

func TestFromTags(t *testing.T) {
	pairs := func(all ...string) (out []keyed.Pair) {
		for i := 0; i < len(all); i += 2 {
			out = append(out, keyed.Pair{Key: all[i], Value: all[i+1]})
		}
		return out
	}
	long := strings.Repeat("x", 600)
	tests := map[string]struct {
		tags []keyed.Pair
		want []Edge
	}{
		"nothing said": {pairs("mlflow.runName", "n", "mlflow.user", "ann", "mlflow.source.name", ""), nil},
		"a commit with its repository": {
			pairs("mlflow.source.git.commit", "c0ffee", "mlflow.source.git.repoURL", "https://ann:ghp_secret@git.example.org/team/churn.git",
				"mlflow.source.git.branch", "main"),
			[]Edge{{From: run(1), To: Node{Kind: Commit, ID: "c0ffee"}, Relation: Ran,
				Detail: pairs("repository", "https://git.example.org/team/churn.git", "branch", "main")}},
		},
		"a repository only": {pairs("mlflow.source.git.repoURL", "https://git.example.org/x"), nil},
		"notebook and job": {
			pairs("mlflow.databricks.notebookID", "123", "mlflow.databricks.notebookPath", "/Shared/n", "mlflow.databricks.jobID", "5",
				"mlflow.databricks.jobRunID", "77"),
			[]Edge{
				{From: run(1), To: Node{Kind: Notebook, ID: "123"}, Relation: Ran, Detail: pairs("path", "/Shared/n")},
				{From: run(1), To: Node{Kind: Job, ID: "5"}, Relation: Ran, Detail: pairs("run", "77")},
			},
		},
		"a notebook by its path": {pairs("mlflow.databricks.notebookPath", "/Shared/n"),
			[]Edge{{From: run(1), To: Node{Kind: Notebook, ID: "/Shared/n"}, Relation: Ran}}},
		"a script": {pairs("mlflow.source.name", "train.py", "mlflow.source.type", "LOCAL"),
			[]Edge{{From: run(1), To: Node{Kind: Script, ID: "train.py"}, Relation: Ran, Detail: pairs("type", "LOCAL")}}},
		"too long": {pairs("mlflow.source.name", long), []Edge{{From: run(1), To: Node{Kind: Script, ID: long[:512]}, Relation: Ran}}},
		"a token for a script": {pairs("mlflow.source.name", "https://tok@git.example.org"),
			[]Edge{{From: run(1), To: Node{Kind: Script, ID: "https://git.example.org"}, Relation: Ran}}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, FromTags(run(1), tt.tags)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A run whose tags say nothing costs nothing.
func TestNothingSaidCostsNothing(t *testing.T) {
	tags, self := []keyed.Pair{{Key: "mlflow.runName", Value: "n"}, {Key: "mlflow.user", Value: "ann"}}, run(1)
	if n := testing.AllocsPerRun(100, func() { FromTags(self, tags) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDatasetNodes(t *testing.T) {
	for _, d := range [][2]string{{"iris", "abc"}, {"a/b", "x/y"}, {"100%", "%2F"}, {"", ""}, {"/", "/"}, {"n", "%252F/"}} {
		n := DatasetNode(12, d[0], d[1])
		if name, digest := n.Dataset(); name != d[0] || digest != d[1] {
			t.Errorf("%s: name %q and digest %q, want %q", n.ID, name, digest, d)
		}
	}
	if a, b := DatasetNode(1, "y", "x/"), DatasetNode(1, "/y", "x"); a == b {
		t.Errorf("two datasets have the id %s", a.ID)
	}
}

func TestKinds(t *testing.T) {
	for k := Version; k < kindEnd; k++ {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%s is read as %s, %v", k, got, err)
		}
		if (k.Guard() == 0) != k.Claimed() {
			t.Errorf("%s: guard %s, claimed %v", k, k.Guard(), k.Claimed())
		}
	}
	if _, err := ParseKind("endpoint"); err == nil || !strings.Contains(err.Error(), "logged-model") {
		t.Errorf("an unknown kind gives %v", err)
	}
	if n := VersionNode(1001, 3); n.Number() != 3 || n.ID != "1001/3" || n.Kind.Guard() != authz.ViewModel {
		t.Errorf("a version is %+v", n)
	}
}
