package workspace

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func TestClean(t *testing.T) {
	long := strings.Repeat("a", MaxSegment)
	for raw, want := range map[string]string{
		"/":                       "/",
		"//":                      "/",
		"/Workspace":              "/",
		"/Workspace/":             "/",
		"//Workspace//Users/ana/": "/Users/ana",
		"/Workspace/Workspace/x":  "/x",
		"/Users/Workspace/x":      "/Users/Workspace/x",
		"/workspace/x":            "/workspace/x",
		"/Shared//a///b/":         "/Shared/a/b",
		"/Shared/100%/%2e%2e":     "/Shared/100%/%2e%2e",
		"/Shared/a b/ü.py":        "/Shared/a b/ü.py",
		"/Shared/...":             "/Shared/...",
		"/Shared/\uFFFD":          "/Shared/\uFFFD",
		"/" + long:                "/" + long,
	} {
		got, err := Clean(raw)
		if err != nil || got != want {
			t.Errorf("Clean(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestCleanRefuses(t *testing.T) {
	for name, c := range map[string]struct{ raw, says string }{
		"empty":         {"", "does not start with '/'"},
		"relative":      {"Shared/x", "does not start with '/'"},
		"url":           {"file:///etc/passwd", "does not start with '/'"},
		"parent":        {"/Shared/../Users", "segment '..'"},
		"here":          {"/Shared/./x", "segment '.'"},
		"behind prefix": {"/Workspace/..", "segment '..'"},
		"backslash":     {`/Shared\..\x`, "backslash at byte 7"},
		"nul":           {"/Shared/a\x00", "U+0000 at byte 9"},
		"newline":       {"/Shared/a\nb", "U+000A at byte 9"},
		"C1 control":    {"/Shared/\u0085", "U+0085 at byte 8"},
		"invalid UTF-8": {"/Shared/\xff", "not valid UTF-8 at byte 8"},
		"overlong ..":   {"/Shared/\xc0\xae\xc0\xae", "not valid UTF-8"},
		"long segment":  {"/" + strings.Repeat("a", MaxSegment+1), "256 bytes"},
		"long path":     {strings.Repeat("/abcdefg", MaxPath/8) + "/x", "4098 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Clean(c.raw)
			if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) || got != "" {
				t.Errorf("Clean = %q, %v; want an Invalid that says %q", got, err, c.says)
			}
		})
	}
}

func TestPathParts(t *testing.T) {
	for clean, want := range map[string]struct {
		base, parent string
		split, above []string
	}{
		"/":          {"", "/", nil, nil},
		"/a":         {"a", "/", []string{"a"}, []string{"/"}},
		"/Users/x/n": {"n", "/Users/x", []string{"Users", "x", "n"}, []string{"/", "/Users", "/Users/x"}},
	} {
		if got := Base(clean); got != want.base {
			t.Errorf("Base(%q) = %q", clean, got)
		}
		if got := Parent(clean); got != want.parent {
			t.Errorf("Parent(%q) = %q", clean, got)
		}
		if d := cmp.Diff(want.split, Split(clean)); d != "" {
			t.Errorf("Split(%q): %s", clean, d)
		}
		if d := cmp.Diff(want.above, Ancestors(clean)); d != "" {
			t.Errorf("Ancestors(%q): %s", clean, d)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range []struct{ dir, name, want string }{
		{"/", "a", "/a"},
		{"/Users", "ana@example.com", "/Users/ana@example.com"},
		{"/Users", "Workspace", "/Users/Workspace"},
		{"/", "Workspace", ""},
		{"/Shared", "", ""},
		{"/Shared", "a/b", ""},
		{"/Shared", "..", ""},
	} {
		got, err := Join(c.dir, c.name)
		if got != c.want && err == nil || (err != nil) != (c.want == "") {
			t.Errorf("Join(%q, %q) = %q, %v; want %q", c.dir, c.name, got, err, c.want)
		}
	}
}

func TestHomes(t *testing.T) {
	for name, want := range map[string]string{
		"ana@example.com": "/Users/ana@example.com",
		".removed":        "",
		"..":              "",
		"":                "",
		"a/b":             "",
		"a\x00":           "",
	} {
		got, err := HomePath(name)
		if err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("HomePath(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := RemovedHomePath("ana", "117"); got != "/Users/.removed/ana-117" || err != nil {
		t.Errorf("RemovedHomePath = %q, %v", got, err)
	}
	for clean, want := range map[string]bool{"/Users/ana": true, "/Users": false, "/Users/.removed": false, "/Users/ana/x": false, "/a": false} {
		if IsHome(clean) != want {
			t.Errorf("IsHome(%q) = %v", clean, !want)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		clean, dir string
		want       bool
	}{
		{"/a/b", "/a", true},
		{"/a/b/c", "/a", true},
		{"/a", "/a", false},
		{"/ab", "/a", false},
		{"/a", "/", true},
		{"/", "/", false},
	} {
		if Below(c.clean, c.dir) != c.want {
			t.Errorf("Below(%q, %q) = %v", c.clean, c.dir, !c.want)
		}
	}
}

func TestCheckMove(t *testing.T) {
	for _, c := range []struct {
		src, dst string
		moved    bool
		kind     fail.Kind // Internal = no error
	}{
		{"/Shared/a", "/Shared/b", true, fail.Internal},
		{"/Shared/a", "/Users/ana/a", true, fail.Internal},
		{"/Workspace/Shared/a/", "/Shared//a", false, fail.Internal},
		{"/Users/.removed/ana-7", "/Shared/ana", true, fail.Internal},
		{"/Shared/a", "/Shared/ab", true, fail.Internal},
		{"/Shared/a", "/Shared/a/b", false, fail.Invalid},
		{"/Shared/a", "/Shared/a/b/c", false, fail.Invalid},
		{"/", "/x", false, fail.State},
		{"/Workspace", "/x", false, fail.State},
		{"/Users", "/People", false, fail.State},
		{"/Shared", "/Shared", false, fail.State},
		{"/Repos", "/Shared/Repos", false, fail.State},
		{"/Users/.removed", "/Shared/r", false, fail.State},
		{"/Users/ana", "/Shared/ana", false, fail.State},
		{"/Shared/a", "/Users/bob", false, fail.Invalid},
		{"/Shared/a", "/Users/.removed/bob-9", false, fail.Invalid},
		{"/Shared/a", "/Workspace", false, fail.Exists},
		{"/Shared/a", "/Users", false, fail.Exists},
		{"/Shared/a", "b", false, fail.Invalid},
		{"a", "/Shared/b", false, fail.Invalid},
	} {
		_, _, moved, err := CheckMove(c.src, c.dst)
		if fail.KindOf(err) != c.kind || (err != nil) != (c.kind != fail.Internal) || err == nil && moved != c.moved {
			t.Errorf("CheckMove(%q, %q): moved %v, %v; want %v, kind %v", c.src, c.dst, moved, err, c.moved, c.kind)
		}
	}
}

func TestCheckDelete(t *testing.T) {
	for clean, allowed := range map[string]bool{
		"/": false, "/Shared": false, "/Users/.removed": false, "/Users/ana": false, "/Shared/x": true, "/Users/ana/x": true, "/Users/.removed/a-1": true,
	} {
		if err := CheckDelete(clean); (err == nil) != allowed || err != nil && !fail.Is(err, fail.State) {
			t.Errorf("CheckDelete(%q) = %v", clean, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"/", "/Workspace/Workspace//x/", "/a/../b", "/%2e%2e/x", "/a\\b", "/a/./b", "/Users/é", "/\xc0\xae", "/Workspace/.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		clean, err := Clean(raw)
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Fatalf("Clean(%q) fails with %v", raw, err)
			}
			return
		}
		if again, err := Clean(clean); err != nil || again != clean {
			t.Fatalf("Clean(%q) = %q, but Clean of that is %q, %v", raw, clean, again, err)
		}
		if strings.ContainsAny(clean, "\\\x00\n\r") || strings.Contains(clean, "//") || len(clean) > MaxPath || clean[0] != '/' {
			t.Fatalf("Clean(%q) let %q pass", raw, clean)
		}
		at := RootPath
		for _, s := range Split(clean) {
			if s == "" || s == "." || s == ".." || len(s) > MaxSegment {
				t.Fatalf("Clean(%q) let the segment %q pass", raw, s)
			}
			if at, err = Join(at, s); err != nil {
				t.Fatalf("Join of the segments of %q: %v", clean, err)
			}
		}
		if at != clean {
			t.Fatalf("the segments of %q join to %q", clean, at)
		}
	})
}
