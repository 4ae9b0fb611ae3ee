package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/identity"
)

// As says whose word the memberships and principals are that this transaction makes; without it they are an administrator's.
func (tx *Tx) As(s identity.Source) { tx.source = s }

// MembershipSource gives whose word a membership is.
func (tx *Tx) MembershipSource(member, group int64) (s identity.Source, err error) {
	_, err = tx.one([]any{&s}, "SELECT source FROM memberships WHERE member = ? AND parent = ?", member, group)
	return s.Or(), err
}

// MembershipsOf gives the groups that somebody is in himself, each with whose word that is.
func (tx *Tx) MembershipsOf(member int64) (map[int64]identity.Source, error) {
	return tx.sources("SELECT parent, source FROM memberships WHERE member = ?", member)
}

// MembersOf gives the members of a group, each with whose word that is.
func (tx *Tx) MembersOf(group int64) (map[int64]identity.Source, error) {
	return tx.sources("SELECT member, source FROM memberships WHERE parent = ?", group)
}

func (tx *Tx) sources(query string, of int64) (map[int64]identity.Source, error) {
	all := map[int64]identity.Source{}
	return all, tx.each(func(r *sql.Rows) error {
		var id int64
		var s identity.Source
		err := r.Scan(&id, &s)
		all[id] = s
		return err
	}, query, of)
}

// PrincipalSources gives whose word each of some principals is.
func (tx *Tx) PrincipalSources(ids []int64) (map[int64]identity.Source, error) {
	all := make(map[int64]identity.Source, len(ids))
	return all, eachIn(tx, func(r *sql.Rows) error {
		var id int64
		var s identity.Source
		err := r.Scan(&id, &s)
		all[id] = s
		return err
	}, "SELECT id, source FROM principals WHERE id IN (?)", ids)
}

// GivePrincipal makes a user, a group or a service principal somebody's word. What of a group's members was the old owner's is the new one's
// then, but for what claims say, who go on saying it; an administrator's hold on somebody's being active ends.
func (tx *Tx) GivePrincipal(id int64, from, to identity.Source) error {
	if err := tx.do("UPDATE principals SET source = ?, held = 0, revision = revision + 1 WHERE id = ?", string(to), id); err != nil {
		return err
	}
	if from.SignsIn() {
		return nil
	}
	return tx.do("UPDATE memberships SET source = ? WHERE parent = ? AND source = ?", string(to), id, string(from))
}

// GiveMembership makes a membership somebody's word, if there is one.
func (tx *Tx) GiveMembership(member, group int64, to identity.Source) error {
	return tx.do("UPDATE memberships SET source = ? WHERE member = ? AND parent = ?", string(to), member, group)
}

// Hold keeps, or no longer keeps, somebody inactive whatever his source says.
func (tx *Tx) Hold(id int64, held bool) error {
	return tx.do("UPDATE principals SET held = ? WHERE id = ?", flag(held), id)
}

// Touch counts a change of a group's members that was not made at the group.
func (tx *Tx) Touch(group int64) error {
	return tx.do("UPDATE principals SET revision = revision + 1, updated = ? WHERE id = ?", tx.Now, group)
}

// LookAlike gives a user's or service principal's name that looks the same as this one and is another; empty = there is none.
func (tx *Tx) LookAlike(name string, but int64) (twin string, err error) {
	_, err = tx.one([]any{&twin}, "SELECT name FROM principals WHERE looks = ? AND looks <> '' AND id <> ?", identity.Looks(name), but)
	return twin, err
}

// Directory is a directory that provisions.
type Directory struct {
	Name      string
	Principal int64
	// Adopts: it takes over users and groups of an administrator's, or of a sign-in's, where it names them.
	Adopts  bool
	Created int64 // ms since 1970
}

// PutDirectory keeps a new directory. Errors: fail.Exists.
func (tx *Tx) PutDirectory(d Directory) error {
	err := tx.do("INSERT INTO directories (name, principal, adopts, created) VALUES (?, ?, ?, ?)", d.Name, d.Principal, flag(d.Adopts), tx.Now)
	return exists(err, "a directory %s exists already", d.Name)
}

// SetAdopts changes whether a directory takes over what it names.
func (tx *Tx) SetAdopts(name string, adopts bool) error {
	return tx.do("UPDATE directories SET adopts = ? WHERE name = ?", flag(adopts), name)
}

// Directories gives all directories by name.
func (tx *Tx) Directories() (all []Directory, err error) {
	return all, tx.each(func(r *sql.Rows) error {
		var d Directory
		err := r.Scan(&d.Name, &d.Principal, &d.Adopts, &d.Created)
		all = append(all, d)
		return err
	}, "SELECT name, principal, adopts <> 0, created FROM directories ORDER BY name")
}

// DirectoryNamed finds a directory. Errors: fail.NotFound.
func (tx *Tx) DirectoryNamed(name string) (d Directory, err error) {
	found, err := tx.one([]any{&d.Name, &d.Principal, &d.Adopts, &d.Created},
		"SELECT name, principal, adopts <> 0, created FROM directories WHERE name = ?", name)
	if err == nil && !found {
		err = fail.NotFoundf("there is no directory %.60q", name)
	}
	return d, err
}
