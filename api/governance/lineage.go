package governance

import (
	"cmp"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/lineage"
	"bailiwick/store"
)

func (f *Front) lineageRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /lineage", authz.SignedIn, findStart, showLineage, api.Or[lineageRequest](authz.ViewModel, authz.ViewRuns,
			authz.ViewLoggedModels, authz.ViewTrashed, authz.ViewCells, authz.OperateServer)),
	}
}

type lineageRequest struct {
	// Kind is one of lineage's; empty where the id tells it.
	Kind string `json:"-" query:"kind"`
	ID   string `json:"-" query:"id"`
	// Direction is up (what it was made of), down (what was made of it) or both, which is the default.
	Direction string `json:"-" query:"direction"`
	// Depth is the most steps each way, Max the most edges.
	Depth int `json:"-" query:"depth"`
	Max   int `json:"-" query:"max_results"`
}

const defaultDepth, maxDepth = 16, 64

var directions = map[string][]lineage.Way{
	"": {lineage.Up, lineage.Down}, "both": {lineage.Up, lineage.Down}, "up": {lineage.Up}, "down": {lineage.Down},
}

// lineageNode is a node as it is shown. Key names it in edges; kind and id can be asked for again.
type lineageNode struct {
	Key  string `json:"key"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Name is what people call it: a run's name, a version's "model/3", a path.
	Name string `json:"name,omitempty"`
	// State is "active", "deleted" (it can be restored), "purged" (only its lineage is left) or "claimed" (what a client said of a run).
	State string `json:"state"`
	// Object is the governed object that decides on it, as in the permissions API.
	Object string `json:"object,omitempty"`
	Stage  string `json:"stage,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// lineageEdge says that what From names came from what To names.
type lineageEdge struct {
	From     string            `json:"from"`
	To       string            `json:"to"`
	Relation string            `json:"relation"`
	At       int64             `json:"at,omitempty"` // ms since 1970
	Detail   map[string]string `json:"detail,omitempty"`
}

type lineageAnswer struct {
	// Start are the keys of what was asked about: several for a dataset that several experiments know.
	Start []string      `json:"start"`
	Nodes []lineageNode `json:"nodes"`
	Edges []lineageEdge `json:"edges"`
	// Truncated: there is more than depth and max_results let in.
	Truncated bool `json:"truncated"`
	// Hidden: something that is shown came from something that the caller may know of, but not see. Of other hidden things nothing is said.
	Hidden bool `json:"hidden"`
}

func showLineage(c *api.Call, start []lineage.Node, q *lineageRequest) (*lineageAnswer, error) {
	ways, ok := directions[q.Direction]
	if !ok {
		return nil, fail.Invalidf("direction must be up, down or both, not '%s'", q.Direction)
	}
	if q.Depth < 0 || q.Depth > maxDepth {
		return nil, fail.Invalidf("depth must be from 1 to %d, not %d", maxDepth, q.Depth)
	}
	most, err := pageSize(q.Max)
	if err != nil {
		return nil, err
	}
	v := viewer{c: c}
	graph, err := lineage.Walk(v.look, start, ways, cmp.Or(q.Depth, defaultDepth), most)
	if err != nil {
		return nil, err
	}
	standings, err := c.Tx.Standings(graph.Nodes)
	if err != nil {
		return nil, err
	}
	a := &lineageAnswer{Start: []string{}, Nodes: []lineageNode{}, Edges: []lineageEdge{}, Truncated: graph.Truncated, Hidden: v.hidden}
	for _, n := range start {
		a.Start = append(a.Start, nodeKey(n))
	}
	for _, n := range graph.Nodes {
		a.Nodes = append(a.Nodes, describeNode(c, n, standings))
	}
	for _, e := range graph.Edges {
		a.Edges = append(a.Edges, edgeOf(e))
	}
	return a, nil
}

func edgeOf(e lineage.Edge) lineageEdge {
	out := lineageEdge{From: nodeKey(e.From), To: nodeKey(e.To), Relation: e.Relation.String(), At: e.At}
	for _, p := range e.Detail {
		if out.Detail == nil {
			out.Detail = map[string]string{}
		}
		out.Detail[p.Key] = p.Value
	}
	return out
}

// viewer is who looks at the lineage. An edge is a fact of what it leads from: only who may see that may learn that something is at the other
// end, and nobody learns what came from what he may see.
type viewer struct {
	c      *api.Call
	hidden bool
}

func (v *viewer) look(nodes []lineage.Node, way lineage.Way, most int) ([]lineage.Edge, bool, error) {
	return v.c.Tx.Edges(nodes, way, most, func(kind lineage.Kind, object int64) bool {
		seen, known := sees(v.c, kind, object)
		v.hidden = v.hidden || way == lineage.Up && !seen && known
		return seen
	})
}

// sees decides on nodes of a kind that an object governs; known says that the caller may learn that the object exists.
func sees(c *api.Call, kind lineage.Kind, object int64) (seen, known bool) {
	ability := guard(c, kind, object)
	switch ability {
	case 0:
		return true, true
	case authz.OperateServer:
		return c.Can(ability, authz.WorkspaceObject), false
	}
	d := authz.Decide(c.Tx.Map, c.Who, ability, object, c.Now)
	return d.Allowed, d.Known
}

// guard gives the ability that shows nodes of a kind. Of an experiment in the trash it is that to look there; where the object is gone for good,
// nothing is left to decide on, and only administrators see what came from it.
func guard(c *api.Call, kind lineage.Kind, object int64) authz.Ability {
	if kind.Claimed() {
		return 0
	}
	o, ok := c.Tx.Map.Object(object)
	switch {
	case !ok:
		return authz.OperateServer
	case o.Kind == authz.Experiment && c.Tx.Map.InTrash(object):
		return authz.ViewTrashed
	}
	return kind.Guard()
}

// describeNode says what a node is. Its names are those of today.
func describeNode(c *api.Call, n lineage.Node, standings map[lineage.Node]store.Standing) lineageNode {
	out := lineageNode{Key: nodeKey(n), Kind: n.Kind.String(), ID: nodeID(n), State: "active"}
	m := c.Tx.Map
	if n.Kind.Claimed() {
		return describeClaim(c, n, out)
	}
	o, governed := m.Object(n.Object)
	if governed {
		out.Object = authz.RequestName(o)
	}
	s, there := standings[n]
	out.Name = s.Name
	switch n.Kind {
	case lineage.Version:
		out.Stage = s.Stage.String()
		if governed {
			out.Name = o.Name + "/" + strconv.FormatInt(n.Number(), 10)
		}
	case lineage.Experiment:
		out.Name, there = m.Path(n.Object), governed
	case lineage.Dataset:
		out.Name, out.Digest = n.Dataset()
		there = governed
	}
	switch {
	case !there:
		out.State, out.Stage = "purged", ""
	case s.Deleted || m.InTrash(n.Object):
		out.State = "deleted"
	}
	return out
}

// describeClaim names a notebook where it is one of ours that the caller may see; to others it is what the run says.
func describeClaim(c *api.Call, n lineage.Node, out lineageNode) lineageNode {
	out.Name, out.State = n.ID, "claimed"
	if n.Kind != lineage.Notebook {
		return out
	}
	if o, ok := notebook(c, n.ID); ok && c.Can(authz.ViewCells, o.ID) {
		out.Name, out.State, out.Object = c.Tx.Map.Path(o.ID), "active", authz.RequestName(o)
	}
	return out
}

// notebook finds a notebook of the workspace by id or path.
func notebook(c *api.Call, text string) (*authz.Object, bool) {
	o, ok := c.Tx.Map.Find(text)
	if !ok {
		o, ok = c.Tx.Map.Find("notebooks/" + text)
	}
	return o, ok && o.Kind == authz.Notebook
}

func nodeKey(n lineage.Node) string { return n.Kind.String() + ":" + nodeID(n) }

// nodeID is a node's id on the wire: experiments go by the id that clients know.
func nodeID(n lineage.Node) string {
	switch n.Kind {
	case lineage.Experiment:
		return store.ExperimentID(n.Object)
	case lineage.Dataset:
		_, rest, _ := strings.Cut(n.ID, "/")
		return store.ExperimentID(n.Object) + "/" + rest
	}
	return n.ID
}
