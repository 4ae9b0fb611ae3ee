package api

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

// restart begins the call's transaction, perhaps for the second time: nothing of an earlier try is kept.
func (c *Call) restart(tx *store.Tx) {
	c.Tx, c.entry, c.subject, c.object, c.action, c.refused, c.status = tx, ledger.Entry{}, "", 0, "", nil, 200
	c.after, c.touched = nil, c.touched[:0]
}

// describe completes the ledger entry while the transaction's map is at hand.
func (c *Call) describe(err error) {
	e := &c.entry
	e.Class, e.Service, e.Action, e.RequestID = ledger.ClassA, cmp.Or(c.service, c.route.Service), cmp.Or(c.action, c.route.Action), c.id
	e.Credential, e.Source, e.UserAgent = c.Who.Credential, c.Source(), limited(c.request.UserAgent(), 256)
	if p := c.Principal(); p != nil {
		e.Actor = ledger.Actor{ID: p.ID, Name: p.Name, Kind: p.Kind.String()}
	}
	e.Object.ID = formatID(c.object)
	if o, ok := c.Tx.Map.Object(c.object); ok {
		e.Object.Kind, e.Object.Name, e.Object.Path = o.Kind.String(), o.Name, c.Tx.Map.Path(o.ID)
	}
	e.Status = c.status
	if err != nil && c.refused != nil {
		e.Status, e.ErrorCode, e.Error = statusOf(c.refused), codeOf(c.refused), c.refused.Message
		if c.subject != e.Object.ID { // handlers note what a call was about; this one never got there
			c.Note("target", c.subject)
		}
	}
	if c.Decision.Ability != 0 {
		e.Decision = ledger.Decision{Allowed: c.Decision.Allowed, Ability: c.Decision.Ability.String()}
		if c.entryOfItsOwn() {
			e.Decision.Path, _ = json.Marshal(authz.Explain(c.Tx.Map, c.Decision)) // plain data always marshals
		}
	}
}

// entryOfItsOwn says whether the call will be an entry rather than a count: only then is the path worth its words.
func (c *Call) entryOfItsOwn() bool {
	return c.refused != nil || c.route.class == Each || c.door.EveryRead || c.door.EveryWrite || c.Tx.Governed()
}

func statusOf(e *fail.Error) int {
	if e.Kind == fail.NotFound {
		return 404
	}
	return 403
}

func codeOf(e *fail.Error) string {
	if e.Kind == fail.NotFound {
		return "RESOURCE_DOES_NOT_EXIST"
	}
	return "PERMISSION_DENIED"
}

// record appends the call's entry.
func (c *Call) record(tx *store.Tx) error { return tx.Record(&c.entry, c.object) }

// tally is the call as a count in its minute's row.
func (c *Call) tally() ledger.Tally {
	e := c.entry
	e.Time, e.Class, e.Params = c.Now.UnixMilli(), ledger.ClassB, nil
	if c.route.class == Behind || c.refused != nil {
		e.Class = ledger.ClassC
	}
	if c.subject != "" {
		e.Object.ID = c.subject
	}
	return ledger.TallyOf(&e)
}

func limited(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// behind gathers what is written later: plain reads and searches, requests without a valid credential, floods of denials.
type behind struct {
	mu   sync.Mutex
	rows ledger.Tallies
}

// maxBehind bounds the memory of gathered rows; beyond it, what comes from new places is counted as one.
const maxBehind = 50_000

func (b *behind) add(c *Call) { b.put(c.tally()) }

// stranger counts a request without a valid credential, per address.
func (b *behind) stranger(c *Call) {
	b.put(ledger.TallyOf(&ledger.Entry{
		Class: ledger.ClassC, Time: c.Now.UnixMilli(), Service: "accounts", Action: "tokenLogin", Source: c.Source(), Status: 401,
		ErrorCode: "UNAUTHENTICATED", UserAgent: limited(c.request.UserAgent(), 256),
	}))
}

func (b *behind) put(t ledger.Tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows == nil {
		b.rows = ledger.Tallies{}
	}
	if _, ok := b.rows[t.Key]; !ok && len(b.rows) >= maxBehind {
		t.Key.Source, t.Key.ObjectID = "many", ""
		t.Sample.Source, t.Sample.Object = "many", ledger.Object{}
	}
	b.rows.Add(t)
}

// flushBatch is how many gathered rows are written at a time: no transaction may take long.
const flushBatch = 1000

// Flush writes what was gathered; what could not be written is kept for the next time.
func (d *Door) Flush(write func(rows []ledger.Tally) error) error {
	d.behind.mu.Lock()
	rows := slices.Collect(maps.Values(d.behind.rows))
	d.behind.rows = nil
	d.behind.mu.Unlock()
	for len(rows) > 0 {
		n := min(len(rows), flushBatch)
		if err := write(rows[:n]); err != nil {
			for _, t := range rows {
				d.behind.put(t)
			}
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// denials counts the denials of this minute, so that a client in a loop does not fill the ledger: the first 60 a minute of one principal on
// one object are entries of their own.
type denials struct {
	mu     sync.Mutex
	minute int64
	seen   map[denial]int
}

type denial struct {
	principal int64
	object    string
}

const maxDenials = 60

func (d *denials) first(c *Call) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := c.Now.Unix() / int64(time.Minute/time.Second); m != d.minute || d.seen == nil {
		d.minute, d.seen = m, map[denial]int{}
	}
	k := denial{c.Who.Principal, c.subject}
	d.seen[k]++
	return d.seen[k] <= maxDenials
}

// Gathered is the number of gathered rows that are not written yet.
func (d *Door) Gathered() int {
	d.behind.mu.Lock()
	defer d.behind.mu.Unlock()
	return len(d.behind.rows)
}
