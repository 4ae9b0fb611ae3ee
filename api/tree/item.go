package tree

import (
	"bailiwick/api/access"
	"bailiwick/authz"
	"bailiwick/store"
	"bailiwick/workspace"
)

// Info is a row of the tree as clients read it. What is more than a name is there only for those who may view the object.
type Info struct {
	ID   int64  `json:"object_id"`
	Type string `json:"object_type"`
	Path string `json:"path"`
	// Resource is the id in the other parts of the API, where MLflow's experiment "0" has one of its own.
	Resource string `json:"resource_id"`
	Language string `json:"language,omitempty"`
	Created  int64  `json:"created_at,omitempty"`
	Modified int64  `json:"modified_at,omitempty"`
	Size     *int64 `json:"size,omitempty"`
	Export   string `json:"repos_export_format,omitempty"`
}

// Name gives the row with no more than the name.
func Name(o *authz.Object, path string) Info {
	return Info{ID: o.ID, Type: TypeOf(o.Kind), Path: path, Resource: access.ID(o)}
}

// Detail adds what those learn who may view the object.
func (i Info) Detail(o *authz.Object, n store.Node) Info {
	i.Created, i.Modified, i.Language = n.Created, n.Updated, n.Language
	if o.Kind == authz.Notebook || o.Kind == authz.File {
		i.Modified = n.Modified
	}
	if o.Kind == authz.File {
		i.Size = &n.Size
	}
	return i
}

// KindOf is the kind of a notebook or file.
func KindOf(it workspace.Item) authz.Kind {
	if it.Kind == workspace.NotebookItem {
		return authz.Notebook
	}
	return authz.File
}

// ItemOf is the notebook or file of an object, for export.
func ItemOf(o *authz.Object, path string, it store.Item, content []byte) workspace.Item {
	kind := workspace.FileItem
	if o.Kind == authz.Notebook {
		kind = workspace.NotebookItem
	}
	return workspace.Item{
		Kind: kind, Path: path, Language: workspace.Language(it.Language), Format: workspace.Format(it.Format), Content: content,
	}
}
