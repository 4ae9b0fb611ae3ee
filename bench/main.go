// Command bench plays the same bounded work on this server and on its peers, one after the other on one machine, checks that the
// answers are right, and prints medians, ratios and targets. bench/README.md says what is measured and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	quick    bool
	only     []string // works; empty = all
	peers    []string // empty = all
	rounds   int
	postgres bool
	objects  int
	seedTime time.Duration
	out      string
	keep     bool
}

// plays says whether any of the works is wanted.
func (o options) plays(works ...string) bool { return anyOf(o.only, works) }

// wants says whether any of the peers is wanted.
func (o options) wants(peers ...string) bool { return anyOf(o.peers, peers) }

// aims says whether a target's work and servers are wanted.
func (o options) aims(t target) bool {
	compared := slices.ContainsFunc(t.any, func(b bound) bool { return o.wantsSite(b.than) })
	return o.plays(workOf(t.work)) && o.wantsSite(t.site) && compared
}

func (o options) wantsSite(name string) bool {
	switch {
	case name == "":
		return true
	case slices.Contains(principals, name):
		return o.wants(many)
	case findPeer(name).postgres && !o.postgres:
		return false
	}
	return o.wants(name)
}

func anyOf(chosen, names []string) bool {
	return len(chosen) == 0 || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(chosen, name) })
}

// knownWorks and knownPeers are the values of -only and -peers.
func knownWorks() []string {
	names := []string{starting, memoryIdle}
	for _, w := range works {
		names = append(names, w.name)
	}
	return append(names, memoryAfter, manyPage, manyStart, manyMemory, manyModels, console, scimSync)
}

func knownPeers() []string {
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	return append(names, many)
}

// list is a flag of names out of known ones, separated by commas.
type list struct {
	names *[]string
	known []string
}

func (l list) String() string { return "" }

func (l list) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if !slices.Contains(l.known, name) {
			return fmt.Errorf("%q is none of %s", name, strings.Join(l.known, ", "))
		}
		*l.names = append(*l.names, name)
	}
	return nil
}

func parse(args []string, root string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&o.quick, "quick", false, "small sizes and one round: a smoke test of seconds")
	f.Var(list{&o.only, knownWorks()}, "only", "`works` to play, separated by commas, of "+strings.Join(knownWorks(), ", "))
	f.Var(list{&o.peers, knownPeers()}, "peers",
		"`servers` to play on, of "+strings.Join(knownPeers(), ", ")+" (this server with many objects)")
	f.IntVar(&o.rounds, "rounds", 0, "rounds of each measurement (3, with -quick 1)")
	f.BoolVar(&o.postgres, "postgres", false, "also this server and mlflow on one PostgreSQL cluster with fsync on")
	f.IntVar(&o.objects, "objects", 0, "experiments of the workspace with many (100000)")
	f.DurationVar(&o.seedTime, "seed-time", time.Minute, "longest time to make them; what is there by then is measured")
	f.StringVar(&o.out, "out", filepath.Join(root, "bench", "out"), "folder of the reports, and of the servers' data while they run")
	f.BoolVar(&o.keep, "keep", false, "leave the servers' data and logs")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

// sizes gives the sizes that the options ask for.
func (o options) sizes() sizes {
	s := full
	if o.quick {
		s = quick
	}
	if o.rounds > 0 {
		s.rounds = o.rounds
	}
	if o.objects > 0 {
		s.objects = o.objects
	}
	return s
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == copyServer {
		fmt.Fprintln(os.Stderr, serveCopy(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := play(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// play runs the benchmark and prints its report, also when it was interrupted.
func play(ctx context.Context, args []string) error {
	debug.SetGCPercent(400) // the harness's memory is cheaper than its time
	root, err := findRoot()
	if err != nil {
		return err
	}
	opt, err := parse(args, root)
	if err != nil {
		return err
	}
	b := &bench{opt: opt, size: opt.sizes(), root: root}
	if err := errors.Join(b.ensureCluster(ctx), b.install(ctx)); err != nil {
		return err
	}
	remove, err := b.makeFolder()
	if err != nil {
		return err
	}
	defer remove()
	defer b.stopAll()
	began := time.Now()
	err = b.run(ctx)
	r := b.report(began)
	r.print(os.Stdout)
	path, writing := r.write(opt.out)
	if err = errors.Join(err, writing); err != nil {
		return err
	}
	fmt.Println("\nas JSON:", path)
	if slices.ContainsFunc(r.Figures, func(f *figure) bool { return f.Void != "" }) {
		return errWrong
	}
	return nil
}
