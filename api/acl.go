package api

import (
	"strconv"
	"strings"

	"bailiwick/authz"
	"bailiwick/fail"
)

// ACLRequest names an object by its request type and id; a type of two parts (authorization/tokens, sql/warehouses) takes the next part of
// the address too.
type ACLRequest struct {
	Type string `json:"-" path:"type"`
	ID   string `json:"-" path:"id"`
	Rest string `json:"-" path:"rest"`
	// Entries are the list of a PUT or PATCH.
	Entries []ACLItem `json:"access_control_list"`
}

// ACLItem gives a level to a principal, who is named in exactly one of the three ways.
type ACLItem struct {
	User             string `json:"user_name,omitempty"`
	Group            string `json:"group_name,omitempty"`
	ServicePrincipal string `json:"service_principal_name,omitempty"`
	Level            string `json:"permission_level,omitempty"`
}

// ACL is an object's access control list, inherited levels included.
type ACL struct {
	ObjectID   string   `json:"object_id"`
	ObjectType string   `json:"object_type"`
	Entries    []ACLRow `json:"access_control_list"`
}

// ACLRow is a principal in the list. It has no display name for groups: Terraform's tests compare the keys that are present.
type ACLRow struct {
	User             string     `json:"user_name,omitempty"`
	Group            string     `json:"group_name,omitempty"`
	ServicePrincipal string     `json:"service_principal_name,omitempty"`
	Display          string     `json:"display_name,omitempty"`
	All              []ACLLevel `json:"all_permissions"`
}

// ACLLevel is one level of a principal. It always carries "inherited": clients look whether the key is there.
type ACLLevel struct {
	Level     string   `json:"permission_level"`
	Inherited bool     `json:"inherited"`
	From      []string `json:"inherited_from_object,omitempty"`
}

// ACLLevels lists the levels that a kind has.
type ACLLevels struct {
	Levels []authz.LevelInfo `json:"permission_levels"`
}

// FindGoverned is the finder of the object that an address names. A kind that does not exist is an error of the request (fail.Invalid).
func FindGoverned(c *Call, q *ACLRequest) (*authz.Object, Target, error) {
	kind, ok := authz.KindOfRequest(q.kind())
	if !ok {
		return nil, Target{}, fail.Invalidf("'%s' is not a supported object type. Known types: %s.", q.kind(), knownKinds())
	}
	absent := fail.NotFoundf("%s %s does not exist.", q.kind(), q.ID)
	id, ok := q.object(kind)
	if !ok {
		return nil, Target{}, absent
	}
	o, ok := c.Tx.Map.Object(id)
	if !ok || o.Kind != kind {
		return nil, Target{}, absent
	}
	c.Note("aclChangeResourceName", authz.RequestName(o))
	return o, Target{Object: id, Absent: absent}, nil
}

func (q *ACLRequest) kind() string {
	if q.Rest != "" || q.Type == "authorization" {
		return q.Type + "/" + q.ID
	}
	return q.Type
}

func knownKinds() string {
	var names []string
	for _, k := range authz.Kinds() {
		if len(k.Levels) > 0 {
			names = append(names, k.Request)
		}
	}
	return strings.Join(names, ", ")
}

// object reads the id on the wire: the roots have names, MLflow's experiment "0" has an id of its own here.
func (q *ACLRequest) object(kind authz.Kind) (int64, bool) {
	switch {
	case kind == authz.Tokens:
		return authz.TokensRoot, q.Rest == ""
	case kind == authz.Passwords:
		return authz.PasswordsRoot, q.Rest == ""
	}
	return parseObjectID(kind, q.ID)
}

// parseObjectID reads the id by which clients name an object of a kind.
func parseObjectID(kind authz.Kind, text string) (int64, bool) {
	switch {
	case kind == authz.RegisteredModel && text == "root":
		return authz.ModelsRoot, true
	case kind == authz.Experiment && text == "0":
		return authz.DefaultExperiment, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id >= 0 && !(kind == authz.Experiment && id == authz.DefaultExperiment)
}

// aclName is an object's name in the permissions API: "/directories/123".
func aclName(o *authz.Object) string { return "/" + authz.RequestName(o) }

// ShowACL gives the list of an object, which is the answer of GET, PUT and PATCH alike: clients compare them.
func ShowACL(m *authz.Map, o *authz.Object) *ACL {
	info, _ := o.Kind.Info()
	a := &ACL{ObjectID: aclName(o), ObjectType: info.Object, Entries: []ACLRow{}}
	for _, e := range authz.Entries(m, o.ID) {
		p, ok := m.Principal(e.Principal)
		if !ok {
			continue
		}
		row := aclRowOf(p)
		for _, l := range e.Levels {
			row.All = append(row.All, ACLLevel{Level: l.Level.String(), Inherited: l.Inherited, From: aclOrigins(m, o, l)})
		}
		a.Entries = append(a.Entries, row)
	}
	return a
}

func aclRowOf(p *authz.Principal) ACLRow {
	switch p.Kind {
	case authz.Group:
		return ACLRow{Group: p.Name}
	case authz.ServicePrincipal:
		return ACLRow{ServicePrincipal: p.Name, Display: p.Shown}
	default:
		return ACLRow{User: p.Name, Display: p.Shown}
	}
}

// aclOrigins names where an inherited level comes from; what administrators have comes from the root of the kind, written without an id.
func aclOrigins(m *authz.Map, o *authz.Object, l authz.ShownLevel) []string {
	if !l.Inherited {
		return nil
	}
	if l.Rule == authz.RuleAdmins {
		info, _ := o.Kind.Info()
		if info.Tree {
			return []string{"/directories/"}
		}
		return []string{"/" + info.Request + "/"}
	}
	var names []string
	for _, id := range l.From {
		if from, ok := m.Object(id); ok {
			names = append(names, aclName(from))
		}
	}
	return names
}
