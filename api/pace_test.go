package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
)

// dial sends the head of a request on a connection of its own, which takes in as little as it can.
func (w *world) dial(head, begin string) net.Conn {
	w.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		w.Fatal(err)
	}
	if _, err := io.WriteString(conn, head+"\r\nHost: x\r\n"+begin); err != nil {
		w.Fatal(err)
	}
	return conn
}

// observed tells of each answered request.
func (w *world) observed() <-chan int {
	done := make(chan int, 100)
	w.door.Observe = func(_ *api.Route, status int, _ time.Duration) { done <- status }
	return done
}

func (w *world) wait(done <-chan int, what string) int {
	w.Helper()
	select {
	case status := <-done:
		return status
	case <-time.After(20 * time.Second):
		w.Fatalf("%s holds the server", what)
		return 0
	}
}

// Room for a body is made as it comes, not as its client says; and who has not said who he is has little of it.
func TestClaimedBodies(t *testing.T) {
	w := begin(t, append(plain(), api.OpenWrite("POST /enter", "nobody has a credential yet",
		func(*api.Call, *proof) (*proof, error) { return &proof{}, nil }))...)
	w.door.Patience = 300 * time.Millisecond
	done, calls := w.observed(), 40
	if status, body := w.do("", "POST", "/t/enter", `{"word":"`+strings.Repeat("a", 70<<10)+`"}`); status != 413 {
		t.Errorf("a stranger's long body: %d %.100s", status, body)
	}
	w.wait(done, "a long body")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range calls {
		head := []string{"POST /t/enter HTTP/1.1", "POST /t/gathered/2000 HTTP/1.1\r\nAuthorization: Bearer ann-token"}[i%2]
		w.dial(head, "Content-Length: 16000000\r\n\r\n{")
	}
	for range calls {
		w.wait(done, "a body that does not come")
	}
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 40 {
		t.Errorf("%d bytes of %d bodies took %d MiB", calls, calls, made)
	}
}

// A client that takes nothing of its answer is given up, whatever the answer is made of.
func TestSlowReaders(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	w := begin(t,
		api.Read("GET /text/{id}", authz.ViewRuns, object, func(*api.Call, int64, *ask) (*told, error) { return &told{Said: string(long)}, nil }),
		api.Download("GET /bytes/{id}", authz.ViewRuns, object, func(*api.Call, int64, *ask) (*api.Content, error) {
			return &api.Content{Name: "a", Open: func() (io.ReadSeekCloser, error) { return nopClose{bytes.NewReader(long)}, nil }}, nil
		}))
	w.door.Patience = time.Second
	done := w.observed()
	for _, path := range []string{"/t/text/2000", "/t/bytes/2000"} {
		req, err := http.NewRequest("GET", w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer ann-token")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil || !bytes.Contains(whole, long) {
			t.Errorf("%s: %d bytes, %v", path, len(whole), err)
		}
		w.wait(done, path)
	}
	for _, path := range []string{"/t/text/2000", "/t/bytes/2000"} {
		w.dial("GET "+path+" HTTP/1.1", "Authorization: Bearer ann-token\r\n\r\n")
		if status := w.wait(done, path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

type nopClose struct{ *bytes.Reader }

func (nopClose) Close() error { return nil }

// An upload may take as long as it needs, and does not go on for ever with next to nothing; what the server does with it takes its own time.
func TestSlowUploads(t *testing.T) {
	w := begin(t, api.Upload("PUT /up/{id}", authz.ViewRuns, object, func(_ *api.Call, _ int64, _ *ask, r io.Reader) (n int64, err error) {
		n, err = io.Copy(io.Discard, r)
		time.Sleep(1200 * time.Millisecond)
		return n, err
	}, func(_ *api.Call, _ int64, _ *ask, n int64) (*told, error) { return &told{Said: fmt.Sprint(n)}, nil }))
	w.door.Patience = 200 * time.Millisecond
	done := w.observed()
	put := func() net.Conn {
		return w.dial("PUT /t/up/2000 HTTP/1.1", "Authorization: Bearer ann-token\r\nContent-Length: 100000\r\n\r\n")
	}
	trickle := put()
	go func() {
		for range 40 {
			if _, err := trickle.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	put()
	for range 2 {
		if status := w.wait(done, "an upload that does not come"); status == 200 {
			t.Error("half an upload was taken for a whole one")
		}
	}
	steady := put()
	for range 20 {
		if _, err := steady.Write(make([]byte, 5000)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if status := w.wait(done, "a steady upload"); status != 200 {
		t.Errorf("a steady upload: %d", status)
	}
}
