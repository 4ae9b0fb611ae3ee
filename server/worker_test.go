package server

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/ledger"
	"bailiwick/store"
	"bailiwick/store/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

// start opens a server that does not listen.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Open(context.Background(), cfg, strings.Repeat("t", MinAdminToken), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func config(t *testing.T) Config {
	cfg := Default()
	cfg.Data, cfg.Listen, cfg.Database = t.TempDir(), "127.0.0.1:0", storetest.Database(t)
	return cfg
}

func TestChoresGoOnAfterFailures(t *testing.T) {
	var runs atomic.Int32
	ctx, stop := context.WithCancel(context.Background())
	c := chore{"test", time.Millisecond, 0, func(context.Context) error {
		switch runs.Add(1) {
		case 1:
			return errors.New("failed")
		case 2:
			panic("lost")
		case 5:
			stop()
		}
		return nil
	}}
	c.run(ctx, quiet)
	if n := runs.Load(); n != 5 {
		t.Errorf("ran %d times, want 5", n)
	}
}

func TestSigningKeyIsKept(t *testing.T) {
	cfg := config(t)
	s := start(t, cfg)
	first := s.signer.Public()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(cfg.Data, ledgerKeyFile)
	if cfg.Database == "" {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key's file: %v, %v", info, err)
		}
	}
	s = start(t, cfg)
	if diff := cmp.Diff([]string{first}, s.public); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	s.Close()

	// A key outside of the data folder is made there, and the old one is still trusted for what it signed.
	cfg.LedgerKey = filepath.Join(t.TempDir(), "outside.key")
	s = start(t, cfg)
	if len(s.public) != 2 || s.public[1] != first || s.public[0] == first {
		t.Errorf("after another key: %v", s.public)
	}
	var report ledger.Report
	err := s.Store.Read(context.Background(), func(tx *store.Tx) (err error) {
		report, err = tx.Verify(s.public)
		return err
	})
	if err != nil || report.To == 0 {
		t.Errorf("both keys: %+v, %v", report, err)
	}
	s.Close()

	foreign, _, err := ledger.GenerateKey(strings.NewReader(strings.Repeat("x", 64)), ledger.Origin("12345"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.LedgerKey, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), cfg, "", quiet); err == nil || !strings.Contains(err.Error(), "it is that of") {
		t.Errorf("another workspace's key: %v", err)
	}
}

func TestAccessControlIsAppliedAtStart(t *testing.T) {
	cfg := config(t)
	for i, c := range []struct {
		setting string
		want    bool
	}{{AccessKeep, true}, {AccessOff, false}, {AccessKeep, false}, {AccessOn, true}} {
		cfg.AccessControl = c.setting
		s := start(t, cfg)
		if got := s.Store.Map().AccessControl(); got != c.want {
			t.Errorf("start %d with %s: %v", i, c.setting, got)
		}
		s.Close()
	}
}

// TestCollect keeps what rows name and what is young, and takes the rest.
func TestCollect(t *testing.T) {
	s := start(t, config(t))
	defer s.Close()
	ctx := context.Background()
	kept := keep(t, s.Blobs, "named by a row")
	lost := keep(t, s.Blobs, "named by nothing")
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.PutArtifact(&store.Artifact{Owner: "exp/9", Path: "a", Experiment: authz.DefaultExperiment, Digest: kept, Size: 14})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Collect(ctx, time.Hour); n != 0 || err != nil {
		t.Errorf("young bytes: %d, %v", n, err)
	}
	if n, err := s.Collect(ctx, -time.Hour); n != 1 || err != nil {
		t.Errorf("old bytes: %d, %v", n, err)
	}
	if _, err := s.Blobs.Stat(ctx, kept); err != nil {
		t.Error(err)
	}
	if _, err := s.Blobs.Stat(ctx, lost); err == nil {
		t.Error("bytes that nothing names are still there")
	}
}

func keep(t *testing.T, s blob.Store, text string) blob.Digest {
	t.Helper()
	w, err := s.Create(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	d, _, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadiness(t *testing.T) {
	s := start(t, config(t))
	defer s.Close()
	if err := s.seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.stop() // the sealer that runs by itself would say in between that all is well
	<-s.workers
	ok := readiness{"ready", "ok", "ok", "ok", ""}
	for name, c := range map[string]struct {
		break_ func(*health)
		want   readiness
	}{
		"all well":            {func(*health) {}, ok},
		"sealing fails":       {func(h *health) { h.sealed(errors.New("x")) }, readiness{"not ready", "ok", "cannot be written", "ok", ""}},
		"sealer got stuck":    {func(h *health) { h.failing.Store(false); h.wrote.Store(1) }, readiness{"not ready", "ok", "cannot be written", "ok", ""}},
		"the disk is full":    {func(h *health) { h.sealed(nil); h.full.Store(true) }, readiness{"not ready", "ok", "ok", "full", ""}},
		"and well once again": {func(h *health) { h.sealed(nil); h.full.Store(false) }, ok},
	} {
		s.health.sealed(nil)
		s.health.full.Store(false)
		c.break_(&s.health)
		if got := s.readiness(); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestReserve gives the reserve up when the disk is full and makes it again.
func TestReserve(t *testing.T) {
	s := start(t, config(t))
	defer s.Close()
	if err := s.reserve(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := folderSize(t, s.Config.Data)
	s.diskFull()
	s.diskFull() // of many requests that fail at once, the first gives it up
	if freed := before - folderSize(t, s.Config.Data); freed < reserveSize || !s.health.full.Load() {
		t.Errorf("%d bytes were freed", freed)
	}
	if err := s.reserve(context.Background()); err != nil || s.health.full.Load() {
		t.Errorf("made again: %v", err)
	}
}

func folderSize(t *testing.T, dir string) (n int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !strings.HasPrefix(e.Name(), "bailiwick.db") {
			n += info.Size()
		}
	}
	return n
}

func TestHosts(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	local := []string{"localhost", "127.0.0.1", "::1"}
	for name, c := range map[string]struct {
		cfg  Config
		want []string
		any  bool
	}{
		"loopback":   {Config{Listen: "127.0.0.1:5000"}, append(local[:3:3], "127.0.0.1"), false},
		"a name":     {Config{Listen: "ml.lan:5000"}, append(local[:3:3], "ml.lan"), false},
		"everywhere": {Config{Listen: ":5000"}, append(local[:3:3], own), true},
		"zeros":      {Config{Listen: "0.0.0.0:5000"}, append(local[:3:3], own), true},
		"six zeros":  {Config{Listen: "[::]:5000"}, append(local[:3:3], own), true},
		"public":     {Config{Listen: "127.0.0.1:1", PublicURL: "https://ml.example.org"}, append(local[:3:3], "ml.example.org", "127.0.0.1"), false},
		"set":        {Config{Listen: ":5000", AllowedHosts: []string{"x"}}, []string{"x"}, false},
	} {
		got, anyAddress := c.cfg.Hosts()
		if diff := cmp.Diff(c.want, got); diff != "" || anyAddress != c.any {
			t.Errorf("%s: any %v (-want +got):\n%s", name, anyAddress, diff)
		}
	}
}
