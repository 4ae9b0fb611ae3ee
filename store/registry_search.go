package store

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"sync"

	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/tracking/search"
)

// registryIndex is the index of all registered models of a workspace and of their versions. As experimentIndex does, it follows rows by
// their stamps and the access map by the events of the ledger. A change of a version stamps its model too, so models tell what changed.
type registryIndex struct {
	mu      sync.Mutex // held while the index is brought up to date, and for states
	index   *registry.Index
	states  map[string]*registryState // by id as the index writes it; a new one whenever the index takes a row in
	horizon int64
	version int64
	people  people
	written int // bytes of documents
}

// registryState is what is known of a model or a version in the index: its row's stamp, and what was written of it for clients, by form.
type registryState struct {
	key       registry.Key // Number is 0 for a model
	stamp     int64
	documents [documentForms][]byte
}

// RegistryPage is a page of registered models, or of versions, in order.
type RegistryPage struct {
	search.Page
	found   []*registryState
	version int64 // of the index
}

// SearchRegistered gives a page of the registered models in the scope. tags are searched beside the models' own.
func (tx *Tx) SearchRegistered(q *search.Query, scope authz.Scope, tags ServerTags) (RegistryPage, error) {
	return tx.searchRegistry((*registry.Index).SearchModels, q, scope, tags)
}

// SearchVersions gives a page of the versions of the registered models in the scope; tags are the models'.
func (tx *Tx) SearchVersions(q *search.Query, scope authz.Scope, tags ServerTags) (RegistryPage, error) {
	return tx.searchRegistry((*registry.Index).SearchVersions, q, scope, tags)
}

type registrySearch func(*registry.Index, *search.Query, search.Scope) search.Page

func (tx *Tx) searchRegistry(find registrySearch, q *search.Query, scope authz.Scope, tags ServerTags) (p RegistryPage, err error) {
	x := tx.s.registry
	index, err := tx.refreshRegistry(x, tags)
	if err != nil {
		return p, err
	}
	p.Page = find(index, q, scope)
	p.found = make([]*registryState, 0, len(p.IDs))
	x.mu.Lock()
	defer x.mu.Unlock()
	p.version = x.version
	for _, id := range p.IDs {
		if e := x.states[id]; e != nil && tx.admits(scope, e.key.Model) {
			p.found = append(p.found, e)
		}
	}
	return p, nil
}

func (tx *Tx) refreshRegistry(x *registryIndex, tags ServerTags) (*registry.Index, error) {
	if tx.write {
		return nil, errSearchInWrite
	}
	if index, err := tx.freshRegistry(x); index != nil || err != nil {
		return index, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index == nil || tx.version > x.version+maxCatchUp {
		err := tx.loadRegistry(x, tags)
		return x.index, err
	}
	seen, err := tx.stampsSince(x.horizon)
	if err != nil {
		return nil, err
	}
	list := x.newerOf(tx, seen)
	all, err := tx.movedModels(x, list)
	if err != nil {
		return nil, err
	}
	if all {
		err = tx.loadRegistry(x, tags)
	} else if err = tx.takeTouched(x, list, tags); err != nil {
		x.index = nil // half brought up to date
	}
	if err == nil {
		took := all || len(list) > 0
		x.horizon, x.version = reached(x.horizon, tx.horizon, took), reached(x.version, tx.version, took)
	}
	return x.index, err
}

// freshRegistry gives the index if nothing has to be taken into it, nil otherwise: searches that find it so do not wait for each other's
// queries.
func (tx *Tx) freshRegistry(x *registryIndex) (*registry.Index, error) {
	x.mu.Lock()
	index, horizon, version := x.index, x.horizon, x.version
	x.mu.Unlock()
	if index == nil || tx.version > version {
		return nil, nil
	}
	seen, err := tx.stampsSince(horizon)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index != index || x.horizon < horizon || x.version < version || len(x.newerOf(tx, seen)) > 0 {
		return nil, nil
	}
	x.horizon = max(x.horizon, tx.horizon)
	return index, nil
}

func (tx *Tx) loadRegistry(x *registryIndex, tags ServerTags) error {
	x.index = nil
	models, err := tx.registeredModels("")
	if err != nil {
		return err
	}
	versions, err := tx.modelVersions("")
	if err != nil {
		return err
	}
	slices.SortFunc(models, func(a, b *registeredRow) int { return strings.Compare(b.Name, a.Name) })
	slices.SortFunc(versions, func(a, b *versionRow) int { return int(a.Updated - b.Updated) })
	x.index, x.states = registry.NewIndex(), make(map[string]*registryState, len(models)+len(versions))
	x.people, x.written, x.horizon, x.version = people{}, 0, tx.horizon, tx.version
	for _, m := range models {
		tx.takeModel(x, m, tags)
	}
	for _, v := range versions {
		x.takeVersion(v)
	}
	return nil
}

// takeModel puts a model into the index as row and map have it.
func (tx *Tx) takeModel(x *registryIndex, m *registeredRow, tags ServerTags) {
	o, ok := tx.Map.Object(m.ID)
	if !ok {
		x.forgetModel(m.ID)
		return
	}
	x.people.note(tx.Map, o)
	m.Tags = append(m.Tags, tags(tx.Map, o)...)
	x.index.PutModel(&m.Model, search.Right{Object: m.ID, ACL: tx.Map.ACLOwner(m.ID), Creator: o.Creator, CreatorManages: o.CreatorManages})
	x.states[registry.ModelID(m.ID)] = &registryState{key: registry.Key{Model: m.ID}, stamp: m.changed}
}

func (x *registryIndex) takeVersion(v *versionRow) {
	x.index.PutVersion(&v.Version)
	x.states[v.Key().ID()] = &registryState{key: v.Key(), stamp: v.changed}
}

func (x *registryIndex) forgetModel(id int64) {
	for _, n := range x.index.Numbers(id) {
		delete(x.states, registry.Key{Model: id, Number: n}.ID())
	}
	x.index.DropModel(id)
	delete(x.states, registry.ModelID(id))
}

func (x *registryIndex) forgetVersion(k registry.Key) {
	x.index.DropVersion(k)
	delete(x.states, k.ID())
}

// newer says whether a row that a transaction sees has to be taken into the index.
func (x *registryIndex) newer(tx *Tx, id string, changed int64) bool {
	had := x.states[id]
	return had == nil || had.stamp != changed && !(tx.behind(x.horizon) && had.stamp > changed)
}

// touched are the models that have to be read again: with their versions (true), or only as the map has them.
type touched map[int64]bool

// stamped is a model with the stamp of its row.
type stamped struct{ id, changed int64 }

// stampsSince gives the models that changed, or versions of which did, since a horizon.
func (tx *Tx) stampsSince(horizon int64) (seen []stamped, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var s stamped
		err := r.Scan(&s.id, &s.changed)
		seen = append(seen, s)
		return err
	}, "SELECT object, changed FROM registered_models WHERE changed >= ?", horizon)
	return seen, err
}

// newerOf gives those that have to be taken into the index.
func (x *registryIndex) newerOf(tx *Tx, seen []stamped) touched {
	list := touched{}
	for _, s := range seen {
		if x.newer(tx, registry.ModelID(s.id), s.changed) {
			list[s.id] = true
		}
	}
	return list
}

// movedModels adds the objects of governance events. all says that it may be any: entries go with a principal who is removed, and the map
// knows no more where they were; and who owns or made a model may have another name.
func (tx *Tx) movedModels(x *registryIndex, list touched) (all bool, err error) {
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
			if e.Object != nil && (e.Object.Kind == authz.RegisteredModel || x.states[registry.ModelID(e.Object.ID)] != nil) {
				if !list[e.Object.ID] {
					list[e.Object.ID] = false // its row is read, and not its versions'
				}
			}
		}
		return err
	}, "SELECT body FROM ledger WHERE version > ? AND version <= ?", x.version, tx.version)
	return all, err
}

// takeTouched reads models again, and what changed of their versions. Those that are gone leave the index.
func (tx *Tx) takeTouched(x *registryIndex, list touched, tags ServerTags) error {
	if len(list) == 0 {
		return nil
	}
	var whole, changed []int64
	for id, versions := range list {
		switch {
		case x.states[registry.ModelID(id)] == nil:
			whole = append(whole, id)
		case versions:
			changed = append(changed, id)
		}
	}
	err := tx.takeModels(x, slices.Collect(maps.Keys(list)), tags)
	if err == nil {
		err = tx.takeWhole(x, whole)
	}
	if err == nil && len(changed) > 0 {
		err = tx.takeChanged(x, list)
	}
	if err == nil {
		err = tx.dropGone(x, changed)
	}
	return err
}

func (tx *Tx) takeModels(x *registryIndex, ids []int64, tags ServerTags) error {
	gone := map[int64]bool{}
	for part := range slices.Chunk(ids, maxIn) {
		for _, id := range part {
			gone[id] = true
		}
		rows, err := tx.registeredModels("WHERE m.object IN ("+marks(part)+")", padded(part)...)
		if err != nil {
			return err
		}
		for _, m := range rows {
			tx.takeModel(x, m, tags)
			delete(gone, m.ID)
		}
	}
	for id := range gone {
		x.forgetModel(id)
	}
	return nil
}

// takeWhole reads all versions of models that the index did not have.
func (tx *Tx) takeWhole(x *registryIndex, models []int64) error {
	for part := range slices.Chunk(models, maxIn) {
		rows, err := tx.modelVersions("WHERE v.model IN ("+marks(part)+")", padded(part)...)
		if err != nil {
			return err
		}
		for _, v := range rows {
			x.takeVersion(v)
		}
	}
	return nil
}

// takeChanged reads the versions of touched models that changed.
func (tx *Tx) takeChanged(x *registryIndex, list touched) error {
	var keys []registry.Key
	err := tx.each(func(r *sql.Rows) error {
		var k registry.Key
		var changed int64
		err := r.Scan(&k.Model, &k.Number, &changed)
		if err == nil && list[k.Model] && x.newer(tx, k.ID(), changed) {
			keys = append(keys, k)
		}
		return err
	}, "SELECT model, version, changed FROM model_versions WHERE changed >= ?", x.horizon)
	if err != nil {
		return err
	}
	rows, err := tx.versionsOf(keys)
	for _, v := range rows {
		x.takeVersion(v)
	}
	return err
}

// versionBlock is the most versions that one query asks for. It names models and numbers apart, so what it reads beside them stays small.
const versionBlock = 256

// versionsOf gives those of several versions that exist, in no order.
func (tx *Tx) versionsOf(keys []registry.Key) (list []*versionRow, err error) {
	wanted := make(map[registry.Key]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	slices.SortFunc(keys, registry.Key.Compare)
	for part := range slices.Chunk(keys, versionBlock) {
		var models, numbers []int64
		for _, k := range part {
			models, numbers = append(models, k.Model), append(numbers, k.Number)
		}
		models, numbers = slices.Compact(models), distinct(numbers)
		rows, err := tx.modelVersions("WHERE v.model IN ("+marks(models)+") AND v.version IN ("+marks(numbers)+")",
			append(padded(models), padded(numbers)...)...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			if wanted[v.Key()] {
				list = append(list, v)
				delete(wanted, v.Key()) // another block may read it too
			}
		}
	}
	return list, nil
}

func distinct(list []int64) []int64 {
	slices.Sort(list)
	return slices.Compact(list)
}

// dropGone takes those versions of changed models out of the index that do not exist any more.
func (tx *Tx) dropGone(x *registryIndex, models []int64) error {
	var fewer []int64
	counts := map[int64]int{}
	err := eachIn(tx, func(r *sql.Rows) error {
		var id int64
		var n int
		err := r.Scan(&id, &n)
		counts[id] = n
		return err
	}, "SELECT model, COUNT(*) FROM model_versions WHERE model IN (?) GROUP BY model", models)
	for _, id := range models {
		if x.index.Count(id) != counts[id] {
			fewer = append(fewer, id)
		}
	}
	for i := 0; i < len(fewer) && err == nil; i++ {
		err = tx.dropMissing(x, fewer[i])
	}
	return err
}

func (tx *Tx) dropMissing(x *registryIndex, model int64) error {
	there := map[int64]bool{}
	err := tx.each(func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		there[n] = true
		return err
	}, "SELECT version FROM model_versions WHERE model = ?", model)
	if err != nil {
		return err
	}
	for _, n := range x.index.Numbers(model) {
		if !there[n] {
			x.forgetVersion(registry.Key{Model: model, Number: n})
		}
	}
	return nil
}
