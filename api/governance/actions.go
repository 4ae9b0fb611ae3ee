package governance

import (
	"bailiwick/api"
	"bailiwick/authz"
)

// itemAction is something that can be done with an item of the tree, and what decides whether the caller may: an ability, on the item or on
// the folder that it lies in. Pages show what is not allowed too, and ask why with this ability and object.
type itemAction struct {
	Action  string `json:"action"` // "rename", "move", "clone", "export" or "trash"
	Ability string `json:"ability"`
	Object  string `json:"object"`
	Allowed bool   `json:"allowed"`
}

// actionsOf gives what can be done with an item, as the routes that do it will decide (tree.go, the Workspace API's delete and export).
// What cannot be moved by anybody has no such actions.
func actionsOf(c *api.Call, o *authz.Object) []itemAction {
	actions := []itemAction{}
	add := func(action string, ability authz.Ability, on int64) {
		at, ok := c.Tx.Map.Object(on)
		if ok && at.Kind.Has(ability) {
			actions = append(actions, itemAction{action, ability.String(), authz.RequestName(at), c.Can(ability, on)})
		}
	}
	if special(o) == "" && o.Kind.InTree() {
		add("rename", authz.MoveRename, o.Parent)
		add("move", authz.MoveRename, o.Parent)
		if o.Kind != authz.Experiment {
			add("clone", authz.CloneExport, o.ID)
		}
		add("trash", api.ByKind(o, authz.CreateExperiments, authz.DeleteItems), o.Parent)
	}
	if o.Kind == authz.Notebook || o.Kind == authz.File {
		add("export", authz.CloneExport, o.ID)
	}
	return actions
}
