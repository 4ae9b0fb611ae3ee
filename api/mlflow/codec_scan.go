package mlflow

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of objects and lists in a body.
const maxDepth = 32

// decoder pulls one JSON text. Strings that repeat (metric keys) are made once; optional scalars come out of slabs, so that a batch of
// a thousand metrics costs dozens of allocations, not thousands.
type decoder struct {
	b       []byte
	i       int
	depth   int
	scratch []byte
	recent  [128]string
	slabs
}

// wireError is a refusal on its way up to the field path; at is the byte position of malformed JSON, −1 for a well-formed wrong value.
type wireError struct {
	path string
	what string
	at   int
}

func (e *wireError) Error() string {
	switch {
	case e.at >= 0:
		return "the body is not JSON: " + e.what + " at byte " + strconv.Itoa(e.at)
	case e.path == "":
		return "the body " + e.what
	}
	return e.path + ": " + e.what
}

// wrong refuses a value; the callers add the path.
func wrong(what string) error { return &wireError{what: what, at: -1} }

// within puts a step (a name, or an element's index) before the path of a refused value.
func within(err error, step string) error {
	if e, ok := err.(*wireError); ok && e.at < 0 {
		if e.path != "" && e.path[0] != '[' {
			step += "."
		}
		e.path = step + e.path
	}
	return err
}

func element(i int) string { return "[" + strconv.Itoa(i) + "]" }

func (d *decoder) malformed(what string) error { return &wireError{what: what, at: d.i} }

// peek skips blanks and gives the next byte, 0 at the end.
func (d *decoder) peek() byte {
	for d.i < len(d.b) {
		if c := d.b[d.i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		d.i++
	}
	return 0
}

var kinds = [256]string{'{': "an object", '[': "a list", '"': "a string", 't': "a boolean", 'f': "a boolean", 'n': "null"}

// want refuses the next value, which is not what, by its kind. What cannot begin a value is malformed.
func (d *decoder) want(what string) error {
	c := d.peek()
	if d.i >= len(d.b) {
		return d.malformed("the text ends too early")
	}
	kind := kinds[c]
	switch {
	case isNumberStart(c):
		kind = "a number"
	case kind == "":
		return d.malformed("no value begins with " + strconv.QuoteToASCII(string(rune(c))))
	}
	return wrong("must be " + what + ", not " + kind)
}

// open enters an object or a list.
func (d *decoder) open(bracket byte, what string) error {
	if d.peek() != bracket {
		return d.want(what)
	}
	if d.depth++; d.depth > maxDepth {
		return wrong("is nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	d.i++
	return nil
}

// more steps to the next member of an object or list: over the comma unless it is the first, or over the closing bracket, then false.
func (d *decoder) more(first bool, bracket byte) (bool, error) {
	c := d.peek()
	if c == bracket {
		d.i++
		d.depth--
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, d.malformed("a comma or " + string(rune(bracket)) + " is missing")
	}
	d.i++
	if d.peek() == bracket {
		return false, d.malformed("nothing follows the comma")
	}
	return true, nil
}

// elements calls each with the index of every element of a list, the decoder standing before the element.
func (d *decoder) elements(each func(int) error) error {
	if err := d.open('[', "a list"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := d.more(i == 0, ']')
		if err != nil || !more {
			return err
		}
		if err := each(i); err != nil {
			return within(err, element(i))
		}
	}
}

// key reads a member's name with its colon. It is valid until the next read.
func (d *decoder) key() ([]byte, error) {
	if d.peek() != '"' {
		return nil, d.malformed("a name in quotes is missing")
	}
	key, err := d.rawText()
	if err != nil {
		return nil, within(err, "a name of an object")
	}
	if d.peek() != ':' {
		return nil, d.malformed("a colon is missing")
	}
	d.i++
	return key, nil
}

// members calls each with every name of an object, the decoder standing before the value.
func (d *decoder) members(each func(key []byte) error) error {
	if err := d.open('{', "an object"); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := d.key()
		if err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
	}
}

// literal reads word, which the next byte promised.
func (d *decoder) literal(word string) error {
	if !bytes.HasPrefix(d.b[d.i:], []byte(word)) {
		return d.malformed(word + " is misspelt")
	}
	d.i += len(word)
	return nil
}

// plain marks the bytes that stand for themselves in a string: printable ASCII but quote and backslash.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// rawText reads a string and gives its content, valid until the next read. NUL, invalid UTF-8 and half surrogates are refused.
func (d *decoder) rawText() ([]byte, error) {
	d.i++
	start := d.i
	for d.i < len(d.b) && plain[d.b[d.i]] {
		d.i++
	}
	if d.i < len(d.b) && d.b[d.i] == '"' {
		d.i++
		return d.b[start : d.i-1], nil
	}
	d.scratch = append(d.scratch[:0], d.b[start:d.i]...)
	return d.unquote()
}

// unquote is the slow half of rawText, for strings with escapes or beyond ASCII. The string is read to its end even if it is refused,
// so that a misspelt one is told apart from a forbidden one.
func (d *decoder) unquote() ([]byte, error) {
	var refused error
	for d.i < len(d.b) {
		c := d.b[d.i]
		switch {
		case c == '"':
			d.i++
			return d.scratch, refused
		case c == '\\':
			if err := d.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, d.malformed("a control character stands in a string")
		default:
			if d.rune() == utf8.RuneError {
				refused = wrong("is not valid UTF-8")
			}
			continue
		}
		if n := len(d.scratch); refused == nil && n > 0 && d.scratch[n-1] == 0 {
			refused = wrong("holds the character NUL")
		}
	}
	return nil, d.malformed("a string does not end")
}

// rune copies one character; RuneError with an invalid one. The replacement character itself is valid.
func (d *decoder) rune() rune {
	r, n := utf8.DecodeRune(d.b[d.i:])
	d.scratch = append(d.scratch, d.b[d.i:d.i+n]...)
	d.i += n
	if r == utf8.RuneError && n > 1 {
		return ' '
	}
	return r
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one backslash sequence.
func (d *decoder) escape() error {
	d.i++
	if d.i >= len(d.b) {
		return d.malformed("a string does not end")
	}
	c := d.b[d.i]
	if c == 'u' {
		return d.unicode()
	}
	if escapes[c] == 0 {
		return d.malformed("an escape is unknown")
	}
	d.scratch = append(d.scratch, escapes[c])
	d.i++
	return nil
}

// unicode reads \uXXXX, or the two of a surrogate pair, the decoder standing on the u.
func (d *decoder) unicode() error {
	r, ok := d.hex()
	if ok && utf16.IsSurrogate(r) {
		low := rune(utf8.RuneError)
		if bytes.HasPrefix(d.b[d.i:], []byte(`\u`)) {
			d.i++
			low, ok = d.hex()
		}
		if r = utf16.DecodeRune(r, low); ok && r == utf8.RuneError {
			return d.malformed("half a surrogate pair stands in a string")
		}
	}
	if !ok {
		return d.malformed("\\u needs four hexadecimal digits")
	}
	d.scratch = utf8.AppendRune(d.scratch, r)
	return nil
}

func (d *decoder) hex() (rune, bool) {
	d.i++
	if d.i+4 > len(d.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.b[d.i:d.i+4]), 16, 16)
	d.i += 4
	return rune(n), err == nil
}

// skip passes over one value of any kind, checking it as if it were wanted.
func (d *decoder) skip() error {
	switch c := d.peek(); {
	case c == '{':
		return d.members(func([]byte) error { return d.skip() })
	case c == '[':
		return d.elements(func(int) error { return d.skip() })
	case c == '"':
		_, err := d.rawText()
		return err
	case isNumberStart(c):
		_, _, err := d.number()
		return err
	case words[c] != "":
		return d.literal(words[c])
	}
	return d.want("a value")
}

var words = [256]string{'t': "true", 'f': "false", 'n': "null"}
