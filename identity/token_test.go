package identity

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func TestNewSecrets(t *testing.T) {
	cases := []struct {
		name string
		make func() (string, error)
		form string
	}{
		{"token", func() (string, error) { return NewToken(rand.Reader) }, `^dapi[0-9a-f]{64}$`},
		{"token id", func() (string, error) { return NewTokenID(rand.Reader) }, `^[0-9a-f]{64}$`},
		{"link", func() (string, error) { return NewLink(rand.Reader) }, `^link-[0-9a-f]{64}$`},
	}
	for _, c := range cases {
		a, errA := c.make()
		b, errB := c.make()
		if errA != nil || errB != nil || a == b || !regexp.MustCompile(c.form).MatchString(a) {
			t.Errorf("%s: %q, %q, %v, %v", c.name, a, b, errA, errB)
		}
	}
	if _, err := NewToken(bytes.NewReader(make([]byte, 31))); !fail.Is(err, fail.Internal) {
		t.Errorf("with too little randomness: %v", err)
	}
}

func TestHash(t *testing.T) {
	// RFC 4231, test case 2.
	got := Hash([]byte("Jefe"), []byte("what do ya want for nothing?"))
	if hex.EncodeToString(got[:]) != "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" {
		t.Errorf("got %x", got)
	}
	if Hash([]byte("k1"), []byte("v")) == Hash([]byte("k2"), []byte("v")) {
		t.Error("the key does not matter")
	}
}

func TestExpiry(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	s := func(n int64) *int64 { return &n }
	cases := []struct {
		seconds *int64
		max     int
		want    int64
		ok      bool
	}{
		{nil, 0, 0, true},
		{s(60), 0, 1_060_000, true},
		{nil, 1, 1_000_000 + 86_400_000, true},
		{s(86_400), 1, 1_000_000 + 86_400_000, true},
		{s(86_401), 1, 0, false},
		{s(0), 0, 0, false},
		{s(0), 5, 0, false},
		{s(-1), 0, 0, false},
		{s(1 << 62), 0, 0, false},
	}
	for _, c := range cases {
		got, err := Expiry(now, c.seconds, c.max)
		if got != c.want || (err == nil) != c.ok || err != nil && !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: got %d, %v", c, got, err)
		}
	}
}

func TestMaxLifetime(t *testing.T) {
	for value, want := range map[string]int{"": 0, "0": 0, "90": 90, " 7 ": 7, "-1": -1, "x": -1, "1.5": -1, "32768": -1, "99999999999": -1} {
		got, err := ParseMaxLifetime(value)
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: got %d, %v", value, got, err)
		}
	}
}

func TestTokenRules(t *testing.T) {
	for comment, ok := range map[string]bool{
		"": true, "CI\nof the team": true, strings.Repeat("é", 256): true, strings.Repeat("x", 257): false,
		"\x00": false, "\xff": false,
	} {
		if err := CheckComment(comment); (err == nil) != ok {
			t.Errorf("comment %.10q: %v", comment, err)
		}
	}
	if err := CheckQuota(599); err != nil {
		t.Error(err)
	}
	err := CheckQuota(600)
	var e *fail.Error
	if !fail.Is(err, fail.Limit) || !errors.As(err, &e) || e.Code != "QUOTA_EXCEEDED" {
		t.Errorf("at the quota: %v", err)
	}
}

func TestScopes(t *testing.T) {
	cases := []struct {
		in, want []string
		ok       bool
	}{
		{nil, nil, true},
		{[]string{"sql", "mlflow", "sql"}, []string{"mlflow", "sql"}, true},
		{[]string{"sql", "all-apis"}, nil, true},
		{[]string{"mlflow", "everything"}, nil, false},
		{[]string{""}, nil, false},
	}
	for _, c := range cases {
		got, err := CheckScopes(c.in)
		if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != c.ok {
			t.Errorf("%q: %v %s", c.in, err, diff)
		}
	}
}

func TestLink(t *testing.T) {
	now := time.UnixMilli(1_000)
	link := IssueLink([]byte("k"), "link-x", 7, now)
	if link.Hash != Hash([]byte("k"), []byte("link-x")) || link.Expires != 1_000+15*60*1000 || link.Principal != 7 {
		t.Errorf("issued as %+v", link)
	}
	if _, err := link.Use(now.Add(LinkLifetime)); !fail.Is(err, fail.Unauthenticated) {
		t.Errorf("after its time: %v", err)
	}
	used, err := link.Use(now.Add(LinkLifetime - time.Millisecond))
	if err != nil || used.Used == 0 {
		t.Fatalf("in time: %+v, %v", used, err)
	}
	if _, err := used.Use(now); !fail.Is(err, fail.Unauthenticated) {
		t.Errorf("a second time: %v", err)
	}
}

func TestParseAuthorization(t *testing.T) {
	basicOf := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	cases := []struct {
		header string
		want   Presented
		ok     bool
	}{
		{"Bearer dapi1", Presented{Token: "dapi1"}, true},
		{"bearer  dapi1 ", Presented{Token: "dapi1"}, true},
		{basicOf("Ada@x:dapi1"), Presented{Token: "dapi1", UserName: "Ada@x", Basic: true}, true},
		{basicOf("token:da:pi"), Presented{Token: "da:pi", UserName: "token", Basic: true}, true},
		{"", Presented{}, false},
		{"Bearer", Presented{}, false},
		{"Bearer a b", Presented{}, false},
		{"Bearer a\x00", Presented{}, false},
		{"Bearer é", Presented{}, false},
		{"Digest x", Presented{}, false},
		{"dapi1", Presented{}, false},
		{"Basic !!", Presented{}, false},
		{basicOf("nocolon"), Presented{}, false},
		{basicOf(":dapi1"), Presented{}, false},
		{basicOf("ada:"), Presented{}, false},
		{basicOf("\xff:dapi1"), Presented{}, false},
		{"Bearer " + strings.Repeat("x", 20<<10), Presented{}, false},
	}
	for _, c := range cases {
		got, err := ParseAuthorization(c.header)
		if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != c.ok || err != nil && !fail.Is(err, fail.Unauthenticated) {
			t.Errorf("%.40q: %v %s", c.header, err, diff)
		}
		if err != nil && strings.Contains(err.Error(), "dapi1") {
			t.Errorf("the refusal repeats the credential: %v", err)
		}
	}
}

func TestCheckName(t *testing.T) {
	cases := []struct {
		p  Presented
		ok bool
	}{
		{Presented{Token: "t"}, true},
		{Presented{Token: "t", UserName: "ADA@x", Basic: true}, true},
		{Presented{Token: "t", UserName: "Token", Basic: true}, true},
		{Presented{Token: "t", UserName: "eve@x", Basic: true}, false},
		{Presented{Token: "t", UserName: "", Basic: true}, false},
	}
	for _, c := range cases {
		if err := c.p.CheckName("ada@X"); (err == nil) != c.ok || err != nil && !fail.Is(err, fail.Unauthenticated) {
			t.Errorf("%+v: got %v", c.p, err)
		}
	}
}

func TestOffered(t *testing.T) {
	for _, s := range Offered() {
		if _, err := CheckScopes([]string{s.Name}); err != nil || s.What == "" || s.Name == AllAPIs {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, c := range []struct {
		held  []string
		scope string
		want  bool
	}{
		{nil, "scim", true}, {nil, AllAPIs, true}, {[]string{"mlflow"}, "scim", false}, {[]string{"mlflow"}, "mlflow", true}, {[]string{AllAPIs}, "scim", true},
		{[]string{"mlflow"}, AllAPIs, false},
	} {
		if got := Reaches(c.held, c.scope); got != c.want {
			t.Errorf("%v reaches %s: %v", c.held, c.scope, got)
		}
	}
}
