package bearer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bailiwick/fail"
)

// ring is one with the given keys, which counts how often one was loaded.
func ring(t *testing.T, keys ...*Key) (r *Ring, loads *int) {
	t.Helper()
	loads = new(int)
	return &Ring{Audience: "7", Load: func(_ context.Context, id string) (*Key, error) {
		*loads++
		for _, k := range keys {
			if k.ID == id {
				return k, nil
			}
		}
		return nil, errors.New("no such key")
	}}, loads
}

func newKey(t *testing.T) *Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerify(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	one, two := newKey(t), newKey(t)
	r, loads := ring(t, one, two)
	sign := func(keys string, c Claims) string {
		t.Helper()
		token, err := r.Sign(ctx, keys, c, now)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(one.ID+" "+two.ID, Claims{Credential: "c", Scope: "mlflow scim"})
	c, err := r.Verify(ctx, two.ID+" "+one.ID, good, now)
	if err != nil || c.Credential != "c" || c.Key != one.ID || len(c.Scopes) != 2 || c.Expires-c.Issued != 3600 {
		t.Fatalf("%+v %v", c, err)
	}
	if again, err := r.Verify(ctx, one.ID, good, now); err != nil || again != c || *loads != 1 {
		t.Errorf("the second time: %v, %d loads", err, *loads)
	}
	for name, tt := range map[string]struct {
		keys, token string
		at          time.Time
	}{
		"its key was withdrawn": {two.ID, good, now}, "no key counts": {"", good, now}, "it has ended": {one.ID, good, now.Add(time.Hour)},
		"it is for nothing": {one.ID, sign(one.ID, Claims{Credential: "c"}), now}, "changed": {one.ID, good[:len(good)-4] + "AAAA", now},
		"too long": {one.ID, good + strings.Repeat("A", maxToken), now}, "no token": {one.ID, "ey.a.b", now},
	} {
		if _, err := r.Verify(ctx, tt.keys, tt.token, tt.at); !fail.Is(err, fail.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _ := ring(t, one)
	other.Audience = "8"
	if _, err := other.Verify(ctx, one.ID, good, now); !fail.Is(err, fail.Unauthenticated) {
		t.Errorf("another workspace's: %v", err)
	}
	before := *loads
	if _, err := r.Verify(ctx, one.ID, sign(two.ID, Claims{Credential: "c", Scope: "x"}), now); err == nil || *loads > before+1 {
		t.Error("a key that does not count is loaded to check")
	}
}

func TestSealAndDecode(t *testing.T) {
	key := make([]byte, 32)
	rand.Read(key)
	sealer, err := Under(key)
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(t)
	text, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := sealer.Seal(text, []byte(k.ID))
	if err != nil || strings.Contains(string(sealed), string(text[30:50])) {
		t.Fatalf("%v", err)
	}
	plain, err := sealer.Open(sealed, []byte(k.ID))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeKey(k.ID, plain); err != nil || !back.Private.Equal(k.Private) {
		t.Errorf("%v", err)
	}
	if _, err := sealer.Open(sealed, []byte("another")); err == nil {
		t.Error("a key in another's place is opened")
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := sealer.Open(sealed, []byte(k.ID)); err == nil {
		t.Error("a changed text is opened")
	}
	if _, err := sealer.Open([]byte("x"), nil); err == nil {
		t.Error("a cut text is opened")
	}
}

// TestCacheIsBounded: whoever has many tokens does not fill the memory.
func TestCacheIsBounded(t *testing.T) {
	var c cache
	for i := range 5 * generation {
		c.put(fmt.Sprint(i), &Claims{})
	}
	if n := len(c.young) + len(c.old); n > 2*generation {
		t.Errorf("%d are held", n)
	}
	if _, ok := c.get(fmt.Sprint(5*generation - 1)); !ok {
		t.Error("the last one is forgotten")
	}
}
