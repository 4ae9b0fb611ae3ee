package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/lineage"
)

// PurgeBatch is how many objects, runs and logged models one transaction deletes for good: writes stay short for those who wait.
const PurgeBatch = 500

// Purge deletes an object of the tree and what lies below it for good, at most the given number of objects, runs and logged models, the
// innermost first. An experiment that a version in Production comes from is fail.State. left says that it must be called again, in a transaction of its own, for the rest. Bytes of artifacts that nothing
// names any more are the collector's.
func (tx *Tx) Purge(top int64, most int) (gone int, left bool, err error) {
	all := slices.Collect(tx.Map.Subtree(top))
	if err := tx.mayPurge(all); err != nil {
		return 0, false, err
	}
	var events []authz.Event
	for _, o := range slices.Backward(all) {
		if left = gone >= most; left {
			break
		}
		n, more, err := tx.purgeContent(o, most-gone)
		if err != nil {
			return 0, false, err
		}
		gone += n
		if left = more; left {
			break
		}
		events = append(events, authz.Event{Op: authz.DropObject, Object: &authz.Object{ID: o.ID, Kind: o.Kind}})
		gone++
	}
	return gone, left, tx.Govern(events...)
}

// purgeContent deletes what an object contains; more says that some of it is left.
func (tx *Tx) purgeContent(o *authz.Object, most int) (n int, more bool, err error) {
	if o.Kind == authz.Experiment {
		if n, more, err = tx.emptyExperiment(o.ID, most); err != nil || more {
			return n, more, err
		}
	}
	for _, q := range []string{"DELETE FROM items WHERE object = ?", "DELETE FROM trash WHERE object = ?"} {
		if err := tx.do(q, o.ID); err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// runParts and modelParts are the tables of what belongs to a run, or to a logged model, with the column that names it.
var runParts = [][2]string{
	{"params", "run"}, {"tags", "run"}, {"latest", "run"}, {"points", "run"}, {"run_inputs", "run"}, {"run_models", "run"},
	{"artifacts", "owner"},
}

var modelParts = [][2]string{
	{"logged_model_params", "model"}, {"logged_model_tags", "model"}, {"logged_model_metrics", "model"}, {"artifacts", "owner"},
}

func (tx *Tx) emptyExperiment(id int64, most int) (n int, more bool, err error) {
	for kind, parts := range map[lineage.Kind][][2]string{lineage.Run: runParts, lineage.LoggedModel: modelParts} {
		some, err := tx.emptyTable(kind, parts, id, most-n)
		n += some
		if err != nil || n >= most {
			return n, true, err
		}
	}
	for _, q := range []string{
		"DELETE FROM datasets WHERE experiment = ?", "DELETE FROM experiment_tags WHERE experiment = ?", "DELETE FROM experiments WHERE object = ?",
	} {
		if err := tx.do(q, id); err != nil {
			return n, false, err
		}
	}
	return n, false, tx.do("DELETE FROM artifacts WHERE owner = ?", "exp/"+strconv.FormatInt(id, 10))
}

// emptyTable deletes rows of runs or of logged models of an experiment, with all their parts.
func (tx *Tx) emptyTable(kind lineage.Kind, parts [][2]string, experiment int64, most int) (int, error) {
	table := rowsOf[kind]
	some := " IN (SELECT id FROM " + table + " WHERE experiment = ? ORDER BY id LIMIT ?)"
	if err := tx.unlink(kind, some, experiment, most); err != nil {
		return 0, err
	}
	for _, p := range parts {
		if err := tx.do("DELETE FROM "+p[0]+" WHERE "+p[1]+some, experiment, most); err != nil {
			return 0, err
		}
	}
	n, err := tx.exec("DELETE FROM "+table+" WHERE id"+some, experiment, most)
	if err != nil || n == 0 {
		return int(n), err
	}
	return int(n), tx.markPurged(experiment)
}

// PurgeTrash deletes for good what was put into the trash before the given time (ms since 1970), as the server itself, in batches that
// each have their entry in the ledger. What a version in Production comes from stays in the trash. It gives the number of objects and runs that
// are gone.
func (s *Store) PurgeTrash(ctx context.Context, before int64) (gone int, err error) {
	var last trashed
	for {
		var oldest []trashed
		err := s.Read(ctx, func(tx *Tx) (err error) {
			oldest, err = tx.trashedBetween(last, before)
			return err
		})
		if err != nil || len(oldest) == 0 {
			return gone, err
		}
		for _, last = range oldest {
			n, err := s.purgeOne(ctx, last.object, before)
			gone += n
			if err != nil && !fail.Is(err, fail.State) {
				return gone, err
			}
		}
	}
}

// trashed is something in the trash, in the order in which it came there.
type trashed struct{ at, object int64 }

func (tx *Tx) trashedBetween(after trashed, before int64) (list []trashed, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var t trashed
		err := r.Scan(&t.at, &t.object)
		list = append(list, t)
		return err
	}, "SELECT at, object FROM trash WHERE at < ? AND (at > ? OR at = ? AND object > ?) ORDER BY at, object LIMIT 64", before, after.at, after.at,
		after.object)
	return list, err
}

// purgeOne purges one thing in the trash, unless somebody restored it meanwhile.
func (s *Store) purgeOne(ctx context.Context, id, before int64) (gone int, err error) {
	for left := true; left && err == nil; {
		err = s.WriteAlone(ctx, func(tx *Tx) error {
			left = false
			t, found, err := tx.InTrash(id)
			if err != nil || !found || t.At >= before {
				return err
			}
			o, ok := tx.Map.Object(id)
			if !ok {
				return tx.do("DELETE FROM trash WHERE object = ?", id)
			}
			e := &ledger.Entry{
				Class: ledger.ClassA, Service: "workspace", Action: "purgeExpired", Status: 200,
				Actor:  ledger.Actor{ID: authz.System, Name: "bailiwick", Kind: "system"},
				Object: ledger.Object{ID: strconv.FormatInt(id, 10), Kind: o.Kind.String(), Name: o.Name, Path: tx.Map.Path(id)},
			}
			n, more, err := tx.Purge(id, PurgeBatch)
			if err != nil {
				return err
			}
			gone, left = gone+n, more
			return tx.Record(e, id)
		})
	}
	return gone, err
}
