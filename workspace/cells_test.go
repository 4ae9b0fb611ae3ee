package workspace

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func sourceItem(l Language, text string) Item {
	return Item{Kind: NotebookItem, Path: "/n", Language: l, Format: FormatSource, Content: []byte(text)}
}

func jupyterItem(text string) Item {
	return Item{Kind: NotebookItem, Path: "/n", Format: FormatJupyter, Content: []byte(text)}
}

// v4 is a notebook of format 4 with one code cell that has these outputs.
func v4(outputs string) Item {
	return jupyterItem(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"code","id":"a","metadata":{},"source":["1\n","2"],
		"execution_count":7,"outputs":[` + outputs + `]}]}`)
}

func TestShow(t *testing.T) {
	for name, c := range map[string]struct {
		item     Item
		language string
		want     []ShownCell
	}{
		"python": {sourceItem(Python, "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Title <script>\n\n# COMMAND ----------\n\n# DBTITLE 1,Load\nx = 1\n\n"+
			"# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n\n# COMMAND ----------\n\n# MAGIC %run ./other\n"), "PYTHON", []ShownCell{
			{Kind: Markdown, Source: "# Title <script>"}, {Kind: Code, Language: "PYTHON", Source: "x = 1", Title: "Load"},
			{Kind: Code, Language: "SQL", Source: "SELECT 1"}, {Kind: Magic, Source: "%run ./other"},
		}},
		"sql": {sourceItem(SQL, "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %md hello\n"), "SQL", []ShownCell{
			{Kind: Code, Language: "SQL", Source: "SELECT 1"}, {Kind: Markdown, Source: "hello"},
		}},
		"scala": {sourceItem(Scala, "// Databricks notebook source\nval x = 1\n// COMMAND ----------\n// MAGIC %python\n// MAGIC y = 2\n"), "SCALA", []ShownCell{
			{Kind: Code, Language: "SCALA", Source: "val x = 1"}, {Kind: Code, Language: "PYTHON", Source: "y = 2"},
		}},
		"a hidden title": {sourceItem(R, "# Databricks notebook source\n# DBTITLE 0,Quiet\nx <- 1\n"), "R", []ShownCell{
			{Kind: Code, Language: "R", Source: "x <- 1"},
		}},
		"jupyter": {jupyterItem(`{"nbformat":4,"metadata":{"language_info":{"name":"python"}},"cells":[
			{"cell_type":"markdown","metadata":{},"source":"# Hi"},{"cell_type":"raw","metadata":{},"source":"raw"},
			{"cell_type":"code","metadata":{},"source":"%sql\nSELECT 1","outputs":[]},{"cell_type":"code","metadata":{},"source":"!ls","outputs":null},
			{"cell_type":"new","source":"?"},7,null,{"cell_type":"code","metadata":[],"source":{"a":1},"outputs":{"b":2},"execution_count":"x"}]}`),
			"PYTHON", []ShownCell{{Kind: Markdown, Source: "# Hi"}, {Kind: Raw, Source: "raw"}, {Kind: Code, Language: "SQL", Source: "SELECT 1"},
				{Kind: Magic, Source: "!ls"}, {Kind: Code, Language: "PYTHON"}}},
		"another language": {Item{Kind: FileItem, Path: "/x.IPYNB", Format: FormatRaw, Content: []byte(
			`{"nbformat":4,"metadata":{"kernelspec":{"language":"julia"}},"cells":[{"cell_type":"code","source":"1+1","outputs":[]}]}`)}, "julia",
			[]ShownCell{{Kind: Code, Language: "julia", Source: "1+1"}}},
		"nbformat 3": {Item{Kind: FileItem, Path: "/old.ipynb", Format: FormatRaw, Content: []byte(
			`{"nbformat":3,"metadata":{},"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":"Old"},
			{"cell_type":"code","language":"python","input":["print 1"],"prompt_number":3,"outputs":[
			{"output_type":"stream","stream":"stdout","text":"1\n"},{"output_type":"pyout","text":"<1>","html":"<b>1</b>"},
			{"output_type":"display_data","png":"iVBO\nRw0K"},{"output_type":"pyerr","ename":"E","evalue":"v","traceback":["\u001b[31mE\u001b[0m"]}]}]},
			{"cells":[{"cell_type":"html","source":"<i>"}]}]}`)}, "PYTHON", []ShownCell{
			{Kind: Markdown, Source: "## Old"},
			{Kind: Code, Language: "PYTHON", Source: "print 1", Count: 3, Outputs: []Output{
				{Kind: TextOutput, MIME: plainMIME, Text: "1\n", Stream: "stdout"},
				{Kind: HTMLOutput, MIME: "text/html", Text: "<b>1</b>", Plain: "<1>"},
				{Kind: ImageOutput, MIME: "image/png", Text: "iVBORw0K"},
				{Kind: ErrorOutput, MIME: plainMIME, Text: "E", Plain: "E: v"},
			}},
			{Kind: Raw, Source: "<i>"},
		}},
	} {
		got, err := Show(c.item)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Cells); diff != "" || got.Language != c.language || got.Truncated {
			t.Errorf("%s: %s, truncated %v: %s", name, got.Language, got.Truncated, diff)
		}
	}
}

func TestShowOutputs(t *testing.T) {
	text := func(text, stream string) Output {
		return Output{Kind: TextOutput, MIME: plainMIME, Text: text, Stream: stream}
	}
	for name, c := range map[string]struct {
		outputs string
		want    []Output
	}{
		"none": {"", nil},
		"streams": {`{"output_type":"stream","name":"stdout","text":["10%\r","50%"]},{"output_type":"stream","name":"stdout","text":"\rdone\n"},
			{"output_type":"stream","name":"stderr","text":"\u001b[31mbad\u001b[0m"},{"output_type":"stream","name":"stdout","text":"end"}`,
			[]Output{text("done\n", "stdout"), text("bad", "stderr"), text("end", "stdout")}},
		"an image before text": {`{"output_type":"display_data","data":{"text/plain":"<Figure>","image/png":"aGk=\n"}}`,
			[]Output{{Kind: ImageOutput, MIME: "image/png", Text: "aGk=", Plain: "<Figure>"}}},
		"an image that is none": {`{"output_type":"display_data","data":{"text/plain":"<Figure>","image/png":"\" onerror=alert(1)"}}`,
			[]Output{text("<Figure>", "")}},
		"svg": {`{"output_type":"display_data","data":{"image/svg+xml":["<svg>\n","</svg>"]}}`,
			[]Output{{Kind: ImageOutput, MIME: "image/svg+xml", Text: "<svg>\n</svg>"}}},
		"html": {`{"output_type":"execute_result","data":{"text/html":"<script>x</script>","text/plain":"x"}}`,
			[]Output{{Kind: HTMLOutput, MIME: "text/html", Text: "<script>x</script>", Plain: "x"}}},
		"json": {`{"output_type":"display_data","data":{"application/json":{"a":[1]}}}`,
			[]Output{{Kind: JSONOutput, MIME: "application/json", Text: `{"a":[1]}`}}},
		"latex": {`{"output_type":"display_data","data":{"text/latex":"$x$","text/plain":"x"}}`,
			[]Output{{Kind: TextOutput, MIME: "text/latex", Text: "$x$", Plain: "x"}}},
		"unknown types": {`{"output_type":"display_data","data":{"application/x-new":1}}`,
			[]Output{text("an output of a type that is not shown here", "")}},
		"no output": {`5,{"output_type":"display_data"}`,
			[]Output{text("an output that cannot be read", ""), text("an output of a type that is not shown here", "")}},
		"an error": {`{"output_type":"error","ename":"ValueError","evalue":"bad","traceback":["one","two"]}`,
			[]Output{{Kind: ErrorOutput, MIME: plainMIME, Text: "one\ntwo", Plain: "ValueError: bad"}}},
		"an error without a trace": {`{"output_type":"error","ename":"E","evalue":"v"}`,
			[]Output{{Kind: ErrorOutput, MIME: plainMIME, Text: "E: v", Plain: "E: v"}}},
		"a table of Databricks": {`{"output_type":"display_data","data":{"application/vnd.databricks.v1+output":{"type":"table",
			"schema":[{"name":"a"},{"name":"<b>"}],"data":[[1,"x"],[null],["2",{"k":1},"more"]]},"text/html":"<table>"}}`,
			[]Output{{Kind: TableOutput, MIME: databricksOutput, Text: `{"columns":["a","<b>"],"rows":[["1","x"],["",""],["2","{\"k\":1}"]]}`}}},
		"other output of Databricks": {`{"output_type":"display_data","data":{"application/vnd.databricks.v1+output":{"type":"html"},"text/html":"<b>"}}`,
			[]Output{{Kind: HTMLOutput, MIME: "text/html", Text: "<b>"}}},
		"a tabular data resource": {`{"output_type":"execute_result","data":{"application/vnd.dataresource+json":{"schema":{"fields":[{"name":"a"}]},"data":[{"a":1.5},{}]}}}`,
			[]Output{{Kind: TableOutput, MIME: "application/vnd.dataresource+json", Text: `{"columns":["a"],"rows":[["1.5"],[""]]}`}}},
	} {
		got, err := Show(v4(c.outputs))
		if err != nil || len(got.Cells) != 1 || got.Cells[0].Count != 7 || got.Cells[0].Source != "1\n2" {
			t.Errorf("%s: %v %+v", name, err, got)
			continue
		}
		if diff := cmp.Diff(c.want, got.Cells[0].Outputs); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestShowIsBounded: whatever a notebook holds, what is shown of it has a limit and says so.
func TestShowIsBounded(t *testing.T) {
	long := strings.Repeat("é", maxShownText/2+5)
	display := func(mime, value string) string {
		return fmt.Sprintf(`{"output_type":"display_data","data":{%q:%s}}`, mime, value)
	}
	row := "[" + strings.Repeat("1,", 999) + "1]"
	for name, item := range map[string]Item{
		"a long source":   sourceItem(Python, "# Databricks notebook source\nx = '"+long+"'\n"),
		"many cells":      sourceItem(Python, "# Databricks notebook source\n"+strings.Repeat(strings.Repeat("x", 9000)+"\n# COMMAND ----------\n", 1000)),
		"a long stream":   v4(`{"output_type":"stream","name":"stdout","text":"` + long + `"}`),
		"streams in bits": v4(strings.Repeat(`{"output_type":"stream","name":"stdout","text":"0123456789"},`, 120_000) + "0"),
		"many outputs":    v4(strings.Repeat(display("text/plain", `"x"`)+",", 5000) + "0"),
		"a large image":   v4(display("image/png", `"`+strings.Repeat("A", maxShownImage+4)+`"`)),
		"large JSON":      v4(display("application/json", "["+strings.Repeat("1,", maxShownText)+"1]")),
		"a long table":    v4(display(databricksOutput, `{"type":"table","schema":[{"name":"a"}],"data":[`+strings.Repeat("[1],", 2000)+"[1]]}")),
		"a wide table": v4(display(databricksOutput,
			`{"type":"table","schema":[`+strings.Repeat(`{"name":"a"},`, 100_000)+`{}],"data":[`+strings.Repeat("[],", 5000)+"[]]}")),
		"a full table": v4(display(databricksOutput,
			`{"type":"table","schema":[`+strings.Repeat(`{"name":"a"},`, 999)+`{}],"data":[`+strings.Repeat(row+",", 1000)+"[]]}")),
	} {
		got, err := Show(item)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := json.Marshal(got.Cells)
		table := strings.Contains(name, "table")
		if err != nil || len(text) > maxShown+maxShown/2 || !got.Truncated && !table || table && !strings.Contains(string(text), `\"more\":true`) ||
			!utf8.Valid(text) {
			t.Errorf("%s: %d bytes, truncated %v, %v", name, len(text), got.Truncated, err)
		}
	}
}

func TestShowRefuses(t *testing.T) {
	file := func(path, text string) Item {
		return Item{Kind: FileItem, Path: path, Format: FormatRaw, Content: []byte(text)}
	}
	for name, c := range map[string]struct {
		item Item
		want string
	}{
		"a file":           {file("/a.csv", "a,b"), "is a file, not a notebook"},
		"no JSON":          {file("/a.ipynb", "x"), "not JSON"},
		"no object":        {file("/a.ipynb", "[]"), "not an object"},
		"no notebook":      {file("/a.ipynb", "{}"), "no Jupyter notebook"},
		"cells of nothing": {file("/a.ipynb", `{"nbformat":4,"cells":1}`), "not an array"},
		"deep":             {file("/a.ipynb", strings.Repeat(`{"a":`, 100)), "nests deeper"},
		"not text":         {file("/a.ipynb", "\xff"), "UTF-8"},
		"too large":        {file("/a.ipynb", strings.Repeat(" ", MaxNotebook+1)), "are allowed"},
		"too many cells":   {file("/a.ipynb", `{"nbformat":4,"cells":[`+strings.Repeat("1,", MaxCells)+"1]}"), "more than"},
	} {
		if got, err := Show(c.item); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// FuzzShow: whatever is read as a notebook, the outcome is an error for the caller or bounded, valid text.
func FuzzShow(f *testing.F) {
	for _, name := range []string{"explore.ipynb", "churn.py", "report.sql"} {
		f.Add(sample(f, name))
	}
	for _, seed := range []string{
		`{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"code","input":"x","outputs":[{"output_type":"pyout","png":"aGk="}]}]}]}`,
		`{"nbformat":4,"cells":[{"cell_type":"code","source":"x","outputs":[{"output_type":"stream","text":["a\r","b"]},{"output_type":"display_data",
			"data":{"application/vnd.databricks.v1+output":{"type":"table","schema":[{"name":"a"}],"data":[[1]]}}}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, item := range []Item{jupyterItem(string(content)), sourceItem(Python, string(content)), sourceItem(SQL, string(content))} {
			got, err := Show(item)
			if err != nil {
				continue
			}
			size := 0
			for _, c := range got.Cells {
				size += len(c.Source) + len(c.Title)
				if len(c.Outputs) > maxOutputs || !utf8.ValidString(c.Source) {
					t.Errorf("%d outputs, %q", len(c.Outputs), c.Source)
				}
				for _, o := range c.Outputs {
					size += len(o.Text) + len(o.Plain)
					if !utf8.ValidString(o.Text) || o.Kind == "" || o.MIME == "" {
						t.Errorf("%+v", o)
					}
				}
			}
			if size > maxShown {
				t.Errorf("%d bytes are shown", size)
			}
		}
	})
}
