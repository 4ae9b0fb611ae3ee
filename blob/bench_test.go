package blob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func benchStore(b *testing.B) *Local {
	b.Helper()
	l, err := OpenLocal(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkCommit commits bytes never seen before, at 1, 8 and 32 goroutines, beside a plain file written and synced.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		for _, clients := range []int{1, 8, 32} {
			name := strconv.Itoa(size>>10) + "KiB/" + strconv.Itoa(clients)
			b.Run("blob/"+name, func(b *testing.B) {
				l := benchStore(b)
				benchCommits(b, size, clients, func(_ uint64, p []byte) error { return commitOnly(b, l, p) })
			})
			b.Run("plain/"+name, func(b *testing.B) {
				dir := b.TempDir()
				benchCommits(b, size, clients, func(n uint64, p []byte) error {
					return plainCopy(filepath.Join(dir, strconv.FormatUint(n, 10)), bytes.NewReader(p))
				})
			})
		}
	}
}

func benchCommits(b *testing.B, size, clients int, put func(uint64, []byte) error) {
	var serial atomic.Uint64
	var all sync.WaitGroup
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for range clients {
		all.Go(func() {
			p := noise(size)
			for n := serial.Add(1); n <= uint64(b.N); n = serial.Add(1) {
				binary.BigEndian.PutUint64(p, n)
				if err := put(n, p); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func commitOnly(tb testing.TB, s Store, p []byte) error {
	w, err := s.Create(tb.Context())
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.ReadFrom(bytes.NewReader(p)); err != nil {
		return err
	}
	_, _, err = w.Commit()
	return err
}

func plainCopy(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 32<<10))
	return errors.Join(err, f.Sync(), f.Close())
}

func noise(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(p)
	return p
}

// BenchmarkUpload sends 1 GiB over HTTP, into a store and into a plain file that is synced.
func BenchmarkUpload(b *testing.B) {
	const size = 1 << 30
	b.Run("blob", func(b *testing.B) {
		l := benchStore(b)
		benchUpload(b, size, func(r io.Reader) error {
			w, err := l.Create(b.Context())
			if err != nil {
				return err
			}
			defer w.Abort()
			if _, err := io.Copy(w, r); err != nil {
				return err
			}
			_, _, err = w.Commit()
			return err
		})
	})
	b.Run("plain", func(b *testing.B) {
		dir := b.TempDir()
		var serial atomic.Uint64
		benchUpload(b, size, func(r io.Reader) error {
			return plainCopy(filepath.Join(dir, strconv.FormatUint(serial.Add(1), 10)), r)
		})
	})
}

func benchUpload(b *testing.B, size int64, put func(io.Reader) error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := put(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	p := noise(1 << 20)
	b.SetBytes(size)
	for n := range b.N {
		binary.BigEndian.PutUint64(p, uint64(n+b.N<<32))
		req, err := http.NewRequest(http.MethodPut, server.URL, io.LimitReader(&loop{p: p}, size))
		if err != nil {
			b.Fatal(err)
		}
		req.ContentLength = size
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp, err)
		}
		resp.Body.Close()
	}
}

// loop repeats a MiB without end.
type loop struct {
	p   []byte
	off int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.p[l.off:])
	l.off = (l.off + n) % len(l.p)
	return n, nil
}
