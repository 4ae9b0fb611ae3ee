// Package blob keeps the bytes of artifacts, each under the sha256 of its content and nothing else. No name that a caller gives
// reaches a file system or an object store, the same bytes are kept once, and whoever holds a digest can check what he reads.
//
// A commit is a promise: when it returns without error, the bytes outlive loss of power; until then nobody sees them. Who may
// read which digest is decided by the callers, who also record which digests are in use.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"iter"
	"syscall"
	"time"

	"bailiwick/fail"
)

// Store is a place for bytes. All methods may be called at the same time; errors are of package fail, except that a context's
// own error and the error of a reader handed to a Writer come back as they are.
type Store interface {
	// Create begins an upload. It costs nothing until bytes are written; every Writer must be committed or aborted.
	Create(ctx context.Context) (Writer, error)
	// Open gives the bytes of d; fail.NotFound when they are not there. It does not check them: a range cannot be checked, and
	// hashing each download would cost more than sending it. Checked and Verify do.
	Open(ctx context.Context, d Digest) (Reader, Info, error)
	// Stat says what Open would find.
	Stat(ctx context.Context, d Digest) (Info, error)
	// Remove deletes d if it was last committed before the given time (the zero time: whenever) and says whether it did. A commit
	// of bytes that are there already counts as committing them, so a collector that takes a time older than its list of digests
	// in use, by more than an upload waits for its row, never takes away what somebody was just promised. Missing is no error.
	// After loss of power a removed blob may be back; the next collection finds it.
	Remove(ctx context.Context, d Digest, before time.Time) (bool, error)
	// List goes through all blobs in no promised order. It ends after the first error.
	List(ctx context.Context) iter.Seq2[Info, error]
	// Sweep removes what uploads left behind that were last written to before the given time, and counts it. At start, before
	// uploads are taken, the time is now; a running server gives one further back than any upload lasts.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// Writer is one upload, for one goroutine. It also is an io.ReaderFrom, which io.Copy uses: it saves a copy of every byte.
type Writer interface {
	io.Writer
	io.ReaderFrom
	// Commit ends the upload and gives its digest and its size in bytes. On error nothing of it is to be seen. After an error in
	// Write or ReadFrom, of the source too, it gives that error: half an upload cannot be committed by mistake.
	Commit() (Digest, int64, error)
	// Abort drops the upload. After Commit, or a second time, it does nothing, so it can be deferred.
	Abort()
}

// Reader is an opened blob. In a local folder it is the *os.File itself, so that net/http lets the kernel send it.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Info is what a store knows of a blob. Modified is when it was last committed.
type Info struct {
	Digest   Digest
	Size     int64
	Modified time.Time
}

// ErrCorrupt is the cause of the error for stored bytes that do not have their digest.
var ErrCorrupt = errors.New("content does not match its digest")

// Checked passes r through and, where r ends, gives an error with the cause ErrCorrupt instead of io.EOF if the bytes were not
// d's. It is for reading whole blobs, e.g. when a model version is made of them.
func Checked(r io.Reader, d Digest) io.Reader { return &checked{r: r, want: d, hash: sha256.New()} }

type checked struct {
	r    io.Reader
	want Digest
	hash hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.hash.Write(p[:n])
	if err == io.EOF && Digest(c.hash.Sum(nil)) != c.want {
		err = fail.Internalf(ErrCorrupt, "the stored bytes of sha256 %s are damaged", c.want)
	}
	return n, err
}

// Verify reads all of d and tells whether it is whole: nil, fail.NotFound, or an error with the cause ErrCorrupt.
func Verify(ctx context.Context, s Store, d Digest) error {
	r, _, err := s.Open(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(discard{ctx}, Checked(r, d), make([]byte, pieceSize))
	return err
}

// discard stops a long verification when its context ends. It is no io.ReaderFrom, as io.Discard is, whose buffer is small.
type discard struct{ ctx context.Context }

func (w discard) Write(p []byte) (int, error) { return len(p), w.ctx.Err() }

// Full reports whether err comes from a disk or a quota that is full; it is what Release of a reserve helps against.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// fault turns an error of the file layer into one that callers may see.
func fault(err error, doing string) error {
	if err == nil {
		return nil
	}
	kind, why := fail.Internal, "failed"
	if Full(err) {
		kind, why = fail.Unavailable, "is full"
	}
	e := fail.New(kind, "the artifact store %s while %s", why, doing)
	e.Cause = err
	return e
}
