package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told writes what the script prints of a right console with so many runs and lines.
func told(t *testing.T, runs, lines int) string {
	t.Helper()
	name, _, metrics, _ := tableRun(runs - 1)
	var ends [][]string
	for n := range lines {
		ends = append(ends, []string{serial("line-", n, 3), "1000", "3", fmt.Sprint(float64(n) / 100)})
	}
	drawn, err := json.Marshal(ends)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("a warning of the browser\n"+
		`{"name":"first screen: compressed JavaScript","value":123.4,"unit":"kB"}`+"\n"+
		`{"name":"runs table: first run","told":[%q,%q]}`+"\n"+
		`{"name":"pressing End until all runs are loaded: runs","value":%d,"unit":"runs"}`+"\n"+
		`{"name":"chart: lines","told":%s}`+"\n", name, fmt.Sprint(metrics[0].Value), runs, drawn)
}

func TestShowcaseChecks(t *testing.T) {
	right := told(t, 100, 3)
	tests := map[string]struct {
		said string
		fail string
	}{
		"right":        {right, ""},
		"fewer runs":   {strings.ReplaceAll(right, `"value":100`, `"value":99`), "100 runs were made, the table has 99"},
		"no count":     {strings.ReplaceAll(right, "until all", "until some"), "the table has 0"},
		"other run":    {strings.ReplaceAll(right, "run-000099", "run-000098"), `"runs table: first run" tells`},
		"lost point":   {strings.Replace(right, `"1000"`, `"999"`, 1), `"chart: lines" tells`},
		"lost line":    {told(t, 100, 2), `"chart: lines" tells`},
		"nothing told": {`{"name":"pressing End until all runs are loaded: runs","value":100,"unit":"runs"}`, `tells  instead`},
	}
	c := &showcase{b: &bench{size: sizes{lines: 3}}, made: 100}
	for name, tt := range tests {
		seen, err := readSights([]byte(tt.said))
		if err == nil {
			err = c.check(seen)
		}
		if (err == nil) != (tt.fail == "") || (err != nil && !strings.Contains(err.Error(), tt.fail)) {
			t.Errorf("%s: %v, want %q", name, err, tt.fail)
		}
	}
	if _, err := readSights([]byte(`{"name": cut`)); err == nil {
		t.Error("a line that is cut counts")
	}
}

// TestLook has a shell play the browser.
func TestLook(t *testing.T) {
	b := tinyBench(t)
	b.size.lines = 3
	c := &showcase{b: b, s: &site{dir: t.TempDir()}, made: 100}
	tests := map[string]struct {
		script string
		fail   string
	}{
		"right":  {"cat <<'END'\n" + told(t, 100, 3) + "END\n", ""},
		"wrong":  {"cat <<'END'\n" + told(t, 99, 3) + "END\n", "100 runs were made"},
		"broken": {"echo no page >&2; exit 3", "no page"},
	}
	for name, tt := range tests {
		script := filepath.Join(t.TempDir(), "look")
		if err := os.WriteFile(script, []byte(tt.script), 0o600); err != nil {
			t.Fatal(err)
		}
		seen, err := c.look(t.Context(), eyes{node: "/bin/sh", script: script})
		if tt.fail == "" && (err != nil || len(seen) != 2 || seen[0].Value != 123.4) {
			t.Errorf("%s: %v, %v", name, seen, err)
		}
		if tt.fail != "" && (err == nil || !strings.Contains(err.Error(), tt.fail)) {
			t.Errorf("%s: %v, want %q", name, err, tt.fail)
		}
	}
}

// TestShowcaseIsFilled compares what is made with what is looked for afterwards.
func TestShowcaseIsFilled(t *testing.T) {
	b, s := tinyBench(t), startFake(t, "")
	b.size.shown, b.size.lines = 50, 3
	c := &showcase{b: b, s: s}
	if err := c.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs, err := s.runs(t.Context(), c.table)
	if err != nil || len(runs) != 50 || c.made != 50 {
		t.Fatalf("%d runs are there, %d were made: %v", len(runs), c.made, err)
	}
	for _, r := range runs {
		var i int
		if _, err := fmt.Sscanf(r.Info.RunName, "run-%d", &i); err != nil {
			t.Fatal(err)
		}
		_, _, metrics, params := tableRun(i)
		if diff := cmp.Diff([]any{metrics, params}, []any{r.Data.Metrics, r.Data.Params}); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i, diff)
		}
	}
	lines, err := s.runs(t.Context(), c.chart)
	if err != nil || len(lines) != 3 || len(lines[0].Data.Metrics) != linePoints {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	b.opt.seedTime = -time.Second
	if err := (&showcase{b: b, s: s}).fill(t.Context()); err == nil || !strings.Contains(err.Error(), "-seed-time") {
		t.Errorf("nothing could be made, and that gives %v", err)
	}
}

// TestConsoleFigures are void together, and belong to their work.
func TestConsoleFigures(t *testing.T) {
	b := tinyBench(t)
	if diff := cmp.Diff([]string{console}, b.seenOf(console)); diff != "" {
		t.Error(diff)
	}
	b.recordSeen([]sight{{Name: "first screen: compressed JavaScript", Value: 180, Unit: "kB"}, {Name: "runs table: sort to rows", Value: 90, Unit: "ms"}})
	if f := b.book.find(firstScreen, ours, 0); !f.good() || f.Unit != "kB" || workOf(f.Work) != console {
		t.Errorf("the first screen's figure is %+v", f)
	}
	b.opt.only = []string{console}
	if err := b.fail(t.Context(), wrongf("another run"), b.seenOf(console)...); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.book.figures {
		if f.Void == "" {
			t.Errorf("%s is not void", f.Work)
		}
	}
	if len(b.book.figures) != 2 {
		t.Errorf("%d figures", len(b.book.figures))
	}
}

// TestConsoleWithoutBrowser leaves it out and says so.
func TestConsoleWithoutBrowser(t *testing.T) {
	b := tinyBench(t)
	b.root, b.opt.only = t.TempDir(), []string{console}
	if err := b.playConsole(t.Context()); err != nil || len(b.book.figures) != 0 {
		t.Errorf("%v, %d figures", err, len(b.book.figures))
	}
	if len(b.notes) != 1 || !strings.HasPrefix(b.notes[0], "console was left out") {
		t.Errorf("notes %q", b.notes)
	}
}
