package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func mustJupyter(t testing.TB, content []byte) *Notebook {
	t.Helper()
	nb, err := ParseJupyter(content, "")
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

func mustWrite(t testing.TB, write func(*Notebook) ([]byte, error), nb *Notebook) []byte {
	t.Helper()
	content, err := write(nb)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// sameJSON compares documents, not spelling; numbers are compared as they are written.
func sameJSON(t testing.TB, want, got []byte) string {
	t.Helper()
	var a, b any
	for v, content := range map[*any][]byte{&a: want, &b: got} {
		dec := json.NewDecoder(bytes.NewReader(content))
		dec.UseNumber()
		if err := dec.Decode(v); err != nil {
			t.Fatal(err)
		}
	}
	return cmp.Diff(a, b)
}

func TestParseJupyter(t *testing.T) {
	nb := mustJupyter(t, sample(t, "explore.ipynb"))
	want := []said{
		{Markdown, "", "# Explore\n\nSome *notes* with <b>markup</b> & more.", "", false},
		{Code, Python, "df.head()", "Head", false},
		{Code, SQL, "SELECT 1", "", false},
		{Magic, "", "%matplotlib inline\nimport matplotlib.pyplot as plt", "", false},
		{Raw, "", `\LaTeX`, "", false},
	}
	if d := cmp.Diff(want, saidBy(nb)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if string(nb.Cells[1].Extra["id"]) != `"a1"` || len(nb.Cells[1].Outputs) == 0 || nb.Extra["x-unknown"] == nil {
		t.Errorf("id %s, %d bytes of outputs, unknown key %s", nb.Cells[1].Extra["id"], len(nb.Cells[1].Outputs), nb.Extra["x-unknown"])
	}
}

func TestJupyterComesBack(t *testing.T) {
	content := sample(t, "explore.ipynb")
	got := mustWrite(t, WriteJupyter, mustJupyter(t, content))
	if d := sameJSON(t, content, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if again := mustWrite(t, WriteJupyter, mustJupyter(t, got)); !bytes.Equal(got, again) {
		t.Errorf("the second writing differs: %s", cmp.Diff(string(got), string(again)))
	}
}

func TestJupyterEdit(t *testing.T) {
	content := sample(t, "explore.ipynb")
	nb := mustJupyter(t, content)
	nb.Cells[1].Source, nb.Cells[1].Title = "df.tail()\n", "Tail"
	nb.Cells = append(nb.Cells, Cell{Kind: Code, Language: R, Source: "summary(x)", Title: "R", HideTitle: true})
	want := bytes.NewBuffer(nil)
	text := strings.NewReplacer(`"df.head()"`, `"df.tail()\n"`, `"title": "Head"`, `"title": "Tail"`, `"\\LaTeX"
   ]
  }
 ],`, `"\\LaTeX"
   ]
  },
  {"cell_type": "code", "execution_count": null, "id": "cell-6", "outputs": [], "source": ["%r\n", "summary(x)"],
   "metadata": {"application/vnd.databricks.v1+cell": {"title": "R", "showTitle": false}}}
 ],`)
	text.WriteString(want, string(content))
	if d := sameJSON(t, want.Bytes(), mustWrite(t, WriteJupyter, nb)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestConversion takes each sample to the other format and back: what a cell says is the same there.
func TestConversion(t *testing.T) {
	for name, l := range sourceSamples {
		nb := mustSource(t, sample(t, name), l)
		there := mustJupyter(t, mustWrite(t, WriteJupyter, nb))
		if d := cmp.Diff(saidBy(nb), saidBy(there)); d != "" || there.Language != l {
			t.Errorf("%s became %s (-want +got):\n%s", name, there.Language, d)
		}
		back := mustSource(t, mustWrite(t, WriteSource, there), l)
		if d := cmp.Diff(saidBy(nb), saidBy(back)); d != "" {
			t.Errorf("%s, back (-want +got):\n%s", name, d)
		}
	}
	nb := mustJupyter(t, sample(t, "explore.ipynb"))
	const want = `# Databricks notebook source
# MAGIC %md
# MAGIC # Explore
# MAGIC
# MAGIC Some *notes* with <b>markup</b> & more.

# COMMAND ----------

# DBTITLE 1,Head
df.head()

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1

# COMMAND ----------

# MAGIC %matplotlib inline
# MAGIC import matplotlib.pyplot as plt

# COMMAND ----------

# MAGIC %raw
# MAGIC \LaTeX
`
	if d := cmp.Diff(want, string(mustWrite(t, WriteSource, nb))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJupyterFromSource(t *testing.T) {
	nb := mustSource(t, []byte("-- Databricks notebook source\n-- MAGIC %md # <b>\n-- COMMAND ----------\nSELECT 1"), SQL)
	const want = `{"cells": [
  {"cell_type": "markdown", "metadata": {}, "source": ["# <b>"]},
  {"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": ["SELECT 1"]}],
 "metadata": {"application/vnd.databricks.v1+notebook": {"language": "sql"}, "language_info": {"name": "sql"}},
 "nbformat": 4, "nbformat_minor": 4}`
	got := mustWrite(t, WriteJupyter, nb)
	if d := sameJSON(t, []byte(want), got); d != "" || !bytes.Contains(got, []byte("# <b>")) {
		t.Errorf("(-want +got):\n%s\n%s", d, got)
	}
}

const minimal = `{"nbformat": 4, "nbformat_minor": 5, "metadata": %s, "cells": []}`

func TestJupyterLanguage(t *testing.T) {
	for _, c := range []struct {
		metadata string
		fallback Language
		want     Language // "" = refused
	}{
		{`{}`, "", Python},
		{`{}`, Scala, Scala},
		{`null`, SQL, SQL},
		{`{"language_info": {"name": "R"}}`, Python, R},
		{`{"kernelspec": {"language": "scala", "name": "almond"}}`, "", Scala},
		{`{"language_info": {"name": "python"}, "application/vnd.databricks.v1+notebook": {"language": "sql"}}`, "", SQL},
		{`{"language_info": {"name": 3}}`, "", Python},
		{`{"language_info": {"name": "julia"}}`, Python, ""},
		{`{}`, "JULIA", ""},
	} {
		nb, err := ParseJupyter(fmt.Appendf(nil, minimal, c.metadata), c.fallback)
		if c.want == "" {
			if !fail.Is(err, fail.Invalid) {
				t.Errorf("%s: %v; want Invalid", c.metadata, err)
			}
			continue
		}
		if err != nil || nb.Language != c.want {
			t.Errorf("%s: %v, %v; want %s", c.metadata, nb, err, c.want)
			continue
		}
		if again := mustJupyter(t, mustWrite(t, WriteJupyter, nb)); again.Language != c.want {
			t.Errorf("%s, written: %s; want %s", c.metadata, again.Language, c.want)
		}
	}
}

func TestJupyterRefuses(t *testing.T) {
	cells := func(s string) string { return `{"nbformat": 4, "metadata": {}, "cells": ` + s + `}` }
	for name, c := range map[string]struct{ content, says string }{
		"empty":        {"", "not JSON"},
		"cut":          {"{\n \"cells\": [\n", "not JSON: unexpected end of JSON input at line 2, column 12"},
		"comma":        {"{\n \"cells\": [1,, 2]}", "not JSON: invalid character ',' looking for beginning of value at line 2, column 14"},
		"array":        {"[]", "the notebook is not an object"},
		"UTF-8":        {"{\"a\": \"\xff\"}", "not valid UTF-8 at line 1, column 8"},
		"deep":         {strings.Repeat("[", 65), "deeper than 64 levels at line 1, column 65"},
		"format 3":     {`{"nbformat": 3, "worksheets": []}`, "nbformat 3; only 4 is served: convert it"},
		"format 5":     {`{"nbformat": 5}`, "nbformat is '5'"},
		"no format":    {`{"cells": []}`, "no nbformat"},
		"no cells":     {`{"nbformat": 4}`, "cells is not an array"},
		"cells":        {cells(`{}`), "cells is not an array"},
		"cell":         {cells(`[{"cell_type": "raw"}, 1]`), "cell 2: the cell is not an object"},
		"type":         {cells(`[{"cell_type": 7}]`), "cell 1: cell_type is not a string"},
		"unknown type": {cells(`[{"cell_type": "heading"}]`), "cell 1: cell_type 'heading' is not known"},
		"source":       {cells(`[{"cell_type": "code", "source": [1]}]`), "cell 1: source is neither"},
		"many cells":   {cells("[" + strings.Repeat(`{"cell_type":"raw"},`, MaxCells) + `{"cell_type":"raw"}]`), "more than 10000 cells"},
		"many keys":    {"{" + manyKeys(1001) + "}", "more than 1000 keys"},
	} {
		_, err := ParseJupyter([]byte(c.content), "")
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want Invalid with %q", name, err, c.says)
		}
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%d":0`, i)
	}
	return strings.Join(keys, ",")
}

func TestDepthIgnoresStrings(t *testing.T) {
	content := `{"nbformat": 4, "cells": [{"cell_type": "code", "source": "` + strings.Repeat(`[\"{\\`, 100) + `"}]}`
	if nb := mustJupyter(t, []byte(content)); len(nb.Cells[0].Source) != 400 {
		t.Errorf("source has %d bytes", len(nb.Cells[0].Source))
	}
}

func TestFreshIDsAreFree(t *testing.T) {
	nb := mustJupyter(t, []byte(`{"nbformat": 4, "nbformat_minor": 5, "cells": [
		{"cell_type": "raw", "id": "cell-2", "source": "", "metadata": {}}, {"cell_type": "code", "source": [], "outputs": []}]}`))
	again := mustJupyter(t, mustWrite(t, WriteJupyter, nb))
	if a, b := string(again.Cells[0].Extra["id"]), string(again.Cells[1].Extra["id"]); a != `"cell-2"` || b != `"cell-2x"` {
		t.Errorf("ids %s and %s", a, b)
	}
}

func FuzzJupyter(f *testing.F) {
	f.Add(sample(f, "explore.ipynb"))
	f.Add(fmt.Appendf(nil, minimal, `{}`))
	f.Add([]byte(`{"nbformat": 4, "cells": [{"cell_type": "code", "source": "%sql\r\nx", "id": null}, {"cell_type": "raw"}]}`))
	f.Add([]byte(`{"nbformat": 3, "worksheets": []}`))
	f.Add([]byte(strings.Repeat("[", 70)))
	f.Fuzz(func(t *testing.T, content []byte) {
		nb, err := ParseJupyter(content, "")
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Fatal(err)
			}
			return
		}
		written := mustWrite(t, WriteJupyter, nb)
		again := mustJupyter(t, written)
		if d := cmp.Diff(saidBy(nb), saidBy(again)); d != "" || nb.Language != again.Language {
			t.Fatalf("%q came back as %q (-want +got):\n%s", content, written, d)
		}
		if second := mustWrite(t, WriteJupyter, again); !bytes.Equal(written, second) {
			t.Fatalf("written as %q, then as %q", written, second)
		}
		page := mustWrite(t, func(nb *Notebook) ([]byte, error) { return WriteHTML(nb, "x") }, nb)
		checkPage(t, page)
		source := mustWrite(t, WriteSource, nb)
		if _, err := ParseSource(source, nb.Language); err != nil && len(source) < MaxNotebook && len(nb.Cells) < MaxCells {
			t.Fatalf("%q became %q: %v", content, source, err)
		}
	})
}
