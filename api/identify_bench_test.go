package api

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
)

// caller is a workspace in which one user has a token, a session and a grant with an access token.
type caller struct {
	door                   *Door
	token, cookie, granted string
}

func newCaller(b *testing.B) *caller {
	b.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	key, err := bearer.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	ring := &bearer.Ring{Audience: "1", Load: func(context.Context, string) (*bearer.Key, error) { return key, nil }}
	c := &caller{door: &Door{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Bearer: ring}, token: "ann-token"}
	now := time.Now()
	hash := identity.Hash(s.Key("tokens"), []byte(c.token))
	value, session, err := identity.OpenSession(rand.Reader, s.Key("tokens"), now, identity.SignIn{Principal: 500, Life: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	grant, err := identity.OpenGrant(rand.Reader, now, authz.Credential{Principal: 500, Kind: authz.Grant}, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	c.cookie = value
	if c.granted, err = ring.Sign(context.Background(), key.ID, bearer.Claims{Credential: grant.ID, Scope: identity.AllAPIs}, now); err != nil {
		b.Fatal(err)
	}
	err = s.WriteAlone(context.Background(), func(tx *store.Tx) error {
		if err := tx.Govern(
			authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: 500, Kind: authz.User, Name: "ann", Active: true}},
			authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "t", Principal: 500, Hash: hash[:]}},
			authz.Event{Op: authz.PutCredential, Credential: &session}, authz.Event{Op: authz.PutCredential, Credential: &grant},
			authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingSigningKeys, Value: key.ID}}); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "set-up"}, 0)
	})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (c *caller) call(header, value string) *Call {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(header, value)
	return &Call{Now: time.Now(), door: c.door, request: r, header: http.Header{}, route: &Route{mode: modeRead}}
}

// BenchmarkIdentify is what it costs to find out who calls: the bounds are 20 µs for tokens and sessions, 100 µs for signed tokens.
func BenchmarkIdentify(b *testing.B) {
	c := newCaller(b)
	for _, k := range []struct {
		name, header, value string
		fresh               bool
	}{
		{"token", "Authorization", "Bearer " + c.token, false}, {"session", "Cookie", sessionCookie + "=" + c.cookie, false},
		{"signed token", "Authorization", "Bearer " + c.granted, false}, {"signed token seen for the first time", "Authorization", "Bearer " + c.granted, true},
	} {
		call := c.call(k.header, k.value)
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if k.fresh {
					c.door.Bearer.Forget()
				}
				call.Who, call.access = authz.Who{}, nil
				if err := call.identify(nil); err != nil || call.Who.Principal != 500 {
					b.Fatal(err)
				}
			}
		})
	}
}
