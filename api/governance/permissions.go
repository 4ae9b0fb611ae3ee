package governance

import (
	"strings"

	"bailiwick/api"
	"bailiwick/api/access"
	"bailiwick/authz"
	"bailiwick/fail"
)

// permissionRoutes are the Permissions API with versions: an answer carries an ETag, and a change that names one in If-Match is refused
// when somebody else changed the object's own entries meanwhile.
func (f *Front) permissionRoutes() []api.Route {
	acl, alone := api.As[access.Request]("changeWorkspaceAcl"), api.Alone[access.Request]
	return []api.Route{
		api.Read("GET /permissions/{type}/{id}", authz.ReadPermissions, access.Find, tagged(access.Get),
			api.Audit[access.Request](api.Each, "workspace", "getPermissions")),
		api.Write("PUT /permissions/{type}/{id}", authz.ChangePermissions, access.Find, matched(access.Put), acl, alone),
		api.Write("PATCH /permissions/{type}/{id}", authz.ChangePermissions, access.Find, matched(access.Patch), acl, alone),
		api.Read("GET /permissions/{type}/{id}/levels", authz.ReadPermissions, access.Find, access.Levels),
	}
}

type permissionHandler func(*api.Call, *authz.Object, *access.Request) (*access.Answer, error)

// tagged adds the version to the answer.
func tagged(handle permissionHandler) permissionHandler {
	return func(c *api.Call, o *authz.Object, q *access.Request) (*access.Answer, error) {
		answer, err := handle(c, o, q)
		if now, ok := c.Tx.Map.Object(o.ID); ok && err == nil {
			c.SetHeader("ETag", access.Tag(now))
		}
		return answer, err
	}
}

// matched refuses a change of another version than the caller saw; without If-Match, or with "*", any version will do.
func matched(handle permissionHandler) permissionHandler {
	return tagged(func(c *api.Call, o *authz.Object, q *access.Request) (*access.Answer, error) {
		if want := c.Header("If-Match"); want != "" && want != "*" && !named(want, access.Tag(o)) {
			return nil, fail.New(fail.Conflict, "The permissions of %s were changed since they were read: their version is %s now, not %s.",
				access.Name(o), access.Tag(o), want)
		}
		return handle(c, o, q)
	})
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
