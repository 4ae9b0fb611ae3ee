package governance_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

func base64of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// notebook is a Jupyter notebook with outputs, in a layout that no writer of ours has.
const notebook = `{"cells": [{"cell_type":"code","execution_count":2,"id":"x1","metadata":{"own":[1]},"source":["df.show()"],
 "outputs":[{"output_type":"execute_result","execution_count":2,"metadata":{},"data":{"text/html":["<script>alert(1)</script>"],"text/plain":"df"}}]}],
"metadata":{"language_info":{"name":"python"}},"nbformat":4,"nbformat_minor":5,"kept":{"a":1}}`

// kept imports something and gives its id.
func (o *office) kept(t *testing.T, path, format, language, text string) string {
	t.Helper()
	return o.as(t, "ann", "POST", "/api/2.0/workspace/import", fields{"path": path, "format": format, "language": language, "overwrite": true,
		"content": base64of(text)}).Text("object_id")
}

// An HTML result comes by itself under a policy that lets nothing run; nothing else does, and nobody gets it who may not read the cells.
func TestOutputs(t *testing.T) {
	o := newOffice(t)
	id := o.kept(t, "/Users/ann@x.org/explore", "JUPYTER", "", notebook)
	at := "/notebooks/" + id + "/cells/0/outputs/0"
	a := o.ask("ann", at, nil)
	if policy := a.Header.Get("Content-Security-Policy"); a.Status != 200 || !strings.Contains(string(a.Body), "<script>alert(1)</script>") ||
		!strings.HasPrefix(policy, "sandbox; default-src 'none'") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
	}
	for path, status := range map[string]int{"/notebooks/" + id + "/cells/0/outputs/1": 404, "/notebooks/" + id + "/cells/9/outputs/0": 404,
		"/notebooks/" + id + "/cells/-1/outputs/0": 404, "/notebooks/" + id + "/cells/x/outputs/0": 400, "/notebooks/77/cells/0/outputs/0": 404} {
		if a := o.ask("ann", path, nil); a.Status != status {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := o.ask("cyd", at, nil); a.Status != 403 {
		t.Errorf("a stranger: %d", a.Status)
	}
}

func TestCells(t *testing.T) {
	o := newOffice(t)
	const home = "/Users/ann@x.org/"
	source := o.kept(t, home+"etl", "SOURCE", "SQL", "-- Databricks notebook source\nSELECT 1\n-- COMMAND ----------\n-- MAGIC %md # Hi\n")
	jupyter := o.kept(t, home+"explore", "JUPYTER", "", notebook)
	auto := o.kept(t, home+"auto.ipynb", "AUTO", "", notebook)
	julia := o.kept(t, home+"julia.ipynb", "AUTO", "", strings.Replace(notebook, `"python"`, `"julia"`, 1))
	old := o.kept(t, home+"old.ipynb", "AUTO", "", `{"nbformat":3,"metadata":{},"worksheets":[{"cells":[{"cell_type":"code","input":"print 1","outputs":[]}]}]}`)
	data := o.kept(t, home+"data.csv", "RAW", "", "a,b")
	hostile := o.kept(t, home+"hostile.ipynb", "RAW", "", strings.Repeat("[", 100_000))
	o.as(t, "ann", "PATCH", "/api/2.0/permissions/notebooks/"+jupyter, fields{"access_control_list": []any{
		fields{"user_name": "bob@x.org", "permission_level": "CAN_READ"}}})
	for name, c := range map[string]struct {
		who, id string
		status  int
		want    map[string]string
	}{
		"SQL": {"ann", source, 200, fieldsOf("path", home+"etl", "language", "SQL", "cells.0.source", "SELECT 1", "cells.1.kind", "markdown")},
		"Jupyter, a reader": {"bob", jupyter, 200, fieldsOf("cells.0.outputs.0.kind", "html", "cells.0.outputs.0.text", "<script>alert(1)</script>",
			"cells.0.outputs.0.plain", "df", "cells.0.execution_count", "2", "format", "JUPYTER")},
		"AUTO":           {"ann", auto, 200, fieldsOf("path", home+"auto", "cells.0.outputs.0.kind", "html")},
		"Julia":          {"ann", julia, 200, fieldsOf("language", "julia", "format", "RAW", "cells.0.source", "df.show()")},
		"nbformat 3":     {"ann", old, 200, fieldsOf("cells.0.source", "print 1")},
		"a file":         {"ann", data, 400, fieldsOf("error_code", "INVALID_PARAMETER_VALUE")},
		"hostile":        {"ann", hostile, 400, fieldsOf("error_code", "INVALID_PARAMETER_VALUE")},
		"an experiment":  {"ann", o.experiment, 404, nil},
		"none":           {"ann", "77", 404, nil},
		"no number":      {"ann", "x", 404, nil},
		"a stranger":     {"cyd", jupyter, 403, fieldsOf("details.0.level_needed", "")},
		"an auditor":     {"eve", jupyter, 403, nil},
		"signed out":     {"", jupyter, 401, nil},
		"an admin reads": {"admin", jupyter, 200, fieldsOf("language", "PYTHON")},
	} {
		a := o.ask(c.who, "/notebooks/"+c.id+"/cells", nil)
		if a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		for path, want := range c.want {
			if got := a.Text(path); got != want {
				t.Errorf("%s: %s is %q: %s", name, path, got, a.Body)
			}
		}
	}
	o.as(t, "ann", "POST", "/api/2.0/workspace/delete", fields{"path": home + "explore"})
	if a := o.ask("bob", "/notebooks/"+jupyter+"/cells", nil); a.Status == 200 {
		t.Errorf("in the trash: %d %s", a.Status, a.Body)
	}
}

// fieldsOf are values by the path of keys to them.
func fieldsOf(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// TestJupyterStays: a Jupyter notebook comes out as it came in, outputs and unknown keys included, and what formats are not offered are refused.
func TestJupyterStays(t *testing.T) {
	o := newOffice(t)
	const home = "/Users/ann@x.org/"
	for _, format := range []string{"JUPYTER", "AUTO"} {
		o.kept(t, home+"n.ipynb", format, "", notebook)
		path := map[string]string{"JUPYTER": home + "n.ipynb", "AUTO": home + "n"}[format]
		for _, out := range []string{"JUPYTER", "AUTO", "RAW"} {
			a := o.as(t, "ann", "GET", "/api/2.0/workspace/export?"+url.Values{"path": {path}, "format": {out}, "direct_download": {"true"}}.Encode(), nil)
			if string(a.Body) != notebook {
				t.Errorf("imported as %s, exported as %s: %s", format, out, a.Body)
			}
		}
	}
	for format, want := range map[string]string{"DBC": "not served", "HTML": "cannot be imported", "R_MARKDOWN": "not served", "ZIP": "not known"} {
		a := o.Do(o.tokens["ann"], "POST", "/api/2.0/workspace/import", fields{"path": home + "x", "format": format, "content": base64of(notebook)})
		if a.Status < 400 || a.Status == 500 || !strings.Contains(string(a.Body), want) {
			t.Errorf("%s: %d %s", format, a.Status, a.Body)
		}
	}
}
