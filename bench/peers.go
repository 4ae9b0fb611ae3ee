package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// peer is a kind of server that the work is played on.
type peer struct {
	name     string
	postgres bool // keeps its data in a database of the cluster that -postgres starts
	ready    string
	auth     string
	// start gives the program with its arguments and its environment for a folder, an address and, with postgres, a database URL.
	start func(b *bench, dir, addr, database string) (args, env []string, err error)
	// seedURI says where bench/seed.py finds the server's tables; nil = runs are made over HTTP.
	seedURI func(dir, database string) string
}

// The names of peers.
const (
	ours       = "bailiwick"
	mlflow     = "mlflow"
	mlflowAuth = "mlflow-auth"
	fasttrack  = "fasttrackml"
	plainCopy  = "copy"
	oursPG     = "bailiwick-pg"
	mlflowPG   = "mlflow-pg"
	many       = "many" // this server with many objects; not started with the others
)

var (
	adminToken   = "bench-" + rand.Text() + rand.Text()
	peerPassword = rand.Text() + rand.Text()
)

var peers = []peer{
	{name: ours, ready: "/readyz", auth: "Bearer " + adminToken, start: startOurs},
	{name: mlflow, ready: "/health", start: startMLflow, seedURI: mlflowDatabase},
	{name: mlflowAuth, ready: "/health", auth: basic("admin", peerPassword), start: startMLflowAuth},
	{name: fasttrack, ready: "/health", start: startFastTrack},
	{name: plainCopy, ready: "/health", start: startCopy},
	{name: oursPG, ready: "/readyz", auth: "Bearer " + adminToken, start: startOurs, postgres: true},
	{name: mlflowPG, ready: "/health", start: startMLflow, seedURI: mlflowDatabase, postgres: true},
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func startOurs(b *bench, dir, addr, database string) (args, env []string, err error) {
	args = []string{b.binary, "serve", "--listen", addr, "--data", filepath.Join(dir, "data"), "--artifact-prefixes", "file://" + elsewhere(dir)}
	if database != "" {
		args = append(args, "--database", database)
	}
	return args, []string{"BAILIWICK_ADMIN_TOKEN=" + adminToken}, nil
}

func mlflowDatabase(dir, database string) string {
	if database != "" {
		return strings.TrimSuffix(strings.Replace(database, "postgres://", "postgresql+psycopg2://", 1), "?sslmode=disable")
	}
	return "sqlite:///" + filepath.Join(dir, "mlflow.db")
}

func startMLflow(b *bench, dir, addr, database string) (args, env []string, err error) {
	host, port, err := net.SplitHostPort(addr)
	args = []string{
		b.python, "-m", "mlflow", "server", "--host", host, "--port", port,
		"--backend-store-uri", mlflowDatabase(dir, database), "--artifacts-destination", filepath.Join(dir, "artifacts"),
	}
	return args, b.pythonEnv(), err
}

func startMLflowAuth(b *bench, dir, addr, database string) (args, env []string, err error) {
	ini := filepath.Join(dir, "auth.ini")
	text := "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///" + filepath.Join(dir, "auth.db") +
		"\nadmin_username = admin\nadmin_password = " + peerPassword +
		"\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	args, env, err = startMLflow(b, dir, addr, database)
	return append(args, "--app-name", "basic-auth"),
		append(env, "MLFLOW_AUTH_CONFIG_PATH="+ini, "MLFLOW_FLASK_SERVER_SECRET_KEY="+peerPassword), err
}

func startFastTrack(b *bench, dir, addr, _ string) (args, env []string, err error) {
	return []string{
		filepath.Join(b.packages, "bin", "fml"), "server", "--listen-address", addr,
		"--database-uri", "sqlite://" + filepath.Join(dir, "fasttrackml.db"), "--default-artifact-root", filepath.Join(dir, "artifacts"),
	}, nil, nil
}

func startCopy(_ *bench, dir, addr, _ string) (args, env []string, err error) {
	self, err := os.Executable()
	return []string{self, copyServer, addr, filepath.Join(dir, "files")}, nil, err
}

// boot starts a peer in a new folder and waits until it is ready; it also gives how long that took. The site is stopped with the bench.
func (b *bench) boot(ctx context.Context, p *peer) (*site, time.Duration, error) {
	b.boots++
	name := fmt.Sprintf("%s-%d", p.name, b.boots)
	s := &site{name: p.name, peer: p, auth: p.auth, dir: filepath.Join(b.dir, name)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, 0, err
	}
	database := ""
	if p.postgres {
		var err error
		if database, err = b.createDatabase(ctx, strings.ReplaceAll(name, "-", "_")); err != nil {
			return nil, 0, err
		}
	}
	if p.seedURI != nil {
		s.seedURI = p.seedURI(s.dir, database)
	}
	took, err := b.start(ctx, s, database)
	return s, took, err
}

// start starts a site's program, in a folder that may hold data already.
func (b *bench) start(ctx context.Context, s *site, database string) (time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	s.addr = fmt.Sprint("127.0.0.1:", port)
	args, env, err := s.peer.start(b, s.dir, s.addr, database)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if s.process, err = launch(s.name, s.dir, env, args); err != nil {
		return 0, err
	}
	b.processes = append(b.processes, s.process)
	if err = s.process.ready(ctx, "http://"+s.addr+s.peer.ready, 3*time.Minute); err != nil {
		s.process.stop()
	}
	return time.Since(began), err
}

// freePort finds a port that nobody listens on, below those that the system gives to outgoing connections.
func freePort() (int, error) {
	for range 200 {
		var random [2]byte
		rand.Read(random[:])
		port := 20000 + (int(random[0])<<8|int(random[1]))%12000
		if l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port found between 20000 and 32000")
}

// createDatabase makes a database in the cluster and gives its URL.
func (b *bench) createDatabase(ctx context.Context, name string) (string, error) {
	at := strings.LastIndex(b.cluster, "/postgres?")
	if at < 0 {
		return "", fmt.Errorf("%s is not the cluster's address", b.cluster)
	}
	if out, err := exec.CommandContext(ctx, b.psql, b.cluster, "-qc", `CREATE DATABASE "`+name+`"`).CombinedOutput(); err != nil {
		return "", fmt.Errorf("creating the database %s: %w: %s", name, err, out)
	}
	return b.cluster[:at+1] + name + b.cluster[at+len("/postgres"):], nil
}
