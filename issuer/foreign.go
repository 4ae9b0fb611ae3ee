package issuer

import (
	"context"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/registry/webhook"
)

// Foreign checks the tokens of issuers that federation policies name. Its exported fields are set before it is used; it is safe for use by many
// at once.
type Foreign struct {
	// Allow is what may be called beside public addresses; Product is the User-Agent; Now is the clock, nil = the system's.
	Allow   *webhook.Allow
	Product string
	Now     func() time.Time

	mu      sync.Mutex
	clients map[[2]string]*Client
}

// maxForeign is the most issuers whose keys are held; administrators and managers alone can name one.
const maxForeign = 1000

// Verify gives the claims of a token that a rule's issuer has signed, with the keys that the rule names, or that are where the issuer's discovery
// document says. What the claims have to be is the rule's (identity.FederationPolicy.Match). Errors: as Client.Verify.
func (f *Foreign) Verify(ctx context.Context, rule *identity.FederationRule, raw string) (map[string]any, error) {
	if rule.JWKSJSON == "" {
		return f.client(rule.Issuer, rule.JWKSURI).Verify(ctx, raw)
	}
	set, err := readKeys([]byte(rule.JWKSJSON))
	if err != nil {
		return nil, fail.New(fail.Denied, "the policy's jwks_json cannot be read")
	}
	return claimsOf(raw, func(token *jose.JSONWebSignature) ([]byte, error) {
		if payload, ok := verified(set, token); ok {
			return payload, nil
		}
		return nil, errSignature
	})
}

// client gives the client of an issuer, with what it remembers of its keys.
func (f *Foreign) client(name, keysAt string) *Client {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := [2]string{name, keysAt}
	if c, ok := f.clients[key]; ok {
		return c
	}
	if f.clients == nil || len(f.clients) >= maxForeign {
		f.clients = map[[2]string]*Client{}
	}
	c := New(identity.Provider{Name: name, Issuer: name}, "", f.Allow, f.Product, f.Now)
	c.foreign, c.keysAt = true, keysAt
	f.clients[key] = c
	return c
}
