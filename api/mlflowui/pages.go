package mlflowui

import (
	"net/http"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
)

// pageRequest is a request for a file of the pages.
type pageRequest struct {
	name string
	// signedIn says that the browser has a session, good or not.
	signedIn bool
}

// page is an answer of bytes.
type page struct{ body []byte }

func decode(in *api.Input, request any) error {
	if q, ok := request.(*pageRequest); ok {
		q.name, q.signedIn = in.Path["file"], api.SessionIn(in.Request)
	}
	return nil
}

func encode(answer any) ([]byte, error) { return answer.(*page).body, nil }

func (f *Front) pageRoutes() []api.Route {
	return []api.Route{
		api.Open("GET "+Prefix, "leads to the pages", toPages),
		api.Open("GET "+Prefix+"/", "the page is the same for everybody and holds nothing of the workspace; its calls are decided each", f.index),
		api.Open("GET "+Prefix+"/static-files/{file...}", "the files are those of MLflow's package, the same for everybody", f.static),
	}
}

func redirect(c *api.Call, to string) (*page, error) {
	c.SetHeader("Location", to)
	c.SetHeader("Cache-Control", "no-store")
	c.SetStatus(http.StatusSeeOther)
	return &page{}, nil
}

func toPages(c *api.Call, _ *pageRequest) (*page, error) { return redirect(c, Prefix+"/") }

// signIn is where a browser without a session is sent; it takes what is behind the # along, and the console brings it back.
const signIn = "/?next=mlflow"

// index answers the page itself. A browser's cache asks each time whether it is still the same, since it names the files of its version.
func (f *Front) index(c *api.Call, q *pageRequest) (*page, error) {
	b, err := f.bundle(c.Context())
	switch {
	case err != nil:
		return nil, f.unreadable(err)
	case b == nil:
		return nothing(c)
	case !q.signedIn:
		return redirect(c, signIn)
	}
	c.SetHeader("Content-Security-Policy", b.policy)
	c.SetHeader("X-Frame-Options", "SAMEORIGIN")
	c.SetHeader("Referrer-Policy", "same-origin")
	c.SetHeader("Cache-Control", "no-cache")
	return b.files[indexName].answer(c, indexName)
}

// static answers a file that the page needs. Names of builds have their content's hash in them, so caches keep them as long as MLflow's own
// server has them kept: 28 days.
func (f *Front) static(c *api.Call, q *pageRequest) (*page, error) {
	b, err := f.bundle(c.Context())
	if err != nil {
		return nil, f.unreadable(err)
	}
	if b == nil || b.files[q.name] == nil {
		return nil, fail.NotFoundf("MLflow's pages have no file %.200q.", q.name)
	}
	c.SetHeader("Content-Security-Policy", filePolicy)
	c.SetHeader("X-Frame-Options", "SAMEORIGIN")
	c.SetHeader("Cache-Control", "public, max-age=2419200")
	return b.files[q.name].answer(c, q.name)
}

// filePolicy is for files that are opened by themselves; workers go by the policy of their own file.
const filePolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"frame-ancestors 'self'"

// unreadable is the answer while the wheel that was sent cannot be had.
func (f *Front) unreadable(err error) error {
	f.Log.Error("MLflow's pages cannot be read", "error", err)
	return fail.New(fail.Unavailable, "MLflow's pages cannot be read; the server's log says why")
}

// answer sends the file, or says that the browser has it.
func (f *file) answer(c *api.Call, name string) (*page, error) {
	c.SetHeader("ETag", f.tag())
	if has(c.Header("If-None-Match"), f.tag()) {
		c.SetStatus(http.StatusNotModified)
		return &page{}, nil
	}
	kind := typeOf(name)
	c.SetHeader("Content-Type", kind)
	if !compressible(kind) {
		body, err := f.inflate()
		return &page{body}, err
	}
	c.SetHeader("Vary", "Accept-Encoding")
	if !takesGzip(c.Header("Accept-Encoding")) {
		body, err := f.inflate()
		return &page{body}, err
	}
	c.SetHeader("Content-Encoding", "gzip")
	return &page{f.gzip()}, nil
}

// has says whether a list of tags names this one.
func has(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t == tag || t == "*" || "W/"+t == tag {
			return true
		}
	}
	return false
}

// takesGzip reads Accept-Encoding as far as browsers write it; whatever else it says gets the plain bytes.
func takesGzip(accept string) bool {
	for e := range strings.SplitSeq(accept, ",") {
		if strings.TrimSpace(e) == "gzip" {
			return true
		}
	}
	return false
}
