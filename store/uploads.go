package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"bailiwick/fail"
)

// UploadForm is how the bytes of an upload come.
type UploadForm int64

// The forms: all at once, in numbered parts of any order, or one piece after the other from the beginning.
const (
	WholeUpload UploadForm = iota + 1
	PartsUpload
	ResumableUpload
	// DirectUpload is in parts that go to the object store itself.
	DirectUpload
)

const (
	// UploadLife is how long an upload may rest before it is dropped; clients that resume do so within days.
	UploadLife = 7 * 24 * time.Hour
	// uploadQuiet is how long after its last sign of life an upload counts as being in flight.
	uploadQuiet = 3 * time.Hour
)

// Upload is a file of a run or logged model that is under way and has no name yet.
type Upload struct {
	ID    string
	Form  UploadForm
	Owner string
	Path  string
	// Experiment is the owner's, Writer who began it and alone may go on.
	Experiment, Writer int64
	// Parts is how many the client declared; 0 = it did not say.
	Parts int64
	// Over allows a file that is there to be written over.
	Over bool
	// Created, Touched (the last sign of life) and Done are ms since 1970; Done is 0 until it became an artifact.
	Created, Touched, Done int64
	// Digest and Size are what it became.
	Digest [32]byte
	Size   int64
	// Staging and Session are the blob store's names of a direct upload; empty for others.
	Staging, Session string
}

// UploadPart is a part of an upload: bytes of their own in the blob store.
type UploadPart struct {
	Number int64
	Digest [32]byte
	Size   int64
}

// NoUpload is the error for an upload that is not there, is somebody else's, or is of another file.
func NoUpload(id string) error {
	return fail.NotFoundf("No upload '%s' of this file is under way: it may have been aborted, or have rested too long", id)
}

// PutUpload writes down that an upload began.
func (tx *Tx) PutUpload(u *Upload) error {
	return tx.do(`INSERT INTO uploads (id, form, owner, path, experiment, writer, parts, over, created, touched, done, digest, size,
		staging, session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?, ?)`,
		u.ID, int64(u.Form), u.Owner, []byte(u.Path), u.Experiment, u.Writer, u.Parts, number(u.Over), tx.Now, tx.Now, []byte{},
		u.Staging, u.Session)
}

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Upload gives an upload that is under way, or was completed not long ago; fail.NotFound when there is none.
func (tx *Tx) Upload(id string) (*Upload, error) {
	u := &Upload{ID: id}
	var form, over int64
	var path, digest []byte
	found, err := tx.one([]any{&form, &u.Owner, &path, &u.Experiment, &u.Writer, &u.Parts, &over, &u.Created, &u.Touched, &u.Done, &digest,
		&u.Size, &u.Staging, &u.Session}, `SELECT form, owner, path, experiment, writer, parts, over, created, touched, done, digest, size,
		staging, session FROM uploads WHERE id = ?`, id)
	if err == nil && !found {
		err = NoUpload(id)
	}
	u.Form, u.Path, u.Over = UploadForm(form), string(path), over != 0
	copy(u.Digest[:], digest)
	return u, err
}

// UploadParts gives the parts of an upload that have come, by number.
func (tx *Tx) UploadParts(id string) (parts []UploadPart, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var p UploadPart
		var digest []byte
		err := r.Scan(&p.Number, &digest, &p.Size)
		copy(p.Digest[:], digest)
		parts = append(parts, p)
		return err
	}, "SELECT part, digest, size FROM upload_parts WHERE upload = ? ORDER BY part", id)
	return parts, err
}

// TouchUpload keeps an upload, and holds it until the transaction ends: what is said of its parts then stays true. fail.NotFound when
// it was
// completed or aborted.
func (tx *Tx) TouchUpload(id string) error {
	n, err := tx.exec("UPDATE uploads SET touched = ? WHERE id = ? AND done = 0", tx.Now, id)
	if err == nil && n == 0 {
		err = NoUpload(id)
	}
	return err
}

// PutUploadPart writes down a part whose bytes are safe, over an older one of its number. The upload must be held (TouchUpload).
func (tx *Tx) PutUploadPart(id string, p UploadPart) error {
	return tx.do(`INSERT INTO upload_parts (upload, part, digest, size) VALUES (?, ?, ?, ?)
		ON CONFLICT (upload, part) DO UPDATE SET digest = excluded.digest, size = excluded.size`, id, p.Number, p.Digest[:], p.Size)
}

// EndUpload marks an upload as what became of it, which was made of the given parts, and says whether it was this call that did: false
// when
// another made the same of it. fail.Conflict when other parts came meanwhile, fail.NotFound when it was aborted.
func (tx *Tx) EndUpload(id string, parts []UploadPart, digest [32]byte, size int64) (bool, error) {
	n, err := tx.exec("UPDATE uploads SET done = ?, touched = ?, digest = ?, size = ? WHERE id = ? AND done = 0",
		tx.Now, tx.Now, digest[:], size, id)
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, tx.endedAs(id, digest)
	}
	now, err := tx.UploadParts(id)
	if err != nil {
		return false, err
	}
	if !slices.Equal(now, parts) {
		return false, fail.New(fail.Conflict, "A part of the upload '%s' came while it was completed: complete it again", id)
	}
	return true, tx.do("DELETE FROM upload_parts WHERE upload = ?", id)
}

// endedAs is no error when an upload was completed, and became what the digest says.
func (tx *Tx) endedAs(id string, digest [32]byte) error {
	u, err := tx.Upload(id)
	if err == nil && (u.Done == 0 || u.Digest != digest) {
		err = NoUpload(id)
	}
	return err
}

// UploadSize gives the bytes of an upload's parts but one.
func (tx *Tx) UploadSize(id string, but int64) (n int64, err error) {
	_, err = tx.one([]any{&n}, "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM upload_parts WHERE upload = ? AND part <> ?", id, but)
	return n, err
}

// DropUpload forgets an upload that was not completed, and says whether there was one. The bytes are the collector's.
func (tx *Tx) DropUpload(id string) (bool, error) {
	n, err := tx.exec("DELETE FROM uploads WHERE id = ? AND done = 0", id)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.do("DELETE FROM upload_parts WHERE upload = ?", id)
}

// UploadsBelow gives the number of uploads that are in flight at a path of a run or logged model, or below it ("" is the root): those
// in parts that were heard of in the last hours, and files that are arriving right now.
func (tx *Tx) UploadsBelow(owner, path string) (n int64, err error) {
	from, to := below(path)
	_, err = tx.one([]any{&n}, `SELECT COUNT(*) FROM uploads
		WHERE owner = ? AND (path = ? OR path >= ? AND path < ?) AND done = 0 AND touched >= ?`,
		owner, []byte(path), from, to, tx.Now-uploadQuiet.Milliseconds())
	return n + tx.s.arriving.below(owner, path), err
}

// maxStale is how many uploads one transaction drops.
const maxStale = 500

// DropStaleUploads forgets uploads that were not heard of since the given time (ms since 1970), and those completed before it, and gives
// their number.
func (s *Store) DropStaleUploads(ctx context.Context, before int64) (gone int64, err error) {
	for {
		var n int64
		err := s.Write(ctx, func(tx *Tx) (err error) {
			stale := "(SELECT id FROM uploads WHERE touched < ? ORDER BY touched, id LIMIT ?)"
			if err := tx.do("DELETE FROM upload_parts WHERE upload IN "+stale, before, maxStale); err != nil {
				return err
			}
			n, err = tx.exec("DELETE FROM uploads WHERE id IN "+stale, before, maxStale)
			return err
		})
		gone += n
		if err != nil || n < maxStale {
			return gone, err
		}
	}
}

// within says whether a path is at another or below it; "" is the root.
func within(path, folder string) bool {
	return folder == "" || path == folder || strings.HasPrefix(path, folder+"/")
}
