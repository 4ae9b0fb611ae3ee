package blob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// openTemp gives a store with small pieces in a real folder, so that kilobytes go all the way.
func openTemp(t *testing.T) (*Local, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a", "b")
	l, err := openLocal(system{}, dir, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	return l, dir
}

// tree is every file below a folder, with its mode.
func tree(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		rel, _ := filepath.Rel(dir, path)
		found[rel] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func mustCommit(t *testing.T, s Store, content []byte) Digest {
	t.Helper()
	d, size, err := commit(t, s, content)
	if err != nil || size != int64(len(content)) || d != DigestOf(content) {
		t.Fatalf("commit: %s, %d bytes, %v", d, size, err)
	}
	return d
}

func TestRoundTrip(t *testing.T) {
	l, dir := openTemp(t)
	for _, size := range []int{0, 1, 1<<10 - 1, 1 << 10, 1<<10 + 1, 16 << 10, 16<<10 + 1, 100 << 10} {
		want := noise(size)
		d := mustCommit(t, l, want)
		r, info, err := l.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		r.Close()
		if info.Digest != d || info.Size != int64(size) || time.Since(info.Modified).Abs() > time.Minute {
			t.Errorf("%d bytes: %+v", size, info)
		}
		if stat, err := l.Stat(t.Context(), d); err != nil || stat != info {
			t.Errorf("%d bytes: Stat %+v, %v; Open %+v", size, stat, err, info)
		}
		if err := Verify(t.Context(), l, d); err != nil {
			t.Error(err)
		}
	}
	if left := tree(t, filepath.Join(dir, "tmp")); len(left) != 1 {
		t.Errorf("left in tmp: %v", left)
	}
}

// TestLayout: the same bytes are kept once, under their digest, for the owner only.
func TestLayout(t *testing.T) {
	l, dir := openTemp(t)
	for range 3 {
		mustCommit(t, l, []byte("hello"))
	}
	hex := DigestOf([]byte("hello")).String()
	want := map[string]fs.FileMode{
		".": fs.ModeDir | 0o700, "tmp": fs.ModeDir | 0o700, "sha256": fs.ModeDir | 0o700,
		"sha256/2c": fs.ModeDir | 0o700, "sha256/2c/" + hex[2:]: 0o600,
	}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestUploadsThatMustNotCount: nothing is visible and nothing left behind, whatever ends an upload before its commit.
func TestUploadsThatMustNotCount(t *testing.T) {
	broken := errors.New("connection reset")
	for name, spoil := range map[string]func(w Writer, cancel func()) error{
		"abort":            func(w Writer, _ func()) error { w.Abort(); return nil },
		"context ended":    func(_ Writer, cancel func()) error { cancel(); return context.Canceled },
		"source broke off": func(w Writer, _ func()) error { _, _ = w.ReadFrom(iotest.ErrReader(broken)); return broken },
	} {
		for _, size := range []int{10, 50 << 10} {
			l, dir := openTemp(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, err := l.Create(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(w, bytes.NewReader(noise(size))); err != nil {
				t.Fatal(err)
			}
			want := spoil(w, cancel)
			_, _, err = w.Commit()
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%s, %d bytes: Commit gave %v, want %v", name, size, err, want)
			}
			if _, err := w.Write([]byte("more")); err == nil {
				t.Errorf("%s: Write after the end", name)
			}
			if got := tree(t, dir); len(got) != 3 {
				t.Errorf("%s, %d bytes: %v", name, size, got)
			}
		}
	}
}

func TestCommitTwice(t *testing.T) {
	l, _ := openTemp(t)
	w, _ := l.Create(t.Context())
	if _, _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, _, err := w.Commit(); !fail.Is(err, fail.State) {
		t.Errorf("second Commit: %v", err)
	}
	if err := Verify(t.Context(), l, DigestOf(nil)); err != nil {
		t.Errorf("Abort after Commit took it away: %v", err)
	}
}

// TestDamage: changed bytes are found by Verify and not by Open, which says so; a file cut short is replaced by the next upload.
func TestDamage(t *testing.T) {
	l, _ := openTemp(t)
	content := noise(5 << 10)
	d := mustCommit(t, l, content)
	flipped := bytes.Clone(content)
	flipped[3]++
	for name, c := range map[string]struct {
		now    []byte
		healed bool
	}{"flipped": {flipped, false}, "cut": {content[:100], true}, "grown": {append(flipped, 1), true}} {
		if err := os.WriteFile(l.path(d), c.now, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Verify(t.Context(), l, d); !errors.Is(err, ErrCorrupt) || fail.KindOf(err) != fail.Internal {
			t.Errorf("%s: Verify gave %v", name, err)
		}
		mustCommit(t, l, content)
		if err := Verify(t.Context(), l, d); (err == nil) != c.healed {
			t.Errorf("%s, after another upload: %v", name, err)
		}
	}
}

func TestMissing(t *testing.T) {
	l, _ := openTemp(t)
	d := DigestOf([]byte("never"))
	_, _, openErr := l.Open(t.Context(), d)
	_, statErr := l.Stat(t.Context(), d)
	for what, err := range map[string]error{"Open": openErr, "Stat": statErr, "Verify": Verify(t.Context(), l, d)} {
		if !fail.Is(err, fail.NotFound) || !strings.Contains(err.Error(), d.String()) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if removed, err := l.Remove(t.Context(), d, time.Time{}); removed || err != nil {
		t.Errorf("Remove: %v, %v", removed, err)
	}
}

// TestRemove: a blob that was committed again is new, so a collector with an older time leaves it.
func TestRemove(t *testing.T) {
	l, _ := openTemp(t)
	d := mustCommit(t, l, []byte("x"))
	old := time.Now().Add(-time.Hour)
	for _, step := range []struct {
		what    string
		do      func() error
		before  time.Time
		removed bool
	}{
		{"new", func() error { return nil }, old.Add(time.Minute), false},
		{"old", func() error { return os.Chtimes(l.path(d), old, old) }, old, false},
		{"committed again", func() error { mustCommit(t, l, []byte("x")); return nil }, old.Add(time.Minute), false},
		{"older than the time", func() error { return os.Chtimes(l.path(d), old, old) }, old.Add(time.Minute), true},
		{"gone", func() error { return nil }, time.Time{}, false},
		{"whenever", func() error { mustCommit(t, l, []byte("x")); return nil }, time.Time{}, true},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if removed, err := l.Remove(t.Context(), d, step.before); err != nil || removed != step.removed {
			t.Errorf("%s: removed %v, %v", step.what, removed, err)
		}
	}
}

func TestListAndSweep(t *testing.T) {
	l, dir := openTemp(t)
	want := map[Digest]int64{}
	for n := range 40 {
		want[mustCommit(t, l, noise(n))] = int64(n)
	}
	stale := filepath.Join(dir, "tmp", "of-before")
	for _, stray := range []string{stale, filepath.Join(l.blobs, "2c", "README"), filepath.Join(l.blobs, "lost+found")} {
		_ = os.MkdirAll(filepath.Dir(stray), 0o700)
		if err := os.WriteFile(stray, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := map[Digest]int64{}
	for info, err := range l.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[info.Digest] = info.Size
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for before, want := range map[time.Duration]int{-time.Hour: 0, time.Hour: 1} {
		_ = os.WriteFile(stale, nil, 0o600)
		if n, err := l.Sweep(t.Context(), time.Now().Add(before)); n != want || err != nil {
			t.Errorf("Sweep %v from now: %d, %v", before, n, err)
		}
	}
}

func TestEndedContext(t *testing.T) {
	l, _ := openTemp(t)
	d := mustCommit(t, l, []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, createErr := l.Create(ctx)
	_, _, openErr := l.Open(ctx, d)
	_, statErr := l.Stat(ctx, d)
	_, removeErr := l.Remove(ctx, d, time.Time{})
	var listErr error
	for _, listErr = range l.List(ctx) {
	}
	for n, err := range []error{createErr, openErr, statErr, removeErr, listErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", n, err)
		}
	}
}

// TestSameBytesAtOnce: uploads of the same bytes beside each other and beside their removal; a commit that was acknowledged
// after the last removal is there.
func TestSameBytesAtOnce(t *testing.T) {
	l, dir := openTemp(t)
	content := noise(9 << 10)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				d := mustCommit(t, l, content)
				if _, err := l.Remove(t.Context(), d, time.Now().Add(-time.Minute)); err != nil {
					t.Error(err)
				}
				if err := Verify(t.Context(), l, d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := tree(t, dir); len(got) != 5 {
		t.Errorf("files: %v", got)
	}
}

func TestDigest(t *testing.T) {
	d := DigestOf([]byte("hello"))
	const hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	text, err := json.Marshal(map[string]Digest{"sha256": d})
	if err != nil || string(text) != `{"sha256":"`+hex+`"}` {
		t.Errorf("%s, %v", text, err)
	}
	var back map[string]Digest
	if err := json.Unmarshal(text, &back); err != nil || back["sha256"] != d || d.IsZero() || !(Digest{}).IsZero() {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", hex[1:], hex + "0", strings.ToUpper(hex), "../" + hex[3:], "sha256:" + hex[7:], "é" + hex[2:]} {
		if got, err := ParseDigest(bad); !fail.Is(err, fail.Invalid) || !got.IsZero() {
			t.Errorf("ParseDigest(%q) = %s, %v", bad, got, err)
		}
	}
}

func TestOpenLocation(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for location, want := range map[string]string{
		"plain": "plain", dir + "/abs/olute": "abs/olute", "./s3:x": "s3:x",
		"file://" + dir + "/url": "url", "file://localhost" + dir + "/a%20b%3F": "a b?",
	} {
		if _, err := Open(location); err != nil {
			t.Errorf("%s: %v", location, err)
		}
		if info, err := os.Stat(filepath.Join(dir, want, "sha256")); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", location, err)
		}
	}
	for location, want := range map[string]string{
		"": "path or a URL", "a\x00b": "path or a URL", "ftp://bucket/p": "known are a path and azblob:, file:, gs:, s3:",
		"s3:bucket": "s3://bucket/prefix", "gs:///p": "gs://bucket/prefix", "azblob://c:1/p": "azblob://bucket/prefix", "s3://u:secret@b": "no user",
		"s3://b?sekret=x&y=z": "take the parameters", "s3://b?path_style=maybe": "true or false", "s3://b/a%00b": "NUL", "https://u:secret@h/": "with https:", "file:relative": "absolute", "file://host/p": "on this machine",
		"file:///p?x=1": "no user, query", "file:///p#f": "no user, query", "file:///a%00b": "NUL", "file://%zz": "no URL",
	} {
		if s, err := Open(location); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, %v", location, s, err)
		}
	}
}
