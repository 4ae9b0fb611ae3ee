package store

import (
	"database/sql"
	"strconv"

	"bailiwick/fail"
	"bailiwick/registry"
)

// HoldVersion keeps everybody else from changing anything about a version's model until the transaction ends, and sees to it that the version
// is still what was decided on: fail.Conflict when its stage or its bytes are not. On an engine with one writer what was read is what is.
func (tx *Tx) HoldVersion(v *registry.Version) error {
	if tx.s.d.single && v.Created != 0 {
		return nil
	}
	if err := tx.holdModel(v.Model); err != nil {
		return err
	}
	now, err := tx.ModelVersion(v.Key())
	if err != nil {
		return err
	}
	if now.Stage != v.Stage || now.Digest != v.Digest || v.Created == 0 {
		return fail.New(fail.Conflict, "Version %d of %s has been changed by somebody else at the same time: it is in %s now.", v.Number, v.Name, now.Stage)
	}
	*v = *now
	return nil
}

// SetTwoPersons gives a model its own choice whether Production takes two persons.
func (tx *Tx) SetTwoPersons(model int64, choice registry.Choice) error {
	return tx.do("UPDATE registered_models SET two_persons = ?, updated = ?, changed = ? WHERE object = ?", int64(choice), tx.Now, tx.Stamp, model)
}

// AskTransition keeps a new request and gives it its id and time. A second one of the same creator for the same version and stage takes the
// place of the first where checks came in meanwhile, so that the first cannot be approved any more; otherwise it is fail.Exists.
func (tx *Tx) AskTransition(r *registry.Request) error {
	r.ID, r.Created = tx.newID(), tx.Now
	n, err := tx.exec(`INSERT INTO transition_requests (model, version, stage, creator, user_name, id, comment, digest, checks, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, version, stage, creator) DO UPDATE SET user_name = excluded.user_name, id = excluded.id,
		comment = excluded.comment, digest = excluded.digest, checks = excluded.checks, created = excluded.created
		WHERE transition_requests.digest <> excluded.digest OR transition_requests.checks <> excluded.checks`, r.Model, r.Number, int64(r.Stage), r.Creator,
		r.UserName, r.ID, r.Comment, digestColumn(r.Digest), r.Checks, r.Created)
	if err == nil && n == 0 {
		err = fail.Existsf("A request of yours to move version %d of %s to %s is pending already, and nothing has changed since.", r.Number,
			tx.modelName(r.Model), r.Stage)
	}
	return err
}

// newID gives a new id as activities, requests and comments have it; later ones are greater.
func (tx *Tx) newID() string { return strconv.FormatInt(tx.NextID(), 10) }

// TransitionRequests gives the pending requests of a version, oldest first. The names are those that the creators have now, as long as they
// are there.
func (tx *Tx) TransitionRequests(k registry.Key) ([]*registry.Request, error) {
	all, err := tx.TransitionRequestsOn(k.Model, []int64{k.Number})
	return all[k.Number], err
}

// TransitionRequestsOn gives the pending requests of several versions of a model by their numbers, each version's oldest first.
func (tx *Tx) TransitionRequestsOn(model int64, versions []int64) (map[int64][]*registry.Request, error) {
	all := map[int64][]*registry.Request{}
	return all, eachIn(tx, func(r *sql.Rows) error {
		q := &registry.Request{Key: registry.Key{Model: model}}
		var stage int64
		var digest []byte
		if err := r.Scan(&q.Number, &stage, &q.Creator, &q.UserName, &q.ID, &q.Comment, &digest, &q.Checks, &q.Created); err != nil {
			return err
		}
		q.Stage, q.UserName = registry.Stage(stage), tx.nameNow(q.Creator, q.UserName)
		copy(q.Digest[:], digest)
		all[q.Number] = append(all[q.Number], q)
		return nil
	}, `SELECT version, stage, creator, user_name, id, comment, digest, checks, created FROM transition_requests WHERE model = ? AND version IN (?)
		ORDER BY created, id`, versions, model)
}

// nameNow gives a principal's name, or the one he had when he is gone.
func (tx *Tx) nameNow(id int64, then string) string {
	if p, ok := tx.Map.Principal(id); ok {
		return p.Name
	}
	return then
}

// CloseRequests closes all requests of a version for a stage and gives their number: of several who decide at once, one gets more than 0.
func (tx *Tx) CloseRequests(k registry.Key, stage registry.Stage) (int64, error) {
	return tx.exec("DELETE FROM transition_requests WHERE model = ? AND version = ? AND stage = ?", k.Model, k.Number, int64(stage))
}

// CancelRequest takes one request away and says whether it was there.
func (tx *Tx) CancelRequest(r *registry.Request) (bool, error) {
	n, err := tx.exec("DELETE FROM transition_requests WHERE model = ? AND version = ? AND stage = ? AND creator = ?", r.Model, r.Number,
		int64(r.Stage), r.Creator)
	return n > 0, err
}
