package governance

import (
	"bailiwick/ledger"
	"bailiwick/store"
)

// Proven gives the proof of a row as GET /audit/events/{id} shows it.
func Proven(tx *store.Tx, workspace int64, keys []string, row store.AuditRow) (state string, verified bool, problem string) {
	p, err := (&Front{Workspace: workspace, PublicKeys: keys}).prove(tx, row)
	if err != nil {
		return "", false, err.Error()
	}
	return p.State, p.Verified, p.Problem
}

// Searched runs a search in pages for which the database passes over at most window entries, and gives the actions found and the
// number of pages.
func Searched(tx *store.Tx, window int, what store.Audit) (found []string, pages int, err error) {
	s := &auditSearch{Audit: what, window: window}
	for more := true; more && err == nil; pages++ {
		s.Before, s.After = s.at, nil
		more, err = s.each(tx, maxAuditPage, mostScanned, func(e *ledger.Entry) error { found = append(found, e.Action); return nil })
	}
	return found, pages, err
}
