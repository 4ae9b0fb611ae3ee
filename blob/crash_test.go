package blob

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bailiwick/fail"
)

// smallPiece makes uploads of some hundred bytes go through all of the pipeline.
const smallPiece = 32

const diskRoot = "/data/artifacts"

// promises are the blobs whose commit was acknowledged.
type promises struct {
	mu   sync.Mutex
	kept map[Digest][]byte
}

func (p *promises) put(tb testing.TB, s Store, content []byte) error {
	d, size, err := commit(tb, s, content)
	if err != nil {
		return err
	}
	if d != DigestOf(content) || size != int64(len(content)) {
		tb.Errorf("commit of %d bytes gave %s, %d bytes", len(content), d, size)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept[d] = content
	return nil
}

// commit writes in two ways in turn, by ReadFrom and by Write in odd parts.
func commit(tb testing.TB, s Store, content []byte) (Digest, int64, error) {
	w, err := s.Create(tb.Context())
	if err != nil {
		return Digest{}, 0, err
	}
	defer w.Abort()
	half := len(content) / 2
	if _, err := w.ReadFrom(bytes.NewReader(content[:half])); err != nil {
		return Digest{}, 0, err
	}
	if _, err := w.Write(content[half:]); err != nil {
		return Digest{}, 0, err
	}
	return w.Commit()
}

// broken says what is wrong in a store that was opened after a crash: a promise not kept, a file under a digest that is not its
// own, an unfinished upload that Sweep leaves.
func (p *promises) broken(t *testing.T, s Store, d *disk) error {
	var wrong []error
	for digest := range maps.Keys(p.kept) {
		if err := Verify(t.Context(), s, digest); err != nil {
			wrong = append(wrong, fmt.Errorf("acknowledged: %w", err))
		}
	}
	for info, err := range s.List(t.Context()) {
		if err == nil {
			err = Verify(t.Context(), s, info.Digest)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("visible: %w", err))
		}
	}
	_, err := s.Sweep(t.Context(), time.Now().Add(time.Hour))
	if left := d.leftovers(); err != nil || left != 0 {
		wrong = append(wrong, fmt.Errorf("%d temporary files after Sweep, error %w", left, err))
	}
	return errors.Join(wrong...)
}

func (d *disk) leftovers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	tmp, err := d.find(diskRoot + "/tmp")
	if err != nil {
		return 0
	}
	return len(tmp.entries)
}

// work commits contents, some of them twice, until it is done or the disk says no.
func work(t *testing.T, l *Local, p *promises, rng *rand.Rand) error {
	for range 4 {
		content := make([]byte, rng.IntN(6*smallPiece))
		for i := range content {
			content[i] = byte(rng.IntN(256))
		}
		for range 1 + rng.IntN(2) {
			if err := p.put(t, l, content); err != nil {
				return err
			}
		}
	}
	return nil
}

// life is a process on a disk: it opens the store and works in several goroutines until the end or loss of power.
func life(t *testing.T, d *disk, p *promises, workers int, seed uint64) {
	l, err := openLocal(d, diskRoot, smallPiece)
	if err != nil {
		return
	}
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			if err := work(t, l, p, rand.New(rand.NewPCG(seed, uint64(n)))); err != nil && !errors.Is(err, errPower) {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	all.Wait()
}

// crash cuts the power at a step, twice in a row, and says what is wrong then.
func crash(t *testing.T, lies map[string]bool, workers, cutAt int, seed uint64) error {
	d, p := newDisk(seed), &promises{kept: map[Digest][]byte{}}
	for again := range uint64(2) {
		d.lies, d.cutAt = lies, cutAt
		life(t, d, p, workers, seed+again<<32)
		d = d.restart()
		l, err := openLocal(d, diskRoot, smallPiece)
		if err != nil {
			return err
		}
		if err := p.broken(t, l, d); err != nil {
			return err
		}
		d = d.restart() // looking at it and losing power again must change nothing
	}
	return nil
}

// TestPowerLossAtEveryStep: whatever the step, what was acknowledged is whole afterwards, and nothing else is to be seen.
func TestPowerLossAtEveryStep(t *testing.T) {
	for _, workers := range []int{1, 4} {
		for cutAt := 1; cutAt <= 100*workers; cutAt++ {
			for seed := range uint64(6 - workers) {
				if err := crash(t, nil, workers, cutAt, seed); err != nil {
					t.Fatalf("%d workers, power lost at step %d, seed %d: %v", workers, cutAt, seed, err)
				}
			}
		}
	}
}

// TestPowerLossNeedsEverySync shows that the test above would notice: with any sync left out, something gets lost.
func TestPowerLossNeedsEverySync(t *testing.T) {
	shards := map[string]bool{}
	for i := range 256 {
		shards[fmt.Sprintf("syncdir %02x", i)] = true
	}
	for name, lies := range map[string]map[string]bool{
		"file":            {"sync": true},
		"folder of blob":  shards,
		"folder of those": {"syncdir sha256": true},
		"store's folder":  {"syncdir artifacts": true},
		"parent":          {"syncdir data": true},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				if crash(t, lies, 1, 60, seed) != nil {
					return
				}
			}
			t.Error("leaving out this sync went unnoticed")
		})
	}
}

// TestFailureAtEveryStep: a step that fails fails the commit with its cause, leaves nothing of it, and the next commit is good.
// Only where removing itself fails may a temporary file stay, for Sweep.
func TestFailureAtEveryStep(t *testing.T) {
	for _, size := range []int{0, smallPiece / 2, 5 * smallPiece} {
		for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
			failed := map[string]bool{}
			for step := 1; failAt(t, size, errno, step, failed); step++ {
			}
			for _, want := range []string{"create", "write", "sync", "close", "mkdir", "rename", "syncdir sha256"} {
				if !failed[want] {
					t.Errorf("%d bytes: no step %q was made to fail: %v", size, want, failed)
				}
			}
		}
	}
}

// failAt makes the step of a commit fail and reports whether there was such a step.
func failAt(t *testing.T, size int, errno error, step int, failed map[string]bool) bool {
	t.Helper()
	d := newDisk(1)
	l, err := openLocal(d, diskRoot, smallPiece)
	if err != nil {
		t.Fatal(err)
	}
	content := noise(size)
	d.failAt, d.failErr = d.steps+step, errno
	_, _, err = commit(t, l, content)
	if d.failed == "" {
		if err != nil {
			t.Errorf("nothing failed but %v", err)
		}
		return false
	}
	failed[d.failed] = true
	where := fmt.Sprintf("%d bytes, step %d (%s) fails with %v", size, step, d.failed, errno)
	wantKind := map[error]fail.Kind{syscall.ENOSPC: fail.Unavailable, syscall.EIO: fail.Internal}[errno]
	if !errors.Is(err, errno) || !fail.Is(err, wantKind) || Full(err) != (errno == syscall.ENOSPC) {
		t.Errorf("%s: error %v", where, err)
	}
	if _, err := l.Stat(t.Context(), DigestOf(content)); !fail.Is(err, fail.NotFound) {
		t.Errorf("%s: the blob is to be seen: %v", where, err)
	}
	if left := d.leftovers(); left != 0 {
		t.Errorf("%s: %d temporary files", where, left)
	}
	if _, _, err := commit(t, l, content); err != nil {
		t.Errorf("%s: the next commit: %v", where, err)
	}
	return true
}

// TestFailedOpen: a store that cannot make its folders durable is not opened.
func TestFailedOpen(t *testing.T) {
	whole := newDisk(1)
	if _, err := openLocal(whole, diskRoot, smallPiece); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= whole.steps; step++ {
		d := newDisk(1)
		d.failAt, d.failErr = step, syscall.EIO
		_, err := openLocal(d, diskRoot, smallPiece)
		if !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "making its folders") {
			t.Errorf("step %d (%s): %v", step, d.failed, err)
		}
	}
}
