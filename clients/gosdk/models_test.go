package gosdk

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/files"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/ml"
)

// sourced makes a run of Ada's with a model's files and gives the run and where the files are.
func sourced(t *testing.T, w *databricks.WorkspaceClient) (run, source string) {
	t.Helper()
	exp := experiment(t, w)
	run = newRun(t, w, exp)
	root := "/WorkspaceInternal/Mlflow/Artifacts/" + exp + "/Runs/" + run + "/artifacts/model/"
	for name, content := range map[string]string{"MLmodel": "flavors: {}\n", "weights.bin": "weights of " + own(t)} {
		must(t, w.Files.Upload(within(t), files.UploadRequest{FilePath: root + name, Contents: io.NopCloser(strings.NewReader(content))}))
	}
	return run, of(w.Experiments.GetRun(within(t), ml.GetRunRequest{RunId: run})).must(t).Run.Info.ArtifactUri + "/model"
}

// registered makes a registered model of the test's own and gives its name, and its id, the key of its permissions.
func registered(t *testing.T, w *databricks.WorkspaceClient) (name, id string) {
	t.Helper()
	name = own(t)
	of(w.ModelRegistry.CreateModel(within(t), ml.CreateModelRequest{Name: name})).must(t)
	return name, look(t, w, name).Id
}

func look(t *testing.T, w *databricks.WorkspaceClient, name string) *ml.ModelDatabricks {
	t.Helper()
	return of(w.ModelRegistry.GetModel(within(t), ml.GetModelRequest{Name: name})).must(t).RegisteredModelDatabricks
}

// versions makes some versions of a model, all of the same files.
func versions(t *testing.T, w *databricks.WorkspaceClient, name string, count int) {
	t.Helper()
	run, source := sourced(t, w)
	for n := range count {
		made := of(w.ModelRegistry.CreateModelVersion(within(t), ml.CreateModelVersionRequest{Name: name, Source: source, RunId: run})).must(t)
		equal(t, made.ModelVersion.Version, fmt.Sprint(n+1))
	}
}

func stageOf(t *testing.T, w *databricks.WorkspaceClient, name, version string) string {
	t.Helper()
	return of(w.ModelRegistry.GetModelVersion(within(t), ml.GetModelVersionRequest{Name: name, Version: version})).must(t).ModelVersion.CurrentStage
}

// level gives somebody a level on a model.
func level(t *testing.T, id, who string, level ml.RegisteredModelPermissionLevel) {
	t.Helper()
	of(person(t, "admin").ModelRegistry.UpdatePermissions(within(t), ml.RegisteredModelPermissionsRequest{RegisteredModelId: id,
		AccessControlList: []ml.RegisteredModelAccessControlRequest{{UserName: nameOf(t, who), PermissionLevel: level}}})).must(t)
}

func TestRegistryModel(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, name := ada.ModelRegistry, own(t)
	made := of(w.CreateModel(ctx, ml.CreateModelRequest{Name: name, Description: "größe", Tags: []ml.ModelTag{{Key: "team", Value: "a"}}})).must(t)
	equal(t, made.RegisteredModel.Name, name)
	equal(t, made.RegisteredModel.UserId, nameOf(t, "ada"))
	got := look(t, ada, name)
	holds(t, got.Id != "" && got.PermissionLevel == ml.PermissionLevelCanManage && got.Description == "größe", got)
	holds(t, got.CreationTimestamp > 1_600_000_000_000 && slices.ContainsFunc(got.Tags, func(tag ml.ModelTag) bool { return tag.Value == "a" }), got)
	of(w.CreateModel(ctx, ml.CreateModelRequest{Name: name})).fails(t, apierr.ErrResourceAlreadyExists, name)
	of(w.CreateModel(ctx, ml.CreateModelRequest{Name: "a/b"})).fails(t, apierr.ErrInvalidParameterValue)

	of(w.UpdateModel(ctx, ml.UpdateModelRequest{Name: name, Description: "new"})).must(t)
	must(t, w.SetModelTag(ctx, ml.SetModelTagRequest{Name: name, Key: "tier", Value: "1"}))
	must(t, w.DeleteModelTag(ctx, ml.DeleteModelTagRequest{Name: name, Key: "team"}))
	got = look(t, ada, name)
	keys := mapped(got.Tags, func(tag ml.ModelTag) string { return tag.Key })
	holds(t, got.Description == "new" && slices.Contains(keys, "tier") && !slices.Contains(keys, "team"), got)
	renamed := of(w.RenameModel(ctx, ml.RenameModelRequest{Name: name, NewName: name + "-2"})).must(t)
	equal(t, renamed.RegisteredModel.Name, name+"-2")
	of(w.GetModel(ctx, ml.GetModelRequest{Name: name})).missing(t)
	equal(t, look(t, ada, name+"-2").Id, got.Id)
	must(t, w.DeleteModel(ctx, ml.DeleteModelRequest{Name: name + "-2"}))
	of(w.GetModel(ctx, ml.GetModelRequest{Name: name + "-2"})).missing(t)
	only(w.DeleteModel(ctx, ml.DeleteModelRequest{Name: name + "-2"})).missing(t)
}

func TestRegistryModelLists(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w, name := ada.ModelRegistry, func(m ml.Model) string { return m.Name }
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("%s-%d", own(t), i))
		of(w.CreateModel(ctx, ml.CreateModelRequest{Name: want[i]})).must(t)
	}
	query := ml.SearchModelsRequest{Filter: "name LIKE '" + own(t) + "-%'", OrderBy: []string{"name ASC"}, MaxResults: 2}
	found := mapped(all(t, w.SearchModels(ctx, query)), name)
	holds(t, slices.Equal(found, want), found)
	listed := mapped(all(t, w.ListModels(ctx, ml.ListModelsRequest{MaxResults: 2})), name)
	for _, n := range want {
		holds(t, slices.Contains(listed, n), listed)
	}
	equal(t, len(all(t, person(t, "bob").ModelRegistry.SearchModels(ctx, query))), 0)
	query.Filter = "name ~~ 'x'"
	of(w.SearchModelsAll(ctx, query)).fails(t, apierr.ErrInvalidParameterValue)
}

func TestRegistryVersion(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w := ada.ModelRegistry
	name, id := registered(t, ada)
	run, source := sourced(t, ada)
	made := of(w.CreateModelVersion(ctx, ml.CreateModelVersionRequest{Name: name, Source: source, RunId: run, Description: "first",
		Tags: []ml.ModelVersionTag{{Key: "a", Value: "1"}}})).must(t).ModelVersion
	equal(t, made.Version, "1")
	equal(t, made.Status, ml.ModelVersionStatusReady)
	of(w.UpdateModelVersion(ctx, ml.UpdateModelVersionRequest{Name: name, Version: "1", Description: "better"})).must(t)
	must(t, w.SetModelVersionTag(ctx, ml.SetModelVersionTagRequest{Name: name, Version: "1", Key: "b", Value: "2"}))
	must(t, w.DeleteModelVersionTag(ctx, ml.DeleteModelVersionTagRequest{Name: name, Version: "1", Key: "a"}))
	got := of(w.GetModelVersion(ctx, ml.GetModelVersionRequest{Name: name, Version: "1"})).must(t).ModelVersion
	holds(t, got.Description == "better" && got.RunId == run && got.Source == source && got.CurrentStage == "None", got)
	holds(t, got.UserId == nameOf(t, "ada") && len(got.Tags) == 1 && got.Tags[0].Key == "b", got)

	uri := of(w.GetModelVersionDownloadUri(ctx, ml.GetModelVersionDownloadUriRequest{Name: name, Version: "1"})).must(t).ArtifactUri
	equal(t, uri, "dbfs:/databricks/model-registry/"+name+"/1")
	file := strings.TrimPrefix(uri, "dbfs:") + "/weights.bin"
	holds(t, bytes.HasPrefix(of(ada.Dbfs.ReadFile(ctx, file)).must(t), []byte("weights of ")), "the file's bytes")
	only(ada.Dbfs.Put(ctx, files.Put{Path: file, Contents: "eA==", Overwrite: true})).fails(t, apierr.ErrNotImplemented)
	of(person(t, "bob").Dbfs.ReadFile(ctx, file)).missing(t)
	level(t, id, "bob", ml.RegisteredModelPermissionLevelCanRead)
	of(person(t, "bob").Dbfs.ReadFile(ctx, file)).must(t)

	of(w.GetModelVersion(ctx, ml.GetModelVersionRequest{Name: name, Version: "7"})).missing(t)
	of(w.GetModelVersion(ctx, ml.GetModelVersionRequest{Name: name, Version: "x"})).fails(t, apierr.ErrInvalidParameterValue)
	must(t, w.DeleteModelVersion(ctx, ml.DeleteModelVersionRequest{Name: name, Version: "1"}))
	of(w.GetModelVersion(ctx, ml.GetModelVersionRequest{Name: name, Version: "1"})).missing(t)
	next := of(w.CreateModelVersion(ctx, ml.CreateModelVersionRequest{Name: name, Source: source, RunId: run})).must(t)
	equal(t, next.ModelVersion.Version, "2")
}

func TestRegistryVersionSearch(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w := ada.ModelRegistry
	name, _ := registered(t, ada)
	versions(t, ada, name, 5)
	number := func(v ml.ModelVersion) string { return v.Version }
	query := ml.SearchModelVersionsRequest{Filter: "name = '" + name + "'", OrderBy: []string{"version_number ASC"}, MaxResults: 2}
	found := mapped(all(t, w.SearchModelVersions(ctx, query)), number)
	holds(t, slices.Equal(found, []string{"1", "2", "3", "4", "5"}), found)
	latest := mapped(all(t, w.GetLatestVersions(ctx, ml.GetLatestVersionsRequest{Name: name})), number)
	holds(t, slices.Equal(latest, []string{"5"}), latest)
	equal(t, look(t, ada, name).LatestVersions[0].Version, "5")
	equal(t, len(all(t, person(t, "bob").ModelRegistry.SearchModelVersions(ctx, query))), 0)
}

func TestRegistrySources(t *testing.T) {
	ctx, ada, bob := within(t), person(t, "ada"), person(t, "bob")
	run, source := sourced(t, ada)
	theirs := own(t) + "-bob"
	of(bob.ModelRegistry.CreateModel(ctx, ml.CreateModelRequest{Name: theirs})).must(t)
	from := func(source, run string) result[*ml.CreateModelVersionResponse] {
		return of(bob.ModelRegistry.CreateModelVersion(ctx, ml.CreateModelVersionRequest{Name: theirs, Source: source, RunId: run}))
	}
	from(source, run).refused(t, "CAN_READ", nameOf(t, "ada"))
	from(source, "").refused(t, "CAN_READ", nameOf(t, "ada"))
	for _, bad := range []string{"/etc", "file:///etc", source + "/../../x", "dbfs:/databricks/model-registry/" + theirs + "/../x"} {
		from(bad, "").fails(t, apierr.ErrBadRequest)
	}
	name, _ := registered(t, ada)
	of(ada.ModelRegistry.CreateModelVersion(ctx, ml.CreateModelVersionRequest{Name: name, Source: source + "-gone", RunId: run})).
		fails(t, apierr.ErrResourceDoesNotExist, "model-gone")
}

func TestRegistryPermissions(t *testing.T) {
	ctx, ada, bob := within(t), person(t, "ada"), person(t, "bob")
	name, id := registered(t, ada)
	of(bob.ModelRegistry.GetModel(ctx, ml.GetModelRequest{Name: name})).missing(t)
	for _, l := range []ml.RegisteredModelPermissionLevel{ml.RegisteredModelPermissionLevelCanRead, ml.RegisteredModelPermissionLevelCanEdit,
		ml.RegisteredModelPermissionLevelCanManageStagingVersions, ml.RegisteredModelPermissionLevelCanManageProductionVersions,
		ml.RegisteredModelPermissionLevelCanManage} {
		level(t, id, "bob", l)
		equal(t, string(look(t, bob, name).PermissionLevel), string(l))
	}
	levels := of(ada.ModelRegistry.GetPermissionLevelsByRegisteredModelId(ctx, id)).must(t).PermissionLevels
	equal(t, len(levels), 5)
	set := of(ada.ModelRegistry.SetPermissions(ctx, ml.RegisteredModelPermissionsRequest{RegisteredModelId: id,
		AccessControlList: []ml.RegisteredModelAccessControlRequest{
			{UserName: nameOf(t, "ada"), PermissionLevel: ml.RegisteredModelPermissionLevelCanManage},
			{GroupName: "users", PermissionLevel: ml.RegisteredModelPermissionLevelCanRead}}})).must(t)
	equal(t, set.ObjectType, "registered-model")
	equal(t, set.ObjectId, "/registered-models/"+id)
	of(bob.ModelRegistry.UpdateModel(ctx, ml.UpdateModelRequest{Name: name, Description: "x"})).refused(t, "CAN_EDIT", nameOf(t, "ada"))
	of(bob.ModelRegistry.RenameModel(ctx, ml.RenameModelRequest{Name: name, NewName: "x"})).refused(t, "CAN_MANAGE", nameOf(t, "ada"))
	only(bob.ModelRegistry.DeleteModel(ctx, ml.DeleteModelRequest{Name: name})).refused(t, "CAN_MANAGE", nameOf(t, "ada"))
}

func TestRegistryPermissionsOfTheRoot(t *testing.T) {
	ctx, admin := within(t), person(t, "admin")
	service := of(admin.ServicePrincipalsV2.Create(ctx, iam.CreateServicePrincipalRequest{DisplayName: own(t)})).must(t)
	root := func(list ...iam.AccessControlRequest) iam.UpdateObjectPermissions {
		return iam.UpdateObjectPermissions{RequestObjectType: "registered-models", RequestObjectId: "root", AccessControlList: list}
	}
	got := of(admin.Permissions.Update(ctx, root(iam.AccessControlRequest{ServicePrincipalName: service.ApplicationId,
		PermissionLevel: iam.PermissionLevelCanManageProductionVersions}))).must(t)
	equal(t, got.ObjectId, "/registered-models/root")
	equal(t, direct(got.AccessControlList)["admins"], "CAN_MANAGE")
	equal(t, direct(got.AccessControlList)[service.ApplicationId], "CAN_MANAGE_PRODUCTION_VERSIONS")
	_, id := registered(t, person(t, "ada"))
	below := of(admin.Permissions.GetByRequestObjectTypeAndRequestObjectId(ctx, "registered-models", id)).must(t)
	i := slices.IndexFunc(below.AccessControlList, func(e iam.AccessControlResponse) bool { return e.ServicePrincipalName == service.ApplicationId })
	p := below.AccessControlList[i].AllPermissions[0]
	holds(t, p.Inherited && strings.HasPrefix(p.InheritedFromObject[0], "/registered-models/"), p)
	of(person(t, "ada").Permissions.Update(ctx, root())).fails(t, apierr.ErrPermissionDenied)
}
