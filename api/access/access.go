// Package access is what every front says of permissions in the same words: how a governed object is named in an address, what its access
// control list looks like, and how the principals of a request are found.
package access

import (
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// Request names an object by its request type and id; a type of two parts (authorization/tokens, sql/warehouses) takes the next part of
// the address too.
type Request struct {
	Type string `json:"-" path:"type"`
	ID   string `json:"-" path:"id"`
	Rest string `json:"-" path:"rest"`
	// Entries are the list of a PUT or PATCH.
	Entries []Item `json:"access_control_list"`
}

// Item gives a level to a principal, who is named in exactly one of the three ways.
type Item struct {
	User             string `json:"user_name,omitempty"`
	Group            string `json:"group_name,omitempty"`
	ServicePrincipal string `json:"service_principal_name,omitempty"`
	Level            string `json:"permission_level,omitempty"`
}

// Answer is an object's access control list, inherited levels included.
type Answer struct {
	ObjectID   string `json:"object_id"`
	ObjectType string `json:"object_type"`
	Entries    []Row  `json:"access_control_list"`
}

// Row is a principal in the list. It has no display name for groups: Terraform's tests compare the keys that are present.
type Row struct {
	User             string  `json:"user_name,omitempty"`
	Group            string  `json:"group_name,omitempty"`
	ServicePrincipal string  `json:"service_principal_name,omitempty"`
	Display          string  `json:"display_name,omitempty"`
	All              []Level `json:"all_permissions"`
}

// Level is one level of a principal. It always carries "inherited": clients look whether the key is there.
type Level struct {
	Level     string   `json:"permission_level"`
	Inherited bool     `json:"inherited"`
	From      []string `json:"inherited_from_object,omitempty"`
}

// LevelsAnswer lists the levels that a kind has.
type LevelsAnswer struct {
	Levels []authz.LevelInfo `json:"permission_levels"`
}

// Find is the finder of the object that an address names. A kind that does not exist is an error of the request (fail.Invalid).
func Find(c *api.Call, q *Request) (*authz.Object, api.Target, error) {
	kind, ok := authz.KindOfRequest(q.kind())
	if !ok {
		return nil, api.Target{}, fail.Invalidf("'%s' is not a supported object type. Known types: %s.", q.kind(), knownTypes())
	}
	absent := fail.NotFoundf("%s %s does not exist.", q.kind(), q.ID)
	id, ok := q.object(kind)
	if !ok {
		return nil, api.Target{}, absent
	}
	o, ok := c.Tx.Map.Object(id)
	if !ok || o.Kind != kind {
		return nil, api.Target{}, absent
	}
	c.Note("aclChangeResourceName", strings.TrimPrefix(Name(o), "/"))
	return o, api.Target{Object: id, Absent: absent}, nil
}

func (q *Request) kind() string {
	if q.Rest != "" || q.Type == "authorization" {
		return q.Type + "/" + q.ID
	}
	return q.Type
}

func knownTypes() string {
	var names []string
	for _, k := range authz.Kinds() {
		if len(k.Levels) > 0 {
			names = append(names, k.Request)
		}
	}
	return strings.Join(names, ", ")
}

// object reads the id on the wire: the roots have names, MLflow's experiment "0" has an id of its own here.
func (q *Request) object(kind authz.Kind) (int64, bool) {
	switch {
	case kind == authz.Tokens:
		return authz.TokensRoot, q.Rest == ""
	case kind == authz.Passwords:
		return authz.PasswordsRoot, q.Rest == ""
	}
	return ParseID(kind, q.ID)
}

// ParseID reads the id by which clients name an object of a kind.
func ParseID(kind authz.Kind, text string) (int64, bool) {
	switch {
	case kind == authz.RegisteredModel && text == "root":
		return authz.ModelsRoot, true
	case kind == authz.Experiment && text == "0":
		return authz.DefaultExperiment, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id >= 0 && !(kind == authz.Experiment && id == authz.DefaultExperiment)
}

// ID is an object's id on the wire, which ParseID reads.
func ID(o *authz.Object) string {
	name := authz.RequestName(o)
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Name is an object's name in the permissions API: "/directories/123".
func Name(o *authz.Object) string { return "/" + authz.RequestName(o) }

// Show gives the list of an object, which is the answer of GET, PUT and PATCH alike: clients compare them.
func Show(m *authz.Map, o *authz.Object) *Answer {
	info, _ := o.Kind.Info()
	a := &Answer{ObjectID: Name(o), ObjectType: info.Object, Entries: []Row{}}
	for _, e := range authz.Entries(m, o.ID) {
		p, ok := m.Principal(e.Principal)
		if !ok {
			continue
		}
		row := rowOf(p)
		for _, l := range e.Levels {
			row.All = append(row.All, Level{Level: l.Level.String(), Inherited: l.Inherited, From: origins(m, o, l)})
		}
		a.Entries = append(a.Entries, row)
	}
	return a
}

func rowOf(p *authz.Principal) Row {
	switch p.Kind {
	case authz.Group:
		return Row{Group: p.Name}
	case authz.ServicePrincipal:
		return Row{ServicePrincipal: p.Name, Display: p.Shown}
	default:
		return Row{User: p.Name, Display: p.Shown}
	}
}

// origins names where an inherited level comes from; what administrators have comes from the root of the kind, written without an id.
func origins(m *authz.Map, o *authz.Object, l authz.ShownLevel) []string {
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
			names = append(names, Name(from))
		}
	}
	return names
}
