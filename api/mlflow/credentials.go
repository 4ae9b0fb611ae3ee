package mlflow

import (
	"io"
	"net/http"
	"net/url"
	"path"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// Signed addresses. What a client is given is an address of this server, good for one file, one method and api.SignedFor; it is decided
// again when it is used (DESIGN §3, Artifacts).

// transferPrefix is where signed addresses lead.
const transferPrefix = "/api/governance/1.0/transfer"

// Transfer is a request to a signed address. The name behind it is for people and programs that look at endings; it decides nothing.
type Transfer struct {
	Address *string `wire:"address"`
	Name    *string `wire:"name"`
}

func permitted(c *api.Call, _ *Transfer) (artifactAddress, error) {
	return proxyShape.parse(c.Permit().Name)
}

func (f *Front) transferRoutes() []api.Route {
	return []api.Route{
		getFile(f, "GET /{address}/{name}", permitted, api.Signed[Transfer]),
		putFile(f, "PUT /{address}/{name}", permitted, api.Signed[Transfer]),
	}
}

// signed gives the whole signed address of a file.
func signed(c *api.Call, p spot, method string) *string {
	permit := c.Sign(method, proxyShape.write(p.artifactAddress))
	return text(c.BaseURL() + transferPrefix + "/" + permit + "/" + url.PathEscape(path.Base(p.path)))
}

func signUpload(c *api.Call, p spot, _ *TransferPath) (*FilesCreateUploadUrlResponse, error) {
	if err := p.mayTake(); err != nil {
		return nil, err
	}
	noteFile(c, p)
	return &FilesCreateUploadUrlResponse{Url: signed(c, p, http.MethodPut)}, nil
}

// maxPaths is the most files of one request for credentials.
const maxPaths = 2000

// credentials gives a signed address for each path below the artifacts of an owner.
func credentials(c *api.Call, p spot, paths []string, method string) ([]*ArtifactCredentialInfo, error) {
	if method == http.MethodPut && p.frozen != nil {
		return nil, p.frozen
	}
	if len(paths) > maxPaths {
		return nil, fail.Invalidf("At most %d paths may be asked for at once, got %d", maxPaths, len(paths))
	}
	infos := make([]*ArtifactCredentialInfo, len(paths))
	for i, file := range paths {
		name, err := below(file)
		if err != nil {
			return nil, err
		}
		to := p
		to.path = name
		infos[i] = &ArtifactCredentialInfo{Path: &name, SignedUri: signed(c, to, method), Type: ArtifactCredentialTypeAwsPresignedUrl}
		if !p.model {
			infos[i].RunId = &p.owner
		}
	}
	return infos, nil
}

func (f *Front) credentialRoutes() []api.Route {
	return []api.Route{
		api.Read("POST /artifacts/credentials-for-read", authz.ReadArtifacts,
			at(func(_ *api.Call, q *GetCredentialsForRead) (artifactAddress, error) {
				return runAddress(q.GetRunId(), "")
			}),
			func(c *api.Call, p spot, q *GetCredentialsForRead) (*GetCredentialsForReadResponse, error) {
				infos, err := credentials(c, p, q.Path, http.MethodGet)
				return &GetCredentialsForReadResponse{CredentialInfos: infos}, err
			}, api.Or[GetCredentialsForRead](authz.ViewTrashed), api.As[GetCredentialsForRead]("credentialsForRead")),
		api.Read("POST /artifacts/credentials-for-write", authz.LogArtifacts,
			at(func(_ *api.Call, q *GetCredentialsForWrite) (artifactAddress, error) {
				return runAddress(q.GetRunId(), "")
			}),
			func(c *api.Call, p spot, q *GetCredentialsForWrite) (*GetCredentialsForWriteResponse, error) {
				infos, err := credentials(c, p, q.Path, http.MethodPut)
				return &GetCredentialsForWriteResponse{CredentialInfos: infos}, err
			}, api.Or[GetCredentialsForWrite](authz.ViewTrashed), api.As[GetCredentialsForWrite]("credentialsForWrite")),
		api.Read("POST /logged-models/{model_id}/artifacts/credentials-for-download", authz.ReadArtifacts,
			at(func(_ *api.Call, q *GetCredentialsForLoggedModelDownload) (artifactAddress, error) {
				return modelFile(q.GetModelId(), "")
			}),
			func(c *api.Call, p spot, q *GetCredentialsForLoggedModelDownload) (*GetCredentialsForLoggedModelDownloadResponse, error) {
				infos, err := credentials(c, p, q.Paths, http.MethodGet)
				return &GetCredentialsForLoggedModelDownloadResponse{Credentials: ofModel(p, infos)}, err
			}, api.Or[GetCredentialsForLoggedModelDownload](authz.ViewTrashed), api.As[GetCredentialsForLoggedModelDownload]("credentialsForRead")),
		api.Read("POST /logged-models/{model_id}/artifacts/credentials-for-upload", authz.LogArtifacts,
			at(func(_ *api.Call, q *GetCredentialsForLoggedModelUpload) (artifactAddress, error) {
				return modelFile(q.GetModelId(), "")
			}),
			func(c *api.Call, p spot, q *GetCredentialsForLoggedModelUpload) (*GetCredentialsForLoggedModelUploadResponse, error) {
				infos, err := credentials(c, p, q.Paths, http.MethodPut)
				return &GetCredentialsForLoggedModelUploadResponse{Credentials: ofModel(p, infos)}, err
			}, api.Or[GetCredentialsForLoggedModelUpload](authz.ViewTrashed), api.As[GetCredentialsForLoggedModelUpload]("credentialsForWrite")),
	}
}

func ofModel(p spot, infos []*ArtifactCredentialInfo) []*LoggedModelArtifactCredential {
	list := make([]*LoggedModelArtifactCredential, len(infos))
	for i, info := range infos {
		list[i] = &LoggedModelArtifactCredential{ModelId: &p.owner, CredentialInfo: info}
	}
	return list
}

// receiveFile takes the bytes of a file in that the Files API gets.
func (f *Front) receiveFile(c *api.Call, p spot, _ *FilePath, body io.Reader) (received, error) {
	return f.receive(c, p, body)
}
