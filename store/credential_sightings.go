package store

import (
	"database/sql"

	"bailiwick/credential"
	"bailiwick/fail"
)

// Sighting is what was seen with a credential since it was last written.
type Sighting struct {
	Credential string
	credential.Sighting
}

// NoteSightings adds what was seen with credentials to what was seen before; nothing is kept of a credential that is gone meanwhile. What is
// more than is kept of an aspect (credential.Aspect) makes the oldest give way, or is counted among the others.
func (tx *Tx) NoteSightings(rows []Sighting) error {
	for _, s := range rows {
		s.Seen = s.Stored()
		n, err := tx.raise(&s)
		if err == nil && n == 0 {
			err = tx.sighted(&s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// raise adds to a row that is there, and gives the number of rows: 0 when there is none.
func (tx *Tx) raise(s *Sighting) (int64, error) {
	return tx.exec(`UPDATE credential_sightings SET n = n + ?, writes = writes + ?, first = CASE WHEN first < ? THEN first ELSE ? END,
		last = CASE WHEN last > ? THEN last ELSE ? END WHERE credential = ? AND kind = ? AND what = ?`,
		s.Count, s.Writes, s.First, s.First, s.Last, s.Last, s.Credential, s.Aspect.String(), s.What)
}

// sighted writes what was not seen before.
func (tx *Tx) sighted(s *Sighting) error {
	var have int
	_, err := tx.one([]any{&have}, "SELECT COUNT(*) FROM credential_sightings WHERE credential = ? AND kind = ?", s.Credential, s.Aspect.String())
	if err != nil {
		return err
	}
	switch full := have >= s.Aspect.Most(); {
	case full && s.Aspect.Thing():
		err = tx.forgetOldest(s)
	case full:
		s.What = credential.Others
	}
	if err != nil {
		return err
	}
	return tx.do(`INSERT INTO credential_sightings (credential, kind, what, object, first, last, n, writes)
		SELECT id, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)
		FROM credentials WHERE id = ? ON CONFLICT (credential, kind, what) DO UPDATE SET n = credential_sightings.n + excluded.n,
		writes = credential_sightings.writes + excluded.writes,
		last = CASE WHEN credential_sightings.last > excluded.last THEN credential_sightings.last ELSE excluded.last END`,
		s.Aspect.String(), s.What, s.Object, s.First, s.Last, s.Count, s.Writes, s.Credential)
}

// forgetOldest makes room for one more thing.
func (tx *Tx) forgetOldest(s *Sighting) error {
	return tx.do(`DELETE FROM credential_sightings WHERE credential = ? AND kind = ? AND last <= (SELECT last FROM credential_sightings
		WHERE credential = ? AND kind = ? ORDER BY last DESC LIMIT 1 OFFSET ?)`,
		s.Credential, s.Aspect.String(), s.Credential, s.Aspect.String(), s.Aspect.Most()-1)
}

// Sightings gives what was seen with credentials, of the given aspects, by credential; the latest first.
func (tx *Tx) Sightings(ids []string, aspects ...credential.Aspect) (map[string][]credential.Sighting, error) {
	wanted, args := "", []any{}
	for _, a := range aspects {
		wanted, args = wanted+", ?", append(args, a.String())
	}
	all := map[string][]credential.Sighting{}
	if len(aspects) == 0 {
		return all, fail.Internalf(nil, "sightings of no aspect")
	}
	q := "SELECT credential, kind, what, object, first, last, n, writes FROM credential_sightings WHERE kind IN ( " + wanted[2:] +
		") AND credential IN (?) ORDER BY last DESC, what"
	return all, eachIn(tx, func(r *sql.Rows) error {
		var id, kind string
		var s credential.Sighting
		err := r.Scan(&id, &kind, &s.What, &s.Object, &s.First, &s.Last, &s.Count, &s.Writes)
		s.Aspect = credential.ParseAspect(kind)
		all[id] = append(all[id], s)
		return err
	}, q, ids, args...)
}

// Accepted is a finding that somebody took the responsibility for, until (ms since 1970).
type Accepted struct {
	Finding   string
	Until     int64
	Reason    string
	Principal int64
	At        int64
}

// AcceptFinding keeps the acceptance of a finding, in the place of an earlier one.
func (tx *Tx) AcceptFinding(a Accepted) error {
	return tx.do(`INSERT INTO accepted_findings (finding, until, reason, principal, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (finding) DO UPDATE SET
		until = excluded.until, reason = excluded.reason, principal = excluded.principal, at = excluded.at`, a.Finding, a.Until, a.Reason, a.Principal, a.At)
}

// RecallFinding ends the acceptance of a finding; fail.NotFound when there is none.
func (tx *Tx) RecallFinding(finding string) error {
	n, err := tx.exec("DELETE FROM accepted_findings WHERE finding = ?", finding)
	if err == nil && n == 0 {
		err = fail.NotFoundf("No finding %.160s is accepted.", finding)
	}
	return err
}

// AcceptedFindings gives the findings that are accepted at this transaction's time, by their ids.
func (tx *Tx) AcceptedFindings() (map[string]Accepted, error) {
	all := map[string]Accepted{}
	return all, tx.each(func(r *sql.Rows) error {
		var a Accepted
		err := r.Scan(&a.Finding, &a.Until, &a.Reason, &a.Principal, &a.At)
		all[a.Finding] = a
		return err
	}, "SELECT finding, until, reason, principal, at FROM accepted_findings WHERE until > ?", tx.Now)
}

// dropOfCredentials deletes what is kept of credentials beside their rows, which which names.
func (tx *Tx) dropOfCredentials(which string, arg any) error {
	for _, table := range []string{"credential_uses WHERE id", "credential_sightings WHERE credential", "token_notices WHERE id", "refresh_tokens WHERE credential"} {
		if err := tx.do("DELETE FROM "+table+" IN (SELECT id FROM credentials WHERE "+which+" = ?)", arg); err != nil {
			return err
		}
	}
	return nil
}
