package governance

import (
	"cmp"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

type principalsRequest struct {
	// Q is a part of a name or a display name; empty = all.
	Q string `json:"-" query:"q"`
	// Kinds are user, group, service-principal, with commas between; empty = all.
	Kinds     string `json:"-" query:"kinds"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

type principalsAnswer struct {
	Principals []principalRow `json:"principals"`
	Next       string         `json:"next_page_token,omitempty"`
}

// principalRow is a principal as it is shown to choose from. Members are the users and service principals in a group, through others too.
type principalRow struct {
	principalRef
	DisplayName string `json:"display_name"`
	Active      bool   `json:"active"`
	Members     *int   `json:"members,omitempty"`
	// Source is who owns it: manual, scim:NAME or oidc:NAME.
	Source string `json:"source"`
}

const defaultPrincipals, maxPrincipals = 50, 1000

// listPrincipals gives those whose name holds the text, best first: the same name, names that begin with it, words that do, the rest.
func listPrincipals(c *api.Call, _ int64, q *principalsRequest) (*principalsAnswer, error) {
	limit, err := pageOf(q.Max, defaultPrincipals, maxPrincipals)
	if err != nil {
		return nil, err
	}
	kinds, err := parsePrincipalKinds(q.Kinds)
	if err != nil {
		return nil, err
	}
	skip, err := parseOffset(q.PageToken)
	if err != nil {
		return nil, err
	}
	all := principalsLike(c.Tx.Map, q.Q, kinds)
	all = all[min(skip, len(all)):]
	a := &principalsAnswer{Principals: []principalRow{}}
	for _, p := range all[:min(limit, len(all))] {
		a.Principals = append(a.Principals, principalRowOf(c.Tx.Map, p.Principal))
	}
	if err := addSources(c, a.Principals); err != nil {
		return nil, err
	}
	if len(all) > limit {
		a.Next = formatOffset(skip + limit)
	}
	return a, nil
}

// addSources says of each principal of a page who owns it.
func addSources(c *api.Call, rows []principalRow) error {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i], _ = identity.ParseID(rows[i].ID)
	}
	of, err := c.Tx.PrincipalSources(ids)
	for i := range rows {
		rows[i].Source = string(of[ids[i]].Or())
	}
	return err
}

func principalRowOf(m *authz.Map, p *authz.Principal) principalRow {
	row := principalRow{principalRef: principalOf(m, p.ID), DisplayName: cmp.Or(p.Shown, p.Name), Active: p.Active}
	if p.Kind == authz.Group {
		n := membersOf(m, p.ID)
		row.Members = &n
	}
	return row
}

// likePrincipal is a principal that a search found, and how well.
type likePrincipal struct {
	*authz.Principal
	rank authz.Rank
}

// principalsLike gives the principals of some kinds whose name or display name holds a text, best first, then by name.
func principalsLike(m *authz.Map, text string, kinds []authz.PrincipalKind) []likePrincipal {
	var all []likePrincipal
	needle := authz.NewNeedle(text)
	for p := range m.Principals() {
		if !slices.Contains(kinds, p.Kind) {
			continue
		}
		if rank := max(needle.Rank(p.Name), needle.Rank(p.Shown)); rank != authz.NoMatch {
			all = append(all, likePrincipal{p, rank})
		}
	}
	slices.SortFunc(all, func(a, b likePrincipal) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

var principalKinds = []authz.PrincipalKind{authz.User, authz.ServicePrincipal, authz.Group}

func parsePrincipalKinds(text string) ([]authz.PrincipalKind, error) {
	if text == "" {
		return principalKinds, nil
	}
	var kinds []authz.PrincipalKind
	for name := range strings.SplitSeq(text, ",") {
		k, ok := principalKind(strings.TrimSpace(name))
		if !ok {
			return nil, fail.Invalidf("'%s' is no kind of principal; known: user, service-principal, group", name)
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func principalKind(name string) (authz.PrincipalKind, bool) {
	i := slices.IndexFunc(principalKinds, func(k authz.PrincipalKind) bool { return k.String() == name })
	if i < 0 {
		return 0, false
	}
	return principalKinds[i], true
}
