package lineage

// Way is where a walk goes.
type Way uint8

// The ways: to what something was made of, to what was made of it.
const (
	Up Way = iota + 1
	Down
)

// Look gives the edges at nodes, at most the given number: those that lead up from them, or down to them. more says that there are others.
// It gives only what the asker may see; the walk does not go on through anything else.
type Look func(nodes []Node, way Way, most int) (edges []Edge, more bool, err error)

// Graph is what a walk found: nodes in the order in which it came to them, the starts first, and edges likewise.
type Graph struct {
	Nodes []Node
	Edges []Edge
	// Truncated: there is more than the bounds let in.
	Truncated bool
}

// Walk goes from the starts each of the ways by itself, so many steps far, and stops at a number of edges. It comes to each node once a way, so
// circles end.
func Walk(look Look, starts []Node, ways []Way, depth, most int) (Graph, error) {
	w := walk{look: look, most: most, nodes: map[Node]bool{}, edges: map[Key]bool{}}
	for _, n := range starts {
		w.node(n)
	}
	for _, way := range ways {
		if err := w.along(way, starts, depth); err != nil {
			return Graph{}, err
		}
	}
	return w.Graph, nil
}

type walk struct {
	Graph
	look  Look
	most  int
	nodes map[Node]bool
	edges map[Key]bool
}

// along goes one way, a level of nodes at a time. The last look, beyond the depth, only tells whether there is more.
func (w *walk) along(way Way, level []Node, depth int) error {
	been := map[Node]bool{}
	for _, n := range level {
		been[n] = true
	}
	for ; len(level) > 0 && depth >= 0; depth-- {
		edges, more, err := w.look(level, way, w.most-len(w.Edges)+1)
		if err != nil {
			return err
		}
		w.Truncated = w.Truncated || more
		level = w.take(edges, way, depth == 0, been)
	}
	return nil
}

// take adds edges that there is room for and gives the nodes to go on from. Behind the last step it adds none.
func (w *walk) take(edges []Edge, way Way, over bool, been map[Node]bool) (next []Node) {
	for _, e := range edges {
		if !w.edges[e.Key()] {
			if over || len(w.Edges) >= w.most {
				w.Truncated = true
				continue
			}
			w.edges[e.Key()], w.Edges = true, append(w.Edges, e)
		}
		end := e.From
		if way == Up {
			end = e.To
		}
		w.node(end)
		if !been[end] {
			been[end], next = true, append(next, end)
		}
	}
	return next
}

func (w *walk) node(n Node) {
	if !w.nodes[n] {
		w.nodes[n], w.Nodes = true, append(w.Nodes, n)
	}
}
