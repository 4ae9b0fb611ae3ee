package search

import "slices"

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

// single is a scope that may admit single objects besides, or leave some out, by policies.
type single interface {
	Touched() bool
	AdmitsObject(object, acl, creator int64, creatorManages bool) bool
}

// Right is what decides who may see a row.
type Right struct {
	Object         int64 // the governed object itself, or that which the row follows
	ACL            int64 // the nearest object at or above it that has entries of its own
	Creator        int64
	CreatorManages bool
}

// Rights holds what decides who may see the rows of a table, so that a caller's rows are found without asking about each. It has no lock of
// its own.
type Rights struct {
	acl    []uint32         // by slot: place in owned of the acl object; 0 is a row without rights
	makers []maker          // by slot
	object []int64          // by slot
	acls   map[int64]uint32 // place of an acl object in owned
	owned  []posting        // rows under each acl object
	made   map[int64]*posting
}

// maker is who made a row, and whether he manages it.
type maker struct {
	creator int64
	manages bool
}

// posting is a set of slots.
type posting struct {
	acl   int64
	slots []uint32
}

// NewRights makes those of an empty table.
func NewRights() *Rights {
	return &Rights{acls: map[int64]uint32{}, owned: []posting{{}}, made: map[int64]*posting{}}
}

// Size is about the number of bytes they take.
func (r *Rights) Size() int64 { return int64(cap(r.acl))*36 + int64(len(r.owned)+len(r.made))*120 }

// Put says who may see the row in a slot.
func (r *Rights) Put(slot uint32, right Right) {
	for int(slot) >= len(r.acl) {
		r.acl, r.makers, r.object = append(r.acl, 0), append(r.makers, maker{}), append(r.object, 0)
	}
	r.Drop(slot)
	acl, ok := r.acls[right.ACL]
	if !ok {
		acl = uint32(len(r.owned))
		r.owned = append(r.owned, posting{acl: right.ACL})
		r.acls[right.ACL] = acl
	}
	r.owned[acl].add(slot)
	r.acl[slot], r.makers[slot], r.object[slot] = acl, maker{right.Creator, right.CreatorManages}, right.Object
	if !right.CreatorManages {
		return
	}
	if r.made[right.Creator] == nil {
		r.made[right.Creator] = &posting{}
	}
	r.made[right.Creator].add(slot)
}

// Drop takes a row away that has a slot.
func (r *Rights) Drop(slot uint32) {
	if r.acl[slot] == 0 {
		return
	}
	r.owned[r.acl[slot]].drop(slot)
	if m := r.makers[slot]; m.manages {
		r.made[m.creator].drop(slot)
	}
	r.acl[slot], r.makers[slot] = 0, maker{}
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

// fewRows is the part of all rows up to which a caller's rows are gathered from the postings instead of passing over all.
const fewRows = 32

// Restrict leaves the rows of a scope: the slots themselves while they are few, else all are passed over, some nanoseconds each. Either
// way the scope itself has the last word on each row that is shown. A part that looks at some slots only goes on looking at these.
func (r *Rights) Restrict(part *Part, scope Scope) {
	if scope.All() {
		return
	}
	if s, ok := scope.(single); ok && s.Touched() {
		part.Admit = func(slot uint32) bool {
			return s.AdmitsObject(r.object[slot], r.owned[r.acl[slot]].acl, r.makers[slot].creator, r.makers[slot].manages)
		}
		return
	}
	part.Admit = func(slot uint32) bool {
		return scope.Admits(r.owned[r.acl[slot]].acl, r.makers[slot].creator, r.makers[slot].manages)
	}
	if part.Among != nil {
		return
	}
	acls, rows := r.reach(scope)
	var own []uint32
	if p := r.made[scope.Creator()]; p != nil {
		own = p.slots
	}
	if rows+len(own) <= part.Table.Len()/fewRows {
		part.Among = r.gather(acls, own, rows)
		return
	}
	under, made := make([]bool, len(r.owned)), bitmap(own)
	for _, a := range acls {
		under[a] = true
	}
	part.Next = func(slots []uint32, i int) int {
		for i >= 0 && !under[r.acl[slots[i]]] && !made.has(slots[i]) {
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
func (r *Rights) reach(scope Scope) (acls []uint32, rows int) {
	list := scope.ACLs()
	if len(list) > len(r.owned) {
		for a := 1; a < len(r.owned); a++ {
			if n := len(r.owned[a].slots); n > 0 && scope.Admits(r.owned[a].acl, 0, false) {
				acls, rows = append(acls, uint32(a)), rows+n
			}
		}
		return acls, rows
	}
	acls = make([]uint32, 0, len(list))
	for _, id := range list {
		if a, ok := r.acls[id]; ok {
			acls, rows = append(acls, a), rows+len(r.owned[a].slots)
		}
	}
	return acls, rows
}

// gather joins the rows of acl objects and a caller's own, each once.
func (r *Rights) gather(acls, own []uint32, rows int) []uint32 {
	out := make([]uint32, 0, rows+len(own))
	out = append(out, own...)
	for _, a := range acls {
		out = append(out, r.owned[a].slots...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
