package mlflow

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/tracking"
)

// RegisteredModelDatabricks is a registered model as the workspace registry shows it (databricks-sdk, ModelDatabricks): id is the key of its
// permissions, permission_level the caller's.
type RegisteredModelDatabricks struct {
	Id                   *string               `wire:"id"`
	Name                 *string               `wire:"name"`
	CreationTimestamp    *int64                `wire:"creation_timestamp,creationTimestamp"`
	LastUpdatedTimestamp *int64                `wire:"last_updated_timestamp,lastUpdatedTimestamp"`
	UserId               *string               `wire:"user_id,userId"`
	Description          *string               `wire:"description"`
	LatestVersions       []*ModelVersion       `wire:"latest_versions,latestVersions"`
	Tags                 []*RegisteredModelTag `wire:"tags"`
	PermissionLevel      *string               `wire:"permission_level,permissionLevel"`
}

// GetRegisteredModelDatabricks is the query of GET /databricks/registered-models/get.
type GetRegisteredModelDatabricks struct {
	Name *string `wire:"name"`
}

// GetRegisteredModelDatabricksResponse is its answer.
type GetRegisteredModelDatabricksResponse struct {
	RegisteredModelDatabricks *RegisteredModelDatabricks `wire:"registered_model_databricks,registeredModelDatabricks"`
}

// registeredModel writes a registered model for clients, with the newest version of each stage.
func (f form) registeredModel(m *registry.Model, user string, latest []*registry.Version) *RegisteredModel {
	w := &RegisteredModel{Name: &m.Name, CreationTimestamp: &m.Created, LastUpdatedTimestamp: &m.Updated, UserId: optional(user), Description: &m.Description}
	for _, v := range latest {
		w.LatestVersions = append(w.LatestVersions, f.modelVersion(v))
	}
	w.Tags = registeredTags(m.Tags)
	for _, a := range m.Aliases {
		w.Aliases = append(w.Aliases, &RegisteredModelAlias{Alias: &a.Name, Version: text(strconv.FormatInt(a.Version, 10))})
	}
	return w
}

func registeredTags(tags []tracking.Pair) (list []*RegisteredModelTag) {
	for _, t := range tags {
		list = append(list, &RegisteredModelTag{Key: &t.Key, Value: &t.Value})
	}
	return list
}

// modelVersion writes a version for clients.
func (f form) modelVersion(v *registry.Version) *ModelVersion {
	w := &ModelVersion{
		Name: &v.Name, Version: text(strconv.FormatInt(v.Number, 10)), CreationTimestamp: &v.Created, LastUpdatedTimestamp: &v.Updated,
		UserId: optional(v.UserName), CurrentStage: text(v.Stage.String()), Description: &v.Description, Source: &v.Source, RunId: &v.Run,
		Status: ModelVersionStatus(v.Status.String()), StatusMessage: optional(v.StatusText), RunLink: &v.RunLink, Aliases: v.Aliases,
		ModelId: optional(v.LoggedModel),
	}
	for _, t := range v.Tags {
		w.Tags = append(w.Tags, &ModelVersionTag{Key: &t.Key, Value: &t.Value})
	}
	return w
}

// levelOf is the caller's level on a model, as the workspace registry names it.
func levelOf(c *api.Call, model int64) *string {
	l := authz.LevelOn(c.Tx.Map, c.Who.Principal, model)
	if l == authz.NoLevel {
		return nil
	}
	return text(l.String())
}
