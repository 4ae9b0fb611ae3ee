package tracking

import (
	"fmt"
	"math"
	"path"
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
	p, err := CheckParam("", Pair{"a", long})
	if n := utf8.RuneCountInString(p.Value); n != MaxParamValue || err != nil || !utf8.ValidString(p.Value) {
		t.Errorf("param: %d characters, %v", n, err)
	}
	tag, err := CheckRunTag("", Pair{"a", long})
	if n := utf8.RuneCountInString(tag.Value); n != MaxRunTagValue || err != nil {
		t.Errorf("tag: %d characters, %v", n, err)
	}
	if short, _ := CheckParam("", Pair{"a", strings.Repeat("é", 6000)}); len(short.Value) != 12000 {
		t.Error("cut a value of 6000 characters")
	}
	if Truncate("abc", 0) != "" || Truncate("äöü", 2) != "äö" {
		t.Error("Truncate")
	}
	_, err = CheckRunTag("", Pair{TagRunName, strings.Repeat("n", 251)})
	refused(t, "run name", err, "'run_name' exceeds")
	_, err = CheckParam("", Pair{"a", "x\x00"})
	refused(t, "NUL", err, "NUL")
	refused(t, "experiment tag", CheckExperimentTag(Pair{"a", strings.Repeat("é", 20000)}), "")
	refused(t, "experiment tag", CheckExperimentTag(Pair{"a", strings.Repeat("x", 20001)}), "maximum length of 20000")
}

func many(n int, format string) []Pair {
	out := make([]Pair, n)
	for i := range out {
		out[i] = Pair{fmt.Sprintf(format, i), "v"}
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
		{Batch{nil, []Pair{{"a", "1"}, {"a", "1"}}, nil}, "Duplicate parameter keys have been submitted: ['a']"},
		{Batch{nil, nil, []Pair{{"a", "1"}, {"a", "2"}}}, ""},
		{Batch{nil, []Pair{{"a", "1"}, {"/", "1"}}, nil}, "params[1].key"},
		{Batch{nil, nil, []Pair{{"?", "1"}}}, "tags[0].key"},
		{Batch{[]Metric{{Key: "a"}, {Key: "a", Point: Point{Timestamp: -1}}}, nil, nil}, "metrics[1].timestamp"},
	} {
		refused(t, c.want, c.b.Check(), c.want)
	}
	b := Batch{Params: []Pair{{"a", strings.Repeat("x", 7000)}}}
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
		{[]DatasetInput{{good, []Pair{{strings.Repeat("k", 256), ""}}}}, "'datasets[0].tags[0].key' exceeds"},
		{[]DatasetInput{{good, []Pair{{"k", strings.Repeat("v", 501)}}}}, "value' exceeds the maximum length of 500"},
		{make([]DatasetInput, 1001), "at most 1000 datasets"},
	} {
		refused(t, c.want, CheckInputs(c.inputs), c.want)
	}
}

func TestArtifactPath(t *testing.T) {
	for p, good := range map[string]bool{
		"a": true, "model/MLmodel": true, "a b/ü.txt": true, "100%": true, "a%20b": true, "50%25 off": true, "a:b/c": false, "ab:c/d": true, "v1:2.png": true,
		"...": true, "..a": true, "a..": true, ".hidden/x": true, "%zz": true, strings.Repeat("a", 1024): true,
		"": false, ".": false, "..": false, "../a": false, "a/..": false, "a/../b": false, "a/./b": false, "/a": false, "//a": false,
		"a//b": false, "a/": false, `a\b`: false, `..\a`: false, "C:x": false, "c:/x": false, "C:": false, "file:x": false, "file:///etc/passwd": false,
		"http://x/y": false, "s3:/a": false, "a#b": false, "a?b": false, "a\x00b": false, "a\nb": false, "a\x7fb": false, "a\u0085b": false,
		"\xff": false, "%2e%2e/a": false, "%2E%2e%2fa": false, "a%2f..%2fb": false, "%252e%252e%252fa": false, "a%5cb": false, "a%255cb": false,
		"%2fa": false, "a%00b": false, "a%23b": false, "a%3fb": false, "%43%3a/x": false, "a%2f": false, "%25252e%25252e": false, "%ff": false,
		strings.Repeat("a", 1025): false, strings.Repeat("%25", 50) + "2e": true, "%2525252525252525252525252e": false,
	} {
		got, err := ArtifactPath(p)
		if (err == nil) != good || err == nil && got != p {
			t.Errorf("%q: %v", p, err)
		}
		if err != nil && (!fail.Is(err, fail.Invalid) || !strings.HasPrefix(err.Error(), "Invalid path")) {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// FuzzArtifactPath: what is accepted stays below the folder it is joined to, however often it is decoded first.
func FuzzArtifactPath(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "%2e%2e/x", "%252e%252e%252f", `a\..\b`, "C:x", "a%00", "..%c0%af", "%uff0e", "a/%2e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ArtifactPath(raw)
		if err != nil {
			return
		}
		for range maxDecodings + 1 {
			joined := path.Join("/root/run", p)
			if !strings.HasPrefix(joined, "/root/run/") || joined != "/root/run/"+p || strings.ContainsAny(p, "\\\x00") {
				t.Fatalf("%q came to %q", raw, joined)
			}
			p = unescape(p)
		}
	})
}
