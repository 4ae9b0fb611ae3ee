package governance

import (
	"cmp"
	"slices"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/store"
)

// sessionRoutes sign people in and out of the console, and show them where they are signed in.
func (f *Front) sessionRoutes() []api.Route {
	return []api.Route{
		api.OpenWrite("POST /sessions", "who signs in has nothing yet but what the request proves", f.openSession,
			api.As[openRequest]("login"), api.Ahead(f.proves)),
		api.Read("GET /session", authz.SignedIn, api.At[nothing](authz.WorkspaceObject), f.getSession),
		api.Read("GET /token-scopes", authz.UseTokens, api.At[nothing](authz.TokensRoot), tokenScopes),
		api.Write("POST /session/renew", authz.SignedIn, findSession, f.renewSession, api.As[nothing]("renewSession"), api.Alone[nothing]),
		api.Write("DELETE /session", authz.SignedIn, findSession, f.endOwn, api.As[nothing]("logout"), api.Alone[nothing]),
		api.Read("GET /sessions", authz.ManageSessions, api.At[nothing](authz.WorkspaceObject), listSessions),
		api.Write("DELETE /sessions/{id}", authz.ManageSessions, findOwnSession, f.endOther, api.As[sessionNamed]("logout"), api.Alone[sessionNamed]),
	}
}

// consoleHeader must come with a sign-in: another site can make a browser post a form, and so sign somebody in as somebody else, but it
// cannot add a header.
const consoleHeader = "X-Bailiwick-Console"

// openRequest proves a person: by a token, or by the code of a one-time sign-in link.
type openRequest struct {
	Token string `json:"token"`
	Link  string `json:"link"`
}

// sessionAnswer is what the console needs to know about who looks at it.
type sessionAnswer struct {
	User          viewerRef `json:"user"`
	Groups        []string  `json:"groups"`
	Administrator bool      `json:"administrator"`
	Auditor       bool      `json:"auditor"`
	// CSRF must come back in X-CSRF-Token with each change; empty for a caller without a session.
	CSRF    string `json:"csrf"`
	Session string `json:"session"`
	Expires int64  `json:"expires_at"` // ms since 1970; 0 = never
	// Host is this server's address as clients are to use it.
	Host          string `json:"host"`
	Version       string `json:"version"`
	MLflow        string `json:"mlflow_version"`
	MLflowUI      bool   `json:"mlflow_ui"`
	AccessControl bool   `json:"access_control"`
	// Abilities are those that the caller has on the workspace as a whole.
	Abilities []string `json:"abilities"`
	// Creates is what he may make, and where: on the registry, in his home folder, in the Shared folder, in the root.
	Creates []createdAt `json:"creates"`
}

// createdAt is an ability to make something, on the object that it is had on.
type createdAt struct {
	Ability string `json:"ability"`
	objectRef
}

type viewerRef struct {
	principalRef
	DisplayName string `json:"display_name"`
}

func (f *Front) sessionOf(c *api.Call) *sessionAnswer {
	m := c.Tx.Map
	p, _ := m.Principal(c.Who.Principal)
	a := &sessionAnswer{
		User: viewerRef{principalOf(m, p.ID), cmp.Or(p.Shown, p.Name)}, Groups: []string{}, Expires: c.Who.Expires, Host: c.BaseURL(),
		Version: f.Version, MLflow: f.MLflow, MLflowUI: f.MLflowUI != nil && f.MLflowUI(), AccessControl: m.AccessControl(), Abilities: []string{},
	}
	for _, id := range groupsOf(m, p.ID) {
		g, _ := m.Principal(id)
		a.Groups = append(a.Groups, g.Name)
		a.Administrator, a.Auditor = a.Administrator || id == authz.GroupAdmins, a.Auditor || id == authz.GroupAuditors
	}
	if c.Who.Method == authz.MethodSession {
		a.Session, a.CSRF = c.Who.Credential, c.CSRFToken(c.Who.Credential)
	}
	for _, row := range authz.Rows(authz.Workspace) {
		if c.Can(row.Ability, authz.WorkspaceObject) {
			a.Abilities = append(a.Abilities, row.Ability.String())
		}
	}
	a.Creates = createsOf(c)
	return a
}

// createsOf gives what the caller may make, and where he would begin to.
func createsOf(c *api.Call) []createdAt {
	places := []int64{authz.FolderShared, authz.Root}
	if home, ok := c.Tx.Map.Home(c.Who.Principal); ok {
		places = slices.Insert(places, 0, home.ID)
	}
	list := []createdAt{}
	add := func(ability authz.Ability, object int64) {
		if c.Can(ability, object) {
			list = append(list, createdAt{ability.String(), objectOf(c.Tx.Map, object)})
		}
	}
	add(authz.CreateModel, authz.ModelsRoot)
	add(authz.UseTokens, authz.TokensRoot)
	for _, place := range places {
		add(authz.CreateItems, place)
		add(authz.CreateExperiments, place)
	}
	return list
}

// openSession opens a session and gives the browser its cookies.
func (f *Front) openSession(c *api.Call, q *openRequest) (*sessionAnswer, error) {
	c.SetHeader("Cache-Control", "no-store")
	if c.Header(consoleHeader) == "" {
		return nil, fail.New(fail.Unauthenticated, "a sign-in comes from the console's own page, with the header %s", consoleHeader)
	}
	in, err := f.proven(c, q)
	if err != nil {
		return nil, err
	}
	in.Life = cmp.Or(f.SessionLife, identity.SessionLife)
	if _, err := c.OpenSession(in); err != nil {
		return nil, err
	}
	return f.sessionOf(c), nil
}

// proven checks what a sign-in brings.
func (f *Front) proven(c *api.Call, q *openRequest) (in identity.SignIn, err error) {
	switch {
	case (q.Token == "") == (q.Link == ""):
		return in, errNoProof
	case q.Link != "":
		c.Note("method", "link")
		in.Principal, err = f.useLink(c, q.Link)
		return in, err
	}
	c.Note("method", "token")
	token, err := f.tokenOf(c.Tx, q.Token)
	if err != nil {
		return in, err
	}
	c.Note("tokenId", token.ID)
	c.Who.Principal = token.Principal
	return identity.SignIn{Principal: token.Principal, Token: token}, c.CheckAddress()
}

// tokenOf gives the token that a sign-in brings, if it stands.
func (f *Front) tokenOf(tx *store.Tx, value string) (*authz.Credential, error) {
	hash := identity.Hash(f.TokenKey, []byte(value))
	token, ok := tx.Map.Credential(hash[:])
	if !ok || !token.IsToken() {
		return nil, errToken
	}
	p, ok := tx.Map.Principal(token.Principal)
	if _, _, stands := tx.Map.Standing(token, time.UnixMilli(tx.Now)); !ok || !p.Active || !stands {
		return nil, errToken
	}
	return token, nil
}

var errNoProof = fail.New(fail.Unauthenticated, "a sign-in needs a token, or the code of a sign-in link")

var errToken = fail.New(fail.Unauthenticated, "This token is unknown, revoked or expired, or its owner is not active.")

func (f *Front) getSession(c *api.Call, _ int64, _ *nothing) (*sessionAnswer, error) {
	c.SetHeader("Cache-Control", "no-store")
	return f.sessionOf(c), nil
}

// findSession finds the session that the caller has come with; nil for one who came with a token.
func findSession(c *api.Call, _ *nothing) (*authz.Credential, api.Target, error) {
	cred, ok := c.Tx.Map.CredentialByID(c.Who.Credential)
	if !ok || !cred.Session {
		cred = nil
	}
	return cred, api.Target{Object: authz.WorkspaceObject}, nil
}

var errNoSession = fail.Statef("this call came with a token, not with a session")

func (f *Front) renewSession(c *api.Call, s *authz.Credential, _ *nothing) (*sessionAnswer, error) {
	if s == nil {
		return nil, errNoSession
	}
	next, err := identity.RenewSession(c.Tx.Map, s, time.UnixMilli(c.Tx.Now), cmp.Or(f.SessionLife, identity.SessionLife))
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &next}); err != nil {
		return nil, err
	}
	c.Who.Expires = next.Expires
	c.Note("sessionId", s.ID)
	return f.sessionOf(c), nil
}

func (f *Front) endOwn(c *api.Call, s *authz.Credential, _ *nothing) (*nothing, error) {
	if s == nil {
		return nil, errNoSession
	}
	c.EndSession()
	return endSession(c, s)
}

func endSession(c *api.Call, s *authz.Credential) (*nothing, error) {
	c.Note("sessionId", s.ID)
	return &nothing{}, c.Tx.Govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: s.ID, Principal: s.Principal}})
}

// sessionRow is a session as its owner sees it.
type sessionRow struct {
	ID       string `json:"id"`
	Created  int64  `json:"created_at"`             // ms since 1970
	LastUsed int64  `json:"last_used_at,omitempty"` // ms since 1970, by the minute
	Source   string `json:"source,omitempty"`       // the address of the last use
	Expires  int64  `json:"expires_at"`
	Agent    string `json:"user_agent"`
	Current  bool   `json:"current"`
	// Method is how the person signed in: "token", "link", or "provider"; Provider is then its name in the configuration.
	Method   string `json:"method"`
	Provider string `json:"provider,omitempty"`
}

// methodOf says how a session was opened.
func methodOf(s *authz.Credential) (method, provider string) {
	switch {
	case s.By != nil:
		return "provider", s.By.Provider
	case s.Origin != "":
		return "token", ""
	}
	return "link", ""
}

type sessionList struct {
	Sessions []sessionRow `json:"sessions"`
}

// listSessions gives the caller's own sessions, the newest first.
func listSessions(c *api.Call, _ int64, _ *nothing) (*sessionList, error) {
	live := identity.Sessions(c.Tx.Map, c.Who.Principal, c.Now)
	ids := make([]string, len(live))
	for i, s := range live {
		ids[i] = s.ID
	}
	uses, err := c.Tx.Uses(ids)
	if err != nil {
		return nil, err
	}
	a := &sessionList{Sessions: []sessionRow{}}
	for _, s := range slices.Backward(live) {
		used := uses[s.ID]
		method, provider := methodOf(s)
		a.Sessions = append(a.Sessions, sessionRow{s.ID, s.Created, used.At, used.Source, s.Expires, s.Comment, s.ID == c.Who.Credential, method, provider})
	}
	return a, nil
}

type sessionNamed struct {
	ID string `json:"-" path:"id"`
}

// findOwnSession finds one of the caller's own sessions; those of others are as good as absent.
func findOwnSession(c *api.Call, q *sessionNamed) (*authz.Credential, api.Target, error) {
	s, ok := c.Tx.Map.CredentialByID(q.ID)
	if !ok || !s.Session || s.Principal != c.Who.Principal {
		s = nil
	}
	return s, api.Target{Object: authz.WorkspaceObject}, nil
}

func (f *Front) endOther(c *api.Call, s *authz.Credential, q *sessionNamed) (*nothing, error) {
	if s == nil {
		return nil, fail.NotFoundf("Session %.80s does not exist.", q.ID)
	}
	if s.ID == c.Who.Credential {
		c.EndSession()
	}
	return endSession(c, s)
}
