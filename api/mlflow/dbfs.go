package mlflow

import (
	"encoding/base64"
	"errors"
	"io"
	"math"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// DBFS, as far as artifacts go: below /databricks/mlflow-tracking there are those of runs and logged models, below /databricks/model-registry
// those of registered versions, and nothing else is there.

// DBFSPath is a request of the DBFS API, the raw one too.
type DBFSPath struct {
	Path   *string `wire:"path"`
	Offset *int64  `wire:"offset"`
	Length *int64  `wire:"length"`
}

// dbfsPath takes the path with or without the scheme.
func dbfsPath(_ *api.Call, q *DBFSPath) (artifactAddress, error) {
	rest, err := absolute(trimScheme(deref(q.Path, "")))
	if err != nil {
		return artifactAddress{}, err
	}
	return dbfsShape.parse(folderOf(rest))
}

func trimScheme(text string) string {
	const scheme = "dbfs:"
	if len(text) > len(scheme) && text[:len(scheme)] == scheme {
		return text[len(scheme):]
	}
	return text
}

// rawPath is the path behind /dbfs/, without a slash.
func rawPath(_ *api.Call, q *DBFSPath) (artifactAddress, error) {
	return dbfsShape.parse(deref(q.Path, ""))
}

// DBFSFile is a file or folder of DBFS.
type DBFSFile struct {
	Path             *string `wire:"path"`
	IsDir            *bool   `wire:"is_dir,isDir"`
	FileSize         *int64  `wire:"file_size,fileSize"`
	ModificationTime *int64  `wire:"modification_time,modificationTime"`
}

// DBFSList is the answer of dbfs/list.
type DBFSList struct {
	Files []*DBFSFile `wire:"files"`
}

// DBFSRead is the answer of dbfs/read: a piece of a file, in base64.
type DBFSRead struct {
	BytesRead *int64  `wire:"bytes_read,bytesRead"`
	Data      *string `wire:"data"`
}

func (f *Front) dbfsRoutes() []api.Route {
	trashed := orElsewhere[DBFSPath]()
	return []api.Route{
		api.Read("GET /list", authz.ReadArtifacts, at(dbfsPath), listDBFS, trashed, api.As[DBFSPath]("listArtifacts")),
		api.Read("GET /get-status", authz.ReadArtifacts, at(dbfsPath), statDBFS, trashed, api.As[DBFSPath]("listArtifacts")),
		api.Read("GET /read", authz.ReadArtifacts, at(dbfsPath), f.readDBFS, trashed, api.Audit[DBFSPath](api.Each, "", "downloadArtifact")),
	}
}

// rawDBFSRoutes are the doors that MLflow's client uses for addresses which are neither a run's nor a model's.
func (f *Front) rawDBFSRoutes() []api.Route {
	return []api.Route{
		getFile(f, "GET /{path...}", rawPath),
		putFile(f, "POST /{path...}", rawPath),
		putFile(f, "PUT /{path...}", rawPath),
	}
}

func dbfsFile(p spot, e *store.ArtifactEntry) *DBFSFile {
	at := p.artifactAddress
	at.path = e.Path
	return &DBFSFile{Path: text("/" + dbfsShape.write(at)), IsDir: &e.Folder, FileSize: &e.Size, ModificationTime: &e.Written}
}

// look finds what is at a place: a file, or a folder.
func look(c *api.Call, p spot) (*store.ArtifactEntry, error) {
	a, err := p.file(c)
	if err == nil {
		return &store.ArtifactEntry{Path: a.Path, Size: a.Size, Written: a.Written}, nil
	}
	if fail.Is(err, fail.NotFound) {
		err = isFolder(c, p)
	}
	return &store.ArtifactEntry{Path: p.path, Folder: true}, err
}

// statDBFS says what is at a path.
func statDBFS(c *api.Call, p spot, _ *DBFSPath) (*DBFSFile, error) {
	e, err := look(c, p)
	if err != nil {
		return nil, err
	}
	return dbfsFile(p, e), nil
}

// listDBFS gives what is in a folder, or a file itself.
func listDBFS(c *api.Call, p spot, _ *DBFSPath) (*DBFSList, error) {
	e, err := look(c, p)
	if err != nil {
		return nil, err
	}
	if !e.Folder {
		return &DBFSList{Files: []*DBFSFile{dbfsFile(p, e)}}, nil
	}
	list, _, err := p.list(c, "", math.MaxInt)
	answer := &DBFSList{}
	for i := range list {
		answer.Files = append(answer.Files, dbfsFile(p, &list[i]))
	}
	return answer, err
}

// maxRead is the most bytes of one dbfs/read (Databricks' own limit).
const maxRead = 1 << 20

// readDBFS gives a piece of a file. The piece is small, so it is read here, in the snapshot.
func (f *Front) readDBFS(c *api.Call, p spot, q *DBFSPath) (*DBFSRead, error) {
	offset, length := deref(q.Offset, 0), deref(q.Length, maxRead/2)
	if offset < 0 || length < 0 || length > maxRead {
		return nil, fail.Invalidf("offset must not be negative, and length between 0 and %d", maxRead)
	}
	noteFile(c, p)
	a, err := p.file(c)
	if err != nil {
		return nil, f.noFile(c, p, err)
	}
	r, _, err := f.Blobs.Open(c.Context(), blob.Digest(a.Digest))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	piece := make([]byte, min(length, max(a.Size-offset, 0)))
	if _, err := r.ReadAt(piece, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	n, data := int64(len(piece)), base64.StdEncoding.EncodeToString(piece)
	return &DBFSRead{BytesRead: &n, Data: &data}, nil
}
