package gosdk

import (
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/settings"
)

var patch = []iam.PatchSchema{iam.PatchSchemaUrnIetfParamsScimApiMessages20PatchOp}

func TestSignIn(t *testing.T) {
	ctx := within(t)
	me := of(person(t, "ada").CurrentUser.Me(ctx, iam.MeRequest{})).must(t)
	equal(t, me.UserName, nameOf(t, "ada"))
	holds(t, me.Active && me.Id != "", me)

	basic := of(databricks.NewWorkspaceClient(&databricks.Config{
		Host: given(t, "SERVER"), Username: nameOf(t, "ada"), Password: given(t, "ADA_TOKEN"), AuthType: "basic",
	})).must(t)
	equal(t, of(basic.CurrentUser.Me(ctx, iam.MeRequest{})).must(t).Id, me.Id)

	of(signedIn(t, "dapi-wrong").CurrentUser.Me(ctx, iam.MeRequest{})).fails(t, apierr.ErrUnauthenticated)
	of(signedIn(t, "dapi-wrong").Workspace.GetStatusByPath(ctx, "/")).fails(t, apierr.ErrUnauthenticated)
	holds(t, of(person(t, "ada").CurrentWorkspaceID(ctx)).must(t) > 0, "workspace id")
}

func TestUsers(t *testing.T) {
	ctx, w := within(t), person(t, "admin")
	name := strings.ToLower(own(t)) + "@example.org"
	made := of(w.UsersV2.Create(ctx, iam.CreateUserRequest{
		UserName: name, DisplayName: "Grace", Emails: []iam.ComplexValue{{Value: name, Primary: true}},
	})).must(t)
	got := of(w.UsersV2.Get(ctx, iam.GetUserRequest{Id: made.Id})).must(t)
	equal(t, got.DisplayName, "Grace")
	equal(t, got.Emails[0].Value, name)

	found := all(t, w.UsersV2.List(ctx, iam.ListUsersRequest{Filter: `userName eq "` + strings.ToUpper(name) + `"`}))
	equal(t, found[0].Id, made.Id)
	must(t, w.UsersV2.Patch(ctx, iam.PatchUserRequest{Id: made.Id, Schemas: patch,
		Operations: []iam.Patch{{Op: iam.PatchOpReplace, Path: "active", Value: "false"}}}))
	equal(t, of(w.UsersV2.Get(ctx, iam.GetUserRequest{Id: made.Id})).must(t).Active, false)
	must(t, w.UsersV2.Update(ctx, iam.UpdateUserRequest{Id: made.Id, UserName: name, DisplayName: "G.", Active: true}))
	equal(t, of(w.UsersV2.Get(ctx, iam.GetUserRequest{Id: made.Id})).must(t).DisplayName, "G.")

	of(w.UsersV2.Create(ctx, iam.CreateUserRequest{UserName: name})).fails(t, apierr.ErrResourceConflict, "already exists")
	must(t, w.UsersV2.Delete(ctx, iam.DeleteUserRequest{Id: made.Id}))
	of(w.UsersV2.Get(ctx, iam.GetUserRequest{Id: made.Id})).missing(t)
	of(person(t, "ada").UsersV2.Create(ctx, iam.CreateUserRequest{UserName: "x-" + name})).fails(t, apierr.ErrPermissionDenied)
}

func TestListsEnd(t *testing.T) {
	ctx, w := within(t), person(t, "admin")
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		of(w.GroupsV2.Create(ctx, iam.CreateGroupRequest{DisplayName: own(t) + "-" + n})).must(t)
	}
	names := mapped(all(t, w.GroupsV2.List(ctx, iam.ListGroupsRequest{Count: 2, Filter: `displayName sw "` + own(t) + `-"`})),
		func(g iam.Group) string { return g.DisplayName })
	slices.Sort(names)
	equal(t, len(slices.Compact(names)), 5)
}

func TestGroups(t *testing.T) {
	ctx, w := within(t), person(t, "admin")
	bob := of(person(t, "bob").CurrentUser.Me(ctx, iam.MeRequest{})).must(t)
	made := of(w.GroupsV2.Create(ctx, iam.CreateGroupRequest{
		DisplayName: own(t), Members: []iam.ComplexValue{{Value: bob.Id}},
	})).must(t)
	members := func() []string {
		got := of(w.GroupsV2.Get(ctx, iam.GetGroupRequest{Id: made.Id})).must(t)
		return mapped(got.Members, func(m iam.ComplexValue) string { return m.Value })
	}
	holds(t, slices.Equal(members(), []string{bob.Id}), members())
	change := func(op iam.Patch) {
		must(t, w.GroupsV2.Patch(ctx, iam.PatchGroupRequest{Id: made.Id, Schemas: patch, Operations: []iam.Patch{op}}))
	}
	change(iam.Patch{Op: iam.PatchOpRemove, Path: `members[value eq "` + bob.Id + `"]`})
	equal(t, len(members()), 0)
	change(iam.Patch{Op: iam.PatchOpAdd, Value: map[string]any{"members": []map[string]string{{"value": bob.Id}}}})
	holds(t, slices.Equal(members(), []string{bob.Id}), members())
	must(t, w.GroupsV2.Delete(ctx, iam.DeleteGroupRequest{Id: made.Id}))
	of(w.GroupsV2.Get(ctx, iam.GetGroupRequest{Id: made.Id})).missing(t)
}

func TestServicePrincipals(t *testing.T) {
	ctx, w := within(t), person(t, "admin")
	made := of(w.ServicePrincipalsV2.Create(ctx, iam.CreateServicePrincipalRequest{DisplayName: own(t), Active: true})).must(t)
	holds(t, made.ApplicationId != "", made)
	token := of(w.TokenManagement.CreateOboToken(ctx, settings.CreateOboTokenRequest{
		ApplicationId: made.ApplicationId, Comment: "ci", LifetimeSeconds: 600,
	})).must(t)
	robot := signedIn(t, token.TokenValue)
	equal(t, of(robot.CurrentUser.Me(ctx, iam.MeRequest{})).must(t).UserName, made.ApplicationId)
	must(t, w.TokenManagement.DeleteByTokenId(ctx, token.TokenInfo.TokenId))
	of(robot.CurrentUser.Me(ctx, iam.MeRequest{})).fails(t, apierr.ErrUnauthenticated)
	must(t, w.ServicePrincipalsV2.Delete(ctx, iam.DeleteServicePrincipalRequest{Id: made.Id}))
	of(w.ServicePrincipalsV2.Get(ctx, iam.GetServicePrincipalRequest{Id: made.Id})).missing(t)
}

func TestTokens(t *testing.T) {
	ctx, w := within(t), person(t, "ada")
	made := of(w.Tokens.Create(ctx, settings.CreateTokenRequest{Comment: own(t), LifetimeSeconds: 600})).must(t)
	equal(t, of(signedIn(t, made.TokenValue).CurrentUser.Me(ctx, iam.MeRequest{})).must(t).UserName, nameOf(t, "ada"))
	listed := of(w.Tokens.GetByComment(ctx, own(t))).must(t)
	equal(t, listed.TokenId, made.TokenInfo.TokenId)
	holds(t, listed.ExpiryTime > listed.CreationTime, listed)

	seen := of(person(t, "admin").TokenManagement.GetByTokenId(ctx, listed.TokenId)).must(t)
	equal(t, seen.TokenInfo.CreatedByUsername, nameOf(t, "ada"))
	of(person(t, "bob").TokenManagement.GetByTokenId(ctx, listed.TokenId)).fails(t, apierr.ErrPermissionDenied)
	only(person(t, "bob").Tokens.DeleteByTokenId(ctx, listed.TokenId)).missing(t)
	must(t, w.Tokens.DeleteByTokenId(ctx, listed.TokenId))
	of(signedIn(t, made.TokenValue).CurrentUser.Me(ctx, iam.MeRequest{})).fails(t, apierr.ErrUnauthenticated)
}

func TestSettings(t *testing.T) {
	ctx, w := within(t), person(t, "admin")
	read := func() map[string]string {
		return *of(w.WorkspaceConf.GetStatus(ctx, settings.GetStatusRequest{Keys: "enforceWorkspaceViewAcls,maxTokenLifetimeDays"})).must(t)
	}
	before := read()["maxTokenLifetimeDays"]
	must(t, w.WorkspaceConf.SetStatus(ctx, settings.WorkspaceConf{"maxTokenLifetimeDays": "90"}))
	equal(t, read()["maxTokenLifetimeDays"], "90")
	must(t, w.WorkspaceConf.SetStatus(ctx, settings.WorkspaceConf{"maxTokenLifetimeDays": before}))
	only(w.WorkspaceConf.SetStatus(ctx, settings.WorkspaceConf{"noSuchKey": "1"})).fails(t, apierr.ErrBadRequest, `Invalid keys: ["noSuchKey"]`)
	only(person(t, "ada").WorkspaceConf.SetStatus(ctx, settings.WorkspaceConf{"maxTokenLifetimeDays": "1"})).
		fails(t, apierr.ErrPermissionDenied)
}
