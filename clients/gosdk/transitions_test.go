package gosdk

import (
	"errors"
	"slices"
	"testing"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/ml"
)

// move makes a transition as somebody.
func move(t *testing.T, who, name, version, stage string, archive bool) result[*ml.TransitionStageResponse] {
	return of(person(t, who).ModelRegistry.TransitionStage(within(t), ml.TransitionModelVersionStageDatabricks{
		Name: name, Version: version, Stage: stage, ArchiveExistingVersions: archive, Comment: "moved"}))
}

// ask makes a transition request as somebody.
func ask(t *testing.T, who, name, version, stage string) result[*ml.CreateTransitionRequestResponse] {
	return of(person(t, who).ModelRegistry.CreateTransitionRequest(within(t), ml.CreateTransitionRequest{
		Name: name, Version: version, Stage: stage, Comment: "please"}))
}

// pending gives the requests of a version, as Ada sees them.
func pending(t *testing.T, w *databricks.WorkspaceClient, name, version string) []ml.Activity {
	t.Helper()
	return all(t, w.ModelRegistry.ListTransitionRequests(within(t), ml.ListTransitionRequestsRequest{Name: name, Version: version}))
}

func TestRegistryStages(t *testing.T) {
	ada := person(t, "ada")
	name, id := registered(t, ada)
	versions(t, ada, name, 2)
	moved := move(t, "ada", name, "1", "Production", false).must(t).ModelVersionDatabricks
	holds(t, moved.CurrentStage == "Production" && moved.Version == "1" && moved.PermissionLevel == ml.PermissionLevelCanManage, moved)
	move(t, "ada", name, "2", "production", true).must(t)
	equal(t, stageOf(t, ada, name, "1"), "Archived")
	equal(t, stageOf(t, ada, name, "2"), "Production")
	byStage := all(t, ada.ModelRegistry.GetLatestVersions(within(t), ml.GetLatestVersionsRequest{Name: name, Stages: []string{"Production"}}))
	holds(t, len(byStage) == 1 && byStage[0].Version == "2", byStage)

	move(t, "ada", name, "1", "Garden", false).fails(t, apierr.ErrInvalidParameterValue, "Garden", "Production")
	move(t, "ada", name, "9", "Staging", false).missing(t)
	move(t, "bob", name, "1", "Staging", false).missing(t)
	level(t, id, "bob", ml.RegisteredModelPermissionLevelCanEdit)
	move(t, "bob", name, "1", "Staging", false).refused(t, "CAN_MANAGE_STAGING_VERSIONS", nameOf(t, "ada"))
	level(t, id, "bob", ml.RegisteredModelPermissionLevelCanManageStagingVersions)
	move(t, "bob", name, "1", "Staging", false).must(t)
	move(t, "bob", name, "1", "Production", false).refused(t, "CAN_MANAGE_PRODUCTION_VERSIONS", nameOf(t, "ada"))
	move(t, "bob", name, "2", "Archived", false).refused(t, "CAN_MANAGE_PRODUCTION_VERSIONS", nameOf(t, "ada"))
	level(t, id, "bob", ml.RegisteredModelPermissionLevelCanManageProductionVersions)
	move(t, "bob", name, "2", "Archived", false).must(t)
}

func TestRegistryRequestApproved(t *testing.T) {
	ctx, ada, rita := within(t), person(t, "ada"), person(t, "rita")
	name, id := registered(t, ada)
	versions(t, ada, name, 1)
	ask(t, "rita", name, "1", "Staging").missing(t)
	level(t, id, "rita", ml.RegisteredModelPermissionLevelCanRead)
	made := ask(t, "rita", name, "1", "Staging").must(t).Request
	holds(t, made.ToStage == "Staging" && made.Comment == "please" && made.UserId == nameOf(t, "rita"), made)
	holds(t, slices.Equal(made.AvailableActions, []ml.ActivityAction{ml.ActivityActionCancelTransitionRequest}), made)
	ask(t, "rita", name, "1", "Staging").fails(t, apierr.ErrResourceAlreadyExists)
	ask(t, "ada", name, "1", "Staging").must(t)
	listed := pending(t, ada, name, "1")
	holds(t, len(listed) == 2 && listed[0].ToStage == "Staging" && listed[0].Comment == "please", listed)

	approve := ml.ApproveTransitionRequest{Name: name, Version: "1", Stage: "Staging", Comment: "fine"}
	of(rita.ModelRegistry.ApproveTransitionRequest(ctx, approve)).refused(t, "CAN_MANAGE_STAGING_VERSIONS", nameOf(t, "ada"))
	done := of(ada.ModelRegistry.ApproveTransitionRequest(ctx, approve)).must(t).Activity
	holds(t, done.ActivityType == ml.ActivityTypeApprovedRequest && done.ToStage == "Staging" && done.FromStage == "None", done)
	holds(t, done.UserId == nameOf(t, "ada") && done.Comment == "fine", done)
	equal(t, stageOf(t, ada, name, "1"), "Staging")
	equal(t, len(pending(t, ada, name, "1")), 0)
	of(ada.ModelRegistry.ApproveTransitionRequest(ctx, approve)).fails(t, apierr.ErrResourceConflict, "approved by "+nameOf(t, "ada"))
}

func TestRegistryRequestRejected(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	name, id := registered(t, ada)
	versions(t, ada, name, 1)
	level(t, id, "rita", ml.RegisteredModelPermissionLevelCanRead)
	level(t, id, "ed", ml.RegisteredModelPermissionLevelCanManageStagingVersions)
	ask(t, "rita", name, "1", "Production").must(t)
	reject := ml.RejectTransitionRequest{Name: name, Version: "1", Stage: "Production", Comment: "not yet"}
	of(person(t, "ed").ModelRegistry.RejectTransitionRequest(ctx, reject)).refused(t, "CAN_MANAGE_PRODUCTION_VERSIONS", nameOf(t, "ada"))
	done := of(ada.ModelRegistry.RejectTransitionRequest(ctx, reject)).must(t).Activity
	holds(t, done.ActivityType == ml.ActivityTypeRejectedRequest && done.Comment == "not yet", done)
	equal(t, stageOf(t, ada, name, "1"), "None")
	of(ada.ModelRegistry.RejectTransitionRequest(ctx, reject)).fails(t, apierr.ErrResourceConflict, "rejected by "+nameOf(t, "ada"))
}

func TestRegistryRequestCancelled(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	name, id := registered(t, ada)
	versions(t, ada, name, 1)
	level(t, id, "rita", ml.RegisteredModelPermissionLevelCanRead)
	level(t, id, "ed", ml.RegisteredModelPermissionLevelCanManageProductionVersions)
	cancel := func(who, creator string) result[*ml.DeleteTransitionRequestResponse] {
		return of(person(t, who).ModelRegistry.DeleteTransitionRequest(ctx, ml.DeleteTransitionRequestRequest{
			Name: name, Version: "1", Stage: "Staging", Creator: nameOf(t, creator), Comment: "never mind"}))
	}
	ask(t, "rita", name, "1", "Staging").must(t)
	cancel("ed", "rita").refused(t, "CAN_MANAGE", nameOf(t, "ada"))
	activity := cancel("rita", "rita").must(t).Activity
	equal(t, activity.ActivityType, ml.ActivityTypeCancelledRequest)
	cancel("rita", "rita").fails(t, apierr.ErrResourceConflict, "cancelled by "+nameOf(t, "rita"))
	ask(t, "rita", name, "1", "Staging").must(t)
	cancel("ada", "rita").must(t)
	equal(t, len(pending(t, ada, name, "1")), 0)
}

func TestRegistryComments(t *testing.T) {
	ctx, ada, rita := within(t), person(t, "ada"), person(t, "rita")
	name, id := registered(t, ada)
	versions(t, ada, name, 1)
	comment := ml.CreateComment{Name: name, Version: "1", Comment: "größe?"}
	of(rita.ModelRegistry.CreateComment(ctx, comment)).missing(t)
	level(t, id, "rita", ml.RegisteredModelPermissionLevelCanRead)
	made := of(rita.ModelRegistry.CreateComment(ctx, comment)).must(t).Comment
	holds(t, made.Comment == "größe?" && made.UserId == nameOf(t, "rita") && made.Id != "", made)
	holds(t, slices.Contains(made.AvailableActions, ml.CommentActivityActionEditComment), made)
	changed := of(rita.ModelRegistry.UpdateComment(ctx, ml.UpdateComment{Id: made.Id, Comment: "better"})).must(t).Comment
	equal(t, changed.Comment, "better")
	level(t, id, "ed", ml.RegisteredModelPermissionLevelCanEdit)
	of(person(t, "ed").ModelRegistry.UpdateComment(ctx, ml.UpdateComment{Id: made.Id, Comment: "theirs"})).fails(t, apierr.ErrPermissionDenied)
	only(person(t, "bob").ModelRegistry.DeleteComment(ctx, ml.DeleteCommentRequest{Id: made.Id})).missing(t)
	must(t, rita.ModelRegistry.DeleteComment(ctx, ml.DeleteCommentRequest{Id: made.Id}))
	only(rita.ModelRegistry.DeleteComment(ctx, ml.DeleteCommentRequest{Id: made.Id})).missing(t)
	of(rita.ModelRegistry.UpdateComment(ctx, ml.UpdateComment{Id: "123456", Comment: "x"})).missing(t)
}

// TestRegistryRequestOnce approves and cancels at once: one wins, and the other is told so.
func TestRegistryRequestOnce(t *testing.T) {
	ctx, ada, rita := within(t), person(t, "ada"), person(t, "rita")
	name, id := registered(t, ada)
	versions(t, ada, name, 1)
	level(t, id, "rita", ml.RegisteredModelPermissionLevelCanRead)
	creator := nameOf(t, "rita")
	for range 10 {
		ask(t, "rita", name, "1", "Staging").must(t)
		errs := make(chan error, 2)
		go func() {
			_, err := ada.ModelRegistry.ApproveTransitionRequest(ctx, ml.ApproveTransitionRequest{Name: name, Version: "1", Stage: "Staging"})
			errs <- err
		}()
		go func() {
			_, err := rita.ModelRegistry.DeleteTransitionRequest(ctx, ml.DeleteTransitionRequestRequest{
				Name: name, Version: "1", Stage: "Staging", Creator: creator})
			errs <- err
		}()
		first, second := <-errs, <-errs
		holds(t, (first == nil) != (second == nil), []error{first, second})
		fails(t, errors.Join(first, second), apierr.ErrResourceConflict)
		move(t, "ada", name, "1", "None", false).must(t)
	}
}
