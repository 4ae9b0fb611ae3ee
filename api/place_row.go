package api

import (
	"strings"

	"bailiwick/authz"
	"bailiwick/store"
)

// TreeRow is a row of the workspace tree as clients read it. What is more than a name is there only for those who may view the object.
type TreeRow struct {
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

// NameRow gives the row with no more than the name.
func NameRow(o *authz.Object, path string) TreeRow {
	return TreeRow{ID: o.ID, Type: ObjectType(o.Kind), Path: path, Resource: resource(o)}
}

func resource(o *authz.Object) string {
	name := authz.RequestName(o)
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Detail adds what those learn who may view the object.
func (i TreeRow) Detail(o *authz.Object, n store.Node) TreeRow {
	i.Created, i.Modified, i.Language = n.Created, n.Updated, n.Language
	if o.Kind == authz.Notebook || o.Kind == authz.File {
		i.Modified = n.Modified
	}
	if o.Kind == authz.File {
		i.Size = &n.Size
	}
	return i
}
