package store

import (
	"database/sql"
	"time"

	"bailiwick/fail"
	"bailiwick/secret"
)

// Put says what a new version of a secret is.
type Put struct {
	Scope   int64
	Key     string
	By      int64
	DataKey int64 // that the value is sealed under
	// Overlap is how long the version before goes on to hold; 0 = its value is destroyed at once.
	Overlap time.Duration
}

// PutSecret makes a version of a secret, and the secret with its first one. seal is told where the value will be. fail.Limit when the scope is
// full.
func (tx *Tx) PutSecret(p Put, seal func(secret.Place) ([]byte, error)) (v secret.Version, err error) {
	name := secret.Fold(p.Key)
	_, err = tx.one([]any{&v.Number}, `INSERT INTO secrets (scope, name_key, name, newest, created, updated) VALUES (?, ?, ?, 1, ?, ?)
		ON CONFLICT (scope, name_key) DO UPDATE SET newest = secrets.newest + 1, updated = excluded.updated RETURNING newest`,
		p.Scope, name, p.Key, tx.Now, tx.Now)
	if err != nil {
		return v, err
	}
	if v.Number == 1 {
		if err := tx.roomForSecret(p.Scope); err != nil {
			return v, err
		}
	}
	v.Created, v.CreatedBy, v.DataKey = tx.Now, p.By, p.DataKey
	v.Sealed, err = seal(secret.Place{Workspace: tx.s.workspace, Scope: p.Scope, Key: p.Key, Version: v.Number, Created: v.Created})
	if err != nil {
		return v, err
	}
	err = tx.do(`INSERT INTO secret_versions (scope, name_key, version, created, created_by, until, closed, data_key, sealed)
		VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?)`, p.Scope, name, v.Number, v.Created, v.CreatedBy, v.DataKey, v.Sealed)
	if err != nil {
		return v, err
	}
	return v, tx.succeed(p.Scope, name, v.Number, p.Overlap)
}

func (tx *Tx) roomForSecret(scope int64) error {
	var n int64
	if _, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM secrets WHERE scope = ?", scope); err != nil {
		return err
	}
	if n > secret.MaxSecrets {
		return fail.New(fail.Limit, "The scope has %d secrets already, and may not have more: delete one that is not needed.", secret.MaxSecrets).
			WithCode(secret.CodeLimit)
	}
	return nil
}

// succeed ends the version that was the newest: at once, or after an overlap. Those that are in an overlap already keep theirs. What is remembered
// of closed versions long ago is forgotten.
func (tx *Tx) succeed(scope int64, name string, newest int64, overlap time.Duration) (err error) {
	if newest == 1 {
		return nil
	}
	if overlap > 0 {
		err = tx.do("UPDATE secret_versions SET until = ? WHERE scope = ? AND name_key = ? AND version < ? AND closed = 0 AND until = 0",
			tx.Now+overlap.Milliseconds(), scope, name, newest)
	} else {
		err = tx.do("UPDATE secret_versions SET closed = ?, sealed = ? WHERE scope = ? AND name_key = ? AND version < ? AND closed = 0 AND until = 0",
			tx.Now, []byte{}, scope, name, newest)
	}
	if err != nil || newest <= secret.KeptVersions {
		return err
	}
	oldest := newest - secret.KeptVersions
	err = tx.do("DELETE FROM secret_reads WHERE scope = ? AND name_key = ? AND version <= ?", scope, name, oldest)
	if err != nil {
		return err
	}
	return tx.do("DELETE FROM secret_versions WHERE scope = ? AND name_key = ? AND version <= ? AND closed > 0", scope, name, oldest)
}

// SecretPlace is where a version of a secret belongs.
func (tx *Tx) SecretPlace(scope int64, key string, v *secret.Version) secret.Place {
	return secret.Place{Workspace: tx.s.workspace, Scope: scope, Key: key, Version: v.Number, Created: v.Created}
}

// absentSecret never repeats a key that cannot be one.
func absentSecret(key string) error {
	if secret.CheckKey(key) != nil {
		return fail.NotFoundf("The secret does not exist: no secret can have such a key.")
	}
	return fail.NotFoundf("Secret does not exist with key: %s", key)
}

const itemColumns = "scope, name, newest, created, updated"

func scanItem(i *secret.Item) []any {
	return []any{&i.Scope, &i.Key, &i.Newest, &i.Created, &i.Updated}
}

// Secret gives a secret of a scope without its values; fail.NotFound.
func (tx *Tx) Secret(scope int64, key string) (i secret.Item, err error) {
	found, err := tx.one(scanItem(&i), "SELECT "+itemColumns+" FROM secrets WHERE scope = ? AND name_key = ?", scope, secret.Fold(key))
	if err == nil && !found {
		err = absentSecret(key)
	}
	return i, err
}

// Secrets gives the secrets of a scope without their values, by key.
func (tx *Tx) Secrets(scope int64) (all []secret.Item, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var i secret.Item
		if err := r.Scan(scanItem(&i)...); err != nil {
			return err
		}
		all = append(all, i)
		return nil
	}, "SELECT "+itemColumns+" FROM secrets WHERE scope = ? ORDER BY name_key", scope)
	return all, err
}

const secretVersionColumns = "v.version, v.created, v.created_by, v.until, v.closed, v.data_key"

func secretVersionOf(v *secret.Version) []any {
	return []any{&v.Number, &v.Created, &v.CreatedBy, &v.Until, &v.Closed, &v.DataKey}
}

// SecretVersion gives a version of a secret with its sealed value; number 0 is the newest. Whether it holds is the caller's to ask. fail.NotFound.
func (tx *Tx) SecretVersion(scope int64, key string, number int64) (v secret.Version, err error) {
	which := "v.version = s.newest"
	args := []any{scope, secret.Fold(key)}
	if number != 0 {
		which, args = "v.version = ?", append(args, number)
	}
	found, err := tx.one(append(secretVersionOf(&v), &v.Sealed), "SELECT "+secretVersionColumns+`, v.sealed FROM secrets s JOIN secret_versions v
		ON v.scope = s.scope AND v.name_key = s.name_key WHERE s.scope = ? AND s.name_key = ? AND `+which, args...)
	if err == nil && !found {
		err = absentSecret(key)
	}
	return v, err
}

// SecretVersions gives the versions of a secret without their values, newest first.
func (tx *Tx) SecretVersions(scope int64, key string) (all []secret.Version, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var v secret.Version
		if err := r.Scan(secretVersionOf(&v)...); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, "SELECT "+secretVersionColumns+" FROM secret_versions v WHERE v.scope = ? AND v.name_key = ? ORDER BY v.version DESC", scope, secret.Fold(key))
	return all, err
}

// NoteSecretRead counts a read of a version, by credential.
func (tx *Tx) NoteSecretRead(scope int64, key string, version int64, by secret.Reader) error {
	return tx.do(`INSERT INTO secret_reads (scope, name_key, version, credential, principal, n, first, last, source) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
		ON CONFLICT (scope, name_key, version, credential) DO UPDATE SET n = secret_reads.n + 1, last = excluded.last, source = excluded.source`,
		scope, secret.Fold(key), version, by.Credential, by.Principal, tx.Now, tx.Now, by.Source)
}

// SecretReads gives who read which version of a secret, the last one first.
func (tx *Tx) SecretReads(scope int64, key string) (all []secret.Read, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var d secret.Read
		if err := r.Scan(&d.Version, &d.Credential, &d.Principal, &d.Count, &d.First, &d.Last, &d.Source); err != nil {
			return err
		}
		all = append(all, d)
		return nil
	}, `SELECT version, credential, principal, n, first, last, source FROM secret_reads WHERE scope = ? AND name_key = ?
		ORDER BY last DESC, version DESC, credential`, scope, secret.Fold(key))
	return all, err
}

// CredentialRead is a version of a secret that a credential has read.
type CredentialRead struct {
	Scope secret.Scope
	Key   string
	secret.Read
}

// SecretReadsBy gives what one credential has read, the last first, at most limit: what would stop without it.
func (tx *Tx) SecretReadsBy(credential string, limit int) (all []CredentialRead, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var d CredentialRead
		err := r.Scan(&d.Scope.Object, &d.Scope.Name, &d.Scope.Created, &d.Key, &d.Version, &d.Credential, &d.Principal, &d.Count, &d.First, &d.Last, &d.Source)
		all = append(all, d)
		return err
	}, `SELECT c.object, c.name, c.created, s.name, r.version, r.credential, r.principal, r.n, r.first, r.last, r.source
		FROM secret_reads r JOIN secret_scopes c ON c.object = r.scope JOIN secrets s ON s.scope = r.scope AND s.name_key = r.name_key
		WHERE r.credential = ? ORDER BY r.last DESC, r.version DESC LIMIT ?`, credential, limit)
	return all, err
}

// DeleteSecret removes a secret with all its versions and what was known of their readers; fail.NotFound.
func (tx *Tx) DeleteSecret(scope int64, key string) error {
	n, err := tx.exec("DELETE FROM secrets WHERE scope = ? AND name_key = ?", scope, secret.Fold(key))
	if err != nil {
		return err
	}
	if n == 0 {
		return absentSecret(key)
	}
	for _, q := range []string{
		"DELETE FROM secret_versions WHERE scope = ? AND name_key = ?", "DELETE FROM secret_reads WHERE scope = ? AND name_key = ?",
	} {
		if err := tx.do(q, scope, secret.Fold(key)); err != nil {
			return err
		}
	}
	return nil
}

// CloseSecretVersion destroys the value of an older version; when and by whom it was made, and who read it, stays. fail.State for the newest one,
// which only a deletion ends; fail.NotFound. One that is closed already is left as it is.
func (tx *Tx) CloseSecretVersion(scope int64, key string, number int64) error {
	i, err := tx.Secret(scope, key)
	if err != nil {
		return err
	}
	if number == i.Newest {
		return fail.Statef("Version %d is the newest one of the secret: put another, or delete the secret.", number)
	}
	if _, err := tx.SecretVersion(scope, key, number); err != nil {
		return err
	}
	return tx.do("UPDATE secret_versions SET closed = ?, sealed = ? WHERE scope = ? AND name_key = ? AND version = ? AND closed = 0",
		tx.Now, []byte{}, scope, secret.Fold(key), number)
}

// DueVersion is a version whose overlap is over and whose value is still there.
type DueVersion struct {
	Scope   int64
	Key     string
	Version int64
	Until   int64 // ms since 1970
}

// DueSecretVersions gives versions to be closed, the longest due first, at most limit.
func (tx *Tx) DueSecretVersions(limit int) (all []DueVersion, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var d DueVersion
		if err := r.Scan(&d.Scope, &d.Key, &d.Version, &d.Until); err != nil {
			return err
		}
		all = append(all, d)
		return nil
	}, `SELECT v.scope, s.name, v.version, v.until FROM secret_versions v JOIN secrets s ON s.scope = v.scope AND s.name_key = v.name_key
		WHERE v.closed = 0 AND v.until > 0 AND v.until <= ? ORDER BY v.until LIMIT ?`, tx.Now, limit)
	return all, err
}
