package store

import (
	"database/sql"

	"bailiwick/identity"
)

// Use is when (ms since 1970) and from where a credential was last used.
type Use struct {
	Credential string
	At         int64
	Source     string
}

// NoteUses keeps the last uses of credentials; nothing is kept of one that is gone meanwhile.
func (tx *Tx) NoteUses(uses []Use) error {
	for _, u := range uses {
		if err := tx.noteUse(u); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) noteUse(u Use) error {
	return tx.do(`INSERT INTO credential_uses (id, used, source) SELECT id, CAST(? AS BIGINT), CAST(? AS TEXT) FROM credentials WHERE id = ?
		ON CONFLICT (id) DO UPDATE SET used = excluded.used, source = excluded.source WHERE excluded.used > credential_uses.used`,
		u.At, u.Source, u.Credential)
}

// Uses gives the last uses of credentials by their ids; those never used are not in it.
func (tx *Tx) Uses(ids []string) (map[string]Use, error) {
	all := make(map[string]Use, len(ids))
	err := eachIn(tx, func(r *sql.Rows) error {
		var u Use
		if err := r.Scan(&u.Credential, &u.At, &u.Source); err != nil {
			return err
		}
		all[u.Credential] = u
		return nil
	}, "SELECT id, used, source FROM credential_uses WHERE id IN (?)", ids)
	return all, err
}

func (tx *Tx) dropCredential(id string) error {
	if err := tx.dropOfCredentials("id", id); err != nil {
		return err
	}
	return tx.do("DELETE FROM credentials WHERE id = ?", id)
}

// PutLink keeps a new sign-in link, and forgets those that ended a day ago.
func (tx *Tx) PutLink(l identity.Link) error {
	const day = 24 * 3600 * 1000
	if err := tx.do("DELETE FROM login_links WHERE expires < ?", tx.Now-day); err != nil {
		return err
	}
	return tx.do("INSERT INTO login_links (hash, principal, expires, used) VALUES (?, ?, ?, ?)", l.Hash[:], l.Principal, l.Expires, l.Used)
}

// Link gives the sign-in link with this hash; identity.ErrLink when there is none.
func (tx *Tx) Link(hash [32]byte) (identity.Link, error) {
	l := identity.Link{Hash: hash}
	found, err := tx.one([]any{&l.Principal, &l.Expires, &l.Used}, "SELECT principal, expires, used FROM login_links WHERE hash = ?", hash[:])
	if err == nil && !found {
		err = identity.ErrLink()
	}
	return l, err
}

// UseLink writes the one use of a link (Link.Use); identity.ErrLink when somebody else was faster.
func (tx *Tx) UseLink(l identity.Link) error {
	n, err := tx.exec("UPDATE login_links SET used = ? WHERE hash = ? AND used = 0", l.Used, l.Hash[:])
	if err == nil && n == 0 {
		err = identity.ErrLink()
	}
	return err
}
