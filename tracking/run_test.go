package tracking

import (
	"math"
	"strings"
	"testing"

	"bailiwick/fail"
	"bailiwick/tracking/search"

	"github.com/google/go-cmp/cmp"
)

func first(int) int { return 0 }

func TestNewer(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		new, old Point
		want     bool
	}{
		{Point{1, 2, 0}, Point{9, 1, 9}, true}, // step goes first
		{Point{9, 1, 9}, Point{1, 2, 0}, false},
		{Point{2, 1, 0}, Point{1, 1, 9}, true}, // then timestamp
		{Point{1, 1, 2}, Point{1, 1, 1}, true}, // then value
		{Point{1, 1, 1}, Point{1, 1, 1}, false},
		{Point{1, 1, nan}, Point{1, 1, -1}, true}, // NaN counts as 0
		{Point{1, 1, nan}, Point{1, 1, 0}, false},
		{Point{1, 1, 0}, Point{1, 1, nan}, false},
		{Point{1, 1, 1}, Point{1, 1, nan}, true},
		{Point{1, -1, 5}, Point{1, 0, 1}, false},
	} {
		if got := c.new.Newer(c.old); got != c.want {
			t.Errorf("%v over %v: %v", c.new, c.old, got)
		}
	}
}

func TestStoredValue(t *testing.T) {
	for v, want := range map[float64]float64{math.Inf(1): math.MaxFloat64, math.Inf(-1): -math.MaxFloat64, 1.5: 1.5} {
		if got := StoredValue(v); got != want {
			t.Errorf("%v: %v", v, got)
		}
	}
	if !math.IsNaN(StoredValue(math.NaN())) {
		t.Error("NaN")
	}
}

func TestNameRun(t *testing.T) {
	for _, c := range []struct {
		name string
		tags []Pair
		want string
		err  bool
	}{
		{"a", nil, "a", false},
		{"", []Pair{{Key: TagRunName, Value: "b"}}, "b", false},
		{"a", []Pair{{Key: TagRunName, Value: "a"}}, "a", false},
		{"a", []Pair{{Key: TagRunName, Value: "b"}}, "", true},
		{"a", []Pair{{Key: TagRunName, Value: ""}, {Key: "x", Value: "y"}}, "a", false},
		{"", nil, "able-acorn-0", false},
	} {
		name, tags, err := NameRun(c.name, c.tags, first)
		if c.err {
			refused(t, c.name, err, "with different values (run_name='a', mlflow.runName='b')")
			continue
		}
		if tagged, _ := Lookup(tags, TagRunName); err != nil || name != c.want || tagged != c.want {
			t.Errorf("%q %v: %q, tag %q, %v", c.name, c.tags, name, tagged, err)
		}
	}
}

func TestAutoNames(t *testing.T) {
	for list, words := range map[string][]string{"adjectives": adjectives, "nouns": nouns} {
		seen := map[string]bool{}
		for _, w := range words {
			if seen[w] || w != strings.ToLower(w) || len(w) > 9 {
				t.Errorf("%s: %q", list, w)
			}
			seen[w] = true
		}
		if len(words) < 100 {
			t.Errorf("%d %s", len(words), list)
		}
	}
	last := AutoName(func(n int) int { return n - 1 })
	if last != "zesty-zebra-999" {
		t.Error(last)
	}
}

func TestNewParams(t *testing.T) {
	have := []Pair{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}
	fresh, err := NewParams("r1", have, []Pair{{Key: "a", Value: "1"}, {Key: "c", Value: ""}})
	if diff := cmp.Diff([]Pair{{Key: "c", Value: ""}}, fresh); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	_, err = NewParams("r1", have, []Pair{{Key: "a", Value: "9"}})
	refused(t, "one", err, "Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='r1'. "+
		"Attempted logging new value '9'.")
	_, err = NewParams("r1", have, []Pair{{Key: "a", Value: "9"}, {Key: "b", Value: "8"}})
	refused(t, "two", err, "logged='[{'key': 'a', 'old_value': '1', 'new_value': '9'}, {'key': 'b', 'old_value': '2', 'new_value': '8'}]'")
}

func TestRunChanges(t *testing.T) {
	r := &Run{ID: "r1", Name: "old", Status: Running, End: Unset, Lifecycle: search.Active, Tags: []Pair{{Key: TagRunName, Value: "old"}, {Key: "a", Value: "1"}}}
	done, end, empty := Finished, int64(5), ""
	r.Apply(RunUpdate{Status: &done, End: &end, Name: &empty})
	r.SetTag(TagRunName, "new")
	r.SetTag(TagRunName, "")
	r.SetTag("a", "2")
	want := &Run{ID: "r1", Name: "new", Status: Finished, End: 5, Lifecycle: search.Active, Tags: []Pair{{Key: TagRunName, Value: "new"}, {Key: "a", Value: "2"}}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	if err := r.DeleteTag("a"); err != nil || len(r.Tags) != 1 {
		t.Errorf("%v %v", err, r.Tags)
	}
	if err := r.DeleteTag("a"); !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
	if err := r.Writable(); err != nil {
		t.Error(err)
	}
	r.Lifecycle = search.Deleted
	refused(t, "deleted", r.Writable(), "must be in the 'active' state. Current state is deleted.")
}

func TestStatuses(t *testing.T) {
	for s := Running; s <= Killed; s++ {
		if got, ok := ParseRunStatus(s.String()); !ok || got != s || s.Terminal() != (s >= Finished) {
			t.Errorf("%v", s)
		}
	}
	if _, ok := ParseRunStatus(""); ok || RunStatus(9).String() != "" || RunStatus(0).String() != "" {
		t.Error("a status that is none")
	}
	for s := ModelUnspecified; s <= ModelFailed; s++ {
		short, ok1 := ParseModelStatus(s.String())
		wire, ok2 := ParseModelStatus(s.Wire())
		if !ok1 || !ok2 || short != s || wire != s || s.Final() != (s >= ModelReady) {
			t.Errorf("%v", s)
		}
	}
	if _, ok := ParseModelStatus("x"); ok {
		t.Error("a status that is none")
	}
}

func TestExperimentLife(t *testing.T) {
	e := &Experiment{ID: 7, Name: "a", Lifecycle: search.Active, Tags: []Pair{{Key: "k", Value: "v"}}}
	for _, err := range []error{e.Writable(), e.Rename("b", 1), e.DeleteTag("k"), e.Move(search.Deleted, 2)} {
		if err != nil {
			t.Error(err)
		}
	}
	if e.Name != "b" || e.Updated != 2 {
		t.Errorf("%+v", e)
	}
	refused(t, "deleted", e.Writable(), "Current state is deleted")
	for kind, err := range map[fail.Kind]error{fail.State: e.Rename("c", 3), fail.NotFound: e.Move(search.Deleted, 3)} {
		if !fail.Is(err, kind) {
			t.Error(err)
		}
	}
	if err := e.DeleteTag("k"); !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
	if err := e.Move(search.Active, 4); err != nil || e.Writable() != nil {
		t.Error(err)
	}
}

func TestModelLife(t *testing.T) {
	m := &LoggedModel{ID: "m-1", Status: ModelPending, Tags: []Pair{{Key: "k", Value: "v"}}}
	refused(t, "pending", m.Finalize(ModelPending, 1), "Expected READY or FAILED")
	if err := m.Finalize(ModelReady, 2); err != nil || m.Status != ModelReady || m.Updated != 2 {
		t.Errorf("%v %+v", err, m)
	}
	if m.DeleteTag("k") != nil || !fail.Is(m.DeleteTag("k"), fail.NotFound) {
		t.Error("DeleteTag")
	}
}
