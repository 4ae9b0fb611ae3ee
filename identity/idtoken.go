package identity

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"bailiwick/fail"
)

// CheckIDToken holds the claims of a token whose signature is good against what a sign-in needs of it (OpenID Connect Core 3.1.3.7): it is this
// provider's, for this client, of now, and the answer to this very sign-in. An empty nonce is not looked at: a dry run has none. Errors:
// fail.Denied.
func (p *Provider) CheckIDToken(claims map[string]any, nonce string, now time.Time) error {
	if err := p.checkCommon(claims, now); err != nil {
		return err
	}
	if _, there := numeric(claims["exp"]); !there {
		return refusedClaim("the token has no end (exp)")
	}
	if nonce != "" && claims["nonce"] != nonce {
		return refusedClaim("the token answers another sign-in than this browser's (nonce)")
	}
	if _, logout := claims["events"]; logout {
		return refusedClaim("the token is for signing out")
	}
	return nil
}

// checkCommon is what holds for the tokens of a sign-in and of a sign-out.
func (p *Provider) checkCommon(claims map[string]any, now time.Time) error {
	audience := audienceOf(claims["aud"])
	azp, authorized := claims["azp"]
	switch {
	case claims["iss"] != p.Issuer:
		return refusedClaim("the token is from another issuer (iss) than %s", p.Issuer)
	case !slices.Contains(audience, p.ClientID):
		return refusedClaim("the token is for another client (aud) than %s", p.ClientID)
	case authorized && azp != p.ClientID, len(audience) > 1 && !authorized:
		return refusedClaim("the token was given to another client (azp) than %s", p.ClientID)
	}
	return checkTimes(claims, now, p.Skew())
}

func audienceOf(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			s, _ := item.(string)
			all = append(all, s)
		}
	}
	return all
}

// checkTimes holds exp, nbf and iat against the clock, each as far as it is there; iat must be.
func checkTimes(claims map[string]any, now time.Time, skew time.Duration) error {
	at, late, early := float64(now.Unix()), float64(now.Add(-skew).Unix()), float64(now.Add(skew).Unix())
	for _, name := range []string{"exp", "nbf", "iat"} {
		n, ok := numeric(claims[name])
		_, there := claims[name]
		switch {
		case there && !ok, name == "iat" && !there:
			return refusedClaim("the claim %s is missing or no time", name)
		case !there:
		case name == "exp" && n <= late:
			return refusedClaim("the token ended %.0f seconds ago (exp)", at-n)
		case name != "exp" && n > early:
			return refusedClaim("the token is of a time to come, by %.0f seconds (%s): one of the two clocks is wrong", n-at, name)
		}
	}
	return nil
}

// numeric gives a claim that is a number of seconds.
func numeric(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case float64:
		n, ok = v, true
	case json.Number:
		f, err := v.Float64()
		n, ok = f, err == nil
	}
	return n, ok && !math.IsNaN(n) && !math.IsInf(n, 0) && n >= 0 && n < 1<<53
}

// backChannelLogout is the event that makes a token one for signing out (OpenID Connect Back-Channel Logout 2.4).
const backChannelLogout = "http://schemas.openid.net/event/backchannel-logout"

// SignOut is what a provider says who is to be signed out: a subject, one of its sessions, or both.
type SignOut struct {
	Subject, Session string
	// ID is the token's own, by which it is taken once; Until is when (ms since 1970) it would not be taken anyway.
	ID    string
	Until int64
}

// logoutLife is how long after it was made a token for signing out counts where it says nothing itself.
const logoutLife = 10 * time.Minute

// CheckLogoutToken holds the claims of a token whose signature is good against the rules for signing out, and gives who is meant. Errors:
// fail.Invalid, which the provider is told.
func (p *Provider) CheckLogoutToken(claims map[string]any, now time.Time) (out SignOut, err error) {
	if err := p.checkCommon(claims, now); err != nil {
		return out, fail.Invalidf("%v", err)
	}
	events, _ := claims["events"].(map[string]any)
	_, meant := events[backChannelLogout].(map[string]any)
	_, nonce := claims["nonce"]
	out = SignOut{Subject: textAt(claims, "sub"), Session: textAt(claims, "sid"), ID: textAt(claims, "jti")}
	made, _ := numeric(claims["iat"])
	end, ends := numeric(claims["exp"])
	if !ends {
		end = made + logoutLife.Seconds()
	}
	switch {
	case !meant:
		return out, fail.Invalidf("the token is not for signing out: its events lack %s", backChannelLogout)
	case nonce:
		return out, fail.Invalidf("a token for signing out has no nonce")
	case out.Subject == "" && out.Session == "":
		return out, fail.Invalidf("the token says neither whom (sub) nor which session (sid) to sign out")
	case len(out.Subject) > maxSubject || len(out.Session) > maxSubject:
		return out, fail.Invalidf("sub or sid is longer than %d bytes", maxSubject)
	case out.ID == "" || len(out.ID) > maxSubject:
		return out, fail.Invalidf("the token has no id (jti), or a longer one than %d bytes", maxSubject)
	case end <= float64(now.Add(-p.Skew()).Unix()):
		return out, fail.Invalidf("the token is too old")
	}
	out.Until = (int64(end) + int64(MaxSkew/time.Second)) * 1000
	return out, nil
}
