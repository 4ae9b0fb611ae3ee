package blob

import (
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
	"file": openFile,
}

var schemeOf = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)

// Open opens, and where needed makes, the store at a location: a path, relative or absolute, or file:///absolute/path. What begins
// with another scheme is fail.Invalid, with the known ones listed; a path whose first part has a colon is written ./like:this.
func Open(location string) (Store, error) {
	if location == "" || strings.ContainsRune(location, 0) {
		return nil, fail.Invalidf("the artifact location must be a path or a URL")
	}
	if !schemeOf.MatchString(location) {
		return openPath(location)
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, fail.Invalidf("the artifact location is no URL") // url's own message would repeat a password in it
	}
	open, known := schemes[u.Scheme]
	if !known {
		return nil, fail.Invalidf("artifact locations with %s: are not served; known are a path and %s",
			u.Scheme, strings.Join(slices.Sorted(maps.Keys(schemes)), ":, ")+":")
	}
	return open(u)
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
