package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"bailiwick/fail"
)

// Objects is a store in a bucket of an object store, shared by any number of processes. Below its prefix are
//
//	sha256/ab/cdef…        the blobs, as in a local folder
//	tmp/…                  uploads under way, which end by a copy to their blob inside of the provider
//	doomed/<digest>/…      an empty mark for each removal under way
//
// No provider can be asked to delete an object only if nobody made it new meanwhile (S3 compares content only), so removals and
// commits agree by the marks: a removal puts its mark, looks at the object's age again, deletes it and takes the mark away. A
// commit makes the object new, then looks for marks, then whether the object is there. Whichever came first, either the removal
// saw the new age, or the commit sees the mark, or that the object is gone, and then does its work again.
type Objects struct {
	bucket bucket
	prefix string
	slack  time.Duration
	parts  sync.Pool // of *[]byte of partSize, for the next upload
}

// clockSlack is how much the age of an object must be beyond a time given to Remove: the provider's clock is another than ours, and S3
// tells whole seconds.
const clockSlack = time.Minute

// doomedLife is the age from which a mark counts for nothing: the removal that put it ended long before, for removeTime bounds it.
const (
	doomedLife = 3 * time.Minute
	removeTime = time.Minute
)

func newObjects(b bucket, prefix string) *Objects {
	o := &Objects{bucket: b, prefix: prefix, slack: clockSlack}
	o.parts.New = func() any { b := make([]byte, 0, partSize); return &b }
	return o
}

// openObjects makes sure that the bucket answers us before anybody relies on it.
func openObjects(ctx context.Context, b bucket, prefix string) (*Objects, error) {
	o := newObjects(b, prefix)
	ctx, cancel := context.WithTimeout(ctx, requestTime/2)
	defer cancel()
	for _, err := range b.list(ctx, o.prefix+"sha256/") {
		if err != nil {
			return nil, o.fault(ctx, err, "opening it")
		}
		break
	}
	return o, nil
}

func (o *Objects) key(d Digest) string {
	hex := d.String()
	return o.prefix + "sha256/" + hex[:2] + "/" + hex[2:]
}

func (o *Objects) marks(d Digest) string { return o.prefix + "doomed/" + d.String() + "/" }
func (o *Objects) temp(name string) string {
	return o.prefix + "tmp/" + name
}

// digestOf reads a key of ours back.
func (o *Objects) digestOf(key string) (Digest, bool) {
	rest, ok := strings.CutPrefix(key, o.prefix+"sha256/")
	if !ok || len(rest) < 3 || rest[2] != '/' {
		return Digest{}, false
	}
	d, err := ParseDigest(rest[:2] + rest[3:])
	return d, err == nil
}

// Create begins an upload; see Store.
func (o *Objects) Create(ctx context.Context) (Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newSending(ctx, o), nil
}

// Open gives the bytes of d; see Store. Bytes are fetched as they are read.
func (o *Objects) Open(ctx context.Context, d Digest) (Reader, Info, error) {
	info, err := o.Stat(ctx, d)
	if err != nil {
		return nil, Info{}, err
	}
	return &fetching{ctx: ctx, store: o, key: o.key(d), size: info.Size}, info, nil
}

// Stat says what Open would find; see Store.
func (o *Objects) Stat(ctx context.Context, d Digest) (Info, error) {
	if err := ctx.Err(); err != nil {
		return Info{}, err
	}
	e, err := o.stat(ctx, o.key(d))
	if fail.Is(err, fail.NotFound) {
		err = fail.NotFoundf("the artifact store has no bytes with sha256 %s", d)
	}
	return Info{Digest: d, Size: e.size, Modified: e.modified}, err
}

func (o *Objects) stat(ctx context.Context, key string) (entry, error) {
	short, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	e, err := o.bucket.stat(short, key)
	if err != nil && o.bucket.trouble(err) == absent {
		return e, fail.NotFoundf("the artifact store has no object %s", key)
	}
	return e, o.fault(ctx, err, "looking for an object")
}

// Remove deletes d if it is older than before; see Store.
func (o *Objects) Remove(ctx context.Context, d Digest, before time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if old, err := o.older(ctx, d, before); err != nil || !old {
		return false, err
	}
	short, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	mark := o.marks(d) + rand.Text()
	if err := o.bucket.put(short, mark, nil); err != nil {
		return false, o.fault(ctx, err, "marking an object for removal")
	}
	defer o.drop(ctx, mark)
	if old, err := o.older(short, d, before); err != nil || !old {
		return false, err
	}
	err := o.bucket.remove(short, o.key(d))
	return err == nil, o.fault(ctx, err, "removing an object")
}

// older reports whether d is there and was last committed before the time (zero: whenever).
func (o *Objects) older(ctx context.Context, d Digest, before time.Time) (bool, error) {
	info, err := o.Stat(ctx, d)
	if fail.Is(err, fail.NotFound) {
		return false, nil
	}
	return err == nil && (before.IsZero() || info.Modified.Add(o.slack).Before(before)), err
}

// drop removes an object of no further use; what it cannot remove is left to Sweep.
func (o *Objects) drop(ctx context.Context, key string) {
	ctx, cancel := detached(ctx)
	defer cancel()
	_ = o.bucket.remove(ctx, key)
}

// List goes through all blobs; see Store. Objects that are no blobs are passed over.
func (o *Objects) List(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(Info{}, err)
			return
		}
		for e, err := range o.bucket.list(ctx, o.prefix+"sha256/") {
			if err != nil {
				yield(Info{}, o.fault(ctx, err, "listing objects"))
				return
			}
			d, ok := o.digestOf(e.key)
			if ok && !yield(Info{Digest: d, Size: e.size, Modified: e.modified}, nil) {
				return
			}
		}
	}
}

// Sweep removes what uploads left behind; see Store. Marks of removals that died are taken too, and not counted.
func (o *Objects) Sweep(ctx context.Context, before time.Time) (int, error) {
	swept, err := o.bucket.sweep(ctx, o.prefix+"tmp/", before)
	if err != nil {
		return swept, o.fault(ctx, err, "ending unfinished uploads")
	}
	n, err := o.removeOld(ctx, o.prefix+"tmp/", before)
	if err != nil {
		return swept + n, err
	}
	_, err = o.removeOld(ctx, o.prefix+"doomed/", time.Now().Add(-2*doomedLife))
	return swept + n, err
}

func (o *Objects) removeOld(ctx context.Context, prefix string, before time.Time) (n int, err error) {
	for e, err := range o.bucket.list(ctx, prefix) {
		if err == nil && !e.modified.Before(before) {
			continue
		}
		if err == nil {
			err = o.bucket.remove(ctx, e.key)
		}
		if err != nil {
			return n, o.fault(ctx, err, "removing what an upload left")
		}
		n++
	}
	return n, nil
}

// fault turns an error of the provider into one that callers may see. The caller's own context ending comes back as it is.
func (o *Objects) fault(ctx context.Context, err error, doing string) error {
	var known *fail.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	says := troubles[broken]
	if errors.Is(err, context.DeadlineExceeded) {
		says = troubles[unanswered]
	} else if t, ok := troubles[o.bucket.trouble(err)]; ok {
		says = t
	}
	e := fail.New(says.kind, "the artifact store %s while %s", says.why, doing)
	e.Cause = errors.Join(errors.New(o.bucket.name()), err)
	return e
}

// troubles are what callers are told; the provider's own words are for the log.
var troubles = map[trouble]struct {
	kind fail.Kind
	why  string
}{
	broken:     {fail.Internal, "failed"},
	absent:     {fail.Internal, "has no such bucket or object"},
	denied:     {fail.Internal, "refused the server's credential"},
	contested:  {fail.Unavailable, "is changing the same object"},
	unanswered: {fail.Unavailable, "did not answer"},
}
