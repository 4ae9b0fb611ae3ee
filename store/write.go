package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

// maxGroup is the most requests that share one commit on SQLite.
const maxGroup = 256

// writeLimit bounds a write on PostgreSQL; purges and imports go in batches.
const writeLimit = 5 * time.Second

// job is a write that waits for the single writer.
type job struct {
	fn    func(*Tx) error
	alone bool
	tx    *Tx
	err   error
	done  chan struct{}
}

// Write runs fn in a transaction that is durable when Write returns nil. fn may run more than once (a governance change that turned out to
// need a group of its own, a serialization failure), so it must keep no state between runs; it must do no I/O but the transaction's. On
// SQLite the caller's context ends the waiting only before fn has started: a group is never undone by one client that hangs up.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error { return s.write(ctx, fn, false) }

// WriteAlone is Write for what is known to be a governance change.
func (s *Store) WriteAlone(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, fn, true)
}

func (s *Store) write(ctx context.Context, fn func(*Tx) error, alone bool) error {
	if !s.d.single {
		return s.writeShared(ctx, fn, alone)
	}
	j := &job{fn: fn, alone: alone, done: make(chan struct{})}
	select {
	case <-s.stopping:
		return fail.New(fail.Unavailable, "the server is stopping")
	default:
	}
	select {
	case s.queue <- j:
	case <-ctx.Done():
		return fail.New(fail.Unavailable, "the request was given up before it was written")
	case <-s.stopping:
		return fail.New(fail.Unavailable, "the server is stopping")
	}
	select {
	case <-j.done:
		return j.err
	case <-s.stopped:
		select {
		case <-j.done:
			return j.err
		default:
			return fail.New(fail.Unavailable, "the server is stopping")
		}
	}
}

// writeLoop is the single writer of SQLite: what queued while the last group was committed is the next one.
func (s *Store) writeLoop(c *conn) {
	defer close(s.stopped)
	var next *job
	for {
		if next == nil {
			select {
			case next = <-s.queue:
			case <-s.stopping:
				c.Close()
				return
			}
		}
		next = s.writeGroup(c, next)
	}
}

// writeGroup commits one group that starts with first, and gives the job that must start the next one, if any.
func (s *Store) writeGroup(c *conn, first *job) (next *job) {
	ctx := context.Background()
	if _, err := c.exec(ctx, s.d.beginWrite); err != nil {
		s.answer([]*job{first}, fmt.Errorf("begin: %w", err))
		return nil
	}
	stamp := max(s.committed.Load()+1, time.Now().UnixMicro())
	group := make([]*job, 0, 16)
	next = first
	for next != nil && len(group) < maxGroup {
		j := next
		next = nil
		keep, alive := s.member(ctx, c, j, stamp, group)
		if !alive {
			s.answer(append(group, j), fail.New(fail.Unavailable, "the write failed and nothing of it was kept; try again"))
			s.recover(ctx, c)
			return nil
		}
		if !keep {
			next = j
			break
		}
		group = append(group, j)
		if j.tx.alone {
			break
		}
		select {
		case next = <-s.queue:
			if next.alone {
				s.finish(ctx, c, group, stamp)
				return next
			}
		default:
		}
	}
	s.finish(ctx, c, group, stamp)
	return next
}

// member runs one job in a savepoint. keep is false when the job must be alone and is not first; alive is false when the transaction is
// lost with all its members.
func (s *Store) member(ctx context.Context, c *conn, j *job, stamp int64, before []*job) (keep, alive bool) {
	first, m := len(before) == 0, s.mapAfter(before)
	alive = s.try(ctx, c, j, stamp, m, j.alone && first)
	if !alive || !errors.Is(j.err, errAlone) {
		return true, alive
	}
	j.alone = true
	if !first {
		return false, true
	}
	return true, s.try(ctx, c, j, stamp, m, true)
}

// mapAfter gives the map that the next member of a group decides on: with what those before it added, which nobody else sees before the commit.
func (s *Store) mapAfter(before []*job) *authz.Map {
	for _, j := range slices.Backward(before) {
		if j.tx != nil && len(j.tx.events) > 0 {
			return j.tx.Map
		}
	}
	return s.Map()
}

// try runs a job once; false means that the transaction is lost.
func (s *Store) try(ctx context.Context, c *conn, j *job, stamp int64, m *authz.Map, alone bool) (alive bool) {
	if _, err := c.exec(ctx, "SAVEPOINT member"); err != nil {
		s.log.Error("savepoint", "error", err)
		return false
	}
	j.tx = &Tx{Map: m, Now: s.now(), Stamp: stamp, s: s, c: c, ctx: ctx, write: true, alone: alone, horizon: stamp}
	j.err = j.tx.run(j.fn)
	if j.err != nil {
		j.tx.events, j.tx.Map = nil, nil
		if _, err := c.exec(ctx, "ROLLBACK TO member"); err != nil {
			s.log.Error("transaction lost", "error", err, "after", j.err)
			return false
		}
	}
	_, err := c.exec(ctx, "RELEASE member")
	return err == nil
}

// run calls fn and holds it to its duty: a governance change without its ledger entry does not happen.
func (tx *Tx) run(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fail.Internalf(fmt.Errorf("panic: %v", p), "internal error")
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	switch {
	case tx.broken != nil:
		return fail.Internalf(tx.broken, "a failed statement was passed over")
	case tx.numbered && !tx.recorded:
		return fail.Internalf(nil, "a governance change was not recorded")
	}
	return nil
}

// finish commits the group, publishes its map and answers its members.
func (s *Store) finish(ctx context.Context, c *conn, group []*job, stamp int64) {
	if err := s.timed(ctx, c, len(group)); err != nil {
		s.log.Error("commit", "error", err, "requests", len(group))
		s.recover(ctx, c)
		s.answer(group, fail.New(fail.Unavailable, "the commit failed and nothing of the request was kept; try again"))
		return
	}
	s.committed.Store(stamp)
	for _, j := range group {
		if j.tx != nil {
			s.publish(j.tx)
		}
		close(j.done)
	}
}

// timed commits and tells how long it took.
func (s *Store) timed(ctx context.Context, c *conn, requests int) error {
	began := time.Now()
	err := s.commit(ctx, c)
	s.told(requests, time.Since(began))
	if isFull(err) {
		s.full()
	}
	return err
}

func commitConn(ctx context.Context, c *conn) error {
	if err := c.later(ctx, "COMMIT"); err != nil {
		return err
	}
	return c.flush(ctx)
}

// recover leaves the connection without a transaction, whatever happened.
func (s *Store) recover(ctx context.Context, c *conn) {
	c.waiting = nil
	if _, err := c.ExecContext(ctx, "ROLLBACK"); err != nil {
		s.log.Debug("rollback", "error", err)
	}
}

// answer fails every member of a group.
func (s *Store) answer(group []*job, err error) {
	for _, j := range group {
		if j.err == nil {
			j.err = err
		}
		close(j.done)
	}
}

// writeShared is a write on PostgreSQL: the governance lock is the first statement, the version the second.
func (s *Store) writeShared(ctx context.Context, fn func(*Tx) error, alone bool) error {
	for try := 0; ; try++ {
		err := s.writeOnce(ctx, fn, alone)
		switch {
		case errors.Is(err, errAlone):
			alone = true
		case isTransient(err) && try < 5:
		case isBusy(err):
			return fail.New(fail.Unavailable, "the database is busy; try again")
		case isConstraint(err) && fail.Is(err, fail.Internal): // it came with COMMIT, so nobody there knew whose it is
			return &fail.Error{Kind: fail.Exists, Message: "what the request makes exists already", Cause: err}
		default:
			return err
		}
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(*Tx) error, alone bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	sc, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer sc.Close()
	tx := &Tx{Now: s.now(), s: s, c: newConn(sc, s.d), ctx: ctx, write: true, alone: alone}
	defer func() {
		if err != nil {
			s.recover(context.WithoutCancel(ctx), tx.c)
		}
	}()
	if err := tx.enter(alone); err != nil {
		return err
	}
	if err := tx.run(fn); err != nil {
		return err
	}
	if err := s.timed(ctx, tx.c, 1); err != nil {
		return err
	}
	s.publish(tx)
	return nil
}

// enter begins: it takes the governance lock and nothing else, then reads the version, then sees to it that the map is at least as new.
func (tx *Tx) enter(alone bool) error {
	d := tx.s.d
	lock := d.shared
	if alone {
		lock = d.alone
	}
	row, err := tx.c.together(tx.ctx, d.beginWrite, lock, "SELECT version, pg_current_xact_id()::text::bigint + base FROM governance")
	if err != nil {
		return err
	}
	tx.version, tx.Stamp = row[0], row[1]
	return tx.catchUp()
}

// publish makes the map of a committed governance change current, unless one as new is already: a reader that saw the commit before may have
// folded it in, and must not put its older map over the next one.
func (s *Store) publish(tx *Tx) {
	if len(tx.events) == 0 {
		return
	}
	s.advance.Lock()
	defer s.advance.Unlock()
	if s.Map().Version() < tx.Map.Version() {
		s.current.Store(tx.Map)
	}
}

// Read runs fn in a read-only snapshot whose access map is at least as new.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	c, put, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer put()
	tx := &Tx{Now: s.now(), s: s, c: c, ctx: ctx, horizon: s.committed.Load() + 1}
	if s.d.single {
		tx.ctx = context.WithoutCancel(ctx) // an interrupted statement would poison the connection for the next reader
	}
	defer func() {
		if _, err := c.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
			s.recover(context.WithoutCancel(ctx), c)
		}
	}()
	if err := tx.look(); err != nil {
		return err
	}
	return fn(tx)
}

// Readers is how many reads may run at a time. On PostgreSQL writes have the rest of the connections.
func (s *Store) Readers() int {
	if s.d.single {
		return readConns
	}
	return max(1, s.db.Stats().MaxOpenConnections*2/3)
}

func (s *Store) reader(ctx context.Context) (*conn, func(), error) {
	if s.d.single {
		select {
		case c := <-s.readers:
			return c, func() { s.readers <- c }, nil
		case <-ctx.Done():
			return nil, nil, fail.New(fail.Unavailable, "the request was given up")
		}
	}
	sc, err := s.db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	return newConn(sc, s.d), func() { sc.Close() }, nil
}

// look begins: it reads the version first, so that the snapshot is fixed, and brings the map up to it.
func (tx *Tx) look() error {
	d := tx.s.d
	if d.single {
		if _, err := tx.c.exec(tx.ctx, d.beginRead); err != nil {
			return err
		}
		if _, err := tx.one([]any{&tx.version}, "SELECT version FROM governance"); err != nil {
			return err
		}
		return tx.catchUp()
	}
	row, err := tx.c.together(tx.ctx, d.beginRead, "SELECT version, pg_snapshot_xmin(pg_current_snapshot())::text::bigint + base FROM governance")
	if err != nil {
		return err
	}
	tx.version, tx.horizon = row[0], row[1]
	return tx.catchUp()
}

// catchUp brings the shared map to the version this transaction sees, from the ledger's events.
func (tx *Tx) catchUp() error {
	s := tx.s
	if m := s.Map(); m != nil && m.Version() >= tx.version {
		tx.Map = m
		return nil
	}
	s.advance.Lock()
	defer s.advance.Unlock()
	m := s.Map()
	if m.Version() < tx.version {
		next, err := tx.fold(m, tx.version)
		if err != nil {
			return err
		}
		s.current.Store(next)
		m = next
	}
	tx.Map = m
	return nil
}

// Refresh brings the map up to what other replicas have committed, and says whether that made it newer. However many ask at once, one looks:
// who waits is content with a look that began after he asked. On SQLite there are no others, and nothing is done.
func (s *Store) Refresh(ctx context.Context) (newer bool, err error) {
	if s.d.single {
		return false, nil
	}
	asked, before := time.Now(), s.Map().Version()
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	if began := time.Now(); s.refreshed.Before(asked) {
		if err := s.Read(ctx, func(*Tx) error { return nil }); err != nil {
			return false, err
		}
		s.refreshed = began
	}
	return s.Map().Version() > before, nil
}

// fold applies the events after m's version up to the given one.
func (tx *Tx) fold(m *authz.Map, upto int64) (*authz.Map, error) {
	err := tx.each(func(r *sql.Rows) error {
		var version int64
		var body []byte
		if err := r.Scan(&version, &body); err != nil {
			return err
		}
		events, err := eventsOf(body)
		if err != nil {
			return err
		}
		m, err = m.Apply(version, events...)
		return err
	}, "SELECT version, body FROM ledger WHERE version > ? AND version <= ? ORDER BY version", m.Version(), upto)
	if err == nil && m.Version() != upto {
		err = fail.Internalf(nil, "the ledger has no version %d", upto)
	}
	return m, err
}
