package identity

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"bailiwick/fail"
)

// FederationPolicy says which tokens of a foreign issuer are taken instead of a secret: for a service principal, or for the users of the account.
type FederationPolicy struct {
	UID string
	// Principal is the service principal; 0 = the policy is the account's, and the token's subject names a user.
	Principal int64
	// Name is the policy's among those of its principal.
	Name        string
	Description string
	Rule        FederationRule
	Made        int64 // ms since 1970
	Changed     int64
}

// FederationRule is what a token must have.
type FederationRule struct {
	Issuer    string   `json:"issuer"`
	Audiences []string `json:"audiences,omitempty"` // one of them must be the token's; empty = the account's id
	// Subject is whom the token must be about; SubjectClaim is the claim that says it, empty = sub.
	Subject      string `json:"subject,omitempty"`
	SubjectClaim string `json:"subject_claim,omitempty"`
	// JWKSURI is where the issuer's keys are, JWKSJSON the keys themselves; neither = where its discovery document says.
	JWKSURI  string `json:"jwks_uri,omitempty"`
	JWKSJSON string `json:"jwks_json,omitempty"`
}

const (
	// MaxPolicies is the most federation policies of a service principal, and of the account.
	MaxPolicies = 20
	// MaxExchangeAge is how long after its issue a foreign token is taken, whatever end it has.
	MaxExchangeAge = 24 * time.Hour

	maxAudiences = 20
	maxRuleText  = 1024
	maxJWKS      = 64 << 10
	exchangeSkew = time.Minute
)

var policyName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,100}$`)

// Check refuses a policy that cannot be. Errors: Invalid.
func (p *FederationPolicy) Check() error {
	r := &p.Rule
	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{!policyName.MatchString(p.Name), "policy_id must be 1 to 100 of letters, digits, - and _"},
		{CheckComment(p.Description) != nil, "description is too long or no text"},
		{!isIssuer(r.Issuer) || len(r.Issuer) > maxRuleText, "oidc_policy.issuer must be an https address without query or fragment"},
		{len(r.Audiences) > maxAudiences || slices.ContainsFunc(r.Audiences, badText), "oidc_policy.audiences: at most 20, none empty or longer than 1024 bytes"},
		{p.Principal != 0 && badText(r.Subject), "oidc_policy.subject is needed in the policy of a service principal"},
		{p.Principal == 0 && r.Subject != "", "oidc_policy.subject is not for an account's policy: the token's subject names the user"},
		{len(r.SubjectClaim) > maxRuleText, "oidc_policy.subject_claim is too long"},
		{r.JWKSURI != "" && r.JWKSJSON != "", "oidc_policy: jwks_uri or jwks_json, not both"},
		{r.JWKSURI != "" && !isIssuer(strings.SplitN(r.JWKSURI, "?", 2)[0]) || len(r.JWKSURI) > maxRuleText, "oidc_policy.jwks_uri must be an https address"},
		{r.JWKSJSON != "" && (len(r.JWKSJSON) > maxJWKS || !json.Valid([]byte(r.JWKSJSON))), "oidc_policy.jwks_json must be a JSON Web Key Set of at most 64 KiB"},
	} {
		if rule.broken {
			return fail.Invalidf("%s", rule.what)
		}
	}
	return nil
}

func badText(s string) bool { return s == "" || len(s) > maxRuleText }

// Match gives the subject of a token whose signature by the policy's issuer was checked, if the policy takes it. account is the audience where the
// policy names none. Errors: Denied with what is not right.
func (p *FederationPolicy) Match(claims map[string]any, account string, now time.Time) (subject string, err error) {
	r := &p.Rule
	if iss, _ := claims["iss"].(string); iss != r.Issuer {
		return "", notTaken("its issuer is %.100q, not %.100q", iss, r.Issuer)
	}
	audiences := r.Audiences
	if len(audiences) == 0 {
		audiences = []string{account}
	}
	if !slices.ContainsFunc(audienceOf(claims["aud"]), func(a string) bool { return slices.Contains(audiences, a) }) {
		return "", notTaken("it is not for the audience %.200s", strings.Join(audiences, " or "))
	}
	claim := r.SubjectClaim
	if claim == "" {
		claim = "sub"
	}
	subject, _ = claims[claim].(string)
	switch {
	case subject == "" || len(subject) > maxRuleText:
		return "", notTaken("it has no text in the claim %.60s, which names its subject", claim)
	case p.Principal != 0 && subject != r.Subject:
		return "", notTaken("its subject (%.60s) is %.100q, not %.100q", claim, subject, r.Subject)
	}
	return subject, holdsNow(claims, now)
}

func notTaken(format string, args ...any) error {
	return fail.New(fail.Denied, "the token is not taken: "+format, args...)
}

func holdsNow(claims map[string]any, now time.Time) error {
	end, ended := seconds(claims["exp"])
	from, bounded := seconds(claims["nbf"])
	made, dated := seconds(claims["iat"])
	switch {
	case !ended:
		return notTaken("it has no end (exp)")
	case !now.Before(end.Add(exchangeSkew)):
		return notTaken("it ended at %s", end.UTC().Format(time.RFC3339))
	case bounded && now.Before(from.Add(-exchangeSkew)):
		return notTaken("it counts from %s only", from.UTC().Format(time.RFC3339))
	case dated && now.Before(made.Add(-exchangeSkew)):
		return notTaken("it was made in the future (iat)")
	case dated && now.After(made.Add(MaxExchangeAge)):
		return notTaken("it was made more than %d hours ago", int(MaxExchangeAge.Hours()))
	}
	return nil
}

func seconds(v any) (time.Time, bool) {
	n, ok := v.(float64)
	if !ok || math.IsNaN(n) || math.Abs(n) > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0), true
}

// RolesOf gives the values of the claim "roles" of a token, which a session keeps for policies and approvals; at most 100.
func RolesOf(claims map[string]any) []string {
	roles := slices.DeleteFunc(audienceOf(claims["roles"]), badText)
	return roles[:min(len(roles), 100)]
}
