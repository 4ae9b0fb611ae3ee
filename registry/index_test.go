package registry

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bailiwick/keyed"
	"bailiwick/tracking/search"

	cmpdiff "github.com/google/go-cmp/cmp"
)

// sight is a scope by its parts.
type sight struct {
	all     bool
	acls    []int64
	creator int64
}

func (s sight) All() bool      { return s.all }
func (s sight) ACLs() []int64  { return s.acls }
func (s sight) Creator() int64 { return s.creator }
func (s sight) Admits(acl, creator int64, manages bool) bool {
	_, under := slices.BinarySearch(s.acls, acl)
	return s.all || manages && creator == s.creator || under
}

// shelf is a naive registry: what the index must agree with.
type shelf struct {
	models   map[int64]*Model
	rights   map[int64]search.Right
	versions map[Key]*Version
}

func (s *shelf) change(rng *rand.Rand, x *Index) {
	id := int64(1 + rng.IntN(60))
	k := Key{id, int64(1 + rng.IntN(9))}
	switch m := s.models[id]; {
	case m == nil || rng.IntN(4) == 0:
		s.putModel(rng, x, id)
	case rng.IntN(30) == 0:
		delete(s.models, id)
		for v := range s.versions {
			if v.Model == id {
				delete(s.versions, v)
			}
		}
		x.DropModel(id)
	case rng.IntN(4) == 0:
		delete(s.versions, k)
		x.DropVersion(k)
	default:
		v := &Version{Model: id, Number: k.Number, Name: m.Name, Run: fmt.Sprint("r", rng.IntN(5)), Source: fmt.Sprint("runs:/r/", rng.IntN(3)),
			Created: rng.Int64N(20), Updated: rng.Int64N(5), Stage: Stage(rng.IntN(4)), Tags: someTags(rng)}
		s.versions[k] = v
		x.PutVersion(v)
	}
}

func (s *shelf) putModel(rng *rand.Rand, x *Index, id int64) {
	m := &Model{ID: id, Name: fmt.Sprintf("m%d-%d", rng.IntN(3), id), Updated: rng.Int64N(9), Tags: someTags(rng)}
	s.models[id], s.rights[id] = m, search.Right{ACL: rng.Int64N(12), Creator: rng.Int64N(4), CreatorManages: rng.IntN(3) == 0}
	x.PutModel(m, s.rights[id])
	for k, v := range s.versions {
		if k.Model == id {
			v.Name = m.Name
			x.PutVersion(v)
		}
	}
}

func someTags(rng *rand.Rand) (tags []keyed.Pair) {
	for _, key := range []string{"team", "tier", PromptTag} {
		if rng.IntN(4) == 0 {
			tags = append(tags, keyed.Pair{Key: key, Value: []string{"true", "false"}[rng.IntN(2)]})
		}
	}
	return tags
}

func isPrompt(tags []keyed.Pair) bool {
	v, _ := keyed.Lookup(tags, PromptTag)
	return v == "true"
}

func tagOf(tags []keyed.Pair, key string) string { v, _ := keyed.Lookup(tags, key); return v }

// questions are filters on models and on versions, each with its meaning beside the scope.
var modelQuestions = []struct {
	filter, order string
	holds         func(*Model) bool
	less          func(a, b *Model) int
}{
	{"", "", func(m *Model) bool { return !isPrompt(m.Tags) }, nil},
	{"name LIKE 'm1%'", "name DESC", func(m *Model) bool {
		return !isPrompt(m.Tags) && m.Name[1] == '1'
	}, func(a, b *Model) int { return strings.Compare(b.Name, a.Name) }},
	{"tags.team = 'true' AND name != 'm0-7'", "timestamp DESC", func(m *Model) bool {
		return !isPrompt(m.Tags) && tagOf(m.Tags, "team") == "true" && m.Name != "m0-7"
	}, func(a, b *Model) int { return cmp.Compare(b.Updated, a.Updated) }},
	{"tags.`mlflow.prompt.is_prompt` = 'true'", "", func(m *Model) bool { return isPrompt(m.Tags) }, nil},
	{"tags.`mlflow.prompt.is_prompt` != 'false' AND tags.tier IS NULL", "", func(m *Model) bool {
		return isPrompt(m.Tags) && tagOf(m.Tags, "tier") == ""
	}, nil},
	{"tags.`mlflow.prompt.is_prompt` != 'true' AND tags.tier IS NOT NULL", "", func(m *Model) bool {
		return !isPrompt(m.Tags) && tagOf(m.Tags, "tier") != ""
	}, nil},
}

var versionQuestions = []struct {
	filter, order string
	holds         func(*Version) bool
	less          func(a, b *Version) int
}{
	{"", "", nil, nil},
	{"name = 'm1-5'", "version_number DESC", func(v *Version) bool {
		return v.Name == "m1-5"
	}, func(a, b *Version) int { return cmp.Compare(b.Number, a.Number) }},
	{"run_id IN ('r1', 'r2') AND version_number >= '4'", "creation_timestamp", func(v *Version) bool {
		return (v.Run == "r1" || v.Run == "r2") && v.Number >= 4
	}, func(a, b *Version) int { return cmp.Compare(a.Created, b.Created) }},
	{"source_path LIKE '%/2' AND tags.team = 'false'", "name DESC", func(v *Version) bool {
		return v.Source == "runs:/r/2" && tagOf(v.Tags, "team") == "false"
	}, func(a, b *Version) int { return strings.Compare(b.Name, a.Name) }},
}

// TestIndexAgainstNaive compares every page of searches by callers of all sizes with a look at each row, while models and versions come, go,
// and change names and readers.
func TestIndexAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	x, s := NewIndex(), &shelf{map[int64]*Model{}, map[int64]search.Right{}, map[Key]*Version{}}
	for step := range 4000 {
		s.change(rng, x)
		if step%200 != 0 {
			continue
		}
		for _, scope := range []sight{{all: true}, {}, {creator: 2}, {acls: []int64{3}, creator: 9}, {acls: []int64{1, 2, 5, 7, 11}, creator: 1}} {
			s.checkModels(t, x, scope)
			s.checkVersions(t, x, scope)
		}
	}
	if models, versions := x.Len(); models != len(s.models) || versions != len(s.versions) || x.Size() < int64(100*models) {
		t.Errorf("%d models and %d versions in %d bytes, want %d and %d", models, versions, x.Size(), len(s.models), len(s.versions))
	}
}

func (s *shelf) seen(id int64, scope sight) bool {
	r := s.rights[id]
	return scope.Admits(r.ACL, r.Creator, r.CreatorManages)
}

func (s *shelf) checkModels(t *testing.T, x *Index, scope sight) {
	t.Helper()
	for _, q := range modelQuestions {
		var rows []*Model
		for id, m := range s.models {
			if s.seen(id, scope) && q.holds(m) {
				rows = append(rows, m)
			}
		}
		slices.SortFunc(rows, func(a, b *Model) int {
			if q.less == nil {
				return strings.Compare(a.Name, b.Name)
			}
			return cmp.Or(q.less(a, b), strings.Compare(a.Name, b.Name))
		})
		want := []string{}
		for _, m := range rows {
			want = append(want, ModelID(m.ID))
		}
		compare(t, q.filter, scope, want, pages(t, Models, q.filter, q.order, func(q *search.Query) search.Page { return x.SearchModels(q, scope) }))
	}
}

func (s *shelf) checkVersions(t *testing.T, x *Index, scope sight) {
	t.Helper()
	for _, q := range versionQuestions {
		var rows []*Version
		for k, v := range s.versions {
			if s.seen(k.Model, scope) && !isPrompt(v.Tags) && !isPrompt(s.models[k.Model].Tags) && (q.holds == nil || q.holds(v)) {
				rows = append(rows, v)
			}
		}
		slices.SortFunc(rows, func(a, b *Version) int {
			first := cmp.Compare(b.Updated, a.Updated)
			if q.less != nil {
				first = q.less(a, b)
			}
			return cmp.Or(first, strings.Compare(a.Name, b.Name), cmp.Compare(b.Number, a.Number))
		})
		want := []string{}
		for _, v := range rows {
			want = append(want, v.Key().ID())
		}
		compare(t, q.filter, scope, want, pages(t, Versions, q.filter, q.order, func(q *search.Query) search.Page { return x.SearchVersions(q, scope) }))
	}
}

func compare(t *testing.T, filter string, scope sight, want, got []string) {
	t.Helper()
	if diff := cmpdiff.Diff(want, got); diff != "" {
		t.Fatalf("%q as %+v: %s", filter, scope, diff)
	}
}

// asked parses a query.
func asked(t testing.TB, d *search.Domain, limit int, filter string, order ...string) *search.Query {
	t.Helper()
	f, err := search.ParseFilter(d, filter)
	if err != nil {
		t.Fatal(err)
	}
	o, err := search.ParseOrder(d, order)
	if err != nil {
		t.Fatal(err)
	}
	return &search.Query{Filter: f, Order: o, View: search.Active, Limit: limit}
}

// pages gives all rows of a query, seven at a time.
func pages(t *testing.T, d *search.Domain, filter, order string, find func(*search.Query) search.Page) []string {
	t.Helper()
	q, all := asked(t, d, 7, filter), []string{}
	if order != "" {
		q = asked(t, d, 7, filter, order)
	}
	for more := true; more; {
		p := find(q)
		all = append(all, p.IDs...)
		q.After, more = p.Next, p.More
	}
	return all
}

// TestPagesStandStill: models that are added while somebody pages through all move nothing that was not yet shown.
func TestPagesStandStill(t *testing.T) {
	x := NewIndex()
	put := func(id int64, name string) { x.PutModel(&Model{ID: id, Name: name}, search.Right{ACL: 1}) }
	for i := range int64(50) {
		put(i+1, fmt.Sprintf("m%02d", i))
	}
	q, n, seen := asked(t, Models, 7, ""), int64(100), map[string]bool{}
	for more := true; more; {
		p := x.SearchModels(q, sight{all: true})
		for _, id := range p.IDs {
			if seen[id] {
				t.Errorf("%s twice", id)
			}
			seen[id] = true
		}
		n++
		put(n, fmt.Sprint("a", n))
		q.After, more = p.Next, p.More
	}
	if len(seen) != 50 {
		t.Errorf("%d models", len(seen))
	}
}

// TestNamesChangePlaces: two models take each other's names.
func TestNamesChangePlaces(t *testing.T) {
	x := NewIndex()
	for i, name := range []string{"a", "b", "b", "a"} {
		id := int64(i%2 + 1)
		x.PutModel(&Model{ID: id, Name: name}, search.Right{ACL: 1})
		x.PutVersion(&Version{Model: id, Number: 1, Name: name})
	}
	for filter, want := range map[string]string{"name = 'a'": "2/1", "name = 'b'": "1/1", "name = 'c'": ""} {
		if got := strings.Join(x.SearchVersions(asked(t, Versions, 9, filter), sight{all: true}).IDs, " "); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	if got := strings.Join(x.SearchModels(asked(t, Models, 9, ""), sight{all: true}).IDs, " "); got != "2 1" {
		t.Error(got)
	}
	if x.Count(1) != 1 || len(x.Numbers(2)) != 1 || x.Count(3) != 0 {
		t.Error("Numbers")
	}
	x.PutVersion(&Version{Model: 3, Number: 1, Name: "c"})
	if _, versions := x.Len(); versions != 2 {
		t.Errorf("%d versions", versions)
	}
}

func BenchmarkSearchModels(b *testing.B) {
	x := NewIndex()
	for i := int64(5000); i > 0; i-- {
		x.PutModel(&Model{ID: i, Name: fmt.Sprintf("model-%04d", i), Updated: i * 7919 % 5000}, search.Right{ACL: 1000 + i})
	}
	few, last, half := sight{creator: -1}, sight{creator: -1}, sight{creator: -1}
	for i := range int64(2500) {
		half.acls = append(half.acls, 1001+2*i)
	}
	for i := range int64(10) {
		few.acls = append(few.acls, 1000+i*500+1)
	}
	for i := range int64(50) {
		last.acls = append(last.acls, 5951+i)
	}
	for _, c := range []struct {
		name  string
		scope sight
		order []string
	}{{"all", sight{all: true}, nil}, {"ten", few, nil}, {"last", last, nil}, {"half", half, nil}, {"all by time", sight{all: true}, []string{"timestamp DESC"}}} {
		b.Run(c.name, func(b *testing.B) {
			q := asked(b, Models, 100, "", c.order...)
			for b.Loop() {
				x.SearchModels(q, c.scope)
			}
		})
	}
}
