package governance

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

// TrashLife is how long what was deleted can be restored; after that it is purged.
const TrashLife = 30 * 24 * time.Hour

type trashRequest struct {
	Max       int    `query:"max_results"`
	PageToken string `query:"page_token"`
}

type trashAnswer struct {
	Items []trashRow `json:"items"`
	Next  string     `json:"next_page_token,omitempty"`
}

// trashRow is something in the trash: where it was, when and by whom it was put there, and until when it can be restored (ms since 1970).
type trashRow struct {
	api.TreeRow
	Deleted   int64  `json:"deleted_at"`
	DeletedBy string `json:"deleted_by,omitempty"`
	Until     int64  `json:"restorable_until"`
	// Actions are what the caller may do with it: "restore", "purge".
	Actions []string `json:"actions"`
}

const defaultTrashPage, maxTrashPage = 100, 1000

// listTrash gives what the caller may restore, latest first. The scope holds the folders in which he may restore experiments; other items
// take more.
func listTrash(c *api.Call, scope authz.Scope, q *trashRequest) (*trashAnswer, error) {
	if q.Max < 0 || q.Max > maxTrashPage {
		return nil, fail.Invalidf("max_results must be from 1 to %d, not %d", maxTrashPage, q.Max)
	}
	if q.Max == 0 {
		q.Max = defaultTrashPage
	}
	after, err := parseTrashToken(q.PageToken)
	if err != nil {
		return nil, err
	}
	answer := &trashAnswer{Items: []trashRow{}}
	var last store.Trashed
	err = c.Tx.EachTrashed(after, func(t store.Trashed) bool {
		row, ok := trashed(c, scope, t)
		if ok && len(answer.Items) == q.Max {
			answer.Next = trashToken(last)
			return false
		}
		if ok {
			answer.Items, last = append(answer.Items, row), t
		}
		return true
	})
	return answer, err
}

func trashed(c *api.Call, scope authz.Scope, t store.Trashed) (row trashRow, ok bool) {
	m := c.Tx.Map
	o, ok := m.Object(t.Object)
	if !ok || !o.Trashed {
		return row, false
	}
	folder, ok := m.Object(o.Parent)
	if !ok || !scope.AdmitsIn(m, folder) {
		return row, false
	}
	if !c.Can(api.ByKind(o, authz.RestoreExperiments, authz.RestoreItems), folder.ID) {
		return row, false
	}
	row = trashRow{TreeRow: api.NameRow(o, m.Path(o.ID)), Deleted: t.At, Until: t.At + TrashLife.Milliseconds(), Actions: []string{"restore"}}
	if by, ok := m.Principal(t.By); ok {
		row.DeletedBy = by.Name
	}
	if p := purgeTarget(o); c.Can(p.Ability, p.Object) {
		row.Actions = append(row.Actions, "purge")
	}
	return row, true
}

// A page token tells no more than the row that it stands for, which is the last that the caller has seen.
func trashToken(t store.Trashed) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", t.At, t.Object))
}

func parseTrashToken(token string) (t store.Trashed, err error) {
	if token == "" {
		return t, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %d", &t.At, &t.Object)
	}
	if err != nil || t.At <= 0 {
		return t, fail.Invalidf("page_token is none that this server gave")
	}
	return t, nil
}

type restoreRequest struct {
	ID objectID `json:"object_id"`
	// Destination is the whole path to restore to; empty = where it was.
	Destination string `json:"destination"`
}

// inTrash finds what is in the trash by itself. What lies below it is not found: it comes back with it.
func inTrash(c *api.Call, id objectID) (*authz.Object, error) {
	o, ok := c.Tx.Map.Object(int64(id))
	if !ok || !o.Trashed || !o.Kind.InTree() {
		return nil, notInTrash(id)
	}
	c.Note("path", c.Tx.Map.Path(o.ID))
	return o, nil
}

func notInTrash(id objectID) error { return fail.NotFoundf("Object %d is not in the trash.", id) }

func findRestored(c *api.Call, q *restoreRequest) (*authz.Object, api.Target, error) {
	o, err := inTrash(c, q.ID)
	if err != nil {
		return nil, api.Target{}, err
	}
	t := api.Target{Object: o.Parent, Absent: notInTrash(q.ID), Names: o, Ability: api.ByKind(o, authz.RestoreExperiments, authz.RestoreItems)}
	return o, t, nil
}

// restoreTargets asks about the folder that something is restored to, if that is not the one it was in.
func restoreTargets(c *api.Call, q *restoreRequest) ([]api.Target, error) {
	o, err := inTrash(c, q.ID)
	if err != nil || q.Destination == "" {
		return nil, err
	}
	to, err := api.FindPlace(c.Tx.Map, q.Destination)
	if err != nil || to.Folder != nil && to.Folder.ID == o.Parent {
		return nil, err
	}
	t, err := to.ToFolder(api.ByKind(o, authz.CreateExperiments, authz.CreateItems))
	return []api.Target{t}, err
}

// restore takes something out of the trash, with its own entries.
func restore(c *api.Call, o *authz.Object, q *restoreRequest) (*api.TreeRow, error) {
	if err := checkLife(c, o); err != nil {
		return nil, err
	}
	if q.Destination == "" && c.Tx.Map.InTrash(o.Parent) {
		return nil, fail.Statef("The folder that it was in is in the trash too: restore that, or give a destination.")
	}
	path := c.Tx.Map.Path(o.ID)
	if q.Destination != "" {
		path = q.Destination
	}
	to, err := api.FindPlace(c.Tx.Map, path)
	if err != nil {
		return nil, err
	}
	if to.Object != nil {
		return nil, fail.Existsf("Path (%s) already exists: give another destination.", to.Path)
	}
	if err := api.CheckFolder(to.Folder); err != nil {
		return nil, err
	}
	if err := checkLength(c.Tx.Map, o.ID, c.Tx.Map.Path(o.ID), to.Path); err != nil {
		return nil, err
	}
	back := *o
	back.Trashed, back.Parent, back.Name = false, to.Folder.ID, workspace.Base(to.Path)
	c.About(o.ID)
	info := api.NameRow(o, to.Path)
	return &info, c.Tx.Place(back)
}

func checkLife(c *api.Call, o *authz.Object) error {
	t, found, err := c.Tx.InTrash(o.ID)
	if err == nil && found && c.Tx.Now >= t.At+TrashLife.Milliseconds() {
		err = fail.Statef("It was deleted more than %d days ago and cannot be restored.", int(TrashLife.Hours()/24))
	}
	return err
}

type purgeRequest struct {
	ID objectID `json:"object_id"`
}

// purgeAnswer says how many objects and runs are gone for good, and whether there are more: then the same call goes on.
type purgeAnswer struct {
	Purged int  `json:"purged"`
	More   bool `json:"more"`
}

// purgeTarget asks for experiments about the experiment itself, for all else about its folder.
func purgeTarget(o *authz.Object) api.Target {
	if o.Kind == authz.Experiment {
		return api.Target{Object: o.ID, Ability: authz.PurgeRuns}
	}
	return api.Target{Object: o.Parent, Ability: authz.PurgeItems}
}

func findPurged(c *api.Call, q *purgeRequest) (*authz.Object, api.Target, error) {
	o, err := inTrash(c, q.ID)
	if err != nil {
		return nil, api.Target{}, err
	}
	t := purgeTarget(o)
	t.Absent, t.Names = notInTrash(q.ID), o
	return o, t, nil
}

// purge deletes for good what is in the trash, a batch a call.
func purge(c *api.Call, o *authz.Object, _ *purgeRequest) (*purgeAnswer, error) {
	c.About(o.ID)
	c.Change(placeText(c.Tx.Map.Path(o.ID)), nil)
	n, more, err := c.Tx.Purge(o.ID, store.PurgeBatch)
	return &purgeAnswer{n, more}, api.NameHolder(c, err)
}

// objectID is an id in a request, as a number or as text: Databricks' clients write the former, this product's the latter.
type objectID int64

// UnmarshalJSON reads either form.
func (id *objectID) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil || n < 0 {
		return fail.Invalidf("object_id must be the id of an object, not %.40s", text)
	}
	*id = objectID(n)
	return nil
}
