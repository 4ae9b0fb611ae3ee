package api

import (
	"bailiwick/authz"
	"bailiwick/tracking"
)

// StewardTags gives the tags that say who answers for an experiment or a registered model. Searches index them beside the object's own, so
// whoever searches hands over this and nothing else.
func StewardTags(m *authz.Map, o *authz.Object) (tags []tracking.Pair) {
	for _, key := range authz.StewardTags() {
		if value := m.StewardTag(o, key); value != "" {
			tags = append(tags, tracking.Pair{Key: key, Value: value})
		}
	}
	return tags
}
