package search

import (
	"encoding/base64"
	"math"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

var (
	pageKey = []byte("a key of this server")
	asked   = QueryHash("runs/search", "metrics.a > 1", "1,2", "100")
)

func token() Token {
	return Token{After: Cursor{{Num: -0.5}, {Int: math.MinInt64}, {Rank: 2}, {Text: "é\x00"}, {Num: math.MaxFloat64}, {Int: math.MaxInt64, Text: "x"}}}
}

func TestTokenRoundTrip(t *testing.T) {
	for _, want := range []Token{token(), {}, {After: Cursor{{Rank: 1}}}} {
		s := want.Encode(pageKey, 7, asked)
		if s != want.Encode(pageKey, 7, asked) {
			t.Error("two tokens for one page")
		}
		got, err := DecodeToken(s, pageKey, 7, asked)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	if got, err := DecodeToken("", pageKey, 7, asked); err != nil || got.After != nil {
		t.Errorf("the first page: %v %v", got, err)
	}
}

func TestTokenIsRefused(t *testing.T) {
	good := token().Encode(pageKey, 7, asked)
	raw, _ := base64.RawURLEncoding.DecodeString(good)
	for i := range raw {
		bad := append([]byte(nil), raw...)
		bad[i] ^= 1
		if _, err := DecodeToken(base64.RawURLEncoding.EncodeToString(bad), pageKey, 7, asked); !fail.Is(err, fail.Invalid) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for name, c := range map[string]struct {
		token  string
		key    string
		caller int64
		query  Hash
	}{
		"another caller": {good, string(pageKey), 8, asked},
		"another query":  {good, string(pageKey), 7, QueryHash("runs/search", "metrics.a > 2", "1,2", "100")},
		"another server": {good, "another key", 7, asked},
		"cut":            {good[:len(good)-4], string(pageKey), 7, asked},
		"no base64":      {"!!!", string(pageKey), 7, asked},
		"MLflow's":       {"eyJvZmZzZXQiOiAxMH0=", string(pageKey), 7, asked},
		"short":          {"AAAA", string(pageKey), 7, asked},
	} {
		if _, err := DecodeToken(c.token, []byte(c.key), c.caller, c.query); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQueryHashKeepsPartsApart(t *testing.T) {
	if QueryHash("ab", "c") == QueryHash("a", "bc") || QueryHash("a") == QueryHash("a", "") {
		t.Error("two queries have one name")
	}
}

// FuzzCursor reads signed bodies that nobody made: an error or a cursor, never a panic.
func FuzzCursor(f *testing.F) {
	for _, k := range token().After {
		f.Add(appendKey(nil, k))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		body = append([]byte{tokenVersion}, body...)
		s := base64.RawURLEncoding.EncodeToString(append(body, sign(pageKey, 7, asked, body)...))
		got, err := DecodeToken(s, pageKey, 7, asked)
		if err != nil {
			return
		}
		again, err := DecodeToken(got.Encode(pageKey, 7, asked), pageKey, 7, asked)
		if err != nil || len(again.After) != len(got.After) {
			t.Errorf("%v %v", err, again)
		}
	})
}
