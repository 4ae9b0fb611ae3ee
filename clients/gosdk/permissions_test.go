package gosdk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/ml"
	"github.com/databricks/databricks-sdk-go/service/workspace"
)

// governed are the kinds whose permissions are set, with what makes one and what its answers call it.
var governed = map[string]struct {
	make   func(*testing.T, *databricks.WorkspaceClient) string
	called string
	levels []string
}{
	"directories": {aFolder, "directory", []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}},
	"notebooks":   {aNotebook, "notebook", []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}},
	"files":       {aFile, "file", []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}},
	"registered-models": {aModel, "registered-model", []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS",
		"CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE"}},
	"experiments": {experiment, "mlflowExperiment", []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"}},
}

func aFolder(t *testing.T, w *databricks.WorkspaceClient) string {
	_, id := folder(t, w)
	return fmt.Sprint(id)
}

func aNotebook(t *testing.T, w *databricks.WorkspaceClient) string {
	notebook(t, w, place(t))
	return idAt(t, w, place(t))
}

func aFile(t *testing.T, w *databricks.WorkspaceClient) string {
	must(t, w.Workspace.WriteFile(within(t), place(t)+".txt", []byte("x")))
	return idAt(t, w, place(t)+".txt")
}

func aModel(t *testing.T, w *databricks.WorkspaceClient) string {
	_, id := registered(t, w)
	return id
}

func idAt(t *testing.T, w *databricks.WorkspaceClient, path string) string {
	t.Helper()
	return fmt.Sprint(of(w.Workspace.GetStatusByPath(within(t), path)).must(t).ObjectId)
}

func TestPermissions(t *testing.T) {
	for kind, k := range governed {
		t.Run(kind, func(t *testing.T) {
			ada := person(t, "ada")
			permissionsOf(t, ada, kind, k.make(t, ada), k.called, k.levels)
		})
	}
}

// permissionsOf sets, adds to, reads and clears the permissions of one object of Ada's.
func permissionsOf(t *testing.T, ada *databricks.WorkspaceClient, kind, id, called string, levels []string) {
	ctx, bob, giver := within(t), nameOf(t, "bob"), nameOf(t, "ada")
	request := func(entries ...iam.AccessControlRequest) iam.SetObjectPermissions {
		return iam.SetObjectPermissions{RequestObjectType: kind, RequestObjectId: id, AccessControlList: entries}
	}
	set := of(ada.Permissions.Set(ctx, request(
		iam.AccessControlRequest{UserName: giver, PermissionLevel: iam.PermissionLevelCanManage}, // else she would give hers up as its creator
		iam.AccessControlRequest{UserName: bob, PermissionLevel: iam.PermissionLevelCanRead},
		iam.AccessControlRequest{UserName: bob, PermissionLevel: iam.PermissionLevelCanEdit}))).must(t)
	equal(t, set.ObjectType, called)
	equal(t, set.ObjectId, "/"+kind+"/"+id)
	equal(t, direct(set.AccessControlList)[bob], "CAN_EDIT")
	of(ada.Permissions.Update(ctx, iam.UpdateObjectPermissions{RequestObjectType: kind, RequestObjectId: id,
		AccessControlList: []iam.AccessControlRequest{{GroupName: "users", PermissionLevel: iam.PermissionLevelCanRead}}})).must(t)
	got := of(ada.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, kind, id)).must(t)
	own := direct(got.AccessControlList)
	equal(t, own[bob]+" "+own["users"], "CAN_EDIT CAN_READ")

	known := of(ada.Permissions.GetPermissionLevelsByRequestObjectTypeAndRequestObjectId(ctx, kind, id)).must(t)
	names := mapped(known.PermissionLevels, func(l iam.PermissionsDescription) string {
		holds(t, l.Description != "", l)
		return string(l.PermissionLevel)
	})
	holds(t, slices.Equal(names, levels), names)

	theirs := person(t, "bob")
	of(theirs.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, kind, id)).refused(t, "CAN_MANAGE", giver)
	of(theirs.Permissions.Set(ctx, request())).refused(t, "CAN_MANAGE", giver)
	of(ada.Permissions.Set(ctx, request(iam.AccessControlRequest{UserName: bob, PermissionLevel: "CAN_FLY"}))).
		fails(t, apierr.ErrInvalidParameterValue, "CAN_FLY", "CAN_MANAGE")
	of(ada.Permissions.Set(ctx, request(iam.AccessControlRequest{UserName: "nobody@example.org", PermissionLevel: "CAN_READ"}))).
		fails(t, apierr.ErrResourceDoesNotExist, "nobody@example.org")
	cleared := of(person(t, "admin").Permissions.Set(ctx, request())).must(t)
	for who := range direct(cleared.AccessControlList) {
		equal(t, who, giver)
	}
}

// TestPermissionsOfItsService uses the second door that the SDK has to the same permissions: each service's own.
func TestPermissionsOfItsService(t *testing.T) {
	ctx, ada, bob := within(t), person(t, "ada"), nameOf(t, "bob")
	path, id := folder(t, ada)
	must(t, ada.Workspace.MkdirsByPath(ctx, path+"/below"))
	of(ada.Workspace.UpdatePermissions(ctx, workspace.WorkspaceObjectPermissionsRequest{
		WorkspaceObjectType: "directories", WorkspaceObjectId: fmt.Sprint(id),
		AccessControlList: []workspace.WorkspaceObjectAccessControlRequest{
			{UserName: bob, PermissionLevel: workspace.WorkspaceObjectPermissionLevelCanRun}},
	})).must(t)
	below := of(ada.Workspace.GetPermissionsByWorkspaceObjectTypeAndWorkspaceObjectId(ctx, "directories", idAt(t, ada, path+"/below"))).must(t)
	i := slices.IndexFunc(below.AccessControlList, func(e workspace.WorkspaceObjectAccessControlResponse) bool { return e.UserName == bob })
	p := below.AccessControlList[i].AllPermissions[0]
	holds(t, p.Inherited && p.PermissionLevel == "CAN_RUN" && p.InheritedFromObject[0] == fmt.Sprintf("/directories/%d", id), p)

	exp := of(ada.Experiments.CreateExperiment(ctx, ml.CreateExperiment{Name: path + "/exp"})).must(t).ExperimentId
	of(ada.Experiments.SetPermissions(ctx, ml.ExperimentPermissionsRequest{ExperimentId: exp,
		AccessControlList: []ml.ExperimentAccessControlRequest{{GroupName: "users", PermissionLevel: ml.ExperimentPermissionLevelCanRead}}})).must(t)
	equal(t, of(ada.Experiments.GetPermissionsByExperimentId(ctx, exp)).must(t).ObjectType, "mlflowExperiment")
	holds(t, len(of(ada.Experiments.GetPermissionLevelsByExperimentId(ctx, exp)).must(t).PermissionLevels) >= 3, "levels")
	of(person(t, "bob").Experiments.GetExperiment(ctx, ml.GetExperimentRequest{ExperimentId: exp})).must(t)
}

func TestPermissionsOfTheRoot(t *testing.T) {
	ctx, admin := within(t), person(t, "admin")
	got := of(admin.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, "directories", "0")).must(t)
	equal(t, direct(got.AccessControlList)["admins"], "CAN_MANAGE")
	of(admin.Permissions.Set(ctx, iam.SetObjectPermissions{RequestObjectType: "directories", RequestObjectId: "0",
		AccessControlList: []iam.AccessControlRequest{{GroupName: "admins", PermissionLevel: "CAN_READ"}}})).
		fails(t, apierr.ErrBadRequest, "admins")
	of(admin.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, "gardens", "1")).
		fails(t, apierr.ErrBadRequest, strings.Join(slices.Sorted(maps.Keys(governed))[:1], ""))
	of(admin.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, "notebooks", "123456789")).missing(t)
}
