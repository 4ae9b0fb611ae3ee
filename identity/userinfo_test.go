package identity

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func TestAsksUserInfo(t *testing.T) {
	whole := map[string]any{"sub": "1", "preferred_username": "ann", "groups": []any{}, "roles": "a"}
	without := func(name string) map[string]any {
		less := map[string]any{}
		for k, v := range whole {
			if k != name {
				less[k] = v
			}
		}
		return less
	}
	for _, c := range []struct {
		name, setting string
		claims        map[string]any
		want          bool
	}{
		{"all is there", "", whole, false}, {"always", "always", whole, true}, {"no name", "auto", without("preferred_username"), true},
		{"no groups", "", without("groups"), true}, {"no roles", "", without("roles"), true}, {"never", "never", without("groups"), false},
		{"an address that is not verified names nobody", "", map[string]any{"sub": "1", "email": "a@b", "groups": "x", "roles": "y"}, true},
	} {
		p := Provider{UserInfo: c.setting}
		if got := p.AsksUserInfo(c.claims); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The token's own claims count, and nothing that it says about itself comes from elsewhere.
func TestAddUserInfo(t *testing.T) {
	p := Provider{Name: "test"}
	token := map[string]any{"sub": "1", "groups": []any{"a"}, "aud": "us"}
	got, err := p.AddUserInfo(token, map[string]any{"sub": "1", "groups": []any{"admins"}, "email": "a@b", "aud": "them", "nonce": "x", "sid": "y", "exp": 1.0})
	want := map[string]any{"sub": "1", "groups": []any{"a"}, "aud": "us", "email": "a@b"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, other := range []map[string]any{{"sub": "2"}, {}, {"sub": 1.0}} {
		if _, err := p.AddUserInfo(token, other); !fail.Is(err, fail.Denied) {
			t.Errorf("%v: %v", other, err)
		}
	}
	if _, err := p.AddUserInfo(map[string]any{}, map[string]any{}); !fail.Is(err, fail.Denied) {
		t.Errorf("nobody: %v", err)
	}
}
