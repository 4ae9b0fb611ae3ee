package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"bailiwick/api/governance"
	"bailiwick/fail"
)

// backups makes backups of the running server into a folder of its own, one at a time, and keeps them. It implements governance.Backups. What is
// kept is known in memory: questions about it come from within transactions, where nothing may wait for a disk.
type backups struct {
	// make is the backup to run, but for its target.
	make   Backup
	folder string
	// unfit is why this server cannot make them.
	unfit error
	log   *slog.Logger

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	kept    []governance.BackupState // oldest first
}

// Names in the folder of backups: NAME.tar and NAME.json for what is kept, and while one is made its file begins with unfinishedBackup.
const (
	unfinishedBackup = ".making-"
	backupEnding     = ".tar"
	stateEnding      = ".json"
)

var backupNames = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}$`)

// backupsAt is where backups are kept.
func backupsAt(c *Config) string {
	if c.Backups != "" {
		return c.Backups
	}
	return filepath.Join(c.Data, "backups")
}

// openBackups reads what is kept. What a process that was killed was making is gone.
func (s *Server) openBackups() error {
	b := &backups{folder: backupsAt(&s.Config), log: s.log}
	b.make = Backup{Data: s.Config.Data, Artifacts: s.Config.Artifacts, From: s.Config.ArtifactsFrom}
	b.ctx, b.stop = context.WithCancel(context.Background())
	s.backups = b
	if s.Store.Engine() != "sqlite" {
		b.unfit = fail.New(fail.Unsupported, "This server's database is PostgreSQL, which is backed up by its own means: take the database first "+
			"(pg_dump, or base backup and archive), then copy the artifacts. docs/operating.md, Backup and restore, says how.")
		return nil
	}
	return b.load()
}

func (b *backups) load() error {
	entries, err := os.ReadDir(b.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		name, isState := strings.CutSuffix(e.Name(), stateEnding)
		switch {
		case strings.HasPrefix(e.Name(), unfinishedBackup) || strings.HasPrefix(e.Name(), ".backup-"):
			err = errors.Join(err, os.RemoveAll(filepath.Join(b.folder, e.Name())))
		case isState && backupNames.MatchString(name):
			b.read(name)
		}
	}
	return err
}

// read takes what is known of a backup; one that was being made has failed.
func (b *backups) read(name string) {
	var state governance.BackupState
	text, err := os.ReadFile(b.path(name, stateEnding))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil || state.Name != name {
		b.log.Warn("what is known of a backup cannot be read", "backup", name, "error", err)
		return
	}
	if state.State == governance.BackupRunning {
		state.State, state.Error, state.Size = governance.BackupFailed, "the server was stopped while the backup was made", 0
	}
	if _, err := os.Stat(b.path(name, backupEnding)); err != nil && state.State == governance.BackupDone {
		state.State, state.Error = governance.BackupFailed, "its file is not there any more"
	}
	b.kept = append(b.kept, state)
}

func (b *backups) path(name, ending string) string { return filepath.Join(b.folder, name+ending) }

// making is the file of a backup that is being made.
func (b *backups) making(name string) string {
	return filepath.Join(b.folder, unfinishedBackup+name+backupEnding)
}

// Possible implements governance.Backups.
func (b *backups) Possible() error { return b.unfit }

// Folder implements governance.Backups.
func (b *backups) Folder() string { return absolute(b.folder) }

// List implements governance.Backups.
func (b *backups) List() ([]governance.BackupState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.kept)
	slices.Reverse(list)
	return list, nil
}

// Start implements governance.Backups.
func (b *backups) Start(name string) error {
	state := governance.BackupState{Name: name, State: governance.BackupRunning, Started: time.Now().UnixMilli()}
	if err := b.admit(state); err != nil {
		return err
	}
	if err := b.begin(state); err != nil {
		b.forget(name)
		if fail.Is(err, fail.State) {
			return err
		}
		return fail.Internalf(err, "the backup could not be begun")
	}
	b.running.Go(func() { b.run(state) })
	return nil
}

// begin sees to it that there is room, and keeps that the backup is being made.
func (b *backups) begin(state governance.BackupState) error {
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		return err
	}
	job := b.make
	job.To = b.making(state.Name)
	if err := job.Room(b.ctx); err != nil {
		return err
	}
	return b.write(state)
}

// Busy implements governance.Backups.
func (b *backups) Busy(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.busy(name)
}

func (b *backups) busy(name string) error {
	for _, k := range b.kept {
		if k.State == governance.BackupRunning {
			return fail.New(fail.Conflict, "Backup '%s' is being made; one is made at a time.", k.Name)
		}
		if k.Name == name {
			return fail.New(fail.Conflict, "There is a backup '%s' already; try again in a second.", k.Name)
		}
	}
	if b.ctx.Err() != nil {
		return fail.New(fail.Unavailable, "the server is stopping")
	}
	return nil
}

// admit takes a backup as the one that is being made.
func (b *backups) admit(state governance.BackupState) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.busy(state.Name); err != nil {
		return err
	}
	b.kept = append(b.kept, state)
	return nil
}

func (b *backups) forget(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = slices.DeleteFunc(b.kept, func(k governance.BackupState) bool { return k.Name == name })
}

// change replaces what is known of a backup.
func (b *backups) change(state governance.BackupState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.kept {
		if b.kept[i].Name == state.Name {
			b.kept[i] = state
		}
	}
}

// run makes the backup, reads it again, and puts it into place.
func (b *backups) run(state governance.BackupState) {
	watched, stop := context.WithCancel(b.ctx)
	go b.watch(watched, state)
	note, size, err := b.made(state.Name)
	stop()
	state.Ended = time.Now().UnixMilli()
	if err != nil {
		b.log.Error("the backup failed", "backup", state.Name, "error", err)
		state.State, state.Error = governance.BackupFailed, backupError(err)
		_ = os.Remove(b.making(state.Name)) // what is left of it goes at the next start
	} else {
		state.State, state.Verified, state.Size = governance.BackupDone, true, size
		state.Files, state.Entries, state.Checkpoint = note.Files, note.Size, note.Checkpoint
		b.log.Info("backup made", "backup", state.Name, "bytes", size, "files", note.Files)
	}
	if err := b.write(state); err != nil {
		b.log.Error("what is known of a backup could not be written", "backup", state.Name, "error", err)
	}
	b.change(state)
}

// made makes the file, checks it, and gives it its name. A panic is an error: one defect must not end the server.
func (b *backups) made(name string) (note BackupNote, size int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	job, file := b.make, b.making(name)
	job.To = file
	if note, err = job.Run(b.ctx); err != nil {
		return note, 0, err
	}
	if _, err = VerifyBackup(b.ctx, file); err != nil {
		return note, 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return note, 0, err
	}
	if err := os.Rename(file, b.path(name, backupEnding)); err != nil {
		return note, 0, err
	}
	return note, info.Size(), syncFolder(b.folder)
}

// watch shows how large the file has become.
func (b *backups) watch(ctx context.Context, state governance.BackupState) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		info, err := os.Stat(b.making(state.Name))
		if err != nil || ctx.Err() != nil {
			continue
		}
		b.grow(state.Name, info.Size())
	}
}

func (b *backups) grow(name string, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.kept {
		if k := &b.kept[i]; k.Name == name && k.State == governance.BackupRunning {
			k.Size = size
		}
	}
}

// backupError is why a backup failed, for administrators.
func backupError(err error) string {
	if errors.Is(err, context.Canceled) {
		return "the server was stopped while the backup was made"
	}
	return err.Error()
}

// write keeps what is known of a backup.
func (b *backups) write(state governance.BackupState) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	fresh := b.path(state.Name, stateEnding+".new")
	if err := os.WriteFile(fresh, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, b.path(state.Name, stateEnding))
}

// Open implements governance.Backups.
func (b *backups) Open(name string) (io.ReadSeekCloser, error) {
	if !backupNames.MatchString(name) {
		return nil, fail.NotFoundf("There is no backup '%s'.", name)
	}
	f, err := os.Open(b.path(name, backupEnding))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail.NotFoundf("There is no backup '%s'.", name)
	}
	return f, err
}

// Remove implements governance.Backups.
func (b *backups) Remove(name string) error {
	if !backupNames.MatchString(name) {
		return fail.NotFoundf("There is no backup '%s'.", name)
	}
	for _, ending := range []string{backupEnding, stateEnding} {
		if err := os.Remove(b.path(name, ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fail.Internalf(err, "the backup could not be deleted")
		}
	}
	b.forget(name)
	return nil
}

// close ends the backup that is being made.
func (b *backups) close() {
	b.stop()
	b.running.Wait()
}
