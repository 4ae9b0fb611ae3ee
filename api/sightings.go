package api

import (
	"net/netip"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/store"
)

// maxSpans bounds the memory of what was seen and is not written yet, over all credentials; beyond it, what is new is not seen.
const maxSpans = 100_000

// resend is how long what was written already is gathered before it is written again; what is new goes with the next flush.
const resend = time.Minute

// span counts the calls of something seen since it was last written.
type span struct {
	first, last int64
	n, writes   int64
	known       bool // it was written, at lastWritten
	lastWritten int64
}

// record is what was seen of one credential. Its program and network are kept at hand: they seldom change from call to call.
type record struct {
	spans   map[credential.Seen]*span
	number  [16]int // spans by aspect
	agent   string
	program *span
	address netip.Addr
	network *span
}

// sightings gathers what credentials are seen with: it is written behind, so that no request waits for it. Of what a killed process had seen,
// calls of the last minute and what was new in the last seconds are lost.
type sightings struct {
	mu    sync.Mutex
	of    map[string]*record
	total int
}

// touch is one decision of a call that said yes.
type touch struct {
	ability authz.Ability
	kind    authz.Kind
	object  int64
	name    string
}

// came notes from where a credential comes, and by which program.
func (s *sightings) came(c *Call) {
	at := c.Now.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.record(c.Who.Credential)
	if agent := limited(c.request.UserAgent(), 256); r.program == nil || agent != r.agent {
		r.agent, r.program = agent, s.span(r, credential.Seen{Aspect: credential.Program, What: credential.ProgramOf(agent)})
	}
	if r.network == nil || c.source != r.address {
		r.address, r.network = c.source, s.span(r, credential.Seen{Aspect: credential.Network, What: credential.NetworkOf(c.source)})
	}
	r.program.count(at, false)
	r.network.count(at, false)
}

// did notes what a call that was allowed has used and touched.
func (s *sightings) did(c *Call) {
	if len(c.touched) == 0 || c.Who.Credential == "" {
		return
	}
	at, write := c.Now.UnixMilli(), c.route.mode == modeWrite || c.route.mode == modeUpload
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.record(c.Who.Credential)
	family := ""
	for i := range c.touched {
		t := &c.touched[i]
		if info, _ := t.ability.Info(); info.Family != "" && info.Family != family {
			family = info.Family
			s.span(r, credential.Seen{Aspect: credential.Family, What: family}).count(at, write)
		}
		things, n := credential.ThingsOf(t.kind, t.object, t.name)
		for _, seen := range things[:n] {
			s.span(r, seen).count(at, write)
		}
	}
}

func (s *sightings) record(id string) *record {
	r := s.of[id]
	if r == nil {
		if s.of == nil {
			s.of = map[string]*record{}
		}
		r = &record{spans: map[credential.Seen]*span{}}
		s.of[id] = r
	}
	return r
}

// span gives the span of something seen; nil when there is no room for it. Networks and programs that are too many are counted together.
func (s *sightings) span(r *record, seen credential.Seen) *span {
	if x := r.spans[seen]; x != nil {
		return x
	}
	if r.number[seen.Aspect] >= seen.Aspect.Most() || s.total >= maxSpans {
		if seen.Aspect.Thing() || seen.What == credential.Others || s.total >= 2*maxSpans {
			return nil
		}
		return s.others(r, seen)
	}
	r.number[seen.Aspect]++
	return s.add(r, seen)
}

func (s *sightings) others(r *record, seen credential.Seen) *span {
	seen.What = credential.Others
	if x := r.spans[seen]; x != nil {
		return x
	}
	return s.add(r, seen)
}

func (s *sightings) add(r *record, seen credential.Seen) *span {
	x := &span{}
	r.spans[seen] = x
	s.total++
	return x
}

func (x *span) count(at int64, write bool) {
	if x == nil {
		return
	}
	if x.n == 0 {
		x.first = at
	}
	x.n, x.last = x.n+1, max(x.last, at)
	if write {
		x.writes++
	}
}

// take gives what is to be written at a time: what is new, what was not written for a minute, or all of it; and forgets what rests.
func (s *sightings) take(now int64, all bool) (rows []store.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.of {
		for seen, x := range r.spans {
			due := all || !x.known || now-x.lastWritten >= resend.Milliseconds()
			switch {
			case x.n > 0 && due:
				rows = append(rows, store.Sighting{Credential: id, Sighting: credential.Sighting{
					Seen: seen, First: x.first, Last: x.last, Count: x.n, Writes: x.writes,
				}})
				x.n, x.writes, x.known, x.lastWritten = 0, 0, true, now
			case x.n == 0 && due:
				s.forget(r, seen)
			}
		}
		if len(r.spans) == 0 {
			delete(s.of, id)
		}
	}
	return rows
}

// forget drops a span that nothing was counted in, and what points to it.
func (s *sightings) forget(r *record, seen credential.Seen) {
	if x := r.spans[seen]; x == r.program {
		r.program = nil
	} else if x == r.network {
		r.network = nil
	}
	delete(r.spans, seen)
	s.total--
	if seen.What != credential.Others {
		r.number[seen.Aspect]--
	}
}

// restore takes back what could not be written.
func (s *sightings) restore(rows []store.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		x := s.span(s.record(row.Credential), row.Seen)
		if x == nil {
			continue
		}
		if x.n == 0 {
			x.first = row.First
		}
		x.first, x.last = min(x.first, row.First), max(x.last, row.Last)
		x.n, x.writes, x.known = x.n+row.Count, x.writes+row.Writes, false
	}
}

// FlushSightings writes what was seen with credentials: what is new, and each minute what was seen again; all of it when the server stops. What
// could not be written is kept for the next time.
func (d *Door) FlushSightings(all bool, write func([]store.Sighting) error) error {
	rows := d.sightings.take(time.Now().UnixMilli(), all)
	for len(rows) > 0 {
		n := min(len(rows), flushBatch)
		if err := write(rows[:n]); err != nil {
			d.sightings.restore(rows)
			return err
		}
		rows = rows[n:]
	}
	return nil
}
