package identity

import "cmp"

// Schemas of the discovery documents (RFC 7643 §5 to §7).
const (
	schemaProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	schemaResourceType   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema         = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// ServiceProviderConfig tells directories what is served: PATCH, filters, sorting and ETags, but no bulk and no passwords. base is
// the address of the SCIM root without a slash at the end.
func ServiceProviderConfig(base string) Document {
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	filter := supported(true)
	filter["maxResults"] = MaxCount
	return Document{
		"schemas": []any{schemaProviderConfig},
		"patch":   supported(true), "sort": supported(true), "etag": supported(true), "changePassword": supported(false),
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": filter,
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A directory's token, or an administrator's, in the Authorization header."}},
		"meta": discoveryMeta(base, "ServiceProviderConfig", ""),
	}
}

func discoveryMeta(base, kind, id string) map[string]any {
	location := base + "/" + kind
	if kind != "ServiceProviderConfig" {
		location = base + "/" + kind + "s/" + id
	}
	return map[string]any{"resourceType": kind, "location": location}
}

// ResourceTypes describes Users, Groups and ServicePrincipals.
func ResourceTypes(v View) []Document {
	var out []Document
	for _, s := range []schema{userSchema, groupSchema, servicePrincipalSchema} {
		d := Document{
			"schemas": []any{schemaResourceType}, "id": s.name, "name": s.name, "description": s.about,
			"endpoint": s.endpoint, "schema": s.urn, "meta": discoveryMeta(v.Base, "ResourceType", s.name),
		}
		if s.urn == SchemaUser {
			extensions := []any{map[string]any{"schema": SchemaEnterpriseUser, "required": false}}
			if v.Workspace {
				extensions = append(extensions, map[string]any{"schema": SchemaWorkspaceUser, "required": false})
			}
			d["schemaExtensions"] = extensions
		}
		out = append(out, d)
	}
	return out
}

// workspaceSchema has no attributes of its own: Databricks lists it with each user, and a client that reads schemas must find it.
var workspaceSchema = schema{SchemaWorkspaceUser, "WorkspaceUser", "A person in a workspace", "", nil}

// Schemas describes each schema, from the tables that decoding and patching obey.
func Schemas(v View) []Document {
	var out []Document
	all := []schema{userSchema, groupSchema, servicePrincipalSchema, enterpriseSchema}
	if v.Workspace {
		all = append(all, workspaceSchema)
	}
	for _, s := range all {
		out = append(out, Document{
			"schemas": []any{schemaSchema}, "id": s.urn, "name": s.name, "description": s.about,
			"attributes": describe(s.attributes, v.Plain), "meta": discoveryMeta(v.Base, "Schema", s.urn),
		})
	}
	return out
}

func describe(list []attribute, plain bool) []any {
	out := make([]any, 0, len(list))
	for _, a := range list {
		if a.told != untold || !plain {
			out = append(out, a.describe(plain))
		}
	}
	return out
}

func (a attribute) describe(plain bool) map[string]any {
	d := map[string]any{
		"name": a.name, "type": cmp.Or(a.kind, "string"), "multiValued": a.multi, "description": cmp.Or(a.about, a.name),
		"required": a.required, "mutability": a.mutable(), "returned": cmp.Or(a.returned, "default"),
		"uniqueness": cmp.Or(a.unique, "none"), "caseExact": a.caseExact,
	}
	if len(a.sub) > 0 {
		d["subAttributes"] = describe(a.sub, plain)
	}
	if len(a.canonical) > 0 {
		d["canonicalValues"] = a.canonical
	}
	if len(a.refs) > 0 {
		d["referenceTypes"] = a.refs
	}
	return d
}

// mutable is the mutability that clients are told.
func (a attribute) mutable() string {
	if a.told == untold {
		return a.mutability
	}
	return cmp.Or(a.told, a.mutability, "readWrite")
}
