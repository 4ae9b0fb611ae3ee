package oidc

import (
	"cmp"
	"crypto/rand"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
	"bailiwick/workspace"
)

type beginRequest struct {
	Provider string `json:"-" path:"provider"`
	Next     string `json:"-" query:"next"`
}

// callbackOf is our address that a provider sends people back to, as it has to be registered there.
func callbackOf(c *api.Call, provider string) string {
	return c.BaseURL() + Prefix + "/" + provider + "/callback"
}

// begin sends a person to his provider.
func (f *Front) begin(c *api.Call, q *beginRequest) (*nothing, error) {
	client, err := f.client(q.Provider)
	if err != nil {
		return nil, err
	}
	trip, err := identity.NewTrip(rand.Reader, q.Provider, q.Next, f.now())
	if err != nil {
		return nil, err
	}
	to, err := client.AuthURL(c.Context(), callbackOf(c, q.Provider), trip.State, trip.Nonce, trip.Verifier)
	if err != nil {
		c.Log.Warn("a provider cannot be asked", "provider", q.Provider, "error", err)
		return nil, err
	}
	sealed, err := trip.Seal(f.Key)
	if err != nil {
		return nil, err
	}
	c.SetPassing(cookieOf(q.Provider), sealed, identity.TripLife, false)
	lead(c, to)
	return nil, nil
}

// answerRequest is what a provider sends a person back with.
type answerRequest struct {
	Provider string `json:"-" path:"provider"`
	Code     string `json:"-" query:"code"`
	State    string `json:"-" query:"state"`
	Issuer   string `json:"-" query:"iss"`
	Error    string `json:"-" query:"error"`
	Reason   string `json:"-" query:"error_description"`

	trip identity.Trip
	who  identity.Person
	// refused is why the provider's word does not count.
	refused error
}

// redeem finds out who has come, before there is a transaction: it asks the provider. What is wrong is kept for the ledger, but for answers that
// belong to no sign-in of this browser, which anybody can make up.
func (f *Front) redeem(c *api.Call, q *answerRequest) error {
	client, err := f.client(q.Provider)
	if err != nil {
		return err
	}
	if q.trip, err = identity.ReadTrip(f.Key, c.Passing(cookieOf(q.Provider)), q.Provider, q.State, f.now()); err != nil {
		return fail.New(fail.Unauthenticated, "%v", err)
	}
	if q.Error != "" || q.Code == "" {
		q.refused = fail.New(fail.Denied, "%s did not sign you in: %.300s", client.Provider.Shown(),
			cmp.Or(strings.TrimSpace(q.Error+" "+q.Reason), "it gave no code"))
		return nil
	}
	claims, err := client.Redeem(c.Context(), callbackOf(c, q.Provider), q.Issuer, q.Code, q.trip.Nonce, q.trip.Verifier)
	if err == nil {
		q.who, err = client.Provider.PersonOf(claims)
	}
	if fail.Is(err, fail.Unavailable) || fail.Is(err, fail.Internal) {
		c.Log.Warn("a sign-in could not be completed", "provider", q.Provider, "error", err)
		return err
	}
	q.refused = err
	return nil
}

// arrive signs the person in.
func (f *Front) arrive(c *api.Call, q *answerRequest) (*nothing, error) {
	c.About(authz.WorkspaceObject)
	c.Note("method", "oidc")
	c.Note("provider", q.Provider)
	if q.who.Subject != "" {
		c.Note("subject", q.who.Subject)
		c.Note("targetUserName", q.who.UserName)
	}
	if q.refused != nil {
		return nil, c.Refuse(q.refused)
	}
	if err := c.CheckAddress(); err != nil {
		return nil, err
	}
	client, err := f.client(q.Provider)
	if err != nil {
		return nil, err
	}
	known, err := f.known(c, q)
	if err != nil {
		return nil, err
	}
	a, err := client.Provider.Arrive(c.Tx.Map, &q.who, known, store.NewPrincipalID)
	if fail.Is(err, fail.Denied) {
		return nil, c.Refuse(err)
	}
	if err != nil {
		return nil, err
	}
	first, err := c.Tx.UseProof("state "+q.trip.State, q.trip.Until)
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, fail.New(fail.Unauthenticated, "this sign-in was done already; begin again")
	}
	if err := f.admit(c, q, &a); err != nil {
		return nil, err
	}
	c.SetPassing(cookieOf(q.Provider), "", 0, false)
	lead(c, q.trip.Landing())
	return nil, nil
}

// known gives what is remembered of the subject.
func (f *Front) known(c *api.Call, q *answerRequest) (identity.Known, error) {
	id, err := c.Tx.SubjectPrincipal(q.who.Issuer, q.who.Subject)
	return identity.Known{
		Principal: id, Other: func(principal int64) (bool, error) { return c.Tx.HasSubject(q.who.Issuer, principal) },
		Memberships: c.Tx.MembershipsOf, Owners: c.Tx.PrincipalSources,
	}, err
}

// admit writes what the sign-in changes, and opens the session.
func (f *Front) admit(c *api.Call, q *answerRequest, a *identity.Arrival) error {
	if err := f.write(c, q, a); err != nil {
		return err
	}
	if a.Linked {
		if err := c.Tx.LinkSubject(q.who.Issuer, q.who.Subject, a.User.ID); err != nil {
			return err
		}
		c.Note("linked", "true")
	}
	for _, list := range []struct {
		key    string
		groups []string
	}{{"joined", a.Joined}, {"left", a.Left}, {"notJoined", a.Held}, {"roles", q.who.Roles}} {
		if len(list.groups) > 0 {
			c.Note(list.key, strings.Join(list.groups, ", "))
		}
	}
	c.Note("targetUserId", identity.FormatID(a.User.ID))
	_, err := c.OpenSession(identity.SignIn{Principal: a.User.ID, By: q.who.Assertion(q.Provider), Life: cmp.Or(f.SessionLife, identity.SessionLife)})
	return err
}

// write makes the user, and the groups that he comes into.
func (f *Front) write(c *api.Call, q *answerRequest, a *identity.Arrival) error {
	events := a.Events()
	if a.New {
		if _, err := workspace.RemovedHomePath(a.User.Name, identity.FormatID(a.User.ID)); err != nil {
			return c.Refuse(fail.New(fail.Denied, "%s names no user that can be here: %v", a.User.Name, err))
		}
		home, err := workspace.HomeEvents(c.Tx.Map, a.User, store.NewObjectID())
		if err != nil {
			return err
		}
		events = append(events, home...)
	}
	c.Tx.As(identity.FromProvider(q.Provider))
	if err := c.Tx.Govern(events...); err != nil {
		return err
	}
	if err := keep(c, a); err != nil || !a.New {
		return err
	}
	r := identity.OfPrincipal(&a.User)
	r.ExternalID = q.who.ExternalID
	if q.who.Email != "" {
		r.Extra = identity.Document{"emails": []any{map[string]any{"value": q.who.Email, "primary": true}}}
	}
	return c.Tx.PutResource(r)
}

// keep counts the changes of the groups, and keeps what the claims wanted of what is another's word.
func keep(c *api.Call, a *identity.Arrival) error {
	for _, group := range a.Changing {
		if err := c.Tx.Touch(group); err != nil {
			return err
		}
	}
	for _, k := range a.Conflicts {
		if err := c.Tx.NoteConflict(k); err != nil {
			return err
		}
	}
	return nil
}
