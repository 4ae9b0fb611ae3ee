package kek

import (
	"context"
	"strings"
	"sync"

	"gocloud.dev/secrets"
	_ "gocloud.dev/secrets/awskms"        // awskms://
	_ "gocloud.dev/secrets/azurekeyvault" // azurekeyvault://
	_ "gocloud.dev/secrets/gcpkms"        // gcpkms://

	"bailiwick/fail"
)

// clouds are the schemes of cloud key services, whose addresses and credentials are those of gocloud.dev/secrets.
var clouds = []string{"awskms", "gcpkms", "azurekeyvault"}

// Cloud is one key of a cloud's key service, which it never leaves. Its id is its address: which of the key's own versions sealed something, the service
// knows by itself.
type Cloud struct {
	address string

	mu     sync.Mutex
	keeper *secrets.Keeper
}

// open makes the client, once it is needed: a service that is away keeps no server from starting.
func (c *Cloud) open(ctx context.Context, id string) (*secrets.Keeper, error) {
	if id != c.address {
		return nil, errNoKey
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keeper != nil {
		return c.keeper, nil
	}
	k, err := secrets.OpenKeeper(ctx, c.address)
	if err == nil {
		c.keeper = k
	}
	return k, err
}

// Newest implements Keeper: the key that the address names.
func (c *Cloud) Newest(context.Context) (string, error) { return c.address, nil }

// Make implements Keeper. Keys of a cloud are made there, and its own rotation goes on beneath an address.
func (c *Cloud) Make(context.Context) (string, error) {
	scheme, _, _ := strings.Cut(c.address, ":")
	return "", fail.Statef("The active key-encryption key is the one that the setting kek names, and keys of %s are made there. To rotate, let kek name "+
		"another key, and kek-old this one.", scheme)
}

// Wrap implements Keeper.
func (c *Cloud) Wrap(ctx context.Context, id string, text []byte) ([]byte, error) {
	k, err := c.open(ctx, id)
	if err != nil {
		return nil, err
	}
	return k.Encrypt(ctx, text)
}

// Unwrap implements Keeper.
func (c *Cloud) Unwrap(ctx context.Context, id string, wrapped []byte) ([]byte, error) {
	k, err := c.open(ctx, id)
	if err != nil {
		return nil, err
	}
	return k.Decrypt(ctx, wrapped)
}

// Close implements Keeper.
func (c *Cloud) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keeper == nil {
		return nil
	}
	k := c.keeper
	c.keeper = nil
	return k.Close()
}
