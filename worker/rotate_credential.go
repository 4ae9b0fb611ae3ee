package worker

import (
	"context"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/rotation"
	"bailiwick/store"
)

// Issue makes a credential of a plan's service principal: its value and what goes into the access map.
type Issue func(m *authz.Map, p *rotation.Plan, now time.Time) (value string, c authz.Credential, err error)

// Credentials rotates credentials of service principals. The value goes into the plan's secret, where clients read it.
type Credentials struct {
	vaulted
	issue Issue
}

// NewCredentials makes the rotator of credentials that issue makes.
func NewCredentials(s *store.Store, v Vault, issue Issue) *Credentials {
	return &Credentials{vaulted{s, v}, issue}
}

// Ahead opens the data key.
func (s *Credentials) Ahead(ctx context.Context, w *Work, step rotation.Step) (any, error) {
	if step == rotation.Close {
		return opened{}, nil
	}
	return s.unlock(ctx, w.Scope)
}

// Create makes the credential, which holds from now on and is known to nobody yet.
func (s *Credentials) Create(tx *store.Tx, w *Work, got any) (string, error) {
	value, c, err := s.issue(tx.Map, w.Plan, time.UnixMilli(tx.Now))
	if err != nil {
		return "", err
	}
	if err := s.stage(tx, w, got.(opened), []byte(value)); err != nil {
		return "", err
	}
	return c.ID, tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &c})
}

// Test sees that the credential stands, and that its value opens.
func (s *Credentials) Test(tx *store.Tx, w *Work, got any) error {
	if _, err := s.staged(tx, w, got.(opened)); err != nil {
		return err
	}
	return stands(tx, w.Rotation.New)
}

func stands(tx *store.Tx, id string) error {
	c, ok := tx.Map.CredentialByID(id)
	if ok {
		_, _, ok = tx.Map.Standing(c, time.UnixMilli(tx.Now))
	}
	if !ok {
		return fail.Statef("the new credential does not count any more: it was revoked, or its service principal is not active")
	}
	return nil
}

// Switch puts the value into the secret.
func (s *Credentials) Switch(tx *store.Tx, w *Work, got any) (old, new string, err error) {
	if err = stands(tx, w.Rotation.New); err == nil {
		_, _, err = s.put(tx, w, got.(opened), time.Duration(w.Overlap)*time.Millisecond)
	}
	return w.Current, w.Rotation.New, err
}

// Close revokes the old credential, and destroys the versions of the secret that had its value.
func (s *Credentials) Close(tx *store.Tx, w *Work, _ any) error {
	versions, err := tx.SecretVersions(w.Scope, w.Key)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Created >= w.Rotation.Switched || v.Closed != 0 {
			continue
		}
		if err := tx.CloseSecretVersion(w.Scope, w.Key, v.Number); err != nil {
			return err
		}
	}
	return revoke(tx, w.Rotation.Old)
}

// Undo revokes the new one.
func (s *Credentials) Undo(tx *store.Tx, w *Work) error { return revoke(tx, w.Rotation.New) }

func revoke(tx *store.Tx, id string) error {
	c, ok := tx.Map.CredentialByID(id)
	if id == "" || !ok {
		return nil
	}
	return tx.Govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: id, Principal: c.Principal}})
}

// Look gives when the old one was used last.
func (s *Credentials) Look(tx *store.Tx, w *Work) (f rotation.Facts, err error) {
	return oldUsed(tx, w)
}
