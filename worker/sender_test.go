package worker

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"bailiwick/registry/webhook"
)

func sender(t testing.TB, allow ...string) *Sender {
	t.Helper()
	a, err := webhook.ParseAllow(allow)
	if err != nil {
		t.Fatal(err)
	}
	return NewSender(a, "bailiwick/test")
}

func try(s *Sender, h *webhook.Hook) webhook.Outcome {
	return s.Send(context.Background(), h, webhook.Secrets{Key: "k"}, "d", `{"a":1}`)
}

// names answers questions for IPv4 addresses: the n-th question gets the n-th list, and so on in a circle. It speaks DNS over UDP.
func names(t *testing.T, lists ...[]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		asked := 0
		for b := make([]byte, 512); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			question := b[12:n]
			end := strings.IndexByte(string(question), 0) + 1 // of the name
			kind := binary.BigEndian.Uint16(question[end:])
			reply := append([]byte{b[0], b[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[:end+4]...)
			if kind == 1 {
				for _, text := range lists[asked%len(lists)] {
					ip := netip.MustParseAddr(text).As4()
					reply = append(append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), ip[:]...)
					reply[7]++
				}
				asked++
			}
			conn.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// receiver is an HTTPS server at two loopback addresses; it counts what each got.
func receiver(t *testing.T) (port string, one, two *atomic.Int32) {
	t.Helper()
	one, two = new(atomic.Int32), new(atomic.Int32)
	first := listen(t, "127.0.0.1:0", one)
	_, port, _ = net.SplitHostPort(first)
	listen(t, "127.0.0.2:"+port, two)
	return port, one, two
}

func listen(t *testing.T, address string, count *atomic.Int32) string {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count.Add(1) }))
	s.Listener.Close()
	s.Listener = ln
	s.StartTLS()
	t.Cleanup(s.Close)
	return ln.Addr().String()
}

// A name that led to an allowed address the first time, and to another the next, does not get through the second time; where it leads to
// both at once only the allowed one is called.
func TestRebinding(t *testing.T) {
	port, one, two := receiver(t)
	s := sender(t, "127.0.0.1")
	s.resolver = names(t, []string{"127.0.0.1"}, []string{"127.0.0.2"}, []string{"127.0.0.2", "127.0.0.1"}, []string{"169.254.169.254"})
	h := &webhook.Hook{Protocol: webhook.MLflow, URL: "https://rebind.example:" + port + "/", Insecure: true}
	if o := try(s, h); o.Status != 200 || one.Load() != 1 {
		t.Fatalf("the allowed address: %+v", o)
	}
	if o := try(s, h); o.Status != 0 || !o.Final || !strings.Contains(o.Answer, "127.0.0.2 is this machine itself") {
		t.Errorf("after rebinding: %+v", o)
	}
	if o := try(s, h); o.Status != 200 || one.Load() != 2 {
		t.Errorf("at both: %+v", o)
	}
	if o := try(s, h); o.Status != 0 || !o.Final {
		t.Errorf("metadata: %+v", o)
	}
	if two.Load() != 0 {
		t.Errorf("the address that is not allowed got %d requests", two.Load())
	}
}

func TestSenderRefuses(t *testing.T) {
	port, one, _ := receiver(t)
	for name, tt := range map[string]struct {
		allow    []string
		url      string
		insecure bool
		final    bool
		says     string
	}{
		"loopback":                 {nil, "https://127.0.0.1:" + port, true, true, "refused"},
		"wrapped loopback":         {nil, "https://[::ffff:127.0.0.1]:" + port, true, true, "refused"},
		"a name for it":            {nil, "https://localhost:" + port, true, true, "this machine itself"},
		"http":                     {nil, "http://localhost:" + port, false, true, "https is allowed"},
		"a strange scheme":         {[]string{"127.0.0.1"}, "ftp://127.0.0.1:" + port, false, true, "scheme"},
		"a stranger's certificate": {[]string{"127.0.0.1"}, "https://127.0.0.1:" + port, false, false, "certificate"},
	} {
		s := sender(t, tt.allow...)
		o := try(s, &webhook.Hook{Protocol: webhook.MLflow, URL: tt.url, Insecure: tt.insecure})
		if o.Status != 0 || o.Final != tt.final || !strings.Contains(o.Answer, tt.says) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if one.Load() != 0 {
		t.Errorf("the receiver got %d requests", one.Load())
	}
}

// The environment's proxy is not asked: the address that is checked would be the proxy's.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	if s := sender(t); s.safe.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is used")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	followed := false
	mux := http.NewServeMux()
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(503)
		io.WriteString(w, "a\x00b\xffc\x1b[31m"+strings.Repeat("x", 1<<20))
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/there", func(http.ResponseWriter, *http.Request) { followed = true })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	s := sender(t, "127.0.0.1")
	o := try(s, &webhook.Hook{URL: srv.URL + "/long"})
	if o.Status != 503 || o.Wait != 7000 || len(o.Answer) > maxAnswer || !strings.HasPrefix(o.Answer, "abc[31mxxx") {
		t.Errorf("%d bytes: %.40q %d", len(o.Answer), o.Answer, o.Wait)
	}
	if o := try(s, &webhook.Hook{URL: srv.URL + "/away"}); o.Status != 307 || followed {
		t.Errorf("%+v, followed: %v", o, followed)
	}
	srv.Close()
	if o := try(s, &webhook.Hook{URL: srv.URL + "/gone?token=hunter2"}); o.Status != 0 || o.Final || strings.Contains(o.Answer, "hunter2") {
		t.Errorf("nobody there: %+v", o)
	}
}
