package store

import (
	"container/list"
	"sync"

	"bailiwick/registry"
)

// manifestCache keeps manifests that were read lately. They never change, so what is kept is right for ever.
type manifestCache struct {
	mu    sync.Mutex
	at    map[[32]byte]*list.Element
	order *list.List // latest used first
	bytes int
}

func newManifestCache() *manifestCache {
	return &manifestCache{at: map[[32]byte]*list.Element{}, order: list.New()}
}

func (c *manifestCache) get(digest [32]byte) *registry.Manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[digest]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*registry.Manifest)
}

func (c *manifestCache) put(m *registry.Manifest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[m.Digest] != nil {
		return
	}
	c.at[m.Digest] = c.order.PushFront(m)
	for c.bytes += weight(m); c.bytes > maxManifests && c.order.Len() > 1; {
		last := c.order.Remove(c.order.Back()).(*registry.Manifest)
		delete(c.at, last.Digest)
		c.bytes -= weight(last)
	}
}

// weight is about the number of bytes that a manifest takes: its text twice, as such and as paths, and a digest and a size a file.
func weight(m *registry.Manifest) int { return 2*len(m.Text) + 64*len(m.Files) }
