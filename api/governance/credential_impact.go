package governance

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
)

// impactAnswer is what would stop, were a credential revoked: what was touched with it, and by whom.
type impactAnswer struct {
	Credential credentialRow `json:"credential"`
	// Experiments, Runs, Models, LoggedModels and Others (notebooks, files, jobs, endpoints, secret scopes) were touched with it, the latest first.
	Experiments  []dependentRow `json:"experiments"`
	Runs         []dependentRow `json:"runs"`
	Models       []dependentRow `json:"registered_models"`
	LoggedModels []dependentRow `json:"logged_models"`
	Others       []dependentRow `json:"others"`
	// Sessions were opened with it and end with it.
	Sessions []string      `json:"sessions"`
	Programs []sightingRow `json:"programs"`
	Networks []sightingRow `json:"networks"`
	// Places are the notebooks and files that it stands in.
	Places []placeRow `json:"hard_coded"`
	// Complete is false when more was touched than is kept: the oldest gave way.
	Complete bool `json:"complete"`
}

// dependentRow is something that was touched with a credential. ID is a run's or a logged model's; Object is what it belongs to, named as far as the
// caller may know of it.
type dependentRow struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	Object objectRef `json:"object"`
	First  int64     `json:"first_at"` // ms since 1970
	Last   int64     `json:"last_at"`
	Calls  int64     `json:"calls"`
	Writes int64     `json:"writes"` // calls that changed something
}

func showImpact(c *api.Call, cred *authz.Credential, q *credentialNamed) (*impactAnswer, error) {
	if cred == nil {
		return nil, noCredential(q.ID)
	}
	rows, err := credentialRows(c, []*authz.Credential{cred})
	if err != nil {
		return nil, err
	}
	facts, err := factsOf(c, []*authz.Credential{cred})
	if err != nil {
		return nil, err
	}
	seen, err := c.Tx.Sightings([]string{cred.ID}, credential.Object, credential.Run, credential.LoggedModel)
	if err != nil {
		return nil, err
	}
	a := &impactAnswer{
		Credential: rows[0], Experiments: []dependentRow{}, Runs: []dependentRow{}, Models: []dependentRow{}, LoggedModels: []dependentRow{},
		Others: []dependentRow{}, Sessions: openedWith(c, cred), Programs: seenOf(&facts[0], credential.Program),
		Networks: seenOf(&facts[0], credential.Network), Places: placeRows(c, facts[0].Places), Complete: true,
	}
	a.add(c, seen[cred.ID])
	return a, nil
}

// openedWith gives the sessions that stand on a token.
func openedWith(c *api.Call, cred *authz.Credential) []string {
	ids := []string{}
	for s := range c.Tx.Map.Credentials(cred.Principal) {
		if s.Origin == cred.ID {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// add sorts what was seen into the answer's lists. What is gone for good does not stop.
func (a *impactAnswer) add(c *api.Call, seen []credential.Sighting) {
	number := map[credential.Aspect]int{}
	for _, s := range seen {
		number[s.Aspect]++
		o, ok := c.Tx.Map.Object(s.Object)
		if !ok {
			continue
		}
		row := dependentRow{s.What, s.Aspect.String(), knownObject(c, o.ID), s.First, s.Last, s.Count, s.Writes}
		var list *[]dependentRow
		switch {
		case s.Aspect == credential.Run:
			list = &a.Runs
		case s.Aspect == credential.LoggedModel:
			list = &a.LoggedModels
		default:
			row.ID, row.Kind = strconv.FormatInt(o.ID, 10), o.Kind.String()
			list = a.ofKind(o.Kind)
		}
		*list = append(*list, row)
	}
	for aspect, n := range number {
		a.Complete = a.Complete && n < aspect.Most()
	}
}

func (a *impactAnswer) ofKind(k authz.Kind) *[]dependentRow {
	switch k {
	case authz.Experiment:
		return &a.Experiments
	case authz.RegisteredModel:
		return &a.Models
	}
	return &a.Others
}
