// Package tracking holds MLflow's experiments, runs, metrics, params, tags and logged models as rules and values: what is valid, which of
// two points is the latest, how history is merged and sampled, and how runs are searched in memory. It is pure; package store keeps the
// rows and package api/mlflow speaks the protocol.
package tracking

import (
	"cmp"
	"math"
)

// Point is one value of a metric.
type Point struct {
	Timestamp int64 // ms since 1970, not negative
	Step      int64
	Value     float64
}

// Metric is a point with its key and what it was measured on.
type Metric struct {
	Key string
	Point
	ModelID       string // the logged model it also belongs to; empty for none
	DatasetName   string // set together with DatasetDigest or not at all
	DatasetDigest string
}

// StoredValue gives the value that MLflow's store keeps for v: infinities become the largest doubles, since its clients are answered
// these, and every NaN is the same one.
func StoredValue(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return math.NaN()
	case math.IsInf(v, 1):
		return math.MaxFloat64
	case math.IsInf(v, -1):
		return -math.MaxFloat64
	}
	return v
}

// ranked is the value as MLflow's store compares it: NaN is kept there as 0 with a mark beside it.
func ranked(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// Newer reports whether p replaces old as the latest value of their key: by step, then timestamp, then value. Of two points that are
// equal in these the older one stays; NaN counts as 0.
func (p Point) Newer(old Point) bool {
	if p.Step != old.Step {
		return p.Step > old.Step
	}
	if p.Timestamp != old.Timestamp {
		return p.Timestamp > old.Timestamp
	}
	return ranked(p.Value) > ranked(old.Value)
}

// Latest gives for each key of a batch its latest point, in the order in which keys first stand in it.
func Latest(batch []Metric) []Metric {
	out := make([]Metric, 0, len(batch))
	seen := make(map[string]int, len(batch))
	for _, m := range batch {
		i, ok := seen[m.Key]
		switch {
		case !ok:
			seen[m.Key] = len(out)
			out = append(out, m)
		case m.Newer(out[i].Point):
			out[i] = m
		}
	}
	return out
}

// compareHistory orders the points of a key as get-history does: timestamp, step, value, and NaN behind 0.
func compareHistory(a, b Point) int {
	if c := cmp.Compare(a.Timestamp, b.Timestamp); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Step, b.Step); c != 0 {
		return c
	}
	return compareValues(a.Value, b.Value)
}

// compareSteps orders the points of a key as sampling does: step, timestamp, value, and NaN behind 0.
func compareSteps(a, b Point) int {
	if c := cmp.Compare(a.Step, b.Step); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Timestamp, b.Timestamp); c != 0 {
		return c
	}
	return compareValues(a.Value, b.Value)
}

func compareValues(a, b float64) int {
	if c := cmp.Compare(ranked(a), ranked(b)); c != 0 {
		return c
	}
	return cmp.Compare(nan(a), nan(b))
}

func nan(v float64) int {
	if v != v {
		return 1
	}
	return 0
}
