package mlflow

import (
	"net/http"
	"path"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// The Files API, as far as artifacts go: below /WorkspaceInternal/Mlflow/Artifacts there are the artifacts of runs and logged models, and
// nothing else is there (reference: mlflow-api.md §2). Volumes are not served.

// FilePath is a request of the Files API: its path is the rest of the address.
type FilePath struct {
	FilePath  *string `wire:"file_path,filePath"`
	Overwrite *bool   `wire:"overwrite"`
	Action    *string `wire:"action"`
	PageToken *string `wire:"page_token,pageToken"`
	PageSize  *int64  `wire:"page_size,pageSize"`
}

func filesFile(_ *api.Call, q *FilePath) (artifactAddress, error) {
	return filesShape.parse(deref(q.FilePath, ""))
}

func filesFolder(_ *api.Call, q *FilePath) (artifactAddress, error) {
	return filesShape.parse(folderOf(deref(q.FilePath, "")))
}

// TransferPath is the query of fs/create-download-url and fs/create-upload-url: the path is absolute.
type TransferPath struct {
	Path *string `wire:"path"`
}

func transferPath(_ *api.Call, q *TransferPath) (artifactAddress, error) {
	rest, err := absolute(deref(q.Path, ""))
	if err != nil {
		return artifactAddress{}, err
	}
	return filesShape.parse(rest)
}

// DirectoryEntry is a file or folder in the Files API.
type DirectoryEntry struct {
	Path         *string `wire:"path"`
	IsDirectory  *bool   `wire:"is_directory,isDirectory"`
	FileSize     *int64  `wire:"file_size,fileSize"`
	LastModified *int64  `wire:"last_modified,lastModified"`
	Name         *string `wire:"name"`
}

// ListDirectory is the answer of GET /fs/directories.
type ListDirectory struct {
	Contents      []*DirectoryEntry `wire:"contents"`
	NextPageToken *string           `wire:"next_page_token,nextPageToken"`
}

func (f *Front) filesRoutes() []api.Route {
	trashed, write := api.Or[FilePath](authz.ViewTrashed), authz.LogArtifacts
	return append(f.urlRoutes(),
		getFile(f, "GET /files/{file_path...}", filesFile),
		api.Upload("PUT /files/{file_path...}", write, at(filesFile), f.receiveFile, commitFile, trashed, api.As[FilePath]("uploadArtifact")),
		f.actionRoute(),
		dropFiles("DELETE /files/{file_path...}", filesFile, dropFile),
		api.Read("GET /directories/{file_path...}", authz.ReadArtifacts, at(filesFolder), listDirectory, trashed,
			api.As[FilePath]("listArtifacts")),
		api.Write("PUT /directories/{file_path...}", write, at(filesFolder), makeDirectory, trashed, api.As[FilePath]("createDirectory")),
		dropFiles("DELETE /directories/{file_path...}", filesFolder, dropFolder),
		vend(f, "POST /create-download-url", transferPath, nil, func(a vended) *FilesCreateDownloadUrlResponse {
			return &FilesCreateDownloadUrlResponse{Url: a.url, Headers: a.list()}
		}),
		api.Read("POST /create-upload-url", authz.LogArtifacts, at(transferPath), signUpload, api.Or[TransferPath](authz.ViewTrashed),
			api.As[TransferPath]("createUploadUrl")),
	)
}

// mayWriteOver refuses a file that is there, where the client asks for it.
func mayWriteOver(c *api.Call, p spot, q *FilePath) error {
	if deref(q.Overwrite, true) {
		return nil
	}
	return unwritten(c, p)
}

// unwritten refuses a place where there is a file.
func unwritten(c *api.Call, p spot) error {
	_, err := c.Tx.Artifact(p.owner, p.path)
	if err == nil {
		return fail.New(fail.Conflict, "The file '%s' exists already", p.path).WithCode("ALREADY_EXISTS")
	}
	if fail.Is(err, fail.NotFound) {
		return nil
	}
	return err
}

func commitFile(c *api.Call, p spot, q *FilePath, got received) (*Nothing, error) {
	if err := mayWriteOver(c, p, q); err != nil {
		return nil, err
	}
	c.SetStatus(http.StatusNoContent)
	return nil, keepFile(c, p, got)
}

// dropFile deletes one file, which must be there.
func dropFile(c *api.Call, p spot) error {
	if _, err := c.Tx.Artifact(p.owner, p.path); err != nil {
		return err
	}
	c.SetStatus(http.StatusNoContent)
	return dropAny(c, p)
}

// dropFolder deletes an empty folder, which none of ours is: folders are there as long as there is a file in them.
func dropFolder(c *api.Call, p spot) error {
	if err := isFolder(c, p); err != nil {
		return err
	}
	if p.path == "" {
		return fail.Invalidf("The root of artifacts goes with its run or model")
	}
	return fail.New(fail.Invalid, "The directory '%s' is not empty", p.path).WithCode("FILES_API_DIRECTORY_IS_NOT_EMPTY")
}

// isFolder is the error of a path that is no folder. The root of artifacts always is one.
func isFolder(c *api.Call, p spot) error {
	if p.path == "" {
		return nil
	}
	folder, err := p.folder(c)
	if err == nil && !folder {
		err = fail.NotFoundf("No directory at path '%s' of %s", p.path, p.owner)
	}
	return err
}

// makeDirectory promises a folder: it is there once there is a file in it. One cannot be where a file is.
func makeDirectory(c *api.Call, p spot, _ *FilePath) (*Nothing, error) {
	if p.frozen != nil {
		return nil, p.frozen
	}
	switch _, err := c.Tx.Artifact(p.owner, p.path); {
	case err == nil:
		return nil, fail.New(fail.Conflict, "'%s' is a file", p.path).WithCode("ALREADY_EXISTS")
	case !fail.Is(err, fail.NotFound):
		return nil, err
	}
	noteFile(c, p)
	c.SetStatus(http.StatusNoContent)
	return nil, nil
}

// listDirectory gives a page of a folder; HEAD asks only whether it is one.
func listDirectory(c *api.Call, p spot, q *FilePath) (*ListDirectory, error) {
	if err := isFolder(c, p); err != nil {
		return nil, err
	}
	size := min(max(deref(q.PageSize, artifactsPage), 1), artifactsPage)
	list, next, err := pageOf(c, p, deref(q.PageToken, ""), int(size))
	answer := &ListDirectory{NextPageToken: next}
	for _, e := range list {
		answer.Contents = append(answer.Contents, directoryEntry(p, &e))
	}
	return answer, err
}

func directoryEntry(p spot, e *store.ArtifactEntry) *DirectoryEntry {
	at := p.artifactAddress
	at.path = e.Path
	name := path.Base(e.Path)
	entry := &DirectoryEntry{Path: text("/" + filesShape.write(at)), IsDirectory: &e.Folder, Name: &name}
	if !e.Folder {
		entry.FileSize, entry.LastModified = &e.Size, &e.Written
	}
	return entry
}
