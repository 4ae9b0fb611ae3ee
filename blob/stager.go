package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"time"

	"bailiwick/fail"
)

// MaxAddressLife bounds how long an address for direct transfer works. It is a window in which a revoked caller may still use it.
const MaxAddressLife = time.Minute

// Stager is what a Store can do besides when clients can send and fetch bytes at the provider itself: object stores are one, a
// local folder is not. Bytes that clients send arrive under a staging name, which stands for nothing until Adopt; what is never
// adopted is swept. Staging names are made here and a caller must keep them with what they were given for: whoever has one, and
// the right to ask, can change what is there until it is adopted.
type Stager interface {
	// Stage gives a new staging name. It costs nothing.
	Stage() string
	// PutAddress is where a client puts a whole file, GetAddress where it gets a blob, to be saved under a file name (may be empty).
	// The life is at most MaxAddressLife.
	PutAddress(ctx context.Context, staging string, life time.Duration) (Address, error)
	GetAddress(ctx context.Context, d Digest, file string, life time.Duration) (Address, error)
	// Begin starts an upload in parts to a staging name and gives its session, PartAddress is where part n goes (from 1 to 10,000;
	// all but the last have at least 5 MiB). Complete makes the file of the parts, whose tags are the ETag headers that the
	// provider answered to each (Azure and GCS take empty ones). Abort drops all; of what is gone already, too.
	Begin(ctx context.Context, staging string) (session string, err error)
	PartAddress(ctx context.Context, staging, session string, n int, life time.Duration) (Address, error)
	Complete(ctx context.Context, staging, session string, parts []Part) error
	Abort(ctx context.Context, staging, session string) error
	// Adopt hashes what was sent to a staging name and makes a blob of it, with the promise of Writer.Commit. It takes as long as
	// reading the bytes. fail.NotFound when nothing was sent, fail.TooLarge when it is more than most bytes (0: any number). The
	// name is free then; what comes to it later is swept.
	Adopt(ctx context.Context, staging string, most int64) (Digest, int64, error)
}

// Address is one request that a client may send to the provider, without a credential: the method, the URL and the headers that
// it must have beside what belongs to its body. It is a secret while it works.
type Address struct {
	Method, URL string
	Headers     map[string]string
	Expires     time.Time
}

// Part is a part of an upload that the provider has: its number and the tag (ETag) that it was answered with.
type Part struct {
	Number int
	Tag    string
}

var _ Stager = (*Objects)(nil)

// longestSession bounds what we take for the name of an upload in parts (bytes).
const longestSession = 2048

var (
	stagingName = regexp.MustCompile(`^[A-Z2-7]{26}$`) // as rand.Text makes them
	sessionName = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`)
)

// Stage gives a new staging name; see Stager.
func (o *Objects) Stage() string { return rand.Text() }

// staged is the key of a staging name. A name that we did not make leads nowhere.
func (o *Objects) staged(staging string) (string, error) {
	if !stagingName.MatchString(staging) {
		return "", fail.Invalidf("%q is no staging name", staging)
	}
	return o.temp(staging), nil
}

func (o *Objects) stagedPart(staging, session string) (string, error) {
	if len(session) > longestSession || !sessionName.MatchString(session) {
		return "", fail.Invalidf("%q is no upload in parts", session)
	}
	return o.staged(staging)
}

// PutAddress is where a whole file goes; see Stager.
func (o *Objects) PutAddress(ctx context.Context, staging string, life time.Duration) (Address, error) {
	key, err := o.staged(staging)
	if err != nil {
		return Address{}, err
	}
	return o.sign(ctx, signing{method: http.MethodPut, key: key, life: life})
}

// GetAddress is where a blob can be got; see Stager.
func (o *Objects) GetAddress(ctx context.Context, d Digest, file string, life time.Duration) (Address, error) {
	if _, err := o.Stat(ctx, d); err != nil {
		return Address{}, err
	}
	return o.sign(ctx, signing{method: http.MethodGet, key: o.key(d), file: file, life: life})
}

// PartAddress is where a part goes; see Stager.
func (o *Objects) PartAddress(ctx context.Context, staging, session string, n int, life time.Duration) (Address, error) {
	key, err := o.stagedPart(staging, session)
	if err != nil {
		return Address{}, err
	}
	if n < 1 || n > maxParts {
		return Address{}, fail.Invalidf("parts have numbers from 1 to %d, this is %d", maxParts, n)
	}
	return o.sign(ctx, signing{method: http.MethodPut, key: key, session: session, n: n, life: life})
}

func (o *Objects) sign(ctx context.Context, r signing) (Address, error) {
	r.life = max(min(r.life, MaxAddressLife), time.Second)
	short, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	a, err := o.bucket.sign(short, r)
	a.Method, a.Expires = r.method, time.Now().Add(r.life)
	return a, o.fault(ctx, err, "signing an address")
}

// disposition has a browser save a file under its name; nil when there is none.
func (r *signing) disposition() *string {
	if r.file == "" {
		return nil
	}
	text := mime.FormatMediaType("attachment", map[string]string{"filename": r.file})
	return &text
}

// Begin starts an upload in parts; see Stager.
func (o *Objects) Begin(ctx context.Context, staging string) (string, error) {
	key, err := o.staged(staging)
	if err != nil {
		return "", err
	}
	short, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	session, err := o.bucket.begin(short, key)
	return session, o.fault(ctx, err, "beginning an upload")
}

// Complete makes a file of parts; see Stager.
func (o *Objects) Complete(ctx context.Context, staging, session string, parts []Part) error {
	key, err := o.stagedPart(staging, session)
	if err != nil {
		return err
	}
	parts = slices.SortedFunc(slices.Values(parts), func(a, b Part) int { return a.Number - b.Number })
	for i, p := range parts {
		if p.Number != i+1 {
			return fail.Invalidf("the upload has %d parts, and part %d is missing or there twice", len(parts), i+1)
		}
	}
	if len(parts) == 0 || len(parts) > maxParts {
		return fail.Invalidf("an upload has from 1 to %d parts, this has %d", maxParts, len(parts))
	}
	long, cancel := context.WithTimeout(ctx, partTime)
	defer cancel()
	err = o.bucket.complete(long, key, session, parts)
	if t := o.bucket.trouble(err); err != nil && (t == absent || t == broken) {
		refused := fail.New(fail.State, "the artifact store does not have all parts of the upload as they were named")
		refused.Cause = err
		return refused
	}
	return o.fault(ctx, err, "completing an upload")
}

// Abort drops an upload in parts; see Stager.
func (o *Objects) Abort(ctx context.Context, staging, session string) error {
	key, err := o.stagedPart(staging, session)
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	if err = o.bucket.abort(short, key, session); err != nil && o.bucket.trouble(err) == absent {
		err = nil
	}
	if err == nil {
		err = o.bucket.remove(short, key)
	}
	return o.fault(ctx, err, "dropping an upload")
}

// Adopt makes a blob of what was sent; see Stager. Who has an address may send other bytes while we read, so they are copied to a
// place first that no address leads to, and what is hashed there is what becomes the blob.
func (o *Objects) Adopt(ctx context.Context, staging string, most int64) (Digest, int64, error) {
	from, err := o.staged(staging)
	if err != nil {
		return Digest{}, 0, err
	}
	e, err := o.stat(ctx, from)
	if fail.Is(err, fail.NotFound) {
		err = fail.NotFoundf("nothing was uploaded to %s", staging)
	}
	if err != nil {
		return Digest{}, 0, err
	}
	if most > 0 && e.size > most {
		o.drop(ctx, from)
		return Digest{}, 0, fail.New(fail.TooLarge, "the file is larger than %d bytes, which is the most on this server", most)
	}
	own := o.temp(rand.Text())
	defer o.drop(ctx, own)
	if err := o.copy(ctx, from, own, e.size); err != nil {
		return Digest{}, 0, o.fault(ctx, err, "taking over an upload")
	}
	d, size, err := o.keepCopy(ctx, own)
	if err == nil {
		o.drop(ctx, from)
	}
	return d, size, err
}

// keepCopy hashes an object that only we can write and makes a blob of it.
func (o *Objects) keepCopy(ctx context.Context, own string) (Digest, int64, error) {
	e, err := o.stat(ctx, own)
	if err != nil {
		return Digest{}, 0, err
	}
	h := sha256.New()
	r := &fetching{ctx: ctx, store: o, key: own, size: e.size}
	defer r.Close()
	if _, err := io.CopyBuffer(h, r, make([]byte, pieceSize)); err != nil {
		return Digest{}, 0, err
	}
	d := Digest(h.Sum(nil))
	err = o.settle(ctx, d, e.size, func(ctx context.Context) error { return o.copy(ctx, own, o.key(d), e.size) })
	return d, e.size, err
}
