package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/time/rate"

	"bailiwick/fail"
)

// algorithms are the signatures that are taken: those of a key pair. With a shared secret, or a public key taken for one, whoever knows it signs.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

const (
	// keysFor is how long keys count without being asked for again: as long does one that the provider took back.
	keysFor = 15 * time.Minute
	// keysBurst questions because of keys that are not known may follow one another, since a provider may change its keys soon after it was asked;
	// one more each keysPause: anybody can name a key.
	keysBurst = 4
	keysPause = 30 * time.Second
	// maxToken is the most bytes of a token.
	maxToken = 256 << 10
)

// keys are the keys that a provider signs with, as it has published them.
type keys struct {
	mu   sync.Mutex
	set  jose.JSONWebKeySet
	read time.Time // when they came
	// questions bounds how often the provider is asked; after one that failed, at failed, the same failure is the answer for a while.
	questions *rate.Limiter
	failed    time.Time
	failure   error
}

var errSignature = fail.New(fail.Denied, "the token is not signed by the provider: none of its keys fits")

// Verify gives the claims of a token that the provider has signed, which says nothing of whom and when it is for. Errors: fail.Denied for any
// other token, fail.Unavailable when the provider's keys cannot be had.
func (c *Client) Verify(ctx context.Context, raw string) (map[string]any, error) {
	return claimsOf(raw, func(token *jose.JSONWebSignature) ([]byte, error) { return c.signed(ctx, token) })
}

// claimsOf reads a token; signed gives what of it is signed by the right one.
func claimsOf(raw string, signed func(*jose.JSONWebSignature) ([]byte, error)) (map[string]any, error) {
	if len(raw) > maxToken {
		return nil, fail.New(fail.Denied, "the token has %d bytes; at most %d are taken", len(raw), maxToken)
	}
	token, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil {
		return nil, fail.New(fail.Denied, "this is no token that is signed by a key pair (RS, PS, ES or EdDSA): %.200s", clean(err.Error()))
	}
	payload, err := signed(token)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil || claims == nil {
		return nil, fail.New(fail.Denied, "the token holds no claims")
	}
	return claims, nil
}

// signed gives what one of the provider's keys has signed. Of a key that is not known the provider is asked, now and then.
func (c *Client) signed(ctx context.Context, token *jose.JSONWebSignature) ([]byte, error) {
	k := &c.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	now := c.now()
	if now.Sub(k.read) < keysFor {
		if payload, ok := verified(k.set, token); ok {
			return payload, nil
		}
	}
	if k.failure != nil && now.Sub(k.failed) < patience {
		return nil, k.failure
	}
	if k.questions == nil {
		k.questions = rate.NewLimiter(rate.Every(keysPause), keysBurst)
	}
	if !k.questions.AllowN(now, 1) {
		return nil, errSignature
	}
	set, err := c.fetchKeys(context.WithoutCancel(ctx))
	if k.failed, k.failure = now, err; err != nil {
		return nil, err
	}
	k.set, k.read = set, now
	if payload, ok := verified(set, token); ok {
		return payload, nil
	}
	return nil, errSignature
}

// verified tries the keys of the name that the token gives, all where it gives none.
func verified(set jose.JSONWebKeySet, token *jose.JSONWebSignature) ([]byte, bool) {
	head := token.Signatures[0].Protected
	for _, key := range set.Keys {
		if head.KeyID != "" && key.KeyID != head.KeyID || key.Use == "enc" || key.Algorithm != "" && key.Algorithm != head.Algorithm {
			continue
		}
		if !key.IsPublic() || !key.Valid() {
			continue
		}
		if payload, err := token.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

func (c *Client) fetchKeys(ctx context.Context) (set jose.JSONWebKeySet, err error) {
	about, err := c.metadata(ctx)
	if err != nil {
		return set, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, about.Keys, nil)
	if err != nil {
		return set, c.unreached(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return set, c.unreached(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New("keys: " + res.Status)
	}
	if err == nil {
		set, err = readKeys(body)
	}
	if err != nil {
		return set, c.unreached(err)
	}
	return set, nil
}

// readKeys takes the keys that can be read; a provider may have others for programs of another kind.
func readKeys(text []byte) (set jose.JSONWebKeySet, err error) {
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return set, err
	}
	for _, one := range list.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(one) == nil {
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}
