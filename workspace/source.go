package workspace

import (
	"iter"
	"strings"
)

// What stands behind the comment sign in the SOURCE format's own lines.
const (
	headerText    = " Databricks notebook source"
	separatorText = " COMMAND ----------"
	magicLine     = " MAGIC"
	titleLine     = " DBTITLE "
)

const byteOrderMark = "\uFEFF"

// sourceForm is how a notebook stood in the SOURCE format, apart from its cells.
type sourceForm struct {
	header  string // the header line with its line end, and a byte order mark before it; "" if there was none
	newline string // "\n" or "\r\n", as the first line ends
}

// ParseSource reads a notebook in the SOURCE format: cells between lines `# COMMAND ----------` (`--` for SQL, `//` for Scala), below
// the header line, which may be absent. WriteSource gives the same bytes again. Errors are fail.Invalid, with the position, and
// MAX_NOTEBOOK_SIZE_EXCEEDED.
func ParseSource(content []byte, language Language) (*Notebook, error) {
	d, err := language.dialect()
	if err == nil {
		err = checkNotebookText(content)
	}
	if err != nil {
		return nil, err
	}
	nb := &Notebook{Language: language, source: &sourceForm{newline: newlineOf(string(content))}}
	text := nb.source.cutHeader(string(content), d)
	if nb.Cells, err = splitCells(text, d); err != nil {
		return nil, err
	}
	return nb, nil
}

func newlineOf(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func (s *sourceForm) cutHeader(text string, d dialect) string {
	line, rest := cutLine(text)
	if bareLine(strings.TrimPrefix(line, byteOrderMark)) != d.Comment+headerText {
		return text
	}
	s.header = line
	return rest
}

// sourcePlace is how a cell stood in the SOURCE format.
type sourcePlace struct {
	separator string // the separator line above, with its end; "" for the first cell
	chunk     string // all text up to the next separator
}

// cutLine cuts the first line off, with its line end.
func cutLine(text string) (line, rest string) {
	i := strings.IndexByte(text, '\n') + 1
	if i == 0 {
		i = len(text)
	}
	return text[:i], text[i:]
}

func bareLine(line string) string { return strings.TrimRight(line, " \t\r\n") }

// chunks gives, cell by cell, the separator line above it and all its text.
func chunks(text string, d dialect) iter.Seq2[string, string] {
	return func(yield func(separator, chunk string) bool) {
		separator, start := "", 0
		for at := 0; at < len(text); {
			line, _ := cutLine(text[at:])
			if bareLine(line) == d.Comment+separatorText {
				if !yield(separator, text[start:at]) {
					return
				}
				separator, start = line, at+len(line)
			}
			at += len(line)
		}
		yield(separator, text[start:])
	}
}

func splitCells(text string, d dialect) ([]Cell, error) {
	var cells []Cell
	for separator, chunk := range chunks(text, d) {
		if err := checkCells(len(cells) + 1); err != nil {
			return nil, err
		}
		cells = append(cells, readChunk(separator, chunk, d))
	}
	return cells, nil
}

// checkSource refuses what ParseSource would, without taking the cells apart.
func checkSource(content []byte, d dialect) error {
	if err := checkNotebookText(content); err != nil {
		return err
	}
	n := 0
	for range chunks(string(content), d) {
		n++
	}
	return checkCells(n)
}

// readChunk reads one cell from all the text between two separators.
func readChunk(separator, chunk string, d dialect) Cell {
	c := Cell{Kind: Code, Language: d.Language, source: &sourcePlace{separator, chunk}}
	lines := trimBlank(plainLines(chunk))
	if len(lines) > 0 && c.readTitle(lines[0], d) {
		lines = trimBlank(lines[1:])
	}
	text, ok := unmagic(lines, d)
	if !ok {
		c.Source = strings.Join(lines, "\n")
		return c
	}
	c.Language = ""
	c.sortMagic(text)
	if c.Kind == Code {
		c.Source = trimmed(c.Source)
	}
	return c
}

// plainLines splits text into lines without their ends.
func plainLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, "\r")
	}
	return lines
}

func trimmed(text string) string { return strings.Join(trimBlank(plainLines(text)), "\n") }

// readTitle reads a line `# DBTITLE 1,The title`; 0 instead of 1 hides it.
func (c *Cell) readTitle(line string, d dialect) bool {
	rest, ok := strings.CutPrefix(line, d.Comment+titleLine)
	show, title, comma := strings.Cut(rest, ",")
	if !ok || !comma || title == "" || show != "0" && show != "1" {
		return false
	}
	c.Title, c.HideTitle = title, show == "0"
	return true
}

// unmagic takes `# MAGIC ` off the lines of a cell whose first line has it before a percent or exclamation mark. Lines without it are
// kept: people edit these files by hand.
func unmagic(lines []string, d dialect) (string, bool) {
	mark := d.Comment + magicLine
	if len(lines) == 0 || !isMagic(strings.TrimPrefix(lines[0], mark+" ")) || !strings.HasPrefix(lines[0], mark) {
		return "", false
	}
	bare := make([]string, len(lines))
	for i, line := range lines {
		bare[i] = line
		if rest, ok := strings.CutPrefix(line, mark+" "); ok {
			bare[i] = rest
		} else if line == mark {
			bare[i] = ""
		}
	}
	return strings.Join(bare, "\n"), true
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
