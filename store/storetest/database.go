// Package storetest is the contract that both engines keep, and what tests need to run on either.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers by their names
	_ "modernc.org/sqlite"
)

// Database gives the address of an empty database for one test: a schema of its own in the PostgreSQL cluster that
// BAILIWICK_TEST_POSTGRES names, or "" for SQLite when it names none.
func Database(t testing.TB) string {
	t.Helper()
	base := os.Getenv("BAILIWICK_TEST_POSTGRES")
	if base == "" {
		return ""
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("t%d", rand.Uint64())
	if _, err := db.ExecContext(context.Background(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Exec("DROP SCHEMA " + schema + " CASCADE") // best effort: the cluster is thrown away
		db.Close()
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// Exec runs a statement past the store, as somebody would who has the database in his hands: of the PostgreSQL address, or of the SQLite file in
// the folder where that is empty.
func Exec(t testing.TB, folder, database, query string) {
	t.Helper()
	driver, source := "pgx", database
	if database == "" {
		driver, source = "sqlite", "file:"+folder+"/bailiwick.db?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}
