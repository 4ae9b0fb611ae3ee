package webhook

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
	"bailiwick/keyed"
)

func TestNames(t *testing.T) {
	tests := []struct {
		e                  Event
		mlflow, databricks []string
	}{
		{Event{Kind: ModelCreated}, []string{"registered_model.created"}, []string{"REGISTERED_MODEL_CREATED"}},
		{Event{Kind: ModelCreated, Prompt: true}, []string{"prompt.created"}, nil},
		{Event{Kind: VersionCreated}, []string{"model_version.created"}, []string{"MODEL_VERSION_CREATED"}},
		{Event{Kind: VersionCreated, Prompt: true}, []string{"prompt_version.created"}, nil},
		{Event{Kind: VersionTagSet}, []string{"model_version_tag.set"}, []string{"MODEL_VERSION_TAG_SET"}},
		{Event{Kind: VersionTagDeleted, Prompt: true}, []string{"prompt_version_tag.deleted"}, nil},
		{Event{Kind: VersionTagDeleted}, []string{"model_version_tag.deleted"}, nil},
		{Event{Kind: ModelTagSet}, nil, nil},
		{Event{Kind: ModelTagSet, Prompt: true}, []string{"prompt_tag.set"}, nil},
		{Event{Kind: ModelTagDeleted, Prompt: true}, []string{"prompt_tag.deleted"}, nil},
		{Event{Kind: AliasSet}, []string{"model_version_alias.created"}, nil},
		{Event{Kind: AliasDeleted, Prompt: true}, []string{"prompt_alias.deleted"}, nil},
		{Event{Kind: VersionMoved, To: "Staging"}, nil,
			[]string{"MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_TRANSITIONED_TO_STAGING"}},
		{Event{Kind: VersionMoved, From: "Production"}, nil, []string{"MODEL_VERSION_TRANSITIONED_STAGE"}},
		{Event{Kind: VersionMoved, To: "Archived"}, nil,
			[]string{"MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_TRANSITIONED_TO_ARCHIVED"}},
		{Event{Kind: TransitionAsked, To: "Production"}, nil,
			[]string{"TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_PRODUCTION_CREATED"}},
		{Event{Kind: CommentMade}, nil, []string{"COMMENT_CREATED"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.mlflow, Names(MLflow, &tt.e)); diff != "" {
			t.Errorf("%+v at MLflow: %s", tt.e, diff)
		}
		if diff := cmp.Diff(tt.databricks, Names(Databricks, &tt.e)); diff != "" {
			t.Errorf("%+v at Databricks: %s", tt.e, diff)
		}
	}
	if n := len(AllEvents(MLflow)); n != 15 {
		t.Errorf("MLflow has %d events", n)
	}
	if n := len(AllEvents(Databricks)); n != 12 {
		t.Errorf("Databricks has %d events", n)
	}
}

func TestListens(t *testing.T) {
	e := &Event{Kind: VersionMoved, Model: 7, To: "Production"}
	h := Hook{Protocol: Databricks, Status: Active, Model: 7, Events: []string{"MODEL_VERSION_TRANSITIONED_TO_PRODUCTION", "COMMENT_CREATED"}}
	want := []string{"MODEL_VERSION_TRANSITIONED_TO_PRODUCTION"}
	if diff := cmp.Diff(want, h.Listens(e)); diff != "" {
		t.Error(diff)
	}
	for name, change := range map[string]func(*Hook){
		"another model": func(h *Hook) { h.Model = 8 }, "disabled": func(h *Hook) { h.Status = Disabled }, "test mode": func(h *Hook) { h.Status = TestMode },
		"another event": func(h *Hook) { h.Events = h.Events[1:] }, "another protocol": func(h *Hook) { h.Protocol = MLflow },
	} {
		other := h
		change(&other)
		if got := other.Listens(e); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	h.Model = 0
	if len(h.Listens(e)) != 1 {
		t.Error("a webhook of the registry does not hear of a model")
	}
}

const at = 1753950452080

func TestBodies(t *testing.T) {
	tags := []keyed.Pair{{Key: "k", Value: "<v>"}}
	prompt := append(tags, keyed.Pair{Key: keyed.PromptTag, Value: "true"}, keyed.Pair{Key: "_mlflow_prompt_type", Value: "text"},
		keyed.Pair{Key: "mlflow.prompt.text", Value: "Hi {{x}}"})
	const head = `"timestamp":"2025-07-31T08:27:32.080000+00:00","data":`
	tests := []struct {
		h    Hook
		e    Event
		want string
	}{
		{Hook{Protocol: MLflow}, Event{Kind: ModelCreated, Name: "m", Tags: tags},
			`{"entity":"registered_model","action":"created",` + head + `{"name":"m","tags":{"k":"<v>"},"description":""}}`},
		{Hook{Protocol: MLflow}, Event{Kind: VersionCreated, Name: "m", Version: 3, Source: "s", Run: "r", Description: "d"},
			`{"entity":"model_version","action":"created",` + head + `{"name":"m","version":"3","source":"s","run_id":"r","tags":{},"description":"d"}}`},
		{Hook{Protocol: MLflow}, Event{Kind: VersionCreated, Name: "p", Version: 1, Prompt: true, Tags: prompt},
			`{"entity":"prompt_version","action":"created",` + head + `{"name":"p","version":"1","template":"Hi {{x}}","tags":{"k":"<v>"},"description":null}}`},
		{Hook{Protocol: MLflow}, Event{Kind: VersionTagSet, Name: "m", Version: 1, Key: "k"},
			`{"entity":"model_version_tag","action":"set",` + head + `{"name":"m","version":"1","key":"k","value":""}}`},
		{Hook{Protocol: MLflow}, Event{Kind: ModelTagDeleted, Prompt: true, Name: "p", Key: "k"},
			`{"entity":"prompt_tag","action":"deleted",` + head + `{"name":"p","key":"k"}}`},
		{Hook{Protocol: MLflow}, Event{Kind: AliasSet, Name: "m", Version: 2, Alias: "a"},
			`{"entity":"model_version_alias","action":"created",` + head + `{"name":"m","alias":"a","version":"2"}}`},
		{Hook{Protocol: MLflow}, Event{Kind: AliasDeleted, Name: "m", Version: 2, Alias: "a"},
			`{"entity":"model_version_alias","action":"deleted",` + head + `{"name":"m","alias":"a"}}`},
		{Hook{Protocol: Databricks, ID: "h"}, Event{Kind: VersionMoved, Name: "m", Version: 8, From: "None", To: "Production", User: "u", Comment: "c"},
			`{"event":"MODEL_VERSION_TRANSITIONED_STAGE","webhook_id":"h","event_timestamp":1753950452080,"model_name":"m","version":"8",` +
				`"to_stage":"Production","from_stage":"None","comment":"c","text":"u moved version 8 of the registered model 'm' from None to Production."}`},
		{Hook{Protocol: Databricks, ID: "h"}, Event{Kind: VersionTagSet, Name: "m", Version: 8, Key: "k", Value: "v", Source: "dbfs:/secret"},
			`{"event":"MODEL_VERSION_TAG_SET","webhook_id":"h","event_timestamp":1753950452080,"model_name":"m","version":"8",` +
				`"tags":[{"key":"k","value":"v"}],"text":"A user set the tag 'k' => 'v' of version 8 of the registered model 'm'."}`},
	}
	for _, tt := range tests {
		tt.e.At = at
		name := Names(tt.h.Protocol, &tt.e)[0]
		if diff := cmp.Diff(tt.want, tt.h.Body(name, &tt.e, "d")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestJobBody(t *testing.T) {
	h := Hook{Protocol: Databricks, ID: "h", Job: "123", URL: "https://w.example/"}
	e := Event{Kind: CommentMade, Name: "m", Version: 1, Comment: "c", At: at}
	var got struct {
		Job      int64             `json:"job_id"`
		Token    string            `json:"idempotency_token"`
		Notebook map[string]string `json:"notebook_params"`
		Python   []string          `json:"python_params"`
	}
	if err := json.Unmarshal([]byte(h.Body("COMMENT_CREATED", &e, "d1")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Job != 123 || got.Token != "d1" || len(got.Python) != 1 || got.Python[0] != got.Notebook["event_message"] || !strings.Contains(got.Python[0], `"comment":"c"`) {
		t.Errorf("%+v", got)
	}
	if h.Endpoint() != "https://w.example/api/2.2/jobs/run-now" {
		t.Error(h.Endpoint())
	}
}

// Every event of a protocol has an example, which is of that event.
func TestExamples(t *testing.T) {
	for _, p := range []Protocol{MLflow, Databricks} {
		h := Hook{Protocol: p, ID: "h"}
		for _, name := range AllEvents(p) {
			var got map[string]any
			if err := json.Unmarshal([]byte(h.Example(name, at, "d")), &got); err != nil {
				t.Fatal(err)
			}
			if p == MLflow && name != got["entity"].(string)+"."+got["action"].(string) || p == Databricks && name != got["event"] {
				t.Errorf("the example of %s is %v", name, got)
			}
			if e := exampleOf(name); name != budgetExceeded && !slices.Contains(Names(p, e), name) {
				t.Errorf("the example of %s is the event %v", name, Names(p, e))
			}
		}
	}
}

// The signatures are those that a receiver works out with openssl dgst -sha256 -hmac.
func TestHeaders(t *testing.T) {
	value := func(all []Header, name string) string {
		for _, h := range all {
			if h.Name == name {
				return h.Value
			}
		}
		return ""
	}
	m := (&Hook{Protocol: MLflow}).Headers(Secrets{Key: "k"}, "id", `{"a":1}`, 1700000000)
	if got := value(m, "X-MLflow-Signature"); got != "v1,"+mlflowKnown || value(m, "X-MLflow-Timestamp") != "1700000000" || value(m, "X-MLflow-Delivery-Id") != "id" {
		t.Errorf("%v", m)
	}
	d := (&Hook{Protocol: Databricks}).Headers(Secrets{Key: "k", Authorization: "Bearer x"}, "id", `{"a":1}`, 1700000000)
	if got := value(d, "X-Databricks-Signature"); got != databricksKnown || value(d, "Authorization") != "Bearer x" {
		t.Errorf("%v", d)
	}
	j := (&Hook{Protocol: Databricks, Job: "1"}).Headers(Secrets{Token: "t"}, "id", "", 1)
	if value(j, "Authorization") != "Bearer t" || value(j, "X-Databricks-Signature") != "" {
		t.Errorf("%v", j)
	}
	for _, p := range []Protocol{MLflow, Databricks} {
		for _, h := range (&Hook{Protocol: p}).Headers(Secrets{}, "id", "", 1) {
			if strings.HasSuffix(h.Name, "Signature") || h.Name == "Authorization" {
				t.Errorf("%s without a secret sends %s", p, h.Name)
			}
		}
	}
}

func TestRetries(t *testing.T) {
	tests := []struct {
		name  string
		o     Outcome
		d     Delivery
		state State
		due   int64
	}{
		{"taken", Outcome{Status: 204}, Delivery{}, Delivered, 0},
		{"refused", Outcome{Status: 400}, Delivery{}, Dead, 0},
		{"moved", Outcome{Status: 302}, Delivery{}, Dead, 0},
		{"no answer", Outcome{}, Delivery{}, Pending, 2000},
		{"a forbidden address", Outcome{Final: true}, Delivery{}, Dead, 0},
		{"too many", Outcome{Status: 429, Wait: 30_000}, Delivery{}, Pending, 30_000},
		{"asks for too long", Outcome{Status: 503, Wait: 90_000_000}, Delivery{}, Pending, maxWait},
		{"third time", Outcome{Status: 500}, Delivery{Tries: 2, Since: at}, Pending, 8000},
		{"long since", Outcome{Status: 500}, Delivery{Tries: 14, Since: at}, Pending, maxWait},
		{"last time", Outcome{Status: 500}, Delivery{Tries: MaxTries - 1, Since: at}, Dead, 0},
		{"too old", Outcome{Status: 500}, Delivery{Tries: 2, Since: at - maxAge}, Dead, 0},
	}
	for _, tt := range tests {
		got := tt.d.After(&tt.o, at, 1)
		if got.State != tt.state || tt.state == Pending && got.Due != at+tt.due || tt.state != Pending && got.Ended != at || got.Tries != tt.d.Tries+1 {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if low, high := waitFor(3, 0), waitFor(3, 1); low != 4000 || high != 8000 {
		t.Errorf("the third wait is from %d to %d", low, high)
	}
	for text, want := range map[string]int64{"": 0, "7": 7000, "-1": 0, "Wed, 21 Oct 2015 07:28:00 GMT": 0, "99999999999999": 0} {
		if got := RetryAfter(text); got != want {
			t.Errorf("Retry-After %q is %d", text, got)
		}
	}
}

func TestCheck(t *testing.T) {
	a := allowing(t)
	good := func() (Hook, Secrets) {
		return Hook{Protocol: Databricks, URL: "https://example.org/", Status: Active, Events: []string{"COMMENT_CREATED"}, Model: 4}, Secrets{}
	}
	if h, s := good(); h.Check(s, a) != nil {
		t.Fatal(h.Check(s, a))
	}
	for name, change := range map[string]func(*Hook, *Secrets){
		"no event":        func(h *Hook, _ *Secrets) { h.Events = nil },
		"unknown event":   func(h *Hook, _ *Secrets) { h.Events = []string{"model_version.created"} },
		"twice":           func(h *Hook, _ *Secrets) { h.Events = []string{"COMMENT_CREATED", "COMMENT_CREATED"} },
		"registry's only": func(h *Hook, _ *Secrets) { h.Events = []string{"REGISTERED_MODEL_CREATED"} },
		"status":          func(h *Hook, _ *Secrets) { h.Status = "PAUSED" },
		"url":             func(h *Hook, _ *Secrets) { h.URL = "https://10.0.0.1/" },
		"job":             func(h *Hook, s *Secrets) { h.Job, s.Token = "x", "t" },
		"job's token":     func(h *Hook, _ *Secrets) { h.Job = "1" },
		"header":          func(_ *Hook, s *Secrets) { s.Authorization = "Bearer x\r\nX: y" },
		"long secret":     func(_ *Hook, s *Secrets) { s.Key = strings.Repeat("x", 1001) },
		"long text":       func(h *Hook, _ *Secrets) { h.Text = strings.Repeat("x", 1001) },
		"NUL":             func(h *Hook, _ *Secrets) { h.Text = "a\x00b" },
		"MLflow's name":   func(h *Hook, _ *Secrets) { h.Protocol, h.Events, h.Name = MLflow, []string{"prompt.created"}, "-x" },
		"MLflow's status": func(h *Hook, _ *Secrets) {
			h.Protocol, h.Events, h.Name, h.Status = MLflow, []string{"prompt.created"}, "x", TestMode
		},
	} {
		h, s := good()
		change(&h, &s)
		if err := h.Check(s, a); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, ok := range map[string]bool{"a": true, "a.b_c-9": true, "": false, "a-": false, ".a": false, "a b": false,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false} {
		h := Hook{Protocol: MLflow, Name: name}
		if (h.checkName() == nil) != ok {
			t.Errorf("name %q: %v", name, h.checkName())
		}
	}
}

const (
	mlflowKnown     = "J3AYvJzvUjip+3ytPJdLKUmPadWRQDUkGrBLBjQKoIY="
	databricksKnown = "c3a92ff9e274cdcce27a58c15a78ec6dcbbdbd0038a87e7a11baef2028fd8bff"
)
