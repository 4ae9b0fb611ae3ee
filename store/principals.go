package store

import (
	"database/sql"
	"encoding/json"
	"maps"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// shownKey is the attribute that keeps a display name beside the others: the access map forgets one that is the same as the name.
const shownKey = "displayName"

// PutResource keeps the attributes of a principal that the access map does not know. It follows the governance event that puts him.
func (tx *Tx) PutResource(r identity.Resource) error {
	kept := identity.Document(maps.Clone(r.Extra))
	if kept == nil {
		kept = identity.Document{}
	}
	if r.DisplayName != "" {
		kept[shownKey] = r.DisplayName
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return tx.do("UPDATE principals SET external_id = ?, attributes = ?, updated = ?, revision = revision + 1 WHERE id = ?", r.ExternalID, string(text), tx.Now, r.ID)
}

// Resource gives a principal with all his attributes.
func (tx *Tx) Resource(p *authz.Principal) (identity.Resource, error) {
	all, err := tx.Resources([]*authz.Principal{p})
	if err != nil {
		return identity.Resource{}, err
	}
	return all[0], nil
}

// Resources gives principals of one kind with all their attributes, in the given order, which must be ascending by id. It is one query over
// the ids from the first to the last, so that long lists are one pass.
func (tx *Tx) Resources(of []*authz.Principal) ([]identity.Resource, error) {
	all := make([]identity.Resource, len(of))
	if len(of) == 0 {
		return all, nil
	}
	at := make(map[int64]int, len(of))
	for i, p := range of {
		all[i], at[p.ID] = identity.OfPrincipal(p), i
	}
	return all, tx.each(func(r *sql.Rows) error {
		var id, created, updated int64
		var external, attributes string
		var more identity.Resource
		if err := r.Scan(&id, &external, &attributes, &created, &updated, &more.Revision, &more.Source, &more.Held); err != nil {
			return err
		}
		i, ok := at[id]
		if !ok {
			return nil
		}
		all[i].Revision, all[i].Source, all[i].Held = more.Revision, more.Source, more.Held
		all[i].ExternalID, all[i].Created, all[i].Modified = external, created, updated
		return readAttributes(&all[i], attributes)
	}, "SELECT id, external_id, attributes, created, updated, revision, source, held <> 0 FROM principals WHERE kind = ? AND id >= ? AND id <= ?",
		int64(of[0].Kind), of[0].ID, of[len(of)-1].ID)
}

// readAttributes takes the stored attributes of a principal; those made at founding have none.
func readAttributes(r *identity.Resource, text string) (err error) {
	if text == "" {
		return nil
	}
	if r.Extra, err = identity.DecodeDocument([]byte(text)); err != nil {
		return fail.Internalf(err, "the attributes of principal %d cannot be read", r.ID)
	}
	if r.Kind != authz.Group {
		r.DisplayName, _ = r.Extra[shownKey].(string)
	}
	delete(r.Extra, shownKey)
	return nil
}

// PrincipalsByExternalID gives the ids of the principals that a directory knows by this id, ascending; several directories may use one id.
func (tx *Tx) PrincipalsByExternalID(external string) (ids []int64, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var id int64
		if err := r.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
		return nil
	}, "SELECT id FROM principals WHERE external_id = ? ORDER BY id", external)
	return ids, err
}
