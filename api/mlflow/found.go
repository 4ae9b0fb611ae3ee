package mlflow

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

// Nothing is what routes without a message answer: {}.
type Nothing struct{}

// Values of Front.DefaultExperiment: what MLflow's experiment "0" is.
const (
	defaultShared = "shared" // one for all, in /Shared
	defaultHome   = "home"   // the experiment Default in the caller's home folder
)

// names gives how experiment names and paths belong together for the caller.
func (f *Front) names(c *api.Call) workspace.Names {
	n := workspace.Names{Home: homeOf(c)}
	if f.RelativeNames != "" && f.RelativeNames != "home" {
		n.Shared = f.RelativeNames
	}
	if f.DefaultExperiment == defaultShared || f.DefaultExperiment == "" {
		n.Default = c.Tx.Map.Path(authz.DefaultExperiment)
	}
	return n
}

// homeOf gives the path of the caller's home folder, "" when there is none.
func homeOf(c *api.Call) string {
	p := c.Principal()
	path, err := workspace.HomePath(p.Name)
	if err != nil {
		return ""
	}
	if o, ok := c.Tx.Map.Resolve(path); !ok || o.Home != p.ID {
		return ""
	}
	return path
}

// noExperiment is the error for an experiment that does not exist, or may not be known.
func noExperiment(id string) error { return fail.NotFoundf("No Experiment with id=%s exists", id) }

// experimentID reads an experiment's id from the wire: "0" is the default experiment, whatever that is to the caller.
func (f *Front) experimentID(c *api.Call, text string) (int64, error) {
	if text == "" {
		return 0, fail.Invalidf("Missing value for required parameter 'experiment_id'.")
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fail.Invalidf("Invalid experiment ID: %q: it must be an integer", text)
	}
	if id != 0 {
		if id == authz.DefaultExperiment { // an id of our own, which no client knows
			return 0, noExperiment(text)
		}
		return id, nil
	}
	switch f.DefaultExperiment {
	case defaultShared, "":
		return authz.DefaultExperiment, nil
	case defaultHome:
		return f.homeDefault(c)
	}
	return 0, fail.NotFoundf("There is no default experiment on this server: name one, for example by mlflow.set_experiment(\"%s\")", "my-experiment")
}

// homeDefault finds the experiment Default in the caller's home folder.
func (f *Front) homeDefault(c *api.Call) (int64, error) {
	if o, ok := c.Tx.Map.Resolve(homeOf(c) + "/" + workspace.DefaultName); ok && o.Kind == authz.Experiment {
		return o.ID, nil
	}
	return 0, fail.NotFoundf("There is no experiment %q in your home folder yet: make it by mlflow.set_experiment(%[1]q)", workspace.DefaultName)
}

// experimentTarget is the decision about an experiment as it is: one in the trash may be looked at (ViewTrashed), where the route's line
// says so, and whoever may do that and tries to change it is told why not.
func experimentTarget(c *api.Call, id int64, name string, absent error) api.Target {
	t := api.Target{Object: id, Absent: absent, Name: name}
	if o, ok := c.Tx.Map.Object(id); !ok || o.Kind != authz.Experiment {
		t.Object = -1
	} else if c.Tx.Map.InTrash(id) {
		t.Ability, t.Frozen = authz.ViewTrashed, deletedExperiment(id)
	}
	return t
}

// experiment makes the finder of routes that are about one experiment.
func experiment[Q any](f *Front, id func(*Q) string) api.Finder[int64, Q] {
	return func(c *api.Call, q *Q) (int64, api.Target, error) {
		n, err := f.experimentID(c, id(q))
		if err != nil {
			return 0, api.Target{}, err
		}
		return n, experimentTarget(c, n, "", noExperiment(id(q))), nil
	}
}

// run makes the finder of routes that are about one run: the decision is about its experiment.
func run[Q any](id func(*Q) string) api.Finder[*store.RunHead, Q] {
	return func(c *api.Call, q *Q) (*store.RunHead, api.Target, error) {
		name := id(q)
		if name == "" {
			return nil, api.Target{}, fail.Invalidf("Missing value for required parameter 'run_id'.")
		}
		h, err := c.Tx.RunHead(name)
		if err != nil {
			return nil, api.Target{}, err
		}
		return h, experimentTarget(c, h.Experiment, h.ID, store.NotARun(name)), nil
	}
}

// runOr gives the id of a run where requests carry it under two names.
func runOr(id, old string) string {
	if id == "" {
		return old
	}
	return id
}

// text makes an optional string of the wire.
func text(s string) *string { return &s }
