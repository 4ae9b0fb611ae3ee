package mlflow

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/store"
)

// Resumable uploads: pieces one after the other, each saying in Content-Range where it belongs. The answer to each is how much has
// come, by
// which a client that was cut off goes on; the one that reaches the end names the file.

// span is a Content-Range: bytes from-to/total. total is -1 where it is not known yet; to is from-1 where there are no bytes.
type span struct{ from, to, total int64 }

var spanForm = regexp.MustCompile(`^bytes (?:(\d{1,18})-(\d{1,18})|\*)/(?:(\d{1,18})|\*)$`)

// readSpan reads a Content-Range; without one the body is the whole file.
func readSpan(text, length string) (s span, asks bool, err error) {
	if text == "" {
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil {
			return s, false, fail.Invalidf("A piece of a resumable upload needs a Content-Range, or a Content-Length when it is the whole file")
		}
		return span{0, n - 1, n}, false, nil
	}
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return s, false, fail.Invalidf("Invalid Content-Range %q: it is 'bytes FROM-TO/TOTAL', with * for a total that is not known, "+
			"or 'bytes */*' to ask", text)
	}
	s = span{-1, -1, number(m[3])}
	if m[1] == "" {
		return s, true, nil
	}
	s.from, s.to = number(m[1]), number(m[2])
	if s.to < s.from || s.total >= 0 && s.to >= s.total {
		return s, false, fail.Invalidf("Invalid Content-Range %q: the piece ends before it begins, or behind the end", text)
	}
	return s, false, nil
}

// number reads digits; -1 for none.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// piece is what came of a resumable upload: nothing (a question, or a piece that does not fit), a part, or the whole file.
type piece struct {
	seen  []store.UploadPart
	part  *store.UploadPart
	whole *received
}

// receivePiece takes a piece in, and makes the file when it is the last.
func (f *Front) receivePiece(c *api.Call, u *underway, _ *Transfer, body io.Reader) (got piece, err error) {
	if err := u.fresh(c); err != nil {
		return got, err
	}
	if err := u.is(store.ResumableUpload); err != nil {
		return got, err
	}
	s, asks, err := readSpan(c.Header("Content-Range"), c.Header("Content-Length"))
	if err != nil {
		return got, err
	}
	got.seen = u.parts
	have := u.but(0)
	switch {
	case u.Done != 0, asks && s.total != have, !asks && s.from != have:
		_, err := io.Copy(io.Discard, io.LimitReader(body, maxUnfit)) // the client reads the answer then
		return got, err
	case asks:
		return f.lastPiece(c, u, got)
	}
	if got.part, err = f.onePiece(c, u, s, have, body); err != nil || s.to+1 != s.total {
		return got, err
	}
	return f.lastPiece(c, u, got)
}

// maxUnfit is how much of a piece that does not fit is taken in.
const maxUnfit = 64 << 20

// onePiece takes the bytes of a piece in, which must be as many as were announced.
func (f *Front) onePiece(c *api.Call, u *underway, s span, have int64, body io.Reader) (*store.UploadPart, error) {
	if err := u.mayTake(); err != nil {
		return nil, err
	}
	if len(u.parts) >= maxParts {
		return nil, fail.New(fail.Limit, "A resumable upload has at most %d pieces: send larger ones", maxParts)
	}
	most, err := f.room(have)
	if err != nil {
		return nil, err
	}
	got, err := f.take(c, body, most)
	if err == nil && got.size != s.to-s.from+1 {
		err = fail.Invalidf("The piece was announced with %d bytes, and %d came; nothing of it was kept", s.to-s.from+1, got.size)
	}
	return &store.UploadPart{Number: int64(len(u.parts)) + 1, Digest: got.digest, Size: got.size}, err
}

// lastPiece makes the file of all pieces.
func (f *Front) lastPiece(c *api.Call, u *underway, got piece) (piece, error) {
	if err := u.mayTake(); err != nil {
		return got, err
	}
	all := slices.Clone(u.parts)
	if got.part != nil {
		all = append(all, *got.part)
	}
	whole, err := f.join(c, all)
	got.whole = &whole
	return got, err
}

// keepPiece writes a piece down, or names the file, and says how much has come.
func (f *Front) keepPiece(c *api.Call, u *underway, _ *Transfer, got piece) (*Nothing, error) {
	if u.missing != nil {
		return nil, u.missing
	}
	if u.Done != 0 {
		return &Nothing{}, nil
	}
	if got.whole != nil {
		return &Nothing{}, nameUpload(c, u, got.seen, *got.whole)
	}
	if err := u.mayTake(); err != nil {
		return nil, err
	}
	c.Action("uploadPart")
	return nil, f.addPiece(c, u, got)
}

// addPiece puts a piece behind those that were there when it came; where others came meanwhile, it is as if it had not come.
func (f *Front) addPiece(c *api.Call, u *underway, got piece) error {
	if err := c.Tx.TouchUpload(u.ID); err != nil {
		return err
	}
	now, err := c.Tx.UploadParts(u.ID)
	if err != nil {
		return err
	}
	u.parts = now
	if got.part != nil && slices.Equal(now, got.seen) {
		u.parts = append(now, *got.part)
		if err := c.Tx.PutUploadPart(u.ID, *got.part); err != nil {
			return err
		}
	}
	c.SetStatus(http.StatusPermanentRedirect) // which resumable uploads use for "go on"
	if n := u.but(0); n > 0 {
		c.SetHeader("Range", "bytes=0-"+strconv.FormatInt(n-1, 10))
	}
	return nil
}
