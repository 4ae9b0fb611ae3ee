package store

import (
	"database/sql"
	"encoding/json"

	"bailiwick/tracking"
)

// runPart reads one table of what belongs to runs. Its query ends before the condition, which names the runs as r.
type runPart struct {
	query string
	scan  func(rows *sql.Rows, run *string) (add func(*tracking.Run), err error)
}

var runPartReaders = []runPart{
	{"SELECT r.id, p.key, p.value FROM runs r JOIN params p ON p.run = r.id ", pairOf(func(r *tracking.Run) *[]tracking.Pair { return &r.Params })},
	{"SELECT r.id, p.key, p.value FROM runs r JOIN tags p ON p.run = r.id ", pairOf(func(r *tracking.Run) *[]tracking.Pair { return &r.Tags })},
	{"SELECT r.id, l.key, l.value, l.at, l.step, l.model, l.dataset, l.digest FROM runs r JOIN latest l ON l.run = r.id ", scanLatest},
	{`SELECT r.id, i.name, i.digest, i.tags, d.source_type, d.source, d.schema_text, d.profile FROM runs r JOIN run_inputs i ON i.run = r.id
		JOIN datasets d ON d.experiment = r.experiment AND d.name = i.name AND d.digest = i.digest `, scanInput},
	{"SELECT r.id, m.side, m.model, m.step FROM runs r JOIN run_models m ON m.run = r.id ", scanRunModel},
}

func pairOf(list func(*tracking.Run) *[]tracking.Pair) func(*sql.Rows, *string) (func(*tracking.Run), error) {
	return func(rows *sql.Rows, run *string) (func(*tracking.Run), error) {
		var p tracking.Pair
		err := rows.Scan(run, &p.Key, &p.Value)
		return func(r *tracking.Run) { l := list(r); *l = append(*l, p) }, err
	}
}

func scanLatest(rows *sql.Rows, run *string) (func(*tracking.Run), error) {
	var m tracking.Metric
	var bits int64
	err := rows.Scan(run, &m.Key, &bits, &m.Timestamp, &m.Step, &m.ModelID, &m.DatasetName, &m.DatasetDigest)
	m.Value = valueOf(bits)
	return func(r *tracking.Run) { r.Metrics = append(r.Metrics, m) }, err
}

// scanInput reads a dataset of a run; the tags of its use are kept as JSON, a list of pairs.
func scanInput(rows *sql.Rows, run *string) (func(*tracking.Run), error) {
	var in tracking.DatasetInput
	var tags string
	d := &in.Dataset
	if err := rows.Scan(run, &d.Name, &d.Digest, &tags, &d.SourceType, &d.Source, &d.Schema, &d.Profile); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(tags), &in.Tags); err != nil {
		return nil, err
	}
	return func(r *tracking.Run) { r.Datasets = append(r.Datasets, in) }, nil
}

func scanRunModel(rows *sql.Rows, run *string) (func(*tracking.Run), error) {
	var side string
	var m tracking.ModelOutput
	err := rows.Scan(run, &side, &m.ModelID, &m.Step)
	return func(r *tracking.Run) {
		if side == "input" {
			r.ModelInputs = append(r.ModelInputs, m.ModelID)
			return
		}
		r.ModelOutputs = append(r.ModelOutputs, m)
	}, err
}

// fill reads what was logged to runs; where and its arguments name the runs.
func (tx *Tx) fill(runs map[string]*tracking.Run, where string, args ...any) error {
	for _, part := range runPartReaders {
		var id string
		err := tx.each(func(rows *sql.Rows) error {
			add, err := part.scan(rows, &id)
			if err != nil {
				return err
			}
			if r := runs[id]; r != nil {
				add(r)
			}
			return nil
		}, part.query+where, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// fillIn is fill for a list of runs.
func (tx *Tx) fillIn(runs map[string]*tracking.Run, ids []string) error {
	for _, part := range runPartReaders {
		var id string
		err := eachIn(tx, func(rows *sql.Rows) error {
			add, err := part.scan(rows, &id)
			if err != nil {
				return err
			}
			if r := runs[id]; r != nil {
				add(r)
			}
			return nil
		}, part.query+"WHERE r.id IN (?)", ids)
		if err != nil {
			return err
		}
	}
	return nil
}

// Run gives a run with all that was logged to it; fail.NotFound when there is none.
func (tx *Tx) Run(id string) (*tracking.Run, error) {
	h, err := tx.RunHead(id)
	if err != nil {
		return nil, err
	}
	return &h.Run, tx.fill(map[string]*tracking.Run{id: &h.Run}, "WHERE r.id = ?", id)
}
