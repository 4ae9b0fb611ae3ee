package identity

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Writing is a change of a principal's own attributes as one source would make it. ADR 17 has the rules.
type Writing struct {
	Writer Source
	// Adopts: the writer takes over what is not another directory's: a directory that was made so, or an administrator what a sign-in has made,
	// of which nobody else says anything any more. The caller has seen to it that it may take this one.
	Adopts bool
	Old    Resource
	Next   Resource
}

// Verdict is what becomes of a Writing.
type Verdict struct {
	// Next is what is written where Refused is false.
	Next Resource
	// Conflicts are what the writer wanted and does not get, whether the rest is written or not.
	Conflicts []Conflict
	// Refused: nothing is written.
	Refused bool
	// Adopted: the writer becomes the owner. Changed: there is something to write.
	Adopted, Changed bool
}

// Judge decides on a change of attributes. The owner writes what he likes, but nobody wakes whom an administrator holds; an administrator may hold
// and let go; whoever else would change something is refused, and each attribute is a conflict.
func (w Writing) Judge() Verdict {
	v := Verdict{Next: w.Next}
	changed := changedAttributes(w.Old, w.Next)
	v.Changed = len(changed) > 0
	owner := w.Old.Source.Or()
	switch {
	case !v.Changed:
	case w.Writer == owner:
		w.wake(&v)
	case w.Writer == Manual && w.holds(changed):
		v.Next.Held = !v.Next.Active
	case w.Adopts && !owner.Provisions():
		v.Adopted, v.Next.Source = true, w.Writer
		w.wake(&v)
	default:
		v.Refused = true
		for _, name := range changed {
			v.Conflicts = append(v.Conflicts, w.conflict(name))
		}
	}
	return v
}

// wake keeps somebody inactive whom an administrator holds, whatever else his source writes.
func (w Writing) wake(v *Verdict) {
	if w.Old.Held && w.Writer != Manual && v.Next.Active && !w.Old.Active {
		c := w.conflict(AboutActive)
		c.Owner = Manual
		v.Conflicts = append(v.Conflicts, c)
		v.Next.Active = false
		v.Changed = v.Adopted || len(changedAttributes(w.Old, v.Next)) > 0
	}
}

// holds says that an administrator only stops somebody, or lets somebody go whom he stopped.
func (w Writing) holds(changed []string) bool {
	return slices.Equal(changed, []string{AboutActive}) && (!w.Next.Active || w.Old.Held)
}

func (w Writing) conflict(attribute string) Conflict {
	return Conflict{Principal: w.Old.ID, Attribute: attribute, Writer: w.Writer, Owner: w.Old.Source.Or(), Wish: wishOf(w.Next, attribute)}
}

// maxWish is the most bytes that are kept of a value somebody wanted.
const maxWish = 500

func wishOf(r Resource, attribute string) string {
	text, err := json.Marshal(r.document()[attribute])
	if err != nil || len(text) > maxWish {
		return "(long)"
	}
	return string(text)
}

// changedAttributes gives the names of the attributes in which two states of a principal differ, ascending.
func changedAttributes(old, next Resource) (names []string) {
	a, b := old.document(), next.document()
	for name := range maps.Keys(b) {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	for name := range maps.Keys(a) {
		if _, ok := b[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Joining is a change of a group's members as one source would make it.
type Joining struct {
	Writer, Owner Source // who writes, and who owns the group
	Group         int64
	Added         []int64
	Removed       map[int64]Source // with whose word each membership is
}

// Judge gives what the writer may not do: whoever owns a group adds to it, whoever owns a membership ends it. Any conflict refuses the whole.
func (j Joining) Judge() (conflicts []Conflict) {
	if j.Writer != j.Owner {
		for _, id := range j.Added {
			conflicts = append(conflicts, j.conflict(id, j.Owner, "add"))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(j.Removed)) {
		if owner := j.Removed[id].Or(); owner != j.Writer {
			conflicts = append(conflicts, j.conflict(id, owner, "remove"))
		}
	}
	return conflicts
}

func (j Joining) conflict(member int64, owner Source, wish string) Conflict {
	return Conflict{Principal: member, Group: j.Group, Attribute: AboutMembership, Writer: j.Writer, Owner: owner, Wish: wish}
}

// LeadsToAdmins says whether a member of the group is an administrator.
func LeadsToAdmins(m *authz.Map, group int64) bool {
	return group == authz.GroupAdmins || within(m, group, authz.GroupAdmins)
}

// CheckProvisioned refuses what no directory may write, whoever owns it: the members of `admins` and of the groups within it. Errors: Denied.
func CheckProvisioned(m *authz.Map, writer Source, group int64) error {
	if !writer.Provisions() || !LeadsToAdmins(m, group) {
		return nil
	}
	return fail.New(fail.Denied, "a directory's token does not write admins, nor a group within it; an administrator does, with a credential of his own")
}

// MayAdopt says whether a directory that adopts may take over a principal: no built-in group, and nobody whose word administrators are.
func MayAdopt(m *authz.Map, id int64) bool { return !BuiltIn(id) && !within(m, id, authz.GroupAdmins) }

// mostTold is how many conflicts a refusal names.
const mostTold = 3

// ConflictDetail says in words why a write was refused. name gives the name of a principal.
func ConflictDetail(conflicts []Conflict, name func(id int64) string) string {
	text := ""
	for i, k := range conflicts {
		if i == mostTold {
			text += fmt.Sprintf("And %d more. ", len(conflicts)-mostTold)
			break
		}
		text += k.sentence(name)
	}
	return text + "Nothing was changed. An administrator decides: bailiwick identity conflicts."
}

func (k Conflict) sentence(name func(id int64) string) string {
	switch {
	case k.Attribute == AboutMembership && k.Wish == "add":
		return fmt.Sprintf("The members of %s are %s's to say, and %s would add %s. ", name(k.Group), k.Owner, k.Writer, name(k.Principal))
	case k.Attribute == AboutMembership:
		return fmt.Sprintf("That %s is a member of %s is %s's to say, and %s would end it. ", name(k.Principal), name(k.Group), k.Owner, k.Writer)
	case k.Attribute == AboutExistence:
		return fmt.Sprintf("%s is %s's, and %s would delete it. ", name(k.Principal), k.Owner, k.Writer)
	}
	return fmt.Sprintf("%s of %s is %s's to say, and %s would change it. ", k.Attribute, name(k.Principal), k.Owner, k.Writer)
}
