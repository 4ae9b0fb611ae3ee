package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/policy"
)

// ShiftPlace is a place in the access feed: a part of what a governance version changed.
type ShiftPlace struct{ Version, Part int64 }

// ShiftRow is a line of the access feed: what one change gave to some people or took from them, and why it happened.
type ShiftRow struct {
	ShiftPlace
	authz.Shift
	// Entry is the id of the change's entry in the ledger; At is ms since 1970.
	Entry, At              int64
	Actor                  ledger.Actor
	Action, Reason, Source string
	// Kind, Request and Place say what the object was called when it happened: "experiment", "experiments/123", its path or name.
	Kind, Request, Place string
	// Names are of the people, in the order of Shift.People; Count is how many there are.
	Names []string
	Count int64
}

const (
	// maxShiftPeople is the most people of one row, shiftBatch how many rows of people one transaction writes, shiftEntries how many changes one
	// look works out.
	maxShiftPeople = 2_000
	shiftBatch     = 2_000
	shiftEntries   = 100
)

// ShiftFollower works the access feed out, from the ledger. Replicas may each have one: who is first at a place writes it, the others go on from
// there. It is not for several goroutines at once.
type ShiftFollower struct {
	Store *Store
	mu    sync.Mutex
	m     *authz.Map // as it was at the version it stands at
}

// errFollowed says that another replica wrote the place.
var errFollowed = errors.New("another replica was faster")

// Follow works out what is new, and gives the number of changes that it went through.
func (f *ShiftFollower) Follow(ctx context.Context) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ctx.Err() == nil {
		at, changes, err := f.look(ctx)
		if err != nil || len(changes) == 0 {
			return n, err
		}
		done, err := f.take(ctx, at, changes)
		n += done
		if errors.Is(err, errFollowed) {
			f.m = nil
			return n, nil
		}
		if err != nil {
			f.m = nil
			return n, err
		}
	}
	return n, ctx.Err()
}

// governed is a change of governance in the ledger.
type governed struct {
	version int64
	entry   *ledger.Entry
	events  []authz.Event
}

// look reads how far the feed is, and the next changes. The map is brought to that place: from its own, or from the beginning of the ledger.
func (f *ShiftFollower) look(ctx context.Context) (at ShiftPlace, changes []governed, err error) {
	err = f.Store.Read(ctx, func(tx *Tx) error {
		changes = nil
		if _, err := tx.one([]any{&at.Version, &at.Part}, "SELECT version, parts FROM access_feed_at"); err != nil {
			return err
		}
		if at.Version >= tx.version {
			if tx.Map.Version() == at.Version {
				f.m = tx.Map // what comes next need not be worked out from the beginning
			}
			return nil
		}
		if f.m == nil || f.m.Version() > at.Version {
			b := authz.NewBuilder()
			b.ReadPolicies(policy.Compile)
			if f.m, err = authz.NewMap(0, b); err != nil {
				return err
			}
		}
		if f.m.Version() < at.Version {
			if f.m, err = tx.fold(f.m, at.Version); err != nil {
				return err
			}
		}
		changes, err = tx.changesAfter(at.Version)
		return err
	})
	return at, changes, err
}

func (tx *Tx) changesAfter(version int64) (changes []governed, err error) {
	return changes, tx.each(func(r *sql.Rows) error {
		var c governed
		var body []byte
		if err := r.Scan(&c.version, &body); err != nil {
			return err
		}
		if c.entry, err = ledger.Parse(body); err != nil {
			return err
		}
		c.events, err = eventsOf(body)
		changes = append(changes, c)
		return err
	}, "SELECT version, body FROM ledger WHERE version > ? ORDER BY version LIMIT ?", version, shiftEntries)
}

// take works out changes and writes them, some in each transaction.
func (f *ShiftFollower) take(ctx context.Context, at ShiftPlace, changes []governed) (done int, err error) {
	var rows []ShiftRow
	next := at
	for i, c := range changes {
		after, err := f.m.Apply(c.version, c.events...)
		if err != nil {
			return done, err
		}
		more := shiftRows(&c, f.m, after)
		if c.version == at.Version+1 {
			more = more[min(int(at.Part), len(more)):] // these were written before the server stopped
		}
		rows, f.m = append(rows, more...), after
		next = ShiftPlace{c.version, 0}
		if !full(rows) && i < len(changes)-1 {
			done++
			continue
		}
		if err := f.write(ctx, &at, rows, next); err != nil {
			return done, err
		}
		rows = nil
		done++
	}
	return done, nil
}

func full(rows []ShiftRow) bool {
	n := 0
	for _, r := range rows {
		n += 1 + len(r.People)
	}
	return n >= shiftBatch
}

// write keeps rows, in as many transactions as it takes, each of which says how far it came.
func (f *ShiftFollower) write(ctx context.Context, at *ShiftPlace, rows []ShiftRow, next ShiftPlace) error {
	for first := true; first || len(rows) > 0; first = false {
		n := 0
		for n < len(rows) && !full(rows[:n]) {
			n++
		}
		to := next
		if n < len(rows) {
			to = ShiftPlace{rows[n].Version - 1, rows[n].Part}
		}
		err := f.Store.Write(ctx, func(tx *Tx) error { return tx.putShifts(*at, rows[:n], to) })
		if err != nil {
			return err
		}
		*at, rows = to, rows[n:]
	}
	return nil
}

func (tx *Tx) putShifts(from ShiftPlace, rows []ShiftRow, to ShiftPlace) error {
	n, err := tx.exec("UPDATE access_feed_at SET version = ?, parts = ? WHERE version = ? AND parts = ?", to.Version, to.Part, from.Version, from.Part)
	if err != nil {
		return err
	}
	if n == 0 {
		return errFollowed
	}
	var people []any
	for _, r := range rows {
		err := tx.do(`INSERT INTO access_feed (version, part, at, entry, actor, actor_name, action, reason, source, object, kind, request, place,
			credential, gained, scopes, before_level, after_level, gains, loses, except_ids, people)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.Version, r.Part, r.At, r.Entry, r.Actor.ID, r.Actor.Name, r.Action, r.Reason, r.Source, r.Object, r.Kind, r.Request, r.Place,
			r.Credential, flag(r.Gained), strings.Join(r.Scopes, " "), levelName(r.Before), levelName(r.After), strings.Join(r.Gains, "\n"),
			strings.Join(r.Loses, "\n"), joinIDs(r.Except), len(r.People))
		if err != nil {
			return err
		}
		for i, id := range r.People {
			people = append(people, id, r.Version, r.Part, r.Names[i])
		}
	}
	return tx.putRows("INSERT INTO access_feed_people (principal, version, part, name) VALUES (?, ?, ?, ?)", 4, people)
}

func levelName(l authz.Level) string {
	if l == authz.NoLevel {
		return ""
	}
	return l.String()
}

func joinIDs(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, " ")
}

// shiftRows makes the rows of one change.
func shiftRows(c *governed, before, after *authz.Map) (rows []ShiftRow) {
	for _, s := range authz.Trace(before, after, c.events, time.UnixMilli(c.entry.Time)) {
		for people := range slices.Chunk(s.People, maxShiftPeople) {
			r := ShiftRow{ShiftPlace: ShiftPlace{c.version, int64(len(rows))}, Shift: s, Entry: c.entry.ID, At: c.entry.Time, Actor: c.entry.Actor,
				Action: c.entry.Action, Reason: c.entry.Reason, Source: c.entry.Source, Count: int64(len(people))}
			r.People = people
			r.name(before, after)
			rows = append(rows, r)
		}
	}
	return rows
}

// name keeps what things and people are called; who is gone is called as he was.
func (r *ShiftRow) name(before, after *authz.Map) {
	m := after
	o, ok := after.Object(r.Object)
	if !ok {
		m = before
		o, ok = before.Object(r.Object)
	}
	if ok && r.Credential == "" {
		r.Kind, r.Request = o.Kind.String(), authz.RequestName(o)
		if r.Place = m.Path(o.ID); r.Place == "" {
			r.Place = o.Name
		}
	}
	for _, id := range r.People {
		p, ok := after.Principal(id)
		if !ok {
			p, ok = before.Principal(id)
		}
		name := ""
		if ok {
			name = p.Name
		}
		r.Names = append(r.Names, name)
	}
}

// ShiftQuery asks for a part of the access feed.
type ShiftQuery struct {
	// After is the place behind which it begins, Since the time (ms since 1970); both may be zero.
	After ShiftPlace
	Since int64
	// Principal is whom it must be about, 0 for anybody; Objects are those of which it must be about one, none for any.
	Principal int64
	Objects   []int64
	Limit     int
	// Names is the most people who are named of a row; their number is told.
	Names int
}

// Shifts gives the access feed's rows, oldest first, and the version up to which it is worked out.
func (tx *Tx) Shifts(q ShiftQuery) (rows []ShiftRow, upto int64, err error) {
	if _, err := tx.one([]any{&upto}, "SELECT version FROM access_feed_at"); err != nil {
		return nil, 0, err
	}
	where, args := "WHERE (f.version > ? OR f.version = ? AND f.part > ?) AND f.version <= ? AND f.at >= ?",
		[]any{q.After.Version, q.After.Version, q.After.Part, upto, q.Since}
	from := "access_feed f"
	if q.Principal != 0 {
		from += " JOIN access_feed_people p ON p.version = f.version AND p.part = f.part"
		where, args = where+" AND p.principal = ?", append(args, q.Principal)
	}
	if len(q.Objects) > 0 {
		where += " AND f.credential = '' AND f.object IN (?" + strings.Repeat(", ?", len(q.Objects)-1) + ")"
		for _, id := range q.Objects {
			args = append(args, id)
		}
	}
	err = tx.each(func(r *sql.Rows) error {
		row, err := scanShift(r)
		rows = append(rows, row)
		return err
	}, `SELECT f.version, f.part, f.at, f.entry, f.actor, f.actor_name, f.action, f.reason, f.source, f.object, f.kind, f.request, f.place, f.credential,
		f.gained <> 0, f.scopes, f.before_level, f.after_level, f.gains, f.loses, f.except_ids, f.people FROM `+from+" "+where+
		" ORDER BY f.version, f.part LIMIT ?", append(args, q.Limit)...)
	for i := range rows {
		if err == nil {
			err = tx.nameShift(&rows[i], q)
		}
	}
	return rows, upto, err
}

func scanShift(r *sql.Rows) (row ShiftRow, err error) {
	var scopes, before, after, gains, loses, except string
	err = r.Scan(&row.Version, &row.Part, &row.At, &row.Entry, &row.Actor.ID, &row.Actor.Name, &row.Action, &row.Reason, &row.Source, &row.Object,
		&row.Kind, &row.Request, &row.Place, &row.Credential, &row.Gained, &scopes, &before, &after, &gains, &loses, &except, &row.Count)
	if err != nil {
		return row, err
	}
	row.Scopes, row.Gains, row.Loses = strings.Fields(scopes), lines(gains), lines(loses)
	for _, text := range strings.Fields(except) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return row, err
		}
		row.Except = append(row.Except, id)
	}
	return row, errors.Join(parseLevel(before, &row.Before), parseLevel(after, &row.After))
}

func parseLevel(text string, l *authz.Level) error {
	if text == "" {
		return nil
	}
	return l.UnmarshalText([]byte(text))
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// nameShift reads whom a row is about: the one who was asked about, or as many as are to be named.
func (tx *Tx) nameShift(row *ShiftRow, q ShiftQuery) error {
	query, args := "SELECT principal, name FROM access_feed_people WHERE version = ? AND part = ? ORDER BY principal LIMIT ?", []any{row.Version, row.Part, q.Names}
	if q.Principal != 0 {
		query, args = "SELECT principal, name FROM access_feed_people WHERE principal = ? AND version = ? AND part = ?", []any{q.Principal, row.Version, row.Part}
	}
	return tx.each(func(r *sql.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		row.People, row.Names = append(row.People, id), append(row.Names, name)
		return err
	}, query, args...)
}
