package authz

import (
	"slices"
	"strings"

	"bailiwick/fail"
)

// Kind says what a governed object is. The number is never stored; the name is.
type Kind uint8

// The kinds of governed objects. The zero value is no kind, and nothing is allowed on it.
const (
	Directory       Kind = iota + 1
	Notebook             // a notebook in the workspace tree
	File                 // any other file in the workspace tree
	Experiment           // an MLflow experiment; its runs, logged models and artifacts follow it
	RegisteredModel      // a registered model; its versions follow it
	Job
	Endpoint    // a serving endpoint
	Cluster     // a place where code runs
	SecretScope // a scope of secrets
	// ServiceIdentity is who may manage and use a service principal; its name is the principal's id. It is there once somebody was let in.
	ServiceIdentity
	Tokens    // personal access tokens as a whole: TokensRoot
	Passwords // passwords as a whole: PasswordsRoot
	Workspace // the workspace itself: WorkspaceObject, without levels of its own
	kindEnd
)

// Level is what an entry gives a principal. The numbers rise with what a level gives within each kind, so the highest of several is their
// maximum; they are never stored, the names are.
type Level uint8

// The levels of all kinds.
const (
	NoLevel Level = iota
	CanUse
	CanView
	CanRead
	CanQuery
	CanRun
	CanEdit
	CanManageStaging
	CanManageProduction
	CanAttachTo
	CanRestart
	CanManageRun
	IsOwner
	SecretRead
	SecretWrite
	CanManage
	SecretManage
	levelEnd
)

var levelNames = [levelEnd]string{
	CanUse: "CAN_USE", CanView: "CAN_VIEW", CanRead: "CAN_READ", CanQuery: "CAN_QUERY", CanRun: "CAN_RUN", CanEdit: "CAN_EDIT",
	CanManageStaging: "CAN_MANAGE_STAGING_VERSIONS", CanManageProduction: "CAN_MANAGE_PRODUCTION_VERSIONS",
	CanAttachTo: "CAN_ATTACH_TO", CanRestart: "CAN_RESTART", CanManageRun: "CAN_MANAGE_RUN", IsOwner: "IS_OWNER",
	SecretRead: "READ", SecretWrite: "WRITE", CanManage: "CAN_MANAGE", SecretManage: "MANAGE",
}

// LevelInfo is a level as a kind's permissionLevels answer shows it.
type LevelInfo struct {
	Level       Level  `json:"permission_level"`
	Description string `json:"description"`
}

// KindInfo is all that is particular to a kind but its abilities.
type KindInfo struct {
	Kind Kind
	// Name is the stable name of the kind in JSON, in the ledger and in rows.
	Name string
	// Request is the segment of /permissions/{…} that names the kind, Object the object_type of its answers.
	Request, Object string
	// Levels are the levels an entry can have, lowest first.
	Levels []LevelInfo
	// Manage is what administrators, creators and home owners have.
	Manage Level
	// Root is where the chain of every object of the kind ends, Tree whether the kind lies in the workspace tree.
	Root int64
	Tree bool
	// OneName says that names are unique among siblings of the kind (in the tree: among all siblings) that are not in the trash.
	OneName bool
}

func treeLevels(what, inside string) []LevelInfo {
	return []LevelInfo{
		{CanRead, "May look at " + what + inside + " and comment"},
		{CanRun, "May look at " + what + inside + ", comment and run"},
		{CanEdit, "May look at " + what + inside + ", comment, run and change the content"},
		{CanManage, "May do everything with " + what + inside + ", permissions included"},
	}
}

// kinds is the table of kinds. A kind that is not in it is refused everywhere.
var kinds = [kindEnd]KindInfo{
	Directory: {Name: "directory", Request: "directories", Object: "directory", Manage: CanManage, Root: Root, Tree: true, OneName: true,
		Levels: treeLevels("the folder", " and all that lies in it")},
	Notebook: {Name: "notebook", Request: "notebooks", Object: "notebook", Manage: CanManage, Root: Root, Tree: true, OneName: true,
		Levels: treeLevels("the notebook", "")},
	File: {Name: "file", Request: "files", Object: "file", Manage: CanManage, Root: Root, Tree: true, OneName: true,
		Levels: treeLevels("the file", "")},
	Experiment: {Name: "experiment", Request: "experiments", Object: "mlflowExperiment", Manage: CanManage, Root: Root, Tree: true, OneName: true,
		Levels: []LevelInfo{
			{CanRead, "May look at runs, compare them and download artifacts"},
			{CanRun, "The same as CAN_EDIT"},
			{CanEdit, "May also log, create, delete and restore runs, and set tags of the experiment"},
			{CanManage, "May also purge runs and change permissions of the experiment"},
		}},
	RegisteredModel: {Name: "registered-model", Request: "registered-models", Object: "registered-model", Manage: CanManage, Root: ModelsRoot,
		OneName: true, Levels: []LevelInfo{
			{CanRead, "May look at the model and its versions, load them and ask for a stage transition"},
			{CanEdit, "May also add versions and change descriptions"},
			{CanManageStaging, "May also move versions among the stages None, Archived and Staging"},
			{CanManageProduction, "May also move versions among all stages"},
			{CanManage, "May do everything with the model, permissions included"},
		}},
	Job: {Name: "job", Request: "jobs", Object: "job", Manage: CanManage, Root: WorkspaceObject, Levels: []LevelInfo{
		{CanView, "May look at the job and at the results of its runs"},
		{CanManageRun, "May also start and cancel runs and read their logs"},
		{IsOwner, "Owns the job: its runs act as the owner unless told otherwise"},
		{CanManage, "May do everything with the job but give it another owner"},
	}},
	Endpoint: {Name: "serving-endpoint", Request: "serving-endpoints", Object: "serving-endpoint", Manage: CanManage, Root: WorkspaceObject,
		OneName: true, Levels: []LevelInfo{
			{CanView, "May look at the endpoint"},
			{CanQuery, "May also send it queries"},
			{CanManage, "May also change its configuration, delete it and change its permissions"},
		}},
	Cluster: {Name: "cluster", Request: "clusters", Object: "cluster", Manage: CanManage, Root: WorkspaceObject, Levels: []LevelInfo{
		{CanAttachTo, "May run code on the cluster and look at its metrics"},
		{CanRestart, "May also start, restart and stop it"},
		{CanManage, "May do everything with the cluster, permissions included"},
	}},
	SecretScope: {Name: "secret-scope", Request: "secret-scopes", Object: "secret-scope", Manage: SecretManage, Root: WorkspaceObject,
		OneName: true, Levels: []LevelInfo{
			{SecretRead, "May read the secrets of the scope"},
			{SecretWrite, "May also write and delete secrets"},
			{SecretManage, "May also change the access list and delete the scope"},
		}},
	ServiceIdentity: {Name: "service-principal", Request: "service-principals", Object: "service-principal", Manage: CanManage,
		Root: WorkspaceObject, OneName: true, Levels: []LevelInfo{
			{CanUse, "May have things run as the service principal"},
			{CanManage, "May also make its secrets and federation policies, and say who else may"},
		}},
	Tokens: {Name: "tokens", Request: "authorization/tokens", Object: "tokens", Manage: CanManage, Root: TokensRoot, Levels: []LevelInfo{
		{CanUse, "May create, use and revoke own tokens"},
		{CanManage, "May also list and revoke the tokens of others and change these permissions"},
	}},
	Passwords: {Name: "passwords", Request: "authorization/passwords", Object: "passwords", Manage: CanManage, Root: PasswordsRoot,
		Levels: []LevelInfo{
			{CanUse, "May sign in with a password"},
			{CanManage, "May also change these permissions"},
		}},
	Workspace: {Name: "workspace", Request: "workspaces", Object: "workspace", Manage: CanManage, Root: WorkspaceObject},
}

// Info gives the row of the kind table; ok is false for a number that is no kind.
func (k Kind) Info() (info KindInfo, ok bool) {
	if !k.known() {
		return KindInfo{}, false
	}
	info = kinds[k]
	info.Kind = k
	return info, true
}

// Kinds gives the whole table of kinds in its order.
func Kinds() []KindInfo {
	all := make([]KindInfo, 0, kindEnd)
	for k := Directory; k < kindEnd; k++ {
		info, _ := k.Info()
		all = append(all, info)
	}
	return all
}

// KindOfRequest finds the kind that a path /permissions/{request}/… names, such as "directories" or "authorization/tokens". The workspace
// itself has no permissions to show and is not found.
func KindOfRequest(request string) (Kind, bool) {
	for k := Directory; k < kindEnd; k++ {
		if kinds[k].Request == request && len(kinds[k].Levels) > 0 {
			return k, true
		}
	}
	return 0, false
}

// InTree says whether the kind lies in the workspace tree.
func (k Kind) InTree() bool { return k.known() && kinds[k].Tree }

// String gives the stable name, or "unknown".
func (k Kind) String() string {
	if !k.known() {
		return "unknown"
	}
	return kinds[k].Name
}

// MarshalText writes the stable name, nothing for the zero value. It never fails, so that a refusal of something unknown can be recorded;
// what it writes for an unknown kind cannot be read back.
func (k Kind) MarshalText() ([]byte, error) {
	if k == 0 {
		return nil, nil
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads a stable name; an unknown one is fail.Invalid with the known ones.
func (k *Kind) UnmarshalText(text []byte) error {
	for i := Directory; i < kindEnd; i++ {
		if kinds[i].Name == string(text) {
			*k = i
			return nil
		}
	}
	return fail.Invalidf("Kind %q is not known. Known kinds: %s.", text, strings.Join(kindNames(), ", "))
}

func (k Kind) known() bool { return k > 0 && k < kindEnd }

func kindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// has says whether l can stand in an entry on an object of the kind.
func (k Kind) has(l Level) bool {
	return k.known() && slices.ContainsFunc(kinds[k].Levels, func(i LevelInfo) bool { return i.Level == l })
}

func (k Kind) levelNames() string {
	var names []string
	for _, l := range kinds[k].Levels {
		names = append(names, l.Level.String())
	}
	return strings.Join(names, ", ")
}

// ParseLevel reads the name of a level of the kind; one that the kind does not have is fail.Invalid with those it has.
func ParseLevel(k Kind, name string) (Level, error) {
	var l Level
	if err := l.UnmarshalText([]byte(name)); err == nil && k.has(l) {
		return l, nil
	}
	if !k.known() || len(kinds[k].Levels) == 0 {
		return NoLevel, fail.Invalidf("Objects of kind %s have no permissions of their own.", k)
	}
	return NoLevel, fail.Invalidf("Permission level %q does not exist for %s. Known levels: %s.", name, kinds[k].Request, k.levelNames())
}

// String gives the level's name in the API, "NO_PERMISSIONS" for NoLevel.
func (l Level) String() string {
	if l == NoLevel || l >= levelEnd {
		return "NO_PERMISSIONS"
	}
	return levelNames[l]
}

// MarshalText writes the level's name in the API; NoLevel is the empty text.
func (l Level) MarshalText() ([]byte, error) {
	if l >= levelEnd {
		return nil, fail.Internalf(nil, "level %d has no name", l)
	}
	return []byte(levelNames[l]), nil
}

// UnmarshalText reads a level's name; the empty text is NoLevel, an unknown one is fail.Invalid with the known ones.
func (l *Level) UnmarshalText(text []byte) error {
	if i := slices.Index(levelNames[:], string(text)); i >= 0 {
		*l = Level(i)
		return nil
	}
	return fail.Invalidf("Permission level %q is not known. Known levels: %s.", text, strings.Join(levelNames[1:], ", "))
}
