package api

import (
	"maps"
	"slices"
	"sync"
	"time"

	"bailiwick/store"
)

// uses gathers when and from where credentials were used, each at most once a minute: it is written behind, so that no request waits for it.
type uses struct {
	mu      sync.Mutex
	minute  int64
	seen    map[string]struct{}
	pending map[string]store.Use
}

// note keeps the use of the call's credential.
func (u *uses) note(c *Call) {
	id := c.Who.Credential
	u.mu.Lock()
	defer u.mu.Unlock()
	if m := c.Now.Unix() / int64(time.Minute/time.Second); m != u.minute || u.seen == nil {
		u.minute, u.seen = m, map[string]struct{}{}
	}
	if _, ok := u.seen[id]; ok {
		return
	}
	u.seen[id] = struct{}{}
	u.keep(store.Use{Credential: id, At: c.Now.UnixMilli(), Source: c.Source()})
}

// keep holds a use until it is written, unless a later one is held already.
func (u *uses) keep(use store.Use) {
	if u.pending == nil {
		u.pending = map[string]store.Use{}
	}
	if held, ok := u.pending[use.Credential]; !ok || held.At < use.At {
		u.pending[use.Credential] = use
	}
}

// FlushUses writes the last uses of credentials that were gathered; what could not be written is kept for the next time.
func (d *Door) FlushUses(write func([]store.Use) error) error {
	d.uses.mu.Lock()
	held := slices.Collect(maps.Values(d.uses.pending))
	d.uses.pending = nil
	d.uses.mu.Unlock()
	for len(held) > 0 {
		n := min(len(held), flushBatch)
		if err := write(held[:n]); err != nil {
			d.uses.mu.Lock()
			defer d.uses.mu.Unlock()
			for _, use := range held {
				d.uses.keep(use)
			}
			return err
		}
		held = held[n:]
	}
	return nil
}
