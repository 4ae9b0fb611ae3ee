package authz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is a second, slow telling of the rules for tests: plain maps, no indexes, nothing remembered, nothing shared with the package but
// the tables of levels and abilities.
type world struct {
	objects    map[int64]Object
	principals map[int64]Principal
	settings   map[string]string
	required   map[int64][]RequiredTag
}

func newWorld() *world {
	w := &world{objects: map[int64]Object{}, principals: map[int64]Principal{}, settings: map[string]string{},
		required: map[int64][]RequiredTag{}}
	objects, principals := Builtin()
	for _, o := range objects {
		w.objects[o.ID] = o
	}
	for _, p := range principals {
		w.principals[p.ID] = p
	}
	return w
}

func (w *world) clone() *world {
	return &world{maps.Clone(w.objects), maps.Clone(w.principals), maps.Clone(w.settings), maps.Clone(w.required)}
}

// fold takes an event in.
func (w *world) fold(e Event) {
	switch e.Op {
	case PutObject:
		w.objects[e.Object.ID] = *e.Object
	case DropObject:
		delete(w.objects, e.Object.ID)
		delete(w.required, e.Object.ID)
	case PutRequired:
		w.required[e.Required.Object] = e.Required.Tags
	case PutPrincipal:
		w.principals[e.Principal.ID] = *e.Principal
	case PutSetting:
		w.settings[e.Setting.Key] = e.Setting.Value
	case DropPrincipal:
		w.forgetPrincipal(e.Principal.ID)
	}
}

func (w *world) forgetPrincipal(id int64) {
	delete(w.principals, id)
	for k, o := range w.objects {
		o.Entries = slices.DeleteFunc(slices.Clone(o.Entries), func(e Entry) bool { return e.Principal == id })
		w.objects[k] = o
	}
	for k, p := range w.principals {
		p.Parents = slices.DeleteFunc(slices.Clone(p.Parents), func(g int64) bool { return g == id })
		w.principals[k] = p
	}
}

func (w *world) load(t *testing.T, version int64) *Map {
	t.Helper()
	b := NewBuilder()
	for _, o := range w.objects {
		b.AddObject(o)
	}
	for _, p := range w.principals {
		b.AddPrincipal(p)
	}
	for k, v := range w.settings {
		b.AddSetting(Setting{k, v})
	}
	for id, tags := range w.required {
		b.AddRequired(RequiredTags{id, tags})
	}
	m, err := NewMap(version, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) isOn() bool {
	v, ok := w.settings["enableWorkspaceAcls"]
	return !ok || strings.ToLower(v) == "true"
}

func (w *world) hides() bool {
	return strings.ToLower(w.settings["enforceWorkspaceViewAcls"]) == "true"
}

// all is S(P).
func (w *world) all(id int64) map[int64]bool {
	out := map[int64]bool{id: true, GroupUsers: true}
	for grown := true; grown; {
		grown = false
		for member := range maps.Clone(out) {
			if p := w.principals[member]; member == id || p.Kind == Group {
				for _, g := range p.Parents {
					grown = grown || !out[g]
					out[g] = true
				}
			}
		}
	}
	return out
}

func (w *world) chain(id int64) (out []Object) {
	for {
		o, ok := w.objects[id]
		if !ok {
			return out
		}
		out = append(out, o)
		if o.Parent == o.ID {
			return out
		}
		id = o.Parent
	}
}

func (w *world) lost(id int64) bool {
	return len(w.chain(id)) == 0 || slices.ContainsFunc(w.chain(id), func(o Object) bool { return o.Trashed })
}

func manageOf(k Kind) Level {
	if k == SecretScope {
		return SecretManage
	}
	return CanManage
}

// level is rule 4 with the defaults, and rule 3.
func (w *world) level(principal, object int64) (best Level) {
	sp := w.all(principal)
	for i, o := range w.chain(object) {
		if i == 0 && sp[GroupAdmins] {
			return manageOf(o.Kind)
		}
		for _, e := range o.Entries {
			if sp[e.Principal] {
				best = max(best, e.Level)
			}
		}
		switch {
		case o.CreatorManages && o.Creator == principal, o.Home != 0 && o.Home == principal, o.ID == FolderShared:
			best = max(best, manageOf(o.Kind))
		case o.ID == ModelsRoot && !w.isOn():
			best = max(best, CanManage)
		case o.ID == Root && !w.isOn():
			best = max(best, CanEdit)
		}
	}
	return best
}

// leadsTo says whether the principal has a level on the object or anything below it, outside the trash.
func (w *world) leadsTo(principal, object int64) bool {
	for id := range w.objects {
		if w.level(principal, id) != NoLevel && !w.lost(id) {
			if slices.ContainsFunc(w.chain(id), func(o Object) bool { return o.ID == object }) {
				return true
			}
		}
	}
	return false
}

// row finds a line of the law.
func row(k Kind, a Ability) (Row, bool) {
	i := slices.IndexFunc(Rows(k), func(r Row) bool { return r.Ability == a })
	if i < 0 {
		return Row{}, false
	}
	return Rows(k)[i], true
}

func (w *world) cell(k Kind, r Row, l Level) bool {
	column := 0
	for i, info := range kinds[k].Levels {
		if info.Level == l {
			column = i + 1
		}
	}
	if k == Workspace && l != NoLevel {
		column = 1
	}
	return r.Cells[column] == 'x'
}

func (w *world) decide(principal int64, a Ability, object int64) (allowed bool) {
	p, ok := w.principals[principal]
	o, there := w.objects[object]
	if !ok || !there || p.Kind == Group || !p.Active {
		return false
	}
	r, known := row(o.Kind, a)
	if !known || w.lost(object) && !r.Trash {
		return false
	}
	sp, l := w.all(principal), w.level(principal, object)
	if object == Root && w.isOn() && !sp[GroupAdmins] && (a == CreateItems || a == CreateExperiments) {
		return false
	}
	if a == ListItems && w.hides() {
		return l != NoLevel || w.leadsTo(principal, object)
	}
	return w.cell(o.Kind, r, l) || r.Auditors && sp[GroupAuditors] || a == CreateItems && !w.isOn()
}

// may says whether a principal who was refused may know that the object exists.
func (w *world) may(principal int64, a Ability, object int64) bool {
	o, there := w.objects[object]
	p, ok := w.principals[principal]
	if !there || !ok || !p.Active || p.Kind == Group {
		return false
	}
	if r, _ := row(o.Kind, a); w.lost(object) && !r.Trash {
		return false
	}
	inTree := o.Kind <= Experiment
	return w.level(principal, object) != NoLevel || !w.lost(object) && (o.Parent == object || inTree && !w.hides() || w.leadsTo(principal, object))
}

// chance makes worlds and what happens in them.
type chance struct {
	*rand.Rand
	w    *world
	next int64
}

const (
	someGroups = 5
	somePeople = 6
)

func newChance(seed uint64) *chance {
	c := &chance{Rand: rand.New(rand.NewPCG(seed, 11)), w: newWorld(), next: FirstFreeObject}
	for i := range someGroups + somePeople {
		c.w.fold(c.principal(FirstFreePrincipal + int64(i)))
	}
	for id := range c.w.principals { // groups that were not there yet
		p := c.w.principals[id]
		p.Parents = slices.DeleteFunc(slices.Clone(p.Parents), func(g int64) bool { return c.w.principals[g].ID == 0 })
		c.w.principals[id] = p
	}
	return c
}

// principal puts a principal anew: the first ids are groups, which may lie in each other, in cycles too.
func (c *chance) principal(id int64) Event {
	p := Principal{ID: id, Kind: Group, Name: fmt.Sprint("g", id), Active: true}
	if id >= FirstFreePrincipal+someGroups {
		p = Principal{ID: id, Kind: User + PrincipalKind(id%2), Name: fmt.Sprint("p", id), Active: c.IntN(8) > 0}
	}
	for range c.IntN(3) {
		g := FirstFreePrincipal + c.Int64N(someGroups)
		if c.IntN(12) == 0 {
			g = GroupAdmins + c.Int64N(2)
		}
		if g != id && !slices.Contains(p.Parents, g) {
			p.Parents = append(p.Parents, g)
		}
	}
	slices.Sort(p.Parents)
	return Event{Op: PutPrincipal, Principal: &p}
}

func (c *chance) anybody() int64 {
	return slices.Sorted(maps.Keys(c.w.principals))[c.IntN(len(c.w.principals))]
}

// person is somebody who could make things; perhaps he is gone by now.
func (c *chance) person() int64 { return FirstFreePrincipal + someGroups + c.Int64N(somePeople) }

func (c *chance) anything() int64 {
	return slices.Sorted(maps.Keys(c.w.objects))[c.IntN(len(c.w.objects))]
}

// folder prefers what was made last, so that trees grow deep.
func (c *chance) folder() int64 {
	for range 8 {
		if id := c.anything(); c.w.objects[id].Kind == Directory {
			return id
		}
	}
	return FolderUsers
}

func (c *chance) entries(k Kind) (out []Entry) {
	for range c.IntN(4) {
		e := Entry{c.anybody(), kinds[k].Levels[c.IntN(len(kinds[k].Levels))].Level}
		if !slices.ContainsFunc(out, func(o Entry) bool { return o.Principal == e.Principal }) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return int(a.Principal - b.Principal) })
	return out
}

func (c *chance) create() Event {
	c.next++
	k := []Kind{Directory, Directory, Directory, Notebook, File, Experiment, Experiment, RegisteredModel, Job, Endpoint, Cluster, SecretScope}[c.IntN(12)]
	o := Object{ID: c.next, Kind: k, Parent: kinds[k].Root, Name: fmt.Sprint("o", c.next), Creator: c.person(), CreatorManages: c.IntN(2) == 0}
	if kinds[k].Tree {
		o.Parent = c.folder()
	}
	if c.IntN(3) == 0 {
		o.Entries = c.entries(k)
	}
	if k == Directory && c.IntN(5) == 0 {
		o.Home = c.person()
	}
	return Event{Op: PutObject, Object: &o}
}

// event is something that may happen; not everything it makes is possible.
func (c *chance) event() Event {
	switch n := c.IntN(20); {
	case n < 9:
		return c.create()
	case n < 15:
		return c.alter()
	case n == 15:
		return Event{Op: DropObject, Object: &Object{ID: c.anything()}}
	case n == 16:
		key := []string{"enableWorkspaceAcls", "enforceWorkspaceViewAcls"}[c.IntN(2)]
		return Event{Op: PutSetting, Setting: &Setting{key, []string{"true", "false", "TRue"}[c.IntN(3)]}}
	case n == 18:
		return c.require()
	case n == 17 && c.IntN(4) == 0:
		return Event{Op: DropPrincipal, Principal: &Principal{ID: c.anybody()}}
	}
	return c.principal(FirstFreePrincipal + c.Int64N(someGroups+somePeople))
}

// require has a folder ask for tags, or no more.
func (c *chance) require() Event {
	r := RequiredTags{Object: c.anything()}
	for i := range c.IntN(3) {
		r.Tags = append(r.Tags, RequiredTag{Key: fmt.Sprint("key", i), By: c.anybody()})
	}
	return Event{Op: PutRequired, Required: &r}
}

func (c *chance) alter() Event {
	o := c.w.objects[c.anything()]
	switch c.IntN(6) {
	case 5:
		if o.Kind.Stewarded() {
			o = o.WithSteward(Steward{Owner: c.anybody(), Tier: tiers[c.IntN(len(tiers))]})
		}
	case 0:
		o.Trashed = !o.Trashed && o.ID >= FirstFreeObject
	case 1:
		if o.Kind.InTree() && o.ID >= FirstFreeObject {
			o.Parent = c.folder()
		}
	case 2:
		o.CreatorManages = !o.CreatorManages && o.ID >= FirstFreeObject
	case 3:
		o.Name += "x"
	default:
		if len(kinds[o.Kind].Levels) > 0 {
			o.Entries = c.entries(o.Kind)
		}
	}
	return Event{Op: PutObject, Object: &o}
}

var anyTime = time.UnixMilli(1)
