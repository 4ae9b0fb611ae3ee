package store

import (
	"database/sql"
	"math"
	"strings"

	"bailiwick/fail"
	"bailiwick/tracking"
)

// A value of the latest table is the float's bits as a number that orders like the float; NaN, which MLflow ranks as 0, is the least.
const nanBits = math.MinInt64

func bitsOf(v float64) int64 {
	if v != v {
		return nanBits
	}
	b := int64(math.Float64bits(v))
	if b < 0 {
		b ^= math.MaxInt64
	}
	return b
}

func valueOf(bits int64) float64 {
	switch {
	case bits == nanBits:
		return math.NaN()
	case bits < 0:
		bits ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(bits))
}

// newer is MLflow's rule for the latest of two points of a key: by step, then time, then value (tracking.Point.Newer).
const newer = `(excluded.step > %t.step OR excluded.step = %t.step AND (excluded.at > %t.at OR excluded.at = %t.at AND
	CASE excluded.value WHEN -9223372036854775808 THEN 0 ELSE excluded.value END >
	CASE %t.value WHEN -9223372036854775808 THEN 0 ELSE %t.value END))`

var (
	putLatest = `INSERT INTO latest (run, key, value, at, step, model, dataset, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at, step = excluded.step, model = excluded.model,
		dataset = excluded.dataset, digest = excluded.digest WHERE ` + named(newer, "latest")
	putModelMetric = `INSERT INTO logged_model_metrics (model, key, run, dataset, digest, value, at, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (model, key, run, dataset, digest) DO UPDATE SET value = excluded.value, at = excluded.at, step = excluded.step WHERE ` +
		named(newer, "logged_model_metrics")
)

// LogMetrics appends points to a run: a chunk a key, and the latest point of each key.
func (tx *Tx) LogMetrics(h *RunHead, metrics ...tracking.Metric) error {
	if len(metrics) == 0 {
		return nil
	}
	if err := tx.putRows("INSERT INTO points (run, key, seq, n, data) VALUES (?, ?, ?, ?, ?)", 5, tx.chunks(h.ID, metrics)); err != nil {
		return err
	}
	var args []any
	for _, m := range tracking.Latest(metrics) {
		args = append(args, h.ID, m.Key, bitsOf(m.Value), m.Timestamp, m.Step, m.ModelID, m.DatasetName, m.DatasetDigest)
	}
	if err := tx.putRows(putLatest, 8, args); err != nil {
		return err
	}
	if err := tx.logModelMetrics(h.ID, metrics); err != nil {
		return err
	}
	return tx.touch(h)
}

// series is what the points of one chunk have in common.
type series struct {
	key string
	tracking.ChunkOf
}

// chunks packs the points of a batch, a row for each series in the order in which they first stand there.
func (tx *Tx) chunks(run string, metrics []tracking.Metric) []any {
	at := make(map[series]int, 16)
	var all []series
	var points [][]tracking.Point
	for i := range metrics {
		m := &metrics[i]
		s := series{m.Key, tracking.ChunkOf{ModelID: m.ModelID, DatasetName: m.DatasetName, DatasetDigest: m.DatasetDigest}}
		j, ok := at[s]
		if !ok {
			j = len(all)
			at[s], all, points = j, append(all, s), append(points, nil)
		}
		points[j] = append(points[j], m.Point)
	}
	args := make([]any, 0, 5*len(all))
	for j, s := range all {
		if len(points[j]) < mergedPoints/8 {
			tx.s.noticed.add(run, s.key, 1)
		}
		args = append(args, run, s.key, tx.NextID(), int64(len(points[j])), tracking.AppendChunk(nil, s.ChunkOf, points[j]))
	}
	return args
}

// logModelMetrics keeps the latest of the points that belong to a logged model, too, for each model, key and dataset.
func (tx *Tx) logModelMetrics(run string, metrics []tracking.Metric) error {
	type place struct{ model, key, dataset, digest string }
	latest, models := map[place]tracking.Metric{}, map[string]bool{}
	for _, m := range metrics {
		p := place{m.ModelID, m.Key, m.DatasetName, m.DatasetDigest}
		if old, ok := latest[p]; m.ModelID != "" && (!ok || m.Newer(old.Point)) {
			latest[p], models[m.ModelID] = m, true
		}
	}
	var args []any
	for p, m := range latest {
		args = append(args, p.model, p.key, run, p.dataset, p.digest, bitsOf(m.Value), m.Timestamp, m.Step)
	}
	if err := tx.putRows(putModelMetric, 8, args); err != nil {
		return err
	}
	for model := range models {
		if err := tx.do("UPDATE logged_models SET changed = ? WHERE id = ?", tx.Stamp, model); err != nil {
			return err
		}
	}
	return nil
}

// History gives all points of a run's metric, as get-history answers them: by time, step and value. A key that was never logged has none.
func (tx *Tx) History(run, key string) ([]tracking.Point, error) {
	var chunks [][]byte
	err := tx.each(func(r *sql.Rows) error {
		var b []byte
		err := r.Scan(&b)
		chunks = append(chunks, b)
		return err
	}, "SELECT data FROM points WHERE run = ? AND key = ? ORDER BY seq", run, key)
	if err != nil {
		return nil, err
	}
	if len(chunks) >= mergeAfter {
		tx.s.noticed.add(run, key, len(chunks))
	}
	return tracking.Merge(chunks...)
}

// NotAModel is the error for a logged model that does not exist, or may not be known.
func NotAModel(id string) error { return fail.NotFoundf("Logged model with ID '%s' not found.", id) }

// LoggedModelExperiment gives the experiment of a logged model; fail.NotFound when there is none.
func (tx *Tx) LoggedModelExperiment(id string) (experiment int64, err error) {
	found, err := tx.one([]any{&experiment}, "SELECT experiment FROM logged_models WHERE id = ?", id)
	if err == nil && !found {
		err = NotAModel(id)
	}
	return experiment, err
}

// named puts a table's name into a condition that several tables share.
func named(text, table string) string { return strings.ReplaceAll(text, "%t", table) }
