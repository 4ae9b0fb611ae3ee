package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

const (
	// SessionLife is how long a browser's session lasts unless it is renewed; a setting of the server can make it another.
	SessionLife = 12 * time.Hour
	// LongestSession is how long a session can be renewed after its sign-in.
	LongestSession = 7 * 24 * time.Hour
	// MaxSessions is the most sessions a principal has at a time, and the most of each token that is cut down; a further sign-in ends the oldest.
	MaxSessions = 50

	sessionPrefix = "session-"
)

// SignIn is what a session is opened with.
type SignIn struct {
	Principal int64
	// Token is the token that proved the principal, nil where something else did: the session then reaches no further than it, and ends with it.
	Token *authz.Credential
	// By is the provider's word that proved the principal; nil where something else did.
	By *authz.Assertion
	// Replaces is the session that the browser has held so far and now loses, whoever's it is; nil for none.
	Replaces *authz.Credential
	// Agent is the browser as it names itself.
	Agent string
	Life  time.Duration
}

// OpenSession makes a session: the cookie's value, which is kept as its Hash only, and the credential to be put into the access map.
func OpenSession(random io.Reader, key []byte, now time.Time, in SignIn) (value string, c authz.Credential, err error) {
	c = authz.Credential{Principal: in.Principal, Created: now.UnixMilli(), CreatedBy: in.Principal, Session: true, By: in.By}
	if CheckComment(in.Agent) == nil {
		c.Comment = in.Agent
	}
	if in.Token != nil {
		c.Origin, c.Scopes = in.Token.ID, in.Token.Scopes
	}
	c.Expires = sessionEnd(&c, in.Token, now, in.Life)
	if c.ID, err = NewTokenID(random); err != nil {
		return "", c, err
	}
	value, err = randomText(random, sessionPrefix)
	hash := Hash(key, []byte(value))
	c.Hash = hash[:]
	return value, c, err
}

// RenewSession gives a session as it is when it lasts for another life from now on, as far as its sign-in and its token reach. Errors: State
// for one that cannot last any longer.
func RenewSession(m *authz.Map, session *authz.Credential, now time.Time, life time.Duration) (authz.Credential, error) {
	next := *session
	token, _ := m.CredentialByID(session.Origin)
	next.Expires = max(session.Expires, sessionEnd(session, token, now, life))
	if next.Expires == session.Expires {
		return next, fail.Statef("this session cannot last any longer: a sign-in lasts %d days at most, and no longer than the token it was made with; "+
			"sign in again", int(LongestSession.Hours()/24))
	}
	return next, nil
}

func sessionEnd(c, token *authz.Credential, now time.Time, life time.Duration) int64 {
	end := min(now.Add(life).UnixMilli(), c.Created+LongestSession.Milliseconds())
	if token != nil && token.Expires != 0 {
		end = min(end, token.Expires)
	}
	return end
}

// EndSessions gives the events that end all sessions of a principal, and what programs were let in with: who is let in again signs in again, and
// not whoever has an old cookie or refresh token of his.
func EndSessions(m *authz.Map, principal int64) (events []authz.Event) {
	for c := range m.Credentials(principal) {
		if c.Session || c.Kind == authz.Grant || c.Kind == authz.Exchange {
			events = append(events, dropped(c))
		}
	}
	return events
}

// Surplus gives the events that make room for one more session: the one that it replaces ends, and the oldest where there are as many as one
// may have. Those of a token that is cut down are counted by themselves, since it ends no sessions of its owner but its own.
func Surplus(m *authz.Map, in SignIn, now time.Time) (events []authz.Event) {
	if in.Replaces != nil {
		events = append(events, dropped(in.Replaces))
	}
	share := ""
	if in.Token != nil {
		share = shareOf(in.Token)
	}
	live := slices.DeleteFunc(Sessions(m, in.Principal, now), func(s *authz.Credential) bool {
		token, ok := m.CredentialByID(s.Origin)
		return in.Replaces != nil && s.ID == in.Replaces.ID || ok && shareOf(token) != share || !ok && share != ""
	})
	for _, s := range live[:max(0, len(live)-MaxSessions+1)] {
		events = append(events, dropped(s))
	}
	return events
}

// Reclaimed gives the events by which the provider's newest word of a person takes the place of its older ones, in his other sessions and in what he
// has let in: a role that is gone at a sign-in is gone everywhere. What the sign-in ends is left out.
func Reclaimed(m *authz.Map, in SignIn) (events []authz.Event) {
	if in.By == nil {
		return nil
	}
	for c := range m.Credentials(in.Principal) {
		if c.By == nil || c.Kind == authz.Exchange || c.By.Issuer != in.By.Issuer || c.By.Subject != in.By.Subject ||
			slices.Equal(c.By.Roles, in.By.Roles) || in.Replaces != nil && in.Replaces.ID == c.ID {
			continue
		}
		next, by := *c, *c.By
		by.Roles = in.By.Roles
		next.By = &by
		events = append(events, authz.Event{Op: authz.PutCredential, Credential: &next})
	}
	return events
}

func dropped(c *authz.Credential) authz.Event {
	return authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: c.ID, Principal: c.Principal}}
}

// shareOf names the sessions that those of a token are counted with: its own when it is cut down, otherwise all that are for everything.
func shareOf(token *authz.Credential) string {
	if Reaches(token.Scopes, AllAPIs) {
		return ""
	}
	return token.ID
}

// CSRFToken is what a page has to send beside the session's cookie with each change: another site can make a browser send the cookie, and
// cannot know this. key is another than the one Hash takes.
func CSRFToken(key []byte, session string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("csrf " + session))
	return hex.EncodeToString(mac.Sum(nil))
}
