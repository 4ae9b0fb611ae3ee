package identity

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"bailiwick/fail"
)

// Person is what a provider's claims say of who signs in, once they were checked.
type Person struct {
	// Issuer and Subject are who he is to his provider, whatever his name is now.
	Issuer, Subject string
	// Session is the provider's name of its own session (sid), empty where it has none.
	Session    string
	UserName   string
	Shown      string
	ExternalID string
	Email      string // verified; empty = none
	// Groups and Roles are the values of the claims, sorted, without doubles.
	Groups, Roles []string
}

const (
	// MaxGroups and MaxRoles are the most values that the claims of groups and of roles may have together.
	MaxGroups = 5000
	MaxRoles  = 100
	// maxSubject is the most bytes of a subject (OpenID Connect Core 2: 255 ASCII characters).
	maxSubject = 255
)

// PersonOf gives who a set of claims is about, as the provider's settings read it. Errors: fail.Denied with a sentence that says which claim is
// wrong, or why he may not come in; its Code is "GROUPS_OVERAGE" where the provider left the groups out of the token.
func (p *Provider) PersonOf(claims map[string]any) (Person, error) {
	names := p.Claims.filled()
	who := Person{Issuer: p.Issuer, Session: textAt(claims, "sid"), Email: verifiedEmail(claims)}
	who.Subject = textAt(claims, "sub")
	if who.Subject == "" || len(who.Subject) > maxSubject || checkText("sub", who.Subject) != nil {
		return who, refusedClaim("the claim sub, which says who it is, is missing or no text of at most %d characters", maxSubject)
	}
	if len(who.Session) > maxSubject {
		return who, refusedClaim("the claim sid is longer than %d bytes", maxSubject)
	}
	var err error
	if who.UserName, err = userOf(claims, names.User); err != nil {
		return who, err
	}
	who.Shown, who.ExternalID = firstText(claims, names.Display), firstText(claims, names.External)
	if err := p.checkOverage(claims, names); err != nil {
		return who, err
	}
	if who.Groups, err = listAt(claims, names.Groups, MaxGroups); err != nil {
		return who, err
	}
	if who.Roles, err = listAt(claims, names.Roles, MaxRoles); err != nil {
		return who, err
	}
	return who, p.admits(&who, claims)
}

func refusedClaim(format string, args ...any) error { return fail.New(fail.Denied, format, args...) }

// userOf gives the user's name from the first claim that has one, in Unicode's composed form, which is what the name is compared in.
func userOf(claims map[string]any, paths []string) (string, error) {
	for _, path := range paths {
		name := norm.NFC.String(strings.TrimSpace(textAt(claims, path)))
		if name == "" || last(path) == "email" && verifiedEmail(claims) == "" {
			continue
		}
		if err := checkUserName(name); err != nil {
			return "", refusedClaim("the claim %s names no user that can be here: %v", path, err)
		}
		return name, nil
	}
	return "", refusedClaim("no claim names the user: none of %s is there as text, or it is an e-mail address that the provider does not say to be "+
		"verified (email_verified). Which claims count is set by claims.user of the provider", strings.Join(paths, ", "))
}

// last is the last step of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// verifiedEmail gives the e-mail address that the provider has verified; some write the truth as text.
func verifiedEmail(claims map[string]any) string {
	if v := claims["email_verified"]; v != true && v != "true" {
		return ""
	}
	return textAt(claims, "email")
}

// at gives the value at a path: the claim of the whole path's name, else what its steps lead to.
func at(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	step, rest, more := strings.Cut(path, ".")
	inner, ok := claims[step].(map[string]any)
	if !more || !ok {
		return nil
	}
	return at(inner, rest)
}

func textAt(claims map[string]any, path string) string {
	s, _ := at(claims, path).(string)
	return s
}

// firstText gives the first of the claims that is a text fit to be kept; what is shown is worth no refusal.
func firstText(claims map[string]any, paths []string) string {
	for _, path := range paths {
		if s := strings.TrimSpace(textAt(claims, path)); s != "" && checkText(path, s) == nil {
			return norm.NFC.String(s)
		}
	}
	return ""
}

// listAt gives the values of claims that are texts or lists of texts.
func listAt(claims map[string]any, paths []string, most int) (all []string, err error) {
	for _, path := range paths {
		values, ok := at(claims, path).([]any)
		if v := at(claims, path); !ok && v != nil {
			values = []any{v}
		}
		if len(all)+len(values) > most {
			return nil, refusedClaim("the claim %s has %d values; at most %d are taken. Have the provider send only those that this server needs",
				path, len(values), most)
		}
		for i, v := range values {
			s, ok := v.(string)
			if !ok || s == "" || !utf8.ValidString(s) || checkText(path, s) != nil {
				return nil, refusedClaim("value %d of the claim %s is no text of 1 to %d characters that can be seen", i+1, path, MaxName)
			}
			all = append(all, norm.NFC.String(s))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// checkOverage refuses a token that says that there are groups, and not which: the person would come in without those he has. Entra ID does that
// above 200 groups (_claim_names and _claim_sources, or hasgroups where the token is passed in an address).
func (p *Provider) checkOverage(claims map[string]any, names ClaimNames) error {
	if len(p.Groups) == 0 && len(p.Allow.Groups) == 0 {
		return nil
	}
	elsewhere, _ := claims["_claim_names"].(map[string]any)
	for _, path := range names.Groups {
		_, left := elsewhere[path]
		has := claims["hasgroups"]
		if left || path == "groups" && (has == true || has == "true") && at(claims, path) == nil {
			return fail.New(fail.Denied, "%s left the groups out of the token, since there are more than it puts into one (200 at Microsoft Entra ID). "+
				"An administrator there sets the groups claim of this application to \"Groups assigned to the application\", or uses app roles "+
				"and names them in claims.groups of the provider here", p.Shown()).WithCode("GROUPS_OVERAGE")
		}
	}
	return nil
}

// admits holds a person against the provider's lists.
func (p *Provider) admits(who *Person, claims map[string]any) error {
	_, domain, _ := strings.Cut(who.Email, "@")
	tenants := []string{textAt(claims, "tid"), textAt(claims, "hd")}
	switch {
	case len(p.Allow.Tenants) > 0 && !slices.ContainsFunc(tenants, func(t string) bool { return t != "" && anyFold(p.Allow.Tenants, t) }):
		return refusedClaim("%s may not sign in here: the tenant (claim tid or hd) is none of those that are allowed", who.UserName)
	case len(p.Allow.Domains) > 0 && (domain == "" || !anyFold(p.Allow.Domains, domain)):
		return refusedClaim("%s may not sign in here: there is no verified e-mail address in a domain that is allowed", who.UserName)
	case len(p.Allow.Groups) > 0 && !slices.ContainsFunc(p.Allow.Groups, func(g string) bool { return slices.Contains(who.Groups, g) }):
		return refusedClaim("%s may not sign in here: he is in none of the groups that are allowed", who.UserName)
	}
	return nil
}
