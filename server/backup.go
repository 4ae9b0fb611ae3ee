package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// Names in a backup, which is laid out like a data folder.
const (
	backupDatabase  = "bailiwick.db"
	backupArtifacts = "artifacts"
	backupNote      = "backup.json"
)

// Backup says what to back up and where to.
type Backup struct {
	// Data is the data folder, Artifacts where the bytes are; empty = in the data folder. From is where they come from while they move.
	Data, Artifacts, From string
	// To is a folder, made when absent, or a file that ends in .tar and must not exist. A folder with an earlier backup of the same
	// workspace is brought up to date: only bytes that it does not have are copied.
	To string
	// Key takes the ledger's signing key too, if it is in the data folder. Best leave it out and keep the key elsewhere.
	Key bool

	// free gives how many bytes the disk of a folder has free; nil = the system's word.
	free func(folder string) (int64, error)
}

// BackupNote is what a backup says of itself.
type BackupNote struct {
	Product   string    `json:"product"`
	Version   string    `json:"version"`
	Workspace string    `json:"workspace_id"`
	Made      time.Time `json:"made"`
	// Checkpoint is the ledger's newest signed one in the copy.
	Checkpoint string `json:"checkpoint"`
	Size       int64  `json:"ledger_entries"`
	Files      int    `json:"files"`
	Bytes      int64  `json:"bytes"`
	// Purged counts digests that were purged while the backup ran, and so are not in it.
	Purged int `json:"purged_meanwhile,omitempty"`
}

// Run makes the backup, of a server that runs or not: the database first, then the bytes that it names, which never change. Errors:
// fail.NotFound without a SQLite database in the data folder, fail.Exists for a target that holds something else.
func (b Backup) Run(ctx context.Context) (note BackupNote, err error) {
	if b.Artifacts == "" {
		b.Artifacts = filepath.Join(b.Data, backupArtifacts)
	}
	source, err := openArtifacts(b.Artifacts, b.From)
	if err != nil {
		return note, err
	}
	live, err := store.OpenReader(ctx, store.Options{Data: b.Data})
	if err != nil {
		return note, err
	}
	defer live.Close()
	if err := b.room(ctx, live); err != nil {
		return note, err
	}
	to, err := openTarget(b.To, fmt.Sprint(live.Workspace()))
	if err != nil {
		return note, err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	scratch, err := os.MkdirTemp(b.scratch(), ".backup-*")
	if err != nil {
		return note, err
	}
	defer os.RemoveAll(scratch)
	if err := live.CopyTo(ctx, filepath.Join(scratch, backupDatabase)); err != nil {
		return note, err
	}
	return b.copyAll(ctx, to, source, live, scratch)
}

// Room refuses a backup into a file that the disk has not the room for, before anything of it is made: fail.State, with the sizes.
func (b Backup) Room(ctx context.Context) error {
	live, err := store.OpenReader(ctx, store.Options{Data: b.Data})
	if err != nil {
		return err
	}
	return errors.Join(b.room(ctx, live), live.Close())
}

// room counts the artifacts once and the database twice, as its copy lies beside the file until it is in there. A folder with an earlier backup
// takes only what it does not have, which nobody knows before.
func (b Backup) room(ctx context.Context, live *store.Reader) error {
	if !strings.HasSuffix(b.To, ".tar") {
		return nil
	}
	var artifacts int64
	err := live.Read(ctx, func(tx *store.Tx) (err error) { artifacts, err = tx.BytesNamed(); return err })
	if err != nil {
		return err
	}
	var database int64
	for _, ending := range []string{"", "-wal"} {
		if info, err := os.Stat(filepath.Join(b.Data, backupDatabase+ending)); err == nil {
			database += info.Size()
		}
	}
	free := b.free
	if free == nil {
		free = freeBytes
	}
	have, err := free(b.scratch())
	if err != nil {
		return fmt.Errorf("asking how much room there is: %w", err)
	}
	return enough(b.scratch(), have, artifacts, database)
}

// enough refuses what would leave less than the reserve free.
func enough(folder string, have, artifacts, database int64) error {
	need := artifacts + 2*database + reserveSize
	if have >= need {
		return nil
	}
	return fail.Statef("There is not enough room for a backup in %s: it takes about %s (artifacts %s, database %s twice, and %s stay free), and %s are free. "+
		"Make room, or let the setting backups name a folder on another disk.", folder, megabytes(need), megabytes(artifacts), megabytes(database),
		megabytes(reserveSize), megabytes(have))
}

// megabytes writes a number of bytes as people read it, rounded up.
func megabytes(n int64) string {
	const mega = 1 << 20
	return fmt.Sprintf("%d MiB", (n+mega-1)/mega)
}

// scratch is where the copy of the database is made: beside the target, so that it can be moved there.
func (b Backup) scratch() string {
	if strings.HasSuffix(b.To, ".tar") {
		return filepath.Dir(b.To)
	}
	return b.To
}

func (b Backup) copyAll(ctx context.Context, to target, source blob.Store, live *store.Reader, scratch string) (note BackupNote, err error) {
	copied, err := store.OpenReader(ctx, store.Options{Data: scratch})
	if err != nil {
		return note, err
	}
	note = BackupNote{Product: "bailiwick", Version: Version, Workspace: fmt.Sprint(copied.Workspace()), Made: time.Now().UTC()}
	digests := map[blob.Digest]struct{}{}
	err = copied.Read(ctx, func(tx *store.Tx) (err error) {
		if note.Checkpoint, note.Size, err = tx.Sealed(); err != nil {
			return err
		}
		return tx.Digests(func(d []byte) error { digests[blob.Digest(d)] = struct{}{}; return nil })
	})
	if err = errors.Join(err, copied.Close()); err != nil {
		return note, err
	}
	for d := range digests {
		n, err := to.bytes(ctx, source, d)
		if fail.Is(err, fail.NotFound) && !stillNamed(ctx, live, d) {
			note.Purged++
			continue
		} else if err != nil {
			return note, fmt.Errorf("artifact %s: %w", d, err)
		}
		note.Files, note.Bytes = note.Files+1, note.Bytes+n
	}
	return note, b.finish(to, note, scratch)
}

// finish puts the database into place last: a backup without it is none.
func (b Backup) finish(to target, note BackupNote, scratch string) error {
	if b.Key {
		if err := to.file(filepath.Join(b.Data, ledgerKeyFile), ledgerKeyFile); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(note, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(scratch, backupNote), append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := to.file(filepath.Join(scratch, backupNote), backupNote); err != nil {
		return err
	}
	return to.file(filepath.Join(scratch, backupDatabase), backupDatabase)
}

func stillNamed(ctx context.Context, live *store.Reader, want blob.Digest) (named bool) {
	err := live.Read(ctx, func(tx *store.Tx) error {
		return tx.Digests(func(d []byte) error { named = named || blob.Digest(d) == want; return nil })
	})
	return named || err != nil
}

// Restore fills an empty or absent data folder from a backup, checking every byte against its digest, and gives what the backup says of
// itself. Errors: fail.Exists for a folder that holds something; what is wrong with the backup.
func Restore(ctx context.Context, from, data string) (note BackupNote, err error) {
	if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
		return note, fail.Existsf("%s is not empty; restore into a folder of its own", data)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return note, err
	}
	into, err := blob.OpenLocal(filepath.Join(data, backupArtifacts))
	if err != nil {
		return note, err
	}
	r := restoring{ctx: ctx, data: data, into: into}
	if strings.HasSuffix(from, ".tar") {
		err = r.archive(from)
	} else {
		err = r.folder(from)
	}
	if err != nil {
		return note, err
	}
	return r.finish()
}

// restoring puts the parts of a backup where they belong. The database is kept under another name until the end.
type restoring struct {
	ctx  context.Context
	data string
	into *blob.Local
}

// unfinished is the ending of a database that is not in place yet.
const unfinished = ".restoring"

// part takes one file of a backup.
func (r *restoring) part(name string, bytes io.Reader) error {
	switch name {
	case backupNote, ledgerKeyFile:
		return copyInto(filepath.Join(r.data, name), bytes)
	case backupDatabase:
		return copyInto(filepath.Join(r.data, name+unfinished), bytes)
	}
	digest, ok := digestOfPath(name)
	if !ok {
		return nil // uploads that were under way, and what is not ours
	}
	w, err := r.into.Create(r.ctx)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.Copy(w, blob.Checked(bytes, digest)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, _, err = w.Commit()
	return err
}

// digestOfPath reads the path of a blob in a backup: artifacts/sha256/ab/cdef….
func digestOfPath(name string) (d blob.Digest, ok bool) {
	rest, ok := strings.CutPrefix(filepath.ToSlash(name), backupArtifacts+"/sha256/")
	if !ok {
		return d, false
	}
	d, err := blob.ParseDigest(strings.ReplaceAll(rest, "/", ""))
	return d, err == nil
}

func (r *restoring) finish() (note BackupNote, err error) {
	text, err := os.ReadFile(filepath.Join(r.data, backupNote))
	if err != nil {
		return note, fail.Invalidf("the backup is not complete: it has no %s", backupNote)
	}
	if err := json.Unmarshal(text, &note); err != nil {
		return note, fail.Invalidf("%s: %v", backupNote, err)
	}
	database := filepath.Join(r.data, backupDatabase)
	if _, err := os.Stat(database + unfinished); err != nil {
		return note, fail.Invalidf("the backup is not complete: it has no %s", backupDatabase)
	}
	if err := os.Rename(database+unfinished, database); err != nil {
		return note, err
	}
	return note, syncFolder(r.data)
}

// copyInto writes a new file durably.
func copyInto(file string, from io.Reader) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}
