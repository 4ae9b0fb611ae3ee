package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/blob"
	"bailiwick/fail"
)

// newPlace is an empty place for artifacts: below the bucket of scripts/with-stores where that runs, else a folder.
func newPlace(t *testing.T) string {
	if at, query, ok := strings.Cut(os.Getenv("BAILIWICK_TEST_S3"), "?"); ok {
		return at + "/" + rand.Text() + "?" + query
	}
	return filepath.Join(t.TempDir(), "new")
}

func openPlace(t *testing.T, place string) blob.Store {
	t.Helper()
	s, err := blob.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// moveVariable tells a run of this test binary to be a server that moves artifacts, until it is killed.
const moveVariable = "BAILIWICK_TEST_MOVE"

func TestMoveUntilKilled(t *testing.T) {
	text := os.Getenv(moveVariable)
	if text == "" {
		return // it is TestMove that starts this, as a process of its own
	}
	cfg := Default()
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		t.Fatal(err)
	}
	s := start(t, cfg)
	for { // the server's own turn begins after some seconds
		if err := s.moveArtifacts(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

// killMidway starts a server that moves artifacts and kills it when it has moved some.
func killMidway(t *testing.T, cfg Config, into blob.Store) {
	t.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestMoveUntilKilled$")
	child.Env = append(os.Environ(), moveVariable+"="+string(text))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		there, err := digestsIn(t.Context(), into)
		if err != nil {
			t.Error(err)
		}
		if len(there) > 5 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the server that was to be killed ended by itself")
	}
}

// TestMove moves artifacts from a folder to another store while files are read and written, after a server that did so was killed.
func TestMove(t *testing.T) {
	const files = 400
	cfg := config(t)
	s := start(t, cfg)
	var digests []blob.Digest
	for n := range files {
		digests = append(digests, name(t, s, fmt.Sprint("old/", n), strings.Repeat(fmt.Sprint("file ", n, "\n"), 2000)))
	}
	s.Close()
	cfg.Artifacts, cfg.ArtifactsFrom = newPlace(t), artifactsAt(&cfg)
	into := openPlace(t, cfg.Artifacts)
	killMidway(t, cfg, into)
	if there, err := digestsIn(t.Context(), into); err != nil || len(there) < 5 || len(there) > files-5 {
		t.Errorf("%d files were there when the server was killed, %v", len(there), err)
	}

	s = start(t, cfg)
	defer s.Close()
	if !strings.HasPrefix(s.moving(), "moving") || s.readiness().Artifacts == "" {
		t.Errorf("says %q before it moved all", s.moving())
	}
	stop, written := useWhile(t, s, digests)
	err := s.moveArtifacts(t.Context())
	stop()
	if err != nil || s.moving() != "moved" {
		t.Errorf("%v; says %q", err, s.moving())
	}
	for _, d := range append(digests, *written...) {
		if err := blob.Verify(t.Context(), into, d); err != nil {
			t.Error(err)
		}
	}
	old := openPlace(t, cfg.ArtifactsFrom)
	if there, err := digestsIn(t.Context(), old); err != nil || len(there) != files {
		t.Errorf("the old store has %d files now, %v", len(there), err)
	}
}

// useWhile reads the files and writes others until it is stopped.
func useWhile(t *testing.T, s *Server, digests []blob.Digest) (stop func(), written *[]blob.Digest) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	written = new([]blob.Digest)
	all.Go(func() {
		for n := 0; ctx.Err() == nil || n < 10; n++ {
			*written = append(*written, name(t, s, fmt.Sprint("new/", n), fmt.Sprint("written meanwhile ", n)))
		}
	})
	for range 2 {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := blob.Verify(t.Context(), s.Blobs, digests[n%len(digests)]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	return func() { cancel(); all.Wait() }, written
}

// TestMoveTellsWhatItCannot: files that are damaged or gone are named and left out, and the rest is moved.
func TestMoveTellsWhatItCannot(t *testing.T) {
	cfg := config(t)
	cfg.Data = filepath.Join(cfg.Data, "data")
	s := start(t, cfg)
	good, bad, gone := name(t, s, "a", "good"), name(t, s, "b", "damaged"), name(t, s, "c", "gone")
	s.Close()
	cfg.ArtifactsFrom = filepath.Join(cfg.Data, "artifacts")
	cfg.Artifacts = newPlace(t)
	file := func(d blob.Digest) string {
		return filepath.Join(cfg.ArtifactsFrom, "sha256", d.String()[:2], d.String()[2:])
	}
	if err := errors.Join(os.WriteFile(file(bad), []byte("changed"), 0o600), os.Remove(file(gone))); err != nil {
		t.Fatal(err)
	}
	s = start(t, cfg)
	defer s.Close()
	err := s.moveArtifacts(t.Context())
	if err == nil || !strings.Contains(err.Error(), "2 of 3 artifacts could not be moved") || s.moving() != "moving, 2 files left" {
		t.Errorf("%v; says %q", err, s.moving())
	}
	if there, err := digestsIn(t.Context(), s.move.from.New); err != nil || len(there) != 1 || !there[good] {
		t.Errorf("moved %v, %v", there, err)
	}
	found := Doctor{Data: cfg.Data, Database: cfg.Database, Artifacts: cfg.Artifacts, From: cfg.ArtifactsFrom, Deep: true}.Run(t.Context())
	last := found[len(found)-1]
	if last.Check != "artifacts" || last.Sound || !strings.Contains(last.Detail, "2 of 3 are missing or damaged") {
		t.Errorf("the doctor says %+v", last)
	}
}

// TestBackupAndDoctorOfAStore: what the commands say of artifacts that are in a bucket, and on the way there, is so.
func TestBackupAndDoctorOfAStore(t *testing.T) {
	cfg := Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	s := start(t, cfg)
	first := name(t, s, "a", "in the folder")
	s.Close()
	cfg.ArtifactsFrom, cfg.Artifacts = artifactsAt(&cfg), newPlace(t)
	s = start(t, cfg)
	defer s.Close()
	second := name(t, s, "b", "in the new store")
	if err := s.seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	doctor := Doctor{Data: cfg.Data, Artifacts: cfg.Artifacts, From: cfg.ArtifactsFrom}
	if got := artifactsFinding(t, doctor); got != (Finding{"artifacts", true, "2 files there, 1 of them only in the store that they are moved from"}) {
		t.Errorf("on the way: %+v", got)
	}
	to, data := filepath.Join(t.TempDir(), "backup.tar"), filepath.Join(t.TempDir(), "restored")
	if note, err := (Backup{Data: cfg.Data, Artifacts: cfg.Artifacts, From: cfg.ArtifactsFrom, To: to}).Run(t.Context()); err != nil || note.Files != 2 {
		t.Fatalf("%+v, %v", note, err)
	}
	if _, err := Restore(t.Context(), to, data); err != nil {
		t.Fatal(err)
	}
	if bad := wrong(data); bad != nil {
		t.Errorf("restored: %v", bad)
	}
	if err := s.moveArtifacts(t.Context()); err != nil {
		t.Error(err)
	}
	doctor.From = ""
	if got := artifactsFinding(t, doctor); got != (Finding{"artifacts", true, "2 files there"}) {
		t.Errorf("moved: %+v", got)
	}
	if gone, err := openPlace(t, cfg.Artifacts).Remove(t.Context(), second, time.Time{}); !gone || err != nil {
		t.Error(gone, err)
	}
	if got := artifactsFinding(t, doctor); got.Sound || !strings.Contains(got.Detail, "1 of 2 are missing") {
		t.Errorf("one is lost: %+v", got)
	}
	if err := blob.Verify(t.Context(), s.Blobs, first); err != nil {
		t.Error(err)
	}
}

func artifactsFinding(t *testing.T, d Doctor) Finding {
	t.Helper()
	found := d.Run(t.Context())
	n := slices.IndexFunc(found, func(f Finding) bool { return f.Check == "artifacts" })
	if n < 0 {
		t.Fatalf("the doctor says only %+v", found)
	}
	return found[n]
}

func TestMovingReads(t *testing.T) {
	m := &blob.Moving{New: openPlace(t, newPlace(t)), Old: openPlace(t, t.TempDir())}
	d := keep(t, m.Old, "old")
	r, info, err := m.Open(t.Context(), d)
	if err != nil || info.Size != 3 {
		t.Fatal(info, err)
	}
	if text, err := io.ReadAll(r); string(text) != "old" || err != nil || r.Close() != nil {
		t.Error(string(text), err)
	}
	if _, err := m.Move(t.Context(), blob.DigestOf([]byte("nowhere"))); !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
	for _, want := range []int64{3, 0} {
		if n, err := m.Move(t.Context(), d); n != want || err != nil {
			t.Errorf("moved %d bytes, want %d: %v", n, want, err)
		}
	}
	if gone, err := m.Remove(t.Context(), d, time.Time{}); !gone || err != nil {
		t.Error(gone, err)
	}
	if info, err := m.Stat(t.Context(), d); err != nil || info.Size != 3 {
		t.Errorf("what the old store has is gone: %v", err)
	}
}

func TestMoveNeedsTwoPlaces(t *testing.T) {
	for _, tt := range []struct {
		artifacts, from string
		wrong           bool
	}{
		{"", "", false}, {"", "data/artifacts", true}, {"", "./data/./artifacts", true}, {"", "elsewhere", false},
		{"s3://b/p", "s3://b/p", true}, {"s3://b/p", "s3://b/q", false}, {"gs://b/p", "data/artifacts", false},
	} {
		cfg := Default()
		cfg.Data, cfg.Artifacts, cfg.ArtifactsFrom = "data", tt.artifacts, tt.from
		if problems := Check(cfg); (len(problems) > 0) != tt.wrong {
			t.Errorf("to %q from %q: %v", tt.artifacts, tt.from, problems)
		}
	}
}
