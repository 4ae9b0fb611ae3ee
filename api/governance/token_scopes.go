package governance

import (
	"bailiwick/api"
	"bailiwick/identity"
)

// scopesAnswer is what a new token can be cut down to.
type scopesAnswer struct {
	Scopes []scopeRow `json:"scopes"`
	// Whole says that the caller's own credential reaches everything; a token without scopes reaches as far as it does.
	Whole bool `json:"whole"`
}

// scopeRow is a family of the API.
type scopeRow struct {
	Scope string `json:"scope"`
	// What it is for, in a few words.
	What string `json:"what"`
	// Held says that the caller's own credential reaches it: nobody makes a token that reaches further than his own.
	Held bool `json:"held"`
}

func tokenScopes(c *api.Call, _ int64, _ *nothing) (*scopesAnswer, error) {
	a := &scopesAnswer{Scopes: []scopeRow{}, Whole: identity.Reaches(c.Who.Scopes, identity.AllAPIs)}
	for _, s := range identity.Offered() {
		a.Scopes = append(a.Scopes, scopeRow{s.Name, s.What, identity.Reaches(c.Who.Scopes, s.Name)})
	}
	return a, nil
}
