package store

import (
	"bailiwick/fail"
	"bailiwick/registry"
)

// NotAComment is the error for a comment that does not exist, or may not be known.
func NotAComment(id string) error { return fail.NotFoundf("Comment with id=%s not found", id) }

// InsertComment keeps a new comment, gives it its id and times, and notes that it was made. A version that is not there is fail.NotFound.
func (tx *Tx) InsertComment(m *registry.Comment) error {
	m.ID, m.Created, m.Updated = tx.newID(), tx.Now, tx.Now
	if err := tx.holdModel(m.Model); err != nil {
		return err
	}
	if err := tx.stampVersion(m.Key); err != nil {
		return err
	}
	err := tx.do(`INSERT INTO comments (id, model, version, creator, user_name, comment, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.Model, m.Number, m.Creator, m.UserName, m.Text, m.Created, m.Updated)
	if err != nil {
		return err
	}
	return tx.PutActivity(&registry.Activity{Key: m.Key, ID: m.ID, At: m.Created, Kind: registry.NewComment, Actor: m.Creator, UserName: m.UserName})
}

// Comment gives a comment by its id; fail.NotFound when there is none.
func (tx *Tx) Comment(id string) (*registry.Comment, error) {
	m := &registry.Comment{ID: id}
	found, err := tx.one([]any{&m.Model, &m.Number, &m.Creator, &m.UserName, &m.Text, &m.Created, &m.Updated},
		"SELECT model, version, creator, user_name, comment, created, updated FROM comments WHERE id = ?", id)
	if err == nil && !found {
		err = NotAComment(id)
	}
	return m, err
}

// ChangeComment gives a comment another text.
func (tx *Tx) ChangeComment(m *registry.Comment, text string) error {
	m.Text, m.Updated = text, tx.Now
	return tx.do("UPDATE comments SET comment = ?, updated = ? WHERE id = ?", text, m.Updated, m.ID)
}

// DeleteComment takes a comment away, and with it that it was made; the ledger keeps both.
func (tx *Tx) DeleteComment(m *registry.Comment) error {
	if err := tx.do("DELETE FROM comments WHERE id = ?", m.ID); err != nil {
		return err
	}
	return tx.do("DELETE FROM activities WHERE model = ? AND version = ? AND at = ? AND id = ?", m.Model, m.Number, m.Created, m.ID)
}
