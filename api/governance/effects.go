package governance

import (
	"cmp"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
)

// effectRoutes say what a change would do to everybody's access, and change nothing. They ask what the change itself asks; since they show
// what others may do, they are recorded as reads of permissions.
func (f *Front) effectRoutes() []api.Route {
	return []api.Route{
		api.Read("POST /permissions/{type}/{id}/preview", authz.ChangePermissions, api.FindGoverned, previewPermissions,
			api.Audit[api.ACLRequest](api.Each, "workspace", previewAction)),
		api.Read("POST /workspace/move/preview", authz.MoveRename, findMoved, previewMove,
			api.Also(authz.CreateItems, moveTargets), api.Or[moveRequest](authz.CreateExperiments, authz.ViewItems),
			api.Audit[moveRequest](api.Each, "workspace", previewAction)),
		api.Read("POST /workspace-conf/preview", authz.ManageSettings, api.At[confRequest](authz.WorkspaceObject), previewConf,
			api.Audit[confRequest](api.Each, "workspace", previewAction)),
	}
}

const previewAction = "previewPermissions"

// effect is what a change would do to the access of active users and service principals to an object.
type effect struct {
	// ETag is the version of the object's own permissions that was compared with, for If-Match of the change.
	ETag string `json:"etag"`
	// BeforePeople and AfterPeople are the numbers of those with any level on the object.
	BeforePeople int `json:"before_people"`
	AfterPeople  int `json:"after_people"`
	// Gain and Lose are the numbers of those who gain and who lose an ability.
	Gain int `json:"gain"`
	Lose int `json:"lose"`
	// Changes are those for whom something is different, who loses first; at most mostChanges.
	Changes   []effectRow `json:"changes"`
	Truncated bool        `json:"truncated"`
	// Hidden: the caller may not read the permissions of the object where it would be, so that the numbers must do.
	Hidden bool `json:"hidden"`
	// Below is the number of objects below that inherit.
	Below             int  `json:"below"`
	ViewerLosesManage bool `json:"viewer_loses_manage"`
}

// effectRow is one principal: his levels, empty for none, the titles of abilities, and the groups through which he has the levels.
type effectRow struct {
	Principal principalRef   `json:"principal"`
	Before    string         `json:"before"`
	After     string         `json:"after"`
	Gains     []string       `json:"gains"`
	Loses     []string       `json:"loses"`
	Through   []principalRef `json:"through"`
}

const mostChanges = 200

// effectOf compares the access map with the one after some events.
func effectOf(c *api.Call, o *authz.Object, events []authz.Event, objects ...int64) (*effect, *authz.Map, error) {
	before := c.Tx.Map
	after, err := before.Apply(before.Version(), events...)
	if err != nil {
		return nil, nil, err
	}
	e := authz.Compare(before, after, append([]int64{o.ID}, objects...)...)
	out := &effect{ETag: api.ACLTag(o), BeforePeople: e.Before, AfterPeople: e.After, Gain: e.Gain, Lose: e.Lose, Below: authz.Below(after, o.ID),
		ViewerLosesManage: c.Can(authz.ChangePermissions, o.ID) && !allowed(c, after, authz.ChangePermissions, o.ID)}
	out.Changes, out.Truncated = effectRows(before, after, e.Changes)
	return out, after, nil
}

// allowed decides on a map that may come to be.
func allowed(c *api.Call, m *authz.Map, ability authz.Ability, object int64) bool {
	return authz.Decide(m, c.Who, ability, object, c.Now).Allowed
}

func effectRows(before, after *authz.Map, changes []authz.Change) (rows []effectRow, truncated bool) {
	names := make(map[int64]string, len(changes))
	for _, ch := range changes {
		names[ch.Principal] = strings.ToLower(principalOf(before, ch.Principal).Name)
	}
	slices.SortFunc(changes, func(a, b authz.Change) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), strings.Compare(names[a.Principal], names[b.Principal]), cmp.Compare(a.Principal, b.Principal))
	})
	rows = []effectRow{}
	for _, ch := range changes[:min(len(changes), mostChanges)] {
		rows = append(rows, effectRowOf(after, ch))
	}
	return rows, len(changes) > mostChanges
}

// weight puts first who loses something, last for whom only the level has another name.
func weight(ch authz.Change) int {
	switch {
	case len(ch.Loses) > 0:
		return 0
	case len(ch.Gains) > 0:
		return 1
	}
	return 2
}

func effectRowOf(m *authz.Map, ch authz.Change) effectRow {
	row := effectRow{Principal: principalOf(m, ch.Principal), Before: levelText(ch.Before), After: levelText(ch.After),
		Gains: append([]string{}, ch.Gains...), Loses: append([]string{}, ch.Loses...), Through: []principalRef{}}
	for _, id := range ch.Through {
		row.Through = append(row.Through, principalOf(m, id))
	}
	return row
}

// levelText is a level's name, empty for none.
func levelText(l authz.Level) string {
	text, _ := l.MarshalText() // all levels of decisions have names
	return string(text)
}

// previewPermissions says what a PUT of the same body would do.
func previewPermissions(c *api.Call, o *authz.Object, q *api.ACLRequest) (*effect, error) {
	if err := checkVersion(c, o); err != nil {
		return nil, err
	}
	changed, err := api.PlanACL(c, o, q, authz.PutEntries)
	if err != nil {
		return nil, err
	}
	e, _, err := effectOf(c, o, []authz.Event{api.PutObject(changed)})
	c.SetHeader("ETag", api.ACLTag(o))
	return e, err
}

// previewMove says what a move would do. The permissions of the folder that something comes to are not everybody's to read who may put
// something there.
func previewMove(c *api.Call, p api.Place, q *moveRequest) (*effect, error) {
	moved, _, err := planMove(c, p, q)
	if err != nil {
		return nil, err
	}
	e, after, err := effectOf(c, p.Object, []authz.Event{api.PutObject(moved)})
	if err != nil {
		return nil, err
	}
	if !c.Can(authz.ReadPermissions, p.Object.ID) || !allowed(c, after, authz.ReadPermissions, p.Object.ID) {
		e.Hidden, e.Changes, e.Truncated = true, []effectRow{}, false
	}
	return e, nil
}

// confRequest is the setting as a change of it is sent.
type confRequest struct {
	AccessControl string `json:"enableWorkspaceAcls"`
}

// confEffect is what switching access control would do to the Workspace folder and the model registry, and so to all that takes its permissions
// from them. GetsManage are the objects on which everybody will have Manage, so that nobody loses what he worked with.
type confEffect struct {
	effect
	GetsManage []objectRef `json:"gets_manage"`
}

// mostGiven is how many of the objects that everybody is given are compared: it takes as long as it takes for all people, once each.
const mostGiven = 20

func previewConf(c *api.Call, _ int64, q *confRequest) (*confEffect, error) {
	events, err := authz.SwitchAccessControl(c.Tx.Map, q.AccessControl)
	if err != nil {
		return nil, err
	}
	given, also := []objectRef{}, []int64{authz.ModelsRoot}
	for _, e := range events {
		if e.Object != nil {
			given, also = append(given, objectOf(c.Tx.Map, e.Object.ID)), append(also, e.Object.ID)
		}
	}
	root, _ := c.Tx.Map.Object(authz.Root)
	e, _, err := effectOf(c, root, events, also[:min(len(also), 1+mostGiven)]...)
	if err != nil {
		return nil, err
	}
	return &confEffect{*e, given}, nil
}
