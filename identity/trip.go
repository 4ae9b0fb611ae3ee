package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"
)

// Trip is a sign-in that is under way: the person is at his provider, and his browser holds this, signed.
type Trip struct {
	Provider string `json:"p"`
	// State, Nonce and Verifier tie the answer to this browser, the token to this answer, and the code to who asked for it (PKCE).
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	// Next is where the person wants to go then (SafeNext).
	Next string `json:"x,omitempty"`
	// Until is when (ms since 1970) it has taken too long.
	Until int64 `json:"u"`
}

// TripLife is how long a person may be at his provider.
const TripLife = 15 * time.Minute

// NewTrip begins a sign-in.
func NewTrip(random io.Reader, provider, next string, now time.Time) (t Trip, err error) {
	t = Trip{Provider: provider, Next: SafeNext(next), Until: now.Add(TripLife).UnixMilli()}
	for _, place := range []*string{&t.State, &t.Nonce, &t.Verifier} {
		if *place, err = randomText(random, ""); err != nil {
			return t, err
		}
	}
	return t, nil
}

// Seal writes a trip as a cookie's value, signed with the key.
func (t Trip) Seal(key []byte) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + base64.RawURLEncoding.EncodeToString(tripMAC(key, body)), nil
}

func tripMAC(key []byte, body string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sign-in " + body))
	return mac.Sum(nil)
}

// ReadTrip gives the trip that a browser brings back. Errors: fail.Denied for one that this server did not begin, that took too long, or that is
// another provider's or another answer's than the one that has come.
func ReadTrip(key []byte, value, provider, state string, now time.Time) (t Trip, err error) {
	body, sum, _ := strings.Cut(value, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	text, bad := base64.RawURLEncoding.DecodeString(body)
	switch {
	case value == "":
		return t, refusedClaim("this browser has not begun the sign-in that this is the answer to, or it was done already; begin again")
	case err != nil, bad != nil, !hmac.Equal(mac, tripMAC(key, body)), json.Unmarshal(text, &t) != nil:
		return Trip{}, refusedClaim("this browser brings a sign-in that this server has not begun; begin again")
	case t.Provider != provider:
		return Trip{}, refusedClaim("this is the answer of another provider than the one that was asked")
	case state == "" || !hmac.Equal([]byte(t.State), []byte(state)):
		return t, refusedClaim("this is the answer to another sign-in than the one that this browser began last; begin again")
	case now.UnixMilli() >= t.Until:
		return t, refusedClaim("this sign-in took longer than %d minutes; begin again", int(TripLife.Minutes()))
	}
	return t, nil
}

// maxNext is the most bytes of where a person wants to go.
const maxNext = 1024

// NextOAuth begins where a person goes on who was to let a program in: the parameters follow.
const NextOAuth = "oauth?"

// maxNextOAuth is maxNext for that: a program's state may be long.
const maxNextOAuth = 2000

// SafeNext gives where to go after a sign-in if it is a page of the console, or of MLflow's own ("mlflow", perhaps with its hash), and nothing
// otherwise: no address may lead a person who has just signed in away from here.
func SafeNext(next string) string {
	_, hash, _ := strings.Cut(next, "#")
	mlflow := next == "mlflow" || strings.HasPrefix(next, "mlflow#/")
	if login, ok := strings.CutPrefix(next, NextOAuth); ok {
		values, err := url.ParseQuery(login)
		if err != nil || len(next) > maxNextOAuth || values.Encode() != login {
			return ""
		}
		return next
	}
	page := strings.HasPrefix(next, "/") && !strings.HasPrefix(next, "//") && !strings.HasPrefix(next, "/sign-in")
	switch {
	case len(next) > maxNext, !mlflow && !page, mlflow && strings.Contains(hash, "#"):
		return ""
	case strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r == '\uFFFD' }):
		return ""
	}
	return next
}

// Landing is the address to which a person goes after a sign-in.
func (t Trip) Landing() string {
	if login, ok := strings.CutPrefix(t.Next, NextOAuth); ok {
		return "/oidc/v1/authorize?" + login
	}
	if rest, ok := strings.CutPrefix(t.Next, "mlflow"); ok {
		return "/mlflow/" + rest
	}
	return "/#" + t.Next
}

// Again is the address of the console's page for signing in, for a second try.
func (t Trip) Again() string {
	if t.Next == "" {
		return "/#/sign-in"
	}
	return "/#/sign-in?next=" + url.QueryEscape(t.Next)
}
