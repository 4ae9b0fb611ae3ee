package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"bailiwick/fail"
)

// WriteJupyter writes a notebook in Jupyter's format 4. A cell that ParseJupyter read and nobody changed keeps its JSON but for
// indentation; all keys that were read are kept. It fails with fail.Invalid for a cell of unknown kind or language.
func WriteJupyter(nb *Notebook) ([]byte, error) {
	d, err := nb.check()
	if err != nil {
		return nil, err
	}
	keys := maps.Clone(nb.Extra)
	if keys == nil {
		keys = map[string]json.RawMessage{}
	}
	keys["nbformat"] = json.RawMessage("4")
	if keys["nbformat_minor"] == nil {
		keys["nbformat_minor"] = json.RawMessage("4")
	}
	keys["metadata"] = notebookMetadata(nb, d)
	if keys["cells"], err = jupyterCells(nb, needsIDs(keys)); err != nil {
		return nil, err
	}
	return encode(keys, " ")
}

// needsIDs reports whether the notebook's format asks for an id in each cell, which it does from 4.5 on.
func needsIDs(keys map[string]json.RawMessage) bool {
	var minor float64
	return json.Unmarshal(keys["nbformat_minor"], &minor) == nil && minor >= 5
}

// encode marshals what consists of JSON texts, without escaping markup: a person reads these files, and diffs them.
func encode(v any, indent string) ([]byte, error) {
	b := new(bytes.Buffer)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, fail.Invalidf("the notebook holds what is not JSON: %v", err)
	}
	return b.Bytes(), nil
}

// notebookMetadata gives the notebook's metadata with its language in them.
func notebookMetadata(nb *Notebook, d dialect) json.RawMessage {
	if says, err := jupyterLanguage(nb.Metadata, ""); nb.Metadata != nil && err == nil && says == nb.Language {
		return nb.Metadata
	}
	keys := putInside(nb.Metadata, notebookKey, map[string]any{"language": d.Magic})
	keys["language_info"] = rawOf(putInside(keys["language_info"], "name", d.Magic))
	delete(keys, "kernelspec")
	if d.Kernel != "" {
		keys["kernelspec"] = json.RawMessage(d.Kernel)
	}
	return rawOf(keys)
}

// putInside gives the keys of the object raw with key set to value; of two objects the keys are merged.
func putInside(raw json.RawMessage, key string, value any) map[string]json.RawMessage {
	keys, err := object(raw, key)
	if err != nil {
		keys = map[string]json.RawMessage{}
	}
	if inner, ok := value.(map[string]any); ok {
		merged, _ := object(keys[key], key)
		merged = maps.Clone(merged)
		for k, v := range inner {
			if merged == nil {
				merged = map[string]json.RawMessage{}
			}
			merged[k] = rawOf(v)
		}
		value = merged
	}
	keys[key] = rawOf(value)
	return keys
}

// rawOf marshals values that cannot fail: strings, booleans and maps of JSON texts that were read.
func rawOf(v any) json.RawMessage {
	b, _ := encode(v, "")
	return bytes.TrimSuffix(b, []byte("\n"))
}

func jupyterCells(nb *Notebook, withIDs bool) (json.RawMessage, error) {
	used := map[string]bool{}
	for _, c := range nb.Cells {
		used[string(c.Extra["id"])] = true
	}
	cells := make([]json.RawMessage, len(nb.Cells))
	for i := range nb.Cells {
		c := &nb.Cells[i]
		if c.unchanged(nb.Language) && (!withIDs || c.Extra["id"] != nil) {
			cells[i] = c.raw
			continue
		}
		if err := checkSize(leastJupyter(c.Source)); err != nil {
			return nil, err
		}
		keys := jupyterCell(c, nb.Language)
		if withIDs && keys["id"] == nil {
			keys["id"] = freeID(i, used)
		}
		cells[i] = rawOf(keys)
	}
	return encode(cells, "")
}

// leastJupyter is a lower bound of the bytes that text takes there: each line has quotes, a comma, an escaped end and indentation. It
// spares the server from building, of ten megabytes of empty lines, a hundred that are refused afterwards.
func leastJupyter(text string) int { return len(text) + 8*strings.Count(text, "\n") }

// freeID gives a cell an id that no other has. It depends on the notebook alone, so that two exports are equal.
func freeID(i int, used map[string]bool) json.RawMessage {
	for suffix := ""; ; suffix += "x" {
		id := fmt.Sprintf(`"cell-%d%s"`, i+1, suffix)
		if !used[id] {
			used[id] = true
			return json.RawMessage(id)
		}
	}
}

// unchanged reports whether the cell still says what its Jupyter JSON says.
func (c *Cell) unchanged(language Language) bool {
	if c.raw == nil {
		return false
	}
	was, err := readJupyterCell(c.raw, language)
	same := func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
	return err == nil && was.saysSame(c) &&
		same(was.Outputs, c.Outputs) && same(was.Metadata, c.Metadata) && maps.EqualFunc(was.Extra, c.Extra, same)
}

func jupyterCell(c *Cell, language Language) map[string]json.RawMessage {
	keys := maps.Clone(c.Extra)
	if keys == nil {
		keys = map[string]json.RawMessage{}
	}
	kind, text := c.Kind, c.Source
	if kind == Magic || kind == Code {
		kind = Code
		keys["outputs"] = orElse(c.Outputs, "[]")
		keys["execution_count"] = orElse(keys["execution_count"], "null")
	} else {
		delete(keys, "execution_count")
	}
	if c.Kind == Code && (c.Language != language || isMagic(text)) {
		text = c.magicText()
	}
	keys["cell_type"] = rawOf(string(kind))
	keys["metadata"] = cellMetadata(c)
	keys["source"] = rawOf(splitText(text))
	return keys
}

func orElse(raw json.RawMessage, other string) json.RawMessage {
	if raw == nil {
		return json.RawMessage(other)
	}
	return raw
}

func cellMetadata(c *Cell) json.RawMessage {
	if title, hide := cellTitle(c.Metadata); title == c.Title && hide == c.HideTitle {
		return orElse(c.Metadata, "{}")
	}
	return rawOf(putInside(c.Metadata, cellKey, map[string]any{"title": c.Title, "showTitle": !c.HideTitle}))
}

// splitText gives text as nbformat stores it: an array of lines with their ends.
func splitText(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
