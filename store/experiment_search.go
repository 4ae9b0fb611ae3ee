package store

import (
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"sync"

	"bailiwick/authz"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// experimentIndex is the index of all experiments of a workspace. It follows two things: rows, by their stamps, and the access map, by
// the events of the ledger, since names and who may see what are the map's.
type experimentIndex struct {
	mu      sync.Mutex // held while the index is brought up to date, and for states
	index   *tracking.ExperimentIndex
	states  map[string]*experimentState // by id as the index writes it; a new one whenever the index takes an experiment in
	horizon int64
	version int64
	written int // bytes of documents
	people  people
}

// experimentState is what is known of an experiment in the index: its row's stamp, and what was written of it for clients, by form.
type experimentState struct {
	id        int64
	stamp     int64
	documents [documentForms][]byte
}

// documentForms is the number of forms in which documents of experiments are kept, maxWritten the most bytes of all of them.
const (
	documentForms = 2
	maxWritten    = 32 << 20
)

// ServerTags gives the tags that the server itself adds to an experiment, by what the access map knows of it.
type ServerTags func(m *authz.Map, o *authz.Object) []tracking.Pair

// ExperimentPage is a page of experiments in order.
type ExperimentPage struct {
	search.Page
	found   []*experimentState
	version int64 // of the index
}

// SearchExperiments gives a page of the experiments in the scope, as a caller sees their names. tags are searched beside the
// experiments' own.
func (tx *Tx) SearchExperiments(q *search.Query, scope authz.Scope, names tracking.Names, tags ServerTags) (p ExperimentPage, err error) {
	x := tx.s.experiments
	index, err := tx.refreshExperiments(x, tags)
	if err != nil {
		return p, err
	}
	p.Page = index.Search(q, scope, names)
	p.found = make([]*experimentState, 0, len(p.IDs))
	x.mu.Lock()
	defer x.mu.Unlock()
	p.version = x.version
	for _, id := range p.IDs {
		if e := x.states[id]; e != nil && tx.admits(scope, e.id) {
			p.found = append(p.found, e)
		}
	}
	return p, nil
}

// admits decides again on what the index found: it may have seen a newer map than this transaction, whose scope belongs to its own.
func (tx *Tx) admits(scope authz.Scope, id int64) bool {
	if scope.All() {
		return true
	}
	o, ok := tx.Map.Object(id)
	return ok && scope.AdmitsIn(tx.Map, o)
}

// maxCatchUp is the most governance versions that are followed one by one; further behind, all rows are placed again.
const maxCatchUp = 2000

func (tx *Tx) refreshExperiments(x *experimentIndex, tags ServerTags) (*tracking.ExperimentIndex, error) {
	if tx.write {
		return nil, errSearchInWrite
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index == nil || tx.version > x.version+maxCatchUp {
		return tx.loadExperiments(x, tags)
	}
	touched := map[int64]bool{}
	if err := tx.changedExperiments(x, touched); err != nil {
		return nil, err
	}
	if all, err := tx.movedExperiments(x, touched); all && err == nil {
		return tx.loadExperiments(x, tags)
	} else if err != nil {
		return nil, err
	}
	maps.DeleteFunc(touched, func(_ int64, yes bool) bool { return !yes })
	took := len(touched) > 0
	if err := tx.takeExperiments(x, touched, tags); err != nil {
		return nil, err
	}
	x.horizon, x.version = reached(x.horizon, tx.horizon, took), reached(x.version, tx.version, took)
	return x.index, nil
}

func (tx *Tx) loadExperiments(x *experimentIndex, tags ServerTags) (*tracking.ExperimentIndex, error) {
	rows, err := tx.experiments("WHERE changed >= ?", "WHERE experiment >= ?", 0)
	if err != nil {
		return nil, err
	}
	x.index, x.states, x.written = tracking.NewExperimentIndex(), make(map[string]*experimentState, len(rows)), 0
	x.people = people{}
	x.horizon, x.version = tx.horizon, tx.version
	for _, e := range rows {
		tx.takeExperiment(x, e, tags)
	}
	return x.index, nil
}

// takeExperiment puts an experiment into the index as row and map have it, or takes it out when the map does not have it.
func (tx *Tx) takeExperiment(x *experimentIndex, e *experimentRow, tags ServerTags) {
	if !tx.place(&e.Experiment) {
		x.forget(e.ID)
		return
	}
	o, _ := tx.Map.Object(e.ID) // place has found it
	x.people.note(tx.Map, o)
	e.Tags = append(e.Tags, tags(tx.Map, o)...)
	x.index.Upsert(&tracking.ExperimentRow{
		Experiment: e.Experiment, Right: search.Right{Object: e.ID, ACL: tx.Map.ACLOwner(e.ID), Creator: o.Creator, CreatorManages: o.CreatorManages},
	})
	x.states[formatID(e.ID)] = &experimentState{id: e.ID, stamp: e.changed}
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

func (x *experimentIndex) forget(id int64) {
	x.index.Remove(id)
	delete(x.states, formatID(id))
}

// changedExperiments adds those whose rows changed.
func (tx *Tx) changedExperiments(x *experimentIndex, touched map[int64]bool) error {
	return tx.each(func(r *sql.Rows) error {
		var id, changed int64
		if err := r.Scan(&id, &changed); err != nil {
			return err
		}
		if had := x.states[formatID(id)]; had == nil || had.stamp != changed && !(tx.behind(x.horizon) && had.stamp > changed) {
			touched[id] = true
		}
		return nil
	}, "SELECT object, changed FROM experiments WHERE changed >= ?", x.horizon)
}

// movedExperiments adds those whose place, or whose readers, may have changed: the objects of governance events and what lies below. all says
// that it may be any: entries go with a principal who is removed, and the map knows no more where they were.
func (tx *Tx) movedExperiments(x *experimentIndex, touched map[int64]bool) (all bool, err error) {
	if tx.version <= x.version {
		return false, nil
	}
	err = tx.each(func(r *sql.Rows) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		events, err := eventsOf(body)
		for _, e := range events {
			all = all || e.Op == authz.DropPrincipal || x.people.renamed(e)
			if e.Object == nil || !e.Object.Kind.InTree() && e.Op != authz.DropObject {
				continue
			}
			for o := range tx.Map.Subtree(e.Object.ID) {
				touched[o.ID] = touched[o.ID] || o.Kind == authz.Experiment
			}
			if x.states[formatID(e.Object.ID)] != nil {
				touched[e.Object.ID] = true
			}
		}
		return err
	}, "SELECT body FROM ledger WHERE version > ? AND version <= ?", x.version, tx.version)
	return all, err
}

func (tx *Tx) takeExperiments(x *experimentIndex, touched map[int64]bool, tags ServerTags) error {
	rows, err := tx.experimentsIn(slices.Collect(maps.Keys(touched)))
	if err != nil {
		return err
	}
	for _, e := range rows {
		tx.takeExperiment(x, e, tags)
		delete(touched, e.ID)
	}
	for id := range touched {
		x.forget(id)
	}
	return nil
}

// experimentsIn reads the rows of some experiments.
func (tx *Tx) experimentsIn(ids []int64) (rows []*experimentRow, err error) {
	for _, id := range ids {
		one, err := tx.experiments("WHERE object = ?", "WHERE experiment = ?", id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, one...)
	}
	return rows, nil
}

// WriteExperiment writes an experiment for clients but for its name, which depends on who sees it, appended to dst.
type WriteExperiment func(dst []byte, e *tracking.Experiment, o *authz.Object) []byte

// ExperimentDocuments gives what write makes of a page's experiments, in its order; it is kept by form, a number below documentForms, until
// the experiment changes.
func (tx *Tx) ExperimentDocuments(p ExperimentPage, form int, write WriteExperiment) ([][]byte, error) {
	x := tx.s.experiments
	bodies := make([][]byte, len(p.found))
	x.mu.Lock()
	for i, e := range p.found {
		bodies[i] = e.documents[form]
	}
	x.mu.Unlock()
	for i, e := range p.found {
		if bodies[i] != nil {
			continue
		}
		var err error
		if bodies[i], err = tx.writeExperiment(e, form, p.version, write); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(bodies, func(b []byte) bool { return b == nil }), nil
}

// writeExperiment writes a document, which is kept if this transaction sees what the index has. It gives nil for an experiment that went
// between the search and now.
func (tx *Tx) writeExperiment(e *experimentState, form int, version int64, write WriteExperiment) ([]byte, error) {
	rows, err := tx.experimentsIn([]int64{e.id})
	if err != nil || len(rows) == 0 || !tx.place(&rows[0].Experiment) {
		return nil, err
	}
	o, _ := tx.Map.Object(e.id) // place has found it
	body := write(nil, &rows[0].Experiment, o)
	if rows[0].changed == e.stamp && tx.version >= version {
		tx.s.experiments.keep(e, form, body)
	}
	return body, nil
}

// keep keeps a document; when all of them are too many, they are written anew.
func (x *experimentIndex) keep(e *experimentState, form int, body []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.written += len(body); x.written > maxWritten {
		for _, other := range x.states {
			other.documents = [documentForms][]byte{}
		}
		x.written = len(body)
	}
	e.documents[form] = body
}

// people are the names of who made or own experiments, as the index has them in its tags.
type people map[int64]string

func (p people) note(m *authz.Map, o *authz.Object) {
	for _, id := range []int64{o.Creator, o.OwnerID()} {
		if who, ok := m.Principal(id); ok {
			p[id] = who.Name
		}
	}
}

// renamed says whether an event gives one of them another name.
func (p people) renamed(e authz.Event) bool {
	if e.Op != authz.PutPrincipal {
		return false
	}
	name, ok := p[e.Principal.ID]
	return ok && name != e.Principal.Name
}
