package store

// PutExperiment makes the row of a new experiment; its name and place are the governed object's. An empty location is the managed one.
func (tx *Tx) PutExperiment(id int64, location string) error {
	return tx.do("INSERT INTO experiments (object, location, lifecycle, created, updated, changed) VALUES (?, ?, 'active', ?, ?, ?)",
		id, location, tx.Now, tx.Now, tx.Stamp)
}
