package mlflow

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// Uploads in parts and resumable uploads. Each part is bytes of their own in the blob store; completing an upload makes one file of
// them, outside
// of any transaction, and names it in the transaction that decided once more. The dialects of this are in files of their own.

// maxParts is the most parts of an upload, as S3 has it.
const maxParts = 10_000

// underway is an upload that a request names, at the place that its file will have.
type underway struct {
	spot
	*store.Upload
	parts []store.UploadPart
	// missing is why there is no such upload, which is said after the decision only.
	missing error
}

// ofUpload makes the finder of routes about an upload. One of another person, or of another file, is told from a missing one by nobody.
func ofUpload[Q any](address func(*api.Call, *Q) (artifactAddress, error), id func(*api.Call, *Q) string) api.Finder[*underway, Q] {
	find := at(address)
	return func(c *api.Call, q *Q) (*underway, api.Target, error) {
		p, target, err := find(c, q)
		if err != nil {
			return nil, target, err
		}
		u := &underway{spot: p}
		return u, target, u.load(c, id(c, q))
	}
}

func (u *underway) load(c *api.Call, id string) (err error) {
	if u.Upload, err = c.Tx.Upload(id); fail.Is(err, fail.NotFound) {
		u.missing = err
		return nil
	}
	if err != nil {
		return err
	}
	if u.Owner != u.owner || u.Path != u.path || u.Writer != c.Who.Principal {
		u.missing = store.NoUpload(id)
		return nil
	}
	u.parts, err = c.Tx.UploadParts(id)
	return err
}

// open refuses an upload that takes no more bytes.
func (u *underway) open() error {
	switch {
	case u.missing != nil:
		return u.missing
	case u.Done != 0:
		return store.NoUpload(u.ID)
	}
	return u.mayTake()
}

// begin writes down that an upload of a file begins, and gives its id.
func begin(c *api.Call, p spot, u store.Upload) (*underway, error) {
	if err := p.mayTake(); err != nil {
		return nil, err
	}
	if u.Parts < 0 || u.Parts > maxParts {
		return nil, fail.Invalidf("An upload has from 1 to %d parts, got %d", maxParts, u.Parts)
	}
	u.ID, u.Owner, u.Path, u.Experiment, u.Writer = rand.Text(), p.owner, p.path, p.in, c.Who.Principal
	noteFile(c, p)
	c.Note("upload", u.ID)
	return &underway{spot: p, Upload: &u}, c.Tx.PutUpload(&u)
}

// abort forgets an upload and what came of it.
func abort(c *api.Call, u *underway) error {
	if err := u.open(); err != nil {
		return err
	}
	noteFile(c, u.spot)
	c.Note("upload", u.ID)
	dropped, err := c.Tx.DropUpload(u.ID)
	if err == nil && !dropped {
		err = store.NoUpload(u.ID)
	}
	return err
}

// Addresses. One of a part lives as long as its upload goes on: SignedFor after it was made, and after the last part that came.

// uploadPrefix is where addresses of parts lead.
const uploadPrefix = "/api/governance/1.0/upload"

// permit is the name in a permit of a part; part 0 is the upload itself.
func (u *underway) permit(part int64) string {
	return "upload/" + u.ID + "/" + strconv.FormatInt(part, 10) + "/" + proxyShape.write(u.artifactAddress)
}

// partOf reads the name that permit wrote.
func partOf(name string) (id string, part int64, place string) {
	fields := strings.SplitN(name, "/", 4)
	if len(fields) != 4 || fields[0] != "upload" {
		return "", 0, ""
	}
	part, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return "", 0, ""
	}
	return fields[1], part, fields[3]
}

// sign gives the address of a part, or of the upload itself.
func (u *underway) sign(c *api.Call, kind string, part int64, methods ...string) *string {
	permit := c.SignFor(store.UploadLife, u.permit(part), methods...)
	return text(c.BaseURL() + uploadPrefix + kind + permit + "/" + url.PathEscape(path.Base(u.path)))
}

func (u *underway) signPart(c *api.Call, part int64) *string {
	return u.sign(c, "/parts/", part, http.MethodPut)
}

func (u *underway) signAbort(c *api.Call) *string { return u.sign(c, "/parts/", 0, http.MethodDelete) }

// fresh refuses an address that has been lying about.
func (u *underway) fresh(c *api.Call) error {
	last := c.Permit().Expires - store.UploadLife.Milliseconds()
	if u.Upload != nil {
		last = max(last, u.Touched)
	}
	if time.Duration(c.Now.UnixMilli()-last)*time.Millisecond > api.SignedFor {
		return api.ErrExpired
	}
	return nil
}

// Parts.

// partNumber refuses a part that cannot be one of the upload's.
func (u *underway) partNumber(n int64) error {
	most := int64(maxParts)
	if u.Parts > 0 {
		most = u.Parts
	}
	if n < 1 || n > most {
		return fail.Invalidf("Parts of this upload have numbers from 1 to %d, got %d", most, n)
	}
	return nil
}

// room is the most bytes that may still come; 0 = any number.
func (f *Front) room(others int64) (int64, error) {
	if f.MaxArtifact == 0 {
		return 0, nil
	}
	if others >= f.MaxArtifact {
		return 0, f.tooLarge()
	}
	return f.MaxArtifact - others, nil
}

// but gives the bytes of all parts but one.
func (u *underway) but(part int64) (n int64) {
	for _, p := range u.parts {
		if p.Number != part {
			n += p.Size
		}
	}
	return n
}

// receivePart takes the bytes of a part in.
func (f *Front) receivePart(c *api.Call, u *underway, part int64, body io.Reader) (got received, err error) {
	if err := u.open(); err != nil {
		return got, err
	}
	if err := u.partNumber(part); err != nil {
		return got, err
	}
	most, err := f.room(u.but(part))
	if err != nil {
		return got, err
	}
	return f.take(c, body, most)
}

// keepPart writes a part down; the last of a number wins.
func (f *Front) keepPart(c *api.Call, u *underway, part int64, got received) error {
	if err := u.open(); err != nil {
		return err
	}
	if err := c.Tx.TouchUpload(u.ID); err != nil {
		return err
	}
	if f.MaxArtifact > 0 {
		others, err := c.Tx.UploadSize(u.ID, part)
		if err != nil {
			return err
		}
		if others+got.size > f.MaxArtifact {
			return f.tooLarge()
		}
	}
	c.SetHeader("ETag", strconv.Quote(got.digest.String()))
	return c.Tx.PutUploadPart(u.ID, store.UploadPart{Number: part, Digest: got.digest, Size: got.size})
}

// told is a part as a client names it when it completes an upload; an empty mark declares nothing.
type told struct {
	number int64
	etag   string
}

// complete makes one file of an upload's parts, which must be what the client says.
func (f *Front) complete(c *api.Call, u *underway, list []told) (received, error) {
	if u.missing != nil {
		return received{}, u.missing
	}
	if u.Done != 0 { // the client did not get the answer
		return received{digest: u.Digest, size: u.Size}, nil
	}
	if err := u.mayTake(); err != nil {
		return received{}, err
	}
	if u.Form == store.DirectUpload {
		return f.adopt(c, u, list)
	}
	if err := u.agree(list); err != nil {
		return received{}, err
	}
	return f.join(c, u.parts)
}

// agree holds what a client says of an upload's parts against what came.
func (u *underway) agree(list []told) error {
	if len(list) == 0 {
		return fail.Invalidf("An upload is completed by naming its parts, and none is named")
	}
	if u.Parts > 0 && int64(len(list)) != u.Parts {
		return fail.Invalidf("The upload was begun with %d parts, and %d are named", u.Parts, len(list))
	}
	for i, t := range list {
		if t.number != int64(i)+1 {
			return fail.Invalidf("Parts are named in order from 1 without a gap; in place %d there is part %d", i+1, t.number)
		}
		if i >= len(u.parts) || u.parts[i].Number != t.number {
			return fail.Invalidf("Part %d has not come", t.number)
		}
		if d := blob.Digest(u.parts[i].Digest).String(); t.etag != "" && bareMark(t.etag) != d {
			return fail.Invalidf("Part %d has the ETag \"%s\", not %s: send it again, or name what came", t.number, d, t.etag)
		}
	}
	if n := len(u.parts); n > len(list) {
		return fail.Invalidf("Part %d has come and is not named", u.parts[n-1].Number)
	}
	return nil
}

// bareMark takes away what an ETag is written in.
func bareMark(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// join makes one file of parts, reading each and checking it.
func (f *Front) join(c *api.Call, parts []store.UploadPart) (got received, err error) {
	if len(parts) == 1 {
		return received{digest: parts[0].Digest, size: parts[0].Size}, nil
	}
	w, err := f.Blobs.Create(c.Context())
	if err != nil {
		return got, err
	}
	defer w.Abort()
	for _, p := range parts {
		if err := f.append(c, w, p.Digest); err != nil {
			return got, err
		}
	}
	got.digest, got.size, err = w.Commit()
	return got, err
}

func (f *Front) append(c *api.Call, w io.Writer, d blob.Digest) error {
	r, _, err := f.Blobs.Open(c.Context(), d)
	if fail.Is(err, fail.NotFound) {
		return fail.New(fail.Conflict, "A part is gone: the upload was aborted meanwhile")
	}
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, blob.Checked(r, d))
	return err
}

// nameUpload gives the file that an upload became its name, once.
func nameUpload(c *api.Call, u *underway, parts []store.UploadPart, got received) error {
	if u.missing != nil {
		return u.missing
	}
	if err := u.mayTake(); err != nil {
		return err
	}
	c.Note("upload", u.ID)
	first, err := c.Tx.EndUpload(u.ID, parts, got.digest, got.size)
	if err != nil || !first {
		return err
	}
	if !u.Over {
		if err := unwritten(c, u.spot); err != nil {
			return err
		}
	}
	return keepFile(c, u.spot, got)
}
