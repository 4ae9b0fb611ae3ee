package api_test

import (
	"sync"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
)

// Whoever asks for much that takes long waits for himself: others read meanwhile, also where there are more of him than connections.
func TestNobodyTakesAllTurns(t *testing.T) {
	slow, entered, calls := make(chan struct{}), make(chan struct{}, 100), 40
	w := begin(t, append(plain(), api.Read("GET /lasting/{id}", authz.ViewRuns, object, func(*api.Call, int64, *ask) (*told, error) {
		entered <- struct{}{}
		<-slow
		return &told{}, nil
	}))...)
	for range 2 * w.store.Readers() { // what ends badly gives its turn back
		if status, _ := w.do("ann-token", "GET", "/t/panic/2000", ""); status != 500 {
			t.Fatal(status)
		}
	}
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if status, body := w.do("ann-token", "GET", "/t/lasting/2000", ""); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	for range w.store.Readers() * 2 / 3 {
		<-entered
	}
	others := make(chan int)
	go func() {
		status, _ := w.do("admin-token", "GET", "/t/read/2000", "")
		others <- status
	}()
	select {
	case status := <-others:
		if status != 200 {
			t.Errorf("another: %d", status)
		}
	case <-time.After(10 * time.Second):
		t.Error("one caller's reads hold up everybody")
	}
	close(slow)
	all.Wait()
	if n := len(entered); n != calls-w.store.Readers()*2/3 {
		t.Errorf("%d more were answered, not %d", n, calls-w.store.Readers()*2/3)
	}
}
