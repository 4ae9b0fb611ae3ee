package workspace

import (
	"encoding/base64"
	"encoding/json"
	"html/template"
	"regexp"
	"strings"

	"bailiwick/fail"
)

// page is the whole document: it loads nothing and runs nothing, and its policy says so to the browser.
var page = template.Must(template.New("notebook").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Name}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
section { margin: 1rem 0; }
pre { font: 14px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .6rem .8rem; }
pre.source { background: #f2f4f7; border-left: 3px solid #4a6fa5; }
pre.error { color: #9b1c1c; }
.language, .note { color: #57606a; font-size: 13px; }
img { max-width: 100%; }
</style>
</head>
<body>
<h1>{{.Name}}</h1>
<p class="language">{{.Language}} notebook</p>
{{range .Cells}}<section>
{{with .Title}}<h2>{{.}}</h2>
{{end}}{{if .Text}}{{.Text}}{{else}}{{with .Language}}<p class="language">{{.}}</p>
{{end}}<pre class="source"><code>{{.Source}}</code></pre>{{end}}
{{range .Outputs}}{{if .Image}}<img src="{{.Image}}" alt="output of the cell">{{else if .Note}}<p class="note">{{.Note}}</p>{{else -}}
<pre{{if .Error}} class="error"{{end}}>{{.Text}}</pre>{{end}}
{{end}}</section>
{{end}}</body>
</html>
`))

type htmlPage struct {
	Name     string
	Language Language
	Cells    []htmlCell
}

type htmlCell struct {
	Title    string
	Language Language // where it differs from the notebook's
	Source   string
	Text     template.HTML // of markdown cells
	Outputs  []htmlOutput
}

type htmlOutput struct {
	Text  string
	Error bool
	Note  string // instead of what is not shown
	Image template.URL
}

// WriteHTML writes a notebook as one page for reading, titled name. Everything is escaped and nothing runs: outputs of type text/html
// are shown as their text form, images as far as they are PNG or JPEG.
func WriteHTML(nb *Notebook, name string) ([]byte, error) {
	p := htmlPage{Name: name, Language: nb.Language}
	for _, c := range nb.Cells {
		h := htmlCell{Source: c.Source, Outputs: htmlOutputs(c.Outputs)}
		if !c.HideTitle {
			h.Title = c.Title
		}
		if c.Kind == Markdown {
			h.Text = markdown(c.Source)
		}
		if c.Kind == Code && c.Language != nb.Language {
			h.Language = c.Language
		}
		p.Cells = append(p.Cells, h)
	}
	b := new(strings.Builder)
	if err := page.Execute(b, p); err != nil {
		return nil, fail.Internalf(err, "the notebook cannot be drawn")
	}
	return []byte(b.String()), nil
}

type jupyterOutput struct {
	Type      string                     `json:"output_type"`
	Text      json.RawMessage            `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Name      string                     `json:"ename"`
	Value     string                     `json:"evalue"`
	Traceback []string                   `json:"traceback"`
}

func htmlOutputs(raw json.RawMessage) []htmlOutput {
	var shown []htmlOutput
	// An outputs value that is no array has nothing to show; the notebook keeps it all the same.
	_ = eachElement(raw, "outputs", func(_ int, element json.RawMessage) error {
		var o jupyterOutput
		if json.Unmarshal(element, &o) != nil {
			shown = append(shown, htmlOutput{Note: "an output that cannot be read"})
			return nil
		}
		shown = append(shown, htmlOutputOf(o))
		return nil
	})
	return shown
}

func htmlOutputOf(o jupyterOutput) htmlOutput {
	switch o.Type {
	case "stream":
		text, _ := readText(o.Text)
		return htmlOutput{Text: plain(text)}
	case "error":
		if len(o.Traceback) == 0 {
			return htmlOutput{Error: true, Text: plain(o.Name + ": " + o.Value)}
		}
		return htmlOutput{Error: true, Text: plain(strings.Join(o.Traceback, "\n"))}
	}
	for _, mime := range []string{"image/png", "image/jpeg"} {
		text, _ := readText(o.Data[mime])
		text = strings.Join(strings.Fields(text), "")
		if _, err := base64.StdEncoding.DecodeString(text); err == nil && text != "" {
			return htmlOutput{Image: template.URL("data:" + mime + ";base64," + text)}
		}
	}
	if text, err := readText(o.Data["text/plain"]); err == nil && text != "" {
		return htmlOutput{Text: plain(text)}
	}
	return htmlOutput{Note: "an output of a type that is not shown here"}
}

var terminalColor = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// plain drops the terminal colors that tracebacks are full of.
func plain(text string) string { return terminalColor.ReplaceAllString(text, "") }
