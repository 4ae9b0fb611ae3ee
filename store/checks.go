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
func (tx *Tx) Checks(k registry.Key) ([]registry.Check, error) {
	all, err := tx.checksOn(k.Model, []int64{k.Number})
	return all[k.Number], err
}

// checksOn gives what was said of several versions of a model by their numbers, each version's by name.
func (tx *Tx) checksOn(model int64, versions []int64) (map[int64][]registry.Check, error) {
	all := map[int64][]registry.Check{}
	return all, eachIn(tx, func(r *sql.Rows) error {
		c := registry.Check{Key: registry.Key{Model: model}}
		var digest []byte
		err := r.Scan(&c.Number, &c.Name, &c.State, &c.URL, &digest, &c.Actor, &c.At)
		copy(c.Digest[:], digest)
		all[c.Number] = append(all[c.Number], c)
		return err
	}, "SELECT version, name, state, url, digest, actor, at FROM version_checks WHERE model = ? AND version IN (?) ORDER BY name", versions, model)
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
func (tx *Tx) Move(v *registry.Version, to registry.Stage, archive bool, comment string) (*registry.Move, error) {
	moves, err := tx.Moves(v.Model, []*registry.Version{v})
	if err != nil {
		return nil, err
	}
	m := moves[0]
	m.To, m.Archive, m.Comment = to, archive, comment
	return m, nil
}

// Moves is Move for several versions of a model, in their order; To is left to be set.
func (tx *Tx) Moves(model int64, versions []*registry.Version) (moves []*registry.Move, err error) {
	two, err := tx.TwoPersons(model)
	if err != nil {
		return nil, err
	}
	checks, err := tx.checksOn(model, NumbersOf(versions))
	if err != nil {
		return nil, err
	}
	required, err := tx.RequiredChecks(model)
	for _, v := range versions {
		moves = append(moves, &registry.Move{Version: v, TwoPersons: two, Checks: checks[v.Number], Required: required})
	}
	return moves, err
}

// NumbersOf gives the numbers of versions, in their order.
func NumbersOf(versions []*registry.Version) []int64 {
	numbers := make([]int64, len(versions))
	for i, v := range versions {
		numbers[i] = v.Number
	}
	return numbers
}
