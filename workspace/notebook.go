package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// Limits of a notebook.
const (
	MaxNotebook  = 10 << 20 // bytes, imported or exported
	MaxCells     = 10_000
	MaxJSONDepth = 64
	maxJSONKeys  = 1_000 // of a notebook and of a cell: what is kept key by key in memory
)

// Language is the language of a notebook or of one of its cells, spelt as the protocol spells it.
type Language string

// The languages of notebooks.
const (
	Python Language = "PYTHON"
	SQL    Language = "SQL"
	Scala  Language = "SCALA"
	R      Language = "R"
)

// dialect is what a notebook of a language looks like in the SOURCE format and in Jupyter's metadata.
type dialect struct {
	Language Language
	Ext      string // with the dot, lower case
	Comment  string // what starts a comment line
	Magic    string // the magic word that switches a cell to the language
	Kernel   string // Jupyter's kernelspec as JSON; "" if there is no usual one
}

var dialects = []dialect{
	{Python, ".py", "#", "python", `{"display_name":"Python 3","language":"python","name":"python3"}`},
	{SQL, ".sql", "--", "sql", ""},
	{Scala, ".scala", "//", "scala", ""},
	{R, ".r", "#", "r", `{"display_name":"R","language":"R","name":"ir"}`},
}

func dialectOf(is func(dialect) bool) (dialect, bool) {
	for _, d := range dialects {
		if is(d) {
			return d, true
		}
	}
	return dialect{}, false
}

func (l Language) dialect() (dialect, error) {
	d, ok := dialectOf(func(d dialect) bool { return d.Language == l })
	if !ok {
		return d, fail.Invalidf("language %s is not known; known are PYTHON, SQL, SCALA and R, in capital letters", quote(string(l)))
	}
	return d, nil
}

// CellKind tells what a cell is for.
type CellKind string

// The kinds of cell.
const (
	Code     CellKind = "code"     // runs in the cell's language
	Markdown CellKind = "markdown" // text
	Raw      CellKind = "raw"      // neither runs nor is drawn
	Magic    CellKind = "magic"    // an instruction to the notebook itself (%run, %sh, %pip …), which stands in Source with its percent sign
)

// Cell is one cell of a notebook. What was read from a format also carries how it stood there, and is written back like that as long
// as its exported fields still say the same.
type Cell struct {
	Kind     CellKind
	Language Language // of code cells: the notebook's unless the cell has another
	Source   string   // lines end in \n, whatever the format had
	Title    string
	// HideTitle keeps the title from being shown.
	HideTitle bool
	// Outputs is Jupyter's array of outputs; nil without any. The SOURCE format has no place for it.
	Outputs json.RawMessage
	// Metadata is Jupyter's metadata of the cell, title included; nil without any.
	Metadata json.RawMessage
	// Extra holds the other keys of a Jupyter cell: id, execution_count, attachments, and those we do not know.
	Extra map[string]json.RawMessage

	source *sourcePlace    // how it stood in the SOURCE format; nil if it comes from elsewhere
	raw    json.RawMessage // how it stood in Jupyter's
}

// Notebook is a notebook taken apart. It is derived from an Item's bytes when somebody needs cells, never stored.
type Notebook struct {
	Language Language
	Cells    []Cell
	// Metadata is Jupyter's metadata of the notebook; nil without any.
	Metadata json.RawMessage
	// Extra holds the other top-level keys of a Jupyter notebook: nbformat, nbformat_minor, and those we do not know.
	Extra map[string]json.RawMessage

	source *sourceForm // how it stood in the SOURCE format; nil if it comes from elsewhere
}

// checkNotebookText refuses what is too large for a notebook or is no text.
func checkNotebookText(content []byte) error {
	if err := checkSize(len(content)); err != nil {
		return err
	}
	for i := 0; i < len(content); {
		r, n := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && n == 1 {
			return fail.Invalidf("the notebook is not valid UTF-8 at %s", position(content, i))
		}
		if r == 0 {
			return fail.Invalidf("the notebook has a NUL character at %s", position(content, i))
		}
		i += n
	}
	return nil
}

func checkSize(n int) error {
	if n > MaxNotebook {
		return fail.New(fail.Invalid, "the notebook has %d bytes, %d are allowed", n, MaxNotebook).WithCode("MAX_NOTEBOOK_SIZE_EXCEEDED")
	}
	return nil
}

func checkCells(n int) error {
	if n > MaxCells {
		return fail.Invalidf("the notebook has more than %d cells", MaxCells)
	}
	return nil
}

// check refuses a notebook that cannot be written, and gives its dialect.
func (nb *Notebook) check() (dialect, error) {
	d, err := nb.Language.dialect()
	if err == nil {
		err = checkCells(len(nb.Cells))
	}
	for i := 0; err == nil && i < len(nb.Cells); i++ {
		err = nb.Cells[i].check(i + 1)
	}
	return d, err
}

func (c *Cell) check(number int) error {
	switch c.Kind {
	case Code:
		if _, err := c.Language.dialect(); err != nil {
			return fail.Invalidf("cell %d: %v", number, err)
		}
	case Magic:
		if !isMagic(c.Source) {
			return fail.Invalidf("cell %d: the source of a magic cell starts with '%%' or '!'", number)
		}
	case Markdown, Raw:
	default:
		return fail.Invalidf("cell %d: kind %s is not known; known are code, markdown, raw and magic", number, quote(string(c.Kind)))
	}
	return c.checkJSON(number)
}

func (c *Cell) checkJSON(number int) error {
	if c.Outputs != nil && !json.Valid(c.Outputs) || c.Metadata != nil && !json.Valid(c.Metadata) {
		return fail.Invalidf("cell %d: its outputs or metadata are not JSON", number)
	}
	for key, value := range c.Extra {
		if !json.Valid(value) {
			return fail.Invalidf("cell %d: its key %s is not JSON", number, quote(key))
		}
	}
	return nil
}

// position names a byte for a person: lines and columns count from 1, columns in bytes.
func position(content []byte, offset int) string {
	before := content[:min(offset, len(content))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

// firstWord cuts the first word off text, with the one space or line break behind it.
func firstWord(text string) (word, rest string) {
	i := strings.IndexAny(text, " \t\n")
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i+1:]
}

// sortMagic sorts the text of a cell that begins with a percent or exclamation mark: %md is a markdown cell, %raw a raw one, the name
// of a language a code cell in it; the text behind the word becomes the source. Any other is an instruction and keeps its word.
func (c *Cell) sortMagic(text string) {
	word, rest := firstWord(text)
	c.Source = rest
	switch d, ok := dialectOf(func(d dialect) bool { return "%"+d.Magic == word }); {
	case ok:
		c.Kind, c.Language = Code, d.Language
	case word == "%md":
		c.Kind = Markdown
	case word == "%raw":
		c.Kind = Raw
	default:
		c.Kind, c.Source = Magic, text
	}
}

// magicText is the inverse of sortMagic: the cell's source with its word, on a line of its own, so that nothing of it is lost.
func (c *Cell) magicText() string {
	word := map[CellKind]string{Markdown: "%md", Raw: "%raw"}[c.Kind]
	if d, err := c.Language.dialect(); c.Kind == Code && err == nil {
		word = "%" + d.Magic
	}
	if c.Kind == Magic || word == "" {
		return c.Source
	}
	if c.Source == "" {
		return word
	}
	return word + "\n" + c.Source
}

func isMagic(text string) bool { return strings.HasPrefix(text, "%") || strings.HasPrefix(text, "!") }

// saysSame reports whether two cells are equal in what a format can carry: kind, language, source and title.
func (c *Cell) saysSame(o *Cell) bool {
	return c.Kind == o.Kind && c.Language == o.Language && c.Source == o.Source && c.Title == o.Title && c.HideTitle == o.HideTitle
}
