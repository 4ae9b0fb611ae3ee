package authz

import (
	"crypto/subtle"
	"encoding/binary"
	"hash/maphash"
	"iter"
	"strings"
)

// Map is the access map: everything that decisions depend on, at one governance version. It is immutable and safe for concurrent use;
// what it gives out must not be changed. NewMap makes the first one, Apply each next.
type Map struct {
	version  int64
	seed     maphash.Seed
	settings map[string]string

	objects  Trie[*Object]
	children sets                // object → objects directly below it, the trash included
	names    hashed[int64]       // parent and name → object that is not in the trash itself
	owners   idSet               // objects that own the permissions of what lies below them
	grants   sets                // principal → objects with an entry for it, and its home folder
	created  sets                // principal → objects it made and manages for that
	required Trie[[]RequiredTag] // object → tags that must be given where something is made in it

	principals     Trie[*Principal]
	principalNames hashed[int64]
	members        sets // group → direct members

	credentials       hashed[*Credential] // under the start of their hash
	credentialIDs     hashed[*Credential]
	credentialsOf     Trie[credentialList]
	control, hideList bool // what the settings say, read once

	lists   map[string]*AddressList
	network *network // what they say; nil when nothing

	closures *memo[*closure]
	known    *generation
	fresh    *freshOwner
	searched *nameMemo
}

type credentialList = hashed[*Credential]

// Version is the governance version the map stands at.
func (m *Map) Version() int64 { return m.version }

// Setting gives a key of the workspace's configuration.
func (m *Map) Setting(key string) (value string, ok bool) {
	value, ok = m.settings[key]
	return value, ok
}

// AccessControl says whether access control is on, as it is when nothing is set.
func (m *Map) AccessControl() bool { return m.control }

// NamesHidden says whether names in folders are hidden from those without any level.
func (m *Map) NamesHidden() bool { return m.hideList }

// Object gives an object, one in the trash too.
func (m *Map) Object(id int64) (*Object, bool) { return m.objects.Get(uint64(id)) }

// Objects is the number of objects, the built-in ones and the trash included.
func (m *Map) Objects() int { return m.objects.Len() }

// Children gives the objects directly below one, the trash included, ids ascending.
func (m *Map) Children(id int64) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for child := range m.children.of(id).All() {
			if o, ok := m.objects.Get(child); ok && !yield(o) {
				return
			}
		}
	}
}

// ChildCount is the number of objects directly below one, the trash included.
func (m *Map) ChildCount(id int64) int { return m.children.of(id).Len() }

// ChildNamed finds the object of that name directly below parent that is not in the trash itself. In the workspace tree the kind does not
// matter, as siblings have different names whatever they are; elsewhere only kinds with unique names are found.
func (m *Map) ChildNamed(parent int64, kind Kind, name string) (*Object, bool) {
	for id := range m.names.under(m.nameKey(parent, kind, name)) {
		o, ok := m.Object(id)
		if ok && o.Name == name && o.Parent == parent && (o.Kind == kind || kind.InTree() && o.Kind.InTree()) {
			return o, true
		}
	}
	return nil, false
}

// Subtree gives the object and everything below it, the trash included, each after what contains it.
func (m *Map) Subtree(id int64) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		if o, ok := m.Object(id); ok {
			m.walk(o, yield)
		}
	}
}

func (m *Map) walk(o *Object, yield func(*Object) bool) bool {
	if !yield(o) {
		return false
	}
	for child := range m.Children(o.ID) {
		if !m.walk(child, yield) {
			return false
		}
	}
	return true
}

// Chain gives the object, what contains it, and so on up to the root of its kind; nothing for an unknown one.
func (m *Map) Chain(id int64) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for o, ok := m.Object(id); ok && yield(o) && !o.isRoot(); {
			o, ok = m.Object(o.Parent)
		}
	}
}

// InTrash says whether an object is in the trash or below one that is; an unknown one counts as being there.
func (m *Map) InTrash(id int64) bool {
	known := false
	for o := range m.Chain(id) {
		if o.Trashed {
			return true
		}
		known = true
	}
	return !known
}

// Path gives the workspace path of an object, "/Users/a@b/churn", also in the trash; "/" for Root and "" for what is not in the tree.
func (m *Map) Path(id int64) string {
	o, ok := m.Object(id)
	if !ok || !o.Kind.InTree() {
		return ""
	}
	if id == Root {
		return "/"
	}
	var names []string
	size := 0
	for at := range m.Chain(id) {
		if at.ID != Root {
			names = append(names, at.Name)
			size += len(at.Name) + 1
		}
	}
	path := make([]byte, 0, size)
	for i := len(names) - 1; i >= 0; i-- {
		path = append(append(path, '/'), names[i]...)
	}
	return string(path)
}

// Resolve finds the object outside the trash that has this workspace path, written as Path writes it.
func (m *Map) Resolve(path string) (*Object, bool) {
	o, ok := m.Object(Root)
	if path == "/" {
		return o, ok
	}
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	for name := range strings.SplitSeq(path[1:], "/") {
		if o, ok = m.ChildNamed(o.ID, Directory, name); !ok {
			return nil, false
		}
	}
	return o, ok
}

// ACLOwner gives the nearest object at or above one that owns permissions (see Object.OwnsPermissions), the root of its kind at last; what
// a scope names and rows carry as acl_id. For an unknown object it is -1, which no scope admits.
func (m *Map) ACLOwner(id int64) int64 {
	for o := range m.Chain(id) {
		if o.OwnsPermissions() {
			return o.ID
		}
	}
	return -1
}

// ACLOwners gives every object that owns permissions, ids ascending.
func (m *Map) ACLOwners() iter.Seq[int64] { return idsOf(m.owners) }

// OwnsPermissions says whether what lies below the object may be reached by other principals than what lies beside it: it has entries of its
// own, is somebody's home, a folder that its creator manages, /Shared, or a root. A creator's Manage on anything but a folder does not
// count: a scope names the creator himself.
func (o *Object) OwnsPermissions() bool {
	return len(o.Entries) > 0 || o.Home != 0 || o.Kind == Directory && o.CreatorManages || o.ID == FolderShared || o.isRoot()
}

// isRoot tells the ends of chains: each is its own parent.
func (o *Object) isRoot() bool { return o.Parent == o.ID }

// Principal gives a principal, an inactive one too.
func (m *Map) Principal(id int64) (*Principal, bool) { return m.principals.Get(uint64(id)) }

// Principals gives all of them, inactive ones and groups too, ids ascending.
func (m *Map) Principals() iter.Seq[*Principal] {
	return func(yield func(*Principal) bool) {
		for _, p := range m.principals.All() {
			if !yield(p) {
				return
			}
		}
	}
}

// PrincipalByName finds a principal by its name in access control lists, without regard to case; "all users" is `users`. Clients send
// service principals as user names too, so User finds both; ServicePrincipal finds only those, Group only groups, and 0 whatever there is,
// who can sign in before groups.
func (m *Map) PrincipalByName(kind PrincipalKind, name string) (*Principal, bool) {
	if kind == 0 {
		if p, ok := m.PrincipalByName(User, name); ok {
			return p, true
		}
		kind = Group
	}
	name = foldedName(kind, name)
	for id := range m.principalNames.under(m.principalKey(kind, name)) {
		p, ok := m.Principal(id)
		if ok && strings.ToLower(p.Name) == name && (p.Kind == Group) == (kind == Group) && (kind != ServicePrincipal || p.Kind == kind) {
			return p, true
		}
	}
	return nil, false
}

// aliasOfUsers is the other name of the group of everybody.
const aliasOfUsers = "all users"

func foldedName(kind PrincipalKind, name string) string {
	name = strings.ToLower(name)
	if kind == Group && name == aliasOfUsers {
		return "users"
	}
	return name
}

// MemberCount is how many direct members a group has; those of `users` are not counted.
func (m *Map) MemberCount(group int64) int { return m.members.of(group).Len() }

// Members gives the direct members of a group, ids ascending; of `users` everybody who is no group.
func (m *Map) Members(group int64) iter.Seq[*Principal] {
	if group == GroupUsers {
		return m.everybody
	}
	return func(yield func(*Principal) bool) {
		for id := range m.members.of(group).All() {
			if p, ok := m.principals.Get(id); ok && !yield(p) {
				return
			}
		}
	}
}

func (m *Map) everybody(yield func(*Principal) bool) {
	for _, p := range m.principals.All() {
		if p.Kind != Group && !yield(p) {
			return
		}
	}
}

// Credential finds the credential with this keyed hash (32 bytes); the whole hash is compared in constant time.
func (m *Map) Credential(hash []byte) (*Credential, bool) {
	if len(hash) != hashSize {
		return nil, false
	}
	for c := range m.credentials.under(hashKey(hash)) {
		if subtle.ConstantTimeCompare(c.Hash, hash) == 1 {
			return c, true
		}
	}
	return nil, false
}

// CredentialByID finds a credential by its id.
func (m *Map) CredentialByID(id string) (*Credential, bool) {
	for c := range m.credentialIDs.under(m.hash(id)) {
		if c.ID == id {
			return c, true
		}
	}
	return nil, false
}

// Credentials gives the credentials of a principal, in no order.
func (m *Map) Credentials(principal int64) iter.Seq[*Credential] {
	list, _ := m.credentialsOf.Get(uint64(principal))
	return func(yield func(*Credential) bool) {
		for _, first := range list.t.All() {
			for l := &first; l != nil; l = l.next {
				if !yield(l.item) {
					return
				}
			}
		}
	}
}

const hashSize = 32

func hashKey(hash []byte) uint64 { return binary.BigEndian.Uint64(hash) }

func (m *Map) hash(s string) uint64 { return maphash.String(m.seed, s) }

// nameKey is the hash of a name among siblings: in the tree all siblings share their names, elsewhere those of one kind.
func (m *Map) nameKey(parent int64, kind Kind, name string) uint64 {
	if kind.InTree() {
		kind = Directory
	}
	return maphash.Comparable(m.seed, siblingName{parent, kind, name})
}

type siblingName struct {
	parent int64
	kind   Kind
	name   string
}

func (m *Map) principalKey(kind PrincipalKind, folded string) uint64 {
	if kind == Group {
		return m.hash("g" + folded)
	}
	return m.hash("p" + folded)
}

// objectsWith gives every object where a principal is named: entries and home.
func (m *Map) objectsWith(principal int64) iter.Seq[*Object] { return m.each(m.grants.of(principal)) }

func (m *Map) each(ids idSet) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for id := range ids.All() {
			if o, ok := m.objects.Get(id); ok && !yield(o) {
				return
			}
		}
	}
}
