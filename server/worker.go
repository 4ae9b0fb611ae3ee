package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"bailiwick/blob"
	"bailiwick/ledger"
	"bailiwick/store"
)

// chore is something that the server does by itself, again and again. Each runs in a goroutine of its own; what goes wrong is logged, and
// it is tried again at its next time. Replicas run the same chores at once, so each must bear that.
type chore struct {
	name  string
	every time.Duration
	// first is when it runs for the first time after the start.
	first time.Duration
	do    func(context.Context) error
}

const (
	// keepTrash and keepExpired are how long the trash and credentials that expired are kept.
	keepTrash   = 30 * 24 * time.Hour
	keepExpired = 30 * 24 * time.Hour
	// keepBytes is how old bytes that no row names must be to be collected: longer than any upload waits for its row.
	keepBytes = 24 * time.Hour
	// keepDelivered and keepDead are how long the logs of webhooks keep what was delivered and what was given up.
	keepDelivered = 14 * 24 * time.Hour
	keepDead      = 30 * 24 * time.Hour
	// reserveSize is kept occupied on the disk of the data folder, for what administrators do when it is full.
	reserveSize = 64 << 20
	// lateRows is how long after a minute's end its gathered rows become entries.
	lateRows = 10 * time.Second
	day      = 24 * time.Hour
)

// chores are what this server does by itself; a part of the product that has something to do regularly adds a line.
func (s *Server) chores() []chore {
	return []chore{
		{"flush", 2 * time.Second, 2 * time.Second, s.flush},
		{"seal", time.Second, 0, s.seal},
		{"roll", 15 * time.Second, time.Second, s.roll},
		{"memory", 5 * time.Second, time.Second, limitMemory},
		{"reserve", time.Minute, 5 * time.Second, s.reserve},
		{"sweep", day, time.Second, s.sweep},
		{"collect", day, 10 * time.Minute, s.collect},
		{"copies", 200 * time.Millisecond, time.Second, s.copyVersions},
		{"merge", 20 * time.Second, 10 * time.Second, func(ctx context.Context) error { _, err := s.Store.MergePoints(ctx); return err }},
		{"checkpoint", time.Hour, time.Minute, s.tellCheckpoint},
		{"move", moveAgain, 2 * time.Second, s.moveArtifacts},
		{"trash", time.Hour, 5 * time.Minute, s.purgeTrash},
		{"expired", time.Hour, time.Minute, s.dropExpired},
		{"unused tokens", time.Hour, 90 * time.Second, s.revokeUnused},
		{"uploads", time.Hour, 2 * time.Minute, s.dropUploads},
		{"webhooks", 5 * time.Second, 0, s.hooks.Run},
		{"keys", time.Second, 2 * time.Second, s.keys.Run},
		{"rotations", 5 * time.Second, time.Second, s.rotations.Run},
		{"reminders", time.Minute, 5 * time.Second, s.rotations.Remind},
		{"webhook logs", time.Hour, 2 * time.Minute, s.dropDeliveries},
	}
}

// work runs the chores until ctx ends, and returns when the last has ended.
func (s *Server) work(ctx context.Context) {
	defer close(s.workers)
	var all sync.WaitGroup
	for _, c := range s.chores() {
		all.Go(func() { c.run(ctx, s.log) })
	}
	all.Wait()
}

func (c *chore) run(ctx context.Context, log *slog.Logger) {
	timer := time.NewTimer(c.first)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := c.once(ctx); err != nil && ctx.Err() == nil {
			log.Error("background work failed; it is tried again", "work", c.name, "error", err)
		}
		timer.Reset(c.every)
	}
}

// once runs the chore and takes a panic for an error: one defect must not end the server.
func (c *chore) once(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return c.do(ctx)
}

// flush writes what the door gathered.
func (s *Server) flush(ctx context.Context) error {
	err := s.Door.Flush(func(rows []ledger.Tally) error {
		return s.Store.Write(ctx, func(tx *store.Tx) error {
			for _, t := range rows {
				if err := tx.Tally(t); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return errors.Join(err, s.flushUses(ctx), s.flushSightings(ctx, false))
}

// seal puts finished entries into the tree until there are none left. It is also how the server knows that the ledger can be written.
func (s *Server) seal(ctx context.Context) error {
	for {
		n, err := s.Store.Seal(ctx, s.signer)
		s.health.sealed(err)
		if err != nil || n == 0 {
			return err
		}
	}
}

// tellCheckpoint puts the newest checkpoint into the log, which is often kept where this server's administrators cannot change it.
func (s *Server) tellCheckpoint(ctx context.Context) error {
	var note string
	var size int64
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		note, size, err = tx.Sealed()
		return err
	})
	if err == nil && note != "" {
		s.log.Info("checkpoint of the ledger", "entries", size, "note", note)
	}
	return err
}

// roll makes entries of the gathered rows of minutes that are over.
func (s *Server) roll(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := s.Store.RollTallies(ctx, time.Now().Add(-lateRows).UnixMilli())
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}

// reserve keeps room on the disk for when it is full, and makes it again when there is room.
func (s *Server) reserve(context.Context) error {
	if err := blob.Reserve(s.Config.Data, reserveSize); err != nil {
		return err
	}
	s.health.full.Store(false)
	return nil
}

// diskFull gives the reserve up.
func (s *Server) diskFull() {
	if s.health.full.Swap(true) {
		return
	}
	freed, err := blob.Release(s.Config.Data)
	s.log.Error("the disk is full: the reserve is given up so that administrators can act; make room", "freed", freed, "error", err)
}

// longestUpload is how long an upload may rest before what it left is swept while the server runs.
const longestUpload = 2 * day

func (s *Server) sweep(ctx context.Context) error {
	n, err := s.Blobs.Sweep(ctx, time.Now().Add(-longestUpload))
	if n > 0 {
		s.log.Info("swept what uploads left behind", "files", n)
	}
	return err
}

// collect deletes the manifests that no version names, then the bytes that nothing names.
func (s *Server) collect(ctx context.Context) error {
	if _, err := s.Store.DropManifests(ctx); err != nil {
		return err
	}
	_, err := s.Collect(ctx, keepBytes)
	return err
}

// Collect deletes bytes that no row names and that are older than keep, and gives their number. The list of names is younger than the
// bytes it judges, and a commit of the same bytes makes them young again, so nothing that was promised to somebody is taken.
func (s *Server) Collect(ctx context.Context, keep time.Duration) (n int, err error) {
	before := time.Now().Add(-keep)
	used, err := s.named(ctx)
	if err != nil {
		return 0, err
	}
	for info, err := range s.Blobs.List(ctx) {
		if err != nil {
			return n, err
		}
		if _, ok := used[info.Digest]; ok || !info.Modified.Before(before) {
			continue
		}
		gone, err := s.Blobs.Remove(ctx, info.Digest, before)
		if err != nil {
			return n, err
		}
		if gone {
			n++
		}
	}
	if n > 0 {
		s.log.Info("collected bytes that nothing names", "files", n)
	}
	return n, nil
}

// named gives the digests that rows name. It looks twice, and waits for all writes between: one that was under way at the first look may have read a
// name that another has taken away since, and have put it elsewhere (a version made of a file that is just deleted).
func (s *Server) named(ctx context.Context) (map[blob.Digest]struct{}, error) {
	used := map[blob.Digest]struct{}{}
	look := func() error {
		return s.Store.Read(ctx, func(tx *store.Tx) error {
			return tx.Digests(func(b []byte) error {
				used[blob.Digest(b)] = struct{}{}
				return nil
			})
		})
	}
	err := look()
	if err == nil && s.Store.Engine() != "sqlite" { // there the writes come one after the other
		if err = s.Store.WriteAlone(ctx, func(*store.Tx) error { return nil }); err == nil {
			err = look()
		}
	}
	return used, err
}

func (s *Server) purgeTrash(ctx context.Context) error {
	_, err := s.Store.PurgeTrash(ctx, time.Now().Add(-keepTrash).UnixMilli())
	return err
}

// dropUploads forgets uploads in parts that nobody went on with.
func (s *Server) dropUploads(ctx context.Context) error {
	_, err := s.Store.DropStaleUploads(ctx, time.Now().Add(-store.UploadLife).UnixMilli())
	return err
}

func (s *Server) dropExpired(ctx context.Context) error {
	_, err := s.Store.DropExpired(ctx, time.Now().Add(-keepExpired))
	return err
}

// revokeUnused revokes the tokens that nobody uses.
func (s *Server) revokeUnused(ctx context.Context) error {
	n, err := s.Store.RevokeUnused(ctx, time.Now())
	if n > 0 {
		s.log.Info("revoked tokens that nobody uses", "tokens", n)
	}
	return err
}

func (s *Server) dropDeliveries(ctx context.Context) error {
	now := time.Now()
	_, err := s.Store.DropDeliveries(ctx, now.Add(-keepDelivered).UnixMilli(), now.Add(-keepDead).UnixMilli())
	return err
}

// tidyAtStart removes what a process that was killed left behind, before anything is taken.
func (s *Server) tidyAtStart(ctx context.Context) error {
	if s.Store.Engine() != "sqlite" {
		return nil // another replica may be uploading into the same folder, or copying
	}
	_, err := s.Blobs.Sweep(ctx, time.Now())
	return errors.Join(err, s.Store.FreeCopies(ctx), s.Store.FreeDeliveries(ctx),
		s.Store.Write(ctx, func(tx *store.Tx) error { return tx.FreePlans() }))
}

// artifactsAt is where the bytes of artifacts are.
func artifactsAt(c *Config) string {
	if c.Artifacts != "" {
		return c.Artifacts
	}
	return filepath.Join(c.Data, "artifacts")
}
