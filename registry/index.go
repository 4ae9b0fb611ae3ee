package registry

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"bailiwick/keyed"
	"bailiwick/tracking/search"
)

// Index answers searches over all registered models and versions of a workspace from memory. Any number of readers and one writer may use it
// at a time.
type Index struct {
	mu       sync.RWMutex
	models   rows
	versions rows
	parents  []*family // of versions, by slot
	heads    []*family // of models, by slot
	families map[int64]*family
	names    map[string]int64 // models by name
}

// family is a model with its versions.
type family struct {
	id       int64
	name     string
	right    search.Right
	prompt   bool
	versions []member // by number
}

// member is a version's place in the table, and its stage.
type member struct {
	number int64
	slot   uint32
	stage  Stage
}

// rows is a table with who may see its rows, and which of them are MLflow's prompts.
type rows struct {
	table  *search.Table
	rights *search.Rights
	prompt []bool
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	return &Index{models: newRows(Models), versions: newRows(Versions), families: map[int64]*family{}, names: map[string]int64{}}
}

func newRows(d *search.Domain) rows {
	return rows{table: search.NewTable(d), rights: search.NewRights()}
}

func (r *rows) put(row *search.Row, right search.Right, prompt bool) uint32 {
	slot := r.table.Put(row)
	for int(slot) >= len(r.prompt) {
		r.prompt = append(r.prompt, false)
	}
	r.rights.Put(slot, right)
	r.prompt[slot] = prompt
	return slot
}

func (r *rows) remove(id string) {
	if slot, ok := r.table.Slot(id); ok {
		r.rights.Drop(slot)
		r.table.Remove(id)
	}
}

// Len gives the number of models and of versions.
func (x *Index) Len() (models, versions int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.models.table.Len(), x.versions.table.Len()
}

// Size is about how many bytes the index takes.
func (x *Index) Size() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	size := int64(len(x.families)) * 250
	for _, r := range []*rows{&x.models, &x.versions} {
		size += r.table.Size() + r.rights.Size() + int64(cap(r.prompt))
	}
	return size + int64(x.versions.table.Len())*24
}

// ModelID is the id of a model's row.
func ModelID(id int64) string { return strconv.FormatInt(id, 10) }

// ID is the id of a version's row.
func (k Key) ID() string { return ModelID(k.Model) + "/" + strconv.FormatInt(k.Number, 10) }

// Compare orders versions by model and number.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Model, o.Model), cmp.Compare(k.Number, o.Number))
}

// PutModel adds a model or replaces it. Its versions follow in who may see them; their rows keep the name until they are put themselves. Many
// are added fastest in the reverse order of their names.
func (x *Index) PutModel(m *Model, right search.Right) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.families[m.ID]
	if f == nil {
		f = &family{id: m.ID}
		x.families[m.ID] = f
	} else if x.names[f.name] == m.ID {
		delete(x.names, f.name)
	}
	x.names[m.Name] = m.ID
	moved := f.right != right || f.prompt != m.Prompt()
	f.name, f.right, f.prompt = m.Name, right, m.Prompt()
	slot := x.models.put(&search.Row{
		ID: ModelID(m.ID), Stage: search.Active, Texts: tagPairs(m.Tags),
		Attrs: []search.Value{modelName: {Text: m.Name}, modelUpdated: {Int: m.Updated}},
	}, right, f.prompt)
	x.heads = atSlot(x.heads, slot, f)
	for i := 0; moved && i < len(f.versions); i++ {
		x.versions.rights.Put(f.versions[i].slot, right)
	}
}

func tagPairs(tags []keyed.Pair) []search.TextPair {
	pairs := make([]search.TextPair, len(tags))
	for i, t := range tags {
		pairs[i] = search.TextPair{Entity: search.Tag, Key: t.Key, Value: t.Value}
	}
	return pairs
}

// PutVersion adds a version of a model that is in the index, or replaces it; of any other model it is left out. Many are added fastest in the
// order of their last update.
func (x *Index) PutVersion(v *Version) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.families[v.Model]
	if f == nil {
		return
	}
	prompt, _ := keyed.Lookup(v.Tags, PromptTag)
	slot := x.versions.put(&search.Row{
		ID: v.Key().ID(), Stage: search.Active, Texts: tagPairs(v.Tags),
		Attrs: []search.Value{versionName: {Text: v.Name}, versionNumber: {Int: v.Number}, versionRun: {Text: v.Run},
			versionSource: {Text: v.Source}, versionCreated: {Int: v.Created}, versionUpdated: {Int: v.Updated}},
	}, f.right, prompt == "true")
	x.parents = atSlot(x.parents, slot, f)
	i, found := f.find(v.Number)
	if !found {
		f.versions = slices.Insert(f.versions, i, member{number: v.Number, slot: slot})
	}
	f.versions[i].stage = v.Stage
}

// atSlot notes whose row is in a slot, which is one that was used before or the next.
func atSlot(list []*family, slot uint32, f *family) []*family {
	if int(slot) == len(list) {
		list = append(list, nil)
	}
	list[slot] = f
	return list
}

func (f *family) find(number int64) (int, bool) {
	return slices.BinarySearchFunc(f.versions, number, func(m member, n int64) int { return cmp.Compare(m.number, n) })
}

// DropModel takes a model away with its versions.
func (x *Index) DropModel(id int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.families[id]
	if f == nil {
		return
	}
	for _, v := range f.versions {
		x.versions.remove(Key{id, v.number}.ID())
	}
	x.models.remove(ModelID(id))
	delete(x.families, id)
	if x.names[f.name] == id {
		delete(x.names, f.name)
	}
}

// DropVersion takes a version away.
func (x *Index) DropVersion(k Key) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.families[k.Model]
	if f == nil {
		return
	}
	if i, found := f.find(k.Number); found {
		f.versions = slices.Delete(f.versions, i, i+1)
		x.versions.remove(k.ID())
	}
}

// Numbers gives those of a model's versions that are in the index, ascending.
func (x *Index) Numbers(model int64) (list []int64) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if f := x.families[model]; f != nil {
		for _, v := range f.versions {
			list = append(list, v.number)
		}
	}
	return list
}

// Count is the length of Numbers.
func (x *Index) Count(model int64) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if f := x.families[model]; f != nil {
		return len(f.versions)
	}
	return 0
}

// SearchModels gives a page of the models that are in the scope. Prompts are left out unless the filter asks for them.
func (x *Index) SearchModels(q *search.Query, scope search.Scope) search.Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.models.search(q, scope, nil, x.modelTest)
}

// SearchVersions gives a page of the versions whose models are in the scope. Prompts are left out unless the filter asks for them.
func (x *Index) SearchVersions(q *search.Query, scope search.Scope) search.Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.versions.search(q, scope, x.namedOnly(q), func(c *search.Clause) func(uint32) bool {
		if c.Entity != ordinary {
			return nil
		}
		return func(slot uint32) bool { return !x.versions.prompt[slot] && !x.parents[slot].prompt }
	})
}

// namedOnly gives the slots of the versions of the one model that a filter names, which is what clients mostly ask for; nil if it names none.
func (x *Index) namedOnly(q *search.Query) []uint32 {
	for i := range q.Filter {
		c := &q.Filter[i]
		if c.Entity != search.Attribute || c.Field != versionName || c.Op != search.Eq {
			continue
		}
		slots := []uint32{}
		if f := x.families[x.names[c.Text]]; f != nil {
			for _, v := range f.versions {
				slots = append(slots, v.slot)
			}
		}
		return slots
	}
	return nil
}

func (r *rows) search(q *search.Query, scope search.Scope, among []uint32, test func(*search.Clause) func(uint32) bool) search.Page {
	part := search.Part{Table: r.table, Among: among, Test: test}
	r.rights.Restrict(&part, scope)
	asked := *q
	asked.Filter = withoutPrompts(q.Filter)
	return search.Search(&asked, part)
}

// withoutPrompts makes a filter leave out MLflow's prompts, as the SQL store does: unless its first clause on their tag asks for prompts,
// every clause on it means no more than that there are none, since ordinary models do not have the tag.
func withoutPrompts(f search.Filter) search.Filter {
	onTag := func(c search.Clause) bool { return c.Entity == search.Tag && c.Key == PromptTag }
	if i := slices.IndexFunc(f, onTag); i >= 0 && asksPrompts(&f[i]) {
		return f
	}
	f = slices.DeleteFunc(slices.Clone(f), onTag)
	return append(f, search.Clause{Entity: ordinary})
}

func asksPrompts(c *search.Clause) bool {
	switch c.Op {
	case search.Eq:
		return strings.EqualFold(c.Text, "true")
	case search.Ne:
		return strings.EqualFold(c.Text, "false")
	}
	return c.Op == search.IsNotNull
}
