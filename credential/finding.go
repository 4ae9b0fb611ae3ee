package credential

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bailiwick/authz"
)

// Class is what is wrong with a credential. Its text is stable: it is part of a finding's id.
type Class string

// The classes.
const (
	Unused           Class = "unused"             // not used for some days
	OwnerInactive    Class = "owner-inactive"     // its owner is deactivated or gone
	NeverExpires     Class = "never-expires"      // it has no end
	WiderThanUsed    Class = "wider-than-used"    // it reaches families of the API that it never used
	NewNetwork       Class = "new-network"        // it was used from a network that it had not been used from before
	SharedByPrograms Class = "shared-by-programs" // several programs use it
	HardCoded        Class = "hard-coded"         // it stands in a notebook or file
)

// Severity says how soon something should be done.
type Severity string

// The severities.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// Place is where a credential stands in a notebook or file.
type Place struct {
	Object int64
	// At is the place in it: "cell 3, line 12".
	At string
	// Rule is the name of the rule that knew it.
	Rule string
	// Found is when (ms since 1970) it was first found there.
	Found int64
}

// Facts are what is known of a credential.
type Facts struct {
	Credential *authz.Credential
	// Owner is nil when he is gone.
	Owner *authz.Principal
	// Scopes and Expires are what it is good for (authz.Map.Standing); Reached are the scopes one by one, where Scopes has none for all.
	Scopes  []string
	Reached []string
	Expires int64
	// Stands is false for one that has ended.
	Stands bool
	// LastUse is when it was used last, 0 = never, LastSource from which address.
	LastUse    int64
	LastSource string
	// Seen are its sightings: of families, networks and programs.
	Seen []Sighting
	// Places are where it stands hard-coded.
	Places []Place
}

// Evidence is a fact that a finding rests on.
type Evidence struct{ Name, Value string }

// Finding is something wrong with a credential, what to do about it, and what shows it.
type Finding struct {
	// ID stays the same for as long as the matter does: the class and the credential.
	ID         string
	Class      Class
	Severity   Severity
	Credential string
	// Since is when it came to be so, in ms since 1970; 0 = that is not known.
	Since    int64
	Text     string
	Advice   string
	Evidence []Evidence
}

const msPerDay = 24 * 3600 * 1000

// rule finds one class. look gives nil where nothing is wrong; limit is what the setting says, now in ms since 1970.
type rule struct {
	class             Class
	severity          Severity
	setting, standard string
	look              func(f *Facts, limit, now int64) *Finding
}

// rules are asked of a credential in their order, as far as its kind has the class.
var rules = []rule{
	{HardCoded, High, "credentialHardCoded", "0", hardCoded},
	{OwnerInactive, High, "credentialOwnerInactive", "0", ownerInactive},
	{NewNetwork, High, "credentialNewNetworkDays", "14", newNetwork},
	{SharedByPrograms, Medium, "credentialMaxPrograms", "2", sharedByPrograms},
	{Unused, Medium, "credentialUnusedDays", "90", unused},
	{NeverExpires, Medium, "credentialNeverExpiresDays", "0", neverExpires},
	{WiderThanUsed, Low, "credentialWiderDays", "30", widerThanUsed},
}

// Classes gives all classes, the most severe first.
func Classes() []Class {
	return []Class{HardCoded, OwnerInactive, NewNetwork, SharedByPrograms, Unused, NeverExpires, WiderThanUsed}
}

// Find gives what is wrong with a credential, the most severe first. setting gives the values of Settings that somebody set.
func Find(f *Facts, setting func(key string) (string, bool), now int64) (found []Finding) {
	kind := KindOf(f.Credential)
	for i := range rules {
		r := &rules[i]
		value, set := setting(r.setting)
		if !set || value == "" {
			value = r.standard
		}
		limit, on, err := threshold(r.setting, value)
		if err != nil || !on || !slices.Contains(kind.Classes, r.class) {
			continue
		}
		if x := r.look(f, limit, now); x != nil {
			x.Class, x.Severity, x.Credential = r.class, cmp.Or(x.Severity, r.severity), f.Credential.ID
			x.ID = string(r.class) + ":" + f.Credential.ID
			found = append(found, *x)
		}
	}
	return found
}

func unused(f *Facts, days, now int64) *Finding {
	since, text := f.LastUse, "It has not been used for %d days."
	if since == 0 {
		since, text = f.Credential.Created, "It has never been used since it was made %d days ago."
	}
	if now-since < days*msPerDay {
		return nil
	}
	return &Finding{
		Since: since + days*msPerDay, Text: fmt.Sprintf(text, (now-since)/msPerDay),
		Advice: "Ask its owner whether something rare needs it; revoke it if not.", Evidence: []Evidence{day("last_used", f.LastUse)},
	}
}

func ownerInactive(f *Facts, _, _ int64) *Finding {
	if f.Owner != nil && f.Owner.Active {
		return nil
	}
	name := "its owner, who is gone"
	if f.Owner != nil {
		name = f.Owner.Name
	}
	return &Finding{
		Text:     "Its owner is not active: " + name + ". It opens nothing now, and everything again on the day he is activated.",
		Advice:   "Look at its impact, give what depends on it a credential of a service principal, then revoke it.",
		Evidence: []Evidence{{"owner", name}},
	}
}

func neverExpires(f *Facts, days, now int64) *Finding {
	if f.Expires != 0 || now-f.Credential.Created < days*msPerDay {
		return nil
	}
	return &Finding{
		Since: f.Credential.Created + days*msPerDay, Text: "It never ends.",
		Advice:   "Make a new one with a lifetime, change over to it, then revoke this one; maxTokenLifetimeDays keeps new ones from being endless.",
		Evidence: []Evidence{day("created", f.Credential.Created)},
	}
}

// widerThanUsed finds scopes that were never used in all the time since the credential was first seen: what was before, nobody knows.
func widerThanUsed(f *Facts, days, now int64) *Finding {
	used := f.of(Family)
	if len(used) == 0 || now-first(used) < days*msPerDay {
		return nil
	}
	var idle, names []string
	for _, scope := range f.Reached {
		if !slices.ContainsFunc(used, func(s Sighting) bool { return s.What == scope }) {
			idle = append(idle, scope)
		}
	}
	for _, s := range used {
		names = append(names, s.What)
	}
	if len(idle) == 0 {
		return nil
	}
	slices.Sort(names)
	return &Finding{
		Since: first(used) + days*msPerDay, Text: "It reaches more than it uses: never " + strings.Join(idle, ", ") + ".",
		Advice:   "Cut it down to " + strings.Join(names, ", ") + " (update its scopes, or make a new one).",
		Evidence: []Evidence{{"used", strings.Join(names, ", ")}, {"never_used", strings.Join(idle, ", ")}, day("seen_since", first(used))},
	}
}

// settled is how long after its first use the networks of a credential are taken for its usual ones.
const settled = msPerDay

// newNetwork finds networks that a credential came from lately, and had not in its first day or since.
func newNetwork(f *Facts, days, now int64) *Finding {
	networks := f.of(Network)
	start := first(networks)
	var fresh, known []Sighting
	for _, n := range networks {
		if n.First-start >= settled && now-n.First < days*msPerDay {
			fresh = append(fresh, n)
		} else {
			known = append(known, n)
		}
	}
	if len(fresh) == 0 || len(known) == 0 {
		return nil
	}
	return &Finding{
		Since: first(fresh), Text: "It was used from a network that it had never come from: " + join(fresh) + ".",
		Advice:   "Ask its owner whether that was he; revoke it if he does not know.",
		Evidence: append(spans("new_network", fresh), spans("known_network", known)...),
	}
}

// recent is how far back programs count as users of a credential.
const recent = 30 * msPerDay

func sharedByPrograms(f *Facts, limit, now int64) *Finding {
	using := slices.DeleteFunc(f.of(Program), func(s Sighting) bool { return now-s.Last >= recent })
	if int64(len(using)) <= limit {
		return nil
	}
	return &Finding{
		Since: slices.MaxFunc(using, func(a, b Sighting) int { return cmp.Compare(a.First, b.First) }).First,
		Text:  fmt.Sprintf("%d programs use it: %s.", len(using), join(using)), Evidence: spans("program", using),
		Advice: "Give each program a credential of its own, so that one can be revoked without stopping the others.",
	}
}

func hardCoded(f *Facts, _, _ int64) *Finding {
	if len(f.Places) == 0 {
		return nil
	}
	x := &Finding{Text: "It stands in a notebook or file, where everybody who may read that can take it.", Since: f.Places[0].Found,
		Advice: "Revoke it, make a new one, and read that from a secret or the environment."}
	for _, p := range f.Places {
		x.Since = min(x.Since, p.Found)
		x.Evidence = append(x.Evidence, Evidence{"object", fmt.Sprint(p.Object)}, Evidence{"place", p.At})
	}
	return x
}

// of gives the sightings of an aspect, by name.
func (f *Facts) of(a Aspect) (out []Sighting) {
	for _, s := range f.Seen {
		if s.Aspect == a {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Sighting) int { return strings.Compare(a.What, b.What) })
	return out
}

// first gives when the first of them was seen; 0 for none.
func first(all []Sighting) int64 {
	if len(all) == 0 {
		return 0
	}
	return slices.MinFunc(all, func(a, b Sighting) int { return cmp.Compare(a.First, b.First) }).First
}

func join(all []Sighting) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.What
	}
	return strings.Join(names, ", ")
}
