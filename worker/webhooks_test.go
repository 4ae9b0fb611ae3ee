package worker

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/registry/webhook"
	"bailiwick/store"
	"bailiwick/store/storetest"
)

// desk is a store, a deliverer and a receiver whose answers a test decides.
type desk struct {
	*Deliverer
	t   *testing.T
	url string
	log bytes.Buffer

	mu     sync.Mutex
	answer http.HandlerFunc
	got    []request
}

type request struct{ path, id, signature, body string }

const key = "hunter2-key"

func newDesk(t *testing.T, allow ...string) *desk {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir(), Database: storetest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), store.Founding{Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	if allow == nil {
		allow = []string{"127.0.0.1"}
	}
	d := &desk{t: t}
	d.Deliverer = &Deliverer{Store: s, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Sender: sender(t, allow...)}
	srv := httptest.NewServer(http.HandlerFunc(d.receive))
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

func (d *desk) receive(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	d.got = append(d.got, request{r.URL.Path, r.Header.Get("X-Bailiwick-Delivery-Id"), r.Header.Get("X-Databricks-Signature"), string(body)})
	answer := d.answer
	d.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (d *desk) answers(f http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

func (d *desk) requests() []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]request(nil), d.got...)
}

// hook makes a webhook that calls a path of the receiver.
func (d *desk) hook(path string) *webhook.Hook {
	d.t.Helper()
	h := &webhook.Hook{ID: store.NewHookID(), Protocol: webhook.Databricks, URL: d.url + path, Status: webhook.Active, Events: []string{"COMMENT_CREATED"}}
	err := d.Store.WriteAlone(context.Background(), func(tx *store.Tx) error {
		err := tx.CreateHook(h, webhook.Secrets{Key: key})
		return errors.Join(err, tx.Record(store.SystemEntry("modelRegistry", "test"), authz.WorkspaceObject))
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return h
}

func (d *desk) emit(n int) {
	d.t.Helper()
	for range n {
		err := d.Store.Write(context.Background(), func(tx *store.Tx) error {
			return tx.Emit(&webhook.Event{Kind: webhook.CommentMade, Model: 7, Name: "m", Version: 1, Comment: "c", At: tx.Now})
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// until passes again and again, and gives the deliveries of a webhook when as many as wanted are in a state.
func (d *desk) until(h *webhook.Hook, state webhook.State, n int) (all []webhook.Delivery) {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := d.Pass(context.Background()); err != nil {
			d.t.Fatal(err)
		}
		if all = d.deliveries(h, state); len(all) == n {
			return all
		}
	}
	d.t.Fatalf("%d are %s, want %d; log: %s", len(all), state, n, d.log.String())
	return nil
}

func (d *desk) deliveries(h *webhook.Hook, state webhook.State) (all []webhook.Delivery) {
	d.t.Helper()
	err := d.Store.Read(context.Background(), func(tx *store.Tx) (err error) {
		all, err = tx.Deliveries(h.ID, state, 0, "", 1000)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

func TestDelivers(t *testing.T) {
	d := newDesk(t)
	h := d.hook("/a")
	d.emit(30)
	d.until(h, webhook.Delivered, 30)
	seen := map[string]bool{}
	for _, r := range d.requests() {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(r.body))
		if r.signature != hex.EncodeToString(m.Sum(nil)) || seen[r.id] || r.path != "/a" || !strings.Contains(r.body, h.ID) {
			t.Errorf("%+v", r)
		}
		seen[r.id] = true
	}
	if len(seen) != 30 {
		t.Errorf("%d were received", len(seen))
	}
}

// Deliverers that work on one database at once send nothing twice.
func TestDeliverersTogether(t *testing.T) {
	d := newDesk(t)
	h := d.hook("/a")
	d.emit(40)
	other := &Deliverer{Store: d.Store, Log: d.Log, Sender: d.Sender}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := other.Pass(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
		other.all.Wait()
	})
	d.until(h, webhook.Delivered, 40)
	stop()
	wg.Wait()
	if n := len(d.requests()); n != 40 {
		t.Errorf("%d requests for 40 deliveries", n)
	}
}

func TestTriesAgain(t *testing.T) {
	d := newDesk(t)
	h := d.hook("/a")
	d.answers(func(w http.ResponseWriter, _ *http.Request) {
		if len(d.requests()) == 1 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	d.emit(1)
	done := d.until(h, webhook.Delivered, 1)[0]
	got := d.requests()
	if len(got) != 2 || got[0] != got[1] || got[0].id != done.ID || done.Tries != 2 {
		t.Errorf("%+v %+v", got, done)
	}
}

func TestDeadAndSentAgain(t *testing.T) {
	d := newDesk(t)
	h := d.hook("/a")
	d.answers(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "never", http.StatusGone) })
	d.emit(1)
	dead := d.until(h, webhook.Dead, 1)[0]
	if dead.Status != 410 || dead.Answer != "never\n" || dead.Tries != 1 {
		t.Errorf("%+v", dead)
	}
	d.answers(nil)
	if err := d.Store.Write(context.Background(), func(tx *store.Tx) error { return tx.Redeliver(h.ID, dead.ID) }); err != nil {
		t.Fatal(err)
	}
	d.until(h, webhook.Delivered, 1)
	if got := d.requests(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("%+v", got)
	}
}

func TestForbiddenAddressIsDeadAtOnce(t *testing.T) {
	d := newDesk(t, "10.0.0.0/8")
	h := d.hook("/a")
	d.emit(1)
	dead := d.until(h, webhook.Dead, 1)[0]
	if len(d.requests()) != 0 || !strings.Contains(dead.Answer, "webhooks.allow") {
		t.Errorf("%+v", dead)
	}
}

// A receiver that takes its time holds nobody up but itself.
func TestSlowReceiver(t *testing.T) {
	d := newDesk(t)
	slow, quick := d.hook("/slow"), d.hook("/quick")
	release := make(chan struct{})
	d.answers(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
	})
	d.emit(3 * atOnce)
	d.until(quick, webhook.Delivered, 3*atOnce)
	if n := len(d.deliveries(slow, webhook.Delivered)); n != 0 {
		t.Errorf("%d of the slow one are delivered", n)
	}
	close(release)
	d.until(slow, webhook.Delivered, 3*atOnce)
}

// What waits is sent as fast as the receiver takes it, not as often as somebody looks.
func TestRunIsQuick(t *testing.T) {
	d := newDesk(t)
	d.hook("/a")
	d.emit(20 * perHook)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	began := time.Now()
	for len(d.requests()) < 20*perHook && time.Since(began) < 30*look {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*look {
		t.Errorf("%d deliveries took %v", 20*perHook, took)
	}
}

// A stop of the server gives up what is under way, and does not count it as a try.
func TestStop(t *testing.T) {
	d := newDesk(t)
	h := d.hook("/a")
	release := make(chan struct{})
	d.answers(func(http.ResponseWriter, *http.Request) { <-release })
	d.emit(1)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	for len(d.requests()) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := d.deliveries(h, webhook.Pending); len(got) != 1 || got[0].Tries != 0 || got[0].Due > time.Now().UnixMilli() {
		t.Errorf("%+v", got)
	}
	close(release)
	d.until(h, webhook.Delivered, 1)
	if strings.Contains(d.log.String(), key) {
		t.Errorf("the log has the key: %s", d.log.String())
	}
}
