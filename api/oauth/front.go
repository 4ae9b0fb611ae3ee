// Package oauth is the server's own authorization server: it gives access tokens to service principals that bring a secret, to programs that people
// let in, and for tokens of foreign issuers that a federation policy takes (RFC 6749, 7009, 7636, 7662, 8252, 8414, 8693, 9207).
package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// Prefix is where the authorization server is; its name (issuer) is the server's address with it.
const Prefix = "/oidc"

// Front serves the protocol. Its fields are set before Mount.
type Front struct {
	// TokenKey is the key under which secrets, codes and refresh tokens are hashed; FormKey signs what consent pages send.
	TokenKey, FormKey []byte
	Ring              *bearer.Ring
	// Sealer keeps the keys that sign.
	Sealer bearer.Sealer
	// Account is the account's id: there is one.
	Account string
	// Clients are the programs that people can let in.
	Clients []identity.PublicClient
	// Map is the newest access map at hand; Read reads outside of a call's own transaction.
	Map  func() *authz.Map
	Read func(context.Context, func(*store.Tx) error) error
	// Foreign checks tokens of other issuers.
	Foreign Verifier
}

// Verifier gives the claims of a token that an issuer has signed, with the keys of the rule. Errors: fail.Denied for any other token,
// fail.Unavailable when the keys cannot be had.
type Verifier interface {
	Verify(ctx context.Context, rule *identity.FederationRule, token string) (map[string]any, error)
}

// Mount adds the routes to the door.
func (f *Front) Mount(d *api.Door) {
	d.Mount(&api.Front{
		Name: "oauth", Service: "accounts", Prefixes: []string{Prefix, Prefix + "/accounts/{account}"}, ContentType: "application/json", Fail: failure,
		Decode: decode, Encode: api.EncodeJSON, Routes: append(f.knownRoutes(), f.tokenRoutes()...),
	})
	d.Mount(&api.Front{
		Name: "login-page", Service: "accounts", Prefixes: []string{Prefix, Prefix + "/accounts/{account}"}, ContentType: "text/html; charset=utf-8",
		Fail: f.failPage, Decode: decode, Encode: encodePage, Routes: f.pageRoutes(),
	})
	for _, table := range []struct {
		name   string
		routes []api.Route
	}{
		{"secrets", f.secretRoutes()}, {"federation", f.federationRoutes()}, {"rule-sets", f.ruleRoutes()}, {"introspect", introspectRoutes(f.Account)},
	} {
		d.Mount(&api.Front{
			Name: table.name, Service: "accounts", Prefixes: []string{"/api/2.0"}, Decode: api.DecodeJSON, Encode: api.EncodeJSON,
			ContentType: "application/json", Fail: api.FailJSON, Routes: table.routes,
		})
	}
}

// nothing is a request or an answer without content.
type nothing struct{}

// decode reads a form, or for a GET the address. A parameter that is there twice is refused (RFC 6749 3.1): which one counts would be a guess.
func decode(in *api.Input, request any) error {
	plain := *in
	plain.Body = nil
	if in.Request.Method == http.MethodPost {
		form, err := url.ParseQuery(string(in.Body))
		if err != nil {
			return fail.Invalidf("the body is no form")
		}
		plain.Query = form
	}
	for name, values := range plain.Query {
		if len(values) > 1 {
			return fail.Invalidf("%.40q is there more than once", name)
		}
	}
	return api.DecodeJSON(&plain, request)
}

// oauthCode gives the error code and status of RFC 6749 5.2 for an error that has none of its own.
var oauthCode = map[fail.Kind]struct {
	status int
	code   string
}{
	fail.Internal: {500, "server_error"}, fail.Unavailable: {503, "temporarily_unavailable"}, fail.Unauthenticated: {401, "invalid_client"},
	fail.NotFound: {404, "invalid_request"}, fail.TooLarge: {413, "invalid_request"}, fail.Denied: {400, "access_denied"},
}

// failure writes an error as RFC 6749 5.2 has it.
func failure(c *api.Call, e *fail.Error) (int, []byte) {
	row, ok := oauthCode[e.Kind]
	if !ok {
		row.status, row.code = http.StatusBadRequest, "invalid_request"
	}
	if e.Code == gone {
		return http.StatusOK, []byte("{}")
	}
	if e.Code != "" && e.Code == strings.ToLower(e.Code) {
		row.status, row.code = http.StatusBadRequest, e.Code
	}
	c.SetHeader("Cache-Control", "no-store")
	body, err := json.Marshal(map[string]string{"error": row.code, "error_description": e.Message})
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return row.status, body
}

// errGrant refuses what a token was asked for with.
func errGrant(format string, args ...any) error {
	return fail.New(fail.Unauthenticated, format, args...).WithCode("invalid_grant")
}

// keys gives the names of the keys that count, the one that signs first.
func keys(m *authz.Map) string {
	names, _ := m.Setting(authz.SettingSigningKeys)
	return names
}

// checkAccount refuses the account path of another account.
func (f *Front) checkAccount(account string) error {
	if account == "" || account == f.Account {
		return nil
	}
	return fail.NotFoundf("Account %.60q does not exist; this server's is %s.", account, f.Account)
}
