package governance_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/server/servertest"
)

// The policies under which files are shown.
const (
	sealed = "sandbox; default-src 'none'"
	page   = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'"
	media  = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; object-src 'self'; frame-ancestors 'self'"
)

const (
	plain  = "text/plain; charset=utf-8"
	html   = "text/html; charset=utf-8"
	octets = "application/octet-stream"
)

// hostile is markup that would do much if it were run.
const hostile = `<!DOCTYPE html><script>fetch("/api/2.0/token/list")</script><img src="https://evil.example/x.png">`

func (o *registryOf) view(who string, query url.Values) servertest.Answer {
	o.t.Helper()
	return o.Do(o.tokens[who], "GET", root+"/artifacts/view?"+query.Encode(), nil)
}

// TestViewTypes: what a browser makes of a file is for its name to say, and nothing that can run scripts is sent without a sandbox.
func TestViewTypes(t *testing.T) {
	o := newRegistry(t)
	for name, want := range map[string]struct{ mime, policy, disposition string }{
		"report.html": {html, page, "inline"}, "REPORT.HTML": {html, page, "inline"}, "a.HtM": {html, page, "inline"},
		"a.txt.html": {html, page, "inline"}, "a.png.html": {html, page, "inline"},
		"a.html.txt": {plain, sealed, "inline"}, "page.txt": {plain, sealed, "inline"}, "html": {plain, sealed, "inline"},
		"MLmodel": {plain, sealed, "inline"}, "a.": {plain, sealed, "inline"}, "a.xhtml": {plain, sealed, "inline"}, "a.xml": {plain, sealed, "inline"},
		"a.js": {plain, sealed, "inline"}, "a.css": {plain, sealed, "inline"}, "data.CSV": {plain, sealed, "inline"},
		"requirements.txt": {plain, sealed, "inline"}, "conda.yaml": {plain, sealed, "inline"}, "n.ipynb": {plain, sealed, "inline"},
		"a.html.png": {"image/png", media, "inline"}, "a.JPG": {"image/jpeg", media, "inline"}, "a.gif": {"image/gif", media, "inline"},
		"a.webp": {"image/webp", media, "inline"}, "a.pdf": {"application/pdf", media, "inline"}, "a.wav": {"audio/wav", media, "inline"},
		"a.svg": {"image/svg+xml", page, "inline"}, "a.SVG": {"image/svg+xml", page, "inline"},
		"model.pkl": {octets, sealed, "attachment"}, "a.html.gz": {octets, sealed, "attachment"}, "a.mht": {octets, sealed, "attachment"},
		"a.svgz": {octets, sealed, "attachment"}, "a.swf": {octets, sealed, "attachment"}, "a.html ": {octets, sealed, "attachment"},
		"a.shtml": {octets, sealed, "attachment"}, "a.htc": {octets, sealed, "attachment"},
	} {
		o.put("view/"+url.PathEscape(name), hostile)
		a := o.view("ann", url.Values{"run_id": {o.run}, "path": {"view/" + name}})
		disposition, _, _ := strings.Cut(a.Header.Get("Content-Disposition"), ";")
		for header, is := range map[string][2]string{
			"Content-Type": {a.Header.Get("Content-Type"), want.mime}, "Content-Security-Policy": {a.Header.Get("Content-Security-Policy"), want.policy},
			"Content-Disposition": {disposition, want.disposition}, "X-Content-Type-Options": {a.Header.Get("X-Content-Type-Options"), "nosniff"},
			"body": {string(a.Body), hostile},
		} {
			if is[0] != is[1] {
				t.Errorf("%q: %s is %q, want %q", name, header, is[0], is[1])
			}
		}
		if framed := a.Header.Get("X-Frame-Options") == "SAMEORIGIN"; framed != (want.policy != sealed) {
			t.Errorf("%q: X-Frame-Options %q", name, a.Header.Get("X-Frame-Options"))
		}
	}
	a := o.do("ann", "GET", "/get-artifact?run_id="+o.run+"&path=view/report.html", nil)
	if a.Header.Get("Content-Security-Policy") != sealed || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a download: %v", a.Header)
	}
}

// TestViewBeginning: a text can be asked for in part, and says whether that is all.
func TestViewBeginning(t *testing.T) {
	o := newRegistry(t)
	o.put("log.txt", "0123456789")
	o.put("a.html", "0123456789")
	for _, c := range []struct{ path, most, body, truncated, size string }{
		{"log.txt", "4", "0123", "true", "10"}, {"log.txt", "10", "0123456789", "", ""}, {"log.txt", "11", "0123456789", "", ""},
		{"log.txt", "", "0123456789", "", ""}, {"a.html", "4", "0123456789", "", ""},
	} {
		a := o.view("ann", url.Values{"run_id": {o.run}, "path": {c.path}, "max_bytes": {c.most}})
		if c.most == "" {
			a = o.view("ann", url.Values{"run_id": {o.run}, "path": {c.path}})
		}
		if a.Status != 200 || string(a.Body) != c.body || a.Header.Get("X-Bailiwick-Truncated") != c.truncated || a.Header.Get("X-Bailiwick-Size") != c.size {
			t.Errorf("%v: %d %q %v", c, a.Status, a.Body, a.Header)
		}
	}
	part := o.view("ann", url.Values{"run_id": {o.run}, "path": {"log.txt"}, "max_bytes": {"4"}}).Header.Get("ETag")
	if whole := o.view("ann", url.Values{"run_id": {o.run}, "path": {"log.txt"}}).Header.Get("ETag"); part == whole || part == "" {
		t.Errorf("part and whole have the marks %s and %s", part, whole)
	}
	req, err := http.NewRequest("GET", o.URL+root+"/artifacts/view?run_id="+o.run+"&path=log.txt&max_bytes=6", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.tokens["ann"])
	req.Header.Set("Range", "bytes=-4")
	if a := o.Send(req); a.Status != 206 || string(a.Body) != "2345" {
		t.Errorf("a range of the beginning: %d %q", a.Status, a.Body)
	}
}

// TestViewRights: who may look at a file is who may download it.
func TestViewRights(t *testing.T) {
	o := newRegistry(t)
	v := o.version()
	logged := o.do("ann", "POST", mlflow+"/logged-models", fields{"experiment_id": o.experiment, "name": "m"}).Text("model.info.model_id")
	o.do("ann", "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+o.experiment+"/models/"+logged+"/artifacts/MLmodel", []byte("logged"))
	run := url.Values{"run_id": {o.run}, "path": {"train/MLmodel"}}
	model := url.Values{"model_id": {logged}, "path": {"MLmodel"}}
	version := url.Values{"name": {"churn"}, "version": {v}, "path": {"MLmodel"}}
	for name, c := range map[string]struct {
		who    string
		query  url.Values
		status int
		text   string
	}{
		"a run, its creator":                    {"ann", run, 200, "flavors"},
		"a run, a reader of the experiment":     {"bob", run, 200, "flavors"},
		"a run, a reader of the model only":     {"read", run, 403, "CAN_READ"},
		"a run, an auditor":                     {"eve", run, 403, ""},
		"a run, signed out":                     {"", run, 401, ""},
		"a logged model":                        {"bob", model, 200, "logged"},
		"a logged model, a stranger":            {"cyd", model, 403, ""},
		"a version":                             {"read", version, 200, "flavors"},
		"a version, a reader of the experiment": {"bob", version, 404, "Registered Model with name=churn not found"},
		"a version, signed out":                 {"", version, 401, ""},
		"a folder":                              {"ann", url.Values{"run_id": {o.run}, "path": {"train"}}, 400, "is a folder"},
		"no such file":                          {"ann", url.Values{"run_id": {o.run}, "path": {"x"}}, 404, ""},
		"no such file of a version":             {"read", url.Values{"name": {"churn"}, "version": {v}, "path": {"x"}}, 404, ""},
		"no such version":                       {"read", url.Values{"name": {"churn"}, "version": {"9"}, "path": {"x"}}, 404, ""},
		"no such run":                           {"ann", url.Values{"run_id": {"abc"}, "path": {"x"}}, 404, ""},
		"out of the run":                        {"ann", url.Values{"run_id": {o.run}, "path": {"../x"}}, 400, "Invalid path"},
		"out of the version":                    {"read", url.Values{"name": {"churn"}, "version": {v}, "path": {"a/../../x"}}, 400, "Invalid path"},
		"no owner":                              {"ann", url.Values{"path": {"x"}}, 400, "Name one owner"},
		"two owners":                            {"ann", url.Values{"run_id": {o.run}, "model_id": {logged}, "path": {"x"}}, 400, "Name one owner"},
		"no version":                            {"read", url.Values{"name": {"churn"}, "path": {"x"}}, 400, "'name' and 'version'"},
		"no path":                               {"ann", url.Values{"run_id": {o.run}}, 400, "'path'"},
		"less than nothing":                     {"ann", url.Values{"run_id": {o.run}, "path": {"x"}, "max_bytes": {"-1"}}, 400, "negative"},
		"not a number":                          {"ann", url.Values{"run_id": {o.run}, "path": {"x"}, "max_bytes": {"x"}}, 400, ""},
	} {
		if a := o.view(c.who, c.query); a.Status != c.status || !strings.Contains(string(a.Body), c.text) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	trail := o.do("eve", "GET", root+"/audit?action=downloadArtifact", nil)
	if !strings.Contains(string(trail.Body), `"train/MLmodel"`) || !strings.Contains(string(trail.Body), `"modelRegistry"`) {
		t.Errorf("the audit trail does not have the views: %s", trail.Body)
	}
}
