package databricks

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

// treeRoutes is the Workspace API and the upload of files by path.
func (f *Front) treeRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /workspace/list", authz.ListItems, findListed, listFolder, api.Or[listRequest](authz.ViewItems)),
		api.Read("GET /workspace/get-status", authz.ListItems, findStatus, getStatus, api.Or[statusRequest](authz.ViewItems)),
		api.Write("POST /workspace/mkdirs", authz.CreateItems, findMkdirs, mkdirs,
			api.Or[pathRequest](authz.ListItems), api.As[pathRequest]("createFolder")),
		api.Write("POST /workspace/import", authz.CreateItems, findImport, importItem,
			api.Or[importRequest](authz.EditCells), api.Audit[importRequest](api.Each, "workspace", "importItem"),
			api.Body[importRequest](f.maxImportBody())),
		api.Write("POST /workspace-files/import-file/{path...}", authz.CreateItems, findFile, importFile,
			api.Or[fileRequest](authz.EditCells), api.Audit[fileRequest](api.Each, "workspace", "importItem"), api.Body[fileRequest](f.MaxImport)),
		api.Read("GET /workspace/export", authz.CloneExport, findExport, exportItem, api.Audit[exportRequest](api.Each, "workspace", "exportItem")),
		api.Write("POST /workspace/delete", authz.DeleteItems, findDeleted, deleteItem,
			api.Or[deleteRequest](authz.CreateExperiments, authz.ViewItems), api.As[deleteRequest]("deleteItem"), api.Alone[deleteRequest]),
	}
}

// maxImportBody leaves room for the content as base64 and for what stands around it.
func (f *Front) maxImportBody() int64 { return f.MaxImport/3*4 + 64<<10 }

// pathRequest names a place by its path.
type pathRequest struct {
	Path string `json:"path"`
}

type empty struct{}

type listRequest struct {
	Path string `query:"path"`
	// After leaves out notebooks that were last changed before, in ms since 1970.
	After int64 `query:"notebooks_modified_after"`
}

type listAnswer struct {
	Objects []api.TreeRow `json:"objects,omitempty"`
}

// findListed asks only for the names in a folder; anything else is listed as itself, which asks for a look at it.
func findListed(c *api.Call, q *listRequest) (api.Place, api.Target, error) {
	return findNamed(c, q.Path)
}

func findNamed(c *api.Call, path string) (api.Place, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	if p.Object.Kind == authz.Directory {
		return p, p.Itself(authz.ListItems), nil
	}
	return p, p.Itself(authz.ViewItems), nil
}

func listFolder(c *api.Call, p api.Place, q *listRequest) (*listAnswer, error) {
	if p.Object.Kind != authz.Directory {
		n, err := c.Tx.Node(p.Object.ID)
		return &listAnswer{[]api.TreeRow{api.NameRow(p.Object, p.Path).Detail(p.Object, n)}}, err
	}
	nodes, err := c.Tx.NodesIn(p.Object.ID)
	if err != nil {
		return nil, err
	}
	return &listAnswer{rows(c, p, nodes, q.After)}, nil
}

// rows gives what is in a folder by name. What is more than names is for those who may look at the item.
func rows(c *api.Call, p api.Place, nodes map[int64]store.Node, after int64) (rows []api.TreeRow) {
	for o := range c.Tx.Map.Children(p.Object.ID) {
		if o.Trashed || !c.Visible(o) {
			continue
		}
		row := api.NameRow(o, strings.TrimSuffix(p.Path, "/")+"/"+o.Name)
		if c.Can(authz.ViewItems, o.ID) {
			row = row.Detail(o, nodes[o.ID])
		}
		if o.Kind == authz.Notebook && row.Modified < after {
			continue // to those who may not look, a notebook tells no time, so it is left out too
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b api.TreeRow) int { return cmp.Compare(a.Path, b.Path) })
	return rows
}

type statusRequest struct {
	Path   string `query:"path"`
	Export bool   `query:"return_export_info"`
}

func findStatus(c *api.Call, q *statusRequest) (api.Place, api.Target, error) {
	return findNamed(c, q.Path)
}

// getStatus tells of a folder that one may only list no more than its name.
func getStatus(c *api.Call, p api.Place, q *statusRequest) (*api.TreeRow, error) {
	info := api.NameRow(p.Object, p.Path)
	if !c.Can(authz.ViewItems, p.Object.ID) {
		return &info, nil
	}
	n, err := c.Tx.Node(p.Object.ID)
	info = info.Detail(p.Object, n)
	if q.Export && p.Object.Kind == authz.Notebook {
		info.Export = n.Format
	}
	return &info, err
}

// findMkdirs asks for creating in the innermost folder that is there; when nothing is to be made, for no more than seeing it.
func findMkdirs(c *api.Call, q *pathRequest) (api.Place, api.Target, error) {
	p, err := api.FindPlace(c.Tx.Map, q.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	if o := p.Object; o != nil && o.Kind == authz.Directory && c.Visible(o) {
		return p, p.Itself(authz.ListItems), nil
	}
	return p, api.Target{Object: p.Nearest(c).ID, Absent: p.Absent()}, nil
}

// mkdirs makes the folders of the path that are missing.
func mkdirs(c *api.Call, p api.Place, _ *pathRequest) (*empty, error) {
	if p.Object != nil && p.Object.Kind == authz.Directory {
		return &empty{}, nil
	}
	at := p.Nearest(c)
	if err := api.CheckFolder(at); err != nil {
		return nil, err
	}
	above := c.Tx.Map.Path(at.ID)
	missing := workspace.Split(p.Path)[len(workspace.Split(above)):]
	if o, ok := c.Tx.Map.ChildNamed(at.ID, authz.Directory, missing[0]); ok {
		return nil, fail.Existsf("Path (%s) already exists and is a %s, no folder.", c.Tx.Map.Path(o.ID), api.ObjectType(o.Kind))
	}
	events := make([]authz.Event, len(missing))
	id := at.ID
	for i, name := range missing {
		o := c.NewObject(authz.Directory, id, name)
		events[i], id = api.PutObject(o), o.ID
	}
	c.About(id)
	return &empty{}, c.Tx.Govern(events...)
}

type deleteRequest struct {
	Path      string `json:"path"`
	Recursive bool   `json:"recursive"`
}

func findDeleted(c *api.Call, q *deleteRequest) (api.Place, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, q.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	c.Note("recursive", strconv.FormatBool(q.Recursive))
	return p, p.InFolder(c, api.ByKind(p.Object, authz.CreateExperiments, authz.DeleteItems)), nil
}

// deleteItem puts what is at the path into the trash.
func deleteItem(c *api.Call, p api.Place, q *deleteRequest) (*empty, error) {
	if err := workspace.CheckDelete(p.Path); err != nil {
		return nil, err
	}
	if p.Object.Kind == authz.Directory && !q.Recursive && occupied(c.Tx.Map, p.Object.ID) {
		return nil, fail.New(fail.State, "Folder (%s) is not empty: set recursive to delete what is in it too.", p.Path).
			WithCode("DIRECTORY_NOT_EMPTY")
	}
	c.About(p.Object.ID)
	c.Action(actions[p.Object.Kind].delete)
	return &empty{}, c.Tx.Trash(*p.Object, c.Who.Principal)
}

// actions are the audit's names for making and deleting what lies in the tree.
var actions = map[authz.Kind]struct{ create, delete string }{
	authz.Directory: {"createFolder", "deleteFolder"}, authz.Notebook: {"createNotebook", "deleteNotebook"},
	authz.File:       {"createFile", "fileDelete"},
	authz.Experiment: {"createMlflowExperiment", "deleteMlflowExperiment"},
}

// occupied says whether something lies in a folder that is not in the trash already.
func occupied(m *authz.Map, folder int64) bool {
	for o := range m.Children(folder) {
		if !o.Trashed {
			return true
		}
	}
	return false
}
