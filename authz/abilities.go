package authz

import (
	"slices"

	"bailiwick/fail"
)

// Ability is something a caller wants to do with an object. The number is never stored; the name is.
type Ability uint16

// The abilities. On which kinds each exists, and which levels give it, is in the tables of tables.go; on any other kind it is refused.
const (
	// On every kind.

	ChangePermissions Ability = iota + 1 // write entries
	ReadPermissions                      // read entries, ask who can; auditors too

	// Folders. Those that end in Items are asked of the folder that contains the items.

	ListItems          // see the names in a folder
	ViewItems          // look at an item
	CloneExport        // clone or export an item; the target of a clone asks CreateItems
	CreateItems        // create or import anything but experiments
	DeleteItems        // move anything but experiments to the trash
	MoveRename         // move away or rename an item, experiments included; the target asks CreateItems or CreateExperiments
	RestoreItems       // take anything but experiments out of the trash
	PurgeItems         // delete anything but experiments for good
	CreateExperiments  // create an experiment in the folder, or delete one
	RestoreExperiments // take an experiment out of the trash
	ViewTrashed        // look at an item in the trash, as ViewItems and ViewRuns do outside it

	// Notebooks and files.

	ViewCells   // read the content
	Comment     // comment on it
	RunWorkflow // run it by %run or from a workflow
	Attach      // attach and detach
	RunCommands // run single commands
	EditCells   // change the content, import onto it

	// Experiments, with their runs, logged models and traces.

	ViewRuns         // look at runs, search, compare
	ReadArtifacts    // list, view, download artifacts of runs
	ManageRuns       // create, delete, restore runs
	LogRuns          // log params, metrics, tags
	LogArtifacts     // log artifacts
	EditTags         // tags of the experiment
	PurgeRuns        // purge runs and the experiment; also of one in the trash
	ViewLoggedModels // look at logged models, traces, assessments
	EditLoggedModels // create, change, delete them
	ImportArtifacts  // import onto an existing run's artifacts

	// Registered models.

	CreateModel        // asked of ModelsRoot
	ViewModel          // look at all of a model, load its versions
	RequestTransition  // ask for a stage transition
	AddVersion         // add a version
	EditDescriptions   // descriptions of the model and its versions
	TransitionStaging  // move a version among None, Archived and Staging
	TransitionAny      // move a version among all stages
	DecideStaging      // approve or reject a request among None, Archived and Staging
	DecideAny          // approve or reject any request
	CancelTransition   // cancel the request of somebody else
	WithdrawTransition // cancel one's own request, whatever one's level has become
	RenameModel        // rename
	DeleteModel        // delete the model or a version
	SetAlias           // set or delete an alias
	EditModelTags      // set or delete tags of the model and its versions
	CommentVersion     // comment on a version
	PostCheck          // post a check on a version
	ManageModelHooks   // webhooks of the model
	SetModelGovernance // owner, tier, lifecycle, required checks

	// Jobs.

	ViewJob
	ViewResults // results of runs
	ViewJobLogs // Spark UI and logs of a run
	RunNow
	CancelRun
	EditJob
	DeleteJob

	// Serving endpoints.

	ViewEndpoint
	QueryEndpoint
	EditEndpoint // configuration and tags
	DeleteEndpoint

	// Clusters.

	AttachCluster // attach a notebook, run commands
	ViewMetrics
	RestartCluster // start, restart, terminate
	ViewDriverLogs
	EditCluster
	DeleteCluster

	// Secret scopes.

	ReadSecret
	ListSecrets // names and times only
	PutSecrets  // put and delete
	ManageScope // access lists, rotation, deleting the scope
	// CreateScopes is asked of WorkspaceObject.
	CreateScopes

	// Service principals.

	UseServicePrincipal    // have things run as it
	ManageServicePrincipal // its secrets and federation policies

	// Tokens and passwords, asked of TokensRoot and PasswordsRoot.

	UseTokens    // create, use, revoke own tokens
	ManageTokens // list all tokens, revoke those of others
	UsePassword

	// The workspace itself, asked of WorkspaceObject.

	SignedIn            // whatever any signed-in principal may do
	ManageSessions      // list and end one's own sessions
	ReadIdentities      // users, groups, service principals
	ManageIdentities    // create, change, remove them
	ProvisionIdentities // the same over SCIM; directories too
	ReadSettings        // workspace-conf
	ManageSettings      // change it
	ReadAudit           // the ledger; auditors too
	AskAboutSelf        // can, what-can of oneself
	AskAboutOthers      // can, what-can of others; auditors too
	ManageRegistryHooks // webhooks of the whole registry
	ManageLocations     // prefixes that artifact locations may have
	ManageWebhooks      // webhooks of the ledger
	ReadFindings        // findings; auditors too
	OperateServer       // backup, maintenance
	OwnCredentials      // look at one's own credentials in the inventory, and revoke them
	ReadPolicies        // the text of roles and policies; auditors too
	ManagePolicies      // change it
	abilityEnd
)

// AbilityInfo is what is said of an ability on every kind.
type AbilityInfo struct {
	// Name is the stable name in JSON and in the ledger.
	Name string
	// Family is the token scope that a credential cut down to scopes must carry; empty asks for none.
	Family string
}

const (
	familyAccess    = "access-management"
	familyWorkspace = "workspace"
	familyMLflow    = "mlflow"
	familyJobs      = "jobs"
	familyServing   = "model-serving"
	familyClusters  = "clusters"
	familySecrets   = "secrets"
	familyAuth      = "authentication"
	familyIdentity  = "scim"
	familySettings  = "settings"

	// allFamilies is the scope that stands for every family.
	allFamilies = "all-apis"
)

var abilities = [abilityEnd]AbilityInfo{
	ChangePermissions: {"change-permissions", familyAccess}, ReadPermissions: {"read-permissions", familyAccess},

	ListItems: {"list-items", familyWorkspace}, ViewItems: {"view-items", familyWorkspace},
	CloneExport: {"clone-export", familyWorkspace}, CreateItems: {"create-items", familyWorkspace},
	DeleteItems: {"delete-items", familyWorkspace}, MoveRename: {"move-rename", familyWorkspace},
	RestoreItems: {"restore-items", familyWorkspace}, PurgeItems: {"purge-items", familyWorkspace},
	CreateExperiments: {"create-experiments", familyMLflow}, RestoreExperiments: {"restore-experiments", familyMLflow},
	ViewTrashed: {"view-trashed", familyWorkspace},

	ViewCells: {"view-cells", familyWorkspace}, Comment: {"comment", familyWorkspace},
	RunWorkflow: {"run-workflow", familyWorkspace}, Attach: {"attach", familyWorkspace},
	RunCommands: {"run-commands", familyWorkspace}, EditCells: {"edit-cells", familyWorkspace},

	ViewRuns: {"view-runs", familyMLflow}, ReadArtifacts: {"read-artifacts", familyMLflow},
	ManageRuns: {"manage-runs", familyMLflow}, LogRuns: {"log-runs", familyMLflow},
	LogArtifacts: {"log-artifacts", familyMLflow}, EditTags: {"edit-tags", familyMLflow},
	PurgeRuns: {"purge-runs", familyMLflow}, ViewLoggedModels: {"view-logged-models", familyMLflow},
	EditLoggedModels: {"edit-logged-models", familyMLflow}, ImportArtifacts: {"import-artifacts", familyMLflow},

	CreateModel: {"create-model", familyMLflow}, ViewModel: {"view-model", familyMLflow},
	RequestTransition: {"request-transition", familyMLflow}, AddVersion: {"add-version", familyMLflow},
	EditDescriptions: {"edit-descriptions", familyMLflow}, TransitionStaging: {"transition-staging", familyMLflow},
	TransitionAny: {"transition-any", familyMLflow}, DecideStaging: {"decide-staging", familyMLflow},
	DecideAny: {"decide-any", familyMLflow}, CancelTransition: {"cancel-transition", familyMLflow},
	WithdrawTransition: {"withdraw-transition", familyMLflow},
	RenameModel:        {"rename-model", familyMLflow}, DeleteModel: {"delete-model", familyMLflow},
	SetAlias: {"set-alias", familyMLflow}, EditModelTags: {"edit-model-tags", familyMLflow},
	CommentVersion: {"comment-version", familyMLflow}, PostCheck: {"post-check", familyMLflow},
	ManageModelHooks: {"manage-model-hooks", familyMLflow}, SetModelGovernance: {"set-model-governance", familyMLflow},

	ViewJob: {"view-job", familyJobs}, ViewResults: {"view-results", familyJobs}, ViewJobLogs: {"view-job-logs", familyJobs},
	RunNow: {"run-now", familyJobs}, CancelRun: {"cancel-run", familyJobs}, EditJob: {"edit-job", familyJobs},
	DeleteJob: {"delete-job", familyJobs},

	ViewEndpoint: {"view-endpoint", familyServing}, QueryEndpoint: {"query-endpoint", familyServing},
	EditEndpoint: {"edit-endpoint", familyServing}, DeleteEndpoint: {"delete-endpoint", familyServing},

	AttachCluster: {"attach-cluster", familyClusters}, ViewMetrics: {"view-metrics", familyClusters},
	RestartCluster: {"restart-cluster", familyClusters}, ViewDriverLogs: {"view-driver-logs", familyClusters},
	EditCluster: {"edit-cluster", familyClusters}, DeleteCluster: {"delete-cluster", familyClusters},

	ReadSecret: {"read-secret", familySecrets}, ListSecrets: {"list-secrets", familySecrets},
	PutSecrets: {"put-secrets", familySecrets}, ManageScope: {"manage-scope", familySecrets},
	CreateScopes: {"create-secret-scopes", familySecrets},

	UseServicePrincipal: {"use-service-principal", familyAuth}, ManageServicePrincipal: {"manage-service-principal", familyAuth},

	UseTokens: {"use-tokens", familyAuth}, ManageTokens: {"manage-tokens", familyAuth}, UsePassword: {"use-password", familyAuth},

	SignedIn: {"signed-in", ""}, ManageSessions: {"manage-sessions", familyAuth}, ReadIdentities: {"read-identities", familyIdentity},
	ManageIdentities: {"manage-identities", familyIdentity}, ProvisionIdentities: {"provision-identities", familyIdentity},
	ReadSettings:   {"read-settings", familySettings},
	ManageSettings: {"manage-settings", familySettings}, ReadAudit: {"read-audit", familyAccess},
	AskAboutSelf: {"ask-about-self", familyAccess}, AskAboutOthers: {"ask-about-others", familyAccess},
	ManageRegistryHooks: {"manage-registry-hooks", familyMLflow}, ManageLocations: {"manage-locations", familySettings},
	ManageWebhooks: {"manage-webhooks", familySettings}, ReadFindings: {"read-findings", familyAccess},
	OperateServer: {"operate-server", familySettings}, OwnCredentials: {"own-credentials", familyAuth},
	ReadPolicies: {"read-policies", familyAccess}, ManagePolicies: {"manage-policies", familyAccess},
}

// Info gives what is said of the ability on every kind; ok is false for a number that is no ability.
func (a Ability) Info() (info AbilityInfo, ok bool) {
	if !a.known() {
		return AbilityInfo{}, false
	}
	return abilities[a], true
}

// String gives the stable name, or "unknown".
func (a Ability) String() string {
	if !a.known() {
		return "unknown"
	}
	return abilities[a].Name
}

// MarshalText writes the stable name. It never fails; what it writes for an unknown ability cannot be read back.
func (a Ability) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a stable name; an unknown one is fail.Invalid.
func (a *Ability) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(abilities[1:], func(i AbilityInfo) bool { return i.Name == string(text) })
	if i < 0 {
		return fail.Invalidf("Ability %q is not known; docs/abilities.md lists all.", text)
	}
	*a = Ability(i + 1)
	return nil
}

func (a Ability) known() bool { return a > 0 && a < abilityEnd }

// within says whether a credential with these scopes reaches the ability; no scopes are all scopes.
func (a Ability) within(scopes []string) bool {
	family := abilities[a].Family
	return len(scopes) == 0 || family == "" || slices.Contains(scopes, allFamilies) || slices.Contains(scopes, family)
}
