package mlflow

import (
	"bailiwick/api"
	"bailiwick/registry"
)

// StageTransition is what the workspace registry's routes about stages ask (databricks-sdk, ml.py): all name a version and a stage; approving
// and moving may archive the other versions of the stage, and cancelling names whose request it is.
type StageTransition struct {
	Name                    *string `wire:"name"`
	Version                 *string `wire:"version"`
	Stage                   *string `wire:"stage"`
	ArchiveExistingVersions *bool   `wire:"archive_existing_versions,archiveExistingVersions"`
	Comment                 *string `wire:"comment"`
	Creator                 *string `wire:"creator"`
}

// The getters of StageTransition give the proto default for what is unset, also on a nil receiver.
func (m *StageTransition) GetName() string    { return deref(orEmpty(m).Name, "") }
func (m *StageTransition) GetVersion() string { return deref(orEmpty(m).Version, "") }
func (m *StageTransition) GetStage() string   { return deref(orEmpty(m).Stage, "") }
func (m *StageTransition) GetComment() string { return deref(orEmpty(m).Comment, "") }
func (m *StageTransition) GetCreator() string { return deref(orEmpty(m).Creator, "") }
func (m *StageTransition) GetArchiveExistingVersions() bool {
	return deref(orEmpty(m).ArchiveExistingVersions, false)
}

// ListTransitionRequests is the query of GET /transition-requests/list.
type ListTransitionRequests struct {
	Name    *string `wire:"name"`
	Version *string `wire:"version"`
}

// The getters of ListTransitionRequests give the proto default for what is unset, also on a nil receiver.
func (m *ListTransitionRequests) GetName() string    { return deref(orEmpty(m).Name, "") }
func (m *ListTransitionRequests) GetVersion() string { return deref(orEmpty(m).Version, "") }

// CommentOnVersion is the request of POST /comments/create.
type CommentOnVersion struct {
	Name    *string `wire:"name"`
	Version *string `wire:"version"`
	Comment *string `wire:"comment"`
}

// The getters of CommentOnVersion give the proto default for what is unset, also on a nil receiver.
func (m *CommentOnVersion) GetName() string    { return deref(orEmpty(m).Name, "") }
func (m *CommentOnVersion) GetVersion() string { return deref(orEmpty(m).Version, "") }
func (m *CommentOnVersion) GetComment() string { return deref(orEmpty(m).Comment, "") }

// ChangeComment is the request of PATCH /comments/update and, without a text, the query of DELETE /comments/delete.
type ChangeComment struct {
	Id      *string `wire:"id"`
	Comment *string `wire:"comment"`
}

// RegistryActivity is one thing that was done with a version, a request or a comment: the workspace registry has one message for the three
// (databricks-sdk: Activity, TransitionRequest, CommentObject).
type RegistryActivity struct {
	CreationTimestamp    *int64   `wire:"creation_timestamp,creationTimestamp"`
	UserId               *string  `wire:"user_id,userId"`
	ActivityType         *string  `wire:"activity_type,activityType"`
	Comment              *string  `wire:"comment"`
	LastUpdatedTimestamp *int64   `wire:"last_updated_timestamp,lastUpdatedTimestamp"`
	FromStage            *string  `wire:"from_stage,fromStage"`
	ToStage              *string  `wire:"to_stage,toStage"`
	SystemComment        *string  `wire:"system_comment,systemComment"`
	Id                   *string  `wire:"id"`
	AvailableActions     []string `wire:"available_actions,availableActions"`
}

// CreateTransitionRequestResponse is the answer of POST /transition-requests/create.
type CreateTransitionRequestResponse struct {
	Request *RegistryActivity `wire:"request"`
}

// ListTransitionRequestsResponse is the answer of GET /transition-requests/list.
type ListTransitionRequestsResponse struct {
	Requests []*RegistryActivity `wire:"requests"`
}

// DecidedRequestResponse is the answer of the routes that approve, reject and cancel.
type DecidedRequestResponse struct {
	Activity *RegistryActivity `wire:"activity"`
}

// CommentResponse is the answer of the routes that make and change a comment.
type CommentResponse struct {
	Comment *RegistryActivity `wire:"comment"`
}

// ModelVersionDatabricks is a version as the workspace registry shows it: with the requests that are pending, and the caller's level.
type ModelVersionDatabricks struct {
	Name                 *string             `wire:"name"`
	Version              *string             `wire:"version"`
	CreationTimestamp    *int64              `wire:"creation_timestamp,creationTimestamp"`
	LastUpdatedTimestamp *int64              `wire:"last_updated_timestamp,lastUpdatedTimestamp"`
	UserId               *string             `wire:"user_id,userId"`
	CurrentStage         *string             `wire:"current_stage,currentStage"`
	Description          *string             `wire:"description"`
	Source               *string             `wire:"source"`
	RunId                *string             `wire:"run_id,runId"`
	RunLink              *string             `wire:"run_link,runLink"`
	Status               ModelVersionStatus  `wire:"status"`
	StatusMessage        *string             `wire:"status_message,statusMessage"`
	Tags                 []*ModelVersionTag  `wire:"tags"`
	PermissionLevel      *string             `wire:"permission_level,permissionLevel"`
	OpenRequests         []*RegistryActivity `wire:"open_requests,openRequests"`
}

// TransitionStageResponse is the answer of POST /databricks/model-versions/transition-stage.
type TransitionStageResponse struct {
	ModelVersionDatabricks *ModelVersionDatabricks `wire:"model_version_databricks,modelVersionDatabricks"`
}

// activityOf writes an activity for clients.
func activityOf(a *registry.Activity) *RegistryActivity {
	w := &RegistryActivity{Id: &a.ID, ActivityType: text(string(a.Kind)), UserId: &a.UserName, CreationTimestamp: &a.At, LastUpdatedTimestamp: &a.At,
		Comment: optional(a.Comment), SystemComment: optional(a.System)}
	if a.Moves() {
		w.FromStage, w.ToStage = text(a.From.String()), text(a.To.String())
	}
	return w
}

// requestOf writes a pending request for clients, with what the caller may do about it.
func requestOf(v *registry.Version, r api.OpenRequest) *RegistryActivity {
	w := activityOf(&registry.Activity{ID: r.ID, Kind: registry.Requested, UserName: r.UserName, At: r.Created, From: v.Stage, To: r.Stage,
		Comment: r.Comment})
	w.AvailableActions = actionNames(r.Actions)
	return w
}

// commentOf writes a comment for clients, with what the caller may do about it.
func commentOf(c *api.Call, m *registry.Comment) *RegistryActivity {
	return &RegistryActivity{Id: &m.ID, UserId: &m.UserName, Comment: &m.Text, CreationTimestamp: &m.Created, LastUpdatedTimestamp: &m.Updated,
		AvailableActions: actionNames(registry.CommentActions(m.Creator == c.Who.Principal))}
}

func actionNames(actions []registry.Action) (list []string) {
	for _, a := range actions {
		list = append(list, string(a))
	}
	return list
}

// versionDatabricks writes a version with its pending requests and the caller's level.
func versionDatabricks(c *api.Call, v *registry.Version) (*ModelVersionDatabricks, error) {
	open, err := openRequests(c, v)
	m := formOf(c).modelVersion(v)
	return &ModelVersionDatabricks{Name: m.Name, Version: m.Version, CreationTimestamp: m.CreationTimestamp,
		LastUpdatedTimestamp: m.LastUpdatedTimestamp, UserId: m.UserId, CurrentStage: m.CurrentStage, Description: m.Description, Source: m.Source, RunId: m.RunId, RunLink: m.RunLink,
		Status: m.Status, StatusMessage: m.StatusMessage, Tags: m.Tags, PermissionLevel: levelOf(c, v.Model), OpenRequests: open}, err
}
