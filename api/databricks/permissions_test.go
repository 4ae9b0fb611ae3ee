package databricks_test

import (
	"strings"
	"testing"

	"bailiwick/server/servertest"
)

func acl(items ...object) object { return object{"access_control_list": items} }

func user(name, level string) object { return object{"user_name": name, "permission_level": level} }

func group(name, level string) object { return object{"group_name": name, "permission_level": level} }

// TestPermissions: the shapes and errors that Terraform, the command line and the SDKs take apart.
func TestPermissions(t *testing.T) {
	s := servertest.Start(t)
	const sp = "11111111-2222-3333-4444-555555555555"
	ana := s.User("ana@x.org", "team")
	s.ServicePrincipal(sp)
	mkdirs(s, "/t")
	notebook(s, "/t/nb")
	dir, nb := "/api/2.0/permissions/directories/"+idOf(s, "/t"), "/api/2.0/permissions/notebooks/"+idOf(s, "/t/nb")
	root, tokens := "/api/2.0/permissions/directories/0", "/api/2.0/permissions/authorization/tokens"
	grants := `{"group_name":"team","all_permissions":[{"permission_level":"CAN_RUN","inherited":false}]}`
	play(t, s, []step{
		{"the last one of a principal counts", admin, "PUT", dir, acl(group("team", "CAN_MANAGE"), group("team", "CAN_RUN")), 200, grants},
		{"is what GET says", admin, "GET", dir, nil, 200, grants},
		{"object", admin, "GET", dir, nil, 200, `"object_type":"directory"`},
		{"inherited", admin, "GET", nb, nil, 200, `"inherited":true,"inherited_from_object":["/directories/` + idOf(s, "/t") + `"]`},
		{"from the root", admin, "GET", nb, nil, 200, `"inherited":true,"inherited_from_object":["/directories/"]`},
		{"a service principal as a user", admin, "PATCH", nb, acl(user(sp, "CAN_EDIT")), 200, `"service_principal_name":"` + sp + `"`},
		{"in any case", admin, "PATCH", nb, acl(user("ANA@x.org", "CAN_EDIT")), 200, `"user_name":"ana@x.org"`},
		{"nobody of that name", admin, "PATCH", nb, acl(user("bob@x.org", "CAN_EDIT")), 404, "UserName(bob@x.org)"},
		{"no group of that name", admin, "PATCH", nb, acl(group("none", "CAN_EDIT")), 404, "GroupName(none)"},
		{"a group is no user", admin, "PATCH", nb, acl(user("team", "CAN_EDIT")), 404, "UserName(team)"},
		{"unknown level", admin, "PATCH", nb, acl(user("ana@x.org", "CAN_FLY")), 400, "CAN_MANAGE"},
		{"a level of another kind", admin, "PATCH", nb, acl(user("ana@x.org", "CAN_QUERY")), 400, "CAN_MANAGE"},
		{"no level", admin, "PATCH", nb, acl(object{"user_name": "ana@x.org"}), 400, "permission_level"},
		{"nobody at all", admin, "PATCH", nb, acl(object{"permission_level": "CAN_READ"}), 400, "exactly one"},
		{"two at once", admin, "PATCH", nb, acl(object{"user_name": "ana@x.org", "group_name": "team", "permission_level": "CAN_READ"}),
			400, "exactly one"},
		{"no list", admin, "PUT", nb, object{"access_control_list": "x"}, 400, "access_control_list"},
		{"all direct entries away", admin, "PUT", nb, acl(), 200, `"notebook"`},
		{"unknown kind", admin, "GET", "/api/2.0/permissions/spells/1", nil, 400, "Known types: directories"},
		{"unknown object", admin, "GET", "/api/2.0/permissions/notebooks/1", nil, 404, "notebooks 1 does not exist"},
		{"object of another kind", admin, "GET", strings.Replace(nb, "notebooks", "files", 1), nil, 404, "does not exist"},
		{"no number", admin, "GET", "/api/2.0/permissions/notebooks/..%2f0", nil, 404, "does not exist"},
		{"levels", admin, "GET", dir + "/permissionLevels", nil, 200, `{"permission_level":"CAN_READ","description":`},
		{"levels of tokens", admin, "GET", tokens + "/permissionLevels", nil, 200, "CAN_USE"},
		{"the root keeps admins", admin, "PUT", root, acl(group("users", "CAN_READ")),
			400, "Cannot change permissions for group 'admins' to None."},
		{"as Terraform does", admin, "PUT", root, acl(group("admins", "CAN_MANAGE")), 200, `"object_id":"/directories/0"`},
		{"tokens too", admin, "PUT", tokens, acl(group("admins", "CAN_MANAGE"), group("users", "CAN_USE")), 200, `"object_type":"tokens"`},
		{"experiment 0", admin, "GET", "/api/2.0/permissions/experiments/0",
			nil, 200, `"object_id":"/experiments/0","object_type":"mlflowExperiment"`},
		{"the registry", admin, "GET", "/api/2.0/permissions/registered-models/root", nil, 200, `"object_id":"/registered-models/root"`},
		{"not hers to read", ana, "GET", dir, nil, 403, "GET permissions"},
		{"nor to change", ana, "PATCH", dir, acl(user("ana@x.org", "CAN_MANAGE")), 403, "CAN_MANAGE"},
	})
	if a := s.Admin("GET", dir, nil); strings.Contains(string(a.Body), "display_name") {
		t.Errorf("groups have no display name: %s", a.Body)
	}
}
