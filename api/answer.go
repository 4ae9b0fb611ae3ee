package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bailiwick/fail"
)

// reply writes an answer or hands the error back.
func (d *Door) reply(w http.ResponseWriter, c *Call, answer any, err error) error {
	if err != nil {
		return err
	}
	body := []byte{}
	if answer != nil {
		if body, err = c.front.Encode(answer); err != nil {
			return fail.Internalf(err, "the answer could not be written")
		}
	}
	d.put(w, c, c.status, c.front.ContentType, body)
	return nil
}

// put sends one answer in one write: small writes and delayed acknowledgements would cost a client 40 ms.
func (d *Door) put(w http.ResponseWriter, c *Call, status int, contentType string, body []byte) {
	h := w.Header()
	if h.Get("Content-Type") == "" && len(body) > 0 {
		h.Set("Content-Type", contentType)
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store") // what one may see, the next one at the browser, or behind the proxy, may not
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", c.id)
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if c.request.Method != http.MethodHead {
		leaving{w, d.patience()}.Write(body) // an error here means that the client is gone
	}
}

// fail sends an error in the protocol's own shape, after taking in what is left of the body.
func (d *Door) fail(w http.ResponseWriter, c *Call, err error) {
	e := asError(err)
	if e.Kind == fail.Internal {
		d.Log.Error("request failed", "request", c.id, "route", c.place(), "error", e)
		e = fail.New(fail.Internal, "internal error; the server's log has it under %s", c.id)
	}
	d.drain(w, c.request)
	if len(e.Message) > maxMessage {
		short := *e
		short.Message = strings.ToValidUTF8(e.Message[:maxMessage], "") + "…"
		e = &short
	}
	if c.front == nil {
		c.front = d.fronts[0]
	}
	h := w.Header()
	for _, name := range []string{"Content-Type", "Cache-Control", "Set-Cookie"} { // they were for the answer that could not be given
		h.Del(name)
	}
	status, body := c.front.Fail(c, e)
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(c.request))
	}
	h.Set("X-Databricks-Reason-Phrase", reasonPhrase(e.Message))
	d.put(w, c, status, c.front.ContentType, body)
}

// challenge says how to come with a credential. Browsers are not asked for Basic ones: they would keep them and send them along with whatever
// another site makes them ask, in front of every session.
func challenge(r *http.Request) string {
	if strings.HasPrefix(r.UserAgent(), "Mozilla/") {
		return `Bearer realm="bailiwick"`
	}
	return `Basic realm="bailiwick", Bearer`
}

// maxMessage is the most bytes of an error's message in an answer: some repeat what was sent.
const maxMessage = 8 << 10

// maxReason is the most bytes of a message in a header: clients give up on long header lines.
const maxReason = 512

// reasonPhrase is a message as a header's value; the whole of it is in the body.
func reasonPhrase(message string) string {
	return strings.Map(printable, message[:min(len(message), maxReason)])
}

// printable keeps a header value on its line.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return ' '
	}
	return r
}

// maxDrain is the most of an unread body that is taken in so that the client gets to read the refusal.
const maxDrain = 64 << 20

// drain takes in what is left of a body, within limits: the client may be anybody, and never end.
func (d *Door) drain(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		return
	}
	// The next request gets another deadline, and what does not come is not missed.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(d.patience()))
	_, _ = io.CopyN(io.Discard, r.Body, cmp.Or(d.MaxDrain, maxDrain))
}

func asError(err error) *fail.Error {
	var e *fail.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fail.New(fail.Unavailable, "the request took too long or was given up")
	}
	return &fail.Error{Kind: fail.Internal, Message: "internal error", Cause: err}
}

func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// sent remembers what was answered.
type sent struct {
	http.ResponseWriter
	begun  bool
	status int
}

func (s *sent) WriteHeader(status int) {
	if !s.begun {
		s.begun, s.status = true, status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *sent) Write(b []byte) (int, error) {
	if !s.begun {
		s.begun, s.status = true, http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// ReadFrom lets the kernel copy files to sockets.
func (s *sent) ReadFrom(r io.Reader) (int64, error) {
	if !s.begun {
		s.begun, s.status = true, http.StatusOK
	}
	return io.Copy(s.ResponseWriter, r)
}

// Unwrap gives the writer below, for http.ResponseController.
func (s *sent) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// send answers with bytes, in ranges if asked.
func (d *Door) send(w http.ResponseWriter, c *Call, content *Content) error {
	f, err := content.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", c.id)
	h.Set("Cache-Control", "no-store")
	if content.ETag != "" { // whether he who asks again may still have it is decided again
		h.Set("ETag", strconv.Quote(content.ETag))
		h.Set("Cache-Control", "private, no-cache")
	}
	content.Policy.set(h)
	if content.Type != "" {
		h.Set("Content-Type", content.Policy.typeOf(content.Type))
	}
	if content.Attachment {
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename*=UTF-8''%s", pathEscape(content.Name)))
	}
	http.ServeContent(leaving{w, unhurried * d.patience()}, c.request, content.Name, content.Modified, f)
	return nil
}
