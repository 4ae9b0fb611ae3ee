package blob

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
)

// folders syncs folders for many callers at once. Callers that come while a sync of the same folder runs cannot use it, for it
// may have begun before their change; they share the next one.
type folders struct {
	fs    files
	mu    sync.Mutex
	known map[string]*folder
}

type folder struct {
	running chan struct{} // full while a round runs
	next    *round        // the one that has not begun; guarded by folders.mu
}

type round struct {
	done chan struct{}
	err  error
}

// sync returns when every change made in the folder before the call is durable.
func (s *folders) sync(name string) error {
	f, r, first := s.join(name)
	if first {
		f.running <- struct{}{}
		s.mu.Lock()
		f.next = nil // it begins: who comes from now on needs another
		s.mu.Unlock()
		r.err = s.fs.SyncDir(name)
		<-f.running
		close(r.done)
	}
	<-r.done
	return r.err
}

func (s *folders) join(name string) (f *folder, r *round, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f = s.known[name]
	if f == nil {
		f = &folder{running: make(chan struct{}, 1)}
		s.known[name] = f
	}
	if f.next == nil {
		f.next, first = &round{done: make(chan struct{})}, true
	}
	return f, f.next, first
}

// make makes a folder and those above it, all durable. One that is there already is synced into its parent too: the process
// that made it may have died before it came to that. Only there a parent that cannot be read is let pass.
func (s *folders) make(name string) error {
	parent := filepath.Dir(name)
	_, err := s.fs.Stat(name)
	if err == nil {
		if err := s.sync(parent); !errors.Is(err, fs.ErrPermission) {
			return err
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) || parent == name {
		return err
	}
	if err := s.make(parent); err != nil {
		return err
	}
	if err := s.fs.Mkdir(name); err != nil {
		return err
	}
	return s.sync(parent)
}
