package blob

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// walked reads all of a source.
func walked(t *testing.T, s Source) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := s.Walk(t.Context(), func(name string, size int64) error {
		r, err := s.Read(t.Context(), name)
		if err != nil {
			return err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		if int64(len(content)) != size {
			t.Errorf("%s: said to have %d bytes, has %d", name, size, len(content))
		}
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var sample = map[string]string{"MLmodel": "flavors", "data/model.pkl": "pickled", "data/deep/a b%20+?.txt": "x", "empty": ""}

// checkSource holds a location against the sample.
func checkSource(t *testing.T, location string) {
	t.Helper()
	s, err := OpenSource(t.Context(), location, []string{location})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if diff := cmp.Diff(sample, walked(t, s)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", location, diff)
	}
	stop := errors.New("enough")
	if err := s.Walk(t.Context(), func(string, int64) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%s: Walk gave %v", location, err)
	}
	for _, name := range []string{"data", "missing", "../secret", "/etc/passwd", "", ".", "data/../MLmodel", "link", "inside"} {
		if r, err := s.Read(t.Context(), name); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: Read(%q) gave %v, %v", location, name, r, err)
		}
	}
	one, err := OpenSource(t.Context(), location+"/MLmodel", []string{location})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if diff := cmp.Diff(map[string]string{"MLmodel": "flavors"}, walked(t, one)); diff != "" {
		t.Errorf("%s: one file (-want +got):\n%s", location, diff)
	}
}

func TestFileSource(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outside")
	for name, content := range sample {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"../secret": "", "link": "../secret", "inside": "MLmodel", "up": "..", "data/out": "/etc"} {
		if to == "" {
			if err := os.WriteFile(filepath.Join(dir, link), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	checkSource(t, dir)
	checkSource(t, "file://"+dir)
	s, err := OpenSource(t.Context(), dir, []string{"file://" + dir + "/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"up/secret", "data/out/passwd"} {
		if r, err := s.Read(t.Context(), name); !fail.Is(err, fail.NotFound) {
			t.Errorf("through a link, %q: %v, %v", name, r, err)
		}
	}
	for _, name := range []string{"/up", "/up/secret", "/data/out", "/data/out/passwd", "/link", "/inside", "/up/outside/data"} {
		if s, err := OpenSource(t.Context(), dir+name, []string{dir}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s is reached by a link: %v, %v", name, s, err)
		}
	}
}

func TestObjectSource(t *testing.T) {
	inBuckets(t, func(t *testing.T, o *Objects) {
		more := map[string]string{"../beside": "no", "folder/": ""}
		for name, content := range sample {
			more[name] = content
		}
		for name, content := range more {
			if name == "folder/" && strings.HasPrefix(o.bucket.name(), "azblob") {
				continue
			}
			if err := o.bucket.put(t.Context(), o.prefix+strings.TrimPrefix(name, "../"), []byte(content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.bucket.remove(t.Context(), o.prefix+"beside"); err != nil {
			t.Error(err)
		}
		location := o.bucket.name() + "/" + strings.TrimSuffix(o.prefix, "/")
		checkSource(t, location)
		s, err := OpenSource(t.Context(), location+"/nothing", []string{location})
		if err == nil {
			err = s.Walk(t.Context(), func(string, int64) error { return nil })
		}
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("a prefix with nothing below: %v", err)
		}
	})
}

func TestSourceLocations(t *testing.T) {
	for location, want := range map[string]fail.Kind{
		"": fail.Invalid, "relative/path": fail.Invalid, "/a\x00b": fail.Invalid, "http://x/y": fail.Invalid, "ftp://x": fail.Invalid,
		"file://host/x": fail.Invalid, "file:x": fail.Invalid, "s3:///x": fail.Invalid, "s3://u:p@b/x": fail.Invalid,
		"s3://b/x?endpoint=http://evil.example": fail.Invalid, "gs://b/x?endpoint=http://evil.example": fail.Invalid,
		"azblob://c/x?account=evil": fail.Invalid, "s3://b/x#f": fail.Invalid, "/no/such/folder": fail.NotFound,
		"wasbs://c@evil.example/x": fail.Invalid, "wasbs://account.blob.core.windows.net/x": fail.Invalid,
		"wasbs://c@evil.example/.blob.core.windows.net/x": fail.Invalid,
		"/etc": fail.Invalid, "/no/../etc": fail.Invalid, "file:///no/%2e%2e/etc": fail.Invalid, "/nobody": fail.Invalid, "s3://other/x": fail.Invalid,
	} {
		if s, err := OpenSource(t.Context(), location, []string{"/a", "/no", "s3://b", "gs://b", "azblob://c"}); !fail.Is(err, want) {
			t.Errorf("%q: %v, %v", location, s, err)
		}
	}
	if _, err := OpenSource(t.Context(), "wasbs://c@account.blob.core.windows.net/x", []string{"wasbs://c@account.blob.core.windows.net/"}); err != nil {
		t.Error(err)
	}
}
