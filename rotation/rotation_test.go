package rotation

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/fail"
)

const hour = int64(time.Hour / time.Millisecond)

func moment(text string) int64 {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func TestSchedule(t *testing.T) {
	last := moment("2026-03-04 10:30") // a Wednesday
	for text, want := range map[string]string{
		"30d": "2026-04-03 10:30", "12h": "2026-03-04 22:30", "30d 03:00": "2026-04-03 03:00", "30D Sun 03:00": "2026-04-05 03:00",
		"sun 03:00": "2026-03-15 03:00", "wed 03:00": "2026-03-11 03:00", "03:00": "2026-03-05 03:00",
	} {
		s, err := ParseSchedule(text)
		if err != nil || s.Next(last) != moment(want) {
			t.Errorf("%s: %v %v", text, time.UnixMilli(s.Next(last)).UTC(), err)
		}
		again, err := ParseSchedule(s.String())
		if err != nil || again != s {
			t.Errorf("%s: %s is %+v, %v", text, s, again, err)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "30", "30x", "800d", "30m", "sun", "30d sun", "30d 3:0:0", "12h 03:00", "25:00", "30d sun 03:00 x", "mon tue 03:00",
		"99999999999999999999d"} {
		if s, err := ParseSchedule(text); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q: %+v %v", text, s, err)
		}
	}
}

func plan(change ...func(*Plan)) *Plan {
	p := &Plan{ID: "p", Kind: Secret, Scope: 1000, Key: "k", Schedule: Schedule{Every: 30 * Day}, Overlap: hour, Rotator: BuiltIn, Next: 100 * hour}
	for _, f := range change {
		f(p)
	}
	return p
}

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Plan)
		says   string // empty = it is right
	}{
		"a secret":              {func(*Plan) {}, ""},
		"no kind":               {func(p *Plan) { p.Kind = "" }, "kind"},
		"no secret":             {func(p *Plan) { p.Scope = 0 }, "scope and key"},
		"a principal's":         {func(p *Plan) { p.Kind, p.Principal = Token, 100 }, ""},
		"nobody's":              {func(p *Plan) { p.Kind = Token }, "service_principal"},
		"a key in a secret":     {func(p *Plan) { p.Kind, p.Overlap = SigningKey, 3*hour }, "scope and key"},
		"a signing key":         {func(p *Plan) { p.Kind, p.Overlap, p.Scope, p.Key = SigningKey, 3*hour, 0, "" }, ""},
		"one that ends early":   {func(p *Plan) { p.Kind, p.Scope, p.Key = SigningKey, 0, "" }, "overlap_seconds"},
		"overlap over all":      {func(p *Plan) { p.Overlap = 30 * 24 * hour }, "overlap_seconds"},
		"negative overlap":      {func(p *Plan) { p.Overlap = -1 }, "overlap_seconds"},
		"short life":            {func(p *Plan) { p.Kind, p.Principal, p.Life = Token, 100, 30*24*hour }, "lifetime_seconds"},
		"life of a secret":      {func(p *Plan) { p.Life = 40 * 24 * hour }, "lifetime_seconds"},
		"a webhook":             {func(p *Plan) { p.Rotator, p.URL = Webhook, "https://x.example/rotate" }, ""},
		"a webhook nowhere":     {func(p *Plan) { p.Rotator = Webhook }, "url"},
		"a webhook for a token": {func(p *Plan) { p.Kind, p.Principal, p.Rotator, p.URL = Token, 100, Webhook, "https://x" }, "rotator"},
		"a password in it":      {func(p *Plan) { p.Rotator, p.URL = Webhook, "https://u:p@x.example" }, "url"},
		"weak":                  {func(p *Plan) { p.Rule = Rule{Length: 8, Alphabet: "hex"} }, "rule"},
		"no schedule":           {func(p *Plan) { p.Schedule = Schedule{} }, "schedule"},
		"contact":               {func(p *Plan) { p.Contact = strings.Repeat("x", 300) }, "contact"},
	} {
		err := plan(tt.change).Check()
		if tt.says == "" && err != nil || tt.says != "" && (!fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRule(t *testing.T) {
	for _, r := range []Rule{{}, {Length: 16, Alphabet: "hex"}, {Length: 100, Alphabet: "ab"}, {Length: 4096, Alphabet: "printable"}, {Length: 64, Alphabet: "base64url"}} {
		if err := r.Check(); err != nil {
			t.Errorf("%+v: %v", r, err)
			continue
		}
		v, err := r.Make(rand.Reader)
		other, _ := r.Make(rand.Reader)
		if err != nil || len(v) != r.length() || bytes.Equal(v, other) || strings.Trim(string(v), r.letters()) != "" {
			t.Errorf("%+v: %q %v", r, v, err)
		}
	}
	for _, r := range []Rule{{Length: -1}, {Length: 5000}, {Alphabet: "a"}, {Alphabet: "aa"}, {Alphabet: "aé"}, {Alphabet: "a\nb"}, {Length: 63, Alphabet: "01"}} {
		if err := r.Check(); !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	counts := map[byte]int{}
	v, _ := Rule{Length: 4096, Alphabet: "abc"}.Make(rand.Reader)
	for _, b := range v {
		counts[b]++
	}
	for _, n := range counts {
		if n < 1200 || n > 1530 { // 1365 ± 5.5 standard deviations
			t.Errorf("%v", counts)
		}
	}
}

func TestStep(t *testing.T) {
	at := 100 * hour
	r := func(s State, change ...func(*Rotation)) *Rotation {
		r := &Rotation{State: s, Old: "1", Made: at, Switched: at, OverlapEnd: at + hour}
		for _, f := range change {
			f(r)
		}
		return r
	}
	unused := func(p *Plan) { p.UnusedFor = hour }
	signing := func(p *Plan) { p.Kind = SigningKey }
	for name, tt := range map[string]struct {
		plan *Plan
		r    *Rotation
		f    Facts
		step Step
		at   int64
	}{
		"early":               {plan(), nil, Facts{Now: at - 5}, Wait, at},
		"due":                 {plan(), nil, Facts{Now: at}, Begin, at},
		"after the last":      {plan(), r(Closed), Facts{Now: at}, Begin, at},
		"paused":              {plan(func(p *Plan) { p.Paused = true }), nil, Facts{Now: at}, Wait, at + 60000},
		"held back":           {plan(func(p *Plan) { p.NotBefore = at + 7 }), r(Failed), Facts{Now: at}, Wait, at + 7},
		"begun":               {plan(), r(Due), Facts{Now: at}, Create, at},
		"paused in the midst": {plan(func(p *Plan) { p.Paused = true }), r(Due), Facts{Now: at}, Create, at},
		"tried":               {plan(), r(Due, func(r *Rotation) { r.Due = at + 3 }), Facts{Now: at}, Wait, at + 3},
		"made":                {plan(), r(Created), Facts{Now: at}, Test, at},
		"tested":              {plan(), r(Tested), Facts{Now: at}, Switch, at},
		"published":           {plan(signing), r(Tested), Facts{Now: at + 1}, Wait, at + 300000},
		"published long ago":  {plan(signing), r(Tested), Facts{Now: at + 300000}, Switch, at + 300000},
		"overlap":             {plan(), r(Switched), Facts{Now: at + hour - 1}, Wait, at + hour},
		"overlap's end":       {plan(), r(Switched), Facts{Now: at + hour}, Close, at + hour},
		"no old one":          {plan(), r(Switched, func(r *Rotation) { r.Old = "" }), Facts{Now: at}, Close, at},
		"asked":               {plan(), r(Switched, func(r *Rotation) { r.CloseAsked = 1 }), Facts{Now: at}, Close, at},
		"held":                {plan(), r(Switched), Facts{Now: at + 2*hour, OldHeld: true}, Wait, at + 2*hour + 1000},
		"used early":          {plan(), r(Switched), Facts{Now: at + hour, OldUsed: at + 1}, Close, at + hour},
		"used to the end":     {plan(), r(Switched), Facts{Now: at + hour, OldUsed: at + hour - 1}, Tell, at + hour},
		"told":                {plan(), r(Switched, (*Rotation).HasTold), Facts{Now: at + hour, OldUsed: at + hour - 1}, Close, at + hour},
		"until unused":        {plan(unused), r(Switched), Facts{Now: at + hour, OldUsed: at + 1}, Tell, at + hour},
		"until unused, told":  {plan(unused), r(Switched, (*Rotation).HasTold), Facts{Now: at + hour, OldUsed: at + 1}, Wait, at + 1 + hour},
		"unused":              {plan(unused), r(Switched, (*Rotation).HasTold), Facts{Now: at + hour + 1, OldUsed: at + 1}, Close, at + hour + 1},
		"never used":          {plan(unused), r(Switched), Facts{Now: at + hour}, Close, at + hour},
	} {
		if step, when := tt.plan.Step(tt.r, tt.f); step != tt.step || when != tt.at {
			t.Errorf("%s: %s at %d, want %s at %d", name, step, when-at, tt.step, tt.at-at)
		}
	}
}

func TestGivesUpBeforeTheSwitchOnly(t *testing.T) {
	p, r := plan(), Rotation{State: Due}
	for n := range MaxTries {
		if r.State != Due {
			t.Fatalf("given up after %d tries", n)
		}
		p.HasFailed(&r, "no answer", false, 1000)
	}
	if r.State != Failed || r.Reason != "no answer" || p.NotBefore != 1000+24*hour {
		t.Errorf("%+v %+v", r, p)
	}
	r = Rotation{State: Created}
	if p.HasFailed(&r, "gone", true, 0); r.State != Failed {
		t.Errorf("final: %+v", r)
	}
	r = Rotation{State: Switched}
	for range 5 * MaxTries {
		p.HasFailed(&r, "no answer", true, 0)
	}
	if r.State != Switched || r.Due != hour {
		t.Errorf("closing is given up: %+v", r)
	}
}

func TestMark(t *testing.T) {
	end := 1000 * 24 * hour
	days := func(n float64) int64 { return end - int64(n*24*float64(hour)) }
	for _, tt := range []struct {
		now, span int64
		mark      int
		due       bool
	}{
		{days(15), 0, 0, false}, {days(14), 0, 14, true}, {days(3.1), 0, 14, true}, {days(3), 0, 3, true}, {days(1.5), 0, 3, true}, {days(1), 0, 1, true},
		{end - 1, 0, 1, true}, {end, 0, Overdue, true}, {days(10), 20 * 24 * hour, 0, false}, {days(2), 7 * 24 * hour, 3, true}, {days(0.5), 24 * hour, 0, false},
	} {
		if mark, due := Mark(end, tt.span, tt.now); mark != tt.mark || due != tt.due {
			t.Errorf("%d h before, span %d: %d %v", (end-tt.now)/hour, tt.span/hour, mark, due)
		}
	}
	if _, due := Mark(0, 0, end); due {
		t.Error("what never ends is told")
	}
	p := plan()
	if _, due := p.Mark(p.Next + hour - 1); due {
		t.Error("overdue within its grace")
	}
	if mark, due := p.Mark(p.Next + hour); mark != Overdue || !due {
		t.Error("not overdue")
	}
}

func TestFindings(t *testing.T) {
	p := plan(func(p *Plan) { p.UnusedFor = hour })
	whys := func(r *Rotation, f Facts) (all []Why) {
		for _, x := range p.Findings(r, f) {
			all = append(all, x.Why)
		}
		return all
	}
	switched := &Rotation{State: Switched, Old: "1", OverlapEnd: 50 * hour, Switched: 49 * hour}
	stuck := *switched
	stuck.Tries = 1
	for name, tt := range map[string]struct {
		r    *Rotation
		f    Facts
		want []Why
	}{
		"nothing":      {nil, Facts{Now: 99 * hour}, nil},
		"overdue":      {nil, Facts{Now: 101 * hour}, []Why{IsOverdue}},
		"given up":     {&Rotation{State: Failed}, Facts{Now: 101 * hour}, []Why{HasGivenUp, IsOverdue}},
		"still used":   {switched, Facts{Now: 51 * hour, OldUsed: 51*hour - 1}, []Why{OldStays}},
		"in overlap":   {switched, Facts{Now: 50*hour - 1, OldUsed: 50*hour - 2}, nil},
		"cannot close": {&stuck, Facts{Now: 51 * hour}, []Why{CannotClose}},
	} {
		if got := whys(tt.r, tt.f); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// world is what rotations act on: which values hold, and which one readers get.
type world struct {
	holds   map[string]bool
	works   map[string]bool
	newest  string
	made    int
	closeAt int64
}

// TestNeverWithoutAWorkingOne plays plans with random times, crashes between any two steps (the step is done and its outcome forgotten, or not done),
// failures and uses of the old one. At every moment readers get what holds and works; the old one holds until the overlap has ended.
func TestNeverWithoutAWorkingOne(t *testing.T) {
	for seed := range uint64(3000) {
		rng := mathrand.New(mathrand.NewPCG(seed, 7))
		p := plan(func(p *Plan) {
			p.Overlap = rng.Int64N(3 * hour)
			p.UnusedFor = rng.Int64N(2) * rng.Int64N(3*hour)
		})
		w := &world{holds: map[string]bool{"v0": true}, works: map[string]bool{"v0": true}, newest: "v0"}
		var r *Rotation
		var used int64
		closed := 0
		for now := p.Next - hour; now < p.Next+200*24*hour && closed < 3; {
			step, at := p.Step(r, Facts{Now: now, OldUsed: used})
			if step == Wait {
				if at <= now {
					t.Fatalf("seed %d: waits for the past", seed)
				}
				now = min(at, now+1+rng.Int64N(12*hour))
				if r != nil && r.State == Switched && now < r.OverlapEnd+5*hour && rng.IntN(20) == 0 {
					used = now
				}
				continue
			}
			if rng.IntN(4) == 0 { // a crash: nothing of the step is there, or it failed and that was noted
				if r != nil && rng.IntN(2) == 0 {
					p.HasFailed(r, "x", false, now)
				}
				now += 1 + rng.Int64N(1000)
				continue
			}
			before := r
			r = play(t, w, p, r, step, now)
			if step == Begin {
				used = 0
			}
			if step == Close && before.State == Closed {
				closed++
			}
			if !w.holds[w.newest] || !w.works[w.newest] {
				t.Fatalf("seed %d: after %s readers get %s, which does not hold or was not tested", seed, step, w.newest)
			}
		}
		if closed == 0 {
			t.Fatalf("seed %d: nothing was ever rotated: %+v %+v", seed, p, r)
		}
	}
}

// play does one step, on a copy that is taken over as a whole, as a transaction does.
func play(t *testing.T, w *world, p *Plan, r *Rotation, step Step, now int64) *Rotation {
	switch step {
	case Begin:
		started := p.Start("r", now)
		return &started
	case Create:
		w.made++
		name := "v" + string(rune('0'+w.made%10)) + "-" + string(rune('a'+w.made%26))
		w.holds[name], w.works[name] = true, false
		r.HasMade(name, now)
	case Test:
		w.works[r.New] = true
		r.HasTested()
	case Switch:
		w.closeAt = now + p.Overlap
		old := w.newest
		w.newest = r.New
		p.HasSwitched(r, old, r.New, now)
	case Tell:
		r.HasTold()
	case Close:
		if now < w.closeAt || r.Old == w.newest {
			t.Fatalf("closes %s at %d, the overlap ends at %d", r.Old, now, w.closeAt)
		}
		delete(w.holds, r.Old)
		r.HasClosed(now)
	}
	return r
}

func TestPlansAreKeptAsJSON(t *testing.T) {
	p := plan(func(p *Plan) { p.Schedule = Schedule{30 * Day, true, true, time.Sunday, 3, 0} })
	text, err := json.Marshal(p)
	var again Plan
	if err != nil || json.Unmarshal(text, &again) != nil || again.Schedule != p.Schedule || again.Overlap != p.Overlap {
		t.Errorf("%s %v", text, err)
	}
}
