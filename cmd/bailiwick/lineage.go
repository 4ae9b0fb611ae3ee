package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

type lineage struct {
	remote
	ID    string `arg:"" help:"models:/churn/3, an id, a path, a commit, or with --kind a dataset's name, a job, a script."`
	Kind  string `help:"What the id is of where its form does not tell; docs/commands.md lists the kinds." placeholder:"KIND"`
	Up    bool   `help:"Only what it came from." xor:"way"`
	Down  bool   `help:"Only what came from it." xor:"way"`
	Depth int    `help:"The most steps each way." placeholder:"16"`
	Max   int    `help:"The most edges." placeholder:"1000"`
}

// lineageNode is a node of the answer.
type lineageNode struct {
	Key, Kind, ID, Name, State, Stage, Digest string
}

// title is what people call a node.
func (n *lineageNode) title() string {
	text := n.Kind + " " + n.ID
	if n.Kind == "version" && n.Name != "" {
		text = "version " + n.Name
	} else if n.Name != "" && n.Name != n.ID {
		text += " (" + n.Name + ")"
	}
	if n.State == "purged" || n.State == "deleted" {
		text += ", " + n.State
	}
	return text
}

// Run prints the edges, nearest first.
func (q *lineage) Run() error {
	type answer struct {
		Start []string
		Nodes []lineageNode
		Edges []struct {
			From, To, Relation string
			At                 int64
			Detail             map[string]string
		}
		Truncated, Hidden bool
	}
	return ask(&q.remote, "/lineage", q.query(), func(a *answer) error {
		titles := map[string]string{}
		for i := range a.Nodes {
			titles[a.Nodes[i].Key] = a.Nodes[i].title()
		}
		rows := [][]string{{"WHAT", "RELATION", "OF WHAT", "SINCE", "DETAIL"}}
		for _, e := range a.Edges {
			rows = append(rows, []string{titles[e.From], e.Relation, titles[e.To], since(e.At), details(e.Detail)})
		}
		if err := printTable(rows); err != nil {
			return err
		}
		if a.Truncated {
			fmt.Fprintln(os.Stderr, "bailiwick: there is more: raise --depth or --max, or ask about a node further on")
		}
		if a.Hidden {
			fmt.Fprintln(os.Stderr, "bailiwick: some of what it came from is not yours to see")
		}
		return nil
	})
}

func (q *lineage) query() url.Values {
	v := url.Values{"id": {q.ID}, "kind": {q.Kind}}
	switch {
	case q.Up:
		v.Set("direction", "up")
	case q.Down:
		v.Set("direction", "down")
	}
	for name, n := range map[string]int{"depth": q.Depth, "max_results": q.Max} {
		if n != 0 {
			v.Set(name, fmt.Sprint(n))
		}
	}
	return v
}

func since(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.DateTime)
}

func details(all map[string]string) string {
	var out []string
	for key, value := range all {
		out = append(out, key+"="+value)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
