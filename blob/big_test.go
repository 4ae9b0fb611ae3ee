package blob

import (
	"encoding/binary"
	"io"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"
)

const (
	bigSize = 200 << 20
	// bigMemory is what an upload or download of any size may take beside what was in use before.
	bigMemory = 64 << 20
)

// TestContractBig sends and fetches a file much larger than the memory that this may take.
func TestContractBig(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		defer debug.SetGCPercent(debug.SetGCPercent(10)) // to see what is in use, not what waits to be collected
		runtime.GC()
		top := watchMemory(t)
		began := time.Now()
		d := sendBig(t, p)
		up := time.Since(began)
		began = time.Now()
		if err := Verify(t.Context(), p, d); err != nil {
			t.Error(err)
		}
		down := time.Since(began)
		began = time.Now()
		if again := sendBig(t, p); again != d {
			t.Errorf("the same bytes were %s and %s", d, again)
		}
		const mib = bigSize >> 20
		t.Logf("%d MiB: up %.0f MiB/s, again %.0f MiB/s, down with digest %.0f MiB/s, at most %d MiB of memory", mib,
			mib/up.Seconds(), mib/time.Since(began).Seconds(), mib/down.Seconds(), top()>>20)
		if used := top(); used > bigMemory {
			t.Errorf("%d MiB of memory were in use", used>>20)
		}
		if left := p.left(); len(left) > 0 || len(listed(t, p)) != 1 {
			t.Errorf("left: %v", left)
		}
	})
}

func sendBig(t *testing.T, s Store) Digest {
	t.Helper()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	block := noise(1 << 20)
	binary.BigEndian.PutUint64(block, 42)
	if _, err := io.Copy(w, io.LimitReader(&loop{p: block}, bigSize)); err != nil {
		t.Fatal(err)
	}
	d, n, err := w.Commit()
	if err != nil || n != bigSize {
		t.Fatalf("%d bytes, %v", n, err)
	}
	return d
}

// watchMemory looks at the heap in use until the test ends; top gives the most beyond what it was at first.
func watchMemory(t *testing.T) (top func() int64) {
	var first runtime.MemStats
	runtime.ReadMemStats(&first)
	var most atomic.Int64
	ctx := t.Context()
	go func() {
		for ctx.Err() == nil {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), int64(now.HeapInuse)-int64(first.HeapInuse)))
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return most.Load
}
