package ledger

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep a raw message may be nested.
const maxDepth = 500

// isCompact reports whether b is one JSON value (RFC 8259) without blanks between its tokens, in valid UTF-8. encoding/json does not
// tell blanks, lets invalid UTF-8 pass and takes several times as long.
func isCompact(b []byte) bool { return scanValue(b, 0, 0) == len(b) }

// The scan functions give the index after what starts at b[i], or -1 if it is not well formed.

func scanValue(b []byte, i, depth int) int {
	if i >= len(b) || depth > maxDepth {
		return -1
	}
	switch b[i] {
	case '"':
		return scanString(b, i)
	case '{':
		return scanList(b, i, depth, '}')
	case '[':
		return scanList(b, i, depth, ']')
	case 't', 'f', 'n':
		return scanWord(b, i)
	}
	return scanNumber(b, i)
}

// scanList scans an object or an array, as its end says.
func scanList(b []byte, i, depth int, end byte) int {
	i++
	if i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		if end == '}' {
			if i = scanKey(b, i); i < 0 {
				return -1
			}
		}
		i = scanValue(b, i, depth+1)
		if i < 0 || i >= len(b) || (b[i] != ',' && b[i] != end) {
			return -1
		}
		i++
		if b[i-1] == end {
			return i
		}
	}
}

func scanKey(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	if i = scanString(b, i); i < 0 || i >= len(b) || b[i] != ':' {
		return -1
	}
	return i + 1
}

func scanWord(b []byte, i int) int {
	for _, w := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(b[i:], []byte(w)) {
			return i + len(w)
		}
	}
	return -1
}

func scanString(b []byte, i int) int {
	for i++; i < len(b); {
		i += plainRun(b[i:])
		switch {
		case i == len(b) || b[i] < ' ':
			return -1
		case b[i] == '"':
			return i + 1
		case b[i] == '\\':
			if i = scanEscape(b, i); i < 0 {
				return -1
			}
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				return -1
			}
			i += size
		}
	}
	return -1
}

func scanEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	if b[i+1] != 'u' {
		if bytes.IndexByte([]byte(`"\/bfnrt`), b[i+1]) < 0 {
			return -1
		}
		return i + 2
	}
	if i+6 > len(b) {
		return -1
	}
	for _, c := range b[i+2 : i+6] {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return -1
		}
	}
	return i + 6
}

func scanNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	whole := scanDigits(b, i)
	if whole < 0 || (b[i] == '0' && whole > i+1) {
		return -1
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		if i = scanDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i = scanDigits(b, i)
	}
	return i
}

// scanDigits scans at least one digit.
func scanDigits(b []byte, i int) int {
	from := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cutInt cuts key and a decimal number in canonical form from the front of b.
func cutInt(b []byte, key string) (n int64, rest []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(key))
	if !ok {
		return 0, nil, false
	}
	end := 0
	for end < len(b) && (isDigit(b[end]) || b[end] == '-') {
		end++
	}
	digits := string(b[:end])
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, b[end:], err == nil && strconv.FormatInt(n, 10) == digits
}

// entryHead reads the id and the governance version from the front of an entry's bytes, which is all that verification needs of them;
// ok is false if the bytes do not begin like an entry.
func entryHead(b []byte) (id, version int64, ok bool) {
	id, rest, ok1 := cutInt(b, `{"id":`)
	_, rest, ok2 := cutInt(rest, `,"time":`)
	version, _, ok3 := cutInt(rest, `,"version":`)
	return id, version, ok1 && ok2 && ok3
}
