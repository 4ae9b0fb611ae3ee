package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bailiwick/fail"
)

const (
	// TokenPrefix begins each personal access token; secret scanners know Databricks' tokens by it.
	TokenPrefix = "dapi"
	// MaxTokens is the most tokens a principal may have at a time (Databricks' documented quota).
	MaxTokens = 600
	// MaxComment is the most characters of a token's comment.
	MaxComment = 256
	// SettingMaxLifetime is the workspace-conf key with the longest life of new tokens in days; absent, empty or 0 sets no limit.
	SettingMaxLifetime = "maxTokenLifetimeDays"
	// SettingTokens is the workspace-conf key that stops new tokens ("false"); those that exist go on.
	SettingTokens = "enableTokensConfig"
	// SettingMaxUnused is the workspace-conf key with the days after which a token that nobody has used is revoked; 0 = never.
	SettingMaxUnused = "maxTokenUnusedDays"
	// UnusedDays is SettingMaxUnused until it is set (Databricks' documented time).
	UnusedDays = 90
	// LinkLifetime is how long a one-time sign-in link can be used.
	LinkLifetime = 15 * time.Minute

	linkPrefix = "link-"
	longest    = 100 * 365 * 24 * 3600 // seconds; anything longer is a mistake and would overflow somebody's dates
)

// NewToken makes a personal access token: the prefix and 256 random bits in hexadecimal. It is shown once and stored as its Hash.
func NewToken(random io.Reader) (string, error) { return randomText(random, TokenPrefix) }

// NewTokenID makes the public id of a token: 64 hexadecimal digits that have nothing to do with its value.
func NewTokenID(random io.Reader) (string, error) { return randomText(random, "") }

// NewLink makes the secret part of a one-time sign-in link. It is no token and is refused as one; it is stored as its Hash too.
func NewLink(random io.Reader) (string, error) { return randomText(random, linkPrefix) }

func randomText(random io.Reader, prefix string) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fail.Internalf(err, "no randomness")
	}
	return prefix + hex.EncodeToString(b[:]), nil
}

// Hash is HMAC-SHA256 of a token or link under the workspace's key. A fast hash is enough since the value has 256 random bits; the key
// makes a stolen table useless for testing guesses of a weak token that an administrator chose himself.
func Hash(key, value []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(value)
	return [sha256.Size]byte(mac.Sum(nil))
}

// Expiry gives the moment a new token ends, in ms since 1970, 0 for never. seconds is the lifetime asked for, nil for none; maxDays the
// workspace's limit, 0 for none. Without a wish the limit itself is the lifetime. Errors: Invalid.
func Expiry(now time.Time, seconds *int64, maxDays int) (int64, error) {
	limit := int64(maxDays) * 24 * 3600
	want := limit
	if seconds != nil {
		want = *seconds
	}
	switch {
	case seconds == nil && maxDays <= 0:
		return 0, nil
	case want <= 0:
		return 0, fail.Invalidf("lifetime_seconds must be greater than 0, not %d; leave it out for a token without end", want)
	case maxDays > 0 && want > limit:
		return 0, fail.Invalidf("lifetime_seconds is %d, but tokens of this workspace live at most %d days (%d seconds)", want, maxDays, limit)
	case want > longest:
		return 0, fail.Invalidf("lifetime_seconds is %d, at most %d (100 years) are taken", want, longest)
	}
	return now.UnixMilli() + want*1000, nil
}

// ParseMaxLifetime reads the value of SettingMaxLifetime: days, 0 for no limit. Errors: Invalid.
func ParseMaxLifetime(value string) (int, error) { return parseDays(SettingMaxLifetime, value, 0) }

// ParseMaxUnused reads the value of SettingMaxUnused: days, 0 for never, nothing for UnusedDays. Errors: Invalid.
func ParseMaxUnused(value string) (int, error) { return parseDays(SettingMaxUnused, value, UnusedDays) }

// parseDays reads a number of days; absent is what nothing stands for.
func parseDays(key, value string, absent int) (int, error) {
	if value = strings.TrimSpace(value); value == "" {
		return absent, nil
	}
	days, err := strconv.ParseInt(value, 10, 32)
	if err != nil || days < 0 || days > math.MaxInt16 {
		return 0, fail.Invalidf("%s must be a number of days from 0 (no limit) to %d, not %q", key, math.MaxInt16, shorten(value))
	}
	return int(days), nil
}

// CheckComment refuses a comment that is too long or not text. Errors: Invalid.
func CheckComment(comment string) error {
	if n := utf8.RuneCountInString(comment); n > MaxComment {
		return fail.Invalidf("comment has %d characters, at most %d are taken", n, MaxComment)
	}
	if !utf8.ValidString(comment) || strings.ContainsRune(comment, 0) {
		return fail.Invalidf("comment is not valid UTF-8 text")
	}
	return nil
}

// CheckQuota refuses a token beyond MaxTokens, given how many live ones its owner has. Errors: Limit with code QUOTA_EXCEEDED.
func CheckQuota(have int) error {
	if have < MaxTokens {
		return nil
	}
	return fail.New(fail.Limit, "%d tokens exist for this principal, which is the most; delete some first", have).WithCode("QUOTA_EXCEEDED")
}

// AllAPIs is the scope that holds every other one; a token without scopes is the same.
const AllAPIs = "all-apis"

// Scopes are the families of the API that a token can be cut down to, ascending: those that Databricks' documentation prints, and the
// further ones this server has routes for. Which route belongs to which family is the route tables' business.
var Scopes = []string{"access-management", AllAPIs, "authentication", "clusters", "command-execution", "files", "jobs", "mlflow",
	"model-serving", "scim", "secrets", "settings", "sql", "unity-catalog", "workspace"}

// OfferedScope is a scope that people are offered, with what it is for.
type OfferedScope struct{ Name, What string }

// Offered gives the scopes that this server has abilities for, in the order in which people look for them.
func Offered() []OfferedScope {
	return []OfferedScope{
		{"mlflow", "experiments, runs, models"},
		{"workspace", "folders, notebooks, files"},
		{"files", "artifact files"},
		{"access-management", "permissions, who can, audit"},
		{"scim", "users, groups, service principals"},
		{"settings", "settings and webhooks"},
		{"authentication", "tokens and sessions"},
		{"model-serving", "serving endpoints"},
		{"jobs", "jobs"},
		{"clusters", "clusters"},
		{"secrets", "secrets"},
	}
}

// Reaches says whether a credential with scopes, none for all of them, reaches one.
func Reaches(held []string, scope string) bool {
	return len(held) == 0 || slices.Contains(held, AllAPIs) || slices.Contains(held, scope)
}

// CheckScopes gives the scopes of a new token, sorted and without doubles; nil stands for all. An unknown scope is refused, since what
// it would allow is unknown too. Errors: Invalid with the known ones.
func CheckScopes(scopes []string) ([]string, error) {
	for _, s := range scopes {
		if !slices.Contains(Scopes, s) {
			return nil, fail.Invalidf("unknown scope %q; known are %s", shorten(s), strings.Join(Scopes, ", "))
		}
	}
	if len(scopes) == 0 || slices.Contains(scopes, AllAPIs) {
		return nil, nil
	}
	return slices.Compact(slices.Sorted(slices.Values(scopes))), nil
}

// Link is a one-time sign-in link as stored. Times are ms since 1970; Used is 0 until it has been used.
type Link struct {
	Hash      [sha256.Size]byte
	Principal int64
	Expires   int64
	Used      int64
}

// IssueLink gives what is stored for a link value; key is the one Hash takes.
func IssueLink(key []byte, value string, principal int64, now time.Time) Link {
	return Link{Hash: Hash(key, []byte(value)), Principal: principal, Expires: now.Add(LinkLifetime).UnixMilli()}
}

// Use gives the link as it is after its one use, which the caller writes in the transaction that makes the session. One answer for
// used and expired links, as for unknown ones: a link tells nothing about itself. Errors: Unauthenticated.
func (l Link) Use(now time.Time) (Link, error) {
	if l.Used != 0 || now.UnixMilli() >= l.Expires {
		return l, ErrLink()
	}
	l.Used = now.UnixMilli()
	return l, nil
}

// ErrLink is the refusal of a sign-in link.
func ErrLink() error {
	return fail.New(fail.Unauthenticated, "this sign-in link is unknown, used or older than %d minutes; ask for a new one",
		int(LinkLifetime.Minutes()))
}
