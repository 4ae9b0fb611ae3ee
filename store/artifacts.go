package store

import (
	"bytes"
	"database/sql"
	"strings"

	"bailiwick/fail"
)

// Artifact is a file among the artifacts of a run or a logged model: a name for bytes in the blob store.
type Artifact struct {
	// Owner is the run's or model's id.
	Owner string
	// Path is below the owner's root: relative and clean, as tracking.ArtifactPath says.
	Path string
	// Experiment is the owner's.
	Experiment int64
	// Digest is the sha256 of the bytes, Size their number.
	Digest [32]byte
	Size   int64
	// Written is when (ms since 1970), Writer who put it there.
	Written int64
	Writer  int64
}

// Artifact gives the file at a path; fail.NotFound when there is none, also where the path is a folder.
func (tx *Tx) Artifact(owner, path string) (*Artifact, error) {
	a := &Artifact{Owner: owner, Path: path}
	var digest []byte
	found, err := tx.one([]any{&a.Experiment, &digest, &a.Size, &a.Written, &a.Writer},
		"SELECT experiment, digest, size, written, writer FROM artifacts WHERE owner = ? AND path = ?", owner, []byte(path))
	if err == nil && !found {
		err = fail.NotFoundf("No artifact at path '%s' of %s", path, owner)
	}
	copy(a.Digest[:], digest)
	return a, err
}

// PutArtifact writes down a file whose bytes are safe, over an older one at its path. A path cannot be a file and a folder: fail.Invalid.
func (tx *Tx) PutArtifact(a *Artifact) error {
	if err := tx.holdOwner(a.Owner); err != nil {
		return err
	}
	if err := tx.fits(a.Owner, a.Path); err != nil {
		return err
	}
	return tx.do(`INSERT INTO artifacts (owner, path, experiment, digest, size, written, writer) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (owner, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, written = excluded.written,
		writer = excluded.writer`, a.Owner, []byte(a.Path), a.Experiment, a.Digest[:], a.Size, tx.Now, a.Writer)
}

// holdOwner lets one upload at a time look at what an owner has, where the engine has several writers.
func (tx *Tx) holdOwner(owner string) error {
	if tx.s.d.single {
		return nil
	}
	if n, err := tx.exec("UPDATE runs SET changed = changed WHERE id = ?", owner); n > 0 || err != nil {
		return err
	}
	return tx.do("UPDATE logged_models SET changed = changed WHERE id = ?", owner)
}

// fits refuses a file at a path that is a folder already, or below one that is a file.
func (tx *Tx) fits(owner, path string) error {
	folder, err := tx.ArtifactFolder(owner, path)
	if err != nil {
		return err
	}
	if folder {
		return fail.Invalidf("Invalid path: '%s' is a folder, and cannot be a file too", path)
	}
	var above [][]byte
	for i := range path {
		if path[i] == '/' {
			above = append(above, []byte(path[:i]))
		}
	}
	return eachIn(tx, func(r *sql.Rows) error {
		var file []byte
		if err := r.Scan(&file); err != nil {
			return err
		}
		return fail.Invalidf("Invalid path: '%s' is a file, so nothing can be below it", file)
	}, "SELECT path FROM artifacts WHERE owner = ? AND path IN (?)", above, owner)
}

// below gives the bounds of the paths in a folder, the second exclusive; "" is the root.
func below(folder string) (from, to []byte) {
	if folder == "" {
		return []byte{}, []byte{0xff} // no UTF-8 has this byte
	}
	return []byte(folder + "/"), []byte(folder + string(rune('/'+1)))
}

// ArtifactFolder says whether anything is below a path, which makes it a folder; "" is the root.
func (tx *Tx) ArtifactFolder(owner, path string) (bool, error) {
	var one int64
	from, to := below(path)
	return tx.one([]any{&one}, "SELECT 1 FROM artifacts WHERE owner = ? AND path >= ? AND path < ? LIMIT 1", owner, from, to)
}

// DeleteArtifacts deletes the file at a path, or all below it when it is a folder, and gives the number of files; "" is everything. The bytes
// are the collector's.
func (tx *Tx) DeleteArtifacts(owner, path string) (int64, error) {
	from, to := below(path)
	return tx.exec("DELETE FROM artifacts WHERE owner = ? AND (path = ? OR path >= ? AND path < ?)", owner, []byte(path), from, to)
}

// ArtifactEntry is a file or folder in a folder of artifacts.
type ArtifactEntry struct {
	Path    string
	Folder  bool
	Size    int64 // of a file
	Written int64 // of a file, ms since 1970
}

// key orders entries: by bytes, folders as if their names ended in "/".
func (e *ArtifactEntry) key() string {
	if e.Folder {
		return e.Path + "/"
	}
	return e.Path
}

// listBatch is how many rows a listing reads at a time: a folder with more below it is jumped over.
const listBatch = 256

// ListArtifacts gives what is directly in a folder ("" is the root), after the entry that a page before ended with, at most limit entries.
// next is what the next page begins after, "" when this is the last.
func (tx *Tx) ListArtifacts(owner, folder, after string, limit int) (list []ArtifactEntry, next string, err error) {
	from, to := below(folder)
	if after != "" {
		from = past(after)
	}
	for {
		rows, err := tx.artifactRows(owner, from, to)
		if err != nil {
			return nil, "", err
		}
		for i := range rows {
			list = fold(list, &rows[i], len(folder))
			if len(list) > limit {
				return list[:limit], list[limit-1].key(), nil
			}
		}
		if len(rows) < listBatch {
			return list, "", nil
		}
		from = past(list[len(list)-1].key())
	}
}

// past is the least path that comes after an entry and, when it is a folder, after all that is in it.
func past(key string) []byte {
	if folder, ok := strings.CutSuffix(key, "/"); ok {
		_, to := below(folder)
		return to
	}
	return []byte(key + "\x00")
}

// fold adds a file to a listing of the folder whose path has so many bytes: as itself, or as the folder in it that it lies in.
func fold(list []ArtifactEntry, file *ArtifactEntry, folder int) []ArtifactEntry {
	if folder > 0 {
		folder++
	}
	i := strings.IndexByte(file.Path[folder:], '/')
	if i < 0 {
		return append(list, *file)
	}
	name := file.Path[:folder+i]
	if n := len(list); n > 0 && list[n-1].Folder && list[n-1].Path == name {
		return list
	}
	return append(list, ArtifactEntry{Path: name, Folder: true})
}

func (tx *Tx) artifactRows(owner string, from, to []byte) (rows []ArtifactEntry, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var e ArtifactEntry
		var path []byte
		err := r.Scan(&path, &e.Size, &e.Written)
		e.Path = string(bytes.Clone(path))
		rows = append(rows, e)
		return err
	}, "SELECT path, size, written FROM artifacts WHERE owner = ? AND path >= ? AND path < ? ORDER BY path LIMIT ?", owner, from, to, listBatch)
	return rows, err
}
