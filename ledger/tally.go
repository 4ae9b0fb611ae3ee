package ledger

import (
	"cmp"
	"slices"
)

const (
	// DenialsPerMinute is how many refusals of one principal on one object in a minute are entries of their own (class A); further ones
	// are gathered (class C).
	DenialsPerMinute = 60

	msPerMinute = 60_000
)

// TallyKey says which requests are gathered into one row: those of a principal in a minute that did the same to the same object from
// the same place with the same outcome.
type TallyKey struct {
	Minute     int64 // minutes since 1970
	Class      Class
	Principal  int64 // 0 where no credential was valid: then Source tells the requests apart
	Service    string
	Action     string
	ObjectKind string
	ObjectID   string // of a run: its id, so that class B has one row per principal, run and minute
	Source     string
	Credential string
	Status     int // keeps refusals apart from what was done
}

// Tally is a gathered row that is still growing. It is a value; Merge makes new ones.
type Tally struct {
	Key         TallyKey
	Count       int64
	First, Last int64 // ms since 1970
	// Sample is the earliest request, reduced to what may stand for all: its Params are those that all requests had alike.
	Sample Entry
}

// TallyOf gives the tally of a single request.
func TallyOf(e *Entry) Tally {
	s := *e
	s.ID, s.Version, s.Before, s.After, s.Events = 0, 0, nil, nil, nil
	s.Params = slices.Clone(e.Params)
	key := TallyKey{Minute: floorMinute(e.Time), Class: e.Class, Principal: e.Actor.ID, Service: e.Service, Action: e.Action,
		ObjectKind: e.Object.Kind, ObjectID: e.Object.ID, Source: e.Source, Credential: e.Credential, Status: e.Status}
	return Tally{Key: key, Count: 1, First: e.Time, Last: e.Time, Sample: s}
}

func floorMinute(ms int64) int64 {
	m := ms / msPerMinute
	if ms%msPerMinute < 0 {
		m--
	}
	return m
}

// Merge adds up two tallies of the same key; the order of merging does not matter. Neither is changed.
func Merge(a, b Tally) Tally {
	if before(&b.Sample, &a.Sample) {
		a, b = b, a
	}
	a.Count += b.Count
	a.First, a.Last = min(a.First, b.First), max(a.Last, b.Last)
	a.Sample.Params = alike(a.Sample.Params, b.Sample.Params)
	return a
}

// before orders samples; the bytes, but for the params that merging thins out, decide between requests of one millisecond without id.
func before(a, b *Entry) bool {
	c := cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.RequestID, b.RequestID))
	if c == 0 {
		x, y := *a, *b
		x.Params, y.Params = nil, nil
		c = slices.Compare(Append(nil, &x), Append(nil, &y))
	}
	return c < 0
}

// alike gives the pairs of a that b has too, in a's order.
func alike(a, b Params) Params {
	var out Params
	for _, kv := range a {
		if slices.Contains(b, kv) {
			out = append(out, kv)
		}
	}
	return out
}

// Entry gives the entry of a finished minute, without an id: its time is that of the last request. Of several requests it names no
// single one (RequestID is empty).
func (t Tally) Entry() Entry {
	e := t.Sample
	e.Time, e.Count, e.First, e.Last = t.Last, t.Count, t.First, t.Last
	if t.Count > 1 {
		e.RequestID = ""
	}
	return e
}

// AppendKey appends a text that is different for different keys, for a primary key.
func (k TallyKey) AppendKey(dst []byte) []byte {
	dst = appendInt(dst, "[", k.Minute)
	dst = appendInt(dst, ",", k.Principal)
	dst = appendInt(dst, ",", int64(k.Status))
	for _, s := range [...]string{string(k.Class), k.Service, k.Action, k.ObjectKind, k.ObjectID, k.Source, k.Credential} {
		dst = appendString(append(dst, ','), s)
	}
	return append(dst, ']')
}

// Tallies gathers requests in memory (class C, which is written behind). The zero value is not ready: make(Tallies).
type Tallies map[TallyKey]Tally

// Add gathers a tally.
func (m Tallies) Add(t Tally) {
	if old, ok := m[t.Key]; ok {
		t = Merge(old, t)
	}
	m[t.Key] = t
}

// Take removes the tallies of minutes before the one of nowMS and gives them in a fixed order: by minute, then by key.
func (m Tallies) Take(nowMS int64) []Tally {
	var out []Tally
	for k, t := range m {
		if k.Minute < floorMinute(nowMS) {
			out = append(out, t)
			delete(m, k)
		}
	}
	slices.SortFunc(out, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Key.Minute, b.Key.Minute), slices.Compare(a.Key.AppendKey(nil), b.Key.AppendKey(nil)))
	})
	return out
}
