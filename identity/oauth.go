package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

const (
	// SecretLife is how long a service principal's secret lives where nothing is said, and at most (Databricks' two years).
	SecretLife = 730 * 24 * time.Hour
	// MaxSecrets is the most secrets that a service principal has at a time: enough to change them without a gap.
	MaxSecrets = 5
	// CodeLife is how long the code of a login can be redeemed.
	CodeLife = time.Minute
	// GrantLife is how long a program that a person let in stays so, RefreshIdle how long a refresh token can lie unused.
	GrantLife   = 90 * 24 * time.Hour
	RefreshIdle = 30 * 24 * time.Hour
	// Offline is the scope that asks for refresh tokens.
	Offline = "offline_access"

	secretPrefix  = "dose" // secret scanners know Databricks' OAuth secrets by it
	codePrefix    = "code-"
	refreshPrefix = "refresh-"
)

// SecretWish is what somebody asks of a new client secret.
type SecretWish struct {
	// Owner is the service principal, By who asks, Held the scopes of his credential.
	Owner, By int64
	Held      []string
	// Lifetime is text as Databricks has it, "3600s"; empty = SecretLife.
	Lifetime string
	Scopes   []string
}

// IssueSecret makes a secret of a service principal: its value, which is shown once, and the credential to be put into the access map. key is the
// one Hash takes. Errors: Invalid, State for one that is not active, QUOTA_EXCEEDED.
func IssueSecret(random io.Reader, key []byte, now time.Time, m *authz.Map, w SecretWish) (value string, c authz.Credential, err error) {
	p, ok := m.Principal(w.Owner)
	switch {
	case !ok || p.Kind != authz.ServicePrincipal:
		return "", c, fail.NotFoundf("principal %d is no service principal", w.Owner)
	case !p.Active:
		return "", c, fail.Statef("%s is not active", p.Name)
	case len(Secrets(m, w.Owner, now)) >= MaxSecrets:
		return "", c, fail.New(fail.Limit, "a service principal has at most %d secrets at a time; delete one first", MaxSecrets).WithCode("QUOTA_EXCEEDED")
	}
	life, err := ParseLifetime(w.Lifetime)
	if err != nil {
		return "", c, err
	}
	c = authz.Credential{Principal: w.Owner, Kind: authz.ClientSecret, Created: now.UnixMilli(), CreatedBy: w.By, Expires: now.Add(life).UnixMilli()}
	if c.Scopes, err = Narrow(w.Scopes, w.Held); err != nil {
		return "", c, err
	}
	value, err = fresh(random, key, secretPrefix, &c)
	return value, c, err
}

// Secrets gives the secrets of a service principal that have not ended, oldest first.
func Secrets(m *authz.Map, principal int64, now time.Time) []*authz.Credential {
	return standing(m, principal, now, func(c *authz.Credential) bool { return c.Kind == authz.ClientSecret })
}

// ParseLifetime reads a lifetime as Databricks writes it: seconds with an "s". Empty = SecretLife. Errors: Invalid.
func ParseLifetime(text string) (time.Duration, error) {
	if text == "" {
		return SecretLife, nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "s"), 10, 64)
	if most := int64(SecretLife / time.Second); err != nil || n <= 0 || n > most {
		return 0, fail.Invalidf("lifetime must be from 1s to %ds (two years), not %q", most, shorten(text))
	}
	return time.Duration(n) * time.Second, nil
}

// OpenGrant makes the credential of a program that a person has let in, or of one token that was exchanged; nothing but access tokens that are
// signed for it, and refresh tokens, prove it.
func OpenGrant(random io.Reader, now time.Time, c authz.Credential, life time.Duration) (authz.Credential, error) {
	c.Created, c.CreatedBy, c.Expires = now.UnixMilli(), c.Principal, now.Add(life).UnixMilli()
	_, err := fresh(random, nil, "", &c)
	return c, err
}

// fresh gives a credential its id and the hash of a new value.
func fresh(random io.Reader, key []byte, prefix string, c *authz.Credential) (value string, err error) {
	if c.ID, err = NewTokenID(random); err != nil {
		return "", err
	}
	value, err = randomText(random, prefix)
	hash := Hash(key, []byte(value))
	c.Hash = hash[:]
	return value, err
}

// NewCode makes the code of a login, NewRefresh a refresh token. They are kept as their Hash.
func NewCode(random io.Reader) (string, error) { return randomText(random, codePrefix) }

// NewRefresh makes a refresh token.
func NewRefresh(random io.Reader) (string, error) { return randomText(random, refreshPrefix) }

// SurplusGrants gives the events that make room for one more grant of a person: those that have ended go, and the oldest where there are as many
// as one may have sessions.
func SurplusGrants(m *authz.Map, principal int64, now time.Time) []authz.Event {
	events := Ended(m, principal, authz.Grant, now)
	live := standing(m, principal, now, func(c *authz.Credential) bool { return c.Kind == authz.Grant })
	for _, c := range live[:max(0, len(live)-MaxSessions+1)] {
		events = append(events, dropped(c))
	}
	return events
}

// Ended gives the events that forget a principal's credentials of a kind that have ended: nobody else does.
func Ended(m *authz.Map, principal int64, kind authz.CredentialKind, now time.Time) (events []authz.Event) {
	for c := range m.Credentials(principal) {
		if _, _, stands := m.Standing(c, now); c.Kind == kind && !stands {
			events = append(events, dropped(c))
		}
	}
	return events
}

// Common gives the scopes that both of two credentials reach, none standing for all; ok is false where they have nothing in common.
func Common(a, b []string) (scopes []string, ok bool) {
	switch {
	case Reaches(b, AllAPIs):
		return a, true
	case Reaches(a, AllAPIs):
		return b, true
	}
	for _, s := range b {
		if slices.Contains(a, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, len(scopes) > 0
}

// AskedScopes reads the scope parameter of a request for tokens, given the scopes that can be had at most: those that the token gets, nil for all,
// and whether refresh tokens are asked for. all-apis, and nothing, ask for all that can be had. Errors: Invalid.
func AskedScopes(text string, held []string) (scopes []string, offline bool, err error) {
	var asked []string
	for s := range strings.FieldsSeq(text) {
		switch s {
		case Offline:
			offline = true
		case "openid", "profile", "email": // there are no ID tokens; they reach nothing
		default:
			asked = append(asked, s)
		}
	}
	if slices.Contains(asked, AllAPIs) {
		asked = nil
	}
	scopes, err = Narrow(asked, held)
	return scopes, offline, err
}

// ScopeText writes scopes as tokens have them.
func ScopeText(scopes []string) string {
	if len(scopes) == 0 {
		return AllAPIs
	}
	return strings.Join(scopes, " ")
}

// PublicClient is a program without a secret of its own that people let in.
type PublicClient struct {
	ID string `json:"id"`
	// Name is what people are shown.
	Name string `json:"name"`
	// Redirects are where it may be answered: each exactly, but for the port of http on this machine (RFC 8252 7.3).
	Redirects []string `json:"redirects"`
}

// DatabricksCLI is the client that Databricks' programs are.
var DatabricksCLI = PublicClient{ID: "databricks-cli", Name: "Databricks CLI or SDK", Redirects: []string{
	"http://localhost", "http://127.0.0.1", "http://[::1]"}}

// Takes says whether the client may be answered at an address.
func (p *PublicClient) Takes(redirect string) bool {
	return slices.ContainsFunc(p.Redirects, func(registered string) bool {
		return redirect == registered || loopback(registered) && sameButPort(registered, redirect)
	})
}

// Check gives what is wrong with a client.
func (p *PublicClient) Check() error {
	if p.ID == "" || len(p.ID) > 100 || checkText("name", p.Name) != nil || len(p.Redirects) == 0 {
		return fail.Invalidf("client %.40q: id (at most 100 characters), a name that can be shown, and redirects are needed", p.ID)
	}
	for _, r := range p.Redirects {
		u, err := url.Parse(r)
		if err != nil || u.Fragment != "" || u.User != nil || u.Host == "" || u.Scheme != "https" && !loopback(r) {
			return fail.Invalidf("client %.40q: redirect %.200q is neither an https address without a fragment nor http on this machine", p.ID, r)
		}
	}
	return nil
}

// Loopback says whether an address is http on the caller's own machine.
func Loopback(address string) bool { return loopback(address) }

func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// sameButPort compares two addresses but for the port; an empty path is the same as "/".
func sameButPort(a, b string) bool {
	x, errA := url.Parse(a)
	y, errB := url.Parse(b)
	if errA != nil || errB != nil || y.User != nil || y.Fragment != "" || strings.ContainsAny(b, "#\\ ") {
		return false
	}
	path := func(u *url.URL) string {
		if p := u.EscapedPath(); p != "/" {
			return p
		}
		return ""
	}
	return x.Scheme == y.Scheme && x.Hostname() == y.Hostname() && path(x) == path(y) && x.RawQuery == y.RawQuery
}

// CheckChallenge refuses a PKCE challenge that is not S256's (RFC 7636 4.2).
func CheckChallenge(method, challenge string) error {
	sum, err := base64.RawURLEncoding.DecodeString(challenge)
	if method != "S256" || err != nil || len(sum) != sha256.Size {
		return fail.Invalidf("a login needs PKCE: code_challenge, and code_challenge_method S256")
	}
	return nil
}

// Proves says whether a PKCE verifier is the one that the challenge was made of.
func Proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}
