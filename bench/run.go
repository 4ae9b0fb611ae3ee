package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// bench is one run of the benchmark.
type bench struct {
	opt  options
	size sizes
	root string // the project's folder
	dir  string // of the servers' data, removed at the end

	binary, python, packages string // programs: ours, the clients' Python, the folder of bench/requirements.txt
	cluster, psql            string // PostgreSQL

	book      book
	notes     []string
	fsyncs    []float64 // milliseconds
	processes []*process
	boots     int
	numbers   int
}

// next gives a number that was not given before.
func (b *bench) next() int {
	b.numbers++
	return b.numbers
}

// name gives a name that was not given before.
func (b *bench) name(prefix string) string { return fmt.Sprintf("%s-%d", prefix, b.next()) }

// say tells how far it is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%s] %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// note says something that belongs into the report too.
func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
	b.say(format, args...)
}

// run plays all that is wanted. What fails on one server is noted and leaves the others; only the end of ctx ends it early.
func (b *bench) run(ctx context.Context) error {
	sites, err := b.bootAll(ctx)
	if err != nil {
		return err
	}
	for _, w := range works {
		if b.opt.plays(w.name) {
			b.say("%s", w.name)
			if err := b.play(ctx, w, sites); err != nil {
				return err
			}
		}
	}
	b.remember(ctx, memoryAfter, sites)
	b.stopAll()
	return errors.Join(b.playMany(ctx), b.playGallery(ctx), b.playConsole(ctx), b.playDirectory(ctx))
}

// needed gives the peers that the wanted works are played on.
func (b *bench) needed() (list []*peer) {
	for i := range peers {
		p := &peers[i]
		used := p.name != plainCopy && b.opt.plays(starting, memoryIdle, memoryAfter)
		for _, w := range works {
			used = used || (b.opt.plays(w.name) && slices.Contains(w.on, p.name))
		}
		if used && b.opt.wants(p.name) && (!p.postgres || b.opt.postgres) {
			list = append(list, p)
		}
	}
	return list
}

func findPeer(name string) *peer {
	return &peers[slices.IndexFunc(peers, func(p peer) bool { return p.name == name })]
}

// bootAll starts the peers, each alone as often as there are rounds while starts are measured, and lets the last of each run.
func (b *bench) bootAll(ctx context.Context) ([]*site, error) {
	running := map[string]*site{}
	rounds := 1
	if b.opt.plays(starting) {
		rounds = b.size.rounds
	}
	for round := range rounds {
		for _, p := range b.needed() {
			s, err := b.bootOne(ctx, p)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil && round == rounds-1 {
				running[p.name] = s
				b.settle(ctx, s)
			} else if s.process != nil {
				s.process.stop()
			}
		}
	}
	var sites []*site
	for _, p := range b.needed() {
		if s := running[p.name]; s != nil {
			sites = append(sites, s)
		}
	}
	return sites, nil
}

// bootOne starts a peer and records how long that took.
func (b *bench) bootOne(ctx context.Context, p *peer) (*site, error) {
	s, took, err := b.boot(ctx, p)
	if s == nil {
		s = &site{name: p.name, peer: p}
	}
	if err == nil {
		b.say("%s is ready after %s", p.name, took.Round(time.Millisecond))
	} else if ctx.Err() == nil {
		b.note("%s does not start: %v", p.name, err)
	}
	if p.name != plainCopy && b.opt.plays(starting) {
		b.book.record(starting, "s", true, 0, p.name, took.Seconds(), err)
	}
	return s, err
}

// settle waits a little and looks at a server's memory before it has done anything.
func (b *bench) settle(ctx context.Context, s *site) {
	if s.peer.name == plainCopy || !b.opt.plays(memoryIdle) {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(b.size.settle):
		b.sample(memoryIdle, s)
	}
}

func (b *bench) remember(ctx context.Context, name string, sites []*site) {
	for _, s := range sites {
		if b.opt.plays(name) && s.peer.name != plainCopy && ctx.Err() == nil {
			b.sample(name, s)
		}
	}
}

// sample records a server's memory.
func (b *bench) sample(name string, s *site) {
	mib, err := s.process.memory()
	b.book.record(name, "MiB", true, 0, s.name, mib, err)
}

// fail records works that could not be played on a server of ours and goes on, unless all is to end.
func (b *bench) fail(ctx context.Context, err error, names ...string) error {
	for _, name := range names {
		if b.opt.plays(workOf(name)) {
			b.book.record(name, "", true, 0, ours, 0, err)
		}
	}
	return ctx.Err()
}

// play measures a work on its sites, round by round, one site after the other within a round.
func (b *bench) play(ctx context.Context, w work, sites []*site) error {
	opened := map[*site]measure{}
	var open []*site
	for _, s := range sites {
		if !slices.Contains(w.on, s.name) {
			continue
		}
		began := time.Now()
		m, err := w.open(ctx, b, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.void(w, s, err)
			continue
		}
		if took := time.Since(began); took > time.Second {
			b.say("%s: %s was filled in %s", w.name, s.name, took.Round(100*time.Millisecond))
		}
		opened[s], open = m, append(open, s)
	}
	for range b.size.rounds {
		b.probeDisk()
		for _, clients := range w.levels {
			if clients <= b.size.clients {
				b.round(ctx, w, clients, open, opened)
			}
		}
	}
	return ctx.Err()
}

// void records that a work cannot be played on a site at all.
func (b *bench) void(w work, s *site, err error) {
	b.say("%s, %s: %v", w.name, s.name, err)
	for _, clients := range w.levels {
		if clients <= b.size.clients {
			b.book.record(w.name, w.unit, w.less, clients, s.name, 0, err)
		}
	}
}

// round measures one level once on each site. A site that already answered wrongly is left out.
func (b *bench) round(ctx context.Context, w work, clients int, open []*site, opened map[*site]measure) {
	for _, s := range open {
		if f := b.book.find(w.name, s.name, clients); ctx.Err() != nil || (f != nil && f.Void != "") {
			continue
		}
		syscall.Sync() // what others left to be written is not to be written on this one's time
		value, err := opened[s](ctx, clients)
		if ctx.Err() != nil {
			return
		}
		b.book.record(w.name, w.unit, w.less, clients, s.name, value, err)
		if err != nil {
			b.say("%s, %s, %d clients: %v", w.name, s.name, clients, err)
		}
	}
}

// probeDisk measures the disk's fsync, which goes up and down within minutes.
func (b *bench) probeDisk() {
	took, err := fsyncTime(b.dir, 50)
	if err != nil {
		b.note("fsync: %v", err)
		return
	}
	b.fsyncs = append(b.fsyncs, took.Seconds()*1000)
}

// stopAll ends every process that was started, all at the same time.
func (b *bench) stopAll() {
	var g errgroup.Group
	for _, p := range b.processes {
		g.Go(func() error { p.stop(); return nil })
	}
	g.Wait()
	b.processes = nil
}

// folder makes the folder of the servers' data, below that of the reports so that it is on the same disk as the project.
func (b *bench) makeFolder() (remove func(), err error) {
	if err := os.MkdirAll(b.opt.out, 0o700); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp(b.opt.out, "work-"); err != nil {
		return nil, err
	}
	b.dir, err = filepath.Abs(b.dir)
	return func() {
		if b.opt.keep {
			b.say("the servers' data and logs are in %s", b.dir)
		} else if err := os.RemoveAll(b.dir); err != nil {
			b.say("%v", err)
		}
	}, err
}

// report gathers what was found out.
func (b *bench) report(began time.Time) *report {
	r := &report{
		Began: began, Took: time.Since(began).Round(time.Second).String(), Machine: machine(), Quick: b.opt.quick,
		Fsyncs: b.fsyncs, Fsync: time.Duration(median(b.fsyncs) * float64(time.Millisecond)), Figures: b.book.figures, Notes: b.notes,
	}
	for _, t := range targets {
		if b.opt.aims(t) {
			r.Targets = append(r.Targets, t.judge(&b.book, r.Fsync))
		}
	}
	return r
}

// errWrong ends the program with an error when an answer was wrong.
var errWrong = errors.New("some figures are void")
