package server

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// VerifyBackup reads a .tar backup from its first byte to its last: each artifact is compared with its digest, the database is taken out, opened and
// checked, and each artifact that it names must be there, but for what was purged meanwhile. It gives what the backup says of itself. The copy of
// the database takes its size in the file's folder meanwhile.
func VerifyBackup(ctx context.Context, file string) (note BackupNote, err error) {
	scratch, err := os.MkdirTemp(filepath.Dir(file), ".backup-*")
	if err != nil {
		return note, err
	}
	defer os.RemoveAll(scratch)
	v := verifying{ctx: ctx, scratch: scratch, there: map[blob.Digest]struct{}{}}
	if err := v.read(file); err != nil {
		return note, err
	}
	text, err := os.ReadFile(filepath.Join(scratch, backupNote))
	if err != nil {
		return note, fail.Invalidf("the backup is not complete: it has no %s", backupNote)
	}
	if err := json.Unmarshal(text, &note); err != nil {
		return note, fail.Invalidf("%s: %v", backupNote, err)
	}
	return note, v.database(note)
}

type verifying struct {
	ctx     context.Context
	scratch string
	there   map[blob.Digest]struct{}
}

func (v *verifying) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for in := tar.NewReader(f); v.ctx.Err() == nil; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = v.part(h.Name, in)
		}
		if err != nil {
			return fmt.Errorf("reading the backup again: %w", err)
		}
	}
	return v.ctx.Err()
}

// part looks at one file of the backup.
func (v *verifying) part(name string, bytes io.Reader) error {
	if name == backupNote || name == backupDatabase {
		return copyInto(filepath.Join(v.scratch, name), bytes)
	}
	digest, ok := digestOfPath(name)
	if !ok {
		return nil
	}
	v.there[digest] = struct{}{}
	if _, err := io.Copy(io.Discard, blob.Checked(bytes, digest)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// database opens the copy and looks for all that it names.
func (v *verifying) database(note BackupNote) error {
	r, err := store.OpenReader(v.ctx, store.Options{Data: v.scratch})
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Sound(v.ctx); err != nil {
		return err
	}
	missing := map[blob.Digest]struct{}{}
	err = r.Read(v.ctx, func(tx *store.Tx) error {
		return tx.Digests(func(b []byte) error {
			if _, ok := v.there[blob.Digest(b)]; !ok {
				missing[blob.Digest(b)] = struct{}{}
			}
			return nil
		})
	})
	if err == nil && len(missing) > note.Purged {
		err = fail.Invalidf("the backup's database names %d artifacts that are not in it, and %d were purged while it was made", len(missing), note.Purged)
	}
	return err
}
