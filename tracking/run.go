package tracking

import (
	"fmt"
	"slices"
	"strings"

	"bailiwick/fail"
	"bailiwick/keyed"
	"bailiwick/tracking/search"
)

// TagRunName is the tag that always has the run's name.
const TagRunName = "mlflow.runName"

// TagDatasetContext is the tag of a dataset input that says what it was used for.
const TagDatasetContext = "mlflow.data.context"

// Pair is a param or a tag.
type Pair = keyed.Pair

// Lookup finds a key in a short list of pairs.
func Lookup(pairs []Pair, key string) (string, bool) { return keyed.Lookup(pairs, key) }

// SetPair gives pairs with one key set.
func SetPair(pairs []Pair, key, value string) []Pair { return keyed.Set(pairs, key, value) }

// RunStatus is where a run is in its life, with MLflow's numbers.
type RunStatus uint8

// The statuses. MLflow sets no rule on which may follow which: a finished run that is logged to again is RUNNING once more.
const (
	Running RunStatus = iota + 1
	Scheduled
	Finished
	Failed
	Killed
)

var runStatusNames = [...]string{Running: "RUNNING", Scheduled: "SCHEDULED", Finished: "FINISHED", Failed: "FAILED", Killed: "KILLED"}

// String gives MLflow's name of the status; empty for a number that is none.
func (s RunStatus) String() string {
	if int(s) < len(runStatusNames) {
		return runStatusNames[s]
	}
	return ""
}

// ParseRunStatus finds a status by its name. MLflow's server takes an unknown one for not given.
func ParseRunStatus(name string) (RunStatus, bool) {
	i := slices.Index(runStatusNames[1:], name)
	return RunStatus(i + 1), i >= 0
}

// Terminal reports whether the run has come to its end.
func (s RunStatus) Terminal() bool { return s >= Finished && s <= Killed }

// Lifecycle is search.Active or search.Deleted.
type Lifecycle = search.View

// LifecycleName gives the stage's name on the wire.
func LifecycleName(l Lifecycle) string {
	if l == search.Deleted {
		return "deleted"
	}
	return "active"
}

// Unset marks a time that is not known yet.
const Unset = search.Null

// Dataset is data a run was fed with.
type Dataset struct {
	Name       string
	Digest     string
	SourceType string
	Source     string
	Schema     string
	Profile    string
}

// DatasetInput is a dataset with the tags of its use by one run.
type DatasetInput struct {
	Dataset Dataset
	Tags    []Pair
}

// ModelOutput is a logged model that a run made, at a step.
type ModelOutput struct {
	ModelID string
	Step    int64
}

// Run is one run with the latest value of each of its metrics.
type Run struct {
	ID          string // 32 hexadecimal digits
	Experiment  int64
	Name        string
	User        string
	Status      RunStatus
	Start       int64 // ms since 1970
	End         int64 // ms since 1970, Unset while it runs
	Lifecycle   Lifecycle
	ArtifactURI string

	Metrics      []Metric
	Params       []Pair
	Tags         []Pair
	Datasets     []DatasetInput
	ModelInputs  []string
	ModelOutputs []ModelOutput
}

// Writable refuses to log to a deleted run.
func (r *Run) Writable() error {
	if r.Lifecycle == search.Active {
		return nil
	}
	return fail.Invalidf("The run %s must be in the 'active' state. Current state is %s.", r.ID, LifecycleName(r.Lifecycle))
}

// RunUpdate is what runs/update may change; nil fields stay.
type RunUpdate struct {
	Status *RunStatus
	End    *int64
	Name   *string
}

// Apply changes the run. An empty name counts as not given, as in MLflow.
func (r *Run) Apply(u RunUpdate) {
	if u.Status != nil {
		r.Status = *u.Status
	}
	if u.End != nil {
		r.End = *u.End
	}
	if u.Name != nil && *u.Name != "" {
		r.Name = *u.Name
		r.Tags = SetPair(r.Tags, TagRunName, r.Name)
	}
}

// SetTag sets a tag; the run's name follows its tag, which cannot be made empty.
func (r *Run) SetTag(key, value string) {
	if key == TagRunName {
		r.Apply(RunUpdate{Name: &value})
		return
	}
	r.Tags = SetPair(r.Tags, key, value)
}

// DeleteTag takes a tag away; a missing one is fail.NotFound.
func (r *Run) DeleteTag(key string) error {
	i := slices.IndexFunc(r.Tags, func(p Pair) bool { return p.Key == key })
	if i < 0 {
		return fail.NotFoundf("No tag with name: %s in run with id %s", key, r.ID)
	}
	r.Tags = slices.Delete(r.Tags, i, i+1)
	return nil
}

// NameRun gives the name of a new run and its tags with that name in them. The name and the tag may both be given if they agree; if
// neither is, pick chooses a name.
func NameRun(name string, tags []Pair, pick func(n int) int) (string, []Pair, error) {
	tagged, _ := Lookup(tags, TagRunName)
	if name != "" && tagged != "" && name != tagged {
		return "", nil, fail.Invalidf("Both 'run_name' argument and '%s' tag are specified, but with different values "+
			"(run_name='%s', %s='%s').", TagRunName, name, TagRunName, tagged)
	}
	if name == "" {
		name = tagged
	}
	if name == "" {
		name = AutoName(pick)
	}
	return name, SetPair(slices.Clone(tags), TagRunName, name), nil
}

// NewParams gives those of the params that the run does not have yet. Logging a value again is no error; logging another one is, and
// clients know the message by its beginning.
func NewParams(run string, have, params []Pair) ([]Pair, error) {
	var fresh, changed []Pair
	for _, p := range params {
		switch old, ok := Lookup(have, p.Key); {
		case !ok:
			fresh = append(fresh, p)
		case old != p.Value:
			changed = append(changed, Pair{Key: p.Key, Value: old}, p)
		}
	}
	if len(changed) == 0 {
		return fresh, nil
	}
	return nil, errChanged(run, changed)
}

// errChanged lists params in twos, as they are and as they were sent.
func errChanged(run string, changed []Pair) error {
	const rule = "Changing param values is not allowed. "
	if len(changed) == 2 {
		return fail.Invalidf(rule+"Param with key='%s' was already logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
			changed[0].Key, changed[0].Value, run, changed[1].Value)
	}
	var list []string
	for i := 0; i < len(changed); i += 2 {
		list = append(list, fmt.Sprintf("{'key': '%s', 'old_value': '%s', 'new_value': '%s'}",
			changed[i].Key, changed[i].Value, changed[i+1].Value))
	}
	return fail.Invalidf(rule+"Params were already logged='[%s]' for run ID='%s'.", strings.Join(list, ", "), run)
}
