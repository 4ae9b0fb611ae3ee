package mlflowui

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/fail"
)

const (
	indexPage = `<!doctype html><title>MLflow</title><script src="static-files/static/js/main.js"></script><script>let a = 1</script>`
	metadata  = "Metadata-Version: 2.4\nName: mlflow\nVersion: 3.17.2\nSummary: x\n\nName: other\n"
)

// part is an entry of a wheel that a test makes.
type part struct {
	name, body string
	change     func(*zip.FileHeader)
}

// wholeWheel is as little as a wheel can have.
func wholeWheel() []part {
	return []part{
		{name: "mlflow/__init__.py", body: "x = 1"}, {name: inWheel + indexName, body: indexPage},
		{name: inWheel + "static/js/main.js", body: strings.Repeat("main();", 500)},
		{name: inWheel + "static/media/dot.png", body: "\x89PNG"}, {name: "mlflow-3.17.2.dist-info/METADATA", body: metadata},
	}
}

// without gives the parts but those whose name has some words.
func without(words string) (list []part) {
	for _, p := range wholeWheel() {
		if !strings.Contains(p.name, words) {
			list = append(list, p)
		}
	}
	return list
}

func zipped(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if p.change != nil {
			p.change(h)
		}
		create := w.CreateHeader
		if h.CRC32 != 0 || h.UncompressedSize64 != 0 { // written as the header says
			create = w.CreateRaw
		}
		e, err := create(h)
		if err == nil {
			_, err = io.WriteString(e, p.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(wheel []byte) (*Bundle, error) { return FromWheel(bytes.NewReader(wheel), int64(len(wheel))) }

func TestWheel(t *testing.T) {
	stored := func(h *zip.FileHeader) { h.Method = zip.Store }
	parts := append(wholeWheel(), part{name: inWheel + "a.json", body: "{}", change: stored}, part{name: inWheel + "static/", change: stored},
		part{name: inWheel + "empty.txt"})
	b, err := read(zipped(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	if b.Version != "3.17.2" || b.Files() != 5 || b.Size != int64(len(indexPage)+3500+4+2) {
		t.Errorf("version %q, %d files of %d bytes", b.Version, b.Files(), b.Size)
	}
	for name, want := range map[string]string{indexName: indexPage, "static/js/main.js": strings.Repeat("main();", 500), "a.json": "{}", "empty.txt": ""} {
		body, err := b.files[name].inflate()
		if err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", name, body, err)
		}
		r, err := gzip.NewReader(bytes.NewReader(b.files[name].gzip()))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(r); err != nil || string(body) != want {
			t.Errorf("%s through gzip: %q, %v", name, body, err)
		}
	}
	// The inline script may run, by its digest; nothing else of the page's own may.
	if !strings.Contains(b.policy, "script-src 'self' 'unsafe-eval' 'sha256-") || strings.Count(b.policy, "sha256-") != 1 {
		t.Errorf("policy %s", b.policy)
	}
}

func TestWheelRefusals(t *testing.T) {
	random := make([]byte, 40<<10)
	rand.Read(random)
	bomb := strings.Repeat("\x00", 4<<20)
	says := func(method uint16, size, packed int) func(*zip.FileHeader) {
		return func(h *zip.FileHeader) {
			h.Method, h.CRC32, h.UncompressedSize64, h.CompressedSize64 = method, 1, uint64(size), uint64(packed)
		}
	}
	link := func(h *zip.FileHeader) { h.SetMode(os.ModeSymlink | 0o777) }
	packed := func(text string, size int) part {
		body := string(deflated([]byte(text)))
		crc := crc32.ChecksumIEEE([]byte(text))
		return part{name: inWheel + "x.js", body: body, change: func(h *zip.FileHeader) {
			h.CRC32, h.UncompressedSize64, h.CompressedSize64 = crc, uint64(size), uint64(len(body))
		}}
	}
	and := func(p ...part) []part { return append(wholeWheel(), p...) }
	for name, c := range map[string]struct {
		parts []part
		words string
	}{
		"no pages":            {without(inWheel), "has no pages"},
		"no index":            {without(indexName), "has no pages"},
		"no description":      {without("METADATA"), "no wheel of MLflow"},
		"another package":     {append(without("METADATA"), part{name: "mlflow-1.dist-info/METADATA", body: "Name: evil\nVersion: 1\n"}), "no wheel of MLflow"},
		"an odd version":      {append(without("METADATA"), part{name: "mlflow-1.dist-info/METADATA", body: "Name: mlflow\nVersion: <b>\n"}), "no wheel of MLflow"},
		"a way out":           {and(part{name: inWheel + "../../../../evil.js", body: "x"}), "no name within"},
		"a way out elsewhere": {and(part{name: "../evil.py", body: "x"}), "no name within"},
		"from the root":       {and(part{name: "/etc/passwd", body: "x"}), "no name within"},
		"a drive":             {and(part{name: `mlflow\..\evil`, body: "x"}), "no name within"},
		"a bomb":              {and(part{name: inWheel + "bomb.js", body: bomb}), "compressed more than"},
		"a link":              {and(part{name: inWheel + "link.js", body: "/etc/passwd", change: link}), "no plain file"},
		"twice the same":      {and(part{name: inWheel + indexName, body: "other"}), "two entries"},
		"more than it says":   {and(packed(strings.Repeat("a", 900), 10)), "damaged"},
		"less than it says":   {and(packed("a", 10)), "damaged"},
		"other bytes":         {and(part{name: inWheel + "x.js", body: "abc", change: says(zip.Store, 3, 3)}), "damaged"},
		"a huge file":         {and(packed("a", maxFile+1)), "more than 64 MiB"},
		"padding":             {and(part{name: inWheel + "x.js", body: string(random), change: says(zip.Deflate, 2, len(random))}), "larger compressed"},
		"another method":      {and(part{name: inWheel + "x.js", body: "abc", change: says(12, 3, 3)}), "method"},
	} {
		_, err := read(zipped(t, c.parts...))
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want it refused with %q", name, err, c.words)
		}
	}
	for name, text := range map[string]string{"nothing": "", "text": "hello", "half": string(zipped(t, wholeWheel()...)[:500])} {
		if _, err := read([]byte(text)); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := FromWheel(nil, MaxWheel+1); !fail.Is(err, fail.TooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// TestWheelSums: many files that are each within bounds are bounded together.
func TestWheelSums(t *testing.T) {
	b := &Bundle{files: map[string]*file{}}
	for range maxBuild / maxFile {
		if err := b.count(maxFile); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.count(1); !fail.Is(err, fail.Invalid) {
		t.Errorf("bytes: %v", err)
	}
	many := wholeWheel()
	for i := range maxFiles {
		many = append(many, part{name: inWheel + "f" + strings.Repeat("x", i%50) + string(rune('a'+i/50%26)) + strings.Repeat("y", i/1300)})
	}
	if _, err := read(zipped(t, many...)); !fail.Is(err, fail.Invalid) {
		t.Errorf("files: %v", err)
	}
}

func TestFolder(t *testing.T) {
	folder := t.TempDir()
	write := func(name, body string) {
		t.Helper()
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("mlflow/server/js/build/index.html", indexPage)
	write("mlflow/server/js/build/static/js/main.js", "main()")
	write("mlflow/version.py", "import re\nVERSION = \"3.17.2\"\n")
	for path, version := range map[string]string{"": "3.17.2", "mlflow": "3.17.2", "mlflow/server/js/build": "3.17.2"} {
		b, err := Open(filepath.Join(folder, path))
		if err != nil || b.Files() != 2 || b.Version != version {
			t.Errorf("%q: %+v, %v", path, b, err)
		}
	}
	write("some.whl", string(zipped(t, wholeWheel()...)))
	write("bad.whl", "no")
	if b, err := Open(filepath.Join(folder, "some.whl")); err != nil || b.Version != "3.17.2" {
		t.Errorf("wheel: %v", err)
	}
	for _, path := range []string{"bad.whl", "mlflow/server/js", "none"} {
		if _, err := Open(filepath.Join(folder, path)); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "mlflow/server/js/build/link.js")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder); !fail.Is(err, fail.Invalid) {
		t.Errorf("a link that leads out: %v", err)
	}
}

// FuzzWheel: nothing that is sent takes the reader apart, and what it takes has a page and can be read.
func FuzzWheel(f *testing.F) {
	f.Add(zipped(f, wholeWheel()...))
	f.Add(zipped(f, without("METADATA")...))
	f.Fuzz(func(t *testing.T, wheel []byte) {
		b, err := read(wheel)
		if err != nil {
			return
		}
		for name, x := range b.files {
			if body, err := x.inflate(); err != nil || int64(len(body)) != x.size {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
