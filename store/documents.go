package store

import (
	"container/list"
	"sync"
)

// documents keeps what was written for clients of runs that did not change since, the latest used ones up to a number of
// bytes. What it gives is right for a stamp only, which the caller has read in its own transaction.
type documents struct {
	mu    sync.Mutex
	at    map[documentKey]*list.Element
	order *list.List // latest used first
	bytes int
	limit int
}

// documentKey names a document: of which run, in which form.
type documentKey struct {
	id   string
	form uint8
}

type keptDocument struct {
	key   documentKey
	stamp int64
	body  []byte
}

// documentCost is about what a document takes beside its text.
const documentCost = 250

func newDocuments(limit int) *documents {
	return &documents{at: map[documentKey]*list.Element{}, order: list.New(), limit: limit}
}

// get gives a document if it was kept for this very stamp.
func (d *documents) get(k documentKey, stamp int64) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.at[k]
	if e == nil {
		return nil
	}
	kept := e.Value.(*keptDocument)
	if kept.stamp != stamp {
		return nil
	}
	d.order.MoveToFront(e)
	return kept.body
}

// put keeps a document in the place of an older one.
func (d *documents) put(k documentKey, stamp int64, body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.at[k]; e != nil {
		d.drop(e)
	}
	d.at[k] = d.order.PushFront(&keptDocument{k, stamp, body})
	d.bytes += len(body) + documentCost
	for d.bytes > d.limit && d.order.Len() > 1 {
		d.drop(d.order.Back())
	}
}

func (d *documents) drop(e *list.Element) {
	kept := d.order.Remove(e).(*keptDocument)
	delete(d.at, kept.key)
	d.bytes -= len(kept.body) + documentCost
}
