package identity

import "cmp"

// Schemas of the discovery documents (RFC 7643 §5 to §7).
const (
	schemaProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	schemaResourceType   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema         = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// ServiceProviderConfig tells directories what is served: PATCH, filters and sorting, but no bulk, no ETags and no passwords. base is
// the address of the SCIM root without a slash at the end.
func ServiceProviderConfig(base string) Document {
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	filter := supported(true)
	filter["maxResults"] = MaxCount
	return Document{
		"schemas": []any{schemaProviderConfig},
		"patch":   supported(true), "sort": supported(true), "etag": supported(false), "changePassword": supported(false),
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": filter,
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A personal access token in the Authorization header."}},
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
func ResourceTypes(base string) []Document {
	var out []Document
	for _, s := range []schema{userSchema, groupSchema, servicePrincipalSchema} {
		d := Document{
			"schemas": []any{schemaResourceType}, "id": s.name, "name": s.name, "description": s.about,
			"endpoint": s.endpoint, "schema": s.urn, "meta": discoveryMeta(base, "ResourceType", s.name),
		}
		if s.urn == SchemaUser {
			d["schemaExtensions"] = []any{
				map[string]any{"schema": SchemaEnterpriseUser, "required": false},
				map[string]any{"schema": SchemaWorkspaceUser, "required": false},
			}
		}
		out = append(out, d)
	}
	return out
}

// workspaceSchema has no attributes of its own: Databricks lists it with each user, and a client that reads schemas must find it.
var workspaceSchema = schema{SchemaWorkspaceUser, "WorkspaceUser", "A person in a workspace", "", nil}

// Schemas describes each schema, from the tables that decoding and patching obey.
func Schemas(base string) []Document {
	var out []Document
	for _, s := range []schema{userSchema, groupSchema, servicePrincipalSchema, enterpriseSchema, workspaceSchema} {
		out = append(out, Document{
			"schemas": []any{schemaSchema}, "id": s.urn, "name": s.name, "description": s.about,
			"attributes": describe(s.attributes), "meta": discoveryMeta(base, "Schema", s.urn),
		})
	}
	return out
}

func describe(list []attribute) []any {
	out := make([]any, len(list))
	for i, a := range list {
		out[i] = a.describe()
	}
	return out
}

func (a attribute) describe() map[string]any {
	d := map[string]any{
		"name": a.name, "type": cmp.Or(a.kind, "string"), "multiValued": a.multi, "description": cmp.Or(a.about, a.name),
		"required": a.required, "mutability": cmp.Or(a.mutability, "readWrite"), "returned": cmp.Or(a.returned, "default"),
		"uniqueness": cmp.Or(a.unique, "none"), "caseExact": a.caseExact,
	}
	if len(a.sub) > 0 {
		d["subAttributes"] = describe(a.sub)
	}
	if len(a.canonical) > 0 {
		d["canonicalValues"] = a.canonical
	}
	if len(a.refs) > 0 {
		d["referenceTypes"] = a.refs
	}
	return d
}
