package registry

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bailiwick/keyed"
	"bailiwick/tracking/search"
)

// TestModelClauses holds the clauses of lists against a look at every model, while models and versions come, move and go.
func TestModelClauses(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x, s := NewIndex(), &shelf{models: map[int64]*Model{}, rights: map[int64]search.Right{}, versions: map[Key]*Version{}}
	scope := sight{all: true}
	for round := range 400 {
		for range 20 {
			s.change(rng, x)
		}
		stage, text, tag := Stage(rng.IntN(4)), []string{"M1", "-3", "", "%", "_"}[rng.IntN(5)], []string{"true", "false", "x"}[rng.IntN(3)]
		ids := []int64{rng.Int64N(8), rng.Int64N(8), rng.Int64N(30)}
		for name, c := range map[string]struct {
			clause search.Clause
			holds  func(*Model) bool
		}{
			"stage":   {InStage(stage), func(m *Model) bool { return s.inStage(m.ID, stage) }},
			"name":    {NameHolds(text), func(m *Model) bool { return strings.Contains(m.Name, strings.ToLower(text)) }},
			"among":   {Among(ids), func(m *Model) bool { return slices.Contains(ids, m.ID) }},
			"prompts": {Prompts(), func(*Model) bool { return true }},
			"tag":     {TagIs("team", tag), func(m *Model) bool { return tagOf(m.Tags, "team") == tag }},
		} {
			var want []string
			for id, m := range s.models {
				if c.holds(m) && isPrompt(m.Tags) == (name == "prompts") {
					want = append(want, ModelID(id))
				}
			}
			slices.Sort(want)
			q := &search.Query{Filter: search.Filter{c.clause}, View: search.Active, Order: Models.Default, Limit: 1000}
			got := slices.Sorted(slices.Values(x.SearchModels(q, scope).IDs))
			if !slices.Equal(want, got) {
				t.Fatalf("round %d, %s %s %q: got %v, want %v", round, name, stage, text, got, want)
			}
		}
	}
}

func (s *shelf) inStage(model int64, stage Stage) bool {
	for k, v := range s.versions {
		if k.Model == model && v.Stage == stage {
			return true
		}
	}
	return false
}

// TestStale: a request is stale when the bytes or what checks said of them are not what they were.
func TestStale(t *testing.T) {
	v := &Version{Name: "m", Number: 3, Digest: [32]byte{1}, Status: Ready, Tags: []keyed.Pair{}}
	passed := []Check{{Name: "bias", State: CheckSuccess, Digest: v.Digest}}
	for name, c := range map[string]struct {
		digest [32]byte
		asked  []Check
		want   string
	}{
		"as it was":       {v.Digest, passed, ""},
		"other bytes":     {[32]byte{2}, passed, "its bytes have changed"},
		"no check then":   {v.Digest, nil, `"bias" is new`},
		"another state":   {v.Digest, []Check{{Name: "bias", State: CheckPending, Digest: v.Digest}}, `"bias" was pending and is success`},
		"a check is gone": {v.Digest, append([]Check{{Name: "old", State: CheckSuccess, Digest: v.Digest}}, passed...), `"old" is gone`},
	} {
		m := &Move{Version: v, To: StageStaging, Checks: passed, Required: []Required{{StageStaging, "speed"}}}
		r := &Request{Digest: c.digest, Checks: ChecksText(c.asked), Stage: StageStaging}
		got := m.Stale(r)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		if err := m.Approve(7, []*Request{r}); got != "" && (err == nil || err.Error() != got) {
			t.Errorf("%s: %q, and approving says %v", name, got, err)
		}
		if unmet := m.Unmet(); len(unmet) != 1 {
			t.Errorf("%s: %v", name, unmet)
		}
	}
}
