package mlflow

import (
	"io"
	"maps"
	"net/http"
	"path"
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// Transfers at the object store itself, where an administrator switched them on: of large files over the Files API, which asks for an
// address for
// each part, and of downloads by addresses that are asked for. An address works for blob.MaxAddressLife and is not decided again, so
// it is
// recorded as the transfer. What was sent is read and hashed before it gets a name.

// stage begins an upload at the object store.
func (f *Front) stage(c *api.Call, p spot) (got assembled, err error) {
	if f.Direct == nil || f.Resumable {
		return got, nil
	}
	if err := p.mayTake(); err != nil {
		return got, err
	}
	got.staged.Staging = f.Direct.Stage()
	got.staged.Session, err = f.Direct.Begin(c.Context(), got.staged.Staging)
	return got, err
}

// directPart gives the object store's address of a part. An upload that was begun before direct transfers were switched off is not
// gone on with.
func (f *Front) directPart(c *api.Call, u *underway, number int64) (*UploadUrl, error) {
	if f.Direct == nil {
		return nil, store.NoUpload(u.ID)
	}
	a, err := f.Direct.PartAddress(c.Context(), u.Staging, u.Session, int(number), blob.MaxAddressLife)
	v := vended{url: &a.URL, headers: a.Headers}
	return &UploadUrl{Url: v.url, PartNumber: &number, Headers: v.list()}, err
}

// adopt makes one file of parts that are at the object store, whose marks it checks, and hashes it.
func (f *Front) adopt(c *api.Call, u *underway, list []told) (got received, err error) {
	if f.Direct == nil {
		return got, store.NoUpload(u.ID)
	}
	parts := make([]blob.Part, len(list))
	for i, t := range list {
		if t.number != int64(i)+1 {
			return got, fail.Invalidf("Parts are named in order from 1 without a gap; in place %d there is part %d", i+1, t.number)
		}
		parts[i] = blob.Part{Number: i + 1, Tag: t.etag}
	}
	if err := f.Direct.Complete(c.Context(), u.Staging, u.Session, parts); err != nil {
		return got, err
	}
	got.digest, got.size, err = f.Direct.Adopt(c.Context(), u.Staging, f.MaxArtifact)
	return got, err
}

// vended is an address of a file to download, with the headers that its use needs.
type vended struct {
	url     *string
	headers map[string]string
	size    int64
}

// list writes the headers as the Files API has them.
func (v vended) list() (headers []*FilesHttpHeader) {
	for _, name := range slices.Sorted(maps.Keys(v.headers)) {
		value := v.headers[name]
		headers = append(headers, &FilesHttpHeader{Name: &name, Value: &value})
	}
	return headers
}

// foundFile is a file that is there.
type foundFile struct {
	spot
	file    *store.Artifact
	missing error // said after the decision
}

// vend makes a route that gives the address of a file to download: ours, for the time that the client asks for (nil = as long as may
// be), or
// the object store's, which is recorded like the download itself.
func vend[Q, R any](f *Front, pattern string, address func(*api.Call, *Q) (artifactAddress, error), expiration func(*Q) *int64,
	answer func(vended) *R) api.Route {
	find := fileAt(at(address))
	if expiration == nil {
		expiration = func(*Q) *int64 { return nil }
	}
	if f.Direct == nil {
		return api.Read(pattern, authz.ReadArtifacts, find, func(c *api.Call, p foundFile, q *Q) (*R, error) {
			if p.missing != nil {
				return nil, p.missing
			}
			noteFile(c, p.spot)
			to, err := signedFor(c, p.spot, http.MethodGet, expiration(q))
			return answer(vended{url: to, size: p.file.Size}), err
		}, orElsewhere[Q](), api.As[Q]("createDownloadUrl"))
	}
	return api.Upload(pattern, authz.ReadArtifacts, find, func(c *api.Call, p foundFile, q *Q, _ io.Reader) (vended, error) {
		if p.missing != nil {
			return vended{}, p.missing
		}
		a, err := f.Direct.GetAddress(c.Context(), p.file.Digest, path.Base(p.path), blob.MaxAddressLife)
		return vended{url: &a.URL, headers: a.Headers, size: p.file.Size}, err
	}, func(c *api.Call, p foundFile, _ *Q, v vended) (*R, error) {
		noteFile(c, p.spot)
		c.Note("direct", blob.MaxAddressLife.String())
		return answer(v), p.missing
	}, api.Decoded[Q], orElsewhere[Q](), api.As[Q]("downloadArtifact"))
}

// fileAt makes a finder give the file, too.
func fileAt[Q any](find api.Finder[spot, Q]) api.Finder[foundFile, Q] {
	return func(c *api.Call, q *Q) (p foundFile, target api.Target, err error) {
		if p.spot, target, err = find(c, q); err != nil {
			return p, target, err
		}
		if p.file, err = p.spot.file(c); fail.Is(err, fail.NotFound) {
			p.missing, err = err, nil
		}
		return p, target, err
	}
}
