package authz

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Rank says how well a name matches what is looked for; the higher, the better.
type Rank uint8

// The ranks of matches.
const (
	NoMatch  Rank = iota
	InPath        // what contains it matches
	PartOf        // the name holds it
	WordOf        // a word of the name begins with it
	PrefixOf      // the name begins with it
	NameOf        // the name is it, whatever the case
)

var rankNames = [...]string{"", "path", "part", "word", "prefix", "name"}

// String gives the rank's stable name.
func (r Rank) String() string { return rankNames[r] }

// Needle is a text that is looked for in names, whatever the case.
type Needle struct{ text string } // in lower case

// NewNeedle makes a text ready to be looked for. Slashes at its end say no more than what is before them.
func NewNeedle(text string) Needle {
	return Needle{strings.TrimRight(strings.ToLower(text), "/")}
}

// Rank says how well a name matches; every name matches nothing at all as a part.
func (n Needle) Rank(name string) Rank {
	if n.text == "" {
		return PartOf
	}
	return rankIn(strings.ToLower(name), n.text)
}

func rankIn(name, text string) Rank {
	at := strings.Index(name, text)
	switch {
	case at < 0:
		return NoMatch
	case name == text:
		return NameOf
	case at == 0:
		return PrefixOf
	}
	for ; at >= 0 && at < len(name); at = next(name, text, at) {
		if before, _ := utf8.DecodeLastRuneInString(name[:at]); !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return WordOf
		}
	}
	return PartOf
}

// next finds the following place of a text.
func next(name, text string, at int) int {
	i := strings.Index(name[at+1:], text)
	if i < 0 {
		return -1
	}
	return at + 1 + i
}

// Match is an object that a search found.
type Match struct {
	Object *Object
	Rank   Rank
	name   string // in lower case
}

// Search gives the objects of some kinds outside the trash that match and that who may look at, best first, then short names first, at most
// as many as asked for. A text with a slash is looked for in paths. What matches only by what contains it comes last, and not all of it is
// looked at (mostBelow).
func Search(m *Map, who Who, text Needle, kinds []Kind, most int, when time.Time) []Match {
	s := finding{m: m, who: who, when: when, most: most, text: text.text, folders: map[int64]above{}, done: map[int64]bool{}}
	for _, k := range kinds {
		if c, _ := m.caller(&who, k.Viewing(), when); c != nil {
			s.c = c
			s.kinds[k] = true
		}
	}
	if s.c == nil || text.text == "" || most <= 0 {
		return nil
	}
	s.look()
	return s.best
}

type finding struct {
	m       *Map
	c       *closure
	kinds   [kindEnd]bool
	most    int
	text    string
	folders map[int64]above
	best    []Match
	// matched are the folders that match; done are those whose contents were offered.
	matched []*Object
	done    map[int64]bool
	who     Who
	when    time.Time
	below   int
	// head is what comes before the last slash of a text with slashes; ends are the folders whose path ends with it, as far as is known.
	head string
	ends map[int64]bool
}

// above is what an object in a folder has from it.
type above struct {
	level   Level
	trashed bool
}

// look tries every object by its name or path, and then what lies in the folders that matched.
func (s *finding) look() {
	text, try := s.text, s.byName
	if slash := strings.LastIndexByte(text, '/'); slash >= 0 {
		s.head, s.ends = text[:slash], map[int64]bool{}
		text, try = text[slash+1:], s.byPath
	}
	names, stale := s.m.gathered()
	names.holding(text, func(o named, name string) {
		if !stale[o.id] {
			try(o, name, text)
		}
	})
	for id := range stale {
		if o, ok := s.m.objects.Get(id); ok && !o.isRoot() {
			try(named{o, id, o.Kind}, strings.ToLower(o.Name), text)
		}
	}
	for _, folder := range s.matched {
		s.inside(folder)
	}
}

func (s *finding) byName(o named, name, text string) { s.take(o, name, rankIn(name, text)) }

// byPath takes an object whose name begins with what is behind the last slash, in a folder whose path ends with what is before it.
func (s *finding) byPath(o named, name, text string) {
	if o.kind.InTree() && strings.HasPrefix(name, text) && s.endsPath(o.o.Parent) {
		s.take(o, name, rankIn(name, text))
	}
}

func (s *finding) endsPath(folder int64) bool {
	ends, ok := s.ends[folder]
	if !ok {
		ends = strings.HasSuffix(strings.TrimSuffix(strings.ToLower(s.m.Path(folder)), "/"), s.head)
		s.ends[folder] = ends
	}
	return ends
}

func (s *finding) take(o named, name string, rank Rank) {
	if rank == NoMatch {
		return
	}
	if o.kind == Directory {
		s.matched = append(s.matched, o.o)
	}
	s.offer(o, name, rank)
}

// matches says whether an object is found by itself.
func (s *finding) matches(o *Object, name string) bool {
	if s.ends == nil {
		return strings.Contains(name, s.text)
	}
	return strings.HasPrefix(name, s.text[len(s.head)+1:]) && s.endsPath(o.Parent)
}

// mostBelow is how much is looked at in folders that match: of what is in /Users, nobody reads the last.
const mostBelow = 5000

// inside offers what lies in a folder and is not found by itself.
func (s *finding) inside(folder *Object) {
	if s.done[folder.ID] {
		return
	}
	s.done[folder.ID] = true
	for child := range s.m.Children(folder.ID) {
		if s.below++; s.below > mostBelow || len(s.best) == s.most && s.best[s.most-1].Rank > InPath {
			return
		}
		if child.Trashed {
			continue
		}
		if name := strings.ToLower(child.Name); !s.matches(child, name) {
			s.offer(named{child, uint64(child.ID), child.Kind}, name, InPath)
		}
		if child.Kind == Directory {
			s.inside(child)
		}
	}
}

// offer keeps a match, if it is among the best and may be looked at. The object itself is touched last: most are not among the best.
func (s *finding) offer(o named, name string, rank Rank) {
	found := Match{o.o, rank, name}
	i, _ := slices.BinarySearchFunc(s.best, found, better)
	if i == s.most || !s.kinds[o.kind] || !s.seen(o.o) {
		return
	}
	s.best = slices.Insert(s.best, i, found)[:min(len(s.best)+1, s.most)]
}

// better orders matches.
func better(a, b Match) int {
	if c := cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(len(a.name), len(b.name)), strings.Compare(a.name, b.name)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Object.Kind, b.Object.Kind), cmp.Compare(a.Object.ID, b.Object.ID))
}

// seen says whether the caller may look at an object. What it has from its folder is worked out once a folder.
func (s *finding) seen(o *Object) bool {
	from, level := s.from(o.Parent), s.m.own(o, s.c).level
	if from.trashed || o.Trashed {
		return false
	}
	g := grant{level: max(level, from.level)}
	ok, _ := s.m.verdict(o, s.c, g, o.Kind.Viewing(), ruleOf(o.Kind, o.Kind.Viewing()))
	return s.m.judged(s.who, s.c, o, o.Kind.Viewing(), s.when, ok)
}

func (s *finding) from(folder int64) above {
	if a, ok := s.folders[folder]; ok {
		return a
	}
	o, ok := s.m.Object(folder)
	if !ok {
		return above{trashed: true}
	}
	g, trashed := s.m.highest(o, s.c)
	s.folders[folder] = above{g.level, trashed}
	return s.folders[folder]
}
