package ledger

import "strings"

// Operation is what a call did, in the few words by which people narrow a search.
type Operation string

// The operations. Access is also what refused and failed calls of that kind were after.
const (
	Create         Operation = "create"
	Modify         Operation = "modify"
	Remove         Operation = "remove"
	Access         Operation = "access"
	Authentication Operation = "authentication"
	Restore        Operation = "restore"
)

// Operations are all of them, in the order in which they are shown.
var Operations = []Operation{Create, Modify, Remove, Access, Authentication, Restore}

// actionsOf says which actions are of an operation; actions that stand nowhere only read, and are Access. A test of the server walks all
// routes that change something, or have an entry of their own, and finds each action here or among the reads.
var actionsOf = map[Operation]string{
	Create: `add cloneItem createBackup createComment createDirectory createExperiment createFederationPolicy createFile
		createFolder createGroup createIpAccessList createLoggedModel createLoginLink createMlflowExperiment createModelVersion
		createNotebook createProvisioningDirectory createRegisteredModel createRegistryWebhook createRotationPlan createRun
		createScope createServicePrincipalSecret createTransitionRequest createUpload createWebhook createWorkspace generateDbToken
		generateProvisioningToken govern importItem postModelVersionCheck rotateCreate uploadArtifact uploadPart`,
	Modify: `acceptFinding activateUser addPrincipalToGroup announceTokenRevocation approveTransitionRequest assumeRole changePolicies
		changeRequiredTags changeSteward changeWorkspaceAcl deactivateUser finalizeLoggedModel finishModelVersion identityConflict
		leaveRole logBatch logInputs logLoggedModelParams logMetric logModel logOutputs logParam moveItem putAcl putMlflowUi putSecret recallFinding
		redeliverWebhook rejectTransitionRequest remindCredential remindRotation removeAdmin removePrincipalFromGroup
		renameRegisteredModel resolveIdentityConflict retireKek rollBackPolicies rotateFail rotateKek rotateSigningKey rotateStillUsed
		rotateSwitch rotationOverdue runRotationPlan setAdmin setExperimentTag setIdentitySource setLoggedModelTags setModelVersionTag
		setRegisteredModelAlias setRegisteredModelTag setRequiredChecks setTag setTwoPersons transitionModelVersionStage updateComment
		updateDbToken updateExperiment updateFederationPolicy updateGroup updateIpAccessList updateModelVersion
		updateProvisioningDirectory updateRegisteredModel updateRegistryWebhook updateRotationPlan updateRuleSet updateRun
		updateServicePrincipal updateUser updateWebhook workspaceConfEdit`,
	Remove: `abortUpload closeRotation closeSecretVersion delete deleteAcl deleteArtifacts deleteBackup deleteComment
		deleteExperiment deleteExperimentTag deleteFederationPolicy deleteFolder deleteIpAccessList deleteItem deleteLoggedModel
		deleteLoggedModelTag deleteMlflowExperiment deleteMlflowUi deleteModelVersion deleteModelVersionTag deleteNotebook
		deleteProvisioningDirectory deleteRegisteredModel deleteRegisteredModelAlias deleteRegisteredModelTag deleteRegistryWebhook
		deleteRotationPlan deleteRun deleteRuns deleteScope deleteSecret deleteServicePrincipalSecret deleteTag
		deleteTransitionRequest deleteWebhook dropExpiredTokens fileDelete garbageCollectDbToken purgeExperiment purgeExpired
		purgeItem purgeRun removeGroup revokeCredential revokeDbToken revokeOAuthToken rotateClose`,
	Authentication: `IpAccessDenied authorizationCodeReuse authorizeOAuthClient login logout mintOAuthToken refreshTokenReuse
		renewSession tokenLogin`,
	Restore: `restoreExperiment restoreItem restoreRun restoreRuns`,
}

// ReadActions are the actions that read and yet have entries of their own.
var ReadActions = strings.Fields(`downloadArtifact downloadAudit downloadBackup explainPermissions explainToken exportAudit
		exportItem getAcl getModelVersionManifest getPermissions getSecret listAcls previewPermissions testRegistryWebhook testWebhook
		useWebhookSecret viewNotebook whoCan`)

var operationOf = func() map[string]Operation {
	of := map[string]Operation{}
	for op, actions := range actionsOf {
		for _, a := range strings.Fields(actions) {
			of[a] = op
		}
	}
	return of
}()

// OperationOf gives the operation of an action.
func OperationOf(action string) Operation {
	if op, ok := operationOf[action]; ok {
		return op
	}
	return Access
}

// Result is how a call came out.
type Result string

// The results: denied is a refusal, of a right or of a credential; failed is what was allowed and did not come about.
const (
	Allowed Result = "allowed"
	Denied  Result = "denied"
	Failed  Result = "failed"
)

// Result gives how the call came out.
func (e *Entry) Result() Result {
	switch {
	case e.Status == 401 || e.ErrorCode == "PERMISSION_DENIED" || e.Decision.Ability != "" && !e.Decision.Allowed:
		return Denied
	case e.Status >= 400:
		return Failed
	}
	return Allowed
}
