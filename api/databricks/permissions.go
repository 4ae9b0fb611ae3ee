package databricks

import (
	"bailiwick/api"
	"bailiwick/authz"
)

// permissionRoutes is the Permissions API: /permissions/{type}/{id}.
func (f *Front) permissionRoutes() []api.Route {
	read := api.Audit[api.ACLRequest](api.Each, "workspace", "getPermissions")
	acl, alone := api.As[api.ACLRequest]("changeWorkspaceAcl"), api.Alone[api.ACLRequest]
	return []api.Route{
		api.Read("GET /permissions/{type}/{id}", authz.ReadPermissions, api.FindGoverned, api.GetACL, read),
		api.Write("PUT /permissions/{type}/{id}", authz.ChangePermissions, api.FindGoverned, api.PutACL, acl, alone),
		api.Write("PATCH /permissions/{type}/{id}", authz.ChangePermissions, api.FindGoverned, api.PatchACL, acl, alone),
		api.Read("GET /permissions/{type}/{id}/permissionLevels", authz.ReadPermissions, api.FindGoverned, api.GetACLLevels),
		api.Read("GET /permissions/{type}/{id}/{rest}", authz.ReadPermissions, api.FindGoverned, api.GetACL, read),
		api.Write("PUT /permissions/{type}/{id}/{rest}", authz.ChangePermissions, api.FindGoverned, api.PutACL, acl, alone),
		api.Write("PATCH /permissions/{type}/{id}/{rest}", authz.ChangePermissions, api.FindGoverned, api.PatchACL, acl, alone),
	}
}
