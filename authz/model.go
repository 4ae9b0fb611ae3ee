// Package authz decides who may do what, and says why. It is pure: the access map is a value, a decision is a function over it.
//
// The law is a set of tables (tables.go) that name, for each kind of object, its levels, its abilities and which level gives which
// ability. The access map (map.go) holds principals, memberships, the object tree, entries, credentials and settings at one governance
// version; it is immutable, and each change of governance state (Event) makes a new one that shares what did not change.
package authz

import (
	"cmp"
	"slices"
	"time"
)

// Ids that exist in every workspace. Principals and objects have id spaces of their own; every id is below 2^53, so that JavaScript
// clients read it exactly.
const (
	GroupUsers    int64 = 1 // "users", alias "all users": everybody, implicitly
	GroupAdmins   int64 = 2 // "admins": Manage on everything
	GroupAuditors int64 = 3 // "auditors": ledger, permissions, who-can; no content

	// System is the actor of what the server itself does (set-up, workers). It is not a principal that can sign in.
	System int64 = 9

	// FirstFreePrincipal is the least id given to a principal that somebody creates.
	FirstFreePrincipal int64 = 100

	Root              int64 = 0 // the Workspace folder
	FolderUsers       int64 = 1 // /Users
	FolderShared      int64 = 2 // /Shared
	FolderRepos       int64 = 3 // /Repos
	FolderRemoved     int64 = 4 // /Users/.removed, where the homes of removed users are kept
	ModelsRoot        int64 = 5 // registered-models/root
	TokensRoot        int64 = 6 // authorization/tokens
	PasswordsRoot     int64 = 7 // authorization/passwords
	WorkspaceObject   int64 = 8 // the workspace itself: identities, settings, the ledger
	DefaultExperiment int64 = 9 // MLflow's experiment "0"

	// FirstFreeObject is the least id given to an object that somebody creates.
	FirstFreeObject int64 = 1000
)

// SettingAccessControl is the workspace-conf key that switches access control on ("true") and off.
const SettingAccessControl = "enableWorkspaceAcls"

// SettingSigningKeys is the setting with the names of the keys whose signatures on access tokens count, parted by spaces; the first one signs. It
// is no key of workspace-conf.
const SettingSigningKeys = "oauthSigningKeys"

// SettingEnforceView is the workspace-conf key that hides names in folders from those without any level ("true").
const SettingEnforceView = "enforceWorkspaceViewAcls"

// PrincipalKind tells users, service principals and groups apart.
type PrincipalKind uint8

// The kinds of principal.
const (
	User PrincipalKind = iota + 1
	ServicePrincipal
	Group
)

// Principal is somebody or a group, as the access map knows it.
type Principal struct {
	ID     int64         `json:"id"`
	Kind   PrincipalKind `json:"kind"`
	Name   string        `json:"name"`              // userName, applicationId or a group's displayName: the name in access control lists
	Shown  string        `json:"display,omitempty"` // displayName where it differs
	Active bool          `json:"active"`
	// Parents are the groups this principal is a direct member of, ascending.
	Parents []int64 `json:"parents,omitempty"`
	// Directory is the name of the directory that provisions as this service principal; it stays as long as he does. He may do nothing else.
	Directory string `json:"directory,omitempty"`
}

// Object is a governed object: what can have entries of its own or inherits them from its parent.
type Object struct {
	ID     int64  `json:"id"`
	Kind   Kind   `json:"kind"`
	Parent int64  `json:"parent"`
	Name   string `json:"name"`
	// Creator made the object; with CreatorManages he has Manage on it until a PUT of permissions leaves him out.
	Creator        int64 `json:"creator,omitempty"`
	CreatorManages bool  `json:"creator_manages,omitempty"`
	// Home is the user whose home folder this is; his Manage cannot be taken away.
	Home int64 `json:"home,omitempty"`
	// CreatedOpen marks what was created while access control was off; switching it on gives `users` Manage on such children of the root.
	CreatedOpen bool `json:"created_open,omitempty"`
	// Trashed objects, and all below them, are as good as absent until they are restored.
	Trashed bool `json:"trashed,omitempty"`
	// Entries are the object's own grants, ascending by principal, one entry a principal.
	Entries []Entry `json:"entries,omitempty"`
	// Steward says who answers for a registered model or an experiment; nil = its creator, and nothing is said beside.
	Steward *Steward `json:"steward,omitempty"`
}

// Entry gives a principal a level on the object that carries it.
type Entry struct {
	Principal int64 `json:"principal"`
	Level     Level `json:"level"`
}

// Credential is what a request proves itself with. The secret is not here, only its keyed hash.
type Credential struct {
	ID        string   `json:"id"`
	Principal int64    `json:"principal"`
	Hash      []byte   `json:"hash"` // 32 bytes
	Scopes    []string `json:"scopes,omitempty"`
	Created   int64    `json:"created"`           // ms since 1970
	Expires   int64    `json:"expires,omitempty"` // ms since 1970; 0 = never
	CreatedBy int64    `json:"created_by,omitempty"`
	Comment   string   `json:"comment,omitempty"`
	// Session marks the server's side of a browser's session: it is no token, and counts in a cookie only.
	Session bool `json:"session,omitempty"`
	// Kind says what it is where it is neither a token nor a session; such a credential counts through the access tokens that are signed for it.
	Kind CredentialKind `json:"kind,omitempty"`
	// Origin is the id of the token that the session was opened with; empty for one opened otherwise (Map.Standing).
	Origin string `json:"origin,omitempty"`
	// By is what a provider said of who signed in; nil for a session that was opened with a token or a link, and for tokens.
	By *Assertion `json:"by,omitempty"`
}

// CredentialKind tells apart what access tokens are signed for.
type CredentialKind string

// The kinds of credentials beside tokens and sessions, for which the kind is empty.
const (
	ClientSecret CredentialKind = "client-secret" // of a service principal
	Grant        CredentialKind = "grant"         // a person has let a program in, which may have refresh tokens
	Exchange     CredentialKind = "exchange"      // a foreign issuer's token was taken by a federation policy
)

// IsToken says whether the credential is a token that proves by itself who calls.
func (c *Credential) IsToken() bool { return !c.Session && c.Kind == "" }

// Assertion is what a session keeps of what an OpenID provider said of its person. It holds as long as the session does.
type Assertion struct {
	Provider string   `json:"provider"` // its name in the configuration
	Issuer   string   `json:"issuer"`
	Subject  string   `json:"subject"`
	Session  string   `json:"sid,omitempty"` // the provider's name of its own session
	Roles    []string `json:"roles,omitempty"`
}

// Op says what an Event did.
type Op string

// The operations of governance events. A map that meets an unknown one refuses the event.
const (
	PutObject      Op = "object.put"      // Object as it is now (create, rename, move, trash, restore, entries)
	DropObject     Op = "object.drop"     // Object.ID, and nothing may lie below it
	PutPrincipal   Op = "principal.put"   // Principal as it is now, memberships included
	DropPrincipal  Op = "principal.drop"  // Principal.ID; its entries, memberships and credentials go with it
	PutCredential  Op = "credential.put"  // Credential as it is now
	DropCredential Op = "credential.drop" // Credential.ID
	PutSetting     Op = "setting.put"     // Setting
	PutRequired    Op = "required.put"    // Required, all that its object requires
	PutAddresses   Op = "addresses.put"   // Addresses, an IP access list as it is now
	DropAddresses  Op = "addresses.drop"  // Addresses.ID
	Other          Op = "other"           // a governance change that decisions do not depend on
)

// Setting is one key of the workspace's configuration.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Event is one change of governance state: exactly one of the pointers is set, as Op says. The ledger keeps it with what was before.
type Event struct {
	Op         Op            `json:"op"`
	Object     *Object       `json:"object,omitempty"`
	Principal  *Principal    `json:"principal,omitempty"`
	Credential *Credential   `json:"credential,omitempty"`
	Setting    *Setting      `json:"setting,omitempty"`
	Required   *RequiredTags `json:"required,omitempty"`
	Addresses  *AddressList  `json:"addresses,omitempty"`
}

// Who is a principal and his session: everything about the caller that a decision may depend on.
type Who struct {
	Principal  int64
	Credential string   // the credential's id
	Scopes     []string // empty = all
	Expires    int64    // ms since 1970 of the credential; 0 = never
	Method     string   // how he signed in: "token", "session", "oauth", "system"
	SignedIn   time.Time
	Source     string // the client's address
	// By is what the provider said that he signed in with; nil where there was none.
	By *Assertion
}

// entryOf gives the level of the object's own entry for a principal, NoLevel without one.
func (o *Object) entryOf(principal int64) Level {
	i, ok := slices.BinarySearchFunc(o.Entries, principal, func(e Entry, id int64) int { return cmp.Compare(e.Principal, id) })
	if !ok {
		return NoLevel
	}
	return o.Entries[i].Level
}

// String names the kind as the ledger does: "user", "service-principal", "group".
func (k PrincipalKind) String() string {
	switch k {
	case User:
		return "user"
	case ServicePrincipal:
		return "service-principal"
	case Group:
		return "group"
	}
	return "unknown"
}
