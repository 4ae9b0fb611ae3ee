package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// withArtifact is a running server with bytes that a row names.
func withArtifact(t *testing.T, text string) (s *Server, d blob.Digest) {
	cfg := Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	s = start(t, cfg)
	t.Cleanup(func() { s.Close() })
	return s, name(t, s, "a", text)
}

func name(t *testing.T, s *Server, path, text string) blob.Digest {
	t.Helper()
	d := keep(t, s.Blobs, text)
	err := s.Store.Write(context.Background(), func(tx *store.Tx) error {
		return tx.PutArtifact(&store.Artifact{Owner: "exp/9", Path: path, Experiment: authz.DefaultExperiment, Digest: d, Size: int64(len(text))})
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wrong gives what the doctor finds wrong with a folder.
func wrong(data string) (out []string) {
	for _, f := range (Doctor{Data: data, Deep: true}).Run(context.Background()) {
		if !f.Sound {
			out = append(out, f.Check+": "+f.Detail)
		}
	}
	return out
}

func TestBackupOfARunningServer(t *testing.T) {
	s, first := withArtifact(t, "first")
	ctx := context.Background()
	if err := s.seal(ctx); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"folder", "file.tar"} {
		to := filepath.Join(t.TempDir(), form)
		note, err := Backup{Data: s.Config.Data, To: to}.Run(ctx)
		if err != nil || note.Files < 1 || note.Size < 1 || note.Checkpoint == "" {
			t.Fatalf("%s: %+v, %v", form, note, err)
		}
		second := name(t, s, "b "+form, "second "+form)
		if form == "folder" {
			if note, err = (Backup{Data: s.Config.Data, To: to}).Run(ctx); err != nil || note.Files != 2 {
				t.Errorf("brought up to date: %+v, %v", note, err)
			}
		}
		data := filepath.Join(t.TempDir(), "restored")
		if _, err := Restore(ctx, to, data); err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if bad := wrong(data); bad != nil {
			t.Errorf("%s, restored: %v", form, bad)
		}
		bytes, err := blob.Open(filepath.Join(data, backupArtifacts))
		if err != nil {
			t.Fatal(err)
		}
		if err := blob.Verify(ctx, bytes, first); err != nil {
			t.Error(err)
		}
		if _, err := bytes.Stat(ctx, second); (err == nil) != (form == "folder") {
			t.Errorf("%s: what came after the first backup: %v", form, err)
		}
	}
}

// TestRestoreRefusesDamage takes nothing from a backup that is not whole, and never leaves a folder that a server would start on.
func TestRestoreRefusesDamage(t *testing.T) {
	s, d := withArtifact(t, "some bytes")
	ctx := context.Background()
	hex := d.String()
	for what, damage := range map[string]func(to string) error{
		"changed bytes": func(to string) error {
			file := filepath.Join(to, "artifacts", "sha256", hex[:2], hex[2:])
			if err := os.Chmod(file, 0o600); err != nil {
				return err
			}
			return os.WriteFile(file, []byte("Some bytes"), 0o600)
		},
		"no database": func(to string) error { return os.Remove(filepath.Join(to, backupDatabase)) },
		"no note":     func(to string) error { return os.Remove(filepath.Join(to, backupNote)) },
	} {
		to, data := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
		if _, err := (Backup{Data: s.Config.Data, To: to}).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if err := damage(to); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(ctx, to, data); err == nil {
			t.Errorf("%s: it was restored", what)
		}
		if _, err := os.Stat(filepath.Join(data, backupDatabase)); err == nil {
			t.Errorf("%s: the folder has a database", what)
		}
		if _, err := Restore(ctx, to, data); !fail.Is(err, fail.Exists) {
			t.Errorf("%s: a second time into the same folder: %v", what, err)
		}
	}
}

func TestDoctorFindsDamage(t *testing.T) {
	s, d := withArtifact(t, "some bytes")
	if err := s.seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	if bad := wrong(s.Config.Data); bad != nil {
		t.Fatalf("a sound server: %v", bad)
	}
	hex := d.String()
	file := filepath.Join(s.Config.Data, "artifacts", "sha256", hex[:2], hex[2:])
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.Config.Data, ledgerKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := strings.Join(wrong(s.Config.Data), "\n")
	for _, want := range []string{"artifacts: 1 of 1", "signing key: "} {
		if !strings.Contains(bad, want) {
			t.Errorf("no %q in:\n%s", want, bad)
		}
	}
}
