package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2/google"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"
	htransport "google.golang.org/api/transport/http"

	"bailiwick/fail"
)

// gcsBucket is a bucket of Google Cloud Storage, by its JSON API.
type gcsBucket struct {
	objects  *storage.ObjectsService
	bucket   string
	endpoint string // of a server other than Google's, without a slash at its end
	signer   gcsSigner
}

// composeMost is how many objects one request can put together.
const composeMost = 32

// openGCS takes gs://bucket/prefix?endpoint=URL. Credentials are the application default ones: GOOGLE_APPLICATION_CREDENTIALS,
// gcloud's, the machine's. With an endpoint, or STORAGE_EMULATOR_HOST, none are sent.
func openGCS(ctx context.Context, u *url.URL) (bucket, error) {
	endpoint := strings.TrimSuffix(firstOf(u.Query().Get("endpoint"), os.Getenv("STORAGE_EMULATOR_HOST")), "/")
	if endpoint != "" && !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	b := &gcsBucket{bucket: u.Host, endpoint: endpoint}
	options, err := b.credentials(ctx)
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	tune(base)
	transport, err := htransport.NewTransport(ctx, base, options...)
	if err != nil {
		return nil, fail.Internalf(err, "the Google credentials cannot be used")
	}
	client := option.WithHTTPClient(&http.Client{Transport: transport})
	options = []option.ClientOption{client}
	if endpoint != "" {
		options = append(options, option.WithEndpoint(endpoint+"/storage/v1/"))
	}
	service, err := storage.NewService(ctx, options...)
	if err != nil {
		return nil, fail.Internalf(err, "the Google Cloud Storage client cannot be made")
	}
	b.objects = service.Objects
	return b, nil
}

// credentials finds the credentials, for requests and for signing.
func (b *gcsBucket) credentials(ctx context.Context) ([]option.ClientOption, error) {
	found, err := google.FindDefaultCredentials(ctx, storage.DevstorageReadWriteScope)
	if err == nil {
		b.signer = newGCSSigner(found.JSON)
	}
	if b.endpoint != "" {
		return []option.ClientOption{option.WithoutAuthentication()}, nil
	}
	if err != nil {
		return nil, fail.Internalf(err, "no Google credentials were found; GOOGLE_APPLICATION_CREDENTIALS names their file")
	}
	return []option.ClientOption{option.WithTokenSource(found.TokenSource)}, nil
}

func (b *gcsBucket) name() string { return "gs://" + b.bucket }

// put sends the body as one request; the library does not send such a one again, so we do.
func (b *gcsBucket) put(ctx context.Context, key string, body []byte) (err error) {
	for try := range tries {
		_, err = b.objects.Insert(b.bucket, &storage.Object{Name: key}).
			Media(bytes.NewReader(body), googleapi.ChunkSize(0), googleapi.ContentType("application/octet-stream")).Context(ctx).Do()
		if err == nil || ctx.Err() != nil || b.trouble(err) != unanswered {
			return err
		}
		time.Sleep(settlePause << (2 * try))
	}
	return err
}

func (b *gcsBucket) get(ctx context.Context, key string, from, length int64) (io.ReadCloser, error) {
	call := b.objects.Get(b.bucket, key).Context(ctx)
	call.Header().Set("Range", httpRange(from, length))
	r, err := call.Download()
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

func (b *gcsBucket) stat(ctx context.Context, key string) (entry, error) {
	o, err := b.objects.Get(b.bucket, key).Fields("name", "size", "updated").Context(ctx).Do()
	if err != nil {
		return entry{}, err
	}
	return gcsEntry(o), nil
}

func gcsEntry(o *storage.Object) entry {
	updated, _ := time.Parse(time.RFC3339Nano, o.Updated) // zero, and so old, if the provider says nothing
	return entry{o.Name, int64(o.Size), updated}
}

func (b *gcsBucket) remove(ctx context.Context, key string) error {
	err := b.objects.Delete(b.bucket, key).Context(ctx).Do()
	if err != nil && b.trouble(err) == absent {
		return nil
	}
	return err
}

func (b *gcsBucket) list(ctx context.Context, prefix string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		call := b.objects.List(b.bucket).Prefix(prefix).Fields("nextPageToken", "items(name,size,updated)")
		for token := ""; ; {
			page, err := call.PageToken(token).Context(ctx).Do()
			if err != nil {
				yield(entry{}, err)
				return
			}
			for _, o := range page.Items {
				if !yield(gcsEntry(o), nil) {
					return
				}
			}
			if token = page.NextPageToken; token == "" {
				return
			}
		}
	}
}

// copy asks until it is done; in one place and class of storage that is once, whatever the size.
func (b *gcsBucket) copy(ctx context.Context, from, to string, _ int64) error {
	call := b.objects.Rewrite(b.bucket, from, b.bucket, to, &storage.Object{ContentType: "application/octet-stream"})
	for {
		r, err := call.Context(ctx).Do()
		if err != nil || r.Done {
			return err
		}
		call.RewriteToken(r.RewriteToken)
	}
}

// gcsSession is the one session: the parts of an upload are objects beside its key, put together at the end, and nothing else.
const gcsSession = "parts"

func partKey(key string, n int) string { return fmt.Sprintf("%s.part/%05d", key, n) }

func (b *gcsBucket) begin(context.Context, string) (string, error) { return gcsSession, nil }

func (b *gcsBucket) part(ctx context.Context, key, _ string, n int, body []byte) (Part, error) {
	return Part{Number: n}, b.put(ctx, partKey(key, n), body)
}

// complete puts the parts together, as many at a time as the provider takes, the result so far being the first of the next.
func (b *gcsBucket) complete(ctx context.Context, key, session string, parts []Part) error {
	var sources []string
	for done := 0; done < len(parts); {
		for len(sources) < composeMost && done < len(parts) {
			done++
			sources = append(sources, partKey(key, done))
		}
		if err := b.compose(ctx, sources, key); err != nil {
			return err
		}
		sources = []string{key}
	}
	return b.abort(ctx, key, session) // the parts are of no further use
}

func (b *gcsBucket) compose(ctx context.Context, sources []string, to string) error {
	r := &storage.ComposeRequest{Destination: &storage.Object{ContentType: "application/octet-stream"}}
	for _, s := range sources {
		r.SourceObjects = append(r.SourceObjects, &storage.ComposeRequestSourceObjects{Name: s})
	}
	_, err := b.objects.Compose(b.bucket, to, r).Context(ctx).Do()
	return err
}

func (b *gcsBucket) abort(ctx context.Context, key, _ string) error {
	for e, err := range b.list(ctx, key+".part/") {
		if err == nil {
			err = b.remove(ctx, e.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep does nothing: parts are objects below the prefix, which the caller removes.
func (b *gcsBucket) sweep(context.Context, string, time.Time) (int, error) { return 0, nil }

func (b *gcsBucket) trouble(err error) trouble {
	var answered *googleapi.Error
	if errors.As(err, &answered) {
		return troubleOf(answered.Code)
	}
	return troubleOf(0)
}
