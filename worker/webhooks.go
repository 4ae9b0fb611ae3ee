package worker

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"bailiwick/registry/webhook"
	"bailiwick/store"
)

// How the deliverer shares its time.
const (
	look    = time.Second      // between two looks for what is due
	lease   = 40 * time.Second // longer than a try, so that a living deliverer is never overtaken
	atOnce  = 16               // tries at once
	perHook = 4                // of them to one webhook: a slow receiver does not hold the others up
)

// Deliverer sends what is due to webhooks, until it is told to stop. Any number of them may work on one database: what one has claimed the
// others leave alone. A delivery reaches its receiver at least once.
type Deliverer struct {
	Store *store.Store
	Log   *slog.Logger
	*Sender

	mu    sync.Mutex
	busy  map[string]int // tries at once, by webhook
	all   sync.WaitGroup
	freed chan struct{} // has something when a try has ended: there is room for another
}

// Run works until ctx ends, and returns when the last try has ended. Its error is of the database, and it is to be run again.
func (d *Deliverer) Run(ctx context.Context) (err error) {
	defer d.all.Wait()
	d.freed = make(chan struct{}, 1)
	for err == nil {
		if err = d.Pass(ctx); err != nil {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.freed:
		case <-time.After(look):
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Pass starts to send what is due now and does not wait for it. Where there never was a webhook it asks the database nothing.
func (d *Deliverer) Pass(ctx context.Context) error {
	if !d.Store.AnyHooks() {
		return nil
	}
	var hooks []string
	err := d.Store.Read(ctx, func(tx *store.Tx) (err error) {
		hooks, err = tx.DueHooks()
		return err
	})
	if err != nil || len(hooks) == 0 {
		return err
	}
	rand.Shuffle(len(hooks), func(i, j int) { hooks[i], hooks[j] = hooks[j], hooks[i] }) // nobody is always the last
	var claimed []store.Claimed
	err = d.Store.Write(ctx, func(tx *store.Tx) (err error) {
		claimed, err = d.claim(tx, hooks)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range claimed {
		d.start(ctx, c)
	}
	return nil
}

// claim takes what there is room for.
func (d *Deliverer) claim(tx *store.Tx, hooks []string) (all []store.Claimed, err error) {
	room := atOnce - d.running("")
	for _, hook := range hooks {
		n := min(room-len(all), perHook-d.running(hook))
		if n <= 0 {
			continue
		}
		some, err := tx.Claim(hook, n, lease.Milliseconds())
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// running counts the tries that go on, to one webhook or (hook = "") to all.
func (d *Deliverer) running(hook string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if hook != "" {
		return d.busy[hook]
	}
	for _, k := range d.busy {
		n += k
	}
	return n
}

// start tries one delivery in a goroutine of its own.
func (d *Deliverer) start(ctx context.Context, c store.Claimed) {
	d.count(c.Hook.ID, 1)
	d.all.Go(func() {
		defer d.end(c.Hook.ID)
		defer func() {
			if p := recover(); p != nil { // its lease ends by itself
				d.Log.Error("a webhook could not be sent", "webhook", c.Hook.ID, "delivery", c.ID, "panic", p)
			}
		}()
		if err := d.deliver(ctx, c); err != nil {
			d.Log.Error("what came of a webhook could not be written down; it is sent again", "webhook", c.Hook.ID, "delivery", c.ID, "error", err)
		}
	})
}

// end makes room for the next try, at once where Run waits.
func (d *Deliverer) end(hook string) {
	d.count(hook, -1)
	select {
	case d.freed <- struct{}{}:
	default:
	}
}

func (d *Deliverer) count(hook string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy == nil {
		d.busy = map[string]int{}
	}
	if d.busy[hook] += n; d.busy[hook] == 0 {
		delete(d.busy, hook)
	}
}

// settleTime bounds the writing of what came of a try, which a stop of the server does not end.
const settleTime = 10 * time.Second

func (d *Deliverer) deliver(ctx context.Context, c store.Claimed) error {
	at := time.Now().UnixMilli()
	o := d.Send(ctx, c.Hook, c.Secrets, c.ID, c.Body)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return d.Store.Write(after, func(tx *store.Tx) error {
		if errors.Is(ctx.Err(), context.Canceled) && o.Status == 0 {
			return tx.Release(c.ID, c.Mark) // the server stops: this was no try
		}
		next := c.Delivery.After(&o, tx.Now, rand.Float64())
		return tx.Settle(&next, c.Mark, webhook.Attempt{At: at, Took: o.Took, Status: o.Status, Answer: o.Answer})
	})
}
