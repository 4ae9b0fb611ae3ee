package scim

import (
	"bailiwick/api"
	"bailiwick/identity"
)

// search is list with the question in the body (RFC 7644 §3.4.3).
func (s served) search(c *api.Call, at int64, r *request) (*identity.List, error) {
	asked, err := askedBy(r)
	if err != nil {
		return nil, err
	}
	return s.list(c, at, asked)
}

func askedBy(r *request) (*request, error) {
	s, err := identity.DecodeSearch(r.Body)
	return &request{
		Account: r.Account, Filter: s.Filter, Attributes: s.Attributes, Excluded: s.Excluded, Start: s.Start, Count: s.Count,
		SortBy: s.SortBy, SortOrder: s.SortOrder,
	}, err
}

// searchAll looks among users, groups and service principals at once. Without an order they come kind by kind.
func (d *dialect) searchAll(c *api.Call, _ int64, r *request) (*identity.List, error) {
	asked, err := askedBy(r)
	if err != nil {
		return nil, err
	}
	q, err := questionOf(asked)
	if err != nil {
		return nil, err
	}
	var docs []identity.Document
	for _, n := range nouns {
		s := served{n, d}
		found, err := s.candidates(c, q.filter)
		if err != nil {
			return nil, err
		}
		some, err := s.render(c, found, &q)
		if err != nil {
			return nil, err
		}
		docs = append(docs, some...)
	}
	q.sort.Apply(docs)
	return q.paged(docs), nil
}

// paged gives the page of sorted documents, each with what was asked for.
func (q *question) paged(docs []identity.Document) *identity.List {
	from, to := q.page.Window(len(docs))
	page := docs[from:to]
	for i := range page {
		page[i] = q.show.Apply(page[i])
	}
	list := identity.NewList(len(docs), q.page, page)
	return &list
}
