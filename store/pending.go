package store

import (
	"cmp"
	"database/sql"
	"slices"
	"strconv"

	"bailiwick/authz"
	"bailiwick/registry"
)

// Pending names a transition request that is pending.
type Pending struct {
	registry.Key
	ID      string
	Stage   registry.Stage
	Creator int64
	Created int64 // ms since 1970
}

// PendingRequests gives the transition requests that are pending on the models in the scope, oldest first; of one model, or of all where model
// is 0.
func (tx *Tx) PendingRequests(scope authz.Scope, model int64) (list []Pending, err error) {
	q, args := "SELECT model, version, id, stage, creator, created FROM transition_requests", []any{}
	if model != 0 {
		q, args = q+" WHERE model = ?", []any{model}
	}
	err = tx.each(func(r *sql.Rows) error {
		var p Pending
		var stage int64
		err := r.Scan(&p.Model, &p.Number, &p.ID, &stage, &p.Creator, &p.Created)
		p.Stage = registry.Stage(stage)
		if err == nil && tx.admits(scope, p.Model) {
			list = append(list, p)
		}
		return err
	}, q, args...)
	slices.SortFunc(list, Pending.Compare)
	return list, err
}

// Compare orders requests by age; later ids are greater.
func (p Pending) Compare(o Pending) int {
	a, _ := strconv.ParseInt(p.ID, 10, 64) // newID writes them
	b, _ := strconv.ParseInt(o.ID, 10, 64)
	return cmp.Or(cmp.Compare(p.Created, o.Created), cmp.Compare(a, b))
}

// ModelVersions gives those of several versions that exist, by key.
func (tx *Tx) ModelVersions(keys []registry.Key) (map[registry.Key]*registry.Version, error) {
	rows, err := tx.versionsOf(slices.Clone(keys))
	found := make(map[registry.Key]*registry.Version, len(rows))
	for _, v := range rows {
		found[v.Key()] = &v.Version
	}
	return found, err
}

// ModelRow is a registered model as lists show it: with the newest version of each stage, and the numbers of its versions and of the requests
// that are pending on them.
type ModelRow struct {
	registry.Model
	Latest             []*registry.Version
	Versions, Requests int64
}

// ModelRows gives those of several models that exist, by id.
func (tx *Tx) ModelRows(ids []int64) (map[int64]*ModelRow, error) {
	rows := make(map[int64]*ModelRow, len(ids))
	for part := range slices.Chunk(ids, maxIn) {
		if err := tx.modelRows(part, rows); err != nil {
			return nil, err
		}
	}
	err := tx.countInto("model_versions", ids, func(id, n int64) {
		if r := rows[id]; r != nil {
			r.Versions = n
		}
	})
	if err != nil {
		return nil, err
	}
	return rows, tx.countInto("transition_requests", ids, func(id, n int64) {
		if r := rows[id]; r != nil {
			r.Requests = n
		}
	})
}

// modelRows reads at most maxIn models with their newest versions.
func (tx *Tx) modelRows(ids []int64, into map[int64]*ModelRow) error {
	found, err := tx.registeredModels("WHERE m.object IN ("+marks(ids)+")", padded(ids)...)
	if err != nil {
		return err
	}
	latest, err := tx.latestOf(ids)
	for _, m := range found {
		into[m.ID] = &ModelRow{Model: m.Model, Latest: latest[m.ID]}
	}
	return err
}

// countInto counts the rows of a table by model.
func (tx *Tx) countInto(table string, models []int64, count func(id, n int64)) error {
	return eachIn(tx, func(r *sql.Rows) error {
		var id, n int64
		err := r.Scan(&id, &n)
		count(id, n)
		return err
	}, "SELECT model, COUNT(*) FROM "+table+" WHERE model IN (?) GROUP BY model", models)
}
