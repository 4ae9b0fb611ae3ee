package store

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/lineage"
	"bailiwick/registry"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

func everything(lineage.Kind, int64) bool { return true }

// walked gives the edges of a walk as text, sorted; names stand for ids.
func walked(t *testing.T, s *Store, start lineage.Node, way lineage.Way, sees Sees, names ...string) (out []string) {
	t.Helper()
	short := strings.NewReplacer(names...)
	see(t, s, func(tx *Tx) error {
		look := func(nodes []lineage.Node, way lineage.Way, most int) ([]lineage.Edge, bool, error) {
			return tx.Edges(nodes, way, most, sees)
		}
		g, err := lineage.Walk(look, []lineage.Node{start}, []lineage.Way{way}, 20, 1000)
		for _, e := range g.Edges {
			text := fmt.Sprintf("%s %s %s %s %s", e.From.Kind, e.From.ID, e.Relation, e.To.Kind, e.To.ID)
			for _, p := range e.Detail {
				text += " " + p.Key + "=" + p.Value
			}
			out = append(out, short.Replace(text))
		}
		return err
	})
	slices.Sort(out)
	return out
}

// family is a registered model's past: run a reads a dataset and makes model m-a; run b, from a commit, reads m-a and makes m-b, which is
// registered as version 1, of which version 1 of another model is a copy.
type family struct {
	experiment int64
	a, b       string
	names      []string
	version    registry.Version
	copied     registry.Version
}

func loggedModel(id string, experiment int64, run string) *tracking.LoggedModel {
	return &tracking.LoggedModel{ID: id, Experiment: experiment, Name: id, Status: tracking.ModelReady, SourceRun: run, Lifecycle: search.Active}
}

func settle(t *testing.T, s *Store) family {
	t.Helper()
	f := family{experiment: experimentAt(t, s, "churn"), a: fmt.Sprintf("%032x", 1), b: fmt.Sprintf("%032x", 2)}
	model := plant(t, s, authz.RegisteredModel, authz.ModelsRoot, "churn")
	other := plant(t, s, authz.RegisteredModel, authz.ModelsRoot, "churn-prod")
	f.names = []string{fmt.Sprint(f.experiment), "E", f.a, "a", f.b, "b", fmt.Sprint(model.ID), "M", fmt.Sprint(other.ID), "N"}
	addRun(t, s, newRun(f.experiment, 1))
	b := newRun(f.experiment, 2)
	b.Tags = []tracking.Pair{{Key: "mlflow.source.git.commit", Value: "c0ffee"}, {Key: "mlflow.source.name", Value: "train.py"}}
	addRun(t, s, b)
	onRun(t, s, f.a, func(tx *Tx, h *RunHead) error {
		return tx.LogInputs(h, []tracking.DatasetInput{{Dataset: tracking.Dataset{Name: "iris", Digest: "d1"},
			Tags: []tracking.Pair{{Key: tracking.TagDatasetContext, Value: "training"}}}}, nil)
	})
	write(t, s, func(tx *Tx) error {
		return tx.InsertLoggedModel(loggedModel("m-a", f.experiment, f.a), 7)
	})
	onRun(t, s, f.b, func(tx *Tx, h *RunHead) error { return tx.LogInputs(h, nil, []string{"m-a"}) })
	write(t, s, func(tx *Tx) error {
		return tx.InsertLoggedModel(loggedModel("m-b", f.experiment, ""), 7)
	})
	onRun(t, s, f.b, func(tx *Tx, h *RunHead) error { return tx.LogOutputs(h, []tracking.ModelOutput{{ModelID: "m-b"}}) })
	f.version = registry.Version{Model: model.ID, Number: 1, Run: f.b, LoggedModel: "m-b"}
	f.copied = registry.Version{Model: other.ID, Number: 1}
	return f
}

func (f *family) link(t *testing.T, s *Store) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		if err := tx.LinkVersion(&f.version, registry.Key{}); err != nil {
			return err
		}
		return tx.LinkVersion(&f.copied, f.version.Key())
	})
}

// ancestry is where the copy came from, down to what was read first.
var ancestry = []string{
	"logged-model m-a in experiment E",
	"logged-model m-a made-by run a",
	"logged-model m-b in experiment E",
	"logged-model m-b made-by run b",
	"run a in experiment E",
	"run a read dataset E/d1/iris context=training",
	"run b in experiment E",
	"run b ran commit c0ffee file=train.py",
	"run b ran script train.py",
	"run b read logged-model m-a",
	"version M/1 registered-from logged-model m-b",
	"version M/1 registered-from run b",
	"version N/1 copied-from version M/1",
}

func TestLineageOfAVersion(t *testing.T) {
	s, _, _ := openAny(t)
	f := settle(t, s)
	f.link(t, s)
	f.link(t, s) // again changes nothing
	copied := lineage.VersionNode(f.copied.Model, 1)
	if diff := cmp.Diff(ancestry, walked(t, s, copied, lineage.Up, everything, f.names...)); diff != "" {
		t.Errorf("up (-want +got):\n%s", diff)
	}
	down := []string{"logged-model m-a made-by run a", "logged-model m-b made-by run b", "run a read dataset E/d1/iris context=training",
		"run b read logged-model m-a", "version M/1 registered-from logged-model m-b", "version M/1 registered-from run b",
		"version N/1 copied-from version M/1"}
	if diff := cmp.Diff(down, walked(t, s, lineage.DatasetNode(f.experiment, "iris", "d1"), lineage.Down, everything, f.names...)); diff != "" {
		t.Errorf("down (-want +got):\n%s", diff)
	}
	see(t, s, func(tx *Tx) error {
		nodes, err := tx.DatasetNodes("d1", 10, everything)
		byName, _ := tx.DatasetNodes("iris", 10, everything)
		want := []lineage.Node{lineage.DatasetNode(f.experiment, "iris", "d1")}
		if diff := cmp.Diff([][]lineage.Node{want, want}, [][]lineage.Node{nodes, byName}); diff != "" {
			t.Errorf("datasets (-want +got):\n%s", diff)
		}
		return err
	})
}

// TestLineageOutlivesPurges: what a version came from stays known; what none came from goes.
func TestLineageOutlivesPurges(t *testing.T) {
	s, _, _ := openAny(t)
	f := settle(t, s)
	f.link(t, s)
	stray := newRun(f.experiment, 3)
	stray.Tags = []tracking.Pair{{Key: "mlflow.source.git.commit", Value: "c0ffee"}}
	addRun(t, s, stray)
	for _, id := range []string{f.a, f.b, stray.ID} {
		onRun(t, s, id, func(tx *Tx, h *RunHead) error { return tx.PurgeRun(h) })
	}
	copied := lineage.VersionNode(f.copied.Model, 1)
	if diff := cmp.Diff(ancestry, walked(t, s, copied, lineage.Up, everything, f.names...)); diff != "" {
		t.Errorf("after the runs' purge (-want +got):\n%s", diff)
	}
	want := []string{"run b ran commit c0ffee file=train.py", "version M/1 registered-from run b", "logged-model m-b made-by run b",
		"version M/1 registered-from logged-model m-b", "version N/1 copied-from version M/1"}
	slices.Sort(want)
	if diff := cmp.Diff(want, walked(t, s, lineage.Claim(lineage.Commit, "c0ffee"), lineage.Down, everything, f.names...)); diff != "" {
		t.Errorf("from the commit (-want +got):\n%s", diff)
	}
	purgeAll(t, s, f.experiment)
	if diff := cmp.Diff(ancestry, walked(t, s, copied, lineage.Up, everything, f.names...)); diff != "" {
		t.Errorf("after the experiment's purge (-want +got):\n%s", diff)
	}
	see(t, s, func(tx *Tx) error {
		n, found, err := tx.LineageNode(lineage.Run, f.b)
		if _, known, _ := tx.LineageNode(lineage.Run, stray.ID); !found || n.Object != f.experiment || known {
			t.Errorf("run b is %+v, %v; the stray run is known: %v", n, found, known)
		}
		standings, _ := tx.Standings([]lineage.Node{n, copied})
		if len(standings) != 0 {
			t.Errorf("%v is said to be there", standings)
		}
		return err
	})
}

func purgeAll(t *testing.T, s *Store, object int64) {
	t.Helper()
	for left := true; left; {
		change(t, s, func(tx *Tx) (err error) {
			_, left, err = tx.Purge(object, 2)
			return err
		})
	}
}

// TestPurgeWithoutVersion leaves nothing of runs and logged models behind.
func TestPurgeWithoutVersion(t *testing.T) {
	s, _, _ := openAny(t)
	f := settle(t, s)
	purgeAll(t, s, f.experiment)
	see(t, s, func(tx *Tx) error {
		var n int
		_, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM lineage")
		if n != 0 {
			t.Errorf("%d edges are left", n)
		}
		return err
	})
}

// TestSourcesSetOneByOne: clients may set the tags of what ran one by one, and later.
func TestSourcesSetOneByOne(t *testing.T) {
	s, _, _ := openAny(t)
	e := experimentAt(t, s, "e")
	r := newRun(e, 1)
	addRun(t, s, r)
	for _, p := range []tracking.Pair{{Key: "color", Value: "red"}, {Key: "mlflow.source.git.commit", Value: "c1"},
		{Key: "mlflow.source.git.repoURL", Value: "https://git.example.org/x"}, {Key: "mlflow.source.git.commit", Value: "c2"}} {
		onRun(t, s, r.ID, func(tx *Tx, h *RunHead) error { return tx.SetRunTags(h, p) })
	}
	want := []string{"run r in experiment E", "run r ran commit c1 repository=https://git.example.org/x",
		"run r ran commit c2 repository=https://git.example.org/x"}
	got := walked(t, s, lineage.Node{Kind: lineage.Run, ID: r.ID, Object: e}, lineage.Up, everything, r.ID, "r", fmt.Sprint(e), "E")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was said stays said (-want +got):\n%s", diff)
	}
}

// TestEdgesOfWhatMayBeSeen: rows of what may not be seen are not read, neither counted nor told by more.
func TestEdgesOfWhatMayBeSeen(t *testing.T) {
	s, _, _ := openAny(t)
	open, closed := experimentAt(t, s, "open"), experimentAt(t, s, "closed")
	for i := range 40 {
		r := newRun([]int64{open, closed}[i%2], i+1)
		r.Tags = []tracking.Pair{{Key: "mlflow.databricks.jobID", Value: "5"}}
		addRun(t, s, r)
	}
	job := []lineage.Node{lineage.Claim(lineage.Job, "5")}
	for _, tt := range []struct {
		most, want int
		more       bool
	}{{100, 20, false}, {20, 20, false}, {19, 19, true}, {1, 1, true}} {
		see(t, s, func(tx *Tx) error {
			edges, more, err := tx.Edges(job, lineage.Down, tt.most, func(_ lineage.Kind, object int64) bool { return object == open })
			if len(edges) != tt.want || more != tt.more {
				t.Errorf("of at most %d: %d edges, more %v; want %d, %v", tt.most, len(edges), more, tt.want, tt.more)
			}
			for _, e := range edges {
				if e.From.Object != open {
					t.Errorf("%s of another experiment", e.From.ID)
				}
			}
			return err
		})
	}
}

// TestContentsOfAnExperiment: its runs, the logged models that come from none, and what is gone and kept, each once.
func TestContentsOfAnExperiment(t *testing.T) {
	s, _, _ := openAny(t)
	f := settle(t, s)
	write(t, s, func(tx *Tx) error {
		return tx.InsertLoggedModel(loggedModel("m-c", f.experiment, "elsewhere"), 7)
	})
	f.link(t, s)
	onRun(t, s, f.a, func(tx *Tx, h *RunHead) error { return tx.PurgeRun(h) })
	node := []lineage.Node{lineage.ExperimentNode(f.experiment)}
	for most, more := range map[int]bool{5: false, 4: true} {
		see(t, s, func(tx *Tx) error {
			edges, got, err := tx.Edges(node, lineage.Down, most, everything)
			if len(edges) != most || got != more {
				t.Errorf("of at most %d: %d edges, more %v; want %d, %v", most, len(edges), got, most, more)
			}
			return err
		})
	}
}

// TestLineageOfBefore: the migration finds the edges of what was written before there were any, all but their details.
func TestLineageOfBefore(t *testing.T) {
	s, _, _ := openAny(t)
	f := settle(t, s)
	onRun(t, s, f.a, func(tx *Tx, h *RunHead) error {
		job, notebook := tracking.Pair{Key: "mlflow.databricks.jobID", Value: "5"}, tracking.Pair{Key: "mlflow.databricks.notebookID", Value: "6"}
		if err := tx.SetRunTags(h, job, notebook); err != nil {
			return err
		}
		return tx.LogInputs(h, []tracking.DatasetInput{{Dataset: tracking.Dataset{Name: "a/b", Digest: "50%/x"}}}, nil)
	})
	all := func() (edges []lineage.Edge) {
		see(t, s, func(tx *Tx) error {
			return tx.each(scanEdge(&edges), "SELECT "+edgeColumns+" FROM lineage ORDER BY src_kind, src, relation, dst_kind, dst")
		})
		for i := range edges {
			edges[i].At, edges[i].Detail = 0, nil
		}
		return edges
	}
	want := all()
	text, err := fs.ReadFile(migrations, "migrations/0005_lineage.sql")
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *Tx) error {
		if err := tx.do("DELETE FROM lineage"); err != nil {
			return err
		}
		for _, q := range regexp.MustCompile(`(?s)INSERT INTO lineage [^;]*`).FindAllString(string(text), -1) {
			if _, err := tx.exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	if diff := cmp.Diff(want, all()); diff != "" || len(want) < 9 {
		t.Errorf("of %d edges (-want +got):\n%s", len(want), diff)
	}
}
