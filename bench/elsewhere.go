package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A version of a model that lies outside of the server's store is copied by the server itself, and is ready when its bytes are safe.

// elsewhere is the folder of locations that a server of ours allows experiments to have.
func elsewhere(dir string) string { return filepath.Join(dir, "elsewhere") }

// openElsewhere copies a large file: our server into a version, the plain copy into a file. Its figure is MiB a second.
func openElsewhere(ctx context.Context, b *bench, s *site) (measure, error) {
	if s.peer.name == plainCopy {
		return func(context.Context, int) (float64, error) { return b.copyPlainly(s) }, nil
	}
	name := b.name("elsewhere")
	root := filepath.Join(elsewhere(s.dir), name)
	var made experiment
	if err := s.post(ctx, mlflowAPI+"/experiments/create", object{"name": name, "artifact_location": "file://" + root}, &made); err != nil {
		return nil, err
	}
	trained, err := s.createRun(ctx, made.ID, "trained")
	if err != nil {
		return nil, err
	}
	if err := s.post(ctx, mlflowAPI+"/registered-models/create", object{"name": name}, nil); err != nil {
		return nil, err
	}
	id := trained.Info.RunID
	return func(ctx context.Context, _ int) (float64, error) {
		folder := b.name("model")
		if err := b.writeLarge(filepath.Join(root, id, "artifacts", folder, "weights.bin")); err != nil {
			return 0, err
		}
		began := time.Now()
		var got oneVersion
		if err := s.post(ctx, mlflowAPI+"/model-versions/create", object{"name": name, "source": "runs:/" + id + "/" + folder, "run_id": id}, &got); err != nil {
			return 0, err
		}
		if err := s.awaitReady(ctx, name, got.Version.Version); err != nil {
			return 0, err
		}
		return float64(b.size.large) / time.Since(began).Seconds(), nil
	}, nil
}

// writeLarge writes a large file that no other is like, and sees to it that it is on the disk.
func (b *bench) writeLarge(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block, number := newBlock(), b.next()<<32
	for i := 0; err == nil && i < b.size.large; i++ {
		_, err = f.Write(stamped(block, number+i))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func (b *bench) copyPlainly(s *site) (float64, error) {
	from, to := filepath.Join(s.dir, b.name("from")), filepath.Join(s.dir, b.name("to"))
	if err := b.writeLarge(from); err != nil {
		return 0, err
	}
	f, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	began := time.Now()
	if err := writeDurably(to, f); err != nil {
		return 0, err
	}
	spent := time.Since(began)
	return float64(b.size.large) / spent.Seconds(), errors.Join(os.Remove(from), os.Remove(to))
}

// awaitReady asks for a version until it is registered.
func (s *site) awaitReady(ctx context.Context, name, version string) error {
	path := fmt.Sprintf("%s/model-versions/get?name=%s&version=%s", mlflowAPI, name, version)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var got oneVersion
		if err := s.call(ctx, "GET", path, nil, &got); err != nil {
			return err
		}
		switch got.Version.Status {
		case "READY":
			return nil
		case "PENDING_REGISTRATION":
			time.Sleep(10 * time.Millisecond)
		default:
			return wrongf("version %s of %s is %s", version, name, got.Version.Status)
		}
	}
	return wrongf("version %s of %s is not registered after %s", version, name, patience)
}
