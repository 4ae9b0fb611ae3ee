package secret

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"bailiwick/fail"
)

func TestNames(t *testing.T) {
	long := strings.Repeat("n", MaxName)
	for name, want := range map[string]struct{ scope, key bool }{
		"a": {true, true}, "Team.ML-prod_1": {true, true}, long: {true, true}, "ada@example.com": {true, false},
		"": {}, long + "n": {}, "a b": {}, "a/b": {}, "é": {}, "a\x00": {}, "a\u202e": {}, "аdmin": {}, "${x}": {}, "a\n": {},
	} {
		scope, key := CheckScope(name), CheckKey(name)
		if (scope == nil) != want.scope || (key == nil) != want.key {
			t.Errorf("%q: scope %v, key %v", name, scope, key)
		}
		for _, err := range []error{scope, key} {
			if err != nil && (!fail.Is(err, fail.Invalid) || len(name) > 3 && strings.Contains(err.Error(), name)) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if CheckValue(make([]byte, MaxValue)) != nil || !fail.Is(CheckValue(make([]byte, MaxValue+1)), fail.Invalid) {
		t.Error("the limit of a value is not 128 KB")
	}
}

func TestHolds(t *testing.T) {
	for _, tt := range []struct {
		v    Version
		want bool
	}{
		{Version{}, true}, {Version{Until: 11}, true}, {Version{Until: 10}, false}, {Version{Closed: 5}, false},
		{Version{Closed: 5, Until: 100}, false},
	} {
		if got := tt.v.Holds(10); got != tt.want {
			t.Errorf("%+v holds: %v", tt.v, got)
		}
	}
}

// TestSealBelongsToItsPlace: a sealed value opens under its key at its place, and nowhere else, and nothing of it opens when a byte is another.
func TestSealBelongsToItsPlace(t *testing.T) {
	key, other := make([]byte, KeySize), bytes.Repeat([]byte{1}, KeySize)
	at := Place{Workspace: 1, Scope: 2, Key: "k", Version: 3, Created: 4}
	value := []byte("hunter2")
	sealed, err := Seal(rand.Reader, key, at, value)
	if err != nil || bytes.Contains(sealed, value) {
		t.Fatal(err, "or the value shows")
	}
	same := at
	same.Key = "K"
	if got, err := Open(key, same, sealed); err != nil || !bytes.Equal(got, value) {
		t.Errorf("%q %v", got, err)
	}
	refused := func(what string, key []byte, p Place, sealed []byte) {
		t.Helper()
		if got, err := Open(key, p, sealed); !fail.Is(err, fail.Internal) || got != nil {
			t.Errorf("%s: %q %v", what, got, err)
		}
	}
	refused("another key", other, at, sealed)
	for what, change := range map[string]func(*Place){
		"workspace": func(p *Place) { p.Workspace++ }, "scope": func(p *Place) { p.Scope++ }, "key": func(p *Place) { p.Key = "l" },
		"version": func(p *Place) { p.Version++ }, "made anew": func(p *Place) { p.Created++ },
	} {
		p := at
		change(&p)
		refused(what, key, p, sealed)
	}
	for n := range sealed {
		refused("truncated", key, at, sealed[:n])
		flipped := bytes.Clone(sealed)
		flipped[n] ^= 1
		refused("flipped", key, at, flipped)
	}
}

func TestDataKeyIsBound(t *testing.T) {
	key := bytes.Repeat([]byte{7}, KeySize)
	d := DataKey{ID: 5, Scope: 6}
	bound := d.Bind(1, key)
	if got, err := d.Unbind(1, bound); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("%x %v", got, err)
	}
	for what, other := range map[string]DataKey{"another id": {ID: 4, Scope: 6}, "another scope": {ID: 5, Scope: 7}} {
		if _, err := other.Unbind(1, bound); err == nil {
			t.Error(what, "is taken")
		}
	}
	if _, err := d.Unbind(2, bound); err == nil {
		t.Error("another workspace's is taken")
	}
	if _, err := d.Unbind(1, bound[:40]); err == nil {
		t.Error("a truncated one is taken")
	}
}

func TestFileKeys(t *testing.T) {
	a, err := NewFileKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := NewFileKey(rand.Reader)
	keys, err := ParseFileKeys("# to be kept apart\n\n" + a.Line() + b.Line())
	if err != nil || len(keys) != 2 || keys[0].ID != a.ID || !bytes.Equal(keys[1].Key, b.Key) {
		t.Fatalf("%v %v", keys, err)
	}
	line := a.Line()
	for what, text := range map[string]string{
		"truncated": line[:len(line)-10], "no key": a.ID + "\n", "another's id": b.ID + line[len(a.ID):], "rubbish": "rubbish !!!\n",
	} {
		if _, err := ParseFileKeys(text); err == nil || strings.Contains(err.Error(), line[30:50]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
