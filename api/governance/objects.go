package governance

import (
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking/search"
)

// objectRoutes show objects and principals as the console does: each with what the caller may do with it.
func (f *Front) objectRoutes() []api.Route {
	anywhere := api.At[nothing](authz.WorkspaceObject)
	return []api.Route{
		api.Read("GET /object", authz.AskAboutSelf, findViewed, getObject, api.Or[objectRequest](viewAbilities()...)),
		api.Read("GET /tree", authz.ListItems, findFolder, listTree, api.Or[treeRequest](authz.ViewItems)),
		api.Read("GET /search", authz.SignedIn, api.At[searchRequest](authz.WorkspaceObject), searchAll),
		api.Read("GET /home", authz.AskAboutSelf, anywhere, f.home),
		api.Read("GET /principals", authz.ReadIdentities, api.At[principalsRequest](authz.WorkspaceObject), listPrincipals),
	}
}

// viewAbilities are all that let somebody look at something, in the trash too.
func viewAbilities() []authz.Ability {
	all, seen := []authz.Ability{authz.ViewTrashed}, map[authz.Ability]bool{0: true}
	for _, k := range authz.Kinds() {
		if a := k.Kind.Viewing(); !seen[a] {
			all, seen[a] = append(all, a), true
		}
	}
	return all
}

// found is what a text names: an object, or a run that follows it.
type found struct {
	*authz.Object
	run *store.RunHead
}

// findViewed asks for a look at the object, of what is in the trash for a look there. Who may not look, but may know of it, is shown its name
// and what he may do with it; that is a question about himself.
func findViewed(c *api.Call, q *objectRequest) (found, api.Target, error) {
	at, err := findFound(c, q.Object)
	if err != nil {
		return at, api.Target{}, err
	}
	t := api.Target{Object: at.ID, Absent: absentObject(q.Object), Ability: at.Kind.Viewing()}
	if c.Tx.Map.InTrash(at.ID) {
		t.Ability = authz.ViewTrashed
	}
	if t.Ability == 0 || !c.Can(t.Ability, at.ID) && at.run == nil && known(c, at.Object) {
		t.Object, t.Ability = authz.WorkspaceObject, 0
	}
	return at, t, nil
}

func findFound(c *api.Call, text string) (at found, err error) {
	if run, ok := strings.CutPrefix(text, "runs/"); ok {
		return runHeld(c, run, absentObject(text))
	}
	at.Object, err = findObject(c, text)
	return at, err
}

func runHeld(c *api.Call, id string, absent error) (at found, err error) {
	head, err := c.Tx.RunHead(id)
	if fail.Is(err, fail.NotFound) {
		return at, absent
	} else if err != nil {
		return at, err
	}
	o, ok := c.Tx.Map.Object(head.Experiment)
	if !ok {
		return at, absent
	}
	return found{o, head}, nil
}

// objectAnswer is an object with what contains it.
type objectAnswer struct {
	viewed
	// Chain is the object, what contains it, and so on up to the root, as far as the caller may know of it.
	Chain         []objectRef `json:"chain"`
	Administrator bool        `json:"administrator"`
	// Managers is the number of active users and service principals who may change its permissions; only for who may read these.
	Managers *int   `json:"managers,omitempty"`
	Special  string `json:"special,omitempty"`
	// Actions are what can be done with it in the tree.
	Actions []itemAction `json:"actions"`
}

func getObject(c *api.Call, at found, _ *objectRequest) (*objectAnswer, error) {
	a := &objectAnswer{viewed: namedOf(c, at.Object), Administrator: isAdministrator(c), Special: special(at.Object), Actions: actionsOf(c, at.Object)}
	if !a.climb(c, at.Object) {
		a.Path = "" // it names what the chain may not
	}
	if at.mayView(&a.viewed) {
		n, err := c.Tx.NodesOf([]int64{at.ID})
		if err != nil {
			return nil, err
		}
		a.detail(c, at.Object, n[at.ID])
	}
	if a.may(authz.ReadPermissions) {
		n := authz.Managers(c.Tx.Map, at.ID)
		a.Managers = &n
	}
	if at.run != nil {
		a.ofRun(at.run)
		a.Chain = append([]objectRef{a.objectRef}, a.Chain...)
	}
	return a, nil
}

// mayView says whether the caller may look at the object, or at it in the trash.
func (at found) mayView(v *viewed) bool {
	return v.may(at.Kind.Viewing()) || v.Trashed && v.may(authz.ViewTrashed)
}

// ofRun makes of a viewed experiment a run of it: the caller may do with it what he may do with the experiment.
func (v *viewed) ofRun(h *store.RunHead) {
	v.objectRef = objectRef{Object: "runs/" + h.ID, Kind: "run", Name: h.Name}
	v.ID, v.Created, v.Modified, v.Creator = h.ID, h.Start, max(h.Start, h.End), h.User
	v.Trashed = v.Trashed || h.Lifecycle == search.Deleted
}

// climb fills the chain up to the first object that the caller may not know of, and says whether it came to the root.
func (a *objectAnswer) climb(c *api.Call, o *authz.Object) (whole bool) {
	a.Chain = []objectRef{}
	for at := range c.Tx.Map.Chain(o.ID) {
		if at.ID != o.ID && !known(c, at) {
			for i := range a.Chain {
				a.Chain[i].Path = ""
			}
			return false
		}
		a.Chain = append(a.Chain, objectOf(c.Tx.Map, at.ID))
	}
	return true
}

func isAdministrator(c *api.Call) bool {
	return slices.Contains(groupsOf(c.Tx.Map, c.Who.Principal), authz.GroupAdmins)
}

// specials are the folders that every workspace has.
var specials = map[int64]string{
	authz.Root: "root", authz.FolderUsers: "users", authz.FolderShared: "shared", authz.FolderRepos: "repos", authz.FolderRemoved: "removed",
}

// special says which of the folders it is that cannot be moved or deleted; empty for all others.
func special(o *authz.Object) string {
	if o.Home != 0 {
		return "home"
	}
	return specials[o.ID]
}
