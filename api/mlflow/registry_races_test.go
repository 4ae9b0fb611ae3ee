package mlflow_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"bailiwick/registry"
	"bailiwick/server/servertest"
)

// together makes calls at once, and gives their answers in the order of the calls.
func together(calls ...func() servertest.Answer) []servertest.Answer {
	answers := make([]servertest.Answer, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { answers[i] = call() })
	}
	all.Wait()
	return answers
}

// TestOneNameOneModel: of many who make a model of one name at once, one does, also beside somebody who gives another model that name.
func TestOneNameOneModel(t *testing.T) {
	w := newWorld(t)
	for round := range 6 {
		name, other := fmt.Sprint("same", round), fmt.Sprint("other", round)
		w.registered(other)
		var calls []func() servertest.Answer
		for range 6 {
			calls = append(calls, func() servertest.Answer { return w.post(w.ann, "registered-models/create", fields{"name": name}) })
		}
		calls = append(calls, func() servertest.Answer {
			return w.post(w.ann, "registered-models/rename", fields{"name": other, "new_name": name})
		})
		won := 0
		for _, a := range together(calls...) {
			if a.Status == 200 {
				won++
				continue
			}
			refused(t, name, a, 400, "RESOURCE_ALREADY_EXISTS", "")
		}
		if won != 1 {
			t.Errorf("%d have made or named %s", won, name)
		}
	}
}

// TestNumbersAtOnce: versions that are made at once have numbers of their own, without holes.
func TestNumbersAtOnce(t *testing.T) {
	w := newWorld(t)
	source := "runs:/" + w.logged(w.experiment("/Shared/train")) + "/model"
	w.registered("churn")
	calls := slices.Repeat([]func() servertest.Answer{func() servertest.Answer {
		return w.post(w.ann, "model-versions/create", fields{"name": "churn", "source": source})
	}}, 24)
	seen := map[string]bool{}
	for _, a := range together(calls...) {
		seen[w.good(a, "create").Text("model_version.version")] = true
	}
	for n := range len(calls) {
		if !seen[fmt.Sprint(n+1)] {
			t.Errorf("nobody has version %d", n+1)
		}
	}
}

// TestDeletedBeside: a version, or a model, that is deleted while others change it leaves nothing behind, and every call has an answer that says so.
func TestDeletedBeside(t *testing.T) {
	w := newWorld(t)
	source := "runs:/" + w.logged(w.experiment("/Shared/train")) + "/model"
	for round := range 12 {
		name := fmt.Sprint("churn", round)
		model := w.registered(name)
		w.inStage(model, registry.StageNone)
		at := func(more fields) fields {
			more["name"], more["version"] = name, "1"
			return more
		}
		gone, body := "model-versions/delete", at(fields{})
		if round%3 == 2 {
			gone, body = "registered-models/delete", fields{"name": name}
		}
		answers := together(
			func() servertest.Answer { return w.post(w.ann, "registered-models/alias", at(fields{"alias": "best"})) },
			func() servertest.Answer { return w.Do(w.ann, "DELETE", tracking+gone, body) },
			func() servertest.Answer {
				return w.post(w.ann, "model-versions/set-tag", at(fields{"key": "k", "value": "v"}))
			},
			func() servertest.Answer { return w.post(w.ann, direct, stepOf(name, "1", "Production")) },
			func() servertest.Answer { return w.post(w.ann, "comments/create", at(fields{"comment": "c"})) },
			func() servertest.Answer {
				return w.post(w.ann, "transition-requests/create", stepOf(name, "1", "Staging"))
			},
			func() servertest.Answer {
				return w.post(w.ann, "model-versions/create", fields{"name": name, "source": source})
			},
		)
		for i, a := range answers {
			if a.Status >= 500 {
				t.Errorf("call %d: %d %s", i, a.Status, a.Body)
			}
		}
		if a := w.get(w.ann, "registered-models/alias?alias=best&name="+name); strings.Contains(string(a.Body), "version=1") {
			t.Errorf("an alias means a version that is gone: %d %s", a.Status, a.Body)
		}
	}
}
