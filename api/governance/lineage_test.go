package governance_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// lab is a workspace with a past: experiments, runs, logged models and versions at random, each readable by some. It knows every edge, as text
// "from relation to", and who may see what.
type lab struct {
	*servertest.Server
	t       *testing.T
	tokens  map[string]string
	edges   []labEdge
	readers map[string][]string // of an experiment or a model, by id: the people
	owner   map[string]string   // of a node, by key: the experiment or model that decides on it; claims have none
	secrets map[string][]string // of an experiment or a model: texts that only its readers may meet
}

type labEdge struct{ from, relation, to string }

func newLab(t *testing.T) *lab {
	l := &lab{Server: servertest.Start(t), t: t, tokens: map[string]string{"admin": servertest.AdminToken}, readers: map[string][]string{},
		owner: map[string]string{}, secrets: map[string][]string{}}
	for _, name := range []string{"ann", "bob", "cyd"} {
		l.tokens[name] = l.User(name + "@x.org")
	}
	l.Admin("POST", "/api/2.0/workspace/mkdirs", object{"path": "/lab"})
	return l
}

func (l *lab) post(path string, body object) servertest.Answer {
	l.t.Helper()
	return l.Admin("POST", "/api/2.0/mlflow/"+path, body)
}

// read lets people read an experiment or a model, which its secrets are for.
func (l *lab) read(kind, id string, people ...string) {
	l.readers[id] = people
	for _, p := range people {
		l.Admin("PATCH", "/api/2.0/permissions/"+kind+"/"+id, object{"access_control_list": []any{
			object{"user_name": p + "@x.org", "permission_level": "CAN_READ"}}})
	}
}

func (l *lab) link(from, relation, to string) { l.edges = append(l.edges, labEdge{from, relation, to}) }

func (l *lab) experiment(name string, people ...string) string {
	id := l.post("experiments/create", object{"name": "/lab/" + name}).Text("experiment_id")
	l.read("experiments", id, people...)
	l.owner["experiment:"+id], l.secrets[id] = id, []string{name}
	return id
}

func (l *lab) run(experiment, name string, tags ...string) string {
	all := []any{}
	for i := 0; i < len(tags); i += 2 {
		all = append(all, object{"key": tags[i], "value": tags[i+1]})
	}
	id := l.post("runs/create", object{"experiment_id": experiment, "run_name": name, "tags": all}).Text("run.info.run_id")
	l.owner["run:"+id], l.secrets[experiment] = experiment, append(l.secrets[experiment], id, name)
	l.link("run:"+id, "in", "experiment:"+experiment)
	return id
}

func (l *lab) dataset(experiment, run, name, digest string) {
	l.post("runs/log-inputs", object{"run_id": run, "datasets": []any{object{"dataset": object{
		"name": name, "digest": digest, "source_type": "local", "source": "x"}}}})
	key := "dataset:" + experiment + "/" + digest + "/" + name
	l.owner[key] = experiment
	l.link("run:"+run, "read", key)
}

func (l *lab) model(experiment, run, name string) string {
	id := l.post("logged-models", object{"experiment_id": experiment, "name": name, "source_run_id": run}).Text("model.info.model_id")
	l.owner["logged-model:"+id], l.secrets[experiment] = experiment, append(l.secrets[experiment], id, name)
	l.link("logged-model:"+id, "in", "experiment:"+experiment)
	l.link("logged-model:"+id, "made-by", "run:"+run)
	return id
}

// version registers a version past the registry's front.
func (l *lab) version(model int64, number int64, run, logged string, copied registry.Key) {
	l.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return nil, tx.LinkVersion(&registry.Version{Model: model, Number: number, Run: run, LoggedModel: logged}, copied)
	})
	key := fmt.Sprintf("version:%d/%d", model, number)
	l.owner[key] = fmt.Sprint(model)
	if run != "" {
		l.link(key, "registered-from", "run:"+run)
	}
	if logged != "" {
		l.link(key, "registered-from", "logged-model:"+logged)
	}
	if copied.Model != 0 {
		l.link(key, "copied-from", fmt.Sprintf("version:%d/%d", copied.Model, copied.Number))
	}
}

func (l *lab) registered(name string, people ...string) int64 {
	e := event(authz.RegisteredModel, authz.ModelsRoot, name)
	l.Govern(func(*store.Tx) ([]authz.Event, error) { return []authz.Event{e}, nil })
	id := fmt.Sprint(e.Object.ID)
	l.read("registered-models", id, people...)
	l.secrets[id] = []string{name, id}
	return e.Object.ID
}

func (l *lab) ask(who, kind, id, direction string) servertest.Answer {
	return l.Do(l.tokens[who], "GET", root+"/lineage?"+url.Values{"kind": {kind}, "id": {id}, "direction": {direction}, "depth": {"64"}}.Encode(), nil)
}

// sees is the law of the test: who may see a node.
func (l *lab) sees(who, node string) bool {
	owner := l.owner[node]
	return owner == "" || who == "admin" || slices.Contains(l.readers[owner], who)
}

// want is the slow reference: what is shown of a start, by going round until nothing is added.
func (l *lab) want(who, start string, ways ...string) (edges []string) {
	found := map[string]bool{}
	for _, way := range ways {
		reached := map[string]bool{start: true}
		for before := -1; before != len(reached); {
			before = len(reached)
			for _, e := range l.edges {
				near, far := e.from, e.to
				if way == "down" {
					near, far = far, near
				}
				if reached[near] && l.sees(who, far) {
					reached[far], found[e.from+" "+e.relation+" "+e.to] = true, true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func edgesOf(a servertest.Answer) []string {
	found := map[string]bool{}
	list, _ := a.JSON("edges").([]any)
	for _, e := range list {
		m := e.(object)
		found[fmt.Sprint(m["from"], " ", m["relation"], " ", m["to"])] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestLineageShowsWhatMayBeSeen holds answers about a random past against the reference, for people with random rights, and looks for anything
// of what they may not see in them.
func TestLineageShowsWhatMayBeSeen(t *testing.T) {
	l := newLab(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	some := func() (people []string) {
		for _, p := range []string{"ann", "bob", "cyd"} {
			if rnd.IntN(2) == 0 {
				people = append(people, p)
			}
		}
		return people
	}
	l.grow(rnd, some)
	for _, who := range []string{"admin", "ann", "bob", "cyd"} {
		for _, key := range slices.Sorted(maps.Keys(l.owner)) {
			l.compare(who, key)
		}
		for _, claim := range []string{"commit:c1", "commit:c2", "job:5", "job:none"} {
			l.compare(who, claim)
		}
	}
}

// grow makes the random past.
func (l *lab) grow(rnd *rand.Rand, some func() []string) {
	var runs, models []string
	var versions []registry.Key
	experiments := []string{}
	for i := range 5 {
		experiments = append(experiments, l.experiment(fmt.Sprintf("marker-e%d", i), some()...))
	}
	for i := range 14 {
		e := experiments[rnd.IntN(len(experiments))]
		commit, job := fmt.Sprint("c", 1+rnd.IntN(2)), "5"
		run := l.run(e, fmt.Sprintf("marker-r%d-", i), "mlflow.source.git.commit", commit, "mlflow.databricks.jobID", job)
		l.link("run:"+run, "ran", "commit:"+commit)
		l.link("run:"+run, "ran", "job:"+job)
		l.dataset(e, run, "iris", "d1")
		if len(models) > 0 && rnd.IntN(2) == 0 {
			m := models[rnd.IntN(len(models))]
			l.post("runs/log-inputs", object{"run_id": run, "models": []any{object{"model_id": m}}})
			l.link("run:"+run, "read", "logged-model:"+m)
		}
		logged := l.model(experiments[rnd.IntN(len(experiments))], run, fmt.Sprintf("marker-l%d-", i))
		runs, models = append(runs, run), append(models, logged)
	}
	for i := range 6 {
		k := registry.Key{Model: l.registered(fmt.Sprintf("marker-m%d-", i), some()...), Number: 1}
		var copied registry.Key
		if len(versions) > 0 && rnd.IntN(2) == 0 {
			copied = versions[rnd.IntN(len(versions))]
		}
		l.version(k.Model, 1, runs[rnd.IntN(len(runs))], models[rnd.IntN(len(models))], copied)
		versions = append(versions, k)
	}
}

// compare asks about a node and holds the answer against the reference.
func (l *lab) compare(who, key string) {
	l.t.Helper()
	kind, id, _ := strings.Cut(key, ":")
	for direction, ways := range map[string][]string{"both": {"up", "down"}, "up": {"up"}, "down": {"down"}} {
		a := l.ask(who, kind, id, direction)
		if !l.sees(who, key) {
			if a.Status != 403 && a.Status != 404 {
				l.t.Errorf("%s about %s, which is hidden: %d %s", who, key, a.Status, a.Body)
			}
			continue
		}
		if diff := cmp.Diff(l.want(who, key, ways...), edgesOf(a)); diff != "" || a.Status != 200 {
			l.t.Errorf("%s about %s, %s: %d (-want +got):\n%s", who, key, direction, a.Status, diff)
		}
		for owner, texts := range l.secrets {
			for _, text := range texts {
				if who != "admin" && !slices.Contains(l.readers[owner], who) && strings.Contains(string(a.Body), text) {
					l.t.Errorf("%s about %s, %s: the answer holds %s", who, key, direction, text)
				}
			}
		}
	}
}

// TestLineageStarts asks about the same past by all the names that people have for things.
func TestLineageStarts(t *testing.T) {
	l := newLab(t)
	e := l.experiment("churn", "ann")
	const commit = "0123456789abcdef0123456789abcdef01234567"
	run := l.run(e, "first", "mlflow.source.git.commit", commit, "mlflow.source.git.repoURL", "https://ann:ghp_token@git.example.org/churn",
		"mlflow.source.name", "train.py", "mlflow.databricks.jobID", "77", "mlflow.databricks.jobRunID", "78")
	l.dataset(e, run, "iris", "d1")
	logged := l.model(e, run, "net")
	model := l.registered("churn", "ann")
	l.version(model, 3, run, logged, registry.Key{})
	for name, tt := range map[string]struct {
		kind, id string
		status   int
		says     string
	}{
		"version":           {"", "models:/churn/3", 200, `"start":["version:`},
		"version by name":   {"version", "churn/3", 200, "iris"},
		"version by id":     {"version", fmt.Sprint(model, "/3"), 200, "iris"},
		"no such version":   {"version", "churn/4", 404, "There is no version 'churn/4'."},
		"no such model":     {"version", "chum/3", 404, "There is no version 'chum/3'."},
		"no such alias":     {"", "models:/churn@champion", 404, "There is no version"},
		"no version":        {"version", "churn", 400, "write models:/name/3"},
		"logged model":      {"", logged, 200, "iris"},
		"its address":       {"", "models:/" + logged, 200, "iris"},
		"run":               {"", run, 200, "churn/3"},
		"run's address":     {"", "runs:/" + run + "/model", 200, "iris"},
		"no such run":       {"run", "0", 404, "There is no run '0'."},
		"experiment":        {"experiment", e, 200, "churn/3"},
		"its path":          {"", "/lab/churn", 200, `"start":["experiment:` + e},
		"no experiment":     {"experiment", "5", 404, "There is no experiment '5'."},
		"dataset":           {"dataset", "iris", 200, run},
		"digest":            {"dataset", "d1", 200, run},
		"dataset's id":      {"dataset", e + "/d1/iris", 200, run},
		"no dataset":        {"dataset", "wine", 404, "There is no dataset 'wine'."},
		"no such digest":    {"dataset", e + "/d2/iris", 404, "There is no dataset"},
		"commit":            {"", commit, 200, `"repository":"https://git.example.org/churn"`},
		"job":               {"job", "77", 200, `"run":"78"`},
		"script":            {"script", "train.py", 200, run},
		"unheard-of script": {"script", "other.py", 200, `"edges":[]`},
		"no kind":           {"", "iris", 400, "kind is missing"},
		"unknown kind":      {"endpoint", "iris", 400, "known: version, logged-model"},
		"nothing":           {"", "", 400, "id is missing"},
	} {
		a := l.ask("ann", tt.kind, tt.id, "both")
		if a.Status != tt.status || !strings.Contains(string(a.Body), tt.says) || strings.Contains(string(a.Body), "ghp_token") {
			t.Errorf("%s: %d %s, want %d with %s", name, a.Status, a.Body, tt.status, tt.says)
		}
	}
	for query, says := range map[string]string{"direction=sideways": "direction must be", "depth=65": "depth must be", "depth=-1": "depth must be",
		"max_results=10001": "max_results must be"} {
		if a := l.Do(l.tokens["ann"], "GET", root+"/lineage?kind=run&id="+run+"&"+query, nil); a.Status != 400 || !strings.Contains(string(a.Body), says) {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
	for query, truncated := range map[string]string{"max_results=2": "true", "depth=1": "true", "": "false"} {
		if a := l.Do(l.tokens["ann"], "GET", root+"/lineage?id=models:/churn/3&"+query, nil); a.Text("truncated") != truncated {
			t.Errorf("%s: truncated is not %s: %s", query, truncated, a.Body)
		}
	}
}

// state gives a node's state and name as somebody sees them who asks about another; "" for one that is not shown.
func (l *lab) state(who, kind, id, node string) (state, name string) {
	list, _ := l.ask(who, kind, id, "both").JSON("nodes").([]any)
	for _, n := range list {
		if m := n.(object); m["key"] == node {
			name, _ = m["name"].(string)
			return m["state"].(string), name
		}
	}
	return "", ""
}

// TestLineageOfWhatIsGone follows a run into the trash and out of the world, and its experiment after it.
func TestLineageOfWhatIsGone(t *testing.T) {
	l := newLab(t)
	e := l.experiment("churn", "ann", "bob")
	run := l.run(e, "first", "mlflow.source.git.commit", "c1")
	model := l.registered("churn", "ann")
	l.version(model, 1, run, "", registry.Key{})
	version, commit := fmt.Sprint(model, "/1"), "commit:c1"
	expect := func(when, who, kind, id, node, want string) {
		t.Helper()
		if got, _ := l.state(who, kind, id, node); got != want {
			t.Errorf("%s, %s asking about %s sees %s as %q, want %q", when, who, kind, node, got, want)
		}
	}
	expect("at first", "ann", "version", version, "run:"+run, "active")
	l.post("runs/delete", object{"run_id": run})
	expect("deleted", "ann", "version", version, "run:"+run, "deleted")
	l.Admin("POST", root+"/runs/purge", object{"run_id": run})
	expect("purged", "ann", "version", version, "run:"+run, "purged")
	expect("purged", "ann", "version", version, commit, "claimed")
	expect("purged", "ann", "run", run, "experiment:"+e, "active")
	expect("purged", "bob", "run", run, commit, "claimed")
	expect("purged", "bob", "commit", "c1", "run:"+run, "purged")
	expect("purged", "bob", "run", run, "version:"+version, "")
	expect("purged", "cyd", "commit", "c1", "run:"+run, "")
	l.post("experiments/delete", object{"experiment_id": e})
	expect("in the trash", "ann", "version", version, "experiment:"+e, "deleted")
	expect("in the trash", "cyd", "commit", "c1", "run:"+run, "")
	l.Admin("POST", root+"/experiments/purge", object{"experiment_id": e})
	expect("gone", "ann", "version", version, "run:"+run, "")
	expect("gone", "admin", "version", version, "run:"+run, "purged")
	expect("gone", "admin", "run", run, "experiment:"+e, "purged")
	for _, kind := range []string{"run", "experiment"} {
		id := map[string]string{"run": run, "experiment": e}[kind]
		a, absent := l.ask("ann", kind, id, "both"), l.ask("ann", kind, "123", "both")
		if a.Status != 404 || strings.ReplaceAll(string(a.Body), id, "123") != string(absent.Body) {
			t.Errorf("%s that is gone: %d %s, of none: %s", kind, a.Status, a.Body, absent.Body)
		}
	}
}

// TestLineageHides: that something came from what one may not see is told where the law lets one know of it, and a claim tells nobody
// whether the notebook is there.
func TestLineageHides(t *testing.T) {
	l := newLab(t)
	open, closed := l.experiment("open", "ann", "bob"), l.experiment("closed")
	grow(l.Server, "/lab/nb")
	nb := idOf(l.Server, "/lab/nb")
	l.read("notebooks", nb, "ann")
	from := l.run(closed, "marker", "mlflow.databricks.notebookID", nb)
	logged := l.model(closed, from, "net")
	run := l.run(open, "second", "mlflow.databricks.notebookID", nb)
	l.run(open, "third", "mlflow.databricks.notebookPath", "/lab/nb")
	l.post("runs/log-inputs", object{"run_id": run, "models": []any{object{"model_id": logged}}})
	secret, model := l.registered("secret"), l.registered("mine", "bob")
	l.version(secret, 1, "", "", registry.Key{})
	l.version(model, 1, "", "", registry.Key{Model: secret, Number: 1})

	hidden := func(kind, id, want string) {
		t.Helper()
		if a := l.ask("bob", kind, id, "both"); a.Text("hidden") != want || strings.Contains(string(a.Body), "net") {
			t.Errorf("hidden is not %s: %s", want, a.Body)
		}
	}
	hidden("run", run, "true")           // the closed experiment is in the tree
	hidden("version", "mine/1", "false") // of models nothing is told
	hidden("notebook", nb+"0", "false")
	if s, name := l.state("ann", "run", run, "notebook:"+nb); s != "active" || name != "/lab/nb" {
		t.Errorf("ann sees the notebook as %s %s", s, name)
	}
	if s, name := l.state("bob", "run", run, "notebook:"+nb); s != "claimed" || name != nb {
		t.Errorf("bob sees the notebook as %s %s", s, name)
	}
	if got := len(edgesOf(l.ask("ann", "notebook", "/lab/nb", "down"))); got != 2 {
		t.Errorf("%d runs of the notebook, want the one that says its id and the one that says its path", got)
	}
	if a := l.ask("bob", "notebook", "/lab/nb", "down"); a.Status != 403 {
		t.Errorf("bob about the notebook: %d %s", a.Status, a.Body)
	}

	l.Admin("PATCH", "/api/2.0/workspace-conf", object{"enforceWorkspaceViewAcls": "true"})
	hidden("run", run, "false")
	there, none := l.ask("bob", "", "/lab/nb", "up"), l.ask("bob", "", "/lab/no", "up")
	if there.Status != 200 || strings.ReplaceAll(string(there.Body), "/lab/nb", "/lab/no") != string(none.Body) {
		t.Errorf("with names hidden: %s, of none: %s", there.Body, none.Body)
	}
}
