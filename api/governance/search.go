package governance

import (
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

type searchRequest struct {
	Q string `json:"-" query:"q"`
	// Kinds are kinds of objects and principals, and run, with commas between; empty = all.
	Kinds string `json:"-" query:"kinds"`
	Max   int    `json:"-" query:"max_results"`
}

// searchAnswer is what was found, best first.
type searchAnswer struct {
	Results []searchResult `json:"results"`
}

// searchResult is an object, a run or a principal. Where is the path of what contains it; Match says how it was found: id, name, prefix, word,
// part (of the name), path.
type searchResult struct {
	viewed
	Where string `json:"where,omitempty"`
	Match string `json:"match"`
	// DisplayName is a principal's.
	DisplayName string `json:"display_name,omitempty"`
}

const defaultFound, maxFound, maxQuery = 20, 100, 400

// searchAll looks for a text in ids, names and paths of what the caller may look at, and in the names of principals.
func searchAll(c *api.Call, _ int64, q *searchRequest) (*searchAnswer, error) {
	limit, err := pageOf(q.Max, defaultFound, maxFound)
	if err != nil {
		return nil, err
	}
	s, err := newSearching(c, q)
	if err != nil || s.text == "" {
		return &searchAnswer{[]searchResult{}}, err
	}
	s.limit = limit
	if err := s.byID(); err != nil {
		return nil, err
	}
	matches := authz.Search(c.Tx.Map, c.Who, authz.NewNeedle(s.text), s.objects, limit, c.Now)
	if err := s.merge(matches, s.principals()); err != nil {
		return nil, err
	}
	return &searchAnswer{s.results[:min(limit, len(s.results))]}, nil
}

// searching is one search on its way.
type searching struct {
	c       *api.Call
	text    string
	limit   int
	objects []authz.Kind
	people  []authz.PrincipalKind
	runs    bool
	seen    map[string]bool
	results []searchResult
}

func newSearching(c *api.Call, q *searchRequest) (*searching, error) {
	s := &searching{c: c, text: strings.TrimSpace(q.Q), seen: map[string]bool{}, results: []searchResult{}}
	if len(s.text) > maxQuery {
		return nil, fail.Invalidf("q has %d bytes, %d are allowed", len(s.text), maxQuery)
	}
	if path, err := workspace.Clean(s.text); err == nil && path != "/" {
		s.text = path
	}
	if q.Kinds == "" {
		s.runs, s.people = true, principalKinds
		for _, k := range authz.Kinds() {
			s.objects = append(s.objects, k.Kind)
		}
	}
	for name := range strings.SplitSeq(q.Kinds, ",") {
		if err := s.addKind(strings.TrimSpace(name)); err != nil {
			return nil, err
		}
	}
	if !c.Can(authz.ReadIdentities, authz.WorkspaceObject) {
		s.people = nil
	}
	return s, nil
}

func (s *searching) addKind(name string) error {
	var k authz.Kind
	switch p, isPrincipal := principalKind(name); {
	case name == "":
	case name == "run":
		s.runs = true
	case isPrincipal:
		s.people = append(s.people, p)
	case k.UnmarshalText([]byte(name)) != nil:
		return fail.Invalidf("'%s' is nothing that can be searched for; known: the kinds of objects, run, user, service-principal, group", name)
	default:
		s.objects = append(s.objects, k)
	}
	return nil
}

// byID finds what the text names by an id or a whole path.
func (s *searching) byID() error {
	texts := []string{s.text}
	if isNumber(s.text) {
		for _, k := range s.objects {
			info, _ := k.Info()
			texts = append(texts, info.Request+"/"+s.text)
		}
	}
	for _, text := range texts {
		if o, ok := s.c.Tx.Map.Find(text); ok && slices.Contains(s.objects, o.Kind) && !s.c.Tx.Map.InTrash(o.ID) {
			if err := s.add(o, "id"); err != nil {
				return err
			}
		}
	}
	return s.byRun(strings.TrimPrefix(s.text, "runs/"))
}

func isNumber(text string) bool {
	return strings.Trim(text, "0123456789") == "" && len(text) <= 16
}

const runIDLength = 32

// byRun finds a run by its whole id.
func (s *searching) byRun(id string) error {
	if !s.runs || len(id) != runIDLength || strings.Trim(id, "0123456789abcdef") != "" {
		return nil
	}
	at, err := runHeld(s.c, id, nil)
	if err != nil || at.Object == nil || !s.c.Can(authz.ViewRuns, at.ID) {
		return err
	}
	r := searchResult{viewed: namedOf(s.c, at.Object), Where: s.c.Tx.Map.Path(at.ID), Match: "id"}
	r.ofRun(at.run)
	s.put(r)
	return nil
}

// add puts an object among the results, if the caller may look at it.
func (s *searching) add(o *authz.Object, match string) error {
	if a := o.Kind.Viewing(); a == 0 || !s.c.Can(a, o.ID) {
		return nil
	}
	n, err := s.c.Tx.NodesOf([]int64{o.ID})
	s.put(s.show(o, match, n[o.ID]))
	return err
}

func (s *searching) show(o *authz.Object, match string, n store.Node) searchResult {
	r := searchResult{viewed: viewedOf(s.c, o, n), Match: match}
	if o.Kind.InTree() && o.ID != authz.Root {
		r.Where = s.c.Tx.Map.Path(o.Parent)
	}
	return r
}

func (s *searching) put(r searchResult) {
	if !s.seen[r.Object] {
		s.seen[r.Object] = true
		s.results = append(s.results, r)
	}
}

// principals finds principals by name, and one by his id.
func (s *searching) principals() []likePrincipal {
	m := s.c.Tx.Map
	if len(s.people) == 0 {
		return nil
	}
	if p, ok := findPrincipal(m, strings.TrimPrefix(s.text, "principals/")); ok && slices.Contains(s.people, p.Kind) && isNumber(s.text) {
		s.put(s.showPrincipal(p, "id"))
	}
	all := principalsLike(m, s.text, s.people)
	return all[:min(len(all), s.limit)]
}

func (s *searching) showPrincipal(p *authz.Principal, match string) searchResult {
	ref := principalOf(s.c.Tx.Map, p.ID)
	return searchResult{viewed: viewed{objectRef: objectRef{Object: "principals/" + ref.ID, Kind: ref.Kind, Name: ref.Name}, ID: ref.ID,
		Abilities: []string{}}, Match: match, DisplayName: p.Shown}
}

// merge adds what was found by name, objects before principals that match as well.
func (s *searching) merge(objects []authz.Match, people []likePrincipal) error {
	ids := make([]int64, len(objects))
	for i, m := range objects {
		ids[i] = m.Object.ID
	}
	nodes, err := s.c.Tx.NodesOf(ids)
	for len(objects)+len(people) > 0 {
		if len(objects) > 0 && (len(people) == 0 || objects[0].Rank >= people[0].rank) {
			s.put(s.show(objects[0].Object, objects[0].Rank.String(), nodes[objects[0].Object.ID]))
			objects = objects[1:]
			continue
		}
		s.put(s.showPrincipal(people[0].Principal, people[0].rank.String()))
		people = people[1:]
	}
	return err
}
