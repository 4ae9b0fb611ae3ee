package workspace

import (
	"bytes"
	"strings"
	"testing"

	"bailiwick/fail"
)

const julia = `{"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": "julia"}}}`

func TestImport(t *testing.T) {
	ipynb := string(sample(t, "explore.ipynb"))
	py, sql := string(sample(t, "churn.py")), string(sample(t, "report.sql"))
	for name, c := range map[string]struct {
		path     string
		format   Format
		language Language
		content  string
		want     Item // without content
	}{
		"default is source":     {"/Shared/n", "", Python, py, Item{Kind: NotebookItem, Path: "/Shared/n", Language: Python, Format: FormatSource}},
		"source keeps the name": {"/Shared/n.py", "SOURCE", Python, "x = 1", Item{Kind: NotebookItem, Path: "/Shared/n.py", Language: Python, Format: FormatSource}},
		"source by extension":   {"/Workspace/Shared/n.sql", "SOURCE", "", sql, Item{Kind: NotebookItem, Path: "/Shared/n.sql", Language: SQL, Format: FormatSource}},
		"empty source":          {"/Shared/n", "SOURCE", R, "", Item{Kind: NotebookItem, Path: "/Shared/n", Language: R, Format: FormatSource}},
		"jupyter":               {"/Shared/n.ipynb", "JUPYTER", "", ipynb, Item{Kind: NotebookItem, Path: "/Shared/n.ipynb", Language: Python, Format: FormatJupyter}},
		"raw":                   {"/Shared/n.py", "RAW", Python, py, Item{Kind: FileItem, Path: "/Shared/n.py", Format: FormatRaw}},
		"raw binary":            {"/Shared/x.bin", "RAW", "", "\x00\xff", Item{Kind: FileItem, Path: "/Shared/x.bin", Format: FormatRaw}},
		"auto notebook":         {"/Shared/n.py", "AUTO", "", py, Item{Kind: NotebookItem, Path: "/Shared/n", Language: Python, Format: FormatSource}},
		"auto CRLF":             {"/Shared/n.R", "AUTO", "", "# Databricks notebook source\r\nx", Item{Kind: NotebookItem, Path: "/Shared/n", Language: R, Format: FormatSource}},
		"auto sql":              {"/Shared/n.m.sql", "AUTO", Python, sql, Item{Kind: NotebookItem, Path: "/Shared/n.m", Language: SQL, Format: FormatSource}},
		"auto ipynb":            {"/Shared/n.ipynb", "AUTO", "", ipynb, Item{Kind: NotebookItem, Path: "/Shared/n", Language: Python, Format: FormatJupyter}},
		"auto no header":        {"/Shared/n.py", "AUTO", "", "import x", Item{Kind: FileItem, Path: "/Shared/n.py", Format: FormatRaw}},
		"auto wrong header":     {"/Shared/n.py", "AUTO", "", sql, Item{Kind: FileItem, Path: "/Shared/n.py", Format: FormatRaw}},
		"auto longer header":    {"/Shared/n.py", "AUTO", "", "# Databricks notebook sources", Item{Kind: FileItem, Path: "/Shared/n.py", Format: FormatRaw}},
		"auto other":            {"/Shared/x.bin", "AUTO", "", "\x00\xff", Item{Kind: FileItem, Path: "/Shared/x.bin", Format: FormatRaw}},
		"auto only extension":   {"/Shared/.py", "AUTO", "", py, Item{Kind: FileItem, Path: "/Shared/.py", Format: FormatRaw}},
		"auto dot left over":    {"/Shared/..py", "AUTO", "", py, Item{Kind: FileItem, Path: "/Shared/..py", Format: FormatRaw}},
		"auto root's name":      {"/Workspace.py", "AUTO", "", py, Item{Kind: FileItem, Path: "/Workspace.py", Format: FormatRaw}},
		"auto special's name":   {"/Users.py", "AUTO", "", py, Item{Kind: FileItem, Path: "/Users.py", Format: FormatRaw}},
		"auto old ipynb":        {"/Shared/n.ipynb", "AUTO", "", `{"nbformat": 3, "worksheets": []}`, Item{Kind: FileItem, Path: "/Shared/n.ipynb", Format: FormatRaw}},
		"auto julia":            {"/Shared/n.ipynb", "AUTO", "", julia, Item{Kind: FileItem, Path: "/Shared/n.ipynb", Format: FormatRaw}},
	} {
		got, err := Import(c.path, c.format, c.language, []byte(c.content))
		if err != nil || got.Kind != c.want.Kind || got.Path != c.want.Path || got.Language != c.want.Language || got.Format != c.want.Format {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
			continue
		}
		for _, f := range []Format{got.Format, FormatAuto, FormatRaw} {
			if content, _, err := Export(got, f); err != nil || string(content) != c.content {
				t.Errorf("%s: exported as %s it is not what was imported: %v", name, f, err)
			}
		}
	}
}

func TestImportRefuses(t *testing.T) {
	large := strings.Repeat("#", MaxNotebook+1)
	for name, c := range map[string]struct {
		path     string
		format   Format
		language Language
		content  string
		kind     fail.Kind
		says     string
		code     string
	}{
		"path":            {"/Shared/../x", "", Python, "", fail.Invalid, "'..'", ""},
		"root":            {"/Workspace", "", Python, "", fail.Invalid, "is a folder", ""},
		"home":            {"/Users/ana", "RAW", "", "", fail.Invalid, "is a folder", ""},
		"no language":     {"/Shared/n", "SOURCE", "", "x", fail.Invalid, "needs a language (PYTHON, SQL, SCALA or R)", ""},
		"language":        {"/Shared/n", "RAW", "Python", "x", fail.Invalid, "'Python' is not known", ""},
		"html":            {"/Shared/n", "HTML", Python, "x", fail.Invalid, "cannot be imported; notebooks are imported as SOURCE or JUPYTER", ""},
		"dbc":             {"/Shared/n", "DBC", "", "x", fail.Unsupported, "DBC (Databricks archive) is not served yet", ""},
		"r markdown":      {"/Shared/n", "R_MARKDOWN", R, "x", fail.Unsupported, "R_MARKDOWN is not served", ""},
		"lower case":      {"/Shared/n", "source", Python, "x", fail.Invalid, "format 'source' is not known", ""},
		"large":           {"/Shared/n", "SOURCE", Python, large, fail.Invalid, "10485760 are allowed", "MAX_NOTEBOOK_SIZE_EXCEEDED"},
		"large, auto":     {"/Shared/n.py", "AUTO", "", "# Databricks notebook source\n" + large, fail.Invalid, "allowed", "MAX_NOTEBOOK_SIZE_EXCEEDED"},
		"large jupyter":   {"/Shared/n.ipynb", "AUTO", "", large, fail.Invalid, "the format RAW keeps it as a file", "MAX_NOTEBOOK_SIZE_EXCEEDED"},
		"no jupyter":      {"/Shared/n.ipynb", "AUTO", "", "x", fail.Invalid, "line 1, column 1; the format RAW keeps it as a file", ""},
		"julia":           {"/Shared/n", "JUPYTER", "", julia, fail.Invalid, "language is 'julia'; served are", ""},
		"old jupyter":     {"/Shared/n", "JUPYTER", "", `{"nbformat":3}`, fail.Invalid, "nbformat 3", ""},
		"binary notebook": {"/Shared/n", "SOURCE", Python, "\xff", fail.Invalid, "UTF-8 at line 1, column 1", ""},
	} {
		got, err := Import(c.path, c.format, c.language, []byte(c.content))
		if fail.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) || err.(*fail.Error).Code != c.code || got.Path != "" {
			t.Errorf("%s: %+v, %v; want kind %v, code %q, %q", name, got.Path, err, c.kind, c.code, c.says)
		}
	}
}

func TestExport(t *testing.T) {
	notebook := func(f Format, name string) Item {
		it, err := Import("/Shared/n", f, Python, sample(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	source, jupyter := notebook(FormatSource, "churn.py"), notebook(FormatJupyter, "explore.ipynb")
	file := Item{Kind: FileItem, Path: "/Shared/a.csv", Format: FormatRaw, Content: []byte("a,b\n")}
	for name, c := range map[string]struct {
		item   Item
		format Format
		starts string // of the content
		typed  string
	}{
		"source":            {source, "", "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Churn", "py"},
		"source to jupyter": {source, "JUPYTER", "{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\"", "ipynb"},
		"source to html":    {source, "HTML", "<!DOCTYPE html>", "html"},
		"jupyter":           {jupyter, "JUPYTER", "{\n \"cells\": [\n  {\n   \"attachments\"", "ipynb"},
		"jupyter, auto":     {jupyter, "AUTO", "{\n \"cells\": [\n  {\n   \"attachments\"", "ipynb"},
		"jupyter to source": {jupyter, "SOURCE", "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Explore", "py"},
		"jupyter to html":   {jupyter, "HTML", "<!DOCTYPE html>", "html"},
		"file":              {file, "", "a,b\n", "csv"},
		"file, auto":        {file, "AUTO", "a,b\n", "csv"},
	} {
		content, typed, err := Export(c.item, c.format)
		if err != nil || !bytes.HasPrefix(content, []byte(c.starts)) || typed != c.typed {
			t.Errorf("%s: %v, type %q, content %.80q; want %q, %q", name, err, typed, content, c.typed, c.starts)
		}
	}
	for name, c := range map[string]struct {
		item   Item
		format Format
		kind   fail.Kind
		says   string
	}{
		"dbc":           {source, "DBC", fail.Unsupported, "DBC is not served; notebooks are exported as"},
		"r markdown":    {file, "R_MARKDOWN", fail.Unsupported, "files are exported as"},
		"file, jupyter": {file, "JUPYTER", fail.Invalid, "has no format 'JUPYTER'; files are exported as"},
		"file, html":    {file, "HTML", fail.Invalid, "has no format 'HTML'"},
		"unknown":       {source, "PDF", fail.Invalid, "'PDF' is not known; notebooks are exported as"},
	} {
		if _, _, err := Export(c.item, c.format); fail.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want kind %v, %q", name, err, c.kind, c.says)
		}
	}
}

func TestExportTooLarge(t *testing.T) {
	it, err := Import("/Shared/n", FormatSource, Python, bytes.Repeat([]byte("x\n"), MaxNotebook/2))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Export(it, FormatJupyter); err == nil || err.(*fail.Error).Code != "MAX_NOTEBOOK_SIZE_EXCEEDED" {
		t.Errorf("converted: %v", err)
	}
	if content, _, err := Export(it, FormatSource); err != nil || len(content) != MaxNotebook {
		t.Errorf("as stored: %d bytes, %v", len(content), err)
	}
}

func TestWithNotebook(t *testing.T) {
	for format, name := range map[Format]string{FormatSource: "churn.py", FormatJupyter: "explore.ipynb"} {
		it, err := Import("/Shared/n", format, Python, sample(t, name))
		if err != nil {
			t.Fatal(err)
		}
		nb, err := it.Notebook()
		if err != nil {
			t.Fatal(err)
		}
		nb.Cells[1].Source += "\n%pip list"
		edited, err := it.WithNotebook(nb)
		if err != nil {
			t.Fatal(err)
		}
		again, err := edited.Notebook()
		if err != nil || again.Cells[1].Source != nb.Cells[1].Source || edited.Path != it.Path || edited.Format != format {
			t.Errorf("%s: %+v, %v", format, again.Cells[1], err)
		}
		nb.Cells[0].Source = strings.Repeat("x", MaxNotebook)
		if _, err := it.WithNotebook(nb); err == nil || err.(*fail.Error).Code != "MAX_NOTEBOOK_SIZE_EXCEEDED" {
			t.Errorf("%s, too large: %v", format, err)
		}
	}
	file := Item{Kind: FileItem, Path: "/Shared/a", Format: FormatRaw}
	if _, err := file.Notebook(); !fail.Is(err, fail.Invalid) {
		t.Errorf("cells of a file: %v", err)
	}
	if _, err := file.WithNotebook(&Notebook{Language: Python}); !fail.Is(err, fail.Invalid) {
		t.Errorf("cells into a file: %v", err)
	}
}
