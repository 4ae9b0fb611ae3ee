// Package secret is what a secret is: its names and limits, its versions and which of them hold, and how a value is sealed under a data key.
// It is pure: keys come from elsewhere (package kek), rows are the store's.
package secret

import (
	"strings"

	"bailiwick/fail"
)

// The limits are those of Databricks' secrets (reference: Secrets API; the number of scopes is the workspace's quota there).
const (
	MaxName    = 128       // characters of a scope's or a secret's name
	MaxValue   = 128 << 10 // bytes of a value
	MaxSecrets = 1000      // secrets in a scope
	MaxScopes  = 1000      // scopes in a workspace
	// KeptVersions is how many versions of a secret are remembered; of those that are closed nothing is kept but when and by whom.
	KeptVersions = 100
)

// CodeLimit is the error code of a limit on numbers.
const CodeLimit = "RESOURCE_LIMIT_EXCEEDED"

// CheckScope refuses what cannot be the name of a scope: fail.Invalid.
func CheckScope(name string) error { return check("scope", name, "-_.@") }

// CheckKey refuses what cannot be the name of a secret in a scope: fail.Invalid.
func CheckKey(name string) error { return check("key", name, "-_.") }

// check never repeats what it refuses: a value may have come into the wrong field.
func check(field, name, marks string) error {
	if name == "" || len(name) > MaxName {
		return fail.Invalidf("%s: a name of 1 to %d characters is needed.", field, MaxName)
	}
	for i := range len(name) {
		if !letterOrDigit(name[i]) && strings.IndexByte(marks, name[i]) < 0 {
			return fail.Invalidf("%s: a name consists of letters and digits (A-Z, a-z, 0-9) and %s; character %d is none of them.", field,
				strings.Join(strings.Split(marks, ""), " "), i+1)
		}
	}
	return nil
}

func letterOrDigit(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// Fold gives what names are compared by: Databricks' are the same whatever the case of their letters.
func Fold(name string) string { return strings.ToLower(name) }

// CheckValue refuses a value that is too large: fail.Invalid.
func CheckValue(value []byte) error {
	if len(value) > MaxValue {
		return fail.Invalidf("The value has %d bytes; a secret has at most %d (128 KB).", len(value), MaxValue)
	}
	return nil
}
