package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
)

// scanner reads the grammar from left to right. It has no token stream, because a quoted string is a key in one place and a value in
// another.
type scanner struct {
	what string // "filter" or "order_by[0]", for messages
	src  string
	at   int // byte offset of what comes next
}

// newScanner refuses text that is not UTF-8, whose positions nobody could find.
func newScanner(what, src string) (*scanner, error) {
	if !utf8.ValidString(src) {
		return nil, fail.Invalidf("%s is not valid UTF-8", what)
	}
	return &scanner{what: what, src: src}, nil
}

// errorAt says what is wrong at a byte offset, counted for people: characters from 1.
func (s *scanner) errorAt(at int, format string, args ...any) error {
	n := utf8.RuneCountInString(s.src[:at]) + 1
	args = append([]any{s.what, n}, args...)
	return fail.Invalidf("Invalid %s, at character %d: "+format, args...)
}

// expected says what should have come next and what did.
func (s *scanner) expected(what string) error {
	return s.errorAt(s.at, "expected %s, found %s", what, s.found())
}

// found shows the beginning of the rest.
func (s *scanner) found() string {
	if s.done() {
		return "the end"
	}
	rest, n := s.src[s.at:], 0
	for i := range rest {
		if n == 20 {
			return quote(rest[:i]) + "…"
		}
		n++
	}
	return quote(rest)
}

func quote(s string) string { return "«" + s + "»" }

func (s *scanner) done() bool { return s.at >= len(s.src) }

// peek gives the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.src[s.at]
}

// take moves past b if it comes next.
func (s *scanner) take(b byte) bool {
	if s.peek() != b || s.done() {
		return false
	}
	s.at++
	return true
}

func (s *scanner) space() {
	for !s.done() {
		r, n := utf8.DecodeRuneInString(s.src[s.at:])
		if !unicode.IsSpace(r) {
			return
		}
		s.at += n
	}
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// bare gives the word that comes next without moving; empty if there is none.
func (s *scanner) bare() string {
	rest := s.src[s.at:]
	for i, r := range rest {
		if !wordRune(r) {
			return rest[:i]
		}
	}
	return rest
}

// keyword moves past the words, whatever their case and the blanks between them, if they all come next.
func (s *scanner) keyword(words ...string) bool {
	start := s.at
	for _, w := range words {
		s.space()
		if b := s.bare(); !strings.EqualFold(b, w) {
			s.at = start
			return false
		}
		s.at += len(w)
	}
	return true
}

// quoted reads a string in the quotes that come next. The quote itself is written twice inside; nothing else is special.
func (s *scanner) quoted() (string, error) {
	start, q := s.at, s.src[s.at]
	for i := start + 1; i < len(s.src); i++ {
		if s.src[i] != q {
			continue
		}
		if i+1 < len(s.src) && s.src[i+1] == q {
			i++
			continue
		}
		s.at = i + 1
		body := s.src[start+1 : i]
		return strings.ReplaceAll(body, string([]byte{q, q}), string(q)), nil
	}
	return "", s.errorAt(start, "the quote %c is not closed", q)
}

// number reads [-]digits[.digits][e±digits].
func (s *scanner) number() (string, bool) {
	i := s.at
	if i < len(s.src) && s.src[i] == '-' {
		i++
	}
	whole := digits(s.src, i)
	end := whole
	if end < len(s.src) && s.src[end] == '.' {
		end = digits(s.src, end+1)
	}
	if end-i == 0 || s.src[i:end] == "." {
		return "", false
	}
	end = exponent(s.src, end)
	if r, _ := utf8.DecodeRuneInString(s.src[end:]); end < len(s.src) && (wordRune(r) || r == '.') {
		return "", false
	}
	n := s.src[s.at:end]
	s.at = end
	return n, true
}

// digits gives where the digits from i on end.
func digits(src string, i int) int {
	for i < len(src) && src[i] >= '0' && src[i] <= '9' {
		i++
	}
	return i
}

// exponent gives where an exponent at i ends, i if there is none.
func exponent(src string, i int) int {
	if i >= len(src) || src[i] != 'e' && src[i] != 'E' {
		return i
	}
	j := i + 1
	if j < len(src) && (src[j] == '+' || src[j] == '-') {
		j++
	}
	if end := digits(src, j); end > j {
		return end
	}
	return i
}

// path reads a key with its prefix: metrics.loss, tags.`a b`, tags.mlflow.user, run_id, `run name`.
func (s *scanner) path() (prefix, key string, err error) {
	if prefix, err = s.segment("`\""); err != nil {
		return "", "", err
	}
	if !s.take('.') {
		return "", prefix, nil
	}
	if strings.IndexByte("`\"'", s.peek()) >= 0 {
		key, err = s.segment("`\"'")
		return prefix, key, err
	}
	start := s.at
	for {
		if _, err = s.segment(""); err != nil {
			return "", "", err
		}
		if !s.take('.') {
			return prefix, s.src[start:s.at], nil
		}
	}
}

// segment reads one part of a path: a word, or a string in one of the quotes.
func (s *scanner) segment(quotes string) (string, error) {
	if !s.done() && strings.IndexByte(quotes, s.peek()) >= 0 {
		start := s.at
		word, err := s.quoted()
		if err == nil && word == "" {
			err = s.errorAt(start, "a key must not be empty")
		}
		return word, err
	}
	word := s.bare()
	if word == "" {
		return "", s.expected("a key (put backticks around one with other than letters, digits, underscores and periods)")
	}
	s.at += len(word)
	return word, nil
}
