package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"bailiwick/fail"
	"bailiwick/keyed"
)

// File is one file of a version.
type File struct {
	Path   string // relative and clean (keyed.Path)
	Digest [32]byte
	Size   int64
}

// Manifest says what a version consists of. It is named by the sha256 of its text, so that a version which names it cannot change.
type Manifest struct {
	Digest [32]byte
	Files  []File // by path, byte by byte
	Size   int64  // of all files
	// Text has one line a file: its sha256, two blanks, its path, as `sha256sum` writes it, so that anybody can check a copy.
	Text []byte
}

// NewManifest makes the manifest of files, in whatever order they come. A version without files, a path twice and a path that is no artifact's
// are fail.Invalid.
func NewManifest(files []File) (*Manifest, error) {
	if len(files) == 0 {
		return nil, fail.Invalidf("There are no files at the source")
	}
	m := &Manifest{Files: slices.Clone(files)}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for i, f := range m.Files {
		if _, err := keyed.Path(f.Path); err != nil {
			return nil, err
		}
		if i > 0 && m.Files[i-1].Path == f.Path {
			return nil, fail.Invalidf("The path %q stands twice among the files of the source", f.Path)
		}
		m.Size += f.Size
	}
	m.Text = m.text()
	m.Digest = sha256.Sum256(m.Text)
	return m, nil
}

func (m *Manifest) text() []byte {
	var b bytes.Buffer
	for _, f := range m.Files {
		b.WriteString(hex.EncodeToString(f.Digest[:]))
		b.WriteString("  ")
		b.WriteString(f.Path)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// File gives the file at a path.
func (m *Manifest) File(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(m.Files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return File{}, false
	}
	return m.Files[i], true
}

// Entry is a file, or a folder, directly in a folder of a manifest.
type Entry struct {
	Path   string
	Folder bool
	Size   int64 // of a file
}

// List gives what is directly in a folder, "" for the whole; none for a folder that is not there.
func (m *Manifest) List(folder string) (list []Entry) {
	prefix := folder
	if prefix != "" {
		prefix += "/"
	}
	for _, f := range m.Files {
		rest, ok := strings.CutPrefix(f.Path, prefix)
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		e := Entry{Path: prefix + name, Folder: deeper, Size: f.Size}
		if deeper {
			e.Size = 0
		}
		if n := len(list); n > 0 && deeper && list[n-1] == e {
			continue
		}
		list = append(list, e)
	}
	return list
}

// ParseManifest reads the text of a manifest with the sizes of its files in their order; what is not one is fail.Internal, since only
// NewManifest writes them.
func ParseManifest(text []byte, sizes []int64) (*Manifest, error) {
	m := &Manifest{Text: text, Digest: sha256.Sum256(text)}
	for line := range bytes.Lines(text) {
		f, ok := parseLine(line)
		if !ok || len(m.Files) == len(sizes) {
			return nil, fail.Internalf(nil, "a manifest of the registry is damaged at line %d", len(m.Files)+1)
		}
		f.Size = sizes[len(m.Files)]
		m.Size += f.Size
		m.Files = append(m.Files, f)
	}
	return m, nil
}

func parseLine(line []byte) (f File, ok bool) {
	const digits = 2 * sha256.Size
	if len(line) < digits+4 || string(line[digits:digits+2]) != "  " || line[len(line)-1] != '\n' {
		return f, false
	}
	_, err := hex.Decode(f.Digest[:], line[:digits])
	f.Path = string(line[digits+2 : len(line)-1])
	return f, err == nil
}

// Key orders entries: by bytes, folders as if their names ended in "/".
func (e Entry) Key() string {
	if e.Folder {
		return e.Path + "/"
	}
	return e.Path
}
