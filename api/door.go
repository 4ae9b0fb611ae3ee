package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/store"
)

// Door is the one way in. Its fields are set before Serve is first called and not changed after.
type Door struct {
	Store *store.Store
	Log   *slog.Logger
	// PublicURL is this server's address as clients know it; empty = taken from the request.
	PublicURL string
	// Trusted are the proxies whose X-Forwarded-For and -Proto count.
	Trusted []netip.Prefix
	// Hosts are the names under which requests are taken; empty = any.
	Hosts []string
	// AnyAddress takes requests for any numeric address, too: names can be pointed at a server by somebody else, numbers cannot.
	AnyAddress bool
	// EveryRead and EveryWrite lift gathered calls to entries of their own (audit.reads, audit.writes).
	EveryRead, EveryWrite bool
	// Product is what the Server header says; empty = no such header.
	Product string
	// MaxBody is the most bytes of a decoded body, where a route says nothing; MaxDepth its deepest nesting, where that is less than what
	// the codecs take (64); MaxDrain how much of an unread body is taken in after a refusal. 0 = as built in.
	MaxBody, MaxDepth, MaxDrain int64
	// Patience is how long a client may take to send a decoded body, or after a refusal the rest of it, and for each part of its answer; for
	// parts of files it is several times as much. 0 = a minute.
	Patience time.Duration
	// Bearer checks access tokens; nil = there are none.
	Bearer *bearer.Ring
	// Observe is told of every answered request.
	Observe func(route *Route, status int, took time.Duration)

	root   node
	fronts []*Front
	behind behind
	uses   uses
	denied denials
	turns  turns
	brake  brake
	// sightings gathers what credentials are seen with.
	sightings sightings
	// streams are the answers that go on.
	streams streams
}

// Mount adds a protocol. Routes that collide stop the program: they are a defect.
func (d *Door) Mount(f *Front) {
	for i := range f.Routes {
		r := &f.Routes[i]
		if r.Service == "" {
			r.Service = f.Service
		}
		for _, prefix := range f.Prefixes {
			d.root.add(r.Method, prefix+r.Path, &endpoint{f, r})
		}
	}
	d.fronts = append(d.fronts, f)
}

// Fronts gives the mounted protocols, for the route list and its tests.
func (d *Door) Fronts() []*Front { return d.fronts }

// ServeHTTP takes a request through the pipeline.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{Now: time.Now(), Log: d.Log, door: d, request: r, header: w.Header(), status: http.StatusOK, id: requestID()}
	c.source = d.source(r)
	began := c.Now
	// Databricks' clients learn from every answer which workspace they talk to.
	c.SetHeader("X-Databricks-Org-Id", formatID(d.Store.Workspace()))
	if d.Product != "" {
		c.SetHeader("Server", d.Product)
	}
	sent := &sent{ResponseWriter: w}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // an earlier request of the connection had its own
	defer func() {
		if p := recover(); p != nil {
			d.Log.Error("panic", "request", c.id, "route", c.place(), "panic", p, "stack", string(debug.Stack()))
			if !sent.begun {
				d.fail(sent, c, fail.Internalf(nil, "internal error; the server's log has it under %s", c.id))
			}
		}
		if d.Observe != nil {
			d.Observe(c.route, sent.status, c.took(began))
		}
	}()
	if err := d.serve(sent, c); err != nil {
		d.fail(sent, c, err)
		return
	}
	d.sightings.did(c)
}

// serve finds the route and sends the call on its way.
func (d *Door) serve(w http.ResponseWriter, c *Call) error {
	if err := d.checkHost(c.request); err != nil {
		return err
	}
	vars := map[string]string{}
	ends, ok := d.root.find(strings.Split(strings.TrimPrefix(c.request.URL.EscapedPath(), "/"), "/"), vars)
	if !ok {
		c.front = d.frontOf(c.request.URL.Path)
		return fail.NotFoundf("no such endpoint: %s %s", c.request.Method, c.request.URL.Path).(*fail.Error).WithCode("ENDPOINT_NOT_FOUND")
	}
	e := ends[c.request.Method]
	if e == nil && c.request.Method == http.MethodHead {
		e = ends[http.MethodGet]
	}
	if e == nil {
		c.front = d.frontOf(c.request.URL.Path)
		return fail.New(fail.NotFound, "%s does not take %s", c.request.URL.Path, c.request.Method).WithCode("METHOD_NOT_ALLOWED")
	}
	c.front, c.route = e.front, e.route
	if !c.route.mode.open() {
		if err := c.identify(vars); err != nil {
			if c.bare() || !fail.Is(err, fail.Unauthenticated) {
				d.behind.stranger(c)
			} else {
				c.failedToken()
			}
			return err
		}
		if err := d.keepOut(c); err != nil {
			return err
		}
		d.uses.note(c)
		d.sightings.came(c)
	}
	q, err := d.decode(w, c, vars)
	c.asked = q
	if err != nil {
		return err
	}
	return d.run(w, c, q)
}

// frontOf is the protocol whose error shape fits a path that is no route: the one with the longest matching prefix.
func (d *Door) frontOf(path string) *Front {
	best, length := d.fronts[0], -1
	for _, f := range d.fronts {
		for _, p := range f.Prefixes {
			if under(path, p) && len(p) > length {
				best, length = f, len(p)
			}
		}
	}
	return best
}

// under says whether a path begins with a prefix, in which a {variable} stands for any segment.
func under(path, prefix string) bool {
	before, rest, ok := strings.Cut(prefix, "{")
	if !strings.HasPrefix(path, before) {
		return false
	}
	if !ok {
		return true
	}
	_, after, _ := strings.Cut(rest, "}")
	_, tail, _ := strings.Cut(path[len(before):], "/")
	return under("/"+tail, after)
}

// decode reads the body where the route takes one and fills the request.
func (d *Door) decode(w http.ResponseWriter, c *Call, vars map[string]string) (any, error) {
	in := &Input{Query: c.request.URL.Query(), Path: vars, Request: c.request}
	if (c.route.mode != modeUpload || c.route.decoded) && c.request.Body != nil && c.request.Body != http.NoBody {
		body, err := d.body(w, c)
		if err != nil {
			return nil, err
		}
		in.Body = body
	}
	q := c.route.request()
	return q, c.front.Decode(in, q)
}

// body reads the whole body within the route's size and a minute, so that nobody holds memory by sending slowly.
func (d *Door) body(w http.ResponseWriter, c *Call) ([]byte, error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(d.patience())) // not all writers of tests can
	defer control.SetReadDeadline(time.Time{})
	limit := c.bodyLimit()
	var b bytes.Buffer
	b.Grow(int(min(max(c.request.ContentLength, 0), limit, claimed)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(c.request.Body, limit+1)); err != nil {
		return nil, fail.Invalidf("the body could not be read: %v", err)
	}
	if int64(b.Len()) > limit {
		return nil, fail.New(fail.TooLarge, "the body is larger than %d bytes", limit)
	}
	if d.MaxDepth > 0 && d.MaxDepth < maxDepth {
		return b.Bytes(), checkDepth(b.Bytes(), int(d.MaxDepth))
	}
	return b.Bytes(), nil
}

// run takes the decoded call through the mode of its route.
func (d *Door) run(w http.ResponseWriter, c *Call, q any) error {
	switch c.route.mode {
	case modeOpen:
		answer, err := c.route.call(c, q)
		return d.reply(w, c, answer, err)
	case modeRead, modeList:
		answer, err := d.read(c, q)
		return d.reply(w, c, answer, err)
	case modeDownload:
		answer, err := d.read(c, q)
		if err != nil || answer == nil {
			return d.reply(w, c, answer, err)
		}
		return d.send(w, c, answer.(*Content))
	case modeWrite:
		answer, err := d.write(c, q)
		return d.reply(w, c, answer, err)
	case modeOpenWrite:
		answer, err := d.openWrite(c, q)
		if fail.Is(err, fail.Unauthenticated) {
			c.Failed()
		}
		return d.reply(w, c, answer, err)
	case modeStream:
		return d.stream(w, c, q)
	case modeUpload:
		answer, err := d.upload(w, c, q)
		return d.reply(w, c, answer, err)
	}
	return fail.Internalf(nil, "route without mode")
}

// openWrite does what comes ahead of the transaction, then is write.
func (d *Door) openWrite(c *Call, q any) (any, error) {
	if c.route.ahead != nil {
		if err := c.route.ahead(c, q); err != nil {
			return nil, err
		}
	}
	return d.write(c, q)
}

// read runs a handler in a snapshot and records what must be recorded before the answer.
func (d *Door) read(c *Call, q any) (answer any, err error) {
	ctx := c.request.Context()
	err = d.snapshot(ctx, c, func(tx *store.Tx) error {
		c.Tx = tx
		defer func() { c.Tx = nil }()
		if err = c.identifyAgain(); err == nil {
			answer, err = c.route.call(c, q)
		}
		c.describe(err)
		return err
	})
	return answer, d.recordAfter(ctx, c, err)
}

// recordAfter writes the entry of a call that had no write transaction of its own: a denial, a read of class A; others are gathered.
func (d *Door) recordAfter(ctx context.Context, c *Call, err error) error {
	each := err == nil && (c.route.class == Each || d.EveryRead)
	if c.refused != nil {
		each = d.denied.first(c)
	} else if err != nil {
		return err
	}
	if !each {
		d.behind.add(c)
		return err
	}
	// A client that hangs up does not take the record of what he was answered with him.
	if werr := d.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return c.record(tx) }); werr != nil {
		return werr
	}
	return err
}

// write runs a handler in a write transaction. A refusal is committed, as its own record, with nothing else.
func (d *Door) write(c *Call, q any) (answer any, err error) {
	return d.commit(c, func(c *Call) (any, error) { return c.route.call(c, q) })
}

func (d *Door) commit(c *Call, handle func(*Call) (any, error)) (answer any, err error) {
	write := d.Store.Write
	if c.route.alone {
		write = d.Store.WriteAlone
	}
	var refusal error
	err = write(c.request.Context(), func(tx *store.Tx) error {
		c.restart(tx)
		defer func() { c.Tx = nil }()
		err := c.identifyAgain()
		if err == nil {
			answer, err = handle(c)
		}
		c.describe(err)
		refusal = err
		if err != nil && c.refused == nil {
			return err
		}
		return d.recordIn(c, tx)
	})
	if err == nil && c.refused != nil {
		err = refusal
	}
	for _, do := range c.after {
		if err == nil {
			err = do()
		}
	}
	return answer, err
}

// recordIn records a write in its own transaction: an entry, or a count in the minute's row. What changed governance is an entry whatever its
// route says.
func (d *Door) recordIn(c *Call, tx *store.Tx) error {
	if c.refused != nil && !d.denied.first(c) {
		d.behind.add(c)
		return nil
	}
	if c.refused == nil && c.route.class != Each && !d.EveryWrite && !tx.Governed() {
		return tx.Tally(c.tally())
	}
	return c.record(tx)
}

// upload streams the body in, then commits.
func (d *Door) upload(w http.ResponseWriter, c *Call, q any) (any, error) {
	finish, err := c.route.upload(c, q, d.arriving(w, c.request.Body))
	if err != nil {
		if c.refused != nil {
			return nil, d.recordAfter(c.request.Context(), c, err)
		}
		return nil, err
	}
	c.Now = time.Now() // the bytes may have taken longer than the credential lives
	return d.commit(c, finish)
}
