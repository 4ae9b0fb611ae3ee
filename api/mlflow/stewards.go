package mlflow

import (
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/tracking"
)

// governedKey tells the keys of tags that are governance state rather than rows: who answers for an object, and what is said of it. Keys that only
// look like one of them count too, so that they are refused rather than kept for people to mistake.
func governedKey(key string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(key)), authz.TagPrefix)
}

// setStewardTag changes who answers for an object, or what is said of it; an empty value takes it back. What is as it was changes nothing.
func setStewardTag(c *api.Call, o *authz.Object, key, value string) error {
	if now, ok := c.Tx.Map.Object(o.ID); ok { // several tags may be set in one transaction
		o = now
	}
	s, err := c.Tx.Map.SetStewardTag(o.StewardOf(), key, value)
	if err != nil {
		return err
	}
	return api.ChangeSteward(c, o, s)
}

// unsetStewardTag takes a tag of stewardship away; one that is not set is fail.NotFound, and an owner there always is.
func unsetStewardTag(c *api.Call, o *authz.Object, key string) error {
	if key != authz.TagOwner && c.Tx.Map.StewardTag(o, key) == "" {
		if _, err := c.Tx.Map.SetStewardTag(authz.Steward{}, key, ""); err != nil {
			return err
		}
		return fail.NotFoundf("No tag with name: %s", key)
	}
	return setStewardTag(c, o, key, "")
}

// requiredTags refuses to make an object of a kind without the tags that are required where it is to be.
func requiredTags(c *api.Call, parent int64, kind authz.Kind, tags []tracking.Pair) error {
	if !c.Tx.Map.HasRequiredTags() {
		return nil
	}
	given := make(map[string]string, len(tags))
	for _, t := range tags {
		value, err := asKept(c.Tx.Map, t)
		if err != nil {
			return err
		}
		given[t.Key] = value
	}
	return c.Tx.Map.CheckRequired(parent, kind, func(key string) string { return given[key] })
}

// asKept gives a tag's value as it will be kept: those of stewardship have one way to be written.
func asKept(m *authz.Map, t tracking.Pair) (string, error) {
	if !governedKey(t.Key) || t.Value == "" {
		return t.Value, nil
	}
	s, err := m.SetStewardTag(authz.Steward{}, t.Key, t.Value)
	return m.StewardTag(&authz.Object{Steward: &s}, t.Key), err
}

// splitSteward takes the tags of stewardship out of those that something is made with, and gives what they say.
func splitSteward(m *authz.Map, tags []tracking.Pair) (rest []tracking.Pair, s authz.Steward, err error) {
	for _, t := range tags {
		if !governedKey(t.Key) {
			rest = append(rest, t)
			continue
		}
		if s, err = m.SetStewardTag(s, t.Key, t.Value); err != nil {
			return nil, s, err
		}
	}
	return rest, s, nil
}
