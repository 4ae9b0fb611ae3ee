package oidc

import (
	"io"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// Routes are the endpoints that are served with this product's own: what the sign-in page offers, and the dry run.
func (f *Front) Routes() []api.Route {
	return []api.Route{
		api.Open("GET /sign-in/providers", "the page for signing in is shown to everybody", f.offer),
		api.Upload("POST /sign-in/explain-token", authz.ManageIdentities, api.At[explainRequest](authz.WorkspaceObject), f.look, f.explain,
			api.Decoded[explainRequest], api.As[explainRequest]("explainToken"), api.Body[explainRequest](512<<10)),
	}
}

type offeredProvider struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type offer struct {
	Providers []offeredProvider `json:"providers"`
}

// offer gives the names of the providers, in the order of the file.
func (f *Front) offer(*api.Call, *nothing) (*offer, error) {
	a := &offer{Providers: []offeredProvider{}}
	for _, c := range f.Clients {
		a.Providers = append(a.Providers, offeredProvider{c.Provider.Name, c.Provider.Shown()})
	}
	return a, nil
}

// explainRequest asks what a token would become, were somebody to sign in with it.
type explainRequest struct {
	// Provider may be empty where there is one only.
	Provider string `json:"provider"`
	Token    string `json:"token"`
}

// looked is a token that was read: its claims where it is signed by the provider, and what is wrong with it.
type looked struct {
	provider *identity.Provider
	claims   map[string]any
	wrong    error
}

// look checks the token's signature, for which the provider's keys may have to be fetched.
func (f *Front) look(c *api.Call, _ int64, q *explainRequest, _ io.Reader) (*looked, error) {
	if q.Provider == "" && len(f.Clients) == 1 {
		q.Provider = f.Clients[0].Provider.Name
	}
	client, err := f.client(q.Provider)
	if err != nil {
		return nil, err
	}
	if q.Token == "" {
		return nil, fail.Invalidf("token is missing: the ID token, as the provider signed it")
	}
	l := &looked{provider: &client.Provider}
	if l.claims, l.wrong = client.Verify(c.Context(), q.Token); l.wrong == nil {
		l.wrong = l.provider.CheckIDToken(l.claims, "", f.now())
	}
	if fail.Is(l.wrong, fail.Unavailable) || fail.Is(l.wrong, fail.Internal) {
		return nil, l.wrong
	}
	return l, nil
}

// explanation is what a token would become.
type explanation struct {
	Provider string `json:"provider"`
	// Accepted says whether a sign-in with it would succeed; Reason why not. A token that has ended is explained all the same.
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"`
	// Signed says whether the provider has signed it: without that, nothing of it is looked at.
	Signed   bool           `json:"signed"`
	Claims   map[string]any `json:"claims,omitempty"`
	Subject  string         `json:"subject,omitempty"`
	UserName string         `json:"user_name,omitempty"`
	Shown    string         `json:"display_name,omitempty"`
	External string         `json:"external_id,omitempty"`
	Groups   []string       `json:"claimed_groups,omitempty"`
	Roles    []string       `json:"roles,omitempty"`
	// User is who would be signed in; Creates says that he would be made, Links that the subject would be remembered as his.
	User    string   `json:"user,omitempty"`
	UserID  string   `json:"user_id,omitempty"`
	Creates bool     `json:"creates"`
	Links   bool     `json:"links"`
	Joins   []string `json:"joins,omitempty"`
	Leaves  []string `json:"leaves,omitempty"`
	// Held are groups that the claims give and he would not come into, since they lead to admins.
	Held []string `json:"not_joined,omitempty"`
}

// explain says what the token would become, and changes nothing.
func (f *Front) explain(c *api.Call, _ int64, q *explainRequest, l *looked) (*explanation, error) {
	c.Note("provider", l.provider.Name)
	c.SetHeader("Cache-Control", "no-store")
	a := &explanation{Provider: l.provider.Name, Signed: l.claims != nil, Claims: l.claims}
	if l.claims == nil {
		a.Reason = l.wrong.Error()
		return a, nil
	}
	who, err := l.provider.PersonOf(l.claims)
	a.Subject, a.UserName, a.Shown, a.External, a.Groups, a.Roles = who.Subject, who.UserName, who.Shown, who.ExternalID, who.Groups, who.Roles
	if err == nil {
		err = f.foresee(c, l, &who, a)
	}
	if err != nil && !fail.Is(err, fail.Denied) {
		return nil, err
	}
	if l.wrong != nil { // what is wrong with the token itself comes first
		err = l.wrong
	}
	if a.Accepted = err == nil; err != nil {
		a.Reason = err.Error()
	}
	return a, nil
}

func (f *Front) foresee(c *api.Call, l *looked, who *identity.Person, a *explanation) error {
	known, err := f.known(c, &answerRequest{who: *who})
	if err != nil {
		return err
	}
	to, err := l.provider.Arrive(c.Tx.Map, who, known, func() int64 { return 0 })
	if err != nil {
		return err
	}
	a.User, a.Creates, a.Links, a.Joins, a.Leaves, a.Held = to.User.Name, to.New, to.Linked, to.Joined, to.Left, to.Held
	if !to.New {
		a.UserID = identity.FormatID(to.User.ID)
	}
	return nil
}
