package authz

import (
	"slices"
	"strings"

	"bailiwick/fail"
)

// PutEntries gives the object as it is after a PUT of its permissions: the entries replace all direct ones. Of a principal given twice the
// last entry counts. The creator keeps Manage only when the entries name him. Whether who may change permissions was decided before; he
// matters for what only administrators may do. Errors: fail.NotFound for an unknown object or principal, fail.Invalid for a level the kind
// does not have, for a lowered `admins` on a root and for a job without exactly one owner, fail.Denied for another owner of a job.
func PutEntries(m *Map, who Who, object int64, entries []Entry) (Object, error) {
	return m.change(who, object, entries, func(o *Object) {
		o.Entries, o.CreatorManages = nil, false
	})
}

// PatchEntries gives the object as it is after a PATCH of its permissions: the entries replace those of the same principals and leave the
// others. It fails as PutEntries does.
func PatchEntries(m *Map, who Who, object int64, entries []Entry) (Object, error) {
	return m.change(who, object, entries, func(o *Object) {
		if slices.ContainsFunc(entries, func(e Entry) bool { return e.Principal == o.Creator }) {
			o.CreatorManages = false
		}
		if o.holdsAdmins() {
			o.Entries = append(slices.Clone(o.Entries), Entry{GroupAdmins, kinds[o.Kind].Manage})
		}
	})
}

// change clears what the entries replace, adds them and holds the outcome against the rules.
func (m *Map) change(who Who, object int64, entries []Entry, clear func(*Object)) (Object, error) {
	old, ok := m.Object(object)
	if !ok || m.InTrash(object) {
		return Object{}, fail.NotFoundf("Object %d does not exist.", object)
	}
	if err := m.checkEntries(old.Kind, entries); err != nil {
		return Object{}, err
	}
	o := *old
	clear(&o)
	o.Entries = tidy(slices.Concat(o.Entries, entries))
	if o.holdsAdmins() && o.entryOf(GroupAdmins) != kinds[o.Kind].Manage {
		return Object{}, fail.Invalidf("Cannot change permissions for group 'admins' to None.")
	}
	o.Entries = tidy(slices.DeleteFunc(o.Entries, func(e Entry) bool { return o.fixed(e.Principal) }))
	return o, m.checkOwner(who, old, &o)
}

func (m *Map) checkEntries(k Kind, entries []Entry) error {
	for _, e := range entries {
		if !k.has(e.Level) {
			_, err := ParseLevel(k, e.Level.String())
			return err
		}
		if _, ok := m.Principal(e.Principal); !ok {
			return fail.NotFoundf("Principal %d does not exist.", e.Principal)
		}
	}
	return nil
}

// holdsAdmins tells the roots on which every PUT must name `admins` with Manage, as their clients do.
func (o *Object) holdsAdmins() bool { return o.ID == Root || o.ID == ModelsRoot || o.ID == TokensRoot }

// fixed tells the principals whose level on the object is a default that no entry can change; entries for them are not kept.
func (o *Object) fixed(principal int64) bool {
	return o.isRoot() && principal == GroupAdmins || o.ID == FolderShared && principal == GroupUsers || o.Home != 0 && principal == o.Home
}

// checkOwner holds a job to one owner who is no group, and lets only administrators give it another.
func (m *Map) checkOwner(who Who, old, o *Object) error {
	if o.Kind != Job {
		return nil
	}
	owner, n := ownerOf(o)
	p, ok := m.Principal(owner)
	if n != 1 || !ok {
		return fail.Invalidf("The job must have exactly one owner.")
	}
	if p.Kind == Group {
		return fail.Invalidf("The job must have exactly one owner. The group %q cannot own it.", p.Name)
	}
	before, had := ownerOf(old)
	if had == 0 {
		before = old.Creator
	}
	if before != owner && !m.isAdmin(who.Principal) {
		return fail.New(fail.Denied, "Only administrators change the owner of a job.")
	}
	return nil
}

func ownerOf(o *Object) (owner int64, n int) {
	for _, e := range o.Entries {
		if e.Level == IsOwner {
			owner = e.Principal
			n++
		}
	}
	return owner, n
}

func (m *Map) isAdmin(principal int64) bool {
	c := m.closureOf(principal)
	return c.counts() && c.admin
}

// SwitchAccessControl gives the events of setting enableWorkspaceAcls. Setting what is set already gives none. From off to on, each object
// directly below the root that was made while control was off gets an entry that lets `users` manage it, so that nobody loses what he
// worked with; never /Users, /Shared, /Repos. A value that is neither true nor false is fail.Invalid; it is kept as it was written.
func SwitchAccessControl(m *Map, value string) ([]Event, error) {
	on := strings.EqualFold(value, "true")
	if !on && !strings.EqualFold(value, "false") {
		return nil, fail.Invalidf("%s must be \"true\" or \"false\", not %q.", SettingAccessControl, value)
	}
	if on == m.control {
		return nil, nil
	}
	events := []Event{{Op: PutSetting, Setting: &Setting{SettingAccessControl, value}}}
	if on {
		events = append(events, m.handOver()...)
	}
	return events, nil
}

// handOver gives the events that let `users` manage what was made in the root while control was off. The mark is taken off: the next change
// of the setting must not give back what somebody took away meanwhile.
func (m *Map) handOver() (events []Event) {
	for o := range m.Children(Root) {
		if !o.CreatedOpen || o.ID < FirstFreeObject {
			continue
		}
		given := *o
		given.CreatedOpen = false
		given.Entries = tidy(append(slices.Clone(o.Entries), Entry{GroupUsers, kinds[o.Kind].Manage}))
		events = append(events, Event{Op: PutObject, Object: &given})
	}
	return events
}
