package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
)

// SignedFor is how long a signed address is good.
const SignedFor = 5 * time.Minute

// Permit is what a signed address is good for: its methods on one thing, for the caller who asked for it, as long as his credential stands.
// It is no permission: what it is used for is decided then like any other call of that caller.
type Permit struct {
	// Method is what may be done with it; several are parted by commas.
	Method string `json:"m"`
	// Name is what it is about, in the words of the front that signed it.
	Name       string `json:"n"`
	Principal  int64  `json:"p"`
	Credential string `json:"c"`
	Expires    int64  `json:"e"` // ms since 1970
	// Scopes are those of the access token that the caller came with; empty where he came otherwise.
	Scopes []string `json:"s,omitempty"`
}

// Signed marks a route whose callers come without a credential of their own: its pattern has a variable {address}, which Call.Sign made, and
// Call.Permit says what for.
func Signed[Q any](m *making[Q]) { m.signed = true }

// Sign gives the variable part of a signed address for the caller, one method and one thing.
func (c *Call) Sign(method, name string) string { return c.SignFor(SignedFor, name, method) }

// SignFor is Sign for another time than SignedFor, and for several methods. A longer time is only for what watches over its own (an upload
// in parts, which lives as long as it goes on).
func (c *Call) SignFor(good time.Duration, name string, methods ...string) string {
	p := Permit{
		Method: strings.Join(methods, ","), Name: name, Principal: c.Who.Principal, Credential: c.Who.Credential,
		Expires: c.Now.Add(good).UnixMilli(),
	}
	if c.access != nil {
		p.Scopes = c.access.Scopes
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return base64.RawURLEncoding.EncodeToString(append(c.seal(body), body...))
}

// Permit is what the address of a call on a signed route is good for; zero on others.
func (c *Call) Permit() Permit { return c.permit }

// seal authenticates the body of a signed address.
func (c *Call) seal(body []byte) []byte {
	m := hmac.New(sha256.New, c.door.Store.Key("addresses"))
	m.Write([]byte("bailiwick signed address\x00"))
	m.Write(body)
	return m.Sum(nil)
}

// maxAddress is the most bytes of a signed address; paths are limited to less.
const maxAddress = 8 << 10

var errBadAddress = fail.New(fail.Unauthenticated, "This address is not good, or no longer: ask for a new one.")

// ErrExpired refuses an address that was good once.
var ErrExpired = fail.New(fail.Unauthenticated, "This address has expired: ask for a new one.").WithCode("ADDRESS_EXPIRED")

// open reads a signed address and refuses one that was changed, has expired or is for another method.
func (c *Call) open(address string) (p Permit, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(address)
	if err != nil || len(raw) < sha256.Size || len(raw) > maxAddress || !hmac.Equal(raw[:sha256.Size], c.seal(raw[sha256.Size:])) {
		return p, errBadAddress
	}
	if json.Unmarshal(raw[sha256.Size:], &p) != nil {
		return p, errBadAddress
	}
	if p.Expires <= c.Now.UnixMilli() {
		return p, ErrExpired
	}
	m := c.request.Method
	if m == http.MethodHead {
		m = http.MethodGet
	}
	if !slices.Contains(strings.Split(p.Method, ","), m) {
		return p, errBadAddress
	}
	return p, nil
}

// identifySigned finds out who calls from the address: who asked for it, if the credential that he asked with still stands.
func (c *Call) identifySigned(m *authz.Map, address string) (err error) {
	if c.permit, err = c.open(address); err != nil {
		return err
	}
	cred, ok := m.CredentialByID(c.permit.Credential)
	if !ok || cred.Principal != c.permit.Principal {
		return errBadAddress
	}
	if c.Who, err = c.whoOf(m, cred); err != nil || len(c.permit.Scopes) == 0 {
		return err
	}
	var common bool
	if c.Who.Scopes, common = identity.Common(c.Who.Scopes, c.permit.Scopes); !common {
		return errBadAddress
	}
	return nil
}
