package governance

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

type treeRequest struct {
	// Path is a folder's; empty = the root.
	Path      string `json:"-" query:"path"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// treeAnswer is a folder with a page of what is in it, folders first, then by name.
type treeAnswer struct {
	Folder treeItem   `json:"folder"`
	Items  []treeItem `json:"items"`
	Next   string     `json:"next_page_token,omitempty"`
}

// treeItem is something in a folder. Special marks what cannot be moved or deleted: root, users, shared, repos, removed, home.
type treeItem struct {
	viewed
	HasChildren bool   `json:"has_children"`
	Special     string `json:"special,omitempty"`
	// Actions are what can be done with it.
	Actions []itemAction `json:"actions"`
}

const defaultTreePage, maxTreePage = 200, 1000

// findFolder asks only for the names in a folder, as listing it elsewhere does; of anything else that it may be looked at.
func findFolder(c *api.Call, q *treeRequest) (*authz.Object, api.Target, error) {
	p, err := api.ExistingPlace(c.Tx.Map, cmp.Or(q.Path, "/"))
	if err != nil {
		return nil, api.Target{}, err
	}
	c.Note("path", p.Path)
	if p.Object.Kind == authz.Directory {
		return p.Object, p.Itself(authz.ListItems), nil
	}
	return p.Object, p.Itself(authz.ViewItems), nil
}

func listTree(c *api.Call, folder *authz.Object, q *treeRequest) (*treeAnswer, error) {
	if folder.Kind != authz.Directory {
		return nil, fail.Invalidf("%s is a %s, no folder.", c.Tx.Map.Path(folder.ID), folder.Kind)
	}
	limit, err := pageOf(q.Max, defaultTreePage, maxTreePage)
	if err != nil {
		return nil, err
	}
	after, err := parseTreeToken(q.PageToken)
	if err != nil {
		return nil, err
	}
	all := childrenOf(c, folder, after)
	page := all[:min(limit, len(all))]
	items, err := itemsOf(c, append([]*authz.Object{folder}, page...))
	if err != nil {
		return nil, err
	}
	a := &treeAnswer{Folder: items[0], Items: items[1:]}
	if len(all) > limit {
		a.Next = treeToken(page[limit-1])
	}
	return a, nil
}

func pageOf(n, usual, most int) (int, error) {
	if n < 0 || n > most {
		return 0, fail.Invalidf("max_results must be from 1 to %d, not %d", most, n)
	}
	return cmp.Or(n, usual), nil
}

// childrenOf gives what is in a folder behind a place in their order, as far as the caller may know of it.
func childrenOf(c *api.Call, folder *authz.Object, after *treePlace) []*authz.Object {
	var places []treePlace
	for o := range c.Tx.Map.Children(folder.ID) {
		if o.Trashed {
			continue
		}
		if at := placeOf(o); (after == nil || after.compare(at) < 0) && c.Visible(o) {
			places = append(places, at)
		}
	}
	slices.SortFunc(places, treePlace.compare)
	all := make([]*authz.Object, len(places))
	for i, p := range places {
		all[i] = p.object
	}
	return all
}

// itemsOf shows objects of the tree; what is more than names is for those who may look at them.
func itemsOf(c *api.Call, objects []*authz.Object) ([]treeItem, error) {
	items, viewable := make([]treeItem, len(objects)), []int64{}
	for i, o := range objects {
		items[i] = treeItem{namedOf(c, o), hasChildren(c, o), special(o), actionsOf(c, o)}
		if items[i].may(authz.ViewItems) {
			viewable = append(viewable, o.ID)
		}
	}
	nodes, err := c.Tx.NodesOf(viewable)
	for i, o := range objects {
		if items[i].may(authz.ViewItems) {
			items[i].detail(c, o, nodes[o.ID])
		}
	}
	return items, err
}

// hasChildren says whether the caller would be shown anything in a folder. Where names are hidden, one in which he has no level is shown only
// because it leads to something.
func hasChildren(c *api.Call, o *authz.Object) bool {
	if o.Kind != authz.Directory {
		return false
	}
	if c.Tx.Map.NamesHidden() && authz.LevelOn(c.Tx.Map, c.Who.Principal, o.ID) == authz.NoLevel {
		return true
	}
	for child := range c.Tx.Map.Children(o.ID) {
		if !child.Trashed {
			return true
		}
	}
	return false
}

// treePlace is a place in the order of a folder: folders before the rest, then by name whatever the case, then by name.
type treePlace struct {
	Item   bool   `json:"i"`
	Name   string `json:"n"`
	lower  string
	object *authz.Object
}

func placeOf(o *authz.Object) treePlace {
	return treePlace{o.Kind != authz.Directory, o.Name, strings.ToLower(o.Name), o}
}

func (p treePlace) compare(q treePlace) int {
	switch {
	case p.Item && !q.Item:
		return 1
	case q.Item && !p.Item:
		return -1
	}
	return cmp.Or(strings.Compare(p.lower, q.lower), strings.Compare(p.Name, q.Name))
}

// treeToken is a page token. It tells no more than the row that it stands for, which is the last that the caller has seen.
func treeToken(o *authz.Object) string {
	text, _ := json.Marshal(placeOf(o)) // plain data always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseTreeToken(token string) (*treePlace, error) {
	if token == "" {
		return nil, nil
	}
	var p treePlace
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return nil, fail.Invalidf("page_token is none that this server gave")
	}
	p.lower = strings.ToLower(p.Name)
	return &p, nil
}
