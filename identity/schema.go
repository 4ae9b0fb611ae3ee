// Package identity holds users, groups, service principals and their credentials as rules: what a SCIM request means for a principal,
// which names are allowed, how a token is made and checked. It is pure: the caller reads and writes, and hands in what a rule needs.
//
// A principal travels as a Document, JSON with canonical attribute names. The tables in this file say what each attribute is; decoding,
// patching, filtering and the discovery documents all read them, so an attribute is described once.
package identity

import (
	"regexp"
	"strings"

	"bailiwick/authz"
)

// The schemas this server speaks (RFC 7643 §8, and Databricks' own for service principals and workspace users).
const (
	SchemaUser             = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup            = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaServicePrincipal = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"
	SchemaWorkspaceUser    = "urn:ietf:params:scim:schemas:extension:workspace:2.0:User"
	SchemaEnterpriseUser   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// attribute describes one SCIM attribute. Zero values are RFC 7643's usual case: a single readWrite string without case.
type attribute struct {
	name       string
	kind       string // "" = string; boolean, complex, reference
	multi      bool
	required   bool
	caseExact  bool
	mutability string // "" = readWrite
	told       string // the mutability that clients are told where it is another
	returned   string // "" = default
	unique     string // "" = none
	about      string
	canonical  []string
	refs       []string
	sub        []attribute
}

type schema struct {
	urn, name, about, endpoint string
	attributes                 []attribute
}

const (
	boolean  = "boolean"
	complexT = "complex"
	refT     = "reference"
	readOnly = "readOnly"
	untold   = "untold" // an attribute that the standard does not know
)

// plural is a multi-valued attribute with RFC 7643's usual sub-attributes.
func plural(name, about string, types ...string) attribute {
	return attribute{name: name, kind: complexT, multi: true, about: about, sub: []attribute{
		{name: "value", about: "The value."},
		{name: "display", about: "A name for people."},
		{name: "type", about: "What the value is for.", canonical: types},
		{name: "primary", kind: boolean, about: "The preferred value; one at most."},
	}}
}

func text(name, about string) attribute { return attribute{name: name, about: about} }

// common stands in every resource and is the server's, but for externalId.
var common = []attribute{
	{name: "schemas", kind: refT, multi: true, mutability: readOnly, returned: "always"},
	{name: "id", caseExact: true, mutability: readOnly, returned: "always", unique: "server"},
	{name: "meta", kind: complexT, mutability: readOnly, sub: []attribute{
		{name: "resourceType"}, {name: "created"}, {name: "lastModified"}, {name: "location"}, {name: "version"}}},
	{name: "externalId", caseExact: true, about: "The id in the directory that sends the resource."},
}

var groupsOf = attribute{name: "groups", kind: complexT, multi: true, mutability: readOnly,
	about: "The groups it belongs to; changed at the group.",
	sub: []attribute{
		{name: "value", mutability: readOnly, about: "Id of the group."},
		{name: "$ref", kind: refT, mutability: readOnly, refs: []string{"Group"}, about: "Address of the group."},
		{name: "display", mutability: readOnly, about: "Name of the group."},
		{name: "type", mutability: readOnly, about: "Member itself, or through another group.", canonical: []string{"direct", "indirect"}},
	}}

var (
	activeOf     = attribute{name: "active", kind: boolean, required: true, about: "An inactive principal is refused everywhere. A new one is active unless it says otherwise."}
	shownOf      = text("displayName", "The name shown to people.")
	entitlements = plural("entitlements", "What it may use beyond permissions on objects.")
	roles        = plural("roles", "Roles, such as instance profiles.")
)

var userSchema = schema{SchemaUser, "User", "A person", "/Users", []attribute{
	{name: "userName", required: true, unique: "server", returned: "always", about: "The name he signs in and is granted under."},
	{name: "name", kind: complexT, about: "The parts of the person's name.", sub: []attribute{
		text("formatted", "The whole name."), text("familyName", "Family name."), text("givenName", "Given name."),
		text("middleName", "Middle names."), text("honorificPrefix", "Title."), text("honorificSuffix", "Suffix.")}},
	shownOf, text("nickName", "A casual name."),
	{name: "profileUrl", kind: refT, refs: []string{"external"}, about: "A page about the person."},
	text("title", "Title in the organization."), text("userType", "Relation to the organization."),
	text("preferredLanguage", "Language, as in Accept-Language."), text("locale", "Where dates and numbers are formatted as."),
	text("timezone", "Time zone, such as Europe/Paris."),
	activeOf,
	{name: "password", mutability: "writeOnly", returned: "never", caseExact: true, about: "Accepted and dropped: nobody signs in with one."},
	plural("emails", "E-mail addresses.", "work", "home", "other"),
	plural("phoneNumbers", "Telephone numbers.", "work", "home", "mobile", "fax", "pager", "other"),
	plural("ims", "Instant messaging addresses."), plural("photos", "Addresses of pictures.", "photo", "thumbnail"),
	{name: "addresses", kind: complexT, multi: true, about: "Postal addresses.", sub: []attribute{
		text("formatted", "The whole address."), text("streetAddress", "Street and number."), text("locality", "Town."),
		text("region", "State or region."), text("postalCode", "Postal code."), text("country", "Country."),
		{name: "type", about: "What it is for.", canonical: []string{"work", "home", "other"}},
		{name: "primary", kind: boolean, about: "The preferred one."}}},
	groupsOf, entitlements, roles, plural("x509Certificates", "Certificates."),
}}

var groupSchema = schema{SchemaGroup, "Group", "A set of principals", "/Groups", []attribute{
	{name: "displayName", required: true, unique: "server", returned: "always", about: "The name it is granted under."},
	{name: "members", kind: complexT, multi: true, about: "Its direct members.", sub: []attribute{
		{name: "value", mutability: "immutable", about: "Id of the member."},
		{name: "$ref", kind: refT, mutability: "immutable", refs: []string{"User", "Group", "ServicePrincipal"}, about: "Address of the member."},
		{name: "display", mutability: readOnly, told: untold, about: "Name of the member; the standard has no such attribute there, and Databricks has."},
		{name: "type", mutability: "immutable", about: "Kind of the member.", canonical: []string{"User", "Group", "ServicePrincipal"}}}},
	groupsOf, entitlements, roles,
}}

var servicePrincipalSchema = schema{SchemaServicePrincipal, "ServicePrincipal", "A program", "/ServicePrincipals", []attribute{
	{name: "applicationId", mutability: "immutable", told: readOnly, unique: "server", returned: "always", about: "The name it is granted under, a UUID. Given by the server, unless a new one brings its own."},
	shownOf,
	activeOf, groupsOf, entitlements, roles,
}}

var enterpriseSchema = schema{SchemaEnterpriseUser, "EnterpriseUser", "A person in an organization", "", []attribute{
	text("employeeNumber", "Number in the organization."), text("costCenter", "Cost center."), text("organization", "Organization."),
	text("division", "Division."), text("department", "Department."),
	{name: "manager", kind: complexT, about: "Who he reports to.", sub: []attribute{
		text("value", "Id of the manager."), {name: "$ref", kind: refT, refs: []string{"User"}, about: "Address of the manager."},
		{name: "displayName", mutability: readOnly, about: "Name of the manager."}}},
}}

// schemaOf gives the core schema of a kind of principal.
func schemaOf(k authz.PrincipalKind) *schema {
	switch k {
	case authz.Group:
		return &groupSchema
	case authz.ServicePrincipal:
		return &servicePrincipalSchema
	}
	return &userSchema
}

func findAttribute(in []attribute, name string) (attribute, bool) {
	for _, a := range in {
		if strings.EqualFold(a.name, name) {
			return a, true
		}
	}
	return attribute{name: name}, false
}

// find gives the attribute of that name in any letter case; an unknown one keeps the name as given.
func (s *schema) find(name string) (attribute, bool) {
	if a, ok := findAttribute(common, name); ok {
		return a, true
	}
	return findAttribute(s.attributes, name)
}

// foreign names belong to one kind of principal; another kind never stores them, lest a program read a group's userName.
var foreign = []string{"userName", "applicationId", "members"}

func (s *schema) isForeign(name string) bool {
	_, known := s.find(name)
	return !known && anyFold(foreign, name)
}

func anyFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// schemaURN matches a whole schema's URN and, behind one more colon, an attribute of it. The version number is what tells
// "…:enterprise:2.0:User" (a schema) from "…:2.0:User:department" (an attribute of one).
var schemaURN = regexp.MustCompile(`(?i)^(urn:[^\[\]"\s]*:\d+(?:\.\d+)*:[a-z][a-z0-9]*)(?::(.+))?$`)

// coreURNs are schemas whose attributes stand at the top of a resource.
var coreURNs = []string{SchemaUser, SchemaGroup, SchemaServicePrincipal, SchemaWorkspaceUser}

// usualURN gives "" for a core schema and the usual letter case of a known extension.
func usualURN(urn string) string {
	switch {
	case anyFold(coreURNs, urn):
		return ""
	case strings.EqualFold(urn, SchemaEnterpriseUser):
		return SchemaEnterpriseUser
	}
	return urn
}

// splitURN takes a leading schema URN off a path.
func splitURN(path string) (urn, rest string) {
	m := schemaURN.FindStringSubmatch(path)
	if m == nil {
		return "", path
	}
	return usualURN(m[1]), m[2]
}

// attributesOf gives the attributes below an extension's URN; none for one this server does not know.
func attributesOf(urn string) []attribute {
	if strings.EqualFold(urn, SchemaEnterpriseUser) {
		return enterpriseSchema.attributes
	}
	return nil
}
