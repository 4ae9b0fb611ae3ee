package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// token is a word of the Cedar part with its place in the whole text.
type token struct {
	text         string // of a string, with its quotes
	line, column int    // from 1; columns count characters
}

// The most that one policy may be: deeper or longer ones are refused before anything recursive sees them.
const (
	maxBytes  = 1 << 20
	maxDepth  = 64
	maxTokens = 10_000
)

// reader cuts the Cedar part into words.
type reader struct {
	rest         string
	line, column int
}

// tokens gives the words of the Cedar part, comments and space left out. It never fails: what is no word of Cedar becomes one of its own, and
// Cedar's parser says so.
func tokens(text string, line int) (out []token) {
	r := reader{text, line, 1}
	for r.rest != "" {
		n := wordLength(r.rest)
		if c := r.rest[0]; !unicode.IsSpace(rune(c)) && !strings.HasPrefix(r.rest, "//") {
			out = append(out, token{r.rest[:n], r.line, r.column})
		}
		r.skip(n)
	}
	return out
}

func (r *reader) skip(n int) {
	for _, c := range r.rest[:n] {
		r.column++
		if c == '\n' {
			r.line, r.column = r.line+1, 1
		}
	}
	r.rest = r.rest[n:]
}

func wordLength(s string) int {
	switch c := s[0]; {
	case strings.HasPrefix(s, "//"):
		return until(s, func(c rune) bool { return c == '\n' })
	case c == '"':
		return quotedLength(s)
	case inWord(rune(c)):
		return until(s, func(c rune) bool { return !inWord(c) })
	case strings.HasPrefix(s, "::"):
		return 2
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func until(s string, end func(rune) bool) int {
	if i := strings.IndexFunc(s, end); i >= 0 {
		return i
	}
	return len(s)
}

func inWord(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// statements cuts the words at the semicolons that end policies, and refuses what is too deep or too long.
func statements(all []token) (out [][]token, err error) {
	from, depth := 0, 0
	for i, t := range all {
		switch t.text {
		case "(", "[", "{", "if":
			depth++
		case ")", "]", "}", "else":
			depth--
		case ";":
			out, from, depth = append(out, all[from:i+1]), i+1, 0
		}
		if depth > maxDepth {
			return nil, at(t, "This is nested more than %d deep.", maxDepth)
		}
		if i-from > maxTokens {
			return nil, at(all[from], "This policy has more than %d words.", maxTokens)
		}
	}
	if from < len(all) {
		out = append(out, all[from:])
	}
	return out, nil
}

// reference is a Type::"name" with its place.
type reference struct {
	at   token
	kind string
	name string
}

// references gives what a policy names.
func references(words []token) (out []reference) {
	for i := 2; i < len(words); i++ {
		if words[i-1].text == "::" && strings.HasPrefix(words[i].text, `"`) {
			out = append(out, reference{words[i-2], words[i-2].text, unquote(words[i].text)})
		}
	}
	return out
}

// unquote reads a quoted text as Cedar does; what it cannot read stays as it is, and is refused by the parser.
func unquote(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return strings.Trim(quoted, `"`)
	}
	var p cedar.Policy
	if err := p.UnmarshalCedar([]byte("permit(principal == T::" + quoted + ", action, resource);")); err != nil {
		return quoted
	}
	scope, ok := (*ast.Policy)(p.AST()).Principal.(ast.ScopeTypeEq)
	if !ok {
		return quoted
	}
	return string(scope.Entity.ID)
}
