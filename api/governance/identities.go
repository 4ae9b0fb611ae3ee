package governance

import (
	"cmp"
	"crypto/rand"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// identityRoutes are the directories that provision, whose word each principal is, and what was wanted of what is another's (ADR 17).
func (f *Front) identityRoutes() []api.Route {
	anywhere := api.At[nothing](authz.WorkspaceObject)
	directory := "/identity/directories/{directory}"
	return []api.Route{
		api.Read("GET /identity/directories", authz.ManageIdentities, anywhere, listDirectories),
		api.Write("POST /identity/directories", authz.ManageIdentities, api.At[newDirectory](authz.WorkspaceObject), f.createDirectory,
			api.As[newDirectory]("createDirectory"), api.Alone[newDirectory]),
		api.Write("PATCH "+directory, authz.ManageIdentities, findDirectory[directoryPatch], patchDirectory, api.As[directoryPatch]("updateDirectory")),
		api.Write("DELETE "+directory, authz.ManageIdentities, findDirectory[directoryNamed], deleteDirectory,
			api.As[directoryNamed]("deleteDirectory"), api.Alone[directoryNamed]),
		api.Write("POST "+directory+"/tokens", authz.ManageIdentities, findDirectory[directoryToken], f.createDirectoryToken,
			api.As[directoryToken]("generateDirectoryToken"), api.Alone[directoryToken]),
		api.Read("GET /identity/conflicts", authz.ManageIdentities, api.At[conflictsRequest](authz.WorkspaceObject), listConflicts),
		api.Write("POST /identity/conflicts/{conflict_id}/resolve", authz.ManageIdentities, findConflict, resolveConflict,
			api.As[resolveRequest]("resolveIdentityConflict"), api.Alone[resolveRequest]),
		api.Write("PUT /identity/principals/{principal}/source", authz.ManageIdentities, findSourced, putSource, api.As[sourceRequest]("setIdentitySource")),
	}
}

type directoryRow struct {
	Name string `json:"name"`
	// Source is what it owns is marked with.
	Source string `json:"source"`
	Adopts bool   `json:"adopts"`
	// Principal is the service principal that it provisions as; it can do nothing else.
	Principal principalRef `json:"principal"`
	Active    bool         `json:"active"`
	Created   int64        `json:"created_at"` // ms since 1970
	// Tokens are how many of its tokens count now.
	Tokens int `json:"tokens"`
}

func directoryRowOf(c *api.Call, d store.Directory) directoryRow {
	p, ok := c.Tx.Map.Principal(d.Principal)
	return directoryRow{
		Name: d.Name, Source: string(identity.FromDirectory(d.Name)), Adopts: d.Adopts, Principal: principalOf(c.Tx.Map, d.Principal),
		Active: ok && p.Active, Created: d.Created, Tokens: len(identity.Live(c.Tx.Map, d.Principal, c.Now)),
	}
}

type directoriesAnswer struct {
	Directories []directoryRow `json:"directories"`
}

func listDirectories(c *api.Call, _ int64, _ *nothing) (*directoriesAnswer, error) {
	all, err := c.Tx.Directories()
	a := &directoriesAnswer{Directories: []directoryRow{}}
	for _, d := range all {
		a.Directories = append(a.Directories, directoryRowOf(c, d))
	}
	return a, err
}

type newDirectory struct {
	Name string `json:"name"`
	// Adopts: the directory takes over users and groups of an administrator's, or of a sign-in's, when it first writes them.
	Adopts bool `json:"adopts"`
	// Lifetime is that of its first token in seconds; absent = as long as the workspace allows.
	Lifetime *int64 `json:"lifetime_seconds"`
}

// madeToken is a directory with a new token, which is shown once.
type madeToken struct {
	directoryRow
	Value   string `json:"token_value"`
	TokenID string `json:"token_id"`
	Expires int64  `json:"expires_at"` // ms since 1970; 0 = never
	// Address is what to give to Okta or Entra, Account the same as Databricks has it.
	Address string `json:"scim_address"`
	Account string `json:"account_scim_address"`
}

// createDirectory makes a directory: a service principal of its own that can provision and nothing else, and its first token.
func (f *Front) createDirectory(c *api.Call, _ int64, q *newDirectory) (*madeToken, error) {
	if err := identity.CheckDirectory(q.Name); err != nil {
		return nil, err
	}
	id, err := identity.NewApplicationID(rand.Reader)
	if err != nil {
		return nil, err
	}
	p := authz.Principal{
		ID: store.NewPrincipalID(), Kind: authz.ServicePrincipal, Name: id, Shown: "Directory " + q.Name, Active: true, Directory: q.Name,
	}
	d := store.Directory{Name: q.Name, Principal: p.ID, Adopts: q.Adopts, Created: c.Tx.Now}
	if err := c.Tx.PutDirectory(d); err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &p}); err != nil {
		return nil, err
	}
	return f.directoryToken(c, d, q.Lifetime)
}

// directoryToken makes a token of a directory.
func (f *Front) directoryToken(c *api.Call, d store.Directory, seconds *int64) (*madeToken, error) {
	value, cred, err := identity.Issue(rand.Reader, f.TokenKey, time.UnixMilli(c.Tx.Now), c.Tx.Map, identity.Wish{
		Owner: d.Principal, By: c.Who.Principal, Comment: "directory " + d.Name, Seconds: seconds, Scopes: []string{"scim"}, Held: c.Who.Scopes,
	})
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &cred}); err != nil {
		return nil, err
	}
	c.Note("directory", d.Name)
	c.Note("tokenId", cred.ID)
	c.SetHeader("Cache-Control", "no-store")
	return &madeToken{
		directoryRow: directoryRowOf(c, d), Value: value, TokenID: cred.ID, Expires: cred.Expires, Address: c.BaseURL() + "/scim/v2",
		Account: c.BaseURL() + "/api/2.1/accounts/" + identity.FormatID(f.Workspace) + "/scim/v2",
	}, nil
}

// directoryNamed names a directory in the path.
type directoryNamed struct {
	Directory string `json:"-" path:"directory"`
}

func (q *directoryNamed) named() string { return q.Directory }

type directoryPatch struct {
	directoryNamed
	Adopts bool `json:"adopts"`
}

type directoryToken struct {
	directoryNamed
	Lifetime *int64 `json:"lifetime_seconds"`
}

func findDirectory[Q any](c *api.Call, q *Q) (store.Directory, api.Target, error) {
	name := any(q).(interface{ named() string }).named()
	d, err := c.Tx.DirectoryNamed(name)
	return d, api.Target{Object: authz.WorkspaceObject, Name: "directory " + name}, err
}

func patchDirectory(c *api.Call, d store.Directory, q *directoryPatch) (*directoryRow, error) {
	d.Adopts = q.Adopts
	c.Note("directory", d.Name)
	row := directoryRowOf(c, d)
	return &row, c.Tx.SetAdopts(d.Name, q.Adopts)
}

func (f *Front) createDirectoryToken(c *api.Call, d store.Directory, q *directoryToken) (*madeToken, error) {
	return f.directoryToken(c, d, q.Lifetime)
}

// deleteDirectory ends a directory and its tokens. What it owned stays its own until an administrator gives it to somebody else.
func deleteDirectory(c *api.Call, d store.Directory, _ *directoryNamed) (*nothing, error) {
	c.Note("directory", d.Name)
	p, ok := c.Tx.Map.Principal(d.Principal)
	if !ok {
		return nil, fail.Statef("the service principal of the directory %s is gone", d.Name)
	}
	return &nothing{}, c.Tx.Govern(authz.Event{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: p.ID, Kind: p.Kind, Name: p.Name}})
}

type sourceRequest struct {
	// Principal is the id of a user, a group or a service principal.
	Principal string `json:"-" path:"principal"`
	// Source is manual, scim:NAME or oidc:NAME.
	Source string `json:"source"`
	Reason string `json:"reason"`
}

func findSourced(c *api.Call, q *sourceRequest) (*authz.Principal, api.Target, error) {
	target := api.Target{Object: authz.WorkspaceObject, Name: "principal " + q.Principal}
	id, ok := identity.ParseID(q.Principal)
	p, there := c.Tx.Map.Principal(id)
	if !ok || !there {
		return nil, target, fail.NotFoundf("principal %.40q does not exist", q.Principal)
	}
	return p, target, nil
}

type sourceAnswer struct {
	Principal principalRef `json:"principal"`
	Source    string       `json:"source"`
}

// putSource makes somebody or a group another source's.
func putSource(c *api.Call, p *authz.Principal, q *sourceRequest) (*sourceAnswer, error) {
	to, err := identity.ParseSource(q.Source)
	if err != nil {
		return nil, err
	}
	r, err := c.Tx.Resource(p)
	if err != nil {
		return nil, err
	}
	c.Because(q.Reason)
	return &sourceAnswer{principalOf(c.Tx.Map, p.ID), string(to)}, give(c, p.ID, r.Source.Or(), to)
}

// give makes a principal a source's, where that can own it.
func give(c *api.Call, id int64, from, to identity.Source) error {
	if identity.BuiltIn(id) {
		return fail.Statef("the built-in groups are administrators' own")
	}
	if p, ok := c.Tx.Map.Principal(id); ok && p.Kind == authz.Group {
		if err := identity.CheckProvisioned(c.Tx.Map, to, id); err != nil {
			return fail.Statef("%v", err)
		}
	}
	c.Note("targetUserId", identity.FormatID(id))
	c.Note("from", string(cmp.Or(from, identity.Manual)))
	c.Note("to", string(to))
	return c.Tx.GivePrincipal(id, from, to)
}
