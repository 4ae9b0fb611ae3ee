// Package lineage knows where things come from: versions from logged models and runs, runs from code and datasets, as edges between nodes.
// An edge leads from what was made to what it was made of; what a client said is kept as it was said, and is never rewritten.
package lineage

import (
	"slices"
	"strconv"
	"strings"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Kind is what a node stands for. Its number is stored.
type Kind uint8

// The kinds. Those from Notebook on are what the tags of a run claim: they are known as far as the runs that claim them are.
const (
	Version     Kind = 1 // a version of a registered model: "<object id of the model>/<number>"
	LoggedModel Kind = 2 // its id, "m-…"
	Run         Kind = 3 // its id
	Experiment  Kind = 4 // the object's id
	Dataset     Kind = 5 // "<experiment>/<digest>/<name>"
	Notebook    Kind = 6 // the id, or else the path, that the run says
	Job         Kind = 7 // the job's id
	Commit      Kind = 8 // of git: its hash
	Script      Kind = 9 // what mlflow.source.name says
	kindEnd     Kind = 10
)

var kindNames = [kindEnd]string{
	Version: "version", LoggedModel: "logged-model", Run: "run", Experiment: "experiment", Dataset: "dataset", Notebook: "notebook", Job: "job",
	Commit: "commit", Script: "script",
}

// String gives the kind's name.
func (k Kind) String() string {
	if k < kindEnd {
		return kindNames[k]
	}
	return ""
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// ParseKind finds a kind by its name; an unknown one is fail.Invalid with those there are.
func ParseKind(name string) (Kind, error) {
	if i := slices.Index(kindNames[1:], name); i >= 0 {
		return Kind(i + 1), nil
	}
	return 0, fail.Invalidf("'%s' is no kind of lineage; known: %s", name, strings.Join(kindNames[1:], ", "))
}

// Claimed reports whether nodes of the kind are only what somebody said of a run: nothing stands behind them that could be decided on.
func (k Kind) Claimed() bool { return k >= Notebook }

// Node is something that other things come from, or that comes from them.
type Node struct {
	Kind Kind
	ID   string
	// Object is the governed object that decides who may see the node: a version's model, the experiment of a run, a logged model or a dataset.
	// It stays known when the thing itself is gone; 0 for what is only claimed.
	Object int64
}

// VersionNode is a version of a registered model.
func VersionNode(model, number int64) Node {
	return Node{Version, formatID(model) + "/" + formatID(number), model}
}

// Number gives the number of a version's node.
func (n Node) Number() int64 {
	_, text, _ := strings.Cut(n.ID, "/")
	number, _ := strconv.ParseInt(text, 10, 64) // a node of another kind has none, and gets 0
	return number
}

// ExperimentNode is an experiment.
func ExperimentNode(id int64) Node { return Node{Experiment, formatID(id), id} }

// DatasetNode is a dataset as an experiment knows it.
func DatasetNode(experiment int64, name, digest string) Node {
	return Node{Dataset, formatID(experiment) + "/" + escapeDigest.Replace(digest) + "/" + name, experiment}
}

// A digest is whatever a client says; a slash in it would end it too early.
var escapeDigest, unescapeDigest = strings.NewReplacer("%", "%25", "/", "%2F"), strings.NewReplacer("%25", "%", "%2F", "/")

// Dataset gives name and digest of a dataset's node; empty for other nodes.
func (n Node) Dataset() (name, digest string) {
	if n.Kind != Dataset {
		return "", ""
	}
	_, rest, _ := strings.Cut(n.ID, "/")
	digest, name, _ = strings.Cut(rest, "/")
	return name, unescapeDigest.Replace(digest)
}

// guards are the abilities that show nodes of a kind, asked of Node.Object. What is claimed has none: it shows with the run that claims it.
var guards = [kindEnd]authz.Ability{
	Version: authz.ViewModel, LoggedModel: authz.ViewLoggedModels, Run: authz.ViewRuns, Experiment: authz.ViewRuns, Dataset: authz.ViewRuns,
}

// Guard gives the ability on Node.Object that shows nodes of the kind; 0 for claimed ones.
func (k Kind) Guard() authz.Ability { return guards[min(k, kindEnd-1)] }

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
