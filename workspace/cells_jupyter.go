package workspace

import (
	"encoding/json"
	"errors"
	"strings"

	"bailiwick/fail"
)

// jupyter takes a Jupyter notebook in. It is lenient where the notebook is somebody's data: what of a cell cannot be read is left out.
func (s *shower) jupyter(content []byte, fallback Language) error {
	keys, err := jupyterKeys(content)
	if err != nil {
		return err
	}
	s.Language = shownLanguage(keys["metadata"], fallback)
	lists := []json.RawMessage{keys["cells"]}
	switch version := string(keys["nbformat"]); {
	case version == "3":
		lists = worksheets(keys["worksheets"])
	case keys["cells"] == nil:
		return fail.Invalidf("this is no Jupyter notebook: it has no cells")
	}
	n := 0
	for _, list := range lists {
		err := eachElement(list, "the notebook's cells", func(_ int, raw json.RawMessage) error {
			n++
			s.jupyterCell(raw)
			return checkCells(n)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shownLanguage is the protocol's name of a notebook's language, or else the language's own.
func shownLanguage(metadata json.RawMessage, fallback Language) string {
	if l, err := jupyterLanguage(metadata, fallback); err == nil {
		return string(l)
	}
	return beginning(jupyterLanguageName(metadata), 100)
}

// worksheets gives the lists of cells of nbformat 3.
func worksheets(raw json.RawMessage) (lists []json.RawMessage) {
	_ = eachElement(raw, "worksheets", func(_ int, sheet json.RawMessage) error {
		keys, _ := object(sheet, "a worksheet")
		lists = append(lists, keys["cells"])
		return nil
	})
	return lists
}

// shownKinds are the cell types of nbformat 3 and 4.
var shownKinds = map[string]CellKind{"code": Code, "markdown": Markdown, "heading": Markdown, "raw": Raw, "html": Raw}

// jupyterCell takes a cell in; one of a type that nobody knows is left out.
func (s *shower) jupyterCell(raw json.RawMessage) {
	keys, _ := object(raw, "a cell")
	c := Cell{Kind: shownKinds[textOf(keys["cell_type"])], Source: sourceOf(keys), Language: Language(s.Language)}
	if c.Kind == "" {
		return
	}
	c.Title, c.HideTitle = cellTitle(keys["metadata"])
	shown := ShownCell{Title: c.shownTitle()}
	runs := c.Kind == Code
	if runs {
		shown.Count = numberOf(keys["execution_count"]) + numberOf(keys["prompt_number"]) // of nbformat 4 and 3
	}
	if runs && isMagic(c.Source) {
		c.sortMagic(c.Source)
	}
	if shown.Kind, shown.Source = c.Kind, c.Source; c.Kind == Code {
		shown.Language = string(c.Language)
	}
	s.add(shown)
	if runs {
		s.outputs(&s.Cells[len(s.Cells)-1], keys["outputs"])
	}
}

// sourceOf gives the text of a cell of nbformat 3 or 4; that of a heading as Markdown.
func sourceOf(keys map[string]json.RawMessage) string {
	source := textOf(keys["source"])
	if source == "" {
		source = textOf(keys["input"])
	}
	if textOf(keys["cell_type"]) == "heading" {
		return strings.Repeat("#", min(max(int(numberOf(keys["level"])), 1), 6)) + " " + source
	}
	return source
}

// textOf reads a multiline string; what is none is empty.
func textOf(raw json.RawMessage) string {
	text, _ := readText(raw)
	return text
}

// numberOf reads a whole number; what is none is 0.
func numberOf(raw json.RawMessage) (n int64) {
	_ = json.Unmarshal(raw, &n)
	return n
}

// outputs takes the outputs of a cell in. What one stream printed bit by bit is one output.
func (s *shower) outputs(c *ShownCell, raw json.RawMessage) {
	var bits strings.Builder
	stream := ""
	flush := func() error {
		if stream == "" {
			return nil
		}
		o := Output{Kind: TextOutput, MIME: plainMIME, Text: printed(bits.String()), Stream: stream}
		stream = ""
		bits.Reset()
		return s.output(c, o)
	}
	err := eachElement(raw, "outputs", func(_ int, element json.RawMessage) error {
		o := outputOf(element)
		if o.Stream == stream && stream != "" {
			bits.WriteString(o.Text)
			return nil
		}
		if err := flush(); err != nil {
			return err
		}
		if o.Stream == "" {
			return s.output(c, o)
		}
		stream = o.Stream
		bits.WriteString(o.Text)
		return nil
	})
	if err == nil {
		_ = flush() // it says that no more fits, and there is no more
	}
}

// errEnough ends a walk when no more fits.
var errEnough = errors.New("enough")

// output takes one output in.
func (s *shower) output(c *ShownCell, o Output) error {
	if len(c.Outputs) == maxOutputs || s.left == 0 {
		c.Truncated, s.Truncated = true, true
		return errEnough
	}
	c.Outputs = append(c.Outputs, s.cut(o))
	return nil
}

// cut cuts an output to what there is room for. Half an image, or half a table, is nothing.
func (s *shower) cut(o Output) Output {
	most, whole := maxShownText, false
	switch o.Kind {
	case ImageOutput:
		most, whole = maxShownImage, true
	case TableOutput, JSONOutput:
		whole = true
	}
	if whole && len(o.Text) > min(most, s.left) {
		o.Text, o.Truncated, s.Truncated = "", true, true
	} else {
		o.Text, o.Truncated = s.take(o.Text, most)
	}
	o.Plain, _ = s.take(o.Plain, maxShownText)
	return o
}
