package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/rotation"
	"bailiwick/secret"
	"bailiwick/store"
)

// How rotations share their time.
const (
	rotationLook  = time.Second
	rotationLease = 45 * time.Second // longer than a step, so that a living replica is not overtaken
	plansAtOnce   = 8
)

// Vault opens data keys. It may take time and fail.
type Vault interface {
	DataKey(ctx context.Context, d secret.DataKey) ([]byte, error)
}

// Rotations works plans of rotation off, until it is told to stop. Any number of them may work on one database: what one has claimed the others leave
// alone, and each step is one transaction that proves the claim. What was stopped in the midst goes on where it was.
type Rotations struct {
	Store *store.Store
	Log   *slog.Logger
	// Rotators make and end credentials, by kind. A plan of a kind that has none waits.
	Rotators map[rotation.Kind]Rotator

	mu   sync.Mutex
	busy map[string]bool
	all  sync.WaitGroup
}

// Work is a plan that is being worked on.
type Work = store.ClaimedPlan

// Rotator is what differs between kinds of credentials. Ahead does, outside of any transaction, what takes time or may fail; the others do the step in
// its transaction, with what Ahead gave, and leave the rotation's state to the caller.
type Rotator interface {
	Ahead(ctx context.Context, w *Work, s rotation.Step) (any, error)
	// Create makes the new one and gives its id; empty where it has none before the switch.
	Create(tx *store.Tx, w *Work, got any) (name string, err error)
	// Test refuses a new one that does not work.
	Test(tx *store.Tx, w *Work, got any) error
	// Switch has readers get the new one; the old one still holds.
	Switch(tx *store.Tx, w *Work, got any) (old, new string, err error)
	Close(tx *store.Tx, w *Work, got any) error
	// Undo takes back what Create made, of a rotation that is given up.
	Undo(tx *store.Tx, w *Work) error
	// Look gives what decides beside plan and rotation.
	Look(tx *store.Tx, w *Work) (rotation.Facts, error)
}

// Run works until ctx ends, and returns when the last plan is put down. Its error is of the database, and it is to be run again.
func (o *Rotations) Run(ctx context.Context) (err error) {
	defer o.all.Wait()
	for err == nil {
		if err = o.Pass(ctx); err != nil {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rotationLook):
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Pass begins to work on what is due now and does not wait for it.
func (o *Rotations) Pass(ctx context.Context) error {
	var due []string
	err := o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DuePlans(plansAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		if !o.take(id) {
			continue
		}
		o.all.Go(func() {
			defer o.put(id)
			defer func() {
				if p := recover(); p != nil { // its lease ends by itself
					o.Log.Error("a rotation broke off", "plan", id, "panic", p)
				}
			}()
			if err := o.work(ctx, id); err != nil && ctx.Err() == nil {
				o.Log.Error("a rotation could not go on; it is tried again", "plan", id, "error", err)
			}
		})
	}
	return nil
}

func (o *Rotations) take(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy == nil {
		o.busy = map[string]bool{}
	}
	if o.busy[id] || len(o.busy) >= plansAtOnce {
		return false
	}
	o.busy[id] = true
	return true
}

func (o *Rotations) put(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.busy, id)
}

// work does the steps of a plan that are due, one after the other, and puts it down.
func (o *Rotations) work(ctx context.Context, id string) error {
	var w *Work
	err := o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		w, err = tx.ClaimPlan(id, rotationLease.Milliseconds())
		return err
	})
	if err != nil || w == nil {
		return err
	}
	err = o.steps(ctx, w)
	if fail.Is(err, fail.Conflict) || fail.Is(err, fail.NotFound) { // taken over, or deleted
		return nil
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return errors.Join(err, o.Store.Write(after, func(tx *store.Tx) error { return o.release(tx, w, err != nil) }))
}

// release puts a plan down. When it is looked at next is asked anew: somebody may have changed it meanwhile.
func (o *Rotations) release(tx *store.Tx, w *Work, broken bool) error {
	now, err := tx.RenewPlan(w.ID, w.Mark, 0)
	if fail.Is(err, fail.Conflict) {
		return nil
	} else if err != nil {
		return err
	}
	_, due, err := o.next(tx, now)
	if broken || err != nil {
		due = tx.Now + time.Minute.Milliseconds()
	}
	return tx.ReleasePlan(w.ID, w.Mark, due)
}

// steps does steps until one is not due yet.
func (o *Rotations) steps(ctx context.Context, w *Work) error {
	for ctx.Err() == nil {
		var step rotation.Step
		err := o.Store.Read(ctx, func(tx *store.Tx) (err error) {
			step, _, err = o.next(tx, w)
			return err
		})
		if err != nil || step == rotation.Wait {
			return err
		}
		if w, err = o.step(ctx, w, step); err != nil {
			return err
		}
	}
	return nil
}

// next gives the step that is due now.
func (o *Rotations) next(tx *store.Tx, w *Work) (step rotation.Step, at int64, err error) {
	r := o.Rotators[w.Kind]
	if r == nil {
		return rotation.Wait, tx.Now + time.Hour.Milliseconds(), nil
	}
	f := rotation.Facts{}
	if w.Rotation != nil && w.Rotation.State == rotation.Switched {
		if f, err = r.Look(tx, w); err != nil {
			return rotation.Wait, 0, err
		}
	}
	f.Now = tx.Now
	step, at = w.Step(w.Rotation, f)
	return step, at, nil
}

// step does one step, or notes why it could not be done.
func (o *Rotations) step(ctx context.Context, w *Work, step rotation.Step) (now *Work, err error) {
	var got any
	if step != rotation.Begin && step != rotation.Tell {
		got, err = o.Rotators[w.Kind].Ahead(ctx, w, step)
	}
	if err == nil {
		err = o.Store.WriteAlone(ctx, func(tx *store.Tx) (err error) {
			if now, err = tx.RenewPlan(w.ID, w.Mark, rotationLease.Milliseconds()); err != nil {
				return err
			}
			if again, _, err := o.next(tx, now); err != nil || again != step {
				return err // somebody has changed the plan meanwhile
			}
			return o.do(tx, now, step, got)
		})
	}
	if err == nil || ctx.Err() != nil || fail.Is(err, fail.Conflict) || w.Rotation == nil {
		return now, err
	}
	return o.failed(ctx, w, step, err)
}

// do does one step in its transaction, with its entry in the ledger.
func (o *Rotations) do(tx *store.Tx, w *Work, step rotation.Step, got any) (err error) {
	if step == rotation.Begin {
		r := w.Start(store.NewPlanID(), tx.Now)
		w.Rotation = &r
		return tx.BeginRotation(&r)
	}
	r, by := w.Rotation, o.Rotators[w.Kind]
	var name, old string
	switch step {
	case rotation.Create:
		if err = w.May(tx.Map, tx.Now); err == nil {
			name, err = by.Create(tx, w, got)
		}
		r.HasMade(name, tx.Now)
	case rotation.Test:
		err = by.Test(tx, w, got)
		r.HasTested()
	case rotation.Switch:
		if old, name, err = by.Switch(tx, w, got); err == nil {
			w.HasSwitched(r, old, name, tx.Now)
			err = tx.UpdatePlan(w.Plan, w.Next)
		}
	case rotation.Tell:
		r.HasTold()
	case rotation.Close:
		err = by.Close(tx, w, got)
		r.HasClosed(tx.Now)
	}
	if err != nil {
		return err
	}
	if err := tx.UpdateRotation(r); err != nil || step == rotation.Test {
		return err
	}
	return tx.Record(entryOf(rotationActions[step], w), about(w.Plan))
}

// rotationActions are the steps' names in the ledger.
var rotationActions = map[rotation.Step]string{
	rotation.Create: "rotateCreate", rotation.Switch: "rotateSwitch", rotation.Tell: "rotateStillUsed", rotation.Close: "rotateClose",
}

// about is the governed object of a plan's entries.
func about(p *rotation.Plan) int64 {
	if p.Scope != 0 {
		return p.Scope
	}
	return authz.WorkspaceObject
}

// entryOf is the beginning of the entry of a step.
func entryOf(action string, w *Work) *ledger.Entry {
	e := store.SystemEntry("rotation", action)
	e.Params = ledger.Params{{Key: "plan", Value: w.ID}, {Key: "kind", Value: string(w.Kind)}}
	add := func(key, value string) {
		if value != "" {
			e.Params = append(e.Params, ledger.Param{Key: key, Value: value})
		}
	}
	add("key", w.Key)
	if r := w.Rotation; r != nil {
		add("rotation", r.ID)
		add("old", r.Old)
		add("new", r.New)
	}
	add("contact", w.Contact)
	return e
}

// failed notes that a step could not be done. What was begun of a rotation that is given up is taken back.
func (o *Rotations) failed(ctx context.Context, w *Work, step rotation.Step, cause error) (now *Work, err error) {
	o.Log.Warn("a step of a rotation failed", "plan", w.ID, "step", step, "error", cause)
	err = o.Store.WriteAlone(ctx, func(tx *store.Tx) error {
		if now, err = tx.RenewPlan(w.ID, w.Mark, rotationLease.Milliseconds()); err != nil {
			return err
		}
		if now.Rotation == nil || !now.Rotation.State.Live() {
			return nil
		}
		r := now.Rotation
		now.HasFailed(r, said(cause), final(cause), tx.Now)
		if r.State == rotation.Failed {
			if err := o.Rotators[w.Kind].Undo(tx, now); err != nil {
				return err
			}
			if err := tx.UpdatePlan(now.Plan, max(now.Next, now.NotBefore)); err != nil {
				return err
			}
		}
		if err := tx.UpdateRotation(r); err != nil || r.Tries > 1 && r.State != rotation.Failed {
			return err
		}
		e := entryOf("rotateFail", now)
		e.Status, e.ErrorCode = 500, "ROTATION_FAILED"
		e.Params = append(e.Params, ledger.Param{Key: "step", Value: string(step)}, ledger.Param{Key: "reason", Value: r.Reason})
		return tx.Record(e, about(now.Plan))
	})
	return now, err
}

// said gives what people are told of an error: nothing of one that nobody named.
func said(err error) string {
	var named *fail.Error
	if errors.As(err, &named) && named.Kind != fail.Internal {
		return clean(named.Message)
	}
	return "the server's log says what went wrong"
}

// final says whether there is no use in trying again soon.
func final(err error) bool {
	switch fail.KindOf(err) {
	case fail.Internal, fail.Unavailable, fail.Conflict:
		return false
	}
	return true
}
