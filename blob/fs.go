package blob

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// files is the file layer: what the local store asks of the system, and nothing else, so that tests can put a layer below it
// that fails at any step or loses power. Errors are those of package os, to be asked with errors.Is.
type files interface {
	// Create makes a new file that only its owner can read; it is an error if it exists.
	Create(name string) (file, error)
	Open(name string) (Reader, os.FileInfo, error)
	Stat(name string) (os.FileInfo, error)
	// Touch sets the time of modification to now.
	Touch(name string) error
	// Rename replaces a file at the new name in one step.
	Rename(from, to string) error
	Remove(name string) error
	// Mkdir makes a folder that only its owner can enter. That it exists is no error.
	Mkdir(name string) error
	ReadDir(name string) ([]os.DirEntry, error)
	// SyncDir makes the names in a folder durable, as they are when it begins.
	SyncDir(name string) error
}

// file is one being written.
type file interface {
	io.Writer
	// Begin asks the system to start writing back a range without waiting for it. It promises nothing and cannot fail.
	Begin(offset, length int64)
	Sync() error
	Close() error
}

// system is the operating system's files.
type system struct{}

type systemFile struct{ *os.File }

func (system) Create(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return systemFile{f}, nil
}

func (system) Open(name string) (Reader, os.FileInfo, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func (system) Stat(name string) (os.FileInfo, error)      { return os.Lstat(name) }
func (system) Rename(from, to string) error               { return os.Rename(from, to) }
func (system) Remove(name string) error                   { return os.Remove(name) }
func (system) ReadDir(name string) ([]os.DirEntry, error) { return os.ReadDir(name) }

func (system) Touch(name string) error {
	now := time.Now()
	return os.Chtimes(name, now, now)
}

func (system) Mkdir(name string) error {
	err := os.Mkdir(name, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// SyncDir takes it as done where a file system has no such call (EINVAL, ENOTSUP): there is nothing more to be had there.
func (system) SyncDir(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
