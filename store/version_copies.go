package store

import (
	"context"
	"database/sql"
	"time"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/registry"
)

// QueueCopy notes that the bytes of a pending version are to be copied from a location that is not ours.
func (tx *Tx) QueueCopy(k registry.Key, location string) error {
	return tx.do("INSERT INTO version_copies (model, version, source, held, tries) VALUES (?, ?, ?, 0, 0)", k.Model, k.Number, location)
}

// Copy is the work of copying a version's bytes from elsewhere.
type Copy struct {
	Key    registry.Key
	Source string
	Tries  int64
}

// Copies gives the versions that wait to be copied and that nobody has held since a time (ms since 1970), oldest first.
func (tx *Tx) Copies(idle int64) (list []Copy, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var w Copy
		err := r.Scan(&w.Key.Model, &w.Key.Number, &w.Source, &w.Tries)
		list = append(list, w)
		return err
	}, "SELECT model, version, source, tries FROM version_copies WHERE held < ? ORDER BY model, version LIMIT 64", idle)
	return list, err
}

// HoldCopy takes a copy, or says that its holder is still at it; false when somebody else holds it since the time idle, or it is gone.
func (s *Store) HoldCopy(ctx context.Context, w Copy, idle int64, again bool) (held bool, err error) {
	step := int64(1)
	if again {
		step = 0
	}
	err = s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("UPDATE version_copies SET held = ?, tries = tries + ? WHERE model = ? AND version = ? AND (held < ? OR ? = 0)", tx.Now, step,
			w.Key.Model, w.Key.Number, idle, step)
		held = n == 1
		return err
	})
	return held, err
}

// PutOffCopy lets go of a copy that did not succeed, so that somebody takes it after a while that doubles with each attempt.
func (s *Store) PutOffCopy(ctx context.Context, w Copy) error {
	return s.Write(ctx, func(tx *Tx) error {
		taken := tx.Now - CopyIdle.Milliseconds() + (copyAgain << min(w.Tries, 4)).Milliseconds()
		return tx.do("UPDATE version_copies SET held = ? WHERE model = ? AND version = ?", taken, w.Key.Model, w.Key.Number)
	})
}

// copyAgain is how long a copy rests after its first attempt.
const copyAgain = 5 * time.Second

// FreeCopies lets go of all copies: their holder was a process that is gone.
func (s *Store) FreeCopies(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.do("UPDATE version_copies SET held = 0 WHERE held <> 0") })
}

// EndCopy makes a pending version READY with its manifest, or failed for a reason when there is none. A version that was deleted meanwhile is
// left alone.
func (s *Store) EndCopy(ctx context.Context, w Copy, m *registry.Manifest, reason string) error {
	return s.Write(ctx, func(tx *Tx) error {
		if err := tx.holdModel(w.Key.Model); err != nil {
			return err
		}
		n, err := tx.exec("DELETE FROM version_copies WHERE model = ? AND version = ?", w.Key.Model, w.Key.Number)
		if err != nil || n == 0 {
			return err
		}
		v, err := tx.ModelVersion(w.Key)
		if err != nil {
			return err
		}
		v.Status, v.StatusText = registry.Ready, ""
		if m == nil {
			v.Status, v.StatusText = registry.Failed, reason
		}
		if err := tx.putManifest(v, m); err != nil {
			return err
		}
		if err := tx.do("UPDATE model_versions SET status = ?, status_text = ?, digest = ?, size = ?, files = ? WHERE model = ? AND version = ?",
			int64(v.Status), v.StatusText, digestColumn(v.Digest), v.Size, v.Files, v.Model, v.Number); err != nil {
			return err
		}
		if err := tx.touchVersion(w.Key); err != nil {
			return err
		}
		return tx.Record(copyEntry(v, w.Source), v.Model)
	})
}

func copyEntry(v *registry.Version, source string) *ledger.Entry {
	e := SystemEntry("modelRegistry", "finishModelVersion")
	e.Object = ledger.Object{ID: formatID(v.Model), Kind: authz.RegisteredModel.String(), Name: v.Name}
	e.Params = ledger.Params{{Key: "name", Value: v.Name}, {Key: "version", Value: formatID(v.Number)}, {Key: "source", Value: source},
		{Key: "status", Value: v.Status.String()}}
	if v.Status == registry.Ready {
		e.Params = append(e.Params, ledger.Param{Key: "digest", Value: registry.DigestText(v.Digest)})
	}
	return e
}

// CopyIdle is how long a copy may show no life before another worker takes it.
const CopyIdle = 40 * time.Second

// ExperimentsAt gives the experiment in whose own location an address lies, the innermost of several, the first made of those with the same, 0 for
// none; and those whose own locations are in the address, or are it. Addresses are compared as texts.
func (tx *Tx) ExperimentsAt(location string) (in int64, inner []int64, err error) {
	best := ""
	err = tx.each(func(r *sql.Rows) error {
		var e int64
		var root string
		if err := r.Scan(&e, &root); err != nil {
			return err
		}
		if len(root) > len(best) && within(location, root) {
			in, best = e, root
		}
		if within(root, location) {
			inner = append(inner, e)
		}
		return nil
	}, "SELECT object, location FROM experiments WHERE location <> '' ORDER BY object")
	return in, inner, err
}

// LoggedBy gives the logged model of a name that a run made, the newest of several; those that were deleted are none.
func (tx *Tx) LoggedBy(run, name string) (id string, found bool, err error) {
	found, err = tx.one([]any{&id}, `SELECT m.id FROM runs r JOIN logged_models m ON m.experiment = r.experiment
		WHERE r.id = ? AND m.run = ? AND m.name = ? AND m.deleted = 0 ORDER BY m.created DESC, m.id DESC LIMIT 1`, run, run, name)
	return id, found, err
}
