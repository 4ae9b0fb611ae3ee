package workspace

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
)

// markdown draws the part of Markdown that makes a text readable: headings, fenced code, lists, paragraphs, bold and code spans. All
// else stands as it was written. It escapes first and only then adds tags, so nothing of the text becomes markup.
func markdown(text string) template.HTML {
	m := &markdownWriter{}
	for _, line := range strings.Split(text, "\n") {
		m.line(line)
	}
	m.open("")
	return template.HTML(m.String())
}

type markdownWriter struct {
	strings.Builder
	block string // the tag of the block that is open; "" if none is
}

var (
	heading  = regexp.MustCompile(`^(#{1,6})\s+(.*)$`)
	bullet   = regexp.MustCompile(`^\s*[-*+]\s+(.*)$`)
	numbered = regexp.MustCompile(`^\s*\d{1,9}[.)]\s+(.*)$`)
	codeSpan = regexp.MustCompile("`([^`]+)`")
	boldSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

func (m *markdownWriter) line(line string) {
	if strings.HasPrefix(strings.TrimSpace(line), "```") {
		m.open(map[bool]string{true: "", false: "pre"}[m.block == "pre"])
		return
	}
	if m.block == "pre" {
		m.WriteString(template.HTMLEscapeString(line) + "\n")
		return
	}
	if h := heading.FindStringSubmatch(line); h != nil {
		m.open("")
		fmt.Fprintf(m, "<h%d>%s</h%d>\n", len(h[1]), spans(h[2]), len(h[1]))
		return
	}
	m.flow(line)
}

func (m *markdownWriter) flow(line string) {
	for tag, item := range map[string]*regexp.Regexp{"ul": bullet, "ol": numbered} {
		if found := item.FindStringSubmatch(line); found != nil {
			m.open(tag)
			m.WriteString("<li>" + spans(found[1]) + "</li>\n")
			return
		}
	}
	if strings.TrimSpace(line) == "" {
		m.open("")
		return
	}
	m.open("p")
	m.WriteString(spans(line) + "\n")
}

// open closes the open block, unless it is of the same kind, and opens the next.
func (m *markdownWriter) open(tag string) {
	if tag == m.block {
		return
	}
	if m.block != "" {
		m.WriteString("</" + m.block + ">\n")
	}
	if tag != "" {
		m.WriteString("<" + tag + ">")
	}
	m.block = tag
}

func spans(text string) string {
	text = template.HTMLEscapeString(text)
	text = boldSpan.ReplaceAllString(text, "<strong>$1</strong>")
	return codeSpan.ReplaceAllString(text, "<code>$1</code>")
}
