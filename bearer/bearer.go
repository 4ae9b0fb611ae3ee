// Package bearer makes and checks access tokens: JSON Web Tokens (RFC 9068) that this installation signs with its own keys, ES256. What a token is
// good for is said by the credential that it names, in the access map; here is only whether it is genuine.
package bearer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"bailiwick/fail"
)

const (
	// Life is how long an access token counts.
	Life = time.Hour
	// maxToken is the most bytes of a token of ours.
	maxToken = 8 << 10
	// kind is the "typ" of an access token (RFC 9068 2.1): no token of ours for another purpose is taken for one.
	kind = "at+jwt"
	// maxKeys bounds the keys that are held; there are a few at a time.
	maxKeys = 64
)

// Claims are what an access token says.
type Claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"` // the principal's name when it was signed, for people
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"` // seconds since 1970
	Issued   int64  `json:"iat"`
	ID       string `json:"jti"`
	Client   string `json:"client_id"`
	Scope    string `json:"scope"`
	// Credential is the id of the credential that the token was signed for.
	Credential string `json:"cid"`

	// Scopes are those of Scope, never none; Key is the name of the key that signed.
	Scopes []string `json:"-"`
	Key    string   `json:"-"`
}

// Key is one that signs.
type Key struct {
	ID      string
	Private *ecdsa.PrivateKey
}

// NewKey makes a key.
func NewKey() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	name := make([]byte, 8)
	rand.Read(name)
	return &Key{hex.EncodeToString(name), private}, nil
}

// Encode gives the key's private part as PKCS #8.
func (k *Key) Encode() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.Private) }

// DecodeKey reads what Encode gave.
func DecodeKey(id string, text []byte) (*Key, error) {
	any, err := x509.ParsePKCS8PrivateKey(text)
	if err != nil {
		return nil, err
	}
	private, ok := any.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, fail.Internalf(nil, "signing key %s is not one for ES256", id)
	}
	return &Key{id, private}, nil
}

// Ring holds the keys of an installation. Its exported fields are set before it is used; it is safe for use by many at once.
type Ring struct {
	// Audience is whom the tokens are for: the workspace.
	Audience string
	// Load gives a key that was made by another replica, or before the start.
	Load func(ctx context.Context, id string) (*Key, error)

	mu    sync.RWMutex
	held  map[string]*Key
	known cache
}

// Looks says whether a credential has the form of an access token.
func Looks(token string) bool {
	return strings.HasPrefix(token, "ey") && strings.Count(token, ".") == 2
}

// Counts says whether a key is among those whose signatures count, as authz.SettingSigningKeys names them.
func Counts(keys, id string) bool {
	for name := range strings.FieldsSeq(keys) {
		if name == id {
			return true
		}
	}
	return false
}

// key gives one of the keys that count.
func (r *Ring) key(ctx context.Context, id string) (*Key, error) {
	r.mu.RLock()
	k, ok := r.held[id]
	r.mu.RUnlock()
	if ok {
		return k, nil
	}
	k, err := r.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil || len(r.held) >= maxKeys {
		r.held = map[string]*Key{}
	}
	r.held[id] = k
	return k, nil
}

// Sign signs claims with the first of the keys; the time of issue, the audience and a name are filled in, and an end where there is none.
func (r *Ring) Sign(ctx context.Context, keys string, c Claims, now time.Time) (string, error) {
	ids := strings.Fields(keys)
	if len(ids) == 0 {
		return "", fail.Internalf(nil, "there is no key to sign access tokens with")
	}
	k, err := r.key(ctx, ids[0])
	if err != nil {
		return "", err
	}
	name := make([]byte, 16)
	rand.Read(name)
	c.ID, c.Issued, c.Audience = hex.EncodeToString(name), now.Unix(), r.Audience
	if c.Expires == 0 {
		c.Expires = now.Add(Life).Unix()
	}
	options := (&jose.SignerOptions{}).WithType(kind)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: k.Private, KeyID: k.ID}}, options)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// ErrToken refuses a token that this installation has not signed for calls of it, or that has ended.
var ErrToken = fail.New(fail.Unauthenticated, "Invalid access token: it is not signed by this workspace, has expired, or its key was withdrawn.")

// Verify gives the claims of a token that one of the keys has signed and that has not ended. They are shared and must not be changed. Errors:
// ErrToken, and others when a key cannot be had.
func (r *Ring) Verify(ctx context.Context, keys, token string, now time.Time) (*Claims, error) {
	if len(token) > maxToken {
		return nil, ErrToken
	}
	c, known := r.known.get(token)
	if !known {
		var err error
		if c, err = r.verify(ctx, keys, token); err != nil {
			return nil, err
		}
		r.known.put(token, c)
	}
	if !Counts(keys, c.Key) || c.Audience != r.Audience || now.Unix() >= c.Expires {
		return nil, ErrToken
	}
	return c, nil
}

func (r *Ring) verify(ctx context.Context, keys, token string) (*Claims, error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, ErrToken
	}
	head := signed.Signatures[0].Protected
	if head.ExtraHeaders[jose.HeaderType] != kind || !Counts(keys, head.KeyID) {
		return nil, ErrToken
	}
	k, err := r.key(ctx, head.KeyID)
	if err != nil {
		return nil, err
	}
	text, err := signed.Verify(&k.Private.PublicKey)
	if err != nil {
		return nil, ErrToken
	}
	c := &Claims{Key: head.KeyID}
	if json.Unmarshal(text, c) != nil {
		return nil, ErrToken
	}
	if c.Scopes = strings.Fields(c.Scope); len(c.Scopes) == 0 {
		return nil, ErrToken // none would stand for all
	}
	return c, nil
}

// Public gives the public parts of the keys that count, for those who want to check tokens themselves (RFC 7517).
func (r *Ring) Public(ctx context.Context, keys string) (set jose.JSONWebKeySet, err error) {
	set.Keys = []jose.JSONWebKey{}
	for id := range strings.FieldsSeq(keys) {
		k, err := r.key(ctx, id)
		if err != nil {
			return set, err
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.Private.PublicKey, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"})
	}
	return set, nil
}
