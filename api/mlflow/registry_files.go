package mlflow

import (
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// The files of registered versions. They are reached by the same doors as those of runs and logged models, and read like them; nothing can be
// written there.

// orElsewhere declares what is asked instead where an artifact is not in an experiment that lives: in the trash, or in the registry.
func orElsewhere[Q any]() api.Option[Q] { return api.Or[Q](authz.ViewTrashed, authz.ViewModel) }

// versionSpot finds a place in a registered version: the decision is about its model.
func versionSpot(c *api.Call, a artifactAddress) (spot, api.Target, error) {
	v, target, err := findVersion(c, a.owner, a.version)
	if err != nil {
		return spot{}, target, err
	}
	target.Ability = authz.ViewModel
	target.Frozen = fail.New(fail.Denied, "Version %d of %s cannot be changed: the files of a registered version stay as they are. Register a new version.",
		v.Number, v.Name)
	return spot{artifactAddress: a, frozen: target.Frozen, version: v}, target, nil
}

// file gives the file at the place; fail.NotFound where there is none, also where it is a folder.
func (p spot) file(c *api.Call) (*store.Artifact, error) {
	if p.version == nil {
		return c.Tx.Artifact(p.owner, p.path)
	}
	m, err := c.Tx.Manifest(p.version)
	if err != nil {
		return nil, err
	}
	f, ok := m.File(p.path)
	if !ok {
		return nil, fail.NotFoundf("No artifact at path '%s' of version %d of %s", p.path, p.version.Number, p.version.Name)
	}
	return &store.Artifact{Owner: p.owner, Path: f.Path, Digest: f.Digest, Size: f.Size, Written: p.version.Created, Writer: p.version.Creator}, nil
}

// folder says whether the place is a folder.
func (p spot) folder(c *api.Call) (bool, error) {
	if p.version == nil {
		return c.Tx.ArtifactFolder(p.owner, p.path)
	}
	m, err := c.Tx.Manifest(p.version)
	return err == nil && len(m.List(p.path)) > 0, err
}

// list gives what is directly in the folder, as store.Tx.ListArtifacts does.
func (p spot) list(c *api.Call, after string, limit int) (list []store.ArtifactEntry, next string, err error) {
	if p.version == nil {
		return c.Tx.ListArtifacts(p.owner, p.path, after, limit)
	}
	m, err := c.Tx.Manifest(p.version)
	if err != nil {
		return nil, "", err
	}
	for _, e := range m.List(p.path) {
		if key := e.Key(); key <= after {
			continue
		}
		if len(list) == limit {
			last := list[limit-1]
			return list, registry.Entry{Path: last.Path, Folder: last.Folder}.Key(), nil
		}
		list = append(list, store.ArtifactEntry{Path: e.Path, Folder: e.Folder, Size: e.Size, Written: p.version.Created})
	}
	return list, "", nil
}

// versionAddress is where a version's files are, in the form.
func (f form) versionAddress(v *registry.Version) string {
	a := artifactAddress{owner: v.Name, version: strconv.FormatInt(v.Number, 10)}
	if f == workspaceForm {
		return "dbfs:/" + dbfsShape.write(a)
	}
	return store.ManagedRoot + proxyShape.write(a)
}

func (f *Front) registryFileRoutes() []api.Route {
	view := api.Or[ModelVersionFile](authz.ViewModel)
	return []api.Route{
		api.Read("GET /model-versions/get-download-uri", authz.ViewModel,
			version((*GetModelVersionDownloadUri).GetName, (*GetModelVersionDownloadUri).GetVersion), downloadUri,
			audited[GetModelVersionDownloadUri]("getModelVersionDownloadUri")),
		api.Read("GET /model-versions/list-artifacts", authz.ReadArtifacts, at(versionFolder), listVersion, view,
			audited[ModelVersionFile]("listModelVersionArtifacts")),
		api.Read("GET /model-versions/get-signed-download-uri", authz.ReadArtifacts, at(versionFile), signVersion, view,
			audited[ModelVersionFile]("getModelVersionSignedDownloadUri")),
	}
}

// versionDoors are the old doors to files of versions, which MLflow's pages use.
func (f *Front) versionDoors() []api.Route {
	return []api.Route{getFile(f, "GET /model-versions/get-artifact", versionFile)}
}

func versionFile(_ *api.Call, q *ModelVersionFile) (artifactAddress, error) {
	if deref(q.Path, "") == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'path'.")
	}
	return versionPath(q, *q.Path)
}

func versionFolder(_ *api.Call, q *ModelVersionFile) (artifactAddress, error) {
	return versionPath(q, folderOf(deref(q.Path, "")))
}

func versionPath(q *ModelVersionFile, path string) (artifactAddress, error) {
	name, version := deref(q.Name, ""), deref(q.Version, "")
	if name == "" || version == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameters 'name' and 'version'.")
	}
	path, err := below(strings.TrimPrefix(path, "/"))
	return artifactAddress{owner: name, version: version, path: path}, err
}

// downloadUri says where the files of a version are. One that has none yet is refused, so that nobody loads half of it.
func downloadUri(c *api.Call, v *registry.Version, _ *GetModelVersionDownloadUri) (*GetModelVersionDownloadUriResponse, error) {
	if _, err := c.Tx.Manifest(v); err != nil && !fail.Is(err, fail.NotFound) {
		return nil, err
	}
	noteVersion(c, v)
	return &GetModelVersionDownloadUriResponse{ArtifactUri: text(formOf(c).versionAddress(v))}, nil
}

func listVersion(c *api.Call, p spot, q *ModelVersionFile) (*ListModelVersionArtifactsResponse, error) {
	l, err := listPage(c, p, deref(q.PageToken, ""))
	return &ListModelVersionArtifactsResponse{RootUri: text(formOf(c).versionAddress(p.version)), Files: l.files, NextPageToken: l.next}, err
}

func signVersion(c *api.Call, p spot, _ *ModelVersionFile) (*SignedDownloadUri, error) {
	if _, err := p.file(c); err != nil {
		return nil, err
	}
	noteFile(c, p)
	return &SignedDownloadUri{SignedUri: signed(c, p, "GET")}, nil
}
