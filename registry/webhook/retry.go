package webhook

import "strconv"

// How deliveries are tried again. The waits double from the first to the longest: about five hours for all tries.
const (
	MaxTries = 16
	// maxAge is how long after its first try a delivery is tried again at most (ms).
	maxAge    = 24 * 3600 * 1000
	firstWait = int64(2 * 1000)    // ms
	maxWait   = int64(3600 * 1000) // ms
)

// Outcome is what came of a try.
type Outcome struct {
	Status int64  // HTTP's; 0 = no answer
	Answer string // the beginning of the answer, or what went wrong
	Took   int64  // ms
	// Final: what went wrong goes wrong again, so it is not tried again: an address that may not be called.
	Final bool
	// Wait is how long the receiver asked to be left alone (Retry-After), ms; 0 = nothing.
	Wait int64
}

// OK says whether the receiver took it.
func (o *Outcome) OK() bool { return o.Status >= 200 && o.Status < 300 }

// again says whether it may go better another time: no answer, too many requests, a failure of the server.
func (o *Outcome) again() bool {
	return !o.Final && (o.Status == 0 || o.Status == 429 || o.Status >= 500)
}

// After gives the delivery as it is after a try at the given time (ms since 1970): delivered, given up, or due again. chance is from 0 to 1
// and spreads the waits, so that those who failed together do not come again together.
func (d Delivery) After(o *Outcome, now int64, chance float64) Delivery {
	d.Tries++
	d.Status, d.Answer = o.Status, o.Answer
	if d.Since == 0 {
		d.Since = now
	}
	wait := max(waitFor(d.Tries, chance), min(o.Wait, maxWait))
	switch {
	case o.OK():
		d.State, d.Ended = Delivered, now
	case !o.again() || d.Tries >= MaxTries || now+wait-d.Since > maxAge:
		d.State, d.Ended = Dead, now
	default:
		d.State, d.Due = Pending, now+wait
	}
	return d
}

// waitFor is from half to the whole of the doubled wait.
func waitFor(tries int64, chance float64) int64 {
	wait := maxWait
	if tries < 20 {
		wait = min(maxWait, firstWait<<(tries-1))
	}
	return wait/2 + int64(chance*float64(wait)/2)
}

// RetryAfter reads the header of that name: a number of seconds. Dates are not read; they are rare and need clocks that agree.
func RetryAfter(value string) (ms int64) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return n * 1000
}
