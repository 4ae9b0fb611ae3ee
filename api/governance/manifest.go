package governance

import (
	"bytes"
	"io"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
)

// manifestFile is a file of a version with its sha256.
type manifestFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// manifestAnswer says what a version consists of. Digest is the sha256 of its files' lines as `sha256sum` writes them, ordered by path, so that
// anybody can check a copy.
type manifestAnswer struct {
	Name    string         `json:"name"`
	Version string         `json:"version"`
	Status  string         `json:"status"`
	Digest  string         `json:"digest"`
	Size    int64          `json:"size"`
	Files   []manifestFile `json:"files"`
}

func (f *Front) manifestRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /models/{model}/versions/{version}/manifest", authz.ViewModel, versionAt, getManifest,
			api.Audit[versionRequest](api.Behind, registryService, "getModelVersionManifest")),
		api.Download("GET /models/{model}/versions/{version}/SHA256SUMS", authz.ViewModel, versionAt, getSums,
			api.Audit[versionRequest](api.Behind, registryService, "getModelVersionManifest")),
	}
}

func getManifest(c *api.Call, v *registry.Version, q *versionRequest) (*manifestAnswer, error) {
	answer := &manifestAnswer{Name: v.Name, Version: q.Version, Status: v.Status.String(), Files: []manifestFile{}}
	m, err := c.Tx.Manifest(v)
	if fail.Is(err, fail.NotFound) || fail.Is(err, fail.State) {
		return answer, nil // pending, failed, or a prompt
	}
	if err != nil {
		return nil, err
	}
	answer.Digest, answer.Size = registry.DigestText(m.Digest), m.Size
	for _, f := range m.Files {
		answer.Files = append(answer.Files, manifestFile{Path: f.Path, SHA256: registry.DigestText(f.Digest), Size: f.Size})
	}
	return answer, nil
}

// sums is the text of a manifest as a file.
type sums struct{ *bytes.Reader }

func (sums) Close() error { return nil }

// getSums gives what a version consists of as `sha256sum -c` reads it; the sha256 of this text is the version's digest.
func getSums(c *api.Call, v *registry.Version, _ *versionRequest) (*api.Content, error) {
	m, err := c.Tx.Manifest(v)
	if err != nil {
		return nil, err
	}
	return &api.Content{
		Name: "SHA256SUMS", Type: "text/plain; charset=utf-8", ETag: registry.DigestText(m.Digest), Modified: time.UnixMilli(v.Created),
		Open: func() (io.ReadSeekCloser, error) { return sums{bytes.NewReader(m.Text)}, nil },
	}, nil
}
