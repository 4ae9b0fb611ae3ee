package identity

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Known is what the server remembers of the subjects of providers.
type Known struct {
	// Principal is who this subject has signed in as before; 0 = it never did.
	Principal int64
	// Other says that the user is known to be another subject of the same issuer.
	Other func(principal int64) (bool, error)
	// Memberships are the groups that a user is in himself, each with whose word that is; Owners whose word groups are.
	Memberships func(principal int64) (map[int64]Source, error)
	Owners      func(groups []int64) (map[int64]Source, error)
}

// Arrival is what a sign-in by a provider makes of a person.
type Arrival struct {
	User authz.Principal // as he is then
	// New says that he is made, Linked that his subject is to be remembered as his.
	New, Linked bool
	// Made are groups that are made, Joined and Left those that he comes into and out of, Held those that the claims give and he does not come
	// into, since they lead to `admins`.
	Made               []authz.Principal
	Joined, Left, Held []string
	// Changing are the groups that he comes into or out of.
	Changing []int64
	// Conflicts are memberships that the claims would make or end, and that are another's word.
	Conflicts []Conflict
}

// Changed says that the user is another one than he was.
func (a *Arrival) Changed() bool { return a.New || len(a.Joined)+len(a.Left) > 0 }

// Arrive decides who signs in, and what becomes of his memberships. newID gives ids for who is made. Errors: fail.Denied with the reason, in
// words for the person.
func (p *Provider) Arrive(m *authz.Map, who *Person, known Known, newID func() int64) (a Arrival, err error) {
	if a, err = p.find(m, who, known); err != nil {
		return a, err
	}
	if a.New {
		a.User = authz.Principal{ID: newID(), Kind: authz.User, Name: who.UserName, Active: true}
		if who.Shown != who.UserName {
			a.User.Shown = who.Shown
		}
	}
	if !a.User.Active {
		return a, refusedClaim("%s is not active on this server. An administrator, or your directory, can change that", a.User.Name)
	}
	return a, p.sortGroups(m, who, known, &a, newID)
}

// find gives the user that a person is.
func (p *Provider) find(m *authz.Map, who *Person, known Known) (a Arrival, err error) {
	if u, ok := m.Principal(known.Principal); ok && known.Principal != 0 {
		a.User = *u
		return a, nil
	}
	u, ok := m.PrincipalByName(authz.User, who.UserName)
	a.Linked = true
	if !ok {
		a.New = true
		return a, p.mayCreate(m, who)
	}
	a.User = *u
	other, err := known.Other(u.ID)
	switch {
	case err != nil:
		return a, err
	case u.Kind != authz.User:
		return a, refusedClaim("%s is the name of a service principal, which does not sign in", who.UserName)
	case other:
		return a, refusedClaim("%s is somebody else at %s, who has the same name, or had it before (another subject). An administrator decides which "+
			"of the two it is, and renames or removes the other", who.UserName, p.Shown())
	case !p.Link:
		return a, refusedClaim("there is a user %s already, who has not signed in with %s before, and link-users is off", who.UserName, p.Shown())
	case !p.LinkAdmins && within(m, u.ID, authz.GroupAdmins):
		return a, refusedClaim("%s is an administrator who has not signed in with %s before, and link-administrators is off", who.UserName, p.Shown())
	}
	return a, nil
}

// mayCreate refuses a new user where none is made, and one who could be taken for somebody who is there.
func (p *Provider) mayCreate(m *authz.Map, who *Person) error {
	if !p.Create {
		return refusedClaim("there is no user %s on this server, and %s makes none (create-users is off). An administrator, or your directory, can",
			who.UserName, p.Shown())
	}
	if twin := Twin(m, who.UserName); twin != "" {
		return refusedClaim("the name %s differs from that of the user %s in its case or Unicode form only", who.UserName, twin)
	}
	return nil
}

// Twin gives a user's name that is another than this one to a machine, and the same to a person: they differ in case, or in how Unicode writes
// them. Empty = there is none.
func Twin(m *authz.Map, name string) string {
	mine := Looks(name)
	for u := range m.Principals() {
		if u.Kind != authz.Group && u.Name != name && Looks(u.Name) == mine {
			return u.Name
		}
	}
	return ""
}

// Looks gives a name as people see it: without case, and without the difference that Unicode makes between forms of the same characters.
func Looks(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
}

// sortGroups gives the user the groups that his claims say, of those that the provider decides on, and leaves his others alone.
func (p *Provider) sortGroups(m *authz.Map, who *Person, known Known, a *Arrival, newID func() int64) error {
	wanted := map[string]bool{} // group → whether a claim gives it
	for claim, group := range p.Groups {
		wanted[group] = wanted[group] || slices.Contains(who.Groups, claim)
	}
	s := sorting{m: m, a: a, source: FromProvider(p.Name), newID: newID}
	if err := s.look(known, slices.Sorted(maps.Keys(wanted))); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		s.sort(name, wanted[name])
	}
	return nil
}

// sorting is a user's groups while they are made what his claims say.
type sorting struct {
	m           *authz.Map
	a           *Arrival
	source      Source
	memberships map[int64]Source
	owners      map[int64]Source
	newID       func() int64
}

// look finds out whose word the user's memberships and the groups are.
func (s *sorting) look(known Known, names []string) (err error) {
	var groups []int64
	for _, name := range names {
		if g, ok := s.m.PrincipalByName(authz.Group, name); ok {
			groups = append(groups, g.ID)
		}
	}
	if known.Owners != nil {
		if s.owners, err = known.Owners(groups); err != nil {
			return err
		}
	}
	if known.Memberships != nil && !s.a.New {
		s.memberships, err = known.Memberships(s.a.User.ID)
	}
	return err
}

// sort makes one membership what the claims say. They add to groups that are theirs or an administrator's, who has named them in the mapping;
// what a directory says of its own groups stands, and so does a membership that is another's word.
func (s *sorting) sort(name string, wanted bool) {
	g, ok := s.m.PrincipalByName(authz.Group, name)
	switch {
	case !ok && wanted:
		made := authz.Principal{ID: s.newID(), Kind: authz.Group, Name: name, Active: true}
		s.a.Made, g = append(s.a.Made, made), &made
	case !ok:
		return
	}
	in := slices.Contains(s.a.User.Parents, g.ID)
	switch owner := s.owners[g.ID].Or(); {
	case in == wanted:
	case LeadsToAdmins(s.m, g.ID):
		if wanted {
			s.a.Held = append(s.a.Held, name)
		}
	case wanted && ok && owner != s.source && owner != Manual:
		s.conflict(g.ID, owner, "add")
	case wanted:
		s.a.User.Parents = slices.Sorted(slices.Values(append(slices.Clone(s.a.User.Parents), g.ID)))
		s.a.Joined, s.a.Changing = append(s.a.Joined, name), append(s.a.Changing, g.ID)
	case s.memberships[g.ID].Or() != s.source:
		s.conflict(g.ID, s.memberships[g.ID].Or(), "remove")
	default:
		s.a.User.Parents = slices.DeleteFunc(slices.Clone(s.a.User.Parents), func(id int64) bool { return id == g.ID })
		s.a.Left, s.a.Changing = append(s.a.Left, name), append(s.a.Changing, g.ID)
	}
}

func (s *sorting) conflict(group int64, owner Source, wish string) {
	s.a.Conflicts = append(s.a.Conflicts, Conflict{
		Principal: s.a.User.ID, Group: group, Attribute: AboutMembership, Writer: s.source, Owner: owner, Wish: wish,
	})
}

// within says whether a principal is in a group, directly or through others.
func within(m *authz.Map, id, group int64) bool {
	return ancestors(id, func(id int64) []int64 {
		if u, ok := m.Principal(id); ok {
			return u.Parents
		}
		return nil
	})[group]
}

// Events gives the changes of the access map that an arrival takes, but for the user's home.
func (a *Arrival) Events() (events []authz.Event) {
	for i := range a.Made {
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &a.Made[i]})
	}
	if a.Changed() {
		user := a.User
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &user})
	}
	return events
}

// Assertion gives what the session keeps of what the provider said.
func (who *Person) Assertion(provider string) *authz.Assertion {
	return &authz.Assertion{Provider: provider, Issuer: who.Issuer, Subject: who.Subject, Session: who.Session, Roles: who.Roles}
}

// ProviderNamed finds a provider. Errors: fail.NotFound.
func ProviderNamed(all []Provider, name string) (*Provider, error) {
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, fail.NotFoundf("there is no provider %.40q to sign in with", name)
}
