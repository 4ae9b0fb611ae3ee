package mlflowui

import (
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bailiwick/fail"
)

// Open reads the pages that a path names: a wheel, the folder of an installed mlflow package, or the folder of a build.
func Open(path string) (*Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fail.Invalidf("%v", err)
	}
	if info.IsDir() {
		return fromFolder(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fail.Invalidf("%v", err)
	}
	defer f.Close()
	b, err := FromWheel(f, info.Size())
	if err != nil {
		return nil, fail.Invalidf("%s: %v", path, err)
	}
	return b, nil
}

// builds are where a folder may have the pages: an installed package, a folder of packages, the build itself.
var builds = []string{"server/js/build", inWheel, "."}

func fromFolder(path string) (*Bundle, error) {
	for _, at := range builds {
		build := filepath.Join(path, filepath.FromSlash(at))
		if _, err := os.Stat(filepath.Join(build, indexName)); err != nil {
			continue
		}
		root, err := os.OpenRoot(build) // a link that leads out of the folder is an error, not a way to other files
		if err != nil {
			return nil, fail.Invalidf("%v", err)
		}
		defer root.Close()
		b := &Bundle{files: map[string]*file{}, Version: versionOf(build)}
		if err := fs.WalkDir(root.FS(), ".", b.walk(root.FS())); err != nil {
			return nil, fail.Invalidf("%s: %v", build, err)
		}
		return b.finish("")
	}
	return nil, fail.Invalidf("%s is neither an installed mlflow package nor the build of its pages: it has no %s", path, indexName)
}

// walk takes in the files of a folder.
func (b *Bundle) walk(folder fs.FS) fs.WalkDirFunc {
	return func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := fs.Stat(folder, name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > maxFile {
			return errors.New(name + " is no plain file, or too large")
		}
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		b.files[name] = &file{deflated: deflated(body), crc: crc32.ChecksumIEEE(body), size: int64(len(body))}
		return b.count(int64(len(body)))
	}
}

var versionLine = regexp.MustCompile(`(?m)^VERSION = "([^"]+)"`)

// versionOf gives the version that the package around a build says it has; empty when there is none.
func versionOf(build string) string {
	text, err := os.ReadFile(filepath.Join(build, "..", "..", "..", "version.py"))
	if err != nil {
		return ""
	}
	if m := versionLine.FindSubmatch(text); m != nil && isVersion(string(m[1])) {
		return strings.TrimSpace(string(m[1]))
	}
	return ""
}
