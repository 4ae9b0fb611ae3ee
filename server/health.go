package server

import (
	"context"
	"sync/atomic"
	"time"

	"bailiwick/api"
	"bailiwick/store"
)

// MLflowVersion is the version of MLflow's protocol that this server speaks: all that /version answers, as clients parse it.
const MLflowVersion = "3.17.2"

// Version is this program's own version; a release's build sets it.
var Version = "0.1.0-dev"

// health is what the server knows of its own state beyond what it can ask.
type health struct {
	// wrote is when the sealer last got through the writer (ms since 1970); its failures are in failing.
	wrote   atomic.Int64
	failing atomic.Bool
	// full: the disk was full and the reserve is not there again.
	full atomic.Bool
}

// sealed takes note of how a turn of the sealer went.
func (h *health) sealed(err error) {
	h.failing.Store(err != nil)
	if err == nil {
		h.wrote.Store(time.Now().UnixMilli())
	}
}

// text is an answer of plain text.
type text string

// none is the request of routes that read nothing.
type none struct{}

// healthFront serves what probes and monitoring ask, without credential.
func (s *Server) healthFront() *api.Front {
	routes := []api.Route{
		api.Open("GET /health", "probes carry no credential, and the answer is always the same", plainly("OK")),
		api.Open("GET /version", "clients ask before they sign in, and the answer is always the same", plainly(MLflowVersion)),
		api.Open("GET /readyz", "load balancers carry no credential, and the answer says only whether parts work", s.ready),
	}
	if s.Config.Metrics {
		routes = append(routes, api.Open("GET /metrics",
			"scrapers carry no credential; numbers only, no names; off with metrics: false, and to be kept inside the network", s.metrics.scrape))
	}
	return &api.Front{Name: "health", Service: "health", Prefixes: []string{""}, ContentType: "application/json", Fail: api.FailJSON,
		Routes: routes, Decode: func(*api.Input, any) error { return nil }, Encode: encodePlain}
}

func encodePlain(answer any) ([]byte, error) {
	if t, ok := answer.(*text); ok {
		return []byte(*t), nil
	}
	return api.EncodeJSON(answer)
}

func plainly(t text) func(*api.Call, *none) (*text, error) {
	return func(c *api.Call, _ *none) (*text, error) {
		c.SetHeader("Content-Type", "text/plain; charset=utf-8")
		return &t, nil
	}
}

// readiness is what /readyz answers: each part is "ok" or says in a word what is wrong.
type readiness struct {
	Status   string `json:"status"`
	Database string `json:"database"`
	Ledger   string `json:"ledger"`
	Disk     string `json:"disk"`
	// Artifacts is there while they move to another store, and says how far that is; it makes nobody unready.
	Artifacts string `json:"artifacts,omitempty"`
}

const (
	// databaseTime is how long the database may take to answer a probe.
	databaseTime = 2 * time.Second
	// staleSeal is how long the sealer, which comes by every second, may not have got through.
	staleSeal = 15 * time.Second
)

func (s *Server) ready(c *api.Call, _ *none) (*readiness, error) {
	r := s.readiness()
	if r.Status != "ready" {
		c.SetStatus(503)
	}
	return &r, nil
}

func (s *Server) readiness() readiness {
	r := readiness{Status: "ready", Database: "ok", Ledger: "ok", Disk: "ok", Artifacts: s.moving()}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	if err := s.Store.Read(ctx, func(*store.Tx) error { return nil }); err != nil {
		r.Status, r.Database = "not ready", "no answer"
	}
	stale := time.Since(time.UnixMilli(s.health.wrote.Load())) > staleSeal
	if s.health.failing.Load() || stale {
		r.Status, r.Ledger = "not ready", "cannot be written"
	}
	if s.health.full.Load() {
		r.Status, r.Disk = "not ready", "full"
	}
	return r
}
