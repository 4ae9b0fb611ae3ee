// Package governance serves this product's own endpoints below /api/governance/1.0: questions about access, the audit trail, what the
// console and the commands need. They are described by an OpenAPI document that is made of this table (openapi.go).
package governance

import (
	"slices"
	"sync/atomic"
	"time"

	"bailiwick/api"
	"bailiwick/kek"
	"bailiwick/ledger"
)

// Prefix is where the endpoints are.
const Prefix = "/api/governance/1.0"

// Front serves the endpoints. Its fields are set before Mount.
type Front struct {
	// Version is the program's, MLflow the version of MLflow's protocol that it speaks.
	Version, MLflow string
	// Workspace is the workspace's id.
	Workspace int64
	// Signer signs exports of the ledger; PublicKeys are all keys that may have signed its checkpoints, the present one first.
	Signer     *ledger.Signer
	PublicKeys []string
	// Folder takes exports while they are sent; empty = the system's folder for temporary files.
	Folder string
	// SessionLife is how long a browser's session lasts unless it is renewed; 0 = identity.SessionLife.
	SessionLife time.Duration
	// MLflowUI says whether MLflow's own pages are there; nil = no.
	MLflowUI func() bool
	// With are endpoints of other parts of the product, which are served and described with these.
	With []api.Route
	// Hub tells pages what has changed; nil = nothing is told.
	Hub *Hub
	// Backups makes and keeps backups.
	Backups Backups
	// Rotator checks and signs for plans of rotation.
	Rotator Rotator
	// TokenKey is the key under which tokens and sign-in links are hashed.
	TokenKey []byte
	// Vault has the key-encryption keys of secrets.
	Vault *kek.Vault
	// neglected remembers who has no owner, for the home page.
	neglected atomic.Pointer[unownedList]
}

// Mount adds the endpoints to the door.
func (f *Front) Mount(d *api.Door) {
	d.Mount(&api.Front{
		Name: "governance", Service: "accounts", Prefixes: []string{Prefix}, Decode: api.DecodeJSON, Encode: encode,
		ContentType: "application/json", Fail: api.FailJSON, Routes: f.routes(),
	})
	f.mountLogin(d)
}

// routes is the table: one function a file.
func (f *Front) routes() []api.Route {
	return slices.Concat(
		f.versionRoutes(),
		f.askRoutes(),
		f.auditRoutes(),
		f.changeRoutes(),
		f.backupRoutes(),
		f.permissionRoutes(),
		f.treeRoutes(),
		f.objectRoutes(),
		f.effectRoutes(),
		f.loginRoutes(),
		f.sessionRoutes(),
		f.webhookRoutes(),
		f.lineageRoutes(),
		f.stewardRoutes(),
		f.approvalRoutes(),
		f.manifestRoutes(),
		f.requestRoutes(),
		f.modelRoutes(),
		f.cellRoutes(),
		f.identityRoutes(),
		f.secretRoutes(),
		f.credentialRoutes(),
		f.rotationRoutes(),
		f.With,
	)
}
