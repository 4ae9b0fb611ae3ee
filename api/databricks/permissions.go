package databricks

import (
	"bailiwick/api"
	"bailiwick/api/access"
	"bailiwick/authz"
)

// permissionRoutes is the Permissions API: /permissions/{type}/{id}.
func (f *Front) permissionRoutes() []api.Route {
	read := api.Audit[access.Request](api.Each, "workspace", "getPermissions")
	acl, alone := api.As[access.Request]("changeWorkspaceAcl"), api.Alone[access.Request]
	return []api.Route{
		api.Read("GET /permissions/{type}/{id}", authz.ReadPermissions, access.Find, access.Get, read),
		api.Write("PUT /permissions/{type}/{id}", authz.ChangePermissions, access.Find, access.Put, acl, alone),
		api.Write("PATCH /permissions/{type}/{id}", authz.ChangePermissions, access.Find, access.Patch, acl, alone),
		api.Read("GET /permissions/{type}/{id}/permissionLevels", authz.ReadPermissions, access.Find, access.Levels),
		api.Read("GET /permissions/{type}/{id}/{rest}", authz.ReadPermissions, access.Find, access.Get, read),
		api.Write("PUT /permissions/{type}/{id}/{rest}", authz.ChangePermissions, access.Find, access.Put, acl, alone),
		api.Write("PATCH /permissions/{type}/{id}/{rest}", authz.ChangePermissions, access.Find, access.Patch, acl, alone),
	}
}
