package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// linePoints is the length of each line of the console's chart; the console draws as many of a run without thinning them.
const linePoints = 1000

// showcase is what the console is looked at with: an experiment of very many runs, and one whose runs have long histories.
type showcase struct {
	b     *bench
	s     *site
	table string // id of the experiment with very many runs
	chart string // id of the one with long histories
	made  int    // runs of table
}

// eyes are the programs that look at the console: web/e2e/speed.mjs needs Node.js and a Chromium.
type eyes struct{ node, script, browser string }

// playConsole fills a server of its own and has a browser look at its console. Where there is no browser, a note says so.
func (b *bench) playConsole(ctx context.Context) error {
	if !b.opt.wants(ours) || !b.opt.plays(console) {
		return nil
	}
	e, err := b.findEyes(ctx)
	if err != nil {
		b.note("%s was left out, because nothing can look at it: %v", console, err)
		return ctx.Err()
	}
	s, _, err := b.boot(ctx, findPeer(ours))
	if err != nil {
		return b.fail(ctx, err, console)
	}
	defer func() { s.process.stop() }()
	c := &showcase{b: b, s: s}
	if err := c.fill(ctx); err != nil {
		return b.fail(ctx, err, console)
	}
	for round := range b.size.rounds {
		b.say("%s, round %d", console, round+1)
		seen, err := c.look(ctx, e)
		if err != nil && ctx.Err() == nil {
			b.say("%s: %v", console, err)
		}
		if err != nil {
			return b.fail(ctx, err, b.seenOf(console)...)
		}
		b.recordSeen(seen)
	}
	return nil
}

// findEyes provides the programs, and the packages that the script takes from web/node_modules.
func (b *bench) findEyes(ctx context.Context) (e eyes, err error) {
	if e.browser, err = b.output(ctx, "scripts/ensure-browser"); err != nil {
		return e, err
	}
	bin, err := b.output(ctx, "scripts/ensure-node")
	if err != nil {
		return e, err
	}
	e.node, e.script = filepath.Join(bin, "node"), filepath.Join(b.root, "web", "e2e", "speed.mjs")
	_, err = b.output(ctx, "scripts/ensure-console", "packages")
	return e, err
}

// fill makes both experiments.
func (c *showcase) fill(ctx context.Context) (err error) {
	if c.table, err = c.s.createExperiment(ctx, c.b.name("table")); err != nil {
		return err
	}
	if c.chart, err = c.s.createExperiment(ctx, c.b.name("chart")); err != nil {
		return err
	}
	if err := parallel(ctx, c.b.size.lines, seeders, c.makeLine); err != nil {
		return err
	}
	return c.fillTable(ctx)
}

// tableRun is run i of the table: the later, the newer, so that the last one is the first row.
func tableRun(i int) (name string, start int64, metrics []point, params []pair) {
	start = epoch + int64(i)*1000
	for k, key := range []string{"acc", "loss", "f1"} {
		metrics = append(metrics, point{key, fraction(i, k), start, 0})
	}
	return serial("run-", i, 6), start, metrics, []pair{{"lr", fmt.Sprint("0.", i%9+1)}, {"depth", strconv.Itoa(i % 12)}}
}

// fillTable makes the runs, until all are there or the time for it is over; those that were made are the first ones.
func (c *showcase) fillTable(ctx context.Context) error {
	began := time.Now()
	late := began.Add(c.b.opt.seedTime)
	var next atomic.Int64
	err := parallel(ctx, 32, 32, func(ctx context.Context, _ int) error {
		for time.Now().Before(late) {
			i := int(next.Add(1)) - 1
			if i >= c.b.size.shown {
				break
			}
			if err := c.makeRun(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	c.made = min(int(next.Load()), c.b.size.shown)
	if err == nil && c.made == 0 {
		err = fmt.Errorf("no run was made within -seed-time %s", c.b.opt.seedTime)
	}
	c.b.note("%s: %d of %d runs were made over HTTP in %s (-seed-time %s)", console, c.made, c.b.size.shown,
		time.Since(began).Round(time.Second), c.b.opt.seedTime)
	return err
}

func (c *showcase) makeRun(ctx context.Context, i int) error {
	name, start, metrics, params := tableRun(i)
	var made oneRun
	ask := object{"experiment_id": c.table, "user_id": "ada", "run_name": name, "start_time": start}
	if err := c.s.post(ctx, mlflowAPI+"/runs/create", ask, &made); err != nil {
		return err
	}
	return c.s.logBatch(ctx, made.Run.Info.RunID, metrics, params)
}

// linePoint is point i of line n: a curve from 3 down to a value of the line's own, with some noise between its ends.
func linePoint(n, i int) point {
	end := float64(n) / 100
	left := float64(linePoints-1-i) / (linePoints - 1)
	value := end + (3-end)*left*left
	if i > 0 && i < linePoints-1 {
		value += fraction(i, n) / 20
	}
	return point{"loss", value, epoch + int64(i)*1000, int64(i)}
}

func (c *showcase) makeLine(ctx context.Context, n int) error {
	made, err := c.s.createRun(ctx, c.chart, serial("line-", n, 3))
	if err != nil {
		return err
	}
	points := make([]point, linePoints)
	for i := range points {
		points[i] = linePoint(n, i)
	}
	return c.s.logBatch(ctx, made.Info.RunID, points, []pair{})
}

// sight is a line that the script prints: a measure, or what a page told, to be compared with what it has to tell.
type sight struct {
	Name  string          `json:"name"`
	Value float64         `json:"value"`
	Unit  string          `json:"unit"`
	Told  json.RawMessage `json:"told"`
}

// firstScreen is the measure that a target bounds: the JavaScript of the first screen as it goes over the line.
const firstScreen = console + ": first screen: compressed JavaScript"

// What the script says beside its measures.
const (
	toldRuns  = "pressing End until all runs are loaded: runs"
	toldFirst = "runs table: first run"
	toldLines = "chart: lines"
)

// look runs the script once and gives its measures. What the pages told must be right.
func (c *showcase) look(ctx context.Context, e eyes) ([]sight, error) {
	dir := filepath.Join(c.s.dir, c.b.name("look"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	env := []string{"BAILIWICK_URL=http://" + c.s.addr, "BAILIWICK_TOKEN=" + adminToken, "CHROMIUM=" + e.browser}
	p, err := launch("speed.mjs", dir, env, []string{e.node, e.script, "--runs", c.table, "--chart", c.chart})
	if err != nil {
		return nil, err
	}
	c.b.processes = append(c.b.processes, p)
	if err := p.success(ctx); err != nil {
		return nil, err
	}
	said, err := os.ReadFile(p.log)
	if err != nil {
		return nil, err
	}
	seen, err := readSights(said)
	if err := errors.Join(err, c.check(seen)); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(seen, func(s sight) bool { return s.Told != nil }), nil
}

// readSights finds the script's lines among what else it may have written.
func readSights(text []byte) (all []sight, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sight
		if !strings.HasPrefix(lines.Text(), `{"name"`) {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

// check compares what the pages told: how many runs there are, the first row, and each line's points with its ends.
func (c *showcase) check(seen []sight) error {
	find := func(name string) (s sight) {
		if at := slices.IndexFunc(seen, func(s sight) bool { return s.Name == name }); at >= 0 {
			s = seen[at]
		}
		return s
	}
	if n := find(toldRuns).Value; n != float64(c.made) {
		return wrongf("%d runs were made, the table has %g", c.made, n)
	}
	name, _, metrics, _ := tableRun(c.made - 1)
	row := []string{name, strconv.FormatFloat(metrics[0].Value, 'f', -1, 64)}
	if err := compareTold(find(toldFirst), row); err != nil {
		return err
	}
	var lines [][]string
	for n := range c.b.size.lines {
		end := strconv.FormatFloat(linePoint(n, linePoints-1).Value, 'g', 6, 64)
		lines = append(lines, []string{serial("line-", n, 3), strconv.Itoa(linePoints), "3", end})
	}
	return compareTold(find(toldLines), lines)
}

func compareTold[T any](s sight, want T) error {
	text, err := json.Marshal(want)
	if err == nil && string(s.Told) != string(text) {
		err = wrongf("%q tells %.300s instead of %.300s", s.Name, s.Told, text)
	}
	return err
}

// recordSeen writes measures down; none is compared with another server's, and more is better of none.
func (b *bench) recordSeen(seen []sight) {
	for _, s := range seen {
		b.book.record(console+": "+s.Name, s.Unit, true, 0, ours, s.Value, nil)
	}
}

// seenOf names the figures that a work has so far; its own name where it has none.
func (b *bench) seenOf(work string) (names []string) {
	for _, f := range b.book.figures {
		if workOf(f.Work) == work {
			names = append(names, f.Work)
		}
	}
	if len(names) == 0 {
		names = append(names, work)
	}
	return names
}

// workOf gives the work that a figure belongs to: a work with many measures puts its own name and a colon before each.
func workOf(figure string) string {
	work, _, _ := strings.Cut(figure, ": ")
	return work
}
