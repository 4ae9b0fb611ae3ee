package store

import (
	"context"
	"crypto/rand"
	"database/sql"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/tracking"
)

// keyNames are the secrets of an installation. The ledger's signing key has its own form and place (ledger.go).
var keyNames = []string{"tokens", "pages", "addresses", "webhooks", "csrf", "oidc", "oauth", "rotation"}

// setUp makes the single rows of a new database; in an old one it only reads them. Replicas that start at once agree on one set.
func (s *Store) setUp(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, s.d.text("INSERT INTO governance (one, version, workspace, made) VALUES (1, 0, ?, ?) ON CONFLICT (one) DO NOTHING"),
		randomID(1), s.now())
	if err != nil {
		return err
	}
	s.keys = map[string][]byte{}
	for _, name := range keyNames {
		fresh := make([]byte, 32)
		rand.Read(fresh)
		if err := s.key(ctx, tx, name, fresh); err != nil {
			return err
		}
	}
	if err := tx.QueryRowContext(ctx, "SELECT workspace FROM governance").Scan(&s.workspace); err != nil {
		return err
	}
	if err := s.moveBase(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// moveBase sees to it that new stamps are above all that the database holds. They are not when a dump was restored into another cluster,
// whose transaction numbers began again; then entries would get in between sealed ones. The leap is greater than the number of transactions
// of a minute, in which all that carries stamps reaches the ledger. A replica that starts at the same time finds nothing left to do.
func (s *Store) moveBase(ctx context.Context, tx *sql.Tx) error {
	if s.d.single {
		return nil // the writer starts above the last stamp by itself
	}
	const leap = 1 << 24
	var last int64
	err := tx.QueryRowContext(ctx, "SELECT GREATEST((SELECT COALESCE(MAX(stamp), 0) FROM ledger), (SELECT COALESCE(MAX(upto), 0) FROM seals))").Scan(&last)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE governance SET base = $1 - pg_current_xact_id()::text::bigint
		WHERE pg_current_xact_id()::text::bigint + base <= $2`, last+leap, last)
	return err
}

func (s *Store) key(ctx context.Context, tx *sql.Tx, name string, fresh []byte) error {
	if _, err := tx.ExecContext(ctx, s.d.text("INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"), name, fresh); err != nil {
		return err
	}
	var v []byte
	if err := tx.QueryRowContext(ctx, s.d.text("SELECT value FROM keys WHERE name = ?"), name).Scan(&v); err != nil {
		return err
	}
	s.keys[name] = v
	return nil
}

// Founding is what a new workspace starts with beside what every one has.
type Founding struct {
	// Admin is the name of the first administrator.
	Admin string
	// TokenHash is the keyed hash of his first token; nil = he signs in by a one-time link.
	TokenHash []byte
	// TokenID is its public id.
	TokenID string
	// AccessControl is the first value of the setting.
	AccessControl bool
}

// Found sets up a new workspace: built-in groups, special folders, roots, the default experiment, the first administrator. In a workspace
// that exists it does nothing and gives made = false.
func (s *Store) Found(ctx context.Context, f Founding) (admin int64, made bool, err error) {
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		admin, made = 0, false
		if tx.Map.Version() > 0 {
			return nil
		}
		admin, made = randomID(authz.FirstFreePrincipal), true
		if err := tx.Govern(foundingEvents(f, admin, tx.Now)...); err != nil {
			return err
		}
		if err := tx.PutExperiment(&tracking.Experiment{ID: authz.DefaultExperiment, Relative: true}); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{
			Class: ledger.ClassA, Service: "accounts", Action: "createWorkspace",
			Actor: ledger.Actor{ID: authz.System, Name: "bailiwick", Kind: "system"},
		}, authz.WorkspaceObject)
	})
	return admin, made, err
}

func foundingEvents(f Founding, admin, now int64) []authz.Event {
	control := "false"
	if f.AccessControl {
		control = "true"
	}
	events := []authz.Event{
		{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAccessControl, Value: control}},
	}
	objects, principals := authz.Builtin()
	principals = append(principals, authz.Principal{ID: admin, Kind: authz.User, Name: f.Admin, Active: true, Parents: []int64{authz.GroupAdmins}})
	objects = append(objects,
		authz.Object{ID: authz.DefaultExperiment, Kind: authz.Experiment, Parent: authz.FolderShared, Name: "Default"},
		authz.Object{ID: NewObjectID(), Kind: authz.Directory, Parent: authz.FolderUsers, Name: f.Admin, Home: admin})
	for _, p := range principals {
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &p})
	}
	for _, o := range objects {
		events = append(events, authz.Event{Op: authz.PutObject, Object: &o})
	}
	if f.TokenHash != nil {
		events = append(events, authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{
			ID: f.TokenID, Principal: admin, Hash: f.TokenHash, Created: now, CreatedBy: authz.System, Comment: "first administrator",
		}})
	}
	return events
}

// NewObjectID gives the id of a new governed object.
func NewObjectID() int64 { return randomID(authz.FirstFreeObject) }

// NewPrincipalID gives the id of a new principal.
func NewPrincipalID() int64 { return randomID(authz.FirstFreePrincipal) }
