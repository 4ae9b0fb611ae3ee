package governance

import (
	"slices"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/policy"
)

// rolesAnswer are the roles of the caller; All has what every role gives, for those who may read policies.
type rolesAnswer struct {
	Held      []string      `json:"held"`      // without assuming any
	Assumable []string      `json:"assumable"` // for a session
	Assumed   []string      `json:"assumed"`   // for this session
	All       []policy.Role `json:"all,omitempty"`
}

func listRoles(c *api.Call, _ int64, _ *nothing) (*rolesAnswer, error) {
	return rolesOf(c), nil
}

func rolesOf(c *api.Call) *rolesAnswer {
	a := &rolesAnswer{Held: []string{}, Assumable: []string{}, Assumed: []string{}}
	set, ok := c.Tx.Map.PolicySet().(*policy.Set)
	if !ok {
		return a
	}
	held, assumable := set.Roles(c.Tx.Map, c.Who.Principal, groupsWith(c.Tx.Map, c.Who.Principal), claimsOf(c))
	a.Held, a.Assumable = append(a.Held, held...), append(a.Assumable, assumable...)
	if s, ok := c.Tx.Map.CredentialByID(c.Who.Credential); ok {
		a.Assumed = append(a.Assumed, s.Roles...)
	}
	if c.Can(authz.ReadPolicies, authz.WorkspaceObject) {
		a.All = set.Text().Roles
	}
	return a
}

func claimsOf(c *api.Call) []string {
	if c.Who.By == nil {
		return nil
	}
	return c.Who.By.Roles
}

// groupsWith gives somebody and all his groups.
func groupsWith(m *authz.Map, principal int64) []int64 {
	return append(append(groupsOf(m, principal), principal), authz.GroupUsers)
}

// roleNamed names a role.
type roleNamed struct {
	Role string `json:"-" path:"role"`
}

// assumeRole lets the caller's session have a role until it ends or leaves it. Only a session can: a token would keep it.
func assumeRole(c *api.Call, _ int64, q *roleNamed) (*rolesAnswer, error) {
	if !slices.Contains(rolesOf(c).Assumable, q.Role) {
		return nil, fail.New(fail.Denied, "There is no role %q that you may assume.", q.Role)
	}
	return changeRoles(c, func(roles []string) []string {
		if slices.Contains(roles, q.Role) {
			return roles
		}
		return append(slices.Clone(roles), q.Role)
	})
}

func leaveRole(c *api.Call, _ int64, q *roleNamed) (*rolesAnswer, error) {
	return changeRoles(c, func(roles []string) []string {
		return slices.DeleteFunc(slices.Clone(roles), func(name string) bool { return name == q.Role })
	})
}

func changeRoles(c *api.Call, change func([]string) []string) (*rolesAnswer, error) {
	s, ok := c.Tx.Map.CredentialByID(c.Who.Credential)
	if !ok || !s.Session {
		return nil, fail.Statef("Roles are assumed for a session: sign in to the console. A token has what its owner holds.")
	}
	next := *s
	next.Roles = change(s.Roles)
	if slices.Equal(next.Roles, s.Roles) {
		return rolesOf(c), nil
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &next}); err != nil {
		return nil, err
	}
	c.Note("sessionId", s.ID)
	return rolesOf(c), nil
}
