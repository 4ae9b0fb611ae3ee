package identity

import (
	"regexp"
	"strings"

	"bailiwick/fail"
)

// Source is who owns a user, a group or a membership: Manual, a directory that provisions ("scim:okta") or a provider that people sign in with
// ("oidc:entra").
type Source string

// Manual is the source of what administrators do with credentials of their own.
const Manual Source = "manual"

const (
	provisions = "scim:"
	signsIn    = "oidc:"
)

// FromDirectory is the source of what a directory's token writes.
func FromDirectory(name string) Source { return Source(provisions + name) }

// FromProvider is the source of what a provider's claims say at a sign-in.
func FromProvider(name string) Source { return Source(signsIn + name) }

// Or gives the source, and Manual for none.
func (s Source) Or() Source {
	if s == "" {
		return Manual
	}
	return s
}

// Provisions says that a directory is the source.
func (s Source) Provisions() bool { return strings.HasPrefix(string(s), provisions) }

// SignsIn says that the claims of a provider are the source.
func (s Source) SignsIn() bool { return strings.HasPrefix(string(s), signsIn) }

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,38}$`)

// CheckDirectory refuses a name that no directory can have. Errors: Invalid.
func CheckDirectory(name string) error {
	if sourceName.MatchString(name) {
		return nil
	}
	return fail.Invalidf("a directory's name is 1 to 39 small letters, digits and hyphens, not %.60q", name)
}

// ParseSource reads a source as people write it. Errors: Invalid.
func ParseSource(text string) (Source, error) {
	rest, ok := strings.CutPrefix(text, provisions)
	if !ok {
		rest, ok = strings.CutPrefix(text, signsIn)
	}
	if text == string(Manual) || ok && sourceName.MatchString(rest) {
		return Source(text), nil
	}
	return "", fail.Invalidf("%.60q is no source; there are manual, scim:NAME for a directory and oidc:NAME for a provider", text)
}
