package mlflow

import (
	"bufio"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// largest is what an infinity becomes in an answer; message_to_json itself prints "Infinity", MLflow's store clamps before it.
const largest = "1.7976931348623157e+308"

// shapes are the requests and responses of the declared endpoints by Go name.
func shapes() map[string]reflect.Type {
	found := map[string]reflect.Type{}
	for _, e := range DeclaredEndpoints {
		for _, m := range []any{e.Request, e.Response} {
			if m != nil {
				t := reflect.TypeOf(m).Elem()
				found[t.Name()] = t
			}
		}
	}
	return found
}

// made gives a new message of a shape.
func made(t testing.TB, name string) any {
	t.Helper()
	shape, ok := shapes()[name]
	if !ok {
		t.Fatalf("no shape is called %s", name)
	}
	return reflect.New(shape).Interface()
}

// rows calls each with every line of a file of testdata.
func rows[T any](t *testing.T, file string, each func(T)) {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, n := bufio.NewScanner(f), 0
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); n++ {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		each(row)
	}
	if n < 60 || lines.Err() != nil {
		t.Fatalf("%s has %d rows: %v", file, n, lines.Err())
	}
}

// TestEncodesLikeMLflow reads messages with every field set, printed by the real protobuf code, and must print the same bytes.
func TestEncodesLikeMLflow(t *testing.T) {
	type row struct{ Message, Want string }
	rows(t, "encode.jsonl", func(r row) {
		m := made(t, r.Message)
		if err := Decode([]byte(r.Want), m); err != nil {
			t.Errorf("%s: %v", r.Message, err)
			return
		}
		if diff := cmp.Diff(r.Want, string(AppendJSON(nil, m))); diff != "" {
			t.Errorf("%s (-mlflow +ours):\n%s", r.Message, diff)
		}
	})
}

// TestDecodesLikeMLflow gives bodies to the decoder and compares with what the real parse_dict made of them, or with what the row
// says we do instead.
func TestDecodesLikeMLflow(t *testing.T) {
	type row struct {
		Message, Body, Why string
		MLflow, Ours       json.RawMessage
	}
	rows(t, "lenient.jsonl", func(r row) {
		want := r.MLflow
		if r.Why != "" {
			want = r.Ours
		}
		m := made(t, r.Message)
		err := Decode([]byte(r.Body), m)
		switch got := AppendJSON(nil, m); {
		case string(want) == "null" && !fail.Is(err, fail.Invalid):
			t.Errorf("%s %s: took it as %s (%v), want it refused", r.Message, r.Body, got, err)
		case string(want) != "null" && err != nil:
			t.Errorf("%s %s: %v, want %s", r.Message, r.Body, err, want)
		case string(want) != "null" && !cmp.Equal(value(t, got), value(t, want)):
			t.Errorf("%s %s = %s, want %s", r.Message, r.Body, got, want)
		}
	})
}

// value is what a JSON text means, infinities being what answers make of them.
func value(t *testing.T, text []byte) (v any) {
	t.Helper()
	clamped := strings.ReplaceAll(strings.ReplaceAll(string(text), `"Infinity"`, largest), `"-Infinity"`, "-"+largest)
	if err := json.Unmarshal([]byte(clamped), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestRefusals holds what a caller is told.
func TestRefusals(t *testing.T) {
	tests := []struct{ body, want string }{
		{`[1]`, "the body must be an object, not a list"},
		{`"[1]"`, "the body must be an object, not a list"},
		{`7`, "the body must be an object, not a number"},
		{`{"metrics":[{},{"value":"abc"}]}`, `metrics[1].value: "abc" is not a number`},
		{`{"metrics":[{"value":[]}]}`, "metrics[0].value: must be a number, not a list"},
		{`{"metrics":[{"step":true}]}`, "metrics[0].step: must be a whole number, not a boolean"},
		{`{"metrics":[{"step":"3.5"}]}`, `metrics[0].step: "3.5" is not a whole number`},
		{`{"metrics":[{"step":1e30}]}`, `metrics[0].step: "1e30" does not fit a whole number of 64 bits`},
		{`{"metrics":[null]}`, "metrics[0]: must be an object, not null"},
		{`{"params":[{"key":"a","value":3}]}`, "params[0].value: must be a string, not a number"},
		{`{"params":[{"key":"a\u0000"}]}`, "params[0].key: holds the character NUL"},
		{"{\"params\":[{\"key\":\"a\xff\"}]}", "params[0].key: is not valid UTF-8"},
		{"{\"extra\":{\"list\":[0,\"\xc3\"]}}", "extra[1]: is not valid UTF-8"},
		{"{\"a\xff\":1}", "a name of an object: is not valid UTF-8"},
		{`{"run_id":"a","runId":"b"}`, "the body gives both run_id and runId; give one of them"},
		{`{"metrics":[{"modelId":"a","model_id":"b"}]}`, "metrics[0]: gives both model_id and modelId; give one of them"},
		{`{"run_id":"a"`, "the body is not JSON: a comma or } is missing at byte 13"},
		{`{"run_id":"a"}}`, "the body is not JSON: something follows the end at byte 14"},
		{`{"metrics":[{"value":1.}]}`, "the body is not JSON: a number is misspelt at byte 23"},
		{`{"run_id":"a`, "the body is not JSON: a string does not end at byte 12"},
		{`{"run_id":?}`, `the body is not JSON: no value begins with "?" at byte 10`},
	}
	for _, tt := range tests {
		err := Decode([]byte(tt.body), new(LogBatch))
		if !fail.Is(err, fail.Invalid) || err.Error() != tt.want {
			t.Errorf("%q: %v\nwant %s", tt.body, err, tt.want)
		}
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) error {
		return Decode([]byte(strings.Repeat(`{"x":[`, n)+strings.Repeat("]}", n)), new(LogBatch))
	}
	if err := nested(16); err != nil {
		t.Errorf("32 levels: %v", err)
	}
	if err := nested(17); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), "deeper than 32") {
		t.Errorf("34 levels: %v", err)
	}
	if err := nested(1 << 20); !fail.Is(err, fail.Invalid) {
		t.Errorf("two million levels: %v", err)
	}
}

// TestPresence holds that set-but-empty is told apart from unset, in and out.
func TestPresence(t *testing.T) {
	m := new(RunInfo)
	if err := Decode([]byte(`{"run_id":"","start_time":0,"end_time":null}`), m); err != nil {
		t.Fatal(err)
	}
	if m.RunId == nil || m.StartTime == nil || m.EndTime != nil || m.UserId != nil {
		t.Errorf("presence is lost: %+v", m)
	}
	if got := string(AppendJSON(nil, m)); got != `{"start_time":0,"run_id":""}` {
		t.Errorf("encoded as %s", got)
	}
}

// TestDefaults holds the getters' defaults, also on nil.
func TestDefaults(t *testing.T) {
	var search *SearchRuns
	var run *Run
	ascending := new(SearchLoggedModelsOrderBy).GetAscending()
	got := []any{search.GetMaxResults(), search.GetRunViewType(), search.GetFilter(), run.GetInfo().GetRunId(), ascending}
	want := []any{int32(1000), ViewTypeActiveOnly, "", "", true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeQuery(t *testing.T) {
	tests := []struct {
		query string
		into  any
		want  string // the message, or the refusal
	}{
		{"run_id=a&run_uuid=b&other=1", new(GetRun), `{"run_uuid":"b","run_id":"a"}`},
		{"runId=a", new(GetRun), `{"run_id":"a"}`},
		{"run_id=a&run_id=b", new(GetRun), `{"run_id":"a"}`},
		{"run_id=a&runId=b", new(GetRun), "run_id: is given as runId too; give one of them"},
		{"run_id=a%00", new(GetRun), "run_id: holds the character NUL"},
		{"run_id=%ff", new(GetRun), "run_id: is not valid UTF-8"},
		{"=x", new(LogParam), `{}`},
		{"trace_ids=a&trace_ids=b", new(BatchGetTraces), `{"trace_ids":["a","b"]}`},
		{"trace_id=t&allow_partial=TRUE", new(GetTrace), `{"trace_id":"t","allow_partial":true}`},
		{"allow_partial=1", new(GetTrace), `allow_partial: "1" is neither true nor false`},
		{"run_view_type=ALL&max_results=5", new(SearchRuns), `{"run_view_type":"ALL","max_results":5}`},
		{"run_view_type=x", new(SearchRuns), `{}`},
		{"max_results=", new(SearchRuns), `max_results: "" is not a whole number`},
		{"max_results=3000000000", new(SearchRuns), `max_results: "3000000000" does not fit a whole number of 32 bits`},
		{"value=NaN&step=3.0", new(LogMetric), `{"value":"NaN","step":3}`},
		{"metrics=x", new(LogBatch), "metrics: cannot be given in a query"},
	}
	for _, tt := range tests {
		values, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := DecodeQuery(values, tt.into); err != nil {
			got = err.Error()
		} else {
			got = string(AppendJSON(nil, tt.into))
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.query, got, tt.want)
		}
	}
}

// TestEncodeExtremes holds what no decoded message can hold.
func TestEncodeExtremes(t *testing.T) {
	metrics := []*Metric{{Value: new(math.Inf(1))}, {Value: new(math.Inf(-1))}, {Key: new("a\xffb\x00")}, nil}
	tests := []struct {
		in   any
		want string
	}{
		{&LogBatch{Metrics: metrics}, `{"metrics":[{"value":` + largest + `},{"value":-` + largest + `},{"key":"a` + "\ufffd" + `b\u0000"},{}]}`},
		{(*LogBatch)(nil), `{}`},
		{&LogBatch{Metrics: []*Metric{}}, `{}`},
		{&TraceInfoV3{ExecutionDuration: new(time.Duration(math.MinInt64))}, `{"execution_duration":"-9223372036.854775807s"}`},
		{&TraceInfoV3{Tags: map[string]string{"b": "1", "a": "2", "": "3"}}, `{"tags":{"":"3","a":"2","b":"1"}}`},
		{&TraceInfoV3{Tags: map[string]string{}}, `{}`},
		{&ServerInfo{WorkspacesEnabled: new(false), FeaturesEnabled: &ServerFeatures{}}, `{"features_enabled":{},"workspaces_enabled":false}`},
	}
	for _, tt := range tests {
		if got := string(AppendJSON(nil, tt.in)); got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}

// TestDeclaredEndpoints guards the generated table against a generator that lost its sources.
func TestDeclaredEndpoints(t *testing.T) {
	services, unshaped := map[string]int{}, 0
	for _, e := range DeclaredEndpoints {
		services[e.Service]++
		if e.Request == nil {
			unshaped++
		}
		if e.Method == "" || e.RPC == "" || e.Message == "" || !strings.HasPrefix(e.Path, "/api/") {
			t.Errorf("incomplete: %+v", e)
		}
	}
	want := map[string]int{
		"mlflow.MlflowService": 151, "mlflow.ModelRegistryService": 22, "mlflow.artifacts.MlflowArtifactsService": 8,
		"mlflow.DatabricksMlflowArtifactsService": 9, "mlflow.WebhookService": 6, "mlflow.filesystem.FilesystemService": 2,
		"mlflow.databricks.DatabricksTrackingService": 20, "mlflow.ucmodelregistry.UcModelRegistryService": 22,
		"mlflow.unitycatalog.UnityCatalogPromptService": 20, "mlflow.unitycatalog.UnityCatalogService": 17,
		"mlflow.managedcatalog.DatabricksUnityCatalogService": 1,
	}
	if diff := cmp.Diff(want, services); diff != "" || unshaped == 0 {
		t.Errorf("%d without shapes; services (-want +got):\n%s", unshaped, diff)
	}
}

// TestFloatsAreExact compares the short way of reading numbers with strconv.
func TestFloatsAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := strconv.FormatFloat(random.Float64()*math.Pow(10, float64(random.IntN(24)-12)), 'f', random.IntN(20)-1, 64)
		want, err := strconv.ParseFloat(text, 64)
		m := new(LogMetric)
		if err != nil || Decode([]byte(`{"value":`+text+`}`), m) != nil || m.GetValue() != want {
			t.Fatalf("%s is read as %v, want %v", text, m.GetValue(), want)
		}
	}
}

// TestPlans makes the plan of every shape, those that no service declares too; a field without a wire form would panic.
func TestPlans(t *testing.T) {
	for _, shape := range shapes() {
		planOf(shape)
	}
	for _, m := range []any{
		ServerInfo{}, GetMetricHistoryBulk{}, GetMetricHistoryBulkResponse{}, ModelVersionFile{}, ListModelVersionArtifactsResponse{}, SignedDownloadUri{},
	} {
		for _, f := range planOf(reflect.TypeOf(m)).fields {
			if f.name == "" {
				t.Errorf("a field of %T has no name", m)
			}
		}
	}
}
