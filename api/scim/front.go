// Package scim serves users, groups and service principals in the System for Cross-domain Identity Management (RFC 7643, 7644), as the
// Databricks clients speak it. What requests mean is package identity's; here they meet the access map and the store.
package scim

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/identity"
)

// Front serves the protocol.
type Front struct{}

// dialect is one address under which the protocol is served, with what its clients expect there.
type dialect struct {
	prefix string
	// workspace: answers are those of a Databricks workspace (identity.View).
	workspace bool
	// tells: answers are those of the standard. A PATCH is answered with what came of it, and so passes over members that nobody is; Databricks
	// answers nothing, and refuses them.
	tells bool
}

// dialects are the addresses: a workspace's, an account's (there is one, whatever it is called), and the plain one for directories.
var dialects = []dialect{
	{prefix: "/api/2.0/preview/scim/v2", workspace: true},
	{prefix: "/api/2.0/accounts/{account}/scim/v2"},
	{prefix: "/api/2.1/accounts/{account}/scim/v2"},
	{prefix: "/scim/v2", tells: true},
}

// style is how answers are written.
func (d *dialect) style(c *api.Call) identity.View {
	return identity.View{Base: d.base(c), Workspace: d.workspace, Plain: d.tells}
}

// base is the address of the protocol's root as the client knows it, without a slash at the end.
func (d *dialect) base(c *api.Call) string {
	prefix := d.prefix
	if q, ok := c.Asked().(*request); ok {
		prefix = strings.Replace(prefix, "{account}", url.PathEscape(q.Account), 1)
	}
	return c.BaseURL() + prefix
}

// Mount adds the protocol's routes to the door.
func (f *Front) Mount(d *api.Door) {
	for i := range dialects {
		d.Mount(&api.Front{
			Name: "scim", Service: "accounts", Prefixes: []string{dialects[i].prefix}, Decode: decode, Encode: api.EncodeJSON,
			ContentType: "application/scim+json", Fail: failure, Routes: dialects[i].routes(),
		})
	}
}

// request is every request of the protocol: an id in the path, the questions of a list, a body that package identity reads.
type request struct {
	ID         string `path:"id"`
	Account    string `path:"account"`
	Filter     string `query:"filter"`
	Attributes string `query:"attributes"`
	Excluded   string `query:"excludedAttributes"`
	Start      string `query:"startIndex"`
	Count      string `query:"count"`
	SortBy     string `query:"sortBy"`
	SortOrder  string `query:"sortOrder"`
	Body       []byte
}

// decode fills a request; the body must be text that a JSON document may be, whatever its content type says.
func decode(in *api.Input, q any) error {
	r := q.(*request)
	*r = request{ID: in.Path["id"], Account: in.Path["account"], Body: in.Body}
	for name, field := range map[string]*string{
		"filter": &r.Filter, "attributes": &r.Attributes, "excludedAttributes": &r.Excluded, "startIndex": &r.Start, "count": &r.Count,
		"sortBy": &r.SortBy, "sortOrder": &r.SortOrder,
	} {
		if *field = in.Query.Get(name); !utf8.ValidString(*field) || strings.ContainsRune(*field, 0) {
			return fail.New(fail.Invalid, "%s is not valid text", name).WithCode(codeOf(name))
		}
	}
	if err := api.CheckJSON(in.Body); err != nil {
		return fail.New(fail.Invalid, "%v", err).WithCode(identity.InvalidSyntax)
	}
	return nil
}

func codeOf(parameter string) string {
	if parameter == "filter" {
		return identity.InvalidFilter
	}
	return identity.InvalidValue
}

// failure writes an error as RFC 7644 has it. The table is the other fronts', but for names that are taken.
func failure(c *api.Call, e *fail.Error) (int, []byte) {
	status, _ := api.FailJSON(c, e)
	switch {
	case e.Kind == fail.Exists:
		status = 409
	case e.Code == identity.PreconditionFailed:
		status = 412
	}
	body, err := api.EncodeJSON(identity.NewErrorDocument(status, e))
	if err != nil {
		return 500, []byte(`{"schemas":["` + identity.SchemaError + `"],"status":"500","detail":"internal error"}`)
	}
	return status, body
}
