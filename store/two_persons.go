package store

import (
	"strings"

	"bailiwick/registry"
)

// TwoPersons says whether Production of a model takes two persons: its own choice, or else the workspace's.
func (tx *Tx) TwoPersons(model int64) (bool, error) {
	var own int64
	if _, err := tx.one([]any{&own}, "SELECT two_persons FROM registered_models WHERE object = ?", model); err != nil {
		return false, err
	}
	workspace, _ := tx.Map.Setting(registry.SettingTwoPersons)
	return registry.Choice(own).Over(strings.EqualFold(workspace, "true")), nil
}
