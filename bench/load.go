package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
)

// load is what a number of clients send at once, each over a connection of its own, one request after the other.
type load struct {
	clients int
	warm    int           // requests of each client before the clock runs
	most    int           // requests of all clients together while it runs
	limit   time.Duration // after which no client begins another one
	length  int           // bytes of every answer; 0 = any
	request func(client, i int) []byte
}

// played is what came of a load.
type played struct {
	rate float64  // requests a second, the warm-up left out
	done []int    // requests of each client, the warm-up included
	last [][]byte // the body that each client was answered last
}

// patience is how long the last requests of a load may take after its limit.
const patience = 5 * time.Minute

// play sends a load. An answer other than 200 ends it with an error: a server that refuses is not measured.
func (s *site) play(ctx context.Context, l load) (played, error) {
	p := played{done: make([]int, l.clients), last: make([][]byte, l.clients)}
	conns := make([]*conn, l.clients)
	for i := range conns {
		c, err := dial(ctx, s.addr, l.limit+patience)
		if err != nil {
			return p, err
		}
		defer c.close()
		conns[i] = c
	}
	step := func(client int) error { return l.one(conns[client], client, &p) }
	if err := each(l.clients, func(client int) error { return repeat(l.warm, time.Now().Add(patience), client, step) }); err != nil {
		return p, err
	}
	runtime.GC() // the harness's own garbage is not to be collected while the clock runs
	began := time.Now()
	err := each(l.clients, func(client int) error { return repeat(max(1, l.most/l.clients), began.Add(l.limit), client, step) })
	spent := time.Since(began)
	sum := -l.warm * l.clients
	for _, n := range p.done {
		sum += n
	}
	p.rate = float64(sum) / spent.Seconds()
	return p, err
}

// one sends a client's next request.
func (l load) one(c *conn, client int, p *played) error {
	status, body, err := c.do(l.request(client, p.done[client]))
	if err != nil {
		return err
	}
	if status != 200 || (l.length > 0 && len(body) != l.length) {
		return wrongf("request %d of client %d was answered %d with %d bytes: %.300s", p.done[client], client, status, len(body), body)
	}
	p.done[client]++
	p.last[client] = body
	return nil
}

func each(n int, do func(i int) error) error {
	var g errgroup.Group
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}

func repeat(most int, until time.Time, client int, step func(int) error) error {
	for range most {
		if err := step(client); err != nil {
			return err
		}
		if time.Now().After(until) {
			break
		}
	}
	return nil
}

// parallel does n things, width at a time, and stops at the first error.
func parallel(ctx context.Context, n, width int, do func(ctx context.Context, i int) error) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(width)
	for i := range n {
		if within.Err() != nil {
			break
		}
		g.Go(func() error { return do(within, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// wrong is an answer that is not what it has to be.
type wrong struct{ what string }

func (w wrong) Error() string { return "wrong answer: " + w.what }

func wrongf(format string, args ...any) error { return wrong{fmt.Sprintf(format, args...)} }
