package identity

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// Presented is the credential a request carries, not yet checked.
type Presented struct {
	Token string
	// UserName is set with Basic authentication only.
	UserName string
	Basic    bool
}

// maxAuthorization is the most bytes of an Authorization header; signed tokens of an identity provider reach some thousands.
const maxAuthorization = 16 << 10

// ParseAuthorization reads an Authorization header: Bearer with a token, or Basic with a token as the password, which is how MLflow's
// MLFLOW_TRACKING_USERNAME and _PASSWORD arrive. Errors: Unauthenticated, which say what is wrong but never repeat the value.
func ParseAuthorization(header string) (Presented, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case header == "":
		return Presented{}, refuse("a credential is needed: send Authorization: Bearer TOKEN, or Basic with the token as password")
	case len(header) > maxAuthorization:
		return Presented{}, refuse("the Authorization header is longer than 16 KiB")
	case strings.EqualFold(scheme, "Bearer"):
		return bearer(rest)
	case strings.EqualFold(scheme, "Basic"):
		return basic(rest)
	}
	return Presented{}, refuse("the Authorization header must begin with Bearer or Basic")
}

func bearer(token string) (Presented, error) {
	if !isToken(token) {
		return Presented{}, refuse("the Bearer token is empty or malformed")
	}
	return Presented{Token: token}, nil
}

func basic(encoded string) (Presented, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !utf8.Valid(raw) {
		return Presented{}, refuse("the Basic credential is not base64 of user:token")
	}
	user, token, found := strings.Cut(string(raw), ":")
	if !found || user == "" || !isToken(token) {
		return Presented{}, refuse("the Basic credential must be user:token, with a token as password")
	}
	return Presented{Token: token, UserName: user, Basic: true}, nil
}

// isToken: visible ASCII without spaces, so that every token fits in a header.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// CheckName holds the user name of Basic authentication against the token's owner: his name in any letter case, or the word "token".
// A wrong name is refused, lest somebody believe he acts as the one he typed. Errors: Unauthenticated.
func (p Presented) CheckName(owner string) error {
	if !p.Basic || Fold(p.UserName) == "token" || Fold(p.UserName) == Fold(owner) {
		return nil
	}
	return refuse(`the user name does not belong to this token; give the token owner's name or "token"`)
}

func refuse(message string) error { return fail.New(fail.Unauthenticated, "%s", message) }
