package workspace

import "strings"

// WriteSource writes a notebook in the SOURCE format. What ParseSource read and nobody changed is written as it stood, to the byte;
// a changed or new cell as Databricks writes it, with the file's own line ends. Outputs and Jupyter's metadata have no place there.
// It fails with fail.Invalid for a cell of unknown kind or language.
func WriteSource(nb *Notebook) ([]byte, error) {
	d, err := nb.check()
	if err != nil {
		return nil, err
	}
	w := sourceWriter{dialect: d, newline: "\n"}
	header := d.Comment + headerText + "\n"
	if nb.source != nil {
		w.newline = nb.source.newline
		if nb.source.header == "" || new(sourceForm).cutHeader(nb.source.header, d) == "" {
			header = nb.source.header
		}
	}
	w.WriteString(header)
	for i := range nb.Cells {
		w.cell(&nb.Cells[i], i == 0, i == len(nb.Cells)-1)
	}
	return []byte(w.String()), nil
}

type sourceWriter struct {
	strings.Builder
	dialect dialect
	newline string
}

func (w *sourceWriter) cell(c *Cell, first, last bool) {
	if !first {
		w.separate(c.source)
	}
	if c.source != nil && w.reads(c.source.chunk, c) {
		w.WriteString(c.source.chunk)
		return
	}
	if w.endLine(); !first {
		w.line("")
	}
	for _, line := range strings.Split(w.render(c), "\n") {
		w.line(line)
	}
	if !last {
		w.line("")
	}
}

func (w *sourceWriter) line(text string) {
	w.WriteString(text)
	w.WriteString(w.newline)
}

// endLine ends the last line: what was the file's last text may lack an end and now have something below it.
func (w *sourceWriter) endLine() {
	if text := w.String(); text != "" && !strings.HasSuffix(text, "\n") {
		w.line("")
	}
}

func (w *sourceWriter) separate(p *sourcePlace) {
	w.endLine()
	want := w.dialect.Comment + separatorText
	if p != nil && bareLine(p.separator) == want {
		w.WriteString(p.separator)
		return
	}
	w.line(want)
}

// render gives a cell's text as Databricks writes it. Code in the notebook's language stands plainly, unless it would be read as
// something else (it contains a separator line, say): then it goes the way of the other languages, behind `# MAGIC`.
func (w *sourceWriter) render(c *Cell) string {
	title := ""
	if c.Title != "" {
		title = w.dialect.Comment + titleLine + map[bool]string{false: "1,", true: "0,"}[c.HideTitle] + oneLine(c.Title) + "\n"
	}
	plain := *c
	plain.Source, plain.Title = trimmed(c.Source), oneLine(c.Title)
	if c.Kind == Code && w.reads(title+plain.Source, &plain) {
		return title + plain.Source
	}
	mark := w.dialect.Comment + magicLine
	lines := plainLines(c.magicText())
	for i, line := range lines {
		lines[i] = mark
		if line != "" {
			lines[i] += " " + line
		}
	}
	return title + strings.Join(lines, "\n")
}

// reads reports whether text, as all that stands between two separators, would be read as what c says.
func (w *sourceWriter) reads(text string, c *Cell) bool {
	cells, err := splitCells(text, w.dialect)
	return err == nil && len(cells) == 1 && cells[0].saysSame(c)
}

func oneLine(title string) string { return strings.Join(plainLines(title), " ") }
