package store

import (
	"crypto/sha256"
	"database/sql"

	"bailiwick/fail"
)

// SubjectPrincipal gives who a subject of an issuer is here; 0 = nobody yet.
func (tx *Tx) SubjectPrincipal(issuer, subject string) (principal int64, err error) {
	_, err = tx.one([]any{&principal}, "SELECT principal FROM subjects WHERE issuer = ? AND subject = ?", issuer, subject)
	return principal, err
}

// HasSubject says whether a principal is known to be some subject of an issuer.
func (tx *Tx) HasSubject(issuer string, principal int64) (bool, error) {
	var subject string
	return tx.one([]any{&subject}, "SELECT subject FROM subjects WHERE principal = ? AND issuer = ?", principal, issuer)
}

// LinkSubject remembers who a subject is. Errors: fail.Conflict when somebody else was faster.
func (tx *Tx) LinkSubject(issuer, subject string, principal int64) error {
	n, err := tx.exec("INSERT INTO subjects (issuer, subject, principal, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		issuer, subject, principal, tx.Now)
	if err == nil && n == 0 {
		return fail.New(fail.Conflict, "this person was signed in for the first time twice at once; try again")
	}
	return err
}

// UseProof takes what counts once, and says whether it counts; until is when (ms since 1970) it would not count anyway. What is over is forgotten.
func (tx *Tx) UseProof(proof string, until int64) (first bool, err error) {
	if err := tx.do("DELETE FROM used_proofs WHERE until < ?", tx.Now); err != nil {
		return false, err
	}
	hash := sha256.Sum256([]byte(proof))
	n, err := tx.exec("INSERT INTO used_proofs (hash, until) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", hash[:], until)
	return n == 1, err
}

// SessionsNamed gives the ids of the sessions that a provider's own session of this name led to; which provider's it is, the access map says.
func (tx *Tx) SessionsNamed(sid string) (ids []string, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var id string
		if err := r.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
		return nil
	}, "SELECT id FROM credentials WHERE sid = ? AND sid <> '' ORDER BY id", sid)
	return ids, err
}
