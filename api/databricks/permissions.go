package databricks

import (
	"encoding/json"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// permissionRoutes is the Permissions API: /permissions/{type}/{id}.
func (f *Front) permissionRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /permissions/{type}/{id}", authz.ReadPermissions, findGoverned, getPermissions,
			api.Audit[permissionsRequest](api.Each, "workspace", "getPermissions")),
		api.Write("PUT /permissions/{type}/{id}", authz.ChangePermissions, findGoverned, putPermissions,
			api.As[permissionsRequest]("changeWorkspaceAcl"), api.Alone[permissionsRequest]),
		api.Write("PATCH /permissions/{type}/{id}", authz.ChangePermissions, findGoverned, patchPermissions,
			api.As[permissionsRequest]("changeWorkspaceAcl"), api.Alone[permissionsRequest]),
		api.Read("GET /permissions/{type}/{id}/permissionLevels", authz.ReadPermissions, findGoverned, permissionLevels),
		api.Read("GET /permissions/{type}/{id}/{rest}", authz.ReadPermissions, findGoverned, getPermissions),
		api.Write("PUT /permissions/{type}/{id}/{rest}", authz.ChangePermissions, findGoverned, putPermissions, api.Alone[permissionsRequest]),
		api.Write("PATCH /permissions/{type}/{id}/{rest}", authz.ChangePermissions, findGoverned, patchPermissions,
			api.Alone[permissionsRequest]),
	}
}

// permissionsRequest names an object by its request type and id; a type of two parts (sql/warehouses) comes with a third.
type permissionsRequest struct {
	Type    string           `json:"-" path:"type"`
	ID      string           `json:"-" path:"id"`
	Rest    string           `json:"-" path:"rest"`
	Entries []permissionItem `json:"access_control_list"`
}

type permissionItem struct {
	User             string `json:"user_name,omitempty"`
	Group            string `json:"group_name,omitempty"`
	ServicePrincipal string `json:"service_principal_name,omitempty"`
	Level            string `json:"permission_level,omitempty"`
}

type permissionsAnswer struct {
	ObjectID   string           `json:"object_id"`
	ObjectType string           `json:"object_type"`
	Entries    []permissionsRow `json:"access_control_list"`
}

// permissionsRow has no display name for groups: Terraform's tests compare the keys that are present.
type permissionsRow struct {
	User             string            `json:"user_name,omitempty"`
	Group            string            `json:"group_name,omitempty"`
	ServicePrincipal string            `json:"service_principal_name,omitempty"`
	Display          string            `json:"display_name,omitempty"`
	All              []permissionLevel `json:"all_permissions"`
}

// permissionLevel always carries "inherited": clients look whether the key is there.
type permissionLevel struct {
	Level     string   `json:"permission_level"`
	Inherited bool     `json:"inherited"`
	From      []string `json:"inherited_from_object,omitempty"`
}

// findGoverned finds the object that a permissions path names. A kind that does not exist is an error of the request.
func findGoverned(c *api.Call, q *permissionsRequest) (*authz.Object, api.Target, error) {
	kind, ok := kindOf(q)
	if !ok {
		return nil, api.Target{}, fail.Invalidf("'%s' is not a supported object type. Known types: %s.", typeOf(q), knownTypes())
	}
	absent := fail.NotFoundf("%s %s does not exist.", typeOf(q), q.ID)
	id, ok := objectID(kind, q)
	if !ok {
		return nil, api.Target{}, absent
	}
	o, ok := c.Tx.Map.Object(id)
	if !ok || o.Kind != kind {
		return nil, api.Target{}, absent
	}
	c.Note("aclChangeResourceName", strings.TrimPrefix(wireName(o), "/"))
	return o, api.Target{Object: id, Absent: absent}, nil
}

func typeOf(q *permissionsRequest) string {
	if q.Rest != "" || q.Type == "authorization" {
		return q.Type + "/" + q.ID
	}
	return q.Type
}

func kindOf(q *permissionsRequest) (authz.Kind, bool) { return authz.KindOfRequest(typeOf(q)) }

func knownTypes() string {
	var names []string
	for _, k := range authz.Kinds() {
		if len(k.Levels) > 0 {
			names = append(names, k.Request)
		}
	}
	return strings.Join(names, ", ")
}

// objectID reads the id on the wire: the roots have names, MLflow's experiment "0" has an id of its own here.
func objectID(kind authz.Kind, q *permissionsRequest) (int64, bool) {
	switch {
	case kind == authz.Tokens:
		return authz.TokensRoot, q.Rest == ""
	case kind == authz.Passwords:
		return authz.PasswordsRoot, q.Rest == ""
	case kind == authz.RegisteredModel && q.ID == "root":
		return authz.ModelsRoot, true
	case kind == authz.Experiment && q.ID == "0":
		return authz.DefaultExperiment, true
	}
	id, err := strconv.ParseInt(q.ID, 10, 64)
	return id, err == nil && id >= 0 && !(kind == authz.Experiment && id == authz.DefaultExperiment)
}

// wireName is an object's name in the permissions API: "/directories/123".
func wireName(o *authz.Object) string {
	info, _ := o.Kind.Info()
	switch o.ID {
	case authz.TokensRoot, authz.PasswordsRoot:
		return "/" + info.Request
	case authz.ModelsRoot:
		return "/" + info.Request + "/root"
	case authz.DefaultExperiment:
		return "/" + info.Request + "/0"
	}
	return "/" + info.Request + "/" + strconv.FormatInt(o.ID, 10)
}

func getPermissions(c *api.Call, o *authz.Object, _ *permissionsRequest) (*permissionsAnswer, error) {
	return shownPermissions(c.Tx.Map, o), nil
}

// shownPermissions is the answer of GET, PUT and PATCH alike: clients compare them.
func shownPermissions(m *authz.Map, o *authz.Object) *permissionsAnswer {
	info, _ := o.Kind.Info()
	a := &permissionsAnswer{ObjectID: wireName(o), ObjectType: info.Object, Entries: []permissionsRow{}}
	for _, e := range authz.Entries(m, o.ID) {
		p, ok := m.Principal(e.Principal)
		if !ok {
			continue
		}
		row := rowOf(p)
		for _, l := range e.Levels {
			row.All = append(row.All, permissionLevel{Level: l.Level.String(), Inherited: l.Inherited, From: origins(m, o, l)})
		}
		a.Entries = append(a.Entries, row)
	}
	return a
}

func rowOf(p *authz.Principal) permissionsRow {
	switch p.Kind {
	case authz.Group:
		return permissionsRow{Group: p.Name}
	case authz.ServicePrincipal:
		return permissionsRow{ServicePrincipal: p.Name, Display: p.Shown}
	default:
		return permissionsRow{User: p.Name, Display: p.Shown}
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
			names = append(names, wireName(from))
		}
	}
	return names
}

func putPermissions(c *api.Call, o *authz.Object, q *permissionsRequest) (*permissionsAnswer, error) {
	return changePermissions(c, o, q, authz.PutEntries)
}

func patchPermissions(c *api.Call, o *authz.Object, q *permissionsRequest) (*permissionsAnswer, error) {
	return changePermissions(c, o, q, authz.PatchEntries)
}

func changePermissions(c *api.Call, o *authz.Object, q *permissionsRequest,
	rule func(*authz.Map, authz.Who, int64, []authz.Entry) (authz.Object, error)) (*permissionsAnswer, error) {
	entries, err := entriesOf(c.Tx.Map, o.Kind, q.Entries)
	if err != nil {
		return nil, err
	}
	changed, err := rule(c.Tx.Map, c.Who, o.ID, entries)
	if err != nil {
		return nil, err
	}
	before, err := json.Marshal(shownPermissions(c.Tx.Map, o))
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: &changed}); err != nil {
		return nil, err
	}
	answer := shownPermissions(c.Tx.Map, &changed)
	after, err := json.Marshal(answer)
	c.Change(before, after)
	return answer, err
}

// entriesOf resolves the names of a request. Clients often send a service principal's application id as user_name.
func entriesOf(m *authz.Map, kind authz.Kind, items []permissionItem) ([]authz.Entry, error) {
	entries := make([]authz.Entry, 0, len(items))
	for i, item := range items {
		p, err := principalOf(m, item)
		if err != nil {
			return nil, err
		}
		if item.Level == "" {
			return nil, fail.Invalidf("access_control_list[%d]: permission_level is missing", i)
		}
		level, err := authz.ParseLevel(kind, item.Level)
		if err != nil {
			return nil, err
		}
		entries = append(entries, authz.Entry{Principal: p.ID, Level: level})
	}
	return entries, nil
}

func principalOf(m *authz.Map, item permissionItem) (*authz.Principal, error) {
	switch {
	case item.Group != "" && item.User == "" && item.ServicePrincipal == "":
		if p, ok := m.PrincipalByName(authz.Group, item.Group); ok {
			return p, nil
		}
		return nil, fail.NotFoundf("Principal: GroupName(%s) does not exist", item.Group)
	case item.ServicePrincipal != "" && item.User == "" && item.Group == "":
		if p, ok := m.PrincipalByName(authz.ServicePrincipal, item.ServicePrincipal); ok {
			return p, nil
		}
		return nil, fail.NotFoundf("Principal: ServicePrincipalName(%s) does not exist", item.ServicePrincipal)
	case item.User != "" && item.Group == "" && item.ServicePrincipal == "":
		for _, kind := range []authz.PrincipalKind{authz.User, authz.ServicePrincipal} {
			if p, ok := m.PrincipalByName(kind, item.User); ok {
				return p, nil
			}
		}
		return nil, fail.NotFoundf("Principal: UserName(%s) does not exist", item.User)
	}
	return nil, fail.Invalidf("each entry names exactly one of user_name, group_name and service_principal_name")
}

type permissionLevelsAnswer struct {
	Levels []authz.LevelInfo `json:"permission_levels"`
}

func permissionLevels(_ *api.Call, o *authz.Object, _ *permissionsRequest) (*permissionLevelsAnswer, error) {
	info, _ := o.Kind.Info()
	return &permissionLevelsAnswer{info.Levels}, nil
}
