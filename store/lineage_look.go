package store

import (
	"database/sql"
	"fmt"
	"slices"

	"bailiwick/lineage"
	"bailiwick/registry"
)

// look are the two questions about the edges at nodes of a kind: which kinds and objects their other ends have, and the edges to one of those,
// newest first. What the asker may not see is so left in the database.
type look struct{ others, edges string }

var looks = map[lineage.Way]look{
	lineage.Up: {"SELECT DISTINCT dst_kind, dst_object FROM lineage WHERE src_kind = ? AND src IN (?)",
		"SELECT " + edgeColumns + ` FROM lineage WHERE src_kind = ? AND dst_kind = ? AND dst_object = ? AND src IN (?)
		ORDER BY at DESC, relation, dst LIMIT ?`},
	lineage.Down: {"SELECT DISTINCT src_kind, src_object FROM lineage WHERE dst_kind = ? AND dst IN (?)",
		"SELECT " + edgeColumns + ` FROM lineage WHERE dst_kind = ? AND src_kind = ? AND src_object = ? AND dst IN (?)
		ORDER BY at DESC, relation, src LIMIT ?`},
}

// Sees says whether who asks may see nodes of a kind that an object decides on.
type Sees func(kind lineage.Kind, object int64) bool

// Edges gives the edges at nodes, one of the ways, to what may be seen: at most the given number, and whether there are more.
func (tx *Tx) Edges(nodes []lineage.Node, way lineage.Way, most int, sees Sees) (edges []lineage.Edge, more bool, err error) {
	ids := map[lineage.Kind][]string{}
	for _, n := range nodes {
		ids[n.Kind] = append(ids[n.Kind], n.ID)
	}
	for kind := lineage.Version; kind.String() != ""; kind++ {
		for part := range slices.Chunk(ids[kind], maxIn) {
			if err := tx.edgesAt(&edges, kind, part, way, most+1, sees); err != nil {
				return nil, false, err
			}
		}
	}
	more, err = tx.derived(&edges, nodes, way, most+1, sees)
	return edges[:min(most, len(edges))], more || len(edges) > most, err
}

// edgesAt adds the stored edges at nodes of one kind until there are enough.
func (tx *Tx) edgesAt(edges *[]lineage.Edge, kind lineage.Kind, ids []string, way lineage.Way, enough int, sees Sees) error {
	type other struct {
		kind   lineage.Kind
		object int64
	}
	var others []other
	err := eachIn(tx, func(r *sql.Rows) error {
		var o other
		var number int64
		err := r.Scan(&number, &o.object)
		o.kind = lineage.Kind(number)
		others = append(others, o)
		return err
	}, looks[way].others, ids, int64(kind))
	if err != nil {
		return err
	}
	for _, o := range others {
		if left := enough - len(*edges); left > 0 && sees(o.kind, o.object) {
			if err := tx.eachInUpTo(scanEdge(edges), looks[way].edges, ids, left, int64(kind), int64(o.kind), o.object); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachInUpTo is eachIn for at most maxIn ids and a query that ends with a limit.
func (tx *Tx) eachInUpTo(scan func(*sql.Rows) error, q string, ids []string, limit int, args ...any) error {
	n := powerOfTwo(len(ids))
	for i := range n {
		args = append(args, ids[min(i, len(ids)-1)])
	}
	return tx.each(scan, repeated(q, "IN (?)", "IN (?", ", ?", n, ")"), append(args, limit)...)
}

// derived adds the edges that no row is kept for, as the rows of runs and logged models say them: what experiment these are in.
func (tx *Tx) derived(edges *[]lineage.Edge, nodes []lineage.Node, way lineage.Way, enough int, sees Sees) (more bool, err error) {
	stored := map[lineage.Key]bool{}
	for i := range *edges {
		stored[(*edges)[i].Key()] = true
	}
	for _, n := range nodes {
		e := lineage.Edge{From: n, To: lineage.ExperimentNode(n.Object), Relation: lineage.In}
		switch {
		case len(*edges) >= enough:
			return true, nil
		case way == lineage.Up && rowsOf[n.Kind] != "" && !stored[e.Key()] && sees(lineage.Experiment, n.Object):
			*edges = append(*edges, e)
		case way == lineage.Down && n.Kind == lineage.Experiment:
			cut, err := tx.contents(edges, n, sees)
			if err != nil {
				return false, err
			}
			more = more || cut
		}
	}
	return more, nil
}

// newest is how many runs, and how many logged models, an experiment shows beside those that a version came from. It may have very many, and
// the bound is for what came from it.
const newest = 100

// contained are the runs and logged models of an experiment that no edge leads from to it.
var contained = map[lineage.Kind]string{
	lineage.Run:         contents(lineage.Run, "started"),
	lineage.LoggedModel: contents(lineage.LoggedModel, "created"),
}

func contents(kind lineage.Kind, at string) string {
	return fmt.Sprintf(`SELECT id, %[1]s FROM %[2]s t WHERE experiment = ? AND NOT EXISTS (SELECT 1 FROM lineage k
		WHERE k.src_kind = %[3]d AND k.src = t.id AND k.relation = 4) ORDER BY %[1]s DESC, id LIMIT ?`, at, rowsOf[kind], kind)
}

// contents adds the edges from what is in an experiment; cut says that there is more of it.
func (tx *Tx) contents(edges *[]lineage.Edge, experiment lineage.Node, sees Sees) (cut bool, err error) {
	for _, kind := range []lineage.Kind{lineage.Run, lineage.LoggedModel} {
		if !sees(kind, experiment.Object) {
			continue
		}
		n := 0
		err := tx.each(func(r *sql.Rows) error {
			e := lineage.Edge{From: lineage.Node{Kind: kind, Object: experiment.Object}, To: experiment, Relation: lineage.In}
			err := r.Scan(&e.From.ID, &e.At)
			if n++; n <= newest {
				*edges = append(*edges, e)
			}
			return err
		}, contained[kind], experiment.Object, newest+1)
		if err != nil {
			return false, err
		}
		cut = cut || n > newest
	}
	return cut, nil
}

// LineageNode finds a node by kind and id where only an edge is left of it; found is false when there is none.
func (tx *Tx) LineageNode(kind lineage.Kind, id string) (n lineage.Node, found bool, err error) {
	n = lineage.Node{Kind: kind, ID: id}
	found, err = tx.one([]any{&n.Object}, "SELECT src_object FROM lineage WHERE src_kind = ? AND src = ? LIMIT 1", int64(kind), id)
	if found || err != nil {
		return n, found, err
	}
	found, err = tx.one([]any{&n.Object}, "SELECT dst_object FROM lineage WHERE dst_kind = ? AND dst = ? LIMIT 1", int64(kind), id)
	return n, found, err
}

// DatasetNodes gives the datasets with a name or a digest that are in experiments which may be seen, at most the given number.
func (tx *Tx) DatasetNodes(text string, most int, sees Sees) (nodes []lineage.Node, err error) {
	for _, column := range []string{"name", "digest"} {
		err := tx.each(func(r *sql.Rows) error {
			var experiment int64
			var name, digest string
			err := r.Scan(&experiment, &name, &digest)
			n := lineage.DatasetNode(experiment, name, digest)
			if len(nodes) < most && sees(lineage.Dataset, experiment) && !slices.Contains(nodes, n) {
				nodes = append(nodes, n)
			}
			return err
		}, "SELECT experiment, name, digest FROM datasets WHERE "+column+" = ?", text)
		if err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// Standing is what the rows say of a node that is still there.
type Standing struct {
	Name    string         // of a run or a logged model
	Stage   registry.Stage // of a version
	Deleted bool           // by itself: a run or a logged model in the trash
}

// Standings gives those of runs, logged models and versions among nodes that are there; what has none is gone.
func (tx *Tx) Standings(nodes []lineage.Node) (map[lineage.Node]Standing, error) {
	out := map[lineage.Node]Standing{}
	ids, versions := map[lineage.Kind][]string{}, map[int64][]int64{}
	for _, n := range nodes {
		ids[n.Kind] = append(ids[n.Kind], n.ID)
		if n.Kind == lineage.Version {
			versions[n.Object] = append(versions[n.Object], n.Number())
		}
	}
	for kind, q := range map[lineage.Kind]string{
		lineage.Run:         "SELECT id, experiment, name, deleted FROM runs WHERE id IN (?)",
		lineage.LoggedModel: "SELECT id, experiment, name, deleted FROM logged_models WHERE id IN (?)",
	} {
		err := eachIn(tx, func(r *sql.Rows) error {
			n, s, deleted := lineage.Node{Kind: kind}, Standing{}, int64(0)
			err := r.Scan(&n.ID, &n.Object, &s.Name, &deleted)
			s.Deleted = deleted != 0
			out[n] = s
			return err
		}, q, ids[kind])
		if err != nil {
			return nil, err
		}
	}
	return out, tx.versionStandings(out, versions)
}

func (tx *Tx) versionStandings(out map[lineage.Node]Standing, versions map[int64][]int64) error {
	for model, numbers := range versions {
		err := eachIn(tx, func(r *sql.Rows) error {
			var number, stage int64
			err := r.Scan(&number, &stage)
			out[lineage.VersionNode(model, number)] = Standing{Stage: registry.Stage(stage)}
			return err
		}, "SELECT version, stage FROM model_versions WHERE model = ? AND version IN (?)", numbers, model)
		if err != nil {
			return err
		}
	}
	return nil
}
