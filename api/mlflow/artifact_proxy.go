package mlflow

import (
	"math"
	"path"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking/search"
)

// proxyPrefixes are where clients with an http address transfer artifacts.
var proxyPrefixes = []string{"/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"}

// ArtifactFile is a request whose address of an artifact is the rest of its path.
type ArtifactFile struct {
	ArtifactPath *string `wire:"artifact_path,artifactPath"`
}

func proxied(_ *api.Call, q *ArtifactFile) (artifactAddress, error) {
	return proxyShape.parse(deref(q.ArtifactPath, ""))
}

// proxiedFolder takes the slash at the end, with which `mlflow gc` names the folder that it deletes.
func proxiedFolder(_ *api.Call, q *ArtifactFile) (artifactAddress, error) {
	return proxyShape.parse(folderOf(deref(q.ArtifactPath, "")))
}

// proxyRoutes is the table of the artifact proxy (reference: mlflow-api.md §1).
func (f *Front) proxyRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /artifacts", authz.ReadArtifacts, at(func(_ *api.Call, q *ProxyListArtifacts) (artifactAddress, error) {
			return proxyShape.parse(folderOf(q.GetPath()))
		}), listProxied, orElsewhere[ProxyListArtifacts](), api.As[ProxyListArtifacts]("listArtifacts")),
		getFile(f, "GET /artifacts/{artifact_path...}", proxied),
		putFile(f, "PUT /artifacts/{artifact_path...}", proxied),
		dropFiles("DELETE /artifacts/{artifact_path...}", proxiedFolder, dropAny),
	}
}

// listProxied gives all of a folder at once, with names relative to it: clients do not page here. A file, or nothing, has nothing in it.
func listProxied(c *api.Call, p spot, _ *ProxyListArtifacts) (*ProxyListArtifactsResponse, error) {
	list, _, err := p.list(c, "", math.MaxInt)
	answer := &ProxyListArtifactsResponse{Files: make([]*ProxyFileInfo, 0, len(list))}
	for _, e := range list {
		name := path.Base(e.Path)
		file := &ProxyFileInfo{Path: &name, IsDir: &e.Folder}
		if !e.Folder {
			file.FileSize = &e.Size
		}
		answer.Files = append(answer.Files, file)
	}
	return answer, err
}

// artifactsPage is how many entries a page of artifacts/list has, MLflow's own number being unlimited and Databricks' 1000.
const artifactsPage = 1000

// listed is what both listings of an owner's artifacts answer.
type listed struct {
	files []*FileInfo
	next  *string
}

// listPage gives a page of a folder, with paths below the root of artifacts.
func listPage(c *api.Call, p spot, token string) (l listed, err error) {
	entries, next, err := pageOf(c, p, token, artifactsPage)
	for _, e := range entries {
		file := &FileInfo{Path: &e.Path, IsDir: &e.Folder}
		if !e.Folder {
			file.FileSize = &e.Size
		}
		l.files = append(l.files, file)
	}
	l.next = next
	return l, err
}

// pageOf gives what is directly in a folder, a page at a time; a token is good for its caller and its folder only.
func pageOf(c *api.Call, p spot, token string, size int) ([]store.ArtifactEntry, *string, error) {
	hash := search.QueryHash("artifacts", p.owner, p.artifactAddress.version, p.path)
	t, err := search.DecodeToken(token, c.PageKey(), c.Who.Principal, hash)
	if err != nil {
		return nil, nil, err
	}
	after := ""
	if len(t.After) > 0 {
		after = t.After[0].Text
	}
	list, next, err := p.list(c, after, size)
	if err != nil || next == "" {
		return list, nil, err
	}
	return list, text(search.Token{After: search.Cursor{{Text: next}}}.Encode(c.PageKey(), c.Who.Principal, hash)), nil
}

// listRoutes are the listings of the tracking API.
func (f *Front) listRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /artifacts/list", authz.ReadArtifacts, at(func(_ *api.Call, q *ListArtifacts) (artifactAddress, error) {
			return runAddress(runOr(q.GetRunId(), q.GetRunUuid()), folderOf(q.GetPath()))
		}), listRun, api.Or[ListArtifacts](authz.ViewTrashed), api.As[ListArtifacts]("listArtifacts")),
		api.Read("GET /logged-models/{model_id}/artifacts/directories", authz.ReadArtifacts,
			at(func(_ *api.Call, q *ListLoggedModelArtifacts) (artifactAddress, error) {
				return modelFile(q.GetModelId(), folderOf(q.GetArtifactDirectoryPath()))
			}), listModel, api.Or[ListLoggedModelArtifacts](authz.ViewTrashed), api.As[ListLoggedModelArtifacts]("listArtifacts")),
	}
}

// runAddress is the address of a path of a run that is named without its experiment; modelFile that of a logged model's.
func runAddress(run, path string) (artifactAddress, error) {
	if run == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'run_id'.")
	}
	path, err := below(path)
	return artifactAddress{owner: run, path: path}, err
}

func modelFile(model, path string) (artifactAddress, error) {
	path, err := below(path)
	return artifactAddress{owner: model, model: true, path: path}, err
}

func listRun(c *api.Call, p spot, q *ListArtifacts) (*ListArtifactsResponse, error) {
	h, err := c.Tx.RunHead(p.owner)
	if err != nil {
		return nil, err
	}
	l, err := listPage(c, p, q.GetPageToken())
	return &ListArtifactsResponse{RootUri: text(formOf(c).address(h.ArtifactURI)), Files: l.files, NextPageToken: l.next}, err
}

func listModel(c *api.Call, p spot, q *ListLoggedModelArtifacts) (*ListLoggedModelArtifactsResponse, error) {
	h, err := c.Tx.ModelHead(p.owner)
	if err != nil {
		return nil, err
	}
	l, err := listPage(c, p, q.GetPageToken())
	return &ListLoggedModelArtifactsResponse{RootUri: text(formOf(c).modelAddress(&h.LoggedModel)), Files: l.files, NextPageToken: l.next}, err
}
