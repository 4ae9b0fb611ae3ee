package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// ModelHead is a logged model without its params, tags and metrics. Its lifecycle says deleted, too, when its experiment is in the trash.
type ModelHead struct {
	tracking.LoggedModel
	Owner int64
	// Trashed: the model's experiment is deleted.
	Trashed bool
	changed int64
}

const modelColumns = `SELECT m.id, m.experiment, m.run, m.name, m.model_type, m.status, m.message, m.owner, m.created, m.updated, m.deleted,
	m.changed, e.location FROM logged_models m JOIN experiments e ON e.object = m.experiment `

// ModelHead gives a logged model, a deleted one too; fail.NotFound when there is none.
func (tx *Tx) ModelHead(id string) (*ModelHead, error) {
	heads, err := tx.modelHeads("WHERE m.id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, NotAModel(id)
	}
	return heads[0], nil
}

func (tx *Tx) modelHeads(where string, args ...any) (heads []*ModelHead, err error) {
	err = tx.each(func(r *sql.Rows) error {
		h, err := tx.scanModel(r)
		heads = append(heads, h)
		return err
	}, modelColumns+where, args...)
	return heads, err
}

func (tx *Tx) scanModel(r *sql.Rows) (*ModelHead, error) {
	h := &ModelHead{}
	var status, deleted int64
	var location string
	err := r.Scan(&h.ID, &h.Experiment, &h.SourceRun, &h.Name, &h.Type, &status, &h.StatusMessage, &h.Owner, &h.Created, &h.Updated, &deleted,
		&h.changed, &location)
	if err != nil {
		return nil, err
	}
	h.Status, h.Lifecycle, h.Trashed = tracking.ModelStatus(status), search.Active, tx.Map.InTrash(h.Experiment)
	if deleted != 0 || h.Trashed {
		h.Lifecycle = search.Deleted
	}
	h.ArtifactLocation = ModelLocation(h.Experiment, location, h.ID)
	return h, nil
}

// ModelLocation is where a logged model's artifacts are.
func ModelLocation(experiment int64, own, model string) string {
	return ExperimentLocation(experiment, own) + "/models/" + model + "/artifacts"
}

// modelPart reads one table of what belongs to logged models. Its query ends before the condition, which names the models as m.
type modelPart struct {
	query string
	scan  func(rows *sql.Rows, model *string) (add func(*tracking.LoggedModel), err error)
}

var modelReaders = []modelPart{
	{"SELECT m.id, p.key, p.value FROM logged_models m JOIN logged_model_params p ON p.model = m.id ",
		modelPair(func(m *tracking.LoggedModel) *[]tracking.Pair { return &m.Params })},
	{"SELECT m.id, p.key, p.value FROM logged_models m JOIN logged_model_tags p ON p.model = m.id ",
		modelPair(func(m *tracking.LoggedModel) *[]tracking.Pair { return &m.Tags })},
	{`SELECT m.id, p.key, p.run, p.dataset, p.digest, p.value, p.at, p.step FROM logged_models m
		JOIN logged_model_metrics p ON p.model = m.id `, scanModelMetric},
}

func modelPair(list func(*tracking.LoggedModel) *[]tracking.Pair) func(*sql.Rows, *string) (func(*tracking.LoggedModel), error) {
	return func(rows *sql.Rows, model *string) (func(*tracking.LoggedModel), error) {
		var p tracking.Pair
		err := rows.Scan(model, &p.Key, &p.Value)
		return func(m *tracking.LoggedModel) { l := list(m); *l = append(*l, p) }, err
	}
}

func scanModelMetric(rows *sql.Rows, model *string) (func(*tracking.LoggedModel), error) {
	var bits int64
	var p tracking.ModelMetric
	err := rows.Scan(model, &p.Key, &p.Run, &p.DatasetName, &p.DatasetDigest, &bits, &p.Timestamp, &p.Step)
	p.Value, p.ModelID = valueOf(bits), *model
	return func(m *tracking.LoggedModel) { m.Metrics = append(m.Metrics, p) }, err
}

// into makes the scan of a part that adds what it reads to models.
func (part modelPart) into(models map[string]*tracking.LoggedModel) func(*sql.Rows) error {
	var id string
	return func(rows *sql.Rows) error {
		add, err := part.scan(rows, &id)
		if m := models[id]; err == nil && m != nil {
			add(m)
		}
		return err
	}
}

// fillModels reads params, tags and metrics of models; where and its arguments name them.
func (tx *Tx) fillModels(models map[string]*tracking.LoggedModel, where string, args ...any) error {
	for _, part := range modelReaders {
		if err := tx.each(part.into(models), part.query+where, args...); err != nil {
			return err
		}
	}
	return nil
}

// fillModelsIn is fillModels for a list of models.
func (tx *Tx) fillModelsIn(models map[string]*tracking.LoggedModel, ids []string) error {
	for _, part := range modelReaders {
		if err := eachIn(tx, part.into(models), part.query+"WHERE m.id IN (?)", ids); err != nil {
			return err
		}
	}
	return nil
}

// LoggedModel gives a logged model with all that belongs to it; fail.NotFound when there is none.
func (tx *Tx) LoggedModel(id string) (*tracking.LoggedModel, error) {
	h, err := tx.ModelHead(id)
	if err != nil {
		return nil, err
	}
	return &h.LoggedModel, tx.fillModels(map[string]*tracking.LoggedModel{id: &h.LoggedModel}, "WHERE m.id = ?", id)
}

// InsertLoggedModel makes a logged model with its params and tags; owner is the principal who made it.
func (tx *Tx) InsertLoggedModel(m *tracking.LoggedModel, owner int64) error {
	_, err := tx.exec(`INSERT INTO logged_models
		(id, experiment, run, name, model_type, status, message, owner, created, updated, deleted, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`, m.ID, m.Experiment, m.SourceRun, m.Name, m.Type, int64(m.Status), m.StatusMessage, owner,
		m.Created, m.Updated, tx.Stamp)
	if err != nil {
		return exists(err, "Logged model with ID '%s' already exists", m.ID)
	}
	if err := tx.linkModel(m); err != nil {
		return err
	}
	if err := tx.putModelTags(m.ID, m.Tags); err != nil {
		return err
	}
	return tx.putModelParams(m.ID, m.Params)
}

func (tx *Tx) putModelTags(id string, tags []tracking.Pair) error {
	err := tx.putRows(`INSERT INTO logged_model_tags (model, key, value) VALUES (?, ?, ?)
		ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`, 3, pairRows(id, lastOfEach(tags)))
	return err
}

func (tx *Tx) putModelParams(id string, params []tracking.Pair) error {
	n, err := tx.countRows("INSERT INTO logged_model_params (model, key, value) VALUES (?, ?, ?) ON CONFLICT (model, key) DO NOTHING", 3,
		pairRows(id, params))
	if err != nil || int(n) == len(params) {
		return err
	}
	have, err := tx.LoggedModel(id)
	if err != nil {
		return err
	}
	_, err = tracking.NewParams(id, have.Params, params)
	return err
}

// FinalizeLoggedModel gives a model its last status, READY or FAILED; another is fail.Invalid.
func (tx *Tx) FinalizeLoggedModel(h *ModelHead, s tracking.ModelStatus) error {
	if err := h.Finalize(s, tx.Now); err != nil {
		return err
	}
	return tx.do("UPDATE logged_models SET status = ?, updated = ?, changed = ? WHERE id = ?", int64(s), h.Updated, tx.Stamp, h.ID)
}

// DeleteLoggedModel puts a model away; it can still be got by who asks for deleted ones, until it is purged.
func (tx *Tx) DeleteLoggedModel(h *ModelHead) error {
	h.Lifecycle, h.Updated = search.Deleted, tx.Now
	return tx.do("UPDATE logged_models SET deleted = ?, updated = ?, changed = ? WHERE id = ?", tx.Now, tx.Now, tx.Stamp, h.ID)
}

// SetLoggedModelTags sets tags of a model; of a key that stands twice the last value counts.
func (tx *Tx) SetLoggedModelTags(h *ModelHead, tags ...tracking.Pair) error {
	if err := tx.putModelTags(h.ID, tags); err != nil {
		return err
	}
	return tx.touchModel(h)
}

// DeleteLoggedModelTag takes a tag away; a missing one is fail.NotFound.
func (tx *Tx) DeleteLoggedModelTag(h *ModelHead, key string) error {
	n, err := tx.exec("DELETE FROM logged_model_tags WHERE model = ? AND key = ?", h.ID, key)
	if err == nil && n == 0 {
		err = fail.NotFoundf("No tag with key '%s' found for model with ID '%s'.", key, h.ID)
	}
	if err != nil {
		return err
	}
	return tx.touchModel(h)
}

// LogLoggedModelParams adds params. The same value again is no error; another value is (tracking.NewParams).
func (tx *Tx) LogLoggedModelParams(h *ModelHead, params ...tracking.Pair) error {
	if err := tx.putModelParams(h.ID, params); err != nil {
		return err
	}
	return tx.touchModel(h)
}

func (tx *Tx) touchModel(h *ModelHead) error {
	return tx.do("UPDATE logged_models SET changed = ? WHERE id = ?", tx.Stamp, h.ID)
}
