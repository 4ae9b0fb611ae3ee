package workspace

import (
	"encoding/json"
	"strings"
)

// shownMIME are the types that are shown, the one first that is taken of several, with how it is drawn.
var shownMIME = []struct {
	mime string
	kind OutputKind
	old  string // its key in nbformat 3
}{
	{databricksOutput, TableOutput, ""},
	{"application/vnd.dataresource+json", TableOutput, ""},
	{"image/png", ImageOutput, "png"},
	{"image/jpeg", ImageOutput, "jpeg"},
	{"image/gif", ImageOutput, ""},
	{"image/webp", ImageOutput, ""},
	{"image/svg+xml", ImageOutput, "svg"},
	{"text/html", HTMLOutput, "html"},
	{"text/markdown", TextOutput, ""},
	{"text/latex", TextOutput, "latex"},
	{"application/json", JSONOutput, "json"},
	{"text/plain", TextOutput, "text"},
}

// databricksOutput is where Databricks keeps what display() showed.
const databricksOutput = "application/vnd.databricks.v1+output"

// plainMIME is the type of text.
const plainMIME = "text/plain"

// outputOf reads an output of nbformat 3 or 4. One that cannot be read is a text that says so.
func outputOf(raw json.RawMessage) Output {
	keys, err := object(raw, "an output")
	if err != nil {
		return Output{Kind: TextOutput, MIME: plainMIME, Text: "an output that cannot be read"}
	}
	switch textOf(keys["output_type"]) {
	case "stream":
		name := textOf(keys["name"]) + textOf(keys["stream"]) // of nbformat 4 and 3
		if name != "stderr" {
			name = "stdout"
		}
		return Output{Kind: TextOutput, MIME: plainMIME, Text: textOf(keys["text"]), Stream: name}
	case "error", "pyerr":
		return errorOutput(keys)
	}
	data, err := object(keys["data"], "data")
	if err != nil {
		data = oldData(keys)
	}
	return bundle(data)
}

// oldData gives the data of an output of nbformat 3, where each type has a short name.
func oldData(keys map[string]json.RawMessage) map[string]json.RawMessage {
	data := map[string]json.RawMessage{}
	for _, m := range shownMIME {
		if value := keys[m.old]; m.old != "" && value != nil {
			data[m.mime] = value
		}
	}
	return data
}

func errorOutput(keys map[string]json.RawMessage) Output {
	var lines []string
	_ = eachElement(keys["traceback"], "traceback", func(_ int, line json.RawMessage) error {
		lines = append(lines, textOf(line))
		return nil
	})
	summary := textOf(keys["ename"]) + ": " + textOf(keys["evalue"])
	text := strings.Join(lines, "\n")
	if text == "" {
		text = summary
	}
	return Output{Kind: ErrorOutput, MIME: plainMIME, Text: plain(text), Plain: plain(summary)}
}

// bundle takes of the types of one output the best that is shown.
func bundle(data map[string]json.RawMessage) Output {
	text := printed(textOf(data[plainMIME]))
	for _, m := range shownMIME {
		o := Output{Kind: m.kind, MIME: m.mime}
		if value := data[m.mime]; value != nil && o.fill(value) {
			if m.mime != plainMIME {
				o.Plain = text
			}
			return o
		}
	}
	return Output{Kind: TextOutput, MIME: plainMIME, Text: "an output of a type that is not shown here"}
}

// fill reads the value of a type; false where there is nothing to be shown in it.
func (o *Output) fill(value json.RawMessage) bool {
	switch o.Kind {
	case TableOutput:
		o.Text = tableText(o.MIME, value)
	case JSONOutput:
		o.Text = string(value)
	case ImageOutput:
		o.Text = textOf(value)
		if o.MIME != "image/svg+xml" {
			o.Text = base64Text(o.Text)
		}
	case TextOutput:
		o.Text = printed(textOf(value))
	default:
		o.Text = textOf(value)
	}
	return o.Text != "" || o.MIME == plainMIME
}

// base64Text drops line breaks; what is no base64 is no image.
func base64Text(text string) string {
	text = strings.Join(strings.Fields(text), "")
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if (c < '0' || c > '9') && c != '+' && c != '/' && c != '=' {
				return ""
			}
		}
	}
	return text
}

// printed is text as a terminal would leave it: without colors, and of each line what was written over it last.
func printed(text string) string {
	text = plain(text)
	if !strings.Contains(text, "\r") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = line[strings.LastIndexByte(line, '\r')+1:]
	}
	return strings.Join(lines, "\n")
}

// Limits of a table that is shown.
const (
	maxTableRows    = 1000
	maxTableColumns = 500
)

// shownTable is a table as it is shown: all values as text.
type shownTable struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	// More says that the table has more rows, or columns.
	More bool `json:"more,omitempty"`

	size int // bytes, about
}

// column is how both formats name a column.
type column struct {
	Name string `json:"name"`
}

// tableText reads a table; empty where there is none.
func tableText(mime string, raw json.RawMessage) string {
	t, ok := readTable(mime, raw)
	if !ok || len(t.Columns) == 0 {
		return ""
	}
	text, err := encode(t, "")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func readTable(mime string, raw json.RawMessage) (t shownTable, ok bool) {
	t.Rows = [][]string{}
	if mime != databricksOutput {
		return resourceTable(raw, t)
	}
	var table struct {
		Type   string              `json:"type"`
		Data   [][]json.RawMessage `json:"data"`
		Schema []column            `json:"schema"`
	}
	if json.Unmarshal(raw, &table) != nil || table.Type != "table" {
		return t, false
	}
	t.name(table.Schema)
	for _, row := range table.Data {
		t.add(func(i int) json.RawMessage {
			if i < len(row) {
				return row[i]
			}
			return nil
		})
	}
	return t, true
}

// resourceTable reads a Tabular Data Resource, as Jupyter's data explorers write them.
func resourceTable(raw json.RawMessage, t shownTable) (shownTable, bool) {
	var table struct {
		Schema struct {
			Fields []column `json:"fields"`
		} `json:"schema"`
		Data []map[string]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &table) != nil {
		return t, false
	}
	t.name(table.Schema.Fields)
	for _, row := range table.Data {
		t.add(func(i int) json.RawMessage { return row[t.Columns[i]] })
	}
	return t, true
}

func (t *shownTable) name(columns []column) {
	t.More = len(columns) > maxTableColumns
	for _, c := range columns[:min(len(columns), maxTableColumns)] {
		t.Columns = append(t.Columns, c.Name)
		t.size += len(c.Name)
	}
}

// add takes a row in, with a cell for each column.
func (t *shownTable) add(cell func(i int) json.RawMessage) {
	if len(t.Rows) == maxTableRows || t.size > maxShownText/4 { // an escaped character takes up to six bytes, which few are
		t.More = true
		return
	}
	row := make([]string, len(t.Columns))
	for i := range row {
		row[i] = cellText(cell(i))
		t.size += len(row[i]) + len(`"",`)
	}
	t.Rows = append(t.Rows, row)
}

// cellText is a value as text: strings as they are, null as nothing, all else as JSON.
func cellText(raw json.RawMessage) string {
	var text string
	switch {
	case raw == nil, string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	}
	return string(raw)
}
