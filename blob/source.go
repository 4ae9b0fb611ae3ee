package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bailiwick/fail"
)

// Source reads what lies outside of our store, e.g. the files that a model version was said to be made of. Paths are relative to
// the location, with slashes, and name files; what a Source gives is as the outside has it at that moment, and nobody's promise.
type Source interface {
	// Walk tells each file with its size in bytes, in no promised order, until f gives an error, which it gives back. A location
	// that is one file has that under its own name. fail.NotFound when there is nothing.
	Walk(ctx context.Context, f func(path string, size int64) error) error
	// Read opens a file; fail.NotFound when it is not there. The context must live as long as the reader.
	Read(ctx context.Context, path string) (io.ReadCloser, error)
	// Close ends the use of the source.
	Close() error
}

// sources are the kinds of outside location that are no folder, by scheme.
var sources = map[string]func(context.Context, *url.URL) (Source, error){
	"s3": bucketSource, "gs": bucketSource, "azblob": bucketSource, "wasbs": wasbsSource,
}

// OpenSource opens s3://bucket/path, gs://bucket/path, azblob://container/path, wasbs://container@account.blob.core.windows.net/path,
// file:///path or an absolute path of this machine. It reads with this server's own credentials and rights, so the caller decides
// before who may name which location; locations with parameters are refused, as an endpoint in them would be sent the credentials.
// within are the locations that may be read: what is in none of them is refused, and a folder of this machine as well that is reached
// from there by a link. fail.Invalid says what a location may be, fail.NotFound that a folder is not there.
func OpenSource(ctx context.Context, location string, within []string) (Source, error) {
	if path.IsAbs(location) && !strings.ContainsRune(location, 0) {
		return folderSource(location, within)
	}
	u, err := parseLocation(location)
	if err != nil {
		return nil, err
	}
	open, known := sources[u.Scheme]
	if !known && u.Scheme != "file" {
		return nil, fail.Invalidf("bytes are read from an absolute path, file:///path, s3://bucket/path, gs://bucket/path, azblob://container/path "+
			"and wasbs://container@account.blob.core.windows.net/path, not from %q", u.Scheme+":")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fail.Invalidf("%s: source locations take no query and no fragment", u.Scheme)
	}
	if u.Scheme == "file" {
		return fileSource(u, within)
	}
	if !slices.ContainsFunc(within, func(w string) bool { return inside(location, w) }) {
		return nil, notAllowed(location)
	}
	return open(ctx, u)
}

// inside says whether a path, or an address, is another or is in it.
func inside(location, folder string) bool {
	folder = strings.TrimRight(folder, "/")
	return location == folder || strings.HasPrefix(location, folder+"/")
}

func notAllowed(location string) error {
	return fail.Invalidf("the source %s is in no place that this server may read for its users", location)
}

func fileSource(u *url.URL, within []string) (Source, error) {
	if (u.Host != "" && u.Host != "localhost") || u.User != nil || !path.IsAbs(u.Path) || strings.ContainsRune(u.Path, 0) {
		return nil, fail.Invalidf("file: source locations are file:///absolute/path")
	}
	return folderSource(u.Path, within)
}

// folderOutside is a Source in a folder. An os.Root keeps it there: a link that leads out is refused, also one made between two looks.
type folderOutside struct {
	root *os.Root
	only string // the one file that the location is; empty for all
}

func folderSource(name string, within []string) (Source, error) {
	top, rest, err := topOf(name, within)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	for err == nil && rest != "" {
		var next string
		next, rest, _ = strings.Cut(rest, "/")
		info, failed := root.Lstat(next)
		if failed == nil && rest == "" && info.Mode().IsRegular() {
			return &folderOutside{root, next}, nil
		}
		root, err = enter(root, next)
	}
	if err != nil {
		return nil, outside(err, name)
	}
	return &folderOutside{root: root}, nil
}

// topOf parts the path of a source into the folder that it is allowed in, which may be reached by links, and the rest.
func topOf(name string, within []string) (top, rest string, err error) {
	if path.Clean(name) != strings.TrimRight(name, "/") {
		return "", "", fail.Invalidf("the source %s is no clean path", name)
	}
	for _, w := range within {
		if u, err := url.Parse(w); err == nil && (u.Scheme == "file" || u.Scheme == "") && inside(name, u.Path) && len(u.Path) > len(top) {
			top = u.Path
		}
	}
	if top == "" {
		return "", "", notAllowed(name)
	}
	return top, strings.Trim(strings.TrimPrefix(name, strings.TrimRight(top, "/")), "/"), nil
}

var errLink = errors.New("it is no folder, or a link")

// enter opens a folder in a folder, and closes that one. A link is not followed, nor one that was put there between two looks.
func enter(r *os.Root, name string) (*os.Root, error) {
	defer r.Close()
	was, err := r.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !was.IsDir() {
		return nil, errLink
	}
	next, err := r.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if is, err := next.Stat("."); err != nil || !os.SameFile(was, is) {
		next.Close()
		return nil, errLink
	}
	return next, nil
}

// outside says what is wrong with a file that is not ours.
func outside(err error, name string) error {
	kind, what := fail.Invalid, "cannot be read" // also for links that lead out
	if errors.Is(err, fs.ErrNotExist) {
		kind, what = fail.NotFound, "does not exist"
	}
	e := fail.New(kind, "the source %s %s", name, what)
	e.Cause = err
	return e
}

// Walk tells each regular file; links are passed over. See Source.
func (s *folderOutside) Walk(ctx context.Context, f func(path string, size int64) error) error {
	return fs.WalkDir(s.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return outside(err, name)
		case ctx.Err() != nil:
			return ctx.Err()
		case s.only != "" && e.IsDir() && name != ".":
			return fs.SkipDir
		case !e.Type().IsRegular() || s.only != "" && name != s.only:
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return outside(err, name)
		}
		return f(name, info.Size())
	})
}

// Read opens a regular file; see Source.
func (s *folderOutside) Read(_ context.Context, name string) (io.ReadCloser, error) {
	if !fs.ValidPath(name) || s.only != "" && name != s.only {
		return nil, fail.NotFoundf("the source has no file %q", name)
	}
	if info, err := s.root.Lstat(filepath.FromSlash(name)); err != nil || !info.Mode().IsRegular() {
		return nil, fail.NotFoundf("the source has no file %q", name) // a pipe would block whoever opens it
	}
	f, err := s.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, outside(err, name)
	}
	return f, nil
}

// Close closes the folder.
func (s *folderOutside) Close() error { return s.root.Close() }

// objectSource is a Source in a bucket: the objects below a prefix, or the one whose key it is.
type objectSource struct{ *Objects }

func bucketSource(ctx context.Context, u *url.URL) (Source, error) {
	b, prefix, err := bucketAt(ctx, u)
	if err != nil {
		return nil, err
	}
	return &objectSource{newObjects(b, prefix)}, nil
}

const azureDomain = ".blob.core.windows.net"

func wasbsSource(ctx context.Context, u *url.URL) (Source, error) {
	account, ok := strings.CutSuffix(u.Host, azureDomain)
	if !ok || u.User.Username() == "" || strings.ContainsAny(account, ".:/") {
		return nil, fail.Invalidf("wasbs: source locations are wasbs://container@account%s/path", azureDomain)
	}
	return bucketSource(ctx, &url.URL{Scheme: "azblob", Host: u.User.Username(), Path: u.Path,
		RawQuery: url.Values{"account": {account}}.Encode()})
}

// Walk tells each object below the prefix; see Source. Keys that are no clean paths, such as the empty ones that stand for folders,
// are passed over.
func (s *objectSource) Walk(ctx context.Context, f func(path string, size int64) error) error {
	found := false
	for e, err := range s.bucket.list(ctx, s.prefix) {
		if err != nil {
			return s.fault(ctx, err, "listing a source")
		}
		name := strings.TrimPrefix(e.key, s.prefix)
		if !fs.ValidPath(name) || name == "." {
			continue
		}
		found = true
		if err := f(name, e.size); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	return s.walkOne(ctx, f)
}

// walkOne tells the object whose key the location is.
func (s *objectSource) walkOne(ctx context.Context, f func(path string, size int64) error) error {
	key := strings.TrimSuffix(s.prefix, "/")
	if key != "" {
		e, err := s.stat(ctx, key)
		if err == nil {
			return f(path.Base(key), e.size)
		}
		if !fail.Is(err, fail.NotFound) {
			return err
		}
	}
	return fail.NotFoundf("the source %s/%s has no files", s.bucket.name(), key)
}

// Read opens an object; see Source.
func (s *objectSource) Read(ctx context.Context, name string) (io.ReadCloser, error) {
	if !fs.ValidPath(name) {
		return nil, fail.NotFoundf("the source has no file %q", name)
	}
	key := s.prefix + name
	e, err := s.stat(ctx, key)
	if only := strings.TrimSuffix(s.prefix, "/"); fail.Is(err, fail.NotFound) && only != "" && path.Base(only) == name {
		key = only
		e, err = s.stat(ctx, key)
	}
	if fail.Is(err, fail.NotFound) {
		return nil, fail.NotFoundf("the source has no file %q", name)
	} else if err != nil {
		return nil, err
	}
	return &fetching{ctx: ctx, store: s.Objects, key: key, size: e.size}, nil
}

// Close has nothing to end: connections end by themselves.
func (s *objectSource) Close() error { return nil }
