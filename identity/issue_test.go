package identity

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
)

const (
	ann int64 = 500 + iota
	asleep
	crew
)

// tokenWorld has ann and somebody inactive; the last ones are credentials of ann.
func tokenWorld(t *testing.T, settings []authz.Setting, credentials ...authz.Credential) *authz.Map {
	t.Helper()
	b := authz.NewBuilder()
	b.AddPrincipal(authz.Principal{ID: ann, Kind: authz.User, Name: "ann", Active: true})
	b.AddPrincipal(authz.Principal{ID: asleep, Kind: authz.User, Name: "asleep"})
	b.AddPrincipal(authz.Principal{ID: crew, Kind: authz.Group, Name: "crew"})
	for _, s := range settings {
		b.AddSetting(s)
	}
	for i, c := range credentials {
		c.ID, c.Principal, c.Hash = strconv.Itoa(i), ann, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 16)
		b.AddCredential(c)
	}
	m, err := authz.NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestIssue(t *testing.T) {
	key, now := []byte("key"), time.UnixMilli(1_700_000_000_000)
	m := tokenWorld(t, []authz.Setting{{Key: SettingMaxLifetime, Value: "1"}})
	value, c, err := Issue(rand.Reader, key, now, m, Wish{Owner: ann, By: asleep, Comment: "x", Scopes: []string{"scim", "mlflow"}})
	if err != nil {
		t.Fatal(err)
	}
	hash := Hash(key, []byte(value))
	want := authz.Credential{ID: c.ID, Principal: ann, Hash: hash[:], Scopes: []string{"mlflow", "scim"}, Created: now.UnixMilli(),
		Expires: now.Add(24 * time.Hour).UnixMilli(), CreatedBy: asleep, Comment: "x"}
	if diff := cmp.Diff(want, c); diff != "" || !strings.HasPrefix(value, TokenPrefix) || len(c.ID) != 64 {
		t.Errorf("%s %s", value, diff)
	}
}

func TestIssueRefused(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	full := slices.Repeat([]authz.Credential{{Expires: now.UnixMilli() + 1}}, MaxTokens)
	over := slices.Repeat([]authz.Credential{{Expires: now.UnixMilli()}}, MaxTokens)
	for name, tt := range map[string]struct {
		settings []authz.Setting
		have     []authz.Credential
		wish     Wish
		kind     fail.Kind
		says     string
	}{
		"nobody":              {wish: Wish{Owner: 77}, kind: fail.NotFound, says: "does not exist"},
		"a group":             {wish: Wish{Owner: crew}, kind: fail.NotFound, says: "is a group"},
		"inactive":            {wish: Wish{Owner: asleep}, kind: fail.State, says: "asleep is not active"},
		"too many":            {have: full, wish: Wish{Owner: ann}, kind: fail.Limit, says: "600"},
		"ended ones are none": {have: over, wish: Wish{Owner: ann}},
		"a broken limit":      {settings: []authz.Setting{{Key: SettingMaxLifetime, Value: "x"}}, wish: Wish{Owner: ann}, kind: fail.Invalid, says: "days"},
		"a comment":           {wish: Wish{Owner: ann, Comment: "a\x00"}, kind: fail.Invalid, says: "comment"},
		"more than held":      {wish: Wish{Owner: ann, Scopes: []string{"scim"}, Held: []string{"mlflow"}}, kind: fail.Denied, says: "scim"},
	} {
		value, c, err := Issue(rand.Reader, []byte("k"), now, tokenWorld(t, tt.settings, tt.have...), tt.wish)
		if tt.says == "" && err == nil && value != "" {
			continue
		}
		if !fail.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) || value != "" || c.Hash != nil {
			t.Errorf("%s: %q %v %v", name, value, c, err)
		}
	}
}

// TestIssueWithoutLevel: who has no level on authorization/tokens gets none.
func TestIssueWithoutLevel(t *testing.T) {
	m := tokenWorld(t, nil)
	root, _ := m.Object(authz.TokensRoot)
	closed := *root
	closed.Entries = nil
	m, err := m.Apply(2, authz.Event{Op: authz.PutObject, Object: &closed})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Issue(rand.Reader, nil, time.Now(), m, Wish{Owner: ann}); !fail.Is(err, fail.State) || !strings.Contains(err.Error(), "CAN_USE") {
		t.Error(err)
	}
}

func TestNarrow(t *testing.T) {
	for name, tt := range map[string]struct {
		asked, held, want []string
		ok                bool
	}{
		"no wish, no limit":    {nil, nil, nil, true},
		"a wish":               {[]string{"scim", "mlflow"}, nil, []string{"mlflow", "scim"}, true},
		"all":                  {[]string{AllAPIs}, nil, nil, true},
		"all of all":           {[]string{AllAPIs}, []string{AllAPIs}, nil, true},
		"no wish, narrow":      {nil, []string{"mlflow"}, []string{"mlflow"}, true},
		"a part":               {[]string{"mlflow"}, []string{"mlflow", "scim"}, []string{"mlflow"}, true},
		"another":              {[]string{"sql"}, []string{"mlflow"}, nil, false},
		"all of little":        {[]string{AllAPIs}, []string{"mlflow"}, nil, false},
		"all of little, mixed": {[]string{"mlflow", AllAPIs}, []string{"mlflow"}, nil, false},
		"unknown":              {[]string{"root"}, nil, nil, false},
	} {
		got, err := Narrow(tt.asked, tt.held)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != tt.ok {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestLive(t *testing.T) {
	now := time.UnixMilli(1000)
	m := tokenWorld(t, nil, authz.Credential{Created: 3}, authz.Credential{Created: 1, Expires: 1000}, authz.Credential{Created: 2, Expires: 1001})
	var got []int64
	for _, c := range Live(m, ann, now) {
		got = append(got, c.Created)
	}
	if diff := cmp.Diff([]int64{2, 3}, got); diff != "" {
		t.Error(diff)
	}
}
