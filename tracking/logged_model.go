package tracking

import (
	"slices"

	"bailiwick/fail"
)

// ModelStatus says whether a logged model is complete, with MLflow's numbers.
type ModelStatus uint8

// The statuses.
const (
	ModelUnspecified ModelStatus = iota
	ModelPending
	ModelReady
	ModelFailed
)

// modelStatuses has the names that filters use and those of the wire.
var modelStatuses = [...]struct{ name, wire string }{
	ModelUnspecified: {"UNSPECIFIED", "LOGGED_MODEL_STATUS_UNSPECIFIED"},
	ModelPending:     {"PENDING", "LOGGED_MODEL_PENDING"},
	ModelReady:       {"READY", "LOGGED_MODEL_READY"},
	ModelFailed:      {"FAILED", "LOGGED_MODEL_UPLOAD_FAILED"},
}

// String gives the name that filters use.
func (s ModelStatus) String() string { return modelStatuses[s%4].name }

// Wire gives the name of the protocol.
func (s ModelStatus) Wire() string { return modelStatuses[s%4].wire }

// Final reports whether no further status follows.
func (s ModelStatus) Final() bool { return s == ModelReady || s == ModelFailed }

// ParseModelStatus finds a status by either of its names.
func ParseModelStatus(name string) (ModelStatus, bool) {
	for i, n := range modelStatuses {
		if name == n.name || name == n.wire {
			return ModelStatus(i), true
		}
	}
	return 0, false
}

// ModelMetric is a metric of a logged model, with the run that measured it.
type ModelMetric struct {
	Metric
	Run string
}

// LoggedModel is a model that was logged to an experiment.
type LoggedModel struct {
	ID               string // "m-" and 32 hexadecimal digits
	Experiment       int64
	Name             string
	Type             string
	Status           ModelStatus
	StatusMessage    string
	SourceRun        string
	ArtifactLocation string
	Lifecycle        Lifecycle
	Created          int64 // ms since 1970
	Updated          int64 // ms since 1970
	Params           []Pair
	Tags             []Pair
	Metrics          []ModelMetric
}

// Finalize sets the last status of a model.
func (m *LoggedModel) Finalize(s ModelStatus, now int64) error {
	if !s.Final() {
		return fail.Invalidf("Invalid model status: %s. Expected READY or FAILED.", s)
	}
	m.Status, m.Updated = s, now
	return nil
}

// DeleteTag takes a tag away; a missing one is fail.NotFound.
func (m *LoggedModel) DeleteTag(key string) error {
	i := slices.IndexFunc(m.Tags, func(p Pair) bool { return p.Key == key })
	if i < 0 {
		return fail.NotFoundf("No tag with key %s in model with id %s", key, m.ID)
	}
	m.Tags = slices.Delete(m.Tags, i, i+1)
	return nil
}
