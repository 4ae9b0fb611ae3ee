package oauth

import (
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/api"
	"bailiwick/identity"
)

// knownRoutes say what the authorization server is, and how its tokens are checked.
func (f *Front) knownRoutes() []api.Route {
	const reason = "programs read it before they have a credential; it holds addresses and public keys only"
	return []api.Route{
		api.Open("GET /.well-known/oauth-authorization-server", reason, f.describe),
		api.Open("GET /.well-known/openid-configuration", reason, f.describe),
		api.Open("GET /jwks.json", reason, f.published),
	}
}

type accountRequest struct {
	Account string `json:"-" path:"account"`
}

// description is RFC 8414's, with what OpenID Connect Discovery asks for beside.
type description struct {
	Issuer        string   `json:"issuer"`
	Authorize     string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	Introspection string   `json:"introspection_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	Responses     []string `json:"response_types_supported"`
	Modes         []string `json:"response_modes_supported"`
	Grants        []string `json:"grant_types_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Subjects      []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	NamesItself   bool     `json:"authorization_response_iss_parameter_supported"`
}

// IssuerOf is the authorization server's name for itself.
func IssuerOf(c *api.Call) string { return c.BaseURL() + Prefix }

func (f *Front) describe(c *api.Call, q *accountRequest) (*description, error) {
	if err := f.checkAccount(q.Account); err != nil {
		return nil, err
	}
	base := IssuerOf(c)
	if q.Account != "" { // a document has to name the issuer that it is found under (RFC 8414 3.3)
		base += "/accounts/" + q.Account
	}
	return &description{
		Issuer: base, Authorize: base + "/v1/authorize", Token: base + "/v1/token", Keys: base + "/jwks.json",
		Introspection: base + "/v1/introspect", Revocation: base + "/v1/revoke",
		Scopes: append([]string{identity.Offline}, identity.Scopes...), Responses: []string{"code"}, Modes: []string{"query"},
		Grants:  []string{grantCode, grantRefresh, grantClient, grantExchange},
		Methods: []string{"client_secret_basic", "client_secret_post", "none"}, Challenges: []string{"S256"},
		Subjects: []string{"public"}, Algorithms: []string{string(jose.ES256)}, NamesItself: true,
	}, nil
}

func (f *Front) published(c *api.Call, q *accountRequest) (*jose.JSONWebKeySet, error) {
	if err := f.checkAccount(q.Account); err != nil {
		return nil, err
	}
	set, err := f.Ring.Public(c.Context(), keys(f.Map()))
	return &set, err
}

// AccountOf gives the id of the account that a workspace is alone in: a UUID (RFC 9562, version 8) that stays the same.
func AccountOf(workspace int64) string {
	b := sha256.Sum256([]byte("bailiwick account " + strconv.FormatInt(workspace, 10)))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
