package governance

import (
	"encoding"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"

	"bailiwick/api"
)

// openAPI gives the description of the endpoints. It is made of the routes and their Go types, so it cannot say anything else than they do.
func (f *Front) openAPI(*api.Call, *nothing) (*document, error) {
	d := describe(f.Version, f.routes())
	return &d, nil
}

// document is an OpenAPI 3.1 document; map keys are written in order, so the same table gives the same text.
type document struct {
	OpenAPI    string                          `json:"openapi"`
	Info       map[string]string               `json:"info"`
	Servers    []map[string]string             `json:"servers"`
	Security   []map[string][]string           `json:"security"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components components                      `json:"components"`
}

type components struct {
	Schemas         map[string]schema            `json:"schemas"`
	SecuritySchemes map[string]map[string]string `json:"securitySchemes"`
}

type operation struct {
	ID          string                `json:"operationId"`
	Summary     string                `json:"summary,omitempty"`
	Description string                `json:"description"`
	Security    []map[string][]string `json:"security,omitempty"`
	Parameters  []parameter           `json:"parameters,omitempty"`
	Body        *content              `json:"requestBody,omitempty"`
	Responses   map[string]content    `json:"responses"`
	// Ability is what the call needs, Also what it needs on further objects.
	Ability string   `json:"x-ability,omitempty"`
	Also    []string `json:"x-further-abilities,omitempty"`
}

type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required,omitempty"`
	Schema   schema `json:"schema"`
}

type content struct {
	Description string               `json:"description,omitempty"`
	Content     map[string]mediaType `json:"content,omitempty"`
}

type mediaType struct {
	Schema schema `json:"schema"`
}

// schema is a JSON Schema.
type schema map[string]any

func describe(version string, routes []api.Route) document {
	d := document{
		OpenAPI: "3.1.0", Info: map[string]string{"title": "Bailiwick governance API", "version": version},
		Servers: []map[string]string{{"url": Prefix}}, Security: []map[string][]string{{"token": {}}, {"basic": {}}},
		Paths: map[string]map[string]operation{},
		Components: components{Schemas: map[string]schema{}, SecuritySchemes: map[string]map[string]string{
			"token": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic", "description": "a token as the password"},
		}},
	}
	s := schemas(d.Components.Schemas)
	s.of(reflect.TypeFor[failure]())
	for i := range routes {
		r := &routes[i]
		path := restVariable.ReplaceAllString(r.Path, "{$1}")
		if d.Paths[path] == nil {
			d.Paths[path] = map[string]operation{}
		}
		d.Paths[path][strings.ToLower(r.Method)] = s.operation(r)
	}
	return d
}

var restVariable = regexp.MustCompile(`\{(\w+)\.\.\.\}`)

// failure is the shape of every error.
type failure struct {
	Code    string            `json:"error_code"`
	Message string            `json:"message"`
	Details []json.RawMessage `json:"details,omitempty"`
}

type schemas map[string]schema

func (s schemas) operation(r *api.Route) operation {
	o := operation{ID: strings.ToLower(r.Method) + strings.ToUpper(r.Action[:1]) + r.Action[1:], Summary: summaries[r.Method+" "+r.Path],
		Description: "Needs the ability " + r.Ability.String() + ".", Ability: r.Ability.String(), Responses: map[string]content{}}
	if r.Mode() == "open" {
		o.Description, o.Ability, o.Security = "Needs no credential: "+r.Reason+".", "", []map[string][]string{{}}
	}
	for _, a := range append(r.Also(), r.Or()...) {
		o.Also = append(o.Also, a.String())
	}
	request := reflect.TypeOf(r.NewRequest()).Elem()
	o.Parameters = s.parameters(request)
	if body := s.object(request); len(body["properties"].(schema)) > 0 && r.Method != "GET" {
		o.Body = &content{Content: jsonOf(body)}
	}
	o.Responses["200"] = s.answer(r)
	o.Responses["default"] = content{"an error; of a refusal, details say what is missing and who can give it",
		jsonOf(s.of(reflect.TypeFor[failure]()))}
	return o
}

func jsonOf(s schema) map[string]mediaType { return map[string]mediaType{"application/json": {s}} }

// answer describes what a route gives. A table is to be had as CSV too.
func (s schemas) answer(r *api.Route) content {
	answer := r.NewResponse()
	if r.Mode() == "download" {
		return content{"the bytes", map[string]mediaType{"application/octet-stream": {schema{"type": "string", "format": "binary"}}}}
	}
	if r.Mode() == "stream" {
		return content{"events of which each carries JSON, until the caller or the server ends them",
			map[string]mediaType{"text/event-stream": {schema{"type": "string"}}}}
	}
	out := content{"the answer", jsonOf(s.of(reflect.TypeOf(answer).Elem()))}
	if _, ok := answer.(table); ok {
		out.Content["text/csv"] = mediaType{schema{"type": "string"}}
	}
	return out
}

// parameters are the fields of a request that come in the path or the query.
func (s schemas) parameters(t reflect.Type) (out []parameter) {
	for _, f := range reflect.VisibleFields(t) {
		for _, in := range []string{"path", "query"} {
			if name := f.Tag.Get(in); name != "" {
				out = append(out, parameter{name, in, in == "path", s.of(f.Type)})
			}
		}
	}
	return out
}

var (
	textType    = reflect.TypeFor[encoding.TextMarshaler]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	plainSchema = map[reflect.Kind]schema{
		reflect.String: {"type": "string"}, reflect.Bool: {"type": "boolean"}, reflect.Int: {"type": "integer"},
		reflect.Int64: {"type": "integer", "format": "int64"}, reflect.Uint8: {"type": "integer"}, reflect.Float64: {"type": "number"},
		reflect.Interface: {},
	}
)

// of gives the schema of a type; structs with a name are put among the components and referred to.
func (s schemas) of(t reflect.Type) schema {
	switch {
	case t == rawType:
		return schema{}
	case t.Implements(textType):
		return schema{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string", "format": "byte"}
		}
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.named(t)
	}
	if plain, ok := plainSchema[t.Kind()]; ok {
		return plain
	}
	panic("openapi: no schema for " + t.String())
}

func (s schemas) named(t reflect.Type) schema {
	if t.Name() == "" {
		return s.object(t)
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if _, ok := s[name]; !ok {
		s[name] = schema{} // a type that contains itself ends here
		s[name] = s.object(t)
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

func (s schemas) object(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" || name == "" {
			continue
		}
		properties[name] = s.of(f.Type)
		if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
			required = append(required, name)
		}
	}
	out := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// summaries say in a line what each endpoint is for.
var summaries = map[string]string{
	"GET /version":                            "What runs here",
	"GET /whoami":                             "The caller, his groups and his credential",
	"GET /openapi.json":                       "This document",
	"GET /can":                                "One decision with the path that led to it",
	"GET /who-can":                            "Everybody who has an ability on an object, groups expanded",
	"GET /what-can":                           "Every object that a principal has a level on",
	"GET /abilities":                          "The tables by which is decided",
	"GET /objects/{kind}/{id}/explain":        "Why everybody who has a level on an object has it",
	"GET /audit":                              "The audit trail, newest first",
	"GET /audit/qualifiers":                   "What a search of the audit trail (q) can ask for",
	"GET /audit/events/{id}":                  "An event with what it changed, and the checked proof that it is in the ledger",
	"GET /audit/download":                     "What a search of the audit trail finds as CSV or JSON, at most 100,000 events",
	"GET /changes":                            "Server-sent events: one whenever one of the named objects, or what belongs to it, has changed",
	"GET /secrets/{scope}/{key}":              "A secret's versions and who read which when, without its values",
	"GET /rotation/plans":                     "The plans by which credentials are rotated, of scopes that the caller manages",
	"POST /rotation/plans":                    "Rotate a secret, a service principal's credential or a key on schedule",
	"GET /rotation/plans/{plan_id}":           "A plan with its newest rotation, and who still uses the old one",
	"PATCH /rotation/plans/{plan_id}":         "Change a plan, and answer for it from now on",
	"DELETE /rotation/plans/{plan_id}":        "End a plan",
	"POST /rotation/plans/{plan_id}/run":      "Rotate now",
	"GET /rotation/plans/{plan_id}/rotations": "The rotations of a plan, newest first",
	"POST /rotation/plans/{plan_id}/close":    "End the old one before its time",
	"GET /rotation/findings":                  "Rotations that are overdue or failed, and old credentials that are still used at the end",
	"GET /kek":                                "The key-encryption keys of secrets, and how far a rotation is",
	"POST /kek/rotate":                        "Make another key-encryption key the active one; data keys are wrapped anew in the background",
	"GET /backups":                            "The backups that are kept, newest first",
	"POST /backups":                           "Begin a backup of the running server",
	"GET /backups/{name}":                     "A backup as a file for `bailiwick restore`",
	"DELETE /backups/{name}":                  "Delete a backup",
	"GET /audit/checkpoint":                   "The newest signed checkpoint of the ledger, to be kept elsewhere",
	"GET /audit/export":                       "The sealed ledger as a file that can be verified offline",
	"GET /webhooks/{webhook_id}/deliveries":   "What was sent to a webhook, newest first; state=dead is what was given up",
	"GET /webhooks/{webhook_id}/deliveries/{delivery_id}":            "A delivery with what is sent and all its tries",
	"POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": "Send again what was given up or delivered",
	"POST /sessions":                                    "Sign a browser in, with a token or the code of a one-time link",
	"GET /session":                                      "Who looks at the console, and what he may do in the workspace as a whole",
	"POST /session/renew":                               "Let the session last longer",
	"DELETE /session":                                   "Sign out",
	"GET /token-scopes":                                 "What a new token can be cut down to, and what of it the caller's own credential reaches",
	"GET /sessions":                                     "Where the caller is signed in",
	"DELETE /sessions/{id}":                             "Sign out elsewhere",
	"GET /sign-in/providers":                            "The OpenID providers that the page for signing in offers",
	"POST /sign-in/explain-token":                       "What a provider's token would become, were somebody to sign in with it; nothing is changed",
	"GET /identity/directories":                         "The directories that provision users and groups over SCIM",
	"POST /identity/directories":                        "Make a directory with its first token, which is shown once",
	"PATCH /identity/directories/{directory}":           "Say whether a directory takes over users and groups that are there already",
	"DELETE /identity/directories/{directory}":          "End a directory and its tokens; what it owns stays its own until it is given to another source",
	"POST /identity/directories/{directory}/tokens":     "A further token of a directory, which is shown once",
	"GET /identity/conflicts":                           "What one source wanted of users, groups and memberships that another owns",
	"POST /identity/conflicts/{conflict_id}/resolve":    "Decide on a conflict: the owner keeps it, or the writer is given it",
	"PUT /identity/principals/{principal}/source":       "Make a user, a group or a service principal another source's",
	"GET /mlflow-ui":                                    "Which build of MLflow's own pages is served under /mlflow/",
	"PUT /mlflow-ui":                                    "Have the pages of a wheel of MLflow served, which is the body",
	"DELETE /mlflow-ui":                                 "Serve none of MLflow's own pages any more",
	"POST /login-links":                                 "A one-time sign-in link for a user",
	"GET /oauth/signing-keys":                           "The keys whose signatures on access tokens count",
	"POST /oauth/signing-keys/rotate":                   "Make a new key that signs access tokens; the ones before count for another hour, unless they are withdrawn",
	"GET /models/{model}/versions/{version}/SHA256SUMS": "The same as a file for `sha256sum -c`; its own sha256 is the digest of the version",
	"GET /models/{model}/versions/{version}/manifest":   "What a registered version consists of: each file with its sha256, and the digest of all",
	"GET /lineage":                                      "What something came from, and what came from it, as far as the caller may see it",

	"GET /steward":       "Who answers for a model or an experiment: owner, contact, tier, lifecycle",
	"PATCH /steward":     "Change who answers for a model or an experiment",
	"GET /unowned":       "Models and experiments whose owner is gone, inactive or was never named, as far as the caller may see them",
	"GET /required-tags": "The tags that must be given where something is made in a folder or the registry",
	"PUT /required-tags": "Replace the tags that a folder or the registry itself requires",

	"POST /models/{model}/versions/{version}/checks":    "Say how a check of a version's bytes went",
	"GET /models/{model}/versions/{version}/checks":     "What was checked of a version, and what is missing before it may come into each stage",
	"GET /models/{model}/versions/{version}/activities": "What was done with a version, newest first, with what the caller may do about requests and comments",
	"GET /models/{model}/required-checks":               "The checks that versions must have passed before they come into a stage",
	"PUT /models/{model}/required-checks":               "Replace the checks that versions must have passed",
	"GET /models/{model}/two-persons":                   "Whether Production of a model takes two persons",
	"PUT /models/{model}/two-persons":                   "Say whether Production of a model takes two persons, or leave it to the workspace",

	"GET /transition-requests":                          "Pending transition requests of all models, oldest first, with what the caller may do about each",
	"GET /models":                                       "Registered models by part of the name, owner and stage, with what the caller may do with them",
	"GET /models/{model}":                               "A registered model with what the caller may do with it",
	"GET /models/{model}/versions":                      "The versions of a registered model, newest first, each with what the caller may do with it",
	"GET /models/{model}/versions/{version}":            "A version with its checks and requests, and the stages that the caller may move it to or ask for",
	"GET /artifacts/view":                               "A file of a run, a logged model or a version as a browser may show it: nothing in it runs",
	"GET /notebooks/{id}/cells":                         "A notebook cell by cell, with its outputs",
	"GET /notebooks/{id}/cells/{cell}/outputs/{output}": "An HTML result of a cell by itself, for a frame in which nothing runs",

	"GET /permissions/{type}/{id}":        "The permissions of an object, with their version as ETag",
	"PUT /permissions/{type}/{id}":        "Replace the permissions of an object, of the version in If-Match where one is given",
	"PATCH /permissions/{type}/{id}":      "Add to or change the permissions of an object, of the version in If-Match where one is given",
	"GET /permissions/{type}/{id}/levels": "The levels that can be given on an object",

	"GET /object":     "An object or a run with what the caller may do with it, and what contains it",
	"GET /tree":       "What is in a folder, as far as the caller may know of it, with what he may do",
	"GET /search":     "Objects, runs and principals by id, name or path, best first, as far as the caller may look at them",
	"GET /home":       "What waits for the caller: what he changed last, requests to decide, tokens that end soon",
	"GET /principals": "Users, groups and service principals by name",

	"POST /permissions/{type}/{id}/preview": "What a PUT of the same permissions would do to everybody's access; nothing is changed",
	"POST /workspace/move/preview":          "What a move would do to everybody's access; nothing is changed",
	"POST /workspace-conf/preview":          "What switching access control would do to everybody's access; nothing is changed",

	"GET /credentials":                                     "The inventory of credentials: whose, how old, until when, last used, what is wrong",
	"GET /credentials/findings":                            "What is wrong with credentials, the most severe first",
	"GET /credentials/{credential_id}":                     "All that is known of a credential",
	"GET /credentials/{credential_id}/impact":              "What would stop, were a credential revoked",
	"POST /credentials/{credential_id}/revoke":             "Revoke a credential: it is refused from the next call on",
	"PUT /credentials/findings/{finding_id}/acceptance":    "Take the responsibility for a finding, until some day",
	"DELETE /credentials/findings/{finding_id}/acceptance": "Have an accepted finding found again",

	"POST /workspace/move":    "Move or rename an item of the workspace tree",
	"POST /workspace/clone":   "Copy an item of the workspace tree",
	"GET /workspace/trash":    "What is in the trash, as far as the caller may restore or purge it",
	"POST /workspace/restore": "Take an item out of the trash",
	"POST /workspace/purge":   "Delete an item in the trash for good",
}
