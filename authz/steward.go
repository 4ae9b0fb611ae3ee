package authz

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
)

// Steward is who answers for a registered model or an experiment, and what is said of it beside. What is not set is zero.
type Steward struct {
	// Owner is a user, group or service principal; 0 = the creator. It may name somebody who was removed: then nobody owns the object.
	Owner int64 `json:"owner,omitempty"`
	// Contact is where to ask: an address, a channel, a page.
	Contact string `json:"contact,omitempty"`
	// Tier is one of Tiers, Lifecycle one of Lifecycles.
	Tier      string `json:"tier,omitempty"`
	Lifecycle string `json:"lifecycle,omitempty"`
}

// TagPrefix starts the keys of tags that are governance state: no other than those of StewardTags exists.
const TagPrefix = "bailiwick."

// The tags as which clients see and set stewardship.
const (
	TagOwner     = TagPrefix + "owner"
	TagContact   = TagPrefix + "contact"
	TagTier      = TagPrefix + "tier"
	TagLifecycle = TagPrefix + "lifecycle"
)

// maxContact is the most bytes of a contact.
const maxContact = 500

var (
	stewardTags = []string{TagOwner, TagContact, TagTier, TagLifecycle}
	tiers       = []string{"critical", "high", "medium", "low"}
	lifecycles  = []string{"experimental", "active", "deprecated", "retired"}
)

// StewardTags gives the keys under TagPrefix that exist.
func StewardTags() []string { return slices.Clone(stewardTags) }

// Tiers gives how much depends on an object, the most first.
func Tiers() []string { return slices.Clone(tiers) }

// Lifecycles gives the ages of an object in their order.
func Lifecycles() []string { return slices.Clone(lifecycles) }

// Stewarded says whether objects of the kind have an owner, a contact, a tier and a lifecycle.
func (k Kind) Stewarded() bool { return k == Experiment || k == RegisteredModel }

// StewardOf gives what is said of who answers for an object; the zero value where nothing is.
func (o *Object) StewardOf() Steward {
	if o.Steward == nil {
		return Steward{}
	}
	return *o.Steward
}

// OwnerID is the owner's id, the creator's where no other was named; 0 for what the server made itself.
func (o *Object) OwnerID() int64 {
	if o.Steward != nil && o.Steward.Owner != 0 {
		return o.Steward.Owner
	}
	return o.Creator
}

// Owner gives who owns an object; ok is false when nobody does: he was removed, or it never had one.
func (m *Map) Owner(object int64) (principal int64, ok bool) {
	o, ok := m.Object(object)
	if !ok || !o.Kind.Stewarded() || o.isRoot() {
		return 0, false
	}
	id := o.OwnerID()
	return id, m.exists(id)
}

// Neglect says why nobody answers for an object.
type Neglect string

// The reasons why nobody answers for an object. The empty one is none: somebody does.
const (
	NoOwner       Neglect = "no-owner"       // it never had one
	OwnerRemoved  Neglect = "owner-removed"  // he does not exist any more
	OwnerInactive Neglect = "owner-inactive" // he cannot sign in
	OwnerEmpty    Neglect = "owner-empty"    // a group without anybody active in it
)

// Neglected says why nobody answers for a model or an experiment, "" when somebody does.
func (m *Map) Neglected(o *Object) Neglect { return m.neglect(o.OwnerID()) }

// neglect judges an owner.
func (m *Map) neglect(owner int64) Neglect {
	p, ok := m.Principal(owner)
	switch {
	case owner == 0:
		return NoOwner
	case !ok:
		return OwnerRemoved
	case p.Kind == Group && !m.peopled(owner, map[int64]bool{}):
		return OwnerEmpty
	case p.Kind != Group && !p.Active:
		return OwnerInactive
	}
	return ""
}

// peopled says whether somebody active is in a group, through others too.
func (m *Map) peopled(group int64, seen map[int64]bool) bool {
	seen[group] = true
	for p := range m.Members(group) {
		if p.Kind != Group && p.Active || p.Kind == Group && !seen[p.ID] && m.peopled(p.ID, seen) {
			return true
		}
	}
	return false
}

// Unowned gives the models and experiments outside the trash for which nobody answers, ids ascending and above after, and why. It looks at
// every object.
func (m *Map) Unowned(after int64) iter.Seq2[*Object, Neglect] {
	judged := map[int64]Neglect{}
	return func(yield func(*Object, Neglect) bool) {
		for _, o := range m.objects.All() {
			if !o.Kind.Stewarded() || o.isRoot() || o.ID <= after {
				continue
			}
			why, ok := judged[o.OwnerID()]
			if !ok {
				why = m.neglect(o.OwnerID())
				judged[o.OwnerID()] = why
			}
			if why != "" && !m.InTrash(o.ID) && !yield(o, why) {
				return
			}
		}
	}
}

// StewardTag gives the value of a tag of stewardship, empty for one that is not set. An owner is shown by his name.
func (m *Map) StewardTag(o *Object, key string) string {
	s := o.StewardOf()
	switch key {
	case TagOwner:
		if p, ok := m.Principal(o.OwnerID()); ok {
			return p.Name
		}
	case TagContact:
		return s.Contact
	case TagTier:
		return s.Tier
	case TagLifecycle:
		return s.Lifecycle
	}
	return ""
}

// SetStewardTag gives the stewardship after a tag of it was set; an empty value takes it back, the owner to the creator. Errors:
// fail.Invalid for an unknown key, with the known ones, for a value that the key cannot have, with those it can, and for an owner's name
// that nobody or more than one has.
func (m *Map) SetStewardTag(s Steward, key, value string) (Steward, error) {
	var err error
	switch key {
	case TagOwner:
		s.Owner, err = m.ownerNamed(value)
	case TagContact:
		s.Contact, err = value, checkContact(value)
	case TagTier:
		s.Tier, err = oneOf(key, value, tiers)
	case TagLifecycle:
		s.Lifecycle, err = oneOf(key, value, lifecycles)
	default:
		err = fail.Invalidf("The tag %q does not exist: under %q there are %s.", key, TagPrefix, strings.Join(stewardTags, ", "))
	}
	return s, err
}

// WithSteward gives an object with another stewardship.
func (o *Object) WithSteward(s Steward) Object {
	next := *o
	next.Steward = nil
	if s != (Steward{}) {
		next.Steward = &s
	}
	return next
}

func oneOf(key, value string, known []string) (string, error) {
	folded := strings.ToLower(value)
	if value != "" && !slices.Contains(known, folded) {
		return "", fail.Invalidf("%s must be one of %s, not %q.", key, strings.Join(known, ", "), value)
	}
	return folded, nil
}

func checkContact(text string) error {
	switch {
	case len(text) > maxContact:
		return fail.Invalidf("%s has %d bytes; %d are allowed.", TagContact, len(text), maxContact)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fail.Invalidf("%s must be one line of text.", TagContact)
	}
	return nil
}

// ownerWords are the prefixes by which a name says whose it is, where a user and a group share one.
var ownerWords = map[string]PrincipalKind{"user:": User, "service-principal:": ServicePrincipal, "group:": Group}

// ownerNamed finds who is to be the owner; nobody is 0.
func (m *Map) ownerNamed(name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	user, isUser := m.PrincipalByName(User, name)
	group, isGroup := m.PrincipalByName(Group, name)
	switch {
	case isUser && isGroup:
		return 0, fail.Invalidf("%s: a user and a group have the name %q: write %q or %q.", TagOwner, name, "user:"+name, "group:"+name)
	case isUser:
		return owning(user)
	case isGroup:
		return owning(group)
	}
	for word, kind := range ownerWords {
		if rest, ok := strings.CutPrefix(name, word); ok {
			if p, found := m.PrincipalByName(kind, rest); found {
				return owning(p)
			}
		}
	}
	return 0, fail.Invalidf("%s: no user, group or service principal has the name %q.", TagOwner, name)
}

// owning refuses to make somebody an owner who cannot sign in.
func owning(p *Principal) (int64, error) {
	if p.Kind != Group && !p.Active {
		return 0, fail.Invalidf("%s: %s is inactive.", TagOwner, p.Name)
	}
	return p.ID, nil
}

// whomToAsk names who is asked about an object that somebody owns: the contact, else the owner, else the administrators. It is empty for
// objects of other kinds.
func (m *Map) whomToAsk(object int64) string {
	o, ok := m.Object(object)
	if !ok || !o.Kind.Stewarded() || o.isRoot() {
		return ""
	}
	switch p, found := m.Principal(o.OwnerID()); {
	case o.StewardOf().Contact != "":
		return o.StewardOf().Contact
	case found && m.Neglected(o) == "":
		return (Giver{Name: p.Name, Group: p.Kind == Group}).String()
	}
	return "the administrators"
}
