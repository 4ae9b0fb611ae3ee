package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// Tx is one transaction: the version it sees, the access map that belongs to it, its clock. Its methods are all there is of SQL.
type Tx struct {
	// Map is the access map at least as new as what the transaction sees; governance changes of this transaction show at once.
	Map *authz.Map
	// Now is the transaction's time in milliseconds since 1970.
	Now int64
	// Stamp orders this write among all others; 0 in a read.
	Stamp int64

	s      *Store
	c      *conn
	ctx    context.Context
	alone  bool
	write  bool
	events []authz.Event
	// source is whose word the memberships and principals are that the transaction makes.
	source identity.Source
	// recorded: the governance events are in a ledger entry.
	recorded bool
	// numbered: the transaction has taken a governance version, which must come into the ledger.
	numbered bool
	// broken is the error of a statement. PostgreSQL answers COMMIT with a rollback and no error then, so fn must not pass over it.
	broken  error
	version int64
	// horizon: rows with a lower stamp are all visible to this transaction.
	horizon int64
}

// conn is a connection with its prepared statements.
type conn struct {
	*sql.Conn
	d     *dialect
	stmts map[string]*sql.Stmt
	texts map[string]string
	// waiting are the statements that go with the next round trip (pipeline.go).
	waiting *pgx.Batch
}

func newConn(c *sql.Conn, d *dialect) *conn {
	return &conn{Conn: c, d: d, stmts: map[string]*sql.Stmt{}, texts: map[string]string{}}
}

// stmt gives the prepared statement of a query text, where the engine prepares.
func (c *conn) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if s := c.stmts[q]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	c.stmts[q] = s
	return s, nil
}

// text gives the engine's text of a query.
func (c *conn) text(q string) string {
	t, ok := c.texts[q]
	if !ok {
		t = c.d.text(q)
		c.texts[q] = t
	}
	return t
}

func (c *conn) exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if !c.d.prepares {
		if err := c.flush(ctx); err != nil {
			return nil, err
		}
		return c.ExecContext(ctx, c.text(q), args...)
	}
	s, err := c.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (c *conn) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if !c.d.prepares {
		if err := c.flush(ctx); err != nil {
			return nil, err
		}
		return c.QueryContext(ctx, c.text(q), args...)
	}
	s, err := c.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// exec runs a statement and gives the number of rows it changed.
func (tx *Tx) exec(q string, args ...any) (int64, error) {
	if !tx.write {
		return 0, fail.Internalf(nil, "a read changes nothing: %s", q)
	}
	r, err := tx.c.exec(tx.ctx, q, args...)
	if err != nil {
		return 0, tx.failed(err)
	}
	return r.RowsAffected()
}

// failed keeps in mind that a statement failed.
func (tx *Tx) failed(err error) error {
	if err != nil {
		tx.broken = err
	}
	return err
}

// do is exec for statements whose outcome does not matter to what follows; on PostgreSQL their errors may come later, at the latest from
// COMMIT.
func (tx *Tx) do(q string, args ...any) error {
	if !tx.write {
		return fail.Internalf(nil, "a read changes nothing: %s", q)
	}
	return tx.failed(tx.c.later(tx.ctx, q, args...))
}

// each runs a query and calls scan once a row.
func (tx *Tx) each(scan func(*sql.Rows) error, q string, args ...any) error {
	rows, err := tx.c.query(tx.ctx, q, args...)
	if err != nil {
		return tx.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return tx.failed(rows.Err())
}

// one runs a query of at most one row; found is false when there is none.
func (tx *Tx) one(dest []any, q string, args ...any) (found bool, err error) {
	rows, err := tx.c.query(tx.ctx, q, args...)
	if err != nil {
		return false, tx.failed(err)
	}
	defer rows.Close()
	if !rows.Next() {
		return false, tx.failed(rows.Err())
	}
	return true, rows.Scan(dest...)
}

// NextID gives an id that is new, ordered by time, and below 2^63.
func (tx *Tx) NextID() int64 { return tx.s.ids.next() }

// exists turns a failed unique constraint into an error of kind Exists.
func exists(err error, format string, args ...any) error {
	if err == nil || !isConstraint(err) {
		return err
	}
	return fail.Existsf(format, args...)
}

var errAlone = errors.New("this change must be alone in its group")
