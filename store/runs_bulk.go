package store

import "bailiwick/tracking/search"

// DeleteRuns deletes runs of an experiment that started at or before a time (ms since 1970), the oldest first, at most the given number,
// and gives how many.
func (tx *Tx) DeleteRuns(experiment, before int64, most int) (int64, error) {
	return tx.exec(`UPDATE runs SET lifecycle = ?, deleted = ?, changed = ? WHERE id IN (SELECT id FROM runs
		WHERE experiment = ? AND lifecycle = ? AND started <= ? ORDER BY started, id LIMIT ?)`,
		int64(search.Deleted), tx.Now, tx.Stamp, experiment, int64(search.Active), before, most)
}

// RestoreRuns restores runs of an experiment that were deleted at a time (ms since 1970) or later, the latest deleted first, at most the
// given number, and gives how many.
func (tx *Tx) RestoreRuns(experiment, since int64, most int) (int64, error) {
	return tx.exec(`UPDATE runs SET lifecycle = ?, deleted = 0, changed = ? WHERE id IN (SELECT id FROM runs
		WHERE experiment = ? AND lifecycle = ? AND deleted >= ? ORDER BY deleted DESC, id LIMIT ?)`,
		int64(search.Active), tx.Stamp, experiment, int64(search.Deleted), since, most)
}
