package api

import (
	"context"
	"slices"
	"sync"

	"bailiwick/fail"
	"bailiwick/store"
)

// turns give callers the connections that read. There are few of them, so nobody gets all: a caller who asks for much at once waits for
// himself, and who holds the fewest is next.
type turns struct {
	mu      sync.Mutex
	all     int
	held    map[int64]int // by principal
	waiting []*turn       // in the order in which they came
}

// turn is a call that waits.
type turn struct {
	principal int64
	given     chan struct{}
}

// take waits for the principal's turn; most is how many there are.
func (t *turns) take(ctx context.Context, principal int64, most int) error {
	t.mu.Lock()
	if t.fits(principal, most) {
		t.grant(principal)
		t.mu.Unlock()
		return nil
	}
	w := &turn{principal, make(chan struct{})}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	select {
	case <-w.given:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, w)
	if i < 0 {
		return nil // it came at the same time; what it is used for looks at ctx itself
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return fail.New(fail.Unavailable, "the request was given up")
}

// fits says whether the principal may have one: of all there are, and of two thirds of them.
func (t *turns) fits(principal int64, most int) bool {
	return t.all < most && t.held[principal] < max(1, most*2/3)
}

func (t *turns) grant(principal int64) {
	if t.held == nil {
		t.held = map[int64]int{}
	}
	t.all++
	t.held[principal]++
}

// give gives a turn back, and the next to whoever holds the fewest.
func (t *turns) give(principal int64, most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all--
	if t.held[principal]--; t.held[principal] == 0 {
		delete(t.held, principal)
	}
	best := -1
	for i, w := range t.waiting {
		if t.fits(w.principal, most) && (best < 0 || t.held[w.principal] < t.held[t.waiting[best].principal]) {
			best = i
		}
	}
	if best < 0 {
		return
	}
	w := t.waiting[best]
	t.waiting = slices.Delete(t.waiting, best, best+1)
	t.grant(w.principal)
	close(w.given)
}

// snapshot reads for the caller, in his turn.
func (d *Door) snapshot(ctx context.Context, c *Call, fn func(*store.Tx) error) error {
	most := d.Store.Readers()
	if err := d.turns.take(ctx, c.Who.Principal, most); err != nil {
		return err
	}
	defer d.turns.give(c.Who.Principal, most)
	return d.Store.Read(ctx, fn)
}
