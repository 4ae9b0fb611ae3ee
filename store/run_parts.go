package store

import (
	"database/sql"
	"encoding/json"

	"bailiwick/tracking"
)

// runPart reads one table of what belongs to runs. Its query ends before the condition, which names the run as p.run.
type runPart struct {
	query string
	open  func(run *string) partReader
}

// partReader reads rows, one after the other, into the same places, and adds what is there to the row's run.
type partReader struct {
	dest []any
	add  func(*tracking.Run) error
}

var (
	paramsPart = runPart{"SELECT p.run, p.key, p.value FROM params p ", readPairs(func(r *tracking.Run) *[]tracking.Pair { return &r.Params })}
	tagsPart   = runPart{"SELECT p.run, p.key, p.value FROM tags p ", readPairs(func(r *tracking.Run) *[]tracking.Pair { return &r.Tags })}
)

// wholeRuns is all that was logged to runs; indexedRuns is what of it searches look at.
var (
	wholeRuns = []runPart{paramsPart, tagsPart,
		{"SELECT p.run, p.key, p.value, p.at, p.step, p.model, p.dataset, p.digest FROM latest p ", readLatest},
		{`SELECT p.run, p.name, p.digest, p.tags, d.source_type, d.source, d.schema_text, d.profile FROM run_inputs p JOIN runs r ON r.id = p.run
		JOIN datasets d ON d.experiment = r.experiment AND d.name = p.name AND d.digest = p.digest `, readInputs},
		{"SELECT p.run, p.side, p.model, p.step FROM run_models p ", readRunModels},
	}
	indexedRuns = []runPart{paramsPart, tagsPart,
		{"SELECT p.run, p.key, p.value FROM latest p ", readValues},
		{"SELECT p.run, p.name, p.digest, p.tags FROM run_inputs p ", readInputNames},
	}
)

func readPairs(list func(*tracking.Run) *[]tracking.Pair) func(*string) partReader {
	return func(run *string) partReader {
		p := &tracking.Pair{}
		return partReader{[]any{run, &p.Key, &p.Value}, func(r *tracking.Run) error {
			l := list(r)
			*l = append(*l, *p)
			return nil
		}}
	}
}

func readLatest(run *string) partReader {
	m, bits := &tracking.Metric{}, new(int64)
	dest := []any{run, &m.Key, bits, &m.Timestamp, &m.Step, &m.ModelID, &m.DatasetName, &m.DatasetDigest}
	return partReader{dest, func(r *tracking.Run) error {
		m.Value = valueOf(*bits)
		r.Metrics = append(r.Metrics, *m)
		return nil
	}}
}

// readValues reads no more of metrics than their values.
func readValues(run *string) partReader {
	all := readLatest(run)
	all.dest = all.dest[:3]
	return all
}

// readInputs reads datasets of a run; the tags of a use are kept as JSON, a list of pairs.
func readInputs(run *string) partReader {
	d, tags := &tracking.Dataset{}, new(string)
	return partReader{[]any{run, &d.Name, &d.Digest, tags, &d.SourceType, &d.Source, &d.Schema, &d.Profile}, func(r *tracking.Run) error {
		in := tracking.DatasetInput{Dataset: *d}
		err := json.Unmarshal([]byte(*tags), &in.Tags)
		r.Datasets = append(r.Datasets, in)
		return err
	}}
}

// readInputNames reads no more of datasets than what names them, and the tags of their use.
func readInputNames(run *string) partReader {
	all := readInputs(run)
	all.dest = all.dest[:4]
	return all
}

func readRunModels(run *string) partReader {
	m, side := &tracking.ModelOutput{}, new(string)
	return partReader{[]any{run, side, &m.ModelID, &m.Step}, func(r *tracking.Run) error {
		if *side == "input" {
			r.ModelInputs = append(r.ModelInputs, m.ModelID)
		} else {
			r.ModelOutputs = append(r.ModelOutputs, *m)
		}
		return nil
	}}
}

// fill reads parts of runs.
func (tx *Tx) fill(parts []runPart, heads []*RunHead) error {
	ids, runs := make([]string, len(heads)), make(map[string]*tracking.Run, len(heads))
	for i, h := range heads {
		ids[i], runs[h.ID] = h.ID, &h.Run
	}
	for _, part := range parts {
		var id string
		reader := part.open(&id)
		err := eachIn(tx, func(rows *sql.Rows) error {
			if err := rows.Scan(reader.dest...); err != nil {
				return err
			}
			return reader.add(runs[id])
		}, part.query+"WHERE p.run IN (?)", ids)
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
	return &h.Run, tx.fill(wholeRuns, []*RunHead{h})
}
