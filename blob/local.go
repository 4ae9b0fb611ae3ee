package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/fail"
)

// Local is a store in a folder: sha256/ab/cdef… for each blob and tmp/ for what is being uploaded. Uploads are made durable first
// and then renamed, so a file under sha256/ is whole, always. The folder belongs to one process at a time (the data folder's
// lock sees to that); two would lose nothing, but a Remove in one could miss a commit in the other.
type Local struct {
	fs      files
	blobs   string
	temp    string
	folders *folders
	ready   [256]atomic.Bool // folders below sha256/ that are there for good
	locks   [1024]sync.Mutex // by digest: between "is it there" and "put it there" or "take it away"
	run     string           // tells this process' uploads from those of one before
	uploads atomic.Uint64    // numbers them
	pieces  sync.Pool        // of *[]byte of size piece
	piece   int
}

// OpenLocal opens the store in a folder, given by its absolute path, and makes what is missing with mode 0700.
func OpenLocal(dir string) (*Local, error) { return openLocal(system{}, dir, pieceSize) }

func openLocal(layer files, dir string, piece int) (*Local, error) {
	l := &Local{
		fs: layer, blobs: filepath.Join(dir, "sha256"), temp: filepath.Join(dir, "tmp"),
		folders: &folders{fs: layer, known: map[string]*folder{}}, run: rand.Text(), piece: piece,
	}
	l.pieces.New = func() any { b := make([]byte, piece); return &b }
	for _, name := range []string{dir, l.blobs, l.temp} {
		if err := l.folders.make(name); err != nil {
			return nil, fault(err, "making its folders")
		}
	}
	return l, nil
}

// shard is the folder of d, path its file. Both are made of nothing but the digest.
func (l *Local) shard(d Digest) string { return filepath.Join(l.blobs, d.String()[:2]) }
func (l *Local) path(d Digest) string  { return filepath.Join(l.shard(d), d.String()[2:]) }

// lock holds others off d. It is shared by some 1 in 1024 of other digests, which may wait for no reason but never wrongly pass.
func (l *Local) lock(d Digest) (unlock func()) {
	m := &l.locks[(int(d[30])<<8|int(d[31]))%len(l.locks)]
	m.Lock()
	return m.Unlock
}

// Create begins an upload; see Store.
func (l *Local) Create(ctx context.Context) (Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &upload{store: l, ctx: ctx}, nil
}

// Open gives the bytes of d; see Store.
func (l *Local) Open(ctx context.Context, d Digest) (Reader, Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, Info{}, err
	}
	r, info, err := l.fs.Open(l.path(d))
	if err != nil {
		return nil, Info{}, missing(err, d, "opening a file")
	}
	return r, infoOf(d, info), nil
}

// Stat says what Open would find; see Store.
func (l *Local) Stat(ctx context.Context, d Digest) (Info, error) {
	if err := ctx.Err(); err != nil {
		return Info{}, err
	}
	info, err := l.fs.Stat(l.path(d))
	if err != nil {
		return Info{}, missing(err, d, "looking for a file")
	}
	return infoOf(d, info), nil
}

func infoOf(d Digest, i os.FileInfo) Info {
	return Info{Digest: d, Size: i.Size(), Modified: i.ModTime()}
}

func missing(err error, d Digest, doing string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fail.NotFoundf("the artifact store has no bytes with sha256 %s", d)
	}
	return fault(err, doing)
}

// Remove deletes d if it is older than before; see Store.
func (l *Local) Remove(ctx context.Context, d Digest, before time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	defer l.lock(d)()
	removed, err := l.removeOld(l.path(d), before)
	return removed, fault(err, "removing a file")
}

// removeOld removes a file last modified before the time (zero: whenever). That it is gone already is no error.
func (l *Local) removeOld(name string, before time.Time) (bool, error) {
	info, err := l.fs.Stat(name)
	if err == nil && !before.IsZero() && !info.ModTime().Before(before) {
		return false, nil
	}
	if err == nil {
		err = l.fs.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// List goes through all blobs; see Store. Files that are no blobs are passed over.
func (l *Local) List(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for i := range 256 {
			if !l.listShard(ctx, fmt.Sprintf("%02x", i), yield) {
				return
			}
		}
	}
}

// listShard reports whether the listing goes on.
func (l *Local) listShard(ctx context.Context, shard string, yield func(Info, error) bool) bool {
	entries, err := l.fs.ReadDir(filepath.Join(l.blobs, shard))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		yield(Info{}, fault(err, "listing a folder"))
		return false
	}
	for _, e := range entries {
		info, err := inShard(ctx, shard, e)
		if errors.Is(err, errNoBlob) {
			continue
		}
		if !yield(info, err) || err != nil {
			return false
		}
	}
	return true
}

var errNoBlob = errors.New("no blob, or not any more")

func inShard(ctx context.Context, shard string, e os.DirEntry) (Info, error) {
	if err := ctx.Err(); err != nil {
		return Info{}, err
	}
	d, err := ParseDigest(shard + e.Name())
	if err != nil || !e.Type().IsRegular() {
		return Info{}, errNoBlob
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, errNoBlob
	}
	if err != nil {
		return Info{}, fault(err, "listing a file")
	}
	return infoOf(d, info), nil
}

// Sweep removes what uploads left behind; see Store.
func (l *Local) Sweep(ctx context.Context, before time.Time) (int, error) {
	entries, err := l.fs.ReadDir(l.temp)
	if err != nil {
		return 0, fault(err, "listing unfinished uploads")
	}
	swept := 0
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return swept, err
		}
		removed, err := l.removeOld(filepath.Join(l.temp, e.Name()), before)
		if err != nil {
			return swept, fault(err, "removing an unfinished upload")
		}
		if removed {
			swept++
		}
	}
	return swept, nil
}

// keep reports whether d is there with that size, and makes it last: a collector sees it as new, and its name is durable even
// if who put it there has not come to that or died before. One of another size is damaged and counts as missing; the caller's
// good bytes replace it.
func (l *Local) keep(d Digest, size int64) (bool, error) {
	name := l.path(d)
	info, err := l.fs.Stat(name)
	if err == nil && info.Size() != size {
		return false, nil
	}
	if err == nil {
		err = l.fs.Touch(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = l.prepare(d)
	}
	if err == nil {
		err = l.folders.sync(l.shard(d))
	}
	return err == nil, err
}

// adopt gives a durable temporary file its name for good. If that cannot be made durable, the file is taken away again.
func (l *Local) adopt(temp string, d Digest) error {
	if err := l.prepare(d); err != nil {
		return err
	}
	if err := l.fs.Rename(temp, l.path(d)); err != nil {
		return err
	}
	err := l.folders.sync(l.shard(d))
	if err != nil {
		_ = l.fs.Remove(l.path(d)) // if this fails too the blob is whole, unused, and left to the collector
	}
	return err
}

// prepare makes the folder of d and its name durable, once in the life of the process.
func (l *Local) prepare(d Digest) error {
	if l.ready[d[0]].Load() {
		return nil
	}
	if err := l.fs.Mkdir(l.shard(d)); err != nil {
		return err
	}
	if err := l.folders.sync(l.blobs); err != nil {
		return err
	}
	l.ready[d[0]].Store(true)
	return nil
}
