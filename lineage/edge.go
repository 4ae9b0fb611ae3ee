package lineage

import (
	"cmp"
	"strings"

	"bailiwick/keyed"
)

// Relation is how the two ends of an edge belong together. Its number is stored.
type Relation uint8

// The relations, read from what was made to what it was made of.
const (
	RegisteredFrom Relation = 1 // version → logged model or run
	CopiedFrom     Relation = 2 // version → version
	MadeBy         Relation = 3 // logged model → run
	In             Relation = 4 // run or logged model → experiment
	Read           Relation = 5 // run → dataset or logged model
	Ran            Relation = 6 // run → notebook, job, commit, script
	relationEnd    Relation = 7
)

var relationNames = [relationEnd]string{
	RegisteredFrom: "registered-from", CopiedFrom: "copied-from", MadeBy: "made-by", In: "in", Read: "read", Ran: "ran",
}

// String gives the relation's name.
func (r Relation) String() string {
	if r < relationEnd {
		return relationNames[r]
	}
	return ""
}

// MarshalText writes the relation's name.
func (r Relation) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Edge says that From came from To.
type Edge struct {
	From, To Node
	Relation Relation
	// At is when it was first written, in ms since 1970; 0 for what follows from the rows of its ends.
	At int64
	// Detail is what was said of the edge: a commit's repository, a job's run, a dataset's context.
	Detail []keyed.Pair
}

// Key is what makes two edges the same one.
type Key struct {
	From, To Node
	Relation Relation
}

// Compare orders edges by what they lead from. Whoever writes many writes them in this order, so that no two wait for each other.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.From.Kind, other.From.Kind), cmp.Compare(k.From.ID, other.From.ID), cmp.Compare(k.Relation, other.Relation),
		cmp.Compare(k.To.Kind, other.To.Kind), cmp.Compare(k.To.ID, other.To.ID))
}

// Key gives the edge's own.
func (e *Edge) Key() Key { return Key{e.From, e.To, e.Relation} }

// The tags by which clients say what ran (mlflow/utils/mlflow_tags.py).
const (
	tagSource       = "mlflow.source.name"
	tagSourceType   = "mlflow.source.type"
	tagCommit       = "mlflow.source.git.commit"
	tagRepo         = "mlflow.source.git.repoURL"
	tagBranch       = "mlflow.source.git.branch"
	tagDirty        = "mlflow.source.git.dirty"
	tagEntry        = "mlflow.project.entryPoint"
	tagNotebook     = "mlflow.databricks.notebookID"
	tagNotebookPath = "mlflow.databricks.notebookPath"
	tagJob          = "mlflow.databricks.jobID"
	tagJobRun       = "mlflow.databricks.jobRunID"
	tagFolderCommit = "mlflow.databricks.gitRepoCommit"
	tagFolderRepo   = "mlflow.databricks.gitRepoUrl"
)

// claim is how a tag becomes an edge: the node is the tag's value, the detail is what the others say.
type claim struct {
	tag    string
	kind   Kind
	detail [][2]string // name in the detail, tag
}

var claims = []claim{
	{tagCommit, Commit, [][2]string{
		{"repository", tagRepo}, {"branch", tagBranch}, {"dirty", tagDirty}, {"entry_point", tagEntry}, {"file", tagSource},
	}},
	{tagFolderCommit, Commit, [][2]string{{"repository", tagFolderRepo}}},
	{tagNotebook, Notebook, [][2]string{{"path", tagNotebookPath}}},
	{tagJob, Job, [][2]string{{"run", tagJobRun}}},
	{tagSource, Script, [][2]string{{"type", tagSourceType}}},
}

// sources are the tags that become edges, or what is said of them.
var sources = func() map[string]bool {
	all := map[string]bool{tagNotebookPath: true}
	for _, c := range claims {
		all[c.tag] = true
		for _, d := range c.detail {
			all[d[1]] = true
		}
	}
	return all
}()

// maxClaim is the most characters of a claim that are kept: longer ones are cut, as they would not fit an index.
const maxClaim = 512

// Claim is the node of a kind that a client named by a text.
func Claim(k Kind, text string) Node { return Node{Kind: k, ID: clean(text)} }

// Says reports whether some of a run's tags say what it ran.
func Says(tags []keyed.Pair) bool {
	for i := range tags {
		if tags[i].Value != "" && sources[tags[i].Key] {
			return true
		}
	}
	return false
}

// FromTags gives the edges to what a run's tags say that it ran; none for tags that say nothing. A notebook that only has a path is known by
// that.
func FromTags(run Node, tags []keyed.Pair) (edges []Edge) {
	if !Says(tags) {
		return nil
	}
	for _, c := range claims {
		if id, _ := keyed.Lookup(tags, c.tag); id != "" {
			edges = append(edges, Edge{From: run, To: Claim(c.kind, id), Relation: Ran, Detail: c.about(tags)})
		}
	}
	path, _ := keyed.Lookup(tags, tagNotebookPath)
	if id, _ := keyed.Lookup(tags, tagNotebook); path != "" && id == "" {
		edges = append(edges, Edge{From: run, To: Claim(Notebook, path), Relation: Ran})
	}
	return edges
}

func (c *claim) about(tags []keyed.Pair) (detail []keyed.Pair) {
	for _, d := range c.detail {
		if v, _ := keyed.Lookup(tags, d[1]); v != "" {
			detail = append(detail, keyed.Pair{Key: d[0], Value: clean(v)})
		}
	}
	return detail
}

// clean cuts what is too long and takes the password out of an address: people put tokens into those of repositories.
func clean(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if ok {
		host, path, _ := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			text = scheme + "://" + strings.TrimSuffix(host[at+1:]+"/"+path, "/")
		}
	}
	return keyed.Truncate(text, maxClaim)
}
