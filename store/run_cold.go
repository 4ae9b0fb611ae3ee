package store

import (
	"database/sql"
	"slices"

	"bailiwick/fail"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// coldRuns gives a page of an experiment's runs from the tables, where they have it at hand and an index would have to be filled first: the newest
// runs, and runs by their ids. ok is false for searches that are the index's. It is filled meanwhile.
func (tx *Tx) coldRuns(q *search.Query, experiments []int64) (p RunPage, ok bool, err error) {
	if tx.write || len(experiments) != 1 || !slices.Equal(q.Order, tracking.Runs.Default) {
		return p, false, nil
	}
	ids := tracking.NamedRuns(q.Filter)
	if ids == nil && !newestFirst(q) {
		return p, false, nil
	}
	experiment := experiments[0]
	now, err := tx.standing(experiment)
	if err != nil || now == nil || ids == nil && now.trashed || !tx.s.runs.cold(experiment, now) {
		return p, false, err
	}
	tx.s.runs.fillLater(tx.s, experiment)
	if ids != nil {
		p, err = tx.namedRuns(q, experiment, ids)
	} else {
		p, err = tx.newestRuns(q, experiment)
	}
	return p, true, err
}

// namedRuns searches some runs only, in an index of their own.
func (tx *Tx) namedRuns(q *search.Query, experiment int64, ids []string) (RunPage, error) {
	heads, err := tx.RunHeads(ids)
	if err != nil {
		return RunPage{}, err
	}
	index, stamps, trashed := tracking.NewRunIndex(), map[string]int64{}, false
	for _, h := range heads {
		if h.Experiment == experiment {
			index.Upsert(&h.Run)
			stamps[h.ID], trashed = h.changed, h.Trashed
		}
	}
	p := RunPage{Page: index.Search(q)}
	for _, id := range p.IDs {
		p.stamps, p.trashed = append(p.stamps, stamps[id]), append(p.trashed, trashed)
	}
	return p, nil
}

// errClosing ends what goes on beside requests.
var errClosing = fail.New(fail.Unavailable, "the server is stopping")

func (s *Store) closing() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// newestFirst says whether runs_order has what a search asks for: runs of one lifecycle, newest first. Both engines order ids as the index does,
// since all are 32 hexadecimal digits.
func newestFirst(q *search.Query) bool {
	from := len(q.After) != len(q.Order) || q.After[0].Rank == 0
	return len(q.Filter) == 0 && (q.View == search.Active || q.View == search.Deleted) && from
}

// newestRuns reads the page: search.Search, said in SQL.
func (tx *Tx) newestRuns(q *search.Query, experiment int64) (p RunPage, err error) {
	where, args := "WHERE r.experiment = ? AND r.lifecycle = ? ", []any{experiment, int64(q.View)}
	if len(q.After) == len(q.Order) {
		start, id := q.After[0].Int, q.After[1].Text
		where, args = where+"AND r.started <= ? AND (r.started < ? OR r.id > ?) ", append(args, start, start, id)
	}
	limit := max(q.Limit, 1)
	var last int64
	err = tx.each(func(r *sql.Rows) error {
		if p.More = len(p.IDs) == limit; p.More {
			p.Next = search.Cursor{{Int: last}, {Text: p.IDs[limit-1]}}
			return nil
		}
		var id string
		var stamp int64
		err := r.Scan(&id, &last, &stamp)
		p.IDs, p.stamps, p.trashed = append(p.IDs, id), append(p.stamps, stamp), append(p.trashed, false)
		return err
	}, "SELECT r.id, r.started, r.changed FROM runs r "+where+"ORDER BY r.started DESC, r.id LIMIT ?", append(args, limit+1)...)
	return p, err
}
