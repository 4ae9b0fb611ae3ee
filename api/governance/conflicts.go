package governance

import (
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

type conflictsRequest struct {
	// State is open, kept, given or all; empty = open.
	State string `json:"-" query:"state"`
}

type conflictRow struct {
	ID        string        `json:"id"`
	Principal principalRef  `json:"principal"`
	Group     *principalRef `json:"group,omitempty"`
	// Attribute is an attribute's name, or membership, active, existence.
	Attribute string `json:"attribute"`
	Owner     string `json:"owner"`
	Writer    string `json:"writer"`
	// Wish is the value that the writer would have, or add, remove.
	Wish     string        `json:"wish"`
	State    string        `json:"state"`
	First    int64         `json:"first_seen"` // ms since 1970
	Last     int64         `json:"last_seen"`  // ms since 1970
	Times    int64         `json:"times"`
	Resolved int64         `json:"resolved_at,omitempty"` // ms since 1970
	Resolver *principalRef `json:"resolved_by,omitempty"`
	Reason   string        `json:"reason,omitempty"`
}

type conflictsAnswer struct {
	Conflicts []conflictRow `json:"conflicts"`
}

func conflictRowOf(m *authz.Map, k identity.Conflict) conflictRow {
	row := conflictRow{
		ID: strconv.FormatInt(k.ID, 10), Principal: principalOf(m, k.Principal), Attribute: k.Attribute, Owner: string(k.Owner), Writer: string(k.Writer),
		Wish: k.Wish, State: k.State, First: k.First, Last: k.Last, Times: k.Times, Resolved: k.Resolved, Reason: k.Reason,
	}
	if k.Group != 0 {
		group := principalOf(m, k.Group)
		row.Group = &group
	}
	if k.Resolver != 0 {
		who := principalOf(m, k.Resolver)
		row.Resolver = &who
	}
	return row
}

// conflictStates are what a list can be asked for.
var conflictStates = map[string]string{
	"": identity.ConflictOpen, identity.ConflictOpen: identity.ConflictOpen, identity.ConflictKept: identity.ConflictKept,
	identity.ConflictGiven: identity.ConflictGiven, "all": "",
}

func listConflicts(c *api.Call, _ int64, q *conflictsRequest) (*conflictsAnswer, error) {
	state, ok := conflictStates[q.State]
	if !ok {
		return nil, fail.Invalidf("state is open, kept, given or all, not %.40q", q.State)
	}
	all, err := c.Tx.Conflicts(state)
	a := &conflictsAnswer{Conflicts: []conflictRow{}}
	for _, k := range all {
		a.Conflicts = append(a.Conflicts, conflictRowOf(c.Tx.Map, k))
	}
	return a, err
}

type resolveRequest struct {
	ID string `json:"-" path:"conflict_id"`
	// Decision is keep (the owner keeps it) or give (the writer has it from now on, and what it wanted is done).
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
}

func findConflict(c *api.Call, q *resolveRequest) (k identity.Conflict, target api.Target, err error) {
	target = api.Target{Object: authz.WorkspaceObject, Name: "conflict " + q.ID}
	id, err := strconv.ParseInt(q.ID, 10, 64)
	if err != nil {
		return k, target, fail.NotFoundf("there is no conflict %.40q", q.ID)
	}
	k, err = c.Tx.Conflict(id)
	return k, target, err
}

// resolveConflict decides on a conflict.
func resolveConflict(c *api.Call, k identity.Conflict, q *resolveRequest) (*conflictRow, error) {
	if err := identity.CheckComment(q.Reason); err != nil {
		return nil, err
	}
	switch q.Decision {
	case "keep":
		k.State = identity.ConflictKept
	case "give":
		k.State = identity.ConflictGiven
		if err := grant(c, k); err != nil {
			return nil, err
		}
	default:
		return nil, fail.Invalidf("decision is keep or give, not %.40q", q.Decision)
	}
	c.Note("conflict", q.ID)
	c.Note("decision", q.Decision)
	c.Because(q.Reason)
	k.Resolved, k.Resolver, k.Reason = c.Tx.Now, c.Who.Principal, q.Reason
	row := conflictRowOf(c.Tx.Map, k)
	return &row, c.Tx.ResolveConflict(k.ID, k.State, c.Who.Principal, q.Reason)
}

// grant gives the writer what it wanted.
func grant(c *api.Call, k identity.Conflict) error {
	switch {
	case k.Attribute == identity.AboutMembership:
		return grantMembership(c, k)
	case k.Attribute == identity.AboutActive && k.Owner == identity.Manual && k.Writer.Provisions():
		return letGo(c, k)
	}
	return give(c, k.Principal, k.Owner, k.Writer)
}

// letGo ends an administrator's hold.
func letGo(c *api.Call, k identity.Conflict) error {
	p, ok := c.Tx.Map.Principal(k.Principal)
	if !ok {
		return fail.NotFoundf("principal %d does not exist", k.Principal)
	}
	next := *p
	next.Active = true
	if err := c.Tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &next}); err != nil {
		return err
	}
	return c.Tx.Hold(k.Principal, false)
}

// grantMembership makes or ends a membership as the writer wanted, or makes it the writer's where it is so already.
func grantMembership(c *api.Call, k identity.Conflict) error {
	m := c.Tx.Map
	p, ok := m.Principal(k.Principal)
	if _, there := m.Principal(k.Group); !ok || !there {
		return fail.NotFoundf("the principal or the group does not exist any more")
	}
	if identity.LeadsToAdmins(m, k.Group) {
		return fail.Statef("the members of admins, and of the groups within it, are written by an administrator himself")
	}
	if err := identity.CheckCycle(k.Group, []int64{p.ID}, func(id int64) []int64 {
		if g, ok := m.Principal(id); ok {
			return g.Parents
		}
		return nil
	}); err != nil {
		return err
	}
	in := slices.Contains(p.Parents, k.Group)
	next := *p
	switch {
	case k.Wish == "add" && !in:
		next.Parents = append(slices.Clone(p.Parents), k.Group)
	case k.Wish == "remove" && in:
		next.Parents = slices.DeleteFunc(slices.Clone(p.Parents), func(id int64) bool { return id == k.Group })
	default:
		return c.Tx.GiveMembership(k.Principal, k.Group, k.Writer)
	}
	c.Tx.As(k.Writer)
	if err := c.Tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &next}); err != nil {
		return err
	}
	return c.Tx.Touch(k.Group)
}
