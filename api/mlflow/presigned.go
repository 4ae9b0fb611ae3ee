package mlflow

import (
	"net/http"
	"net/url"
	"path"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// Addresses of whole files as MLflow's clients ask for them. Like all that are vended they are this server's own, good for one file,
// and decided
// again when they are used.

// maxExpiration is the longest time that a client may ask for, in seconds; what it gets is api.SignedFor at most.
const maxExpiration = 7 * 24 * 60 * 60

// signedFor gives the address of a file for the time that a client asks for (seconds; nil = as long as may be).
func signedFor(c *api.Call, p spot, method string, expiration *int64) (*string, error) {
	seconds := deref(expiration, maxExpiration)
	if seconds < 1 || seconds > maxExpiration {
		return nil, fail.Invalidf("expiration must be between 1 and %d seconds (got %d).", maxExpiration, seconds)
	}
	permit := c.SignFor(min(time.Duration(seconds)*time.Second, api.SignedFor), proxyShape.write(p.artifactAddress), method)
	return text(c.BaseURL() + transferPrefix + "/" + permit + "/" + url.PathEscape(path.Base(p.path))), nil
}

func (f *Front) presignedRoutes() []api.Route {
	return []api.Route{
		api.Read("POST /artifacts/presigned-upload-url", authz.LogArtifacts, at(presignable), presignUpload,
			orElsewhere[CreatePresignedUploadUrl](), api.As[CreatePresignedUploadUrl]("createUploadUrl")),
		vend(f, "POST /artifacts/presigned-download-url", func(_ *api.Call, q *CreatePresignedDownloadUrl) (artifactAddress, error) {
			return ofOwner(q.GetRunId(), q.GetPath())
		}, func(q *CreatePresignedDownloadUrl) *int64 { return q.Expiration }, func(a vended) *CreatePresignedDownloadUrlResponse {
			return &CreatePresignedDownloadUrlResponse{PresignedUrl: a.url, Headers: a.headers, FileSize: &a.size}
		}),
	}
}

// presignedProxied is the proxy's.
func (f *Front) presignedProxied() api.Route {
	return vend(f, "GET /presigned/{artifact_path...}", proxied, nil, func(a vended) *ProxyGetPresignedDownloadUrlResponse {
		return &ProxyGetPresignedDownloadUrlResponse{Url: a.url, Headers: a.headers, FileSize: &a.size}
	})
}

func presignable(_ *api.Call, q *CreatePresignedUploadUrl) (artifactAddress, error) {
	if (q.GetRunId() == "") == (q.GetModelId() == "") {
		return artifactAddress{}, fail.Invalidf("Exactly one of run_id and model_id must be provided.")
	}
	return ofOwner(q.GetRunId()+q.GetModelId(), q.GetPath())
}

func presignUpload(c *api.Call, p spot, q *CreatePresignedUploadUrl) (*CreatePresignedUploadUrlResponse, error) {
	if err := p.mayTake(); err != nil {
		return nil, err
	}
	noteFile(c, p)
	address, err := signedFor(c, p, http.MethodPut, q.Expiration)
	return &CreatePresignedUploadUrlResponse{PresignedUrl: address}, err
}
