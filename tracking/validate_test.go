package tracking

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"bailiwick/fail"
)

// refused checks that err is fail.Invalid with want in its message, or nil if want is empty.
func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err == nil {
		return
	}
	if want == "" || !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestKey(t *testing.T) {
	for key, want := range map[string]string{
		"loss": "", "a/b c-d.e:f_1": "", "é日": "", strings.Repeat("k", 250): "", "a..b": "", "...": "resolves",
		"": "must not resolve", ".": "resolve", "..": "resolve", "../a": "resolve", "..a": "resolve", "/a": "resolve", "a/": "resolve",
		"a//b": "resolve", "a/./b": "resolve", "a/../b": "resolve", "a@b": "may only contain", "a\nb": "may only contain", "a\x00": "NUL",
		"a\n": "may only contain", "\xff": "UTF-8", strings.Repeat("k", 251): "exceeds the maximum length of 250", "a*": "may only",
	} {
		if want == "resolves" {
			want = "resolve"
		}
		refused(t, fmt.Sprintf("%q", key), Key("key", key), want)
	}
}

func TestCheckMetric(t *testing.T) {
	for want, m := range map[string]Metric{
		"":                            {Key: "a", Point: Point{0, -5, math.NaN()}},
		"nonnegative":                 {Key: "a", Point: Point{-1, 0, 0}},
		"metrics[3].name":             {Key: "?"},
		"must be given together":      {Key: "a", DatasetName: "d"},
		"'metrics[3].dataset_digest'": {Key: "a", DatasetName: "d", DatasetDigest: strings.Repeat("x", 37)},
	} {
		refused(t, m.Key, CheckMetric("metrics[3]", &m), want)
	}
}

func TestLongValues(t *testing.T) {
	long := strings.Repeat("é", 9000)
	p, err := CheckParam("", Pair{Key: "a", Value: long})
	if n := utf8.RuneCountInString(p.Value); n != MaxParamValue || err != nil || !utf8.ValidString(p.Value) {
		t.Errorf("param: %d characters, %v", n, err)
	}
	tag, err := CheckRunTag("", Pair{Key: "a", Value: long})
	if n := utf8.RuneCountInString(tag.Value); n != MaxRunTagValue || err != nil {
		t.Errorf("tag: %d characters, %v", n, err)
	}
	if short, _ := CheckParam("", Pair{Key: "a", Value: strings.Repeat("é", 6000)}); len(short.Value) != 12000 {
		t.Error("cut a value of 6000 characters")
	}
	if Truncate("abc", 0) != "" || Truncate("äöü", 2) != "äö" {
		t.Error("Truncate")
	}
	_, err = CheckRunTag("", Pair{Key: TagRunName, Value: strings.Repeat("n", 251)})
	refused(t, "run name", err, "'run_name' exceeds")
	_, err = CheckParam("", Pair{Key: "a", Value: "x\x00"})
	refused(t, "NUL", err, "NUL")
	refused(t, "experiment tag", CheckExperimentTag(Pair{Key: "a", Value: strings.Repeat("é", 20000)}), "")
	refused(t, "experiment tag", CheckExperimentTag(Pair{Key: "a", Value: strings.Repeat("x", 20001)}), "maximum length of 20000")
}

func many(n int, format string) []Pair {
	out := make([]Pair, n)
	for i := range out {
		out[i] = Pair{Key: fmt.Sprintf(format, i), Value: "v"}
	}
	return out
}

func TestBatch(t *testing.T) {
	metrics := make([]Metric, 1001)
	for i := range metrics {
		metrics[i].Key = "m"
	}
	for _, c := range []struct {
		b    Batch
		want string
	}{
		{Batch{}, ""},
		{Batch{metrics[:800], many(100, "p%d"), many(100, "t%d")}, ""},
		{Batch{metrics, nil, nil}, "at most 1000 metrics. Got 1001"},
		{Batch{nil, many(101, "p%d"), nil}, "at most 100 params"},
		{Batch{nil, nil, many(101, "t%d")}, "at most 100 tags"},
		{Batch{metrics[:801], many(100, "p%d"), many(100, "t%d")}, "at most 1000 metrics, params, and tags. Got 1001"},
		{Batch{nil, []Pair{{Key: "a", Value: "1"}, {Key: "a", Value: "1"}}, nil}, "Duplicate parameter keys have been submitted: ['a']"},
		{Batch{nil, nil, []Pair{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}}, ""},
		{Batch{nil, []Pair{{Key: "a", Value: "1"}, {Key: "/", Value: "1"}}, nil}, "params[1].key"},
		{Batch{nil, nil, []Pair{{Key: "?", Value: "1"}}}, "tags[0].key"},
		{Batch{[]Metric{{Key: "a"}, {Key: "a", Point: Point{Timestamp: -1}}}, nil, nil}, "metrics[1].timestamp"},
	} {
		refused(t, c.want, c.b.Check(), c.want)
	}
	b := Batch{Params: []Pair{{Key: "a", Value: strings.Repeat("x", 7000)}}}
	if err := b.Check(); err != nil || len(b.Params[0].Value) != MaxParamValue {
		t.Errorf("%v, %d", err, len(b.Params[0].Value))
	}
}

func TestNamesAndLocations(t *testing.T) {
	for _, c := range []struct {
		check func(string) error
		value string
		want  string
	}{
		{ExperimentName, "/Users/ann/a b", ""}, {ExperimentName, "", "Invalid experiment name"},
		{ExperimentName, strings.Repeat("é", 500), ""}, {ExperimentName, strings.Repeat("x", 501), "maximum length of 500"},
		{ExperimentName, "a\x00", "NUL"}, {RunName, "", ""}, {RunName, strings.Repeat("x", 251), "maximum length of 250"},
		{LoggedModelName, "model-1", ""}, {LoggedModelName, "", "non-empty"}, {LoggedModelName, "a/b", "cannot contain"},
		{LoggedModelName, "a.b", "cannot contain"}, {LoggedModelName, "a%b", "cannot contain"}, {LoggedModelName, `a"b`, "cannot contain"},
		{LoggedModelName, strings.Repeat("x", 501), "maximum length"},
		{ArtifactLocation, "s3://bucket/a", ""}, {ArtifactLocation, "runs:/x/y", "runs:/ URI"}, {ArtifactLocation, "s3://b/a#f", "fragment"},
		{ArtifactLocation, "s3://" + strings.Repeat("x", 2048), "maximum length"},
	} {
		refused(t, c.value, c.check(c.value), c.want)
	}
	for id, want := range map[string]bool{strings.Repeat("0a", 16): true, strings.Repeat("0A", 16): false, "abc": false, strings.Repeat("g", 32): false} {
		if RunID(id) != want {
			t.Errorf("RunID(%q) = %v", id, !want)
		}
	}
}

func TestCheckInputs(t *testing.T) {
	good := Dataset{Name: "n", Digest: "d", SourceType: "local", Source: "s"}
	with := func(change func(d *Dataset)) []DatasetInput {
		d := good
		change(&d)
		return []DatasetInput{{Dataset: good}, {Dataset: d}}
	}
	for _, c := range []struct {
		inputs []DatasetInput
		want   string
	}{
		{with(func(d *Dataset) {}), ""},
		{with(func(d *Dataset) { d.Name = "" }), "Missing value for required parameter 'datasets[1].dataset.name'"},
		{with(func(d *Dataset) { d.Name = strings.Repeat("x", 501) }), "maximum length of 500"},
		{with(func(d *Dataset) { d.Digest = strings.Repeat("x", 37) }), "maximum length of 36"},
		{with(func(d *Dataset) { d.Source = strings.Repeat("x", MaxDatasetSource+1) }), "'datasets[1].dataset.source' exceeds"},
		{with(func(d *Dataset) { d.Schema = strings.Repeat("x", MaxDatasetSchema+1) }), "schema' exceeds"},
		{with(func(d *Dataset) { d.Profile = "\xff" }), "profile' is not valid UTF-8"},
		{[]DatasetInput{{good, []Pair{{Key: strings.Repeat("k", 256), Value: ""}}}}, "'datasets[0].tags[0].key' exceeds"},
		{[]DatasetInput{{good, []Pair{{Key: "k", Value: strings.Repeat("v", 501)}}}}, "value' exceeds the maximum length of 500"},
		{make([]DatasetInput, 1001), "at most 1000 datasets"},
	} {
		refused(t, c.want, CheckInputs(c.inputs), c.want)
	}
}
