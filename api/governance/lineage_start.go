package governance

import (
	"regexp"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/lineage"
	"bailiwick/registry"
)

// forms tell what an id is of by how it looks, the first that matches.
var forms = []struct {
	kind lineage.Kind
	form *regexp.Regexp
}{
	{lineage.LoggedModel, regexp.MustCompile(`^(models:/)?m-[0-9a-f]+$`)},
	{lineage.Version, regexp.MustCompile(`^models:/|^[^/:]*[^/:0-9][^/:]*/[0-9]+$`)}, // "iris/1", as answers write it
	{lineage.Run, regexp.MustCompile(`^runs:/|^[0-9a-f]{32}$`)},
	{lineage.Commit, regexp.MustCompile(`^[0-9a-f]{40}$|^[0-9a-f]{64}$`)},
	{lineage.Experiment, regexp.MustCompile(`^experiments/`)},
	{lineage.Notebook, regexp.MustCompile(`^notebooks/`)},
}

// kindOf gives the kind that a request means. What lies at a path says itself whether it is an experiment.
func kindOf(c *api.Call, q *lineageRequest) (lineage.Kind, error) {
	if q.Kind != "" {
		return lineage.ParseKind(q.Kind)
	}
	for _, f := range forms {
		if f.form.MatchString(q.ID) {
			return f.kind, nil
		}
	}
	if strings.HasPrefix(q.ID, "/") {
		if o, ok := c.Tx.Map.Find(q.ID); ok && o.Kind == authz.Experiment && c.Visible(o) {
			return lineage.Experiment, nil
		}
		return lineage.Notebook, nil
	}
	return 0, fail.Invalidf("kind is missing, and '%s' does not tell it: give kind=version, logged-model, run, experiment, dataset, notebook, "+
		"job, commit or script", q.ID)
}

// finders find the nodes that a request asks about, and what is decided on: nothing for what is only claimed.
var finders = map[lineage.Kind]func(*api.Call, string) ([]lineage.Node, error){
	lineage.Version: findVersion, lineage.LoggedModel: findModel, lineage.Run: findRun, lineage.Experiment: findExperiment,
	lineage.Dataset: findDatasets, lineage.Notebook: findNotebook,
}

// findStart finds what is asked about. Who may not know of it is told that it is not there.
func findStart(c *api.Call, q *lineageRequest) ([]lineage.Node, api.Target, error) {
	signedIn := api.Target{Object: authz.WorkspaceObject}
	if q.ID == "" {
		return nil, signedIn, fail.Invalidf("id is missing: name a version (models:/name/3), a run, a logged model, an experiment, a dataset, " +
			"a notebook, a job, a commit or a script")
	}
	kind, err := kindOf(c, q)
	if err != nil {
		return nil, signedIn, err
	}
	find := finders[kind]
	if find == nil {
		return []lineage.Node{lineage.Claim(kind, q.ID)}, signedIn, nil
	}
	nodes, err := find(c, q.ID)
	absent := fail.NotFoundf("There is no %s '%s'.", kind, q.ID)
	if err == nil && len(nodes) == 0 || fail.Is(err, fail.NotFound) {
		err = absent
	}
	if err != nil {
		return nil, signedIn, err
	}
	t, err := startTarget(c, nodes[0], absent)
	return nodes, t, err
}

// startTarget is what is decided on before a walk begins. Datasets were decided on when they were found, as one name may stand for several.
func startTarget(c *api.Call, n lineage.Node, absent error) (api.Target, error) {
	ability := guard(c, n.Kind, n.Object)
	o, ours := notebook(c, n.ID)
	switch {
	case n.Kind == lineage.Notebook && ours && c.Visible(o):
		return api.Target{Object: o.ID, Ability: authz.ViewCells, Absent: absent}, nil
	case n.Kind == lineage.Dataset || ability == 0:
		return api.Target{Object: authz.WorkspaceObject}, nil
	case ability != authz.OperateServer:
		return api.Target{Object: n.Object, Ability: ability, Absent: absent, Name: n.ID}, nil
	case c.Can(ability, authz.WorkspaceObject):
		return api.Target{Object: authz.WorkspaceObject, Ability: ability}, nil
	}
	return api.Target{}, absent
}

// findVersion finds a version as models:/name/3, name/3 or the model's id/3, or by an alias, name@champion.
func findVersion(c *api.Call, id string) ([]lineage.Node, error) {
	id = strings.TrimPrefix(id, "models:/")
	if name, alias, ok := strings.Cut(id, "@"); ok {
		return findAliased(c, name, alias)
	}
	i := strings.LastIndexByte(id, '/')
	number, err := strconv.ParseInt(id[i+1:], 10, 64)
	if i < 0 || err != nil {
		return nil, fail.Invalidf("'%s' names no version: write models:/name/3, name/3 or name@alias", id)
	}
	o, ok := c.Tx.Map.Find("registered-models/" + id[:i])
	if !ok {
		model, _ := strconv.ParseInt(id[:i], 10, 64)
		return gone(c, lineage.VersionNode(model, number))
	}
	_, err = c.Tx.ModelVersion(registry.Key{Model: o.ID, Number: number})
	return there(c, lineage.VersionNode(o.ID, number), err)
}

func findAliased(c *api.Call, name, alias string) ([]lineage.Node, error) {
	o, ok := c.Tx.Map.Find("registered-models/" + name)
	if !ok {
		return nil, nil
	}
	number, found, err := c.Tx.Aliased(o.ID, alias)
	if err != nil || !found {
		return nil, err
	}
	return []lineage.Node{lineage.VersionNode(o.ID, number)}, nil
}

// there gives a node that was found; where it was not, what its lineage still knows of it.
func there(c *api.Call, n lineage.Node, err error) ([]lineage.Node, error) {
	if fail.Is(err, fail.NotFound) {
		return gone(c, n)
	}
	return []lineage.Node{n}, err
}

// gone gives the node of what only edges know any more.
func gone(c *api.Call, n lineage.Node) ([]lineage.Node, error) {
	n, found, err := c.Tx.LineageNode(n.Kind, n.ID)
	if err != nil || !found {
		return nil, err
	}
	return []lineage.Node{n}, nil
}

func findModel(c *api.Call, id string) ([]lineage.Node, error) {
	n := lineage.Node{Kind: lineage.LoggedModel, ID: strings.TrimPrefix(id, "models:/")}
	h, err := c.Tx.ModelHead(n.ID)
	if err == nil {
		n.Object = h.Experiment
	}
	return there(c, n, err)
}

// findRun finds a run by its id, also as runs:/id/path.
func findRun(c *api.Call, id string) ([]lineage.Node, error) {
	id, _, _ = strings.Cut(strings.TrimPrefix(id, "runs:/"), "/")
	n := lineage.Node{Kind: lineage.Run, ID: id}
	h, err := c.Tx.RunHead(id)
	if err == nil {
		n.Object = h.Experiment
	}
	return there(c, n, err)
}

func findExperiment(c *api.Call, id string) ([]lineage.Node, error) {
	o, ok := c.Tx.Map.Find(id)
	if !ok || o.Kind != authz.Experiment {
		o, ok = c.Tx.Map.Find("experiments/" + id)
	}
	if !ok || o.Kind != authz.Experiment {
		n, _ := strconv.ParseInt(id, 10, 64)
		return gone(c, lineage.ExperimentNode(n))
	}
	return []lineage.Node{lineage.ExperimentNode(o.ID)}, nil
}

// maxStarts bounds the datasets that a name or a digest stands for.
const maxStarts = 100

// findDatasets finds those datasets with a name, a digest or an id that the caller may see.
func findDatasets(c *api.Call, text string) ([]lineage.Node, error) {
	seen := func(kind lineage.Kind, object int64) bool {
		ok, _ := sees(c, kind, object)
		return ok
	}
	nodes, err := c.Tx.DatasetNodes(text, maxStarts, seen)
	if err != nil || len(nodes) > 0 {
		return nodes, err
	}
	experiment, rest, _ := strings.Cut(text, "/")
	id, _ := strconv.ParseInt(experiment, 10, 64)
	if experiment == "0" {
		id = authz.DefaultExperiment
	}
	n := lineage.Node{Kind: lineage.Dataset, ID: strconv.FormatInt(id, 10) + "/" + rest}
	if !seen(n.Kind, id) {
		return nil, nil
	}
	return gone(c, n)
}

// findNotebook gives the nodes that runs may have claimed a notebook by: its id and its path. One that is not ours is what somebody claims.
func findNotebook(c *api.Call, text string) ([]lineage.Node, error) {
	o, ok := notebook(c, text)
	if !ok || !c.Visible(o) {
		return []lineage.Node{lineage.Claim(lineage.Notebook, strings.TrimPrefix(text, "notebooks/"))}, nil
	}
	return []lineage.Node{lineage.Claim(lineage.Notebook, strconv.FormatInt(o.ID, 10)), lineage.Claim(lineage.Notebook, c.Tx.Map.Path(o.ID))}, nil
}
