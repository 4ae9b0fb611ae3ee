package tracking

import (
	"slices"
	"strconv"
	"sync"

	"bailiwick/tracking/search"
)

// Scope is what a caller may see, as authz gives it: everything, or what is under one of the objects whose entries let him in, or what
// he made and manages as its creator.
type Scope interface {
	All() bool
	// ACLs are the ids of objects with entries that let the caller in.
	ACLs() []int64
	// Creator is the caller, for the rows that he made.
	Creator() int64
	// Admits decides on one row: the nearest object with entries at or above it, its creator, and whether he manages it.
	Admits(acl, creator int64, creatorManages bool) bool
}

// ExperimentRow is an experiment with what decides who may see it.
type ExperimentRow struct {
	Experiment
	ACL            int64 // the nearest object at or above it that has entries of its own
	Creator        int64
	CreatorManages bool
}

// ExperimentIndex answers searches over all experiments of a workspace from memory. Any number of readers and one writer may use it at a
// time.
type ExperimentIndex struct {
	mu     sync.RWMutex
	table  *search.Table
	acl    []uint32         // by slot: place in owned of the acl object
	makers []maker          // by slot
	acls   map[int64]uint32 // place of an acl object in owned
	owned  []posting        // rows under each acl object
	made   map[int64]*posting
}

// maker is who made a row, whether he manages it, and whether its name was given relative to a folder.
type maker struct {
	creator  int64
	manages  bool
	relative bool
}

// posting is a set of slots.
type posting struct {
	acl   int64
	slots []uint32
}

// NewExperimentIndex makes an empty index.
func NewExperimentIndex() *ExperimentIndex {
	return &ExperimentIndex{table: search.NewTable(Experiments), acls: map[int64]uint32{}, made: map[int64]*posting{}}
}

// Len gives the number of experiments.
func (x *ExperimentIndex) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Len()
}

// Size gives about how many bytes the index takes.
func (x *ExperimentIndex) Size() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.table.Size() + int64(cap(x.acl))*28 + int64(len(x.owned)+len(x.made))*120
}

// Upsert adds an experiment or replaces the one with its id. The name is its full path. Many are added fastest in the order of their
// creation.
func (x *ExperimentIndex) Upsert(e *ExperimentRow) {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot := x.table.Put(&search.Row{
		ID: strconv.FormatInt(e.ID, 10), Stage: e.Lifecycle,
		Attrs: []search.Value{experimentID: {Int: e.ID}, experimentName: {Text: e.Name},
			experimentCreated: {Int: e.Created}, experimentUpdated: {Int: e.Updated}},
		Texts: textPairs(nil, search.Tag, e.Tags),
	})
	if int(slot) >= len(x.acl) {
		x.acl, x.makers = append(x.acl, 0), append(x.makers, maker{})
	}
	x.disown(slot)
	x.own(slot, e)
}

// own enters a row into the postings.
func (x *ExperimentIndex) own(slot uint32, e *ExperimentRow) {
	acl, ok := x.acls[e.ACL]
	if !ok {
		if acl = uint32(len(x.owned)); acl == 0 {
			x.owned, acl = append(x.owned, posting{}), 1 // 0 is a row without rights
		}
		x.owned = append(x.owned, posting{acl: e.ACL})
		x.acls[e.ACL] = acl
	}
	x.owned[acl].add(slot)
	x.acl[slot], x.makers[slot] = acl, maker{e.Creator, e.CreatorManages, e.Relative}
	if !e.CreatorManages {
		return
	}
	if x.made[e.Creator] == nil {
		x.made[e.Creator] = &posting{}
	}
	x.made[e.Creator].add(slot)
}

// disown takes a row out of the postings.
func (x *ExperimentIndex) disown(slot uint32) {
	if x.acl[slot] == 0 {
		return
	}
	x.owned[x.acl[slot]].drop(slot)
	if m := x.makers[slot]; m.manages {
		x.made[m.creator].drop(slot)
	}
	x.acl[slot], x.makers[slot] = 0, maker{}
}

func (p *posting) add(slot uint32) {
	i, found := slices.BinarySearch(p.slots, slot)
	if !found {
		p.slots = slices.Insert(p.slots, i, slot)
	}
}

func (p *posting) drop(slot uint32) {
	if i, found := slices.BinarySearch(p.slots, slot); found {
		p.slots = slices.Delete(p.slots, i, i+1)
	}
}

// Remove takes an experiment away and reports whether it was there.
func (x *ExperimentIndex) Remove(id int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	slot, ok := x.table.Slot(strconv.FormatInt(id, 10))
	if ok {
		x.disown(slot)
	}
	return ok && x.table.Remove(strconv.FormatInt(id, 10))
}

// Names says under which names a caller sees experiments (workspace.Names): by their paths, or by what was given relative to a folder.
type Names interface {
	// Shown gives the name of the experiment at a path; relative is how its name was given.
	Shown(path string, relative bool) string
	// Resolve gives the path that a name means.
	Resolve(name string) (path string, relative bool, err error)
}

// Search gives a page of the experiments that are in the scope. Names are seen, filtered and ordered as the caller sees them.
func (x *ExperimentIndex) Search(q *search.Query, scope Scope, names Names) search.Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	part := search.Part{
		Table: x.table,
		Test:  func(c *search.Clause) func(uint32) bool { return x.named(c, names) },
		Texts: map[int]func(uint32) string{experimentName: func(slot uint32) string { return x.shown(slot, names) }},
	}
	if !scope.All() {
		x.restrict(&part, scope)
	}
	return search.Search(q, part)
}

func (x *ExperimentIndex) shown(slot uint32, names Names) string {
	return names.Shown(x.table.Text(slot, experimentName), x.makers[slot].relative)
}

// named answers name = '…', which clients ask to find one experiment, without looking at other names: only the path that is the name
// itself, and the one that the name means, can be seen under it.
func (x *ExperimentIndex) named(c *search.Clause, names Names) func(uint32) bool {
	if c.Entity != search.Attribute || c.Field != experimentName || c.Op != search.Eq {
		return nil
	}
	itself, meant := x.table.Equal(experimentName, c.Text), func(uint32) bool { return false }
	if path, _, err := names.Resolve(c.Text); err == nil {
		meant = x.table.Equal(experimentName, path)
	}
	return func(slot uint32) bool { return (itself(slot) || meant(slot)) && x.shown(slot, names) == c.Text }
}

// fewRows is the part of all rows up to which a caller's rows are gathered from the postings instead of passing over all.
const fewRows = 32

// restrict leaves the rows of a scope: the slots themselves while they are few, else all are passed over, some nanoseconds each. Either
// way the scope itself has the last word on each row that is shown.
func (x *ExperimentIndex) restrict(part *search.Part, scope Scope) {
	acls, rows := x.reach(scope)
	var own []uint32
	if p := x.made[scope.Creator()]; p != nil {
		own = p.slots
	}
	part.Admit = func(slot uint32) bool {
		return scope.Admits(x.owned[x.acl[slot]].acl, x.makers[slot].creator, x.makers[slot].manages)
	}
	if rows+len(own) <= x.table.Len()/fewRows {
		part.Among = x.gather(acls, own, rows)
		return
	}
	under, made := make([]bool, len(x.owned)), bitmap(own)
	for _, a := range acls {
		under[a] = true
	}
	part.Next = func(slots []uint32, i int) int {
		for i >= 0 && !under[x.acl[slots[i]]] && !made.has(slots[i]) {
			i--
		}
		return i
	}
}

// bits is a set of slots.
type bits []uint64

// bitmap makes the set of sorted slots.
func bitmap(slots []uint32) bits {
	if len(slots) == 0 {
		return nil
	}
	b := make(bits, slots[len(slots)-1]/64+1)
	for _, s := range slots {
		b[s/64] |= 1 << (s % 64)
	}
	return b
}

func (b bits) has(slot uint32) bool { return int(slot/64) < len(b) && b[slot/64]&(1<<(slot%64)) != 0 }

// reach gives the acl objects of a scope that have rows, and how many rows these are.
func (x *ExperimentIndex) reach(scope Scope) (acls []uint32, rows int) {
	list := scope.ACLs()
	if len(list) > len(x.owned) {
		for a := 1; a < len(x.owned); a++ {
			if n := len(x.owned[a].slots); n > 0 && scope.Admits(x.owned[a].acl, 0, false) {
				acls, rows = append(acls, uint32(a)), rows+n
			}
		}
		return acls, rows
	}
	acls = make([]uint32, 0, len(list))
	for _, id := range list {
		if a, ok := x.acls[id]; ok {
			acls, rows = append(acls, a), rows+len(x.owned[a].slots)
		}
	}
	return acls, rows
}

// gather joins the rows of acl objects and a caller's own, each once.
func (x *ExperimentIndex) gather(acls, own []uint32, rows int) []uint32 {
	out := make([]uint32, 0, rows+len(own))
	out = append(out, own...)
	for _, a := range acls {
		out = append(out, x.owned[a].slots...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
