package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"slices"

	"bailiwick/tracking"
)

// LogInputs adds datasets and logged models that a run was fed with. A dataset is known in its experiment by name and digest: what is known
// stays as it is, and so does an input that the run has already.
func (tx *Tx) LogInputs(h *RunHead, inputs []tracking.DatasetInput, models []string) error {
	var datasets, uses []any
	for i := range inputs {
		d := &inputs[i].Dataset
		tags, err := json.Marshal(inputs[i].Tags)
		if err != nil {
			return err
		}
		datasets = append(datasets, h.Experiment, d.Name, d.Digest, d.SourceType, d.Source, d.Schema, d.Profile)
		uses = append(uses, h.ID, d.Name, d.Digest, string(tags))
	}
	err := tx.putRows(`INSERT INTO datasets (experiment, name, digest, source_type, source, schema_text, profile) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (experiment, name, digest) DO NOTHING`, 7, datasets)
	if err != nil {
		return err
	}
	if err := tx.putRows("INSERT INTO run_inputs (run, name, digest, tags) VALUES (?, ?, ?, ?) ON CONFLICT (run, name, digest) DO NOTHING", 4,
		uses); err != nil {
		return err
	}
	links := make([]tracking.ModelOutput, len(models))
	for i, id := range models {
		links[i].ModelID = id
	}
	if err := tx.linkRun(&h.Run, inputs, "input", links); err != nil {
		return err
	}
	return tx.linkModels(h, "input", links)
}

// LogOutputs adds logged models that a run made.
func (tx *Tx) LogOutputs(h *RunHead, models []tracking.ModelOutput) error {
	if err := tx.linkRun(&h.Run, nil, "output", models); err != nil {
		return err
	}
	return tx.linkModels(h, "output", models)
}

func (tx *Tx) linkModels(h *RunHead, side string, models []tracking.ModelOutput) error {
	var args []any
	for _, m := range models {
		args = append(args, h.ID, side, m.ModelID, m.Step)
	}
	if err := tx.putRows("INSERT INTO run_models (run, side, model, step) VALUES (?, ?, ?, ?) ON CONFLICT (run, side, model) DO NOTHING", 4,
		args); err != nil {
		return err
	}
	return tx.touch(h)
}

// DatasetUse is a dataset as the runs of an experiment used it.
type DatasetUse struct {
	Experiment            int64
	Name, Digest, Context string
}

// DatasetUses gives the datasets that active runs of experiments were fed with, each once a context, by name, digest and context; at most
// the given number.
func (tx *Tx) DatasetUses(experiments []int64, most int) ([]DatasetUse, error) {
	seen := map[DatasetUse]bool{}
	err := eachIn(tx, func(r *sql.Rows) error {
		var u DatasetUse
		var text string
		if err := r.Scan(&u.Experiment, &u.Name, &u.Digest, &text); err != nil {
			return err
		}
		var tags []tracking.Pair
		if err := json.Unmarshal([]byte(text), &tags); err != nil {
			return err
		}
		u.Context, _ = tracking.Lookup(tags, tracking.TagDatasetContext)
		seen[u] = true
		return nil
	}, `SELECT DISTINCT r.experiment, i.name, i.digest, i.tags FROM runs r JOIN run_inputs i ON i.run = r.id
		WHERE r.deleted = 0 AND r.experiment IN (?)`, experiments)
	if err != nil {
		return nil, err
	}
	uses := make([]DatasetUse, 0, len(seen))
	for u := range seen {
		uses = append(uses, u)
	}
	slices.SortFunc(uses, func(a, b DatasetUse) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Context, b.Context),
			cmp.Compare(a.Experiment, b.Experiment))
	})
	return uses[:min(len(uses), most)], nil
}
