package blob

import (
	"context"
	"io"
	"iter"
	"net"
	"net/http"
	"time"
)

// bucket is what Objects asks of a provider's client, of which there is one file each: s3.go, gcs.go, azure.go. Keys are whole,
// prefix included. Errors are the provider's own; trouble tells what they mean. Every method is bounded by its context, which the
// caller gives a deadline, and tries at most a few times within it.
type bucket interface {
	// put writes a small object in one request.
	put(ctx context.Context, key string, body []byte) error
	// get reads length bytes from an offset on, both inside of the object. The context must live as long as the reader.
	get(ctx context.Context, key string, from, length int64) (io.ReadCloser, error)
	stat(ctx context.Context, key string) (entry, error)
	// remove deletes an object; one that is missing is no error.
	remove(ctx context.Context, key string) error
	// list goes through the objects below a prefix.
	list(ctx context.Context, prefix string) iter.Seq2[entry, error]
	// copy makes an object of another's bytes, inside of the provider. From a key to itself it makes the object new: what stat
	// gives as modified is the present time then.
	copy(ctx context.Context, from, to string, size int64) error

	// begin starts an upload in parts. Until complete there is no object. A session is of letters,
	// digits and -._~+/= only.
	begin(ctx context.Context, key string) (session string, err error)
	// part sends part n, from 1 on. All but the last have at least minPart bytes.
	part(ctx context.Context, key, session string, n int, body []byte) (Part, error)
	complete(ctx context.Context, key, session string, parts []Part) error
	abort(ctx context.Context, key, session string) error
	// sweep aborts uploads in parts below a prefix that were last written to before the given time, and counts them.
	sweep(ctx context.Context, prefix string, before time.Time) (int, error)

	// sign gives an address that works without credential for one request.
	sign(ctx context.Context, r signing) (Address, error)

	trouble(err error) trouble
	// name is the bucket as messages show it, e.g. s3://name.
	name() string
}

// entry is what a provider knows of an object.
type entry struct {
	key      string
	size     int64
	modified time.Time
}

// signing is the request that an address is wanted for: GET of an object, PUT of a whole one, or PUT of a part when n > 0.
type signing struct {
	method  string
	key     string
	session string
	n       int
	file    string // the name that a browser saves a download under
	life    time.Duration
}

// trouble is what an error of a provider means to us.
type trouble uint8

const (
	broken     trouble = iota // none of these: a defect, here or there
	absent                    // no such object, upload or bucket
	denied                    // the credential is missing, wrong or may not do this
	contested                 // somebody changes the same object at this moment
	unanswered                // no connection, no answer in time, or the provider says to come back later
)

// troubleOf reads a status of HTTP; 0 means that there was no answer.
func troubleOf(status int) trouble {
	switch {
	case status == http.StatusNotFound:
		return absent
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return denied
	case status == http.StatusConflict:
		return contested
	case status == 0, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return unanswered
	}
	return broken
}

const (
	// requestTime bounds one small request with all its tries.
	requestTime = time.Minute
	// partTime bounds sending one part, copyTime a copy inside of the provider.
	partTime = 10 * time.Minute
	copyTime = 2 * time.Hour
	// stallTime is how long a download may bring nothing.
	stallTime = time.Minute
	// tries is how often a request is sent at most.
	tries = 3
	// cleanTime bounds what is tidied up after a caller has gone.
	cleanTime = 30 * time.Second
)

// tune sets the transport under a provider's client: what never answers is given up, and many uploads at once find connections.
func tune(t *http.Transport) {
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 10 * time.Second
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 128, 64
	t.IdleConnTimeout = 90 * time.Second
	t.DisableCompression = true
}

// detached is a context for tidying up after ctx, which may have ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
}
