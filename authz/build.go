package authz

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"bailiwick/fail"
)

// Builder gathers the contents of a map that is loaded at once. It starts with what every workspace has (Builtin); adding an id again
// replaces it. It is not safe for concurrent use.
type Builder struct {
	objects     []chunk
	at          map[int64]*Object // only the built-in ones, which may be replaced
	principals  map[int64]*Principal
	credentials []*Credential
	settings    map[string]string
	addresses   []AddressList
	required    []RequiredTags
}

// chunk keeps objects together, so a million of them are not a million allocations.
type chunk []Object

const chunkSize = 1024

// NewBuilder starts the contents of a map.
func NewBuilder() *Builder {
	b := &Builder{at: map[int64]*Object{}, principals: map[int64]*Principal{}, settings: map[string]string{}}
	objects, principals := Builtin()
	for _, o := range objects {
		b.AddObject(o)
	}
	for _, p := range principals {
		b.AddPrincipal(p)
	}
	return b
}

// Builtin gives what every workspace starts with: the roots, the special folders and the three groups. `users` may use tokens, which an
// administrator can take back. A root is its own parent.
func Builtin() (objects []Object, principals []Principal) {
	objects = []Object{
		{ID: Root, Kind: Directory, Parent: Root},
		{ID: FolderUsers, Kind: Directory, Parent: Root, Name: "Users"},
		{ID: FolderShared, Kind: Directory, Parent: Root, Name: "Shared"},
		{ID: FolderRepos, Kind: Directory, Parent: Root, Name: "Repos"},
		{ID: FolderRemoved, Kind: Directory, Parent: FolderUsers, Name: ".removed"},
		{ID: ModelsRoot, Kind: RegisteredModel, Parent: ModelsRoot, Name: "root"},
		{ID: TokensRoot, Kind: Tokens, Parent: TokensRoot, Name: "tokens", Entries: []Entry{{GroupUsers, CanUse}}},
		{ID: PasswordsRoot, Kind: Passwords, Parent: PasswordsRoot, Name: "passwords"},
		{ID: WorkspaceObject, Kind: Workspace, Parent: WorkspaceObject, Name: "workspace"},
	}
	for id, name := range map[int64]string{GroupUsers: "users", GroupAdmins: "admins", GroupAuditors: "auditors"} {
		principals = append(principals, Principal{ID: id, Kind: Group, Name: name, Active: true})
	}
	slices.SortFunc(principals, func(a, b Principal) int { return int(a.ID - b.ID) })
	return objects, principals
}

// AddObject adds an object; its parent may follow later. The builder keeps the entries' slice.
func (b *Builder) AddObject(o Object) {
	if at, ok := b.at[o.ID]; ok {
		*at = o
		return
	}
	last := len(b.objects) - 1
	if last < 0 || len(b.objects[last]) == chunkSize {
		b.objects = append(b.objects, make(chunk, 0, chunkSize))
		last++
	}
	b.objects[last] = append(b.objects[last], o)
	if o.ID < FirstFreeObject {
		b.at[o.ID] = &b.objects[last][len(b.objects[last])-1]
	}
}

// AddPrincipal adds a principal; its groups may follow later.
func (b *Builder) AddPrincipal(p Principal) { b.principals[p.ID] = &p }

// AddCredential adds a credential; its principal may follow later.
func (b *Builder) AddCredential(c Credential) { b.credentials = append(b.credentials, &c) }

// AddSetting adds a setting.
func (b *Builder) AddSetting(s Setting) { b.settings[s.Key] = s.Value }

// AddAddresses adds an IP access list.
func (b *Builder) AddAddresses(l AddressList) { b.addresses = append(b.addresses, l) }

// AddRequired adds what an object requires; the object may follow later.
func (b *Builder) AddRequired(r RequiredTags) { b.required = append(b.required, r) }

// NewMap makes the map of everything gathered, at a governance version. It fails as Apply does, and leaves the builder of no further use.
func NewMap(version int64, b *Builder) (*Map, error) {
	m := &Map{version: version, seed: maphash.MakeSeed(), settings: maps.Clone(b.settings), closures: &memo[*closure]{}, known: &generation{},
		searched: &nameMemo{}}
	m.readSettings()
	if err := m.addPrincipals(b.principals); err != nil {
		return nil, err
	}
	for _, c := range b.credentials {
		if err := m.putCredential(c); err != nil {
			return nil, err
		}
	}
	if err := m.load(b.objects); err != nil {
		return nil, err
	}
	for _, l := range b.addresses {
		if err := m.putAddresses(&l); err != nil {
			return nil, err
		}
	}
	for _, r := range b.required {
		if err := m.putRequired(r); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// addPrincipals adds groups first without their groups, so that memberships may lead anywhere.
func (m *Map) addPrincipals(all map[int64]*Principal) error {
	ids := slices.Sorted(maps.Keys(all))
	for _, id := range ids {
		if bare := *all[id]; bare.Kind == Group {
			bare.Parents = nil
			if err := m.putPrincipal(&bare); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if err := m.putPrincipal(all[id]); err != nil {
			return err
		}
	}
	return nil
}

// load takes the objects in, each index built at once.
func (m *Map) load(chunks []chunk) error {
	if err := m.loadObjects(chunks); err != nil {
		return err
	}
	for _, o := range m.objects.All() { // parents exist before indexes are built
		if err := m.checkObject(o); err != nil {
			return err
		}
		o.Entries = tidy(o.Entries)
	}
	m.loadLinks()
	return m.loadNames()
}

func (m *Map) loadObjects(chunks []chunk) error {
	var leaves []leaf[*Object]
	for _, c := range chunks {
		for i := range c {
			leaves = append(leaves, leaf[*Object]{key: uint64(c[i].ID), val: &c[i]})
		}
	}
	sortLeaves(leaves)
	for i := 1; i < len(leaves); i++ {
		if leaves[i].key == leaves[i-1].key {
			return fail.Invalidf("Object %d is there twice.", leaves[i].key)
		}
	}
	m.objects = buildTrie(leaves)
	return nil
}

// loadLinks fills the indexes that lead from one id to a set of others.
func (m *Map) loadLinks() {
	var children, grants, created pairs
	var owners []leaf[struct{}]
	for id, o := range m.objects.All() {
		if !o.isRoot() {
			children.add(o.Parent, id)
		}
		for p := range o.named() {
			grants.add(p, id)
		}
		if o.CreatorManages {
			created.add(o.Creator, id)
		}
		if o.OwnsPermissions() {
			owners = append(owners, leaf[struct{}]{key: id})
		}
	}
	m.children, m.grants, m.created = children.sets(), grants.sets(), created.sets()
	m.owners = buildTrie(owners)
}

// loadNames fills the index of names and finds names that are there twice and objects that hang nowhere.
func (m *Map) loadNames() error {
	reached := 0
	for _, root := range []int64{Root, ModelsRoot, TokensRoot, PasswordsRoot, WorkspaceObject} {
		for range m.Subtree(root) {
			reached++
		}
	}
	if reached != m.objects.Len() {
		return fail.Invalidf("%d objects lie in a cycle of folders.", m.objects.Len()-reached)
	}
	var leaves []leaf[link[int64]]
	for _, o := range m.objects.All() {
		if o.nameCounts() {
			leaves = append(leaves, leaf[link[int64]]{key: m.nameKey(o.Parent, o.Kind, o.Name), val: link[int64]{item: o.ID}})
		}
	}
	return m.indexNames(leaves)
}

func (m *Map) indexNames(leaves []leaf[link[int64]]) error {
	sortLeaves(leaves)
	kept := leaves[:0]
	for _, l := range leaves {
		if n := len(kept); n > 0 && kept[n-1].key == l.key {
			former := kept[n-1].val
			kept[n-1].val = link[int64]{item: l.val.item, next: &former}
			if err := m.twins(kept[n-1].val); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, l)
	}
	m.names.t = buildTrie(kept)
	return nil
}

// twins fails when the first of the objects under one hash really has the name of another.
func (m *Map) twins(l link[int64]) error {
	first, _ := m.Object(l.item)
	for other := l.next; other != nil; other = other.next {
		if o, _ := m.Object(other.item); o.Parent == first.Parent && o.Name == first.Name && sameNames(o.Kind, first.Kind) {
			return takenName(first)
		}
	}
	return nil
}

func sameNames(a, b Kind) bool { return a == b || a.InTree() && b.InTree() }

func takenName(o *Object) error {
	return fail.Existsf("Another object beside %s %d has the name %q.", o.Kind, o.ID, o.Name)
}

// pairs gathers what will be sets.
type pairs []leaf[uint64]

func (p *pairs) add(key int64, id uint64) { *p = append(*p, leaf[uint64]{key: uint64(key), val: id}) }

// sets builds them.
func (p pairs) sets() sets {
	slices.SortFunc(p, func(a, b leaf[uint64]) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.val, b.val)) })
	var out []leaf[idSet]
	for from, i := 0, 1; i <= len(p); i++ {
		if i == len(p) || p[i].key != p[from].key {
			out = append(out, leaf[idSet]{key: p[from].key, val: setOf(p[from:i])})
			from = i
		}
	}
	return sets{buildTrie(out)}
}

func setOf(p pairs) idSet {
	leaves := make([]leaf[struct{}], 0, len(p))
	for i := range p {
		if i == 0 || p[i].val != p[i-1].val {
			leaves = append(leaves, leaf[struct{}]{key: p[i].val})
		}
	}
	return buildTrie(leaves)
}

// foldSetting reads a switch as the source does: "true" in any case.
func (m *Map) foldSetting(key, absent string) bool {
	v, ok := m.settings[key]
	if !ok {
		v = absent
	}
	return strings.EqualFold(v, "true")
}

func (m *Map) readSettings() {
	m.control = m.foldSetting(SettingAccessControl, "true")
	m.hideList = m.foldSetting(SettingEnforceView, "false")
	m.readNetwork()
}

// String says what the map is in a log line.
func (m *Map) String() string {
	return fmt.Sprintf("access map at %d: %d objects, %d principals", m.version, m.objects.Len(), m.principals.Len())
}
