package rotation

import (
	"io"
	"math/bits"

	"bailiwick/fail"
)

// Rule says how this server makes the value of a secret: Length characters of an alphabet, each as likely as any other.
type Rule struct {
	Length   int    `json:"length,omitempty"`   // 0 = 32
	Alphabet string `json:"alphabet,omitempty"` // a name of Alphabets or printable ASCII characters; empty = alphanumeric
}

// Alphabets are those with names.
var Alphabets = map[string]string{
	"alphanumeric": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"hex":          "0123456789abcdef",
	"base64url":    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	"printable":    "!#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~",
}

const (
	defaultLength = 32
	maxLength     = 4096
	minStrength   = 64 // bits that a value must have at least
)

func (r Rule) length() int {
	if r.Length == 0 {
		return defaultLength
	}
	return r.Length
}

func (r Rule) letters() string {
	if r.Alphabet == "" {
		return Alphabets["alphanumeric"]
	}
	if named, ok := Alphabets[r.Alphabet]; ok {
		return named
	}
	return r.Alphabet
}

// Check refuses a rule whose values could be guessed, or are none: fail.Invalid.
func (r Rule) Check() error {
	letters := r.letters()
	seen := map[rune]bool{}
	for _, c := range letters {
		if c < ' ' || c > '~' || seen[c] {
			return fail.Invalidf("rule.alphabet: printable ASCII characters, each once, or one of alphanumeric, hex, base64url, printable.")
		}
		seen[c] = true
	}
	switch n := r.length(); {
	case len(letters) < 2:
		return fail.Invalidf("rule.alphabet: at least two characters.")
	case n < 1 || n > maxLength:
		return fail.Invalidf("rule.length: from 1 to %d.", maxLength)
	case n*(bits.Len(uint(len(letters)))-1) < minStrength:
		return fail.Invalidf("rule: a value needs at least %d random bits; %d characters out of %d have less.", minStrength, n, len(letters))
	}
	return nil
}

// Make makes a value. A byte that would favour some characters is thrown away.
func (r Rule) Make(random io.Reader) ([]byte, error) {
	letters, n := r.letters(), r.length()
	fair := 256 - 256%len(letters)
	value, buf := make([]byte, 0, n), make([]byte, 64)
	for len(value) < n {
		if _, err := io.ReadFull(random, buf); err != nil {
			return nil, fail.Internalf(err, "no randomness")
		}
		for _, b := range buf {
			if int(b) < fair && len(value) < n {
				value = append(value, letters[int(b)%len(letters)])
			}
		}
	}
	return value, nil
}
