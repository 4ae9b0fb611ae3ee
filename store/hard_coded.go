package store

import (
	"database/sql"

	"bailiwick/credential"
)

// Unsearched is a notebook or file whose content is to be searched for credentials; Stamp is that of the transaction that wrote it.
type Unsearched struct {
	Object, Stamp int64
}

// Unsearched gives some of those that are to be searched.
func (tx *Tx) Unsearched(limit int) (all []Unsearched, err error) {
	return all, tx.each(func(r *sql.Rows) error {
		var u Unsearched
		err := r.Scan(&u.Object, &u.Stamp)
		all = append(all, u)
		return err
	}, "SELECT object, stamp FROM unsearched ORDER BY object LIMIT ?", limit)
}

// unsearched says that an object has another content now.
func (tx *Tx) unsearched(object int64) error {
	return tx.do("INSERT INTO unsearched (object, stamp) VALUES (?, ?) ON CONFLICT (object) DO UPDATE SET stamp = excluded.stamp", object, tx.Stamp)
}

// HardCoded is a credential in a notebook or file: never its value, only its keyed hash.
type HardCoded struct {
	Hash []byte
	credential.Place
}

// PutHardCoded keeps what was found in an object, in the place of what was found before. Of content that has changed since it was searched it keeps
// nothing: it is searched again.
func (tx *Tx) PutHardCoded(u Unsearched, found []HardCoded) error {
	n, err := tx.exec("DELETE FROM unsearched WHERE object = ? AND stamp = ?", u.Object, u.Stamp)
	if err != nil || n == 0 {
		return err
	}
	since, err := tx.foundSince(u.Object)
	if err != nil {
		return err
	}
	if err := tx.do("DELETE FROM hard_coded WHERE object = ?", u.Object); err != nil {
		return err
	}
	for _, f := range found {
		at, ok := since[string(f.Hash)]
		if !ok {
			at = tx.Now
		}
		err := tx.do("INSERT INTO hard_coded (object, place, hash, rule, found) VALUES (?, ?, ?, ?, ?) ON CONFLICT (object, place, hash) DO NOTHING",
			u.Object, f.At, f.Hash, f.Rule, at)
		if err != nil {
			return err
		}
	}
	return nil
}

// foundSince gives when each credential was first found in an object.
func (tx *Tx) foundSince(object int64) (map[string]int64, error) {
	since := map[string]int64{}
	return since, tx.each(func(r *sql.Rows) error {
		var hash []byte
		var at int64
		err := r.Scan(&hash, &at)
		since[string(hash)] = at
		return err
	}, "SELECT hash, MIN(found) FROM hard_coded WHERE object = ? GROUP BY hash", object)
}

const hardCodedColumns = "SELECT object, place, hash, rule, found FROM hard_coded "

// HardCodedOf gives where credentials with the hashes stand, by hash.
func (tx *Tx) HardCodedOf(hashes [][]byte) (map[string][]credential.Place, error) {
	all := map[string][]credential.Place{}
	return all, eachIn(tx, func(r *sql.Rows) error {
		h, err := scanHardCoded(r)
		all[string(h.Hash)] = append(all[string(h.Hash)], h.Place)
		return err
	}, hardCodedColumns+"WHERE hash IN (?) ORDER BY object, place", hashes)
}

// HardCodedByRule gives what rules other than the one found, at most limit.
func (tx *Tx) HardCodedByRule(other string, limit int) (all []HardCoded, err error) {
	return all, tx.each(func(r *sql.Rows) error {
		h, err := scanHardCoded(r)
		all = append(all, h)
		return err
	}, hardCodedColumns+"WHERE rule <> ? ORDER BY object, place, hash LIMIT ?", other, limit)
}

func scanHardCoded(r *sql.Rows) (h HardCoded, err error) {
	err = r.Scan(&h.Object, &h.At, &h.Hash, &h.Rule, &h.Found)
	return h, err
}

// dropHardCoded forgets what was found in an object that is gone.
func (tx *Tx) dropHardCoded(object int64) error {
	if err := tx.do("DELETE FROM hard_coded WHERE object = ?", object); err != nil {
		return err
	}
	return tx.do("DELETE FROM unsearched WHERE object = ?", object)
}
