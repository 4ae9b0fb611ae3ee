package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// Event is one message of a stream (server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html).
type Event struct {
	// Name is the event's type; ID is what a client that comes back sends as Last-Event-ID. Neither has line breaks.
	Name, ID string
	// Data is written as JSON.
	Data any
}

// Follow runs as long as its stream is open: it calls send for each event until ctx ends or send gives an error. It has no transaction.
type Follow func(ctx context.Context, send func(Event) error) error

// Stream makes a route whose answer goes on: events, until the client hangs up or the server stops. It is decided as a read before the first byte,
// again before each event, and again soon after each change of governance: a stream ends when its caller's credential or right is gone.
func Stream[O, Q any](pattern string, ability authz.Ability, find Finder[O, Q], handle func(*Call, O, *Q) (Follow, error), opts ...Option[Q]) Route {
	m := start[Q, Event](pattern, modeStream, Behind, ability, opts)
	m.again = func(c *Call, q any) error {
		_, err := admit(c, m, find, q.(*Q))
		return err
	}
	m.call = func(c *Call, q any) (any, error) {
		obj, err := admit(c, m, find, q.(*Q))
		if err != nil {
			return nil, err
		}
		return handle(c, obj, q.(*Q))
	}
	return m.Route
}

const (
	// maxStreams is the most streams of this server, maxStreamsEach of one principal.
	maxStreams     = 2000
	maxStreamsEach = 20
	// streamBeat is how often an idle stream is written to, so that proxies keep it and a client that is gone is found out.
	streamBeat = 15 * time.Second
	// streamLook is how often a stream looks whether governance has changed.
	streamLook = time.Second
	// streamWrite is how long a client may take for what was written to it.
	streamWrite = 10 * time.Second
	// streamRetry is how long a client is to wait before it comes back.
	streamRetry = 2 * time.Second
)

// streams are the open streams of a door.
type streams struct {
	mu    sync.Mutex
	open  map[*stream]struct{}
	of    map[int64]int // by principal
	ended bool
}

// enter counts a stream, within the limits.
func (s *streams) enter(one *stream) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := one.c.Who.Principal
	switch {
	case s.ended:
		return fail.New(fail.Unavailable, "the server is stopping")
	case s.of[who] >= maxStreamsEach:
		return fail.New(fail.Limit, "You have %d streams of events open, which is the most for one user; close some of them.", maxStreamsEach)
	case len(s.open) >= maxStreams:
		return fail.New(fail.Unavailable, "This server has %d streams of events open, which is the most; try again later.", maxStreams)
	}
	if s.open == nil {
		s.open, s.of = map[*stream]struct{}{}, map[int64]int{}
	}
	s.open[one] = struct{}{}
	s.of[who]++
	return nil
}

func (s *streams) leave(one *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, one)
	who := one.c.Who.Principal
	if s.of[who]--; s.of[who] == 0 {
		delete(s.of, who)
	}
}

// EndStreams ends all streams and lets none begin: what a server does before it waits for its open requests.
func (d *Door) EndStreams() {
	d.streams.mu.Lock()
	defer d.streams.mu.Unlock()
	d.streams.ended = true
	for one := range d.streams.open {
		one.stop()
	}
}

// Streams is the number of open streams.
func (d *Door) Streams() int {
	d.streams.mu.Lock()
	defer d.streams.mu.Unlock()
	return len(d.streams.open)
}

// stream is one that is open. Only its request's goroutine writes to it.
type stream struct {
	d       *Door
	c       *Call
	q       any
	w       http.ResponseWriter
	control *http.ResponseController
	stop    context.CancelFunc
	// version is the governance version of the last decision.
	version int64
}

// stream answers with events until the client hangs up, the right is gone, or the server stops.
func (d *Door) stream(w http.ResponseWriter, c *Call, q any) error {
	ctx, stop := context.WithCancel(c.request.Context())
	defer stop()
	s := &stream{d: d, c: c, q: q, w: w, control: http.NewResponseController(w), stop: stop}
	if err := d.streams.enter(s); err != nil {
		return err
	}
	defer d.streams.leave(s)
	s.version = d.Store.Map().Version()
	follow, err := d.read(c, q)
	if err != nil {
		return err
	}
	s.begin()
	if c.request.Method == http.MethodHead {
		return nil
	}
	s.run(ctx, follow.(Follow))
	_ = s.control.SetWriteDeadline(time.Time{}) // the connection may serve other requests
	return nil
}

func (s *stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx keeps answers back otherwise
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", s.c.id)
	s.c.opened = time.Now()
	s.w.WriteHeader(http.StatusOK)
}

// run writes what follow sends, and a comment now and then, until one of them ends.
func (s *stream) run(ctx context.Context, follow Follow) {
	events, done := make(chan Event), make(chan struct{})
	go func() {
		defer close(done)
		s.follow(ctx, follow, events)
	}()
	defer func() {
		s.stop()
		<-done
	}()
	beat, look := time.NewTicker(streamBeat), time.NewTicker(streamLook)
	defer beat.Stop()
	defer look.Stop()
	more := s.write(fmt.Appendf(nil, "retry: %d\n\n", streamRetry.Milliseconds()))
	for more {
		select {
		case <-ctx.Done():
			return
		case <-done:
			return
		case e := <-events:
			more = s.stands(ctx) && s.send(e)
		case <-beat.C:
			more = s.stands(ctx) && s.write([]byte(":\n\n"))
		case <-look.C:
			more = s.d.Store.Map().Version() == s.version || s.stands(ctx)
		}
	}
}

// follow runs the handler's part; one that fails, or panics, ends its stream and nothing else.
func (s *stream) follow(ctx context.Context, follow Follow, events chan<- Event) {
	defer func() {
		if p := recover(); p != nil {
			s.d.Log.Error("panic in a stream", "request", s.c.id, "route", s.c.place(), "panic", p)
		}
	}()
	err := follow(ctx, func(e Event) error {
		select {
		case events <- e:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		s.d.Log.Error("stream failed", "request", s.c.id, "route", s.c.place(), "error", err)
	}
}

// stands decides again, on the newest map, whether the caller may have what the stream tells. That he may not is recorded as the refusal it is.
func (s *stream) stands(ctx context.Context) bool {
	c := s.c
	c.Now = time.Now()
	err := s.d.Store.Read(ctx, func(tx *store.Tx) error {
		c.restart(tx)
		defer func() { c.Tx = nil }()
		s.version = tx.Map.Version()
		err := c.identifyAgain()
		if err == nil {
			err = c.route.again(c, s.q)
		}
		c.describe(err)
		return err
	})
	if c.refused != nil {
		_ = s.d.recordAfter(ctx, c, err) // it is the refusal itself, or the database's error, which has nobody to go to
	}
	return err == nil
}

// send writes an event.
func (s *stream) send(e Event) bool {
	data, err := EncodeJSON(e.Data)
	if err != nil {
		s.d.Log.Error("an event could not be written", "request", s.c.id, "route", s.c.place(), "error", err)
		return false
	}
	var b bytes.Buffer
	if e.ID != "" {
		fmt.Fprintf(&b, "id: %s\n", e.ID)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", e.Name, data)
	return s.write(b.Bytes())
}

// write sends bytes at once; a client that does not take them in time is given up, and with it what waits for it.
func (s *stream) write(b []byte) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(streamWrite)) // not all writers of tests can
	if _, err := s.w.Write(b); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
