package server

import (
	"context"
	"errors"
	"io"
	"time"

	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// The bytes of versions that lie elsewhere are copied here, while their versions are pending. What was copied when a process died is in the store
// under its digest, so the next attempt writes none of it twice, and the collector takes it if there is none.

const (
	// copyTries is how often a copy is tried before its version has failed.
	copyTries = 5
	// copyAlive is how often a copy that runs says so.
	copyAlive = store.CopyIdle / 4
	// copyTime is how long a copy may take: nothing names its bytes before it ends, and the collector leaves them alone no longer than keepBytes.
	copyTime = keepBytes / 2
	// copyFiles is the most files that are copied into one version.
	copyFiles = 50_000
)

// copyVersions copies what waits, one version after the other.
func (s *Server) copyVersions(ctx context.Context) error {
	idle := time.Now().Add(-store.CopyIdle).UnixMilli()
	var waiting []store.Copy
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.Copies(idle)
		return err
	})
	for _, w := range waiting {
		if err == nil {
			err = s.copyVersion(ctx, w, idle)
		}
	}
	return err
}

// copyVersion copies the bytes of one version, unless somebody else is at it. What cannot be copied however often is tried makes the version
// fail with its reason; anything else is tried again later.
func (s *Server) copyVersion(ctx context.Context, w store.Copy, idle int64) error {
	held, err := s.Store.HoldCopy(ctx, w, idle, false)
	if err != nil || !held {
		return err
	}
	work, stop := context.WithTimeout(ctx, copyTime)
	defer stop()
	go s.stayAlive(work, stop, w, idle)
	m, err := s.copyFrom(work, w.Source)
	switch {
	case err == nil:
		return s.Store.EndCopy(ctx, w, m, "")
	case ctx.Err() != nil: // this server stops, and says so, for another may be there to take it
		return errors.Join(ctx.Err(), s.Store.PutOffCopy(context.WithoutCancel(ctx), w))
	case w.Tries+1 >= copyTries || fail.Is(err, fail.Invalid) || fail.Is(err, fail.NotFound) || fail.Is(err, fail.TooLarge):
		s.log.Warn("the files of a version cannot be copied; the version has failed", "model", w.Key.Model, "version", w.Key.Number, "error", err)
		return s.Store.EndCopy(ctx, w, nil, "its files could not be copied: "+reason(err))
	}
	s.log.Warn("the files of a version could not be copied; it is tried again", "model", w.Key.Model, "version", w.Key.Number, "error", err)
	return s.Store.PutOffCopy(ctx, w)
}

// reason is what whoever may look at the version is told; what is inside of this server is for its log.
func reason(err error) string {
	var e *fail.Error
	if errors.As(err, &e) && e.Kind != fail.Internal {
		return e.Message
	}
	return "the server's log says why"
}

// stayAlive keeps others from taking the copy, and ends it when it is not held any more: the version was deleted, say.
func (s *Server) stayAlive(ctx context.Context, stop context.CancelFunc, w store.Copy, idle int64) {
	tick := time.NewTicker(copyAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if held, err := s.Store.HoldCopy(ctx, w, idle, true); err == nil && !held {
			stop()
			return
		}
	}
}

// copyFrom copies all files of an outside location into the store, and says what they are.
func (s *Server) copyFrom(ctx context.Context, location string) (*registry.Manifest, error) {
	from, err := blob.OpenSource(ctx, location, s.Config.ArtifactPrefixes)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	var files []registry.File
	err = from.Walk(ctx, func(path string, size int64) error {
		if len(files) == copyFiles {
			return fail.Invalidf("There are more than %d files at the source, which is the most a version can have", copyFiles)
		}
		if most := s.Config.Limits.Artifact; most > 0 && size > most {
			return fail.New(fail.TooLarge, "%s is larger than %d bytes, which is the most on this server", path, most)
		}
		files = append(files, registry.File{Path: path, Size: size})
		return nil
	})
	for i := range files {
		if err != nil {
			return nil, err
		}
		err = s.copyFile(ctx, from, &files[i])
	}
	if err != nil {
		return nil, err
	}
	return registry.NewManifest(files)
}

// copyFile copies one file, which must have the size that was told.
func (s *Server) copyFile(ctx context.Context, from blob.Source, f *registry.File) error {
	r, err := from.Read(ctx, f.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := s.Blobs.Create(ctx)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	digest, size, err := w.Commit()
	if err == nil && size != f.Size {
		err = fail.New(fail.Unavailable, "%s changed while it was copied: it had %d bytes, then %d", f.Path, f.Size, size)
	}
	f.Digest = digest
	return err
}
