// Package store is all SQL: one text for SQLite and PostgreSQL, one file a domain package, and the transactions in which decisions are
// made. A write sees the access map of its own moment; a governance change is alone, and its map is published when it is committed.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/tracking"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options say where a workspace's database is and how it behaves.
type Options struct {
	// Data is the folder of the SQLite file; it is made when absent and locked while open.
	Data string
	// Database is a postgres:// address; empty = SQLite in Data.
	Database string
	// Log takes what an operator should know; nil = discarded.
	Log *slog.Logger
	// Clock tells the time; nil = the system's.
	Clock func() time.Time
	// Committed is told of each commit: how many requests shared it, and how long it took. It must return at once; nil = nobody is told.
	Committed func(requests int, took time.Duration)
	// Full is told when a write failed because the disk is full; nil = nobody is told.
	Full func()
}

// Store is one workspace's database with its access map. It may exist several times in a process.
type Store struct {
	d     *dialect
	db    *sql.DB
	log   *slog.Logger
	clock func() time.Time
	ids   *idSource
	lock  *os.File
	file  string

	current atomic.Pointer[authz.Map]
	// advance serialises the folding of events into the map, so that it never goes back.
	advance sync.Mutex
	// refreshing lets one at a time look for what other replicas committed; refreshed is when the last such look began.
	refreshing sync.Mutex
	refreshed  time.Time

	queue     chan *job
	stopped   chan struct{}
	stopping  chan struct{}
	closeOnce sync.Once
	readers   chan *conn
	committed atomic.Int64 // stamp of the last committed group (single writer)

	// What searches keep in memory; each is brought up to the transaction that asks.
	runs        *indexes[*tracking.RunIndex]
	models      *indexes[*tracking.LoggedModelIndex]
	experiments *experimentIndex
	registry    *registryIndex
	documents   *documents
	locations   sync.Map // of experiments
	listening   atomic.Pointer[listening]
	manifests   *manifestCache
	noticed     noticed
	arriving    arrivals

	workspace int64
	sealed    atomic.Pointer[sealed]
	keys      map[string][]byte
	// commit is COMMIT; tests put a failing one here.
	commit func(context.Context, *conn) error
	// told and full are Options.Committed and Full.
	told func(int, time.Duration)
	full func()
}

// Open opens a workspace's database, brings its schema up to date, sets up a new one, and loads the access map.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{
		log: o.Log, clock: o.Clock, ids: newIDSource(), queue: make(chan *job, maxGroup), stopped: make(chan struct{}),
		stopping: make(chan struct{}), commit: commitConn, told: o.Committed, full: o.Full,
		runs: newIndexes(maxIndexes, runRows), models: newIndexes(maxModelIndexes, loggedModelRows), experiments: &experimentIndex{}, registry: &registryIndex{}, documents: newDocuments(maxDocuments),
		manifests: newManifestCache(),
	}
	if s.told == nil {
		s.told = func(int, time.Duration) {}
	}
	if s.full == nil {
		s.full = func() {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if err := s.openEngine(o); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		s.closeFiles()
		return nil, err
	}
	return s, nil
}

func (s *Store) openEngine(o Options) (err error) {
	if o.Database != "" {
		if !strings.HasPrefix(o.Database, "postgres://") && !strings.HasPrefix(o.Database, "postgresql://") {
			return fail.Invalidf("database must be a postgres:// address, or empty for SQLite in the data folder")
		}
		s.d = &postgresDialect
		s.db, err = openPostgres(o.Database)
		return err
	}
	s.d = &sqliteDialect
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if s.lock, err = lockFolder(o.Data); err != nil {
		return err
	}
	s.file = filepath.Join(o.Data, databaseFile)
	s.db, err = openSQLite(s.file)
	return err
}

func (s *Store) start(ctx context.Context) error {
	if err := s.d.migrate(ctx, s.db); err != nil {
		return err
	}
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if !s.d.single {
		close(s.stopped)
		return s.load(ctx)
	}
	if err := s.openReaders(ctx); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	go s.writeLoop(newConn(c, s.d))
	return nil
}

// readConns is the number of connections that read SQLite; more than the processors only adds memory.
const readConns = 6

func (s *Store) openReaders(ctx context.Context) error {
	s.readers = make(chan *conn, readConns)
	for range readConns {
		c, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		s.readers <- newConn(c, s.d)
	}
	return nil
}

// Close stops taking writes, lets the running group finish, ends what is read beside requests, and closes the database. Requests still waiting get Unavailable.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { close(s.stopping) })
	s.runs.close()
	<-s.stopped
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	err := s.db.Close()
	if s.lock != nil {
		s.lock.Close()
	}
	return err
}

// Map is the access map as of the last governance change this process knows of.
func (s *Store) Map() *authz.Map { return s.current.Load() }

// Engine names the database engine: "sqlite" or "postgres".
func (s *Store) Engine() string { return s.d.name }

// Workspace is this workspace's id, a number below 2^53 made once.
func (s *Store) Workspace() int64 { return s.workspace }

// Key gives the installation's secret of that name (32 bytes), made at first start: "tokens", "pages", "addresses", "webhooks", "csrf",
// "oidc", "oauth", "rotation". Another name stops the program: what is signed with no key is signed by everybody.
func (s *Store) Key(name string) []byte {
	key, ok := s.keys[name]
	if !ok {
		panic("this installation has no key " + name)
	}
	return key
}

func (s *Store) now() int64 { return s.clock().UnixMilli() }

// idSource makes ids: 41 bits of milliseconds, 12 bits of a counter, 10 bits of chance for other replicas.
type idSource struct {
	mu   sync.Mutex
	last int64
	salt int64
}

func newIDSource() *idSource {
	var b [2]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return &idSource{salt: int64(binary.LittleEndian.Uint16(b[:]) & 0x3ff)}
}

func (g *idSource) next() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := time.Now().UnixMilli() << 12
	if n <= g.last {
		n = g.last + 1
	}
	g.last = n
	return n<<10 | g.salt
}

// randomID gives an id of a governed object or principal: chance below 2^53, from least on, so that ids tell nothing of their number.
func randomID(least int64) int64 {
	var b [8]byte
	for {
		rand.Read(b[:])
		if n := int64(binary.LittleEndian.Uint64(b[:]) >> 12); n >= least+1e9 {
			return n
		}
	}
}
