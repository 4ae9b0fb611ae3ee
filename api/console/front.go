// Package console serves the built web console: one page, and the assets that it loads. What the page shows comes from the other protocols,
// with the session of who looks at it; these files are the same for everybody.
package console

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
)

// Policy is the Content-Security-Policy of the console's page: scripts, styles and answers of this server and nothing else, nothing inline, in no
// frame. Images may also be made by the page itself (data:, blob:), and frames show artifacts that the page has read.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"frame-src 'self' blob:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Front serves the files.
type Front struct {
	// Files are those of the built console: index.html, and assets/ with a hash in each name; NAME.br beside a file is its Brotli twin.
	Files fs.FS
}

const reason = "the console's files are the same for everybody and hold no data"

// Mount adds the page and its assets to the door.
func (f *Front) Mount(d *api.Door) {
	d.Mount(&api.Front{
		Name: "console", Service: "console", Prefixes: []string{""}, ContentType: "text/plain; charset=utf-8", Fail: failPlain,
		Decode: decode, Encode: func(answer any) ([]byte, error) { return answer.(*file).body, nil },
		Routes: []api.Route{
			api.Open("GET /", reason, f.page),
			// Databricks' addresses of the same things: the page reads the rest of the path itself.
			api.Open("GET /ml/{rest...}", reason, f.page),
			api.Open("GET /favicon.svg", reason, f.named("favicon.svg")),
			api.Open("GET /theme.js", reason, f.named("theme.js")),
			api.Open("GET /assets/{name}", reason, f.asset),
		},
	})
}

// request names an asset.
type request struct{ Name string }

func decode(in *api.Input, q any) error {
	if q, ok := q.(*request); ok {
		q.Name = in.Path["name"]
	}
	return nil
}

type file struct{ body []byte }

// page gives index.html. It is asked for anew each time, since it names the assets of this very build.
func (f *Front) page(c *api.Call, q *request) (*file, error) {
	c.SetHeader("Content-Security-Policy", Policy)
	c.SetHeader("X-Frame-Options", "DENY")
	c.SetHeader("Referrer-Policy", "same-origin")
	c.SetHeader("Cross-Origin-Opener-Policy", "same-origin")
	answer, err := f.revalidated(c, "index.html")
	if fail.Is(err, fail.NotFound) {
		return nil, fail.NotFoundf("This program was built without the console. `make build` builds both; clients and commands work without it.")
	}
	return answer, err
}

func (f *Front) named(name string) func(*api.Call, *request) (*file, error) {
	return func(c *api.Call, _ *request) (*file, error) { return f.revalidated(c, name) }
}

// revalidated gives a file whose name stays the same from build to build.
func (f *Front) revalidated(c *api.Call, name string) (*file, error) {
	answer, err := f.send(c, name, "no-cache")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(answer.body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.SetHeader("ETag", tag)
	if c.Header("If-None-Match") == tag {
		c.SetStatus(http.StatusNotModified)
		return &file{}, nil
	}
	return answer, nil
}

// asset gives a file whose name carries its hash, so that it never changes.
func (f *Front) asset(c *api.Call, q *request) (*file, error) {
	return f.send(c, "assets/"+q.Name, "public, max-age=31536000, immutable")
}

// send reads a file, or its twin for browsers that take it.
func (f *Front) send(c *api.Call, name, cache string) (*file, error) {
	if !fs.ValidPath(name) || strings.HasSuffix(name, ".br") {
		return nil, absent(name)
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".js" { // systems differ in what they say of it, and browsers insist
		kind = "text/javascript; charset=utf-8"
	}
	c.SetHeader("Vary", "Accept-Encoding")
	body, err := []byte(nil), error(fs.ErrNotExist)
	if strings.Contains(c.Header("Accept-Encoding"), "br") {
		body, err = fs.ReadFile(f.Files, name+".br")
	}
	if err == nil {
		c.SetHeader("Content-Encoding", "br")
	} else if body, err = fs.ReadFile(f.Files, name); err != nil {
		return nil, absent(name)
	}
	c.SetHeader("Content-Type", kind)
	c.SetHeader("Cache-Control", cache)
	return &file{body}, nil
}

func absent(name string) error { return fail.NotFoundf("there is no file %q", name) }

// failPlain writes an error as text; programs that ask for what is not there get JSON from the protocols' own fronts.
func failPlain(c *api.Call, e *fail.Error) (int, []byte) {
	status, body := api.FailJSON(c, e)
	if strings.Contains(c.Header("Accept"), "text/html") {
		return status, []byte(e.Message + "\n")
	}
	return status, body
}
