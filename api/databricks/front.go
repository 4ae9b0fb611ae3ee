// Package databricks serves what Databricks' clients expect of a workspace: the workspace tree, permissions, tokens, settings. The MLflow part
// of their protocol is in package mlflow, users and groups are in package scim.
package databricks

import (
	"bailiwick/api"
	"bailiwick/kek"
)

// Front serves the protocol. Its fields are set before Mount.
type Front struct {
	// MaxImport is the most bytes of one imported notebook or file, decoded.
	MaxImport int64
	// Account is the id of the account that the workspace is alone in.
	Account string
	// TokenKey is the key under which tokens are hashed.
	TokenKey []byte
	// Vault unwraps the data keys of secrets.
	Vault *kek.Vault
}

var version2 = []string{"/api/2.0"}

// Mount adds the protocol's routes to the door.
func (f *Front) Mount(d *api.Door) {
	for _, table := range []struct {
		name, service string
		prefixes      []string
		routes        []api.Route
	}{
		{"permissions", "workspace", version2, f.permissionRoutes()},
		{"workspace", "workspace", version2, f.treeRoutes()},
		{"settings", "workspace", version2, confRoutes()},
		{"ip access lists", "accounts", version2, addressRoutes()},
		{"tokens", "accounts", version2, f.tokenRoutes()},
		{"secrets", "secrets", version2, f.secretRoutes()},
		{"host", "workspace", []string{""}, hostRoutes(d.Store.Workspace(), f.Account)},
	} {
		d.Mount(&api.Front{
			Name: table.name, Service: table.service, Prefixes: table.prefixes, Decode: f.decode, Encode: encode,
			ContentType: "application/json", Fail: api.FailJSON, Routes: table.routes,
		})
	}
}
