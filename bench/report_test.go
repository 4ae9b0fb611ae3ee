package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bookOf(figures ...figure) *book {
	b := &book{}
	for _, f := range figures {
		var err error
		if f.Void != "" {
			err = errors.New(f.Void)
		}
		b.record(f.Work, f.Unit, f.Less, f.Clients, f.Site, f.Median, err)
	}
	return b
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 100}, 3}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestRecordKeepsVoid(t *testing.T) {
	b := &book{}
	b.record(createRun, "/s", false, 8, ours, 100, nil)
	b.record(createRun, "/s", false, 8, ours, 0, wrongf("lost"))
	b.record(createRun, "/s", false, 8, ours, 100, nil)
	if f := b.find(createRun, ours, 8); f.good() || f.Void != "wrong answer: lost" || len(f.Rounds) != 3 {
		t.Errorf("a wrong round leaves %+v", f)
	}
}

func TestJudge(t *testing.T) {
	faster := []bound{than(mlflow, 45)}
	tests := map[string]struct {
		target target
		book   *book
		fsync  time.Duration
		want   verdict
	}{
		"reached": {
			target{createRun, ours, 8, faster},
			bookOf(figure{Work: createRun, Site: ours, Clients: 8, Median: 4600}, figure{Work: createRun, Site: mlflow, Clients: 8, Median: 100}),
			time.Millisecond / 2, verdict{Clients: 8, Target: "≥ 45× mlflow", Reached: "46×", Verdict: "pass"},
		},
		"missed": {
			target{getRun, ours, 8, faster},
			bookOf(figure{Work: getRun, Site: ours, Clients: 8, Median: 4400}, figure{Work: getRun, Site: mlflow, Clients: 8, Median: 100}),
			time.Hour, verdict{Clients: 8, Target: "≥ 45× mlflow", Reached: "44×", Verdict: "miss"},
		},
		"disk too slow": {
			target{createRun, ours, 8, faster},
			bookOf(
				figure{Work: createRun, Site: ours, Clients: 8, Median: 3000}, figure{Work: createRun, Site: mlflow, Clients: 8, Median: 100},
				figure{Work: createRun, Site: ours, Clients: 32, Median: 4950}, figure{Work: createRun, Site: mlflow, Clients: 32, Median: 110}),
			2 * time.Millisecond, verdict{
				Clients: 32, Target: "≥ 45× mlflow", Reached: "45×", Verdict: "pass",
				Note: "8 clients / fsync of 2ms = 4000/s is below 4500/s, so judged at 32 clients",
			},
		},
		"disk too slow, peer fails": {
			target{createRun, ours, 8, faster},
			bookOf(
				figure{Work: createRun, Site: ours, Clients: 8, Median: 3000}, figure{Work: createRun, Site: mlflow, Clients: 8, Median: 100},
				figure{Work: createRun, Site: ours, Clients: 32, Median: 5000}, figure{Work: createRun, Site: mlflow, Clients: 32, Void: "500"}),
			2 * time.Millisecond, verdict{
				Clients: 32, Target: "≥ 45× mlflow", Reached: "50×", Verdict: "pass",
				Note: "8 clients / fsync of 2ms = 4000/s is below 4500/s, so judged at 32 clients; " +
					"mlflow fails with 32 clients, so its figure with 8 is taken",
			},
		},
		"smaller is better": {
			target{metricHistory, ours, 1, []bound{than(mlflow, 40)}},
			bookOf(
				figure{Work: metricHistory, Less: true, Site: ours, Clients: 1, Median: .1},
				figure{Work: metricHistory, Less: true, Site: mlflow, Clients: 1, Median: 5},
			),
			0, verdict{Clients: 1, Target: "≥ 40× mlflow", Reached: "50×", Verdict: "pass"},
		},
		"one of two": {
			target{largeUp, ours, 1, []bound{than(mlflow, 4), than(plainCopy, .8)}},
			bookOf(figure{Work: largeUp, Site: ours, Clients: 1, Median: 900}, figure{Work: largeUp, Site: mlflow, Clients: 1, Median: 300},
				figure{Work: largeUp, Site: plainCopy, Clients: 1, Median: 1000}),
			0, verdict{Clients: 1, Target: "≥ 4× mlflow or ≥ 0.8× copy", Reached: "3×, 0.9×", Verdict: "pass"},
		},
		"at most": {
			target{memoryIdle, ours, 0, []bound{most(80)}}, bookOf(figure{Work: memoryIdle, Unit: "MiB", Less: true, Site: ours, Median: 81}),
			0, verdict{Target: "≤ 80 MiB", Reached: "81 MiB", Verdict: "miss"},
		},
		"void": {
			target{getRun, ours, 8, faster}, bookOf(figure{Work: getRun, Site: ours, Clients: 8, Void: "wrong"}),
			0, verdict{Clients: 8, Target: "≥ 45× mlflow", Reached: "–", Verdict: "void"},
		},
		"nothing": {
			target{getRun, ours, 8, faster}, &book{}, 0, verdict{Clients: 8, Target: "≥ 45× mlflow", Reached: "–", Verdict: "not measured"},
		},
	}
	for name, tt := range tests {
		tt.want.Work, tt.want.Site = tt.target.work, tt.target.site
		if diff := cmp.Diff(tt.want, tt.target.judge(tt.book, tt.fsync)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTargetsNameWhatThereIs holds the table of targets against works and peers.
func TestTargetsNameWhatThereIs(t *testing.T) {
	measured := map[string]map[string]bool{}
	for _, w := range append(append([]work{}, works...), work{name: manyPage, on: principals}, work{name: manyModels, on: principals}) {
		measured[w.name] = map[string]bool{}
		for _, site := range w.on {
			measured[w.name][site] = true
		}
	}
	for _, name := range []string{starting, manyStart, memoryIdle, memoryAfter, firstScreen, scimSync, scimGrowth, scimLarge} {
		measured[name] = map[string]bool{ours: true}
	}
	for _, target := range targets {
		if !measured[target.work][target.site] {
			t.Errorf("%s is not measured on %s", target.work, target.site)
		}
		for _, bound := range target.any {
			if bound.than != "" && !measured[target.work][bound.than] {
				t.Errorf("%s is compared with %s, where it is not measured", target.work, bound.than)
			}
		}
	}
}

func TestPrint(t *testing.T) {
	b := bookOf(
		figure{Work: createRun, Unit: "/s", Site: ours, Clients: 8, Median: 5000}, figure{Work: createRun, Unit: "/s", Site: mlflow, Clients: 8, Median: 100},
		figure{Work: metricHistory, Unit: "s", Less: true, Site: ours, Clients: 1, Median: .05},
		figure{Work: metricHistory, Unit: "s", Less: true, Site: mlflow, Clients: 1, Void: "wrong answer: 3 points"},
		figure{Work: createRun, Unit: "/s", Site: oursPG, Clients: 8, Median: 2000}, figure{Work: createRun, Unit: "/s", Site: mlflowPG, Clients: 8, Median: 100},
	)
	r := &report{Figures: b.figures, Targets: []verdict{targets[0].judge(b, 0)}, Notes: []string{"half of it"}, Fsyncs: []float64{.2}}
	var out bytes.Buffer
	r.print(&out)
	var lines []string
	for line := range strings.Lines(out.String()) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	want := []string{
		"fsync of 4 KiB: median 0s (0.2 to 0.2 ms)",
		"median (times that bailiwick is better) unit clients bailiwick mlflow",
		"create-run /s 8 5000 100 (50×)",
		"metric-history s 1 0.05 VOID",
		"median (times that bailiwick-pg is better) unit clients bailiwick-pg mlflow-pg",
		"create-run /s 8 2000 100 (20×)",
		"target clients asked reached verdict",
		"create-run, bailiwick 8 ≥ 45× mlflow 50× pass",
		"VOID metric-history, mlflow, 1 clients: wrong answer: 3 points",
		"note half of it",
	}
	if diff := cmp.Diff(want, lines[1:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteReport(t *testing.T) {
	dir := t.TempDir()
	r := &report{Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Figures: bookOf(figure{Work: getRun, Site: ours, Clients: 1, Median: 7}).figures}
	path, err := r.write(dir)
	if err != nil || filepath.Base(path) != "20260102T030405Z.json" {
		t.Fatal(path, err)
	}
	for _, name := range []string{path, filepath.Join(dir, "latest.json")} {
		var got report
		text, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if diff := cmp.Diff(r.Figures, got.Figures); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		args []string
		want options
		fail string
	}{
		"nothing": {nil, options{seedTime: time.Minute, out: "/p/bench/out"}, ""},
		"all": {
			strings.Fields("-quick -only create-run,start -peers mlflow,many -rounds 2 -postgres -objects 5 -seed-time 9s -out o -keep"),
			options{true, []string{createRun, starting}, []string{mlflow, many}, 2, true, 5, 9 * time.Second, "o", true}, "",
		},
		"unknown work": {[]string{"-only", "walk"}, options{}, `"walk" is none of`},
		"unknown peer": {[]string{"-peers", "wandb"}, options{}, `"wandb" is none of`},
		"argument":     {[]string{"create-run"}, options{}, "unexpected argument"},
	}
	for name, tt := range tests {
		got, err := parse(tt.args, "/p")
		if tt.fail != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fail) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(options{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestNeeded(t *testing.T) {
	tests := map[string]struct {
		opt  options
		want []string
	}{
		"all":            {options{}, []string{ours, mlflow, mlflowAuth, fasttrack, plainCopy}},
		"with postgres":  {options{postgres: true}, []string{ours, mlflow, mlflowAuth, fasttrack, plainCopy, oursPG, mlflowPG}},
		"files":          {options{only: []string{smallUp}}, []string{ours, mlflow, plainCopy}},
		"search, chosen": {options{only: []string{searchRuns}, peers: []string{ours, mlflowAuth}}, []string{ours}},
		"many only":      {options{only: []string{manyPage}}, nil},
		"start":          {options{only: []string{starting}}, []string{ours, mlflow, mlflowAuth, fasttrack}},
	}
	for name, tt := range tests {
		var got []string
		for _, p := range (&bench{opt: tt.opt}).needed() {
			got = append(got, p.name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAims(t *testing.T) {
	tests := map[string]struct {
		opt  options
		want int
	}{
		"all but PostgreSQL": {options{}, len(targets) - 3},
		"all":                {options{postgres: true}, len(targets)},
		"one work":           {options{only: []string{createRun}}, 3},
		"one peer":           {options{only: []string{createRun}, peers: []string{ours, fasttrack}}, 1},
		"without us":         {options{peers: []string{mlflow, fasttrack}}, 0},
		"many":               {options{peers: []string{many}}, 5},
		"console":            {options{only: []string{console}}, 1},
	}
	for name, tt := range tests {
		got := 0
		for _, target := range targets {
			if tt.opt.aims(target) {
				got++
			}
		}
		if got != tt.want {
			t.Errorf("%s: %d targets, want %d", name, got, tt.want)
		}
	}
}
