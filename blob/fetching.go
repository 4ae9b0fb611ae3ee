package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"bailiwick/fail"
)

const (
	// firstWindow is how much is asked for by the first request of a reader, and the first after a seek: readers of a range often
	// want no more. The next are larger by windowGrowth each, up to lastWindow.
	firstWindow  = 4 << 20
	windowGrowth = 4
	lastWindow   = 256 << 20
)

// fetching is a Reader of an object. It asks for the bytes from where it is on, in windows; a window that breaks off is asked for
// again from there.
type fetching struct {
	ctx    context.Context
	store  *Objects
	key    string
	size   int64
	at     int64
	window int64 // the size of the next
	end    int64 // where the open one ends
	body   io.ReadCloser
	stop   context.CancelFunc // of the open window
	stall  *time.Timer
	closed bool
}

// Read reads on; see io.Reader.
func (f *fetching) Read(p []byte) (int, error) {
	switch {
	case f.closed:
		return 0, fs.ErrClosed
	case f.at >= f.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	for try := 1; ; try++ {
		n, err := f.read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		f.drop()
		if try == tries || f.ctx.Err() != nil || !f.again(err) {
			return 0, f.fault(err)
		}
	}
}

// again reports whether an error is worth another request: what broke off in the middle, too.
func (f *fetching) again(err error) bool {
	t := f.store.bucket.trouble(err)
	return t == unanswered || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled)
}

func (f *fetching) fault(err error) error {
	if f.ctx.Err() == nil && f.store.bucket.trouble(err) == absent {
		return fail.Internalf(err, "the artifact store lost an object while it was read")
	}
	return f.store.fault(f.ctx, err, "reading an object")
}

// read gives at least a byte or an error.
func (f *fetching) read(p []byte) (int, error) {
	if f.body == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	f.stall.Reset(stallTime)
	n, err := f.body.Read(p[:min(int64(len(p)), f.end-f.at)])
	f.at += int64(n)
	switch {
	case f.at == f.end:
		f.shut()
		err = nil
	case n > 0:
		err = nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (f *fetching) open() error {
	f.window = min(max(f.window*windowGrowth, firstWindow), lastWindow)
	length := min(f.window, f.size-f.at)
	ctx, stop := context.WithCancel(f.ctx)
	stall := time.AfterFunc(requestTime, stop)
	body, err := f.store.bucket.get(ctx, f.key, f.at, length)
	if err != nil {
		stall.Stop()
		stop()
		return err
	}
	f.body, f.stop, f.stall, f.end = body, stop, stall, f.at+length
	return nil
}

// shut closes the open window.
func (f *fetching) shut() {
	if f.body == nil {
		return
	}
	f.stall.Stop()
	_ = f.body.Close()
	f.stop()
	f.body = nil
}

// drop closes the open window before its end; the next begins small again.
func (f *fetching) drop() {
	f.shut()
	f.window = 0
}

// Seek moves; see io.Seeker. Nothing is asked for before the next Read.
func (f *fetching) Seek(offset int64, whence int) (int64, error) {
	base := map[int]int64{io.SeekStart: 0, io.SeekCurrent: f.at, io.SeekEnd: f.size}
	from, ok := base[whence]
	switch {
	case f.closed:
		return 0, fs.ErrClosed
	case !ok || from+offset < 0:
		return 0, fail.Invalidf("no place in a file of %d bytes: %d from %d", f.size, offset, whence)
	}
	if from+offset != f.at {
		f.drop()
		f.at = from + offset
	}
	return f.at, nil
}

// ReadAt reads a range by a request of its own; see io.ReaderAt.
func (f *fetching) ReadAt(p []byte, off int64) (int, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	if off < 0 {
		return 0, fail.Invalidf("no place in a file: %d", off)
	}
	part := &fetching{ctx: f.ctx, store: f.store, key: f.key, size: min(f.size, off+int64(len(p))), at: off}
	defer part.Close()
	n, err := io.ReadFull(part, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Close ends what is open; see io.Closer.
func (f *fetching) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	f.shut()
	return nil
}
