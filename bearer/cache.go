package bearer

import (
	"crypto/sha256"
	"sync"
)

// cache remembers tokens whose signature was checked, by their hash: a signature takes many times as long as all else of a call's identification.
// It says nothing of whether a token still counts. It holds two generations, the older of which is forgotten when the younger one is full.
type cache struct {
	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]*Claims
}

// generation is the most tokens of one generation, some 2 MiB.
const generation = 4096

func (c *cache) get(token string) (*Claims, bool) {
	h := sha256.Sum256([]byte(token))
	c.mu.RLock()
	claims, ok := c.young[h]
	if !ok {
		claims, ok = c.old[h]
	}
	c.mu.RUnlock()
	return claims, ok
}

func (c *cache) put(token string, claims *Claims) {
	h := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= generation {
		c.old, c.young = c.young, map[[sha256.Size]byte]*Claims{}
	}
	c.young[h] = claims
}

// Forget forgets which signatures were checked; each is checked again when its token comes.
func (r *Ring) Forget() {
	r.known.mu.Lock()
	defer r.known.mu.Unlock()
	r.known.young, r.known.old = nil, nil
}
