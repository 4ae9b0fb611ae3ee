// Package keyed holds the vocabulary that runs, experiments, logged models and registered models share: params and tags as pairs of key and
// value, the rule of keys, and the rule of paths of artifacts.
package keyed

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
)

// The limits of MLflow 3.17 (mlflow/utils/validation.py).
const (
	MaxKey    = 250  // characters of the key of a metric, param or tag
	MaxAtOnce = 1000 // metrics, params and tags of one request together
)

// PromptTag marks registered models, and their versions, that are prompts (mlflow/prompt/constants.py).
const PromptTag = "mlflow.prompt.is_prompt"

// Pair is a param or a tag.
type Pair struct {
	Key   string
	Value string
}

// Lookup finds a key in a short list of pairs.
func Lookup(pairs []Pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// Set gives pairs with one key set.
func Set(pairs []Pair, key, value string) []Pair {
	for i := range pairs {
		if pairs[i].Key == key {
			pairs[i].Value = value
			return pairs
		}
	}
	return append(pairs, Pair{key, value})
}

// Plain refuses what no database keeps: NUL and text that is not UTF-8.
func Plain(where, s string) error {
	switch {
	case !utf8.ValidString(s):
		return fail.Invalidf("'%s' is not valid UTF-8", where)
	case strings.IndexByte(s, 0) >= 0:
		return fail.Invalidf("'%s' must not contain the character NUL", where)
	}
	return nil
}

// Limited refuses what Plain refuses and more than max characters.
func Limited(where, s string, max int) error {
	if err := Plain(where, s); err != nil {
		return err
	}
	if len(s) > max && utf8.RuneCountInString(s) > max {
		return fail.Invalidf("'%s' exceeds the maximum length of %d characters", where, max)
	}
	return nil
}

// Truncate cuts s after max characters.
func Truncate(s string, max int) string {
	if len(s) <= max {
		return s
	}
	n := 0
	for i := range s {
		if n == max {
			return s[:i]
		}
		n++
	}
	return s
}

// Check checks the key of a metric, param or tag; where names it in the message. Keys may be files' names somewhere, so they are normal
// relative paths of letters, digits and _ - . : / and blanks.
func Check(where, key string) error {
	if err := Limited(where, key, MaxKey); err != nil {
		return err
	}
	for _, r := range key {
		if !keyRune(r) {
			return fail.Invalidf("Invalid value %q for parameter '%s' supplied: Names may only contain alphanumerics, underscores (_), "+
				"dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).", key, where)
		}
	}
	if path.Clean(key) != key || key == "." || strings.HasPrefix(key, "..") || strings.HasPrefix(key, "/") {
		return fail.Invalidf("Invalid value %q for parameter '%s' supplied: names may be treated as files in certain cases, and must not "+
			"resolve to other names; this one resolves to %q", key, where, path.Clean(key))
	}
	return nil
}

func keyRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_-.: /", r)
}
