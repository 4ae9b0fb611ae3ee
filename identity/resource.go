package identity

import (
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
)

// Resource is a user, a group or a service principal as stored: what rules and look-ups need has fields, everything else a client or a
// directory sent (name, emails, roles, entitlements, locale, enterprise extension, unknown attributes) stays in Extra as it came.
// Memberships are no attribute; they live in the access map.
type Resource struct {
	ID            int64
	Kind          authz.PrincipalKind
	UserName      string // users only
	ApplicationID string // service principals only: a lower-case UUID
	DisplayName   string
	ExternalID    string
	Active        bool // groups are always active
	Extra         Document
	Created       int64 // ms since 1970
	Modified      int64 // ms since 1970
	Revision      int64 // how often it was changed
	// Source is who owns the attributes; empty = nobody wrote them down, which is the same as Manual.
	Source Source
	// Held says that an administrator has made somebody inactive whom Source would have active.
	Held bool
}

// Name is the principal's name in access control lists: userName, applicationId or a group's displayName.
func (r Resource) Name() string {
	switch r.Kind {
	case authz.User:
		return r.UserName
	case authz.ServicePrincipal:
		return r.ApplicationID
	}
	return r.DisplayName
}

// Principal gives the resource as the access map knows it. Parents are the groups it is a direct member of.
func (r Resource) Principal(parents []int64) authz.Principal {
	p := authz.Principal{ID: r.ID, Kind: r.Kind, Name: r.Name(), Active: r.Active, Parents: parents}
	if r.DisplayName != p.Name {
		p.Shown = r.DisplayName
	}
	if r.Kind != authz.Group {
		p.Roles = r.RoleNames()
	}
	return p
}

// RoleNames gives what a directory calls somebody's roles (SCIM's roles), sorted, at most MaxRoles. Those that are names of roles here are held
// (docs/policies.md); names of cloud roles (ARNs), which Databricks keeps in the same attribute, are not among them.
func (r Resource) RoleNames() []string {
	names := slices.DeleteFunc(r.Values("roles"), func(name string) bool {
		return name == "" || strings.HasPrefix(name, "arn:") || checkText("roles", name) != nil
	})
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), MaxRoles)]
}

// OfPrincipal gives what the access map knows of a principal as a resource, without what is stored beside it.
func OfPrincipal(p *authz.Principal) Resource {
	r := Resource{ID: p.ID, Kind: p.Kind, DisplayName: p.Shown, Active: p.Active || p.Kind == authz.Group}
	switch p.Kind {
	case authz.User:
		r.UserName = p.Name
	case authz.ServicePrincipal:
		r.ApplicationID = p.Name
	case authz.Group:
		r.DisplayName = p.Name
	}
	return r
}

// Fold gives the form in which names are compared and must be unique: userName, a group's displayName and applicationId have no case.
func Fold(name string) string { return strings.ToLower(name) }

// Email gives the primary e-mail address, else the first one, else the userName when it looks like one, else "".
func (r Resource) Email() string {
	first := ""
	list, _ := r.Extra["emails"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		v := stringOf(m["value"])
		if m["primary"] == true && v != "" {
			return v
		}
		if first == "" {
			first = v
		}
	}
	if first == "" && strings.Contains(r.UserName, "@") {
		return r.UserName
	}
	return first
}

// Values gives the "value" of each element of a multi-valued attribute in Extra, e.g. Values("entitlements").
func (r Resource) Values(name string) []string {
	list, _ := r.Extra[name].([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && stringOf(m["value"]) != "" {
			out = append(out, stringOf(m["value"]))
		}
	}
	return out
}

// document gives the attributes a client may write, as a copy of its own.
func (r Resource) document() Document {
	d := Document(cloneMap(r.Extra))
	set := func(name, v string) {
		if v != "" {
			d[name] = v
		}
	}
	set("userName", r.UserName)
	set("applicationId", r.ApplicationID)
	set("displayName", r.DisplayName)
	set("externalId", r.ExternalID)
	if r.Kind != authz.Group {
		d["active"] = r.Active
	}
	return d
}

// withDocument takes the attributes from a normalized document; who and when stay as they are.
func (r Resource) withDocument(d Document) Resource {
	take := func(name string) string {
		v := stringOf(d[name])
		delete(d, name)
		return v
	}
	r.UserName, r.ApplicationID = take("userName"), take("applicationId")
	r.DisplayName, r.ExternalID = take("displayName"), take("externalId")
	// What is not said stays: silence must not wake anybody.
	if active, given := d["active"].(bool); given {
		r.Active = active
	}
	r.Active = r.Active || r.Kind == authz.Group
	delete(d, "active")
	for k, v := range d {
		if isEmpty(v) {
			delete(d, k)
		}
	}
	r.Extra = d
	return r
}

// stamp writes a time as SCIM does.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
