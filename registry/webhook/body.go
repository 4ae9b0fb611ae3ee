package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bailiwick/keyed"
)

// Body gives what a webhook is sent for an event of its protocol, which is one of Names(h.Protocol, e); the delivery's id keeps a job from
// being started twice.
func (h *Hook) Body(name string, e *Event, delivery string) string {
	if h.Protocol == MLflow {
		return mlflowBody(name, e.At, mlflowData(name, e))
	}
	body := encode(h.databricksBody(name, e))
	if h.Job == "" {
		return body
	}
	return jobBody(h.Job, body, delivery)
}

// Example gives the body of a test call.
func (h *Hook) Example(name string, now int64, delivery string) string {
	e := exampleOf(name)
	e.At = now
	if name == budgetExceeded {
		return mlflowBody(name, now, exampleBudget)
	}
	return h.Body(name, e, delivery)
}

// encode writes JSON as clients of other languages do: <, > and & as they are.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts, numbers and maps of texts always encode
	return strings.TrimSuffix(b.String(), "\n")
}

// mlflowTime is how MLflow writes times, always in UTC.
const mlflowTime = "2006-01-02T15:04:05.000000+00:00"

func mlflowBody(name string, at int64, data any) string {
	entity, action, _ := strings.Cut(name, ".")
	return encode(struct {
		Entity    string `json:"entity"`
		Action    string `json:"action"`
		Timestamp string `json:"timestamp"`
		Data      any    `json:"data"`
	}{entity, action, time.UnixMilli(at).UTC().Format(mlflowTime), data})
}

// Tags by which MLflow makes prompts of registered models; the first two are left out of what is sent, the text has a field of its own.
const (
	promptType = "_mlflow_prompt_type"
	promptText = "mlflow.prompt.text"
)

// The data of MLflow's events (mlflow/webhooks/types.py). A pointer is null where MLflow sends null.
type (
	modelData struct {
		Name        string            `json:"name"`
		Tags        map[string]string `json:"tags"`
		Description string            `json:"description"`
	}
	versionData struct {
		Name        string            `json:"name"`
		Version     string            `json:"version"`
		Source      string            `json:"source"`
		Run         *string           `json:"run_id"`
		Tags        map[string]string `json:"tags"`
		Description *string           `json:"description"`
	}
	promptVersionData struct {
		Name        string            `json:"name"`
		Version     string            `json:"version"`
		Template    *string           `json:"template"`
		Tags        map[string]string `json:"tags"`
		Description *string           `json:"description"`
	}
	tagData struct {
		Name    string  `json:"name"`
		Version string  `json:"version,omitempty"`
		Key     string  `json:"key"`
		Value   *string `json:"value,omitempty"`
	}
	aliasData struct {
		Name    string `json:"name"`
		Alias   string `json:"alias"`
		Version string `json:"version,omitempty"`
	}
	budgetData struct {
		ID        string  `json:"budget_policy_id"`
		Unit      string  `json:"budget_unit"`
		Amount    float64 `json:"budget_amount"`
		Spend     float64 `json:"current_spend"`
		Duration  string  `json:"duration_unit"`
		Value     int     `json:"duration_value"`
		Scope     string  `json:"target_scope"`
		Workspace string  `json:"workspace"`
		Target    string  `json:"target_value"`
		Start     int64   `json:"window_start"`
	}
)

var exampleBudget = budgetData{"bp-abc123", "USD", 100, 105.5, "MONTHS", 1, "ENDPOINT", "default", "ep-abc123", 1704067200000}

func mlflowData(name string, e *Event) any {
	entity, action, _ := strings.Cut(name, ".")
	version, tags := versionOf(e), tagsOf(e)
	switch entity {
	case "registered_model", "prompt":
		return modelData{e.Name, tags, e.Description}
	case "model_version":
		return versionData{e.Name, version, e.Source, orNull(e.Run), tags, orNull(e.Description)}
	case "prompt_version":
		text, ok := tags[promptText]
		delete(tags, promptText)
		d := promptVersionData{Name: e.Name, Version: version, Tags: tags, Description: orNull(e.Description)}
		if ok {
			d.Template = &text
		}
		return d
	case "model_version_alias", "prompt_alias":
		return aliasData{e.Name, e.Alias, version}
	}
	d := tagData{Name: e.Name, Version: version, Key: e.Key}
	if action == "set" {
		d.Value = &e.Value
	}
	return d
}

// versionOf gives the version as text, "" for an event of the model and for an alias that is gone.
func versionOf(e *Event) string {
	if e.Version == 0 || e.Kind == AliasDeleted {
		return ""
	}
	return strconv.FormatInt(e.Version, 10)
}

func tagsOf(e *Event) map[string]string {
	tags := map[string]string{}
	for _, t := range e.Tags {
		tags[t.Key] = t.Value
	}
	if e.Prompt {
		delete(tags, keyed.PromptTag)
		delete(tags, promptType)
	}
	return tags
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// registryData is the body of Databricks' events: nothing of where artifacts are, and a text for chats.
type registryData struct {
	Event   string   `json:"event"`
	Hook    string   `json:"webhook_id"`
	At      int64    `json:"event_timestamp"` // ms since 1970
	Model   string   `json:"model_name"`
	Version string   `json:"version,omitempty"`
	To      string   `json:"to_stage,omitempty"`
	From    string   `json:"from_stage,omitempty"`
	Tags    []tagged `json:"tags,omitempty"`
	Comment string   `json:"comment,omitempty"`
	Text    string   `json:"text"`
}

type tagged struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (h *Hook) databricksBody(name string, e *Event) registryData {
	d := registryData{Event: name, Hook: h.ID, At: e.At, Model: e.Name, Version: versionOf(e), Comment: e.Comment, Text: sentence(e)}
	switch e.Kind {
	case VersionMoved, TransitionAsked:
		d.To, d.From = e.To, e.From
	case VersionTagSet:
		d.Tags = []tagged{{e.Key, e.Value}}
	}
	return d
}

// sentence tells people what happened.
func sentence(e *Event) string {
	who, version := cmp.Or(e.User, "A user"), fmt.Sprintf("version %d of the registered model '%s'", e.Version, e.Name)
	switch e.Kind {
	case ModelCreated:
		return fmt.Sprintf("%s created the registered model '%s'.", who, e.Name)
	case VersionCreated:
		return fmt.Sprintf("%s created %s.", who, version)
	case VersionMoved:
		return fmt.Sprintf("%s moved %s from %s to %s.", who, version, e.From, e.To)
	case TransitionAsked:
		return fmt.Sprintf("%s asked to move %s from %s to %s.", who, version, e.From, e.To)
	case VersionTagSet:
		return fmt.Sprintf("%s set the tag '%s' => '%s' of %s.", who, e.Key, e.Value, version)
	}
	return fmt.Sprintf("%s commented on %s.", who, version)
}

// jobBody asks for a run of a job. What kind of job it is nobody here knows, so the message is in the parameters of every kind; a token of
// its own keeps the same delivery from starting two runs.
func jobBody(job, message, delivery string) string {
	n, _ := strconv.ParseInt(job, 10, 64) // checked when the webhook was made
	named, listed := map[string]string{"event_message": message}, []string{message}
	return encode(struct {
		Job         int64             `json:"job_id"`
		Idempotency string            `json:"idempotency_token"`
		Notebook    map[string]string `json:"notebook_params"`
		Wheel       map[string]string `json:"python_named_params"`
		Jar         []string          `json:"jar_params"`
		Python      []string          `json:"python_params"`
		Spark       []string          `json:"spark_submit_params"`
	}{n, delivery, named, named, listed, listed, listed})
}

// exampleOf makes something up that is the event.
func exampleOf(name string) *Event {
	e := &Event{Kind: databricksEvents[name], Name: "example_model", Version: 1, Source: "models:/123", Run: "abcd1234abcd5678",
		Description: "An example", User: "example_user", Key: "example_key", Value: "example_value", Alias: "example_alias",
		Comment: "An example comment", Tags: []keyed.Pair{{Key: "example_key", Value: "example_value"}}, From: "None", To: "Production"}
	for kind, names := range mlflowNames {
		if name == names.prompt {
			e.Kind, e.Prompt, e.Name = kind, true, "example_prompt"
			e.Tags = append(e.Tags, keyed.Pair{Key: promptText, Value: "Hello {{name}}!"})
		} else if name == names.model {
			e.Kind = kind
		}
	}
	for _, s := range []string{"Staging", "Production", "Archived"} {
		if strings.Contains(name, strings.ToUpper("_TO_"+s)) {
			e.To = s
		}
	}
	if e.Kind == ModelCreated || e.Kind == ModelTagSet || e.Kind == ModelTagDeleted {
		e.Version = 0
	}
	if e.Kind != CommentMade && e.Kind != TransitionAsked {
		e.Comment = ""
	}
	return e
}
