package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// findRoot gives the project's folder: the working directory or the nearest one above it with a go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("run this inside the project's folder")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// install provides the programs that the chosen peers need.
func (b *bench) install(ctx context.Context) error {
	b.binary = filepath.Join(b.root, "bin", "bailiwick")
	if _, err := os.Stat(b.binary); err != nil && b.opt.wants(ours, oursPG, many) {
		if _, err := b.output(ctx, "go", "build", "-o", b.binary, "./cmd/bailiwick"); err != nil {
			return err
		}
	}
	if !b.opt.wants(mlflow, mlflowAuth, mlflowPG, fasttrack) {
		return nil
	}
	python, err := b.output(ctx, "scripts/ensure-python")
	if err != nil {
		return err
	}
	b.python = python
	b.packages = filepath.Join(b.root, ".cache", "bench", "python")
	return b.installPackages(ctx)
}

// installPackages puts bench/requirements.txt into a folder of its own, once, so that the clients' environment stays as it is pinned.
func (b *bench) installPackages(ctx context.Context) error {
	wanted := filepath.Join(b.root, "bench", "requirements.txt")
	text, err := os.ReadFile(wanted)
	if err != nil {
		return err
	}
	stamp, is := filepath.Join(b.packages, "stamp"), fmt.Sprintf("%x", sha256.Sum256(text))
	if was, err := os.ReadFile(stamp); err == nil && string(was) == is {
		return nil
	}
	b.say("installing %s into %s", wanted, b.packages)
	if err := os.RemoveAll(b.packages); err != nil {
		return err
	}
	if _, err := b.output(ctx, b.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "-q",
		"--target", b.packages, "-r", wanted); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(is), 0o600)
}

// pythonEnv lets the clients' Python find what installPackages installed, and keeps it from calling home.
func (b *bench) pythonEnv() []string {
	return []string{"PYTHONPATH=" + b.packages, "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true"}
}

// output runs a command in the project's folder and gives what it printed.
func (b *bench) output(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = b.root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(complaint.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}

const clusterVariable = "BAILIWICK_TEST_POSTGRES"

// ensureCluster makes sure that a PostgreSQL cluster with durable commits runs as long as this process: where there is none, the process
// becomes scripts/with-postgres, which starts one and this program again.
func (b *bench) ensureCluster(ctx context.Context) error {
	if !b.opt.postgres {
		return nil
	}
	programs, err := b.output(ctx, "scripts/ensure-postgres")
	if err != nil {
		return err
	}
	b.psql = filepath.Join(programs, "psql")
	if b.cluster = os.Getenv(clusterVariable); b.cluster != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := filepath.Join(b.root, "scripts", "with-postgres")
	return syscall.Exec(script, append([]string{script, self}, os.Args[1:]...), append(os.Environ(), "WITH_POSTGRES_FSYNC=on"))
}
