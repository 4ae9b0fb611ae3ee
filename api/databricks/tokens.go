package databricks

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// tokenRoutes are one's own tokens (/token), and everybody's for those who manage them (/token-management).
func (f *Front) tokenRoutes() []api.Route {
	one := "/token-management/tokens/{token_id}"
	// Who makes a token of somebody else's acts as him, and who changes its scopes makes it reach further: the law gives managers of tokens
	// only the list and the revoking.
	admins := []api.Target{{Object: authz.WorkspaceObject}}
	return []api.Route{
		api.Write("POST /token/create", authz.UseTokens, api.At[newToken](authz.TokensRoot), f.createToken,
			api.As[newToken]("generateDbToken"), api.Alone[newToken]),
		api.Read("GET /token/list", authz.UseTokens, api.At[noFields](authz.TokensRoot), listOwnTokens),
		api.Write("POST /token/delete", authz.UseTokens, findOwnToken, deleteToken,
			api.As[tokenNamed]("revokeDbToken"), api.Alone[tokenNamed]),
		api.Write("PATCH /token/{id}", authz.UseTokens, findOwnToken, updateToken,
			api.As[tokenNamed]("updateDbToken"), api.Alone[tokenNamed]),

		api.Write("POST /token-management/on-behalf-of/tokens", authz.ManageTokens, api.At[newToken](authz.TokensRoot), f.createFor,
			api.Also(authz.ManageIdentities, func(*api.Call, *newToken) ([]api.Target, error) { return admins, nil }),
			api.As[newToken]("generateDbToken"), api.Alone[newToken]),
		api.Read("GET /token-management/tokens", authz.ManageTokens, api.At[tokensOf](authz.TokensRoot), listAllTokens),
		api.Read("GET "+one, authz.ManageTokens, findAnyToken, getToken),
		api.Write("DELETE "+one, authz.ManageTokens, findAnyToken, deleteToken,
			api.As[tokenNamed]("revokeDbToken"), api.Alone[tokenNamed]),
		api.Write("PATCH "+one, authz.ManageTokens, findAnyToken, updateToken,
			api.Also(authz.ManageIdentities, func(*api.Call, *tokenNamed) ([]api.Target, error) { return admins, nil }),
			api.As[tokenNamed]("updateDbToken"), api.Alone[tokenNamed]),
	}
}

type noFields struct{}

type newToken struct {
	// Application is the service principal that the token is made for; on-behalf-of only.
	Application string   `json:"application_id"`
	Comment     string   `json:"comment"`
	Lifetime    *int64   `json:"lifetime_seconds"`
	Scopes      []string `json:"scopes"`
}

// tokenNamed names a token: in the path of an administrator's calls and of PATCH, in the body of /token/delete.
type tokenNamed struct {
	Body  string     `json:"token_id"`
	Own   string     `json:"-" path:"id"`
	Any   string     `json:"-" path:"token_id"`
	Token tokenPatch `json:"token"`
	Mask  string     `json:"update_mask"`
}

// id is the token's id, wherever the request names it.
func (q *tokenNamed) id() string { return cmp.Or(q.Own, q.Any, q.Body) }

type tokenPatch struct {
	Comment string   `json:"comment"`
	Scopes  []string `json:"scopes"`
}

type tokensOf struct {
	ID   int64  `query:"created_by_id"`
	Name string `query:"created_by_username"`
}

// tokenInfo is a token as its owner sees it.
type tokenInfo struct {
	ID      string   `json:"token_id"`
	Created int64    `json:"creation_time"`
	Expires int64    `json:"expiry_time"` // -1 = never
	Comment string   `json:"comment"`
	Scopes  []string `json:"scopes,omitempty"`
}

// managedToken is a token as its managers see it.
type managedToken struct {
	tokenInfo
	Owner       int64  `json:"owner_id"`
	CreatorID   int64  `json:"created_by_id"`
	CreatorName string `json:"created_by_username,omitempty"`
	Workspace   int64  `json:"workspace_id"`
	lastUse
}

// lastUse says when and from where a token was used last.
type lastUse struct {
	// LastUsed is the beginning of the day (UTC) of the last use; absent before the first.
	LastUsed int64 `json:"last_used_day,omitempty"`
	// LastSource is the address of the last use, which Databricks does not tell.
	LastSource string `json:"last_used_source,omitempty"`
}

type createdToken struct {
	Value string    `json:"token_value"`
	Info  tokenInfo `json:"token_info"`
}

// ownToken is a token in its owner's list, with its last use, which Databricks does not tell there.
type ownToken struct {
	tokenInfo
	lastUse
}

type ownTokens struct {
	Infos []ownToken `json:"token_infos"`
}

type managedTokens struct {
	Infos []managedToken `json:"token_infos"`
}

type oneToken struct {
	Info managedToken `json:"token_info"`
}

func infoOf(c *authz.Credential) tokenInfo {
	info := tokenInfo{ID: c.ID, Created: c.Created, Expires: c.Expires, Comment: c.Comment, Scopes: c.Scopes}
	if c.Expires == 0 {
		info.Expires = -1
	}
	return info
}

func (f *Front) createToken(c *api.Call, _ int64, q *newToken) (*createdToken, error) {
	return f.issue(c, c.Who.Principal, q)
}

// createFor makes a token for a service principal, who cannot come and get one.
func (f *Front) createFor(c *api.Call, _ int64, q *newToken) (*createdToken, error) {
	p, ok := c.Tx.Map.PrincipalByName(authz.ServicePrincipal, q.Application)
	if !ok {
		return nil, fail.NotFoundf("Service principal with application_id %.60q does not exist.", q.Application)
	}
	return f.issue(c, p.ID, q)
}

func (f *Front) issue(c *api.Call, owner int64, q *newToken) (*createdToken, error) {
	value, cred, err := identity.Issue(rand.Reader, f.TokenKey, time.UnixMilli(c.Tx.Now), c.Tx.Map, identity.Wish{
		Owner: owner, By: c.Who.Principal, Comment: q.Comment, Seconds: q.Lifetime, Scopes: q.Scopes, Held: c.Who.Scopes,
		Until: identity.EndOf(c.Tx.Map, c.Who),
	})
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &cred}); err != nil {
		return nil, err
	}
	noteToken(c, &cred)
	return &createdToken{value, infoOf(&cred)}, nil
}

// noteToken says in the ledger which token a call was about, and whose.
func noteToken(c *api.Call, t *authz.Credential) {
	c.Note("tokenId", t.ID)
	if p, ok := c.Tx.Map.Principal(t.Principal); ok {
		c.Note("targetUserId", identity.FormatID(p.ID))
		c.Note("targetUserName", p.Name)
	}
	c.Note("comment", t.Comment)
}

func listOwnTokens(c *api.Call, _ int64, _ *noFields) (*ownTokens, error) {
	tokens := identity.Live(c.Tx.Map, c.Who.Principal, c.Now)
	uses, err := usesOf(c, tokens)
	a := &ownTokens{Infos: []ownToken{}}
	for _, t := range tokens {
		a.Infos = append(a.Infos, ownToken{infoOf(t), uses[t.ID]})
	}
	return a, err
}

// usesOf gives the last uses of those tokens that have been used, by id.
func usesOf(c *api.Call, tokens []*authz.Credential) (map[string]lastUse, error) {
	ids := make([]string, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	uses, err := c.Tx.Uses(ids)
	last := make(map[string]lastUse, len(uses))
	for id, u := range uses {
		last[id] = lastUse{time.UnixMilli(u.At).Truncate(24 * time.Hour).UnixMilli(), u.Source}
	}
	return last, err
}

// findOwnToken finds one of the caller's own tokens; those of others are as good as absent.
func findOwnToken(c *api.Call, q *tokenNamed) (*authz.Credential, api.Target, error) {
	t, ok := c.Tx.Map.CredentialByID(q.id())
	if !ok || !t.IsToken() || t.Principal != c.Who.Principal {
		t = nil
	}
	return t, api.Target{Object: authz.TokensRoot}, nil
}

// findAnyToken finds any token. That there is none is said after the decision.
func findAnyToken(c *api.Call, q *tokenNamed) (*authz.Credential, api.Target, error) {
	t, ok := c.Tx.Map.CredentialByID(q.id())
	if !ok || !t.IsToken() {
		t = nil
	}
	return t, api.Target{Object: authz.TokensRoot}, nil
}

func absentToken(id string) error { return fail.NotFoundf("Token with ID %.80s does not exist.", id) }

func deleteToken(c *api.Call, t *authz.Credential, q *tokenNamed) (*noFields, error) {
	if t == nil {
		return nil, absentToken(q.id())
	}
	noteToken(c, t)
	return &noFields{}, c.Tx.Govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: t.ID, Principal: t.Principal}})
}

// tokenFields are what can be changed of a token, for update_mask.
var tokenFields = []string{"comment", "scopes"}

func updateToken(c *api.Call, t *authz.Credential, q *tokenNamed) (*noFields, error) {
	if t == nil {
		return nil, absentToken(q.id())
	}
	next := *t
	for field := range strings.SplitSeq(q.Mask, ",") {
		switch strings.TrimSpace(field) {
		case "comment":
			next.Comment = q.Token.Comment
		case "scopes":
			scopes, err := identity.Narrow(q.Token.Scopes, c.Who.Scopes)
			if err != nil {
				return nil, err
			}
			next.Scopes = scopes
		default:
			return nil, fail.Invalidf("update_mask names %.60q; fields that can be changed: %s", field, strings.Join(tokenFields, ", "))
		}
	}
	if err := identity.CheckComment(next.Comment); err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &next}); err != nil {
		return nil, err
	}
	noteToken(c, &next)
	return &noFields{}, nil
}

// listAllTokens gives everybody's tokens, or those that one principal made.
func listAllTokens(c *api.Call, _ int64, q *tokensOf) (*managedTokens, error) {
	m, by := c.Tx.Map, q.ID
	if q.Name != "" {
		p, ok := m.PrincipalByName(authz.User, q.Name)
		if !ok || by != 0 && by != p.ID {
			return &managedTokens{Infos: []managedToken{}}, nil
		}
		by = p.ID
	}
	var tokens []*authz.Credential
	for p := range m.Principals() {
		for _, t := range identity.Live(m, p.ID, c.Now) {
			if by == 0 || t.CreatedBy == by {
				tokens = append(tokens, t)
			}
		}
	}
	infos, err := managed(c, tokens...)
	return &managedTokens{infos}, err
}

func getToken(c *api.Call, t *authz.Credential, q *tokenNamed) (*oneToken, error) {
	if t == nil {
		return nil, absentToken(q.id())
	}
	infos, err := managed(c, t)
	if err != nil {
		return nil, err
	}
	return &oneToken{infos[0]}, nil
}

// managed gives tokens with their makers and last uses.
func managed(c *api.Call, tokens ...*authz.Credential) ([]managedToken, error) {
	uses, err := usesOf(c, tokens)
	if err != nil {
		return nil, err
	}
	infos := make([]managedToken, len(tokens))
	for i, t := range tokens {
		infos[i] = managedToken{tokenInfo: infoOf(t), Owner: t.Principal, CreatorID: t.CreatedBy, Workspace: c.Workspace(), lastUse: uses[t.ID]}
		if p, ok := c.Tx.Map.Principal(t.CreatedBy); ok {
			infos[i].CreatorName = p.Name
		}
	}
	return slices.Clip(infos), nil
}
