package mlflowui

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
)

// Bundle is a build of MLflow's pages, held in memory as its files came: compressed. It is not changed once it was read.
type Bundle struct {
	// Version is the version of MLflow that it is of, as its package says; empty = unknown.
	Version string
	// Size is the sum of the files' bytes, uncompressed.
	Size int64

	files  map[string]*file
	policy string
}

// indexName is the page that all others are parts of; without it there is no bundle.
const indexName = "index.html"

// file is one file of a bundle.
type file struct {
	deflated []byte
	crc      uint32
	size     int64
}

// Files gives the number of files.
func (b *Bundle) Files() int { return len(b.files) }

// inflate gives the file's bytes, and an error when they are more or fewer than were said, or something follows them.
func (f *file) inflate() ([]byte, error) {
	packed := bytes.NewReader(f.deflated)
	r := flate.NewReader(packed)
	defer r.Close()
	body := bytes.NewBuffer(make([]byte, 0, f.size+bytes.MinRead))
	n, err := body.ReadFrom(io.LimitReader(r, f.size+1))
	if err == nil && (n != f.size || packed.Len() > 0) {
		err = fmt.Errorf("%d bytes and %d left where %d were declared", n, packed.Len(), f.size)
	}
	return body.Bytes(), err
}

// The first bytes of a gzip file without a name, of no time and no system (RFC 1952).
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// gzip gives the file as browsers take it: the bytes that a wheel holds are the middle of a gzip file.
func (f *file) gzip() []byte {
	out := make([]byte, 0, len(gzipHead)+len(f.deflated)+8)
	out = append(append(out, gzipHead...), f.deflated...)
	out = binary.LittleEndian.AppendUint32(out, f.crc)
	return binary.LittleEndian.AppendUint32(out, uint32(f.size))
}

// tag names the content for caches; weak, since it is the same whether the bytes are sent compressed or not.
func (f *file) tag() string { return fmt.Sprintf(`W/"%08x-%x"`, f.crc, f.size) }

// types are the content types of what builds consist of. The system's table is not asked: it differs from machine to machine.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8", ".cjs": "text/javascript; charset=utf-8", ".json": "application/json", ".map": "application/json",
	".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".gif": "image/gif",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
	".eot": "application/vnd.ms-fontobject", ".wasm": "application/wasm", ".pdf": "application/pdf",
}

// typeOf gives the content type of a file by its name.
func typeOf(name string) string {
	if t := types[path.Ext(name)]; t != "" {
		return t
	}
	return "application/octet-stream"
}

// compressible says that a browser gains from the compressed form.
func compressible(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp", "font/woff", "font/woff2"}, kind)
}
