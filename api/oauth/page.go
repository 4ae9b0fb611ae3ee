package oauth

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"

	"bailiwick/api"
	"bailiwick/fail"
)

const policyOfPage = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// harden keeps the page out of frames and caches, and its address to itself.
func harden(c *api.Call) {
	c.SetHeader("Content-Security-Policy", policyOfPage)
	c.SetHeader("X-Frame-Options", "DENY")
	c.SetHeader("Cache-Control", "no-store")
	c.SetHeader("Referrer-Policy", "no-referrer")
}

// allowForm lets the page's form lead to the program: browsers hold where a form is sent on to against form-action, too.
func allowForm(c *api.Call, to *url.URL) {
	c.SetHeader("Content-Security-Policy", policyOfPage+" "+to.Scheme+"://"+to.Host)
}

var pageText = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Let a program in – Bailiwick</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}dt{color:#57606a}dd{margin:0 0 .7rem;overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1.2rem;margin-right:.6rem;border-radius:.4rem;border:1px solid #57606a;background:#fff}
button.yes{background:#0b5cad;border-color:#0b5cad;color:#fff}button:focus-visible{outline:3px solid #f59e0b}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}dt{color:#9da7b1}button{background:#0d1117;color:inherit}}</style></head><body>
{{if .Problem}}<h1>This program cannot be let in</h1><p>{{.Problem}}</p><p>Go back to the program and begin again.</p>
{{else}}<h1>May {{.Client}} act as you?</h1>
<dl><dt>You are</dt><dd>{{.User}}</dd><dt>It asks for</dt><dd>{{.Scope}}</dd><dt>The answer goes to</dt><dd>{{if .Local}}a program on this computer ({{.Host}}){{else}}{{.Host}}{{end}}</dd></dl>
<p>Say no unless you have just begun this yourself.</p>
<form method="post" action="authorize">{{range $name, $values := .Words}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
<input type="hidden" name="proof" value="{{.Proof}}"><button class="yes" name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form>
{{end}}</body></html>
`))

// encodePage writes a page; nothing for a browser that is sent on.
func encodePage(answer any) ([]byte, error) {
	p, ok := answer.(*page)
	if !ok || p == nil {
		return nil, nil
	}
	var b bytes.Buffer
	err := pageText.Execute(&b, p)
	return b.Bytes(), err
}

// failPage tells the person what is wrong.
func (f *Front) failPage(c *api.Call, e *fail.Error) (int, []byte) {
	harden(c)
	body, err := encodePage(&page{Problem: e.Message})
	switch {
	case err != nil || e.Kind == fail.Internal:
		return http.StatusInternalServerError, body
	case e.Kind == fail.NotFound:
		return http.StatusNotFound, body
	case e.Kind == fail.Unauthenticated:
		return http.StatusUnauthorized, body
	}
	return http.StatusBadRequest, body
}
