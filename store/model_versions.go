package store

import (
	"database/sql"
	"slices"

	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/tracking"
)

// NotAVersion is the error for a version that does not exist.
func NotAVersion(name, version string) error {
	return fail.NotFoundf("Model Version (name=%s, version=%s) not found", name, version)
}

// versionRow is a version as its rows have it, with its stamp.
type versionRow struct {
	registry.Version
	changed int64
}

const versionColumns = `SELECT v.model, v.version, v.description, v.creator, v.user_name, v.source, v.run, v.run_link, v.logged_model, v.experiment,
	v.stage, v.status, v.status_text, v.digest, v.size, v.files, v.created, v.updated, v.changed FROM model_versions v `

// modelVersions reads versions with tags and aliases; where and its arguments name them as v. Those of models that the map does not have are
// left out.
func (tx *Tx) modelVersions(where string, args ...any) (rows []*versionRow, err error) {
	at := map[registry.Key]*versionRow{}
	err = tx.each(func(r *sql.Rows) error {
		v, err := scanVersion(r)
		if err != nil {
			return err
		}
		o, ok := tx.Map.Object(v.Model)
		if !ok {
			return nil
		}
		v.Name = o.Name
		rows, at[v.Key()] = append(rows, v), v
		return nil
	}, versionColumns+where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	return rows, tx.fillVersions(at, where, args...)
}

func scanVersion(r *sql.Rows) (*versionRow, error) {
	v := &versionRow{}
	var stage, status int64
	var digest []byte
	err := r.Scan(&v.Model, &v.Number, &v.Description, &v.Creator, &v.UserName, &v.Source, &v.Run, &v.RunLink, &v.LoggedModel, &v.Experiment, &stage,
		&status, &v.StatusText, &digest, &v.Size, &v.Files, &v.Created, &v.Updated, &v.changed)
	v.Stage, v.Status = registry.Stage(stage), registry.Status(status)
	copy(v.Digest[:], digest)
	return v, err
}

// fillVersions reads the tags and aliases of versions.
func (tx *Tx) fillVersions(at map[registry.Key]*versionRow, where string, args ...any) error {
	var k registry.Key
	err := tx.each(func(r *sql.Rows) error {
		var p tracking.Pair
		err := r.Scan(&k.Model, &k.Number, &p.Key, &p.Value)
		if v := at[k]; v != nil {
			v.Tags = append(v.Tags, p)
		}
		return err
	}, "SELECT p.model, p.version, p.key, p.value FROM model_versions v JOIN model_version_tags p ON p.model = v.model AND p.version = v.version "+
		where, args...)
	if err != nil {
		return err
	}
	return tx.each(func(r *sql.Rows) error {
		var alias string
		err := r.Scan(&k.Model, &k.Number, &alias)
		if v := at[k]; v != nil {
			v.Aliases = append(v.Aliases, alias)
		}
		return err
	}, "SELECT p.model, p.version, p.alias FROM model_versions v JOIN registered_model_aliases p ON p.model = v.model AND p.version = v.version "+
		where, args...)
}

// ModelVersion gives a version with its tags and aliases; fail.NotFound when there is none.
func (tx *Tx) ModelVersion(k registry.Key) (*registry.Version, error) {
	rows, err := tx.modelVersions("WHERE v.model = ? AND v.version = ?", k.Model, k.Number)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, NotAVersion(tx.modelName(k.Model), formatID(k.Number))
	}
	return &rows[0].Version, nil
}

func (tx *Tx) modelName(id int64) string {
	if o, ok := tx.Map.Object(id); ok {
		return o.Name
	}
	return formatID(id)
}

// VersionsBelow gives at most limit versions of a model with numbers below one, newest first.
func (tx *Tx) VersionsBelow(model, below int64, limit int) (list []*registry.Version, err error) {
	rows, err := tx.modelVersions(`WHERE v.model = ? AND v.version IN (SELECT n.version FROM model_versions n WHERE n.model = ? AND n.version < ?
		ORDER BY n.version DESC LIMIT ?) ORDER BY v.version DESC`, model, model, below, limit)
	for _, v := range rows {
		list = append(list, &v.Version)
	}
	return list, err
}

// LatestVersions gives the newest version of each stage of a model that has one, of all stages or of those given, newest version first.
func (tx *Tx) LatestVersions(model int64, stages ...registry.Stage) (list []*registry.Version, err error) {
	rows, err := tx.modelVersions(`WHERE v.model = ? AND v.version IN (SELECT MAX(l.version) FROM model_versions l WHERE l.model = ?
		GROUP BY l.stage) ORDER BY v.version DESC`, model, model)
	for _, v := range rows {
		if len(stages) == 0 || slices.Contains(stages, v.Stage) {
			list = append(list, &v.Version)
		}
	}
	return list, err
}

// VersionsIn gives the versions of a model that are in a stage, oldest first.
func (tx *Tx) VersionsIn(model int64, stage registry.Stage) (list []*registry.Version, err error) {
	rows, err := tx.modelVersions("WHERE v.model = ? AND v.stage = ? ORDER BY v.version", model, int64(stage))
	for _, v := range rows {
		list = append(list, &v.Version)
	}
	return list, err
}

// InsertVersion makes the next version of a model and gives it its number. A version whose manifest is known is READY from the beginning.
func (tx *Tx) InsertVersion(v *registry.Version, m *registry.Manifest) error {
	found, err := tx.one([]any{&v.Number}, "UPDATE registered_models SET next = next + 1, updated = ?, changed = ? WHERE object = ? RETURNING next - 1",
		tx.Now, tx.Stamp, v.Model)
	if err == nil && !found {
		err = NotARegisteredModel(v.Name)
	}
	if err != nil {
		return err
	}
	v.Created, v.Updated = tx.Now, tx.Now
	if err := tx.putManifest(v, m); err != nil {
		return err
	}
	err = tx.do(`INSERT INTO model_versions (model, version, description, creator, user_name, source, run, run_link, logged_model, experiment, stage,
		status, status_text, digest, size, files, created, updated, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.Model, v.Number, v.Description, v.Creator, v.UserName, v.Source, v.Run, v.RunLink, v.LoggedModel, v.Experiment, int64(v.Stage),
		int64(v.Status), v.StatusText, digestColumn(v.Digest), v.Size, v.Files, v.Created, v.Updated, tx.Stamp)
	if err != nil {
		return err
	}
	return tx.putVersionTags(v.Key(), v.Tags)
}

// digestColumn is a digest as rows have it: empty for the zero value.
func digestColumn(d [32]byte) []byte {
	if d == ([32]byte{}) {
		return []byte{}
	}
	return d[:]
}

// holdModel makes others that change a model's versions wait until the transaction ends. Whatever changes a version does this first: where
// several write at once, all take the model's row before any of its versions', so that no two ever wait for each other.
func (tx *Tx) holdModel(id int64) error {
	if tx.s.d.single {
		return nil
	}
	return tx.do("UPDATE registered_models SET next = next WHERE object = ?", id)
}

// touchVersion notes that a version was changed now, which is a change of its model too. One that somebody has deleted meanwhile is fail.NotFound.
func (tx *Tx) touchVersion(k registry.Key) error {
	n, err := tx.exec("UPDATE model_versions SET updated = ?, changed = ? WHERE model = ? AND version = ?", tx.Now, tx.Stamp, k.Model, k.Number)
	if err != nil {
		return err
	}
	if n == 0 {
		return NotAVersion(tx.modelName(k.Model), formatID(k.Number))
	}
	return tx.touchRegistered(k.Model)
}

// stampVersion tells searches that something of a version changed which is no update of it. One that somebody has deleted meanwhile is
// fail.NotFound.
func (tx *Tx) stampVersion(k registry.Key) error {
	n, err := tx.exec("UPDATE model_versions SET changed = ? WHERE model = ? AND version = ?", tx.Stamp, k.Model, k.Number)
	if err != nil {
		return err
	}
	if n == 0 {
		return NotAVersion(tx.modelName(k.Model), formatID(k.Number))
	}
	return tx.stampRegistered(k.Model)
}

// DescribeVersion gives a version another description.
func (tx *Tx) DescribeVersion(v *registry.Version, description string) error {
	v.Description, v.Updated = description, tx.Now
	if err := tx.holdModel(v.Model); err != nil {
		return err
	}
	if err := tx.do("UPDATE model_versions SET description = ? WHERE model = ? AND version = ?", description, v.Model, v.Number); err != nil {
		return err
	}
	return tx.touchVersion(v.Key())
}

// MoveVersion puts a version into a stage. On an engine with several writers it holds the version's row, and fail.Conflict says that somebody
// else has moved it since it was read.
func (tx *Tx) MoveVersion(v *registry.Version, to registry.Stage) error {
	if err := tx.holdModel(v.Model); err != nil {
		return err
	}
	n, err := tx.exec("UPDATE model_versions SET stage = ?, updated = ?, changed = ? WHERE model = ? AND version = ? AND stage = ?", int64(to), tx.Now,
		tx.Stamp, v.Model, v.Number, int64(v.Stage))
	if err == nil && n == 0 {
		err = fail.New(fail.Conflict, "Version %d of %s is not in stage %s any more: somebody else has moved it.", v.Number, v.Name, v.Stage)
	}
	if err != nil {
		return err
	}
	v.Stage, v.Updated = to, tx.Now
	return tx.touchRegistered(v.Model)
}

// SetVersionTags sets tags of a version; of a key that stands twice the last value counts.
func (tx *Tx) SetVersionTags(k registry.Key, tags ...tracking.Pair) error {
	if err := tx.holdModel(k.Model); err != nil {
		return err
	}
	if err := tx.putVersionTags(k, tags); err != nil {
		return err
	}
	return tx.touchVersion(k)
}

func (tx *Tx) putVersionTags(k registry.Key, tags []tracking.Pair) error {
	var args []any
	for _, t := range lastOfEach(tags) {
		args = append(args, k.Model, k.Number, t.Key, t.Value)
	}
	return tx.putRows(`INSERT INTO model_version_tags (model, version, key, value) VALUES (?, ?, ?, ?)
		ON CONFLICT (model, version, key) DO UPDATE SET value = excluded.value`, 4, args)
}

// DeleteVersionTag takes a tag away; a missing one is no error, as in MLflow.
func (tx *Tx) DeleteVersionTag(k registry.Key, key string) error {
	if err := tx.holdModel(k.Model); err != nil {
		return err
	}
	if err := tx.do("DELETE FROM model_version_tags WHERE model = ? AND version = ? AND key = ?", k.Model, k.Number, key); err != nil {
		return err
	}
	return tx.touchVersion(k)
}

// SetAlias points an alias of a model at a version, wherever it pointed before.
func (tx *Tx) SetAlias(k registry.Key, alias string) error {
	if err := tx.holdModel(k.Model); err != nil {
		return err
	}
	if err := tx.stampAliased(k.Model, alias); err != nil {
		return err
	}
	err := tx.do(`INSERT INTO registered_model_aliases (model, alias, version) VALUES (?, ?, ?)
		ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version`, k.Model, alias, k.Number)
	if err != nil {
		return err
	}
	return tx.stampVersion(k)
}

// stampAliased tells searches that the version which has an alias loses it.
func (tx *Tx) stampAliased(model int64, alias string) error {
	return tx.do(`UPDATE model_versions SET changed = ? WHERE model = ? AND version IN
		(SELECT version FROM registered_model_aliases WHERE model = ? AND alias = ?)`, tx.Stamp, model, model, alias)
}

// DeleteAlias takes an alias away and reports whether there was one.
func (tx *Tx) DeleteAlias(model int64, alias string) (bool, error) {
	if err := tx.holdModel(model); err != nil {
		return false, err
	}
	if err := tx.stampAliased(model, alias); err != nil {
		return false, err
	}
	n, err := tx.exec("DELETE FROM registered_model_aliases WHERE model = ? AND alias = ?", model, alias)
	if err != nil {
		return false, err
	}
	return n > 0, tx.stampRegistered(model)
}

// Aliased gives the number of the version that an alias of a model points at.
func (tx *Tx) Aliased(model int64, alias string) (version int64, found bool, err error) {
	found, err = tx.one([]any{&version}, "SELECT version FROM registered_model_aliases WHERE model = ? AND alias = ?", model, alias)
	return version, found, err
}

// versionParts are the tables of what belongs to a version.
var versionParts = []string{"model_version_tags", "registered_model_aliases", "version_copies", "transition_requests", "activities", "comments",
	"version_checks", "model_versions"}

// DeleteVersion deletes a version for good; its number is not used again.
func (tx *Tx) DeleteVersion(k registry.Key) error {
	if err := tx.holdModel(k.Model); err != nil {
		return err
	}
	for _, table := range versionParts {
		if err := tx.do("DELETE FROM "+table+" WHERE model = ? AND version = ?", k.Model, k.Number); err != nil {
			return err
		}
	}
	return tx.touchRegistered(k.Model)
}

// VersionsOf gives the versions that were made of logged models, by the logged model's id, oldest first.
func (tx *Tx) VersionsOf(loggedModels []string) (map[string][]registry.Key, error) {
	made := map[string][]registry.Key{}
	err := eachIn(tx, func(r *sql.Rows) error {
		var id string
		var k registry.Key
		err := r.Scan(&id, &k.Model, &k.Number)
		made[id] = append(made[id], k)
		return err
	}, "SELECT logged_model, model, version FROM model_versions WHERE logged_model <> '' AND logged_model IN (?) ORDER BY created, model, version", loggedModels)
	return made, err
}
