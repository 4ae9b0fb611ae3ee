package identity

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// token is a word, a quoted string or one of ( ) [ ] of a filter.
type token struct {
	text  string
	at    int  // byte offset, for messages
	str   bool // a quoted string; text is its content
	glued bool // no space before it
}

func (t token) is(s string) bool { return !t.str && t.text == s }

func (t token) isWord(s string) bool { return !t.str && strings.EqualFold(t.text, s) }

const (
	maxFilterBytes = 4 << 10
	maxFilterDepth = 32
)

// lex splits a filter. Quoted strings are JSON strings (RFC 7644 figure 1); a word ends at a space, a bracket or a quote.
func lex(s string) ([]token, error) {
	if len(s) > maxFilterBytes || !utf8.ValidString(s) {
		return nil, invalid(InvalidFilter, "a filter is valid UTF-8 of at most %d bytes", maxFilterBytes)
	}
	var out []token
	depth := 0
	for i := 0; i < len(s); {
		n := tokenLen(s[i:])
		if n == 0 {
			i++
			continue
		}
		t, err := makeToken(s[i:i+n], i)
		if err != nil {
			return nil, err
		}
		t.glued = i > 0 && s[i-1] != ' '
		depth += strings.Count("([", s[i:i+n]) - strings.Count(")]", s[i:i+n])
		if depth > maxFilterDepth {
			return nil, invalid(InvalidFilter, "the filter is nested deeper than %d", maxFilterDepth)
		}
		out = append(out, t)
		i += n
	}
	return out, nil
}

// tokenLen gives the length of the token that s begins with; 0 for a space.
func tokenLen(s string) int {
	switch s[0] {
	case ' ':
		return 0
	case '(', ')', '[', ']':
		return 1
	case '"':
		return stringLen(s)
	}
	if n := strings.IndexAny(s, " ()[]\""); n >= 0 {
		return n
	}
	return len(s)
}

func stringLen(s string) int {
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

func makeToken(text string, at int) (token, error) {
	if text[0] != '"' {
		return token{text: text, at: at}, nil
	}
	var content string
	if err := json.Unmarshal([]byte(text), &content); err != nil {
		return token{}, invalid(InvalidFilter, "the string at position %d of the filter is not closed or has a wrong escape", at+1)
	}
	return token{text: content, at: at, str: true}, nil
}
