package rotation

import "time"

// State is how far a rotation has come.
type State string

// The states, in order. In Switched old and new both hold; Failed was given up before the switch, and the old one holds as ever.
const (
	Due      State = "due"
	Created  State = "created"
	Tested   State = "tested"
	Switched State = "switched"
	Closed   State = "closed"
	Failed   State = "failed"
)

// Live says whether something is still to be done.
func (s State) Live() bool { return s != Closed && s != Failed }

// Rotation is one change of a credential. Times are ms since 1970, 0 = not yet.
type Rotation struct {
	ID    string `json:"id"`
	Plan  string `json:"plan"`
	State State  `json:"state"`
	// Asked by somebody, not by the schedule.
	Asked int64 `json:"asked,omitempty"`
	// Old and New name the two: a secret's versions by number, credentials and keys by their ids. Empty = there is none.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`

	Started  int64 `json:"started"`
	Made     int64 `json:"made,omitempty"`
	Switched int64 `json:"switched,omitempty"`
	Ended    int64 `json:"ended,omitempty"`
	// Overlap ends then.
	OverlapEnd int64 `json:"overlap_end,omitempty"`

	// Tries of the step that is next have failed, for Reason; it is tried again at Due.
	Tries  int    `json:"tries,omitempty"`
	Reason string `json:"reason,omitempty"`
	Due    int64  `json:"due,omitempty"`
	// CloseAsked is who asked for the end before its time.
	CloseAsked int64 `json:"close_asked,omitempty"`
	// Told: that the old one is still used after the overlap was told.
	Told bool `json:"told,omitempty"`
}

// Step is what is to be done next.
type Step string

// The steps. Each is one transaction, and finds what the one before left.
const (
	Wait   Step = ""
	Begin  Step = "begin"  // write down that a rotation goes on, so that its id is there before anybody is called
	Create Step = "create" // make the new one; it need not be used by anybody yet
	Test   Step = "test"   // see that the new one works
	Switch Step = "switch" // have readers get the new one, while the old one still holds
	Tell   Step = "tell"   // say that the old one is still used though the overlap has ended
	Close  Step = "close"  // end the old one
)

// Facts are what decides beside plan, rotation and time.
type Facts struct {
	Now int64
	// OldUsed is when the old one was used last since the switch; 0 = not.
	OldUsed int64
	// OldHeld: something still hangs on the old one that must be moved first (data keys under an old encryption key).
	OldHeld bool
}

// lookAgain is how often a wait without a known end is looked at.
const lookAgain = time.Minute

// Step gives the step that is due; where it is Wait, at says when to look again. r is nil where no rotation goes on.
func (p *Plan) Step(r *Rotation, f Facts) (s Step, at int64) {
	if r == nil || !r.State.Live() {
		if p.Paused {
			return Wait, f.Now + lookAgain.Milliseconds()
		}
		return unless(f.Now, max(p.Next, p.NotBefore), Begin)
	}
	if f.Now < r.Due {
		return Wait, r.Due
	}
	switch r.State {
	case Due:
		return Create, f.Now
	case Created:
		return Test, f.Now
	case Tested:
		if p.Kind == SigningKey {
			return unless(f.Now, r.Made+PublishLead.Milliseconds(), Switch)
		}
		return Switch, f.Now
	}
	return p.closing(r, f)
}

func unless(now, at int64, s Step) (Step, int64) {
	if now < at {
		return Wait, at
	}
	return s, now
}

// closing is the step after the switch.
func (p *Plan) closing(r *Rotation, f Facts) (Step, int64) {
	again := f.Now + lookAgain.Milliseconds()
	switch {
	case f.OldHeld:
		return Wait, f.Now + time.Second.Milliseconds()
	case r.CloseAsked != 0 || r.Old == "":
		return Close, f.Now
	case f.Now < r.OverlapEnd:
		return Wait, r.OverlapEnd
	case p.StillUsed(r, f) && !r.Told:
		return Tell, f.Now
	case p.UnusedFor > 0 && p.StillUsed(r, f):
		return Wait, min(again, f.OldUsed+p.UnusedFor)
	}
	return Close, f.Now
}

// StillUsed says whether the old one counts as used now that the overlap has ended: within UnusedFor, or where the plan has none, within the last
// half of the overlap.
func (p *Plan) StillUsed(r *Rotation, f Facts) bool {
	if f.OldUsed == 0 {
		return false
	}
	if p.UnusedFor > 0 {
		return f.Now < f.OldUsed+p.UnusedFor
	}
	return f.OldUsed > r.OverlapEnd-p.Overlap/2
}

// Start gives a rotation that begins.
func (p *Plan) Start(id string, now int64) Rotation {
	return Rotation{ID: id, Plan: p.ID, State: Due, Started: now}
}

// done takes back what was said of failed tries.
func (r *Rotation) done(s State) { r.State, r.Tries, r.Reason, r.Due = s, 0, "", 0 }

// HasMade notes the new one; name is empty where it gets its name at the switch.
func (r *Rotation) HasMade(name string, now int64) {
	r.done(Created)
	r.New, r.Made = name, now
}

// HasTested notes that the new one works.
func (r *Rotation) HasTested() { r.done(Tested) }

// HasSwitched notes that readers get the new one. The plan's next rotation is counted from now.
func (p *Plan) HasSwitched(r *Rotation, old, new string, now int64) {
	r.done(Switched)
	r.Old, r.New, r.Switched, r.OverlapEnd = old, new, now, now+p.Overlap
	p.Last, p.Next, p.NotBefore = now, p.Schedule.Next(now), 0
	if p.Kind.OfPrincipal() {
		p.Current = new
	}
}

// HasTold notes that somebody was told that the old one is still used.
func (r *Rotation) HasTold() { r.Told = true }

// HasClosed notes the end of the old one.
func (r *Rotation) HasClosed(now int64) {
	r.done(Closed)
	r.Ended = now
}

// How a step that failed is tried again: after firstPause, then twice as long each time, at most lastPause; before the switch MaxTries times.
const (
	firstPause = 5 * time.Second
	lastPause  = time.Hour
	MaxTries   = 12
	// afterFailure is when a new rotation is tried after one was given up.
	afterFailure = Day
)

// HasFailed notes that a step failed, final when there is no use in trying again. Before the switch a rotation is given up then, and nothing has
// changed for anybody; after it the closing is tried for ever, since an old credential that holds must not be forgotten.
func (p *Plan) HasFailed(r *Rotation, reason string, final bool, now int64) {
	r.Tries++
	r.Reason = reason
	r.Due = now + min(firstPause<<min(r.Tries-1, 20), lastPause).Milliseconds()
	if r.State != Switched && (final || r.Tries >= MaxTries) {
		r.State, r.Ended, r.Due = Failed, now, 0
		p.NotBefore = now + afterFailure.Milliseconds()
	}
}
