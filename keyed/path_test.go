package keyed

import (
	"path"
	"strings"
	"testing"

	"bailiwick/fail"
)

func TestPath(t *testing.T) {
	for p, good := range map[string]bool{
		"a": true, "model/MLmodel": true, "a b/ü.txt": true, "100%": true, "a%20b": true, "50%25 off": true, "a:b/c": false, "ab:c/d": true, "v1:2.png": true,
		"...": true, "..a": true, "a..": true, ".hidden/x": true, "%zz": true, strings.Repeat("a", 1024): true,
		"": false, ".": false, "..": false, "../a": false, "a/..": false, "a/../b": false, "a/./b": false, "/a": false, "//a": false,
		"a//b": false, "a/": false, `a\b`: false, `..\a`: false, "C:x": false, "c:/x": false, "C:": false, "file:x": false, "file:///etc/passwd": false,
		"http://x/y": false, "s3:/a": false, "a#b": false, "a?b": false, "a\x00b": false, "a\nb": false, "a\x7fb": false, "a\u0085b": false,
		"\xff": false, "%2e%2e/a": false, "%2E%2e%2fa": false, "a%2f..%2fb": false, "%252e%252e%252fa": false, "a%5cb": false, "a%255cb": false,
		"%2fa": false, "a%00b": false, "a%23b": false, "a%3fb": false, "%43%3a/x": false, "a%2f": false, "%25252e%25252e": false, "%ff": false,
		strings.Repeat("a", 1025): false, strings.Repeat("%25", 50) + "2e": true, "%2525252525252525252525252e": false,
	} {
		got, err := Path(p)
		if (err == nil) != good || err == nil && got != p {
			t.Errorf("%q: %v", p, err)
		}
		if err != nil && (!fail.Is(err, fail.Invalid) || !strings.HasPrefix(err.Error(), "Invalid path")) {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// FuzzPath: what is accepted stays below the folder it is joined to, however often it is decoded first.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "%2e%2e/x", "%252e%252e%252f", `a\..\b`, "C:x", "a%00", "..%c0%af", "%uff0e", "a/%2e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := Path(raw)
		if err != nil {
			return
		}
		for range maxDecodings + 1 {
			joined := path.Join("/root/run", p)
			if !strings.HasPrefix(joined, "/root/run/") || joined != "/root/run/"+p || strings.ContainsAny(p, "\\\x00") {
				t.Fatalf("%q came to %q", raw, joined)
			}
			p = unescape(p)
		}
	})
}

// TestPairs: a key is found and set in a short list, and what cannot be a key is refused.
func TestPairs(t *testing.T) {
	pairs := Set(Set(nil, "a", "1"), "b", "2")
	pairs = Set(pairs, "a", "3")
	if v, ok := Lookup(pairs, "a"); v != "3" || !ok || len(pairs) != 2 {
		t.Errorf("pairs %v", pairs)
	}
	if _, ok := Lookup(pairs, "c"); ok {
		t.Error("a key was found that is not there")
	}
	for key, good := range map[string]bool{"a": true, "mlflow.user": true, "a/b c:d-e_f": true, "é": true, "": false, "..": false, "/a": false, "a//b": false,
		"a\x00": false, "a?": false, strings.Repeat("k", MaxKey+1): false} {
		if err := Check("key", key); (err == nil) != good {
			t.Errorf("%q: %v", key, err)
		}
	}
	if got := Truncate("äöü", 2); got != "äö" {
		t.Errorf("truncated to %q", got)
	}
}
