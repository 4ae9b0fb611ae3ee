package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/secret"
)

// absentScope is said of a scope that does not exist, and of one that the caller may not know of.
func absentScope(name string) error { return fail.NotFoundf("Scope %s does not exist!", name) }

// AbsentScope is what is said of a scope of that name that does not exist; the name is only repeated when it can be one.
func AbsentScope(name string) error {
	if err := secret.CheckScope(name); err != nil {
		return fail.NotFoundf("The scope does not exist: no scope can have such a name.")
	}
	return absentScope(name)
}

// CreateSecretScope makes the rows of a scope whose governed object is made with it, and its data key. fail.Exists for a name that is taken,
// fail.Limit when there are too many.
func (tx *Tx) CreateSecretScope(s secret.Scope, key secret.DataKey) error {
	var same, all int64
	if _, err := tx.one([]any{&same, &all}, "SELECT COALESCE(SUM(CASE WHEN name_key = ? THEN 1 ELSE 0 END), 0), COUNT(*) FROM secret_scopes",
		secret.Fold(s.Name)); err != nil {
		return err
	}
	switch {
	case same > 0:
		return fail.Existsf("Scope %s already exists!", s.Name)
	case all >= secret.MaxScopes:
		return fail.New(fail.Limit, "There are %d scopes already, and may not be more: delete one that is not needed.", all).WithCode(secret.CodeLimit)
	}
	err := tx.do("INSERT INTO secret_scopes (object, name, name_key, created) VALUES (?, ?, ?, ?)", s.Object, s.Name, secret.Fold(s.Name), tx.Now)
	if err != nil {
		return exists(err, "Scope %s already exists!", s.Name)
	}
	return tx.do("INSERT INTO data_keys (id, scope, kek, wrapped, created) VALUES (?, ?, ?, ?, ?)", key.ID, s.Object, key.KEK, key.Wrapped, tx.Now)
}

// SecretScope finds a scope by its name, whatever the case of its letters; fail.NotFound.
func (tx *Tx) SecretScope(name string) (s secret.Scope, err error) {
	found, err := tx.one([]any{&s.Object, &s.Name, &s.Created}, "SELECT object, name, created FROM secret_scopes WHERE name_key = ?", secret.Fold(name))
	if err == nil && !found {
		err = AbsentScope(name)
	}
	return s, err
}

// SecretScopes gives all scopes, by name.
func (tx *Tx) SecretScopes() (all []secret.Scope, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var s secret.Scope
		if err := r.Scan(&s.Object, &s.Name, &s.Created); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	}, "SELECT object, name, created FROM secret_scopes ORDER BY name_key")
	return all, err
}

// DropSecretScope removes a scope with all its secrets and data keys.
func (tx *Tx) DropSecretScope(object int64) error {
	for _, q := range []string{
		"DELETE FROM secret_reads WHERE scope = ?", "DELETE FROM secret_versions WHERE scope = ?", "DELETE FROM secrets WHERE scope = ?",
		"DELETE FROM data_keys WHERE scope = ?", "DELETE FROM secret_scopes WHERE object = ?",
	} {
		if err := tx.do(q, object); err != nil {
			return err
		}
	}
	return nil
}

// DataKeyOf gives the data key of a scope.
func (tx *Tx) DataKeyOf(scope int64) (d secret.DataKey, err error) {
	found, err := tx.one([]any{&d.ID, &d.Scope, &d.KEK, &d.Wrapped}, "SELECT id, scope, kek, wrapped FROM data_keys WHERE scope = ? ORDER BY id DESC LIMIT 1", scope)
	if err == nil && !found {
		err = fail.Internalf(nil, "scope %d has no data key", scope)
	}
	return d, err
}
