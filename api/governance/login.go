package governance

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// loginRoutes make and use one-time sign-in links.
func (f *Front) loginRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /login-links", authz.ManageIdentities, api.At[loginLinkRequest](authz.WorkspaceObject), f.makeLink,
			api.As[loginLinkRequest]("createLoginLink")),
	}
}

// mountLogin adds what a link leads to. The address is short and outside Prefix, since people read and type it.
func (f *Front) mountLogin(d *api.Door) {
	d.Mount(&api.Front{
		Name: "login", Service: "accounts", Prefixes: []string{"/login"}, Decode: api.DecodeJSON, Encode: encode,
		ContentType: "application/json", Fail: api.FailJSON, Routes: []api.Route{
			api.Open("GET /{code}", "the page is the same for every link and looks nothing up, so that previews of links use none up", loginPage),
			api.OpenWrite("POST /{code}", "who follows a sign-in link has nothing yet but the link", f.login, api.As[loginRequest]("login"),
				api.Ahead(func(c *api.Call, q *loginRequest) error { return f.proves(c, &openRequest{Link: q.Code}) })),
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
	if p.ID == c.Who.Principal && identity.EndOf(c.Tx.Map, c.Who) != 0 {
		return nil, fail.New(fail.Denied, "a token that ends makes its owner no sign-in link: the link leads to one without end")
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

// signedIn is what a used link gives to `bailiwick login`.
type signedIn struct {
	User    string `json:"user_name"`
	TokenID string `json:"token_id"`
	Token   string `json:"token_value"`
	Expires int64  `json:"expiry_time"` // ms since 1970; -1 = never
	Host    string `json:"host"`
}

// loginPage leads to the console's page for signing in. The code goes behind the #, which browsers keep to themselves.
func loginPage(c *api.Call, q *loginRequest) (*nothing, error) {
	c.SetHeader("Cache-Control", "no-store")
	c.SetHeader("Referrer-Policy", "no-referrer")
	c.SetHeader("Location", "/#/sign-in?link="+url.QueryEscape(q.Code))
	c.SetStatus(http.StatusSeeOther)
	return &nothing{}, nil
}

// linkOf gives a link as it is after its use, and who signs in with it.
func (f *Front) linkOf(tx *store.Tx, code string) (identity.Link, *authz.Principal, error) {
	link, err := tx.Link(identity.Hash(f.TokenKey, []byte(code)))
	if err == nil {
		link, err = link.Use(time.UnixMilli(tx.Now))
	}
	p, ok := tx.Map.Principal(link.Principal)
	if err == nil && (!ok || !p.Active) {
		err = identity.ErrLink()
	}
	return link, p, err
}

// proves looks, ahead of the transaction, whether a sign-in brings anything that counts: a place in the queue of writes is for those who do.
func (f *Front) proves(c *api.Call, q *openRequest) error {
	if (q.Token == "") == (q.Link == "") {
		return errNoProof
	}
	return c.Glance(func(tx *store.Tx) error {
		if q.Link != "" {
			_, _, err := f.linkOf(tx, q.Link)
			return err
		}
		_, err := f.tokenOf(tx, q.Token)
		return err
	})
}

// useLink uses a link up, and gives who signs in with it.
func (f *Front) useLink(c *api.Call, code string) (principal int64, err error) {
	link, p, err := f.linkOf(c.Tx, code)
	if err != nil {
		return 0, err
	}
	c.Note("targetUserName", p.Name)
	c.Who = authz.Who{Principal: p.ID, Method: "link", SignedIn: c.Now, Source: c.Source()}
	if err := c.CheckAddress(); err != nil {
		return 0, err
	}
	return p.ID, c.Tx.UseLink(link)
}

// login uses a link up and gives a token.
func (f *Front) login(c *api.Call, q *loginRequest) (*signedIn, error) {
	c.SetHeader("Cache-Control", "no-store")
	id, err := f.useLink(c, q.Code)
	if err != nil {
		return nil, err
	}
	p, _ := c.Tx.Map.Principal(id)
	value, cred, err := identity.Issue(rand.Reader, f.TokenKey, time.UnixMilli(c.Tx.Now), c.Tx.Map,
		identity.Wish{Owner: p.ID, By: p.ID, Comment: "from a sign-in link"})
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &cred}); err != nil {
		return nil, err
	}
	c.About(authz.WorkspaceObject)
	c.Note("tokenId", cred.ID)
	answer := &signedIn{User: p.Name, TokenID: cred.ID, Token: value, Expires: cred.Expires, Host: c.BaseURL()}
	if cred.Expires == 0 {
		answer.Expires = -1
	}
	return answer, nil
}
