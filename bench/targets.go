package main

import (
	"fmt"
	"strings"
	"time"
)

// target is what a figure has to reach.
type target struct {
	work    string
	site    string
	clients int
	any     []bound // one of them is enough
}

// bound is a number of times that the figure has to be better than another site's, or, without a site, what it may at most be.
type bound struct {
	than  string
	times float64
	most  float64
}

func than(site string, times float64) bound { return bound{than: site, times: times} }
func most(figure float64) bound             { return bound{most: figure} }

// targets are those of the plan for the first server; ratios are looked at with 8 clients unless the work has only one.
var targets = []target{
	{createRun, ours, 8, []bound{than(mlflow, 45)}},
	{createRun, ours, 8, []bound{than(mlflowAuth, 300)}},
	{createRun, ours, 8, []bound{than(fasttrack, 1)}},
	{logMetric, ours, 8, []bound{than(mlflow, 45)}},
	{logMetric, ours, 8, []bound{than(mlflowAuth, 300)}},
	{logMetric, ours, 8, []bound{than(fasttrack, 1)}},
	{logBatch, ours, 8, []bound{than(mlflow, 20)}},
	{logBatch, ours, 8, []bound{than(fasttrack, 1)}},
	{getRun, ours, 8, []bound{than(mlflow, 50)}},
	{getRun, ours, 8, []bound{than(mlflowAuth, 300)}},
	{getRun, ours, 8, []bound{than(fasttrack, 1)}},
	{searchRuns, ours, 8, []bound{than(mlflow, 40)}},
	{searchRuns, ours, 8, []bound{than(fasttrack, 1)}},
	{metricHistory, ours, 1, []bound{than(mlflow, 40)}},
	{metricHistory, ours, 1, []bound{than(fasttrack, 1)}},
	{experimentsPage, ours, 8, []bound{than(mlflow, 30)}},
	{experimentsPage, ours, 8, []bound{than(fasttrack, 1)}},
	{smallUp, ours, 8, []bound{than(mlflow, 4), than(plainCopy, 0.8)}},
	{smallDown, ours, 8, []bound{than(mlflow, 4), than(plainCopy, 0.8)}},
	{largeUp, ours, 1, []bound{than(mlflow, 4), than(plainCopy, 0.8)}},
	{largeDown, ours, 1, []bound{than(mlflow, 4), than(plainCopy, 0.8)}},
	{starting, ours, 0, []bound{most(0.5)}},
	{manyStart, ours, 0, []bound{most(0.5)}},
	{memoryIdle, ours, 0, []bound{most(80)}},
	{memoryAfter, ours, 0, []bound{most(250)}},
	{manyPage, sees10, 8, []bound{than(administrator, 1./2)}},
	{manyPage, seesLast, 8, []bound{than(administrator, 1./2)}},
	{manyPage, seesHalf, 8, []bound{than(administrator, 1./3)}},
	{register, ours, 8, []bound{than(mlflow, 40)}},
	{byAlias, ours, 8, []bound{than(mlflow, 75)}},
	{outsideVersion, ours, 1, []bound{than(plainCopy, 0.5)}},
	{modelsPage, ours, 8, []bound{than(mlflow, 40)}},
	{manyModels, sees10, 8, []bound{than(administrator, 1./2)}},
	{manyModels, seesLast, 8, []bound{than(administrator, 1./2)}},
	{firstScreen, ours, 0, []bound{most(300)}},
	{scimSync, ours, 0, []bound{most(60)}},
	{scimGrowth, ours, 0, []bound{most(150)}},
	{scimLarge, ours, 0, []bound{most(50)}},
	{createRun, oursPG, 8, []bound{than(mlflowPG, 15)}},
	{logMetric, oursPG, 8, []bound{than(mlflowPG, 15)}},
	{logBatch, oursPG, 8, []bound{than(mlflowPG, 15)}},
}

// verdict is a target with what was reached.
type verdict struct {
	Work    string `json:"work"`
	Site    string `json:"site"`
	Clients int    `json:"clients,omitempty"`
	Target  string `json:"target"`
	Reached string `json:"reached"`
	Verdict string `json:"verdict"` // pass, miss, void, not measured
	Note    string `json:"note,omitempty"`
}

// judge holds a target against the figures. Where the disk cannot do as many fsyncs as a write's target asks of 8 clients, each waiting
// for one, the target is looked at with 32.
func (t target) judge(b *book, fsync time.Duration) verdict {
	v := verdict{Work: t.work, Site: t.site, Clients: t.clients, Verdict: "not measured"}
	if asked := t.asked(b); durable(t.work) && fsync > 0 && float64(t.clients)/fsync.Seconds() < asked {
		v.Note = fmt.Sprintf("8 clients / fsync of %s = %.0f/s is below %.0f/s, so judged at 32 clients", fsync, 8/fsync.Seconds(), asked)
		v.Clients = 32
	}
	f := b.find(t.work, t.site, v.Clients)
	var wanted, reached []string
	for _, bound := range t.any {
		clients := v.Clients
		if other := b.find(t.work, bound.than, clients); other != nil && !other.good() && clients != t.clients {
			clients = t.clients
			v.Note += fmt.Sprintf("; %s fails with %d clients, so its figure with %d is taken", bound.than, v.Clients, clients)
		}
		want, got, good := bound.hold(b, f, clients)
		wanted, reached = append(wanted, want), append(reached, got)
		switch {
		case good:
			v.Verdict = "pass"
		case got != "–" && v.Verdict != "pass":
			v.Verdict = "miss"
		}
	}
	if f != nil && f.Void != "" {
		v.Verdict = "void"
	}
	v.Target, v.Reached = strings.Join(wanted, " or "), strings.Join(reached, ", ")
	return v
}

// asked is the rate that the target comes to.
func (t target) asked(b *book) float64 {
	if other := b.find(t.work, t.any[0].than, t.clients); other.good() {
		return other.Median * t.any[0].times
	}
	return 0
}

// hold says what the bound asks of f, compared with the other site's figure with so many clients, what was
// reached ("–": nothing to compare) and whether it is enough.
func (k bound) hold(b *book, f *figure, clients int) (want, got string, good bool) {
	if k.than == "" {
		want = fmt.Sprintf("≤ %g", k.most)
		if !f.good() {
			return want, "–", false
		}
		return fmt.Sprintf("%s %s", want, f.Unit), fmt.Sprintf("%s %s", short(f.Median), f.Unit), f.Median <= k.most
	}
	want = fmt.Sprintf("≥ %.3g× %s", k.times, k.than)
	ratio := f.ratioOrNone(b, k.than, clients)
	if ratio == 0 {
		return want, "–", false
	}
	return want, fmt.Sprintf("%.3g×", ratio), ratio >= k.times
}

func (f *figure) ratioOrNone(b *book, site string, clients int) float64 {
	if f == nil {
		return 0
	}
	return f.ratio(b.find(f.Work, site, clients))
}
