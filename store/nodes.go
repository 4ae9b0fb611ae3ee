package store

import "database/sql"

// NodesOf gives the dates and items of some objects, by id, as far as this snapshot has them. Of an experiment, a registered model, a notebook and
// a file, Updated is the last change of what it is, not only of its name, place or permissions.
func (tx *Tx) NodesOf(ids []int64) (map[int64]Node, error) {
	all := map[int64]Node{}
	if len(ids) == 0 {
		return all, nil
	}
	return all, eachIn(tx, func(r *sql.Rows) error {
		var id, experiment, model int64
		var n Node
		err := r.Scan(&id, &n.Created, &n.Updated, &n.Language, &n.Format, &n.Size, &n.Modified, &experiment, &model)
		n.Updated = max(n.Updated, n.Modified, experiment, model)
		all[id] = n
		return err
	}, `SELECT o.id, o.created, o.updated, COALESCE(i.language, ''), COALESCE(i.format, ''), COALESCE(i.size, 0), COALESCE(i.modified, 0),
		COALESCE(e.updated, 0), COALESCE(m.updated, 0) FROM objects o LEFT JOIN items i ON i.object = o.id
		LEFT JOIN experiments e ON e.object = o.id LEFT JOIN registered_models m ON m.object = o.id WHERE o.id IN (?)`, ids)
}
