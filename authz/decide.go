package authz

import "time"

// Rule says what decided.
type Rule uint8

// The rules that decide. Those up to RuleNothing refuse, the others allow.
const (
	RuleUnknown       Rule = iota // the principal does not exist or is a group
	RuleInactive                  // the principal is inactive
	RuleCredential                // the credential is expired, revoked or somebody else's
	RuleScope                     // the credential is cut down to scopes that do not reach the ability
	RuleDirectory                 // a directory does nothing but provision
	RuleAbsent                    // the object does not exist, or is in the trash
	RuleNoSuchAbility             // the law does not know the ability on this kind
	RuleRootClosed                // with access control on, only administrators create in the root
	RuleNothing                   // nothing gives it
	RuleAdmins                    // admins have Manage on everything
	RuleAnyone                    // the table gives it to everybody
	RuleEntry                     // an entry on the object or above it
	RuleCreator                   // the creator manages what he made
	RuleHome                      // the home folder's owner manages it
	RuleShared                    // `users` manage /Shared
	RuleOpen                      // access control is off
	RuleBelow                     // names of folders that lead to something one has a level on
	RuleAuditors                  // auditors may read it
	RuleProvisions                // directories provision
	ruleEnd
)

var ruleNames = [ruleEnd]string{
	"unknown", "inactive", "credential", "scope", "directory", "absent", "no-such-ability", "root-closed", "nothing", "admins", "anyone", "entry",
	"creator", "home", "shared", "open", "below", "auditors", "provisions",
}

// String gives the rule's stable name.
func (r Rule) String() string { return ruleNames[min(r, ruleEnd-1)] }

// MarshalText writes the rule's stable name.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Decision is the answer to one question, with the rule that gave it. Explain and Refuse make words of it.
type Decision struct {
	Allowed bool `json:"allowed"`
	// Known says that the caller may learn that the object exists, so that a refusal may say so.
	Known     bool    `json:"known"`
	Rule      Rule    `json:"rule"`
	Ability   Ability `json:"ability"`
	Kind      Kind    `json:"kind"` // 0 when the object is unknown or the caller was refused before it was looked at
	Level     Level   `json:"level,omitempty"`
	Object    int64   `json:"object"`
	Principal int64   `json:"principal"`
	// EntryObject and EntryPrincipal say where the level comes from and to whom it was given there; they mean nothing without a level.
	EntryObject    int64 `json:"entry_object"`
	EntryPrincipal int64 `json:"entry_principal"`
}

// Decide answers whether who may do what the ability names with the object, at a time. It is a pure function of its arguments, allocates
// nothing once a principal's groups are worked out, and refuses whatever it does not know.
func Decide(m *Map, who Who, ability Ability, object int64, when time.Time) Decision {
	d := Decision{Ability: ability, Object: object, Principal: who.Principal}
	c, refused := m.caller(&who, ability, when)
	if c == nil {
		d.Rule, d.Known = refused, refused == RuleScope && m.Knows(who.Principal, object)
		return d
	}
	o, ok := m.Object(object)
	if !ok {
		d.Rule = RuleAbsent
		return d
	}
	law := ruleOf(o.Kind, ability)
	g, trashed := m.highest(o, c)
	if trashed && !law.trash {
		d.Rule = RuleAbsent
		return d
	}
	d.Kind, d.Level, d.EntryObject, d.EntryPrincipal = o.Kind, g.level, g.object, g.principal
	// Forbid policies stand here: they refuse before anything allows.
	d.Allowed, d.Rule = m.verdict(o, c, g, ability, law)
	// Permit policies stand here: they add to what was refused.
	d.Known = d.Allowed || g.level != NoLevel || !trashed && m.mayKnow(o, c)
	return d
}

// caller gives S(P) of who asks, or nil and the rule that refuses him whatever he asks for.
func (m *Map) caller(who *Who, ability Ability, when time.Time) (*closure, Rule) {
	c := m.closureOf(who.Principal)
	switch {
	case c == nil || c.group:
		return nil, RuleUnknown
	case !c.active:
		return nil, RuleInactive
	case !ability.known():
		return nil, RuleNoSuchAbility
	case past(who.Expires, when) || who.ofMap() && !m.stands(who, when):
		return nil, RuleCredential
	case !ability.within(who.Scopes):
		return nil, RuleScope
	case c.directory && !rules[Workspace][ability].directories:
		return nil, RuleDirectory
	}
	return c, RuleNothing
}

// MethodToken, MethodSession and MethodOAuth are the Who.Method of callers who came with a credential of the map, or with what was signed for one;
// every decision looks whether it is still there, so that a revoked token ends what runs too.
const (
	MethodToken   = "token"
	MethodSession = "session"
	MethodOAuth   = "oauth"
)

func (who *Who) ofMap() bool {
	return who.Method == MethodToken || who.Method == MethodSession || who.Method == MethodOAuth
}

func (m *Map) stands(who *Who, when time.Time) bool {
	c, ok := m.CredentialByID(who.Credential)
	if !ok || c.Principal != who.Principal {
		return false
	}
	_, _, ok = m.Standing(c, when)
	return ok
}

// Standing gives what a credential is good for: its scopes and its end (ms since 1970, 0 = none); ok is false when it has ended. A session
// that was opened with a token reaches as far as that token does now, and ends with it.
func (m *Map) Standing(c *Credential, when time.Time) (scopes []string, expires int64, ok bool) {
	scopes, expires = c.Scopes, c.Expires
	if c.Origin != "" {
		origin, there := m.CredentialByID(c.Origin)
		if !there || origin.Principal != c.Principal || past(origin.Expires, when) {
			return nil, 0, false
		}
		scopes = origin.Scopes
	}
	return scopes, expires, !past(expires, when)
}

func past(expires int64, when time.Time) bool { return expires != 0 && when.UnixMilli() >= expires }

// grant is a level with where it comes from.
type grant struct {
	level     Level
	rule      Rule
	object    int64
	principal int64
}

// highest gives the highest level of a closure on an object, and whether the object is in the trash or below one that is.
func (m *Map) highest(o *Object, c *closure) (best grant, trashed bool) {
	if c.admin {
		best = grant{kinds[o.Kind].Manage, RuleAdmins, kinds[o.Kind].Root, GroupAdmins}
	}
	for at := o; ; {
		trashed = trashed || at.Trashed
		if g := m.own(at, c); g.level > best.level {
			best = g
		}
		above, ok := m.Object(at.Parent)
		if !ok || at.isRoot() {
			return best, trashed
		}
		at = above
	}
}

// own gives the highest level that the object's own row or a default about just this object gives a closure.
func (m *Map) own(o *Object, c *closure) grant {
	g := fromEntries(o, c)
	if manage := kinds[o.Kind].Manage; g.level < manage {
		switch id := c.id; {
		case o.Home == id:
			return grant{manage, RuleHome, o.ID, id}
		case o.CreatorManages && o.Creator == id:
			return grant{manage, RuleCreator, o.ID, id}
		}
	}
	if level, rule := m.forUsers(o.ID); level > g.level {
		return grant{level, rule, o.ID, GroupUsers}
	}
	return g
}

// forUsers gives what `users` have on an object by default.
func (m *Map) forUsers(object int64) (Level, Rule) {
	switch {
	case object == FolderShared:
		return CanManage, RuleShared
	case object == Root && !m.control:
		return CanEdit, RuleOpen
	case object == ModelsRoot && !m.control:
		return CanManage, RuleOpen
	}
	return NoLevel, RuleNothing
}

// fromEntries looks through the shorter of the two lists for each member of it in the other.
func fromEntries(o *Object, c *closure) grant {
	best := grant{}
	if len(o.Entries) <= 4*len(c.ids) {
		for _, e := range o.Entries {
			if e.Level > best.level && c.has(e.Principal) {
				best = grant{e.Level, RuleEntry, o.ID, e.Principal}
			}
		}
		return best
	}
	for _, id := range c.ids {
		if level := o.entryOf(id); level > best.level {
			best = grant{level, RuleEntry, o.ID, id}
		}
	}
	return best
}

// verdict applies the table and the defaults that are no levels.
func (m *Map) verdict(o *Object, c *closure, g grant, ability Ability, law rule) (bool, Rule) {
	switch {
	case law.levels == 0:
		return false, RuleNoSuchAbility
	case law.directories && c.directory:
		return true, RuleProvisions
	case c.admin:
		return law.levels.has(kinds[o.Kind].Manage), RuleAdmins
	case o.ID == Root && m.control && (ability == CreateItems || ability == CreateExperiments):
		return false, RuleRootClosed
	case ability == ListItems && m.hideList && g.level == NoLevel:
		return m.verdictBelow(o, c)
	case law.levels.has(NoLevel):
		return true, RuleAnyone
	case law.levels.has(g.level):
		return true, g.rule
	case m.opens(o.Kind, ability):
		return true, RuleOpen
	case law.auditors && c.auditor:
		return true, RuleAuditors
	}
	return false, RuleNothing
}

func (m *Map) verdictBelow(o *Object, c *closure) (bool, Rule) {
	if m.sees(c, o.ID) {
		return true, RuleBelow
	}
	return false, RuleNothing
}

// opens says that with access control off everybody may create in the whole tree, though Edit alone would not give it.
func (m *Map) opens(k Kind, ability Ability) bool {
	return !m.control && k == Directory && ability == CreateItems
}

// mayKnow says whether somebody without a level on the object may learn that it exists.
func (m *Map) mayKnow(o *Object, c *closure) bool {
	return c.admin || o.isRoot() || o.Kind.InTree() && (!m.hideList || m.sees(c, o.ID))
}

// Knows says whether a principal may learn that an object exists, whatever he asks of it: what a refusal to look at it may tell him.
func (m *Map) Knows(principal, object int64) bool {
	c := m.closureOf(principal)
	o, ok := m.Object(object)
	if c == nil || !ok {
		return false
	}
	g, trashed := m.highest(o, c)
	return g.level != NoLevel || !trashed && m.mayKnow(o, c)
}

// LevelOn gives the highest level of a principal, also of a group, on an object, with administrators and defaults counted; NoLevel for an
// unknown or inactive principal and for what is unknown or in the trash. It is what "permission_level" of an object's answer says.
func LevelOn(m *Map, principal, object int64) Level {
	c := m.closureOf(principal)
	o, ok := m.Object(object)
	if !ok || !c.counts() {
		return NoLevel
	}
	g, trashed := m.highest(o, c)
	if trashed {
		return NoLevel
	}
	return g.level
}

// cachedVisible is what sees remembers, with what it was worked out from.
type cachedVisible struct {
	of      *closure
	fresh   *freshOwner
	created *node[struct{}]
	ids     idSet
}

// sees says whether a closure has a level on the object or on something below it that is not in the trash, not counting what comes from
// above the object.
func (m *Map) sees(c *closure, object int64) bool {
	key, made := uint64(c.id), m.created.of(c.id)
	v, ok := m.known.visible.get(key)
	if !ok || v.of != c || v.created != made.root || v.fresh != m.fresh {
		v = &cachedVisible{of: c, fresh: m.fresh, created: made.root, ids: m.visible(v, c)}
		m.known.visible.put(key, v)
	}
	_, ok = v.ids.Get(uint64(object))
	return ok
}

// visible gives the objects that a closure has a level on by their own rows, and all that contain them.
func (m *Map) visible(old *cachedVisible, c *closure) (ids idSet) {
	if old != nil && old.of == c && old.created == m.created.of(c.id).root {
		if added, ok := m.fresh.since(old.fresh); ok {
			ids = old.ids
			for _, id := range added {
				ids = m.addVisible(ids, id, c)
			}
			return ids
		}
	}
	for id := range m.granted(c) {
		ids = m.addVisible(ids, id, c)
	}
	return ids
}

func (m *Map) addVisible(ids idSet, id int64, c *closure) idSet {
	o, ok := m.Object(id)
	if !ok || m.InTrash(id) || m.own(o, c).level == NoLevel {
		return ids
	}
	for at := range m.Chain(id) {
		if _, ok := ids.Get(uint64(at.ID)); ok {
			break
		}
		ids = ids.with(uint64(at.ID), struct{}{})
	}
	return ids
}

// granted gives every object whose own row, or a default about just it, may give a closure something; some twice.
func (m *Map) granted(c *closure) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		for _, id := range []int64{Root, FolderShared, ModelsRoot} {
			if level, _ := m.forUsers(id); level != NoLevel && !yield(id) {
				return
			}
		}
		for _, principal := range c.ids {
			for id := range m.grants.of(principal).All() {
				if !yield(int64(id)) {
					return
				}
			}
		}
		for id := range m.created.of(c.id).All() {
			if !yield(int64(id)) {
				return
			}
		}
	}
}
