package governance

import (
	"bailiwick/api"
	"bailiwick/authz"
)

// permissionsAnswer is an object's list as the Permissions API has it, with what may be changed of it.
type permissionsAnswer struct {
	ObjectID   string          `json:"object_id"`
	ObjectType string          `json:"object_type"`
	Entries    []permissionRow `json:"access_control_list"`
}

// permissionRow is a principal in the list.
type permissionRow struct {
	User             string       `json:"user_name,omitempty"`
	Group            string       `json:"group_name,omitempty"`
	ServicePrincipal string       `json:"service_principal_name,omitempty"`
	Display          string       `json:"display_name,omitempty"`
	Principal        principalRef `json:"principal"`
	// Members are the people in a group, through others too; absent for who is no group.
	Members *int `json:"members,omitempty"`
	// Fixed is why an entry of the principal's own would change nothing; absent where it would.
	Fixed string            `json:"fixed,omitempty"`
	All   []permissionLevel `json:"all_permissions"`
}

// permissionLevel is one level of a principal.
type permissionLevel struct {
	Level     string   `json:"permission_level"`
	Inherited bool     `json:"inherited"`
	From      []string `json:"inherited_from_object,omitempty"`
	// Origins are the objects that an inherited level comes from, nearest first; absent for what administrators have.
	Origins []objectRef `json:"origins,omitempty"`
	// Rule is why the level is there: entry (somebody gave it), creator, home, shared, open or admins.
	Rule string `json:"rule"`
	// Changeable says that who may change the list may change or remove the level here, Reason why he may not.
	Changeable bool   `json:"changeable"`
	Reason     string `json:"reason,omitempty"`
	// Stands says that a PUT of the whole list must name the level, or it is gone.
	Stands bool `json:"stands"`
}

// permissionsOf adds to a list what may be changed of it.
func permissionsOf(c *api.Call, o *authz.Object, acl *api.ACL) *permissionsAnswer {
	m := c.Tx.Map
	a := &permissionsAnswer{acl.ObjectID, acl.ObjectType, []permissionRow{}}
	entries := acl.Entries // of the same principals as authz.Entries gives, in the same order
	for _, e := range authz.Entries(m, o.ID) {
		p, ok := m.Principal(e.Principal)
		if !ok || len(entries) == 0 {
			continue
		}
		row := permissionRow{User: entries[0].User, Group: entries[0].Group, ServicePrincipal: entries[0].ServicePrincipal, Display: entries[0].Display,
			Principal: principalOf(m, p.ID), Fixed: authz.WhyNoEntry(m, o, p.ID)}
		if p.Kind == authz.Group {
			n := membersOf(m, p.ID)
			row.Members = &n
		}
		for i, l := range e.Levels {
			row.All = append(row.All, permissionOf(c, o, p.ID, l, entries[0].All[i]))
		}
		a.Entries, entries = append(a.Entries, row), entries[1:]
	}
	return a
}

func permissionOf(c *api.Call, o *authz.Object, principal int64, l authz.ShownLevel, shown api.ACLLevel) permissionLevel {
	out := permissionLevel{Level: shown.Level, Inherited: shown.Inherited, From: shown.From, Rule: l.Rule.String(), Stands: l.Stands(),
		Reason: authz.WhyFixed(c.Tx.Map, c.Who, o, principal, l)}
	out.Changeable = out.Reason == ""
	if l.Rule == authz.RuleAdmins {
		return out
	}
	for _, id := range l.From {
		out.Origins = append(out.Origins, objectOf(c.Tx.Map, id))
	}
	return out
}
