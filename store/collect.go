package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/registry"
)

// digestQueries are the queries that give the digests which rows name; what none of them gives is the collector's. A table that gets a column of
// digests gets a line here.
var digestQueries = []string{"SELECT DISTINCT digest FROM artifacts", "SELECT DISTINCT digest FROM upload_parts"}

// Digests calls use with each digest that some row names, some perhaps more than once.
func (tx *Tx) Digests(use func(digest []byte) error) error {
	for _, q := range digestQueries {
		err := tx.each(func(r *sql.Rows) error {
			var d []byte
			if err := r.Scan(&d); err != nil {
				return err
			}
			return use(d)
		}, q)
		if err != nil {
			return err
		}
	}
	if err := tx.pagesDigest(use); err != nil {
		return err
	}
	return tx.manifestDigests(use)
}

// BytesNamed gives how many bytes the digests have together that rows name, each counted once; those of MLflow's own pages are left out.
func (tx *Tx) BytesNamed() (total int64, err error) {
	counted := map[[32]byte]bool{}
	count := func(digest []byte, size int64) {
		if d := [32]byte(digest); !counted[d] {
			counted[d], total = true, total+size
		}
	}
	for _, table := range []string{"artifacts", "upload_parts"} {
		err := tx.each(func(r *sql.Rows) error {
			var digest []byte
			var size int64
			err := r.Scan(&digest, &size)
			if err == nil && len(digest) == 32 {
				count(digest, size)
			}
			return err
		}, "SELECT DISTINCT digest, size FROM "+table)
		if err != nil {
			return 0, err
		}
	}
	return total, tx.manifestFiles(func(f *registry.File) error { count(f.Digest[:], f.Size); return nil })
}

// SettingPages is the key of the setting that names the wheel which MLflow's own pages are out of: its digest, a space, its version. Empty when
// there is none.
const SettingPages = "mlflowPages"

// pagesDigest looks into the table: a Reader, which backups and the doctor use, has no map.
func (tx *Tx) pagesDigest(use func(digest []byte) error) error {
	var value string
	if _, err := tx.one([]any{&value}, "SELECT value FROM settings WHERE key = ?", SettingPages); err != nil {
		return err
	}
	digest, _, _ := strings.Cut(value, " ")
	d, err := hex.DecodeString(digest)
	if err != nil || len(d) == 0 {
		return err
	}
	return use(d)
}

// maxExpired is how many credentials one transaction removes.
const maxExpired = 200

// DropExpired removes the credentials that expired before the given time, as events of the server itself, and gives their number.
func (s *Store) DropExpired(ctx context.Context, before time.Time) (n int, err error) {
	if len(expired(s.Map(), before)) == 0 {
		return 0, nil
	}
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		events := expired(tx.Map, before)
		if n = len(events); n == 0 {
			return nil
		}
		if err := tx.Govern(events...); err != nil {
			return err
		}
		return tx.Record(SystemEntry("accounts", "dropExpiredTokens"), authz.WorkspaceObject)
	})
	return n, err
}

func expired(m *authz.Map, before time.Time) (events []authz.Event) {
	for p := range m.Principals() {
		for c := range m.Credentials(p.ID) {
			if c.Expires != 0 && c.Expires < before.UnixMilli() && len(events) < maxExpired {
				events = append(events, authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: c.ID, Principal: c.Principal}})
			}
		}
	}
	return events
}

// SystemEntry is the beginning of a ledger entry for what the server does by itself.
func SystemEntry(service, action string) *ledger.Entry {
	return &ledger.Entry{Class: ledger.ClassA, Service: service, Action: action, Status: 200,
		Actor: ledger.Actor{ID: authz.System, Name: "bailiwick", Kind: "system"}}
}

// SwitchOff sets a switch of the workspace's configuration to "false" as the server itself, and says whether it was not so already.
func (s *Store) SwitchOff(ctx context.Context, key string) (changed bool, err error) {
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		value, _ := tx.Map.Setting(key)
		if changed = strings.EqualFold(value, "true"); !changed {
			return nil
		}
		if err := tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: key, Value: "false"}}); err != nil {
			return err
		}
		e := SystemEntry("workspace", "workspaceConfEdit")
		e.Params = ledger.Params{{Key: key, Value: "false"}}
		return tx.Record(e, authz.WorkspaceObject)
	})
	return changed, err
}

// SetAccessControl switches access control on or off as the server itself, where it is not so already.
func (s *Store) SetAccessControl(ctx context.Context, on bool) error {
	value := "false"
	if on {
		value = "true"
	}
	return s.WriteAlone(ctx, func(tx *Tx) error {
		events, err := authz.SwitchAccessControl(tx.Map, value)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := tx.Govern(events...); err != nil {
			return err
		}
		e := SystemEntry("workspace", "workspaceConfEdit")
		e.Params = ledger.Params{{Key: "workspaceConfKeys", Value: authz.SettingAccessControl}, {Key: "workspaceConfValues", Value: value}}
		return tx.Record(e, authz.WorkspaceObject)
	})
}
