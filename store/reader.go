package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bailiwick/fail"
)

// Reader looks at a workspace's database beside the server that may be running on it: it takes no lock, changes nothing and knows no access
// map, so only methods of a transaction that read the ledger or name digests are of use.
type Reader struct{ s *Store }

// OpenReader opens the database of a data folder, or of a postgres:// address, for reading. Errors: fail.NotFound when there is none,
// fail.State when its schema is not the one of this program.
func OpenReader(ctx context.Context, o Options) (*Reader, error) {
	s := &Store{d: &sqliteDialect, ids: newIDSource()}
	var err error
	if o.Database != "" {
		s.d = &postgresDialect
		s.db, err = openPostgres(o.Database)
	} else {
		s.file = filepath.Join(o.Data, databaseFile)
		s.db, err = openForReading(s.file)
	}
	if err != nil {
		return nil, err
	}
	r := &Reader{s}
	if err := r.check(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	return r, nil
}

// databaseFile is the name of the SQLite database in a data folder.
const databaseFile = "bailiwick.db"

func openForReading(file string) (*sql.DB, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, fail.NotFoundf("no database at %s", file)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "cache_size(-8000)"}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

// check reads the workspace's id and compares the schema's number.
func (r *Reader) check(ctx context.Context) error {
	var version int64
	if err := r.s.db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version").Scan(&version); err != nil {
		return fail.Statef("this is no database of bailiwick: %v", err)
	}
	if want := SchemaVersion(); version != want {
		return fail.Statef("the database's schema is number %d, this program's is %d; use the program that belongs to it", version, want)
	}
	return r.s.db.QueryRowContext(ctx, "SELECT workspace FROM governance").Scan(&r.s.workspace)
}

// SchemaVersion is the number of the newest migration that this program has.
func SchemaVersion() (newest int64) {
	names, _ := fs.Glob(migrations, "migrations/*.sql") // the pattern is right
	for _, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

// Read runs fn in a read-only snapshot. Its transaction has no access map.
func (r *Reader) Read(ctx context.Context, fn func(*Tx) error) error {
	sc, err := r.s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer sc.Close()
	c := newConn(sc, r.s.d)
	defer c.drop()
	if _, err := c.exec(ctx, r.s.d.beginRead); err != nil {
		return err
	}
	defer c.exec(context.WithoutCancel(ctx), "ROLLBACK") // nothing was written
	return fn(&Tx{Now: 0, s: r.s, c: c, ctx: ctx})
}

// drop closes the connection's prepared statements.
func (c *conn) drop() {
	for _, s := range c.stmts {
		s.Close()
	}
}

// Workspace is the workspace's id.
func (r *Reader) Workspace() int64 { return r.s.workspace }

// Close closes the database.
func (r *Reader) Close() error { return r.s.db.Close() }

// KeyText gives a secret that is kept as text under a name; "" when there is none.
func (tx *Tx) KeyText(name string) (string, error) {
	var v []byte
	_, err := tx.one([]any{&v}, "SELECT value FROM keys WHERE name = ?", name)
	return string(v), err
}

// AddKeyText keeps a secret as text under a name and gives what is kept: the one that was there first.
func (tx *Tx) AddKeyText(name, text string) (string, error) {
	if err := tx.do("INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, []byte(text)); err != nil {
		return "", err
	}
	return tx.KeyText(name)
}

// SetKeyText keeps a text under a name, over what was there.
func (tx *Tx) SetKeyText(name, text string) error {
	return tx.do("INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, []byte(text))
}

// Unsealed counts the entries of the ledger that are not in the tree yet.
func (tx *Tx) Unsealed() (n int64, err error) {
	_, err = tx.one([]any{&n}, "SELECT COUNT(*) FROM ledger WHERE stamp >= (SELECT COALESCE(MAX(upto), 0) FROM seals)")
	return n, err
}

// CopyTo writes a consistent copy of a SQLite database into a file that must not exist, while others write to the database.
func (r *Reader) CopyTo(ctx context.Context, file string) error {
	if !r.s.d.single {
		return fail.New(fail.Unsupported, "PostgreSQL is backed up by its own means (pg_dump, or base backup and archive)")
	}
	if _, err := r.s.db.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return fmt.Errorf("copy of the database: %w", err)
	}
	return syncFile(file)
}

// syncFile makes a file's bytes durable.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Sound lets the engine check the database's pages: on SQLite only, since a PostgreSQL server looks after its own.
func (r *Reader) Sound(ctx context.Context) (detail string, err error) {
	if !r.s.d.single {
		return "PostgreSQL's own", nil
	}
	if err := r.s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&detail); err != nil {
		return "", err
	}
	if detail != "ok" {
		return "", fail.New(fail.Internal, "quick_check: %s", detail)
	}
	return detail, nil
}
