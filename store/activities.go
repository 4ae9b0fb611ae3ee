package store

import (
	"database/sql"

	"bailiwick/registry"
)

// PutActivity keeps what was done with a version. An activity without an id gets one, and one without a time the transaction's.
func (tx *Tx) PutActivity(a *registry.Activity) error {
	if a.ID == "" {
		a.ID = tx.newID()
	}
	if a.At == 0 {
		a.At = tx.Now
	}
	return tx.do(`INSERT INTO activities (model, version, at, id, kind, actor, user_name, from_stage, to_stage, comment, system_comment)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.Model, a.Number, a.At, a.ID, string(a.Kind), a.Actor, a.UserName, int64(a.From), int64(a.To),
		a.Comment, a.System)
}

// ActivityPlace is a place in the order of a version's activities.
type ActivityPlace struct {
	At int64
	ID string
}

const activityColumns = "SELECT at, id, kind, actor, user_name, from_stage, to_stage, comment, system_comment FROM activities "

// Activities gives what was done with a version, newest first, at most limit, from before a place on where one is given. A comment's activity
// carries the comment as it is now.
func (tx *Tx) Activities(k registry.Key, before *ActivityPlace, limit int) ([]*registry.Activity, error) {
	where, args := "WHERE model = ? AND version = ?", []any{k.Model, k.Number}
	if before != nil {
		where += " AND (at < ? OR at = ? AND id < ?)"
		args = append(args, before.At, before.At, before.ID)
	}
	list, err := tx.activities(k, where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	return list, tx.fillComments(list)
}

func (tx *Tx) activities(k registry.Key, where string, args ...any) (list []*registry.Activity, err error) {
	return list, tx.each(func(r *sql.Rows) error {
		a := &registry.Activity{Key: k}
		var from, to int64
		err := r.Scan(&a.At, &a.ID, &a.Kind, &a.Actor, &a.UserName, &from, &to, &a.Comment, &a.System)
		a.From, a.To = registry.Stage(from), registry.Stage(to)
		list = append(list, a)
		return err
	}, activityColumns+where, args...)
}

// fillComments puts the texts of comments into the activities that they were made.
func (tx *Tx) fillComments(list []*registry.Activity) error {
	at, ids := map[string]*registry.Activity{}, []string{}
	for _, a := range list {
		if a.Kind == registry.NewComment {
			at[a.ID], ids = a, append(ids, a.ID)
		}
	}
	return eachIn(tx, func(r *sql.Rows) error {
		var id, text string
		var updated int64
		err := r.Scan(&id, &text, &updated)
		if a := at[id]; a != nil {
			a.Comment, a.Updated = text, updated
		}
		return err
	}, "SELECT id, comment, updated FROM comments WHERE id IN (?)", ids)
}

// LastDecision gives what was last done about the requests of a version for a stage: made, approved, rejected or cancelled; nil for nothing.
func (tx *Tx) LastDecision(k registry.Key, stage registry.Stage) (*registry.Activity, error) {
	list, err := tx.activities(k, `WHERE model = ? AND version = ? AND to_stage = ? AND kind IN (?, ?, ?, ?) ORDER BY at DESC, id DESC LIMIT 1`,
		k.Model, k.Number, int64(stage), string(registry.Requested), string(registry.Approved), string(registry.Rejected), string(registry.Cancelled))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}
