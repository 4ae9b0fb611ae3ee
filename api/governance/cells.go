package governance

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/workspace"
)

// cellRoutes show notebooks cell by cell.
func (f *Front) cellRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /notebooks/{id}/cells", authz.ViewCells, findCells, getCells,
			api.Audit[notebookRequest](api.Behind, "notebook", "viewNotebook")),
		api.Download("GET /notebooks/{id}/cells/{cell}/outputs/{output}", authz.ViewCells, findOutput, getOutput,
			api.Audit[outputRequest](api.Behind, "notebook", "viewNotebook")),
	}
}

type notebookRequest struct {
	ID string `json:"-" path:"id"`
}

// cellsAnswer is a notebook as it is read: nothing in it runs, and what is too large is cut and says so.
type cellsAnswer struct {
	Path     string                `json:"path"`
	Language string                `json:"language"`
	Format   string                `json:"format"`
	Modified int64                 `json:"modified_at"` // ms since 1970
	Cells    []workspace.ShownCell `json:"cells"`
	// Truncated says that not all is shown.
	Truncated bool `json:"truncated,omitempty"`
}

// findCells finds a notebook by its id; also a file, which may hold one that cannot be kept as a notebook.
func findCells(c *api.Call, q *notebookRequest) (*authz.Object, api.Target, error) {
	absent := fail.NotFoundf("Notebook '%s' does not exist.", q.ID)
	id, err := strconv.ParseInt(q.ID, 10, 64)
	if err != nil {
		return nil, api.Target{}, absent
	}
	o, ok := c.Tx.Map.Object(id)
	if !ok || o.Kind != authz.Notebook && o.Kind != authz.File {
		return nil, api.Target{}, absent
	}
	c.Note("path", c.Tx.Map.Path(id))
	return o, api.Target{Object: id, Absent: absent}, nil
}

func getCells(c *api.Call, o *authz.Object, _ *notebookRequest) (*cellsAnswer, error) {
	it, content, err := c.Tx.Item(o.ID)
	if err != nil {
		return nil, err
	}
	path := c.Tx.Map.Path(o.ID)
	kept := workspace.Item{Path: path, Language: workspace.Language(it.Language), Format: workspace.Format(it.Format), Content: content}
	shown, err := workspace.Show(kept)
	if err != nil {
		return nil, err
	}
	a := &cellsAnswer{Path: path, Language: shown.Language, Format: it.Format, Modified: it.Modified, Cells: shown.Cells, Truncated: shown.Truncated}
	if a.Cells == nil {
		a.Cells = []workspace.ShownCell{}
	}
	return a, nil
}
