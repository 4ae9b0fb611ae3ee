package api

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

const (
	// freeFailures is how many failed proofs of one address, or for one name, are answered at once within a brakeSpan and the one before it;
	// further ones wait, longer and longer, up to longestWait.
	freeFailures = 100
	// freeTokens is the same for tokens and cookies: one that is unknown costs a look into a table, and a client with an old one asks a lot.
	freeTokens  = 5_000
	brakeSpan   = time.Minute
	firstWait   = 25 * time.Millisecond
	longestWait = 500 * time.Millisecond
	// doubledAfter is after how many further failures the wait is twice as long.
	doubledAfter = 20
	// maxCounted bounds what is remembered of a span; beyond it, all that is new counts together.
	maxCounted = 20_000
	// maxWaiting is how many answers wait at a time, maxWaitingEach how many of one address; what comes beyond is answered at once.
	maxWaiting, maxWaitingEach = 1_000, 32
)

// brake slows down those who keep failing to prove who they are: tokens, links, client secrets. Only failures wait, and only before their answer,
// which stays the same 401: who proves himself is never held up by what others do from his address, or with his name, and no client takes the
// wait for a server that is overloaded, as it would a 429 or 503. The zero value is ready. Each replica counts for itself.
type brake struct {
	mu      sync.Mutex
	span    int64
	counts  map[string]int // of this span
	before  map[string]int // of the one before it
	waiting int
	each    map[string]int // who waits, by address
}

// fail counts a failure under an address and names, and gives how long its answer is to wait: as the worst of them says. free are answered at once.
func (b *brake) fail(now time.Time, free int, source string, names ...string) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	for _, key := range append([]string{source}, names...) {
		wait = max(wait, waitAfter(b.count(key)-free))
	}
	return wait
}

// turn begins a new span where one is over.
func (b *brake) turn(now time.Time) {
	span := now.UnixNano() / int64(brakeSpan)
	if span == b.span && b.counts != nil {
		return
	}
	if b.before = b.counts; span != b.span+1 {
		b.before = nil
	}
	b.span, b.counts = span, map[string]int{}
}

// count adds one and gives the failures of this span and the one before.
func (b *brake) count(key string) int {
	if _, known := b.counts[key]; !known && len(b.counts) >= maxCounted {
		key = "" // many: they wait together
	}
	b.counts[key]++
	return b.counts[key] + b.before[key]
}

func waitAfter(over int) time.Duration {
	if over <= 0 {
		return 0
	}
	return min(firstWait<<min(over/doubledAfter, 10), longestWait)
}

// whose names the network of an address: who has one of version 6 has a whole /64 of them.
func whose(a netip.Addr) string {
	if a = a.Unmap(); !a.Is6() {
		return a.String()
	}
	p, _ := a.WithZone("").Prefix(64)
	return p.String()
}

// hold waits, unless too many do, or the client hangs up.
func (b *brake) hold(ctx context.Context, source netip.Addr, wait time.Duration) {
	who := whose(source)
	if wait <= 0 || !b.enter(who) {
		return
	}
	defer b.leave(who)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (b *brake) enter(who string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting >= maxWaiting || b.each[who] >= maxWaitingEach {
		return false
	}
	if b.each == nil {
		b.each = map[string]int{}
	}
	b.waiting++
	b.each[who]++
	return true
}

func (b *brake) leave(who string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting--
	if b.each[who]--; b.each[who] == 0 {
		delete(b.each, who)
	}
}

// ProofOf names what a call tries to prove itself for (a client id, a user's name), as far as it is known before the proof: failures are counted
// for it as for the address. It is for handlers of routes that anybody may call; a call that ends in fail.Unauthenticated has failed.
func (c *Call) ProofOf(name string) { c.proofs = append(c.proofs, limited(name, 128)) }

// Failed counts a failed proof, and keeps its answer back where there were many. Fronts whose answer to one is no error of the pipeline call it by
// themselves.
func (c *Call) Failed() {
	b := &c.door.brake
	c.door.behind.stranger(c)
	b.hold(c.request.Context(), c.source, b.fail(c.Now, freeFailures, whose(c.source), c.proofs...))
}

// failedToken is Failed for what every call is identified by. It is counted apart.
func (c *Call) failedToken() {
	b := &c.door.brake
	c.door.behind.stranger(c)
	b.hold(c.request.Context(), c.source, b.fail(c.Now, freeTokens, "tokens of "+whose(c.source)))
}

// bare tells a request that comes without any credential: nothing was tried.
func (c *Call) bare() bool {
	return c.request.Header.Get("Authorization") == "" && c.sessionValue() == "" && !c.route.signed
}
