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
	"slices"
	"time"

	"bailiwick/api"
	"bailiwick/api/console"
	"bailiwick/api/databricks"
	"bailiwick/api/governance"
	"bailiwick/api/mlflow"
	"bailiwick/api/mlflowui"
	"bailiwick/api/oauth"
	"bailiwick/api/oidc"
	"bailiwick/api/scim"
	"bailiwick/blob"
	"bailiwick/identity"
	"bailiwick/kek"
	"bailiwick/ledger"
	"bailiwick/registry/webhook"
	"bailiwick/store"
	"bailiwick/web"
	"bailiwick/worker"
)

// Server is one process's worth of Bailiwick: a store, the artifact bytes, the door with its protocols, the workers.
type Server struct {
	Config Config
	Store  *store.Store
	Blobs  blob.Store
	Door   *api.Door
	// Link is the address of the one-time sign-in of the first administrator; empty when there is none.
	Link string

	code      string // the secret part of Link
	signer    *ledger.Signer
	public    []string // keys that may have signed the ledger's checkpoints, the signer's first
	health    health
	move      *move // nil when artifacts stay where they are
	metrics   *metrics
	log       *slog.Logger
	http      *http.Server
	listener  net.Listener
	stop      context.CancelFunc
	workers   chan struct{}
	hooks     *worker.Deliverer
	allow     *webhook.Allow
	pages     *mlflowui.Front
	hub       *governance.Hub
	backups   *backups
	signIn    *oidc.Front
	oauth     *oauth.Front
	vault     *kek.Vault
	keys      *worker.Rewrapper
	rotations *worker.Rotations
}

// MinAdminToken is the least length of the administrator's token given from outside.
const MinAdminToken = 32

// Open puts a server together: it opens the database and the artifact store, founds a new workspace, and starts the workers. adminToken is
// the first administrator's token for a new workspace; empty = a one-time link.
func Open(ctx context.Context, cfg Config, adminToken string, log *slog.Logger) (*Server, error) {
	if adminToken != "" && len(adminToken) < MinAdminToken {
		return nil, fmt.Errorf("BAILIWICK_ADMIN_TOKEN must have at least %d characters", MinAdminToken)
	}
	s := &Server{Config: cfg, log: log, workers: make(chan struct{}), metrics: newMetrics(), hub: governance.NewHub()}
	var err error
	s.Store, err = store.Open(ctx, store.Options{Data: cfg.Data, Database: cfg.Database, Log: log, Committed: s.committed, Full: s.diskFull})
	if err != nil {
		return nil, err
	}
	if err := s.assemble(ctx, adminToken); err != nil {
		s.Store.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) assemble(ctx context.Context, adminToken string) (err error) {
	if err = s.openBlobs(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return s.found(ctx, adminToken) }, s.setAccessControl, s.openSigner, s.tidyAtStart,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if s.allow, err = webhook.ParseAllow(s.Config.Webhooks.Allow); err != nil {
		return err
	}
	s.hooks = &worker.Deliverer{Store: s.Store, Log: s.log, Sender: worker.NewSender(s.allow, "bailiwick/"+Version)}
	hosts, anyAddress := s.Config.Hosts()
	s.Door = &api.Door{
		Store: s.Store, Log: s.log, PublicURL: s.Config.PublicURL, Trusted: s.Config.TrustedProxies, Hosts: hosts, AnyAddress: anyAddress,
		EveryRead: s.Config.Audit.Reads == "every", EveryWrite: s.Config.Audit.Writes == "every",
		Product: "bailiwick/" + Version, Observe: s.metrics.request,
		MaxBody: s.Config.Limits.Body, MaxDepth: s.Config.Limits.Depth, MaxDrain: s.Config.Limits.Drain,
	}
	if err = s.openPages(); err != nil {
		return err
	}
	if err = s.openBackups(); err != nil {
		return err
	}
	if err = s.openProviders(); err != nil {
		return err
	}
	if err = s.openOAuth(ctx); err != nil {
		return err
	}
	if err = s.openVault(ctx); err != nil {
		return err
	}
	s.openRotations()
	s.hub.Store, s.hub.Log = s.Store, s.log
	s.mount()
	s.metrics.gauges(s)
	ctx, s.stop = context.WithCancel(context.Background())
	go s.work(ctx)
	return nil
}

// mount adds every protocol; the first one's error shape is used where no prefix fits.
func (s *Server) mount() {
	front := &mlflow.Front{
		Blobs: s.Blobs, Arrive: s.Store.Arrive, Resumable: s.Config.ArtifactsResumable, RelativeNames: s.Config.RelativeNames, DefaultExperiment: s.Config.DefaultExperiment,
		Prefixes: s.Config.ArtifactPrefixes, MaxArtifact: s.Config.Limits.Artifact, Hooks: s.hooks, Allow: s.allow,
	}
	front.Direct = s.direct()
	front.Mount(s.Door)
	(&databricks.Front{MaxImport: s.Config.Limits.Import, TokenKey: s.Store.Key("tokens"), Vault: s.vault, Account: s.oauth.Account}).Mount(s.Door)
	(&scim.Front{}).Mount(s.Door)
	s.pages.Mount(s.Door)
	(&governance.Front{
		Workspace: s.Store.Workspace(), TokenKey: s.Store.Key("tokens"), Version: Version, MLflow: MLflowVersion, Signer: s.signer,
		PublicKeys: s.public, Folder: s.Config.Data, SessionLife: s.Config.SessionLife, With: slices.Concat(s.pages.Routes(), front.ViewRoutes(), s.signIn.Routes(), s.oauth.Routes()), MLflowUI: s.pages.Available,
		Hub: s.hub, Backups: s.backups, Vault: s.vault, Rotator: s.rotator(),
	}).Mount(s.Door)
	s.signIn.Mount(s.Door)
	s.oauth.Mount(s.Door)
	s.Door.Mount(s.healthFront())
	(&console.Front{Files: web.Files()}).Mount(s.Door)
}

// committed is told of every commit.
func (s *Server) committed(requests int, took time.Duration) {
	s.metrics.commit(requests, took)
	s.hub.Wake()
}

// openPages reads MLflow's own pages where the configuration names them.
func (s *Server) openPages() (err error) {
	s.pages = &mlflowui.Front{Blobs: s.Blobs, Folder: s.Config.Data, Map: s.Store.Map, Log: s.log}
	if s.Config.MLflowUI == "" {
		return nil
	}
	if s.pages.Configured, err = mlflowui.Open(s.Config.MLflowUI); err != nil {
		return fmt.Errorf("mlflow-ui: %w", err)
	}
	return nil
}

// direct is the object store where clients may send and fetch bytes by themselves: none, unless it was switched on and can sign addresses.
func (s *Server) direct() blob.Stager {
	if !s.Config.ArtifactsDirect {
		return nil
	}
	stager, ok := s.Blobs.(blob.Stager)
	if !ok {
		s.log.Warn("artifacts-direct needs artifacts in an object store, with none that they are moving from: addresses are this server's own")
		return nil
	}
	if _, err := stager.PutAddress(context.Background(), stager.Stage(), blob.MaxAddressLife); err != nil {
		s.log.Warn("artifacts-direct needs credentials that can sign: addresses are this server's own", "error", err)
		return nil
	}
	return stager
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
	if _, _, err = s.Store.Found(ctx, f); err != nil {
		return err
	}
	return s.offerLink(ctx)
}

// setAccessControl applies the setting where the configuration has one.
func (s *Server) setAccessControl(ctx context.Context) error {
	if s.Config.AccessControl == AccessKeep || s.Config.AccessControl == "" {
		return nil
	}
	return s.Store.SetAccessControl(ctx, s.Config.AccessControl == AccessOn)
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
	s.http.RegisterOnShutdown(s.Door.EndStreams)
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
	s.tellLink()
	return s.listener.Addr().String(), nil
}

// Address is where a person on this machine, or as configured, reaches the server once it listens.
func (s *Server) Address() string { return s.address() }

// lastWork is how long the last flush and sealing may take when the server stops.
const lastWork = 10 * time.Second

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
	s.backups.close()
	<-s.workers
	ctx, cancel := context.WithTimeout(context.Background(), lastWork)
	defer cancel()
	return errors.Join(s.flush(ctx), s.flushSightings(ctx, true), s.seal(ctx), s.tellCheckpoint(ctx), s.vault.Close(), s.Store.Close())
}
