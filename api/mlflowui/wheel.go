package mlflowui

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"bailiwick/fail"
)

// inWheel is where MLflow's package has its pages.
const inWheel = "mlflow/server/js/build/"

// Limits of a wheel, several times what MLflow's own has (3.17: 12 MB, 1,838 files, 408 of the pages with 27 MB, none compressed below a 45th).
const (
	// MaxWheel is the most bytes of a wheel.
	MaxWheel = 128 << 20
	// maxEntries is the most entries of a wheel, maxFiles the most files of a build.
	maxEntries, maxFiles = 20_000, 5_000
	// maxFile and maxBuild are the most bytes of a file and of all files of a build.
	maxFile, maxBuild = 64 << 20, 256 << 20
	// maxRatio is how many times larger than its compressed form a file of some size may be.
	maxRatio, someSize = 200, 1 << 20
	// maxMetadata is the most bytes of the package's description.
	maxMetadata = 1 << 20
)

// FromWheel reads the pages out of MLflow's wheel. Whatever is wrong with it is of kind fail.Invalid and says so.
func FromWheel(r io.ReaderAt, size int64) (*Bundle, error) {
	if size > MaxWheel {
		return nil, fail.New(fail.TooLarge, "the wheel is larger than %d MiB", MaxWheel>>20)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fail.Invalidf("this is no wheel: %v", err)
	}
	if len(z.File) > maxEntries {
		return nil, fail.Invalidf("the wheel has %d entries, more than %d", len(z.File), maxEntries)
	}
	b := &Bundle{files: map[string]*file{}}
	for _, e := range z.File {
		if err := b.entry(e); err != nil {
			return nil, err
		}
	}
	if b.Version == "" {
		return nil, fail.Invalidf("this is no wheel of MLflow: it has no mlflow-VERSION.dist-info/METADATA that names mlflow and a version")
	}
	return b.finish("the wheel has no pages: " + inWheel + indexName + " is missing (mlflow-skinny has none)")
}

// entry takes in one entry of the archive, if it is of the pages or the package's description. Each name of the archive is looked at.
func (b *Bundle) entry(e *zip.File) error {
	if name := strings.TrimSuffix(e.Name, "/"); !fs.ValidPath(name) || strings.Contains(name, "\\") {
		return fail.Invalidf("the wheel has an entry %q, which is no name within a folder", e.Name)
	}
	if strings.HasPrefix(e.Name, "mlflow-") && strings.HasSuffix(e.Name, ".dist-info/METADATA") {
		return b.describe(e)
	}
	name, ok := strings.CutPrefix(e.Name, inWheel)
	if !ok || strings.HasSuffix(name, "/") {
		return nil
	}
	if !e.Mode().IsRegular() {
		return fail.Invalidf("the wheel's %s is no plain file", e.Name)
	}
	if b.files[name] != nil {
		return fail.Invalidf("the wheel has two entries %s", e.Name)
	}
	return b.keep(name, e)
}

// keep takes in a file of the pages. What the archive declares of its size is checked against the bounds first, and against its bytes then.
func (b *Bundle) keep(name string, e *zip.File) error {
	size, packed := int64(e.UncompressedSize64), int64(e.CompressedSize64)
	switch {
	case e.UncompressedSize64 > maxFile:
		return fail.Invalidf("the wheel's %s has more than %d MiB", e.Name, maxFile>>20)
	case size > someSize && size/max(packed, 1) > maxRatio:
		return fail.Invalidf("the wheel's %s is compressed more than %d times, which no file of the pages is", e.Name, maxRatio)
	case packed > size+size>>6+1<<10: // entries of an archive may share bytes, so that its own size bounds nothing
		return fail.Invalidf("the wheel's %s is larger compressed than it is", e.Name)
	}
	if err := b.count(size); err != nil {
		return err
	}
	f := &file{crc: e.CRC32, size: size}
	raw, err := e.OpenRaw()
	if err != nil {
		return fail.Invalidf("the wheel's %s cannot be read: %v", e.Name, err)
	}
	if f.deflated, err = io.ReadAll(raw); err != nil {
		return fail.Invalidf("the wheel's %s cannot be read: %v", e.Name, err)
	}
	switch e.Method {
	case zip.Store:
		f.deflated = deflated(f.deflated)
	case zip.Deflate:
	default:
		return fail.Invalidf("the wheel's %s is compressed by a method (%d) that wheels do not use", e.Name, e.Method)
	}
	body, err := f.inflate()
	if err != nil || crc32.ChecksumIEEE(body) != f.crc {
		return fail.Invalidf("the wheel's %s is damaged", e.Name)
	}
	b.files[name] = f
	return nil
}

// count adds a file of a size to the sums, within the bounds.
func (b *Bundle) count(size int64) error {
	b.Size += size
	if len(b.files) >= maxFiles || b.Size > maxBuild {
		return fail.Invalidf("the pages have more than %d files or %d MiB", maxFiles, maxBuild>>20)
	}
	return nil
}

// describe reads the version out of the package's description, whose head is like a letter's.
func (b *Bundle) describe(e *zip.File) error {
	r, err := e.Open()
	if err != nil {
		return fail.Invalidf("the wheel's %s cannot be read: %v", e.Name, err)
	}
	defer r.Close()
	name, version := "", ""
	lines := bufio.NewScanner(io.LimitReader(r, maxMetadata))
	for lines.Scan() && lines.Text() != "" {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch value = strings.TrimSpace(value); key {
		case "Name":
			name = value
		case "Version":
			version = value
		}
	}
	if name == "mlflow" && isVersion(version) {
		b.Version = version
	}
	return nil
}

// isVersion says that a text can be a version: short, and of the letters that versions have.
func isVersion(s string) bool {
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(".+!-_", r)
	}
	return s != "" && len(s) <= 64 && strings.IndexFunc(s, odd) < 0
}

// finish ends the reading of a bundle; missing says what it is without its page.
func (b *Bundle) finish(missing string) (*Bundle, error) {
	index := b.files[indexName]
	if index == nil {
		return nil, fail.Invalidf("%s", missing)
	}
	page, err := index.inflate()
	if err != nil {
		return nil, err
	}
	b.policy = policyOf(page)
	return b, nil
}

// deflated compresses bytes, fast: they are sent over a network mostly once a version and browser.
func deflated(body []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestSpeed) // fails for other levels only
	w.Write(body)                                  // a buffer takes everything
	w.Close()
	return out.Bytes()
}
