package databricks

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

type exportRequest struct {
	Path   string `query:"path"`
	Format string `query:"format"`
	// Direct asks for the bytes themselves.
	Direct bool `query:"direct_download"`
}

type exportAnswer struct {
	Content []byte `json:"content"`
	Type    string `json:"file_type"`

	direct bool
}

// encode writes an answer: JSON, or the bytes of a direct download.
func encode(answer any) ([]byte, error) {
	if e, ok := answer.(*exportAnswer); ok && e.direct {
		return e.Content, nil
	}
	return api.EncodeJSON(answer)
}

func findExport(c *api.Call, q *exportRequest) (api.Place, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, q.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	c.Note("format", q.Format)
	return p, p.Itself(authz.CloneExport), nil
}

func exportItem(c *api.Call, p api.Place, q *exportRequest) (*exportAnswer, error) {
	if o := p.Object; o.Kind != authz.Notebook && o.Kind != authz.File {
		return nil, fail.Invalidf("Path (%s) is a %s: only notebooks and files are exported, one by one.", p.Path, api.ObjectType(o.Kind))
	}
	it, content, err := c.Tx.Item(p.Object.ID)
	if err != nil {
		return nil, err
	}
	content, kind, err := workspace.Export(itemOf(p.Object, p.Path, it, content), workspace.Format(q.Format))
	if err != nil {
		return nil, err
	}
	if q.Direct {
		// What people keep here is never shown with this server's origin behind it.
		c.SetHeader("Content-Type", "application/octet-stream")
		c.SetHeader("Content-Disposition", "attachment")
		c.SetHeader("Content-Security-Policy", "sandbox; default-src 'none'")
	}
	return &exportAnswer{Content: content, Type: kind, direct: q.Direct}, nil
}

// itemOf is the notebook or file of an object, for export.
func itemOf(o *authz.Object, path string, it store.Item, content []byte) workspace.Item {
	kind := workspace.FileItem
	if o.Kind == authz.Notebook {
		kind = workspace.NotebookItem
	}
	return workspace.Item{
		Kind: kind, Path: path, Language: workspace.Language(it.Language), Format: workspace.Format(it.Format), Content: content,
	}
}
