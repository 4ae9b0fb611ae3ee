package ledger

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func logMetric(ms int64, request, metric string) *Entry {
	return &Entry{Time: ms, Class: ClassB, Service: "mlflowExperiment", Action: "logMetric", RequestID: request,
		Actor: Actor{ID: 100, Name: "ann"}, Source: "192.0.2.7",
		Object: Object{Kind: "run", ID: "r1"}, Params: Params{{"run_id", "r1"}, {"key", metric}}, Status: 200,
		After: []byte(`1`)}
}

func TestTallyGathersAMinute(t *testing.T) {
	m := Tallies{}
	m.Add(TallyOf(logMetric(60_500, "b", "loss")))
	m.Add(TallyOf(logMetric(60_000, "a", "acc")))
	m.Add(TallyOf(logMetric(119_999, "c", "loss")))
	m.Add(TallyOf(logMetric(120_000, "d", "loss")))
	if early := m.Take(119_999); len(early) != 0 {
		t.Fatalf("an unfinished minute was taken: %+v", early)
	}
	got := m.Take(120_000)
	if len(got) != 1 || len(m) != 1 {
		t.Fatalf("took %d, left %d; want 1 and 1", len(got), len(m))
	}
	want := *logMetric(119_999, "", "")
	want.Params, want.After = Params{{"run_id", "r1"}}, nil
	want.Count, want.First, want.Last = 3, 60_000, 119_999
	if d := cmp.Diff(want, got[0].Entry()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	alone := m.Take(180_000)[0].Entry()
	if alone.RequestID != "d" || alone.Count != 1 || len(alone.Params) != 2 {
		t.Errorf("a single request became %+v", alone)
	}
}

func TestTallyKeyTellsApart(t *testing.T) {
	base := TallyOf(logMetric(60_000, "a", "x")).Key
	seen := map[string]bool{string(base.AppendKey(nil)): true}
	for name, change := range map[string]func(*Entry){
		"minute": func(e *Entry) { e.Time += 60_000 }, "class": func(e *Entry) { e.Class = ClassC }, "principal": func(e *Entry) { e.Actor.ID++ },
		"service": func(e *Entry) { e.Service = "x" }, "action": func(e *Entry) { e.Action = "x" },
		"kind":   func(e *Entry) { e.Object.Kind = "x" },
		"object": func(e *Entry) { e.Object.ID = `r1","` }, "source": func(e *Entry) { e.Source = "x" },
		"credential": func(e *Entry) { e.Credential = "x" }, "status": func(e *Entry) { e.Status = 403 },
	} {
		e := logMetric(60_000, "a", "x")
		change(e)
		k := TallyOf(e).Key
		if text := string(k.AppendKey(nil)); k == base || seen[text] {
			t.Errorf("%s does not tell apart: %s", name, text)
		} else {
			seen[text] = true
		}
	}
	if same := TallyOf(logMetric(119_999, "z", "y")).Key; same != base {
		t.Errorf("request and metric must not matter: %+v", same)
	}
	if k := TallyOf(&Entry{Time: -1}).Key; k.Minute != -1 {
		t.Errorf("the last ms before 1970 is in minute %d", k.Minute)
	}
}

func TestMergeOrderDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 300 {
		var all []Tally
		for range 2 + rng.IntN(6) {
			e := logMetric(60_000+int64(rng.IntN(3)), string(rune('a'+rng.IntN(3))), string(rune('x'+rng.IntN(2))))
			e.UserAgent = string(rune('p' + rng.IntN(2)))
			all = append(all, TallyOf(e))
		}
		want := fold(all)
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		half := 1 + rng.IntN(len(all)-1)
		if d := cmp.Diff(want, Merge(fold(all[:half]), fold(all[half:]))); d != "" {
			t.Fatalf("-in order +shuffled\n%s", d)
		}
	}
}

func fold(all []Tally) Tally {
	out := all[0]
	for _, t := range all[1:] {
		out = Merge(out, t)
	}
	return out
}

func TestSpans(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		var s spans
		have, top := map[int64]bool{}, int64(0)
		for range 40 {
			id := 1 + int64(rng.IntN(50))
			if s.add(id) == have[id] {
				t.Fatalf("add(%d) to %v", id, s.list)
			}
			have[id], top = true, max(top, id)
		}
		missing, first := int64(0), int64(0)
		for id := top; id > 0; id-- {
			if !have[id] {
				missing, first = missing+1, id
			}
		}
		if n, f := s.gaps(); n != missing || f != first || s.top() != top {
			t.Fatalf("%v: gaps %d from %d, top %d; want %d from %d, %d", s.list, n, f, s.top(), missing, first, top)
		}
	}
}
