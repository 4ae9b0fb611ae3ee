package governance

import (
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// loginRoutes make and use one-time sign-in links.
func (f *Front) loginRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /login-links", authz.ManageIdentities, api.At[loginLinkRequest](authz.WorkspaceObject), f.makeLink,
			api.As[loginLinkRequest]("createLoginLink")),
	}
}

// mountLogin adds the page behind a link. The address is short and outside Prefix, since people read and type it.
func (f *Front) mountLogin(d *api.Door) {
	d.Mount(&api.Front{
		Name: "login", Service: "accounts", Prefixes: []string{"/login"}, Decode: api.DecodeJSON, Encode: encodePage,
		ContentType: htmlType, Fail: failPage, Routes: []api.Route{
			api.Open("GET /{code}", "the page is the same for every link and looks nothing up, so that previews of links use none up", loginPage),
			api.OpenWrite("POST /{code}", "who follows a sign-in link has nothing yet but the link", f.login, api.As[loginRequest]("login")),
		},
	})
}

type loginLinkRequest struct {
	User string `json:"user_name"`
}

type loginLinkAnswer struct {
	User    string `json:"user_name"`
	Link    string `json:"login_link"`
	Expires int64  `json:"expires_at"` // ms since 1970
}

// LoginPath is the path of the page behind a link.
func LoginPath(code string) string { return "/login/" + url.PathEscape(code) }

// makeLink makes a link by which a user gets a token of his own.
func (f *Front) makeLink(c *api.Call, _ int64, q *loginLinkRequest) (*loginLinkAnswer, error) {
	if scopes, err := identity.Narrow(nil, c.Who.Scopes); err != nil || scopes != nil {
		return nil, fail.New(fail.Denied, "a token that is cut down to scopes makes no sign-in links: they lead to a token for everything")
	}
	p, ok := c.Tx.Map.PrincipalByName(authz.User, q.User)
	if !ok || p.Kind != authz.User {
		return nil, fail.NotFoundf("User %.80q does not exist. Service principals get tokens through token-management/on-behalf-of.", q.User)
	}
	if !p.Active {
		return nil, fail.Statef("%s is not active.", p.Name)
	}
	code, err := identity.NewLink(rand.Reader)
	if err != nil {
		return nil, err
	}
	link := identity.IssueLink(f.TokenKey, code, p.ID, time.UnixMilli(c.Tx.Now))
	if err := c.Tx.PutLink(link); err != nil {
		return nil, err
	}
	c.Note("targetUserId", identity.FormatID(p.ID))
	c.Note("targetUserName", p.Name)
	c.SetHeader("Cache-Control", "no-store")
	return &loginLinkAnswer{User: p.Name, Link: c.BaseURL() + LoginPath(code), Expires: link.Expires}, nil
}

type loginRequest struct {
	Code string `path:"code"`
}

// signedIn is what a used link gives, for the page and for `bailiwick login`.
type signedIn struct {
	User    string `json:"user_name"`
	TokenID string `json:"token_id"`
	Token   string `json:"token_value"`
	Expires int64  `json:"expiry_time"` // ms since 1970; -1 = never
	Host    string `json:"host"`
}

// loginPage shows the button that uses the link.
func loginPage(c *api.Call, _ *loginRequest) (*page, error) {
	guardPage(c)
	return htmlPage("button", nil)
}

// login uses a link up and gives a token.
func (f *Front) login(c *api.Call, q *loginRequest) (*page, error) {
	guardPage(c)
	now := time.UnixMilli(c.Tx.Now)
	link, err := c.Tx.Link(identity.Hash(f.TokenKey, []byte(q.Code)))
	if err != nil {
		return nil, err
	}
	if link, err = link.Use(now); err != nil {
		return nil, err
	}
	p, ok := c.Tx.Map.Principal(link.Principal)
	if !ok || !p.Active {
		return nil, identity.ErrLink()
	}
	if err := c.Tx.UseLink(link); err != nil {
		return nil, err
	}
	c.Who = authz.Who{Principal: p.ID, Method: "link", SignedIn: c.Now, Source: c.Source()}
	value, cred, err := identity.Issue(rand.Reader, f.TokenKey, now, c.Tx.Map,
		identity.Wish{Owner: p.ID, By: p.ID, Comment: "from a sign-in link"})
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &cred}); err != nil {
		return nil, err
	}
	c.About(authz.WorkspaceObject)
	c.Note("tokenId", cred.ID)
	c.Note("targetUserName", p.Name)
	answer := signedIn{User: p.Name, TokenID: cred.ID, Token: value, Expires: cred.Expires, Host: c.BaseURL()}
	if cred.Expires == 0 {
		answer.Expires = -1
	}
	if wantsJSON(c) {
		return jsonPage(c, answer)
	}
	return htmlPage("token", answer)
}

// wantsJSON tells programs from browsers.
func wantsJSON(c *api.Call) bool {
	accept := c.Header("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
