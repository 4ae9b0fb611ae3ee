package workspace

import (
	"bytes"
	"encoding/json"
	"strings"

	"bailiwick/fail"
)

// The keys of Jupyter metadata in which Databricks keeps what the format has no place for.
const (
	notebookKey = "application/vnd.databricks.v1+notebook"
	cellKey     = "application/vnd.databricks.v1+cell"
)

// ParseJupyter reads a Jupyter notebook of format 4. Its language is what its metadata say, else fallback, else Python. Keys that we do
// not know are kept. Errors are fail.Invalid, with the position of what is no JSON and the number of a cell that is wrong, and
// MAX_NOTEBOOK_SIZE_EXCEEDED.
func ParseJupyter(content []byte, fallback Language) (*Notebook, error) {
	keys, err := jupyterKeys(content)
	if err != nil {
		return nil, err
	}
	if err := checkFormat(keys["nbformat"]); err != nil {
		return nil, err
	}
	nb := &Notebook{Metadata: take(keys, "metadata")}
	if nb.Language, err = jupyterLanguage(nb.Metadata, fallback); err != nil {
		return nil, err
	}
	cells := keys["cells"]
	delete(keys, "cells")
	nb.Extra = keys
	return nb, eachElement(cells, "the notebook's cells", func(i int, raw json.RawMessage) error {
		c, err := readJupyterCell(raw, nb.Language)
		if err != nil {
			return fail.Invalidf("cell %d: %v", i+1, err)
		}
		nb.Cells = append(nb.Cells, c)
		return checkCells(len(nb.Cells))
	})
}

func jupyterKeys(content []byte) (map[string]json.RawMessage, error) {
	if err := checkNotebookText(content); err != nil {
		return nil, err
	}
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	if err := checkJSON(content); err != nil {
		return nil, err
	}
	return object(content, "the notebook")
}

// oldFormats are the values of nbformat before 4, which had no cells at the top.
var oldFormats = map[string]bool{"1": true, "2": true, "3": true}

func checkFormat(raw json.RawMessage) error {
	switch version := string(raw); {
	case version == "4":
		return nil
	case oldFormats[version]:
		return fail.Invalidf("the notebook is of nbformat %s; only 4 is served: convert it with jupyter nbconvert --to notebook", version)
	case version == "":
		return fail.Invalidf("the notebook has no nbformat; a Jupyter notebook of format 4 is expected")
	default:
		return fail.Invalidf("the notebook's nbformat is %s; 4 is expected", quote(version))
	}
}

// jupyterLanguage finds the language in the notebook's metadata: where Databricks puts it, else where Jupyter does.
func jupyterLanguage(metadata json.RawMessage, fallback Language) (Language, error) {
	name := strings.ToLower(jupyterLanguageName(metadata))
	if name == "" {
		if fallback == "" {
			return Python, nil
		}
		_, err := fallback.dialect()
		return fallback, err
	}
	d, ok := dialectOf(func(d dialect) bool { return d.Magic == strings.TrimSuffix(name, "3") })
	if !ok {
		return "", fail.Invalidf("the notebook's language is %s; served are Python, SQL, Scala and R; the format RAW keeps it as a file",
			quote(name))
	}
	return d.Language, nil
}

// jupyterLanguageName gives the name in the metadata, "" if they name none. It reads leniently: metadata are the client's own, and only
// these few keys of them mean something here.
func jupyterLanguageName(metadata json.RawMessage) string {
	for _, place := range [][2]string{{notebookKey, "language"}, {"language_info", "name"}, {"kernelspec", "language"}} {
		keys, _ := object(metadata, place[0])
		inner, _ := object(keys[place[0]], place[0])
		var name string
		if json.Unmarshal(inner[place[1]], &name) == nil && name != "" {
			return name
		}
	}
	return ""
}

func readJupyterCell(raw json.RawMessage, language Language) (Cell, error) {
	keys, err := object(raw, "the cell")
	if err != nil {
		return Cell{}, err
	}
	var kind string
	if err := json.Unmarshal(take(keys, "cell_type"), &kind); err != nil {
		return Cell{}, fail.Invalidf("cell_type is not a string")
	}
	text, err := readText(take(keys, "source"))
	if err != nil {
		return Cell{}, fail.Invalidf("source is neither a string nor an array of strings")
	}
	c := Cell{Kind: CellKind(kind), Source: text, Metadata: take(keys, "metadata"), raw: raw}
	switch c.Kind {
	case Code:
		c.Outputs = take(keys, "outputs")
		c.Language = language
		if isMagic(text) {
			c.Language = ""
			c.sortMagic(text)
		}
	case Markdown, Raw:
	default:
		return Cell{}, fail.Invalidf("cell_type %s is not known; known are code, markdown and raw", quote(kind))
	}
	c.Title, c.HideTitle = cellTitle(c.Metadata)
	c.Extra = keys
	return c, nil
}

// readText reads what nbformat calls a multiline string: one string or an array of them. Lines end in \n afterwards.
func readText(raw json.RawMessage) (string, error) {
	var parts []string
	if bytes.HasPrefix(raw, []byte("[")) {
		if err := json.Unmarshal(raw, &parts); err != nil {
			return "", err
		}
	} else if raw != nil {
		parts = make([]string, 1)
		if err := json.Unmarshal(raw, &parts[0]); err != nil {
			return "", err
		}
	}
	return strings.Join(plainLines(strings.Join(parts, "")), "\n"), nil
}

type titleKeys struct {
	Title string `json:"title"`
	Show  *bool  `json:"showTitle"`
}

func cellTitle(metadata json.RawMessage) (title string, hide bool) {
	keys, _ := object(metadata, "metadata")
	var t titleKeys
	if json.Unmarshal(keys[cellKey], &t) != nil || t.Title == "" {
		return "", false
	}
	return t.Title, t.Show != nil && !*t.Show
}
