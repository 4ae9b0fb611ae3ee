package governance

import (
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/identity"
	"bailiwick/store"
)

// factsOf gives what is known of credentials, in their order.
func factsOf(c *api.Call, all []*authz.Credential) ([]credential.Facts, error) {
	ids := make([]string, len(all))
	for i, cred := range all {
		ids[i] = cred.ID
	}
	uses, err := c.Tx.Uses(ids)
	if err != nil {
		return nil, err
	}
	seen, err := c.Tx.Sightings(ids, credential.Family, credential.Network, credential.Program)
	if err != nil {
		return nil, err
	}
	facts := make([]credential.Facts, len(all))
	for i, cred := range all {
		f := &facts[i]
		f.Credential, f.Seen = cred, seen[cred.ID]
		f.LastUse, f.LastSource = uses[cred.ID].At, uses[cred.ID].Source
		f.Owner, _ = c.Tx.Map.Principal(cred.Principal)
		f.Scopes, f.Expires, f.Stands = c.Tx.Map.Standing(cred, c.Now)
		f.Reached = scopesReached(f.Scopes)
	}
	return facts, nil
}

// scopesReached gives the scopes that a credential holds, one by one.
func scopesReached(scopes []string) []string {
	all := []string{}
	for _, s := range identity.Offered() {
		if identity.Reaches(scopes, s.Name) {
			all = append(all, s.Name)
		}
	}
	slices.Sort(all)
	return all
}

func credentialRowOf(c *api.Call, f *credential.Facts, accepted map[string]store.Accepted) credentialRow {
	cred, kind := f.Credential, credential.KindOf(f.Credential)
	row := credentialRow{
		ID: cred.ID, Kind: kind.Name, Title: kind.Title, Owner: principalOf(c.Tx.Map, cred.Principal), OwnerActive: f.Owner != nil && f.Owner.Active,
		Created: cred.Created, CreatedBy: principalOf(c.Tx.Map, cred.CreatedBy), Expires: f.Expires, Comment: cred.Comment,
		Scopes: append([]string{}, f.Scopes...), State: stateOf(c, cred), LastUsed: f.LastUse, LastSource: f.LastSource, Origin: cred.Origin,
		Findings: findingsOf(c, f, accepted), CanRevoke: mayRevoke(c, cred),
	}
	if programs := seenOf(f, credential.Program); len(programs) > 0 {
		row.LastProgram = programs[0].Name
	}
	return row
}

func mayRevoke(c *api.Call, cred *authz.Credential) bool {
	if cred.Principal == c.Who.Principal {
		return c.Can(authz.OwnCredentials, authz.WorkspaceObject)
	}
	kind := credential.KindOf(cred)
	return c.Can(kind.Revoke, kind.RevokeAt)
}
