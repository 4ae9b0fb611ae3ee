package mlflow

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// Where the bytes of a new version come from. Every way to write a source ends in one of: a place in the artifacts of a run or logged model, a
// version of a registered model, an outside location of an experiment, or nothing at all for a prompt.

// source is where the bytes of a new version come from, once it was found. Exactly one of owner, version and elsewhere is set; none for a prompt.
type source struct {
	owner      string // a run or a logged model
	path       string // below its artifacts
	experiment int64  // of the owner, or the one whose own location elsewhere is in
	version    *registry.Version
	elsewhere  string
	// run and model are what the source itself says it comes from.
	run, model string
	// target is what must be readable, and inner the experiments whose own locations lie in elsewhere.
	target api.Target
	inner  []api.Target
}

// hidden says that the caller may not read the source: the decision that follows refuses him, and nothing else may be said before.
func (s *source) hidden(c *api.Call) bool {
	return !c.Can(cmp.Or(s.target.Ability, authz.ReadArtifacts), s.target.Object)
}

// sourceTargets asks for what the source is: a version must not be a door to what its maker cannot read himself.
func (f *Front) sourceTargets(c *api.Call, q *CreateModelVersion) ([]api.Target, error) {
	s, err := f.sourceOf(c, q)
	if err != nil || s.target.Object == 0 {
		return nil, err
	}
	return append([]api.Target{s.target}, s.inner...), nil
}

// claimedOrigin asks also for the run and the logged model that the client says the version comes from, where the source is not in them: they are
// shown beside the version, as where it comes from. It is asked behind the source, which must be refused alike whatever is claimed.
func (f *Front) claimedOrigin(c *api.Call, q *CreateModelVersion) (targets []api.Target, err error) {
	s, err := f.sourceOf(c, q)
	if err != nil {
		return nil, err
	}
	if id := q.GetRunId(); id != "" && id != s.run {
		h, err := c.Tx.RunHead(id)
		if err != nil {
			return nil, err
		}
		targets = append(targets, experimentTarget(c, h.Experiment, id, store.NotARun(id)))
	}
	if id := q.GetModelId(); id != "" && id != s.model {
		h, err := c.Tx.ModelHead(id)
		if err != nil {
			return nil, err
		}
		targets = append(targets, experimentTarget(c, h.Experiment, id, store.NotAModel(id)))
	}
	return targets, nil
}

// sourceOf finds a request's source, which the decisions and the handler all need.
func (f *Front) sourceOf(c *api.Call, q *CreateModelVersion) (*source, error) {
	return api.Remember(c, q, func() (*source, error) { return f.findSource(c, q) })
}

// findSource finds a source. What does not exist, is outside of what this server knows, or is no source at all has an error of its own.
func (f *Front) findSource(c *api.Call, q *CreateModelVersion) (*source, error) {
	if promptVersion(pairsOf(q.Tags)) {
		return &source{}, promptSource(c, q)
	}
	text := strings.TrimSuffix(q.GetSource(), "/")
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "runs":
		return runSource(c, q, rest)
	case "models":
		return modelSource(c, q, rest)
	}
	if a, ok := ownAddress(c, text); ok {
		return addressSource(c, q, a)
	}
	return f.outsideSource(c, q, text)
}

// promptSource: prompts have no files, so only versions of registered models that are prompts are made so.
func promptSource(c *api.Call, q *CreateModelVersion) error {
	o, ok := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, q.GetName())
	if !ok {
		return store.NotARegisteredModel(q.GetName())
	}
	m, err := c.Tx.RegisteredModel(o.ID)
	if err == nil && !m.Prompt() {
		err = fail.Invalidf("%s is not a prompt, so a version of it cannot be one: it needs a source with files", q.GetName())
	}
	return err
}

func badSource(q *CreateModelVersion, format string, args ...any) error {
	return fail.Invalidf("Invalid model version source: '%s'. "+format, append([]any{q.GetSource()}, args...)...)
}

// runSource reads runs:/<run>/<path>. Where the run has nothing there, a logged model of that name which it made is meant, as MLflow's own
// clients do it.
func runSource(c *api.Call, q *CreateModelVersion, rest string) (*source, error) {
	run, at, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if run == "" || strings.HasPrefix(rest, "//") {
		return nil, badSource(q, "Expected runs:/<run_id>/<path>")
	}
	at, err := below(at)
	if err != nil {
		return nil, err
	}
	s, err := ownerSource(c, q, artifactAddress{owner: run, path: at})
	if err != nil || at == "" || s.hidden(c) {
		return s, err
	}
	if there, err := c.Tx.HasSource(run, at); err != nil || there {
		return s, err
	}
	made, found, err := c.Tx.LoggedBy(run, at)
	if err != nil || !found {
		return s, err
	}
	return ownerSource(c, q, artifactAddress{owner: made, model: true})
}

var loggedModelID = regexp.MustCompile(`^m-[0-9a-f]{32}$`)

// modelSource reads models:/<logged model>, models:/<name>/<version or stage> and models:/<name>@<alias>.
func modelSource(c *api.Call, q *CreateModelVersion, rest string) (*source, error) {
	name, ok := strings.CutPrefix(rest, "/")
	if !ok || strings.HasPrefix(name, "/") || name == "" {
		return nil, badSource(q, "Expected models:/<model_id>, models:/<name>/<version> or models:/<name>@<alias>")
	}
	if id, at, _ := strings.Cut(name, "/"); loggedModelID.MatchString(id) {
		at, err := below(at)
		if err != nil {
			return nil, err
		}
		return ownerSource(c, q, artifactAddress{owner: id, model: true, path: at})
	}
	return registeredSource(c, q, name)
}

// registeredSource finds the version that is copied.
func registeredSource(c *api.Call, q *CreateModelVersion, text string) (*source, error) {
	name, which, versioned := strings.Cut(text, "/")
	alias := ""
	if !versioned {
		name, alias, _ = strings.Cut(text, "@")
	}
	o, target, err := findRegistered(c, name)
	if err != nil {
		return nil, err
	}
	target.Ability = authz.ViewModel
	s := &source{target: target}
	if s.hidden(c) { // whether there is such a version or not
		return s, nil
	}
	if s.version, err = namedVersion(c, o, which, alias); err != nil {
		return nil, err
	}
	s.run, s.model, s.experiment = s.version.Run, s.version.LoggedModel, s.version.Experiment
	if promptVersion(s.version.Tags) {
		return nil, badSource(q, "Prompt versions cannot be used as model version sources.")
	}
	if q.RunId != nil && *q.RunId != s.run || q.ModelId != nil && *q.ModelId != s.model {
		return nil, badSource(q, "The run_id and model_id request parameters must match the referenced model version.")
	}
	return s, nil
}

// namedVersion finds a version by its number, its stage or its alias.
func namedVersion(c *api.Call, o *authz.Object, which, alias string) (*registry.Version, error) {
	if alias != "" {
		return aliased(c, o.ID, alias)
	}
	if n, err := strconv.ParseInt(which, 10, 64); err == nil {
		return c.Tx.ModelVersion(registry.Key{Model: o.ID, Number: n})
	}
	stages := registry.Stages()
	if which != "latest" {
		stage, err := registry.ParseStage(which)
		if err != nil {
			return nil, err
		}
		stages = []registry.Stage{stage}
	}
	latest, err := c.Tx.LatestVersions(o.ID, stages...)
	if err == nil && len(latest) == 0 {
		err = store.NotAVersion(o.Name, which)
	}
	if err != nil {
		return nil, err
	}
	return latest[0], nil
}

// ownAddress reads an address of our own in either form, or as a URL of the proxy of this server.
func ownAddress(c *api.Call, text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, "dbfs:/"); ok {
		return "dbfs:" + strings.TrimLeft(rest, "/"), true
	}
	if rest, ok := strings.CutPrefix(text, store.ManagedRoot); ok {
		return strings.TrimLeft(rest, "/"), true
	}
	for _, prefix := range proxyPrefixes {
		if rest, ok := strings.CutPrefix(text, c.BaseURL()+prefix+"/artifacts/"); ok {
			return rest, true
		}
	}
	return "", false
}

func addressSource(c *api.Call, q *CreateModelVersion, text string) (*source, error) {
	s := proxyShape
	if rest, ok := strings.CutPrefix(text, "dbfs:"); ok {
		s, text = dbfsShape, rest
	}
	a, err := s.parse(text)
	if err != nil {
		return nil, err
	}
	if a.version != "" {
		if a.path != "" {
			return nil, badSource(q, "A version is copied as a whole")
		}
		return registeredSource(c, q, a.owner+"/"+a.version)
	}
	return ownerSource(c, q, a)
}

// ownerSource finds the run or logged model whose artifacts the source is in. A run or model that the client names besides must be that one.
func ownerSource(c *api.Call, q *CreateModelVersion, a artifactAddress) (*source, error) {
	p, target, err := at(func(*api.Call, *CreateModelVersion) (artifactAddress, error) { return a, nil })(c, q)
	if err != nil {
		return nil, err
	}
	s := &source{owner: p.owner, path: p.path, experiment: p.in, target: target}
	if s.hidden(c) {
		return s, nil
	}
	if !p.model {
		if id := q.GetRunId(); id != "" && id != p.owner {
			return nil, badSource(q, "The run_id request parameter must identify the resource that contains the source.")
		}
		s.run = p.owner
		return s, s.outside(c, q)
	}
	if id := q.GetModelId(); id != "" && id != p.owner {
		return nil, badSource(q, "The model_id request parameter must identify the resource that contains the source.")
	}
	h, err := c.Tx.ModelHead(p.owner)
	if err != nil {
		return nil, err
	}
	s.run, s.model = h.SourceRun, p.owner
	return s, s.outside(c, q)
}

// manifest says what the version consists of; nil for a prompt, and for what is yet to be copied.
func (s *source) manifest(c *api.Call) (*registry.Manifest, error) {
	switch {
	case s.version != nil:
		return c.Tx.Manifest(s.version)
	case s.owner == "":
		return nil, nil
	}
	if err := s.finished(c); err != nil {
		return nil, err
	}
	files, err := c.Tx.SourceFiles(s.owner, s.path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fail.NotFoundf("There are no artifacts at path '%s' of %s: nothing can be registered from there.", s.path, s.owner)
	}
	return registry.NewManifest(files)
}

// finished refuses what is still being written: a logged model that is pending or failed, and a place below which uploads are under way.
func (s *source) finished(c *api.Call) error {
	if s.model == s.owner {
		h, err := c.Tx.ModelHead(s.owner)
		if err != nil {
			return err
		}
		if h.Lifecycle != search.Active {
			return writableModel(h)
		}
		if h.Status != tracking.ModelReady {
			return fail.Statef("The logged model %s is %s: it can be registered once it is READY.", s.owner, h.Status)
		}
	}
	n, err := c.Tx.UploadsBelow(s.owner, s.path)
	if err == nil && n > 0 {
		err = fail.Statef("%d uploads below '%s' of %s are still under way: register it when they have ended.", n, s.path, s.owner)
	}
	return err
}

// describe writes into a version what its source tells; what the client said besides, and was asked for, stands.
func (s *source) describe(v *registry.Version) {
	v.Run, v.LoggedModel, v.Experiment = cmp.Or(v.Run, s.run), cmp.Or(v.LoggedModel, s.model), s.experiment
	if s.elsewhere != "" {
		v.Status = registry.Pending
	}
}

// copied names the version that is copied; the zero key where none is.
func (s *source) copied() registry.Key {
	if s.version == nil {
		return registry.Key{}
	}
	return s.version.Key()
}
