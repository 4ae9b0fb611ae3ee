package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/secret"
)

// KEKs gives the key-encryption keys that were ever active, with how many data keys are under each, newest first.
func (tx *Tx) KEKs() (all []secret.KEK, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var k secret.KEK
		var state string
		if err := r.Scan(&k.ID, &state, &k.Since, &k.DataKeys); err != nil {
			return err
		}
		k.State = secret.KEKState(state)
		all = append(all, k)
		return nil
	}, `SELECT id, state, since, (SELECT COUNT(*) FROM data_keys d WHERE d.kek = k.id) FROM keks k
		ORDER BY CASE state WHEN 'active' THEN 0 WHEN 'retiring' THEN 1 ELSE 2 END, since DESC, id`)
	return all, err
}

// ActiveKEK gives the id of the key-encryption key that data keys are wrapped under; empty before there is one.
func (tx *Tx) ActiveKEK() (id string, err error) {
	_, err = tx.one([]any{&id}, "SELECT id FROM keks WHERE state = 'active'")
	return id, err
}

// FirstKEK makes a key-encryption key the active one where none was ever active, and gives the active one. It must run alone: of replicas that start
// at the same time, one is first.
func (tx *Tx) FirstKEK(id string) (active string, err error) {
	active, err = tx.ActiveKEK()
	if err != nil || active != "" {
		return active, err
	}
	return id, tx.do("INSERT INTO keks (id, state, since) VALUES (?, 'active', ?)", id, tx.Now)
}

// ActivateKEK makes a key-encryption key the active one; the one before retires from now on. fail.State when it is active already.
func (tx *Tx) ActivateKEK(id string) error {
	active, err := tx.ActiveKEK()
	if err != nil {
		return err
	}
	if active == id {
		return fail.Statef("The key-encryption key %s is the active one already.", id)
	}
	if err := tx.do("UPDATE keks SET state = 'retiring', since = ? WHERE state = 'active'", tx.Now); err != nil {
		return err
	}
	return tx.do("INSERT INTO keks (id, state, since) VALUES (?, 'active', ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, since = excluded.since",
		id, tx.Now)
}

// DataKeysToWrap gives data keys that are not under the active key-encryption key, at most limit, and that one's id.
func (tx *Tx) DataKeysToWrap(limit int) (active string, keys []secret.DataKey, err error) {
	if active, err = tx.ActiveKEK(); err != nil || active == "" {
		return active, nil, err
	}
	err = tx.each(func(r *sql.Rows) error {
		var d secret.DataKey
		if err := r.Scan(&d.ID, &d.Scope, &d.KEK, &d.Wrapped); err != nil {
			return err
		}
		keys = append(keys, d)
		return nil
	}, "SELECT id, scope, kek, wrapped FROM data_keys WHERE kek < ? OR kek > ? ORDER BY id LIMIT ?", active, active, limit)
	return active, keys, err
}

// Rewrapped is a data key as it was and as it is wrapped anew.
type Rewrapped struct{ Was, Is secret.DataKey }

// RewrapDataKeys puts data keys that were wrapped anew in the place of what they were, unless somebody else did it meanwhile or the scope is gone.
func (tx *Tx) RewrapDataKeys(keys []Rewrapped) error {
	for _, k := range keys {
		err := tx.do("UPDATE data_keys SET kek = ?, wrapped = ? WHERE id = ? AND kek = ?", k.Is.KEK, k.Is.Wrapped, k.Was.ID, k.Was.KEK)
		if err != nil {
			return err
		}
	}
	return nil
}

// KEKsRetiring says whether a key-encryption key is to be given up when nothing is left under it.
func (tx *Tx) KEKsRetiring() (waiting bool, err error) {
	var one int64
	return tx.one([]any{&one}, "SELECT 1 FROM keks WHERE state = 'retiring' LIMIT 1")
}

// RetireKEKs gives up the retiring key-encryption keys under which nothing is left, and gives their ids.
func (tx *Tx) RetireKEKs() (ids []string, err error) {
	all, err := tx.KEKs()
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if k.State != secret.KEKRetiring || k.DataKeys > 0 {
			continue
		}
		n, err := tx.exec("UPDATE keks SET state = 'retired', since = ? WHERE id = ? AND state = 'retiring'", tx.Now, k.ID)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			ids = append(ids, k.ID)
		}
	}
	return ids, nil
}
