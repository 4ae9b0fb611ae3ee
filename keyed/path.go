package keyed

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
)

// MaxPath is the most bytes an artifact's path may have.
const MaxPath = 1024

// maxDecodings is how often a path is decoded in search of what hides behind percent signs; one that still changes then is refused.
const maxDecodings = 8

// Path checks the path of an artifact below its root, as it is after the transport has decoded it once (a URL's path, a query
// parameter or a JSON string), and gives it back unchanged. It is refused unless it is relative and normal: no empty, "." or ".."
// segment, no backslash, drive letter, scheme, fragment, query, control character or invalid UTF-8, neither as it stands nor after any
// further decoding. What is accepted stays below a folder that it is joined to. The error is fail.Invalid and begins with "Invalid path".
func Path(raw string) (string, error) {
	if len(raw) > MaxPath {
		return "", fail.Invalidf("Invalid path: it is longer than %d bytes", MaxPath)
	}
	p := raw
	for range maxDecodings {
		if why := unsafePath(p); why != "" {
			return "", fail.Invalidf("Invalid path: it must not %s", why)
		}
		next := unescape(p)
		if next == p {
			return raw, nil
		}
		p = next
	}
	return "", fail.Invalidf("Invalid path: it must not be encoded more than once")
}

// unsafePath says what is wrong with a path; empty if nothing is.
func unsafePath(p string) string {
	switch {
	case p == "":
		return "be empty"
	case !utf8.ValidString(p):
		return "be other than UTF-8"
	case strings.IndexFunc(p, unicode.IsControl) >= 0:
		return "contain control characters"
	case strings.ContainsAny(p, `\#?`):
		return "contain a backslash, a fragment or a query"
	case hasScheme(p):
		return "begin with a scheme or a drive letter"
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "be absolute or contain empty, '.' or '..' segments"
		}
	}
	return ""
}

// hasScheme reports whether p begins like C:x, file:x or scheme:/x. Other colons are part of a name.
func hasScheme(p string) bool {
	head, rest, ok := strings.Cut(p, ":")
	if !ok || strings.Contains(head, "/") {
		return false
	}
	return len(head) == 1 || strings.EqualFold(head, "file") || strings.HasPrefix(rest, "/")
}

// unescape decodes %XX and leaves alone what is not that.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unhex gives the value of a hexadecimal digit, -1 for any other byte.
func unhex(c byte) int {
	i := strings.IndexByte("0123456789abcdefABCDEF", c)
	if i >= 16 {
		i -= 6
	}
	return i
}
