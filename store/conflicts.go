package store

import (
	"database/sql"

	"bailiwick/fail"
	"bailiwick/identity"
)

const conflictColumns = `id, principal, team, attribute, writer, owner, wish, first_seen, last_seen, times, state, resolved, resolver, reason`

// NoteConflict keeps what a source wanted of something that another owns. The same wish again counts up; one that was decided on stays decided
// as long as it is the same, and is open again when it is another.
func (tx *Tx) NoteConflict(k identity.Conflict) error {
	return tx.do(`INSERT INTO conflicts (`+conflictColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, 0, 0, '')
		ON CONFLICT (principal, team, attribute, writer) DO UPDATE SET last_seen = excluded.last_seen, times = conflicts.times + 1,
		state = CASE WHEN conflicts.state = ? AND conflicts.wish = excluded.wish AND conflicts.owner = excluded.owner THEN conflicts.state
		ELSE excluded.state END, wish = excluded.wish, owner = excluded.owner`,
		NewObjectID(), k.Principal, k.Group, k.Attribute, string(k.Writer), string(k.Owner), k.Wish, tx.Now, tx.Now, identity.ConflictOpen, identity.ConflictKept)
}

// maxConflicts is the most conflicts of a list; what is over shows when others are decided.
const maxConflicts = 1000

// Conflicts gives the conflicts of a state, all for none, the latest first; at most 1,000.
func (tx *Tx) Conflicts(state string) (all []identity.Conflict, err error) {
	return all, tx.each(func(r *sql.Rows) error {
		k, err := scanConflict(r)
		all = append(all, k)
		return err
	}, "SELECT "+conflictColumns+" FROM conflicts WHERE state = ? OR ? = '' ORDER BY last_seen DESC, id LIMIT ?", state, state, maxConflicts)
}

// Conflict gives a conflict. Errors: fail.NotFound.
func (tx *Tx) Conflict(id int64) (k identity.Conflict, err error) {
	found := false
	err = tx.each(func(r *sql.Rows) (err error) {
		k, err = scanConflict(r)
		found = true
		return err
	}, "SELECT "+conflictColumns+" FROM conflicts WHERE id = ?", id)
	if err == nil && !found {
		err = fail.NotFoundf("there is no conflict %d", id)
	}
	return k, err
}

func scanConflict(r *sql.Rows) (k identity.Conflict, err error) {
	return k, r.Scan(&k.ID, &k.Principal, &k.Group, &k.Attribute, &k.Writer, &k.Owner, &k.Wish, &k.First, &k.Last, &k.Times, &k.State,
		&k.Resolved, &k.Resolver, &k.Reason)
}

// ResolveConflict writes how a conflict was decided.
func (tx *Tx) ResolveConflict(id int64, state string, by int64, reason string) error {
	return tx.do("UPDATE conflicts SET state = ?, resolved = ?, resolver = ?, reason = ? WHERE id = ?", state, tx.Now, by, reason, id)
}
