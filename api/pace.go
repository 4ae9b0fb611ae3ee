package api

import (
	"cmp"
	"io"
	"math"
	"net/http"
	"time"

	"bailiwick/fail"
)

const (
	// patience is how long a client may take to send a decoded body, and for each stride of its answer.
	patience = time.Minute
	stride   = 256 << 10
	// unhurried is how many times longer a client may pause in the transfer of a file, which he may be working on meanwhile: it holds no memory.
	unhurried = 5
	// slowest is the least bytes a second that a client sends of a file on the whole, besides one pause.
	slowest = 4 << 10
	// maxOpenBody is the most bytes of a decoded body where nobody has said yet who he is, and the route says nothing else.
	maxOpenBody = 64 << 10
	// claimed is the most room that is made for a body because the client says how long it will be; more is made for what has come.
	claimed = 32 << 10
)

// bodyLimit is the most bytes of the call's decoded body.
func (c *Call) bodyLimit() int64 {
	usual := cmp.Or(c.door.MaxBody, defaultMaxBody)
	if c.route.mode.open() {
		usual = min(usual, maxOpenBody)
	}
	return cmp.Or(c.route.MaxBody, usual)
}

func (d *Door) patience() time.Duration { return cmp.Or(d.Patience, patience) }

// arriving is a body that is given up when its client pauses for too long, or sends too little on the whole: each holds a connection and a
// file. What the server itself takes its time for does not count.
type arriving struct {
	io.Reader
	d       *Door
	control *http.ResponseController
	read    int64
	waited  time.Duration
}

// arriving watches a body that is taken in as it comes.
func (d *Door) arriving(w http.ResponseWriter, body io.Reader) io.Reader {
	return &arriving{Reader: body, d: d, control: http.NewResponseController(w)}
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	pause := unhurried * a.d.patience()
	left := pause + time.Duration(a.read/slowest)*time.Second - a.waited
	if left <= 0 {
		return 0, fail.Invalidf("the body comes too slowly: %d bytes in %s", a.read, a.waited.Round(time.Second))
	}
	began := time.Now()
	_ = a.control.SetReadDeadline(began.Add(min(left, pause))) // not all writers of tests can
	n, err := a.Reader.Read(p)
	a.read, a.waited = a.read+int64(n), a.waited+time.Since(began)
	if err != nil { // what the server does with the whole body takes its own time
		_ = a.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// leaving is an answer on its way: the client has its time for each stride, and is given up when it does not take it, since what it was to take
// stays in memory until then.
type leaving struct {
	http.ResponseWriter
	patience time.Duration
}

func (l leaving) hurry() {
	_ = http.NewResponseController(l.ResponseWriter).SetWriteDeadline(time.Now().Add(l.patience)) // not all writers of tests can
}

// Write implements io.Writer.
func (l leaving) Write(b []byte) (total int, err error) {
	for err == nil {
		l.hurry()
		var n int
		n, err = l.ResponseWriter.Write(b[:min(stride, len(b))])
		total += n
		if b = b[n:]; len(b) == 0 {
			break
		}
	}
	return total, err
}

// ReadFrom gives out strides as bounded readers of the file itself, which the kernel copies to the socket.
func (l leaving) ReadFrom(r io.Reader) (total int64, err error) {
	whole, bounded := r.(*io.LimitedReader)
	if !bounded {
		whole = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	for whole.N > 0 && err == nil {
		l.hurry()
		part := &io.LimitedReader{R: whole.R, N: min(stride, whole.N)}
		asked, n := part.N, int64(0)
		n, err = io.Copy(l.ResponseWriter, part)
		total, whole.N = total+n, whole.N-n
		if n < asked {
			break
		}
	}
	return total, err
}

// Unwrap gives the writer below, for http.ResponseController.
func (l leaving) Unwrap() http.ResponseWriter { return l.ResponseWriter }
