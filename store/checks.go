package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/registry"
)

// PutCheck keeps what was said of a version, in the place of what the same check said before. A check too many is fail.Limit.
func (tx *Tx) PutCheck(c *registry.Check) error {
	var there int64
	_, err := tx.one([]any{&there}, "SELECT COUNT(*) FROM version_checks WHERE model = ? AND version = ? AND name <> ?", c.Model, c.Number, c.Name)
	if err != nil {
		return err
	}
	if there >= registry.MaxChecks {
		return fail.New(fail.Limit, "Version %d of %s has %d checks already, which are all that it may have.", c.Number, tx.modelName(c.Model), there)
	}
	c.At = tx.Now
	return tx.do(`INSERT INTO version_checks (model, version, name, state, url, digest, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (model, version, name) DO UPDATE SET state = excluded.state, url = excluded.url, digest = excluded.digest,
		actor = excluded.actor, at = excluded.at`, c.Model, c.Number, c.Name, string(c.State), c.URL, c.Digest[:], c.Actor, c.At)
}

// Checks gives what was said of a version, by name.
func (tx *Tx) Checks(k registry.Key) (list []registry.Check, err error) {
	return list, tx.each(func(r *sql.Rows) error {
		c := registry.Check{Key: k}
		var digest []byte
		err := r.Scan(&c.Name, &c.State, &c.URL, &digest, &c.Actor, &c.At)
		copy(c.Digest[:], digest)
		list = append(list, c)
		return err
	}, "SELECT name, state, url, digest, actor, at FROM version_checks WHERE model = ? AND version = ? ORDER BY name", k.Model, k.Number)
}

// RequiredChecks gives what the versions of a model must have passed, by stage and name.
func (tx *Tx) RequiredChecks(model int64) (list []registry.Required, err error) {
	return list, tx.each(func(r *sql.Rows) error {
		var c registry.Required
		var stage int64
		err := r.Scan(&stage, &c.Name)
		c.Stage = registry.Stage(stage)
		list = append(list, c)
		return err
	}, "SELECT stage, name FROM required_checks WHERE model = ? ORDER BY stage, name", model)
}

// RequireChecks sets what the versions of a model must have passed, in the place of what it was.
func (tx *Tx) RequireChecks(model int64, list []registry.Required) error {
	if err := tx.holdModel(model); err != nil {
		return err
	}
	if err := tx.do("DELETE FROM required_checks WHERE model = ?", model); err != nil {
		return err
	}
	var args []any
	for _, r := range list {
		args = append(args, model, int64(r.Stage), r.Name)
	}
	return tx.putRows("INSERT INTO required_checks (model, stage, name) VALUES (?, ?, ?)", 3, args)
}

// Move gathers all that decides whether a version may come into a stage, beside the law of levels.
func (tx *Tx) Move(v *registry.Version, to registry.Stage, archive bool, comment string) (m *registry.Move, err error) {
	m = &registry.Move{Version: v, To: to, Archive: archive, Comment: comment}
	if m.TwoPersons, err = tx.TwoPersons(v.Model); err != nil {
		return nil, err
	}
	if m.Checks, err = tx.Checks(v.Key()); err != nil {
		return nil, err
	}
	m.Required, err = tx.RequiredChecks(v.Model)
	return m, err
}
