package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what a run of the benchmark found out.
type report struct {
	Began   time.Time     `json:"began"`
	Took    string        `json:"took"`
	Machine string        `json:"machine"`
	Quick   bool          `json:"quick,omitempty"`
	Fsync   time.Duration `json:"fsync_ns"`
	Fsyncs  []float64     `json:"fsync_ms"`
	Figures []*figure     `json:"figures"`
	Targets []verdict     `json:"targets"`
	Notes   []string      `json:"notes"`
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d processors, shared by the servers and the clients", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// write leaves the report as JSON in a file of its own and in latest.json.
func (r *report) write(dir string) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, r.Began.UTC().Format("20060102T150405Z")+".json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(filepath.Join(dir, "latest.json"), text, 0o600)
}

// print writes the report as tables.
func (r *report) print(to io.Writer) {
	fmt.Fprintf(to, "\n%s, %s, %s\n", r.Began.Format(time.DateTime), machine(), r.Took)
	if n := len(r.Fsyncs); n > 0 {
		fmt.Fprintf(to, "fsync of 4 KiB: median %s (%.3g to %.3g ms)\n", r.Fsync, slices.Min(r.Fsyncs), slices.Max(r.Fsyncs))
	}
	for _, group := range r.groups() {
		group.print(to)
	}
	r.printTargets(to)
	for _, f := range r.Figures {
		if f.Void != "" {
			fmt.Fprintf(to, "VOID  %s, %s, %d clients: %s\n", f.Work, f.Site, f.Clients, f.Void)
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(to, "note  %s\n", note)
	}
}

// tables are the sites that stand beside each other; the first one is compared with the others.
var tables = [][]string{{ours, mlflow, mlflowAuth, fasttrack, plainCopy}, {oursPG, mlflowPG}, principals}

// group is a table: the figures of sites that stand beside each other.
type group struct {
	sites   []string // those with figures
	figures []*figure
}

func (r *report) groups() (all []group) {
	for _, names := range tables {
		var g group
		for _, f := range r.Figures {
			if slices.Contains(names, f.Site) {
				g.figures = append(g.figures, f)
			}
		}
		for _, name := range names {
			if slices.ContainsFunc(g.figures, func(f *figure) bool { return f.Site == name }) {
				g.sites = append(g.sites, name)
			}
		}
		if len(g.sites) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// print writes a line a work and number of clients: medians, and in brackets how many times better the first site is.
func (g group) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmedian (times that %s is better)\tunit\tclients\t%s\n", g.sites[0], strings.Join(g.sites, "\t"))
	figures := book{g.figures}
	var seen []string
	for _, f := range g.figures {
		line := fmt.Sprintf("%s\t%s\t%s", f.Work, f.Unit, count(f.Clients))
		if slices.Contains(seen, line) {
			continue
		}
		seen = append(seen, line)
		base := figures.find(f.Work, g.sites[0], f.Clients)
		for _, site := range g.sites {
			line += "\t" + cell(figures.find(f.Work, site, f.Clients), base)
		}
		fmt.Fprintln(w, line)
	}
	w.Flush()
}

func count(clients int) string {
	if clients == 0 {
		return ""
	}
	return fmt.Sprint(clients)
}

func cell(f, base *figure) string {
	switch {
	case f == nil:
		return ""
	case f.Void != "":
		return "VOID"
	case f == base || !base.good():
		return short(f.Median)
	}
	return fmt.Sprintf("%s (%.3g×)", short(f.Median), base.ratio(f))
}

// short writes a figure with three digits that count.
func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func (r *report) printTargets(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\ntarget\tclients\tasked\treached\tverdict\n")
	for _, v := range r.Targets {
		fmt.Fprintf(w, "%s, %s\t%s\t%s\t%s\t%s\n", v.Work, v.Site, count(v.Clients), v.Target, v.Reached, v.Verdict)
	}
	w.Flush()
	fmt.Fprintln(to)
	if r.Quick {
		fmt.Fprintln(to, "note  -quick: sizes are far below those of the targets; the verdicts say only that the harness works")
	}
	var notes []string
	for _, v := range r.Targets {
		if v.Note != "" && !slices.Contains(notes, v.Work+v.Note) {
			notes = append(notes, v.Work+v.Note)
			fmt.Fprintf(to, "note  %s against %s: %s\n", v.Work, v.Target, v.Note)
		}
	}
}
