package tracking

import (
	"regexp"
	"strings"

	"bailiwick/fail"
	"bailiwick/keyed"
)

// The limits of MLflow 3.17 (mlflow/utils/validation.py), in characters unless another unit is named. MaxRunName, MaxUser and
// MaxLoggedModelName are the widths of its columns, which only some of its databases enforce.
const (
	MaxBatchMetrics       = 1000            // metrics of one log-batch
	MaxBatchParams        = 100             // params of one log-batch
	MaxBatchTags          = 100             // tags of one log-batch
	MaxBatchAll           = keyed.MaxAtOnce // all of one log-batch together
	MaxInputs             = 1000            // datasets of one log-inputs
	MaxKey                = keyed.MaxKey
	MaxParamValue         = 6000 // longer ones are cut
	MaxRunTagValue        = 8000 // longer ones are cut
	MaxExperimentTagValue = 20000
	MaxExperimentName     = 500
	MaxArtifactLocation   = 2048
	MaxRunName            = 250
	MaxUser               = 256
	MaxLoggedModelName    = 500
	MaxDatasetName        = 500
	MaxDatasetDigest      = 36
	MaxDatasetSchema      = 1048575
	MaxDatasetSource      = 65535
	MaxDatasetProfile     = 16777215
	MaxInputTagKey        = 255
	MaxInputTagValue      = 500
	MaxHistory            = 25000 // points of one get-history-bulk
	MaxHistoryRuns        = 100   // runs of one get-history-bulk
	MaxSample             = 2500  // points a run of get-history-bulk-interval, when none is given
)

// RunID reports whether id has the form of a run's id: 32 lower-case hexadecimal digits.
func RunID(id string) bool { return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" }

// plain refuses what no database keeps; limited also what is longer than max characters.
func plain(where, s string) error            { return keyed.Plain(where, s) }
func limited(where, s string, max int) error { return keyed.Limited(where, s, max) }

// Truncate cuts s after max characters.
func Truncate(s string, max int) string { return keyed.Truncate(s, max) }

// Key checks the key of a metric, param or tag; where names it in the message.
func Key(where, key string) error { return keyed.Check(where, key) }

// CheckMetric checks one point with its key. Any double is a value, NaN and the infinities too.
func CheckMetric(where string, m *Metric) error {
	if err := Key(at(where, "name"), m.Key); err != nil {
		return err
	}
	if m.Timestamp < 0 {
		return fail.Invalidf("Invalid value %d for parameter '%s' supplied: metric '%s': timestamp must be a nonnegative long (64-bit integer)",
			m.Timestamp, at(where, "timestamp"), m.Key)
	}
	if (m.DatasetName == "") != (m.DatasetDigest == "") {
		return fail.Invalidf("Metric '%s': dataset_name and dataset_digest must be given together", m.Key)
	}
	return firstError(
		limited(at(where, "model_id"), m.ModelID, MaxKey),
		limited(at(where, "dataset_name"), m.DatasetName, MaxDatasetName),
		limited(at(where, "dataset_digest"), m.DatasetDigest, MaxDatasetDigest))
}

// CheckParam checks a param and gives it as it is stored: a value longer than MaxParamValue is cut.
func CheckParam(where string, p Pair) (Pair, error) { return checkPair(where, p, MaxParamValue) }

// CheckRunTag checks a run's tag and gives it as it is stored: a value longer than MaxRunTagValue is cut, except that the name of a
// run may not be longer than MaxRunName.
func CheckRunTag(where string, p Pair) (Pair, error) {
	if p.Key == TagRunName {
		return p, RunName(p.Value)
	}
	return checkPair(where, p, MaxRunTagValue)
}

func checkPair(where string, p Pair, max int) (Pair, error) {
	if err := Key(at(where, "key"), p.Key); err != nil {
		return p, err
	}
	if err := plain(at(where, "value"), p.Value); err != nil {
		return p, err
	}
	p.Value = Truncate(p.Value, max)
	return p, nil
}

// CheckExperimentTag checks an experiment's tag; a value that is too long is an error.
func CheckExperimentTag(p Pair) error {
	return firstError(Key("key", p.Key), limited("value", p.Value, MaxExperimentTagValue))
}

// Batch is what one log-batch carries.
type Batch struct {
	Metrics []Metric
	Params  []Pair
	Tags    []Pair
}

// Check checks a batch whole and cuts its long values in place. A param's key may stand in it once only, even with the same value.
func (b *Batch) Check() error {
	all := len(b.Metrics) + len(b.Params) + len(b.Tags)
	err := firstError(
		batchLimit("metrics", len(b.Metrics), MaxBatchMetrics), batchLimit("params", len(b.Params), MaxBatchParams),
		batchLimit("tags", len(b.Tags), MaxBatchTags), batchLimit("metrics, params, and tags", all, MaxBatchAll))
	if err != nil {
		return err
	}
	for i := range b.Metrics {
		if CheckMetric("", &b.Metrics[i]) != nil { // the place is only written down for an error
			return CheckMetric(nth("metrics", i), &b.Metrics[i])
		}
	}
	if err := checkAll("params", b.Params, CheckParam); err != nil {
		return err
	}
	if err := uniqueKeys(b.Params); err != nil {
		return err
	}
	return checkAll("tags", b.Tags, CheckRunTag)
}

// checkAll checks pairs and keeps them as the check gives them.
func checkAll(where string, pairs []Pair, check func(string, Pair) (Pair, error)) (err error) {
	for i, p := range pairs {
		if pairs[i], err = check("", p); err != nil {
			_, err = check(nth(where, i), p)
			return err
		}
	}
	return nil
}

func batchLimit(what string, n, max int) error {
	if n <= max {
		return nil
	}
	return fail.Invalidf("A batch logging request can contain at most %d %s. Got %d %s. Please split them across several requests.",
		max, what, n, what)
}

func uniqueKeys(params []Pair) error {
	seen := make(map[string]bool, len(params))
	for _, p := range params {
		if seen[p.Key] {
			return fail.Invalidf("Duplicate parameter keys have been submitted: ['%s']. A request may contain one value for each key.", p.Key)
		}
		seen[p.Key] = true
	}
	return nil
}

// RunName checks the name of a run; it may be empty.
func RunName(name string) error { return limited("run_name", name, MaxRunName) }

// ExperimentName checks an experiment's name as the caller gave it; where it may lie is for package workspace to say.
func ExperimentName(name string) error {
	if name == "" {
		return fail.Invalidf("Invalid experiment name: ''")
	}
	return limited("name", name, MaxExperimentName)
}

// ArtifactLocation checks the location that a caller gives an experiment; whether he may give one is for others to say.
func ArtifactLocation(uri string) error {
	if err := limited("artifact_location", uri, MaxArtifactLocation); err != nil {
		return err
	}
	if strings.HasPrefix(uri, "runs:") {
		return fail.Invalidf("Artifact location cannot be a runs:/ URI. Given: '%s'", uri)
	}
	if strings.ContainsAny(uri, "#?") {
		return fail.Invalidf("Artifact location cannot have a fragment or a query. Given: '%s'", uri)
	}
	return nil
}

var badModelName = regexp.MustCompile(`[/:.%"']`)

// LoggedModelName checks the name of a logged model that was given one.
func LoggedModelName(name string) error {
	if name == "" || badModelName.MatchString(name) {
		return fail.Invalidf("Invalid model name (%q) provided. It must be a non-empty string and cannot contain the following "+
			"characters: / : . %% \" '", name)
	}
	return limited("name", name, MaxLoggedModelName)
}

// CheckInputs checks the datasets of one log-inputs.
func CheckInputs(inputs []DatasetInput) error {
	if err := batchLimit("datasets", len(inputs), MaxInputs); err != nil {
		return err
	}
	for i := range inputs {
		if err := inputs[i].check(nth("datasets", i)); err != nil {
			return err
		}
	}
	return nil
}

func (in *DatasetInput) check(where string) error {
	d := &in.Dataset
	for _, f := range []struct {
		name, value string
		max         int
		required    bool
	}{
		{"name", d.Name, MaxDatasetName, true}, {"digest", d.Digest, MaxDatasetDigest, true},
		{"source_type", d.SourceType, MaxKey, false}, {"source", d.Source, MaxDatasetSource, false},
		{"schema", d.Schema, MaxDatasetSchema, false}, {"profile", d.Profile, MaxDatasetProfile, false},
	} {
		if f.required && f.value == "" {
			return fail.Invalidf("Missing value for required parameter '%s'.", at(where, "dataset."+f.name))
		}
		if err := limited(at(where, "dataset."+f.name), f.value, f.max); err != nil {
			return err
		}
	}
	for i, t := range in.Tags {
		tag := at(where, nth("tags", i))
		err := firstError(limited(at(tag, "key"), t.Key, MaxInputTagKey), limited(at(tag, "value"), t.Value, MaxInputTagValue))
		if err != nil {
			return err
		}
	}
	return nil
}
