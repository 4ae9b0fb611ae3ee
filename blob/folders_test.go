package blob

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bailiwick/fail"
)

// slowSync is a file layer whose syncs take a second each and fail if told to.
type slowSync struct {
	files
	began atomic.Int64
	err   error
}

func (s *slowSync) SyncDir(string) error {
	s.began.Add(1)
	time.Sleep(time.Second)
	return s.err
}

// TestFoldersShareSyncs: however many come while a sync runs, they share one more, and none is content with the running one.
func TestFoldersShareSyncs(t *testing.T) {
	for _, want := range []error{nil, syscall.EIO} {
		synctest.Test(t, func(t *testing.T) {
			layer := &slowSync{err: want}
			s := &folders{fs: layer, known: map[string]*folder{}}
			start := time.Now()
			var all sync.WaitGroup
			for n := range 50 {
				all.Go(func() {
					time.Sleep(time.Duration(n) * 10 * time.Millisecond) // all within the first sync
					if err := s.sync("/a"); !errors.Is(err, want) {
						t.Errorf("caller %d: %v", n, err)
					}
					if n > 0 && time.Since(start) < 2*time.Second {
						t.Errorf("caller %d took the sync that ran when it came", n)
					}
				})
			}
			all.Go(func() { _ = s.sync("/b") }) // another folder waits for nobody
			all.Wait()
			if n, took := layer.began.Load(), time.Since(start); n != 3 || took != 2*time.Second {
				t.Errorf("%d syncs in %v", n, took)
			}
		})
	}
}

func TestReserve(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int64{3<<20 + 5, 3<<20 + 5, 1 << 10} {
		if err := Reserve(dir, size); err != nil {
			t.Fatal(err)
		}
		info, err := system{}.Stat(filepath.Join(dir, "reserve"))
		if err != nil || info.Size() != size || info.Mode() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		if blocks := info.Sys().(*syscall.Stat_t).Blocks * 512; blocks < size {
			t.Errorf("%d bytes take only %d of the disk", size, blocks)
		}
	}
	for _, want := range []int64{1 << 10, 0} {
		if freed, err := Release(dir); freed != want || err != nil {
			t.Errorf("Release: %d, %v", freed, err)
		}
	}
}

// TestReserveFails: at whatever step it fails, no half reserve stays, and the next attempt is good.
func TestReserveFails(t *testing.T) {
	for step := 1; ; step++ {
		d := newDisk(1)
		d.failAt, d.failErr = step, syscall.ENOSPC
		err := reserve(d, "/", 100<<10)
		if d.failed == "" {
			return
		}
		if !fail.Is(err, fail.Unavailable) || !Full(err) || len(d.root.entries) != 0 {
			t.Errorf("step %d (%s): %v, left %v", step, d.failed, err, d.root.entries)
		}
		if err := reserve(d, "/", 100<<10); err != nil {
			t.Errorf("step %d, again: %v", step, err)
		}
		if freed, err := release(d, "/"); freed != 100<<10 || err != nil {
			t.Errorf("step %d: freed %d, %v", step, freed, err)
		}
	}
}
