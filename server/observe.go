package server

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/store"
)

// metrics are the numbers of one server, in a registry of its own: several servers may live in one process.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	commits  prometheus.Histogram
	group    prometheus.Histogram
	handler  http.Handler
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bailiwick_request_seconds", Help: "Time to answer requests, by route pattern and status; _count is their number.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}, []string{"route", "status"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bailiwick_commit_seconds", Help: "Time of the database's commits, fsync included.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5, 2},
		}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bailiwick_commit_requests", Help: "Requests that shared a commit.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256},
		}),
	}
	m.registry.MustRegister(m.requests, m.commits, m.group, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, DisableCompression: true})
	return m
}

// request is told of every answered request. The label is the route's pattern, so that no caller can make new series.
func (m *metrics) request(r *api.Route, status int, took time.Duration) {
	route := "none"
	if r != nil {
		route = r.Method + " " + r.Path
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

// commit is told of every commit.
func (m *metrics) commit(requests int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.group.Observe(float64(requests))
}

// gauges adds what is asked for when it is scraped.
func (m *metrics) gauges(s *Server) {
	for name, g := range map[string]struct {
		help string
		ask  func() float64
	}{
		"bailiwick_governance_version":      {"Governance version of the access map.", func() float64 { return float64(s.Store.Map().Version()) }},
		"bailiwick_objects":                 {"Governed objects in the access map, the trash included.", func() float64 { return float64(s.Store.Map().Objects()) }},
		"bailiwick_ledger_unsealed_entries": {"Entries of the ledger that are not in the tree yet; -1 = the database does not answer.", s.unsealed},
		"bailiwick_gathered_rows":           {"Rows of gathered requests that are not written yet.", func() float64 { return float64(s.Door.Gathered()) }},
		"bailiwick_artifacts_to_move":       {"Files that are not in the new store yet while artifacts move; -1 = not counted yet.", s.toMove},
		"bailiwick_streams":                 {"Open streams of events.", func() float64 { return float64(s.Door.Streams()) }},
		"bailiwick_ready":                   {"1 when /readyz answers 200.", s.readyGauge},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: g.help}, g.ask))
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bailiwick_info", Help: "The program that runs.",
		ConstLabels: prometheus.Labels{"version": Version, "engine": s.Store.Engine()}})
	info.Set(1)
	m.registry.MustRegister(info)
}

func (s *Server) unsealed() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	n := int64(-1)
	if err := s.Store.Read(ctx, func(tx *store.Tx) (err error) { n, err = tx.Unsealed(); return err }); err != nil {
		return -1
	}
	return float64(n)
}

func (s *Server) toMove() float64 {
	if s.move == nil {
		return 0
	}
	return float64(s.move.left.Load())
}

func (s *Server) readyGauge() float64 {
	if s.readiness().Status == "ready" {
		return 1
	}
	return 0
}

// page takes what Prometheus' handler writes.
type page struct {
	bytes.Buffer
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (p *page) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *page) WriteHeader(status int) { p.status = status }

// scrape answers with all numbers, in the format that the scraper asks for.
func (m *metrics) scrape(c *api.Call, _ *none) (*text, error) {
	r, err := http.NewRequest(http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", c.Header("Accept"))
	p := &page{header: http.Header{}, status: http.StatusOK}
	m.handler.ServeHTTP(p, r)
	if p.status != http.StatusOK {
		return nil, fail.New(fail.Internal, "metrics: %s", p.String())
	}
	c.SetHeader("Content-Type", p.header.Get("Content-Type"))
	out := text(p.String())
	return &out, nil
}
