package workspace

import (
	"strings"

	"bailiwick/fail"
)

// DefaultName is the name by which MLflow's clients know experiment "0".
const DefaultName = "Default"

// Names is how experiment names and paths belong together for one caller. A name with a leading slash is a path; one without is
// relative to a folder: the caller's home or, with --relative-names, the shared folder. Who reads from that same folder sees a
// relative name as it was given; everybody else sees the path.
type Names struct {
	Home   string // the caller's home folder, clean; "" if he has none
	Shared string // the folder of --relative-names, clean; "" means that relative names live in homes
	// Default is the path of the one experiment that everybody knows as DefaultName; "" if that name is relative like any other.
	Default string
}

// Base gives the folder that relative names are relative to; "" if there is none for this caller.
func (n Names) Base() string {
	if n.Shared != "" {
		return n.Shared
	}
	return n.Home
}

// Resolve gives the path that a name means to the caller, and whether the name was a relative one, which the experiment has to
// remember for Shown. The parents of a relative path are made when they are missing; those of an absolute one must exist.
func (n Names) Resolve(name string) (path string, relative bool, err error) {
	if strings.HasPrefix(name, "/") {
		path, err = Clean(name)
		return path, false, notFolder(name, path, err)
	}
	if name == DefaultName && n.Default != "" {
		return n.Default, true, nil
	}
	if name == "" {
		return "", false, fail.Invalidf("an experiment needs a name: one without a leading '/', or an absolute path")
	}
	if n.Base() == "" {
		return "", false, fail.Invalidf("the experiment name %s is relative to a home folder, and the caller has none: give an absolute path below %s",
			quote(name), SharedPath)
	}
	path, err = Clean(n.Base() + "/" + name)
	if err == nil && !Below(path, n.Base()) {
		err = fail.Invalidf("the experiment name %s has no text", quote(name))
	}
	return path, true, err
}

func notFolder(name, path string, err error) error {
	if err == nil && (IsSpecial(path) || IsHome(path)) {
		return fail.Invalidf("the experiment name %s names the folder %s: add a name below it", quote(name), quote(path))
	}
	return err
}

// Shown gives the name that the caller sees of the experiment at the clean path: the relative name if it was given as one (relative)
// and lies in the folder that the caller's relative names are in, else the path. Filters and order work on this name; Resolve leads from
// it back to the path.
func (n Names) Shown(path string, relative bool) string {
	if n.Default != "" && path == n.Default {
		return DefaultName
	}
	if !relative || n.Base() == "" || !Below(path, n.Base()) {
		return path
	}
	short := path[len(strings.TrimSuffix(n.Base(), "/"))+1:]
	if short == DefaultName && n.Default != "" {
		return path // the short name is taken by another experiment
	}
	return short
}

// Rename gives the path of the experiment at the clean path after the caller renamed it to name, and whether that name is relative. A
// name without any slash renames in place. One with slashes but no leading one may name the same folder over again, as the caller
// sees it; it never moves, because only an absolute path does: else fail.Invalid.
func (n Names) Rename(path, name string) (newPath string, relative bool, err error) {
	if strings.HasPrefix(name, "/") {
		return n.Resolve(name)
	}
	if !strings.Contains(name, "/") {
		newPath, err = Join(Parent(path), name)
		return newPath, true, notFolder(name, newPath, err)
	}
	if newPath, _, err = n.Resolve(name); err != nil {
		return "", false, err
	}
	if Parent(newPath) != Parent(path) {
		return "", false, fail.Invalidf("renaming to %s would move the experiment from %s to %s: only an absolute path moves",
			quote(name), quote(Parent(path)), quote(Parent(newPath)))
	}
	return newPath, true, nil
}
