package governance

import (
	"encoding/json"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/workspace"
)

// treeRoutes are what the Workspace API lacks: moving, cloning and the trash.
func (f *Front) treeRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /workspace/move", authz.MoveRename, findMoved, move,
			api.Also(authz.CreateItems, moveTargets), api.Or[moveRequest](authz.CreateExperiments, authz.ViewItems),
			api.Audit[moveRequest](api.Each, "workspace", "moveItem"), api.Alone[moveRequest]),
		api.Write("POST /workspace/clone", authz.CloneExport, findCloned, clone, api.Also(authz.CreateItems, cloneTargets),
			api.Audit[moveRequest](api.Each, "workspace", "cloneItem"), api.Alone[moveRequest]),
		api.List("GET /workspace/trash", authz.RestoreExperiments, authz.Directory, listTrash),
		api.Write("POST /workspace/restore", authz.RestoreItems, findRestored, restore,
			api.Also(authz.CreateItems, restoreTargets), api.Or[restoreRequest](authz.RestoreExperiments, authz.CreateExperiments),
			api.Audit[restoreRequest](api.Each, "workspace", "restoreItem"), api.Alone[restoreRequest]),
		api.Write("POST /workspace/purge", authz.PurgeItems, findPurged, purge, api.Or[purgeRequest](authz.PurgeRuns),
			api.Audit[purgeRequest](api.Each, "workspace", "purgeItem"), api.Alone[purgeRequest]),
	}
}

type moveRequest struct {
	Path string `json:"path"`
	// Destination is the whole new path, the name included.
	Destination string `json:"destination"`
}

// findMoved asks about the folder that the object leaves, or is renamed in.
func findMoved(c *api.Call, q *moveRequest) (api.Place, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, q.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	c.Note("destination", q.Destination)
	return p, p.InFolder(c, authz.MoveRename), nil
}

// moveTargets asks about the folder that the object comes to, if that is another.
func moveTargets(c *api.Call, q *moveRequest) ([]api.Target, error) {
	from, err := api.ExistingPlace(c.Tx.Map, q.Path)
	if err != nil {
		return nil, err
	}
	to, err := api.FindPlace(c.Tx.Map, q.Destination)
	if err != nil || to.Folder != nil && to.Folder.ID == from.Folder.ID {
		return nil, err
	}
	t, err := to.ToFolder(api.ByKind(from.Object, authz.CreateExperiments, authz.CreateItems))
	return []api.Target{t}, err
}

// move gives what is at the path another folder or name. It keeps its id and its own entries, and has the new folder's permissions.
func move(c *api.Call, p api.Place, q *moveRequest) (*api.TreeRow, error) {
	o, to, err := planMove(c, p, q)
	if err != nil {
		return nil, err
	}
	info := api.NameRow(p.Object, to)
	if o.Parent == p.Object.Parent && o.Name == p.Object.Name {
		return &info, nil
	}
	c.About(o.ID)
	c.Change(placeText(p.Path), placeText(to))
	return &info, c.Tx.Place(o)
}

// planMove gives the object as a move would leave it, and its new path.
func planMove(c *api.Call, p api.Place, q *moveRequest) (o authz.Object, to string, err error) {
	_, to, moved, err := workspace.CheckMove(q.Path, q.Destination)
	if err != nil {
		return o, to, err
	}
	target, err := api.FindPlace(c.Tx.Map, to)
	if err != nil || !moved {
		return *p.Object, to, err
	}
	if target.Object != nil {
		return o, to, target.Taken()
	}
	if err := checkLength(c.Tx.Map, p.Object.ID, p.Path, to); err != nil {
		return o, to, err
	}
	o = *p.Object
	o.Parent, o.Name = target.Folder.ID, workspace.Base(to)
	return o, to, nil
}

func placeText(path string) []byte {
	text, _ := json.Marshal(map[string]string{"path": path}) // plain data always marshals
	return text
}

// checkLength refuses a place where something below would have a path that is longer than a path may be, and could not be named any more.
func checkLength(m *authz.Map, object int64, from, to string) error {
	if len(to) <= len(from) {
		return nil
	}
	for o := range m.Subtree(object) {
		if n := len(m.Path(o.ID)) - len(from) + len(to); n > workspace.MaxPath {
			return fail.Invalidf("%s would have a path of %d bytes, %d are allowed", m.Path(o.ID), n, workspace.MaxPath)
		}
	}
	return nil
}

func findCloned(c *api.Call, q *moveRequest) (api.Place, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, q.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	c.Note("destination", q.Destination)
	return p, p.Itself(authz.CloneExport), nil
}

func cloneTargets(c *api.Call, q *moveRequest) ([]api.Target, error) {
	to, err := api.FindPlace(c.Tx.Map, q.Destination)
	if err != nil {
		return nil, err
	}
	t, err := to.ToFolder(authz.CreateItems)
	return []api.Target{t}, err
}

// What one clone copies at most.
const (
	maxCloned      = 2_000
	maxClonedBytes = 32 << 20
)

type cloneAnswer struct {
	api.TreeRow
	// Items is the number of objects that were made; Skipped that of experiments and what else has no copy.
	Items   int `json:"items"`
	Skipped int `json:"skipped"`
}

// clone copies a notebook, a file or a folder with all that is in it. The copies are the caller's and have no entries of the originals.
func clone(c *api.Call, p api.Place, q *moveRequest) (*cloneAnswer, error) {
	to, err := api.FindPlace(c.Tx.Map, q.Destination)
	if err != nil {
		return nil, err
	}
	if err := checkClone(c.Tx.Map, p, to); err != nil {
		return nil, err
	}
	w := cloning{c: c, copies: map[int64]int64{p.Object.Parent: to.Folder.ID}, top: p.Object.ID, name: workspace.Base(to.Path)}
	for o := range c.Tx.Map.Subtree(p.Object.ID) {
		if err := w.plan(o); err != nil {
			return nil, err
		}
	}
	if err := w.copy(); err != nil {
		return nil, err
	}
	c.About(w.copies[w.top])
	made, _ := c.Tx.Map.Object(w.copies[w.top])
	return &cloneAnswer{api.NameRow(made, to.Path), len(w.events), w.skipped}, nil
}

func checkClone(m *authz.Map, p, to api.Place) error {
	switch {
	case p.Object.Kind == authz.Experiment:
		return fail.Invalidf("Path (%s) is an experiment, which cannot be cloned: only notebooks, files and folders are.", p.Path)
	case p.Object.ID == authz.Root || workspace.Below(to.Path, p.Path):
		return fail.Invalidf("%s cannot be cloned into itself.", p.Path)
	case to.Object != nil:
		return to.Taken()
	}
	if err := api.CheckFolder(to.Folder); err != nil {
		return err
	}
	return checkLength(m, p.Object.ID, p.Path, to.Path)
}

// cloning is one clone on its way: copies leads from originals to copies.
type cloning struct {
	c       *api.Call
	top     int64
	name    string
	copies  map[int64]int64
	events  []authz.Event
	bytes   int64
	items   [][2]int64
	skipped int
}

// plan adds one object, after the folder that contains it.
func (w *cloning) plan(o *authz.Object) error {
	folder, ok := w.copies[o.Parent]
	if o.Trashed || !ok {
		return nil
	}
	if o.Kind == authz.Experiment {
		w.skipped++
		return nil
	}
	if len(w.events) == maxCloned {
		return fail.New(fail.Limit, "More than %d objects would be cloned: clone the folders in it one by one.", maxCloned)
	}
	copied := w.c.NewObject(o.Kind, folder, o.Name)
	if o.ID == w.top {
		copied.Name = w.name
	}
	w.copies[o.ID], w.events = copied.ID, append(w.events, api.PutObject(copied))
	if o.Kind == authz.Directory {
		return nil
	}
	w.items = append(w.items, [2]int64{o.ID, copied.ID})
	return w.weigh(o.ID)
}

func (w *cloning) weigh(object int64) error {
	n, err := w.c.Tx.Node(object)
	if w.bytes += n.Size; err == nil && w.bytes > maxClonedBytes {
		err = fail.New(fail.Limit, "More than %d bytes would be cloned: clone the folders in it one by one.", maxClonedBytes)
	}
	return err
}

func (w *cloning) copy() error {
	if err := w.c.Tx.Govern(w.events...); err != nil {
		return err
	}
	for _, pair := range w.items {
		if err := w.c.Tx.CopyItem(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}
