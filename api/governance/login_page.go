package governance

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
)

const htmlType = "text/html; charset=utf-8"

// page is an answer that is ready to be sent.
type page struct{ body []byte }

func encodePage(answer any) ([]byte, error) { return answer.(*page).body, nil }

const pageStyle = `body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}` +
	`pre{background:#f3f3f3;padding:1rem;overflow-x:auto;user-select:all}` +
	`button{font:inherit;padding:.5rem 1.25rem}h1{font-size:1.5rem}`

// pages need no script, load nothing, and can be put into no frame.
var pages = template.Must(template.New("").Funcs(template.FuncMap{"shell": shell}).Parse(`
{{define "head"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bailiwick</title>
<style>` + pageStyle + `</style></head><body><main>{{end}}
{{define "button"}}{{template "head"}}<h1>Sign in to Bailiwick</h1>
<p>This link can be used once. The button makes an access token for you and shows it this one time.</p>
<form method="post"><button>Show my token</button></form></main></body></html>
{{end}}
{{define "token"}}{{template "head"}}<h1>Signed in as {{.User}}</h1>
<p>This is your access token. It is shown only now: copy these lines into a shell.</p>
<pre>export MLFLOW_TRACKING_URI={{shell .Host}}
export MLFLOW_TRACKING_TOKEN={{shell .Token}}
export DATABRICKS_HOST={{shell .Host}} DATABRICKS_TOKEN={{shell .Token}}</pre>
</main></body></html>
{{end}}
{{define "failure"}}{{template "head"}}<h1>This did not work</h1>
<p>{{.}}</p></main></body></html>
{{end}}`))

// shell quotes a word for a POSIX shell: an address is partly what the client said.
func shell(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._:/", r)
	}
	if strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func htmlPage(name string, data any) (*page, error) {
	var b bytes.Buffer
	err := pages.ExecuteTemplate(&b, name, data)
	return &page{bytes.TrimSpace(b.Bytes())}, err
}

func jsonPage(c *api.Call, answer any) (*page, error) {
	c.SetHeader("Content-Type", "application/json")
	body, err := api.EncodeJSON(answer)
	return &page{body}, err
}

// guardPage keeps a page with a secret in it, and in its address, from being kept, framed or told to others.
func guardPage(c *api.Call) {
	style := sha256.Sum256([]byte(pageStyle))
	c.SetHeader("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(style[:])+
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.SetHeader("Cache-Control", "no-store")
	c.SetHeader("Referrer-Policy", "no-referrer")
	c.SetHeader("X-Frame-Options", "DENY")
}

// failPage says what went wrong as the client reads it. Browsers would ask for a password on a 401.
func failPage(c *api.Call, e *fail.Error) (int, []byte) {
	guardPage(c)
	status, body := api.FailJSON(c, e)
	if wantsJSON(c) {
		c.SetHeader("Content-Type", "application/json")
		return status, body
	}
	if status == 401 {
		status = 404
	}
	p, err := htmlPage("failure", e.Message)
	if err != nil {
		return 500, []byte("internal error")
	}
	return status, p.body
}
