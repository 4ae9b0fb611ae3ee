package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tiny plays everything in a moment.
var tiny = sizes{
	rounds: 1, clients: 2, cell: time.Second, most: 40, samples: 7, runs: 300, points: 2500, page: 20, files: 6, large: 3, objects: 400, models: 130,
}

func tinyBench(t *testing.T) *bench {
	return &bench{size: tiny, opt: options{seedTime: time.Minute}, dir: t.TempDir()}
}

// playTiny plays a work once with two clients on a fake that is wrong in some way.
func playTiny(t *testing.T, w work, wrong string) (float64, error) {
	b, s := tinyBench(t), startFake(t, wrong)
	m, err := w.open(t.Context(), b, s)
	if err != nil {
		return 0, err
	}
	return m(t.Context(), min(2, w.levels[len(w.levels)-1]))
}

func TestWorksOnARightServer(t *testing.T) {
	for _, w := range works {
		if figure, err := playTiny(t, w, ""); err != nil || figure <= 0 {
			t.Errorf("%s: %v, %v", w.name, figure, err)
		}
	}
}

// TestWrongAnswersAreFound holds the checks against servers that are fast because they are wrong.
func TestWrongAnswersAreFound(t *testing.T) {
	faults := map[string][]string{
		"refuse":          {createRun, logMetric, logBatch, getRun, searchRuns, experimentsPage, register, byAlias, transition, modelsPage},
		"lose-run":        {createRun},
		"lose-point":      {logMetric, logBatch, metricHistory},
		"lose-tag":        {getRun},
		"short-page":      {searchRuns},
		"misorder":        {searchRuns, metricHistory, experimentsPage, modelsPage},
		"lose-experiment": {experimentsPage},
		"pending-version": {register, largeVersion},
		"other-version":   {register, byAlias},
		"stay":            {transition},
		"flip-byte":       {smallUp, smallDown, largeUp, largeDown},
	}
	for fault, names := range faults {
		for _, w := range works {
			if !slices.Contains(names, w.name) {
				continue
			}
			if figure, err := playTiny(t, w, fault); err == nil {
				t.Errorf("%s: %s gives %v, and nobody notices", fault, w.name, figure)
			}
		}
	}
}

func TestExpectedRuns(t *testing.T) {
	for _, variant := range []int{0, searchVariants - 1} {
		found := expectedRuns(full.runs, variant)
		if len(found) != searchPage {
			t.Errorf("variant %d finds %d runs; the page is to be full", variant, len(found))
		}
		for i, r := range found {
			if r.Metrics[0].Value <= threshold(variant) || r.Params[0].Value != "v3" {
				t.Errorf("variant %d finds %+v", variant, r)
			}
			if i > 0 && r.Metrics[1].Value >= found[i-1].Metrics[1].Value {
				t.Errorf("variant %d: %s is out of order, or equal", variant, r.Name)
			}
		}
	}
}

// TestPointsAsSent reads what the templates send.
func TestPointsAsSent(t *testing.T) {
	batch := into[struct{ Metrics []point }](jsonText(newTemplate(batchBody("r"), batchMark).with(12)))
	if len(batch.Metrics) != batchKeys*batchSteps {
		t.Fatalf("a batch has %d points", len(batch.Metrics))
	}
	for i, p := range batch.Metrics {
		if want := batchPoint(i/batchSteps, 12*batchSteps+i%batchSteps); p != want {
			t.Fatalf("point %d is %v, want %v", i, p, want)
		}
	}
}

// jsonText is JSON that is written as it is.
type jsonText []byte

func (j jsonText) MarshalJSON() ([]byte, error) { return j, nil }

func TestCrowd(t *testing.T) {
	b, s := tinyBench(t), startFake(t, "")
	c := &crowd{b: b, s: s}
	if err := c.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.all) != tiny.objects+1 || len(c.folders) != foldersOf(tiny.objects) {
		t.Fatalf("%d experiments in %d folders", len(c.all), len(c.folders))
	}
	sites, err := c.principals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for _, site := range sites {
		seen, err := site.experiments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes[site.name] = len(seen)
	}
	if diff := cmp.Diff(map[string]int{administrator: 401, sees10: 11, seesLast: 18, seesHalf: 201}, sizes); diff != "" {
		t.Errorf("what principals see, the shared one included (-want +got):\n%s", diff)
	}
	if err := b.play(t.Context(), work{name: manyPage, levels: single, on: principals, open: c.open}, sites); err != nil {
		t.Fatal(err)
	}
	for _, who := range principals {
		if f := b.book.find(manyPage, who, 1); !f.good() {
			t.Errorf("%s has no figure: %+v", who, f)
		}
	}
}

func TestCrowdFindsLeaks(t *testing.T) {
	b, s := tinyBench(t), startFake(t, "leak")
	c := &crowd{b: b, s: s}
	if err := c.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	sites, err := c.principals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range sites[1:] {
		m, err := c.open(t.Context(), b, site)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m(t.Context(), 1); !errors.As(err, new(wrong)) {
			t.Errorf("%s sees everything, and the check says %v", site.name, err)
		}
	}
}

// TestCrowdOfWhatThereIsTimeFor measures with what was made before the time was over, and says how much that is.
func TestCrowdOfWhatThereIsTimeFor(t *testing.T) {
	b, s := tinyBench(t), startFake(t, "")
	b.size.objects, b.opt.seedTime = 50_000, 300*time.Millisecond
	c := &crowd{b: b, s: s}
	if err := c.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(c.all); n == 0 || n >= b.size.objects || len(c.folders) > n || len(b.notes) == 0 {
		t.Errorf("%d experiments in %d folders, notes %v", n, len(c.folders), b.notes)
	}
	b.opt.seedTime = -time.Second
	if err := (&crowd{b: b, s: startFake(t, "")}).fill(t.Context()); err == nil || !strings.Contains(err.Error(), "-seed-time") {
		t.Errorf("nothing could be made, and that gives %v", err)
	}
}

func TestPlayLeavesWrongSitesOut(t *testing.T) {
	b := tinyBench(t)
	b.size.rounds = 3
	good, bad := startFake(t, ""), startFake(t, "lose-run")
	bad.name = mlflow
	w := work{name: createRun, unit: "/s", levels: []int{1, 2, 64}, on: signedIn, open: openCreateRun}
	if err := b.play(t.Context(), w, []*site{good, bad}); err != nil {
		t.Fatal(err)
	}
	rounds := map[string]int{}
	for _, f := range b.book.figures {
		rounds[f.Site] += len(f.Rounds)
	}
	if diff := cmp.Diff(map[string]int{ours: 6, mlflow: 2}, rounds); diff != "" {
		t.Errorf("rounds measured, of which a wrong site has the first of each level (-want +got):\n%s", diff)
	}
	if b.book.find(createRun, mlflow, 2).Void == "" || len(b.fsyncs) != 3 {
		t.Errorf("void %q, %d fsync figures", b.book.find(createRun, mlflow, 2).Void, len(b.fsyncs))
	}
}
