package governance

import (
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// permissionRoutes are the Permissions API with versions: an answer carries an ETag, and a change that names one in If-Match is refused
// when somebody else changed the object's own entries meanwhile.
func (f *Front) permissionRoutes() []api.Route {
	acl, alone := api.As[api.ACLRequest]("changeWorkspaceAcl"), api.Alone[api.ACLRequest]
	return []api.Route{
		api.Read("GET /permissions/{type}/{id}", authz.ReadPermissions, api.FindGoverned, tagged(api.GetACL),
			api.Audit[api.ACLRequest](api.Each, "workspace", "getPermissions")),
		api.Write("PUT /permissions/{type}/{id}", authz.ChangePermissions, api.FindGoverned, matched(api.PutACL), acl, alone),
		api.Write("PATCH /permissions/{type}/{id}", authz.ChangePermissions, api.FindGoverned, matched(api.PatchACL), acl, alone),
		api.Read("GET /permissions/{type}/{id}/levels", authz.ReadPermissions, api.FindGoverned, api.GetACLLevels),
	}
}

// permissionHandler is one of the Permissions API's own, listHandler the same with what may be changed of the list.
type (
	permissionHandler func(*api.Call, *authz.Object, *api.ACLRequest) (*api.ACL, error)
	listHandler       func(*api.Call, *authz.Object, *api.ACLRequest) (*permissionsAnswer, error)
)

// tagged adds to the answer its version, and what may be changed of it.
func tagged(handle permissionHandler) listHandler {
	return func(c *api.Call, o *authz.Object, q *api.ACLRequest) (*permissionsAnswer, error) {
		list, err := handle(c, o, q)
		if err != nil {
			return nil, err
		}
		if now, ok := c.Tx.Map.Object(o.ID); ok { // as a change has left it
			o = now
		}
		c.SetHeader("ETag", api.ACLTag(o))
		return permissionsOf(c, o, list), nil
	}
}

// matched refuses a change of another version than the caller saw; without If-Match, or with "*", any version will do.
func matched(handle permissionHandler) listHandler {
	return tagged(func(c *api.Call, o *authz.Object, q *api.ACLRequest) (*api.ACL, error) {
		if err := checkVersion(c, o); err != nil {
			return nil, err
		}
		return handle(c, o, q)
	})
}

func checkVersion(c *api.Call, o *authz.Object) error {
	if want := c.Header("If-Match"); want != "" && want != "*" && !named(want, api.ACLTag(o)) {
		return fail.New(fail.Conflict, "The permissions of %s were changed since they were read: their version is %s now, not %s.",
			authz.RequestName(o), api.ACLTag(o), want)
	}
	return nil
}

// named says whether a tag is among those of an If-Match header.
func named(header, tag string) bool {
	for each := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(each) == tag {
			return true
		}
	}
	return false
}
