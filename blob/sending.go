package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"io"
	"sync"
	"time"

	"bailiwick/fail"
)

const (
	// partSize is how much is gathered before anything is sent. What is no longer becomes one request, straight to its place; the
	// rest goes in parts of this size to a temporary key.
	partSize = 8 << 20
	// partsAtOnce is how many parts are under way while the next is filled; with it an upload holds at most 4 parts, 32 MiB.
	partsAtOnce = 3
	// maxParts is S3's limit, so one upload through the server has at most 78 GiB.
	maxParts = 10_000
	// minPart is the least size of a part but the last (S3).
	minPart = 5 << 20
	// firstBuffer is what an upload begins with; it doubles up to partSize.
	firstBuffer = 64 << 10
)

// sending is a Writer into a bucket. The caller's goroutine fills a buffer and hashes it; others send full ones.
type sending struct {
	store *Objects
	ctx   context.Context
	sends context.Context // of parts under way: they end first when an upload is dropped, or one could arrive after that
	stop  context.CancelFunc
	err   error // the first; nothing goes on after it
	ended bool

	hash   hash.Hash
	size   int64 // bytes passed on
	buffer []byte

	key     string // the temporary one
	session string // not empty once parts are sent
	whole   bool   // the temporary object is there
	slots   chan struct{}
	under   sync.WaitGroup
	mu      sync.Mutex
	parts   []Part
	failed  error // of a part
}

func newSending(ctx context.Context, o *Objects) *sending {
	sends, stop := context.WithCancel(context.WithoutCancel(ctx))
	return &sending{store: o, ctx: ctx, sends: sends, stop: stop, hash: sha256.New(), slots: make(chan struct{}, partsAtOnce)}
}

// Write takes in p; see Writer.
func (s *sending) Write(p []byte) (int, error) {
	taken := 0
	for taken < len(p) {
		room, err := s.room()
		if err != nil {
			return taken, err
		}
		n := copy(room, p[taken:])
		s.buffer = s.buffer[:len(s.buffer)+n]
		taken += n
	}
	return taken, s.usable()
}

// ReadFrom takes in all of r, straight into the buffer; see Writer.
func (s *sending) ReadFrom(r io.Reader) (int64, error) {
	return fill(r, s.room, func(n int) { s.buffer = s.buffer[:len(s.buffer)+n] }, func(err error) { s.err = err })
}

// fill reads r into the rooms that are given, one after the other. A failure of r is told.
func fill(r io.Reader, room func() ([]byte, error), took func(int), failed func(error)) (taken int64, err error) {
	for {
		b, err := room()
		if err != nil {
			return taken, err
		}
		n, err := r.Read(b)
		took(n)
		taken += int64(n)
		if err == io.EOF {
			return taken, nil
		}
		if err != nil {
			failed(err)
			return taken, err
		}
	}
}

func (s *sending) usable() error {
	if s.err == nil && s.ended {
		return fail.Statef("this upload has ended")
	}
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	return s.err
}

// room gives the unfilled rest of the buffer, at least a byte of it; a full one is sent first.
func (s *sending) room() ([]byte, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if len(s.buffer) == partSize {
		if s.err = s.pass(); s.err != nil {
			return nil, s.err
		}
	}
	if len(s.buffer) == cap(s.buffer) {
		s.grow()
	}
	return s.buffer[len(s.buffer):cap(s.buffer)], nil
}

// grow doubles the buffer up to partSize. Buffers of that size are used again.
func (s *sending) grow() {
	next := max(2*cap(s.buffer), firstBuffer)
	if s.session != "" || next >= partSize {
		s.buffer = append(s.store.buffer(), s.buffer...)
		return
	}
	s.buffer = append(make([]byte, 0, next), s.buffer...)
}

func (o *Objects) buffer() []byte { return (*o.parts.Get().(*[]byte))[:0] }

func (o *Objects) giveBack(b []byte) {
	if cap(b) == partSize {
		o.parts.Put(&b)
	}
}

// pass hashes the buffer and has it sent as the next part, once one of those before has gone.
func (s *sending) pass() error {
	if err := s.begin(); err != nil {
		return err
	}
	b, n := s.buffer, len(s.parts)+1
	if n > maxParts {
		return fail.New(fail.TooLarge, "one upload through the server has at most %d bytes", int64(maxParts)*partSize)
	}
	s.buffer = nil
	s.hash.Write(b)
	s.size += int64(len(b))
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-s.sends.Done():
		return s.cause()
	}
	s.reserve()
	s.under.Go(func() { s.send(n, b) })
	return s.cause()
}

// reserve makes the place of the next part, which comes back in no order.
func (s *sending) reserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, Part{})
}

func (s *sending) begin() (err error) {
	if s.session != "" {
		return nil
	}
	s.key = s.store.temp(rand.Text())
	ctx, cancel := context.WithTimeout(s.ctx, requestTime)
	defer cancel()
	s.session, err = s.store.bucket.begin(ctx, s.key)
	return s.store.fault(s.ctx, err, "beginning an upload")
}

// send runs in a goroutine of its own. A part that fails stops the others.
func (s *sending) send(n int, b []byte) {
	ctx, cancel := context.WithTimeout(s.sends, partTime)
	defer cancel()
	part, err := s.store.bucket.part(ctx, s.key, s.session, n, b)
	s.mu.Lock()
	if err != nil && s.failed == nil {
		s.failed = s.store.fault(s.sends, err, "sending a part of an upload")
		s.stop()
	}
	s.parts[n-1] = part
	s.mu.Unlock()
	s.store.giveBack(b)
	<-s.slots
}

// cause is why the upload cannot go on.
func (s *sending) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return s.ctx.Err()
}

// Commit ends the upload; see Writer.
func (s *sending) Commit() (Digest, int64, error) {
	defer s.Abort()
	if err := s.usable(); err != nil {
		return Digest{}, 0, err
	}
	if s.err = s.finish(); s.err != nil {
		return Digest{}, 0, s.err
	}
	d := Digest(s.hash.Sum(nil))
	put := func(ctx context.Context) error { return s.put(ctx, d) }
	if s.err = s.store.settle(s.ctx, d, s.size, put); s.err != nil {
		return Digest{}, 0, s.err
	}
	return d, s.size, nil
}

// finish hashes the rest and, when it went in parts, makes the temporary object of them.
func (s *sending) finish() error {
	if s.session == "" {
		s.hash.Write(s.buffer)
		s.size = int64(len(s.buffer))
		return nil
	}
	if err := s.last(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, partTime)
	defer cancel()
	err := s.store.bucket.complete(ctx, s.key, s.session, s.parts)
	s.whole = err == nil
	return s.store.fault(s.ctx, err, "completing an upload")
}

func (s *sending) last() error {
	if len(s.buffer) > 0 {
		if err := s.pass(); err != nil {
			return err
		}
	}
	s.under.Wait()
	return s.cause()
}

// put makes the blob of what was sent.
func (s *sending) put(ctx context.Context, d Digest) error {
	if s.session == "" {
		ctx, cancel := context.WithTimeout(ctx, partTime)
		defer cancel()
		return s.store.bucket.put(ctx, s.store.key(d), s.buffer)
	}
	return s.store.copy(ctx, s.key, s.store.key(d), s.size)
}

func (o *Objects) copy(ctx context.Context, from, to string, size int64) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	return o.bucket.copy(ctx, from, to, size)
}

// Abort drops the upload; see Writer. It runs after Commit, too, and removes the temporary object then.
func (s *sending) Abort() {
	if s.ended {
		return
	}
	s.ended = true
	defer s.store.giveBack(s.buffer)
	defer s.stop()
	hurry := time.AfterFunc(cleanTime, s.stop)
	defer hurry.Stop()
	s.under.Wait()
	if s.session == "" {
		return
	}
	ctx, cancel := detached(s.ctx)
	defer cancel()
	if !s.whole {
		_ = s.store.bucket.abort(ctx, s.key, s.session)
	}
	_ = s.store.bucket.remove(ctx, s.key)
}

const (
	// smallObject is what is sent again sooner than asked for whether it is there.
	smallObject = 64 << 10
	// settleTries bounds how often a commit begins again because of removals of the same bytes; settlePause is the first wait.
	settleTries = 10
	settlePause = 50 * time.Millisecond
)

// settle makes d an object that no removal under way takes: see Objects. put makes it of the caller's bytes.
func (o *Objects) settle(ctx context.Context, d Digest, size int64, put func(context.Context) error) error {
	for try := range settleTries {
		safe, err := o.once(ctx, d, size, put)
		if safe || err != nil {
			return o.fault(ctx, err, "keeping an upload")
		}
		select {
		case <-time.After(settlePause << min(try, 5)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fail.New(fail.Unavailable, "the artifact store is removing the same bytes; send them again")
}

// once tries to settle. A provider that was changing the same key for somebody else is asked again.
func (o *Objects) once(ctx context.Context, d Digest, size int64, put func(context.Context) error) (safe bool, err error) {
	if err = o.renew(ctx, d, size, put); err == nil {
		return o.safe(ctx, d, size)
	}
	if o.bucket.trouble(err) == contested {
		err = nil
	}
	return false, err
}

// renew makes d new: by a copy to itself where it is there with its size, else by put.
func (o *Objects) renew(ctx context.Context, d Digest, size int64, put func(context.Context) error) error {
	if size > smallObject {
		if renewed, err := o.touch(ctx, o.key(d), size); renewed || err != nil {
			return err
		}
	}
	return put(ctx)
}

// touch reports whether there was an object of that size and is new now. Some that speak S3 keep the age in a copy to itself.
func (o *Objects) touch(ctx context.Context, key string, size int64) (bool, error) {
	was, err := o.stat(ctx, key)
	if err == nil && was.size == size {
		err = o.copy(ctx, key, key, size)
	}
	now := entry{}
	if err == nil && was.size == size {
		now, err = o.stat(ctx, key)
	}
	if fail.Is(err, fail.NotFound) || err != nil && o.bucket.trouble(err) == absent {
		return false, nil
	}
	return err == nil && now.size == size && now.modified.After(was.modified), err
}

// safe reports whether no removal has d in its sight, and then that it is there.
func (o *Objects) safe(ctx context.Context, d Digest, size int64) (bool, error) {
	var marked time.Time
	for e, err := range o.bucket.list(ctx, o.marks(d)) {
		if err != nil {
			return false, o.fault(ctx, err, "looking for removals")
		}
		if e.modified.After(marked) {
			marked = e.modified
		}
	}
	e, err := o.stat(ctx, o.key(d))
	if fail.Is(err, fail.NotFound) {
		return false, nil
	}
	return err == nil && e.size == size && e.modified.Sub(marked) > doomedLife, err
}
