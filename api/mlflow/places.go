package mlflow

import (
	"encoding/json"
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/workspace"
)

// place is where an experiment of some name is, or would be.
type place struct {
	path, name string
	relative   bool
	// folder is the nearest folder above that exists, missing those below it, outermost first.
	folder  *authz.Object
	missing []string
}

// placeNamed finds the place that a name means to the caller.
func (f *Front) placeNamed(c *api.Call, name string) (*place, error) {
	if err := tracking.ExperimentName(name); err != nil {
		return nil, err
	}
	path, relative, err := f.names(c).Resolve(name)
	if err != nil {
		return nil, err
	}
	return placeAt(c, path, relative), nil
}

func placeAt(c *api.Call, path string, relative bool) *place {
	p := &place{path: path, name: workspace.Base(path), relative: relative}
	for at := workspace.Parent(path); ; at = workspace.Parent(at) {
		if o, ok := c.Tx.Map.Resolve(at); ok {
			p.folder = o
			break
		}
		p.missing = append(p.missing, workspace.Base(at))
	}
	slices.Reverse(p.missing)
	return p
}

// target is the decision about making an experiment at the place. Only for relative names missing folders are made.
func (p *place) target() api.Target {
	t := api.Target{Object: p.folder.ID, Absent: fail.NotFoundf("Parent directory %s does not exist.", workspace.Parent(p.path))}
	if p.folder.Kind != authz.Directory || len(p.missing) > 0 && !p.relative {
		t.Object = -1
	}
	return t
}

// taken gives the experiment that has the place's name, deleted ones too.
func (p *place) taken(c *api.Call) (int64, bool, error) {
	if len(p.missing) > 0 {
		return 0, false, nil
	}
	return c.Tx.ExperimentNamed(p.folder.ID, p.name)
}

// free refuses a place whose name is taken.
func (p *place) free(c *api.Call, name string) error {
	id, found, err := p.taken(c)
	if err != nil {
		return err
	}
	if found && c.Tx.Map.InTrash(id) {
		return fail.Existsf("Experiment '%s' already exists in deleted state. Restore it, purge it, or choose another name.", name)
	}
	if found {
		return fail.Existsf("Experiment '%s' already exists.", name)
	}
	if o, ok := c.Tx.Map.ChildNamed(p.folder.ID, authz.Experiment, p.name); ok && len(p.missing) == 0 {
		return fail.Existsf("%s already exists: it is a %s.", p.path, o.Kind)
	}
	return nil
}

// newExperiment finds the place of an experiment that is to be made.
func (f *Front) newExperiment(c *api.Call, q *CreateExperiment) (*place, api.Target, error) {
	p, err := f.placeNamed(c, q.GetName())
	if err != nil {
		return nil, api.Target{}, err
	}
	return p, p.target(), nil
}

// newFolders asks for the folders that have to be made with an experiment.
func (f *Front) newFolders(c *api.Call, q *CreateExperiment) ([]api.Target, error) {
	p, err := f.placeNamed(c, q.GetName())
	if err != nil || len(p.missing) == 0 {
		return nil, err
	}
	return []api.Target{p.target()}, nil
}

func (f *Front) createExperiment(c *api.Call, p *place, q *CreateExperiment) (*CreateExperimentResponse, error) {
	if err := p.free(c, q.GetName()); err != nil {
		return nil, err
	}
	location, err := f.location(q.GetArtifactLocation())
	if err != nil {
		return nil, err
	}
	tags := slices.DeleteFunc(pairsOf(q.Tags), func(t tracking.Pair) bool { return serverTagKeys[t.Key] })
	for _, t := range tags {
		if err := tracking.CheckExperimentTag(t); err != nil {
			return nil, err
		}
	}
	id, err := p.make(c, location, tags)
	if err != nil {
		return nil, err
	}
	c.Note("experimentName", p.path)
	return &CreateExperimentResponse{ExperimentId: text(store.ExperimentID(id))}, nil
}

// make creates an experiment, and the folders above it that are missing, as the caller's own. It refuses to where tags are required that are
// not given.
func (p *place) make(c *api.Call, location string, tags []tracking.Pair) (int64, error) {
	if err := requiredTags(c, p.folder.ID, authz.Experiment, tags); err != nil {
		return 0, err
	}
	tags, steward, err := splitSteward(c.Tx.Map, tags)
	if err != nil {
		return 0, err
	}
	own := authz.Object{
		Kind: authz.Directory, Parent: p.folder.ID, Creator: c.Who.Principal, CreatorManages: true, CreatedOpen: !c.Tx.Map.AccessControl(),
	}
	var events []authz.Event
	for _, name := range append(slices.Clone(p.missing), p.name) {
		o := own
		o.ID, o.Name = store.NewObjectID(), name
		own.Parent = o.ID
		events = append(events, authz.Event{Op: authz.PutObject, Object: &o})
	}
	e := events[len(events)-1].Object
	e.Kind = authz.Experiment
	*e = e.WithSteward(steward)
	if err := c.Tx.Govern(events...); err != nil {
		return 0, err
	}
	c.About(e.ID)
	return e.ID, c.Tx.PutExperiment(&tracking.Experiment{ID: e.ID, ArtifactLocation: location, Tags: tags, Relative: p.relative})
}

// makeHomeDefault makes the experiment Default in the caller's home folder, if there is none and he may.
func (f *Front) makeHomeDefault(c *api.Call) error {
	home := homeOf(c)
	p := placeAt(c, home+"/"+workspace.DefaultName, true)
	if home == "" || !c.Can(authz.CreateExperiments, p.folder.ID) {
		return nil
	}
	if _, found, err := p.taken(c); err != nil || found {
		return err
	}
	_, err := p.make(c, "", nil)
	return err
}

// placeOf makes the finder of routes that ask an ability on an experiment's folder.
func placeOf[Q any](f *Front, id func(*Q) string) api.Finder[*authz.Object, Q] {
	return func(c *api.Call, q *Q) (*authz.Object, api.Target, error) {
		n, err := f.experimentID(c, id(q))
		if err != nil {
			return nil, api.Target{}, err
		}
		o, ok := c.Tx.Map.Object(n)
		if !ok || o.Kind != authz.Experiment {
			return nil, api.Target{}, noExperiment(id(q))
		}
		return o, api.Target{Object: o.Parent, Absent: noExperiment(id(q)), Name: store.ExperimentID(n), Names: o}, nil
	}
}

// renamed gives the place that a renaming leads to.
func (f *Front) renamed(c *api.Call, o *authz.Object, name string) (*place, error) {
	if err := tracking.ExperimentName(name); err != nil {
		return nil, err
	}
	path, relative, err := f.names(c).Rename(c.Tx.Map.Path(o.ID), name)
	if err != nil {
		return nil, err
	}
	return placeAt(c, path, relative), nil
}

// newPlace asks for the folder that a renaming moves the experiment to, if it moves it.
func (f *Front) newPlace(c *api.Call, q *UpdateExperiment) ([]api.Target, error) {
	o, _, err := placeOf(f, (*UpdateExperiment).GetExperimentId)(c, q)
	if err != nil || q.GetNewName() == "" {
		return nil, err
	}
	p, err := f.renamed(c, o, q.GetNewName())
	if err != nil || len(p.missing) == 0 && p.folder.ID == o.Parent {
		return nil, err
	}
	t := p.target()
	if len(p.missing) > 0 {
		t.Object = -1
	}
	return []api.Target{t}, nil
}

func (f *Front) updateExperiment(c *api.Call, o *authz.Object, q *UpdateExperiment) (*Nothing, error) {
	if q.GetNewName() == "" {
		return &Nothing{}, nil
	}
	e, err := c.Tx.Experiment(o.ID)
	if err != nil {
		return nil, err
	}
	p, err := f.renamed(c, o, q.GetNewName())
	if err != nil {
		return nil, err
	}
	before := e.Name
	if err := e.Rename(p.path, c.Tx.Now); err != nil || before == p.path {
		return &Nothing{}, err
	}
	if err := p.free(c, q.GetNewName()); err != nil {
		return nil, err
	}
	return &Nothing{}, moved(c, o, p, before)
}

func moved(c *api.Call, o *authz.Object, p *place, before string) error {
	was, err := json.Marshal(map[string]string{"path": before})
	if err != nil {
		return err
	}
	is, err := json.Marshal(map[string]string{"path": p.path})
	if err != nil {
		return err
	}
	c.About(o.ID)
	c.Change(was, is)
	next := *o
	next.Name, next.Parent = p.name, p.folder.ID
	return c.Tx.RenameExperiment(next, p.relative)
}
