package authz

import (
	"fmt"
	"strings"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

func requiring(t *testing.T) *Map {
	t.Helper()
	return mustApply(t, small(t),
		putObject(Object{ID: 2000, Kind: Directory, Parent: project, Name: "deep"}),
		Event{Op: PutRequired, Required: &RequiredTags{Root, []RequiredTag{{Key: "cost", By: gone}}}},
		Event{Op: PutRequired, Required: &RequiredTags{project, []RequiredTag{{"team", []string{"red", "blue"}, ann}}}},
		Event{Op: PutRequired, Required: &RequiredTags{ModelsRoot, []RequiredTag{{Key: TagTier, By: admin}}}},
	)
}

func TestCheckRequired(t *testing.T) {
	m := requiring(t)
	given := func(pairs ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for name, c := range map[string]struct {
		m      *Map
		parent int64
		kind   Kind
		value  func(string) string
		says   string
	}{
		"all given":        {m, 2000, Experiment, given("team", "red", "cost", "1"), ""},
		"missing":          {m, 2000, Experiment, given("cost", "1"), `The tag "team" is missing. Every experiment in directory /project must have it, with one of red, blue; Ann@example.com asked for it.`},
		"not allowed":      {m, 2000, Experiment, given("team", "green", "cost", "1"), `The tag "team" cannot be "green".`},
		"empty above":      {m, 2000, Experiment, given("team", "blue", "cost", ""), `The tag "cost" is missing. Every experiment in the Workspace folder must have it, with any value; gone@example.com asked for it.`},
		"beside":           {m, annHome, Experiment, given("cost", "2"), ""},
		"a notebook":       {m, 2000, Notebook, given(), ""},
		"the registry":     {m, ModelsRoot, RegisteredModel, given(), `The tag "bailiwick.tier" is missing. Every registered-model in the model registry must have it`},
		"the registry's":   {m, ModelsRoot, RegisteredModel, given(TagTier, "low"), ""},
		"nothing required": {small(t), 2000, Experiment, given(), ""},
	} {
		err := c.m.CheckRequired(c.parent, c.kind, c.value)
		if c.says == "" && err != nil || c.says != "" && (!fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := &Object{ID: 3000, Kind: Experiment, Parent: 2000}
	for name, c := range map[string]struct {
		key, value string
		ok         bool
	}{
		"kept": {"team", "blue", true}, "taken away": {"team", "", false}, "not allowed": {"team", "x", false}, "another": {"note", "", true},
	} {
		if err := m.CheckTagKept(o, c.key, c.value); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m = mustApply(t, m, Event{Op: DropPrincipal, Principal: &Principal{ID: gone}}); !strings.Contains(
		fmt.Sprint(m.CheckTagKept(o, "cost", "")), "somebody who was removed since asked for it") {
		t.Error(m.CheckTagKept(o, "cost", ""))
	}
}

func TestPutRequired(t *testing.T) {
	m := requiring(t)
	want := []Requirement{{RequiredTag{"team", []string{"red", "blue"}, ann}, project}, {RequiredTag{Key: "cost", By: gone}, Root}}
	if diff := cmp.Diff(want, m.RequiredFor(2000, Experiment)); diff != "" {
		t.Error(diff)
	}
	none := mustApply(t, m, Event{Op: PutRequired, Required: &RequiredTags{Object: project}})
	if got := none.RequiredFor(2000, Experiment); len(got) != 1 || !none.HasRequiredTags() {
		t.Errorf("%+v", got)
	}
	deep := mustApply(t, none, Event{Op: PutRequired, Required: &RequiredTags{2000, []RequiredTag{{Key: "b"}, {Key: "a"}}}})
	if got := deep.RequiredHere(2000); len(got) != 2 || got[0].Key != "a" {
		t.Errorf("%+v", got)
	}
	if gone := mustApply(t, deep, Event{Op: DropObject, Object: &Object{ID: 2000}}); gone.RequiredHere(2000) != nil {
		t.Errorf("%+v", gone.RequiredHere(2000))
	}
	_, err := m.Apply(9, Event{Op: PutRequired, Required: &RequiredTags{Object: 4444}})
	wantKind(t, "unknown object", err, fail.NotFound)
}

func TestCheckRequiredTags(t *testing.T) {
	m := small(t)
	folder, model := mustObject(t, m, project), mustObject(t, m, secretModel)
	many := make([]RequiredTag, maxRequired+1)
	for name, c := range map[string]struct {
		o    *Object
		tags []RequiredTag
		want []RequiredTag
		says string
	}{
		"in order":           {folder, []RequiredTag{{Key: "b"}, {Key: "a"}}, []RequiredTag{{Key: "a"}, {Key: "b"}}, ""},
		"none":               {folder, nil, nil, ""},
		"tiers as they are":  {folder, []RequiredTag{{Key: TagTier, Allowed: []string{"HIGH"}}}, []RequiredTag{{Key: TagTier, Allowed: []string{"high"}}}, ""},
		"any owner":          {folder, []RequiredTag{{Key: TagOwner}}, []RequiredTag{{Key: TagOwner}}, ""},
		"of a model":         {model, nil, nil, `registered-model "fraud" cannot`},
		"twice":              {folder, []RequiredTag{{Key: "a"}, {Key: "a"}}, nil, "required twice"},
		"too many":           {folder, many, nil, "51 tags"},
		"no key":             {folder, []RequiredTag{{}}, nil, "1 to 250 bytes"},
		"the client's":       {folder, []RequiredTag{{Key: "mlflow.note.content"}}, nil, "cannot be required"},
		"empty value":        {folder, []RequiredTag{{Key: "a", Allowed: []string{""}}}, nil, "one line"},
		"two lines":          {folder, []RequiredTag{{Key: "a", Allowed: []string{"x\ny"}}}, nil, "one line"},
		"many values":        {folder, []RequiredTag{{Key: "a", Allowed: make([]string, maxAllowed+1)}}, nil, "101 allowed values"},
		"unknown governed":   {folder, []RequiredTag{{Key: "bailiwick.x"}}, nil, "does not exist"},
		"impossible value":   {folder, []RequiredTag{{Key: TagTier, Allowed: []string{"best"}}}, nil, "must be one of"},
		"names of an owner":  {folder, []RequiredTag{{Key: TagOwner, Allowed: []string{"ann@example.com"}}}, nil, "names change"},
		"a notebook is none": {&Object{ID: 7, Kind: Notebook}, nil, nil, "cannot"},
	} {
		got, err := m.CheckRequiredTags(c.o, c.tags)
		if c.says != "" {
			if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	tags := []RequiredTag{{Key: "a", By: bob}, {Key: "b", Allowed: []string{"x"}, By: bob}}
	KeepAskers(tags, []RequiredTag{{Key: "a", By: ann}, {Key: "b", By: ann}})
	if tags[0].By != ann || tags[1].By != bob {
		t.Errorf("%+v", tags)
	}
}
