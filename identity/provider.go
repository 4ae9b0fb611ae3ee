package identity

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Provider says how people of one OpenID provider sign in, and what its claims mean here. It is data: an administrator writes it into a file.
type Provider struct {
	// Name is the provider's in addresses, cookies and the ledger; Title is what the button says, empty = Name.
	Name  string `json:"name"`
	Title string `json:"title"`
	// Issuer is the provider's own name for itself, an https address below which its discovery document lies.
	Issuer   string `json:"issuer"`
	ClientID string `json:"client-id"`
	// SecretFile and SecretEnv say where the client's secret is; neither = a public client, which has PKCE alone.
	SecretFile string `json:"client-secret-file"`
	SecretEnv  string `json:"client-secret-env"`
	// Scopes are asked for beside openid; empty = profile and email.
	Scopes []string   `json:"scopes"`
	Claims ClaimNames `json:"claims"`
	Allow  AllowList  `json:"allow"`
	// Groups are the groups whose members this provider's claims decide on: a claim's value → a group's name. Nobody comes into a group that is
	// not here, or that leads to `admins`.
	Groups map[string]string `json:"groups"`
	// Create makes a user of who is not there yet; Link lets who signs in for the first time have the user of his name that was there before,
	// and LinkAdmins also when that one is an administrator.
	Create     bool `json:"create-users"`
	Link       bool `json:"link-users"`
	LinkAdmins bool `json:"link-administrators"`
	// UserInfo says when the provider is asked for what it says of the person beside the ID token, which need not have his name, groups and roles
	// (OpenID Connect Core 5.4): "auto" and empty = where a claim is missing there, "always", "never".
	UserInfo string `json:"user-info"`
	// ClockSkew is how far the provider's clock may be off, as "1m"; empty = DefaultSkew.
	ClockSkew string `json:"clock-skew"`
}

// ClaimNames says which claims are what. Each is a path into the claims, its steps parted by dots unless a claim has the whole path as its name.
type ClaimNames struct {
	// User are the claims that may name the user, the first one that is there counts; empty = preferred_username, upn, email. An e-mail address
	// counts only where the provider says that it is verified.
	User []string `json:"user"`
	// Display are those that may have the name that is shown; empty = name.
	Display []string `json:"display"`
	// External is the claim that a directory's externalId is the same as; empty = oid (Entra ID), sub.
	External []string `json:"external-id"`
	// Groups and Roles are the claims whose values are groups and roles, all together; empty = groups, and roles.
	Groups []string `json:"groups"`
	Roles  []string `json:"roles"`
}

// AllowList says who of a provider may come in. Each list that is not empty must be met.
type AllowList struct {
	Domains []string `json:"domains"` // of a verified e-mail address
	Groups  []string `json:"groups"`  // values of the group claims
	Tenants []string `json:"tenants"` // Entra's tid, or Google's hd
}

const (
	// DefaultSkew is how far a provider's clock may be off where nothing is said, MaxSkew how far at most.
	DefaultSkew = time.Minute
	MaxSkew     = 10 * time.Minute
)

var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Skew is ClockSkew as a duration; DefaultSkew where it says nothing or is wrong.
func (p *Provider) Skew() time.Duration {
	if d, err := time.ParseDuration(p.ClockSkew); err == nil && d >= 0 && d <= MaxSkew {
		return d
	}
	return DefaultSkew
}

// Shown is the provider's name for people.
func (p *Provider) Shown() string {
	if p.Title != "" {
		return p.Title
	}
	return p.Name
}

// AskedScopes are the scopes that a sign-in asks for, openid first.
func (p *Provider) AskedScopes() []string {
	asked := p.Scopes
	if len(asked) == 0 {
		asked = []string{"profile", "email"}
	}
	return append([]string{"openid"}, slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return s == "openid" })...)
}

// filled gives the names with those that stand for empty ones.
func (n ClaimNames) filled() ClaimNames {
	for _, d := range []struct {
		list     *[]string
		standard []string
	}{
		{&n.User, []string{"preferred_username", "upn", "email"}}, {&n.Display, []string{"name"}}, {&n.External, []string{"oid", "sub"}},
		{&n.Groups, []string{"groups"}}, {&n.Roles, []string{"roles"}},
	} {
		if len(*d.list) == 0 {
			*d.list = d.standard
		}
	}
	return n
}

// CheckProviders gives what is wrong with a list of providers; each error names its provider. Whether addresses may be called is the caller's.
func CheckProviders(all []Provider) (wrong []error) {
	names, issuers := map[string]bool{}, map[string]bool{}
	for i := range all {
		p := &all[i]
		for _, what := range p.breaches() {
			wrong = append(wrong, fail.Invalidf("provider %.40q: %s", p.Name, what))
		}
		// Two with one issuer and client would be one provider under two names, and which rules hold would be the caller's choice.
		key := p.Issuer + "\n" + p.ClientID
		if names[p.Name] || issuers[key] {
			wrong = append(wrong, fail.Invalidf("provider %.40q: the name, or the issuer with its client-id, is there twice", p.Name))
		}
		names[p.Name], issuers[key] = true, true
	}
	return wrong
}

func (p *Provider) breaches() (wrong []string) {
	skew, err := time.ParseDuration(p.ClockSkew)
	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{!providerName.MatchString(p.Name), "name must be 1 to 32 of a-z, 0-9 and -, and not begin with -"},
		{!isIssuer(p.Issuer), "issuer must be an https address without query or fragment, as the provider's discovery document has it"},
		{p.ClientID == "", "client-id is missing"},
		{p.SecretFile != "" && p.SecretEnv != "", "client-secret-file and client-secret-env: one of them"},
		{p.ClockSkew != "" && (err != nil || skew < 0 || skew > MaxSkew), "clock-skew must be a duration of at most 10m"},
		{!slices.Contains([]string{"", "auto", "always", "never"}, p.UserInfo), "user-info must be auto, always or never"},
		{p.LinkAdmins && !p.Link, "link-administrators needs link-users"},
		{checkText("title", p.Title) != nil, "title is too long, or has characters that cannot be seen"},
	} {
		if rule.broken {
			wrong = append(wrong, rule.what)
		}
	}
	for claim, group := range p.Groups {
		if what := badTarget(claim, group); what != "" {
			wrong = append(wrong, what)
		}
	}
	slices.Sort(wrong)
	return wrong
}

func badTarget(claim, group string) string {
	if claim == "" || checkGroupName(group) != nil {
		return "groups: each line is a claim's value and the name of a group"
	}
	for id, names := range builtIn {
		if anyFold(names, Fold(group)) && id != authz.GroupAuditors {
			return "groups: " + group + " takes nobody from claims: everybody is in users, and admins are named by administrators"
		}
	}
	return ""
}

// isIssuer says whether a text may be an issuer. http is for a provider on this machine, which the server must allow beside.
func isIssuer(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" &&
		!strings.ContainsAny(text, "{} ")
}
