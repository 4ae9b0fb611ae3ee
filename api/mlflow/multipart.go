package mlflow

import (
	"io"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// Uploads in parts as MLflow's clients have them: those with an http address over the proxy (mpu), those with a databricks one over the
// tracking API. The parts themselves go to addresses without a credential (transferParts).

// ProxyUpload is a request of the proxy about an upload in parts: artifact_path is the folder, and path what the file is called on the
// client's disk.
type ProxyUpload struct {
	ArtifactPath *string                     `wire:"artifact_path,artifactPath"`
	Path         *string                     `wire:"path"`
	NumParts     *int64                      `wire:"num_parts,numParts"`
	UploadId     *string                     `wire:"upload_id,uploadId"`
	Parts        []*ProxyMultipartUploadPart `wire:"parts"`
}

// proxyUpload puts the file into the folder, by the last part of its name there: with slashes or, on Windows, backslashes.
func proxyUpload(_ *api.Call, q *ProxyUpload) (artifactAddress, error) {
	on := deref(q.Path, "")
	file := on[strings.LastIndexAny(on, `/\`)+1:]
	if file == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'path'.")
	}
	return proxyShape.parse(folderOf(deref(q.ArtifactPath, "")) + "/" + file)
}

func proxyUploadID(_ *api.Call, q *ProxyUpload) string { return deref(q.UploadId, "") }

func (f *Front) mpuRoutes() []api.Route {
	find := ofUpload(proxyUpload, proxyUploadID)
	return []api.Route{
		api.Write("POST /mpu/create/{artifact_path...}", authz.LogArtifacts, at(proxyUpload), createProxied,
			orElsewhere[ProxyUpload](), api.As[ProxyUpload]("createUpload")),
		completeUpload(f, "POST /mpu/complete/{artifact_path...}", find, func(q *ProxyUpload) []told {
			return toldOf(q.Parts, (*ProxyMultipartUploadPart).GetPartNumber, (*ProxyMultipartUploadPart).GetEtag)
		}),
		api.Write("POST /mpu/abort/{artifact_path...}", authz.LogArtifacts, find, dropUpload[ProxyUpload],
			orElsewhere[ProxyUpload](), api.As[ProxyUpload]("abortUpload")),
	}
}

func dropUpload[Q any](c *api.Call, u *underway, _ *Q) (*Nothing, error) {
	return &Nothing{}, abort(c, u)
}

// toldOf reads a list of parts of one dialect.
func toldOf[P any](parts []*P, number func(*P) int64, etag func(*P) string) []told {
	list := make([]told, len(parts))
	for i, p := range parts {
		list[i] = told{number(p), etag(p)}
	}
	return list
}

// completeUpload makes a route that completes an upload.
func completeUpload[Q any](f *Front, pattern string, find api.Finder[*underway, Q], list func(*Q) []told) api.Route {
	return api.Upload(pattern, authz.LogArtifacts, find, func(c *api.Call, u *underway, q *Q, _ io.Reader) (assembled, error) {
		got, err := f.complete(c, u, list(q))
		return assembled{received: got, parts: u.parts}, err
	}, func(c *api.Call, u *underway, _ *Q, got assembled) (*Nothing, error) {
		return &Nothing{}, nameUpload(c, u, got.parts, got.received)
	}, api.Decoded[Q], orElsewhere[Q](), api.As[Q]("uploadArtifact"))
}

// assembled is a file and the parts that it was made of.
type assembled struct {
	received
	parts []store.UploadPart
	// staged is an upload that was begun at the object store.
	staged store.Upload
}

// declaredParts refuses a number of parts that no upload has.
func declaredParts(n int64) (int64, error) {
	if n < 1 || n > maxParts {
		return 0, fail.Invalidf("Invalid value %d for parameter 'num_parts' supplied: an upload has from 1 to %d parts", n, maxParts)
	}
	return n, nil
}

func createProxied(c *api.Call, p spot, q *ProxyUpload) (*ProxyCreateMultipartUploadResponse, error) {
	n, err := declaredParts(deref(q.NumParts, 1))
	if err != nil {
		return nil, err
	}
	u, err := begin(c, p, store.Upload{Form: store.PartsUpload, Parts: n, Over: true})
	if err != nil {
		return nil, err
	}
	answer := &ProxyCreateMultipartUploadResponse{UploadId: &u.ID}
	for i := range n {
		part := i + 1
		answer.Credentials = append(answer.Credentials, &ProxyMultipartUploadCredential{Url: u.signPart(c, part), PartNumber: &part})
	}
	return answer, nil
}

// Over the tracking API.

// ofOwner is the address of a file of what a field called run_id names: a logged model too, for which clients use it as well.
func ofOwner(id, path string) (artifactAddress, error) {
	if path == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'path'.")
	}
	if strings.HasPrefix(id, "m-") {
		return modelFile(id, path)
	}
	return runAddress(id, path)
}

func (f *Front) partRoutes() []api.Route {
	one := ofUpload(func(_ *api.Call, q *GetPresignedUploadPartUrl) (artifactAddress, error) {
		return ofOwner(q.GetRunId(), q.GetPath())
	}, func(_ *api.Call, q *GetPresignedUploadPartUrl) string { return q.GetUploadId() })
	all := ofUpload(func(_ *api.Call, q *CompleteMultipartUpload) (artifactAddress, error) {
		return ofOwner(q.GetRunId(), q.GetPath())
	}, func(_ *api.Call, q *CompleteMultipartUpload) string { return q.GetUploadId() })
	return []api.Route{
		api.Write("POST /artifacts/create-multipart-upload", authz.LogArtifacts,
			at(func(_ *api.Call, q *CreateMultipartUpload) (artifactAddress, error) {
				return ofOwner(q.GetRunId(), q.GetPath())
			}), createTracked, orElsewhere[CreateMultipartUpload](), api.As[CreateMultipartUpload]("createUpload")),
		api.Read("GET /artifacts/get-presigned-upload-part-url", authz.LogArtifacts, one, partAddress,
			orElsewhere[GetPresignedUploadPartUrl](), api.As[GetPresignedUploadPartUrl]("createUploadPartUrl")),
		completeUpload(f, "POST /artifacts/complete-multipart-upload", all, func(q *CompleteMultipartUpload) []told {
			return toldOf(q.PartEtags, (*PartEtag).GetPartNumber, (*PartEtag).GetEtag)
		}),
	}
}

// credential writes an address of an upload as the tracking API has it.
func (u *underway) credential(address *string) *ArtifactCredentialInfo {
	return &ArtifactCredentialInfo{RunId: &u.owner, Path: &u.path, SignedUri: address, Type: ArtifactCredentialTypeAwsPresignedUrl}
}

func createTracked(c *api.Call, p spot, q *CreateMultipartUpload) (*CreateMultipartUploadResponse, error) {
	n, err := declaredParts(q.GetNumParts())
	if err != nil {
		return nil, err
	}
	u, err := begin(c, p, store.Upload{Form: store.PartsUpload, Parts: n, Over: true})
	if err != nil {
		return nil, err
	}
	answer := &CreateMultipartUploadResponse{UploadId: &u.ID, AbortCredentialInfo: u.credential(u.signAbort(c))}
	for i := range n {
		answer.UploadCredentialInfos = append(answer.UploadCredentialInfos, u.credential(u.signPart(c, i+1)))
	}
	return answer, nil
}

func partAddress(c *api.Call, u *underway, q *GetPresignedUploadPartUrl) (*GetPresignedUploadPartUrlResponse, error) {
	if err := u.open(); err != nil {
		return nil, err
	}
	if err := u.partNumber(q.GetPartNumber()); err != nil {
		return nil, err
	}
	return &GetPresignedUploadPartUrlResponse{UploadCredentialInfo: u.credential(u.signPart(c, q.GetPartNumber()))}, nil
}
