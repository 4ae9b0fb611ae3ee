package governance

import (
	"cmp"
	"slices"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
)

// homeAnswer is what waits for the caller.
type homeAnswer struct {
	// Recent are what he manages by himself and was changed last, the latest first.
	Recent []viewed `json:"recent"`
	// Requests is the number of transition requests that he may approve or reject, Mine that of his own.
	Requests int `json:"requests"`
	Mine     int `json:"my_requests"`
	// Expiring are his tokens that end soon, the first to end first.
	Expiring []expiringToken `json:"tokens_expiring"`
	// Unowned is the number of objects that he manages and that nobody answers for.
	Unowned int `json:"unowned"`
	// FirstSteps: he has nothing yet.
	FirstSteps bool `json:"first_steps"`
}

type expiringToken struct {
	ID      string `json:"id"`
	Comment string `json:"comment"`
	Expires int64  `json:"expires_at"` // ms since 1970
}

const (
	mostRecent   = 10
	expiringSoon = 14 * 24 * time.Hour
)

func (f *Front) home(c *api.Call, _ int64, _ *nothing) (*homeAnswer, error) {
	own := ownObjects(c)
	a := &homeAnswer{Recent: []viewed{}, Expiring: expiring(c), FirstSteps: len(own) == 0}
	nodes, err := c.Tx.NodesOf(own)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(own, func(a, b int64) int {
		return cmp.Or(cmp.Compare(nodes[b].Updated, nodes[a].Updated), cmp.Compare(a, b))
	})
	for _, id := range own[:min(len(own), mostRecent)] {
		o, _ := c.Tx.Map.Object(id)
		a.Recent = append(a.Recent, viewedOf(c, o, nodes[id]))
	}
	for _, id := range f.unowned(c.Tx.Map) {
		if c.Can(authz.ChangePermissions, id) {
			a.Unowned++
		}
	}
	a.Requests, a.Mine, err = requestCounts(c, authz.ScopeOf(c.Tx.Map, c.Who, authz.ViewModel, c.Now))
	return a, err
}

// unownedList are the objects that nobody answers for, at a governance version.
type unownedList struct {
	version int64
	objects []int64
}

// unowned gives the list of the map, which is worked out once a version: it takes a look at every object.
func (f *Front) unowned(m *authz.Map) []int64 {
	if l := f.neglected.Load(); l != nil && l.version == m.Version() {
		return l.objects
	}
	l := &unownedList{version: m.Version()}
	for o := range m.Unowned(-1) {
		if o.ID != authz.DefaultExperiment { // the server made it, and it needs nobody
			l.objects = append(l.objects, o.ID)
		}
	}
	f.neglected.Store(l)
	return l.objects
}

// ownObjects gives what the caller manages by his own name, and may look at: what he made, what was given to him, what lies in his home.
func ownObjects(c *api.Call) (ids []int64) {
	for o := range c.Tx.Map.ManagedBy(c.Who.Principal) {
		if a := o.Kind.Viewing(); a != 0 && o.Home == 0 && c.Can(a, o.ID) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// expiring gives the caller's tokens that end soon.
func expiring(c *api.Call) []expiringToken {
	list, now := []expiringToken{}, c.Now.UnixMilli()
	if !c.Can(authz.UseTokens, authz.TokensRoot) {
		return list // a credential without the scope does not list them elsewhere either
	}
	for t := range c.Tx.Map.Credentials(c.Who.Principal) {
		if t.IsToken() && t.Expires > now && t.Expires <= now+expiringSoon.Milliseconds() {
			list = append(list, expiringToken{t.ID, t.Comment, t.Expires})
		}
	}
	slices.SortFunc(list, func(a, b expiringToken) int {
		return cmp.Or(cmp.Compare(a.Expires, b.Expires), cmp.Compare(a.ID, b.ID))
	})
	return list
}
