package workspace

import (
	"path"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// Limits of what is shown of a notebook. Beyond them texts are cut and say so; the notebook itself is whole in an export.
const (
	maxShownText  = 1 << 20 // bytes of one source or one output
	maxShownImage = 4 << 20 // bytes of one image, in base64
	maxShown      = 8 << 20 // bytes of everything together
	maxOutputs    = 200     // of one cell
)

// OutputKind says how an output is drawn.
type OutputKind string

// The kinds of output. HTML is what the notebook's author, or whatever ran in it, wrote: it is data, to be shown where nothing runs.
const (
	TextOutput  OutputKind = "text"
	ErrorOutput OutputKind = "error"
	HTMLOutput  OutputKind = "html"
	ImageOutput OutputKind = "image" // Text is base64, of SVG the markup
	JSONOutput  OutputKind = "json"
	TableOutput OutputKind = "table" // Text is JSON: {"columns": ["a"], "rows": [["1"]]}
)

// Output is one output of a cell.
type Output struct {
	Kind OutputKind `json:"kind"`
	MIME string     `json:"mime"`
	Text string     `json:"text"`
	// Plain is the same in plain text where the notebook has it besides.
	Plain string `json:"plain,omitempty"`
	// Stream is stdout or stderr of what was printed.
	Stream string `json:"stream,omitempty"`
	// Truncated says that Text is not all; of an image that is too large it is empty.
	Truncated bool `json:"truncated,omitempty"`
}

// ShownCell is a cell as it is read: nothing in it runs.
type ShownCell struct {
	Kind CellKind `json:"kind"`
	// Language is the code's; of a notebook in another language than those of the protocol it is that language's own name.
	Language string `json:"language,omitempty"`
	Source   string `json:"source"`
	Title    string `json:"title,omitempty"`
	// Count is Jupyter's execution count; 0 for none.
	Count   int64    `json:"execution_count,omitempty"`
	Outputs []Output `json:"outputs,omitempty"`
	// Truncated says that Source, or the list of outputs, is not all.
	Truncated bool `json:"truncated,omitempty"`
}

// Shown is a notebook as it is read.
type Shown struct {
	Language string
	Cells    []ShownCell
	// Truncated says that the notebook is larger than what is shown of it.
	Truncated bool
}

// Show takes a notebook apart for reading. Beside notebooks it reads files that end in .ipynb, whatever their language and also of nbformat 3:
// these are good notebooks that only cannot be kept as ones. Whatever the content is, the outcome is bounded; what is no notebook is
// fail.Invalid.
func Show(it Item) (*Shown, error) {
	s := &shower{left: maxShown}
	var err error
	switch {
	case it.Format == FormatSource:
		err = s.source(it)
	case it.Format == FormatJupyter, strings.EqualFold(path.Ext(it.Path), ".ipynb"):
		err = s.jupyter(it.Content, it.Language)
	default:
		err = fail.Invalidf("%s is a file, not a notebook", quote(it.Path))
	}
	if err != nil {
		return nil, err
	}
	return &s.Shown, nil
}

// shower takes cells in until there is no room left.
type shower struct {
	Shown
	left int // bytes
}

func (s *shower) source(it Item) error {
	nb, err := ParseSource(it.Content, it.Language)
	if err != nil {
		return err
	}
	s.Language = string(nb.Language)
	for i := range nb.Cells {
		c := &nb.Cells[i]
		s.add(ShownCell{Kind: c.Kind, Language: string(c.Language), Source: c.Source, Title: c.shownTitle()})
	}
	return nil
}

// shownTitle is the title of a cell, unless it is hidden.
func (c *Cell) shownTitle() string {
	if c.HideTitle {
		return ""
	}
	return c.Title
}

// add takes a cell in as far as there is room; its outputs are cut already.
func (s *shower) add(c ShownCell) {
	var cut bool
	c.Source, cut = s.take(c.Source, maxShownText)
	c.Title, _ = s.take(c.Title, maxShownText)
	c.Truncated = c.Truncated || cut
	s.Cells = append(s.Cells, c)
}

// take gives as much of a text as fits, and whether that is not all.
func (s *shower) take(text string, most int) (string, bool) {
	whole := len(text)
	text = beginning(text, min(most, s.left))
	s.left -= len(text)
	s.Truncated = s.Truncated || len(text) < whole
	return text, len(text) < whole
}

// beginning cuts text to at most so many bytes, between two characters.
func beginning(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
