package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"strings"

	"bailiwick/fail"
	"bailiwick/registry"
)

// putManifest notes what a version consists of, once for all versions that consist of the same. Where there is none the version stays as it
// is: pending, or a prompt.
func (tx *Tx) putManifest(v *registry.Version, m *registry.Manifest) error {
	if m == nil {
		return nil
	}
	v.Digest, v.Size, v.Files = m.Digest, m.Size, int64(len(m.Files))
	return tx.do("INSERT INTO manifests (digest, files, size, body, sizes) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING", m.Digest[:],
		v.Files, m.Size, m.Text, packSizes(m.Files))
}

func packSizes(files []registry.File) []byte {
	b := make([]byte, 0, 4*len(files))
	for _, f := range files {
		b = binary.AppendUvarint(b, uint64(f.Size))
	}
	return b
}

func unpackSizes(b []byte) (sizes []int64) {
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		if used <= 0 {
			return sizes
		}
		sizes, b = append(sizes, int64(n)), b[used:]
	}
	return sizes
}

// maxManifests is how many bytes of manifests are kept in memory.
const maxManifests = 16 << 20

// Manifest gives what a version consists of. A version that is pending or that failed is fail.State, a prompt has none: fail.NotFound.
func (tx *Tx) Manifest(v *registry.Version) (*registry.Manifest, error) {
	if v.Digest == ([32]byte{}) {
		return nil, noBytes(v)
	}
	if m := tx.s.manifests.get(v.Digest); m != nil {
		return m, nil
	}
	var body, sizes []byte
	found, err := tx.one([]any{&body, &sizes}, "SELECT body, sizes FROM manifests WHERE digest = ?", v.Digest[:])
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fail.Internalf(nil, "the manifest of version %d of model %d is missing", v.Number, v.Model)
	}
	m, err := registry.ParseManifest(body, unpackSizes(sizes))
	if err != nil {
		return nil, err
	}
	if m.Digest != v.Digest {
		return nil, fail.Internalf(nil, "the manifest of version %d of model %d is damaged", v.Number, v.Model)
	}
	tx.s.manifests.put(m)
	return m, nil
}

func noBytes(v *registry.Version) error {
	switch v.Status {
	case registry.Pending:
		return fail.Statef("Version %d of %s is still being registered: its files are not there yet.", v.Number, v.Name)
	case registry.Failed:
		return fail.Statef("Version %d of %s could not be registered: %s", v.Number, v.Name, v.StatusText)
	}
	return fail.NotFoundf("Version %d of %s has no files", v.Number, v.Name)
}

// maxSourceFiles bounds the files of one version: its manifest is written in one statement.
const maxSourceFiles = 50_000

// SourceFiles gives the files at a path of a run or logged model, "" for all of them, as a version made from there has them: a file as itself,
// those of a folder relative to it.
func (tx *Tx) SourceFiles(owner, path string) (files []registry.File, err error) {
	if path != "" {
		if a, err := tx.Artifact(owner, path); err == nil {
			return []registry.File{{Path: lastSegment(path), Digest: a.Digest, Size: a.Size}}, nil
		} else if !fail.Is(err, fail.NotFound) {
			return nil, err
		}
	}
	from, to := below(path)
	skip := len(path)
	if skip > 0 {
		skip++
	}
	err = tx.each(func(r *sql.Rows) error {
		var f registry.File
		var p, digest []byte
		err := r.Scan(&p, &digest, &f.Size)
		if err != nil {
			return err
		}
		f.Path = string(p[skip:])
		copy(f.Digest[:], digest)
		files = append(files, f)
		return nil
	}, "SELECT path, digest, size FROM artifacts WHERE owner = ? AND path >= ? AND path < ? ORDER BY path LIMIT ?", owner, from, to, maxSourceFiles+1)
	if len(files) > maxSourceFiles {
		return nil, fail.Invalidf("There are more than %d files at the source, which is the most a version can have", maxSourceFiles)
	}
	return files, err
}

// HasSource says whether SourceFiles finds anything, without reading it.
func (tx *Tx) HasSource(owner, path string) (bool, error) {
	folder, err := tx.ArtifactFolder(owner, path)
	if err != nil || folder || path == "" {
		return folder, err
	}
	_, err = tx.Artifact(owner, path)
	if fail.Is(err, fail.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// DropManifests deletes the manifests that no version names, and gives their number. It is a transaction of its own, in nobody's company.
func (s *Store) DropManifests(ctx context.Context) (n int64, err error) {
	err = s.WriteAlone(ctx, func(tx *Tx) (err error) {
		n, err = tx.exec("DELETE FROM manifests WHERE digest NOT IN (SELECT digest FROM model_versions)")
		return err
	})
	return n, err
}

// manifestDigests calls use with the digests of all files of all manifests.
func (tx *Tx) manifestDigests(use func(digest []byte) error) error {
	return tx.manifestFiles(func(f *registry.File) error { return use(f.Digest[:]) })
}

// manifestFiles calls use with each file of each manifest.
func (tx *Tx) manifestFiles(use func(*registry.File) error) error {
	return tx.each(func(r *sql.Rows) error {
		var body, sizes []byte
		if err := r.Scan(&body, &sizes); err != nil {
			return err
		}
		m, err := registry.ParseManifest(body, unpackSizes(sizes))
		if err != nil {
			return err
		}
		for i := range m.Files {
			if err := use(&m.Files[i]); err != nil {
				return err
			}
		}
		return nil
	}, "SELECT body, sizes FROM manifests")
}

// lastSegment gives the name of a file from its path.
func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
