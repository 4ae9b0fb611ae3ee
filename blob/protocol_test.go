package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a bucket whose requests take effect after a random time and are answered after another, in the fake time of synctest:
// so requests of several processes interleave in all ways, and each run of a seed is the same.
type memory struct {
	mu      sync.Mutex
	rng     *rand.Rand
	objects map[string]kept
	loses   float64 // the share of requests that die, half of them after they took effect
}

type kept struct {
	body     []byte
	modified time.Time
}

var errNoObject, errLost = errors.New("no such object"), errors.New("connection lost")

// ask runs a request.
func (m *memory) ask(do func() error) error {
	m.wait()
	m.mu.Lock()
	luck := m.rng.Float64()
	m.mu.Unlock()
	if luck < m.loses/2 {
		return errLost
	}
	m.mu.Lock()
	err := do()
	m.mu.Unlock()
	m.wait()
	if luck < m.loses {
		return errLost
	}
	return err
}

func (m *memory) wait() {
	m.mu.Lock()
	d := time.Duration(m.rng.IntN(1000)) * time.Millisecond
	m.mu.Unlock()
	time.Sleep(d)
}

func (m *memory) put(_ context.Context, key string, body []byte) error {
	return m.ask(func() error { m.objects[key] = kept{bytes.Clone(body), time.Now()}; return nil })
}

func (m *memory) get(_ context.Context, key string, from, length int64) (r io.ReadCloser, err error) {
	err = m.ask(func() error {
		o, ok := m.objects[key]
		if !ok {
			return errNoObject
		}
		r = io.NopCloser(bytes.NewReader(o.body[from : from+length]))
		return nil
	})
	return r, err
}

func (m *memory) stat(_ context.Context, key string) (e entry, err error) {
	err = m.ask(func() error {
		o, ok := m.objects[key]
		if !ok {
			return errNoObject
		}
		e = entry{key, int64(len(o.body)), o.modified}
		return nil
	})
	return e, err
}

func (m *memory) remove(_ context.Context, key string) error {
	return m.ask(func() error { delete(m.objects, key); return nil })
}

func (m *memory) list(_ context.Context, prefix string) iter.Seq2[entry, error] {
	var found []entry
	err := m.ask(func() error {
		for key, o := range m.objects {
			if strings.HasPrefix(key, prefix) {
				found = append(found, entry{key, int64(len(o.body)), o.modified})
			}
		}
		return nil
	})
	return func(yield func(entry, error) bool) {
		if err != nil {
			yield(entry{}, err)
			return
		}
		for _, e := range found {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) copy(_ context.Context, from, to string, _ int64) error {
	return m.ask(func() error {
		o, ok := m.objects[from]
		if !ok {
			return errNoObject
		}
		m.objects[to] = kept{o.body, time.Now()}
		return nil
	})
}

func (m *memory) begin(context.Context, string) (string, error) { return "s", nil }
func (m *memory) part(ctx context.Context, key, _ string, n int, body []byte) (Part, error) {
	return Part{Number: n}, m.put(ctx, partKey(key, n), body)
}

func (m *memory) complete(ctx context.Context, key, session string, parts []Part) error {
	var whole []byte
	for n := range parts {
		whole = slices.Concat(whole, m.objects[partKey(key, n+1)].body)
	}
	return errors.Join(m.put(ctx, key, whole), m.abort(ctx, key, session))
}

func (m *memory) abort(ctx context.Context, key, _ string) error {
	for e := range m.list(ctx, key+".part/") {
		_ = m.remove(ctx, e.key)
	}
	return nil
}
func (m *memory) sweep(context.Context, string, time.Time) (int, error) { return 0, nil }
func (m *memory) sign(context.Context, signing) (Address, error)        { return Address{}, errNoObject }
func (m *memory) name() string                                          { return "memory://" }

func (m *memory) trouble(err error) trouble {
	return map[error]trouble{errNoObject: absent, errLost: unanswered}[err]
}

// TestRemovalsAndCommits: processes commit the same bytes while others, collectors, remove what is older than a while; some requests
// are lost. A commit that was acknowledged stays for that while.
func TestRemovalsAndCommits(t *testing.T) {
	const old = 5 * time.Second
	for seed := range uint64(200) {
		for _, size := range []int{10, smallObject + 10} {
			synctest.Test(t, func(t *testing.T) { commitsAndRemovals(t, seed, size, old) })
		}
	}
}

func commitsAndRemovals(t *testing.T, seed uint64, size int, old time.Duration) {
	m := &memory{rng: rand.New(rand.NewPCG(seed, 1)), objects: map[string]kept{}, loses: float64(seed%3) * 0.03}
	content := noise(size)
	var all sync.WaitGroup
	process := func(times int, do func(o *Objects)) {
		o := newObjects(m, "p/")
		o.slack = 0
		all.Go(func() {
			for range times {
				m.wait()
				do(o)
			}
		})
	}
	for range 2 {
		process(4, func(o *Objects) {
			for range seed % 10 { // so that some commits find an old object
				m.wait()
			}
			began := time.Now()
			if _, _, err := commitIn(t.Context(), o, content); err != nil {
				return
			}
			m.mustStay(t, o.key(DigestOf(content)), began.Add(old), seed)
		})
		process(20, func(o *Objects) { _, _ = o.Remove(t.Context(), DigestOf(content), time.Now().Add(-old)) })
	}
	all.Wait()
}

// mustStay looks at every moment until the time.
func (m *memory) mustStay(t *testing.T, key string, until time.Time, seed uint64) {
	for ; time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		m.mu.Lock()
		_, there := m.objects[key]
		m.mu.Unlock()
		if !there {
			t.Errorf("seed %d: an acknowledged commit was removed", seed)
			return
		}
	}
}
