package governance

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

// auditFilter is a search of the audit trail: as one line of qualifiers, or a parameter each; all that is given narrows it.
type auditFilter struct {
	// Q is a line such as `actor:ann@example.org -action:getRun created:>=2026-01-01`; GET /audit/qualifiers lists what it knows.
	Q string `json:"-" query:"q"`
	// Since and Until bound the time: RFC 3339, a date, or ms since 1970; since is included, until is not.
	Since string `json:"-" query:"since"`
	Until string `json:"-" query:"until"`
	// Actor is a name or an id.
	Actor string `json:"-" query:"actor"`
	// Object is experiments/123, runs/…, or a workspace path. What does not exist any more is found by its id.
	Object  string `json:"-" query:"object"`
	Service string `json:"-" query:"service"`
	Action  string `json:"-" query:"action"`
	// Class is A, B or C.
	Class string `json:"-" query:"class"`
}

// parsed is the search with the parameters beside the line as terms of their own, which narrow it.
func (q *auditFilter) parsed() ([]ledger.Query, error) {
	line, err := ledger.ParseQuery(q.Q)
	if err != nil {
		return nil, err
	}
	all := []ledger.Query{line}
	for _, p := range []struct{ name, qualifier, sign, value string }{
		{"since", "created", ">=", q.Since}, {"until", "created", "<", q.Until}, {"", "actor", "", q.Actor}, {"", "object", "", q.Object},
		{"", "service", "", q.Service}, {"", "action", "", q.Action}, {"", "class", "", q.Class},
	} {
		if p.value == "" {
			continue
		}
		one, err := ledger.Query{}.With(ledger.Term{Qualifier: p.qualifier, Value: p.sign + p.value, Quoted: true})
		if err != nil && p.name != "" {
			err = fail.Invalidf("%s: '%s' is neither a time as 2006-01-02T15:04:05Z, nor a date, nor milliseconds since 1970", p.name, p.value)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

type auditRequest struct {
	auditFilter
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// auditAnswer is a page of the audit trail, newest first, in the shape of rows of the Databricks audit log.
type auditAnswer struct {
	Events []ledger.Row `json:"events"`
	Next   string       `json:"next_page_token,omitempty"`
}

const (
	defaultAuditPage = 100
	maxAuditPage     = 1000
	// mostScanned bounds what one page looks at; a filter that fits little gives a short page with a token to go on.
	mostScanned = 20_000
	auditBatch  = 500
	// mostPassed bounds what the database passes over for a page where no index helps it.
	mostPassed = 200_000
)

func (f *Front) audit(c *api.Call, _ int64, q *auditRequest) (*auditAnswer, error) {
	limit := cmp.Or(q.Max, defaultAuditPage)
	if limit < 0 || limit > maxAuditPage {
		return nil, fail.Invalidf("max_results must be from 1 to %d, not %d", maxAuditPage, q.Max)
	}
	s, err := f.search(c, &q.auditFilter, q.PageToken)
	if err != nil {
		return nil, err
	}
	out := &auditAnswer{Events: []ledger.Row{}}
	more, err := s.each(c.Tx, limit, mostScanned, func(e *ledger.Entry) error {
		out.Events = append(out.Events, ledger.AuditRow(e, s.workspace))
		return nil
	})
	if more {
		out.Next = placeToken(s.at)
	}
	return out, err
}

// auditSearch is a search on its way through the ledger.
type auditSearch struct {
	store.Audit
	filters   []*ledger.Filter
	workspace string
	at        *store.LedgerPlace
	nothing   bool
	// window is the most entries that the database passes over.
	window int
}

// search makes the store's question of a request, and what each entry is held against.
func (f *Front) search(c *api.Call, q *auditFilter, token string) (*auditSearch, error) {
	s := &auditSearch{workspace: strconv.FormatInt(f.Workspace, 10), window: mostPassed}
	queries, err := q.parsed()
	if err != nil {
		return nil, err
	}
	for _, one := range queries {
		filter, err := one.Filter(auditNames{c})
		if err != nil {
			return nil, err
		}
		s.narrow(filter)
	}
	if token != "" {
		s.Before, err = parsePlace(token)
	}
	if err == nil && s.Since > 0 {
		s.After, err = c.Tx.PlaceAt(s.Since)
	}
	return s, err
}

// narrow takes a filter. Of two that give the store a list of the same thing the first one's is asked; Fits decides on both.
func (s *auditSearch) narrow(f *ledger.Filter) {
	s.filters = append(s.filters, f)
	span := ledger.Span{From: s.Since, To: s.Until}.And(f.Span)
	s.Since, s.Until = span.From, span.To
	s.nothing = s.nothing || f.Nothing || span.To != 0 && span.From >= span.To
	s.Actors, s.Objects = first(s.Actors, f.Actors), first(s.Objects, f.Objects)
	s.Actions, s.Classes = first(s.Actions, f.Actions), first(s.Classes, f.Classes)
}

func first[T any](a, b []T) []T {
	if len(a) > 0 {
		return a
	}
	return b
}

func (s *auditSearch) fits(e *ledger.Entry, object int64) bool {
	for _, f := range s.filters {
		if !f.Fits(e, object) {
			return false
		}
	}
	return true
}

// each calls use for the entries that fit, newest first, until it had limit of them, scan were looked at, or there are no more; more says that
// there may be further ones behind s.at.
func (s *auditSearch) each(tx *store.Tx, limit, scan int, use func(*ledger.Entry) error) (more bool, err error) {
	s.Limit, s.at = auditBatch, s.Before
	floor, err := s.bound(tx)
	if err != nil {
		return false, err
	}
	for scanned := 0; scanned < scan && !s.nothing; {
		s.Before = s.at
		rows, err := tx.AuditPage(s.Audit)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			e, err := ledger.Parse(row.Body)
			if err != nil {
				return false, err
			}
			if s.fits(e, row.Object) {
				if limit--; limit < 0 {
					return true, nil
				}
				if err := use(e); err != nil {
					return false, err
				}
			}
			s.at = &row.LedgerPlace
		}
		if scanned += len(rows); len(rows) < auditBatch {
			if floor != nil {
				s.at = &store.LedgerPlace{Stamp: floor.Stamp, ID: floor.ID + 1} // what is at the floor was not looked at
			}
			return floor != nil, nil
		}
	}
	return !s.nothing, nil
}

// bound puts a floor under a search for which the database would have to pass over everything that does not fit; nil where none is needed.
func (s *auditSearch) bound(tx *store.Tx) (floor *store.LedgerPlace, err error) {
	passes := len(s.Actions)+len(s.Classes) > 0 || s.Until > 0 || len(s.Actors)+len(s.Objects) > 1
	if !passes || s.nothing {
		return nil, nil
	}
	for _, walk := range s.walks() {
		at, err := tx.PlaceBack(walk, s.window)
		if err != nil {
			return nil, err
		}
		if at.Later(floor) {
			floor = at
		}
	}
	if !floor.Later(s.After) {
		return nil, nil
	}
	s.After = floor
	return floor, nil
}

// walks are the ways that the database may take through the ledger for this search: along one actor or one object, which have indexes, or else
// along all of it.
func (s *auditSearch) walks() (walks []store.Audit) {
	if len(s.Actors) == 1 {
		walks = append(walks, store.Audit{Before: s.Before, Actors: s.Actors})
	}
	if len(s.Objects) == 1 {
		walks = append(walks, store.Audit{Before: s.Before, Objects: s.Objects})
	}
	if len(walks) == 0 || len(s.Actors) > 1 || len(s.Objects) > 1 {
		return []store.Audit{{Before: s.Before}}
	}
	return walks
}

// placeToken is a place in the ledger's order. It opens nothing: every page asks for ReadAudit.
func placeToken(p *store.LedgerPlace) string { return fmt.Sprintf("%d.%d", p.Stamp, p.ID) }

func parsePlace(token string) (*store.LedgerPlace, error) {
	stamp, id, _ := strings.Cut(token, ".")
	var p store.LedgerPlace
	var err1, err2 error
	p.Stamp, err1 = strconv.ParseInt(stamp, 10, 64)
	p.ID, err2 = strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil {
		return nil, fail.Invalidf("page_token is not one of this endpoint's")
	}
	return &p, nil
}

// auditNames says what names in a search stand for: an auditor may know of everything.
type auditNames struct{ c *api.Call }

// Actor implements ledger.Names.
func (n auditNames) Actor(name string) (int64, bool) {
	p, ok := findPrincipal(n.c.Tx.Map, name)
	if !ok {
		return 0, false
	}
	return p.ID, true
}

// Object implements ledger.Names. What is gone is found by its id.
func (n auditNames) Object(text string) (id int64, part string, err error) {
	o, err := findObject(n.c, text)
	if err == nil {
		part, _ = strings.CutPrefix(text, "runs/")
		if part == text {
			part = ""
		}
		return o.ID, part, nil
	}
	if _, number, ok := strings.Cut(strings.TrimPrefix(text, "/"), "/"); ok && fail.Is(err, fail.NotFound) {
		if gone, perr := strconv.ParseInt(number, 10, 64); perr == nil {
			return gone, "", nil
		}
	}
	return 0, "", err
}

// qualifiersAnswer lists what a search of the audit trail can ask for.
type qualifiersAnswer []ledger.Qualifier

func auditQualifiers(*api.Call, int64, *nothing) (*qualifiersAnswer, error) {
	a := qualifiersAnswer(ledger.Qualifiers)
	return &a, nil
}
