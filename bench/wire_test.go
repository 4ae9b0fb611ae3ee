package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answers gives a server of bodies in every form that ends them, and a site on it.
func answers(t *testing.T) *site {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/length", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "short") })
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			io.WriteString(w, strings.Repeat("c", 100_000))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { body, _ := io.ReadAll(r.Body); w.Write(body) })
	mux.HandleFunc("/refused", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "late")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &site{name: "answers", addr: server.Listener.Addr().String(), peer: &peer{}}
}

func TestConnReadsEveryForm(t *testing.T) {
	s := answers(t)
	c, err := dial(t.Context(), s.addr, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	tests := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/length", "", 200, "short"},
		{"GET", "/chunked", "", 200, strings.Repeat("c", 300_000)},
		{"GET", "/empty", "", 200, ""},
		{"GET", "/none", "", 204, ""},
		{"GET", "/refused", "", 403, "no\n"},
		{"POST", "/echo", "what was sent", 200, "what was sent"},
		{"POST", "/echo", strings.Repeat("long ", 50_000), 200, strings.Repeat("long ", 50_000)},
		{"GET", "/early", "", 200, "late"},
		{"GET", "/missing", "", 404, "404 page not found\n"},
		{"GET", "/length", "", 200, "short"},
	}
	for _, tt := range tests { // all on one connection, so each must leave it at the next answer
		status, body, err := c.do(s.request(tt.method, tt.path, []byte(tt.body)))
		if err != nil || status != tt.status || string(body) != tt.want {
			t.Errorf("%s %s: %d, %d bytes, %v; want %d, %d bytes", tt.method, tt.path, status, len(body), err, tt.status, len(tt.want))
		}
	}
}

func TestConnStreams(t *testing.T) {
	s := answers(t)
	c, err := dial(t.Context(), s.addr, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, path := range []string{"/chunked", "/length", "/chunked"} {
		var sizes []int
		status, err := c.stream(s.request("GET", path, nil), make([]byte, 128_000), func(block []byte) error {
			sizes = append(sizes, len(block))
			return nil
		})
		want := map[string][]int{"/chunked": {128_000, 128_000, 44_000}, "/length": {5}}[path]
		if diff := cmp.Diff(want, sizes); err != nil || status != 200 || diff != "" {
			t.Errorf("%s: %d, %v (-want +got):\n%s", path, status, err, diff)
		}
	}
	broken := errors.New("sink")
	if _, err := c.stream(s.request("GET", "/length", nil), make([]byte, 10), func([]byte) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("the sink's error is lost: %v", err)
	}
}

func TestConnEndsWithContext(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hold) })
	ctx, cancel := context.WithCancel(t.Context())
	s := &site{addr: server.Listener.Addr().String(), peer: &peer{}}
	c, err := dial(ctx, s.addr, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, err := c.do(s.request("GET", "/", nil)); err == nil {
		t.Error("a request outlived its context")
	}
}

func TestPlayCountsAndWarms(t *testing.T) {
	s := answers(t)
	request := s.request("GET", "/length", nil)
	p, err := s.play(t.Context(), load{
		clients: 3, warm: 2, most: 30, limit: time.Minute, length: 5, request: func(int, int) []byte { return request },
	})
	if diff := cmp.Diff([]int{12, 12, 12}, p.done); err != nil || diff != "" || p.rate <= 0 || string(p.last[2]) != "short" {
		t.Errorf("%v, rate %v, last %q (-want +got):\n%s", err, p.rate, p.last[2], diff)
	}
}

func TestPlayEndsInTime(t *testing.T) {
	s := answers(t)
	request := s.request("GET", "/length", nil)
	began := time.Now()
	p, err := s.play(t.Context(), load{
		clients: 2, most: 1 << 40, limit: 50 * time.Millisecond, request: func(int, int) []byte { return request },
	})
	if spent := time.Since(began); err != nil || spent > 5*time.Second || p.done[0] < 1 {
		t.Errorf("%v after %s with %v requests", err, spent, p.done)
	}
}

func TestPlayRefusesOtherAnswers(t *testing.T) {
	s := answers(t)
	tests := map[string]struct {
		path   string
		length int
	}{"status": {"/refused", 0}, "length": {"/length", 6}}
	for name, tt := range tests {
		request := s.request("GET", tt.path, nil)
		_, err := s.play(t.Context(), load{clients: 1, most: 2, limit: time.Second, length: tt.length, request: func(int, int) []byte { return request }})
		if !errors.As(err, new(wrong)) {
			t.Errorf("%s: %v is no wrong answer", name, err)
		}
	}
}

func TestParallel(t *testing.T) {
	var done atomic.Int64
	err := parallel(t.Context(), 100, 8, func(context.Context, int) error { done.Add(1); return nil })
	if err != nil || done.Load() != 100 {
		t.Errorf("%d of 100 were done: %v", done.Load(), err)
	}
	broken := errors.New("broken")
	done.Store(0)
	err = parallel(t.Context(), 10_000, 2, func(_ context.Context, i int) error {
		done.Add(1)
		if i == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || done.Load() > 100 {
		t.Errorf("after an error (%v) it went on to %d", err, done.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := parallel(ctx, 5, 2, func(context.Context, int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gives %v", err)
	}
}

func TestTemplate(t *testing.T) {
	one := newTemplate(fmt.Appendf(nil, "a=%s&b=1%s", mark, mark), mark)
	for n, want := range map[int]string{0: "a=00000000&b=100000000", 42: "a=00000042&b=100000042", 99999999: "a=99999999&b=199999999"} {
		if got := string(one.with(n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := string(newTemplate([]byte("x"+batchMark+"07"), batchMark).with(12)); got != "x00001207" {
		t.Errorf("a mark of six digits became %s", got)
	}
}
