// Package servertest starts whole servers for tests: real store, real door, real HTTP on loopback.
package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"bailiwick/server"
	"bailiwick/store/storetest"
)

// AdminToken is the token of the administrator "admin" on servers that Start starts.
const AdminToken = "dapi-test-administrator-0123456789abcdef"

// Server is a running server and a client of it.
type Server struct {
	*server.Server
	URL string
	t   testing.TB
}

// Start starts a server on the engine that the test run is for (storetest.Database), in a folder of its own; change may alter the
// configuration. It stops with the test.
func Start(t testing.TB, change ...func(*server.Config)) *Server {
	t.Helper()
	cfg := server.Default()
	cfg.Data, cfg.Listen, cfg.Database = t.TempDir(), "127.0.0.1:0", storetest.Database(t)
	for _, f := range change {
		f(&cfg)
	}
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("BAILIWICK_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	s, err := server.Open(context.Background(), cfg, AdminToken, log)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Server{Server: s, URL: "http://" + addr, t: t}
}

// Attach gives a client of a server that the test opened, and closes, itself.
func Attach(t testing.TB, s *server.Server, url string) *Server {
	return &Server{Server: s, URL: url, t: t}
}

// Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON gives a value of the answer's body by a path of keys ("run.info.run_id", "users.0.id"); nil when absent.
func (a Answer) JSON(path string) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscanf(key, "%d", &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text is JSON as a string: a JSON string's content, a number's digits, "" when absent.
func (a Answer) Text(path string) string {
	if v := a.JSON(path); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// Do sends a request as the owner of token ("" = nobody); body is sent as JSON unless it is an io.Reader, a []byte or nil.
func (s *Server) Do(token, method, path string, body any) Answer {
	s.t.Helper()
	return s.Send(s.Request(token, method, path, body))
}

// Request makes the request that Do sends, for tests that add headers of their own.
func (s *Server) Request(token, method, path string, body any) *http.Request {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	case []byte:
		r = bytes.NewReader(b)
	case string:
		r = strings.NewReader(b)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, s.URL+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// Send sends a request that the test made itself.
func (s *Server) Send(req *http.Request) Answer {
	s.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, body}
}

// Admin is Do as the administrator, which must succeed.
func (s *Server) Admin(method, path string, body any) Answer {
	s.t.Helper()
	a := s.Do(AdminToken, method, path, body)
	if a.Status >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	return a
}
