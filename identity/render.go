package identity

import (
	"maps"
	"slices"
	"strings"

	"bailiwick/authz"
)

// Ref points at a principal in another one's groups or members.
type Ref struct {
	ID      int64
	Kind    authz.PrincipalKind
	Display string
	// Indirect is a group that is reached through another group; only in View.Groups.
	Indirect bool
}

// View is what a rendered resource shows beyond its attributes.
type View struct {
	// Base is the address of the SCIM root without a slash at the end, e.g. https://host/api/2.0/preview/scim/v2.
	Base string
	// Workspace writes as a Databricks workspace does: a group's resource type is WorkspaceGroup, users have one schema more, and references
	// are relative. Directories expect what the standard says.
	Workspace bool
	// Plain writes nothing that the standard does not know: members have no names.
	Plain bool
	// Groups are the groups of any principal, Members the direct members of a group.
	Groups, Members []Ref
}

var endpoints = map[authz.PrincipalKind]string{
	authz.User: "Users", authz.Group: "Groups", authz.ServicePrincipal: "ServicePrincipals",
}

// Render gives a resource as SCIM shows it: all attributes, schemas, id as a string, meta, groups, and members of a group.
func (r Resource) Render(v View) Document {
	d := r.document()
	d["schemas"] = r.schemas(v.Workspace)
	d["id"] = FormatID(r.ID)
	d["meta"] = r.meta(v)
	d["groups"] = v.refs(v.Groups, func(g Ref, m map[string]any) {
		m["type"] = map[bool]string{false: "direct", true: "indirect"}[g.Indirect]
	})
	if r.Kind == authz.Group {
		d["members"] = v.refs(v.Members, func(g Ref, m map[string]any) {
			m["type"] = schemaOf(g.Kind).name
			if v.Plain {
				delete(m, "display")
			}
		})
	}
	return d
}

// RenderMe gives the caller himself for GET …/Me. A service principal is shown there as a user whose userName is its applicationId,
// which is how SDKs learn their own name.
func (r Resource) RenderMe(v View) Document {
	d := r.Render(v)
	if r.Kind == authz.ServicePrincipal {
		d["userName"] = r.ApplicationID
		d["schemas"] = []any{SchemaUser, SchemaServicePrincipal}
	}
	return d
}

// schemas are the core schema, Databricks' extension for users, and the extensions that Extra holds.
func (r Resource) schemas(workspace bool) []any {
	out := []any{schemaOf(r.Kind).urn}
	if workspace && r.Kind == authz.User {
		out = append(out, SchemaWorkspaceUser)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Extra)) {
		if schemaURN.MatchString(k) {
			out = append(out, k)
		}
	}
	return out
}

func (r Resource) meta(v View) map[string]any {
	name := schemaOf(r.Kind).name
	if v.Workspace && r.Kind == authz.Group {
		name = "WorkspaceGroup"
	}
	return map[string]any{
		"resourceType": name,
		"version":      r.ETag(),
		"created":      stamp(r.Created),
		"lastModified": stamp(r.Modified),
		"location":     v.Base + "/" + endpoints[r.Kind] + "/" + FormatID(r.ID),
	}
}

// refs renders references.
func (v View) refs(list []Ref, finish func(Ref, map[string]any)) []any {
	out := make([]any, len(list))
	root := v.Base + "/"
	if v.Workspace {
		root = ""
	}
	for i, g := range list {
		m := map[string]any{"value": FormatID(g.ID), "display": g.Display, "$ref": root + endpoints[g.Kind] + "/" + FormatID(g.ID)}
		finish(g, m)
		out[i] = m
	}
	return out
}

// Projection is the choice of attributes= and excludedAttributes=. The zero value shows everything.
type Projection struct {
	only, except []attrPath
}

// always are shown whatever was asked for: Terraform reads service principals without asking for applicationId and needs it.
var always = []string{"schemas", "id", "userName", "applicationId"}

// ParseProjection reads the two lists of attribute names, parted by commas; attributes wins when both are given. Names nobody knows
// are no error: they simply select nothing. Errors: invalidPath for what is no attribute name.
func ParseProjection(attributes, excluded string) (Projection, error) {
	only, err := parsePaths(attributes)
	if err != nil || len(only) > 0 {
		return Projection{only: only}, err
	}
	except, err := parsePaths(excluded)
	return Projection{except: except}, err
}

func parsePaths(list string) ([]attrPath, error) {
	var out []attrPath
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if urn, rest := splitURN(name); rest == "" {
			out = append(out, attrPath{name: urn})
			continue
		}
		p, err := parseAttrPath(name, InvalidPath)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Wants tells whether a top-level attribute will be shown, so that a caller need not load members or groups for nothing.
func (p Projection) Wants(attr string) bool {
	if anyFold(always, attr) {
		return true
	}
	names := func(q attrPath) bool { return strings.EqualFold(q.top(), attr) }
	if len(p.only) > 0 {
		return slices.ContainsFunc(p.only, names)
	}
	return !slices.ContainsFunc(p.except, func(q attrPath) bool { return names(q) && q.below() == "" })
}

// top is the key at the top of a resource that the path leads to.
func (p attrPath) top() string {
	if p.urn != "" {
		return p.urn
	}
	return p.name
}

// below is the key under top, or "". A sub-attribute inside an extension is shown and hidden with its parent.
func (p attrPath) below() string {
	if p.urn != "" {
		return p.name
	}
	return p.sub
}

// Apply gives the part of a rendered resource that was asked for.
func (p Projection) Apply(d Document) Document {
	out := Document{}
	for k, v := range d {
		if p.Wants(k) {
			out[k] = p.part(k, v)
		}
	}
	if name, ok := d["displayName"]; ok && d.isGroup() {
		out["displayName"] = name
	}
	return out
}

// isGroup says that a rendered resource is a group, whose name is always shown.
func (d Document) isGroup() bool {
	schemas, _ := d["schemas"].([]any)
	return slices.Contains(schemas, any(SchemaGroup))
}

// part cuts sub-attributes: attributes=name.givenName shows that one, excludedAttributes=emails.type hides that one.
func (p Projection) part(key string, v any) any {
	if anyFold(always, key) {
		return v
	}
	keep, drop := subsOf(p.only, key), subsOf(p.except, key)
	if len(keep) == 0 && len(drop) == 0 {
		return v
	}
	return cut(v, func(sub string) bool {
		return (len(keep) == 0 || anyFold(keep, sub)) && !anyFold(drop, sub)
	})
}

// subsOf gives the sub-attributes of key that paths name; none when one of them names the whole.
func subsOf(paths []attrPath, key string) []string {
	var out []string
	for _, q := range paths {
		if !strings.EqualFold(q.top(), key) {
			continue
		}
		if q.below() == "" {
			return nil
		}
		out = append(out, q.below())
	}
	return out
}

func cut(v any, keep func(sub string) bool) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cut(v[i], keep)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if keep(k) {
				out[k] = e
			}
		}
		return out
	}
	return v
}
