package identity

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Wish is what somebody asks of a new token.
type Wish struct {
	// Owner is who will call with the token, By who asks for it.
	Owner, By int64
	Comment   string
	// Seconds is the lifetime, nil for as long as the workspace allows.
	Seconds *int64
	// Scopes cut the token down; none asks for all.
	Scopes []string
	// Held are the scopes of the credential that asks, none for all of them: nobody makes a token that reaches further than his own.
	Held []string
	// Until is the end of what asks (ms since 1970), 0 for none: nobody makes a token that outlives his own. EndOf gives it.
	Until int64
}

// EndOf gives the end of a caller's credential for Wish.Until. A browser's session ends sooner than a token should; what it was opened with counts.
func EndOf(m *authz.Map, who authz.Who) int64 {
	if who.Method != authz.MethodSession {
		return who.Expires
	}
	if c, ok := m.CredentialByID(who.Credential); ok {
		if origin, ok := m.CredentialByID(c.Origin); ok {
			return origin.Expires
		}
	}
	return 0
}

// within cuts a token's life down to that of what asks: without a wish it is as long, a longer one is refused.
func (w *Wish) within(expires int64) (int64, error) {
	switch {
	case w.Until == 0 || expires != 0 && expires <= w.Until:
		return expires, nil
	case w.Seconds != nil:
		return 0, fail.New(fail.Denied, "the calling credential ends on %s and cannot make a token that lives longer",
			time.UnixMilli(w.Until).UTC().Format(time.RFC3339))
	}
	return w.Until, nil
}

// Issue makes a token: its value, which is shown once, and the credential to be put into the access map. key is the one Hash takes. Errors:
// Invalid, QUOTA_EXCEEDED, and State for an owner who is not active or may not use tokens (CAN_USE on authorization/tokens).
func Issue(random io.Reader, key []byte, now time.Time, m *authz.Map, w Wish) (value string, c authz.Credential, err error) {
	if err := checkWish(now, m, w); err != nil {
		return "", c, err
	}
	c = authz.Credential{Principal: w.Owner, Created: now.UnixMilli(), CreatedBy: w.By, Comment: w.Comment}
	if c.Scopes, err = Narrow(w.Scopes, w.Held); err != nil {
		return "", c, err
	}
	days := 0
	if limit, ok := m.Setting(SettingMaxLifetime); ok {
		if days, err = ParseMaxLifetime(limit); err != nil {
			return "", c, err
		}
	}
	if c.Expires, err = Expiry(now, w.Seconds, days); err == nil {
		c.Expires, err = w.within(c.Expires)
	}
	if err != nil {
		return "", c, err
	}
	if c.ID, err = NewTokenID(random); err != nil {
		return "", c, err
	}
	value, err = NewToken(random)
	hash := Hash(key, []byte(value))
	c.Hash = hash[:]
	return value, c, err
}

func checkWish(now time.Time, m *authz.Map, w Wish) error {
	if err := CheckComment(w.Comment); err != nil {
		return err
	}
	p, ok := m.Principal(w.Owner)
	switch setting, _ := m.Setting(SettingTokens); {
	case strings.EqualFold(setting, "false"):
		return fail.Statef("new personal access tokens are switched off in this workspace (%s); those that exist go on", SettingTokens)
	case !ok || p.Kind == authz.Group:
		return fail.NotFoundf("principal %d does not exist, or is a group", w.Owner)
	case !p.Active:
		return fail.Statef("%s is not active", p.Name)
	case p.Directory == "" && !authz.Decide(m, authz.Who{Principal: w.Owner}, authz.UseTokens, authz.TokensRoot, now).Allowed:
		return fail.Statef("%s may not use tokens; it takes CAN_USE on authorization/tokens", p.Name)
	}
	return CheckQuota(len(Live(m, w.Owner, now)))
}

// Narrow gives the scopes of a token, nil for all, given those of the credential that asks: without a wish the same, else a part of them.
// Errors: Invalid for an unknown scope, Denied for one that the asking credential does not reach.
func Narrow(asked, held []string) ([]string, error) {
	scopes, err := CheckScopes(asked)
	if err != nil || len(held) == 0 || slices.Contains(held, AllAPIs) {
		return scopes, err
	}
	if len(asked) == 0 {
		return CheckScopes(held)
	}
	for _, s := range scopes {
		if !slices.Contains(held, s) {
			return nil, fail.New(fail.Denied, "the calling token has no scope %q and cannot give it", s)
		}
	}
	if len(scopes) == 0 {
		return nil, fail.New(fail.Denied, "the calling token has not all scopes and cannot give them")
	}
	return scopes, nil
}

// Live gives the tokens of a principal that have not ended, oldest first.
func Live(m *authz.Map, principal int64, now time.Time) []*authz.Credential {
	return standing(m, principal, now, (*authz.Credential).IsToken)
}

// Sessions gives the sessions of a principal that have not ended, oldest first.
func Sessions(m *authz.Map, principal int64, now time.Time) []*authz.Credential {
	return standing(m, principal, now, func(c *authz.Credential) bool { return c.Session })
}

func standing(m *authz.Map, principal int64, now time.Time, of func(*authz.Credential) bool) (live []*authz.Credential) {
	for c := range m.Credentials(principal) {
		if _, _, ok := m.Standing(c, now); ok && of(c) {
			live = append(live, c)
		}
	}
	slices.SortFunc(live, older)
	return live
}

// older orders credentials by the time they were made, those of one moment by id.
func older(a, b *authz.Credential) int {
	return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
}
