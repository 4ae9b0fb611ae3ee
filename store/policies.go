package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/policy"
)

// PolicyVersion is a text of roles and policies as it was put.
type PolicyVersion struct {
	Version int64
	Author  int64
	Reason  string
	At      int64 // ms since 1970
	Text    string
}

const lastPolicies = "SELECT version, text, names FROM policy_versions WHERE version = (SELECT MAX(version) FROM policy_versions)"

func (tx *Tx) loadPolicies(b *authz.Builder) error {
	return tx.each(func(r *sql.Rows) error {
		var t authz.PolicyText
		var names string
		if err := r.Scan(&t.Version, &t.Text, &names); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(names), &t.Names); err != nil {
			return err
		}
		b.SetPolicies(t)
		return nil
	}, lastPolicies)
}

// putPolicies keeps a text as the next version. Who put it and why is said by DescribePolicies.
func (tx *Tx) putPolicies(t *authz.PolicyText) error {
	names, err := json.Marshal(t.Names)
	if err != nil {
		return err
	}
	err = tx.do("INSERT INTO policy_versions (version, text, names, author, reason, at) VALUES (?, ?, ?, ?, '', ?)",
		t.Version, t.Text, string(names), authz.System, tx.Now)
	return exists(err, "version %d of the policies already exists", t.Version)
}

// DescribePolicies says who put a version of the text and why; it follows the governance event that puts it.
func (tx *Tx) DescribePolicies(version, author int64, reason string) error {
	return tx.do("UPDATE policy_versions SET author = ?, reason = ? WHERE version = ?", author, reason, version)
}

// PolicyVersions gives the versions of the text before one, the newest first, at most as many as asked for, without their texts.
func (tx *Tx) PolicyVersions(before int64, most int) (list []PolicyVersion, err error) {
	return list, tx.each(func(r *sql.Rows) error {
		var v PolicyVersion
		err := r.Scan(&v.Version, &v.Author, &v.Reason, &v.At)
		list = append(list, v)
		return err
	}, "SELECT version, author, reason, at FROM policy_versions WHERE version < ? ORDER BY version DESC LIMIT ?", before, most)
}

// PolicyVersion gives a version of the text; fail.NotFound when there never was one.
func (tx *Tx) PolicyVersion(version int64) (v PolicyVersion, err error) {
	found, err := tx.one([]any{&v.Version, &v.Author, &v.Reason, &v.At, &v.Text},
		"SELECT version, author, reason, at, text FROM policy_versions WHERE version = ?", version)
	if err == nil && !found {
		return v, fail.NotFoundf("There is no version %d of the policies.", version)
	}
	return v, err
}

// PreparePolicies holds a text against the schema and the access map and gives the event that puts it as the next version. Errors are
// policy.Problems.
func (tx *Tx) PreparePolicies(text string) (authz.Event, error) {
	read, err := policy.Check(text)
	if err != nil {
		return authz.Event{}, err
	}
	names, err := read.Bind(tx.Map)
	if err != nil {
		return authz.Event{}, err
	}
	next := &authz.PolicyText{Version: 1, Text: text, Names: names}
	if now := tx.Map.Policies(); now != nil {
		next.Version = now.Version + 1
	}
	return authz.Event{Op: authz.PutPolicies, Policies: next}, nil
}

// RollBackPolicies puts the text of an earlier version as the next one, as the server itself: on a stopped server nobody else is there. It
// gives the new version. 0 stands for the version before the present one, with which there may be no text at all.
func (s *Store) RollBackPolicies(ctx context.Context, version int64, reason string) (next int64, err error) {
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		now := tx.Map.Policies()
		if now == nil {
			return fail.Statef("There are no policies.")
		}
		if version == 0 {
			version = now.Version - 1
		}
		var old PolicyVersion
		if version > 0 {
			if old, err = tx.PolicyVersion(version); err != nil {
				return err
			}
		}
		event, err := tx.PreparePolicies(old.Text)
		if err != nil {
			return err
		}
		next = event.Policies.Version
		if err := tx.Govern(event); err != nil {
			return err
		}
		if err := tx.DescribePolicies(next, authz.System, reason); err != nil {
			return err
		}
		e := SystemEntry("accounts", "rollBackPolicies")
		e.Reason = reason
		return tx.Record(e, authz.WorkspaceObject)
	})
	return next, err
}
