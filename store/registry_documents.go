package store

import (
	"slices"

	"bailiwick/authz"
	"bailiwick/registry"
)

// WriteRegistered writes a registered model for clients, with the newest version of each stage, appended to dst.
type WriteRegistered func(dst []byte, m *registry.Model, o *authz.Object, latest []*registry.Version) []byte

// WriteVersion writes a version for clients, appended to dst.
type WriteVersion func(dst []byte, v *registry.Version) []byte

// RegisteredDocuments gives what write makes of a page's models, in its order; it is kept by form, a number below documentForms, until the
// model changes, or a version of it. One that went between the search and now is left out.
func (tx *Tx) RegisteredDocuments(p RegistryPage, form int, write WriteRegistered) ([][]byte, error) {
	return tx.registryDocuments(p, form, func(missing []registry.Key) ([]written, error) {
		ids := make([]int64, len(missing))
		for i, k := range missing {
			ids[i] = k.Model
		}
		return tx.writeRegistered(ids, write)
	})
}

// VersionDocuments is RegisteredDocuments for a page of versions.
func (tx *Tx) VersionDocuments(p RegistryPage, form int, write WriteVersion) ([][]byte, error) {
	return tx.registryDocuments(p, form, func(missing []registry.Key) (list []written, err error) {
		rows, err := tx.versionsOf(missing)
		for _, v := range rows {
			list = append(list, written{v.Key(), v.changed, write(nil, &v.Version)})
		}
		return list, err
	})
}

// AliasedDocument gives what write makes of the version that an alias of a model means, nil when it means none; it is kept by form until the
// version changes.
func (tx *Tx) AliasedDocument(model int64, alias string, form int, write WriteVersion) ([]byte, error) {
	var number, changed int64
	found, err := tx.one([]any{&number, &changed}, `SELECT v.version, v.changed FROM registered_model_aliases a
		JOIN model_versions v ON v.model = a.model AND v.version = a.version WHERE a.model = ? AND a.alias = ?`, model, alias)
	if err != nil || !found {
		return nil, err
	}
	key := documentKey{"version " + formatID(model) + "/" + formatID(number), uint8(form)}
	if body := tx.s.documents.get(key, changed); body != nil {
		return body, nil
	}
	v, err := tx.ModelVersion(registry.Key{Model: model, Number: number})
	if err != nil {
		return nil, err
	}
	body := write(nil, v)
	tx.s.documents.put(key, changed, body)
	return body, nil
}

// written is a document with the stamp of the row that it was made of.
type written struct {
	key   registry.Key
	stamp int64
	body  []byte
}

func (tx *Tx) registryDocuments(p RegistryPage, form int, write func([]registry.Key) ([]written, error)) ([][]byte, error) {
	bodies, missing := tx.s.registry.kept(p, form)
	if len(missing) > 0 {
		keys := make([]registry.Key, 0, len(missing))
		for k := range missing {
			keys = append(keys, k)
		}
		list, err := write(keys)
		if err != nil {
			return nil, err
		}
		for _, w := range list {
			bodies[missing[w.key]] = w.body
		}
		tx.s.registry.keep(p, form, tx.version, missing, list)
	}
	return slices.DeleteFunc(bodies, func(b []byte) bool { return b == nil }), nil
}

// kept gives the documents of a page that there are, and the places of the others.
func (x *registryIndex) kept(p RegistryPage, form int) (bodies [][]byte, missing map[registry.Key]int) {
	bodies, missing = make([][]byte, len(p.found)), map[registry.Key]int{}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, e := range p.found {
		if bodies[i] = e.documents[form]; bodies[i] == nil {
			missing[e.key] = i
		}
	}
	return bodies, missing
}

// keep keeps the documents of a transaction that sees what the index had for the page; when all of them are too many, they are written anew.
func (x *registryIndex) keep(p RegistryPage, form int, version int64, at map[registry.Key]int, list []written) {
	if version < p.version {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range list {
		e := p.found[at[w.key]]
		if w.stamp != e.stamp {
			continue
		}
		if x.written += len(w.body); x.written > maxWritten {
			for _, other := range x.states {
				other.documents = [documentForms][]byte{}
			}
			x.written = len(w.body)
		}
		e.documents[form] = w.body
	}
}

func (tx *Tx) writeRegistered(ids []int64, write WriteRegistered) (list []written, err error) {
	for part := range slices.Chunk(ids, maxIn) {
		latest, err := tx.latestOf(part)
		if err != nil {
			return nil, err
		}
		rows, err := tx.registeredModels("WHERE m.object IN ("+marks(part)+")", padded(part)...)
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			o, _ := tx.Map.Object(m.ID) // registeredModels has found it
			list = append(list, written{registry.Key{Model: m.ID}, m.changed, write(nil, &m.Model, o, latest[m.ID])})
		}
	}
	return list, nil
}

// latestOf gives the newest version of each stage of several models, at most maxIn, newest version first.
func (tx *Tx) latestOf(models []int64) (map[int64][]*registry.Version, error) {
	rows, err := tx.modelVersions(`WHERE (v.model, v.version) IN (SELECT l.model, MAX(l.version) FROM model_versions l
		WHERE l.model IN (`+marks(models)+`) GROUP BY l.model, l.stage)`, padded(models)...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b *versionRow) int { return b.Key().Compare(a.Key()) })
	latest := make(map[int64][]*registry.Version, len(models))
	for _, v := range rows {
		latest[v.Model] = append(latest[v.Model], &v.Version)
	}
	return latest, nil
}
