package blob

import (
	"context"
	"crypto/sha256"
	"io"
	"path/filepath"
	"strconv"

	"bailiwick/fail"
)

const (
	// pieceSize is how much is read, hashed and written at a time. Pieces of 1 MiB, which leave the processor's cache between the
	// three, took half as long again and more; between 64 and 256 KiB there was no clear difference, so the small one, as it costs
	// small uploads the least memory. An upload no longer than this touches no disk before Commit, and none at all if its bytes
	// are there already.
	pieceSize = 64 << 10
	// maxPieces bounds the memory of an upload to 1 MiB: one piece being filled, the others waiting for the hash.
	maxPieces = 16
	// beginEvery is how many bytes are gathered before the system is asked to start writing them back.
	beginEvery = 8 << 20
)

// upload is a Writer. The caller's goroutine fills pieces and writes them to the file; a second one hashes them. A piece is free
// for filling again when it has been hashed: it was written before the caller asks for the next, so the hash is what holds a
// fast sender back.
type upload struct {
	store *Local
	ctx   context.Context
	err   error // the first; nothing goes on after it
	ended bool

	piece []byte // being filled, up to its capacity; nil before the first byte
	made  int    // pieces taken from the pool
	size  int64  // bytes written to the file

	file file   // nil as long as all fits into one piece, and after it was closed
	name string // the temporary file's, while there is one

	todo   chan []byte // to the hash
	free   chan []byte // back from it
	digest chan Digest // its last word
}

// Write takes in p; see Writer.
func (u *upload) Write(p []byte) (int, error) {
	taken := 0
	for taken < len(p) {
		room, err := u.room()
		if err != nil {
			return taken, err
		}
		n := copy(room, p[taken:])
		u.piece = u.piece[:len(u.piece)+n]
		taken += n
	}
	return taken, u.usable()
}

// ReadFrom takes in all of r, straight into the pieces; see Writer.
func (u *upload) ReadFrom(r io.Reader) (int64, error) {
	var taken int64
	for {
		room, err := u.room()
		if err != nil {
			return taken, err
		}
		n, err := r.Read(room)
		u.piece = u.piece[:len(u.piece)+n]
		taken += int64(n)
		if err == io.EOF {
			return taken, nil
		}
		if err != nil {
			u.err = err
			return taken, err
		}
	}
}

func (u *upload) usable() error {
	if u.err == nil && u.ended {
		return fail.Statef("this upload has ended")
	}
	if u.err == nil {
		u.err = u.ctx.Err()
	}
	return u.err
}

// room gives the unfilled rest of a piece, at least a byte of it; a full piece is passed on first.
func (u *upload) room() ([]byte, error) {
	if err := u.usable(); err != nil {
		return nil, err
	}
	if u.piece != nil && len(u.piece) == cap(u.piece) {
		if err := u.pass(); err != nil {
			return nil, err
		}
	}
	if u.piece == nil {
		u.piece = u.take()
	}
	return u.piece[len(u.piece):cap(u.piece)], nil
}

// take gives an empty piece: one that came back from the hash, else a new one, else it waits for the hash.
func (u *upload) take() []byte {
	select {
	case b := <-u.free:
		return b[:0]
	default:
	}
	if u.made == maxPieces {
		return (<-u.free)[:0]
	}
	u.made++
	return (*u.store.pieces.Get().(*[]byte))[:0]
}

// pass sends the piece to the hash and writes it.
func (u *upload) pass() error {
	if u.todo == nil {
		u.startHash()
	}
	b := u.piece
	u.piece = nil
	u.todo <- b
	return u.failed(u.write(b), "writing")
}

func (u *upload) startHash() {
	u.todo, u.free = make(chan []byte, maxPieces), make(chan []byte, maxPieces)
	u.digest = make(chan Digest, 1)
	go hashPieces(u.todo, u.free, u.digest)
}

func hashPieces(todo <-chan []byte, free chan<- []byte, digest chan<- Digest) {
	h := sha256.New()
	for b := range todo {
		h.Write(b)
		free <- b
	}
	digest <- Digest(h.Sum(nil))
}

// write puts b at the end of the temporary file and makes that first if need be.
func (u *upload) write(b []byte) error {
	if u.file == nil {
		name := filepath.Join(u.store.temp, u.store.run+"-"+strconv.FormatUint(u.store.uploads.Add(1), 10))
		f, err := u.store.fs.Create(name)
		if err != nil {
			return err
		}
		u.file, u.name = f, name
	}
	if _, err := u.file.Write(b); err != nil {
		return err
	}
	u.size += int64(len(b))
	if last := u.size % beginEvery; last < int64(len(b)) && u.size >= beginEvery {
		u.file.Begin(u.size-last-beginEvery, beginEvery)
	}
	return nil
}

// failed keeps an error, if there is one, as the upload's.
func (u *upload) failed(err error, doing string) error {
	u.err = fault(err, doing)
	return u.err
}

// Commit ends the upload; see Writer.
func (u *upload) Commit() (Digest, int64, error) {
	defer u.Abort()
	if err := u.usable(); err != nil {
		return Digest{}, 0, err
	}
	d, size, err := u.finish()
	if err != nil {
		return Digest{}, 0, err
	}
	if err := u.failed(u.place(d, size), "keeping an upload"); err != nil {
		return Digest{}, 0, err
	}
	return d, size, nil
}

// finish gives the digest and the size. What fits into one piece is hashed here and not yet written.
func (u *upload) finish() (Digest, int64, error) {
	if u.todo == nil {
		return DigestOf(u.piece), int64(len(u.piece)), nil
	}
	if err := u.pass(); err != nil {
		return Digest{}, 0, err
	}
	return u.stopHash(), u.size, nil
}

func (u *upload) stopHash() Digest {
	close(u.todo)
	u.todo = nil
	return <-u.digest
}

// place puts the upload where its digest says, if its bytes are not there already.
func (u *upload) place(d Digest, size int64) error {
	defer u.store.lock(d)()
	kept, err := u.store.keep(d, size)
	if kept || err != nil {
		return err
	}
	if err := u.settle(); err != nil {
		return err
	}
	if err := u.store.adopt(u.name, d); err != nil {
		return err
	}
	u.name = ""
	return nil
}

// settle makes the temporary file whole and durable.
func (u *upload) settle() error {
	if u.file == nil {
		if err := u.write(u.piece); err != nil {
			return err
		}
	}
	if err := u.file.Sync(); err != nil {
		return err
	}
	f := u.file
	u.file = nil
	return f.Close()
}

// Abort drops the upload; see Writer. What it cannot remove is left to Sweep.
func (u *upload) Abort() {
	if u.ended {
		return
	}
	u.ended = true
	if u.todo != nil {
		u.stopHash()
	}
	if u.file != nil {
		_ = u.file.Close()
	}
	if u.name != "" {
		_ = u.store.fs.Remove(u.name)
	}
	u.giveBack()
}

// giveBack returns the pieces to the pool; the hash has ended, so all are in free but the one being filled.
func (u *upload) giveBack() {
	if b := u.piece; b != nil {
		u.piece = nil
		u.store.pieces.Put(&b)
	}
	for range len(u.free) {
		b := <-u.free
		u.store.pieces.Put(&b)
	}
}
