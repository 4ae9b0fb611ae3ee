package blob

import (
	"context"
	"io"
	"iter"
	"time"

	"bailiwick/fail"
)

// Moving is a store whose bytes are on their way from an old one: what is committed goes to the new one, what the new one does not
// have is read from the old. The old one is never written to, and nothing is removed there. Several processes may move at once.
type Moving struct{ New, Old Store }

var _ Store = (*Moving)(nil)

// Create begins an upload to the new store.
func (m *Moving) Create(ctx context.Context) (Writer, error) { return m.New.Create(ctx) }

// Open gives the bytes of d from where they are; see Store.
func (m *Moving) Open(ctx context.Context, d Digest) (Reader, Info, error) {
	r, info, err := m.New.Open(ctx, d)
	if fail.Is(err, fail.NotFound) {
		return m.Old.Open(ctx, d)
	}
	return r, info, err
}

// Stat says what Open would find; see Store.
func (m *Moving) Stat(ctx context.Context, d Digest) (Info, error) {
	info, err := m.New.Stat(ctx, d)
	if fail.Is(err, fail.NotFound) {
		return m.Old.Stat(ctx, d)
	}
	return info, err
}

// Remove deletes d from the new store; see Store.
func (m *Moving) Remove(ctx context.Context, d Digest, before time.Time) (bool, error) {
	return m.New.Remove(ctx, d, before)
}

// List goes through what the new store has; see Store.
func (m *Moving) List(ctx context.Context) iter.Seq2[Info, error] { return m.New.List(ctx) }

// Sweep tidies the new store up; see Store.
func (m *Moving) Sweep(ctx context.Context, before time.Time) (int, error) {
	return m.New.Sweep(ctx, before)
}

// Move copies d to the new store unless it is there, and gives the bytes it copied. They are compared with the digest on the way:
// an error with the cause ErrCorrupt if the old ones are damaged, which are not copied then; fail.NotFound if neither has them.
func (m *Moving) Move(ctx context.Context, d Digest) (int64, error) {
	if _, err := m.New.Stat(ctx, d); !fail.Is(err, fail.NotFound) {
		return 0, err
	}
	r, _, err := m.Old.Open(ctx, d)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	w, err := m.New.Create(ctx)
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, Checked(r, d)); err != nil {
		return 0, err
	}
	_, n, err := w.Commit()
	return n, err
}

// StagerOf gives what s can do for direct transfers, nil when it cannot. While bytes move, those of the new store are meant: of a blob that
// only the old one has, GetAddress says fail.NotFound, and the caller sends its bytes himself.
func StagerOf(s Store) Stager {
	if m, ok := s.(*Moving); ok {
		s = m.New
	}
	stager, _ := s.(Stager)
	return stager
}
