package scim

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// describe says in the ledger what the change did. One request may do several things; the action names the one that matters most, the
// parameters and the events tell all.
func (w *writing) describe() error {
	c := w.c
	c.Action(w.action())
	c.Note(w.noun.id, identity.FormatID(w.next.ID))
	c.Note(w.noun.shown, w.next.Name())
	w.noteMembers("membersAdded", w.added)
	w.noteMembers("membersRemoved", w.removed)
	if w.was == nil {
		return keepChange(c, nil, &w.next)
	}
	return keepChange(c, &w.old, &w.next)
}

// action is the audit action by Databricks' names.
func (w *writing) action() string {
	admins := w.next.ID == authz.GroupAdmins || slices.Contains(w.parents, authz.GroupAdmins) && w.was == nil
	switch {
	case w.was == nil && !admins:
		return w.noun.added
	case w.was == nil || admins && len(w.added) > 0:
		return "setAdmin"
	case admins && len(w.removed) > 0:
		return "removeAdmin"
	case len(w.added) > 0:
		return "addPrincipalToGroup"
	case len(w.removed) > 0:
		return "removePrincipalFromGroup"
	case w.old.Active && !w.next.Active:
		return "deactivateUser"
	case !w.old.Active && w.next.Active:
		return "activateUser"
	}
	return w.noun.changed
}

// mostNoted is how many members an entry's parameters name; the events name all.
const mostNoted = 100

// noteMembers names the members that came or went; a single one by the parameters that Databricks gives it.
func (w *writing) noteMembers(key string, ids []int64) {
	if len(ids) == 0 {
		return
	}
	if p, ok := w.c.Tx.Map.Principal(ids[0]); ok && len(w.added)+len(w.removed) == 1 {
		n := nounOf(authz.User)
		w.c.Note(n.id, identity.FormatID(p.ID))
		w.c.Note(n.shown, p.Name)
	}
	text := make([]string, 0, len(ids))
	for _, id := range ids[:min(len(ids), mostNoted)] {
		text = append(text, identity.FormatID(id))
	}
	if more := len(ids) - mostNoted; more > 0 {
		text = append(text, "and "+strconv.Itoa(more)+" more")
	}
	w.c.Note(key, strings.Join(text, ","))
}

// keepChange keeps what a principal was and is; nil stands for nothing.
func keepChange(c *api.Call, old, next *identity.Resource) error {
	before, err := kept(old)
	if err != nil {
		return err
	}
	after, err := kept(next)
	c.Change(before, after)
	return err
}

// kept is a principal's own attributes as the ledger keeps them; members and groups are in the events.
func kept(r *identity.Resource) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	doc := r.Render(identity.View{})
	for _, key := range []string{"members", "groups", "meta"} {
		delete(doc, key)
	}
	return json.Marshal(doc)
}

// invalidName is the refusal of a name that no home folder can have, in the protocol's terms.
func invalidName(err error) error {
	var e *fail.Error
	if errors.As(err, &e) && e.Kind == fail.Invalid {
		return fail.New(fail.Invalid, "%s", e.Message).WithCode(identity.InvalidValue)
	}
	return err
}
