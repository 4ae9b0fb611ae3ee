package oauth

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// The roles of a service principal's rule set. A manager may use it too: he can make a secret and be it.
var ruleRoles = map[string]authz.Level{
	"roles/servicePrincipal.user": authz.CanUse, "roles/servicePrincipal.manager": authz.CanManage,
}

// ruleRoutes are the rule sets of service principals, as Databricks' proxy for the account's access control has them.
func (f *Front) ruleRoutes() []api.Route {
	const base = "/preview/accounts/access-control"
	admins := api.Or[ruleSetNamed](authz.ManageIdentities)
	return []api.Route{
		api.Read("GET "+base+"/assignable-roles", authz.SignedIn, api.At[assignable](authz.WorkspaceObject), assignableRoles),
		api.Read("GET "+base+"/rule-sets", authz.ReadPermissions, f.findRuleSet, getRuleSet, admins),
		api.Write("PUT "+base+"/rule-sets", authz.ChangePermissions, f.findRuleSet, putRuleSet, admins,
			api.As[ruleSetNamed]("updateRuleSet"), api.Alone[ruleSetNamed]),
	}
}

type assignable struct {
	Resource string `query:"resource"`
}

type roleName struct {
	Name string `json:"name"`
}

type roleList struct {
	Roles []roleName `json:"roles"`
}

func assignableRoles(_ *api.Call, _ int64, q *assignable) (*roleList, error) {
	a := &roleList{Roles: []roleName{}}
	if !strings.Contains(q.Resource, "/servicePrincipals/") {
		return a, nil
	}
	for role := range ruleRoles {
		a.Roles = append(a.Roles, roleName{role})
	}
	slices.SortFunc(a.Roles, func(x, y roleName) int { return cmp.Compare(x.Name, y.Name) })
	return a, nil
}

// ruleSetNamed names a rule set: in the query to read it, in the body to write it.
type ruleSetNamed struct {
	Query string  `json:"-" query:"name"`
	Name  string  `json:"name"`
	Set   ruleSet `json:"rule_set"`
}

type ruleSet struct {
	Name  string      `json:"name"`
	ETag  string      `json:"etag"`
	Rules []grantRule `json:"grant_rules"`
}

type grantRule struct {
	Role       string   `json:"role"`
	Principals []string `json:"principals"`
}

// findRuleSet finds the service principal whose rules are named.
func (f *Front) findRuleSet(c *api.Call, q *ruleSetNamed) (*authz.Principal, api.Target, error) {
	name := cmp.Or(q.Query, q.Name)
	middle, found := strings.CutPrefix(name, "accounts/"+f.Account+"/servicePrincipals/")
	application, ends := strings.CutSuffix(middle, "/ruleSets/default")
	p, ok := c.Tx.Map.PrincipalByName(authz.ServicePrincipal, application)
	if !found || !ends || !ok || p.Kind != authz.ServicePrincipal {
		return nil, api.Target{}, fail.NotFoundf("Rule set %.200q does not exist; there are accounts/%s/servicePrincipals/APPLICATION_ID/ruleSets/default.",
			name, f.Account)
	}
	if q.Set.Name != "" && q.Set.Name != name {
		return nil, api.Target{}, fail.Invalidf("rule_set.name is another than name")
	}
	q.Name = name
	return p, targetOf(c.Tx.Map, p), nil
}

func getRuleSet(c *api.Call, p *authz.Principal, q *ruleSetNamed) (*ruleSet, error) {
	o, ok := c.Tx.Map.ServiceIdentity(p.ID)
	if !ok {
		o = &authz.Object{}
	}
	return rulesOf(c.Tx.Map, q.Name, o), nil
}

// rulesOf shows entries as a rule set. Its etag is theirs: who changes what has changed meanwhile is told.
func rulesOf(m *authz.Map, name string, o *authz.Object) *ruleSet {
	by := map[authz.Level][]string{}
	for _, e := range o.Entries {
		if p, ok := m.Principal(e.Principal); ok {
			by[e.Level] = append(by[e.Level], prefixOf[p.Kind]+p.Name)
		}
	}
	a := &ruleSet{Name: name, ETag: etagOf(name, o), Rules: []grantRule{}}
	for role, level := range ruleRoles {
		if len(by[level]) > 0 {
			a.Rules = append(a.Rules, grantRule{role, by[level]})
		}
	}
	slices.SortFunc(a.Rules, func(x, y grantRule) int { return cmp.Compare(x.Role, y.Role) })
	return a
}

func etagOf(name string, o *authz.Object) string {
	sum := sha256.Sum256(fmt.Append(nil, name, o.Entries))
	return hex.EncodeToString(sum[:12])
}

// prefixOf begins a principal's name in a rule.
var prefixOf = map[authz.PrincipalKind]string{authz.User: "users/", authz.Group: "groups/", authz.ServicePrincipal: "servicePrincipals/"}

func putRuleSet(c *api.Call, p *authz.Principal, q *ruleSetNamed) (*ruleSet, error) {
	o := authz.Object{ID: store.NewObjectID(), Kind: authz.ServiceIdentity, Parent: authz.WorkspaceObject, Name: identity.FormatID(p.ID)}
	if held, ok := c.Tx.Map.ServiceIdentity(p.ID); ok {
		o = *held
	}
	if etag := etagOf(q.Name, &o); q.Set.ETag != etag {
		return nil, fail.New(fail.Conflict, "The rule set was changed meanwhile, or etag %.40q is none of it: read it again.", q.Set.ETag)
	}
	before := rulesOf(c.Tx.Map, q.Name, &o)
	entries, err := entriesOf(c.Tx.Map, q.Set.Rules)
	if err != nil {
		return nil, err
	}
	o.Entries = entries
	c.Note("targetUserName", p.Name)
	if err := c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
		return nil, err
	}
	held, _ := c.Tx.Map.ServiceIdentity(p.ID)
	after := rulesOf(c.Tx.Map, q.Name, held)
	return after, noteChange(c, before, after)
}

func noteChange(c *api.Call, before, after *ruleSet) error {
	was, err := api.EncodeJSON(before.Rules)
	if err != nil {
		return err
	}
	is, err := api.EncodeJSON(after.Rules)
	c.Change(was, is)
	return err
}

// entriesOf reads the rules; who is named in several has the highest of them.
func entriesOf(m *authz.Map, rules []grantRule) (entries []authz.Entry, err error) {
	levels := map[int64]authz.Level{}
	for _, r := range rules {
		level, ok := ruleRoles[r.Role]
		if !ok {
			return nil, fail.Invalidf("role %.80q does not exist for service principals; there are roles/servicePrincipal.user and .manager", r.Role)
		}
		for _, name := range r.Principals {
			p, err := principalOf(m, name)
			if err != nil {
				return nil, err
			}
			levels[p.ID] = max(levels[p.ID], level)
		}
	}
	for id, level := range levels {
		entries = append(entries, authz.Entry{Principal: id, Level: level})
	}
	slices.SortFunc(entries, func(a, b authz.Entry) int { return cmp.Compare(a.Principal, b.Principal) })
	return entries, nil
}

func principalOf(m *authz.Map, text string) (*authz.Principal, error) {
	for kind, prefix := range prefixOf {
		name, ok := strings.CutPrefix(text, prefix)
		if !ok {
			continue
		}
		if p, ok := m.PrincipalByName(kind, name); ok && p.Kind == kind {
			return p, nil
		}
	}
	return nil, fail.NotFoundf("Principal %.100q does not exist; names are users/NAME, groups/NAME, servicePrincipals/APPLICATION_ID.", text)
}
