// Package workspace is the tree of folders, notebooks, files and experiments as rules: what a path may be, where homes are, what may
// be moved, how an experiment's name and its path belong together, and how notebooks are read, kept and written. It is pure; what
// exists, and who may touch it, are other packages' business.
package workspace

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
)

// The folders that every workspace has. They cannot be renamed, moved or deleted.
const (
	RootPath    = "/"
	UsersPath   = "/Users"
	SharedPath  = "/Shared"
	ReposPath   = "/Repos"
	RemovedPath = "/Users/.removed" // where the homes of removed users are kept
)

// Limits of a path, in bytes of its clean form.
const (
	MaxSegment = 255
	MaxPath    = 4096
)

// mount is the name under which clients also know the root: /Workspace/X and /X are one object.
const mount = "Workspace"

var special = map[string]bool{RootPath: true, UsersPath: true, SharedPath: true, ReposPath: true, RemovedPath: true}

// Clean gives the one name of the place that raw means: absolute, without the /Workspace prefix, without empty segments and trailing
// slash. A path that could mean something else to some other reader is refused with fail.Invalid: no leading slash, "." and ".."
// segments, backslashes, control characters, invalid UTF-8, segments over MaxSegment, paths over MaxPath. Percent signs are literal,
// since the HTTP layer decodes exactly once. Clean(Clean(x)) = Clean(x).
func Clean(raw string) (string, error) {
	if !strings.HasPrefix(raw, "/") {
		return "", fail.Invalidf("path %s does not start with '/': paths are absolute, e.g. /Users/ana@example.com/churn", quote(raw))
	}
	if err := checkText(raw); err != nil {
		return "", err
	}
	segments := unmount(strings.FieldsFunc(raw, func(r rune) bool { return r == '/' }))
	for _, s := range segments {
		if err := checkSegment(raw, s); err != nil {
			return "", err
		}
	}
	clean := "/" + strings.Join(segments, "/")
	if len(clean) > MaxPath {
		return "", fail.Invalidf("path %s has %d bytes, %d are allowed", quote(raw), len(clean), MaxPath)
	}
	return clean, nil
}

// unmount drops the prefix as often as it stands there: were it dropped once only, /Workspace/Workspace/x would be a name that
// means another place each time it is cleaned.
func unmount(segments []string) []string {
	for len(segments) > 0 && segments[0] == mount {
		segments = segments[1:]
	}
	return segments
}

func checkText(raw string) error {
	for i, r := range raw {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(raw[i:], "\uFFFD"):
			return fail.Invalidf("path %s is not valid UTF-8 at byte %d", quote(raw), i)
		case r == '\\':
			return fail.Invalidf("path %s has a backslash at byte %d: segments are separated by '/'", quote(raw), i)
		case unicode.IsControl(r):
			return fail.Invalidf("path %s has the control character U+%04X at byte %d", quote(raw), r, i)
		}
	}
	return nil
}

func checkSegment(raw, s string) error {
	if s == "." || s == ".." {
		return fail.Invalidf("path %s has the segment '%s': relative segments are not allowed", quote(raw), s)
	}
	if len(s) > MaxSegment {
		return fail.Invalidf("path %s has a segment of %d bytes, %d are allowed", quote(raw), len(s), MaxSegment)
	}
	return nil
}

// quote shows what a caller sent, cut to a length that a message can bear; what is not printable is escaped.
func quote(s string) string {
	const most = 120
	b := new(strings.Builder)
	for i, r := range s {
		if i >= most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return "'" + b.String() + "'"
}

// Split gives the segments of a clean path; none for the root.
func Split(clean string) []string {
	if clean == RootPath {
		return nil
	}
	return strings.Split(clean[1:], "/")
}

// Join gives the clean path of name in the folder dir. The name must be one segment that stays itself: fail.Invalid for "", for one
// with a slash, and for "Workspace" in the root, which is another name of the root.
func Join(dir, name string) (string, error) {
	if name == "" || strings.Contains(name, "/") {
		return "", fail.Invalidf("name %s is not allowed: a name is one segment without '/'", quote(name))
	}
	clean, err := Clean(strings.TrimSuffix(dir, "/") + "/" + name)
	if err == nil && Base(clean) != name {
		return "", fail.Invalidf("name %s is not allowed in the root: /%s is another name of the root itself", quote(name), mount)
	}
	return clean, err
}

// Base gives the last segment of a clean path; "" for the root.
func Base(clean string) string { return clean[strings.LastIndexByte(clean, '/')+1:] }

// Parent gives the folder that a clean path lies in; the root is its own parent.
func Parent(clean string) string { return path.Dir(clean) }

// Ancestors gives the folders above a clean path, the root first, its parent last; none for the root. It is the order in which
// missing folders are made.
func Ancestors(clean string) []string {
	var above []string
	for i, c := range clean {
		if c == '/' && clean != RootPath {
			above = append(above, clean[:max(i, 1)])
		}
	}
	return above
}

// Below reports whether the clean path lies in the folder dir, at any depth; a folder is not below itself.
func Below(clean, dir string) bool {
	return clean != dir && strings.HasPrefix(clean, strings.TrimSuffix(dir, "/")+"/")
}

// IsSpecial reports whether the clean path is one of the folders that every workspace has.
func IsSpecial(clean string) bool { return special[clean] }

// HomePath gives the home folder of a user or service principal, /Users/<userName or applicationId>. A name that is no single path
// segment, or that means a special folder, has none: fail.Invalid.
func HomePath(principal string) (string, error) {
	home, err := Join(UsersPath, principal)
	if err == nil && IsSpecial(home) {
		return "", fail.Invalidf("the name %s is reserved", quote(principal))
	}
	return home, err
}

// RemovedHomePath gives the place where the home of a removed principal is kept. It carries the id, so that somebody who later has
// the same name does not get it.
func RemovedHomePath(principal, id string) (string, error) {
	return Join(RemovedPath, principal+"-"+id)
}

// IsHome reports whether the clean path is where a home folder is: directly in /Users.
func IsHome(clean string) bool { return Parent(clean) == UsersPath && !IsSpecial(clean) }
