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
	p.sortGroups(m, who, &a, newID)
	return a, nil
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
func (p *Provider) sortGroups(m *authz.Map, who *Person, a *Arrival, newID func() int64) {
	wanted := map[string]bool{} // group → whether a claim gives it
	for claim, group := range p.Groups {
		wanted[group] = wanted[group] || slices.Contains(who.Groups, claim)
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		g, ok := m.PrincipalByName(authz.Group, name)
		switch {
		case !ok && wanted[name]:
			made := authz.Principal{ID: newID(), Kind: authz.Group, Name: name, Active: true}
			a.Made, g = append(a.Made, made), &made
		case !ok:
			continue
		}
		in := slices.Contains(a.User.Parents, g.ID)
		switch {
		case g.ID == authz.GroupAdmins || within(m, g.ID, authz.GroupAdmins):
			if wanted[name] && !in {
				a.Held = append(a.Held, name)
			}
		case wanted[name] && !in:
			a.User.Parents = slices.Sorted(slices.Values(append(slices.Clone(a.User.Parents), g.ID)))
			a.Joined = append(a.Joined, name)
		case !wanted[name] && in:
			a.User.Parents = slices.DeleteFunc(slices.Clone(a.User.Parents), func(id int64) bool { return id == g.ID })
			a.Left = append(a.Left, name)
		}
	}
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
