package store

import (
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// SearchLoggedModels gives a page of the logged models of some experiments. Who may see the experiments was decided before.
func (tx *Tx) SearchLoggedModels(q *search.Query, datasets []tracking.DatasetFilter, experiments []int64) (search.Page, error) {
	index := tracking.NewLoggedModelIndex()
	for _, id := range experiments {
		heads, err := tx.modelHeads("WHERE m.experiment = ?", id)
		if err != nil {
			return search.Page{}, err
		}
		models := make(map[string]*tracking.LoggedModel, len(heads))
		for _, h := range heads {
			models[h.ID] = &h.LoggedModel
		}
		if err := tx.fillModels(models, "WHERE m.experiment = ?", id); err != nil {
			return search.Page{}, err
		}
		for _, h := range heads {
			index.Upsert(&h.LoggedModel)
		}
	}
	return tracking.SearchModels(q, datasets, index), nil
}
