package store

import (
	"context"
	"database/sql"
	"sync"

	"bailiwick/fail"
	"bailiwick/tracking"
)

// Points that are logged one by one make a chunk each. Keys that get many are noticed as they are written and read, and merged by the
// server's own work: that only makes them smaller and quicker to read, so what is noticed need not survive a restart.
const (
	mergeAfter   = 128  // chunks of a key that are worth a merge
	mergedPoints = 4096 // points of a merged chunk
	maxNoticed   = 4096 // keys that are remembered until the work comes by
	mergeRows    = 1024 // chunks that one transaction reads
)

// noticed are keys of runs that have many small chunks.
type noticed struct {
	mu   sync.Mutex
	keys map[runKeyed]int // chunks since the last merge
}

type runKeyed struct{ run, key string }

// add counts chunks of a key.
func (n *noticed) add(run, key string, chunks int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := runKeyed{run, key}
	if _, known := n.keys[k]; n.keys == nil || !known && len(n.keys) >= maxNoticed {
		n.keys = map[runKeyed]int{} // the ones with many chunks will be noticed again
	}
	n.keys[k] += chunks
}

// take gives the keys that are worth a merge.
func (n *noticed) take() (keys []runKeyed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k, chunks := range n.keys {
		if chunks >= mergeAfter {
			keys = append(keys, k)
			delete(n.keys, k)
		}
	}
	return keys
}

// MergePoints merges the chunks of the keys that were noticed, and gives how many chunks fewer there are.
func (s *Store) MergePoints(ctx context.Context) (fewer int, err error) {
	for _, k := range s.noticed.take() {
		for more := true; more; {
			n := 0
			err := s.Write(ctx, func(tx *Tx) (err error) {
				n, err = tx.mergePoints(k)
				return err
			})
			if err != nil && !fail.Is(err, fail.Conflict) { // another replica does the same work
				return fewer, err
			}
			fewer += n
			more = n >= mergeRows/2 && ctx.Err() == nil
		}
	}
	return fewer, nil
}

// smallChunk is a chunk that may be merged with its neighbours.
type smallChunk struct {
	seq, n int64
	data   []byte
}

// mergePoints merges some chunks of a key, in their order: a merged one takes the place of the first.
func (tx *Tx) mergePoints(k runKeyed) (fewer int, err error) {
	var small []smallChunk
	err = tx.each(func(r *sql.Rows) error {
		var c smallChunk
		err := r.Scan(&c.seq, &c.n, &c.data)
		small = append(small, c)
		return err
	}, "SELECT seq, n, data FROM points WHERE run = ? AND key = ? AND n < ? ORDER BY seq LIMIT ?", k.run, k.key, mergedPoints/2, mergeRows)
	if err != nil {
		return 0, err
	}
	for len(small) > 0 {
		n, err := alike(small)
		if err != nil {
			return 0, err
		}
		if n > 1 {
			if err := tx.mergeChunks(k, small[:n]); err != nil {
				return 0, err
			}
		}
		fewer, small = fewer+n-1, small[n:]
	}
	return fewer, nil
}

// alike gives how many of the first chunks make one: they have all but their points in common, and are not too many points.
func alike(chunks []smallChunk) (int, error) {
	first, err := tracking.DecodeChunk(chunks[0].data)
	if err != nil {
		return 0, err
	}
	points := chunks[0].n
	for i, c := range chunks[1:] {
		next, err := tracking.DecodeChunk(c.data)
		if err != nil {
			return 0, err
		}
		if points += c.n; next.ChunkOf != first.ChunkOf || points > mergedPoints {
			return i + 1, nil
		}
	}
	return len(chunks), nil
}

// mergeChunks replaces chunks by one. Somebody who did it meanwhile makes this fail, and nothing is lost.
func (tx *Tx) mergeChunks(k runKeyed, chunks []smallChunk) error {
	data, points := make([][]byte, len(chunks)), int64(0)
	for i, c := range chunks {
		data[i], points = c.data, points+c.n
	}
	first, last := chunks[0].seq, chunks[len(chunks)-1].seq
	joined, err := tracking.JoinChunks(data...)
	if err != nil {
		return err
	}
	gone, err := tx.exec("DELETE FROM points WHERE run = ? AND key = ? AND seq >= ? AND seq <= ? AND n < ?", k.run, k.key, first,
		last, mergedPoints/2)
	if err != nil {
		return err
	}
	if gone != int64(len(chunks)) {
		return fail.New(fail.Conflict, "the chunks of a metric were merged meanwhile")
	}
	return tx.do("INSERT INTO points (run, key, seq, n, data) VALUES (?, ?, ?, ?, ?)", k.run, k.key, first, points, joined)
}
