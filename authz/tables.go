package authz

import "slices"

// Row is one line of a kind's ability table.
type Row struct {
	Ability Ability
	// Cells has one letter a column, No Permissions first and then the kind's levels, lowest first: x = given, . = not.
	Cells string
	// Title is the line's text in the law.
	Title string
	// Source says where a line comes from that the source tables do not have; empty for theirs.
	Source string
	// Auditors have the ability too, whatever their level.
	Auditors bool
	// Directories have the ability too: the service principals of the directories that provision. They have no others.
	Directories bool
	// Trash says that the ability is also had on objects in the trash; all others see them as absent.
	Trash bool
}

const (
	beyond = "beyond.tsv"
	notes  = "notes.md"
	ours   = "this server"
	roles  = "roles servicePrincipal.user and servicePrincipal.manager (databricks-semantics §6.2)"
)

// whoMayRead is the line that every kind has beside its own for changing permissions.
func whoMayRead(cells string) Row {
	return Row{Ability: ReadPermissions, Cells: cells, Title: "GET permissions, who-can", Source: beyond, Auditors: true}
}

// itemRows are the folder's lines as they are asked of an item itself, where its own entries count too.
func itemRows() []Row {
	return []Row{
		{Ability: ViewItems, Cells: ".xxxx", Title: "View items in folder", Source: notes},
		{Ability: CloneExport, Cells: ".xxxx", Title: "Clone and export items", Source: notes},
		{Ability: ViewTrashed, Cells: ".xxxx", Title: "View items in the trash", Source: ours, Trash: true},
		whoMayRead("....x"),
	}
}

// contentRows are the lines of notebooks; files have the same.
func contentRows() []Row {
	return append([]Row{
		{Ability: ViewCells, Cells: ".xxxx", Title: "View cells"},
		{Ability: Comment, Cells: ".xxxx", Title: "Comment"},
		{Ability: RunWorkflow, Cells: ".xxxx", Title: "Run via %run or notebook workflows"},
		{Ability: Attach, Cells: "..xxx", Title: "Attach and detach notebooks"},
		{Ability: RunCommands, Cells: "..xxx", Title: "Run commands"},
		{Ability: EditCells, Cells: "...xx", Title: "Edit cells"},
		{Ability: ChangePermissions, Cells: "....x", Title: "Change permissions"},
	}, itemRows()...)
}

// law is the ability tables of all kinds, cell by cell. TestLaw holds it against the source tables kept in testdata.
var law = [kindEnd][]Row{
	Directory: {
		{Ability: ListItems, Cells: "xxxxx", Title: "List items in folder"},
		{Ability: ViewItems, Cells: ".xxxx", Title: "View items in folder"},
		{Ability: CloneExport, Cells: ".xxxx", Title: "Clone and export items"},
		{Ability: CreateItems, Cells: "....x", Title: "Create, import, and delete items"},
		{Ability: DeleteItems, Cells: "....x", Title: "Create, import, and delete items"},
		{Ability: MoveRename, Cells: "....x", Title: "Move and rename items"},
		{Ability: ChangePermissions, Cells: "....x", Title: "Change permissions"},
		{Ability: CreateExperiments, Cells: "...xx", Title: "Create and delete experiments", Source: notes},
		{Ability: RestoreExperiments, Cells: "...xx", Title: "Restore experiments", Source: notes, Trash: true},
		{Ability: RestoreItems, Cells: "....x", Title: "Restore items", Source: ours, Trash: true},
		{Ability: PurgeItems, Cells: "....x", Title: "Purge items", Source: ours, Trash: true},
		{Ability: ViewTrashed, Cells: ".xxxx", Title: "View items in the trash", Source: ours, Trash: true},
		whoMayRead("....x"),
	},
	Notebook: contentRows(),
	File:     contentRows(),
	Experiment: append([]Row{
		{Ability: ViewRuns, Cells: ".xxxx", Title: "View run info, search, compare runs"},
		{Ability: ReadArtifacts, Cells: ".xxxx", Title: "View, list, and download run artifacts"},
		{Ability: ManageRuns, Cells: "..xxx", Title: "Create, delete, and restore runs"},
		{Ability: LogRuns, Cells: "..xxx", Title: "Log run params, metrics, tags"},
		{Ability: LogArtifacts, Cells: "..xxx", Title: "Log run artifacts"},
		{Ability: EditTags, Cells: "..xxx", Title: "Edit experiment tags"},
		{Ability: PurgeRuns, Cells: "....x", Title: "Purge runs and experiments", Trash: true},
		{Ability: ChangePermissions, Cells: "....x", Title: "Grant permissions"},
		{Ability: ViewLoggedModels, Cells: ".xxxx", Title: "Logged models, traces, assessments: view", Source: beyond},
		{Ability: EditLoggedModels, Cells: "..xxx", Title: "Logged models, traces, assessments: create, change, delete", Source: beyond},
		{Ability: ImportArtifacts, Cells: "..xxx", Title: "Import onto an existing run's artifacts", Source: beyond},
	}, itemRows()...),
	RegisteredModel: {
		{Ability: CreateModel, Cells: "xxxxxx", Title: "Create a model"},
		{Ability: ViewModel, Cells: ".xxxxx",
			Title: "View model details, versions, stage transition requests, activities, and artifact download URIs"},
		{Ability: RequestTransition, Cells: ".xxxxx", Title: "Request a model version stage transition"},
		{Ability: AddVersion, Cells: "..xxxx", Title: "Add a version to a model"},
		{Ability: EditDescriptions, Cells: "..xxxx", Title: "Update model and version description"},
		{Ability: TransitionStaging, Cells: "...xxx", Title: "Transition model version between stages"},
		{Ability: TransitionAny, Cells: "....xx", Title: "Transition model version between stages"},
		{Ability: DecideStaging, Cells: "...xxx", Title: "Approve or reject a model version stage transition request"},
		{Ability: DecideAny, Cells: "....xx", Title: "Approve or reject a model version stage transition request"},
		{Ability: CancelTransition, Cells: ".....x", Title: "Cancel a model version stage transition request"},
		{Ability: WithdrawTransition, Cells: "xxxxxx", Title: "Cancel one's own stage transition request", Source: notes},
		{Ability: ChangePermissions, Cells: ".....x", Title: "Modify permissions"},
		{Ability: RenameModel, Cells: ".....x", Title: "Rename model"},
		{Ability: DeleteModel, Cells: ".....x", Title: "Delete model and model versions"},
		{Ability: SetAlias, Cells: "....xx", Title: "Set or delete an alias", Source: beyond},
		{Ability: EditModelTags, Cells: "..xxxx", Title: "Set or delete tags of models and versions", Source: beyond},
		{Ability: CommentVersion, Cells: ".xxxxx", Title: "Comment on a version; edit and delete own comment", Source: beyond},
		{Ability: PostCheck, Cells: "..xxxx", Title: "Post a check on a version", Source: beyond},
		{Ability: ManageModelHooks, Cells: ".....x", Title: "Webhooks of the model", Source: beyond},
		{Ability: SetModelGovernance, Cells: ".....x", Title: "Set owner, tier, lifecycle, required checks", Source: beyond},
		whoMayRead(".....x"),
	},
	Job: {
		{Ability: ViewJob, Cells: ".xxxx", Title: "View job details and settings"},
		{Ability: ViewResults, Cells: ".xxxx", Title: "View results of runs"},
		{Ability: ViewJobLogs, Cells: "..xxx", Title: "View Spark UI and logs of a run"},
		{Ability: RunNow, Cells: "..xxx", Title: "Run now"},
		{Ability: CancelRun, Cells: "..xxx", Title: "Cancel run"},
		{Ability: EditJob, Cells: "...xx", Title: "Edit job settings"},
		{Ability: DeleteJob, Cells: "...xx", Title: "Delete job"},
		{Ability: ChangePermissions, Cells: "...xx", Title: "Modify permissions"},
		whoMayRead("...xx"),
	},
	Endpoint: {
		{Ability: ViewEndpoint, Cells: ".xxx", Title: "Get and list the endpoint"},
		{Ability: QueryEndpoint, Cells: "..xx", Title: "Query the endpoint"},
		{Ability: EditEndpoint, Cells: "...x", Title: "Update configuration and tags"},
		{Ability: DeleteEndpoint, Cells: "...x", Title: "Delete the endpoint"},
		{Ability: ChangePermissions, Cells: "...x", Title: "Modify permissions"},
		whoMayRead("...x"),
	},
	Cluster: {
		{Ability: AttachCluster, Cells: ".xxx", Title: "Attach a notebook, run commands"},
		{Ability: ViewMetrics, Cells: ".xxx", Title: "View UI and metrics"},
		{Ability: RestartCluster, Cells: "..xx", Title: "Start, restart, terminate"},
		{Ability: ViewDriverLogs, Cells: "...x", Title: "View driver logs"},
		{Ability: EditCluster, Cells: "...x", Title: "Edit, resize, install libraries"},
		{Ability: DeleteCluster, Cells: "...x", Title: "Delete"},
		{Ability: ChangePermissions, Cells: "...x", Title: "Modify permissions"},
		whoMayRead("...x"),
	},
	SecretScope: {
		{Ability: ReadSecret, Cells: ".xxx", Title: "Read the value of a secret"},
		{Ability: ListSecrets, Cells: ".xxx", Title: "List secrets (metadata)"},
		{Ability: PutSecrets, Cells: "..xx", Title: "Put and delete secrets"},
		{Ability: ManageScope, Cells: "...x", Title: "Change access lists, rotation, delete scope"},
		{Ability: ChangePermissions, Cells: "...x", Title: "Change access lists, rotation, delete scope"},
		whoMayRead("...x"),
	},
	ServiceIdentity: {
		{Ability: UseServicePrincipal, Cells: ".xx", Title: "Have jobs and other things run as the service principal", Source: roles},
		{Ability: ManageServicePrincipal, Cells: "..x", Title: "Make and delete its secrets and federation policies", Source: roles},
		{Ability: ChangePermissions, Cells: "..x", Title: "Say who manages and uses it", Source: roles},
		whoMayRead("..x"),
	},
	Tokens: {
		{Ability: UseTokens, Cells: ".xx", Title: "Create, use and revoke own tokens"},
		{Ability: ManageTokens, Cells: "..x", Title: "List all tokens and revoke those of others"},
		{Ability: ChangePermissions, Cells: "..x", Title: "Modify permissions"},
		whoMayRead("..x"),
	},
	Passwords: {
		{Ability: UsePassword, Cells: ".xx", Title: "Sign in with a password", Source: ours},
		{Ability: ChangePermissions, Cells: "..x", Title: "Modify permissions", Source: ours},
		whoMayRead("..x"),
	},
}

// workspaceRows are the built-in rules of the workspace itself. Its only columns are everybody active and `admins`.
var workspaceRows = []Row{
	{Ability: SignedIn, Cells: "xx", Title: "Whatever takes no more than being signed in", Source: ours, Directories: true},
	{Ability: ManageSessions, Cells: "xx", Title: "List and end one's own sessions", Source: ours},
	{Ability: OwnCredentials, Cells: "xx", Title: "Look at one's own credentials and revoke them", Source: ours},
	{Ability: ReadIdentities, Cells: "xx", Title: "Read users, groups and service principals", Source: ours, Directories: true},
	{Ability: ReadSettings, Cells: "xx", Title: "Read settings", Source: ours},
	{Ability: CreateScopes, Cells: "xx", Title: "Create a scope of secrets, which its creator manages", Source: ours},
	{Ability: AskAboutSelf, Cells: "xx", Title: "can and what-can of oneself", Source: beyond},
	{Ability: AskAboutOthers, Cells: ".x", Title: "can and what-can of others", Source: beyond, Auditors: true},
	{Ability: ReadAudit, Cells: ".x", Title: "Read and export the ledger", Source: "DESIGN", Auditors: true},
	{Ability: ReadFindings, Cells: ".x", Title: "Read findings", Source: "DESIGN", Auditors: true},
	{Ability: ReadPermissions, Cells: ".x", Title: "GET permissions, who-can", Source: beyond, Auditors: true},
	{Ability: ManageIdentities, Cells: ".x", Title: "Create, change and remove users, groups and service principals", Source: ours},
	{Ability: ProvisionIdentities, Cells: ".x", Title: "The same over SCIM, of what one's source owns", Source: "ADR 17", Directories: true},
	{Ability: ManageSettings, Cells: ".x", Title: "Change settings", Source: ours},
	{Ability: ManageRegistryHooks, Cells: ".x", Title: "Webhooks of the whole registry", Source: beyond},
	{Ability: ManageLocations, Cells: ".x", Title: "Allow prefixes for artifact locations", Source: "DESIGN"},
	{Ability: ManageWebhooks, Cells: ".x", Title: "Webhooks of the ledger", Source: ours},
	{Ability: OperateServer, Cells: ".x", Title: "Back up and maintain the server", Source: ours},
}

// levelSet has a bit for each level, NoLevel included.
type levelSet uint32

func (s levelSet) has(l Level) bool { return s>>l&1 == 1 }

// rule is a row made ready for deciding.
type rule struct {
	levels   levelSet
	auditors bool
	// directories have it
	directories bool
	trash       bool
}

// rules is the law made ready for deciding; what is not in it is refused.
var rules = compile()

func compile() (out [kindEnd][abilityEnd]rule) {
	for k := Directory; k < kindEnd; k++ {
		columns := columnsOf(k)
		for _, r := range Rows(k) {
			out[k][r.Ability] = rule{levels: cellsOf(r.Cells, columns), auditors: r.Auditors, trash: r.Trash, directories: r.Directories}
		}
	}
	return out
}

// Rows gives the ability table of a kind; none for a number that is no kind. The caller must not change it.
func Rows(k Kind) []Row {
	switch {
	case !k.known():
		return nil
	case k == Workspace:
		return workspaceRows
	}
	return law[k]
}

// columnsOf gives the levels that the letters of a kind's cells stand for.
func columnsOf(k Kind) []Level {
	columns := []Level{NoLevel}
	for _, l := range kinds[k].Levels {
		columns = append(columns, l.Level)
	}
	if k == Workspace {
		columns = append(columns, kinds[k].Manage)
	}
	return columns
}

func cellsOf(cells string, columns []Level) (s levelSet) {
	for i, l := range columns {
		if i < len(cells) && cells[i] == 'x' {
			s |= 1 << l
		}
	}
	return s
}

// ruleOf gives what the law says of an ability on a kind; nothing gives an unknown one.
func ruleOf(k Kind, a Ability) rule {
	if !k.known() || !a.known() {
		return rule{}
	}
	return rules[k][a]
}

// Has says whether the law knows the ability on the kind at all.
func (k Kind) Has(a Ability) bool { return ruleOf(k, a).levels != 0 }

// Title gives the law's text for an ability on a kind, or the ability's name where the law has none.
func Title(k Kind, a Ability) string {
	for _, r := range Rows(k) {
		if r.Ability == a {
			return r.Title
		}
	}
	return a.String()
}

// LeastLevel gives the lowest level that gives the ability on the kind; NoLevel where everybody has it or nobody can.
func LeastLevel(k Kind, a Ability) Level {
	r := ruleOf(k, a)
	if r.levels == 0 {
		return NoLevel
	}
	columns := columnsOf(k)
	return columns[slices.IndexFunc(columns, r.levels.has)]
}
