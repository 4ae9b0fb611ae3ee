package store

import (
	"database/sql"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Item is what a notebook or file of the workspace tree is beside its governed object. Language and Format are spelt as package workspace
// spells them; Size is the bytes of the content as it was imported, Modified the ms since 1970 of its last change.
type Item struct {
	Language, Format string
	Size, Modified   int64
}

// Node is an object of the tree with its dates (ms since 1970); Item is zero for folders and experiments.
type Node struct {
	Item
	Created, Updated int64
}

// PutItem writes the content of a notebook or file, new or over what is there. Size and Modified are filled in.
func (tx *Tx) PutItem(object int64, language, format string, content []byte) error {
	if err := tx.unsearched(object); err != nil {
		return err
	}
	return tx.do(`INSERT INTO items (object, language, format, size, modified, content) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (object) DO UPDATE SET language = excluded.language, format = excluded.format, size = excluded.size,
		modified = excluded.modified, content = excluded.content`, object, language, format, len(content), tx.Now, blobOf(content))
}

// blobOf keeps empty content from becoming NULL.
func blobOf(content []byte) []byte {
	if content == nil {
		return []byte{}
	}
	return content
}

// Item gives the content of a notebook or file; fail.NotFound when there is none.
func (tx *Tx) Item(object int64) (it Item, content []byte, err error) {
	found, err := tx.one([]any{&it.Language, &it.Format, &it.Size, &it.Modified, &content},
		"SELECT language, format, size, modified, content FROM items WHERE object = ?", object)
	if err == nil && !found {
		err = fail.NotFoundf("Object %d has no content.", object)
	}
	return it, content, err
}

// CopyItem gives the object to the content of from.
func (tx *Tx) CopyItem(from, to int64) error {
	if err := tx.unsearched(to); err != nil {
		return err
	}
	return tx.do(`INSERT INTO items (object, language, format, size, modified, content)
		SELECT ?, language, format, size, ?, content FROM items WHERE object = ?`, to, tx.Now, from)
}

const nodeColumns = `SELECT o.id, o.created, o.updated, COALESCE(i.language, ''), COALESCE(i.format, ''), COALESCE(i.size, 0),
	COALESCE(i.modified, 0) FROM objects o LEFT JOIN items i ON i.object = o.id `

// Node gives the dates and the item of an object; the zero value for one that this snapshot does not have.
func (tx *Tx) Node(object int64) (Node, error) {
	all, err := tx.nodes("WHERE o.id = ?", object)
	return all[object], err
}

// NodesIn gives those of all objects directly in a folder, by id.
func (tx *Tx) NodesIn(folder int64) (map[int64]Node, error) {
	return tx.nodes("WHERE o.parent = ? AND o.trashed = 0", folder)
}

func (tx *Tx) nodes(where string, arg int64) (map[int64]Node, error) {
	all := map[int64]Node{}
	err := tx.each(func(r *sql.Rows) error {
		var id int64
		var n Node
		if err := r.Scan(&id, &n.Created, &n.Updated, &n.Language, &n.Format, &n.Size, &n.Modified); err != nil {
			return err
		}
		all[id] = n
		return nil
	}, nodeColumns+where, arg)
	return all, err
}

// Place gives an object of the tree another folder or name, or brings it back from the trash (o.Trashed is false then); an experiment's
// row follows. The object keeps its own entries.
func (tx *Tx) Place(o authz.Object) error {
	if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
		return err
	}
	if err := tx.do("DELETE FROM trash WHERE object = ?", o.ID); err != nil {
		return err
	}
	return tx.touchExperiment(o.Kind, o.ID)
}

// Trash puts an object of the tree into the trash, with all below it: an experiment there counts as deleted. by is who did it.
func (tx *Tx) Trash(o authz.Object, by int64) error {
	o.Trashed = true
	if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
		return err
	}
	err := tx.do(`INSERT INTO trash (object, at, principal) VALUES (?, ?, ?)
		ON CONFLICT (object) DO UPDATE SET at = excluded.at, principal = excluded.principal`, o.ID, tx.Now, by)
	if err != nil {
		return err
	}
	return tx.touchExperiment(o.Kind, o.ID)
}

// touchExperiment keeps the time of an experiment's last change, which clients show and order by.
func (tx *Tx) touchExperiment(k authz.Kind, id int64) error {
	if k != authz.Experiment {
		return nil
	}
	return tx.do("UPDATE experiments SET updated = ?, changed = ? WHERE object = ?", tx.Now, tx.Stamp, id)
}

// Trashed is something in the trash: when (ms since 1970) it was put there, and by whom.
type Trashed struct {
	Object, At, By int64
}

// InTrash gives when and by whom an object was put into the trash; found is false for one that was not.
func (tx *Tx) InTrash(object int64) (t Trashed, found bool, err error) {
	t.Object = object
	found, err = tx.one([]any{&t.At, &t.By}, "SELECT at, principal FROM trash WHERE object = ?", object)
	return t, found, err
}

// EachTrashed visits what is in the trash, latest first, from after the given one on (the zero value: from the start), until visit says
// false.
func (tx *Tx) EachTrashed(after Trashed, visit func(Trashed) bool) error {
	const page = 512
	for {
		rows, err := tx.trashedAfter(after, page)
		if err != nil {
			return err
		}
		for _, t := range rows {
			if !visit(t) {
				return nil
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1]
	}
}

func (tx *Tx) trashedAfter(after Trashed, most int) (rows []Trashed, err error) {
	if after.At == 0 {
		after.At = tx.Now + 1<<40 // nothing is put there in the far future
	}
	err = tx.each(func(r *sql.Rows) error {
		var t Trashed
		if err := r.Scan(&t.Object, &t.At, &t.By); err != nil {
			return err
		}
		rows = append(rows, t)
		return nil
	}, "SELECT object, at, principal FROM trash WHERE at < ? OR at = ? AND object < ? ORDER BY at DESC, object DESC LIMIT ?",
		after.At, after.At, after.Object, most)
	return rows, err
}
