package scim

import (
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/store"
	"bailiwick/workspace"
)

// writing is a principal on the way into the map and the store, new or changed.
type writing struct {
	c    *api.Call
	noun noun
	was  *authz.Principal // nil for a new one
	old  identity.Resource
	next identity.Resource
	// parents are the groups the principal is to be in directly.
	parents []int64
	members identity.MemberChange
	// lenient passes over members that nobody is.
	lenient bool

	writer         identity.Source
	verdict        identity.Verdict
	added, removed []int64
}

// run holds the change against the rules that need other principals, writes it, and says in the ledger what was done. It gives the answer to
// who may not write it, after the conflicts have been kept.
func (w *writing) run() (refused *identity.Document, err error) {
	w.writer = writerOf(w.c)
	if err := w.checkName(); err != nil {
		return nil, err
	}
	if err := w.sortMembers(); err != nil {
		return nil, err
	}
	if refused, err := w.judge(); err != nil || refused != nil {
		return refused, err
	}
	if w.was != nil && !w.verdict.Changed && len(w.added)+len(w.removed) == 0 {
		return nil, w.describe()
	}
	return nil, w.write()
}

func (w *writing) write() error {
	events, err := w.events()
	if err != nil {
		return err
	}
	tx := w.c.Tx
	tx.As(w.writer)
	if err := tx.Govern(events...); err != nil {
		return err
	}
	if err := checkAdmins(tx.Map); err != nil {
		return err
	}
	if err := tx.PutResource(w.next); err != nil {
		return err
	}
	if err := w.own(); err != nil {
		return err
	}
	return w.describe()
}

// own writes what becomes of the owner.
func (w *writing) own() error {
	tx := w.c.Tx
	if w.was != nil && w.next.Held != w.old.Held {
		if err := tx.Hold(w.next.ID, w.next.Held); err != nil {
			return err
		}
	}
	if !w.verdict.Adopted {
		return nil
	}
	w.c.Note("adoptedFrom", string(w.old.Source.Or()))
	return tx.GivePrincipal(w.next.ID, w.old.Source.Or(), w.writer)
}

// judge holds the change against whose word everything is (ADR 17).
func (w *writing) judge() (*identity.Document, error) {
	if len(w.added)+len(w.removed) > 0 {
		if err := identity.CheckProvisioned(w.c.Tx.Map, w.writer, w.next.ID); err != nil {
			return nil, w.c.Refuse(err)
		}
	}
	conflicts, err := w.judgeParents()
	if err != nil {
		return nil, err
	}
	if w.was == nil {
		if len(conflicts) > 0 {
			return refuse(w.c, conflicts)
		}
		return nil, nil
	}
	adopts, err := w.adopts()
	if err != nil {
		return nil, err
	}
	w.verdict = identity.Writing{Writer: w.writer, Adopts: adopts, Old: w.old, Next: w.next}.Judge()
	if !w.verdict.Refused && w.verdict.Next.Source.Or() != w.writer && adopts && len(w.added)+len(w.removed) > 0 {
		w.verdict.Adopted = true
	}
	more, err := w.judgeMembers()
	if err != nil {
		return nil, err
	}
	if w.verdict.Refused || len(more) > 0 {
		return refuse(w.c, append(w.verdict.Conflicts, more...))
	}
	w.next = w.verdict.Next
	return nil, noteConflicts(w.c, w.verdict.Conflicts)
}

// adopts says whether the caller may take over whom he writes.
func (w *writing) adopts() (bool, error) {
	if w.writer == identity.Manual {
		return w.old.Source.SignsIn(), nil
	}
	if !w.writer.Provisions() || w.old.Source.Or() == w.writer || !identity.MayAdopt(w.c.Tx.Map, w.old.ID) {
		return false, nil
	}
	d, err := w.c.Tx.DirectoryNamed(w.c.Principal().Directory)
	return d.Adopts && !w.old.Source.Provisions(), err
}

// judgeMembers holds the change of a group's members against who owns the group, and each membership.
func (w *writing) judgeMembers() ([]identity.Conflict, error) {
	if len(w.added)+len(w.removed) == 0 {
		return nil, nil
	}
	owner := w.old.Source.Or()
	j := identity.Joining{Writer: w.writer, Owner: owner, Group: w.next.ID, Added: w.added, Removed: map[int64]identity.Source{}}
	if w.verdict.Adopted {
		j.Owner = w.writer
	}
	of, err := w.sourcesOf()
	if err != nil {
		return nil, err
	}
	for _, id := range w.removed {
		j.Removed[id] = of[id]
		if w.verdict.Adopted && of[id].Or() == owner {
			j.Removed[id] = w.writer
		}
	}
	return j.Judge(), nil
}

// fewRemoved is up to how many memberships are looked up one by one.
const fewRemoved = 16

func (w *writing) sourcesOf() (map[int64]identity.Source, error) {
	if len(w.removed) > fewRemoved {
		return w.c.Tx.MembersOf(w.next.ID)
	}
	of := map[int64]identity.Source{}
	for _, id := range w.removed {
		s, err := w.c.Tx.MembershipSource(id, w.next.ID)
		if err != nil {
			return nil, err
		}
		of[id] = s
	}
	return of, nil
}

// judgeParents holds the groups that a new principal asks to be in against who owns them.
func (w *writing) judgeParents() (conflicts []identity.Conflict, err error) {
	if w.was != nil || len(w.parents) == 0 {
		return nil, nil
	}
	owners, err := w.c.Tx.PrincipalSources(w.parents)
	if err != nil {
		return nil, err
	}
	for _, group := range w.parents {
		if err := identity.CheckProvisioned(w.c.Tx.Map, w.writer, group); err != nil {
			return nil, w.c.Refuse(err)
		}
		j := identity.Joining{Writer: w.writer, Owner: owners[group].Or(), Group: group, Added: []int64{w.next.ID}}
		conflicts = append(conflicts, j.Judge()...)
	}
	return conflicts, nil
}

// checkName refuses a name that somebody else has, and one that no home folder can have, now or when it is kept after its owner.
func (w *writing) checkName() error {
	name := w.next.Name()
	if err := identity.CheckGroupName(w.next.ID, name); w.next.Kind == authz.Group && err != nil {
		return err
	}
	if p, ok := w.c.Tx.Map.PrincipalByName(namespace(w.next.Kind), name); ok && p.ID != w.next.ID {
		return identity.NameTaken(w.next.Kind, name)
	}
	if w.next.Kind == authz.Group {
		return nil
	}
	if _, err := workspace.RemovedHomePath(name, identity.FormatID(w.next.ID)); err != nil {
		return invalidName(err)
	}
	return w.checkTwin(name)
}

// checkTwin refuses a name that people could take for another's: it differs in case or Unicode form only.
func (w *writing) checkTwin(name string) error {
	if w.was != nil && w.was.Name == name {
		return nil
	}
	twin, err := w.c.Tx.LookAlike(name, w.next.ID)
	if err == nil && twin != "" {
		err = identity.NameLooksTaken(name, twin)
	}
	return err
}

// namespace is the kind under which all names that collide with one of the kind are found: users and service principals share theirs.
func namespace(k authz.PrincipalKind) authz.PrincipalKind {
	if k == authz.Group {
		return authz.Group
	}
	return authz.User
}

// events gives the changes of the access map: the principal where he changed, his home, and each member that comes or goes.
func (w *writing) events() (events []authz.Event, err error) {
	m, p := w.c.Tx.Map, w.next.Principal(w.parents)
	if w.was != nil {
		p.Directory = w.was.Directory
	}
	if w.was == nil || w.was.Name != p.Name || w.was.Shown != p.Shown || w.was.Active != p.Active || !slices.Equal(w.was.Roles, p.Roles) {
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &p})
	}
	if !p.Active {
		events = append(events, identity.EndSessions(m, p.ID)...)
	}
	home, err := workspace.HomeEvents(m, p, store.NewObjectID())
	if err != nil {
		return nil, invalidName(err)
	}
	return append(append(events, home...), w.memberEvents()...), nil
}

// sortMembers works out who becomes a member of the group and who stops being one, and refuses what a group cannot take.
func (w *writing) sortMembers() error {
	m, group := w.c.Tx.Map, w.next.ID
	if w.next.Kind != authz.Group {
		return nil
	}
	if group == authz.GroupUsers {
		return identity.CheckMembers(group, w.members)
	}
	w.added, w.removed = w.members.Delta(w.present())
	if err := w.passUnknown(); err != nil {
		return err
	}
	if err := identity.CheckMembers(group, identity.MemberChange{Add: w.added, Remove: w.removed}); err != nil {
		return err
	}
	return identity.CheckCycle(group, w.added, func(id int64) []int64 { return parentsOf(m, id) })
}

// passUnknown refuses members that nobody is, or leaves them out and says so in the ledger.
func (w *writing) passUnknown() error {
	unknown := w.members.Unknown
	for _, id := range w.added {
		if _, ok := w.c.Tx.Map.Principal(id); !ok {
			unknown = append(unknown, identity.FormatID(id))
		}
	}
	switch {
	case len(unknown) == 0:
		return nil
	case !w.lenient:
		return absentMember(unknown[0])
	}
	w.c.Note("membersUnknown", strings.Join(unknown[:min(len(unknown), mostNoted)], ","))
	w.added = slices.DeleteFunc(w.added, func(id int64) bool { _, ok := w.c.Tx.Map.Principal(id); return !ok })
	return nil
}

// present gives those of the group's members that the change is about: all where it says who is to be left, else those it names.
func (w *writing) present() (ids []int64) {
	m, group := w.c.Tx.Map, w.next.ID
	if w.members.Replace {
		for p := range m.Members(group) {
			ids = append(ids, p.ID)
		}
		return ids
	}
	for _, id := range slices.Concat(w.members.Add, w.members.Remove) {
		if slices.Contains(parentsOf(m, id), group) {
			ids = append(ids, id)
		}
	}
	return ids
}

// memberEvents gives an event for each principal that becomes a member of the group or stops being one.
func (w *writing) memberEvents() (events []authz.Event) {
	m, group := w.c.Tx.Map, w.next.ID
	for _, id := range w.added {
		p, _ := m.Principal(id)
		events = append(events, putWith(p, append(slices.Clone(p.Parents), group)))
	}
	for _, id := range w.removed {
		p, _ := m.Principal(id)
		events = append(events, putWith(p, slices.DeleteFunc(slices.Clone(p.Parents), func(g int64) bool { return g == group })))
	}
	return events
}

func putWith(p *authz.Principal, parents []int64) authz.Event {
	next := *p
	next.Parents = parents
	return authz.Event{Op: authz.PutPrincipal, Principal: &next}
}

func parentsOf(m *authz.Map, id int64) []int64 {
	if p, ok := m.Principal(id); ok {
		return p.Parents
	}
	return nil
}

// checkAdmins refuses a change that left nobody active in `admins`.
func checkAdmins(m *authz.Map) error {
	left := 0
	if someActive(m, authz.GroupAdmins, map[int64]bool{}) {
		left = 1
	}
	return identity.CheckAdmins(left)
}

// someActive looks for an active user or service principal in a group and the groups within it.
func someActive(m *authz.Map, group int64, seen map[int64]bool) bool {
	seen[group] = true
	for p := range m.Members(group) {
		if p.Kind != authz.Group && p.Active || p.Kind == authz.Group && !seen[p.ID] && someActive(m, p.ID, seen) {
			return true
		}
	}
	return false
}
