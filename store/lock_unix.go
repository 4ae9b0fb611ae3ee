//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"

	"bailiwick/fail"
)

// lockFolder takes the data folder for this process; a second server on it would undo the single writer.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fail.Statef("data folder %s is in use by another bailiwick process", dir)
	}
	return f, nil
}
