package mlflow

import (
	"io"
	"net/http"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// Uploads in parts as the Files API has them: begun and completed on the file itself, with addresses asked for in between.

// FileAction is a POST on a file of the Files API: what to do is in its query, the parts to complete with in its body.
type FileAction struct {
	FilePath     *string                     `wire:"file_path,filePath"`
	Action       *string                     `wire:"action"`
	Overwrite    *bool                       `wire:"overwrite"`
	UploadType   *string                     `wire:"upload_type,uploadType"`
	SessionToken *string                     `wire:"session_token,sessionToken"`
	Parts        []*ProxyMultipartUploadPart `wire:"parts"`
}

// FileActionResponse is the answer of initiate-upload; complete-upload answers an empty one.
type FileActionResponse struct {
	MultipartUpload *UploadSession `wire:"multipart_upload,multipartUpload"`
	ResumableUpload *UploadSession `wire:"resumable_upload,resumableUpload"`
}

// UploadSession names an upload.
type UploadSession struct {
	SessionToken *string `wire:"session_token,sessionToken"`
}

func fileAction(_ *api.Call, q *FileAction) (artifactAddress, error) {
	return filesShape.parse(deref(q.FilePath, ""))
}

// The actions on a file.
const (
	initiateUpload = "initiate-upload"
	finishUpload   = "complete-upload"
)

func (f *Front) actionRoute() api.Route {
	find := ofUpload(fileAction, func(_ *api.Call, q *FileAction) string { return deref(q.SessionToken, "") })
	act := func(c *api.Call, u *underway, q *FileAction, _ io.Reader) (assembled, error) {
		switch action := deref(q.Action, ""); action {
		case initiateUpload:
			return f.stage(c, u.spot)
		case finishUpload:
			got, err := f.complete(c, u, toldOf(q.Parts, (*ProxyMultipartUploadPart).GetPartNumber, (*ProxyMultipartUploadPart).GetEtag))
			return assembled{received: got, parts: u.parts}, err
		default:
			return assembled{}, fail.Invalidf("Invalid action %q: %s and %s are known", action, initiateUpload, finishUpload)
		}
	}
	return api.Upload("POST /files/{file_path...}", authz.LogArtifacts, find, act, func(c *api.Call, u *underway, q *FileAction,
		got assembled) (*FileActionResponse, error) {
		if deref(q.Action, "") == finishUpload {
			return &FileActionResponse{}, nameUpload(c, u, got.parts, got.received)
		}
		return f.initiate(c, u.spot, q, got.staged)
	}, api.Decoded[FileAction], orElsewhere[FileAction](), api.As[FileAction]("uploadArtifact"))
}

// initiate begins an upload. A file that may not be written over is refused now, before its bytes are sent.
func (f *Front) initiate(c *api.Call, p spot, q *FileAction, staged store.Upload) (*FileActionResponse, error) {
	c.Action("createUpload")
	over := deref(q.Overwrite, true)
	if !over {
		if err := unwritten(c, p); err != nil {
			return nil, err
		}
	}
	resumable := f.Resumable || deref(q.UploadType, "") == "resumable"
	staged.Form, staged.Over = store.PartsUpload, over
	switch {
	case resumable:
		staged.Form = store.ResumableUpload
	case staged.Staging != "":
		staged.Form = store.DirectUpload
	}
	u, err := begin(c, p, staged)
	if err != nil {
		return nil, err
	}
	session := &UploadSession{SessionToken: &u.ID}
	if resumable {
		return &FileActionResponse{ResumableUpload: session}, nil
	}
	return &FileActionResponse{MultipartUpload: session}, nil
}

// UploadUrls asks for addresses of an upload. expire_time is not read: addresses live as long as this server's do.
type UploadUrls struct {
	Path            *string `wire:"path"`
	SessionToken    *string `wire:"session_token,sessionToken"`
	StartPartNumber *int64  `wire:"start_part_number,startPartNumber"`
	Count           *int64  `wire:"count"`
	ExpireTime      *string `wire:"expire_time,expireTime"`
}

// UploadUrl is an address of a part, or of an upload.
type UploadUrl struct {
	Url        *string            `wire:"url"`
	PartNumber *int64             `wire:"part_number,partNumber"`
	Headers    []*FilesHttpHeader `wire:"headers"`
}

// UploadUrlsResponse is the answer of fs/create-upload-part-urls, -resumable-upload-url and -abort-upload-url.
type UploadUrlsResponse struct {
	UploadPartUrls     []*UploadUrl `wire:"upload_part_urls,uploadPartUrls"`
	ResumableUploadUrl *UploadUrl   `wire:"resumable_upload_url,resumableUploadUrl"`
	AbortUploadUrl     *UploadUrl   `wire:"abort_upload_url,abortUploadUrl"`
}

// urlRoutes vend the addresses of uploads that were begun.
func (f *Front) urlRoutes() []api.Route {
	find := ofUpload(func(c *api.Call, q *UploadUrls) (artifactAddress, error) {
		return transferPath(c, &TransferPath{Path: q.Path})
	}, func(_ *api.Call, q *UploadUrls) string { return deref(q.SessionToken, "") })
	route := func(path string, give func(*api.Call, *underway, *UploadUrls) (*UploadUrlsResponse, error)) api.Route {
		return api.Read("POST "+path, authz.LogArtifacts, find, func(c *api.Call, u *underway, q *UploadUrls) (*UploadUrlsResponse, error) {
			if err := u.open(); err != nil {
				return nil, err
			}
			return give(c, u, q)
		}, orElsewhere[UploadUrls](), api.As[UploadUrls]("createUploadPartUrl"))
	}
	return []api.Route{
		route("/create-upload-part-urls", f.partUrls),
		route("/create-resumable-upload-url", func(c *api.Call, u *underway, _ *UploadUrls) (*UploadUrlsResponse, error) {
			address := u.sign(c, "/resumable/", 0, http.MethodPut, http.MethodDelete)
			return &UploadUrlsResponse{ResumableUploadUrl: &UploadUrl{Url: address}}, u.is(store.ResumableUpload)
		}),
		route("/create-abort-upload-url", func(c *api.Call, u *underway, _ *UploadUrls) (*UploadUrlsResponse, error) {
			return &UploadUrlsResponse{AbortUploadUrl: &UploadUrl{Url: u.signAbort(c)}}, nil
		}),
	}
}

// is refuses what an upload of another form is asked for.
func (u *underway) is(form store.UploadForm) error {
	if u.missing == nil && u.Form != form {
		return fail.Invalidf("The upload '%s' was begun in another form: in numbered parts, or one piece after the other", u.ID)
	}
	return u.missing
}

func (f *Front) partUrls(c *api.Call, u *underway, q *UploadUrls) (*UploadUrlsResponse, error) {
	first, count := deref(q.StartPartNumber, 1), deref(q.Count, 1)
	if count < 1 || count > maxParts {
		return nil, fail.Invalidf("From 1 to %d addresses may be asked for at once, got %d", maxParts, count)
	}
	if err := u.partNumber(first); err != nil {
		return nil, err
	}
	answer := &UploadUrlsResponse{}
	for i := range min(count, maxParts+1-first) {
		address, err := f.partUrl(c, u, first+i)
		if err != nil {
			return nil, err
		}
		answer.UploadPartUrls = append(answer.UploadPartUrls, address)
	}
	return answer, nil
}

// partUrl gives the address of a part: ours, or the object store's.
func (f *Front) partUrl(c *api.Call, u *underway, number int64) (*UploadUrl, error) {
	if u.Form == store.DirectUpload {
		return f.directPart(c, u, number)
	}
	return &UploadUrl{Url: u.signPart(c, number), PartNumber: &number}, u.is(store.PartsUpload)
}

// The addresses of uploads, whose callers have no credential of their own.

func permittedUpload(c *api.Call, _ *Transfer) (artifactAddress, error) {
	_, _, place := partOf(c.Permit().Name)
	return proxyShape.parse(place)
}

func permittedID(c *api.Call, _ *Transfer) string {
	id, _, _ := partOf(c.Permit().Name)
	return id
}

func permittedPart(c *api.Call) int64 {
	_, part, _ := partOf(c.Permit().Name)
	return part
}

func (f *Front) uploadRoutes() []api.Route {
	find := ofUpload(permittedUpload, permittedID)
	signed, trashed := api.Signed[Transfer], orElsewhere[Transfer]()
	part := api.Audit[Transfer](api.Gathered, "", "uploadPart")
	drop := func(pattern string) api.Route {
		return api.Write(pattern, authz.LogArtifacts, find, func(c *api.Call, u *underway, _ *Transfer) (*Nothing, error) {
			if err := u.fresh(c); err != nil {
				return nil, err
			}
			return &Nothing{}, abort(c, u)
		}, signed, trashed, api.As[Transfer]("abortUpload"))
	}
	take := func(c *api.Call, u *underway, _ *Transfer, body io.Reader) (received, error) {
		if err := u.fresh(c); err != nil {
			return received{}, err
		}
		if err := u.is(store.PartsUpload); err != nil {
			return received{}, err
		}
		return f.receivePart(c, u, permittedPart(c), body)
	}
	keep := func(c *api.Call, u *underway, _ *Transfer, got received) (*Nothing, error) {
		return &Nothing{}, f.keepPart(c, u, permittedPart(c), got)
	}
	return []api.Route{
		api.Upload("PUT /parts/{address}/{name}", authz.LogArtifacts, find, take, keep, signed, trashed, part),
		drop("DELETE /parts/{address}/{name}"),
		api.Upload("PUT /resumable/{address}/{name}", authz.LogArtifacts, find, f.receivePiece, f.keepPiece, signed, trashed,
			api.As[Transfer]("uploadArtifact")),
		drop("DELETE /resumable/{address}/{name}"),
	}
}

// expired is how object stores say that an address is no longer good, by which clients know to ask for another.
const expired = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
	"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"

// failUpload writes the errors of addresses of uploads.
func failUpload(c *api.Call, e *fail.Error) (int, []byte) {
	if e.Code != api.ErrExpired.Code {
		return api.FailJSON(c, e)
	}
	c.SetHeader("Content-Type", "application/xml")
	return http.StatusForbidden, []byte(expired)
}
