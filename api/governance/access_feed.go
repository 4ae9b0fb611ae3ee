package governance

import (
	"strconv"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// feedRoutes tell who gained and lost what, because of which event.
func (f *Front) feedRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /access-feed", authz.ReadAudit, findFeed, accessFeed, api.Or[feedRequest](authz.AskAboutSelf)),
	}
}

type feedRequest struct {
	// Since is a cursor of an earlier answer, or a time (RFC 3339); empty = the beginning.
	Since string `json:"-" query:"since"`
	// Principal is whom the changes are about, by name or id.
	Principal string `json:"-" query:"principal"`
	// Object is what they are about: changes of what contains it count, where they reach it.
	Object string `json:"-" query:"object"`
	Max    int    `json:"-" query:"max_results"`
}

// maxFeedNames is the most people that are named of one change.
const maxFeedNames = 100

// feedAnswer is a page of the feed, oldest first. Next is where the next one begins, also when there is nothing yet. The feed is worked out up to
// Version.
type feedAnswer struct {
	Changes []accessChange `json:"changes"`
	Next    string         `json:"next"`
	More    bool           `json:"more"`
	Version int64          `json:"version"`
}

// accessChange is what one event gave to people or took from them, on an object and what lies below it but for what is excepted.
type accessChange struct {
	Cursor string    `json:"cursor"`
	At     int64     `json:"at"` // ms since 1970
	Event  feedEvent `json:"event"`

	Object *objectRef  `json:"object,omitempty"`
	Except []objectRef `json:"except,omitempty"`
	Before string      `json:"before,omitempty"`
	After  string      `json:"after,omitempty"`
	Gains  []string    `json:"gains"`
	Loses  []string    `json:"loses"`
	// Credential is a token that came or went; Gained says which, Scopes what it reaches now, none for all.
	Credential string   `json:"credential,omitempty"`
	Gained     *bool    `json:"gained,omitempty"`
	Scopes     []string `json:"scopes,omitempty"`

	// Principals are up to a hundred of the people whom it is about, Count is how many there are; about oneself there is oneself.
	Principals []principalRef `json:"principals"`
	Count      int64          `json:"count"`
}

// feedEvent is the event in the ledger. Where it came from is for those who may read the ledger.
type feedEvent struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Action  string `json:"action"`
	ActorID string `json:"actor_id"`
	Actor   string `json:"actor"`
	Reason  string `json:"reason,omitempty"`
	Source  string `json:"source,omitempty"`
}

// findFeed asks less of who asks about himself. Whether somebody else exists is looked at later, so that who may not ask learns nothing.
func findFeed(c *api.Call, q *feedRequest) (int64, api.Target, error) {
	t := api.Target{Object: authz.WorkspaceObject}
	if q.Principal == "" {
		return 0, t, nil
	}
	p, ok := findPrincipal(c.Tx.Map, q.Principal)
	switch {
	case !ok:
		id, err := strconv.ParseInt(q.Principal, 10, 64) // who is gone is found by his id
		if err != nil {
			id = -1
		}
		return id, t, nil
	case p.ID == c.Who.Principal:
		t.Ability = authz.AskAboutSelf
	}
	return p.ID, t, nil
}

func accessFeed(c *api.Call, principal int64, q *feedRequest) (*feedAnswer, error) {
	if principal < 0 {
		return nil, fail.NotFoundf("Principal '%.80s' does not exist.", q.Principal)
	}
	limit, err := pageSize(q.Max)
	if err != nil {
		return nil, err
	}
	ask := store.ShiftQuery{Principal: principal, Limit: limit + 1, Names: maxFeedNames}
	if ask.After, ask.Since, err = parseSince(q.Since); err != nil {
		return nil, err
	}
	if ask.Objects, err = feedObjects(c, q.Object); err != nil {
		return nil, err
	}
	rows, upto, err := c.Tx.Shifts(ask)
	if err != nil {
		return nil, err
	}
	a := &feedAnswer{Changes: []accessChange{}, Next: q.Since, More: len(rows) > limit, Version: upto}
	whole := c.Can(authz.ReadAudit, authz.WorkspaceObject)
	for _, row := range rows[:min(limit, len(rows))] {
		a.Next = feedCursor(row.ShiftPlace)
		if !excepts(&row, ask.Objects) {
			a.Changes = append(a.Changes, changeOf(c.Tx.Map, &row, whole))
		}
	}
	return a, nil
}

// feedCursor is a place in the feed. It opens nothing: each page is decided by itself.
func feedCursor(p store.ShiftPlace) string {
	return strconv.FormatInt(p.Version, 10) + "." + strconv.FormatInt(p.Part, 10)
}

// parseSince reads a cursor or a time.
func parseSince(text string) (after store.ShiftPlace, since int64, err error) {
	if text == "" {
		return after, 0, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return after, at.UnixMilli(), nil
	}
	version, part, ok := strings.Cut(text, ".")
	v, err1 := strconv.ParseInt(version, 10, 64)
	p, err2 := strconv.ParseInt(part, 10, 64)
	if !ok || err1 != nil || err2 != nil || v < 0 || p < 0 {
		return after, 0, fail.Invalidf("since is a cursor of this endpoint, or a time such as 2026-01-31T12:00:00Z, not %.60q", text)
	}
	return store.ShiftPlace{Version: v, Part: p}, 0, nil
}

// feedObjects gives an object and all that contains it, nearest first; none for no object.
func feedObjects(c *api.Call, text string) (ids []int64, err error) {
	if text == "" {
		return nil, nil
	}
	o, err := findObject(c, text)
	if err != nil {
		return nil, err
	}
	if !c.Tx.Map.Knows(c.Who.Principal, o.ID) && !c.Can(authz.ReadAudit, authz.WorkspaceObject) {
		return nil, absentObject(text)
	}
	for at := range c.Tx.Map.Chain(o.ID) {
		ids = append(ids, at.ID)
	}
	return ids, nil
}

// excepts says that a row about something above the object does not hold for it: it excepts the object, or what lies between.
func excepts(row *store.ShiftRow, objects []int64) bool {
	if len(objects) > 0 && row.Object != objects[0] && row.Before == row.After {
		return true // abilities that no level gives are not inherited
	}
	for _, id := range objects {
		if id == row.Object {
			return false
		}
		for _, except := range row.Except {
			if except == id {
				return true
			}
		}
	}
	return false
}

func changeOf(m *authz.Map, row *store.ShiftRow, whole bool) accessChange {
	x := accessChange{
		Cursor: feedCursor(row.ShiftPlace), At: row.At, Gains: list(row.Gains), Loses: list(row.Loses), Credential: row.Credential, Scopes: row.Scopes,
		Count: row.Count, Principals: []principalRef{}, Event: feedEvent{ID: strconv.FormatInt(row.Entry, 10), Version: row.Version, Action: row.Action,
			ActorID: strconv.FormatInt(row.Actor.ID, 10), Actor: row.Actor.Name, Reason: row.Reason},
	}
	if whole {
		x.Event.Source = row.Source
	}
	if row.Credential != "" {
		x.Gained = &row.Gained
	} else {
		x.Object = feedObject(row)
		x.Before, x.After = levelText(row.Before), levelText(row.After)
	}
	for _, id := range row.Except {
		if o := objectOf(m, id); whole {
			x.Except = append(x.Except, o)
		} else {
			x.Except = append(x.Except, objectRef{Object: o.Object, Kind: o.Kind})
		}
	}
	for i, id := range row.People {
		ref := principalOf(m, id)
		if ref.Name == "" {
			ref.Name = row.Names[i]
		}
		x.Principals = append(x.Principals, ref)
	}
	return x
}

// feedObject names the object as it was called when it happened.
func feedObject(row *store.ShiftRow) *objectRef {
	ref := &objectRef{Object: row.Request, Kind: row.Kind, Name: row.Place}
	if i := strings.LastIndexByte(row.Place, '/'); i >= 0 {
		ref.Path, ref.Name = row.Place, row.Place[i+1:]
	}
	return ref
}

func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
