package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"bailiwick/api"
	"bailiwick/api/databricks"
	"bailiwick/api/mlflow"
	"bailiwick/blob"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
)

// Server is one process's worth of Bailiwick: a store, the artifact bytes, the door with its protocols, the workers.
type Server struct {
	Config Config
	Store  *store.Store
	Blobs  blob.Store
	Door   *api.Door
	// Link is the address of the one-time sign-in of the first administrator; empty when there is none.
	Link string

	log      *slog.Logger
	http     *http.Server
	listener net.Listener
	stop     context.CancelFunc
	workers  chan struct{}
}

// MinAdminToken is the least length of the administrator's token given from outside.
const MinAdminToken = 32

// Open puts a server together: it opens the database and the artifact store, founds a new workspace, and starts the workers. adminToken is
// the first administrator's token for a new workspace; empty = a one-time link.
func Open(ctx context.Context, cfg Config, adminToken string, log *slog.Logger) (*Server, error) {
	if adminToken != "" && len(adminToken) < MinAdminToken {
		return nil, fmt.Errorf("BAILIWICK_ADMIN_TOKEN must have at least %d characters", MinAdminToken)
	}
	st, err := store.Open(ctx, store.Options{Data: cfg.Data, Database: cfg.Database, Log: log})
	if err != nil {
		return nil, err
	}
	s := &Server{Config: cfg, Store: st, log: log, workers: make(chan struct{})}
	if err := s.assemble(ctx, adminToken); err != nil {
		st.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) assemble(ctx context.Context, adminToken string) (err error) {
	place := s.Config.Artifacts
	if place == "" {
		place = filepath.Join(s.Config.Data, "artifacts")
	}
	if s.Blobs, err = blob.Open(place); err != nil {
		return err
	}
	if err := s.found(ctx, adminToken); err != nil {
		return err
	}
	s.Door = &api.Door{
		Store: s.Store, Log: s.log, PublicURL: s.Config.PublicURL, Trusted: s.Config.TrustedProxies, Hosts: s.Config.AllowedHosts,
		EveryRead: s.Config.Audit.Reads == "every", EveryWrite: s.Config.Audit.Writes == "every",
	}
	s.mount()
	ctx, s.stop = context.WithCancel(context.Background())
	go s.work(ctx)
	return nil
}

// mount adds every protocol; the first one's error shape is used where no prefix fits.
func (s *Server) mount() {
	front := &mlflow.Front{
		Blobs: s.Blobs, RelativeNames: s.Config.RelativeNames, DefaultExperiment: s.Config.DefaultExperiment,
		Prefixes: s.Config.ArtifactPrefixes, MaxArtifact: s.Config.Limits.Artifact,
	}
	front.Mount(s.Door)
	(&databricks.Front{MaxImport: s.Config.Limits.Import}).Mount(s.Door)
}

// found sets up a new workspace.
func (s *Server) found(ctx context.Context, adminToken string) (err error) {
	f := store.Founding{Admin: "admin", AccessControl: s.Config.AccessControl != AccessOff}
	if adminToken != "" {
		h := identity.Hash(s.Store.Key("tokens"), []byte(adminToken))
		f.TokenHash = h[:]
		if f.TokenID, err = identity.NewTokenID(rand.Reader); err != nil {
			return err
		}
	}
	_, _, err = s.Store.Found(ctx, f)
	return err
}

// work runs until the server stops: it writes what was gathered.
func (s *Server) work(ctx context.Context) {
	defer close(s.workers)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.flush(ctx)
		}
	}
}

// flush writes what the door gathered.
func (s *Server) flush(ctx context.Context) {
	err := s.Door.Flush(func(rows []ledger.Tally) error {
		return s.Store.Write(ctx, func(tx *store.Tx) error {
			for _, t := range rows {
				if err := tx.Tally(t); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		s.log.Error("gathered requests were not written yet", "error", err)
	}
}

// Listen opens the listener and serves until Close; it returns once the address is bound.
func (s *Server) Listen() (addr string, err error) {
	if s.listener, err = net.Listen("tcp", s.Config.Listen); err != nil {
		return "", err
	}
	s.http = &http.Server{
		Handler: s.Door, ReadHeaderTimeout: s.Config.Limits.HeaderTime, IdleTimeout: s.Config.Limits.IdleTime,
		MaxHeaderBytes: int(s.Config.Limits.Header), ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ln := s.listener
	if s.Config.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(s.Config.TLS.Cert, s.Config.TLS.Key)
		if err != nil {
			return "", err
		}
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	go func() {
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("listener", "error", err)
		}
	}()
	return s.listener.Addr().String(), nil
}

// Close lets open requests end within the grace time, then stops the workers and closes the store.
func (s *Server) Close() error {
	if s.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), s.Config.Grace)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			s.http.Close()
		}
	}
	s.stop()
	<-s.workers
	s.flush(context.Background())
	return s.Store.Close()
}
