package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

const (
	// movesAtOnce is how many files are copied at a time while artifacts move to another store.
	movesAtOnce = 3
	// moveAgain is how long after a turn the next begins: what could not be copied is tried again.
	moveAgain = 10 * time.Minute
	// tellMove is how often the log says how far it is.
	tellMove = 30 * time.Second
)

// openBlobs opens the store of artifacts; with a place to move from, reads fall back to that.
func (s *Server) openBlobs() (err error) {
	s.Blobs, err = openArtifacts(artifactsAt(&s.Config), s.Config.ArtifactsFrom)
	if m, ok := s.Blobs.(*blob.Moving); ok && err == nil {
		s.move = &move{from: m}
		s.move.left.Store(-1)
	}
	return err
}

// openArtifacts opens a store, and the one that its bytes come from, if they move.
func openArtifacts(place, from string) (blob.Store, error) {
	blobs, err := blob.Open(place)
	if err != nil || from == "" {
		return blobs, err
	}
	old, err := blob.Open(from)
	if err != nil {
		return nil, fmt.Errorf("artifacts-from: %w", err)
	}
	return &blob.Moving{New: blobs, Old: old}, nil
}

// move is what is known of artifacts that move to another store.
type move struct {
	from *blob.Moving
	turn sync.Mutex
	// left is how many files that rows name are not in the new store yet; -1 = not counted yet.
	left atomic.Int64
}

// moved counts one turn.
type moved struct{ files, bytes, bad atomic.Int64 }

// moveArtifacts copies what rows name and the new store does not have. Replicas go through it in orders of their own, and each file
// is looked for again before it is copied, so they share the work; a turn that is cut short goes on from there at the next start.
func (s *Server) moveArtifacts(ctx context.Context) error {
	if s.move == nil {
		return nil
	}
	s.move.turn.Lock()
	defer s.move.turn.Unlock()
	if s.move.left.Load() == 0 {
		return nil
	}
	todo, err := s.move.missing(ctx, s.Store.Read)
	if err != nil {
		return err
	}
	s.move.left.Store(int64(len(todo)))
	rand.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	var done moved
	stop := s.tellProgress(ctx, len(todo), &done)
	defer stop()
	all, inner := errgroup.WithContext(ctx)
	all.SetLimit(movesAtOnce)
	for _, d := range todo {
		all.Go(func() error { return s.moveOne(inner, d, &done) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return s.endTurn(len(todo), &done)
}

// missing gives the digests that rows name and the new store does not have.
func (m *move) missing(ctx context.Context, read func(context.Context, func(*store.Tx) error) error) (todo []blob.Digest, err error) {
	there, err := digestsIn(ctx, m.from.New)
	if err != nil {
		return nil, err
	}
	err = read(ctx, func(tx *store.Tx) error {
		wanted := map[blob.Digest]bool{}
		err := tx.Digests(func(b []byte) error { wanted[blob.Digest(b)] = true; return nil })
		maps.DeleteFunc(wanted, func(d blob.Digest, _ bool) bool { return there[d] })
		todo = slices.Collect(maps.Keys(wanted))
		return err
	})
	return todo, err
}

// digestsIn lists a store.
func digestsIn(ctx context.Context, s blob.Store) (map[blob.Digest]bool, error) {
	there := map[blob.Digest]bool{}
	for info, err := range s.List(ctx) {
		if err != nil {
			return nil, err
		}
		there[info.Digest] = true
	}
	return there, nil
}

// moveOne copies a file. One that is damaged or gone is reported and left to the next turn; a store that fails ends this turn.
func (s *Server) moveOne(ctx context.Context, d blob.Digest, done *moved) error {
	n, err := s.move.from.Move(ctx, d)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, blob.ErrCorrupt) || fail.Is(err, fail.NotFound):
		s.log.Error("an artifact cannot be moved", "sha256", d, "error", err)
		done.bad.Add(1)
		return nil
	case err != nil:
		return err
	}
	done.files.Add(1)
	done.bytes.Add(n)
	s.move.left.Add(-1)
	return nil
}

// tellProgress has the log say how far a turn is until it is stopped.
func (s *Server) tellProgress(ctx context.Context, total int, done *moved) (stop func()) {
	ctx, stop = context.WithCancel(ctx)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(tellMove):
				s.log.Info("moving artifacts", "files", done.files.Load(), "of", total, "bytes", done.bytes.Load())
			}
		}
	}()
	return stop
}

// endTurn says what is left. A file that could not be copied may have been purged meanwhile: the next turn does not find it then.
func (s *Server) endTurn(total int, done *moved) error {
	if bad := done.bad.Load(); bad > 0 {
		return fmt.Errorf("%d of %d artifacts could not be moved; the log names them", bad, total)
	}
	s.log.Info("all artifacts are in the new store: artifacts-from can be taken out of the configuration of every replica, and the old store "+
		"be dropped", "copied", done.files.Load(), "bytes", done.bytes.Load())
	return nil
}

// moving is the state of the move for /readyz: empty when nothing moves.
func (s *Server) moving() string {
	if s.move == nil {
		return ""
	}
	switch left := s.move.left.Load(); left {
	case -1:
		return "moving"
	case 0:
		return "moved"
	default:
		return fmt.Sprintf("moving, %d files left", left)
	}
}

// samePlace reports whether two places for artifacts are surely one.
func samePlace(a, b string) bool {
	return a == b || !strings.Contains(a, "://") && !strings.Contains(b, "://") && absolute(a) == absolute(b)
}
