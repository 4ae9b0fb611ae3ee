// Package oidc signs people in who come from an OpenID provider, and out when the provider says so.
package oidc

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/issuer"
)

// Prefix is where a sign-in begins and comes back to: PREFIX/NAME and PREFIX/NAME/callback.
const Prefix = "/login/oidc"

// ProblemCookie tells the sign-in page why it is shown again. No address has it: whoever makes a link could have the page say what he likes.
const ProblemCookie = "bailiwick_sign_in_problem"

// Front signs in and out. Its fields are set before Mount.
type Front struct {
	// Clients are the providers, in the order in which they are offered.
	Clients []*issuer.Client
	// Key signs the sign-ins that are under way.
	Key []byte
	// SessionLife is how long a session lasts unless it is renewed; 0 = identity.SessionLife.
	SessionLife time.Duration
	// Now is the clock for what providers have signed; nil = the system's.
	Now func() time.Time
}

// Mount adds the routes to the door.
func (f *Front) Mount(d *api.Door) {
	d.Mount(&api.Front{
		Name: "oidc", Service: "accounts", Prefixes: []string{Prefix}, ContentType: "application/json", Fail: f.fail,
		Decode: decode, Encode: func(any) ([]byte, error) { return nil, nil },
		Routes: []api.Route{
			api.Open("GET /{provider}", "it leads to the provider, and gives nothing but an address that everybody may know", f.begin),
			api.OpenWrite("GET /{provider}/callback", "who comes back from a provider has nothing yet but its word", f.arrive,
				api.As[answerRequest]("login"), api.Ahead(f.redeem)),
			api.OpenWrite("POST /{provider}/logout", "the provider signs what it asks for", f.signOut,
				api.As[logoutRequest]("logout"), api.Ahead(f.readLogout), api.Body[logoutRequest](maxLogout)),
		},
	})
}

// maxProblem is the most bytes of a reason: a cookie takes 4 KiB, and each byte may become three.
const maxProblem = 1000

// maxLogout is the most bytes of a request to sign out.
const maxLogout = 64 << 10

// nothing is an answer without content.
type nothing struct{}

func (f *Front) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// client finds a provider by its name.
func (f *Front) client(name string) (*issuer.Client, error) {
	for _, c := range f.Clients {
		if c.Provider.Name == name {
			return c, nil
		}
	}
	return nil, fail.NotFoundf("there is no provider %.40q to sign in with", name)
}

// decode reads a request: the address for those of a browser, a form for those of a provider.
func decode(in *api.Input, request any) error {
	plain := *in
	plain.Body = nil
	if q, ok := request.(*logoutRequest); ok {
		form, err := url.ParseQuery(string(in.Body))
		if err != nil {
			return fail.Invalidf("the body is no form")
		}
		q.Token = form.Get("logout_token")
	}
	return api.DecodeJSON(&plain, request)
}

// fail leads a person back to the page for signing in, which says why; a provider is told as its protocol has it.
func (f *Front) fail(c *api.Call, e *fail.Error) (int, []byte) {
	if c.Method() == http.MethodPost || c.Method() == http.MethodOptions {
		return failLogout(e)
	}
	trip := identity.Trip{}
	switch q := c.Asked().(type) {
	case *answerRequest:
		trip = q.trip
		c.SetPassing(cookieOf(q.Provider), "", 0, false)
	case *beginRequest:
		trip.Next = identity.SafeNext(q.Next)
	}
	lead(c, trip.Again())
	c.SetPassing(ProblemCookie, url.PathEscape(strings.ToValidUTF8(e.Message[:min(len(e.Message), maxProblem)], "")), time.Minute, true)
	return http.StatusSeeOther, nil
}

// lead sends a browser on. The address that it came by may hold a code, so it is told to nobody.
func lead(c *api.Call, to string) {
	c.SetHeader("Location", to)
	c.SetHeader("Cache-Control", "no-store")
	c.SetHeader("Referrer-Policy", "no-referrer")
	c.SetStatus(http.StatusSeeOther)
}

// failLogout writes an error as OpenID Connect Back-Channel Logout 2.8 has it: 400 for whatever is wrong with what was asked.
func failLogout(e *fail.Error) (int, []byte) {
	status, code := http.StatusBadRequest, "invalid_request"
	switch e.Kind {
	case fail.Internal:
		status, code = http.StatusInternalServerError, "server_error"
	case fail.Unavailable:
		status, code = http.StatusServiceUnavailable, "temporarily_unavailable"
	}
	body, err := json.Marshal(map[string]string{"error": code, "error_description": e.Message})
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return status, body
}

func cookieOf(provider string) string { return "bailiwick_oidc_" + provider }
