package mlflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"bailiwick/fail"
)

// FuzzDecode: no body makes the decoder panic or answer anything but fail.Invalid, and what it took stays the same when it is written
// and read again.
func FuzzDecode(f *testing.F) {
	lenient, err := os.ReadFile("testdata/lenient.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(lenient) {
		var row struct{ Body string }
		if err := json.Unmarshal(line, &row); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(len(line)), []byte(row.Body))
	}
	f.Add(uint8(0), logBatchBody(3))
	shaped := []func() any{
		func() any { return new(LogBatch) },
		func() any { return new(SearchRunsResponse) },
		func() any { return new(StartTraceV3) },
		func() any { return new(GetTraceResponse) },
		func() any { return new(CreateAssessment) },
		func() any { return new(SearchLoggedModels) },
		func() any { return new(ProxyGetPresignedDownloadUrlResponse) },
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		fresh := shaped[int(which)%len(shaped)]
		first := fresh()
		if err := Decode(body, first); err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		once := AppendJSON(nil, first)
		second := fresh()
		if err := Decode(once, second); err != nil {
			t.Fatalf("%q became %s: %v", body, once, err)
		}
		if twice := AppendJSON(nil, second); !bytes.Equal(once, twice) {
			t.Fatalf("%q became %s and then %s", body, once, twice)
		}
	})
}

// logBatchBody is a batch of metrics of ten keys, as the Python client sends it.
func logBatchBody(metrics int) []byte {
	var b strings.Builder
	b.WriteString(`{"run_id": "9ef30305ef234f7bb8b6273da04bacd0", "metrics": [`)
	for i := range metrics {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"key": "metric_%d", "value": %v, "timestamp": %d, "step": %d}`, i%10, 1/float64(i+3), 1700000000000+i, i/10)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkDecodeLogBatch1000(b *testing.B) {
	body := logBatchBody(1000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(body, new(LogBatch)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeLogMetric(b *testing.B) {
	body := []byte(`{"run_uuid": "9ef30305ef234f7bb8b6273da04bacd0", "run_id": "9ef30305ef234f7bb8b6273da04bacd0", "key": "loss",` +
		`"value": 0.25, "timestamp": 1700000000000, "step": 7}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(body, new(LogMetric)); err != nil {
			b.Fatal(err)
		}
	}
}

func point(key string, step int) *Metric {
	return &Metric{Key: &key, Value: new(1 / float64(step+3)), Timestamp: new(int64(1700000000000 + step)), Step: new(int64(step))}
}

// runPage is 100 runs with five metrics, params and tags each.
func runPage() *SearchRunsResponse {
	page := new(SearchRunsResponse)
	for i := range 100 {
		id := fmt.Sprintf("%032x", i)
		run := &Run{Data: new(RunData), Info: &RunInfo{
			RunId: &id, RunUuid: &id, ExperimentId: new("1"), RunName: new("smiling-penguin-693"), UserId: new("ana@example.com"),
			Status: RunStatusFinished, StartTime: new(int64(1700000000000)), EndTime: new(int64(1700000009000)), LifecycleStage: new("active"),
			ArtifactUri: new("mlflow-artifacts:/1/" + id + "/artifacts"),
		}}
		for j := range 5 {
			key := new(fmt.Sprintf("name_%d", j))
			run.Data.Metrics = append(run.Data.Metrics, point(*key, i+j))
			run.Data.Params = append(run.Data.Params, &Param{Key: key, Value: new("0.001")})
			run.Data.Tags = append(run.Data.Tags, &RunTag{Key: key, Value: new("some value")})
		}
		page.Runs = append(page.Runs, run)
	}
	return page
}

func BenchmarkEncode100Runs(b *testing.B) {
	page := runPage()
	buf := AppendJSON(nil, page)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], page)
	}
}

func BenchmarkEncodeHistory(b *testing.B) {
	history := new(GetMetricHistoryResponse)
	for i := range 10000 {
		history.Metrics = append(history.Metrics, point("loss", i))
	}
	buf := AppendJSON(nil, history)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], history)
	}
}
