// Package credential is the inventory of what opens doors: which kinds of credential there are, what was seen of each, and what is wrong with
// those that somebody forgot. It is pure: findings are rules over facts, and the facts are handed to it.
package credential

import "bailiwick/authz"

// Kind is a kind of credential in the inventory. A further one joins by a line of kinds.
type Kind struct {
	// Name is stable: it is what filters and answers say.
	Name string
	// Title is what people call one.
	Title string
	// Classes are the findings that are looked for on it.
	Classes []Class
	// Revoke is the ability that it takes to revoke somebody else's, on the object RevokeAt.
	Revoke   authz.Ability
	RevokeAt int64

	is func(*authz.Credential) bool
}

// kinds are asked in their order; the last takes what none before it knows, so that nothing that opens a door is missing.
var kinds = []Kind{
	{
		Name: "session", Title: "session", Classes: []Class{OwnerInactive, NewNetwork, SharedByPrograms, HardCoded},
		Revoke: authz.ManageIdentities, RevokeAt: authz.WorkspaceObject, is: func(c *authz.Credential) bool { return c.Session },
	},
	{
		Name: "token", Title: "personal access token", Classes: Classes(),
		Revoke: authz.ManageTokens, RevokeAt: authz.TokensRoot, is: func(*authz.Credential) bool { return true },
	},
}

// KindOf gives the kind of a credential.
func KindOf(c *authz.Credential) *Kind {
	for i := range kinds {
		if kinds[i].is(c) {
			return &kinds[i]
		}
	}
	return &kinds[len(kinds)-1]
}

// KindNames gives the names of all kinds.
func KindNames() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].Name
	}
	return names
}
