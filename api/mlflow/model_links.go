package mlflow

import (
	"encoding/json"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/store"
	"bailiwick/tracking"
)

// tagVersions is the tag of a logged model that says which registered versions were made of it. Clients send it after they have registered one,
// and fail where they may not; here it is the server's word, worked out for who asks, so that it names no model that he may not see.
const tagVersions = "mlflow.modelVersions"

// taggedLogged finds the logged model whose tags are set. What a client says of versions is not kept, so whoever may look may say it.
func taggedLogged(c *api.Call, q *SetLoggedModelTags) (*store.ModelHead, api.Target, error) {
	h, target, err := loggedModel((*SetLoggedModelTags).GetModelId)(c, q)
	onlyVersions := len(q.Tags) > 0 && !slices.ContainsFunc(q.Tags, func(t *LoggedModelTag) bool { return t.GetKey() != tagVersions })
	if onlyVersions && target.Ability == 0 {
		target.Ability = authz.ViewLoggedModels
	}
	return h, target, err
}

// withoutVersions takes the tag out of what a client sent, or of what was kept of one.
func withoutVersions(tags []tracking.Pair) []tracking.Pair {
	return slices.DeleteFunc(slices.Clone(tags), func(t tracking.Pair) bool { return t.Key == tagVersions })
}

// linkedVersion is an element of the tag's value.
type linkedVersion struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// linkVersions puts the tag on logged models that are answered.
func linkVersions(c *api.Call, models ...*tracking.LoggedModel) error {
	ids := make([]string, len(models))
	for i, m := range models {
		ids[i], m.Tags = m.ID, withoutVersions(m.Tags)
	}
	made, err := c.Tx.VersionsOf(ids)
	if err != nil || len(made) == 0 {
		return err
	}
	for _, m := range models {
		var list []linkedVersion
		for _, k := range made[m.ID] {
			if o, ok := c.Tx.Map.Object(k.Model); ok && c.Can(authz.ViewModel, k.Model) {
				list = append(list, linkedVersion{o.Name, strconv.FormatInt(k.Number, 10)})
			}
		}
		if len(list) == 0 {
			continue
		}
		value, err := json.Marshal(list)
		if err != nil {
			return err
		}
		m.Tags = append(m.Tags, tracking.Pair{Key: tagVersions, Value: string(value)})
	}
	return nil
}
