package store

import (
	"database/sql"
	"encoding/json"
	"slices"

	"bailiwick/lineage"
	"bailiwick/registry"
	"bailiwick/tracking"
)

// Edges are only ever added, so that what a version came from cannot be rewritten. Those of a run or a logged model go when it is purged,
// unless a version came from it: LinkVersion marks it then by an edge to its experiment, which others do without, as their row says it.

const edgeColumns = "src_kind, src, relation, dst_kind, dst, src_object, dst_object, at, detail"

// An edge that is there gets its details later, where it had none: clients set tags one by one.
const putEdge = "INSERT INTO lineage (" + edgeColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (src_kind, src, relation, dst_kind, dst) DO UPDATE SET detail = excluded.detail
	WHERE lineage.detail = '' AND excluded.detail <> ''`

// fewEdges is how many are written in one statement of just their number: what a run's tags say.
const fewEdges = 8

// PutEdges keeps edges, which it puts into another order; those that are there stay as they are. Two of a call that are the same count once.
func (tx *Tx) PutEdges(edges ...lineage.Edge) error {
	if len(edges) == 0 {
		return nil
	}
	slices.SortStableFunc(edges, func(a, b lineage.Edge) int { return a.Key().Compare(b.Key()) })
	edges = slices.CompactFunc(edges, func(a, b lineage.Edge) bool { return a.Key() == b.Key() })
	args := make([]any, 0, 9*len(edges))
	for i := range edges {
		e := &edges[i]
		detail, err := detailColumn(e.Detail)
		if err != nil {
			return err
		}
		args = append(args, int64(e.From.Kind), e.From.ID, int64(e.Relation), int64(e.To.Kind), e.To.ID, e.From.Object, e.To.Object, tx.Now, detail)
	}
	if n := len(edges); n <= fewEdges {
		row := "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
		return tx.do(repeated(putEdge, row, row, ", "+row, n, ""), args...)
	}
	return tx.putRows(putEdge, 9, args)
}

func detailColumn(detail []tracking.Pair) (string, error) {
	if len(detail) == 0 {
		return "", nil
	}
	text, err := json.Marshal(detail)
	return string(text), err
}

func scanEdge(edges *[]lineage.Edge) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var e lineage.Edge
		var from, to, relation int64
		var detail string
		err := r.Scan(&from, &e.From.ID, &relation, &to, &e.To.ID, &e.From.Object, &e.To.Object, &e.At, &detail)
		e.From.Kind, e.To.Kind, e.Relation = lineage.Kind(from), lineage.Kind(to), lineage.Relation(relation)
		if err == nil && detail != "" {
			err = json.Unmarshal([]byte(detail), &e.Detail)
		}
		*edges = append(*edges, e)
		return err
	}
}

// LinkVersion keeps where a version came from: its logged model and run as far as there are such, the version that it is a copy of unless
// that is zero, and all that these came from in turn. From then on it stays known, whatever is purged. To be called once the version has its
// number, in the same transaction.
func (tx *Tx) LinkVersion(v *registry.Version, copied registry.Key) error {
	self := lineage.VersionNode(v.Model, v.Number)
	var edges []lineage.Edge
	if copied != (registry.Key{}) {
		edges = append(edges, lineage.Edge{From: self, To: lineage.VersionNode(copied.Model, copied.Number), Relation: lineage.CopiedFrom})
	}
	model, err := tx.nodesOf(lineage.LoggedModel, v.LoggedModel)
	if err != nil {
		return err
	}
	run, err := tx.nodesOf(lineage.Run, v.Run)
	if err != nil {
		return err
	}
	made := append(model, run...)
	for _, n := range made {
		edges = append(edges, lineage.Edge{From: self, To: n, Relation: lineage.RegisteredFrom})
	}
	kept, err := tx.ancestors(made)
	if err != nil {
		return err
	}
	for _, n := range kept {
		edges = append(edges, lineage.Edge{From: n, To: lineage.ExperimentNode(n.Object), Relation: lineage.In})
	}
	return tx.PutEdges(edges...)
}

// rowsOf are the tables that know which experiment a thing is in.
var rowsOf = map[lineage.Kind]string{lineage.Run: "runs", lineage.LoggedModel: "logged_models"}

// nodesOf gives the nodes of those ids of runs or logged models that exist.
func (tx *Tx) nodesOf(kind lineage.Kind, ids ...string) (there []lineage.Node, err error) {
	if len(ids) == 1 && ids[0] == "" {
		return nil, nil
	}
	err = eachIn(tx, func(r *sql.Rows) error {
		n := lineage.Node{Kind: kind}
		err := r.Scan(&n.ID, &n.Object)
		there = append(there, n)
		return err
	}, "SELECT id, experiment FROM "+rowsOf[kind]+" WHERE id IN (?)", ids)
	return there, err
}

// maxAncestors bounds what one version keeps.
const maxAncestors = 1000

// ancestors gives runs and logged models with all runs and logged models that they came from.
func (tx *Tx) ancestors(of []lineage.Node) (all []lineage.Node, err error) {
	all = slices.Clone(of)
	for level := of; len(level) > 0 && len(all) < maxAncestors; {
		ids := make([]string, len(level))
		for i, n := range level {
			ids[i] = n.ID
		}
		var edges []lineage.Edge
		err := eachIn(tx, scanEdge(&edges), "SELECT "+edgeColumns+" FROM lineage WHERE src_kind IN (2, 3) AND dst_kind IN (2, 3) AND src IN (?)", ids)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, e := range edges {
			if !slices.Contains(all, e.To) {
				all, level = append(all, e.To), append(level, e.To)
			}
		}
	}
	return all, nil
}

// linkSources keeps what a new run's tags say that it ran.
func (tx *Tx) linkSources(r *tracking.Run, tags []tracking.Pair) error {
	return tx.PutEdges(lineage.FromTags(lineage.Node{Kind: lineage.Run, ID: r.ID, Object: r.Experiment}, tags)...)
}

// relinkSources keeps what tags say that are set later; the others of the run may say more of it.
func (tx *Tx) relinkSources(r *tracking.Run, set []tracking.Pair) error {
	if !lineage.Says(set) {
		return nil
	}
	var tags []tracking.Pair
	err := tx.each(func(rows *sql.Rows) error {
		var p tracking.Pair
		err := rows.Scan(&p.Key, &p.Value)
		tags = append(tags, p)
		return err
	}, "SELECT key, value FROM tags WHERE run = ?", r.ID)
	if err != nil {
		return err
	}
	return tx.linkSources(r, tags)
}

// linkRun keeps what a run was fed with, and which logged models came out of it.
func (tx *Tx) linkRun(r *tracking.Run, inputs []tracking.DatasetInput, side string, models []tracking.ModelOutput) error {
	run := lineage.Node{Kind: lineage.Run, ID: r.ID, Object: r.Experiment}
	var edges []lineage.Edge
	for i := range inputs {
		d := &inputs[i].Dataset
		e := lineage.Edge{From: run, To: lineage.DatasetNode(r.Experiment, d.Name, d.Digest), Relation: lineage.Read}
		if context, _ := tracking.Lookup(inputs[i].Tags, tracking.TagDatasetContext); context != "" {
			e.Detail = []tracking.Pair{{Key: "context", Value: context}}
		}
		edges = append(edges, e)
	}
	ids := make([]string, len(models))
	for i := range models {
		ids[i] = models[i].ModelID
	}
	there, err := tx.nodesOf(lineage.LoggedModel, ids...)
	for _, n := range there {
		if side == "input" {
			edges = append(edges, lineage.Edge{From: run, To: n, Relation: lineage.Read})
		} else {
			edges = append(edges, lineage.Edge{From: n, To: run, Relation: lineage.MadeBy})
		}
	}
	if err != nil {
		return err
	}
	return tx.PutEdges(edges...)
}

// linkModel keeps the run that a new logged model is said to come from.
func (tx *Tx) linkModel(m *tracking.LoggedModel) error {
	from, err := tx.nodesOf(lineage.Run, m.SourceRun)
	if err != nil || len(from) == 0 {
		return err
	}
	self := lineage.Node{Kind: lineage.LoggedModel, ID: m.ID, Object: m.Experiment}
	return tx.PutEdges(lineage.Edge{From: self, To: from[0], Relation: lineage.MadeBy})
}

// unlink forgets the edges of runs or of logged models that are purged, but for those that a version came from. which ends a condition on
// their id.
func (tx *Tx) unlink(kind lineage.Kind, which string, args ...any) error {
	all := append([]any{int64(kind)}, args...)
	return tx.do(`DELETE FROM lineage WHERE src_kind = ? AND src `+which+` AND NOT EXISTS (SELECT 1 FROM lineage k
		WHERE k.src_kind = lineage.src_kind AND k.src = lineage.src AND k.relation = 4)`, all...)
}
