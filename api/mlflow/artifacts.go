package mlflow

import (
	"context"
	"errors"
	"io"
	"mime"
	"path"
	"strconv"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// spot is a file or folder of an owner who was found.
type spot struct {
	artifactAddress
	in int64 // the experiment
	// frozen is why nothing may be changed: the owner, or its experiment, is deleted.
	frozen error
	// version is the registered version that it is in, of whose manifest it is then.
	version *registry.Version
}

// at makes the finder of routes about artifacts. The owner must be in the experiment that the address names; the decision is about that
// experiment, and an owner elsewhere is told from a missing one by nobody.
func at[Q any](address func(*api.Call, *Q) (artifactAddress, error)) api.Finder[spot, Q] {
	return func(c *api.Call, q *Q) (spot, api.Target, error) {
		a, err := address(c, q)
		if err != nil {
			return spot{}, api.Target{}, err
		}
		if a.version != "" {
			return versionSpot(c, a)
		}
		find := runSpot
		if a.model {
			find = modelSpot
		}
		p, absent, err := find(c, a)
		if err != nil {
			return spot{}, api.Target{}, err
		}
		if id := store.ExperimentID(p.in); a.experiment != "" && a.experiment != id {
			return spot{}, api.Target{}, absent
		}
		p.experiment = store.ExperimentID(p.in)
		return p, experimentTarget(c, p.in, a.owner, absent), nil
	}
}

func runSpot(c *api.Call, a artifactAddress) (p spot, absent, err error) {
	absent = store.NotARun(a.owner)
	h, err := c.Tx.RunHead(a.owner)
	if err != nil {
		return p, absent, err
	}
	return spot{artifactAddress: a, in: h.Experiment, frozen: h.Writable()}, absent, nil
}

func modelSpot(c *api.Call, a artifactAddress) (p spot, absent, err error) {
	absent = store.NotAModel(a.owner)
	h, err := c.Tx.ModelHead(a.owner)
	if err != nil {
		return p, absent, err
	}
	return spot{artifactAddress: a, in: h.Experiment, frozen: writableModel(h)}, absent, nil
}

// The makers of routes that give, take and remove one file. Deleting asks what logging asks: who may write over a file may as well empty it.

func getFile[Q any](f *Front, pattern string, address func(*api.Call, *Q) (artifactAddress, error), opts ...api.Option[Q]) api.Route {
	opts = append(opts, orElsewhere[Q](), api.As[Q]("downloadArtifact"))
	return api.Download(pattern, authz.ReadArtifacts, at(address), func(c *api.Call, p spot, _ *Q) (*api.Content, error) {
		return f.content(c, p)
	}, opts...)
}

func putFile[Q any](f *Front, pattern string, address func(*api.Call, *Q) (artifactAddress, error), opts ...api.Option[Q]) api.Route {
	opts = append(opts, orElsewhere[Q](), api.As[Q]("uploadArtifact"))
	return api.Upload(pattern, authz.LogArtifacts, at(address), func(c *api.Call, p spot, _ *Q, body io.Reader) (received, error) {
		return f.receive(c, p, body)
	}, func(c *api.Call, p spot, _ *Q, got received) (*Nothing, error) {
		return &Nothing{}, keepFile(c, p, got)
	}, opts...)
}

func dropFiles[Q any](pattern string, address func(*api.Call, *Q) (artifactAddress, error), drop func(*api.Call, spot) error) api.Route {
	return api.Write(pattern, authz.LogArtifacts, at(address), func(c *api.Call, p spot, _ *Q) (*Nothing, error) {
		return &Nothing{}, drop(c, p)
	}, orElsewhere[Q](), api.As[Q]("deleteArtifacts"))
}

// noteFile puts into the ledger entry what the call was about.
func noteFile(c *api.Call, p spot) {
	if p.version != nil {
		c.Service(registryService)
		noteVersion(c, p.version)
		c.Note("path", p.path)
		return
	}
	name := "runId"
	if p.model {
		name = "modelId"
	}
	c.Note("experimentId", p.experiment)
	c.Note(name, p.owner)
	c.Note("path", p.path)
}

// content answers with a file: saved rather than shown, as what its name says, with the digest as its mark.
func (f *Front) content(c *api.Call, p spot) (*api.Content, error) {
	noteFile(c, p)
	a, err := p.file(c)
	if err != nil {
		return nil, f.noFile(c, p, err)
	}
	digest := blob.Digest(a.Digest)
	c.Note("digest", digest.String())
	name, ctx := path.Base(a.Path), c.Context()
	return &api.Content{
		Name: name, Type: typeOf(name), ETag: digest.String(), Modified: time.UnixMilli(a.Written), Attachment: true,
		Open: func() (io.ReadSeekCloser, error) {
			r, _, err := f.Blobs.Open(ctx, digest)
			return r, err
		},
	}, nil
}

// noFile says of a folder that it is one.
func (f *Front) noFile(c *api.Call, p spot, err error) error {
	if !fail.Is(err, fail.NotFound) {
		return err
	}
	folder, ferr := p.folder(c)
	if ferr == nil && folder {
		return fail.Invalidf("Invalid path: '%s' is a folder; list it, and download its files", p.path)
	}
	return err
}

// typeOf is the media type that a name stands for.
func typeOf(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// received is a file whose bytes are safe and that has no name yet.
type received struct {
	digest blob.Digest
	size   int64
	// arrival is how a model version knows of a file that is arriving; nil where the upload's own row says it.
	arrival *store.Arrival
}

// receive takes the bytes of a file in, outside of any transaction.
func (f *Front) receive(c *api.Call, p spot, body io.Reader) (got received, err error) {
	if err := p.mayTake(); err != nil {
		return got, err
	}
	arrival, err := f.Arrive(c.Context(), store.Upload{Owner: p.owner, Path: p.path, Experiment: p.in, Writer: c.Who.Principal})
	if err != nil {
		return got, err
	}
	context.AfterFunc(c.Context(), arrival.End) // however the request ends
	got, err = f.take(c, body, f.MaxArtifact)
	got.arrival = arrival
	return got, err
}

// take takes bytes in, at most so many (0 = any number), and holds them against what the client declared of them.
func (f *Front) take(c *api.Call, body io.Reader, most int64) (got received, err error) {
	if n, err := strconv.ParseInt(c.Header("Content-Length"), 10, 64); err == nil && most > 0 && n > most {
		return got, f.tooLarge()
	}
	said, err := declaredOf(c)
	if err != nil {
		return got, err
	}
	w, err := f.Blobs.Create(c.Context())
	if err != nil {
		return got, err
	}
	defer w.Abort()
	source := &counted{r: said.over(body), most: most}
	if _, err := io.Copy(w, source); err != nil {
		return got, f.interrupted(source, err)
	}
	if got.digest, got.size, err = w.Commit(); err != nil {
		return got, err
	}
	return got, said.check(got.digest)
}

// mayTake refuses to put a file where none can be.
func (p spot) mayTake() error {
	if p.frozen == nil && p.path == "" {
		return fail.Invalidf("Invalid path: it names no file")
	}
	return p.frozen
}

// counted reads what a client sends, up to a limit, and remembers that it failed.
type counted struct {
	r      io.Reader
	n      int64
	most   int64 // 0 = any number
	broken bool
}

var errTooMuch = errors.New("more than is allowed")

func (r *counted) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if r.n += int64(n); r.most > 0 && r.n > r.most {
		return n, errTooMuch
	}
	r.broken = err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// interrupted is the error of an upload that did not come to its end: the client's, unless it is the store's own.
func (f *Front) interrupted(source *counted, err error) error {
	switch {
	case errors.Is(err, errTooMuch):
		return f.tooLarge()
	case source.broken:
		return fail.Invalidf("The upload ended after %d bytes: %v; nothing of it was kept", source.n, err)
	}
	return err
}

func (f *Front) tooLarge() error {
	return fail.New(fail.TooLarge, "The file is larger than %d bytes, which is the most on this server", f.MaxArtifact)
}

// keepFile gives bytes that are safe their name, in the transaction that decided once more.
func keepFile(c *api.Call, p spot, got received) error {
	if err := p.mayTake(); err != nil {
		return err
	}
	noteFile(c, p)
	c.Note("digest", got.digest.String())
	c.Note("size", strconv.FormatInt(got.size, 10))
	if got.arrival != nil {
		if err := c.Tx.Arrived(got.arrival); err != nil {
			return err
		}
	}
	return c.Tx.PutArtifact(&store.Artifact{
		Owner: p.owner, Path: p.path, Experiment: p.in, Digest: got.digest, Size: got.size, Writer: c.Who.Principal,
	})
}

// dropAny deletes a file, or a folder with all in it; what is not there is no error, as in MLflow.
func dropAny(c *api.Call, p spot) error {
	if p.frozen != nil {
		return p.frozen
	}
	noteFile(c, p)
	n, err := c.Tx.DeleteArtifacts(p.owner, p.path)
	c.Note("files", strconv.FormatInt(n, 10))
	return err
}
