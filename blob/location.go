package blob

import (
	"context"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bailiwick/fail"
)

// schemes are the kinds of store, by the scheme of their location.
var schemes = map[string]func(*url.URL) (Store, error){
	"file": openFile, "s3": openIn, "gs": openIn, "azblob": openIn,
}

// buckets are the kinds of object store, with the parameters that their locations may have.
var buckets = map[string]struct {
	open       func(context.Context, *url.URL) (bucket, error)
	parameters []string
}{
	"s3":     {openS3, []string{"region", "endpoint", "path_style"}},
	"gs":     {openGCS, []string{"endpoint"}},
	"azblob": {openAzure, []string{"account", "endpoint"}},
}

// openIn opens a store below the prefix that the path of the location is.
func openIn(u *url.URL) (Store, error) {
	ctx := context.Background()
	b, prefix, err := bucketAt(ctx, u)
	if err != nil {
		return nil, err
	}
	return openObjects(ctx, b, prefix)
}

// bucketAt gives the bucket of a location, and its path as a prefix of keys.
func bucketAt(ctx context.Context, u *url.URL) (b bucket, prefix string, err error) {
	kind := buckets[u.Scheme]
	for name := range u.Query() {
		if !slices.Contains(kind.parameters, name) {
			return nil, "", fail.Invalidf("%s: artifact locations take the parameters %s, not %q", u.Scheme, strings.Join(kind.parameters, ", "), name)
		}
	}
	switch {
	case u.Host == "" || u.Port() != "":
		return nil, "", fail.Invalidf("%s: artifact locations are %s://bucket/prefix", u.Scheme, u.Scheme)
	case u.User != nil || u.Fragment != "":
		return nil, "", fail.Invalidf("%s: artifact locations take no user and no fragment; credentials come from the provider's usual "+
			"environment variables and files", u.Scheme)
	case strings.ContainsRune(u.Path, 0):
		return nil, "", fail.Invalidf("%s: artifact locations have no NUL in them", u.Scheme)
	}
	if prefix = strings.Trim(u.Path, "/"); prefix != "" {
		prefix += "/"
	}
	b, err = kind.open(ctx, u)
	return b, prefix, err
}

var schemeOf = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)

// Open opens the store at a location: a folder, made where needed, by its path, relative or absolute, or as file:///absolute/path; or
// a prefix in a bucket that is there,
//
//	s3://bucket/prefix?region=…&endpoint=URL&path_style=true
//	gs://bucket/prefix?endpoint=URL
//	azblob://container/prefix?account=…&endpoint=URL
//
// which is asked once, for half a minute at most: fail.Unavailable when it does not answer. Credentials, and what the location does
// not say, come from the provider's usual environment variables and files. What begins with another scheme is fail.Invalid, with
// the known ones listed; a path whose first part has a colon is written ./like:this.
func Open(location string) (Store, error) {
	if location != "" && !strings.ContainsRune(location, 0) && !schemeOf.MatchString(location) {
		return openPath(location)
	}
	u, err := parseLocation(location)
	if err != nil {
		return nil, err
	}
	open, known := schemes[u.Scheme]
	if !known {
		return nil, fail.Invalidf("artifact locations with %s: are not served; known are a path and %s",
			u.Scheme, strings.Join(slices.Sorted(maps.Keys(schemes)), ":, ")+":")
	}
	return open(u)
}

func parseLocation(location string) (*url.URL, error) {
	if location == "" || strings.ContainsRune(location, 0) {
		return nil, fail.Invalidf("the artifact location must be a path or a URL")
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, fail.Invalidf("the artifact location is no URL") // url's own message would repeat a password in it
	}
	return u, nil
}

func openFile(u *url.URL) (Store, error) {
	switch {
	case u.Host != "" && u.Host != "localhost":
		return nil, fail.Invalidf("file: artifact locations are on this machine: write file:///path, not file://%s/…", u.Host)
	case !strings.HasPrefix(u.Path, "/"):
		return nil, fail.Invalidf("file: artifact locations are absolute: file:///path")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fail.Invalidf("file: artifact locations take no user, query or fragment; write %%3F for ? and %%23 for #")
	case strings.ContainsRune(u.Path, 0):
		return nil, fail.Invalidf("file: artifact locations have no NUL in them")
	}
	return openPath(u.Path)
}

func openPath(path string) (Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault(err, "finding the working folder")
	}
	return OpenLocal(abs)
}
