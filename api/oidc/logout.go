package oidc

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// logoutRequest is what a provider sends when somebody has signed out there (OpenID Connect Back-Channel Logout 1.0).
type logoutRequest struct {
	Provider string `json:"-" path:"provider"`
	Token    string `json:"-"`

	out    identity.SignOut
	issuer string
}

// readLogout checks who asks, and for whom.
func (f *Front) readLogout(c *api.Call, q *logoutRequest) error {
	client, err := f.client(q.Provider)
	if err != nil {
		return err
	}
	if q.Token == "" {
		return fail.Invalidf("logout_token is missing")
	}
	claims, err := client.Verify(c.Context(), q.Token)
	if err != nil {
		return unproven(err)
	}
	q.issuer = client.Provider.Issuer
	if q.out, err = client.Provider.CheckLogoutToken(claims, f.now()); err != nil {
		return unproven(err)
	}
	return nil
}

// unproven has a bad token counted as a stranger's try.
func unproven(err error) error {
	if fail.Is(err, fail.Unavailable) || fail.Is(err, fail.Internal) {
		return err
	}
	return fail.New(fail.Unauthenticated, "%v", err)
}

// signOut ends the sessions that are meant. That there are none is no error: they may have ended by themselves.
func (f *Front) signOut(c *api.Call, q *logoutRequest) (*nothing, error) {
	first, err := c.Tx.UseProof("logout "+q.issuer+"\n"+q.out.ID, q.out.Until)
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, fail.New(fail.Unauthenticated, "this token for signing out was used already")
	}
	meant, err := f.meant(c, q)
	if err != nil {
		return nil, err
	}
	var events []authz.Event
	for _, s := range meant {
		events = append(events, authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: s.ID, Principal: s.Principal}})
		c.Note("sessionId", s.ID)
	}
	c.About(authz.WorkspaceObject)
	c.Note("method", "oidc")
	c.Note("provider", q.Provider)
	c.Note("sessions", strconv.Itoa(len(meant)))
	return nil, c.Tx.Govern(events...)
}

// meant gives the sessions that the token is about: those of a session of the provider, or all of a subject.
func (f *Front) meant(c *api.Call, q *logoutRequest) (all []*authz.Credential, err error) {
	m := c.Tx.Map
	if q.out.Session != "" {
		ids, err := c.Tx.SessionsNamed(q.out.Session)
		for _, id := range ids {
			if s, ok := m.CredentialByID(id); ok && q.means(s) {
				all = append(all, s)
			}
		}
		return all, err
	}
	id, err := c.Tx.SubjectPrincipal(q.issuer, q.out.Subject)
	for s := range m.Credentials(id) {
		if q.means(s) {
			all = append(all, s)
		}
	}
	return all, err
}

// means holds a session against the token: what it names must all fit.
func (q *logoutRequest) means(s *authz.Credential) bool {
	return s.Session && s.By != nil && s.By.Issuer == q.issuer && (q.out.Session == "" || s.By.Session == q.out.Session) &&
		(q.out.Subject == "" || s.By.Subject == q.out.Subject)
}
