package governance

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
)

// credentialRoutes are the inventory of credentials. One's own are shown to everybody, all of them to administrators and auditors.
func (f *Front) credentialRoutes() []api.Route {
	one := "/credentials/{credential_id}"
	accepted := "/credentials/findings/{finding_id}/acceptance"
	return []api.Route{
		api.Read("GET /credentials", authz.OwnCredentials, findCredentials[credentialsRequest], listCredentials,
			api.Or[credentialsRequest](authz.ReadFindings)),
		api.Read("GET /credentials/findings", authz.OwnCredentials, findCredentials[findingsRequest], listFindings,
			api.Or[findingsRequest](authz.ReadFindings)),
		api.Write("PUT "+accepted, authz.ManageIdentities, api.At[acceptRequest](authz.WorkspaceObject), acceptFinding,
			api.As[acceptRequest]("acceptFinding")),
		api.Write("DELETE "+accepted, authz.ManageIdentities, api.At[findingNamed](authz.WorkspaceObject), recallFinding,
			api.As[findingNamed]("recallFinding")),
		api.Read("GET "+one, authz.OwnCredentials, findCredential, showCredential, api.Or[credentialNamed](authz.ReadFindings)),
		api.Read("GET "+one+"/impact", authz.OwnCredentials, findCredential, showImpact, api.Or[credentialNamed](authz.ReadFindings)),
		api.Write("POST "+one+"/revoke", authz.OwnCredentials, findRevoked, revokeCredential,
			api.Or[revokeRequest](authz.ManageTokens, authz.ManageIdentities), api.As[revokeRequest]("revokeCredential"), api.Alone[revokeRequest]),
	}
}

type credentialsRequest struct {
	// Owner is a principal by name or id, or "me"; empty = everybody's, of who may not see those his own.
	Owner string `json:"-" query:"owner"`
	// Kind is token or session; empty = all.
	Kind string `json:"-" query:"kind"`
	// State is active, ended or owner-inactive; empty = all.
	State     string `json:"-" query:"state"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

func (q *credentialsRequest) owner() string { return q.Owner }

// ofOwner is a request for the credentials of one or of all.
type ofOwner interface{ owner() string }

const me = "me"

// findCredentials finds whose credentials are asked for: -1 for everybody's. Who names nobody gets what he may see; whether somebody else exists
// is looked at later, so that who may not ask learns nothing.
func findCredentials[Q any](c *api.Call, q *Q) (int64, api.Target, error) {
	t := api.Target{Object: authz.WorkspaceObject}
	name := any(q).(ofOwner).owner()
	who, known := findPrincipal(c.Tx.Map, name)
	switch {
	case name == me, name == "" && !c.Can(authz.ReadFindings, authz.WorkspaceObject), known && who.ID == c.Who.Principal:
		return c.Who.Principal, t, nil
	case name == "":
		t.Ability = authz.ReadFindings
		return -1, t, nil
	}
	t.Ability = authz.ReadFindings
	if !known {
		return 0, t, nil
	}
	return who.ID, t, nil
}

// credentialRow is a credential in the inventory.
type credentialRow struct {
	ID    string       `json:"id"`
	Kind  string       `json:"kind"`
	Title string       `json:"title"`
	Owner principalRef `json:"owner"`
	// OwnerActive is false for one who is deactivated or gone.
	OwnerActive bool         `json:"owner_active"`
	Created     int64        `json:"created_at"` // ms since 1970
	CreatedBy   principalRef `json:"created_by"`
	Expires     int64        `json:"expires_at"` // ms since 1970; 0 = never
	Comment     string       `json:"comment"`
	// Scopes are the families that it reaches; empty = all.
	Scopes []string `json:"scopes"`
	// State is active, ended (it expired, or what it was opened with is gone) or owner-inactive.
	State       string `json:"state"`
	LastUsed    int64  `json:"last_used_at,omitempty"` // ms since 1970, by the minute; absent before the first use
	LastSource  string `json:"last_source,omitempty"`
	LastProgram string `json:"last_program,omitempty"`
	// Origin is the token that a session was opened with.
	Origin   string       `json:"origin,omitempty"`
	Findings []findingRow `json:"findings"`
	// CanRevoke says that the caller may revoke it.
	CanRevoke bool `json:"can_revoke"`
}

type credentialsAnswer struct {
	Credentials []credentialRow `json:"credentials"`
	Next        string          `json:"next_page_token,omitempty"`
}

const defaultCredentials, maxCredentials = 100, 1000

// The states of a credential.
const (
	stateActive        = "active"
	stateEnded         = "ended"
	stateOwnerInactive = "owner-inactive"
)

func stateOf(c *api.Call, cred *authz.Credential) string {
	p, ok := c.Tx.Map.Principal(cred.Principal)
	switch _, _, stands := c.Tx.Map.Standing(cred, c.Now); {
	case !stands:
		return stateEnded
	case !ok || !p.Active:
		return stateOwnerInactive
	}
	return stateActive
}

// listCredentials gives credentials, the newest first.
func listCredentials(c *api.Call, owner int64, q *credentialsRequest) (*credentialsAnswer, error) {
	limit, err := pageOf(q.Max, defaultCredentials, maxCredentials)
	if err != nil {
		return nil, err
	}
	skip, err := parseOffset(q.PageToken)
	if err != nil {
		return nil, err
	}
	if err := oneOf("kind", q.Kind, credential.KindNames()); err != nil {
		return nil, err
	}
	if err := oneOf("state", q.State, []string{stateActive, stateEnded, stateOwnerInactive}); err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(credentialsOf(c.Tx.Map, owner), func(cred *authz.Credential) bool {
		return q.Kind != "" && credential.KindOf(cred).Name != q.Kind || q.State != "" && stateOf(c, cred) != q.State
	})
	page := all[min(skip, len(all)):]
	page = page[:min(limit, len(page))]
	a := &credentialsAnswer{}
	if a.Credentials, err = credentialRows(c, page); err != nil {
		return nil, err
	}
	if skip+limit < len(all) {
		a.Next = formatOffset(skip + limit)
	}
	return a, nil
}

// oneOf refuses a filter's value that is none of those there are.
func oneOf(name, value string, known []string) error {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return fail.Invalidf("%s is %.40q; known are %s", name, value, strings.Join(known, ", "))
}

// credentialsOf gives the credentials of an owner, of everybody for -1, the newest first.
func credentialsOf(m *authz.Map, owner int64) (all []*authz.Credential) {
	if owner >= 0 {
		all = slices.Collect(m.Credentials(owner))
	} else {
		for p := range m.Principals() {
			all = slices.AppendSeq(all, m.Credentials(p.ID))
		}
	}
	slices.SortFunc(all, func(a, b *authz.Credential) int {
		return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// credentialRows shows credentials with what is wrong with them.
func credentialRows(c *api.Call, page []*authz.Credential) ([]credentialRow, error) {
	rows := []credentialRow{}
	facts, err := factsOf(c, page)
	if err != nil {
		return nil, err
	}
	accepted, err := c.Tx.AcceptedFindings()
	if err != nil {
		return nil, err
	}
	for i := range facts {
		rows = append(rows, credentialRowOf(c, &facts[i], accepted))
	}
	return rows, nil
}

// credentialNamed names a credential by its id.
type credentialNamed struct {
	ID string `json:"-" path:"credential_id"`
}

func noCredential(id string) error { return fail.NotFoundf("Credential %.80s does not exist.", id) }

// findCredential finds a credential; for that of somebody else the ability is another, and without it it is as good as absent.
func findCredential(c *api.Call, q *credentialNamed) (*authz.Credential, api.Target, error) {
	cred, ok := c.Tx.Map.CredentialByID(q.ID)
	t := api.Target{Object: authz.WorkspaceObject, Absent: noCredential(q.ID)}
	if !ok || cred.Principal != c.Who.Principal {
		t.Ability = authz.ReadFindings
	}
	if !ok {
		cred = nil
	}
	return cred, t, nil
}

// credentialAnswer is all that is known of a credential.
type credentialAnswer struct {
	credentialRow
	// Reached are the families of the API that it could use, Used those that it did.
	Reached  []string      `json:"scopes_reached"`
	Used     []sightingRow `json:"scopes_used"`
	Networks []sightingRow `json:"networks"`
	Programs []sightingRow `json:"programs"`
	Places   []placeRow    `json:"hard_coded"`
}

// sightingRow is something seen with a credential. Times are ms since 1970; writes are calls that changed something.
type sightingRow struct {
	Name   string `json:"name"`
	First  int64  `json:"first_at"`
	Last   int64  `json:"last_at"`
	Calls  int64  `json:"calls"`
	Writes int64  `json:"writes"`
}

func showCredential(c *api.Call, cred *authz.Credential, q *credentialNamed) (*credentialAnswer, error) {
	if cred == nil {
		return nil, noCredential(q.ID)
	}
	facts, err := factsOf(c, []*authz.Credential{cred})
	if err != nil {
		return nil, err
	}
	accepted, err := c.Tx.AcceptedFindings()
	if err != nil {
		return nil, err
	}
	f := &facts[0]
	return &credentialAnswer{
		credentialRow: credentialRowOf(c, f, accepted), Reached: f.Reached, Used: seenOf(f, credential.Family),
		Networks: seenOf(f, credential.Network), Programs: seenOf(f, credential.Program), Places: placeRows(c, f.Places),
	}, nil
}

// seenOf gives the sightings of an aspect, the latest first.
func seenOf(f *credential.Facts, a credential.Aspect) []sightingRow {
	rows := []sightingRow{}
	for _, s := range f.Seen {
		if s.Aspect == a {
			rows = append(rows, sightingRow{s.What, s.First, s.Last, s.Count, s.Writes})
		}
	}
	return rows
}

// placeRow is where a credential stands in a notebook or file. The object is named as far as the caller may know of it.
type placeRow struct {
	Object objectRef `json:"object"`
	Place  string    `json:"place"`
	Rule   string    `json:"rule"`
	Found  int64     `json:"found_at"` // ms since 1970
}

func placeRows(c *api.Call, places []credential.Place) []placeRow {
	rows := []placeRow{}
	for _, p := range places {
		rows = append(rows, placeRow{knownObject(c, p.Object), p.At, p.Rule, p.Found})
	}
	return rows
}

// knownObject names an object for somebody who may know of it: administrators and auditors of all. Others get the id alone.
func knownObject(c *api.Call, id int64) objectRef {
	if c.Can(authz.AskAboutOthers, authz.WorkspaceObject) || c.Tx.Map.Knows(c.Who.Principal, id) {
		return objectOf(c.Tx.Map, id)
	}
	return objectRef{Object: strconv.FormatInt(id, 10)}
}
