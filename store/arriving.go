package store

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"
)

// arrivals counts the files that are arriving whole at this moment, where one process takes them all; with several replicas they are
// rows.
type arrivals struct {
	mu    sync.Mutex
	files map[[2]string]int64 // by owner and path
}

func (a *arrivals) add(owner, path string, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.files == nil {
		a.files = map[[2]string]int64{}
	}
	key := [2]string{owner, path}
	if a.files[key] += n; a.files[key] == 0 {
		delete(a.files, key)
	}
}

func (a *arrivals) below(owner, path string) (n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, count := range a.files {
		if key[0] == owner && within(key[1], path) {
			n += count
		}
	}
	return n
}

// Arrival is one file that is arriving whole.
type Arrival struct {
	s    *Store
	u    Upload
	once sync.Once
	// kept: the transaction that names the file has dropped the row, so End need not.
	kept atomic.Bool
}

// Arrive says that a file of an owner begins to arrive; UploadsBelow counts it until Arrived or End. With several replicas that is a
// row in a short transaction of its own, which a replica that dies leaves to its age.
func (s *Store) Arrive(ctx context.Context, u Upload) (*Arrival, error) {
	a := &Arrival{s: s, u: u}
	if s.d.single {
		s.arriving.add(u.Owner, u.Path, 1)
		return a, nil
	}
	a.u.ID, a.u.Form = rand.Text(), WholeUpload
	return a, s.Write(ctx, func(tx *Tx) error { return tx.PutUpload(&a.u) })
}

// Arrived ends an arrival in the transaction that names the file.
func (tx *Tx) Arrived(a *Arrival) error {
	if tx.s.d.single {
		a.leave()
		return nil
	}
	a.kept.Store(true)
	_, err := tx.DropUpload(a.u.ID)
	return err
}

func (a *Arrival) leave() { a.once.Do(func() { a.s.arriving.add(a.u.Owner, a.u.Path, -1) }) }

// endWait is how long dropping the row of a broken upload may take.
const endWait = 10 * time.Second

// End ends an arrival, however it came out. It may be called more than once, and after Arrived.
func (a *Arrival) End() {
	if a.s.d.single {
		a.leave()
		return
	}
	if a.kept.Swap(true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	_ = a.s.Write(ctx, func(tx *Tx) error { // what stays of it is dropped by its age
		_, err := tx.DropUpload(a.u.ID)
		return err
	})
}
