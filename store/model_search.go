package store

import (
	"database/sql"

	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// maxModelIndexes is how many bytes of memory the indexes of logged models may take.
const maxModelIndexes = 16 << 20

var loggedModelRows = indexRows[*tracking.LoggedModelIndex]{
	empty:   tracking.NewLoggedModelIndex,
	changed: "SELECT id, changed FROM logged_models WHERE experiment = ? AND changed >= ?",
	all: func(tx *Tx, e *indexEntry[*tracking.LoggedModelIndex], experiment int64) error {
		heads, err := tx.modelHeads("WHERE m.experiment = ?", experiment)
		if err != nil {
			return err
		}
		if err := tx.fillModels(modelsOf(heads), "WHERE m.experiment = ?", experiment); err != nil {
			return err
		}
		takeModels(e, heads)
		return nil
	},
	some: func(tx *Tx, e *indexEntry[*tracking.LoggedModelIndex], ids []string) error {
		heads, err := tx.filledModels(ids)
		takeModels(e, heads)
		return err
	},
}

func takeModels(e *indexEntry[*tracking.LoggedModelIndex], heads []*ModelHead) {
	for _, h := range heads {
		e.index.Upsert(&h.LoggedModel)
		e.stamps[h.ID] = h.changed
	}
}

func modelsOf(heads []*ModelHead) map[string]*tracking.LoggedModel {
	models := make(map[string]*tracking.LoggedModel, len(heads))
	for _, h := range heads {
		models[h.ID] = &h.LoggedModel
	}
	return models
}

// filledModels gives those of several models that exist, whole, in no order.
func (tx *Tx) filledModels(ids []string) (heads []*ModelHead, err error) {
	err = eachIn(tx, func(r *sql.Rows) error {
		h, err := tx.scanModel(r)
		heads = append(heads, h)
		return err
	}, modelColumns+"WHERE m.id IN (?)", ids)
	if err != nil {
		return nil, err
	}
	return heads, tx.fillModelsIn(modelsOf(heads), ids)
}

// LoggedModels gives those of several models that exist, whole, in the order asked.
func (tx *Tx) LoggedModels(ids []string) ([]*tracking.LoggedModel, error) {
	heads, err := tx.filledModels(ids)
	models, list := modelsOf(heads), make([]*tracking.LoggedModel, 0, len(heads))
	for _, id := range ids {
		if m := models[id]; m != nil {
			list = append(list, m)
		}
	}
	return list, err
}

// SearchLoggedModels gives a page of the logged models of some experiments. Who may see the experiments was decided before.
func (tx *Tx) SearchLoggedModels(q *search.Query, datasets []tracking.DatasetFilter, experiments []int64) (search.Page, error) {
	_, list, err := tx.s.models.refreshed(tx, experiments)
	if err != nil {
		return search.Page{}, err
	}
	return tracking.SearchModels(q, datasets, list...), nil
}
