package authz

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"bailiwick/fail"
)

// idLimit is the first id that JavaScript clients could not read exactly.
const idLimit = int64(1) << 53

// Apply gives the map after the events, in their order, at a version that is not older. One event that does not fit (an unknown operation,
// a missing parent, a cycle, a taken name, something below a dropped object, an unknown principal or level in an entry) refuses them all.
func (m *Map) Apply(version int64, events ...Event) (*Map, error) {
	if version < m.version {
		return nil, fail.Statef("The access map is at version %d already; %d is older.", m.version, version)
	}
	next := *m
	next.version = version
	for _, e := range events {
		if err := next.apply(e); err != nil {
			return nil, err
		}
	}
	return &next, nil
}

func (m *Map) apply(e Event) error {
	switch {
	case e.Op == PutObject && e.Object != nil:
		o := *e.Object
		return m.putObject(&o)
	case e.Op == DropObject && e.Object != nil:
		return m.dropObject(e.Object.ID)
	case e.Op == PutPrincipal && e.Principal != nil:
		p := *e.Principal
		return m.putPrincipal(&p)
	case e.Op == DropPrincipal && e.Principal != nil:
		return m.dropPrincipal(e.Principal.ID)
	case e.Op == PutCredential && e.Credential != nil:
		c := *e.Credential
		return m.putCredential(&c)
	case e.Op == DropCredential && e.Credential != nil:
		return m.dropCredential(e.Credential.ID)
	case e.Op == PutSetting && e.Setting != nil:
		return m.putSetting(*e.Setting)
	case e.Op == PutRequired && e.Required != nil:
		return m.putRequired(*e.Required)
	case e.Op == PutAddresses && e.Addresses != nil:
		l := *e.Addresses
		return m.putAddresses(&l)
	case e.Op == DropAddresses && e.Addresses != nil:
		return m.dropAddresses(e.Addresses.ID)
	case e.Op == Other:
		return nil
	}
	return fail.Invalidf("Event %q is not known or lacks its content.", e.Op)
}

func (m *Map) putSetting(s Setting) error {
	m.settings = maps.Clone(m.settings)
	m.settings[s.Key] = s.Value
	m.readSettings()
	m.forget()
	return nil
}

// forget starts a new generation: what was worked out from grants and places no longer holds.
func (m *Map) forget() { m.known, m.fresh = &generation{}, nil }

// checkObject holds an object against the kind table and the map; the parent must be there.
func (m *Map) checkObject(o *Object) error {
	if !o.Kind.known() || o.ID < 0 || o.ID >= idLimit {
		return fail.Invalidf("Object %d of kind %s cannot be: its kind or id is out of range.", o.ID, o.Kind)
	}
	if o.Steward != nil && !o.Kind.Stewarded() {
		return fail.Invalidf("%s %d cannot be: nobody is the owner of a %[1]s.", o.Kind, o.ID)
	}
	if err := m.checkPlace(o); err != nil {
		return err
	}
	for _, e := range o.Entries {
		if !o.Kind.has(e.Level) {
			return fail.Invalidf("%s %d cannot have an entry of level %s.", o.Kind, o.ID, e.Level)
		}
		if _, ok := m.Principal(e.Principal); !ok {
			return fail.NotFoundf("%s %d has an entry for principal %d, who does not exist.", o.Kind, o.ID, e.Principal)
		}
	}
	return nil
}

// checkPlace: things of the tree lie in folders, everything else directly below the root of its kind, and only the roots are their own
// parents.
func (m *Map) checkPlace(o *Object) error {
	root := kinds[o.Kind].Root
	if builtinKind(o.ID) != o.Kind && (o.ID <= WorkspaceObject || o.isRoot() || o.Kind >= Tokens) || o.isRoot() != (o.ID == root) {
		return fail.Invalidf("%s %d cannot be: only the roots of the workspace are their own parents, and each has its kind.", o.Kind, o.ID)
	}
	if o.isRoot() {
		return nil
	}
	parent, ok := m.Object(o.Parent)
	if !ok {
		return fail.NotFoundf("The parent %d of %s %d does not exist.", o.Parent, o.Kind, o.ID)
	}
	if o.Kind.InTree() && parent.Kind != Directory || !o.Kind.InTree() && o.Parent != root {
		return fail.Invalidf("%s %d cannot lie in %s %d.", o.Kind, o.ID, parent.Kind, parent.ID)
	}
	return nil
}

// builtinKind gives the kind of an object that every workspace has, 0 for others.
func builtinKind(id int64) Kind {
	switch {
	case id >= Root && id <= FolderRemoved:
		return Directory
	case id >= ModelsRoot && id <= WorkspaceObject:
		return [...]Kind{RegisteredModel, Tokens, Passwords, Workspace}[id-ModelsRoot]
	}
	return 0
}

func (m *Map) putObject(o *Object) error {
	if err := m.checkPut(o); err != nil {
		return err
	}
	o.Entries = tidy(o.Entries)
	old, _ := m.Object(o.ID)
	if old != nil {
		m.unlink(old)
	}
	m.link(o)
	m.age(old, o)
	return nil
}

func (m *Map) checkPut(o *Object) error {
	if err := m.checkObject(o); err != nil {
		return err
	}
	if old, ok := m.Object(o.ID); ok && old.Kind != o.Kind {
		return fail.Invalidf("%s %d cannot become a %s.", old.Kind, o.ID, o.Kind)
	}
	for above := range m.Chain(o.Parent) {
		if above.ID == o.ID && !o.isRoot() {
			return fail.Invalidf("%s %d cannot lie below itself.", o.Kind, o.ID)
		}
	}
	if twin, ok := m.ChildNamed(o.Parent, o.Kind, o.Name); ok && twin.ID != o.ID && o.nameCounts() {
		return takenName(o)
	}
	return nil
}

// age keeps what was worked out where it still holds: a rename changes nothing, a new object only adds.
func (m *Map) age(old, o *Object) {
	switch {
	case old == nil && o.OwnsPermissions():
		n := 1
		if m.fresh != nil {
			n = m.fresh.n + 1
		}
		if n > freshLimit {
			m.forget()
			return
		}
		m.fresh = &freshOwner{object: o.ID, older: m.fresh, n: n}
	case old != nil && !sameAccess(old, o):
		m.forget()
	}
}

// freshLimit bounds how many new folders one look-up may have to add to what it remembers.
const freshLimit = 1024

func sameAccess(a, b *Object) bool {
	return a.Parent == b.Parent && a.Creator == b.Creator && a.CreatorManages == b.CreatorManages && a.Home == b.Home &&
		a.Trashed == b.Trashed && slices.Equal(a.Entries, b.Entries)
}

func (m *Map) dropObject(id int64) error {
	o, ok := m.Object(id)
	if !ok {
		return fail.NotFoundf("Object %d does not exist.", id)
	}
	if id <= WorkspaceObject {
		return fail.Statef("%s %d is a part of every workspace.", o.Kind, id)
	}
	if n := m.ChildCount(id); n > 0 {
		return fail.Statef("%d objects lie in %s %d.", n, o.Kind, id)
	}
	m.unlink(o)
	m.objects, m.required = m.objects.without(uint64(id)), m.required.without(uint64(id))
	if o.OwnsPermissions() {
		m.forget()
	}
	return nil
}

// link enters an object into every index, unlink takes it out of them; the object itself stays for link to replace.
func (m *Map) link(o *Object) {
	m.objects = m.objects.with(uint64(o.ID), o)
	if !o.isRoot() {
		m.children = m.children.with(o.Parent, o.ID)
	}
	if o.nameCounts() {
		m.names = m.names.with(m.nameKey(o.Parent, o.Kind, o.Name), o.ID)
	}
	for p := range o.named() {
		m.grants = m.grants.with(p, o.ID)
	}
	if o.CreatorManages {
		m.created = m.created.with(o.Creator, o.ID)
	}
	if o.OwnsPermissions() {
		m.owners = m.owners.with(uint64(o.ID), struct{}{})
	}
}

func (m *Map) unlink(o *Object) {
	if !o.isRoot() {
		m.children = m.children.without(o.Parent, o.ID)
	}
	if o.nameCounts() {
		m.names = m.names.without(m.nameKey(o.Parent, o.Kind, o.Name), o.ID)
	}
	for p := range o.named() {
		m.grants = m.grants.without(p, o.ID)
	}
	if o.CreatorManages {
		m.created = m.created.without(o.Creator, o.ID)
	}
	m.owners = m.owners.without(uint64(o.ID))
}

// nameCounts says whether the name keeps siblings from having it.
func (o *Object) nameCounts() bool { return !o.Trashed && !o.isRoot() && kinds[o.Kind].OneName }

// named gives whom the object's own row gives something, but for its creator.
func (o *Object) named() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, e := range o.Entries {
			if !yield(e.Principal) {
				return
			}
		}
		if o.Home != 0 {
			yield(o.Home)
		}
	}
}

// tidy gives entries ascending by principal, one each, the last one given for him.
func tidy(entries []Entry) []Entry {
	if len(entries) == 0 {
		return nil
	}
	if ascending(entries) {
		return entries
	}
	out := slices.Clone(entries)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Entry) int { return cmp.Compare(a.Principal, b.Principal) })
	return slices.Clip(slices.CompactFunc(out, func(a, b Entry) bool { return a.Principal == b.Principal }))
}

func ascending(entries []Entry) bool {
	for i := 1; i < len(entries); i++ {
		if entries[i].Principal <= entries[i-1].Principal {
			return false
		}
	}
	return true
}

func (m *Map) putPrincipal(p *Principal) error {
	if err := m.checkPrincipal(p); err != nil {
		return err
	}
	p.Parents = slices.Compact(slices.Sorted(slices.Values(p.Parents)))
	if old, ok := m.Principal(p.ID); ok {
		m.unlinkPrincipal(old)
	}
	m.principals = m.principals.with(uint64(p.ID), p)
	m.principalNames = m.principalNames.with(m.principalKey(p.Kind, strings.ToLower(p.Name)), p.ID)
	for _, group := range p.Parents {
		m.members = m.members.with(group, p.ID)
	}
	m.forgetClosures(p)
	return nil
}

func (m *Map) checkPrincipal(p *Principal) error {
	if p.Kind < User || p.Kind > Group || p.ID <= 0 || p.ID >= idLimit {
		return fail.Invalidf("Principal %d of kind %d cannot be: its kind or id is out of range.", p.ID, p.Kind)
	}
	if old, ok := m.Principal(p.ID); ok && old.Kind != p.Kind {
		return fail.Invalidf("Principal %d cannot change its kind.", p.ID)
	} else if ok && old.Directory != p.Directory || p.Directory != "" && p.Kind != ServicePrincipal {
		return fail.Invalidf("Principal %d cannot become or stop being a directory's.", p.ID)
	}
	if other, ok := m.PrincipalByName(namespace(p.Kind), p.Name); ok && other.ID != p.ID {
		return fail.Existsf("Another principal has the name %q.", p.Name)
	}
	for _, id := range p.Parents {
		if group, ok := m.Principal(id); !ok || group.Kind != Group || id == p.ID {
			return fail.Invalidf("Principal %d cannot be a member of %d, which is no other group.", p.ID, id)
		}
	}
	return nil
}

// namespace is the kind under which PrincipalByName finds all that a name of the kind can collide with.
func namespace(k PrincipalKind) PrincipalKind {
	if k == Group {
		return Group
	}
	return User
}

func (m *Map) unlinkPrincipal(p *Principal) {
	m.principalNames = m.principalNames.without(m.principalKey(p.Kind, strings.ToLower(p.Name)), p.ID)
	for _, group := range p.Parents {
		m.members = m.members.without(group, p.ID)
	}
}

// forgetClosures keeps what was worked out for others when only a member changes; a group changes the closures of all below it.
func (m *Map) forgetClosures(p *Principal) {
	if p.Kind == Group {
		m.closures = &memo[*closure]{}
		return
	}
	m.closures = m.closures.copyWithout(uint64(p.ID))
}

// dropPrincipal takes a principal out of everything: entries, memberships, credentials. What he made stays; his id is never given again.
func (m *Map) dropPrincipal(id int64) error {
	p, ok := m.Principal(id)
	if !ok {
		return fail.NotFoundf("Principal %d does not exist.", id)
	}
	if id < FirstFreePrincipal && p.Kind == Group {
		return fail.Statef("Group %q is a part of every workspace.", p.Name)
	}
	for o := range m.objectsWith(id) {
		if err := m.dropEntry(o, id); err != nil {
			return err
		}
	}
	for member := range m.Members(id) {
		m.leave(member, id)
	}
	for c := range m.Credentials(id) {
		m.unlinkCredential(c)
	}
	m.unlinkPrincipal(p)
	m.principals = m.principals.without(uint64(id))
	m.forgetClosures(p)
	return nil
}

func (m *Map) dropEntry(o *Object, principal int64) error {
	less := *o
	less.Entries = slices.DeleteFunc(slices.Clone(o.Entries), func(e Entry) bool { return e.Principal == principal })
	return m.putObject(&less)
}

func (m *Map) leave(member *Principal, group int64) {
	less := *member
	less.Parents = nil
	for _, id := range member.Parents {
		if id != group {
			less.Parents = append(less.Parents, id)
		}
	}
	m.principals = m.principals.with(uint64(less.ID), &less)
	m.members = m.members.without(group, less.ID)
}

func (m *Map) putCredential(c *Credential) error {
	if len(c.Hash) != hashSize || c.ID == "" {
		return fail.Invalidf("Credential %q needs an id and a hash of %d bytes.", c.ID, hashSize)
	}
	if _, ok := m.Principal(c.Principal); !ok {
		return fail.NotFoundf("Credential %q belongs to principal %d, who does not exist.", c.ID, c.Principal)
	}
	if other, ok := m.Credential(c.Hash); ok && other.ID != c.ID {
		return fail.Existsf("Credential %q has the hash of another.", c.ID)
	}
	if old, ok := m.CredentialByID(c.ID); ok {
		m.unlinkCredential(old)
	}
	m.credentials = m.credentials.with(hashKey(c.Hash), c)
	m.credentialIDs = m.credentialIDs.with(m.hash(c.ID), c)
	list, _ := m.credentialsOf.Get(uint64(c.Principal))
	m.credentialsOf = m.credentialsOf.with(uint64(c.Principal), list.with(m.hash(c.ID), c))
	return nil
}

func (m *Map) dropCredential(id string) error {
	c, ok := m.CredentialByID(id)
	if !ok {
		return fail.NotFoundf("Credential %q does not exist.", id)
	}
	m.unlinkCredential(c)
	return nil
}

func (m *Map) unlinkCredential(c *Credential) {
	m.credentials = m.credentials.without(hashKey(c.Hash), c)
	m.credentialIDs = m.credentialIDs.without(m.hash(c.ID), c)
	list, _ := m.credentialsOf.Get(uint64(c.Principal))
	if list = list.without(m.hash(c.ID), c); list.t.Len() == 0 {
		m.credentialsOf = m.credentialsOf.without(uint64(c.Principal))
		return
	}
	m.credentialsOf = m.credentialsOf.with(uint64(c.Principal), list)
}
