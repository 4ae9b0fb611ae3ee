package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"bailiwick/fail"
)

// dialect is everything the two engines do differently.
type dialect struct {
	name  string
	goose goose.Dialect
	// single: one writer for the whole database, in this process.
	single bool
	// prepares: statements are prepared once a connection. PostgreSQL's are not, so that poolers in transaction mode work.
	prepares bool

	beginRead, beginWrite string
	// shared and alone take the governance lock (first statement of a write); empty where there is one writer anyway.
	shared, alone string
	// stamp gives the order of the running transaction, horizon the stamp below which all are finished in this snapshot; empty where
	// the writer counts for itself.
	stamp, horizon string
}

var sqliteDialect = dialect{
	name: "sqlite", goose: goose.DialectSQLite3, single: true, prepares: true,
	beginRead: "BEGIN", beginWrite: "BEGIN IMMEDIATE",
}

// The governance lock of a workspace is one advisory lock in its schema's database: 7405 is this product's class of locks.
var postgresDialect = dialect{
	name: "postgres", goose: goose.DialectPostgres,
	beginRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	// Poolers in transaction mode refuse connections that bring a lock_timeout with them.
	beginWrite: "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 5000",
	shared:     "SELECT pg_advisory_xact_lock_shared(7405, hashtext(current_schema()))",
	alone:      "SELECT pg_advisory_xact_lock(7405, hashtext(current_schema()))",
	stamp:      "SELECT pg_current_xact_id()::text::bigint + base FROM governance",
	horizon:    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + base FROM governance",
}

// text turns the one SQL text into the engine's own: PostgreSQL numbers its placeholders.
func (d *dialect) text(q string) string {
	if d.single || !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	n := 0
	for i := range len(q) {
		if q[i] != '?' {
			b.WriteByte(q[i])
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// ddl turns the one schema text into the engine's own.
func (d *dialect) ddl(text string) string {
	if d.single {
		return strings.NewReplacer("/* clustered */", "WITHOUT ROWID", "BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY").Replace(text)
	}
	return text
}

// migrate brings the schema up to date.
func (d *dialect) migrate(ctx context.Context, db *sql.DB) error {
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: []byte(d.ddl(string(text)))}
	}
	p, err := goose.NewProvider(d.goose, db, files)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if newest := SchemaVersion(); at > newest {
		return fail.Statef("the database's schema is number %d and newer than this program, which knows %d; start the newer program", at, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// openSQLite opens the database file, which nobody else may read: the keys of this installation are in it. The files that the engine puts
// beside it have its permissions. Durability is full: a commit returns after its fsync.
func openSQLite(file string) (*sql.DB, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("database file: %w", err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return nil, fmt.Errorf("database file: %w", err)
	}
	q := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(OFF)", "cache_size(-4000)",
		"temp_store(MEMORY)", "wal_autocheckpoint(8000)", "mmap_size(33554432)",
	}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

// openPostgres opens a pool that works through a pooler in transaction mode: nothing is prepared on the server's side.
func openPostgres(dsn string) (*sql.DB, error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	conf.DefaultQueryExecMode = pgx.QueryExecModeExec
	conf.StatementCacheCapacity, conf.DescriptionCacheCapacity = 0, 0
	conf.RuntimeParams["application_name"] = "bailiwick"
	db := stdlib.OpenDB(*conf)
	db.SetMaxOpenConns(48)
	db.SetMaxIdleConns(48)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// Codes of constraint failures: the transaction goes on on SQLite, and the caller gets "exists".
const (
	sqliteConstraint       = 19
	postgresUnique         = "23505"
	postgresLockTimeout    = "55P03"
	postgresSerialization  = "40001"
	postgresDeadlock       = "40P01"
	postgresFull           = "53100"
	sqliteFull, sqliteBusy = 13, 5
)

// isConstraint says whether err is a failed unique or other constraint.
func isConstraint(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code()&0xff == sqliteConstraint
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == postgresUnique
}

// isTransient says whether the same transaction may succeed when it is tried again.
func isTransient(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code == postgresSerialization || pe.Code == postgresDeadlock
	}
	return false
}

// isFull says whether the engine had no room on its disk.
func isFull(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code()&0xff == sqliteFull
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == postgresFull
}

// isBusy says whether the engine could not do it now: a lock that was not given in time, a full disk.
func isBusy(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code()&0xff == sqliteFull || se.Code()&0xff == sqliteBusy
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == postgresLockTimeout
}
