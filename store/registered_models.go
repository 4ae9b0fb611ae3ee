package store

import (
	"database/sql"
	"strconv"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/tracking"
)

// NotARegisteredModel is the error for a registered model that does not exist, or may not be known.
func NotARegisteredModel(name string) error {
	return fail.NotFoundf("Registered Model with name=%s not found", name)
}

// InsertRegisteredModel makes the rows of a new model; its name and place are the governed object's.
func (tx *Tx) InsertRegisteredModel(m *registry.Model) error {
	err := tx.do(`INSERT INTO registered_models (object, description, next, two_persons, created, updated, changed) VALUES (?, ?, 1, ?, ?, ?, ?)`,
		m.ID, m.Description, int64(m.TwoPersons), tx.Now, tx.Now, tx.Stamp)
	if err != nil {
		return err
	}
	m.Created, m.Updated = tx.Now, tx.Now
	return tx.putRegisteredTags(m.ID, m.Tags)
}

// registeredRow is a model as its rows have it, with its stamp.
type registeredRow struct {
	registry.Model
	changed int64
}

const registeredColumns = "SELECT m.object, m.description, m.two_persons, m.created, m.updated, m.changed FROM registered_models m "

// RegisteredModel gives a model with its tags and aliases; fail.NotFound for an id that is none.
func (tx *Tx) RegisteredModel(id int64) (*registry.Model, error) {
	o, ok := tx.Map.Object(id)
	if !ok || o.Kind != authz.RegisteredModel {
		return nil, NotARegisteredModel(strconv.FormatInt(id, 10))
	}
	rows, err := tx.registeredModels("WHERE m.object = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, NotARegisteredModel(o.Name)
	}
	return &rows[0].Model, nil
}

// registeredModels reads models with tags and aliases; where and its arguments name them as m. One that the map does not have is left out.
func (tx *Tx) registeredModels(where string, args ...any) (rows []*registeredRow, err error) {
	at := map[int64]*registeredRow{}
	err = tx.each(func(r *sql.Rows) error {
		m := &registeredRow{}
		var two int64
		if err := r.Scan(&m.ID, &m.Description, &two, &m.Created, &m.Updated, &m.changed); err != nil {
			return err
		}
		o, ok := tx.Map.Object(m.ID)
		if !ok {
			return nil
		}
		m.Name, m.Creator, m.TwoPersons = o.Name, o.Creator, registry.Choice(two)
		rows, at[m.ID] = append(rows, m), m
		return nil
	}, registeredColumns+where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	return rows, tx.fillRegistered(at, where, args...)
}

// fillRegistered reads the tags and aliases of models.
func (tx *Tx) fillRegistered(at map[int64]*registeredRow, where string, args ...any) error {
	var id int64
	err := tx.each(func(r *sql.Rows) error {
		var p tracking.Pair
		err := r.Scan(&id, &p.Key, &p.Value)
		if m := at[id]; m != nil {
			m.Tags = append(m.Tags, p)
		}
		return err
	}, "SELECT p.model, p.key, p.value FROM registered_models m JOIN registered_model_tags p ON p.model = m.object "+where, args...)
	if err != nil {
		return err
	}
	return tx.each(func(r *sql.Rows) error {
		var a registry.Alias
		err := r.Scan(&id, &a.Name, &a.Version)
		if m := at[id]; m != nil {
			m.Aliases = append(m.Aliases, a)
		}
		return err
	}, "SELECT p.model, p.alias, p.version FROM registered_models m JOIN registered_model_aliases p ON p.model = m.object "+where, args...)
}

// touchRegistered notes that a model, or a version of it, was changed now: searches and its own time of update follow.
func (tx *Tx) touchRegistered(id int64) error {
	return tx.do("UPDATE registered_models SET updated = ?, changed = ? WHERE object = ?", tx.Now, tx.Stamp, id)
}

// stampRegistered tells searches that something of a model changed which is no update of it.
func (tx *Tx) stampRegistered(id int64) error {
	return tx.do("UPDATE registered_models SET changed = ? WHERE object = ?", tx.Stamp, id)
}

// DescribeRegistered gives a model another description.
func (tx *Tx) DescribeRegistered(id int64, description string) error {
	return tx.do("UPDATE registered_models SET description = ?, updated = ?, changed = ? WHERE object = ?", description, tx.Now, tx.Stamp, id)
}

// RenameRegistered gives a model another name: a governance change. A taken name is fail.Exists.
func (tx *Tx) RenameRegistered(o authz.Object, name string) error {
	o.Name = name
	if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
		return err
	}
	if err := tx.do("UPDATE model_versions SET changed = ? WHERE model = ?", tx.Stamp, o.ID); err != nil {
		return err
	}
	return tx.touchRegistered(o.ID)
}

// SetRegisteredTags sets tags of a model; of a key that stands twice the last value counts.
func (tx *Tx) SetRegisteredTags(id int64, tags ...tracking.Pair) error {
	if err := tx.putRegisteredTags(id, tags); err != nil {
		return err
	}
	return tx.touchRegistered(id)
}

func (tx *Tx) putRegisteredTags(id int64, tags []tracking.Pair) error {
	var args []any
	for _, t := range lastOfEach(tags) {
		args = append(args, id, t.Key, t.Value)
	}
	return tx.putRows(`INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?)
		ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`, 3, args)
}

// DeleteRegisteredTag takes a tag away; a missing one is no error, as in MLflow.
func (tx *Tx) DeleteRegisteredTag(id int64, key string) error {
	if err := tx.do("DELETE FROM registered_model_tags WHERE model = ? AND key = ?", id, key); err != nil {
		return err
	}
	return tx.touchRegistered(id)
}

// modelParted are the tables of what belongs to a registered model, with the column that names it.
var registeredParts = [][2]string{
	{"registered_model_tags", "model"}, {"registered_model_aliases", "model"}, {"model_version_tags", "model"}, {"model_versions", "model"},
	{"version_copies", "model"}, {"transition_requests", "model"}, {"activities", "model"}, {"comments", "model"}, {"version_checks", "model"},
	{"required_checks", "model"}, {"registered_models", "object"},
}

// DeleteRegistered deletes a model with all its versions for good. Manifests that nothing names any more are the collector's.
func (tx *Tx) DeleteRegistered(id int64) error {
	for _, p := range registeredParts {
		if err := tx.do("DELETE FROM "+p[0]+" WHERE "+p[1]+" = ?", id); err != nil {
			return err
		}
	}
	if err := tx.dropModelWebhooks(id); err != nil {
		return err
	}
	return tx.Govern(authz.Event{Op: authz.DropObject, Object: &authz.Object{ID: id, Kind: authz.RegisteredModel}})
}
