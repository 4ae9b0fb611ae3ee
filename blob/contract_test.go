package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func TestContractRoundTrip(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, size := range []int{0, 1, 64<<10 + 1, 1 << 20, partSize, partSize + 1, 4*partSize + 7<<20} {
			want := noise(size)
			d := mustCommit(t, p, want)
			r, info, err := p.Open(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: got %d, %v", size, len(got), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if stat, err := p.Stat(t.Context(), d); err != nil || !stat.Modified.Equal(info.Modified) || stat.Size != int64(size) ||
				stat.Digest != d || time.Since(info.Modified).Abs() > time.Minute {
				t.Errorf("%d bytes: Stat %+v, %v; Open %+v", size, stat, err, info)
			}
			if err := Verify(t.Context(), p, d); err != nil {
				t.Error(err)
			}
		}
		if left := p.left(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestContractRanges(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		want := noise(firstWindow*6 + 11)
		r, _, err := p.Open(t.Context(), mustCommit(t, p, want))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, 1, firstWindow - 3, firstWindow * 5, len(want) - 5, 17} {
			n := min(firstWindow+9, len(want)-at)
			got := make([]byte, n)
			if _, err := r.Seek(int64(at), io.SeekStart); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want[at:at+n]) {
				t.Errorf("%d bytes from %d: %v", n, at, err)
			}
			if _, err := r.ReadAt(got[:5], int64(at)); err != nil || !bytes.Equal(got[:5], want[at:at+5]) {
				t.Errorf("ReadAt %d: %v", at, err)
			}
		}
		if n, err := r.ReadAt(make([]byte, 10), int64(len(want)-4)); n != 4 || err != io.EOF {
			t.Errorf("ReadAt beyond the end: %d, %v", n, err)
		}
		if size, err := r.Seek(0, io.SeekEnd); size != int64(len(want)) || err != nil {
			t.Errorf("Seek to the end: %d, %v", size, err)
		}
		if _, err := r.Seek(-1, io.SeekStart); err == nil {
			t.Error("Seek before the beginning is taken")
		}
		if r.Close() != nil || r.Close() == nil {
			t.Error("Close, and Close again")
		}
		small := noise(300)
		r, _, _ = p.Open(t.Context(), mustCommit(t, p, small))
		defer r.Close()
		if err := iotest.TestReader(r, small); err != nil {
			t.Error(err)
		}
	})
}

func TestContractSameBytesAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, size := range []int{9 << 10, 300 << 10} {
			content := noise(size)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 3 {
						if err := Verify(t.Context(), p, mustCommit(t, p, content)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
		}
		if n := len(listed(t, p)); n != 2 {
			t.Errorf("%d blobs, want 2", n)
		}
	})
}

// TestContractUnfinished: whatever ends an upload before its commit, nothing is visible and nothing left behind.
func TestContractUnfinished(t *testing.T) {
	broken := errors.New("connection reset")
	everywhere(t, func(t *testing.T, p place) {
		for name, end := range map[string]func(w Writer, cancel func()) error{
			"abort":            func(w Writer, _ func()) error { w.Abort(); return nil },
			"context ended":    func(_ Writer, cancel func()) error { cancel(); return context.Canceled },
			"source broke off": func(w Writer, _ func()) error { _, _ = w.ReadFrom(iotest.ErrReader(broken)); return broken },
		} {
			for _, size := range []int{10, 5*partSize + 50} {
				ctx, cancel := context.WithCancel(t.Context())
				w, err := p.Create(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(w, bytes.NewReader(noise(size))); err != nil {
					t.Fatal(err)
				}
				want := end(w, cancel)
				if _, _, err = w.Commit(); err == nil || want != nil && !errors.Is(err, want) {
					t.Errorf("%s, %d bytes: Commit gave %v, want %v", name, size, err, want)
				}
				if _, err := w.Write([]byte("more")); err == nil {
					t.Errorf("%s: Write after the end", name)
				}
				cancel()
				if got := append(p.left(), keys(listed(t, p))...); len(got) != 0 {
					t.Errorf("%s, %d bytes: %v", name, size, got)
				}
			}
		}
	})
}

func keys(blobs map[Digest]int64) (all []string) {
	for d := range blobs {
		all = append(all, d.String())
	}
	return all
}

func TestContractDamage(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		content := noise(100 << 10)
		d := mustCommit(t, p, content)
		flipped := bytes.Clone(content)
		flipped[3]++
		for name, now := range map[string][]byte{"flipped": flipped, "cut": content[:100], "grown": append(flipped, 1)} {
			p.spoil(d, now)
			if err := Verify(t.Context(), p, d); !errors.Is(err, ErrCorrupt) || fail.KindOf(err) != fail.Internal {
				t.Errorf("%s: Verify gave %v", name, err)
			}
			mustCommit(t, p, content)
			if err := Verify(t.Context(), p, d); err != nil && name != "flipped" {
				t.Errorf("%s, after another upload: %v", name, err)
			}
		}
	})
}

func TestContractMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		d := DigestOf([]byte("never"))
		_, _, openErr := p.Open(t.Context(), d)
		_, statErr := p.Stat(t.Context(), d)
		for what, err := range map[string]error{"Open": openErr, "Stat": statErr, "Verify": Verify(t.Context(), p, d)} {
			if !fail.Is(err, fail.NotFound) || !strings.Contains(err.Error(), d.String()) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if removed, err := p.Remove(t.Context(), d, time.Time{}); removed || err != nil {
			t.Errorf("Remove: %v, %v", removed, err)
		}
	})
}

func TestContractRemove(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, size := range []int{1, smallObject + 1} {
			content := noise(size)
			d := mustCommit(t, p, content)
			for _, step := range []struct {
				before  time.Time
				removed bool
			}{
				{time.Now().Add(-time.Minute), false}, {time.Now().Add(time.Hour), true}, {time.Now().Add(time.Hour), false},
			} {
				if removed, err := p.Remove(t.Context(), d, step.before); err != nil || removed != step.removed {
					t.Errorf("before %s: removed %v, %v", step.before, removed, err)
				}
			}
			first := modified(t, p, mustCommit(t, p, content))
			time.Sleep(1100 * time.Millisecond) // S3 tells whole seconds
			if again := modified(t, p, mustCommit(t, p, content)); !again.After(first) {
				t.Errorf("%d bytes: committed again, and still of %s", size, first)
			}
			if removed, err := p.Remove(t.Context(), d, time.Time{}); err != nil || !removed {
				t.Errorf("whenever: removed %v, %v", removed, err)
			}
		}
		if left := p.left(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func modified(t *testing.T, s Store, d Digest) time.Time {
	t.Helper()
	info, err := s.Stat(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return info.Modified
}

// TestContractRemoveBesideCommits: commits end well beside removals of the same bytes, and what comes after the last removal stays.
func TestContractRemoveBesideCommits(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		content := noise(100 << 10)
		stop := make(chan struct{})
		var removers, committers sync.WaitGroup
		removers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				if _, err := p.Remove(t.Context(), DigestOf(content), time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
			}
		})
		for range 4 {
			committers.Go(func() {
				for range 5 {
					mustCommit(t, p, content)
				}
			})
		}
		committers.Wait()
		close(stop)
		removers.Wait()
		if err := Verify(t.Context(), p, mustCommit(t, p, content)); err != nil {
			t.Error(err)
		}
	})
}

func TestContractListOfThousands(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		want := map[Digest]int64{}
		var all sync.WaitGroup
		var mu sync.Mutex
		for worker := range 8 {
			all.Go(func() {
				for n := range 140 {
					size := worker*140 + n
					d := mustCommit(t, p, noise(size))
					mu.Lock()
					want[d] = int64(size)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff(want, listed(t, p)); diff != "" {
			t.Error(diff)
		}
		n := 0
		for range p.List(t.Context()) {
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			t.Errorf("a listing that was ended gave %d", n)
		}
	})
}

// TestContractSweep: what a process that died had under way is taken when it is old.
func TestContractSweep(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		kept := mustCommit(t, p, []byte("kept"))
		w, err := p.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(noise(5*partSize + 1)); err != nil { // and never more
			t.Fatal(err)
		}
		if s, ok := w.(*sending); ok {
			s.under.Wait()
		}
		for before, want := range map[time.Duration]bool{-time.Hour: false, time.Hour: true} {
			n, err := p.Sweep(t.Context(), time.Now().Add(before))
			_, waits := p.Store.(*Objects)
			waits = waits && n == 0 && len(p.left()) == 0 // Azure's blocks cannot be listed, and end by themselves
			if err != nil || (n > 0) != want && !waits {
				t.Errorf("Sweep %v from now: %d, %v", before, n, err)
			}
		}
		if left := p.left(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if err := Verify(t.Context(), p, kept); err != nil {
			t.Error(err)
		}
	})
}

func TestContractEndedContext(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		d := mustCommit(t, p, []byte("x"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, createErr := p.Create(ctx)
		_, _, openErr := p.Open(ctx, d)
		_, statErr := p.Stat(ctx, d)
		_, removeErr := p.Remove(ctx, d, time.Time{})
		var listErr error
		for _, listErr = range p.List(ctx) {
		}
		for n, err := range []error{createErr, openErr, statErr, removeErr, listErr} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("call %d: %v", n, err)
			}
		}
	})
}
