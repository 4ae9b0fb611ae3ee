package server

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bailiwick/blob"
	"bailiwick/fail"
)

// target is where a backup goes.
type target interface {
	// bytes takes a blob and gives its size.
	bytes(ctx context.Context, from blob.Store, d blob.Digest) (int64, error)
	// file takes a file under a name.
	file(path, name string) error
	close() error
}

// openTarget opens a folder, or a new .tar file.
func openTarget(to, workspace string) (target, error) {
	if strings.HasSuffix(to, ".tar") {
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil, fail.Existsf("%s is there already", to)
		} else if err != nil {
			return nil, err
		}
		return &archive{f: f, w: tar.NewWriter(f)}, nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return nil, err
	}
	if err := sameWorkspace(to, workspace); err != nil {
		return nil, err
	}
	into, err := blob.OpenLocal(absolute(filepath.Join(to, backupArtifacts)))
	return &folder{to, into}, err
}

// sameWorkspace refuses a folder that holds anything but an earlier backup of the workspace.
func sameWorkspace(to, workspace string) error {
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) == 0 {
		return err
	}
	text, err := os.ReadFile(filepath.Join(to, backupNote))
	var note BackupNote
	if err == nil {
		err = json.Unmarshal(text, &note)
	}
	if err != nil || note.Workspace != workspace {
		return fail.Existsf("%s is not empty and holds no backup of workspace %s", to, workspace)
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// folder is a backup that is a folder.
type folder struct {
	to   string
	into *blob.Local
}

func (t *folder) bytes(ctx context.Context, from blob.Store, d blob.Digest) (int64, error) {
	if info, err := t.into.Stat(ctx, d); err == nil {
		return info.Size, nil
	}
	r, _, err := from.Open(ctx, d)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	w, err := t.into.Create(ctx)
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, blob.Checked(r, d)); err != nil {
		return 0, err
	}
	_, n, err := w.Commit()
	return n, err
}

// file replaces the file of that name in one step, once its bytes are safe.
func (t *folder) file(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fresh := filepath.Join(t.to, name+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyInto(fresh, f); err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(t.to, name)); err != nil {
		return err
	}
	return syncFolder(t.to)
}

func (t *folder) close() error { return nil }

// archive is a backup that is one file.
type archive struct {
	f *os.File
	w *tar.Writer
}

func (t *archive) bytes(ctx context.Context, from blob.Store, d blob.Digest) (int64, error) {
	r, info, err := from.Open(ctx, d)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	hex := d.String()
	name := backupArtifacts + "/sha256/" + hex[:2] + "/" + hex[2:]
	return info.Size, t.add(name, info.Size, info.Modified, blob.Checked(r, d))
}

func (t *archive) file(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return t.add(name, info.Size(), info.ModTime(), f)
}

func (t *archive) add(name string, size int64, modified time.Time, from io.Reader) error {
	if err := t.w.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: modified}); err != nil {
		return err
	}
	_, err := io.Copy(t.w, from)
	return err
}

func (t *archive) close() error { return errors.Join(t.w.Close(), t.f.Sync(), t.f.Close()) }

// archive reads a backup that is one file.
func (r *restoring) archive(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fail.Invalidf("%s: %v", name, err)
		}
		if err := r.part(h.Name, in); err != nil {
			return err
		}
	}
}

// folder reads a backup that is a folder.
func (r *restoring) folder(name string) error {
	return filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		rel, err := filepath.Rel(name, path)
		if err != nil {
			return err
		}
		return r.part(rel, f)
	})
}
