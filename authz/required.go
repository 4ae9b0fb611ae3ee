package authz

import (
	"slices"
	"strings"

	"bailiwick/fail"
)

// RequiredTags are the tags that must be given where something is made: experiments at or below a folder, registered models where Object is
// ModelsRoot. It replaces all that the object required before; none takes it back.
type RequiredTags struct {
	Object int64         `json:"object"`
	Tags   []RequiredTag `json:"tags,omitempty"` // ascending by key
}

// RequiredTag is a tag that must be given.
type RequiredTag struct {
	Key string `json:"key"`
	// Allowed are the values that it may have; none = any that is not empty.
	Allowed []string `json:"allowed,omitempty"`
	// By is who asked for it.
	By int64 `json:"by,omitempty"`
}

// Requirement is a required tag with the object that requires it.
type Requirement struct {
	RequiredTag
	Object int64
}

// What one object may require at most.
const (
	maxRequired     = 50
	maxRequiredKey  = 250
	maxAllowed      = 100
	maxAllowedValue = 500
)

// HasRequiredTags says whether anything requires tags at all.
func (m *Map) HasRequiredTags() bool { return m.required.Len() > 0 }

// RequiredHere gives what an object itself requires.
func (m *Map) RequiredHere(object int64) []RequiredTag {
	tags, _ := m.required.Get(uint64(object))
	return tags
}

// RequiredFor gives what holds for things of a kind that are made in an object: what it requires and what is above it, nearest first. Of a
// key that is required more than once every requirement holds.
func (m *Map) RequiredFor(parent int64, kind Kind) (all []Requirement) {
	if !m.HasRequiredTags() || !kind.Stewarded() {
		return nil
	}
	for at := range m.Chain(parent) {
		for _, t := range m.RequiredHere(at.ID) {
			all = append(all, Requirement{t, at.ID})
		}
	}
	return all
}

// CheckRequired refuses to make something of a kind in an object without a tag that is required there; value gives what was given, empty
// for nothing. The error, fail.Invalid, names the tag, the values it may have, and who asked for it where.
func (m *Map) CheckRequired(parent int64, kind Kind, value func(key string) string) error {
	for _, r := range m.RequiredFor(parent, kind) {
		if err := m.checkValue(r, kind, value(r.Key)); err != nil {
			return err
		}
	}
	return nil
}

// CheckTagKept refuses to give a tag of an object a value that is not allowed where the object is; an empty one stands for taking it away.
func (m *Map) CheckTagKept(o *Object, key, value string) error {
	for _, r := range m.RequiredFor(o.Parent, o.Kind) {
		if r.Key != key {
			continue
		}
		if err := m.checkValue(r, o.Kind, value); err != nil {
			return err
		}
	}
	return nil
}

func (m *Map) checkValue(r Requirement, kind Kind, value string) error {
	if value != "" && (len(r.Allowed) == 0 || slices.Contains(r.Allowed, value)) {
		return nil
	}
	said := "is missing"
	if value != "" {
		said = "cannot be \"" + value + "\""
	}
	allowed := "any value"
	if len(r.Allowed) > 0 {
		allowed = "one of " + strings.Join(r.Allowed, ", ")
	}
	return fail.Invalidf("The tag %q %s. Every %s in %s must have it, with %s; %s asked for it.",
		r.Key, said, kind, m.titleOf(r.Object), allowed, m.askedBy(r.By))
}

func (m *Map) askedBy(principal int64) string {
	if !m.exists(principal) {
		return "somebody who was removed since"
	}
	return m.nameOf(principal)
}

// CheckRequiredTags holds what an object is to require against what it can, and gives it in order. Errors are fail.Invalid.
func (m *Map) CheckRequiredTags(o *Object, tags []RequiredTag) ([]RequiredTag, error) {
	if o.Kind != Directory && o.ID != ModelsRoot {
		return nil, fail.Invalidf("Folders and registered-models/root can require tags, %s cannot.", m.titleOf(o.ID))
	}
	if len(tags) > maxRequired {
		return nil, fail.Invalidf("%d tags are required; %d are allowed.", len(tags), maxRequired)
	}
	tags = slices.Clone(tags)
	slices.SortStableFunc(tags, func(a, b RequiredTag) int { return strings.Compare(a.Key, b.Key) })
	for i := range tags {
		tags[i].Allowed = slices.Clone(tags[i].Allowed)
		if err := m.checkRequirement(&tags[i]); err != nil {
			return nil, err
		}
		if i > 0 && tags[i].Key == tags[i-1].Key {
			return nil, fail.Invalidf("The tag %q is required twice.", tags[i].Key)
		}
	}
	return tags, nil
}

func (m *Map) checkRequirement(t *RequiredTag) error {
	if t.Key == "" || len(t.Key) > maxRequiredKey || strings.HasPrefix(t.Key, "mlflow.") {
		return fail.Invalidf("%q cannot be required: a key has 1 to %d bytes and is none of those that start with mlflow.", t.Key, maxRequiredKey)
	}
	if len(t.Allowed) > maxAllowed {
		return fail.Invalidf("The tag %q has %d allowed values; %d are allowed.", t.Key, len(t.Allowed), maxAllowed)
	}
	for _, v := range t.Allowed {
		if v == "" || len(v) > maxAllowedValue || strings.ContainsAny(v, "\r\n") {
			return fail.Invalidf("%q cannot be an allowed value of the tag %q: a value is one line of 1 to %d bytes.", v, t.Key, maxAllowedValue)
		}
	}
	return m.checkGoverned(t)
}

// checkGoverned: a tag of stewardship can be required, and only with values that it can have, which are written as it has them.
func (m *Map) checkGoverned(t *RequiredTag) error {
	if !strings.HasPrefix(t.Key, TagPrefix) {
		return nil
	}
	if t.Key == TagOwner && len(t.Allowed) > 0 {
		return fail.Invalidf("%s can be required, but not with a list of values: names change.", TagOwner)
	}
	_, err := m.SetStewardTag(Steward{}, t.Key, "")
	for i, v := range t.Allowed {
		s, wrong := m.SetStewardTag(Steward{}, t.Key, v)
		if wrong != nil {
			return wrong
		}
		t.Allowed[i] = m.StewardTag(&Object{Steward: &s}, t.Key)
	}
	return err
}

func (m *Map) putRequired(r RequiredTags) error {
	if _, ok := m.Object(r.Object); !ok {
		return fail.NotFoundf("Object %d does not exist.", r.Object)
	}
	if len(r.Tags) == 0 {
		m.required = m.required.without(uint64(r.Object))
		return nil
	}
	tags := slices.SortedFunc(slices.Values(r.Tags), func(a, b RequiredTag) int { return strings.Compare(a.Key, b.Key) })
	m.required = m.required.with(uint64(r.Object), tags)
	return nil
}

// KeepAskers gives the tags that were required in the same way before to who asked for them then.
func KeepAskers(tags, before []RequiredTag) {
	for i := range tags {
		j := slices.IndexFunc(before, func(b RequiredTag) bool { return b.Key == tags[i].Key && slices.Equal(b.Allowed, tags[i].Allowed) })
		if j >= 0 {
			tags[i].By = before[j].By
		}
	}
}
